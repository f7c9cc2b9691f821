//! Stays: asked for, admitted, moved, handed over, discharged; and what old clients see and write of them.

use super::clinic::*;
use super::hospital::*;
use serde_json::{Value, json};

#[test]
fn a_stay_goes_from_the_request_to_the_discharge() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "3A", &["1", "2"]);
    let admission_id = requested(&mut clinic, 0, ward_id);
    let of_it = json!({"admission_id": admission_id});
    clinic.refused(NURSE, "admission.admit", of_it.clone(), "bed_missing");
    let kept =
        clinic.ok(CLERK, "admission.reserve", json!({"admission_id": admission_id, "bed_id": beds[1]}));
    assert_eq!((&kept["bed_number"], &kept["state"]), (&json!("2"), &json!("requested")));
    let admit = json!({"admission_id": admission_id, "expected_on": "2026-01-09"});
    let stay = clinic.ok(NURSE, "admission.admit", admit);
    assert_eq!((&stay["state"], &stay["expected_on"]), (&json!("admitted"), &json!("2026-01-09")));
    let encounter = clinic.ok(DOCTOR, "encounter.get", json!({"encounter_id": stay["encounter_id"]}));
    assert_eq!((&encounter["class"], &encounter["state"]), (&json!("IMP"), &json!("in_progress")));
    assert_eq!((&encounter["department"], &encounter["doctor_id"]), (&json!("内科"), &json!(DOCTOR_ID)));
    let order = json!({"admission_id": admission_id, "disposition": "home"});
    clinic.refused(DOCTOR, "admission.order_discharge", order.clone(), "diagnosis_missing");
    diagnosed(&mut clinic, admission_id);
    clinic.execute("UPDATE diagnoses SET withdrawn_ms = 1");
    clinic.refused(DOCTOR, "admission.order_discharge", order.clone(), "diagnosis_missing");
    clinic.execute("UPDATE diagnoses SET withdrawn_ms = NULL");
    let early = clinic.refused(NURSE, "admission.discharge", of_it.clone(), "bad_transition");
    assert_eq!((&early["from"], &early["allowed"]), (&json!("admitted"), &json!(["discharge_ordered"])));
    let may_go = clinic.ok(DOCTOR, "admission.order_discharge", order.clone());
    assert_eq!((&may_go["state"], &may_go["disposition"]), (&json!("discharge_ordered"), &json!("home")));
    assert_eq!(states(&mut clinic, ward_id), ["free", "occupied"], "the order frees no bed");
    let stays_on = clinic.ok(DOCTOR, "admission.undo_discharge_order", of_it.clone());
    assert_eq!((&stays_on["state"], &stays_on["disposition"]), (&json!("admitted"), &Value::Null));
    clinic.refused(DOCTOR, "admission.undo_discharge_order", of_it.clone(), "nothing_to_undo");
    clinic.ok(DOCTOR, "admission.order_discharge", order);
    clinic.pass(90);
    clinic.execute("UPDATE diagnoses SET withdrawn_ms = 1");
    clinic.refused(CLERK, "admission.discharge", of_it.clone(), "diagnosis_missing");
    assert_eq!(states(&mut clinic, ward_id), ["free", "occupied"], "whoever stays has their bed");
    clinic.execute("UPDATE diagnoses SET withdrawn_ms = NULL");
    let gone = clinic.ok(CLERK, "admission.discharge", of_it.clone());
    assert_eq!((&gone["state"], &gone["bed_id"]), (&json!("discharged"), &Value::Null));
    assert_eq!(states(&mut clinic, ward_id), ["free", "cleaning"]);
    let encounter = clinic.ok(DOCTOR, "encounter.get", json!({"encounter_id": stay["encounter_id"]}));
    assert_eq!(encounter["state"], "finished");
    for (who, method) in
        [(NURSE, "admission.admit"), (NURSE, "admission.cancel"), (CLERK, "admission.discharge")]
    {
        clinic.refused(who, method, of_it.clone(), "bad_transition");
    }
    let details = clinic.ok(&patient(0), "admission.get", of_it);
    let (from, to) = (&details["beds"][0]["from_ms"], &details["beds"][0]["to_ms"]);
    assert_eq!(to.as_i64().unwrap() - from.as_i64().unwrap(), 90 * 60_000);
    // Once it is over, another can be asked for.
    clinic.ok(DOCTOR, "admission.request", request_of(FIRST_PATIENT, ward_id));
}

#[test]
fn the_encounter_of_a_stay_begins_with_the_admission_and_ends_with_the_discharge() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "3A", &["1"]);
    let patient_id = treated(&mut clinic, 1);
    let by_hand = json!({"patient_id": patient_id, "class": "IMP"});
    let error = clinic.call(DOCTOR, "encounter.open", &by_hand).unwrap_err();
    assert_eq!(error["field"], "class");
    let admission_id = admitted(&mut clinic, 0, ward_id, beds[0]);
    let encounter_id = get(&mut clinic, admission_id)["admission"]["encounter_id"].take();
    let (finish, cancel) =
        (json!({"encounter_id": encounter_id}), json!({"encounter_id": encounter_id, "reason": "认错人"}));
    for (method, params) in [("encounter.finish", finish), ("encounter.cancel", cancel)] {
        let refused = clinic.refused(DOCTOR, method, params, "stay_goes_on");
        assert_eq!(refused["admission_id"], admission_id, "{method}");
    }
    ordered(&mut clinic, admission_id);
    clinic.ok(NURSE, "admission.discharge", json!({"admission_id": admission_id}));
    let encounter = clinic.ok(DOCTOR, "encounter.get", json!({"encounter_id": encounter_id}));
    assert_eq!(encounter["state"], "finished");
}

#[test]
fn the_code_of_a_reason_is_of_the_table_where_there_is_one() {
    let mut clinic = Clinic::new();
    let (ward_id, _) = ward(&mut clinic, "3A", &["1"]);
    let mut params = request_of(treated(&mut clinic, 0), ward_id);
    params["reason_code"] = json!("肺炎");
    let error = clinic.call(DOCTOR, "admission.request", &params).unwrap_err();
    assert_eq!(error["field"], "reason_code");
    clinic.execute("INSERT INTO icd10_codes (code, title) VALUES ('J18.9', 'Pneumonia, unspecified')");
    params["reason_code"] = json!("j18.8");
    clinic.refused(DOCTOR, "admission.request", params.clone(), "unknown_code");
    params["reason_code"] = json!("j18.9");
    assert_eq!(clinic.ok(DOCTOR, "admission.request", params)["reason_code"], "J18.9");
}

#[test]
fn a_patient_has_one_stay_that_is_not_over() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1"]);
    let admission_id = requested(&mut clinic, 0, ward_id);
    let again = request_of(FIRST_PATIENT, ward_id);
    let refused = clinic.refused(DOCTOR, "admission.request", again.clone(), "already_admitted");
    assert_eq!(refused["admission_id"], admission_id);
    clinic.ok(NURSE, "admission.admit", json!({"admission_id": admission_id, "bed_id": beds[0]}));
    clinic.refused(DOCTOR, "admission.request", again.clone(), "already_admitted");
    clinic.refused(DOCTOR, "admission.cancel", json!({"admission_id": admission_id}), "bad_transition");
    clinic.refused(OTHER_DOCTOR, "admission.request", again, "forbidden");
    let patient_id = treated(&mut clinic, 1);
    clinic.refused(DOCTOR, "admission.request", request_of(patient_id, 99), "not_found");
    let mut of_other = request_of(patient_id, ward_id);
    of_other["origin_encounter_id"] = get(&mut clinic, admission_id)["admission"]["encounter_id"].clone();
    clinic.refused(DOCTOR, "admission.request", of_other, "not_found");
    let visit = clinic.ok(DOCTOR, "encounter.open", json!({"patient_id": patient_id}));
    let mut led_here = request_of(patient_id, ward_id);
    led_here["origin_encounter_id"] = visit["encounter_id"].clone();
    let made = clinic.ok(DOCTOR, "admission.request", led_here);
    assert_eq!(made["origin_encounter_id"], visit["encounter_id"]);
}

#[test]
fn a_kept_bed_is_nobody_elses_and_is_free_again_when_it_is_not_used() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1", "2", "3"]);
    let (one, two) = (requested(&mut clinic, 0, ward_id), requested(&mut clinic, 1, ward_id));
    let bed = |admission_id: i64, bed_id: i64| json!({"admission_id": admission_id, "bed_id": bed_id});
    clinic.ok(NURSE, "admission.reserve", bed(one, beds[0]));
    clinic.ok(NURSE, "admission.reserve", bed(one, beds[0]));
    for method in ["admission.reserve", "admission.admit"] {
        let taken = clinic.refused(NURSE, method, bed(two, beds[0]), "bed_taken");
        assert_eq!((&taken["bed_id"], &taken["state"]), (&json!(beds[0]), &json!("reserved")));
    }
    clinic.ok(NURSE, "admission.reserve", bed(one, beds[1]));
    assert_eq!(states(&mut clinic, ward_id), ["free", "reserved", "free"], "a reservation moves");
    clinic.ok(NURSE, "admission.admit", bed(one, beds[2]));
    assert_eq!(states(&mut clinic, ward_id), ["free", "free", "occupied"], "or is given up for another bed");
    let wrong = clinic.refused(NURSE, "admission.reserve", bed(one, beds[0]), "bad_transition");
    assert_eq!((&wrong["from"], &wrong["to"]), (&json!("admitted"), &json!("reserved")));
    clinic.ok(NURSE, "admission.reserve", bed(two, beds[0]));
    let cancelled = clinic.ok(DOCTOR, "admission.cancel", json!({"admission_id": two, "reason": "好了"}));
    assert_eq!((&cancelled["state"], &cancelled["end_reason"]), (&json!("cancelled"), &json!("好了")));
    assert_eq!(states(&mut clinic, ward_id), ["free", "free", "occupied"]);
    let moved = json!({"admission_id": two, "bed_id": beds[0], "reason": "x"});
    clinic.refused(NURSE, "admission.transfer", moved, "bad_transition");
}

#[test]
fn of_many_who_ask_in_one_turn_one_gets_the_bed_and_a_patient_one_stay() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1"]);
    let stays: Vec<i64> = (0..10).map(|number| requested(&mut clinic, number, ward_id)).collect();
    let calls: Vec<(&str, &str, Value)> = stays
        .iter()
        .enumerate()
        .map(|(place, admission_id)| {
            let method = if place % 2 == 0 { "admission.admit" } else { "admission.reserve" };
            let who = if place % 3 == 0 { CLERK } else { NURSE };
            (who, method, json!({"admission_id": admission_id, "bed_id": beds[0]}))
        })
        .collect();
    let results = clinic.together(&calls);
    assert!(results[0].is_ok());
    for result in &results[1..] {
        let facts = result.as_ref().unwrap_err();
        assert_eq!((&facts["code"], &facts["state"]), (&json!("bed_taken"), &json!("occupied")));
    }
    assert_eq!(clinic.number("SELECT count(*) FROM bed_stays"), 1);
    assert_eq!(clinic.number("SELECT count(*) FROM hospitalizations WHERE status = 'admitted'"), 1);
    let patient_id = treated(&mut clinic, 10);
    clinic.execute(&format!(
        "INSERT INTO medical_records (patient_id, doctor_id, visit_time)
        VALUES ({patient_id}, {OTHER_DOCTOR_ID}, '2026-01-04 09:00:00')"
    ));
    let ask = |who: &'static str| (who, "admission.request", request_of(patient_id, ward_id));
    let results = clinic.together(&[ask(DOCTOR), ask(OTHER_DOCTOR), ask(DOCTOR), ask(OTHER_DOCTOR)]);
    let first = results[0].as_ref().unwrap();
    for result in &results[1..] {
        let facts = result.as_ref().unwrap_err();
        assert_eq!(facts["code"], "already_admitted");
        assert_eq!(facts["admission_id"], first["admission_id"]);
    }
    let sql = "SELECT count(*) FROM admissions WHERE patient_id = 19";
    assert_eq!((patient_id, clinic.number(sql)), (19, 1));
}

#[test]
fn a_transfer_leaves_one_bed_for_another_in_one_step() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1", "2"]);
    let (other_id, other_beds) = ward(&mut clinic, "2", &["9"]);
    let admission_id = admitted(&mut clinic, 0, ward_id, beds[0]);
    admitted(&mut clinic, 1, ward_id, beds[1]);
    let to = |bed_id: i64| json!({"admission_id": admission_id, "bed_id": bed_id, "reason": "要隔离"});
    for bed_id in [beds[0], beds[1]] {
        let taken = clinic.refused(NURSE, "admission.transfer", to(bed_id), "bed_taken");
        assert_eq!((&taken["bed_id"], &taken["state"]), (&json!(bed_id), &json!("occupied")));
    }
    clinic.refused(NURSE, "admission.transfer", to(99), "not_found");
    clinic.pass(60);
    let moved = clinic.ok(DOCTOR, "admission.transfer", to(other_beds[0]));
    assert_eq!((&moved["ward_id"], &moved["bed_number"]), (&json!(other_id), &json!("9")));
    assert_eq!(states(&mut clinic, ward_id), ["cleaning", "occupied"]);
    assert_eq!(states(&mut clinic, other_id), ["occupied"]);
    let stay = get(&mut clinic, admission_id);
    assert_eq!(stay["beds"][0]["to_ms"], stay["beds"][1]["from_ms"]);
    assert_eq!((&stay["beds"][0]["reason"], &stay["beds"][1]["reason"]), (&Value::Null, &json!("要隔离")));
    let sql = "SELECT count(*) FROM hospitalizations WHERE ward_number = '2' AND bed_number = '9'";
    assert_eq!(clinic.number(sql), 1);
    // The old bed is nobody's before it is clean.
    let third = requested(&mut clinic, 2, ward_id);
    let bed = json!({"admission_id": third, "bed_id": beds[0]});
    let taken = clinic.refused(NURSE, "admission.admit", bed.clone(), "bed_taken");
    assert_eq!(taken["state"], "cleaning");
    clinic.ok(NURSE, "bed.set_state", json!({"bed_id": beds[0], "state": "free"}));
    clinic.ok(NURSE, "admission.admit", bed);
    // Who may go can still be moved.
    ordered(&mut clinic, admission_id);
    clinic.ok(CLERK, "ward.add_bed", json!({"ward_id": other_id, "number": "10"}));
    let board = clinic.ok(NURSE, "ward.board", json!({"ward_id": other_id}));
    let moved = clinic.ok(NURSE, "admission.transfer", to(board["beds"][1]["bed_id"].as_i64().unwrap()));
    assert_eq!((&moved["state"], &moved["bed_number"]), (&json!("discharge_ordered"), &json!("10")));
}

#[test]
fn another_doctor_takes_a_stay_over_with_its_encounter() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1"]);
    let admission_id = admitted(&mut clinic, 0, ward_id, beds[0]);
    let of_it = json!({"admission_id": admission_id});
    clinic.refused(OTHER_DOCTOR, "admission.get", of_it.clone(), "forbidden");
    let to = |doctor_id: i64| json!({"admission_id": admission_id, "doctor_id": doctor_id});
    clinic.refused(OTHER_DOCTOR, "admission.change_doctor", to(OTHER_DOCTOR_ID), "forbidden");
    clinic.refused(DOCTOR, "admission.change_doctor", to(FIRST_PATIENT), "not_found");
    let mut asked = to(OTHER_DOCTOR_ID);
    asked["request_id"] = json!("hand-over");
    let handed = clinic.ok(DOCTOR, "admission.change_doctor", asked.clone());
    assert_eq!(handed["doctor_name"], "刘医生");
    // Who did not get the reply asks again, and gets it, though it is not theirs any longer.
    assert_eq!(clinic.ok(DOCTOR, "admission.change_doctor", asked.clone()), handed);
    asked["request_id"] = json!("once more");
    clinic.refused(DOCTOR, "admission.change_doctor", asked.clone(), "forbidden");
    asked["request_id"] = json!("hand-over");
    asked["doctor_id"] = json!(DOCTOR_ID);
    clinic.refused(DOCTOR, "admission.change_doctor", asked, "forbidden");
    clinic.refused(DOCTOR, "admission.change_doctor", to(DOCTOR_ID), "forbidden");
    // Whoever has treated the patient sees them still, and acts for them no longer.
    clinic.ok(DOCTOR, "admission.get", of_it);
    diagnosed(&mut clinic, admission_id);
    let order = json!({"admission_id": admission_id, "disposition": "home"});
    clinic.refused(DOCTOR, "admission.order_discharge", order.clone(), "forbidden");
    clinic.ok(OTHER_DOCTOR, "admission.order_discharge", order);
    let encounter = clinic.ok(OTHER_DOCTOR, "encounter.get", json!({"encounter_id": handed["encounter_id"]}));
    assert_eq!(encounter["doctor_id"], OTHER_DOCTOR_ID);
    assert_eq!(clinic.number("SELECT doctor_id FROM hospitalizations"), OTHER_DOCTOR_ID);
    clinic.ok(CLERK, "admission.discharge", json!({"admission_id": admission_id}));
    clinic.refused(CLERK, "admission.change_doctor", to(DOCTOR_ID), "bad_transition");
}

#[test]
fn the_encounter_of_a_stay_goes_on_until_the_discharge() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1"]);
    let admission_id = admitted(&mut clinic, 0, ward_id, beds[0]);
    for state in ["finished", "cancelled"] {
        assert!(!clinic.takes(&format!("UPDATE encounters SET state = '{state}' WHERE class = 'IMP'")));
    }
    ordered(&mut clinic, admission_id);
    clinic.ok(NURSE, "admission.discharge", json!({"admission_id": admission_id}));
    assert!(clinic.takes("UPDATE encounters SET state = 'in_progress' WHERE class = 'IMP'"));
}

#[test]
fn a_stay_is_expected_to_end_on_a_day_that_is_to_come() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1"]);
    let patient_id = treated(&mut clinic, 0);
    let mut request = request_of(patient_id, ward_id);
    for wrong in ["2026-01-04", "0001-01-01", "2027-01-07", "9999-12-31"] {
        request["expected_on"] = json!(wrong);
        let error = clinic.call(DOCTOR, "admission.request", &request).unwrap_err();
        assert_eq!(error["field"], "expected_on", "{wrong}");
    }
    request["expected_on"] = json!("2026-01-05");
    let admission_id = clinic.ok(DOCTOR, "admission.request", request)["admission_id"].take();
    let admit = |day: &str| json!({"admission_id": admission_id, "bed_id": beds[0], "expected_on": day});
    let error = clinic.call(NURSE, "admission.admit", &admit("2026-01-04")).unwrap_err();
    assert_eq!(error["field"], "expected_on");
    clinic.ok(NURSE, "admission.admit", admit("2027-01-06"));
    diagnosed(&mut clinic, admission_id.as_i64().unwrap());
    let order = json!({"admission_id": admission_id, "disposition": "home", "expected_on": "2026-01-01"});
    assert_eq!(clinic.call(DOCTOR, "admission.order_discharge", &order).unwrap_err()["field"], "expected_on");
}

#[test]
fn whoever_has_asked_for_a_stay_treats_the_patient() {
    let mut clinic = Clinic::new();
    let (ward_id, _) = ward(&mut clinic, "1", &["1"]);
    let glass = json!({"patient_id": FIRST_PATIENT, "reason": "昏迷"});
    clinic.ok(OTHER_DOCTOR, "patient.break_glass", glass);
    // A broken glass alone does not do.
    clinic.refused(OTHER_DOCTOR, "admission.request", request_of(FIRST_PATIENT, ward_id), "forbidden");
    let session_id = clinic.session(OTHER_DOCTOR_ID, 3);
    let appointment_id = clinic.book(session_id, 0);
    let made = clinic.ok(OTHER_DOCTOR, "admission.request", request_of(FIRST_PATIENT, ward_id));
    clinic.cancel(&patient(0), appointment_id);
    clinic.pass(120);
    clinic.ok(OTHER_DOCTOR, "patient.get", json!({"patient_id": FIRST_PATIENT}));
    clinic.ok(NURSE, "admission.cancel", json!({"admission_id": made["admission_id"]}));
    clinic.refused(OTHER_DOCTOR, "patient.get", json!({"patient_id": FIRST_PATIENT}), "forbidden");
}

#[test]
fn what_old_clients_write_is_listed_and_what_they_see_is_what_is() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "3A", &["1", "2"]);
    let admission_id = admitted(&mut clinic, 0, ward_id, beds[0]);
    for (ward_number, bed_number) in [("3A", "2"), ("旧楼", "7")] {
        let said = clinic.old(&json!({
            "table_name": "hospitalizations", "patient_id": FIRST_PATIENT, "doctor_id": DOCTOR_ID,
            "ward_number": ward_number, "bed_number": bed_number, "admission_date": "2026-01-04",
            "status": "admitted",
        }));
        assert_eq!(said, "成功插入数据到表 hospitalizations");
    }
    let list = clinic.ok(NURSE, "admission.list", json!({"patient_id": FIRST_PATIENT}));
    let sources: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|item| &item["source"]).collect();
    assert_eq!(sources, ["new", "old", "old"]);
    assert_eq!(list["items"][0]["admission_id"], admission_id);
    assert_eq!(list["items"][1]["ward_number"], "旧楼");
    let of_ward = clinic.ok(NURSE, "admission.list", json!({"ward_id": ward_id}));
    assert_eq!(of_ward["items"].as_array().unwrap().len(), 2);
    assert_eq!(of_ward["items"][1]["bed_number"], "2");
    assert_eq!(states(&mut clinic, ward_id), ["occupied", "free"], "no bed is known of an old stay");
    // Page by page it is the same.
    let (mut cursor, mut paged) = (Value::Null, Vec::new());
    loop {
        let mut params = json!({"patient_id": FIRST_PATIENT, "limit": 1});
        if !cursor.is_null() {
            params["cursor"] = cursor;
        }
        let page = clinic.ok(NURSE, "admission.list", params);
        paged.extend(page["items"].as_array().unwrap().clone());
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(json!(paged), list["items"]);
    ordered(&mut clinic, admission_id);
    clinic.ok(NURSE, "admission.discharge", json!({"admission_id": admission_id}));
    let sql =
        "SELECT count(*) FROM hospitalizations WHERE status = 'discharged' AND discharge_date = '2026-01-05'
        AND ward_number = '3A' AND bed_number = '1'";
    assert_eq!(clinic.number(sql), 1);
    let of_ward = clinic.ok(NURSE, "admission.list", json!({"ward_id": ward_id}));
    assert_eq!(of_ward["items"].as_array().unwrap().len(), 1, "an old stay is over for nobody");
}

#[test]
fn a_doctor_is_listed_their_own_patients_of_a_ward() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1", "2"]);
    let one = admitted(&mut clinic, 0, ward_id, beds[0]);
    let two = admitted(&mut clinic, 1, ward_id, beds[1]);
    clinic.ok(CLERK, "admission.change_doctor", json!({"admission_id": two, "doctor_id": OTHER_DOCTOR_ID}));
    let list = json!({"ward_id": ward_id});
    for (who, expected) in [(DOCTOR, vec![one]), (OTHER_DOCTOR, vec![two]), (NURSE, vec![two, one])] {
        let found = clinic.ok(who, "admission.list", list.clone());
        let ids: Vec<i64> = found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["admission_id"].as_i64().unwrap())
            .collect();
        assert_eq!(ids, expected, "{who}");
    }
    clinic.refused(&patient(0), "admission.list", list.clone(), "forbidden");
    clinic.refused(ADMIN, "admission.list", list, "reason_required");
    clinic.refused(NURSE, "admission.list", json!({"ward_id": 99}), "not_found");
    for params in [json!({}), json!({"ward_id": ward_id, "patient_id": FIRST_PATIENT})] {
        assert_eq!(clinic.call(NURSE, "admission.list", &params).unwrap_err()["field"], "patient_id");
    }
}

#[test]
fn what_is_asked_twice_with_one_request_id_is_done_once() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1"]);
    let admission_id = requested(&mut clinic, 0, ward_id);
    let admit = json!({"admission_id": admission_id, "bed_id": beds[0], "request_id": "a"});
    let first = clinic.ok(NURSE, "admission.admit", admit.clone());
    assert_eq!(clinic.ok(NURSE, "admission.admit", admit), first);
    let other = json!({"admission_id": admission_id, "request_id": "a"});
    clinic.refused(NURSE, "admission.admit", other, "request_id_reused");
}

#[test]
fn why_somebody_is_in_hospital_is_not_for_the_desk() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1", "2"]);
    let admission_id = admitted(&mut clinic, 0, ward_id, beds[0]);
    clinic.execute("UPDATE admissions SET reason_code = 'J18.9', end_reason = '误诊'");
    let of_it = json!({"admission_id": admission_id});
    let moved = json!({"admission_id": admission_id, "bed_id": beds[1], "reason": "肺炎要隔离"});
    let reply = clinic.ok(CLERK, "admission.transfer", moved);
    let (of_ward, of_patient) = (json!({"ward_id": ward_id}), json!({"patient_id": FIRST_PATIENT}));
    for who in [CLERK, NURSE, DOCTOR] {
        let found = clinic.ok(who, "admission.get", of_it.clone());
        let mut shown = vec![found["admission"].clone()];
        for params in [&of_ward, &of_patient] {
            shown.push(clinic.ok(who, "admission.list", params.clone())["items"][0].clone());
        }
        for stay in shown {
            let reasons = json!([stay["reason"], stay["reason_code"], stay["end_reason"]]);
            let expected =
                if who == CLERK { json!([null, null, null]) } else { json!(["肺炎", "J18.9", "误诊"]) };
            assert_eq!(reasons, expected, "{who}");
        }
        let moved = if who == CLERK { Value::Null } else { json!("肺炎要隔离") };
        assert_eq!(found["beds"][1]["reason"], moved, "{who}");
    }
    assert_eq!((&reply["reason"], &reply["bed_id"]), (&Value::Null, &json!(beds[1])));
}

#[test]
fn why_somebody_is_in_hospital_is_in_no_entry_of_the_trail() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1", "2"]);
    let admission_id = admitted(&mut clinic, 0, ward_id, beds[0]);
    let moved = json!({"admission_id": admission_id, "bed_id": beds[1], "reason": "肺炎要隔离"});
    clinic.ok(NURSE, "admission.transfer", moved);
    let sql = "SELECT count(*) FROM audit WHERE reason LIKE '%肺炎%' OR detail LIKE '%肺炎%'";
    assert_eq!(clinic.number(sql), 0);
    let sql = "SELECT count(*) FROM audit WHERE method LIKE 'admission.%' AND entity = 'admission'
        AND entity_id = 1 AND patient_id = 9 AND outcome = 'success'";
    assert_eq!(clinic.number(sql), 3);
}
