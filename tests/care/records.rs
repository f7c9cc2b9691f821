//! What is written of a visit: drafts, signatures, amendments, and who may read which.

use super::clinic::*;
use super::visits::{state, visit};
use serde_json::{Value, json};

fn write(clinic: &mut Clinic, encounter_id: i64, symptoms: &str) -> i64 {
    let params = json!({"encounter_id": encounter_id, "symptoms": symptoms, "diagnosis": "感冒"});
    clinic.ok("DOC001", "record.write", params)["note_id"].as_i64().unwrap()
}

#[test]
fn a_draft_is_its_authors_until_it_is_signed() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    let note_id = write(&mut clinic, encounter_id, "咳嗽");
    // Another doctor who treats the patient.
    let reason = json!({"patient_id": FIRST_PATIENT, "reason": "会诊"});
    clinic.ok("DOC002", "patient.break_glass", reason);
    let (get, list) = (json!({"note_id": note_id}), json!({"encounter_id": encounter_id}));
    // To its patient it looks as one that is not there, and that looks as another one's.
    for (who, code) in [("DOC002".to_owned(), "not_found"), (patient(0), "forbidden")] {
        clinic.refused(&who, "record.get", get.clone(), code);
        assert_eq!(clinic.ok(&who, "record.list", list.clone())["items"], json!([]), "{who}");
    }
    assert_eq!(clinic.ok("DOC001", "record.get", get.clone())["state"], "draft");
    let sign = json!({"note_id": note_id});
    clinic.refused("DOC002", "record.sign", sign.clone(), "not_found");
    clinic.refused(&patient(0), "record.sign", sign.clone(), "forbidden");
    let signed = clinic.ok("DOC001", "record.sign", sign.clone());
    assert_eq!((&signed["state"], &signed["version"]), (&json!("signed"), &json!(1)));
    for who in ["DOC001".to_owned(), "DOC002".to_owned(), patient(0)] {
        assert_eq!(clinic.ok(&who, "record.get", get.clone()), signed, "{who}");
        assert_eq!(clinic.ok(&who, "record.list", list.clone())["items"], json!([signed]), "{who}");
    }
    clinic.refused(&patient(1), "record.get", get.clone(), "forbidden");
    clinic.refused(NURSE, "record.get", get.clone(), "forbidden");
    clinic.refused(ADMIN, "record.get", get, "reason_required");
    let again = clinic.refused("DOC001", "record.sign", sign, "bad_transition");
    assert_eq!((&again["from"], &again["allowed"]), (&json!("signed"), &json!([])));
    assert_eq!(again["to"], "signed");
    // A doctor who was called in writes, too, and only they edit that.
    let theirs = json!({"encounter_id": encounter_id, "advice": "复查"});
    let theirs = clinic.ok("DOC002", "record.write", theirs);
    let edit = json!({"note_id": theirs["note_id"], "version": 1, "advice": "住院"});
    let none = json!({"note_id": 999, "version": 1, "advice": "住院"});
    let (theirs, absent) =
        (clinic.call("DOC001", "record.edit", &edit), clinic.call("DOC001", "record.edit", &none));
    assert_eq!(theirs.unwrap_err(), absent.unwrap_err());
    clinic.refused("DOC001", "record.edit", edit.clone(), "not_found");
    assert_eq!(clinic.ok("DOC002", "record.edit", edit)["version"], 2);
}

#[test]
fn a_draft_that_will_not_be_signed_is_discarded_and_kept() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    for doctor in ["DOC002", "DOC003"] {
        clinic.ok(doctor, "patient.break_glass", json!({"patient_id": FIRST_PATIENT, "reason": "会诊"}));
    }
    let draft = |clinic: &mut Clinic, advice: &str| {
        let written = json!({"encounter_id": encounter_id, "advice": advice});
        clinic.ok("DOC002", "record.write", written)["note_id"].take()
    };
    let (first, second, third) =
        (draft(&mut clinic, "复查"), draft(&mut clinic, "住院"), draft(&mut clinic, "手术"));
    let discard = |note_id: &Value| json!({"note_id": note_id, "reason": "重复"});
    // The visit's doctor is held up by them, and has no say in them.
    let finish = json!({"encounter_id": encounter_id});
    let held_up = clinic.refused("DOC001", "encounter.finish", finish, "unsigned_notes");
    assert_eq!(held_up["note_ids"], json!([first, second, third]));
    assert_eq!(held_up["author_ids"], json!([5, 5, 5]), "whom to ask");
    for who in ["DOC001", "DOC003"] {
        clinic.refused(who, "record.discard", discard(&first), "not_found");
    }
    clinic.refused(NURSE, "record.discard", discard(&first), "forbidden");
    clinic.call("DOC002", "record.discard", &json!({"note_id": first})).unwrap_err();
    let gone = clinic.ok("DOC002", "record.discard", discard(&first));
    assert_eq!((&gone["state"], &gone["author_id"]), (&json!("discarded"), &json!(5)));
    // The head of the author's department, and an administrator, may; they are not shown what stands in it.
    let head = json!({"department": "外科", "doctor_id": 6});
    clinic.execute("UPDATE doctors SET department = '外科' WHERE doctor_id = 5");
    clinic.ok(ADMIN, "department.set_head", head);
    assert!(clinic.ok("DOC003", "record.discard", discard(&second)).get("advice").is_none());
    clinic.ok(ADMIN, "record.discard", discard(&third));
    // It is neither signed nor taken up again, stands in nobody's way, and is nobody's to read but the author's,
    // and the administrator's for a reason.
    let again = clinic.refused("DOC002", "record.discard", discard(&first), "bad_transition");
    assert_eq!((&again["from"], &again["allowed"]), (&json!("discarded"), &json!([])));
    clinic.refused("DOC002", "record.sign", json!({"note_id": first}), "bad_transition");
    assert_eq!(clinic.ok("DOC002", "record.list", json!({"encounter_id": encounter_id}))["items"], json!([]));
    clinic.ok("DOC001", "encounter.finish", json!({"encounter_id": encounter_id}));
    let kept = clinic.ok("DOC002", "record.get", json!({"note_id": second}));
    assert_eq!((&kept["advice"], &kept["reason"]), (&json!("住院"), &json!("重复")));
    assert_eq!((&kept["author_id"], &kept["state"]), (&json!(6), &json!("discarded")));
    for who in ["DOC001", "DOC003"] {
        clinic.refused(who, "record.get", json!({"note_id": second}), "not_found");
    }
    clinic.refused(ADMIN, "record.get", json!({"note_id": second}), "reason_required");
    let looked = clinic.ok(ADMIN, "record.get", json!({"note_id": second, "version": 1, "reason": "投诉"}));
    assert_eq!((&looked["advice"], &looked["author_id"]), (&json!("住院"), &json!(5)));
    assert!(clinic.is_kept_from("UPDATE record_versions SET advice = ''"));
}

#[test]
fn nobody_overwrites_what_they_have_not_seen() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    let note_id = write(&mut clinic, encounter_id, "咳嗽");
    let edit = json!({"note_id": note_id, "version": 1, "advice": "多喝水"});
    let edited = clinic.ok("DOC001", "record.edit", edit.clone());
    assert_eq!((&edited["version"], &edited["symptoms"]), (&json!(2), &json!("咳嗽")));
    let stale = clinic.refused("DOC001", "record.edit", edit, "conflict");
    assert_eq!(stale["version"], 2);
    let stale =
        clinic.refused("DOC001", "record.sign", json!({"note_id": note_id, "version": 1}), "conflict");
    assert_eq!(stale["version"], 2);
    // A draft has one text, the latest.
    clinic.refused("DOC001", "record.get", json!({"note_id": note_id, "version": 1}), "not_found");
    let empty = json!({"note_id": note_id, "version": 2});
    clinic.refused("DOC001", "record.edit", empty, "nothing_to_change");
    clinic.refused("DOC001", "record.write", json!({"encounter_id": encounter_id}), "nothing_to_change");
    let amend = json!({"note_id": note_id, "version": 2, "advice": "休息", "reason": "遗漏"});
    let refused = clinic.refused("DOC001", "record.amend", amend, "bad_transition");
    assert_eq!((&refused["from"], &refused["to"]), (&json!("draft"), &json!("amended")));
    clinic.ok("DOC001", "record.sign", json!({"note_id": note_id, "version": 2}));
    let edit = json!({"note_id": note_id, "version": 2, "advice": "休息"});
    clinic.refused("DOC001", "record.edit", edit, "bad_transition");
}

#[test]
fn what_is_signed_stays_and_is_amended() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    let note_id = write(&mut clinic, encounter_id, "咳嗽");
    let old_row = "SELECT count(*) FROM medical_records WHERE symptoms = '咳嗽' AND diagnosis = '感冒'";
    assert_eq!(clinic.number(old_row), 0);
    clinic.ok("DOC001", "record.sign", json!({"note_id": note_id}));
    assert_eq!(clinic.number(old_row), 1);
    clinic.pass(60);
    let amend = json!({"note_id": note_id, "version": 1, "diagnosis": "肺炎", "reason": "胸片"});
    clinic.refused("DOC002", "record.amend", amend.clone(), "forbidden");
    let amended = clinic.ok("DOC001", "record.amend", amend.clone());
    assert_eq!((&amended["version"], &amended["reason"]), (&json!(2), &json!("胸片")));
    assert_eq!((&amended["symptoms"], &amended["diagnosis"]), (&json!("咳嗽"), &json!("肺炎")));
    let stale = clinic.refused("DOC001", "record.amend", amend, "conflict");
    assert_eq!(stale["version"], 2);
    let before = clinic.ok(&patient(0), "record.get", json!({"note_id": note_id, "version": 1}));
    assert_eq!((&before["diagnosis"], &before["latest_version"]), (&json!("感冒"), &json!(2)));
    let now = "SELECT count(*) FROM medical_records WHERE symptoms = '咳嗽' AND diagnosis = '肺炎'";
    assert_eq!(clinic.number(now), 1);
    for sql in [
        "UPDATE record_versions SET symptoms = '' WHERE version = 1",
        "UPDATE record_versions SET version = 9 WHERE version = 2",
        "UPDATE record_notes SET state = 'draft'",
        "DELETE FROM record_versions",
        "DELETE FROM record_notes",
        "DELETE FROM encounters",
    ] {
        assert!(clinic.is_kept_from(sql), "{sql}");
    }
    assert_eq!(state(&mut clinic, encounter_id), "in_progress");
}

#[test]
fn the_old_row_has_the_diagnosis_that_holds_unless_a_signed_text_has_one() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    let of_visit = json!({"encounter_id": encounter_id});
    let reopen = json!({"encounter_id": encounter_id, "reason": "补录"});
    let diagnose = |clinic: &mut Clinic, title: &str| {
        let params = json!({"encounter_id": encounter_id, "title": title, "rank": 1});
        clinic.ok("DOC001", "diagnosis.add", params)["diagnosis_id"].take()
    };
    let shows = |clinic: &mut Clinic, title: &str| {
        let sql =
            format!("SELECT count(*) FROM medical_records WHERE patient_id = 9 AND diagnosis = '{title}'");
        clinic.number(Box::leak(sql.into_boxed_str()))
    };
    let first = diagnose(&mut clinic, "感冒");
    clinic.ok("DOC001", "encounter.finish", of_visit.clone());
    assert_eq!(shows(&mut clinic, "感冒"), 1);
    clinic.ok("DOC001", "encounter.reopen", reopen.clone());
    clinic.ok("DOC001", "diagnosis.withdraw", json!({"diagnosis_id": first, "reason": "胸片"}));
    diagnose(&mut clinic, "肺炎");
    clinic.ok("DOC001", "encounter.finish", of_visit.clone());
    assert_eq!(shows(&mut clinic, "肺炎"), 1);
    clinic.ok("DOC001", "encounter.reopen", reopen);
    let params = json!({"encounter_id": encounter_id, "diagnosis": "支气管炎"});
    let note = clinic.ok("DOC001", "record.write", params);
    clinic.ok("DOC001", "record.sign", json!({"note_id": note["note_id"]}));
    clinic.ok("DOC001", "encounter.finish", of_visit);
    assert_eq!(shows(&mut clinic, "支气管炎"), 1);
}

#[test]
fn what_an_old_client_has_written_into_the_row_stays() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    clinic.execute("UPDATE medical_records SET diagnosis = '支气管炎' WHERE patient_id = 9");
    clinic.ok("DOC001", "diagnosis.add", json!({"encounter_id": encounter_id, "title": "感冒", "rank": 1}));
    clinic.ok("DOC001", "encounter.finish", json!({"encounter_id": encounter_id}));
    let sql = "SELECT count(*) FROM medical_records WHERE patient_id = 9 AND diagnosis = '支气管炎'";
    assert_eq!(clinic.number(sql), 1);
}

#[test]
fn the_doctor_of_the_visit_amends_what_another_has_written() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    for doctor in ["DOC002", "DOC003"] {
        let reason = json!({"patient_id": FIRST_PATIENT, "reason": "会诊"});
        clinic.ok(doctor, "patient.break_glass", reason);
    }
    let write = json!({"encounter_id": encounter_id, "advice": "复查"});
    let note_id = clinic.ok("DOC002", "record.write", write)["note_id"].take();
    clinic.ok("DOC002", "record.sign", json!({"note_id": note_id}));
    let amend =
        |version: i64| json!({"note_id": note_id, "version": version, "advice": "住院", "reason": "更正"});
    clinic.refused("DOC003", "record.amend", amend(1), "forbidden");
    assert_eq!(clinic.ok("DOC001", "record.amend", amend(1))["author_id"], 4);
    assert_eq!(clinic.ok("DOC002", "record.amend", amend(2))["author_id"], 5);
}

#[test]
fn an_amendment_brings_nothing_back_that_it_leaves_as_it_was() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    let older = write(&mut clinic, encounter_id, "咳嗽");
    clinic.ok("DOC001", "record.sign", json!({"note_id": older}));
    clinic.ok("DOC002", "patient.break_glass", json!({"patient_id": FIRST_PATIENT, "reason": "会诊"}));
    let later = json!({"encounter_id": encounter_id, "diagnosis": "肺炎"});
    let later = clinic.ok("DOC002", "record.write", later)["note_id"].take();
    clinic.ok("DOC002", "record.sign", json!({"note_id": later}));
    let shown = "SELECT count(*) FROM medical_records WHERE symptoms = '咳嗽' AND diagnosis = '肺炎'";
    assert_eq!(clinic.number(shown), 1);
    let advice = json!({"note_id": older, "version": 1, "advice": "休息", "reason": "遗漏"});
    let amended = clinic.ok("DOC001", "record.amend", advice);
    assert_eq!((&amended["diagnosis"], &amended["advice"]), (&json!("感冒"), &json!("休息")));
    assert_eq!(clinic.number(shown), 1, "the later diagnosis stays");
    let symptoms = json!({"note_id": older, "version": 2, "symptoms": "咳嗽、发热", "reason": "遗漏"});
    clinic.ok("DOC001", "record.amend", symptoms);
    let both = "SELECT count(*) FROM medical_records WHERE symptoms = '咳嗽、发热' AND diagnosis = '肺炎'";
    assert_eq!(clinic.number(both), 1);
}

#[test]
fn a_retry_writes_no_second_record() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    let write = json!({"encounter_id": encounter_id, "symptoms": "咳嗽", "request_id": "r1"});
    let first = clinic.ok("DOC001", "record.write", write.clone());
    assert_eq!(clinic.ok("DOC001", "record.write", write), first);
    assert_eq!(clinic.number("SELECT count(*) FROM record_notes"), 1);
}

#[test]
fn records_are_listed_page_by_page() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    let written: Vec<i64> =
        (0..5).map(|number| write(&mut clinic, encounter_id, &format!("咳嗽{number}"))).collect();
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let mut params = json!({"encounter_id": encounter_id, "limit": 2});
        if let Some(cursor) = cursor {
            params["cursor"] = cursor;
        }
        let page = clinic.ok("DOC001", "record.list", params);
        let ids = page["items"].as_array().unwrap().iter().map(|item| item["note_id"].as_i64().unwrap());
        found.extend(ids);
        cursor = Some(page["next_cursor"].clone()).filter(|cursor: &Value| !cursor.is_null());
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, written);
}
