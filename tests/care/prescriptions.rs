//! Prescriptions: their drafts, their steps, what they come to, and who is shown what.

use super::clinic::*;
use super::pharmacy::*;
use super::visits::{called, state};
use serde_json::{Value, json};

#[test]
fn drugs_are_found_by_the_beginning_of_a_name_or_a_code() {
    let mut clinic = with_drugs();
    let found = clinic.ok(NURSE, "drug.search", json!({"name": "amox"}));
    let codes: Vec<&Value> = found["items"].as_array().unwrap().iter().map(|drug| &drug["code"]).collect();
    assert_eq!(codes, ["AMX250", "AMX500", "AMC625"]);
    assert_eq!(found["items"][2]["ingredient"], "amoxicillin+clavulanic acid");
    let (mut cursor, mut codes) = (Value::Null, Vec::new());
    loop {
        let params = json!({"code": "c", "limit": 2, "cursor": cursor});
        let page = clinic.ok(CLERK, "drug.search", params);
        codes.extend(page["items"].as_array().unwrap().iter().map(|drug| drug["code"].clone()));
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(codes, ["CFT100", "CFX250", "CFZ050", "CLR500", "COL010"]);
    let drug_id = found["items"][0]["drug_id"].clone();
    assert_eq!(clinic.ok(ADMIN, "drug.get", json!({"drug_id": drug_id})), found["items"][0]);
    clinic.execute(&format!("UPDATE drugs SET is_active = 0 WHERE drug_id = {drug_id}"));
    let found = clinic.ok(NURSE, "drug.search", json!({"name": "Amoxicillin"}));
    assert_eq!(found["items"][0]["code"], "AMX500");
    // What was withdrawn can be looked at, but not prescribed.
    assert_eq!(clinic.ok(NURSE, "drug.get", json!({"drug_id": drug_id}))["is_active"], false);
    let encounter_id = visit(&mut clinic, 0);
    let line = json!({"drug_id": drug_id, "dose": 250, "frequency": "tid", "duration_days": 7});
    let params = json!({"encounter_id": encounter_id, "lines": [line]});
    clinic.refused(DOCTOR, "prescription.create", params, "not_found");
    clinic.refused(NURSE, "drug.get", json!({"drug_id": 9999}), "not_found");
}

#[test]
fn a_quantity_is_dose_times_a_day_and_days() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let cases = [
        ("MFM500", json!("0.5"), "bid", 30, Value::Null, "30"),
        ("AML005", json!(5), "qd", 7, json!(35), "35"),
        ("MET047", json!(47.5), "qd", 3, json!("142.5"), "142.5"),
        ("PAR500", json!(0.1), "q8h", 1, json!("0.300"), "0.3"),
        ("SAL100", json!(2), "prn", 30, json!(200), "200"),
        // Once a week, of which four weeks and a day have five.
        ("IBU300", json!(1), "q168h", 29, json!(5), "5"),
    ];
    let mut lines = Vec::new();
    for (code, dose, frequency, days, quantity, _) in &cases {
        lines.push(json!({"drug_id": drug(&mut clinic, code), "dose": dose, "frequency": frequency,
            "duration_days": days, "quantity": quantity}));
    }
    let sheet = draft(&mut clinic, encounter_id, json!(lines));
    let quantities: Vec<&Value> =
        sheet["lines"].as_array().unwrap().iter().map(|line| &line["quantity"]).collect();
    assert_eq!(quantities, ["30", "35", "142.5", "0.3", "200", "5"]);
    assert_eq!(sheet["lines"][0]["route"], "oral");
    let prescription_id = sheet["prescription_id"].clone();
    let drug_id = drug(&mut clinic, "OMP020");
    let add = |clinic: &mut Clinic, key: &str, value: Value, code: &str| {
        let mut line = json!({"drug_id": drug_id, "dose": 20, "frequency": "bid", "duration_days": 14});
        line[key] = value;
        let params = json!({"prescription_id": prescription_id, "line": line});
        if code != "invalid" {
            return clinic.refused(DOCTOR, "prescription.add_line", params, code);
        }
        clinic.call(DOCTOR, "prescription.add_line", &params).unwrap_err()
    };
    assert_eq!(add(&mut clinic, "quantity", json!(561), "wrong_quantity")["expected"], "560");
    for (key, wrong, field) in [
        ("dose", json!(0), "line.dose"),
        ("dose", json!("0.0001"), "line.dose"),
        ("dose", json!("1e3"), "line.dose"),
        ("frequency", json!("q5h"), "line.frequency"),
        ("frequency", json!("prn"), "line.quantity"),
        ("dose", json!("100000000.001"), "line.dose"),
        ("dose", json!(100000000), "line.quantity"),
        ("duration_days", json!(0), "line.duration_days"),
        ("duration_days", json!(366), "line.duration_days"),
    ] {
        assert_eq!(add(&mut clinic, key, wrong.clone(), "invalid")["field"], field, "{key} {wrong}");
    }
    // In a list it is said which of them.
    let mut many: Vec<Value> =
        vec![json!({"drug_id": drug_id, "dose": 20, "frequency": "bid", "duration_days": 14})];
    many.push(json!({"drug_id": drug_id, "dose": 20, "frequency": "prn", "duration_days": 1,
        "quantity": 1000000001, "override_reason": "x"}));
    let error = |clinic: &mut Clinic, lines: &[Value]| {
        let params = json!({"encounter_id": encounter_id, "lines": lines});
        clinic.call(DOCTOR, "prescription.create", &params).unwrap_err()["field"].take()
    };
    assert_eq!(error(&mut clinic, &many), "lines[1].quantity");
    many[1]["dose"] = json!("many");
    assert_eq!(error(&mut clinic, &many), "lines[1].dose");
    // Nothing of what was refused is there.
    let get = json!({"prescription_id": prescription_id});
    assert_eq!(clinic.ok(DOCTOR, "prescription.get", get), sheet);
}

#[test]
fn a_draft_becomes_active_is_given_out_and_stopped() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let one = line(&mut clinic, "AMX500", "500");
    let other = line(&mut clinic, "PAR500", "0.5");
    let sheet = draft(&mut clinic, encounter_id, json!([one]));
    assert_eq!((&sheet["state"], &sheet["old_prescription_id"]), (&json!("draft"), &Value::Null));
    let id = json!({"prescription_id": sheet["prescription_id"]});
    let with = |key: &str, value: Value| {
        let mut params = id.clone();
        params[key] = value;
        params
    };
    let added = clinic.ok(DOCTOR, "prescription.add_line", with("line", other.clone()));
    let line_id = added["lines"][1]["line_id"].clone();
    assert_eq!(
        clinic.ok(DOCTOR, "prescription.remove_line", with("line_id", line_id.clone()))["lines"],
        sheet["lines"]
    );
    clinic.refused(DOCTOR, "prescription.remove_line", with("line_id", line_id.clone()), "not_found");
    clinic.ok(DOCTOR, "prescription.add_line", with("line", other.clone()));
    // Nobody but doctors knows of a draft, and nothing comes of it.
    assert_eq!(clinic.number("SELECT count(*) FROM prescriptions"), 0);
    let list = json!({"patient_id": FIRST_PATIENT});
    // To its patient it looks as what is another one's or is not there at all.
    for (who, code) in [(NURSE, "not_found"), (&patient(0), "forbidden"), (&patient(1), "forbidden")] {
        clinic.refused(who, "prescription.get", id.clone(), code);
    }
    for who in [NURSE, &patient(0)] {
        assert_eq!(clinic.ok(who, "prescription.list", list.clone())["items"], json!([]));
    }
    assert_eq!(clinic.ok(DOCTOR, "prescription.list", list.clone())["items"][0]["state"], "draft");
    clinic.refused(NURSE, "prescription.dispense", id.clone(), "not_found");
    clinic.refused(OTHER_DOCTOR, "prescription.activate", id.clone(), "forbidden");

    let active = clinic.ok(DOCTOR, "prescription.activate", id.clone());
    assert_eq!(active["state"], "active");
    assert_eq!(active["lines"][0]["taken_until"], "2026-01-11");
    let old = "SELECT count(*) FROM prescriptions p JOIN medical_records r USING (record_id)
        WHERE r.patient_id = 9 AND p.doctor_id = 4 AND content =
            'Amoxicillin 500 mg capsule: 500 mg, oral, tid, 7 d, total 10500 mg' || char(10)
            || 'Paracetamol 0.5 g tablet: 0.5 g, oral, tid, 7 d, total 10.5 g'";
    assert_eq!(clinic.number(old), 1);
    for who in [NURSE, &patient(0)] {
        assert_eq!(clinic.ok(who, "prescription.get", id.clone()), active);
        let items = clinic.ok(who, "prescription.list", list.clone());
        assert_eq!(items["items"][0]["lines"], active["lines"]);
        assert_eq!(items["items"].as_array().unwrap().len(), 1);
    }
    clinic.refused(DOCTOR, "prescription.add_line", with("line", other), "conflict");
    clinic.refused(DOCTOR, "prescription.activate", id.clone(), "bad_transition");
    let dispensed = clinic.ok(NURSE, "prescription.dispense", id.clone());
    assert_eq!(
        (&dispensed["state"], &dispensed["dispensed_ms"]),
        (&json!("dispensed"), &json!(clinic.now.unix_ms))
    );
    let end = with("reason", json!("皮疹"));
    clinic.refused(DOCTOR, "prescription.cancel", end.clone(), "bad_transition");
    let stopped = clinic.ok(DOCTOR, "prescription.stop", end.clone());
    assert_eq!((&stopped["state"], &stopped["reason"]), (&json!("stopped"), &json!("皮疹")));
    assert_eq!(clinic.number("SELECT count(*) FROM prescriptions WHERE content LIKE '%stopped: 皮疹'"), 1);
    clinic.refused(DOCTOR, "prescription.stop", end, "bad_transition");
}

#[test]
fn what_was_not_given_out_is_cancelled_and_never_was_for_others() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let line = line(&mut clinic, "AMX500", "500");
    let sheet = draft(&mut clinic, encounter_id, json!([line]));
    let end = json!({"prescription_id": sheet["prescription_id"], "reason": "笔误"});
    assert_eq!(clinic.ok(DOCTOR, "prescription.cancel", end)["state"], "cancelled");
    let id = active(&mut clinic, encounter_id, "AMX500")["prescription_id"].clone();
    let end = json!({"prescription_id": id, "reason": "笔误"});
    clinic.ok(DOCTOR, "prescription.cancel", end);
    let list = json!({"encounter_id": encounter_id});
    let states = |list: Value| -> Vec<Value> {
        list["items"].as_array().unwrap().iter().map(|item| item["state"].clone()).collect()
    };
    assert_eq!(states(clinic.ok(DOCTOR, "prescription.list", list.clone())), ["cancelled", "cancelled"]);
    assert_eq!(states(clinic.ok(NURSE, "prescription.list", list)), ["cancelled"]);
}

#[test]
fn prescriptions_belong_to_a_visit_that_goes_on() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let line = line(&mut clinic, "AMX500", "500");
    let create = json!({"encounter_id": encounter_id, "lines": [line]});
    clinic.refused(OTHER_DOCTOR, "prescription.create", create.clone(), "forbidden");
    let empty = draft(&mut clinic, encounter_id, json!([]))["prescription_id"].clone();
    clinic.refused(DOCTOR, "prescription.activate", json!({"prescription_id": empty}), "conflict");
    let written = draft(&mut clinic, encounter_id, json!([line]))["prescription_id"].clone();
    end_visit(&mut clinic, encounter_id);
    let facts = clinic.refused(DOCTOR, "prescription.create", create, IS_OVER);
    assert_eq!(facts["state"], "finished");
    let add = json!({"prescription_id": empty, "line": line});
    clinic.refused(DOCTOR, "prescription.add_line", add, IS_OVER);
    clinic.refused(DOCTOR, "prescription.activate", json!({"prescription_id": written}), IS_OVER);
    clinic.ok(DOCTOR, "prescription.cancel", json!({"prescription_id": written, "reason": "未用"}));
    clinic.refused(DOCTOR, "prescription.create", json!({"encounter_id": 9999}), "not_found");
}

#[test]
fn a_retry_prescribes_nothing_twice() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let line = line(&mut clinic, "AMX500", "500");
    let params = json!({"encounter_id": encounter_id, "lines": [line], "request_id": "r1"});
    let first = clinic.ok(DOCTOR, "prescription.create", params.clone());
    assert_eq!(clinic.ok(DOCTOR, "prescription.create", params), first);
    assert_eq!(clinic.number("SELECT count(*) FROM prescription_sheets"), 1);
}

#[test]
fn a_list_goes_on_from_page_to_page_to_what_old_clients_have_written() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    for code in ["AMX500", "PAR500", "AML005"] {
        active(&mut clinic, encounter_id, code);
    }
    let record_id = clinic.number("SELECT max(record_id) FROM medical_records");
    for content in ["阿莫西林 0.5g", "布洛芬 0.3g"] {
        clinic.execute(&format!(
            "INSERT INTO prescriptions (record_id, doctor_id, content) VALUES ({record_id}, 4, '{content}')"
        ));
    }
    for filter in ["patient_id", "encounter_id"] {
        let id = if filter == "patient_id" { FIRST_PATIENT } else { encounter_id };
        for limit in 1..=6 {
            let (mut cursor, mut seen) = (Value::Null, Vec::new());
            loop {
                let params = json!({filter: id, "limit": limit, "cursor": cursor});
                let page = clinic.ok(&patient(0), "prescription.list", params);
                for item in page["items"].as_array().unwrap() {
                    let name = &item["lines"][0]["drug_name"];
                    seen.push((
                        item["source"].clone(),
                        if name.is_null() { &item["content"] } else { name }.clone(),
                    ));
                }
                cursor = page["next_cursor"].clone();
                if cursor.is_null() {
                    break;
                }
            }
            let expected = [
                ("sheet", "Amlodipine"),
                ("sheet", "Paracetamol"),
                ("sheet", "Amoxicillin"),
                ("old", "布洛芬 0.3g"),
                ("old", "阿莫西林 0.5g"),
            ];
            assert_eq!(seen, expected.map(|(source, name)| (json!(source), json!(name))), "{filter} {limit}");
        }
    }
    let both = json!({"patient_id": FIRST_PATIENT, "encounter_id": encounter_id});
    assert_eq!(clinic.call(DOCTOR, "prescription.list", &both).unwrap_err()["field"], "patient_id");
    clinic.refused(&patient(1), "prescription.list", json!({"patient_id": FIRST_PATIENT}), "forbidden");
}

#[test]
fn a_doctor_prescribes_and_orders_when_the_patient_has_gone() {
    for is_order in [false, true] {
        let mut clinic = with_drugs();
        let (ticket_id, _) = called(&mut clinic);
        let started = clinic.ok(DOCTOR, "queue.start", json!({"ticket_id": ticket_id}));
        let encounter_id = started["encounter_id"].as_i64().unwrap();
        let finished = clinic.ok(NURSE, "queue.finish", json!({"ticket_id": ticket_id}));
        assert_eq!(finished["encounter_state"], "finished");
        if is_order {
            let params = json!({"encounter_id": encounter_id, "kind": "imaging", "content": "胸片"});
            clinic.ok(DOCTOR, "order.request", params);
        } else {
            active(&mut clinic, encounter_id, "AMX500");
        }
        assert_eq!(state(&mut clinic, encounter_id), "in_progress");
    }
}
