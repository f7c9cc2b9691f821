//! Failed logins: what they cost, whom they do not lock out, and what makes them forgotten.

use crate::clinic::*;
use medsrv::session::Session;
use serde_json::{Value, json};

fn attempt(clinic: &mut Clinic, session: &Session, username: &str, password: &str) -> Value {
    clinic.call(session, "session.login", &json!({"username": username, "password": password}))
}

fn guess(clinic: &mut Clinic, address: &str, username: &str) -> Value {
    let session = clinic.connect_from(address);
    attempt(clinic, &session, username, "guess")
}

/// Fails that often, each time as soon as it is looked at.
fn fail(clinic: &mut Clinic, address: &str, username: &str, times: usize) {
    for _ in 0..times {
        let mut reply = guess(clinic, address, username);
        if word(&reply) == "too_many_attempts" {
            clinic.pass(delay(&reply));
            reply = guess(clinic, address, username);
        }
        assert_eq!(word(&reply), "wrong_credentials");
    }
}

fn delay(reply: &Value) -> i64 {
    assert_eq!(word(reply), "too_many_attempts", "{reply}");
    reply["error"]["data"]["retry_after_ms"].as_i64().unwrap()
}

const HERE: &str = "127.0.0.1";
const ELSEWHERE: &str = "192.0.2.66";
const CLERK_NAME: &str = "clerk";

#[test]
fn four_failures_are_free_and_then_the_delay_doubles() {
    let mut clinic = Clinic::with(|settings| settings.login.throttle.delay_max_ms = 20_000);
    fail(&mut clinic, HERE, CLERK_NAME, 4);
    for expected in [1000, 2000, 4000, 8000, 16_000, 20_000, 20_000] {
        assert_eq!(word(&guess(&mut clinic, HERE, CLERK_NAME)), "wrong_credentials");
        assert_eq!(delay(&guess(&mut clinic, HERE, CLERK_NAME)), expected);
        clinic.pass(expected - 1);
        assert_eq!(delay(&guess(&mut clinic, HERE, CLERK_NAME)), 1, "to be told so is no failure");
        clinic.pass(1);
    }
    clinic.login(CLERK);
    fail(&mut clinic, HERE, CLERK_NAME, 4);
    clinic.login(CLERK);
}

#[test]
fn the_right_password_has_to_wait_as_well_and_in_either_dialect() {
    let mut clinic = Clinic::new();
    for _ in 0..5 {
        assert_eq!(
            clinic.old(&json!({"login": 1, "user_name": "clerk", "password": "guess"})),
            "verificationFalse"
        );
    }
    let right = json!({"login": 1, "user_name": "clerk", "password": "hash_clerk"});
    assert_eq!(clinic.old(&right), "verificationFalse_yichang");
    assert_eq!(clinic.steps, 0, "nothing is derived for what is not looked at");
    let session = clinic.connect();
    assert_eq!(clinic.word(&session, "session.login", &credentials(CLERK)), "too_many_attempts");
    clinic.pass(1000);
    assert_eq!(clinic.old(&right), "verificationSuccess");
}

#[test]
fn what_is_remembered_of_a_success_helps_nobody_to_guess() {
    let mut clinic = Clinic::new();
    clinic.login(CLERK);
    fail(&mut clinic, ELSEWHERE, CLERK_NAME, 5);
    let session = clinic.connect_from(ELSEWHERE);
    for password in ["guess", "hash_clerk"] {
        let reply = attempt(&mut clinic, &session, CLERK_NAME, password);
        assert_eq!(word(&reply), "too_many_attempts", "{password}");
    }
}

#[test]
fn neither_does_the_old_dialect_tell_what_is_remembered() {
    let mut clinic = Clinic::new();
    clinic.login(CLERK);
    let guess = |password: &str| json!({"login": 1, "user_name": "clerk", "password": password});
    for _ in 0..5 {
        assert_eq!(clinic.old(&guess("guess")), "verificationFalse");
    }
    for password in ["guess", "hash_clerk"] {
        assert_eq!(clinic.old(&guess(password)), "verificationFalse_yichang");
    }
    clinic.pass(1000);
    assert_eq!(clinic.old(&guess("hash_clerk")), "verificationSuccess");
}

#[test]
fn an_old_failure_is_forgotten() {
    let mut clinic = Clinic::new();
    fail(&mut clinic, HERE, CLERK_NAME, 4);
    clinic.pass(15 * MINUTE_MS);
    fail(&mut clinic, HERE, CLERK_NAME, 4);
    assert_eq!(word(&guess(&mut clinic, HERE, CLERK_NAME)), "wrong_credentials");
    assert_eq!(delay(&guess(&mut clinic, HERE, CLERK_NAME)), 1000);
}

#[test]
fn a_restart_forgives_nothing() {
    let mut clinic = Clinic::new();
    fail(&mut clinic, HERE, CLERK_NAME, 6);
    clinic.restart(|_| {});
    assert_eq!(delay(&guess(&mut clinic, HERE, CLERK_NAME)), 2000);
}

#[test]
fn failures_from_elsewhere_do_not_lock_an_owner_out_of_a_known_place() {
    let mut clinic = Clinic::new();
    clinic.login(CLERK);
    fail(&mut clinic, ELSEWHERE, CLERK_NAME, 9);
    delay(&guess(&mut clinic, ELSEWHERE, CLERK_NAME));
    clinic.login(CLERK);
    clinic.restart(|_| {});
    fail(&mut clinic, ELSEWHERE, CLERK_NAME, 5);
    clinic.login(CLERK);
    assert!(clinic.steps > 0, "not because it was remembered");
    // Failures at the known place count there, as those of the account do elsewhere.
    fail(&mut clinic, HERE, CLERK_NAME, 5);
    delay(&guess(&mut clinic, HERE, CLERK_NAME));
    // A place that is not known is as locked as the account is.
    fail(&mut clinic, ELSEWHERE, CLERK_NAME, 5);
    delay(&guess(&mut clinic, "198.51.100.1", CLERK_NAME));
}

#[test]
fn one_address_fails_so_often_in_a_minute_whatever_the_names() {
    let mut clinic = Clinic::with(|settings| settings.login.throttle.per_address_max = 10);
    for number in 0..10 {
        let reply = guess(&mut clinic, ELSEWHERE, &format!("name{number}"));
        assert_eq!(word(&reply), "wrong_credentials");
        clinic.pass(1000);
    }
    assert_eq!(delay(&guess(&mut clinic, ELSEWHERE, "another")), 50_000);
    let session = clinic.connect_from(ELSEWHERE);
    assert_eq!(word(&attempt(&mut clinic, &session, "clerk", "hash_clerk")), "too_many_attempts");
    assert_eq!(word(&guess(&mut clinic, "192.0.2.67", "another")), "wrong_credentials");
    clinic.pass(50_000);
    assert_eq!(word(&attempt(&mut clinic, &session, "clerk", "hash_clerk")), "ok");
    // On this machine many share an address.
    for number in 0..20 {
        assert_eq!(word(&guess(&mut clinic, HERE, &format!("name{number}"))), "wrong_credentials");
    }
}

#[test]
fn an_administrator_unlocks() {
    let mut clinic = Clinic::new();
    clinic.login(CLERK);
    let admin = clinic.login(ADMIN);
    fail(&mut clinic, HERE, CLERK_NAME, 5);
    fail(&mut clinic, ELSEWHERE, CLERK_NAME, 5);
    let unlock = json!({"user_id": CLERK});
    assert_eq!(
        clinic.result(&admin, "account.unlock", &unlock),
        json!({"user_id": CLERK, "is_disabled": false})
    );
    for address in [HERE, ELSEWHERE] {
        fail(&mut clinic, address, CLERK_NAME, 1);
        let session = clinic.connect_from(address);
        assert_eq!(word(&attempt(&mut clinic, &session, CLERK_NAME, "hash_clerk")), "ok", "{address}");
    }
    // A password that an administrator sets is good at once, too.
    fail(&mut clinic, HERE, CLERK_NAME, 5);
    clinic.result(&admin, "account.reset_password", &json!({"user_id": CLERK, "new_password": "hash_clerk"}));
    clinic.login(CLERK);
}

#[test]
fn a_clock_that_was_set_back_makes_no_delay_longer() {
    let mut clinic = Clinic::new();
    fail(&mut clinic, HERE, CLERK_NAME, 5);
    assert_eq!(delay(&guess(&mut clinic, HERE, CLERK_NAME)), 1000);
    clinic.pass(-24 * HOUR_MS);
    let reply = guess(&mut clinic, HERE, CLERK_NAME);
    assert_eq!(word(&reply), "wrong_credentials", "{reply}");
    clinic.login(CLERK);
    let mut clinic = Clinic::with(|settings| settings.login.throttle.per_address_max = 3);
    fail(&mut clinic, ELSEWHERE, "somebody", 3);
    assert_eq!(delay(&guess(&mut clinic, ELSEWHERE, "another")), MINUTE_MS);
    clinic.pass(-24 * HOUR_MS);
    assert_eq!(word(&guess(&mut clinic, ELSEWHERE, "another")), "wrong_credentials");
}

fn rows_of(clinic: &Clinic, beginning: &str) -> i64 {
    clinic.number(&format!("SELECT count(*) FROM login_failures WHERE subject LIKE '{beginning}%'"))
}

#[test]
fn what_failed_long_ago_is_dropped_and_where_someone_logged_in_is_kept() {
    let mut clinic = Clinic::with(|settings| settings.login.throttle.per_address_max = 100);
    clinic.login(CLERK);
    for number in 0..15 {
        guess(&mut clinic, ELSEWHERE, &format!("name{number}"));
    }
    assert_eq!(rows_of(&clinic, "account:name"), 15);
    clinic.pass(31 * MINUTE_MS);
    guess(&mut clinic, ELSEWHERE, "another");
    assert_eq!(rows_of(&clinic, "account:name"), 5, "a few at a time");
    guess(&mut clinic, ELSEWHERE, "another");
    assert_eq!(rows_of(&clinic, "account:name"), 0);
    assert_eq!((rows_of(&clinic, "account:another"), rows_of(&clinic, "place:")), (1, 1));
    clinic.pass(89 * 24 * HOUR_MS);
    guess(&mut clinic, ELSEWHERE, "another");
    assert_eq!(rows_of(&clinic, "place:"), 1);
    clinic.pass(24 * HOUR_MS);
    guess(&mut clinic, ELSEWHERE, "another");
    assert_eq!(rows_of(&clinic, "place:"), 0);
}

#[test]
fn a_delay_outlives_the_window_that_it_began_in() {
    let mut clinic = Clinic::new();
    fail(&mut clinic, HERE, CLERK_NAME, 12);
    let left = delay(&guess(&mut clinic, HERE, CLERK_NAME));
    clinic.pass(left - 1);
    guess(&mut clinic, HERE, "another");
    assert_eq!(delay(&guess(&mut clinic, HERE, CLERK_NAME)), 1);
}

#[test]
fn to_unlock_one_name_unlocks_no_other_that_begins_with_it() {
    let mut clinic = Clinic::new();
    clinic.login(CLERK);
    let sql = "INSERT INTO login_failures VALUES (?1, 9, ?2, ?3, 1)";
    let names = ["place:6:clerk:127.0.0.1", "place:7:clerk:1:127.0.0.1", "place:5:Clerk:127.0.0.1"];
    for name in names {
        clinic.rows.execute(sql, (name, clinic.now.unix_ms, i64::MAX)).unwrap();
    }
    let admin = clinic.login(ADMIN);
    clinic.result(&admin, "account.unlock", &json!({"user_id": CLERK}));
    assert_eq!(clinic.number("SELECT count(*) FROM login_failures WHERE failures = 9"), 3);
}

#[test]
fn a_network_of_ipv6_is_one_address() {
    let mut clinic = Clinic::with(|settings| settings.login.throttle.per_address_max = 5);
    for number in 0..5 {
        let address = format!("2001:db8:1:2:{number}::1");
        assert_eq!(word(&guess(&mut clinic, &address, &format!("name{number}"))), "wrong_credentials");
    }
    delay(&guess(&mut clinic, "2001:db8:1:2:ffff::9", "another"));
    assert_eq!(word(&guess(&mut clinic, "2001:db8:1:3::1", "another")), "wrong_credentials");
}

fn register(clinic: &mut Clinic, address: &str, phone: &str) -> Value {
    let session = clinic.connect_from(address);
    let params = json!({"name": "甲", "phone": phone, "password": "p"});
    clinic.call(&session, "account.register_patient", &params)
}

#[test]
fn one_address_registers_so_many_in_a_minute() {
    let mut clinic = Clinic::with(|settings| settings.login.throttle.per_address_max = 3);
    assert_eq!(word(&register(&mut clinic, ELSEWHERE, "1")), "ok");
    assert!(clinic.steps > 0);
    // A number that is taken costs no derivation, and counts as well.
    assert_eq!(word(&register(&mut clinic, ELSEWHERE, "13800138000")), "username_taken");
    assert_eq!(clinic.steps, 0);
    assert_eq!(word(&register(&mut clinic, ELSEWHERE, "2")), "ok");
    for phone in ["3", "13800138000"] {
        assert_eq!(delay(&register(&mut clinic, ELSEWHERE, phone)), MINUTE_MS);
        assert_eq!(clinic.steps, 0);
    }
    assert_eq!(word(&register(&mut clinic, "192.0.2.67", "3")), "ok");
    clinic.pass(MINUTE_MS);
    assert_eq!(word(&register(&mut clinic, ELSEWHERE, "4")), "ok");
    // This machine itself is exempt, and its logins elsewhere are not touched by registrations.
    for number in 0..10 {
        assert_eq!(word(&register(&mut clinic, HERE, &format!("9{number}"))), "ok");
    }
    assert_eq!(word(&register(&mut clinic, HERE, "13800138000")), "username_taken");
    assert_eq!(word(&guess(&mut clinic, ELSEWHERE, "another")), "wrong_credentials");
}
