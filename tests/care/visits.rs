//! Visits from their beginning to their end, with the queue and by hand.

use super::clinic::*;
use serde_json::{Value, json};

/// A patient of 王医生 who was called, at nine o'clock. Returns the ticket and the appointment.
pub fn called(clinic: &mut Clinic) -> (i64, i64) {
    let session_id = clinic.session(4, 3);
    let appointment_id = clinic.book(session_id, 0);
    clinic.at("2026-01-05 09:00");
    let ticket =
        clinic.ok(&patient(0), "queue.check_in", json!({"appointment_id": appointment_id}))["ticket_id"]
            .as_i64()
            .unwrap();
    clinic.ok("DOC001", "queue.call_next", json!({"session_id": session_id, "room": "101"}));
    (ticket, appointment_id)
}

/// A visit of patient 0 with 王医生 that goes on.
pub fn visit(clinic: &mut Clinic) -> i64 {
    let (ticket_id, _) = called(clinic);
    let started = clinic.ok("DOC001", "queue.start", json!({"ticket_id": ticket_id}));
    started["encounter_id"].as_i64().unwrap()
}

pub fn state(clinic: &mut Clinic, encounter_id: i64) -> Value {
    clinic.ok("DOC001", "encounter.get", json!({"encounter_id": encounter_id}))["state"].take()
}

#[test]
fn whoever_is_seen_has_a_visit_and_an_empty_one_ends_with_the_queue() {
    let mut clinic = Clinic::new();
    let (ticket_id, appointment_id) = called(&mut clinic);
    let ticket = json!({"ticket_id": ticket_id});
    let started = clinic.ok(NURSE, "queue.start", ticket.clone());
    assert_eq!((&started["state"], &started["encounter_state"]), (&json!("serving"), &json!("in_progress")));
    let get = json!({"encounter_id": started["encounter_id"]});
    let visit = clinic.ok(&patient(0), "encounter.get", get.clone());
    assert_eq!(visit["appointment_id"], appointment_id);
    assert_eq!((&visit["doctor_id"], &visit["department"]), (&json!(4), &json!("内科")));
    assert_eq!(clinic.number("SELECT count(*) FROM medical_records WHERE patient_id = 9"), 1);
    clinic.pass(5);
    let finished = clinic.ok(NURSE, "queue.finish", ticket.clone());
    assert_eq!(finished["encounter_state"], "finished");
    // The visit goes on with the queue, and ends with it again.
    clinic.ok(NURSE, "queue.undo", ticket.clone());
    assert_eq!(clinic.ok("DOC001", "encounter.get", get)["state"], "in_progress");
    assert_eq!(clinic.ok(NURSE, "queue.finish", ticket)["encounter_state"], "finished");
}

#[test]
fn a_doctor_writes_when_the_patient_has_gone() {
    let mut clinic = Clinic::new();
    let (ticket_id, _) = called(&mut clinic);
    let started = clinic.ok("DOC001", "queue.start", json!({"ticket_id": ticket_id}));
    let encounter_id = started["encounter_id"].as_i64().unwrap();
    clinic.ok("DOC001", "queue.finish", json!({"ticket_id": ticket_id}));
    let write = json!({"encounter_id": encounter_id, "symptoms": "咳嗽"});
    let note = clinic.ok("DOC001", "record.write", write.clone());
    assert_eq!(state(&mut clinic, encounter_id), "in_progress");
    let finish = json!({"encounter_id": encounter_id});
    let refused = clinic.refused("DOC001", "encounter.finish", finish.clone(), "unsigned_notes");
    assert_eq!((&refused["note_ids"], &refused["author_ids"]), (&json!([note["note_id"]]), &json!([4])));
    clinic.ok("DOC001", "record.sign", json!({"note_id": note["note_id"]}));
    clinic.refused("DOC001", "encounter.finish", finish.clone(), "diagnosis_missing");
    let second = json!({"encounter_id": encounter_id, "title": "乏力", "rank": 2});
    clinic.ok("DOC001", "diagnosis.add", second);
    clinic.refused("DOC001", "encounter.finish", finish.clone(), "diagnosis_missing");
    clinic.ok("DOC001", "diagnosis.add", json!({"encounter_id": encounter_id, "title": "感冒", "rank": 1}));
    assert_eq!(clinic.ok("DOC001", "encounter.finish", finish.clone())["state"], "finished");
    // What was finished with something in it is taken up again for a reason only, and does not begin anew.
    let begin = json!({"encounter_id": encounter_id});
    let wrong = clinic.refused("DOC001", "encounter.begin", begin.clone(), "bad_transition");
    assert_eq!((&wrong["to"], &wrong["allowed"]), (&json!("in_progress"), &json!([])), "begin is no way");
    let words = clinic.refusal("DOC001", "encounter.begin", &begin);
    assert_eq!(words, "an encounter that is finished cannot become in_progress by this step");
    let refused = clinic.refused("DOC001", "record.write", write.clone(), "not_in_progress");
    assert_eq!(refused["state"], "finished");
    let wrong = clinic.refused("DOC001", "encounter.finish", finish, "bad_transition");
    assert_eq!((&wrong["from"], &wrong["allowed"]), (&json!("finished"), &json!(["in_progress"])));
    clinic.ok("DOC001", "encounter.reopen", json!({"encounter_id": encounter_id, "reason": "补录"}));
    clinic.ok("DOC001", "record.write", write);
}

#[test]
fn what_was_attached_keeps_no_doctor_from_writing() {
    let mut clinic = Clinic::new();
    let (ticket_id, _) = called(&mut clinic);
    let started = clinic.ok("DOC001", "queue.start", json!({"ticket_id": ticket_id}));
    let encounter_id = started["encounter_id"].as_i64().unwrap();
    clinic.ok("DOC001", "queue.finish", json!({"ticket_id": ticket_id}));
    let finding = json!({"encounter_id": encounter_id, "title": "胸片", "media_type": "image/dicom",
        "reference": "pacs/2026/1"});
    clinic.ok("DOC001", "attachment.add", finding);
    assert_eq!(state(&mut clinic, encounter_id), "finished");
    clinic.ok("DOC001", "record.write", json!({"encounter_id": encounter_id, "symptoms": "咳嗽"}));
    assert_eq!(state(&mut clinic, encounter_id), "in_progress");
}

#[test]
fn what_was_ordered_keeps_no_doctor_from_writing() {
    let mut clinic = Clinic::new();
    let (ticket_id, _) = called(&mut clinic);
    let started = clinic.ok("DOC001", "queue.start", json!({"ticket_id": ticket_id}));
    let encounter_id = started["encounter_id"].as_i64().unwrap();
    let order = json!({"encounter_id": encounter_id, "kind": "laboratory", "content": "血常规"});
    clinic.ok("DOC001", "order.request", order);
    let finished = clinic.ok("DOC001", "queue.finish", json!({"ticket_id": ticket_id}));
    assert_eq!(finished["encounter_state"], "finished");
    clinic.ok("DOC001", "record.write", json!({"encounter_id": encounter_id, "symptoms": "咳嗽"}));
    assert_eq!(state(&mut clinic, encounter_id), "in_progress");
}

#[test]
fn a_start_that_is_taken_back_takes_an_empty_visit_with_it_and_no_other() {
    let mut clinic = Clinic::new();
    let (ticket_id, appointment_id) = called(&mut clinic);
    let ticket = json!({"ticket_id": ticket_id});
    let first = clinic.ok("DOC001", "queue.start", ticket.clone())["encounter_id"].as_i64().unwrap();
    clinic.pass(1);
    clinic.ok("DOC001", "queue.undo", ticket.clone());
    assert_eq!(state(&mut clinic, first), "cancelled");
    clinic.pass(1);
    let second = clinic.ok("DOC001", "queue.start", ticket.clone())["encounter_id"].as_i64().unwrap();
    assert_ne!(first, second);
    clinic.ok("DOC001", "diagnosis.add", json!({"encounter_id": second, "title": "感冒"}));
    clinic.ok("DOC001", "queue.undo", ticket.clone());
    assert_eq!(state(&mut clinic, second), "in_progress");
    clinic.pass(1);
    assert_eq!(clinic.ok("DOC001", "queue.start", ticket)["encounter_id"], second);
    let open = json!({"patient_id": FIRST_PATIENT, "appointment_id": appointment_id});
    let refused = clinic.refused("DOC001", "encounter.open", open, "conflict");
    assert_eq!(refused["encounter_id"], second);
}

#[test]
fn the_start_of_the_queue_takes_the_visit_that_was_planned() {
    let mut clinic = Clinic::new();
    let (ticket_id, appointment_id) = called(&mut clinic);
    let plan = json!({"patient_id": FIRST_PATIENT, "appointment_id": appointment_id, "is_planned": true});
    let planned = clinic.ok("DOC001", "encounter.open", plan);
    assert_eq!(planned["state"], "planned");
    let write = json!({"encounter_id": planned["encounter_id"], "symptoms": "咳嗽"});
    clinic.refused("DOC001", "record.write", write, "not_in_progress");
    let reopen = json!({"encounter_id": planned["encounter_id"], "reason": "补录"});
    let wrong = clinic.refused("DOC001", "encounter.reopen", reopen, "bad_transition");
    assert_eq!(wrong["allowed"], json!(["cancelled"]));
    let started = clinic.ok("DOC001", "queue.start", json!({"ticket_id": ticket_id}));
    assert_eq!(started["encounter_id"], planned["encounter_id"]);
    assert_eq!(started["encounter_state"], "in_progress");
    let begin = json!({"encounter_id": planned["encounter_id"]});
    clinic.refused("DOC001", "encounter.begin", begin, "bad_transition");
}

#[test]
fn a_visit_is_cancelled_for_a_reason_until_something_of_it_is_signed() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    let cancel = json!({"encounter_id": encounter_id, "reason": "认错人"});
    let write = json!({"encounter_id": encounter_id, "symptoms": "咳嗽"});
    let note_id = clinic.ok("DOC001", "record.write", write.clone())["note_id"].take();
    clinic.refused("DOC002", "encounter.cancel", cancel.clone(), "forbidden");
    clinic.ok("DOC001", "record.sign", json!({"note_id": note_id}));
    let refused = clinic.refused("DOC001", "encounter.cancel", cancel.clone(), "already_signed");
    assert_eq!(refused["note_ids"], json!([note_id]));

    let diagnosed = clinic.ok("DOC001", "encounter.open", json!({"patient_id": FIRST_PATIENT}));
    let cancel = json!({"encounter_id": diagnosed["encounter_id"], "reason": "认错人"});
    let add = json!({"encounter_id": diagnosed["encounter_id"], "title": "感冒"});
    let diagnosis = clinic.ok("DOC001", "diagnosis.add", add);
    let refused = clinic.refused("DOC001", "encounter.cancel", cancel.clone(), "already_signed");
    assert_eq!(refused["note_ids"], json!([]));
    let withdraw = json!({"diagnosis_id": diagnosis["diagnosis_id"], "reason": "认错人"});
    clinic.ok("DOC001", "diagnosis.withdraw", withdraw);
    clinic.ok("DOC001", "encounter.cancel", cancel);

    let other = clinic.ok("DOC001", "encounter.open", json!({"patient_id": FIRST_PATIENT}));
    let other_id = other["encounter_id"].as_i64().unwrap();
    let draft = clinic.ok("DOC001", "record.write", json!({"encounter_id": other_id, "advice": "休息"}));
    let cancelled =
        clinic.ok("DOC001", "encounter.cancel", json!({"encounter_id": other_id, "reason": "认错人"}));
    assert_eq!((&cancelled["state"], &cancelled["reason"]), (&json!("cancelled"), &json!("认错人")));
    clinic.refused("DOC001", "record.sign", json!({"note_id": draft["note_id"]}), "not_in_progress");
    let sql = "SELECT count(*) FROM medical_records WHERE diagnosis = 'visit cancelled'";
    assert_eq!(clinic.number(sql), 2);
    let again = json!({"encounter_id": other_id, "reason": "认错人"});
    assert_eq!(clinic.refused("DOC001", "encounter.cancel", again, "bad_transition")["allowed"], json!([]));
}

#[test]
fn a_visit_does_not_end_over_a_draft_of_a_prescription() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    let sheet =
        clinic.ok("DOC001", "prescription.create", json!({"encounter_id": encounter_id, "lines": []}));
    let finish = json!({"encounter_id": encounter_id});
    let refused = clinic.refused("DOC001", "encounter.finish", finish.clone(), "draft_prescriptions");
    assert_eq!(refused["prescription_ids"], json!([sheet["prescription_id"]]));
    let cancel = json!({"prescription_id": sheet["prescription_id"], "reason": "不需要"});
    clinic.ok("DOC001", "prescription.cancel", cancel);
    assert_eq!(clinic.ok("DOC001", "encounter.finish", finish)["state"], "finished");
}

#[test]
fn a_visit_is_of_a_department_that_there_is() {
    let mut clinic = Clinic::new();
    visit(&mut clinic);
    let open = |department: &str| json!({"patient_id": FIRST_PATIENT, "department": department});
    clinic.refused("DOC001", "encounter.open", open("不存在科"), "not_found");
    assert_eq!(clinic.ok("DOC001", "encounter.open", open("外科"))["department"], "外科");
}

#[test]
fn a_cancelled_visit_makes_nobody_a_treating_doctor() {
    let mut clinic = Clinic::new();
    let patient_id = FIRST_PATIENT + 5;
    // A broken glass alone lets nobody open a visit.
    clinic.ok("DOC002", "patient.break_glass", json!({"patient_id": patient_id, "reason": "昏迷"}));
    for is_planned in [false, true] {
        let open = json!({"patient_id": patient_id, "class": "EMER", "is_planned": is_planned});
        clinic.refused("DOC002", "encounter.open", open, "forbidden");
    }
    // An appointment of today with a colleague does, for as long as it stands; with another department it does not.
    let session_id = clinic.session(6, 3);
    let appointment_id = clinic.book(session_id, 5);
    clinic.refused("DOC002", "encounter.open", json!({"patient_id": patient_id}), "forbidden");
    clinic.execute("UPDATE doctors SET department = '急诊科' WHERE doctor_id IN (5, 6)");
    let opened = clinic.ok("DOC002", "encounter.open", json!({"patient_id": patient_id}));
    clinic.cancel(&patient(5), appointment_id);
    let encounter_id = opened["encounter_id"].as_i64().unwrap();
    clinic.pass(61);
    clinic.ok("DOC002", "patient.get", json!({"patient_id": patient_id}));
    clinic.ok("DOC002", "encounter.cancel", json!({"encounter_id": encounter_id, "reason": "认错人"}));
    clinic.refused("DOC002", "patient.get", json!({"patient_id": patient_id}), "forbidden");
}

#[test]
fn visits_are_listed_page_by_page() {
    let mut clinic = Clinic::new();
    let first = visit(&mut clinic);
    let mut opened = vec![first];
    for _ in 0..4 {
        clinic.pass(1);
        let found = clinic.ok("DOC001", "encounter.open", json!({"patient_id": FIRST_PATIENT}));
        opened.push(found["encounter_id"].as_i64().unwrap());
    }
    let ids = |list: &Value| -> Vec<i64> {
        list["items"].as_array().unwrap().iter().map(|item| item["encounter_id"].as_i64().unwrap()).collect()
    };
    for (who, is_latest_first) in [(patient(0), true), ("DOC001".to_owned(), false)] {
        let (mut found, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let mut params = json!({"limit": 2});
            if !cursor.is_null() {
                params["cursor"] = cursor;
            }
            let page = clinic.ok(&who, "encounter.list", params);
            found.extend(ids(&page));
            cursor = page["next_cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        if is_latest_first {
            found.reverse();
        }
        assert_eq!(found, opened, "{who}");
    }
    // Two visits of one doctor may go on; what is over is not among theirs.
    clinic.ok("DOC001", "encounter.finish", json!({"encounter_id": first}));
    let open = clinic.ok("DOC001", "encounter.list", json!({}));
    assert_eq!(ids(&open), opened[1..]);
    let of_patient = clinic.ok("DOC001", "encounter.list", json!({"patient_id": FIRST_PATIENT}));
    assert_eq!(ids(&of_patient).len(), 5);
    clinic.refused(ADMIN, "encounter.list", json!({"patient_id": FIRST_PATIENT}), "reason_required");
    clinic.ok(ADMIN, "encounter.list", json!({"patient_id": FIRST_PATIENT, "reason": "投诉"}));
    clinic.refused("DOC002", "encounter.list", json!({"patient_id": FIRST_PATIENT}), "forbidden");
}

#[test]
fn that_a_doctor_has_read_who_is_there_is_in_the_trail() {
    let mut clinic = Clinic::new();
    visit(&mut clinic);
    let kept = "SELECT count(*) FROM audit WHERE method = 'encounter.list' AND entity = 'encounter'";
    clinic.ok(&patient(0), "encounter.list", json!({}));
    assert_eq!(clinic.ok("DOC002", "encounter.list", json!({}))["items"], json!([]));
    assert_eq!(clinic.number(kept), 0);
    clinic.ok("DOC001", "encounter.list", json!({}));
    assert_eq!(clinic.number(kept), 1);
}

#[test]
fn an_old_client_that_completes_an_appointment_ends_its_empty_visit() {
    let mut clinic = Clinic::new();
    let (ticket_id, appointment_id) = called(&mut clinic);
    let started = clinic.ok("DOC001", "queue.start", json!({"ticket_id": ticket_id}));
    let complete =
        json!({"update_appointment_status": 1, "appointment_id": appointment_id, "new_status": "completed"});
    clinic.old(&complete);
    let encounter_id = started["encounter_id"].as_i64().unwrap();
    assert_eq!(state(&mut clinic, encounter_id), "finished");
}
