//! Sessions: how long they are good for, where they can be used, and what ends them.

use crate::clinic::*;
use medsrv::session::Session;
use medsrv::store::Commit;
use serde_json::json;

fn is_good(clinic: &mut Clinic, session: &Session) -> bool {
    match clinic.word(session, "session.whoami", &json!({})).as_str() {
        "ok" => true,
        "unauthenticated" => false,
        other => panic!("{other}"),
    }
}

#[test]
fn of_a_token_only_its_hash_is_stored() {
    let mut clinic = Clinic::new();
    let (session, token) = clinic.login_with_token(PATIENT);
    assert!(token.starts_with("ms1_") && token.len() > 40);
    let secret = token.trim_start_matches("ms1_").to_owned();
    assert!(!clinic.everything().iter().any(|row| row.contains(&secret)));
    for file in std::fs::read_dir(clinic.directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
    for (method, params) in [
        ("session.whoami", json!({})),
        ("session.list", json!({})),
        ("session.resume", json!({"token": token})),
    ] {
        let reply = clinic.result(&session, method, &params).to_string();
        assert!(!reply.contains(&secret), "{method} tells the token again");
    }
    let hash = clinic.text("SELECT token_hash FROM login_sessions");
    let elsewhere = clinic.connect();
    assert_eq!(clinic.word(&elsewhere, "session.resume", &json!({"token": hash})), "unauthenticated");
}

#[test]
fn an_idle_session_ends_sooner_for_those_who_work_here() {
    for (user_id, idle_ms) in [(PATIENT, 30 * MINUTE_MS), (DOCTOR, 15 * MINUTE_MS), (ADMIN, 15 * MINUTE_MS)] {
        let mut clinic = Clinic::new();
        let session = clinic.login(user_id);
        for _ in 0..3 {
            clinic.pass(idle_ms - 1);
            assert!(is_good(&mut clinic, &session), "{user_id}: each use counts");
        }
        clinic.pass(idle_ms);
        assert!(!is_good(&mut clinic, &session), "{user_id}");
        clinic.pass(-idle_ms);
        assert!(!is_good(&mut clinic, &session), "this connection has to log in");
    }
}

#[test]
fn no_use_keeps_a_session_for_longer_than_a_shift() {
    let mut clinic = Clinic::new();
    let session = clinic.login(NURSE);
    for _ in 0..71 {
        clinic.pass(10 * MINUTE_MS);
        assert!(is_good(&mut clinic, &session));
    }
    clinic.pass(10 * MINUTE_MS - 1);
    assert!(is_good(&mut clinic, &session));
    clinic.pass(1);
    assert!(!is_good(&mut clinic, &session));
}

#[test]
fn a_user_has_five_sessions_and_the_oldest_makes_room() {
    let mut clinic = Clinic::new();
    let other = clinic.login(NURSE);
    let sessions: Vec<Session> = (0..7).map(|_| clinic.login(CLERK)).collect();
    let good: Vec<bool> = sessions.iter().map(|session| is_good(&mut clinic, session)).collect();
    assert_eq!(good, [false, false, true, true, true, true, true]);
    assert!(is_good(&mut clinic, &other));
    let listed = clinic.result(&sessions[4], "session.list", &json!({}));
    let these: Vec<bool> =
        listed["items"].as_array().unwrap().iter().map(|item| item["is_this"].as_bool().unwrap()).collect();
    assert_eq!(these, [false, false, true, false, false], "the newest comes first");
}

#[test]
fn a_session_that_was_idle_too_long_is_not_listed() {
    let mut clinic = Clinic::new();
    clinic.login(NURSE);
    clinic.pass(16 * MINUTE_MS);
    let session = clinic.login(NURSE);
    assert_eq!(clinic.result(&session, "session.list", &json!({}))["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_session_can_be_used_on_other_connections_and_ends_on_all() {
    let mut clinic = Clinic::new();
    let (first, token) = clinic.login_with_token(DOCTOR);
    let second = clinic.connect_from("192.0.2.7");
    let resumed = clinic.result(&second, "session.resume", &json!({"token": token}));
    assert_eq!((&resumed["user"]["user_id"], &resumed["token"]), (&json!(DOCTOR), &json!(null)));
    // A connection that is gone takes nothing with it.
    clinic.dispatcher().closed(first.id);
    assert!(!is_good(&mut clinic, &first), "an id is never given again, and this one is bound to nobody");
    assert!(is_good(&mut clinic, &second));
    let third = clinic.connect();
    clinic.result(&third, "session.resume", &json!({"token": token}));
    assert_eq!(clinic.result(&second, "session.logout", &json!({})), json!({"ended": 1}));
    assert!(!is_good(&mut clinic, &second) && !is_good(&mut clinic, &third));
    assert_eq!(clinic.word(&third, "session.resume", &json!({"token": token})), "unauthenticated");
}

#[test]
fn who_logs_in_is_who_acts_whoever_was_logged_in_before() {
    let mut clinic = Clinic::new();
    let session = clinic.login(CLERK);
    clinic.login_on(&session, ADMIN);
    assert_eq!(clinic.last_entry(), json!(["session.login", ADMIN, null, "success", null, null]));
    assert_eq!(clinic.text("SELECT role FROM audit ORDER BY sequence DESC LIMIT 1"), "none");
    let who = clinic.result(&session, "session.whoami", &json!({}));
    assert_eq!(who["user"]["user_id"], ADMIN);
}

#[test]
fn to_resume_is_a_use() {
    let mut clinic = Clinic::new();
    let (_, token) = clinic.login_with_token(DOCTOR);
    clinic.pass(14 * MINUTE_MS);
    let session = clinic.connect();
    let resumed = clinic.result(&session, "session.resume", &json!({"token": token}));
    assert_eq!(resumed["ends_at_ms"], clinic.now.unix_ms + 15 * MINUTE_MS);
    clinic.pass(14 * MINUTE_MS);
    assert!(is_good(&mut clinic, &session));
}

#[test]
fn no_token_but_a_right_one_is_good() {
    let mut clinic = Clinic::new();
    let (_, token) = clinic.login_with_token(DOCTOR);
    let session = clinic.connect();
    let mut said = Vec::new();
    for wrong in [&token[..token.len() - 1], &format!("{token}A"), &token[4..], "ms1_", "x", "' OR 1=1 --"] {
        let reply = clinic.call(&session, "session.resume", &json!({"token": wrong}));
        assert_eq!(word(&reply), "unauthenticated", "{wrong}");
        said.push(reply);
    }
    said.dedup();
    assert_eq!(said.len(), 1, "none of them says what was wrong");
    assert!(!is_good(&mut clinic, &session));
}

#[test]
fn one_revokes_sessions_of_ones_own_only() {
    let mut clinic = Clinic::new();
    let (here, there, others) = (clinic.login(CLERK), clinic.login(CLERK), clinic.login(NURSE));
    let id = |clinic: &mut Clinic, session: &Session| {
        clinic.result(session, "session.whoami", &json!({}))["session_id"].clone()
    };
    let (their_id, others_id) = (id(&mut clinic, &there), id(&mut clinic, &others));
    assert_eq!(clinic.word(&here, "session.revoke", &json!({"session_id": others_id})), "not_found");
    assert!(is_good(&mut clinic, &others));
    assert_eq!(clinic.result(&here, "session.revoke", &json!({"session_id": their_id})), json!({"ended": 1}));
    assert!(!is_good(&mut clinic, &there) && is_good(&mut clinic, &here));
    assert_eq!(clinic.word(&here, "session.revoke", &json!({"session_id": their_id})), "not_found");
    let third = clinic.login(CLERK);
    assert_eq!(clinic.result(&here, "session.revoke", &json!({})), json!({"ended": 1}));
    assert!(!is_good(&mut clinic, &third) && is_good(&mut clinic, &here));
}

#[test]
fn a_new_password_ends_the_other_sessions() {
    let mut clinic = Clinic::new();
    let (here, there, admin) = (clinic.login(CLERK), clinic.login(CLERK), clinic.login(ADMIN));
    let change = json!({"new_password": "new", "old_password": "hash_clerk"});
    let changed = clinic.result(&here, "account.reset_password", &change);
    assert_eq!(changed, json!({"user_id": CLERK, "sessions_ended": 1}));
    assert!(is_good(&mut clinic, &here) && !is_good(&mut clinic, &there));
    let stranger = clinic.connect();
    assert_eq!(clinic.word(&stranger, "session.login", &credentials(CLERK)), "wrong_credentials");
    clinic.result(&stranger, "session.login", &json!({"username": "clerk", "password": "new"}));
    // By someone else, all of them end.
    clinic.result(&admin, "account.reset_password", &json!({"user_id": CLERK, "new_password": "newer"}));
    assert!(!is_good(&mut clinic, &here) && !is_good(&mut clinic, &stranger) && is_good(&mut clinic, &admin));
    // And so they do in the old dialect, which does not know who asks.
    let session = clinic.login(DOCTOR);
    clinic.old(&json!({"reset_password": 1, "username": "DOC001", "new_password": "newest"}));
    assert!(!is_good(&mut clinic, &session));
}

#[test]
fn whoever_finds_a_desk_unattended_cannot_take_the_account_over() {
    let mut clinic = Clinic::new();
    for user_id in [PATIENT, ADMIN] {
        let session = clinic.login(user_id);
        for params in [json!({"new_password": "new"}), json!({"new_password": "new", "user_id": user_id})] {
            assert_eq!(clinic.word(&session, "account.reset_password", &params), "invalid_params");
        }
        let guess = json!({"new_password": "new", "old_password": "guess"});
        for _ in 0..5 {
            assert_eq!(clinic.word(&session, "account.reset_password", &guess), "wrong_credentials");
        }
        assert_eq!(clinic.word(&session, "account.reset_password", &guess), "too_many_attempts");
    }
}

#[test]
fn administrators_do_not_change_what_they_are_themselves() {
    let mut clinic = Clinic::new();
    let admin = clinic.login(ADMIN);
    for (method, params) in [
        ("account.disable", json!({"user_id": ADMIN})),
        ("account.enable", json!({"user_id": ADMIN})),
        ("account.set_role", json!({"user_id": ADMIN, "role": "clerk"})),
        ("account.set_role", json!({"user_id": ADMIN, "role": "admin", "is_auditor": true})),
        ("account.set_role", json!({"user_id": ADMIN, "role": "nurse", "is_auditor": true})),
        ("account.set_role", json!({"user_id": NURSE, "role": "admin", "is_auditor": true})),
        ("account.set_role", json!({"user_id": PATIENT, "role": "nurse"})),
        ("account.set_role", json!({"user_id": NURSE, "role": "patient"})),
        ("account.set_role", json!({"user_id": NURSE, "role": "doctor"})),
        (
            "account.create",
            json!({"username": "x", "name": "x", "password": "x", "role": "admin", "is_auditor": true}),
        ),
    ] {
        let rows = clinic.everything();
        assert_eq!(clinic.word(&admin, method, &params), "conflict", "{method} {params}");
        assert!(rows == clinic.everything(), "{method} {params}");
    }
    for method in ["account.disable", "account.enable", "account.unlock"] {
        assert_eq!(clinic.word(&admin, method, &json!({"user_id": 999})), "not_found");
    }
}

#[test]
fn a_disabled_account_can_be_used_again_once_it_is_enabled() {
    let mut clinic = Clinic::new();
    let (admin, clerk) = (clinic.login(ADMIN), clinic.login(CLERK));
    clinic.result(&admin, "account.disable", &json!({"user_id": CLERK}));
    assert!(!is_good(&mut clinic, &clerk));
    assert_eq!(clinic.word(&clerk, "session.login", &credentials(CLERK)), "disabled");
    let wrong = json!({"username": "clerk", "password": "wrong"});
    assert_eq!(
        clinic.word(&clerk, "session.login", &wrong),
        "wrong_credentials",
        "to strangers it looks like any"
    );
    let old = json!({"login": 1, "user_name": "clerk", "password": "hash_clerk"});
    assert_eq!(clinic.old(&old), "verificationFalse");
    clinic.result(&admin, "account.enable", &json!({"user_id": CLERK}));
    assert!(!is_good(&mut clinic, &clerk), "what has ended does not come back");
    clinic.login(CLERK);
    assert_eq!(clinic.old(&old), "verificationSuccess");
}

#[test]
fn a_new_role_has_its_rights_and_no_others() {
    let mut clinic = Clinic::new();
    let admin = clinic.login(ADMIN);
    clinic.result(
        &admin,
        "account.set_role",
        &json!({"user_id": SPARE, "role": "nurse", "is_auditor": true}),
    );
    let session = clinic.login(SPARE);
    assert_eq!(clinic.word(&session, "audit.query", &json!({})), "ok");
    clinic.result(&admin, "account.set_role", &json!({"user_id": SPARE, "role": "admin"}));
    let session = clinic.login(SPARE);
    assert_eq!(clinic.word(&session, "audit.query", &json!({})), "forbidden");
    assert_eq!(clinic.word(&session, "account.list", &json!({})), "ok");
}

/// From now on, who registers a patient of that name takes the whole turn with them.
fn make_turns_losable(clinic: &Clinic) {
    clinic
        .rows
        .execute_batch(
            "CREATE TRIGGER lose BEFORE INSERT ON students WHEN NEW.name = 'lose'
             BEGIN SELECT RAISE(ROLLBACK, 'lost'); END",
        )
        .unwrap();
}

fn lose(clinic: &mut Clinic) {
    let session = clinic.connect();
    clinic.reply(&session, &json!({"table_name": "students", "name": "lose"}).to_string());
    assert_eq!(clinic.dispatcher().commit(), Commit::Lost);
}

#[test]
fn a_lost_turn_leaves_nobody_bound_to_a_session_that_was_never_stored() {
    let mut clinic = Clinic::new();
    make_turns_losable(&clinic);
    let (rows, entries) = (clinic.everything(), clinic.entries());
    let session = clinic.connect();
    let reply = clinic.reply(&session, &request("session.login", &credentials(PATIENT)));
    assert!(reply.contains("\"token\""), "{reply}");
    let within = clinic.reply(&session, &request("session.whoami", &json!({})));
    assert!(within.contains("\"result\""), "within the turn it is there: {within}");
    lose(&mut clinic);
    let now = clinic.now.clone();
    let mut instead = Vec::new();
    clinic.dispatcher().retract(reply.as_bytes(), &now, &mut instead);
    assert_eq!(word(&serde_json::from_slice(&instead).unwrap()), "retry");
    assert!(rows == clinic.everything() && entries == clinic.entries());
    assert!(!is_good(&mut clinic, &session));
    assert_eq!(clinic.word(&session, "patient.get", &json!({"patient_id": PATIENT})), "unauthenticated");
    // What the turn knew of the password is forgotten with it.
    let data = request("session.login", &credentials(PATIENT));
    clinic.send(&session, &data);
    assert!(clinic.steps > 0);
    assert!(is_good(&mut clinic, &session));
}

#[test]
fn a_logout_that_was_lost_has_not_ended_the_session() {
    let mut clinic = Clinic::new();
    make_turns_losable(&clinic);
    let session = clinic.login(PATIENT);
    let reply = clinic.reply(&session, &request("session.logout", &json!({})));
    assert!(reply.contains("\"ended\":1"), "{reply}");
    lose(&mut clinic);
    assert!(is_good(&mut clinic, &session), "it can be sent again");
    clinic.result(&session, "session.logout", &json!({}));
    assert!(!is_good(&mut clinic, &session));
}

#[test]
fn what_another_process_does_to_a_session_is_seen_at_once() {
    let mut clinic = Clinic::new();
    let (session, other) = (clinic.login(NURSE), clinic.login(CLERK));
    clinic.rows.execute("DELETE FROM login_sessions WHERE user_id = ?1", [NURSE]).unwrap();
    assert!(!is_good(&mut clinic, &session) && is_good(&mut clinic, &other));
    clinic
        .rows
        .execute(
            "INSERT INTO accounts (user_id, disabled_at) VALUES (?1, 1)
        ON CONFLICT DO UPDATE SET disabled_at = 1",
            [CLERK],
        )
        .unwrap();
    assert!(!is_good(&mut clinic, &other));
}
