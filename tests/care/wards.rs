//! Wards and beds: what is made, closed, cleaned and blocked, and who sees the board.

use super::clinic::*;
use super::hospital::*;
use serde_json::{Value, json};

#[test]
fn a_ward_has_beds_that_have_numbers_of_their_own() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "3A", &["10", "2"]);
    assert_eq!(beds.len(), 2);
    let again = clinic.refused(CLERK, "ward.add", json!({"number": "3A", "name": "x"}), "conflict");
    assert_eq!(again["ward_id"], ward_id);
    for like in ["3a", "３A", "３ａ"] {
        let again = clinic.refused(CLERK, "ward.add", json!({"number": like, "name": "x"}), "conflict");
        assert_eq!(again["ward_id"], ward_id, "{like}");
    }
    let alike = json!({"number": "3B", "name": "x", "beds": ["a1", "Ａ1"]});
    let alike = clinic.refused(CLERK, "ward.add", alike, "conflict");
    assert_eq!((&alike["number"], &alike["bed_id"]), (&json!("Ａ1"), &Value::Null), "no bed was made");
    let alike =
        clinic.refused(CLERK, "ward.add_bed", json!({"ward_id": ward_id, "number": "１０"}), "conflict");
    assert_eq!(alike["bed_id"], json!(beds[1]));
    let twice = json!({"number": "3B", "name": "x", "beds": ["1", "1"]});
    clinic.refused(CLERK, "ward.add", twice, "conflict");
    let nobodys = json!({"number": "3B", "name": "x", "department": "没有的科"});
    clinic.refused(CLERK, "ward.add", nobodys, "not_found");
    let many: Vec<String> = (0..201).map(|number| number.to_string()).collect();
    let params = json!({"number": "3B", "name": "x", "beds": many});
    assert_eq!(clinic.call(CLERK, "ward.add", &params).unwrap_err()["field"], "beds");
    let params = json!({"ward_id": ward_id, "number": "2"});
    let again = clinic.refused(CLERK, "ward.add_bed", params, "conflict");
    assert_eq!(again["bed_id"], json!(beds[0]), "beds are listed in the order of their numbers");
    let third = clinic.ok(ADMIN, "ward.add_bed", json!({"ward_id": ward_id, "number": "3"}));
    assert_eq!((&third["state"], &third["ward_id"]), (&json!("free"), &json!(ward_id)));
    clinic.refused(CLERK, "ward.add_bed", json!({"ward_id": 99, "number": "3"}), "not_found");
    let list = clinic.ok(DOCTOR, "ward.list", json!({}));
    assert_eq!(
        list,
        json!({"items": [{
            "ward_id": ward_id, "number": "3A", "name": "内科病区", "department": "内科", "is_closed": false,
            "beds": 3, "free_beds": 3,
        }], "next_cursor": null}),
        "nothing stays of a ward that was refused"
    );
    let (other_id, _) = ward(&mut clinic, "3B", &["1"]);
    let page = clinic.ok(DOCTOR, "ward.list", json!({"limit": 1}));
    assert_eq!(page["next_cursor"], ward_id);
    let rest = clinic.ok(DOCTOR, "ward.list", json!({"limit": 1, "cursor": ward_id}));
    assert_eq!((&rest["items"][0]["ward_id"], &rest["next_cursor"]), (&json!(other_id), &Value::Null));
}

#[test]
fn a_nurse_cleans_and_blocks_and_nobody_reserves_or_occupies_by_hand() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1"]);
    let set = |state: &str| json!({"bed_id": beds[0], "state": state, "reason": "床头灯坏了"});
    for state in ["blocked", "cleaning", "blocked", "free", "cleaning", "free"] {
        let bed = clinic.ok(NURSE, "bed.set_state", set(state));
        assert_eq!((&bed["state"], &bed["reason"]), (&json!(state), &json!("床头灯坏了")));
    }
    let same = clinic.refused(NURSE, "bed.set_state", set("free"), "bad_transition");
    assert_eq!(same["allowed"], json!(["cleaning", "blocked"]));
    for state in ["reserved", "occupied"] {
        assert_eq!(clinic.call(NURSE, "bed.set_state", &set(state)).unwrap_err()["field"], "state");
    }
    let admission_id = requested(&mut clinic, 0, ward_id);
    clinic.ok(NURSE, "admission.reserve", json!({"admission_id": admission_id, "bed_id": beds[0]}));
    for state in ["free", "cleaning", "blocked"] {
        let refused = clinic.refused(NURSE, "bed.set_state", set(state), "bad_transition");
        assert_eq!((&refused["from"], &refused["allowed"]), (&json!("reserved"), &json!([])));
    }
    clinic.ok(NURSE, "admission.admit", json!({"admission_id": admission_id}));
    clinic.refused(NURSE, "bed.set_state", set("free"), "bad_transition");
    clinic.refused(NURSE, "bed.set_state", json!({"bed_id": 99, "state": "free"}), "not_found");
}

#[test]
fn a_ward_closes_when_it_is_empty_and_takes_nobody_after_that() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1"]);
    let (other_id, other_beds) = ward(&mut clinic, "2", &["1"]);
    let admission_id = requested(&mut clinic, 0, ward_id);
    let close = json!({"ward_id": ward_id});
    let refused = clinic.refused(ADMIN, "ward.close", close.clone(), "conflict");
    assert_eq!(refused["admissions"], 1);
    // A bed of another ward takes the admission with it.
    clinic.ok(NURSE, "admission.reserve", json!({"admission_id": admission_id, "bed_id": other_beds[0]}));
    clinic.refused(ADMIN, "ward.close", json!({"ward_id": other_id}), "conflict");
    clinic.ok(ADMIN, "ward.close", close.clone());
    clinic.ok(ADMIN, "ward.close", close);
    let bed = json!({"admission_id": admission_id, "bed_id": beds[0]});
    clinic.refused(NURSE, "admission.reserve", bed.clone(), "ward_closed");
    clinic.refused(NURSE, "admission.admit", bed.clone(), "ward_closed");
    clinic.refused(CLERK, "ward.add_bed", json!({"ward_id": ward_id, "number": "2"}), "ward_closed");
    let patient_id = treated(&mut clinic, 1);
    clinic.refused(DOCTOR, "admission.request", request_of(patient_id, ward_id), "ward_closed");
    clinic.ok(NURSE, "admission.admit", json!({"admission_id": admission_id}));
    let move_to = json!({"admission_id": admission_id, "bed_id": beds[0], "reason": "近"});
    clinic.refused(NURSE, "admission.transfer", move_to, "ward_closed");
    clinic.refused(CLERK, "ward.close", json!({"ward_id": 99}), "not_found");
    assert_eq!(clinic.ok(DOCTOR, "ward.list", json!({}))["items"][0]["is_closed"], true);
}

#[test]
fn the_board_shows_who_lies_where_and_for_whom_a_bed_is_kept() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1", "2", "3"]);
    let lying = admitted(&mut clinic, 0, ward_id, beds[0]);
    let expected = requested(&mut clinic, 1, ward_id);
    clinic.pass(30);
    clinic.ok(CLERK, "admission.reserve", json!({"admission_id": expected, "bed_id": beds[1]}));
    let board = clinic.ok(OTHER_DOCTOR, "ward.board", json!({"ward_id": ward_id}));
    let since = at("2026-01-05 07:00").unix_ms;
    let occupant = |admission_id: i64, number: i64, state: &str, since: i64| {
        json!({
            "admission_id": admission_id, "patient_id": FIRST_PATIENT + number,
            "patient_name": format!("赵{number}"), "doctor_id": DOCTOR_ID, "doctor_name": "王医生",
            "state": state, "since_ms": since, "expected_on": null,
        })
    };
    assert_eq!(board["beds"][0]["occupant"], occupant(lying, 0, "admitted", since));
    assert_eq!(board["beds"][1]["occupant"], occupant(expected, 1, "requested", since + 30 * 60_000));
    assert_eq!(board["beds"][2]["occupant"], Value::Null);
    assert_eq!(states(&mut clinic, ward_id), ["occupied", "reserved", "free"]);
    clinic.refused(ADMIN, "ward.board", json!({"ward_id": ward_id}), "reason_required");
    clinic.refused(&patient(0), "ward.board", json!({"ward_id": ward_id}), "forbidden");
    clinic.refused(NURSE, "ward.board", json!({"ward_id": 99}), "not_found");
}

#[test]
fn those_of_the_staff_who_listen_are_told_of_each_change_and_patients_of_none() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1"]);
    let (other_id, other_beds) = ward(&mut clinic, "2", &["1"]);
    let topics = json!({"topics": [format!("ward:{ward_id}")]});
    for who in [NURSE, CLERK, OTHER_DOCTOR] {
        let stands = clinic.ok(who, "event.subscribe", topics.clone());
        assert_eq!(stands["topics"][0]["kind"], "beds");
        assert_eq!(stands["topics"][0]["facts"]["beds"][0]["state"], "free");
        clinic.refused(who, "event.subscribe", json!({"topics": ["ward:99"]}), "not_found");
    }
    for who in [&patient(0), ADMIN] {
        clinic.refused(who, "event.subscribe", topics.clone(), "forbidden");
        clinic.refused(who, "event.subscribe", json!({"topics": ["ward:99"]}), "forbidden");
    }
    assert_eq!(clinic.told(), []);
    let admission_id = admitted(&mut clinic, 0, ward_id, beds[0]);
    let told = clinic.told();
    let mut who: Vec<&str> = told.iter().map(|(who, _)| who.as_str()).collect();
    who.sort_unstable();
    assert_eq!(who, [OTHER_DOCTOR, CLERK, NURSE]);
    let board = clinic.ok(NURSE, "ward.board", json!({"ward_id": ward_id}));
    for (_, event) in &told {
        assert_eq!(event["facts"], board, "what is told is the board");
    }
    let params = json!({"admission_id": admission_id, "doctor_id": OTHER_DOCTOR_ID});
    let steps = [
        (DOCTOR, "admission.change_doctor", params, true),
        (
            NURSE,
            "admission.transfer",
            json!({"admission_id": admission_id, "bed_id": other_beds[0], "reason": "x"}),
            true,
        ),
        (NURSE, "bed.set_state", json!({"bed_id": beds[0], "state": "free"}), true),
        (CLERK, "ward.add_bed", json!({"ward_id": ward_id, "number": "2"}), true),
        (CLERK, "ward.add_bed", json!({"ward_id": other_id, "number": "2"}), false),
        (CLERK, "ward.close", json!({"ward_id": ward_id}), true),
    ];
    for (who, method, params, is_told) in steps {
        clinic.ok(who, method, params);
        assert_eq!(clinic.told().len(), if is_told { 3 } else { 0 }, "{method}");
    }
}

#[test]
fn many_changes_of_a_turn_are_told_as_one() {
    let mut clinic = Clinic::new();
    let (ward_id, beds) = ward(&mut clinic, "1", &["1", "2"]);
    clinic.ok(NURSE, "event.subscribe", json!({"topics": [format!("ward:{ward_id}")]}));
    let set = |bed_id: i64| (NURSE, "bed.set_state", json!({"bed_id": bed_id, "state": "blocked"}));
    assert!(clinic.together(&[set(beds[0]), set(beds[1])]).iter().all(Result::is_ok));
    let told = clinic.told();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1["facts"]["beds"][0]["state"], "blocked");
    assert_eq!(told[0].1["facts"]["beds"][1]["state"], "blocked");
}

#[test]
fn a_number_that_looks_like_another_is_that_other() {
    let mut clinic = Clinic::new();
    let (ward_id, _) = ward(&mut clinic, "3A", &["1"]);
    let twin = |number: &str| json!({"number": number, "name": "外科", "beds": []});
    clinic.refused(ADMIN, "ward.add", twin("3A "), "conflict");
    let invisible = twin("3A\u{200b}");
    assert_eq!(clinic.call(ADMIN, "ward.add", &invisible).unwrap_err()["field"], "number");
    let bed = |number: &str| json!({"ward_id": ward_id, "number": number});
    clinic.refused(ADMIN, "ward.add_bed", bed(" 1"), "conflict");
    assert_eq!(clinic.call(ADMIN, "ward.add_bed", &bed("1\u{ad}")).unwrap_err()["field"], "number");
}
