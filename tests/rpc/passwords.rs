//! Passwords: how they are stored, what a wrong one costs, who waits for one, and what is remembered of a
//! right one.

use crate::clinic::*;
use medsrv::dispatch::Then;
use medsrv::service::credential;
use medsrv::session::Session;
use serde_json::{Value, json};

fn stored(clinic: &Clinic, user_id: i64) -> String {
    clinic.text(&format!("SELECT password_hash FROM users WHERE user_id = {user_id}"))
}

fn old_login(user_id: i64) -> Value {
    let (username, password) = PEOPLE[usize::try_from(user_id).unwrap() - 1];
    json!({"login": 1, "user_name": username, "password": password})
}

/// Logs in and returns how many iterations that waited for.
fn steps_of_login(clinic: &mut Clinic, user_id: i64) -> u32 {
    let session = clinic.connect();
    let reply = clinic.send(&session, &request("session.login", &credentials(user_id)));
    assert!(reply.contains("\"result\""), "{reply}");
    clinic.steps
}

fn steps_of_old_login(clinic: &mut Clinic, user_id: i64) -> u32 {
    assert_eq!(clinic.old(&old_login(user_id)), "verificationSuccess");
    clinic.steps
}

#[test]
fn a_password_in_an_older_form_is_stored_anew_at_the_first_success() {
    for login in [steps_of_login, steps_of_old_login] {
        let mut clinic = Clinic::new();
        assert!(stored(&clinic, CLERK).starts_with("$sha256$"));
        let session = clinic.connect();
        let wrong = json!({"username": "clerk", "password": "wrong"});
        assert_eq!(clinic.word(&session, "session.login", &wrong), "wrong_credentials");
        clinic.old(&json!({"login": 1, "user_name": "clerk", "password": "wrong"}));
        assert!(stored(&clinic, CLERK).starts_with("$sha256$"), "a failure changes nothing");
        login(&mut clinic, CLERK);
        assert!(stored(&clinic, CLERK).starts_with("$pbkdf2-sha256$i=10$"));
        // More iterations than before are asked for, and then fewer, which is no reason to store it weaker.
        clinic.restart(|settings| settings.login.password_iterations = 15);
        login(&mut clinic, CLERK);
        let stronger = stored(&clinic, CLERK);
        assert!(stronger.starts_with("$pbkdf2-sha256$i=15$"));
        clinic.restart(|settings| settings.login.password_iterations = 10);
        login(&mut clinic, CLERK);
        assert_eq!(stored(&clinic, CLERK), stronger);
    }
}

#[test]
fn an_unknown_name_and_a_wrong_password_cannot_be_told_apart() {
    let mut clinic = Clinic::new();
    clinic.login(PATIENT);
    let names = ["nobody", "13800138000", "clerk"];
    let mut said = Vec::new();
    for name in names {
        // Patient in the current form, clerk still in the older one.
        let session = clinic.connect();
        let params = json!({"username": name, "password": "wrong"});
        let reply = clinic.send(&session, &request("session.login", &params));
        said.push((reply, clinic.steps));
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    for name in names {
        clinic.old(&json!({"login": 1, "user_name": name, "password": "wrong"}));
        assert_eq!(clinic.steps, said[0].1, "{name}");
    }
    // Their delays are the same, too.
    let mut delays = Vec::new();
    for name in names {
        let session = clinic.connect();
        let params = json!({"username": name, "password": "wrong"});
        let replies: Vec<String> =
            (0..5).map(|_| clinic.send(&session, &request("session.login", &params))).collect();
        delays.push(replies);
    }
    delays.dedup();
    assert_eq!(delays.len(), 1, "{delays:?}");
}

#[test]
fn nor_can_they_where_the_operator_has_asked_for_more_iterations_since() {
    let mut clinic = Clinic::new();
    clinic.login(PATIENT);
    for iterations in [15, 2 * ITERATIONS, 35] {
        clinic.restart(|settings| settings.login.password_iterations = iterations);
        for name in ["nobody", "13800138000", "clerk"] {
            let session = clinic.connect();
            let params = json!({"username": name, "password": "wrong"});
            assert_eq!(clinic.word(&session, "session.login", &params), "wrong_credentials");
            assert_eq!(clinic.steps, iterations, "{name}");
        }
    }
}

#[test]
fn a_success_is_remembered_until_the_account_changes() {
    let changes: [Change; 8] = [
        ("its time is over", |clinic| clinic.pass(5 * MINUTE_MS)),
        ("the password was reset", |clinic| {
            let admin = clinic.login(ADMIN);
            let params = json!({"user_id": PATIENT, "new_password": "hash_patient1"});
            clinic.result(&admin, "account.reset_password", &params);
        }),
        ("it was reset in the old dialect", |clinic| {
            clinic.old(
                &json!({"reset_password": 1, "username": "13800138000", "new_password": "hash_patient1"}),
            );
        }),
        ("the phone number was another one for a while", |clinic| {
            for (old, new) in [("13800138000", "1"), ("1", "13800138000")] {
                clinic.old(&json!({"reset_patient_information": 1, "old_phone": old, "new_phone": new}));
            }
        }),
        ("it was another one by the patient's own doing", |clinic| {
            let session = clinic.login(PATIENT);
            for phone in ["1", "13800138000"] {
                clinic.result(&session, "patient.update", &json!({"patient_id": PATIENT, "phone": phone}));
            }
        }),
        ("the account was disabled for a while", |clinic| {
            let admin = clinic.login(ADMIN);
            clinic.result(&admin, "account.disable", &json!({"user_id": PATIENT}));
            clinic.result(&admin, "account.enable", &json!({"user_id": PATIENT}));
        }),
        ("another process has set the same password", |clinic| {
            let hash = credential::hash_salted_sha256("hash_patient1").unwrap();
            let set = "UPDATE users SET password_hash = ?1 WHERE username = '13800138000'";
            assert_eq!(clinic.rows.execute(set, [hash]).unwrap(), 1);
        }),
        ("the server was started anew", |clinic| clinic.restart(|_| {})),
    ];
    for (why, change) in changes {
        for again in [steps_of_login, steps_of_old_login] {
            let mut clinic = Clinic::new();
            assert!(steps_of_login(&mut clinic, PATIENT) > 0);
            assert_eq!(steps_of_login(&mut clinic, PATIENT), 0, "what was right a moment ago is right");
            assert_eq!(steps_of_old_login(&mut clinic, PATIENT), 0);
            for _ in 0..2 {
                clinic.pass(5 * MINUTE_MS - 1);
                assert_eq!(again(&mut clinic, PATIENT), 0, "who comes again within the time stays known");
            }
            change(&mut clinic);
            assert!(again(&mut clinic, PATIENT) > 0, "{why}");
        }
    }
}

#[test]
fn what_another_process_writes_elsewhere_has_nobody_prove_their_password_again() {
    for again in [steps_of_login, steps_of_old_login] {
        let mut clinic = Clinic::new();
        assert!(steps_of_login(&mut clinic, PATIENT) > 0);
        clinic.rows.execute("UPDATE students SET age = age + 1", []).unwrap();
        for _ in 0..2 {
            assert_eq!(again(&mut clinic, PATIENT), 0);
        }
    }
}

#[test]
fn whom_another_process_has_disabled_nothing_lets_in() {
    let mut clinic = Clinic::new();
    clinic.login(CLERK);
    assert_eq!(steps_of_old_login(&mut clinic, CLERK), 0);
    let disable = "UPDATE accounts SET disabled_at = '2026-01-05 09:00:00' WHERE user_id = ?1";
    assert_eq!(clinic.rows.execute(disable, [CLERK]).unwrap(), 1);
    assert_eq!(clinic.old(&old_login(CLERK)), "verificationFalse");
    let session = clinic.connect();
    assert_eq!(clinic.word(&session, "session.login", &credentials(CLERK)), "disabled");
}

#[test]
fn nothing_is_remembered_where_the_operator_says_so() {
    let mut clinic = Clinic::with(|settings| settings.login.remember_ms = 0);
    for _ in 0..2 {
        assert!(steps_of_login(&mut clinic, PATIENT) > 0);
        assert!(steps_of_old_login(&mut clinic, PATIENT) > 0);
    }
}

#[test]
fn what_is_set_anew_holds_for_those_who_are_there_already() {
    let mut clinic = Clinic::new();
    let session = clinic.login(PATIENT);
    assert_eq!(steps_of_login(&mut clinic, PATIENT), 0);
    clinic.set(|settings| settings.login.remember_ms = 0);
    assert!(steps_of_login(&mut clinic, PATIENT) > 0, "it was remembered for longer than is allowed now");
    clinic.set(|settings| settings.login.session.idle_patient_ms = 1000);
    clinic.pass(1001);
    assert_eq!(clinic.word(&session, "session.whoami", &json!({})), "unauthenticated");
}

#[test]
fn a_disabled_account_is_not_remembered() {
    let mut clinic = Clinic::new();
    let admin = clinic.login(ADMIN);
    clinic.login(CLERK);
    clinic.result(&admin, "account.disable", &json!({"user_id": CLERK}));
    assert_eq!(clinic.old(&old_login(CLERK)), "verificationFalse");
    let session = clinic.connect();
    assert_eq!(clinic.word(&session, "session.login", &credentials(CLERK)), "disabled");
}

fn wait(clinic: &mut Clinic, data: &str) -> Session {
    let session = clinic.connect();
    assert_eq!(clinic.ask(&session, data, false), (Then::Wait, String::new()));
    session
}

#[test]
fn who_finds_the_queue_full_is_told_so_and_everyone_else_is_served() {
    let mut clinic = Clinic::with(|settings| settings.waiting_logins_max = 2);
    let clerk = clinic.login(CLERK);
    let login = request("session.login", &credentials(PATIENT));
    let first = wait(&mut clinic, &login);
    let second = wait(&mut clinic, &old_login(OTHER_PATIENT).to_string());
    let third = clinic.connect();
    let (then, reply) = clinic.ask(&third, &login, false);
    assert_eq!((then, word(&serde_json::from_str(&reply).unwrap()).as_str()), (Then::Keep, "busy"));
    let batch = format!("[{},{}]", request("doctor.list", &json!({})), login);
    let (_, reply) = clinic.ask(&third, &batch, false);
    let replies: Vec<Value> = serde_json::from_str(&reply).unwrap();
    let words: Vec<String> = replies.iter().map(word).collect();
    assert_eq!(words, ["busy", "busy"], "nothing of a batch is done where its login cannot wait");
    let fourth = clinic.connect();
    let (then, reply) = clinic.ask(&fourth, &old_login(THIRD_PATIENT).to_string(), false);
    assert!(matches!(then, Then::Linger(_)));
    assert!(reply.contains("服务器繁忙"), "{reply}");
    // Whoever needs no derivation is not kept up by those who do.
    assert_eq!(clinic.word(&clerk, "session.whoami", &json!({})), "ok");
    assert_eq!(steps_of_login(&mut clinic, CLERK), 0);
    clinic.derive();
    assert_eq!(clinic.dispatcher().woken(), Some(first.id));
    assert_eq!(clinic.dispatcher().woken(), Some(second.id));
    assert_eq!(clinic.dispatcher().woken(), None);
    let (_, reply) = clinic.ask(&first, &login, false);
    assert_eq!(word(&serde_json::from_str(&reply).unwrap()), "ok");
    let (_, reply) = clinic.ask(&second, &old_login(OTHER_PATIENT).to_string(), false);
    assert!(reply.contains("verificationSuccess"), "{reply}");
}

#[test]
fn who_waits_for_what_has_let_another_one_in_waits_no_longer() {
    let mut clinic = Clinic::new();
    steps_of_login(&mut clinic, PATIENT);
    clinic.restart(|_| {});
    let login = request("session.login", &credentials(PATIENT));
    let waiting = [
        wait(&mut clinic, &login),
        wait(&mut clinic, &old_login(PATIENT).to_string()),
        wait(&mut clinic, &login),
    ];
    let first = loop {
        clinic.dispatcher().derive(1);
        if let Some(woken) = clinic.dispatcher().woken() {
            break woken;
        }
    };
    assert_eq!(first, waiting[0].id);
    assert_eq!(clinic.dispatcher().woken(), None);
    let (then, reply) = clinic.ask(&waiting[0], &login, false);
    assert_eq!((then, reply.contains("\"result\"")), (Then::Keep, true), "{reply}");
    let woken: Vec<_> = std::iter::from_fn(|| clinic.dispatcher().woken()).collect();
    assert_eq!(woken, [waiting[1].id, waiting[2].id]);
    let (_, reply) = clinic.ask(&waiting[1], &old_login(PATIENT).to_string(), false);
    assert!(reply.contains("verificationSuccess"), "{reply}");
    let (_, reply) = clinic.ask(&waiting[2], &login, false);
    assert!(reply.contains("\"result\""), "{reply}");
    clinic.commit();
}

#[test]
fn a_guess_twice_at_once_costs_two_derivations_as_an_unknown_name_does() {
    for name in ["13800138000", "nobody"] {
        let mut clinic = Clinic::new();
        clinic.login(PATIENT);
        let guess = request("session.login", &json!({"username": name, "password": "wrong"}));
        let (first, second) = (wait(&mut clinic, &guess), wait(&mut clinic, &guess));
        let mut woken = None;
        while woken.is_none() {
            assert!(clinic.dispatcher().derive(1));
            woken = clinic.dispatcher().woken();
        }
        assert_eq!(woken, Some(first.id));
        let (_, reply) = clinic.ask(&first, &guess, false);
        assert_eq!(word(&serde_json::from_str(&reply).unwrap()), "wrong_credentials");
        assert_eq!(clinic.dispatcher().woken(), None, "{name}");
        clinic.derive();
        assert_eq!(clinic.dispatcher().woken(), Some(second.id));
        clinic.commit();
    }
}

#[test]
fn what_a_closed_connection_waited_for_is_dropped() {
    let mut clinic = Clinic::with(|settings| settings.waiting_logins_max = 1);
    let login = request("session.login", &credentials(PATIENT));
    let gone = wait(&mut clinic, &login);
    clinic.dispatcher().closed(gone.id);
    assert!(!clinic.dispatcher().derive(1), "nothing waits any longer");
    assert_eq!(clinic.dispatcher().woken(), None);
    let next = wait(&mut clinic, &login);
    clinic.derive();
    clinic.dispatcher().closed(next.id);
    let last = wait(&mut clinic, &login);
    clinic.derive();
    let woken: Vec<_> = std::iter::from_fn(|| clinic.dispatcher().woken()).collect();
    assert!(woken.ends_with(&[last.id]));
    assert_eq!(clinic.number("SELECT count(*) FROM login_sessions"), 0);
}

#[test]
fn a_password_that_changed_meanwhile_is_not_good_any_longer() {
    let mut clinic = Clinic::new();
    clinic.login(PATIENT);
    clinic.restart(|_| {});
    let login = request("session.login", &credentials(PATIENT));
    let session = wait(&mut clinic, &login);
    clinic.derive();
    clinic.commit();
    let other = medsrv::service::credential::hash_salted_sha256("another").unwrap();
    clinic.rows.execute("UPDATE users SET password_hash = ?1 WHERE user_id = 1", [other]).unwrap();
    let reply = clinic.send(&session, &login);
    assert_eq!(word(&serde_json::from_str(&reply).unwrap()), "wrong_credentials");
}

#[test]
fn a_batch_has_one_call_with_a_password_and_its_replies_are_in_order() {
    let mut clinic = Clinic::new();
    let call = |id: u8, method: &str, params: Value| json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    let session = clinic.connect();
    let batch = json!([
        call(1, "department.list", json!({})),
        call(2, "session.login", credentials(PATIENT)),
        call(3, "session.whoami", json!({})),
        call(4, "account.register_patient", json!({"name": "甲", "phone": "1", "password": "p"})),
        {"jsonrpc": "2.0", "method": "session.login", "params": credentials(ADMIN)},
        call(5, "session.whoami", json!({})),
    ]);
    let replies: Vec<Value> = serde_json::from_str(&clinic.send(&session, &batch.to_string())).unwrap();
    let found: Vec<(i64, String)> =
        replies.iter().map(|reply| (reply["id"].as_i64().unwrap(), word(reply))).collect();
    let expected = [(1, "ok"), (2, "ok"), (3, "ok"), (4, "busy"), (5, "ok")];
    assert_eq!(found, expected.map(|(id, word)| (id, word.to_owned())));
    assert_eq!(replies[2]["result"]["user"]["user_id"], PATIENT);
    assert_eq!(replies[4]["result"]["user"]["user_id"], PATIENT, "a notification is no way around it");
    assert_eq!(clinic.number("SELECT count(*) FROM patients"), 4);
    let batch = json!([call(1, "session.login", credentials(CLERK)), call(2, "session.whoami", json!({}))]);
    let replies: Vec<Value> = serde_json::from_str(&clinic.send(&session, &batch.to_string())).unwrap();
    assert_eq!(replies[1]["result"]["user"]["user_id"], CLERK);
}

#[test]
fn no_password_is_stored_as_it_came_or_in_a_form_that_is_quick_to_guess() {
    let mut clinic = Clinic::new();
    let params = json!({"name": "甲", "phone": "1", "password": "Tr0ub4dor", "request_id": "r1"});
    let session = clinic.connect();
    clinic.result(&session, "account.register_patient", &params);
    let quick = |text: &str| {
        use sha2::{Digest, Sha256};
        hex::encode(Sha256::digest(text))
    };
    for row in clinic.everything() {
        assert!(!row.contains("Tr0ub4dor"), "{row}");
        assert!(!row.contains(&quick("Tr0ub4dor")) && !row.contains(&quick(&params.to_string())), "{row}");
    }
}
