//! What a reply may show of an id card and a phone number, and which reads the trail keeps.

use crate::clinic::*;
use serde_json::{Value, json};

const CARD: &str = "110101199001010001";
const PHONE: &str = "13800138000";

#[test]
fn who_may_see_a_patient_sees_their_numbers_masked() {
    let mut clinic = Clinic::new();
    let get = json!({"patient_id": PATIENT, "reason": "投诉"});
    for user_id in [PATIENT, DOCTOR, NURSE, CLERK, ADMIN, AUDITOR] {
        let session = clinic.login(user_id);
        let patient = clinic.result(&session, "patient.get", &get);
        assert_eq!(patient["id_card"], "110***************");
        assert_eq!(patient["phone"], "138****8000");
        assert_eq!(patient["birth_date"], "1990-01-01");
    }
    let clerk = clinic.login(CLERK);
    for params in [json!({"name": "张"}), json!({"phone": PHONE}), json!({"id_card": CARD})] {
        let found = clinic.result(&clerk, "patient.search", &params);
        assert_eq!(found["items"][0]["patient_id"], PATIENT);
        assert!(NUMBERS.iter().all(|number| !found.to_string().contains(number)), "{found}");
    }
    let changed = json!({"patient_id": PATIENT, "phone": "13511112222", "id_card": "110101199001019999"});
    let patient = clinic.result(&clerk, "patient.update", &changed);
    assert_eq!(
        (&patient["phone"], &patient["id_card"]),
        (&json!("135****2222"), &json!("110***************"))
    );
}

#[test]
fn nobody_is_born_later_than_today() {
    let mut clinic = Clinic::new();
    let clerk = clinic.login(CLERK);
    // The clock of these tests stands at the first days of 2026.
    let update = |day: &str| json!({"patient_id": PATIENT, "birth_date": day});
    let register = |day: &str| json!({"name": "甲", "phone": "1", "password": "p", "birth_date": day});
    for (method, params) in
        [("patient.update", update("2026-03-01")), ("account.register_patient", register("9999-12-31"))]
    {
        let refused = clinic.call(&clerk, method, &params);
        assert_eq!(word(&refused), "invalid_params", "{refused}");
        assert_eq!(refused["error"]["data"]["field"], "birth_date", "{refused}");
    }
    assert_eq!(clinic.result(&clerk, "patient.update", &update("2026-01-01"))["birth_date"], "2026-01-01");
}

#[test]
fn a_phone_number_is_none_of_the_names_that_the_staff_have() {
    let mut clinic = Clinic::new();
    let clerk = clinic.login(CLERK);
    for phone in ["admin", "DOC007", "１３８００１３８０００", "138 0013 8000", "+"] {
        let register = json!({"name": "甲", "phone": phone, "password": "p"});
        let update = json!({"patient_id": PATIENT, "phone": phone});
        for (method, params) in [("account.register_patient", register), ("patient.update", update)] {
            let refused = clinic.call(&clerk, method, &params);
            assert_eq!(
                (word(&refused), &refused["error"]["data"]["field"]),
                ("invalid_params".into(), &json!("phone"))
            );
        }
    }
}

#[test]
fn a_list_of_accounts_shows_no_phone_number() {
    let mut clinic = Clinic::new();
    let admin = clinic.login(ADMIN);
    for params in [json!({}), json!({"role": "patient"}), json!({"role": "patient", "limit": 1})] {
        let list = clinic.result(&admin, "account.list", &params);
        assert!(NUMBERS.iter().all(|number| !list.to_string().contains(number)), "{list}");
        assert_eq!(list["items"][0]["username"], "138****8000");
    }
    let list = clinic.result(&admin, "account.list", &json!({"role": "doctor"}));
    assert_eq!(list["items"][0]["username"], "DOC001", "an employee's name is no secret here");
}

#[test]
fn to_see_a_number_whole_is_recorded_whoever_asks() {
    let mut clinic = Clinic::with(|settings| settings.audit_reads = false);
    for (user_id, reason) in
        [(PATIENT, None), (DOCTOR, None), (NURSE, None), (CLERK, Some("核对")), (ADMIN, Some("投诉"))]
    {
        let session = clinic.login(user_id);
        let entries = clinic.entries();
        let get = json!({"patient_id": PATIENT, "unmask": true, "reason": reason});
        let patient = clinic.result(&session, "patient.get", &get);
        assert_eq!((&patient["id_card"], &patient["phone"]), (&json!(CARD), &json!(PHONE)));
        assert_eq!(clinic.entries(), entries + 1);
        let expected = json!(["patient.get", user_id, PATIENT, "success", reason, "unmasked"]);
        assert_eq!(clinic.last_entry(), expected);
    }
    let (doctor, admin) = (clinic.login(OTHER_DOCTOR), clinic.login(ADMIN));
    let get = json!({"patient_id": PATIENT, "unmask": true});
    for (session, said) in [(doctor, "forbidden"), (admin, "reason_required")] {
        let reply = clinic.call(&session, "patient.get", &get);
        assert_eq!(word(&reply), said);
        assert!(NUMBERS.iter().all(|number| !reply.to_string().contains(number)));
    }
}

/// The entries that a call leaves.
fn kept(clinic: &mut Clinic, user_id: i64, method: &str, params: &Value) -> i64 {
    let session = clinic.login(user_id);
    let entries = clinic.entries();
    clinic.result(&session, method, params);
    clinic.entries() - entries
}

#[test]
fn reads_by_others_are_kept_and_reads_of_ones_own_are_not() {
    let mut clinic = Clinic::new();
    let get = json!({"patient_id": PATIENT});
    for (user_id, method, params, expected) in [
        (PATIENT, "patient.get", &get, 0),
        (DOCTOR, "patient.get", &get, 1),
        (NURSE, "patient.get", &get, 1),
        (ADMIN, "patient.get", &json!({"patient_id": PATIENT, "reason": "投诉"}), 1),
        (CLERK, "patient.search", &json!({"phone": PHONE}), 1),
        (AUDITOR, "audit.query", &json!({}), 1),
        (PATIENT, "doctor.list", &json!({}), 0),
        (PATIENT, "session.whoami", &json!({}), 0),
        (ADMIN, "account.list", &json!({}), 0),
    ] {
        assert_eq!(kept(&mut clinic, user_id, method, params), expected, "{method} by {user_id}");
        if expected == 1 {
            let entry = clinic.last_entry();
            assert_eq!(
                (&entry[0], &entry[1], &entry[3]),
                (&json!(method), &json!(user_id), &json!("success"))
            );
            assert_eq!(entry[4], params.get("reason").cloned().unwrap_or_default());
        }
    }
    let session = clinic.login(CLERK);
    clinic.result(&session, "patient.search", &json!({"phone": PHONE}));
    let searched =
        clinic.text("SELECT group_concat(coalesce(reason, '') || coalesce(detail, '')) FROM audit");
    assert!(!searched.contains(PHONE), "what was searched for is no part of the trail");
    assert_eq!(kept(&mut clinic, CLERK, "patient.get", &json!({"patient_id": STRANGER})), 1);
    let trail = clinic.login(AUDITOR);
    let found = clinic.result(&trail, "audit.query", &json!({"patient_id": STRANGER}));
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(found["items"][0]["actor_id"], CLERK);
}

#[test]
fn the_operator_can_leave_reads_out_but_not_refusals_or_writes() {
    let mut clinic = Clinic::with(|settings| settings.audit_reads = false);
    let get = json!({"patient_id": PATIENT});
    assert_eq!(kept(&mut clinic, DOCTOR, "patient.get", &get), 0);
    assert_eq!(kept(&mut clinic, CLERK, "patient.search", &json!({"phone": PHONE})), 0);
    assert_eq!(
        kept(&mut clinic, CLERK, "patient.update", &json!({"patient_id": PATIENT, "email": "x@y"})),
        1
    );
    let doctor = clinic.login(OTHER_DOCTOR);
    assert_eq!(clinic.word(&doctor, "patient.get", &get), "forbidden");
    assert_eq!(clinic.last_entry(), json!(["patient.get", OTHER_DOCTOR, PATIENT, "forbidden", null, null]));
}

#[test]
fn without_its_entry_an_act_is_not_done_and_a_read_not_answered() {
    let mut clinic = Clinic::new();
    let clerk = clinic.login(CLERK);
    clinic
        .rows
        .execute_batch("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END")
        .unwrap();
    let rows = clinic.everything();
    for (method, params) in [
        ("patient.update", json!({"patient_id": PATIENT, "email": "x@y"})),
        ("patient.get", json!({"patient_id": PATIENT})),
        ("patient.search", json!({"name": "张"})),
        ("account.list", json!({})),
    ] {
        let reply = clinic.reply(&clerk, &request(method, &params));
        assert!(reply.contains("\"error\"") && !reply.contains("张三"), "{method}: {reply}");
        clinic.dispatcher().commit();
    }
    assert!(rows == clinic.everything());
}
