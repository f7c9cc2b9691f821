//! Diagnoses and their codes, allergies, and what is attached to a visit.

use super::clinic::*;
use super::visits::visit;
use serde_json::{Value, json};

fn load_codes(clinic: &mut Clinic) {
    assert!(!clinic.is_kept_from(
        "INSERT INTO icd10_codes (code, title) VALUES ('I10', 'Essential (primary) hypertension'),
            ('I20', 'Angina pectoris'), ('J00', 'Acute nasopharyngitis'), ('J06', 'Acute upper respiratory infections'),
            ('I10.x00', 'essential oddity')"
    ));
}

fn add(clinic: &mut Clinic, mut params: Value, encounter_id: i64) -> Value {
    params["encounter_id"] = json!(encounter_id);
    clinic.ok("DOC001", "diagnosis.add", params)
}

#[test]
fn a_code_is_of_the_table_where_there_is_one_and_so_is_its_title() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    // Without a table any code will do, with a title.
    let free = add(&mut clinic, json!({"code": "r50", "title": "发热"}), encounter_id);
    assert_eq!((&free["code"], &free["title"], &free["rank"]), (&json!("R50"), &json!("发热"), &json!(1)));
    let bare = json!({"encounter_id": encounter_id, "code": "R50"});
    assert!(clinic.call("DOC001", "diagnosis.add", &bare).is_err());
    load_codes(&mut clinic);
    clinic.refused("DOC001", "diagnosis.add", bare, "unknown_code");
    let coded = add(
        &mut clinic,
        json!({"code": "i10", "title": "高血压", "use": "discharge",
        "certainty": "confirmed"}),
        encounter_id,
    );
    assert_eq!(
        (&coded["code"], &coded["title"]),
        (&json!("I10"), &json!("Essential (primary) hypertension"))
    );
    assert_eq!((&coded["use"], &coded["rank"]), (&json!("discharge"), &json!(1)));
    let words = add(&mut clinic, json!({"title": "乏力"}), encounter_id);
    assert_eq!(
        (&words["code"], &words["rank"], &words["certainty"]),
        (&json!(null), &json!(2), &json!("provisional"))
    );
    for bad in [
        json!({}),
        json!({"code": "x"}),
        json!({"title": "a", "rank": 0}),
        json!({"title": "a", "rank": 100}),
    ] {
        let mut params = bad;
        params["encounter_id"] = json!(encounter_id);
        let error = clinic.call("DOC001", "diagnosis.add", &params).unwrap_err();
        assert!(error["field"].is_string(), "{params}: {error}");
    }
}

#[test]
fn codes_are_found_by_their_beginning_page_by_page() {
    let mut clinic = Clinic::new();
    load_codes(&mut clinic);
    let codes = |found: &Value| -> Vec<String> {
        found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let found = clinic.ok(NURSE, "diagnosis.search_codes", json!({"prefix": "i1"}));
    assert_eq!(codes(&found), ["I10", "I10.x00"]);
    assert_eq!(found["next_cursor"], json!(null));
    let found = clinic.ok("DOC001", "diagnosis.search_codes", json!({"text": "ESSENTIAL"}));
    assert_eq!(codes(&found), ["I10", "I10.x00"]);
    for by in ["prefix", "text"] {
        let begin = if by == "prefix" { "J" } else { "acute" };
        let first = clinic.ok("DOC001", "diagnosis.search_codes", json!({by: begin, "limit": 1}));
        assert_eq!(codes(&first), ["J00"]);
        let next = json!({by: begin, "limit": 1, "cursor": first["next_cursor"]});
        let second = clinic.ok("DOC001", "diagnosis.search_codes", next);
        assert_eq!((codes(&second), &second["next_cursor"]), (vec!["J06".to_owned()], &json!(null)));
    }
    clinic.refused(&patient(0), "diagnosis.search_codes", json!({"prefix": "I"}), "forbidden");
}

#[test]
fn diagnoses_change_places_and_are_withdrawn_for_a_reason() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    let first = add(&mut clinic, json!({"title": "感冒"}), encounter_id);
    let second = add(&mut clinic, json!({"title": "肺炎"}), encounter_id);
    let taken = json!({"encounter_id": encounter_id, "title": "哮喘", "rank": 1});
    let refused = clinic.refused("DOC001", "diagnosis.add", taken, "conflict");
    assert_eq!(refused["diagnosis_id"], first["diagnosis_id"]);
    clinic.ok("DOC001", "diagnosis.set_rank", json!({"diagnosis_id": second["diagnosis_id"], "rank": 1}));
    let list = json!({"encounter_id": encounter_id});
    let ranks = |list: &Value| -> Vec<i64> {
        list["items"].as_array().unwrap().iter().map(|item| item["rank"].as_i64().unwrap()).collect()
    };
    assert_eq!(ranks(&clinic.ok(&patient(0), "diagnosis.list", list.clone())), [2, 1]);
    let withdraw = json!({"diagnosis_id": second["diagnosis_id"], "reason": "误诊"});
    clinic.refused("DOC002", "diagnosis.withdraw", withdraw.clone(), "forbidden");
    clinic.ok("DOC001", "diagnosis.withdraw", withdraw.clone());
    let rank = json!({"diagnosis_id": withdraw["diagnosis_id"], "rank": 1});
    for (method, params, to) in [("withdraw", withdraw, "withdrawn"), ("set_rank", rank, "ranked")] {
        let refused = clinic.refused("DOC001", &format!("diagnosis.{method}"), params, "bad_transition");
        assert_eq!((&refused["from"], &refused["to"]), (&json!("withdrawn"), &json!(to)));
    }
    assert_eq!(ranks(&clinic.ok("DOC001", "diagnosis.list", list)), [2]);
    let all = json!({"encounter_id": encounter_id, "with_withdrawn": true});
    let all = clinic.ok("DOC001", "diagnosis.list", all);
    assert_eq!(all["items"][1]["withdrawn_reason"], "误诊");
    // Nothing was written, so nothing is missing.
    clinic.ok("DOC001", "diagnosis.set_rank", json!({"diagnosis_id": first["diagnosis_id"], "rank": 1}));
    clinic.ok("DOC001", "encounter.finish", json!({"encounter_id": encounter_id}));
    let late = json!({"diagnosis_id": first["diagnosis_id"], "reason": "误诊"});
    clinic.refused("DOC001", "diagnosis.withdraw", late, "not_in_progress");
    let shown = "SELECT count(*) FROM medical_records WHERE diagnosis = '感冒' AND patient_id = 9";
    assert_eq!(clinic.number(shown), 1, "an old client sees what the visit was for");
    assert!(clinic.is_kept_from("DELETE FROM diagnoses"));
}

#[test]
fn an_allergy_is_recorded_once() {
    let mut clinic = Clinic::new();
    visit(&mut clinic);
    let penicillin = |substance: &str| {
        json!({"patient_id": FIRST_PATIENT, "substance": substance,
        "severity": "severe", "reaction": "皮疹"})
    };
    let first = clinic.ok(NURSE, "allergy.add", penicillin("Penicillin"));
    assert_eq!((&first["state"], &first["severity"]), (&json!("active"), &json!("severe")));
    let refused = clinic.refused("DOC001", "allergy.add", penicillin(" PENICILLIN "), "already_recorded");
    assert_eq!(refused["allergy_id"], first["allergy_id"]);
    let other = json!({"patient_id": FIRST_PATIENT + 1, "substance": "penicillin", "severity": "mild"});
    clinic.refused("DOC001", "allergy.add", other.clone(), "forbidden");
    clinic.ok(NURSE, "allergy.add", other);
    let refute = json!({"allergy_id": first["allergy_id"], "reason": "皮试阴性"});
    clinic.refused("DOC002", "allergy.refute", refute.clone(), "forbidden");
    let refuted = clinic.ok("DOC001", "allergy.refute", refute.clone());
    assert_eq!((&refuted["state"], &refuted["refuted_by"]), (&json!("refuted"), &json!(4)));
    assert_eq!(clinic.refused(NURSE, "allergy.refute", refute, "bad_transition")["from"], "refuted");
    let again = clinic.ok("DOC001", "allergy.add", penicillin("penicillin"));
    let list = json!({"patient_id": FIRST_PATIENT});
    assert_eq!(clinic.ok(&patient(0), "allergy.list", list)["items"], json!([again]));
    let all = json!({"patient_id": FIRST_PATIENT, "with_refuted": true, "limit": 1});
    let page = clinic.ok(NURSE, "allergy.list", all);
    assert_eq!(page["items"], json!([refuted]));
    assert_eq!(page["next_cursor"], first["allergy_id"]);
    clinic.refused(CLERK, "allergy.list", json!({"patient_id": FIRST_PATIENT}), "forbidden");
    let nobody = json!({"patient_id": 999, "substance": "x", "severity": "mild"});
    clinic.refused(NURSE, "allergy.add", nobody, "not_found");
    assert!(clinic.is_kept_from("DELETE FROM allergies"));
}

#[test]
fn an_allergy_becomes_worse_by_anyone_and_less_bad_than_severe_by_a_doctor() {
    let mut clinic = Clinic::new();
    visit(&mut clinic);
    let add = json!({"patient_id": FIRST_PATIENT, "substance": "penicillin", "severity": "mild"});
    let allergy_id = clinic.ok(NURSE, "allergy.add", add)["allergy_id"].clone();
    let set = |severity: &str| json!({"allergy_id": allergy_id, "severity": severity, "reason": "休克"});
    assert_eq!(clinic.ok(NURSE, "allergy.set_severity", set("severe"))["severity"], "severe");
    let refute = json!({"allergy_id": allergy_id, "reason": "皮试阴性"});
    for (method, params) in [("allergy.set_severity", set("mild")), ("allergy.refute", refute.clone())] {
        clinic.refused(NURSE, method, params.clone(), "forbidden");
        clinic.refused("DOC002", method, params, "forbidden");
    }
    assert_eq!(clinic.ok("DOC001", "allergy.set_severity", set("moderate"))["severity"], "moderate");
    let kept = "SELECT count(*) FROM audit WHERE method = 'allergy.set_severity' AND reason = '休克'
        AND outcome = 'success'";
    assert_eq!(clinic.number(kept), 2);
    clinic.ok(NURSE, "allergy.refute", refute);
    clinic.refused(NURSE, "allergy.set_severity", set("severe"), "bad_transition");
}

#[test]
fn what_lies_elsewhere_is_attached_by_its_place() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    let params = json!({"encounter_id": encounter_id, "title": "胸片", "media_type": "image/dicom",
        "reference": "pacs/2026/1", "sha256": "0".repeat(64)});
    // Findings come when the visit is over.
    clinic.ok("DOC001", "encounter.finish", json!({"encounter_id": encounter_id}));
    let added = clinic.ok("DOC001", "attachment.add", params.clone());
    let list = json!({"encounter_id": encounter_id});
    assert_eq!(clinic.ok(&patient(0), "attachment.list", list.clone())["items"], json!([added]));
    let mut bad = params;
    bad["sha256"] = json!("abc");
    assert_eq!(clinic.call("DOC001", "attachment.add", &bad).unwrap_err()["field"], "sha256");
    let withdraw = json!({"attachment_id": added["attachment_id"], "reason": "别人的"});
    clinic.refused("DOC002", "attachment.withdraw", withdraw.clone(), "forbidden");
    clinic.ok("DOC001", "attachment.withdraw", withdraw.clone());
    clinic.refused("DOC001", "attachment.withdraw", withdraw, "bad_transition");
    assert_eq!(clinic.ok("DOC001", "attachment.list", list)["items"], json!([]));
    let all = json!({"encounter_id": encounter_id, "with_withdrawn": true});
    assert_eq!(clinic.ok("DOC001", "attachment.list", all)["items"][0]["withdrawn_reason"], "别人的");
    assert!(clinic.is_kept_from("DELETE FROM attachments"));
}

#[test]
fn after_the_last_rank_one_must_be_given() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic);
    add(&mut clinic, json!({"title": "发热", "rank": 99}), encounter_id);
    let next = json!({"encounter_id": encounter_id, "title": "咳嗽"});
    assert_eq!(clinic.call("DOC001", "diagnosis.add", &next).unwrap_err()["field"], "rank");
    assert_eq!(add(&mut clinic, json!({"title": "咳嗽", "rank": 98}), encounter_id)["rank"], 98);
}
