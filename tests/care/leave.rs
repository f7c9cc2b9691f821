//! Leave: who decides, and what becomes of sessions and patients.

use super::clinic::*;
use serde_json::{Value, json};

/// Lets DOC002 of 外科 lead 内科, to which DOC001 belongs.
fn lead(clinic: &mut Clinic) {
    clinic.ok(ADMIN, "department.set_head", json!({"department": "内科", "doctor_id": 5}));
}

fn days(from: &str, to: &str) -> Value {
    json!({"date_from": from, "date_to": to, "reason": "手术"})
}

fn ask(clinic: &mut Clinic, who: &str, params: Value) -> i64 {
    let found = clinic.ok(who, "leave.request", params);
    assert_eq!(found["state"], "pending");
    found["leave_id"].as_i64().unwrap()
}

fn of(leave_id: i64) -> Value {
    json!({"leave_id": leave_id})
}

/// How many rows of the old schema have that leave in that status.
fn old_rows(clinic: &mut Clinic, leave_id: i64, status: &str) -> i64 {
    let sql =
        format!("SELECT count(*) FROM leave_requests WHERE leave_id = {leave_id} AND status = '{status}'");
    clinic.number(Box::leak(sql.into_boxed_str()))
}

#[test]
fn a_leave_is_of_days_that_can_be_decided_on() {
    let mut clinic = Clinic::new();
    for (from, to, wrong) in [
        ("1970-01-01", "1970-01-02", Some("date_from")),
        ("2025-12-04", "2026-01-05", Some("date_from")),
        ("2027-01-07", "2027-01-07", Some("date_from")),
        ("2026-01-07", "2026-01-06", Some("date_to")),
        ("2025-12-05", "2025-12-06", None),
        ("2027-01-06", "2027-01-08", None),
    ] {
        let asked = clinic.call("DOC001", "leave.request", &days(from, to));
        let field = asked.err().map(|error| error["field"].as_str().unwrap_or_default().to_owned());
        assert_eq!(field.as_deref(), wrong, "{from} {to}");
    }
    clinic.refused("DOC001", "leave.request", days("2026-02-01", "2027-02-02"), "too_large");
}

#[test]
fn departments_have_a_head_or_none() {
    let mut clinic = Clinic::new();
    lead(&mut clinic);
    let list = clinic.ok(NURSE, "department.list", json!({}));
    let of_name = |list: &Value, name: &str| {
        list["items"].as_array().unwrap().iter().find(|item| item["name"] == name).unwrap().clone()
    };
    let found = of_name(&list, "内科");
    assert_eq!((&found["head_id"], &found["head_name"]), (&json!(5), &json!("刘医生")));
    assert_eq!(of_name(&list, "外科")["head_id"], Value::Null);
    clinic.refused(ADMIN, "department.set_head", json!({"department": "无", "doctor_id": 5}), "not_found");
    clinic.refused(ADMIN, "department.set_head", json!({"department": "内科", "doctor_id": 9}), "not_found");
    clinic.refused(CLERK, "department.set_head", json!({"department": "内科"}), "forbidden");
    clinic.ok(ADMIN, "department.set_head", json!({"department": "内科"}));
    let list = clinic.ok(NURSE, "department.list", json!({}));
    assert_eq!(of_name(&list, "内科")["head_id"], Value::Null);
}

#[test]
fn the_head_or_an_administrator_decides_and_nobody_on_their_own() {
    let mut clinic = Clinic::new();
    let leave_id = ask(&mut clinic, "DOC001", days("2026-01-06", "2026-01-07"));
    for who in ["DOC001", "DOC002", CLERK, NURSE] {
        clinic.refused(who, "leave.approve", of(leave_id), "forbidden");
    }
    lead(&mut clinic);
    clinic.refused("DOC003", "leave.get", of(leave_id), "forbidden");
    clinic.ok("DOC002", "leave.get", of(leave_id));
    let reject = json!({"leave_id": leave_id, "reason": "人手不足"});
    let rejected = clinic.ok("DOC002", "leave.reject", reject.clone());
    assert_eq!((&rejected["state"], &rejected["decided_by"]), (&json!("rejected"), &json!(5)));
    assert_eq!(rejected["decision_reason"], "人手不足");
    let facts = clinic.refused(ADMIN, "leave.approve", of(leave_id), "bad_transition");
    assert_eq!((&facts["from"], &facts["allowed"]), (&json!("rejected"), &json!([])));
    // A head's own is for an administrator.
    clinic.ok(ADMIN, "department.set_head", json!({"department": "外科", "doctor_id": 5}));
    let leave_id = ask(&mut clinic, "DOC002", days("2026-01-06", "2026-01-06"));
    clinic.refused("DOC002", "leave.approve", of(leave_id), "forbidden");
    clinic.refused("DOC002", "leave.reject", json!({"leave_id": leave_id, "reason": "x"}), "forbidden");
    clinic.ok(ADMIN, "leave.approve", of(leave_id));
    assert_eq!(old_rows(&mut clinic, leave_id, "approved"), 1);
}

#[test]
fn what_cannot_be_asked_for() {
    let mut clinic = Clinic::new();
    let leave_id = ask(&mut clinic, "DOC001", days("2026-01-06", "2026-01-08"));
    for (from, to) in
        [("2026-01-01", "2026-01-06"), ("2026-01-07", "2026-01-07"), ("2026-01-08", "2026-01-20")]
    {
        let facts = clinic.refused("DOC001", "leave.request", days(from, to), "overlaps");
        assert_eq!(facts["leave_id"], leave_id);
    }
    let facts = clinic.refused("DOC001", "leave.request", days("2026-02-01", "2026-05-12"), "too_large");
    assert_eq!(facts["days_max"], 100);
    for (key, value) in [("substitute_id", json!(4)), ("date_to", json!("2026-02-30"))] {
        let mut params = days("2026-02-01", "2026-02-01");
        params[key] = value;
        let refused = clinic.call("DOC001", "leave.request", &params).unwrap_err();
        assert_eq!(refused["field"], key);
    }
    let mut params = days("2026-02-01", "2026-02-01");
    params["substitute_id"] = json!(99);
    clinic.refused("DOC001", "leave.request", params, "not_found");
    clinic.refused(CLERK, "leave.request", days("2026-02-01", "2026-02-01"), "forbidden");
    // What was withdrawn is in nobody's way.
    clinic.refused(ADMIN, "leave.revoke", of(leave_id), "forbidden");
    let revoked = clinic.ok("DOC001", "leave.revoke", of(leave_id));
    assert_eq!((&revoked["leave"]["state"], &revoked["stopped_sessions"]), (&json!("revoked"), &json!([])));
    assert_eq!(old_rows(&mut clinic, leave_id, "rejected"), 1);
    ask(&mut clinic, "DOC001", days("2026-01-07", "2026-01-07"));
}

#[test]
fn without_a_substitute_the_sessions_are_stopped_and_the_patients_told() {
    let mut clinic = Clinic::new();
    let (running, later) = (clinic.session(4, 3), session_on(&mut clinic, 4, "2026-01-06", "morning"));
    let other = clinic.session(5, 3);
    clinic.at("2026-01-05 10:00");
    let (stays, gone) = (clinic.book(running, 0), clinic.book(later, 1));
    let of_other = clinic.book(other, 2);
    let leave_id = ask(&mut clinic, "DOC001", days("2026-01-05", "2026-01-06"));
    let approved = clinic.ok(ADMIN, "leave.approve", of(leave_id));
    let fates: Vec<(i64, &str)> = approved["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["session_id"].as_i64().unwrap(), item["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(fates, [(running, "running"), (later, "stopped")]);
    assert_eq!((&approved["moved"], &approved["cancelled"]), (&json!(0), &json!(1)));
    assert_eq!(approved["sessions"][1]["appointments"], json!([gone]));
    let found = clinic.get(gone);
    assert_eq!((&found["state"], &found["cancelled_by"]), (&json!("cancelled"), &json!("hospital")));
    assert_eq!((clinic.state(stays), clinic.state(of_other)), ("booked".into(), "booked".into()));
    // The doctor's own reason is not for patients.
    let notices = clinic.ok(&patient(1), "notice.list", json!({}));
    assert_eq!(notices["items"][0]["kind"], "session_stopped");
    assert_eq!(notices["items"][0]["text"], "the doctor is on leave");
    assert_eq!(clinic.listed(later)["stop_reason"], "the doctor is on leave");
    assert_eq!(clinic.number("SELECT count(*) FROM booking_penalties"), 0);
    let trail = "SELECT count(*) FROM audit WHERE method LIKE 'leave.%' AND reason LIKE '%手术%'";
    assert_eq!(clinic.number(trail), 0);
}

/// A session of nine to twelve on a day, or of the afternoon.
fn session_on(clinic: &mut Clinic, doctor_id: i64, day: &str, period: &str) -> i64 {
    let (starts, ends) = if period == "afternoon" { ("14:00", "17:00") } else { ("09:00", "12:00") };
    clinic.session_of(json!({
        "doctor_id": doctor_id, "period": period, "starts_at": format!("{day} {starts}"),
        "ends_at": format!("{day} {ends}"), "capacity_online": 3, "capacity_onsite": 1,
    }))
}

#[test]
fn the_substitute_takes_over_what_they_have_time_for() {
    let mut clinic = Clinic::new();
    let morning = session_on(&mut clinic, 4, "2026-01-06", "morning");
    let afternoon = session_on(&mut clinic, 4, "2026-01-06", "afternoon");
    // The substitute is in a session of their own in the afternoon, and has two in theirs.
    let own = session_on(&mut clinic, 5, "2026-01-06", "afternoon");
    let (theirs, theirs_too) = (clinic.book(own, 8), clinic.book(own, 9));
    let (first, second) = (clinic.book(morning, 0), clinic.book(morning, 1));
    clinic.cancel(&patient(1), second);
    let lost = clinic.book(afternoon, 2);
    let third = clinic.book(morning, 3);
    let planned = json!({"patient_id": FIRST_PATIENT, "appointment_id": first, "is_planned": true});
    let encounter = clinic.ok("DOC001", "encounter.open", planned)["encounter_id"].take();
    let about = json!({"appointment_id": first, "subject": "咳嗽"});
    let thread = json!({"thread_id": clinic.ok(&patient(0), "chat.open", about)["thread_id"]});
    let mut params = days("2026-01-06", "2026-01-07");
    params["substitute_id"] = json!(5);
    let leave_id = ask(&mut clinic, "DOC001", params);
    lead(&mut clinic);
    let approved = clinic.ok("DOC002", "leave.approve", of(leave_id));
    // The thread about it is the substitute's from that moment on.
    assert_eq!(clinic.ok("DOC002", "chat.get", thread.clone())["thread"]["doctor_id"], 5);
    let send = json!({"thread_id": thread["thread_id"], "content": "请空腹"});
    clinic.ok("DOC002", "chat.send", send.clone());
    clinic.refused("DOC001", "chat.send", send, "forbidden");
    let outcomes: Vec<&Value> =
        approved["sessions"].as_array().unwrap().iter().map(|item| &item["outcome"]).collect();
    assert_eq!(outcomes, ["handed_over", "stopped"]);
    assert_eq!((&approved["moved"], &approved["cancelled"]), (&json!(2), &json!(1)));
    let trail = "SELECT count(*) FROM audit WHERE method = 'leave.approve' AND entity = 'clinic_session'
        AND action = 'U' AND entity_id IN (1, 2)";
    assert_eq!(((morning, afternoon), clinic.number(trail)), ((1, 2), 2));
    assert_eq!(approved["sessions"][0]["appointments"], json!([first, third]));
    assert_eq!(clinic.listed(morning)["doctor_id"], 5);
    assert_eq!(clinic.state(lost), "cancelled");
    for id in [first, third] {
        let found = clinic.get(id);
        assert_eq!((&found["state"], &found["doctor_name"]), (&json!("booked"), &json!("刘医生")));
    }
    let encounter = clinic.ok("DOC002", "encounter.get", json!({"encounter_id": encounter}));
    assert_eq!(encounter["doctor_id"], 5);
    // Each number is one's only in the substitute's day, in the database as in what is remembered.
    let mut numbers: Vec<i64> = [theirs, theirs_too, first, third]
        .into_iter()
        .map(|id| clinic.get(id)["queue_number"].as_i64().unwrap())
        .collect();
    let next = clinic.book(own, 7);
    numbers.push(clinic.get(next)["queue_number"].as_i64().unwrap());
    let sorted = numbers.clone();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, sorted, "none is given twice, and the new one is the last");
    let notices = clinic.ok(&patient(3), "notice.list", json!({}));
    assert_eq!(notices["items"][0]["kind"], "doctor_changed");
    assert_eq!(notices["items"][0]["text"], "刘医生");
    assert_eq!(clinic.ok(&patient(1), "notice.list", json!({}))["items"], json!([]));
    // The appointment goes with the session, for old clients too.
    let listed = clinic.old(&json!({"query_appointments": 1, "patient_phone": patient(0)}));
    assert_eq!(listed["appointments"][0]["doctor_name"], "刘医生");
    clinic.at("2026-01-06 08:30");
    clinic.ok(&patient(0), "queue.check_in", json!({"appointment_id": first}));
    let called = clinic.ok("DOC002", "queue.call_next", json!({"session_id": morning, "room": "1"}));
    assert_eq!(called["appointment_id"], first);
}

#[test]
fn a_ticket_stays_and_a_second_change_is_told_again() {
    let mut clinic = Clinic::new();
    let session_id = session_on(&mut clinic, 4, "2026-01-06", "morning");
    let appointment_id = clinic.book(session_id, 0);
    clinic.at("2026-01-06 08:10");
    let ticket = clinic.ok(&patient(0), "queue.check_in", json!({"appointment_id": appointment_id}));
    for (doctor, substitute, name) in [("DOC001", 5, "刘医生"), ("DOC002", 6, "")] {
        let mut params = days("2026-01-06", "2026-01-06");
        params["substitute_id"] = json!(substitute);
        let leave_id = ask(&mut clinic, doctor, params);
        let approved = clinic.ok(ADMIN, "leave.approve", of(leave_id));
        assert_eq!(approved["sessions"][0]["outcome"], "handed_over");
        let notices = clinic.ok(&patient(0), "notice.list", json!({}));
        let last = notices["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["kind"], "doctor_changed");
        assert!(name.is_empty() || last["text"] == name);
        clinic.ok(&patient(0), "notice.fetched", json!({"up_to": last["notice_id"]}));
    }
    let called = clinic.ok("DOC003", "queue.call_next", json!({"session_id": session_id, "room": "1"}));
    assert_eq!((&called["ticket_id"], &called["number"]), (&ticket["ticket_id"], &ticket["number"]));
    clinic.refused("DOC001", "queue.recall", json!({"ticket_id": ticket["ticket_id"]}), "forbidden");
}

#[test]
fn a_substitute_who_is_not_there_takes_nothing_over() {
    for way in ["leave", "block", "exception", "unavailable", "old"] {
        let mut clinic = Clinic::new();
        let session_id = session_on(&mut clinic, 4, "2026-01-06", "morning");
        match way {
            "leave" => {
                let own = ask(&mut clinic, "DOC002", days("2026-01-06", "2026-01-06"));
                clinic.ok(ADMIN, "leave.approve", of(own));
            }
            "block" => {
                let block = json!({"doctor_id": 5, "starts_at": "2026-01-06 11:00",
                    "ends_at": "2026-01-06 13:00", "reason": "会议"});
                clinic.ok(CLERK, "schedule.add_block", block);
            }
            "exception" => {
                let exception = json!({"doctor_id": 5, "date_from": "2026-01-01", "date_to": "2026-01-31",
                    "reason": "进修"});
                clinic.ok(CLERK, "schedule.add_exception", exception);
            }
            "unavailable" => {
                clinic.ok(ADMIN, "doctor.update", json!({"doctor_id": 5, "is_available": false}));
            }
            _ => {
                let book = json!({"create_appointment": 1, "patient_phone": patient(0),
                    "doctor_name": "刘医生", "appointment_time": "2026-01-06 10:00"});
                clinic.old(&book);
            }
        }
        let leave_id = ask(&mut clinic, "DOC001", days("2026-01-06", "2026-01-06"));
        let params = json!({"leave_id": leave_id, "substitute_id": 5});
        let approved = clinic.ok(ADMIN, "leave.approve", params);
        let expected = json!([session_id, "stopped"]);
        let fate = &approved["sessions"][0];
        assert_eq!(json!([fate["session_id"], fate["outcome"]]), expected, "{way}");
    }
}

#[test]
fn a_substitute_of_other_hours_takes_over_what_lies_in_them() {
    let mut clinic = Clinic::new();
    let morning = session_on(&mut clinic, 4, "2026-01-06", "morning");
    let afternoon = session_on(&mut clinic, 4, "2026-01-06", "afternoon");
    let exception = json!({"doctor_id": 5, "date_from": "2026-01-06", "date_to": "2026-01-06",
        "starts": "14:00", "ends": "17:00", "reason": "进修"});
    clinic.ok(CLERK, "schedule.add_exception", exception);
    // What does not take place takes no time.
    let own = session_on(&mut clinic, 5, "2026-01-06", "afternoon");
    clinic.ok(CLERK, "schedule.stop_session", json!({"session_id": own, "reason": "停诊"}));
    let leave_id = ask(&mut clinic, "DOC001", days("2026-01-06", "2026-01-06"));
    let approved = clinic.ok(ADMIN, "leave.approve", json!({"leave_id": leave_id, "substitute_id": 5}));
    let fates: Vec<Value> = approved["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| json!([item["session_id"], item["outcome"]]))
        .collect();
    assert_eq!(fates, [json!([morning, "stopped"]), json!([afternoon, "handed_over"])]);
}

fn template(clinic: &mut Clinic) {
    for weekday in 1..=7 {
        let params = json!({"doctor_id": 4, "weekday": weekday, "period": "morning", "starts": "09:00",
            "ends": "12:00", "capacity_online": 5});
        clinic.ok(CLERK, "schedule.add_template", params);
    }
}

#[test]
fn no_session_is_made_during_a_leave_and_again_once_it_is_revoked() {
    let mut clinic = Clinic::new();
    template(&mut clinic);
    let leave_id = ask(&mut clinic, "DOC001", days("2026-01-07", "2026-01-09"));
    clinic.ok(ADMIN, "leave.approve", of(leave_id));
    let generate = json!({"doctor_id": 4});
    let made = clinic.ok(CLERK, "schedule.generate", generate.clone());
    assert_eq!(made["session_ids"].as_array().unwrap().len(), 12);
    let by_hours = json!({"doctor_id": 4, "from_work_schedule": true});
    clinic.ok(CLERK, "schedule.generate", by_hours);
    let within = "SELECT count(*) FROM clinic_sessions WHERE day BETWEEN '2026-01-07' AND '2026-01-09'";
    assert_eq!(clinic.number(within), 0);
    // Old clients book without sessions, and not with a doctor who is not there.
    let book = json!({"create_appointment": 1, "patient_phone": patient(0), "doctor_name": "王医生",
        "appointment_time": "2026-01-08 10:00"});
    assert_eq!(clinic.old(&book)["message"], "医生 王医生 当前不可预约");
    let revoked = clinic.ok("DOC001", "leave.revoke", of(leave_id));
    assert_eq!(revoked["leave"]["state"], "revoked");
    let made = clinic.ok(CLERK, "schedule.generate", generate);
    assert_eq!(made["session_ids"].as_array().unwrap().len(), 3);
    assert_eq!(clinic.number("SELECT count(*) FROM schedule_exceptions"), 0);
    clinic.refused("DOC001", "leave.revoke", of(leave_id), "bad_transition");
}

#[test]
fn a_doctor_revokes_until_it_begins_and_whoever_decides_until_it_is_over() {
    let mut clinic = Clinic::new();
    let session_id = session_on(&mut clinic, 4, "2026-01-07", "morning");
    let leave_id = ask(&mut clinic, "DOC001", days("2026-01-06", "2026-01-07"));
    clinic.ok(ADMIN, "leave.approve", of(leave_id));
    clinic.at("2026-01-06 08:00");
    let facts = clinic.refused("DOC001", "leave.revoke", of(leave_id), "too_late");
    assert_eq!(facts["until"], "2026-01-06 00:00:00");
    clinic.refused("DOC003", "leave.revoke", of(leave_id), "forbidden");
    let revoked = clinic.ok(ADMIN, "leave.revoke", json!({"leave_id": leave_id, "reason": "急诊"}));
    assert_eq!(revoked["stopped_sessions"], json!([session_id]), "it stays stopped");
    assert_eq!(clinic.listed(session_id)["state"], "stopped");
    let leave_id = ask(&mut clinic, "DOC001", days("2026-01-08", "2026-01-08"));
    clinic.ok(ADMIN, "leave.approve", of(leave_id));
    clinic.at("2026-01-09 08:00");
    let facts = clinic.refused(ADMIN, "leave.revoke", of(leave_id), "too_late");
    assert_eq!(facts["until"], "2026-01-08 23:59:59");
}

#[test]
fn what_an_old_client_asks_for_is_decided_on_here() {
    let mut clinic = Clinic::new();
    let session_id = session_on(&mut clinic, 4, "2026-01-06", "morning");
    let row = |from: &str, to: &str, status: &str| {
        json!({"table_name": "leave_requests", "doctor_id": 4, "start_date": from, "end_date": to,
            "reason": "探亲", "status": status})
    };
    for (from, to, status) in [
        ("2026-01-06", "2026-01-06", "pending"),
        ("2026-01-09", "2026-01-08", "pending"),
        ("2026-02-06", "2026-02-07", "approved"),
    ] {
        clinic.old(&row(from, to, status));
    }
    let list = clinic.ok("DOC001", "leave.list", json!({}));
    let states: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|item| &item["state"]).collect();
    assert_eq!(states, ["approved", "pending", "pending"]);
    let ids: Vec<i64> =
        list["items"].as_array().unwrap().iter().map(|item| item["leave_id"].as_i64().unwrap()).collect();
    assert_eq!(list["items"][2]["requested_ms"], Value::Null);
    let approved = clinic.ok(ADMIN, "leave.approve", of(ids[2]));
    assert_eq!(approved["sessions"][0]["session_id"], session_id);
    assert_eq!(approved["leave"]["reason"], "探亲");
    // Days that are out of order can be rejected, and not approved.
    clinic.refused(ADMIN, "leave.approve", of(ids[1]), "conflict");
    clinic.ok(ADMIN, "leave.reject", json!({"leave_id": ids[1], "reason": "日期有误"}));
    // What an old client has called approved can be revoked.
    let revoked = clinic.ok("DOC001", "leave.revoke", of(ids[0]));
    assert_eq!(revoked["leave"]["state"], "revoked");
    for (id, status) in ids.iter().zip(["rejected", "rejected", "approved"]) {
        assert_eq!(old_rows(&mut clinic, *id, status), 1);
    }
}

#[test]
fn leaves_are_listed_by_whom_they_concern() {
    let mut clinic = Clinic::new();
    for day in ["2026-01-06", "2026-01-08", "2026-01-10"] {
        ask(&mut clinic, "DOC001", days(day, day));
    }
    let other = ask(&mut clinic, "DOC003", days("2026-01-06", "2026-01-06"));
    clinic.ok(ADMIN, "leave.reject", json!({"leave_id": other, "reason": "x"}));
    let ids = |list: &Value| -> Vec<i64> {
        list["items"].as_array().unwrap().iter().map(|item| item["leave_id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(&clinic.ok(CLERK, "leave.list", json!({}))), [4, 3, 2, 1]);
    assert_eq!(ids(&clinic.ok(ADMIN, "leave.list", json!({"is_pending": true}))), [3, 2, 1]);
    assert_eq!(ids(&clinic.ok("DOC003", "leave.list", json!({}))), [4]);
    clinic.refused("DOC002", "leave.list", json!({"department": "内科"}), "forbidden");
    clinic.refused("DOC002", "leave.list", json!({"doctor_id": 4}), "forbidden");
    lead(&mut clinic);
    clinic.ok("DOC002", "leave.list", json!({"doctor_id": 4}));
    let mut params = json!({"department": "内科", "limit": 2});
    let page = clinic.ok("DOC002", "leave.list", params.clone());
    assert_eq!((ids(&page), &page["next_cursor"]), (vec![3, 2], &json!(2)));
    params["cursor"] = page["next_cursor"].clone();
    let page = clinic.ok("DOC002", "leave.list", params);
    assert_eq!((ids(&page), &page["next_cursor"]), (vec![1], &Value::Null));
    clinic.refused("DOC002", "leave.list", json!({"department": "外科"}), "forbidden");
}

#[test]
fn an_approval_that_comes_again_is_carried_out_once() {
    let mut clinic = Clinic::new();
    let session_id = session_on(&mut clinic, 4, "2026-01-06", "morning");
    clinic.book(session_id, 0);
    let leave_id = ask(&mut clinic, "DOC001", days("2026-01-06", "2026-01-06"));
    let params = json!({"leave_id": leave_id, "request_id": "one"});
    let first = clinic.ok(ADMIN, "leave.approve", params.clone());
    assert_eq!(clinic.ok(ADMIN, "leave.approve", params), first);
    assert_eq!(clinic.number("SELECT count(*) FROM schedule_exceptions"), 1);
}

#[test]
fn what_is_booked_outside_of_sessions_is_named() {
    let mut clinic = Clinic::new();
    let book = json!({"create_appointment": 1, "patient_phone": patient(0), "doctor_name": "王医生",
        "appointment_time": "2026-01-08 10:00"});
    clinic.old(&book);
    let appointment_id = clinic.number("SELECT max(appointment_id) FROM appointments");
    let leave_id = ask(&mut clinic, "DOC001", days("2026-01-06", "2026-01-09"));
    let approved = clinic.ok(ADMIN, "leave.approve", of(leave_id));
    assert_eq!(approved["outside_sessions"], json!([appointment_id]));
}

#[test]
fn who_listens_to_an_appointment_hears_of_its_new_doctor() {
    let mut clinic = Clinic::new();
    let session_id = session_on(&mut clinic, 4, "2026-01-06", "morning");
    let appointment_id = clinic.book(session_id, 0);
    let mut topics = json!({"topics": [format!("appointment:{appointment_id}")]});
    clinic.ok("DOC001", "event.subscribe", topics.clone());
    let stands = clinic.ok(&patient(0), "event.subscribe", topics.clone());
    assert_eq!(stands["topics"][0]["facts"]["doctor_id"], 4);
    let leave_id = ask(&mut clinic, "DOC001", days("2026-01-06", "2026-01-06"));
    clinic.ok(ADMIN, "leave.approve", json!({"leave_id": leave_id, "substitute_id": 5}));
    let denied = topics.clone();
    topics["since"] = stands["sequence"].clone();
    let missed = clinic.ok(&patient(0), "event.subscribe", topics);
    let last = missed["events"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["facts"]["doctor_id"], &last["facts"]["state"]), (&json!(5), &json!("booked")));
    clinic.refused("DOC001", "event.subscribe", denied, "forbidden");
}

#[test]
fn the_reason_is_for_the_doctor_and_whoever_decides() {
    let mut clinic = Clinic::new();
    let asked = json!({"date_from": "2026-02-02", "date_to": "2026-02-03", "reason": "手术"});
    let leave_id = clinic.ok("DOC001", "leave.request", asked)["leave_id"].as_i64().unwrap();
    for (who, reason) in [("DOC001", json!("手术")), (ADMIN, json!("手术")), (CLERK, json!(null))] {
        assert_eq!(clinic.ok(who, "leave.get", json!({"leave_id": leave_id}))["reason"], reason, "{who}");
        assert_eq!(clinic.ok(who, "leave.list", json!({}))["items"][0]["reason"], reason, "{who}");
    }
}
