//! A request that is sent again: it is carried out once, and answered each time.

use crate::clinic::*;
use serde_json::{Value, json};

/// Carries a request out twice, and a third time after a restart, and looks that nothing was written again.
fn check(clinic: &mut Clinic, user_id: i64, method: &str, params: &Value) {
    let session = clinic.login(user_id);
    let first = clinic.send(&session, &request(method, params));
    assert!(first.contains("\"result\""), "{method}: {first}");
    for is_restarted in [false, true] {
        if is_restarted {
            clinic.restart(|_| {});
        }
        let session = clinic.login(user_id);
        let (rows, entries) = (clinic.everything(), clinic.entries());
        assert_eq!(clinic.send(&session, &request(method, params)), first, "{method}");
        assert_eq!(clinic.steps, 0, "{method}: nothing is derived for a reply that is there");
        assert!(rows == clinic.everything() && entries == clinic.entries(), "{method} has written again");
    }
}

#[test]
fn a_retry_gets_the_same_reply_and_writes_nothing() {
    let mut clinic = Clinic::new();
    let create =
        json!({"username": "u1", "name": "乙", "password": "p", "role": "doctor", "request_id": "a"});
    check(&mut clinic, ADMIN, "account.create", &create);
    let reset = json!({"user_id": SPARE, "new_password": "p", "request_id": "b"});
    check(&mut clinic, ADMIN, "account.reset_password", &reset);
    for (method, id) in [("account.disable", "c"), ("account.enable", "d"), ("account.unlock", "e")] {
        check(&mut clinic, ADMIN, method, &json!({"user_id": SPARE, "request_id": id}));
    }
    let role = json!({"user_id": SPARE, "role": "nurse", "request_id": "f"});
    check(&mut clinic, ADMIN, "account.set_role", &role);
    let doctor = json!({"doctor_id": DOCTOR, "max_patients": 7, "request_id": "g"});
    check(&mut clinic, ADMIN, "doctor.update", &doctor);
    let glass = json!({"patient_id": STRANGER, "reason": "昏迷", "request_id": "h"});
    check(&mut clinic, DOCTOR, "patient.break_glass", &glass);
    let update = json!({"patient_id": PATIENT, "email": "b@example.com", "request_id": "i"});
    check(&mut clinic, PATIENT, "patient.update", &update);
    let register = json!({"name": "甲", "phone": "1", "password": "p", "request_id": "j"});
    check(&mut clinic, CLERK, "account.register_patient", &register);
}

#[test]
fn a_password_that_was_changed_can_be_reported_again() {
    let mut clinic = Clinic::new();
    let session = clinic.login(CLERK);
    let change = json!({"new_password": "new", "old_password": "hash_clerk", "request_id": "a"});
    let data = request("account.reset_password", &change);
    let first = clinic.send(&session, &data);
    assert!(first.contains("\"result\""), "{first}");
    assert_eq!(clinic.send(&session, &data), first);
    assert_eq!(clinic.steps, 0);
}

#[test]
fn an_id_stands_for_one_request_of_one_requester() {
    let mut clinic = Clinic::new();
    let (clerk, nurse) = (clinic.login(CLERK), clinic.login(NURSE));
    let update = |email: &str| json!({"patient_id": PATIENT, "email": email, "request_id": "a"});
    clinic.result(&clerk, "patient.update", &update("a@example.com"));
    assert_eq!(clinic.word(&clerk, "patient.update", &update("b@example.com")), "request_id_reused");
    let other = json!({"name": "甲", "phone": "1", "password": "p", "request_id": "a"});
    assert_eq!(clinic.word(&clerk, "account.register_patient", &other), "request_id_reused");
    clinic.result(&nurse, "patient.update", &update("b@example.com"));
    assert_eq!(clinic.text("SELECT email FROM patients WHERE patient_id = 1"), "b@example.com");
    // Whoever is not logged in is known by their address.
    let (here, there) = (clinic.connect(), clinic.connect_from("192.0.2.1"));
    clinic.result(&here, "account.register_patient", &other);
    let third = json!({"name": "丙", "phone": "3", "password": "p", "request_id": "a"});
    assert_eq!(clinic.word(&here, "account.register_patient", &third), "request_id_reused");
    clinic.result(&there, "account.register_patient", &third);
}

#[test]
fn after_a_day_an_id_is_free_again() {
    let mut clinic = Clinic::new();
    let session = clinic.login(CLERK);
    let update = |email: &str| json!({"patient_id": PATIENT, "email": email, "request_id": "a"});
    clinic.result(&session, "patient.update", &update("a@example.com"));
    clinic.pass(24 * HOUR_MS - 1);
    let session = clinic.login(CLERK);
    assert_eq!(clinic.word(&session, "patient.update", &update("b@example.com")), "request_id_reused");
    clinic.pass(1);
    clinic.result(&session, "patient.update", &update("b@example.com"));
    assert_eq!(clinic.text("SELECT email FROM patients WHERE patient_id = 1"), "b@example.com");
    assert_eq!(clinic.number("SELECT count(*) FROM request_replies"), 1);
}

#[test]
fn what_was_refused_is_judged_anew() {
    let mut clinic = Clinic::new();
    let doctor = clinic.login(DOCTOR);
    let glass = json!({"patient_id": 999, "reason": "昏迷", "request_id": "a"});
    assert_eq!(clinic.word(&doctor, "patient.break_glass", &glass), "not_found");
    let params = json!({"patient_id": STRANGER, "reason": "昏迷", "request_id": "a"});
    assert_eq!(clinic.word(&doctor, "patient.break_glass", &params), "ok");
    let admin = clinic.login(ADMIN);
    let create =
        json!({"username": "nurse", "name": "乙", "password": "p", "role": "clerk", "request_id": "a"});
    assert_eq!(clinic.word(&admin, "account.create", &create), "username_taken");
    clinic.rows.execute("UPDATE users SET username = 'moved' WHERE user_id = ?1", [NURSE]).unwrap();
    assert_eq!(clinic.word(&admin, "account.create", &create), "ok");
    let clerk = clinic.login(CLERK);
    let change = json!({"new_password": "new", "old_password": "wrong", "request_id": "a"});
    for _ in 0..2 {
        assert_eq!(clinic.word(&clerk, "account.reset_password", &change), "wrong_credentials");
    }
}

#[test]
fn a_right_that_is_gone_does_not_come_back_with_an_old_reply() {
    let mut clinic = Clinic::new();
    let (admin, spare) = (clinic.login(ADMIN), clinic.login(SPARE));
    let update = json!({"patient_id": PATIENT, "email": "a@example.com", "request_id": "a"});
    clinic.result(&spare, "patient.update", &update);
    clinic.result(&admin, "account.set_role", &json!({"user_id": SPARE, "role": "admin"}));
    assert_eq!(clinic.word(&spare, "patient.update", &update), "unauthenticated");
    let spare = clinic.login(SPARE);
    assert_eq!(clinic.word(&spare, "patient.update", &update), "forbidden");
}

#[test]
fn a_batch_may_repeat_itself() {
    let mut clinic = Clinic::new();
    let session = clinic.login(CLERK);
    let call = |id: u8| {
        json!({"jsonrpc": "2.0", "id": id, "method": "patient.update",
            "params": {"patient_id": PATIENT, "email": "a@example.com", "request_id": "a"}})
    };
    let entries = clinic.entries();
    let reply = clinic.send(&session, &json!([call(1), call(2)]).to_string());
    let replies: Vec<Value> = serde_json::from_str(&reply).unwrap();
    assert_eq!(replies[0]["result"], replies[1]["result"]);
    assert_eq!(clinic.entries(), entries + 1);
}
