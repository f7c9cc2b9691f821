//! Attendance: clocking in and out, and what is derived of it.

use super::clinic::*;
use serde_json::{Value, json};

fn session(clinic: &mut Clinic, doctor_id: i64, day: &str, from: &str, to: &str) -> i64 {
    clinic.session_of(json!({
        "doctor_id": doctor_id, "period": from, "starts_at": format!("{day} {from}"),
        "ends_at": format!("{day} {to}"), "capacity_online": 3, "room": "1",
    }))
}

fn clock_in(clinic: &mut Clinic, who: &str) -> Value {
    clinic.ok(who, "attendance.clock_in", json!({}))
}

/// State, and whether it was late or early, of each item.
fn listed(clinic: &mut Clinic, params: Value) -> Vec<String> {
    let list = clinic.ok(ADMIN, "attendance.list", params);
    let word = |item: &Value| {
        let mut words = vec![item["state"].as_str().unwrap()];
        words.extend(["late", "early"].into_iter().filter(|word| item[format!("is_{word}")] == true));
        words.join(" ")
    };
    list["items"].as_array().unwrap().iter().map(word).collect()
}

#[test]
fn a_doctor_clocks_in_once_for_a_session_and_out() {
    let mut clinic = Clinic::new();
    let morning = session(&mut clinic, 4, DAY, "09:00", "12:00");
    let afternoon = session(&mut clinic, 4, DAY, "14:00", "17:00");
    clinic.refused("DOC001", "attendance.clock_out", json!({}), "not_in");
    clinic.at("2026-01-05 08:40");
    let shift = clock_in(&mut clinic, "DOC001");
    assert_eq!(
        (&shift["session_id"], &shift["clocked_in_at"]),
        (&json!(morning), &json!("2026-01-05 08:40:00"))
    );
    let facts = clinic.refused("DOC001", "attendance.clock_in", json!({}), "already_in");
    assert_eq!(facts["attendance_id"], shift["attendance_id"]);
    let named = |session_id: i64| json!({"session_id": session_id});
    clinic.refused("DOC001", "attendance.clock_in", named(morning), "already_in");
    let facts = clinic.refused("DOC001", "attendance.clock_in", named(afternoon), "too_early");
    assert_eq!(facts["opens_at"], "2026-01-05 12:00:00");
    clinic.refused("DOC002", "attendance.clock_in", named(morning), "forbidden");
    clinic.refused("DOC001", "attendance.clock_in", named(99), "not_found");
    clinic.at("2026-01-05 12:05");
    let shift = clinic.ok("DOC001", "attendance.clock_out", json!({}));
    assert_eq!(
        (&shift["clocked_out_at"], &shift["is_out_assumed"]),
        (&json!("2026-01-05 12:05:00"), &json!(false))
    );
    clinic.refused("DOC001", "attendance.clock_out", json!({}), "not_in");
    assert_eq!(clock_in(&mut clinic, "DOC001")["session_id"], afternoon);
    let rows = "SELECT count(*) FROM attendance
        WHERE doctor_id = 4 AND status = 'present' AND check_out_time = '2026-01-05 12:05:00'";
    assert_eq!(clinic.number(rows), 1);
    // One who has no session comes without.
    assert_eq!(clock_in(&mut clinic, "DOC003")["session_id"], Value::Null);
    clinic.refused("DOC003", "attendance.clock_in", json!({}), "already_in");
}

#[test]
fn a_shift_that_was_forgotten_ends_with_its_session() {
    let mut clinic = Clinic::new();
    session(&mut clinic, 4, DAY, "09:00", "12:00");
    session(&mut clinic, 4, "2026-01-06", "09:00", "12:00");
    clinic.at("2026-01-05 08:55");
    clock_in(&mut clinic, "DOC001");
    clock_in(&mut clinic, "DOC003");
    clinic.at("2026-01-06 08:55");
    clock_in(&mut clinic, "DOC001");
    clock_in(&mut clinic, "DOC003");
    for (doctor_id, expected) in [(4, "2026-01-05 12:00:00"), (6, "2026-01-05 23:59:59")] {
        let params = json!({"doctor_id": doctor_id, "date_from": DAY});
        let list = clinic.ok(CLERK, "attendance.list", params);
        let item = &list["items"][0];
        assert_eq!((&item["clocked_out_at"], &item["is_out_assumed"]), (&json!(expected), &json!(true)));
        assert_eq!(item["is_early"], false);
    }
}

#[test]
fn late_early_absent_and_on_leave_are_derived() {
    let mut clinic = Clinic::new();
    for day in ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09"] {
        session(&mut clinic, 4, day, "09:00", "12:00");
    }
    for (comes, goes) in [("2026-01-05 09:10", "2026-01-05 12:00"), ("2026-01-06 09:11", "2026-01-06 11:59")]
    {
        clinic.at(comes);
        clock_in(&mut clinic, "DOC001");
        clinic.at(goes);
        clinic.ok("DOC001", "attendance.clock_out", json!({}));
    }
    // A leave that is asked for while its session runs leaves that as it is.
    clinic.at("2026-01-08 09:30");
    let leave = json!({"date_from": "2026-01-08", "date_to": "2026-01-08", "reason": "发烧"});
    let leave_id = clinic.ok("DOC001", "leave.request", leave)["leave_id"].take();
    clinic.ok(ADMIN, "leave.approve", json!({"leave_id": leave_id}));
    clinic.at("2026-01-09 09:11");
    clinic.tick();
    let range = json!({"doctor_id": 4, "date_from": "2026-01-05", "date_to": "2026-01-09"});
    assert_eq!(
        listed(&mut clinic, range.clone()),
        ["present", "present late early", "absent", "on_leave", "expected late"]
    );
    // What is stopped is nobody's absence, whether or not it is over.
    let session_id = session(&mut clinic, 4, "2026-01-09", "14:00", "17:00");
    clinic.ok(CLERK, "schedule.stop_session", json!({"session_id": session_id, "reason": "停电"}));
    clinic.at("2026-01-09 18:00");
    clinic.tick();
    assert_eq!(listed(&mut clinic, range)[4..], ["absent"]);
}

#[test]
fn what_old_clients_write_counts() {
    let mut clinic = Clinic::new();
    session(&mut clinic, 4, "2026-01-05", "09:00", "12:00");
    session(&mut clinic, 4, "2026-01-06", "09:00", "12:00");
    for (time, status) in [("2026-01-05 09:20:00", "present"), ("2026-01-06 09:00:00", "absent")] {
        clinic.old(&json!({"table_name": "attendance", "doctor_id": 4, "check_in_time": time,
            "status": status}));
    }
    clinic.at("2026-01-07 08:00");
    clinic.tick();
    let range = json!({"doctor_id": 4, "date_from": "2026-01-05", "date_to": "2026-01-06"});
    assert_eq!(listed(&mut clinic, range), ["present late", "present", "absent", "absent"]);
}

#[test]
fn a_department_is_listed_page_by_page() {
    let mut clinic = Clinic::new();
    clinic.ok(ADMIN, "doctor.update", json!({"doctor_id": 5, "department": "内科"}));
    for doctor_id in [4, 5] {
        for day in ["2026-01-05", "2026-01-06"] {
            session(&mut clinic, doctor_id, day, "09:00", "12:00");
        }
    }
    clinic.at("2026-01-05 07:00");
    for who in ["DOC001", "DOC002"] {
        clock_in(&mut clinic, who);
    }
    clinic.at("2026-01-07 08:00");
    clinic.tick();
    for who in ["DOC001", "DOC002"] {
        clock_in(&mut clinic, who);
    }
    let mut params = json!({"department": "内科", "date_from": "2026-01-05", "date_to": "2026-01-07"});
    let all = clinic.ok(CLERK, "attendance.list", params.clone());
    let found: Vec<Value> =
        all["items"].as_array().unwrap().iter().map(|item| json!([item["doctor_id"], item["day"]])).collect();
    let expected = json!([
        [4, "2026-01-05"],
        [4, "2026-01-06"],
        [4, "2026-01-07"],
        [5, "2026-01-05"],
        [5, "2026-01-06"],
        [5, "2026-01-07"]
    ]);
    assert_eq!(json!(found), expected);
    params["limit"] = json!(1);
    let mut pages = Vec::new();
    loop {
        let page = clinic.ok(CLERK, "attendance.list", params.clone());
        pages.extend(page["items"].as_array().unwrap().clone());
        params["cursor"] = page["next_cursor"].clone();
        if params["cursor"].is_null() {
            break;
        }
    }
    assert_eq!(json!(pages), all["items"]);
    let own = json!({"date_from": "2026-01-05"});
    assert_eq!(clinic.ok("DOC001", "attendance.list", own.clone())["items"].as_array().unwrap().len(), 1);
    assert_eq!(clinic.call(CLERK, "attendance.list", &own).unwrap_err()["field"], "doctor_id");
    let long = json!({"date_from": "2026-01-01", "date_to": "2026-02-01"});
    assert_eq!(clinic.call("DOC001", "attendance.list", &long).unwrap_err()["field"], "date_to");
    clinic.refused("DOC003", "attendance.list", json!({"doctor_id": 4, "date_from": DAY}), "forbidden");
}

#[test]
fn nobody_is_called_before_the_doctor_is_there_where_that_is_asked_for() {
    let mut clinic = Clinic::with(|settings| settings.clinic.queue.require_clock_in = true);
    let session_id = session(&mut clinic, 4, DAY, "09:00", "12:00");
    let appointment_id = clinic.book(session_id, 0);
    clinic.at("2026-01-05 08:50");
    clinic.ok(&patient(0), "queue.check_in", json!({"appointment_id": appointment_id}));
    let next = json!({"session_id": session_id});
    clinic.refused(NURSE, "queue.call_next", next.clone(), "not_clocked_in");
    clock_in(&mut clinic, "DOC002");
    clinic.refused(NURSE, "queue.call_next", next.clone(), "not_clocked_in");
    clock_in(&mut clinic, "DOC001");
    clinic.ok(NURSE, "queue.call_next", next);
}
