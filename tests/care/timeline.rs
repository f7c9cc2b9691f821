//! A patient's history in one list.

use super::clinic::*;
use super::visits::visit;
use serde_json::{Value, json};

/// All of it, in pages of such a size.
fn whole(clinic: &mut Clinic, who: &str, limit: i64) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), Value::Null);
    for _ in 0..100 {
        let mut params = json!({"patient_id": FIRST_PATIENT, "limit": limit});
        if !cursor.is_null() {
            params["cursor"] = cursor;
        }
        let mut page = clinic.ok(who, "patient.timeline", params);
        let found = page["items"].as_array().unwrap();
        assert!(found.len() <= usize::try_from(limit).unwrap());
        items.extend(found.iter().cloned());
        cursor = page["next_cursor"].take();
        if cursor.is_null() {
            return items;
        }
    }
    panic!("there is no end to a history");
}

fn shown(items: &[Value]) -> Vec<(&str, &str)> {
    let word =
        |value: &'static str| move |item: &'_ Value| item[value].as_str().unwrap_or_default().to_owned();
    let _ = word;
    items.iter().map(|item| (item["kind"].as_str().unwrap(), item["title"].as_str().unwrap_or("-"))).collect()
}

fn old_record(clinic: &mut Clinic, visit_time: &str, diagnosis: &str) {
    let row = json!({"table_name": "medical_records", "patient_id": FIRST_PATIENT, "doctor_id": 4,
        "diagnosis": diagnosis, "symptoms": "头痛", "visit_time": visit_time});
    let rows = clinic.number("SELECT count(*) FROM medical_records");
    clinic.old(&row);
    assert_eq!(clinic.number("SELECT count(*) FROM medical_records"), rows + 1);
}

#[test]
fn a_history_has_all_that_was_done_the_latest_first() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    let write = json!({"encounter_id": encounter_id, "symptoms": "咳嗽", "diagnosis": "支气管炎"});
    clinic.pass(1);
    let note_id = clinic.ok("DOC001", "record.write", write.clone())["note_id"].take();
    clinic.pass(1);
    clinic.ok("DOC001", "diagnosis.add", json!({"encounter_id": encounter_id, "title": "感冒"}));
    clinic.pass(1);
    clinic.ok("DOC001", "record.sign", json!({"note_id": note_id}));
    clinic.ok("DOC001", "record.write", write);
    clinic.pass(1);
    let allergy = json!({"patient_id": FIRST_PATIENT, "substance": "penicillin", "severity": "severe"});
    clinic.ok("DOC001", "allergy.add", allergy);
    for (visit_time, diagnosis) in
        [("2025-03-01", "胃炎"), ("2026-01-05T09:02:30", "头痛"), ("2024-06-01 10:00:00", "骨折")]
    {
        old_record(&mut clinic, visit_time, diagnosis);
    }
    assert!(!clinic.is_kept_from(
        "INSERT INTO prescription_sheets (encounter_id, patient_id, doctor_id, state, created_ms, activated_ms)
            SELECT encounter_id, patient_id, doctor_id, 'active', created_ms, created_ms + 1 FROM encounters"
    ));
    assert!(!clinic.is_kept_from(
        "INSERT INTO service_orders (encounter_id, patient_id, doctor_id, kind, content, priority, state, requested_ms)
            SELECT encounter_id, patient_id, doctor_id, 'imaging', '胸片', 'routine', 'requested', created_ms + 2
            FROM encounters"
    ));
    let items = whole(&mut clinic, "DOC001", 100);
    assert_eq!(
        shown(&items),
        [
            // The appointment is for ten o'clock, as the second of three.
            ("allergy", "penicillin"),
            ("record", "支气管炎"),
            ("record", "头痛"),
            ("diagnosis", "感冒"),
            ("order", "胸片"),
            ("prescription", "-"),
            ("encounter", "内科"),
            ("appointment", "内科"),
            ("record", "胃炎"),
            ("record", "骨折"),
        ]
    );
    let (signed, old) = (&items[1], &items[2]);
    assert_eq!(
        (&signed["source"], &signed["id"], &signed["detail"]),
        (&json!("new"), &note_id, &json!("咳嗽"))
    );
    assert_eq!(
        (&old["source"], &old["detail"], &old["encounter_id"]),
        (&json!("old"), &json!("头痛"), &json!(null))
    );
    let record = clinic.ok(&patient(0), "record.get", json!({"record_id": old["id"]}));
    assert_eq!((&record["source"], &record["diagnosis"]), (&json!("old"), &json!("头痛")));
    // However it is cut, and whoever of those who may reads it, it is the same.
    for limit in [1, 2, 3, 7] {
        assert_eq!(whole(&mut clinic, &patient(0), limit), items, "{limit}");
    }
}

#[test]
fn a_history_in_which_all_was_at_one_moment_is_cut_without_loss() {
    let mut clinic = Clinic::new();
    visit(&mut clinic);
    for number in 0..9 {
        let opened = clinic.ok("DOC001", "encounter.open", json!({"patient_id": FIRST_PATIENT}));
        let words = json!({"encounter_id": opened["encounter_id"], "title": format!("感冒{number}")});
        clinic.ok("DOC001", "diagnosis.add", words);
        old_record(&mut clinic, "2026-01-05 09:00:00", "头痛");
    }
    let items = whole(&mut clinic, "DOC001", 500);
    assert_eq!(items.len(), 10 + 9 + 9 + 1);
    for limit in [1, 2, 4, 10, 28, 29] {
        assert_eq!(whole(&mut clinic, "DOC001", limit), items, "{limit}");
    }
    let bad = json!({"patient_id": FIRST_PATIENT, "cursor": "1,2"});
    assert_eq!(clinic.call("DOC001", "patient.timeline", &bad).unwrap_err()["field"], "cursor");
}

#[test]
fn what_an_old_client_wrote_as_a_time_keeps_nothing_back() {
    let mut clinic = Clinic::new();
    visit(&mut clinic);
    for (visit_time, diagnosis) in [("昨天上午", "骨折"), ("yesterday", "头痛"), ("2025-03-01", "胃炎")]
    {
        old_record(&mut clinic, "2024-01-01", diagnosis);
        clinic.execute(&format!(
            "UPDATE medical_records SET visit_time = '{visit_time}' WHERE diagnosis = '{diagnosis}'"
        ));
    }
    let items = whole(&mut clinic, "DOC001", 100);
    let titles: Vec<&str> = shown(&items).iter().map(|(_, title)| *title).collect();
    assert_eq!(titles, ["骨折", "头痛", "内科", "内科", "胃炎"]);
    assert_eq!((&items[0]["at_ms"], &items[1]["at_ms"]), (&json!(null), &json!(null)));
    for limit in [1, 2, 3] {
        assert_eq!(whole(&mut clinic, "DOC001", limit), items, "{limit}");
    }
}

#[test]
fn what_comes_meanwhile_moves_nothing() {
    let mut clinic = Clinic::new();
    visit(&mut clinic);
    for _ in 0..5 {
        clinic.pass(1);
        clinic.ok("DOC001", "encounter.open", json!({"patient_id": FIRST_PATIENT}));
    }
    let items = whole(&mut clinic, "DOC001", 100);
    let first = clinic.ok("DOC001", "patient.timeline", json!({"patient_id": FIRST_PATIENT, "limit": 3}));
    clinic.pass(1);
    clinic.ok("DOC001", "encounter.open", json!({"patient_id": FIRST_PATIENT}));
    let rest = json!({"patient_id": FIRST_PATIENT, "cursor": first["next_cursor"]});
    let rest = clinic.ok("DOC001", "patient.timeline", rest);
    assert_eq!(rest["items"].as_array().unwrap()[..], items[3..]);
}

#[test]
fn an_appointment_that_no_session_has_is_told_to_be_an_old_one() {
    let mut clinic = Clinic::new();
    visit(&mut clinic);
    clinic.execute(&format!(
        "INSERT INTO appointments (patient_id, doctor_id, appointment_time, status)
            VALUES ({FIRST_PATIENT}, 4, '2024-01-01 09:00:00', 'completed')"
    ));
    let items = whole(&mut clinic, "DOC001", 100);
    let appointments = items.iter().filter(|item| item["kind"] == "appointment");
    let sources: Vec<&Value> = appointments.map(|item| &item["source"]).collect();
    assert_eq!(sources, [&json!("new"), &json!("old")]);
}

#[test]
fn a_history_is_for_those_who_treat_and_reading_it_is_kept() {
    let mut clinic = Clinic::new();
    visit(&mut clinic);
    let params = json!({"patient_id": FIRST_PATIENT});
    clinic.ok(&patient(0), "patient.timeline", params.clone());
    for who in [&patient(1), "DOC002", NURSE, CLERK] {
        clinic.refused(who, "patient.timeline", params.clone(), "forbidden");
    }
    clinic.refused(ADMIN, "patient.timeline", params.clone(), "reason_required");
    let kept = "SELECT count(*) FROM audit WHERE method = 'patient.timeline' AND outcome = 'success'";
    assert_eq!(clinic.number(kept), 0);
    clinic.ok("DOC001", "patient.timeline", params.clone());
    assert_eq!(clinic.number(kept), 1);
    clinic.ok(ADMIN, "patient.timeline", json!({"patient_id": FIRST_PATIENT, "reason": "投诉"}));
    assert_eq!(clinic.number(kept), 2);
}
