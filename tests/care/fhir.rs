//! What is known of a patient, in the form of FHIR R4.

use super::clinic::*;
use super::{hospital, pharmacy};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

const BUNDLE: [&str; 13] = [
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Location",
    "Schedule",
    "Slot",
    "Appointment",
    "Encounter",
    "Condition",
    "AllergyIntolerance",
    "MedicationRequest",
    "ServiceRequest",
    "Observation",
];

/// A patient with something of every kind.
fn patient_with_everything(clinic: &mut Clinic) {
    let session_id = clinic.session(4, 3);
    let appointment_id = clinic.book(session_id, 0);
    let params = json!({"patient_id": FIRST_PATIENT, "appointment_id": appointment_id});
    assert_eq!(clinic.ok("DOC001", "encounter.open", params)["encounter_id"], 1);
    for row in [
        "UPDATE encounters SET class = 'IMP' RETURNING 1",
        "UPDATE patients SET birth_date = '1990-01-31', id_card = '110101199001310001' WHERE patient_id = 9 RETURNING 1",
        "INSERT INTO diagnoses (encounter_id, patient_id, code, title, rank, use, certainty, recorded_by, recorded_ms)
            VALUES (1, 9, 'J18.9', 'Pneumonia, unspecified', 1, 'discharge', 'confirmed', 4, 0),
                (1, 9, NULL, '疲劳', 2, 'working', 'provisional', 4, 0) RETURNING 1",
        "INSERT INTO diagnoses (encounter_id, patient_id, title, rank, use, certainty, recorded_by, recorded_ms,
                withdrawn_ms) VALUES (1, 9, '误诊', 3, 'working', 'provisional', 4, 0, 1) RETURNING 1",
        "INSERT INTO allergies (patient_id, substance, substance_key, severity, reaction, recorded_by, recorded_ms)
            VALUES (9, '青霉素', '青霉素', 'severe', '皮疹', 4, 0), (9, 'Latex', 'latex', 'mild', NULL, 4, 0) RETURNING 1",
        "INSERT INTO drugs (code, name, ingredient, dose_unit) VALUES ('D1', '布洛芬', 'ibuprofen', '片') RETURNING 1",
        "INSERT INTO prescription_sheets (encounter_id, patient_id, doctor_id, state, created_ms, activated_ms)
            VALUES (1, 9, 4, 'active', 0, 0) RETURNING 1",
        "INSERT INTO prescription_lines (sheet_id, patient_id, drug_id, drug_name, strength, form, dose, dose_unit,
                route, frequency, duration_days, quantity, note)
            VALUES (1, 9, 1, '布洛芬', '0.2 g', '片剂', '0.5', '片', 'oral', 'q8h', 3, '4.5', '饭后'),
                (1, 9, 1, '布洛芬', NULL, NULL, '1', '片', 'oral', 'prn', 3, '6', NULL)
            RETURNING 1",
        "INSERT INTO service_orders (encounter_id, patient_id, doctor_id, kind, content, priority, state, requested_ms)
            VALUES (1, 9, 4, 'laboratory', '血钾', 'stat', 'completed', 0) RETURNING 1",
        "INSERT INTO order_results (order_id, patient_id, doctor_id, name, value, unit, reference_range, flag,
                reported_by, reported_ms)
            VALUES (1, 9, 4, '钾', '6.8', 'mmol/L', '3.5-5.3', 'critical', 7, 0), (1, 9, 4, '溶血', '无', NULL, NULL,
                'normal', 7, 0) RETURNING 1",
        "INSERT INTO wards (number, name) VALUES ('3', '内科三病区') RETURNING 1",
        "INSERT INTO beds (ward_id, number, state, changed_ms) VALUES (1, '301', 'occupied', 0) RETURNING 1",
        "INSERT INTO admissions (patient_id, doctor_id, encounter_id, ward_id, kind, reason, state, disposition,
                requested_ms) VALUES (9, 4, 1, 1, 'emergency', '肺炎', 'admitted', 'home', 0) RETURNING 1",
        "INSERT INTO bed_stays (admission_id, patient_id, bed_id, from_ms) VALUES (1, 9, 1, 0) RETURNING 1",
    ] {
        assert_eq!(clinic.number(row), 1);
    }
    clinic.old(&json!({"create_appointment": true, "patient_phone": patient(0), "doctor_name": "刘医生",
        "appointment_time": "2026-01-06 10:00"}));
}

fn export(clinic: &mut Clinic, who: &str, more: Value) -> Value {
    let mut params = json!({"patient_id": FIRST_PATIENT});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    clinic.ok(who, "fhir.export", params)
}

fn resources(page: &Value) -> Vec<Value> {
    let entries = page["bundle"]["entry"].as_array().unwrap();
    entries.iter().map(|entry| entry["resource"].clone()).collect()
}

#[test]
fn every_kind_is_there_and_what_it_refers_to() {
    let mut clinic = Clinic::new();
    patient_with_everything(&mut clinic);
    let page = export(&mut clinic, &patient(0), json!({"unmask": true}));
    assert_eq!(page["next_cursor"], Value::Null);
    let all = resources(&page);
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for resource in &all {
        let kind = resource["resourceType"].as_str().unwrap().to_owned();
        *counted.entry(kind).or_default() += 1;
    }
    assert_eq!(counted.keys().map(String::as_str).collect::<Vec<_>>(), {
        let mut names = BUNDLE.to_vec();
        names.sort_unstable();
        names
    });
    assert_eq!((counted["Condition"], counted["Appointment"], counted["Location"]), (3, 2, 2));
    assert_whole(&page);
    let of = |kind: &str| all.iter().find(|resource| resource["resourceType"] == kind).unwrap();
    assert_eq!(of("Patient")["telecom"][0]["value"], patient(0));
    assert_eq!(of("MedicationRequest")["medicationCodeableConcept"]["text"], "布洛芬 0.2 g 片剂");
    assert_eq!(of("MedicationRequest")["dispenseRequest"]["quantity"]["value"], 4.5);
    assert_eq!(of("Observation")["valueQuantity"]["value"], 6.8);
    assert_eq!(of("Encounter")["diagnosis"][0]["use"]["coding"][0]["code"], "DD");
    validate(&all);
}

/// Every reference is to something that is there.
fn assert_whole(page: &Value) {
    let known: Vec<String> = resources(page)
        .iter()
        .map(|of| format!("{}/{}", of["resourceType"].as_str().unwrap(), of["id"].as_str().unwrap()))
        .collect();
    for part in page.to_string().split("\"reference\":\"").skip(1) {
        let reference = part.split('"').next().unwrap();
        assert!(known.iter().any(|name| name == reference), "{reference} is not in the bundle");
    }
}

/// Holds resources against the models of a public library, where it is installed; see tests/clients/README.md.
fn validate(resources: &[Value]) {
    let python = std::env::var("MEDSRV_FHIR_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/validate_fhir.py");
    let has_library = Command::new(&python)
        .args(["-c", "import fhir.resources"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !has_library {
        let notice = format!("\nNOT TESTED: {script}, for the library fhir.resources is missing\n");
        return std::io::stderr().write_all(notice.as_bytes()).unwrap();
    }
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<String> = resources.iter().map(Value::to_string).collect();
    child.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn who_does_not_ask_for_it_gets_no_number_that_identifies() {
    let mut clinic = Clinic::new();
    patient_with_everything(&mut clinic);
    let page = export(&mut clinic, "DOC001", json!({}));
    for hidden in [patient(0).as_str(), "110101199001310001"] {
        assert!(!page.to_string().contains(hidden), "{hidden}");
    }
    assert_eq!(resources(&page)[0]["birthDate"], "1990-01-31");
    let detail = "SELECT count(*) FROM audit WHERE method = 'fhir.export' AND detail = 'unmasked'";
    assert_eq!(clinic.number(detail), 0);
    export(&mut clinic, "DOC001", json!({"unmask": true}));
    assert_eq!(clinic.number(detail), 1);
}

#[test]
fn pages_are_the_whole_whatever_their_size() {
    let mut clinic = Clinic::new();
    patient_with_everything(&mut clinic);
    let whole = resources(&export(&mut clinic, "DOC001", json!({})));
    for limit in [1, 2, 7, whole.len(), 500] {
        let (mut joined, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let page = export(&mut clinic, "DOC001", json!({"limit": limit, "cursor": cursor}));
            assert!(resources(&page).len() <= limit);
            joined.extend(resources(&page));
            cursor = page["next_cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        assert_eq!(joined, whole, "{limit}");
    }
    for cursor in ["x", "99.1", "1.-1"] {
        let params = json!({"patient_id": FIRST_PATIENT, "cursor": cursor});
        assert_eq!(clinic.call("DOC001", "fhir.export", &params).unwrap_err()["field"], "cursor");
    }
}

#[test]
fn who_has_nothing_is_a_patient_all_the_same() {
    let mut clinic = Clinic::new();
    let params = json!({"patient_id": FIRST_PATIENT + 1});
    let page = clinic.ok(&patient(1), "fhir.export", params);
    assert_eq!(resources(&page).len(), 1);
    validate(&resources(&page));
}

#[test]
fn what_is_nobodys_statement_yet_is_not_there() {
    let mut clinic = Clinic::new();
    patient_with_everything(&mut clinic);
    let count = |clinic: &mut Clinic, who: &str, kind: &str| {
        let all = resources(&export(clinic, who, json!({})));
        all.iter().filter(|resource| resource["resourceType"] == kind).count()
    };
    for who in ["DOC001", &patient(0)] {
        assert_eq!(count(&mut clinic, who, "MedicationRequest"), 2);
        assert_eq!(count(&mut clinic, who, "Observation"), 2);
    }
    for state in ["draft", "cancelled"] {
        clinic.execute(&format!("UPDATE prescription_sheets SET state = '{state}', activated_ms = NULL"));
        for who in ["DOC001", &patient(0)] {
            assert_eq!(count(&mut clinic, who, "MedicationRequest"), 0, "{who} {state}");
        }
    }
    for state in ["in_progress", "cancelled"] {
        clinic.execute(&format!("UPDATE service_orders SET state = '{state}'"));
        for who in ["DOC001", &patient(0)] {
            assert_eq!(count(&mut clinic, who, "Observation"), 0, "{who} {state}");
            assert_eq!(count(&mut clinic, who, "ServiceRequest"), 1, "the order itself is no secret");
        }
    }
}

#[test]
fn a_result_that_was_withdrawn_says_nothing_but_that() {
    let mut clinic = Clinic::new();
    patient_with_everything(&mut clinic);
    let withdraw = json!({"result_id": 1, "reason": "标本弄错"});
    clinic.ok(NURSE, "order.withdraw_result", withdraw);
    let all = resources(&export(&mut clinic, &patient(0), json!({})));
    let found = all
        .iter()
        .find(|resource| resource["resourceType"] == "Observation" && resource["id"] == "1")
        .unwrap();
    assert_eq!(found["status"], "entered-in-error");
    for member in ["valueQuantity", "valueString", "interpretation", "referenceRange"] {
        assert_eq!(found[member], Value::Null, "{found}");
    }
    validate(&all);
}

#[test]
fn what_is_handed_out_is_active_until_its_last_day() {
    let mut clinic = Clinic::new();
    patient_with_everything(&mut clinic);
    let requests = |clinic: &mut Clinic| -> Vec<Value> {
        let all = resources(&export(clinic, "DOC001", json!({})));
        all.into_iter().filter(|resource| resource["resourceType"] == "MedicationRequest").collect()
    };
    // Today is 2026-01-05.
    for (state, until, status) in [
        ("active", "2026-01-05", "active"),
        ("dispensed", "2026-01-05", "active"),
        ("dispensed", "2026-01-04", "completed"),
        ("stopped", "2026-01-05", "stopped"),
    ] {
        clinic.execute(&format!("UPDATE prescription_sheets SET state = '{state}'"));
        clinic.execute(&format!("UPDATE prescription_lines SET taken_until = '{until}'"));
        assert_eq!(requests(&mut clinic)[0]["status"], status, "{state} until {until}");
    }
    let found = requests(&mut clinic);
    let days = json!({"start": "2026-01-03", "end": "2026-01-05"});
    let every = json!({"boundsPeriod": days, "frequency": 1, "period": 8, "periodUnit": "h"});
    assert_eq!(found[0]["dosageInstruction"][0]["timing"]["repeat"], every);
    assert_eq!(found[1]["dosageInstruction"][0]["timing"]["repeat"], json!({"boundsPeriod": days}));
    validate(&found);
}

#[test]
fn of_a_diagnosis_it_is_said_how_sure_it_is_and_not_how_it_goes_on() {
    let mut clinic = Clinic::new();
    patient_with_everything(&mut clinic);
    let all = resources(&export(&mut clinic, "DOC001", json!({})));
    let found: Vec<&Value> = all.iter().filter(|one| one["resourceType"] == "Condition").collect();
    let sure: Vec<&Value> = found.iter().map(|one| &one["verificationStatus"]["coding"][0]["code"]).collect();
    assert_eq!(sure, ["confirmed", "provisional", "entered-in-error"]);
    assert!(found.iter().all(|one| one.get("clinicalStatus").is_none()));
}

#[test]
fn earlier_wards_and_earlier_doctors_are_in_the_bundle() {
    let mut clinic = Clinic::new();
    patient_with_everything(&mut clinic);
    // The stay has moved to another ward, and another doctor has prescribed and asked for something before.
    clinic.execute("INSERT INTO wards (number, name) VALUES ('4', '内科四病区')");
    clinic.execute("INSERT INTO beds (ward_id, number, state, changed_ms) VALUES (2, '401', 'occupied', 0)");
    clinic.execute("UPDATE bed_stays SET to_ms = 1");
    clinic.execute("INSERT INTO bed_stays (admission_id, patient_id, bed_id, from_ms) VALUES (1, 9, 2, 1)");
    clinic.execute("UPDATE admissions SET ward_id = 2");
    for (table, other) in
        [("prescription_sheets", "service_orders"), ("service_orders", "prescription_sheets")]
    {
        clinic.execute(&format!("UPDATE {table} SET doctor_id = 6"));
        clinic.execute(&format!("UPDATE {other} SET doctor_id = 4"));
        assert_whole(&export(&mut clinic, "DOC001", json!({})));
    }
}

/// The one resource of this kind.
fn one(clinic: &mut Clinic, kind: &str) -> Value {
    let page = export(clinic, "DOC001", json!({}));
    assert_whole(&page);
    let mut found: Vec<Value> =
        resources(&page).into_iter().filter(|resource| resource["resourceType"] == kind).collect();
    assert_eq!(found.len(), 1, "{kind}");
    found.remove(0)
}

#[test]
fn who_asked_for_something_stays_who_asked_when_another_doctor_answers_for_it() {
    let mut clinic = pharmacy::with_drugs();
    let (ward_id, beds) = hospital::ward(&mut clinic, "3A", &["1"]);
    let admission_id = hospital::admitted(&mut clinic, 0, ward_id, beds[0]);
    let stay = hospital::get(&mut clinic, admission_id)["admission"].take();
    let encounter_id = stay["encounter_id"].as_i64().unwrap();
    let given = pharmacy::active(&mut clinic, encounter_id, "AMX500");
    let asked = json!({"encounter_id": encounter_id, "kind": "laboratory", "content": "血钾"});
    let order = clinic.ok("DOC001", "order.request", asked);
    let before = [one(&mut clinic, "MedicationRequest"), one(&mut clinic, "ServiceRequest")];
    clinic.ok(CLERK, "admission.change_doctor", json!({"admission_id": admission_id, "doctor_id": 5}));
    let now = clinic.ok("DOC002", "order.get", json!({"order_id": order["order_id"]}))["order"].take();
    let prescription_id = json!({"prescription_id": given["prescription_id"]});
    assert_eq!((&now["doctor_id"], &order["doctor_id"]), (&json!(5), &json!(4)));
    assert_eq!(clinic.ok("DOC002", "prescription.get", prescription_id)["doctor_id"], 5);
    let asked = json!({"reference": "Practitioner/4", "display": "王医生"});
    for (before, kind) in before.into_iter().zip(["MedicationRequest", "ServiceRequest"]) {
        assert_eq!(before["requester"], asked);
        assert_eq!(one(&mut clinic, kind), before);
    }
}

#[test]
fn a_stay_is_over_with_the_discharge_whatever_is_still_to_be_written() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = hospital::ward(&mut clinic, "3A", &["1"]);
    let admission_id = hospital::admitted(&mut clinic, 0, ward_id, beds[0]);
    let encounter_id = hospital::get(&mut clinic, admission_id)["admission"]["encounter_id"].take();
    let going = one(&mut clinic, "Encounter");
    assert_eq!((&going["status"], &going["period"]["end"]), (&json!("in-progress"), &Value::Null));
    let written = json!({"encounter_id": encounter_id, "advice": "复查"});
    let note = clinic.ok("DOC001", "record.write", written);
    hospital::ordered(&mut clinic, admission_id);
    clinic.pass(60);
    clinic.ok(NURSE, "admission.discharge", json!({"admission_id": admission_id}));
    let waiting = clinic.ok("DOC001", "encounter.get", json!({"encounter_id": encounter_id}));
    assert_eq!(waiting["state"], "in_progress");
    let over = one(&mut clinic, "Encounter");
    assert_eq!((&over["status"], &over["length"]["value"]), (&json!("finished"), &json!(60)));
    assert_eq!(over["period"]["end"], over["location"][0]["period"]["end"]);
    validate(std::slice::from_ref(&over));
    // The last draft is signed four days later.
    clinic.pass(4 * 24 * 60);
    clinic.ok("DOC001", "record.sign", json!({"note_id": note["note_id"]}));
    clinic.ok("DOC001", "encounter.finish", json!({"encounter_id": encounter_id}));
    assert_eq!(one(&mut clinic, "Encounter"), over);
}

#[test]
fn a_bed_of_a_closed_ward_is_out_of_use_with_it() {
    let mut clinic = Clinic::new();
    patient_with_everything(&mut clinic);
    clinic.execute("UPDATE bed_stays SET to_ms = 1");
    clinic.execute("UPDATE beds SET state = 'free'");
    let statuses = |clinic: &mut Clinic| -> Vec<Value> {
        let all = resources(&export(clinic, "DOC001", json!({})));
        let places = all.iter().filter(|resource| resource["resourceType"] == "Location");
        places.map(|place| place["status"].clone()).collect()
    };
    assert_eq!(statuses(&mut clinic), ["active", "active"]);
    clinic.execute("UPDATE wards SET is_closed = 1");
    assert_eq!(statuses(&mut clinic), ["inactive", "inactive"]);
}

#[test]
fn a_result_is_a_number_only_where_the_number_says_the_same() {
    let mut clinic = Clinic::new();
    patient_with_everything(&mut clinic);
    clinic.execute("DELETE FROM order_results WHERE result_id > 1");
    for (value, number) in [
        ("7.10", Some(json!(7.1))),
        ("6.8", Some(json!(6.8))),
        ("140", Some(json!(140))),
        ("-3.5", Some(json!(-3.5))),
        ("0", Some(json!(0))),
        ("0.00001", Some(json!(0.00001))),
        ("123456789.012345", Some(json!(123_456_789.012_345))),
        ("-0", None),
        ("-0.00", None),
        ("1e5", None),
        ("0.1234567890123456789", None),
        ("1234567890123456", None),
        ("0.1000000000000000055511151231257827", None),
        ("007", None),
        ("+5", None),
        (".5", None),
        ("5.", None),
        ("1:160", None),
        ("inf", None),
        ("NaN", None),
        ("阴性", None),
    ] {
        clinic.execute(&format!("UPDATE order_results SET value = '{value}'"));
        let said = one(&mut clinic, "Observation");
        match number {
            Some(number) => {
                assert_eq!(said["valueQuantity"], json!({"value": number, "unit": "mmol/L"}), "{value}");
                assert_eq!(said["valueString"], Value::Null, "{value}");
            }
            None => {
                assert_eq!(said["valueString"], format!("{value} mmol/L"));
                assert_eq!(said["valueQuantity"], Value::Null, "{value}");
            }
        }
    }
}
