//! Orders: their steps, their results, what is to be done, and what a doctor must know of at once.

use super::clinic::*;
use super::hospital;
use super::pharmacy::*;
use serde_json::{Value, json};

fn request(clinic: &mut Clinic, encounter_id: i64, priority: &str) -> Value {
    let params = json!({"encounter_id": encounter_id, "kind": "laboratory", "content": "血钾",
        "priority": priority});
    clinic.ok(DOCTOR, "order.request", params)["order_id"].clone()
}

/// An order that is being done.
fn begun(clinic: &mut Clinic, number: i64) -> Value {
    let encounter_id = visit(clinic, number);
    let order_id = request(clinic, encounter_id, "routine");
    for step in ["order.accept", "order.start"] {
        clinic.ok(NURSE, step, json!({"order_id": order_id}));
    }
    order_id
}

/// Reports a critical result. Returns its id.
fn report(clinic: &mut Clinic, order_id: &Value) -> Value {
    let params = json!({"order_id": order_id, "name": "K", "value": "7.1", "unit": "mmol/L",
        "reference_range": "3.5-5.3", "flag": "critical"});
    let reported = clinic.ok(NURSE, "order.add_result", params);
    reported["results"].as_array().unwrap().last().unwrap()["result_id"].clone()
}

#[test]
fn an_order_is_accepted_done_and_its_results_are_the_patients_then() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic, 0);
    let order_id = request(&mut clinic, encounter_id, "urgent");
    let id = json!({"order_id": order_id});
    let old = "SELECT count(*) FROM medical_orders o JOIN medical_records r USING (record_id)
        WHERE r.patient_id = 9 AND o.doctor_id = 4 AND content = 'laboratory, urgent: 血钾'";
    assert_eq!(clinic.number(old), 1);
    let facts = clinic.refused(NURSE, "order.start", id.clone(), "bad_transition");
    assert_eq!((&facts["from"], &facts["to"]), (&json!("requested"), &json!("in_progress")));
    assert_eq!(facts["allowed"], json!(["accepted", "cancelled"]));
    let result = json!({"order_id": order_id, "name": "K", "value": "4.1", "flag": "normal"});
    clinic.refused(NURSE, "order.add_result", result.clone(), "conflict");
    clinic.refused(OTHER_DOCTOR, "order.accept", id.clone(), "forbidden");
    clinic.ok(NURSE, "order.accept", id.clone());
    clinic.ok(DOCTOR, "order.start", id.clone());
    clinic.ok(NURSE, "order.add_result", result.clone());
    // Before it is completed results are for the staff.
    assert_eq!(clinic.ok(&patient(0), "order.get", id.clone())["results"], json!([]));
    assert_eq!(clinic.ok(DOCTOR, "order.get", id.clone())["results"][0]["value"], "4.1");
    let results = json!([{"name": "Na", "value": "139", "unit": "mmol/L", "flag": "normal"}]);
    let complete = json!({"order_id": order_id, "results": results});
    assert_eq!(clinic.ok(NURSE, "order.complete", complete)["state"], "completed");
    clinic.ok(NURSE, "order.add_result", result);
    let shown = clinic.ok(&patient(0), "order.get", id.clone());
    let names: Vec<&Value> =
        shown["results"].as_array().unwrap().iter().map(|result| &result["name"]).collect();
    assert_eq!(names, ["K", "Na", "K"]);
    clinic.refused(&patient(1), "order.get", id.clone(), "forbidden");
    let cancel = json!({"order_id": order_id, "reason": "已做"});
    clinic.refused(DOCTOR, "order.cancel", cancel, "bad_transition");
    // What is not there, and a visit that is over.
    clinic.refused(NURSE, "order.accept", json!({"order_id": 999}), "not_found");
    clinic.ok(DOCTOR, "diagnosis.add", json!({"encounter_id": encounter_id, "title": "感冒"}));
    end_visit(&mut clinic, encounter_id);
    let params = json!({"encounter_id": encounter_id, "kind": "imaging", "content": "胸片"});
    clinic.refused(DOCTOR, "order.request", params, IS_OVER);
}

#[test]
fn an_order_that_is_cancelled_says_so_to_old_clients() {
    let mut clinic = Clinic::new();
    let order_id = begun(&mut clinic, 0);
    let cancelled = clinic.ok(DOCTOR, "order.cancel", json!({"order_id": order_id, "reason": "溶血"}));
    assert_eq!((&cancelled["state"], &cancelled["reason"]), (&json!("cancelled"), &json!("溶血")));
    assert_eq!(clinic.number("SELECT count(*) FROM medical_orders WHERE content LIKE '%cancelled: 溶血'"), 1);
    let complete = json!({"order_id": order_id, "results": []});
    clinic.refused(NURSE, "order.complete", complete, "bad_transition");
}

#[test]
fn what_is_to_be_done_comes_by_priority_and_age() {
    let mut clinic = Clinic::new();
    let visits = [visit(&mut clinic, 0), visit(&mut clinic, 1)];
    let mut ids = Vec::new();
    for (place, priority) in ["routine", "stat", "urgent", "routine", "stat"].into_iter().enumerate() {
        ids.push(request(&mut clinic, visits[place % 2], priority));
    }
    let other = json!({"encounter_id": visits[0], "kind": "imaging", "content": "胸片"});
    clinic.ok(DOCTOR, "order.request", other);
    let in_order: Vec<Value> = [1, 4, 2, 0, 3].map(|place| ids[place].clone()).to_vec();
    let pages = |clinic: &mut Clinic, who: &str, state: Value, limit: i64| {
        let (mut cursor, mut found) = (Value::Null, Vec::new());
        loop {
            let params = json!({"kind": "laboratory", "state": state, "limit": limit, "cursor": cursor});
            let page = clinic.ok(who, "order.worklist", params);
            found.extend(page["items"].as_array().unwrap().iter().map(|item| item["order_id"].clone()));
            cursor = page["next_cursor"].clone();
            if cursor.is_null() {
                return found;
            }
        }
    };
    for limit in [1, 2, 5, 6] {
        for who in [NURSE, DOCTOR] {
            assert_eq!(pages(&mut clinic, who, Value::Null, limit), in_order, "{who} {limit}");
        }
    }
    assert_eq!(pages(&mut clinic, OTHER_DOCTOR, Value::Null, 5), Vec::<Value>::new());
    for place in [4, 0] {
        clinic.ok(NURSE, "order.accept", json!({"order_id": ids[place]}));
    }
    for who in [NURSE, DOCTOR] {
        let accepted = pages(&mut clinic, who, json!("accepted"), 1);
        assert_eq!(accepted, [ids[4].clone(), ids[0].clone()]);
        let requested = pages(&mut clinic, who, json!("requested"), 2);
        assert_eq!(requested, [1, 2, 3].map(|place| ids[place].clone()));
    }
    clinic.ok(DOCTOR, "order.cancel", json!({"order_id": ids[1], "reason": "重复"}));
    assert_eq!(pages(&mut clinic, NURSE, Value::Null, 5), in_order[1..]);
    // That a nurse has looked at it is in the trail.
    let read = "SELECT count(*) > 0 FROM audit WHERE method = 'order.worklist' AND entity = 'order'";
    assert_eq!(clinic.number(read), 1);
}

#[test]
fn a_list_has_the_orders_of_old_clients_behind_our_own() {
    let mut clinic = Clinic::new();
    let encounter_id = visit(&mut clinic, 0);
    let one = request(&mut clinic, encounter_id, "routine");
    let other = request(&mut clinic, encounter_id, "routine");
    clinic.execute(
        "INSERT INTO medical_orders (record_id, doctor_id, content)
        SELECT max(record_id), 4, '卧床休息' FROM medical_records",
    );
    for params in [json!({"patient_id": FIRST_PATIENT}), json!({"encounter_id": encounter_id})] {
        let list = clinic.ok(&patient(0), "order.list", params);
        let seen: Vec<(&Value, &Value)> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| {
                (
                    &item["source"],
                    if item["order_id"].is_null() { &item["content"] } else { &item["order_id"] },
                )
            })
            .collect();
        assert_eq!(
            seen,
            [(&json!("order"), &other), (&json!("order"), &one), (&json!("old"), &json!("卧床休息"))]
        );
    }
    let (mut params, mut paged) = (json!({"patient_id": FIRST_PATIENT, "limit": 1}), Vec::new());
    loop {
        let page = clinic.ok(&patient(0), "order.list", params.clone());
        paged.extend(page["items"].as_array().unwrap().clone());
        params["cursor"] = page["next_cursor"].clone();
        if params["cursor"].is_null() {
            break;
        }
    }
    assert_eq!((&paged[0]["order_id"], &paged[1]["order_id"]), (&other, &one));
    let old_id = clinic.number("SELECT order_id FROM medical_orders WHERE content = '卧床休息'");
    assert_eq!((paged.len(), &paged[2]["old_id"]), (3, &json!(old_id)));
    for cursor in [json!(1), json!("1"), json!("n01"), json!("x1")] {
        params["cursor"] = cursor;
        assert_eq!(clinic.call(&patient(0), "order.list", &params).unwrap_err()["field"], "cursor");
    }
}

#[test]
fn a_critical_result_is_told_until_the_doctor_knows_of_it() {
    let mut clinic = Clinic::new();
    let order_id = begun(&mut clinic, 0);
    let topics = json!({"topics": ["doctor:4"]});
    for who in [OTHER_DOCTOR, NURSE, CLERK, ADMIN, &patient(0)] {
        clinic.refused(who, "event.subscribe", topics.clone(), "forbidden");
    }
    let stands = clinic.ok(DOCTOR, "event.subscribe", topics);
    assert_eq!(stands["topics"][0]["kind"], "critical");
    assert_eq!(stands["topics"][0]["facts"]["unacknowledged"], json!([]));
    let result_id = report(&mut clinic, &order_id);
    let item = json!({"result_id": result_id, "order_id": order_id, "patient_id": FIRST_PATIENT, "name": "K",
        "flag": "critical", "reported_ms": clinic.now.unix_ms});
    let told = |clinic: &mut Clinic| -> Vec<Value> {
        let told = clinic.told();
        assert!(told.iter().all(|(who, event)| who == DOCTOR && event["topic"] == "doctor:4"), "{told:?}");
        told.into_iter().map(|(_, event)| event["facts"]["unacknowledged"].clone()).collect()
    };
    assert_eq!(told(&mut clinic), [json!([item])]);
    // What is not critical is not told.
    let normal = json!({"order_id": order_id, "name": "Na", "value": "139", "flag": "normal"});
    let reported = clinic.ok(NURSE, "order.add_result", normal);
    assert_eq!(told(&mut clinic), Vec::<Value>::new());
    clinic.pass(4);
    clinic.tick();
    assert_eq!(told(&mut clinic), Vec::<Value>::new());
    for _ in 0..3 {
        clinic.pass(5);
        clinic.tick();
        assert_eq!(told(&mut clinic), [json!([item])], "it is told again");
        clinic.tick();
        assert_eq!(told(&mut clinic), Vec::<Value>::new());
    }
    assert_eq!(clinic.ok(DOCTOR, "order.critical", json!({}))["items"][0]["value"], "7.1");
    assert_eq!(clinic.ok(OTHER_DOCTOR, "order.critical", json!({}))["items"], json!([]));
    let acknowledge = json!({"result_id": result_id});
    clinic.refused(OTHER_DOCTOR, "order.acknowledge", acknowledge.clone(), "forbidden");
    let done = clinic.ok(DOCTOR, "order.acknowledge", acknowledge.clone());
    assert_eq!((&done["acknowledged_ms"], &done["acknowledged_by"]), (&json!(clinic.now.unix_ms), &json!(4)));
    assert_eq!(told(&mut clinic), [json!([])]);
    clinic.pass(1);
    assert_eq!(clinic.ok(DOCTOR, "order.acknowledge", acknowledge), done, "to say so twice changes nothing");
    clinic.pass(60);
    clinic.tick();
    assert_eq!(told(&mut clinic), Vec::<Value>::new());
    assert_eq!(clinic.ok(DOCTOR, "order.critical", json!({}))["items"], json!([]));
    let normal_id = &reported["results"][1]["result_id"];
    clinic.refused(DOCTOR, "order.acknowledge", json!({"result_id": normal_id}), "conflict");
}

#[test]
fn an_event_has_the_latest_critical_results_and_says_that_there_are_more() {
    let mut clinic = Clinic::new();
    let order_id = begun(&mut clinic, 0);
    clinic.ok(DOCTOR, "event.subscribe", json!({"topics": ["doctor:4"]}));
    let mut last = Value::Null;
    for number in 1..=21 {
        last = report(&mut clinic, &order_id);
        let facts = clinic.told()[0].1["facts"].take();
        let ids: Vec<&Value> =
            facts["unacknowledged"].as_array().unwrap().iter().map(|item| &item["result_id"]).collect();
        assert_eq!((ids.len(), &facts["has_more"]), (number.min(20), &json!(number > 20)));
        assert_eq!(ids.last(), Some(&&last));
    }
    assert_eq!(clinic.ok(DOCTOR, "order.critical", json!({}))["items"][20]["result_id"], last);
}

#[test]
fn a_result_that_is_wrong_is_withdrawn_and_told_no_longer() {
    let mut clinic = Clinic::new();
    let order_id = begun(&mut clinic, 0);
    let result_id = report(&mut clinic, &order_id);
    clinic.ok(NURSE, "order.complete", json!({"order_id": order_id, "results": []}));
    let all = clinic.ok(NURSE, "order.critical", json!({}));
    assert_eq!((&all["items"][0]["result_id"], &all["items"][0]["doctor_id"]), (&result_id, &json!(4)));
    clinic.ok(DOCTOR, "event.subscribe", json!({"topics": ["doctor:4"]}));
    let withdraw = json!({"result_id": result_id, "reason": "标本弄错"});
    clinic.refused(OTHER_DOCTOR, "order.withdraw_result", withdraw.clone(), "forbidden");
    let withdrawn = clinic.ok(NURSE, "order.withdraw_result", withdraw.clone());
    assert_eq!(withdrawn["withdrawn_ms"], clinic.now.unix_ms);
    assert_eq!(withdrawn["withdrawn_by"], withdrawn["reported_by"]);
    assert_eq!(clinic.told()[0].1["facts"]["unacknowledged"], json!([]));
    assert_eq!(clinic.ok(NURSE, "order.critical", json!({}))["items"], json!([]));
    clinic.pass(60);
    clinic.tick();
    assert!(clinic.told().is_empty());
    clinic.refused(DOCTOR, "order.acknowledge", json!({"result_id": result_id}), "bad_transition");
    clinic.refused(NURSE, "order.withdraw_result", withdraw, "bad_transition");
    // The staff reads on that it was wrong, and the patient nothing of it.
    let id = json!({"order_id": order_id});
    assert_eq!(clinic.ok(DOCTOR, "order.get", id.clone())["results"], json!([withdrawn]));
    assert_eq!(clinic.ok(&patient(0), "order.get", id)["results"], json!([]));
    clinic.refused(NURSE, "order.withdraw_result", json!({"result_id": 999, "reason": "x"}), "not_found");
}

#[test]
fn an_order_has_five_hundred_results_at_most() {
    let mut clinic = Clinic::new();
    let order_id = begun(&mut clinic, 0);
    clinic.execute(
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 499)
        INSERT INTO order_results (order_id, patient_id, doctor_id, name, value, flag, reported_by, reported_ms)
        SELECT 1, 9, 4, 'K', '4.1', 'normal', 4, 0 FROM n",
    );
    let result = json!({"order_id": order_id, "name": "K", "value": "4.1", "flag": "normal"});
    clinic.ok(NURSE, "order.add_result", result.clone());
    clinic.refused(NURSE, "order.add_result", result, "conflict");
}

#[test]
fn what_a_doctor_has_read_of_patients_is_in_the_trail() {
    let mut clinic = Clinic::new();
    let order_id = begun(&mut clinic, 0);
    report(&mut clinic, &order_id);
    for (method, params, kept) in [
        ("order.critical", json!({}), "SELECT count(*) FROM audit WHERE method = 'order.critical'"),
        (
            "order.worklist",
            json!({"kind": "laboratory"}),
            "SELECT count(*) FROM audit WHERE method = 'order.worklist'",
        ),
    ] {
        assert_eq!(clinic.ok(OTHER_DOCTOR, method, params.clone())["items"], json!([]));
        assert_eq!(clinic.number(kept), 0, "{method} has shown nobody's data");
        assert_eq!(clinic.ok(DOCTOR, method, params)["items"].as_array().unwrap().len(), 1);
        assert_eq!(clinic.number(kept), 1, "{method}");
    }
}

#[test]
fn who_was_away_is_told_what_is_critical_still() {
    let mut clinic = Clinic::with(|settings| settings.clinic.order.critical_repeat_ms = 60_000);
    let order_id = begun(&mut clinic, 0);
    let first = report(&mut clinic, &order_id);
    let second = report(&mut clinic, &order_id);
    clinic.pass(600);
    clinic.tick();
    assert_eq!(
        clinic.number("SELECT count(*) FROM events WHERE topic LIKE 'doctor:%'"),
        0,
        "nobody has listened"
    );
    let stands = clinic.ok(DOCTOR, "event.subscribe", json!({"topics": ["doctor:4"]}));
    let items = stands["topics"][0]["facts"]["unacknowledged"].as_array().unwrap();
    assert_eq!([&items[0]["result_id"], &items[1]["result_id"]], [&first, &second]);
    clinic.pass(1);
    clinic.tick();
    assert_eq!(clinic.told().len(), 1, "both come in one event");
    let page = clinic.ok(DOCTOR, "order.critical", json!({"limit": 1}));
    assert_eq!(page["next_cursor"], first);
    let page = clinic.ok(DOCTOR, "order.critical", json!({"limit": 1, "cursor": first}));
    assert_eq!((&page["items"][0]["result_id"], &page["next_cursor"]), (&second, &Value::Null));
}

#[test]
fn whoever_takes_a_stay_over_answers_for_what_is_not_over_in_it() {
    let mut clinic = with_drugs();
    let (ward_id, beds) = hospital::ward(&mut clinic, "1", &["1"]);
    let admission_id = hospital::admitted(&mut clinic, 0, ward_id, beds[0]);
    let encounter_id = clinic.number("SELECT encounter_id FROM admissions");
    let mut orders = Vec::new();
    for _ in 0..3 {
        let order_id = request(&mut clinic, encounter_id, "routine");
        for step in ["order.accept", "order.start"] {
            clinic.ok(NURSE, step, json!({"order_id": order_id}));
        }
        orders.push(order_id);
    }
    let [open, critical, done] = &orders[..] else { panic!() };
    let result_id = report(&mut clinic, critical);
    for order_id in [critical, done] {
        clinic.ok(NURSE, "order.complete", json!({"order_id": order_id, "results": []}));
    }
    let given = active(&mut clinic, encounter_id, "AMX500")["prescription_id"].clone();
    clinic.ok(NURSE, "prescription.dispense", json!({"prescription_id": given}));
    let waits = active(&mut clinic, encounter_id, "AZI250")["prescription_id"].clone();
    let over = active(&mut clinic, encounter_id, "LVX500")["prescription_id"].clone();
    clinic.ok(DOCTOR, "prescription.stop", json!({"prescription_id": over, "reason": "好了"}));
    for (who, topic) in [(DOCTOR, "doctor:4"), (OTHER_DOCTOR, "doctor:5")] {
        clinic.ok(who, "event.subscribe", json!({"topics": [topic]}));
    }
    clinic.told();

    let params = json!({"admission_id": admission_id, "doctor_id": 5});
    clinic.ok(DOCTOR, "admission.change_doctor", params);
    let mut told: Vec<(String, usize)> = clinic
        .told()
        .into_iter()
        .map(|(who, event)| (who, event["facts"]["unacknowledged"].as_array().unwrap().len()))
        .collect();
    told.sort();
    assert_eq!(told, [(DOCTOR.to_owned(), 0), (OTHER_DOCTOR.to_owned(), 1)]);
    clinic.pass(5);
    clinic.tick();
    let told = clinic.told();
    assert!(told.len() == 1 && told[0].0 == OTHER_DOCTOR, "only the new doctor is told again: {told:?}");
    clinic.ok(OTHER_DOCTOR, "order.acknowledge", json!({"result_id": result_id}));
    let cancel = json!({"order_id": open, "reason": "不再需要"});
    clinic.refused(DOCTOR, "order.cancel", cancel.clone(), "forbidden");
    clinic.ok(OTHER_DOCTOR, "order.cancel", cancel);
    let cancel = json!({"prescription_id": waits, "reason": "出血"});
    clinic.refused(DOCTOR, "prescription.cancel", cancel.clone(), "forbidden");
    clinic.ok(OTHER_DOCTOR, "prescription.cancel", cancel);
    // Whoever treats the patient stops what harms them.
    let stop = json!({"prescription_id": given, "reason": "出血"});
    assert_eq!(clinic.ok(DOCTOR, "prescription.stop", stop)["doctor_id"], 5);
    // What was over stays with who has ordered it; what comes out of it later is the new doctor's.
    assert_eq!(clinic.ok(DOCTOR, "order.get", json!({"order_id": done}))["order"]["doctor_id"], 4);
    assert_eq!(clinic.ok(DOCTOR, "prescription.get", json!({"prescription_id": over}))["doctor_id"], 4);
    clinic.told();
    let late = report(&mut clinic, done);
    let told = clinic.told();
    assert!(told.len() == 1 && told[0].0 == OTHER_DOCTOR, "{told:?}");
    clinic.ok(OTHER_DOCTOR, "order.acknowledge", json!({"result_id": late}));
}
