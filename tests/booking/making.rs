//! How sessions are made.

use super::clinic::*;
use serde_json::{Value, json};

fn template(clinic: &mut Clinic, weekday: i64, period: &str, starts: &str, ends: &str) -> Value {
    let params = json!({
        "doctor_id": 4, "weekday": weekday, "period": period, "starts": starts, "ends": ends,
        "capacity_online": 3, "capacity_onsite": 1,
    });
    clinic.ok(CLERK, "schedule.add_template", params)["id"].take()
}

fn generate(clinic: &mut Clinic) -> Vec<Value> {
    let made = clinic.ok(CLERK, "schedule.generate", json!({"doctor_id": 4}));
    made["session_ids"].as_array().unwrap().clone()
}

/// From when to when the doctor's sessions of a day are.
fn hours(clinic: &mut Clinic, day: &str) -> Vec<(String, String)> {
    let list = clinic.ok(CLERK, "schedule.sessions", json!({"doctor_id": 4, "date_from": day}));
    let hour = |item: &Value, key: &str| item[key].as_str().unwrap()[11..16].to_owned();
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| (hour(item, "starts_at"), hour(item, "ends_at"))).collect()
}

fn pair(starts: &str, ends: &str) -> (String, String) {
    (starts.into(), ends.into())
}

#[test]
fn what_was_made_is_not_made_again() {
    let mut clinic = Clinic::new();
    template(&mut clinic, 1, "morning", "09:00", "12:00");
    template(&mut clinic, 1, "afternoon", "14:00", "17:00");
    // Today and both Mondays of the two weeks ahead.
    assert_eq!(generate(&mut clinic).len(), 6);
    assert_eq!(generate(&mut clinic), Vec::<Value>::new());
    clinic.tick();
    assert_eq!(clinic.number("SELECT count(*) FROM clinic_sessions"), 6);
    let first = clinic.listed(1);
    assert_eq!((&first["department"], &first["day"]), (&json!("内科"), &json!(DAY)));
    // The timer goes on by itself.
    clinic.at("2026-01-12 07:00");
    clinic.tick();
    assert_eq!(clinic.number("SELECT count(*) FROM clinic_sessions"), 8);
}

#[test]
fn anyone_lists_a_month_of_sessions_at_once_and_page_by_page() {
    let mut clinic = Clinic::new();
    for weekday in 1..=7 {
        template(&mut clinic, weekday, "morning", "09:00", "12:00");
        template(&mut clinic, weekday, "afternoon", "14:00", "17:00");
    }
    assert_eq!(generate(&mut clinic).len(), 30);
    clinic.session(5, 1);
    for (to, is_right) in [("2026-02-04", true), ("2026-02-05", false)] {
        for doctor_id in [json!(null), json!(4)] {
            let mut params = json!({"date_from": DAY, "date_to": to, "doctor_id": doctor_id, "limit": 7});
            let mut begins = Vec::new();
            loop {
                let page = match clinic.call(&patient(0), "schedule.sessions", &params) {
                    Ok(page) => page,
                    Err(facts) => {
                        assert_eq!((&facts["field"], is_right), (&json!("date_to"), false));
                        break;
                    }
                };
                let items = page["items"].as_array().unwrap();
                begins.extend(items.iter().map(|item| item["starts_at"].as_str().unwrap().to_owned()));
                params["cursor"] = page["next_cursor"].clone();
                if params["cursor"].is_null() {
                    break;
                }
            }
            let count = if is_right { 30 + usize::from(doctor_id.is_null()) } else { 0 };
            assert_eq!(begins.len(), count);
            assert!(begins.is_sorted());
        }
    }
}

#[test]
fn a_session_that_is_over_is_not_made() {
    let mut clinic = Clinic::new();
    let old = json!({"create_appointment": 1, "patient_phone": patient(0), "doctor_name": "王医生",
        "appointment_time": "2026-01-05 09:30:00"});
    assert_eq!(clinic.old(&old)["status"], "success");
    template(&mut clinic, 1, "morning", "09:00", "12:00");
    clinic.at("2026-01-05 12:00");
    assert_eq!(generate(&mut clinic).len(), 2);
    let made = clinic.ok(CLERK, "schedule.generate", json!({"doctor_id": 5, "from_work_schedule": true}));
    let of_today = |clinic: &mut Clinic| hours(clinic, DAY);
    assert_eq!(of_today(&mut clinic), []);
    clinic.at("2026-01-05 18:00");
    let more = clinic.ok(CLERK, "schedule.generate", json!({"doctor_id": 4, "from_work_schedule": true}));
    // Nine to five is over, and on Mondays there are sessions; the other days have none.
    assert_eq!(more["session_ids"].as_array().unwrap().len(), 8);
    assert_eq!(made["session_ids"].as_array().unwrap().len(), 13);
    clinic.tick();
    assert_eq!(
        clinic.number("SELECT count(*) FROM bookings"),
        0,
        "nobody was taken for one who did not come"
    );
}

#[test]
fn days_on_which_templates_do_not_hold() {
    let mut clinic = Clinic::new();
    template(&mut clinic, 1, "morning", "09:00", "12:00");
    template(&mut clinic, 2, "morning", "09:00", "12:00");
    for (day, starts, ends) in [("2026-01-12", None, None), ("2026-01-13", Some("10:00"), Some("11:00"))] {
        let params = json!({"doctor_id": 4, "date_from": day, "date_to": day, "reason": "会议",
            "starts": starts, "ends": ends});
        clinic.ok(CLERK, "schedule.add_exception", params);
    }
    generate(&mut clinic);
    assert_eq!(hours(&mut clinic, "2026-01-12"), []);
    assert_eq!(hours(&mut clinic, "2026-01-13"), [pair("10:00", "11:00")]);
    assert_eq!(hours(&mut clinic, "2026-01-19"), [pair("09:00", "12:00")]);
    let removed = clinic.ok(CLERK, "schedule.exceptions", json!({}))["items"][0]["exception_id"].take();
    clinic.ok(CLERK, "schedule.remove_exception", json!({"exception_id": removed}));
    generate(&mut clinic);
    assert_eq!(hours(&mut clinic, "2026-01-12"), [pair("09:00", "12:00")]);
}

#[test]
fn blocks_leave_what_is_before_and_behind_them() {
    for (blocks, left) in [
        (vec![("08:00", "10:00")], vec![pair("10:00", "12:00")]),
        (vec![("11:00", "13:00")], vec![pair("09:00", "11:00")]),
        (vec![("08:00", "13:00")], vec![]),
        (vec![("10:00", "11:00")], vec![pair("09:00", "12:00")]),
        (vec![("08:00", "11:00"), ("08:30", "10:00")], vec![pair("11:00", "12:00")]),
        (vec![("10:00", "13:00"), ("11:00", "14:00")], vec![pair("09:00", "10:00")]),
        (vec![("08:00", "10:00"), ("10:00", "11:00")], vec![pair("11:00", "12:00")]),
        (vec![("10:00", "11:00"), ("10:30", "12:00")], vec![pair("09:00", "10:00")]),
    ] {
        let mut clinic = Clinic::new();
        template(&mut clinic, 2, "morning", "09:00", "12:00");
        for (starts, ends) in &blocks {
            let params = json!({"reason": "消毒", "starts_at": format!("2026-01-06 {starts}"),
                "ends_at": format!("2026-01-06 {ends}")});
            clinic.ok(CLERK, "schedule.add_block", params);
        }
        generate(&mut clinic);
        assert_eq!(hours(&mut clinic, "2026-01-06"), left, "{blocks:?}");
    }
}

#[test]
fn a_block_stops_the_sessions_that_lie_in_it() {
    let mut clinic = Clinic::new();
    let (first, second) = (clinic.session(4, 3), clinic.session(5, 3));
    let (booked, kept) = (clinic.book(first, 0), clinic.book(second, 1));
    let block = json!({"reason": "消毒", "starts_at": "2026-01-05 00:00", "ends_at": "2026-01-06 00:00",
        "department": "内科"});
    let blocked = clinic.ok(CLERK, "schedule.add_block", block);
    assert_eq!(blocked["stopped_sessions"], json!([first]));
    assert_eq!(blocked["cancelled_appointments"], json!([booked]));
    assert_eq!(clinic.get(booked)["cancelled_by"], "hospital");
    assert_eq!(
        (clinic.state(kept).as_str(), clinic.listed(second)["state"].as_str()),
        ("booked", Some("open"))
    );
    let facts = clinic.refused_book(first, 2, "session_stopped");
    assert_eq!(facts["reason"], "消毒");
    let notices = clinic.ok(&patient(0), "notice.list", json!({}));
    assert_eq!(notices["items"][0]["kind"], "session_stopped");
    assert_eq!(clinic.number("SELECT count(*) FROM booking_penalties"), 0);
    let again = clinic.ok(CLERK, "schedule.stop_session", json!({"session_id": first, "reason": "又"}));
    assert_eq!(again["cancelled_appointments"], json!([]));
}

#[test]
fn hours_that_are_taken_are_refused() {
    let mut clinic = Clinic::new();
    let id = template(&mut clinic, 1, "morning", "09:00", "12:00");
    for (period, starts, ends) in [("second", "11:59", "13:00"), ("morning", "14:00", "15:00")] {
        let params = json!({"doctor_id": 4, "weekday": 1, "period": period, "starts": starts, "ends": ends,
            "capacity_online": 1});
        let facts = clinic.refused(CLERK, "schedule.add_template", params, "overlaps");
        assert_eq!(facts["template_id"], id);
    }
    template(&mut clinic, 1, "noon", "12:00", "13:00");
    let session_id = clinic.session(4, 3);
    for (period, starts, ends) in [("second", "08:00", "09:01"), ("morning", "14:00", "15:00")] {
        let params = json!({"doctor_id": 4, "period": period, "capacity_online": 1,
            "starts_at": format!("{DAY} {starts}"), "ends_at": format!("{DAY} {ends}")});
        let facts = clinic.refused(CLERK, "schedule.add_session", params, "overlaps");
        assert_eq!(facts["session_id"], session_id);
    }
    // A template that has ended is not made longer by ending it once more, for another may have come after it.
    for last_day in ["2026-02-01", "2026-12-31"] {
        let params = json!({"template_id": id, "last_day": last_day});
        clinic.ok(CLERK, "schedule.end_template", params);
    }
    let templates = clinic.ok(CLERK, "schedule.templates", json!({}));
    assert_eq!(templates["items"][0]["valid_to"], "2026-02-01");
}

#[test]
fn the_working_hours_of_old_doctors_make_sessions() {
    let mut clinic = Clinic::new();
    let params = json!({"doctor_id": 5, "from_work_schedule": true});
    let made = clinic.ok(CLERK, "schedule.generate", params.clone());
    // Every day of two weeks and a day but two Sundays.
    assert_eq!(made["session_ids"].as_array().unwrap().len(), 13);
    assert_eq!(clinic.ok(CLERK, "schedule.generate", params)["session_ids"], json!([]));
    let first = clinic.listed(1);
    assert_eq!(
        (&first["starts_at"], &first["online"]["capacity"]),
        (&json!("2026-01-05 08:00:00"), &json!(25))
    );
    clinic.refused(
        CLERK,
        "schedule.generate",
        json!({"doctor_id": 99, "from_work_schedule": true}),
        "not_found",
    );
}

#[test]
fn what_was_booked_before_takes_places_of_the_new_session() {
    let mut clinic = Clinic::new();
    let mut old = Vec::new();
    for (number, time) in [(0, "09:10"), (1, "11:59"), (2, "12:00"), (3, "10:00")] {
        let request = json!({"create_appointment": 1, "patient_phone": patient(number), "doctor_name": "王医生",
            "appointment_time": format!("{DAY} {time}:00")});
        old.push(clinic.old(&request)["appointment_info"]["appointment_id"].as_i64().unwrap());
    }
    clinic.old(&json!({"cancel_appointment": 1, "appointment_id": old[3]}));
    let session_id = clinic.session(4, 1);
    let listed = clinic.listed(session_id);
    assert_eq!(listed["online"], json!({"capacity": 2, "remaining": 0}), "there is room for all who had one");
    assert_eq!(clinic.state(old[0]), "booked");
    assert_eq!(clinic.get(old[1])["department"], "内科");
    for other in [old[2], old[3]] {
        clinic.refused(NURSE, "appointment.get", json!({"appointment_id": other}), "not_found");
    }
    clinic.cancel(CLERK, old[0]);
    assert_eq!(clinic.remaining(session_id), 1);
}

#[test]
fn a_session_gets_more_places_or_fewer_but_not_fewer_than_are_taken() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 2);
    clinic.book(session_id, 0);
    let resize = |online: i64| json!({"session_id": session_id, "capacity_online": online});
    assert_eq!(clinic.ok(CLERK, "schedule.resize_session", resize(1))["online"]["remaining"], 0);
    clinic.refused(CLERK, "schedule.resize_session", resize(0), "conflict");
    assert_eq!(clinic.ok(CLERK, "schedule.resize_session", resize(5))["online"]["remaining"], 4);
    let to_nothing = json!({"session_id": session_id});
    clinic.refused(CLERK, "schedule.resize_session", to_nothing, "nothing_to_change");
}

#[test]
fn days_that_end_before_they_begin_are_no_list_of_none() {
    let mut clinic = Clinic::new();
    clinic.session(4, 2);
    let of = |from: &str, to: &str| json!({"date_from": from, "date_to": to});
    let all = clinic.ok(CLERK, "schedule.sessions", of("2026-01-05", "2026-01-05"));
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
    let error = clinic.call(CLERK, "schedule.sessions", &of("2026-01-06", "2026-01-05")).unwrap_err();
    assert_eq!(error["field"], "date_to");
    // Where it is not said from when, that is today.
    let error = clinic.call(CLERK, "schedule.sessions", &json!({"date_to": "2026-01-04"})).unwrap_err();
    assert_eq!(error["field"], "date_to");
}

#[test]
fn no_place_is_given_out_within_a_block() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 5);
    let block = |from: &str, to: &str| {
        json!({"starts_at": format!("{DAY} {from}"), "ends_at": format!("{DAY} {to}"),
        "reason": "开会", "doctor_id": 4})
    };
    clinic.ok(CLERK, "schedule.add_block", block("08:00", "10:00"));
    clinic.ok(CLERK, "schedule.add_block", block("10:30", "11:30"));
    let mut times = Vec::new();
    for number in 0..5 {
        let id = clinic.book(session_id, number);
        times.push(clinic.get(id)["starts_at"].as_str().unwrap()[11..16].to_owned());
    }
    // An hour is left for six.
    assert_eq!(times, ["10:00", "10:10", "10:20", "11:30", "11:40"]);
    let old = |time: &str| {
        json!({"create_appointment": 1, "patient_phone": patient(6), "doctor_name": "王医生",
        "appointment_time": format!("{DAY} {time}:00")})
    };
    clinic.ok(CLERK, "schedule.resize_session", json!({"session_id": session_id, "capacity_online": 6}));
    assert_eq!(clinic.old(&old("11:00"))["message"], "医生 王医生 该时段停诊");
    assert_eq!(clinic.old(&old("11:50"))["status"], "success");
    // Nor is a session made of which nothing is left.
    clinic.ok(CLERK, "schedule.add_block", block("14:00", "18:00"));
    let more = json!({"doctor_id": 4, "period": "more", "starts_at": format!("{DAY} 15:00"),
        "ends_at": format!("{DAY} 16:00"), "capacity_online": 1});
    clinic.refused(CLERK, "schedule.add_session", more, "overlaps");
}

#[test]
fn of_many_sessions_in_a_block_the_others_are_stopped_by_and_by() {
    let mut clinic = Clinic::new();
    for hour in 0..24 {
        clinic.session_of(json!({
            "doctor_id": 4, "period": format!("hour {hour}"), "starts_at": format!("2026-01-06 {hour:02}:00"),
            "ends_at": format!("2026-01-06 {hour:02}:59"), "capacity_online": 1,
        }));
    }
    let last = clinic.number("SELECT max(session_id) FROM clinic_sessions");
    let booked = clinic.book(last, 0);
    let holiday = json!({"starts_at": "2026-01-06 00:00", "ends_at": "2026-01-07 00:00", "reason": "放假"});
    let done = clinic.ok(CLERK, "schedule.add_block", holiday);
    assert_eq!((done["stopped_sessions"].as_array().unwrap().len(), &done["has_more"]), (20, &json!(true)));
    assert_eq!(clinic.state(booked), "booked");
    clinic.refused_book(last - 1, 1, "session_stopped");
    clinic.tend();
    assert_eq!(clinic.state(booked), "cancelled");
    assert_eq!(clinic.number("SELECT count(*) FROM clinic_sessions WHERE state = 'stopped'"), 24);
    assert_eq!(clinic.ok(&patient(0), "notice.list", json!({}))["items"][0]["text"], "放假");
}

#[test]
fn another_session_comes_in_place_of_one_that_was_stopped() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 2);
    let morning = json!({"doctor_id": 4, "period": "morning", "starts_at": format!("{DAY} 09:00"),
        "ends_at": format!("{DAY} 12:00"), "capacity_online": 2});
    clinic.refused(CLERK, "schedule.add_session", morning.clone(), "overlaps");
    let stop = |session_id: i64| json!({"session_id": session_id, "reason": "停诊"});
    clinic.ok(CLERK, "schedule.stop_session", stop(session_id));
    let second = clinic.session_of(morning.clone());
    clinic.refused(CLERK, "schedule.add_session", morning.clone(), "overlaps");
    // Old clients find the one that takes place.
    let old = json!({"create_appointment": 1, "patient_phone": patient(0), "doctor_name": "王医生",
        "appointment_time": format!("{DAY} 10:00:00")});
    assert_eq!(clinic.old(&old)["status"], "success");
    assert_eq!(clinic.remaining(second), 1);
    clinic.ok(CLERK, "schedule.stop_session", stop(second));
    let third = clinic.session_of(morning);
    clinic.at("2026-01-05 12:00");
    clinic.tick();
    for id in [session_id, second, third] {
        assert_eq!(clinic.listed(id)["state"], "closed");
    }
}

#[test]
fn a_template_makes_none_in_place_of_one_that_was_stopped() {
    let mut clinic = Clinic::new();
    let template = json!({"doctor_id": 4, "weekday": 2, "period": "morning", "starts": "09:00", "ends": "12:00",
        "capacity_online": 2, "valid_to": "2026-01-06"});
    clinic.ok(CLERK, "schedule.add_template", template);
    let made = clinic.ok(CLERK, "schedule.generate", json!({}))["session_ids"].take();
    let [session_id] = made.as_array().unwrap().as_slice() else { panic!("{made}") };
    clinic.ok(CLERK, "schedule.stop_session", json!({"session_id": session_id, "reason": "停诊"}));
    assert_eq!(clinic.ok(CLERK, "schedule.generate", json!({}))["session_ids"], json!([]));
}

#[test]
fn what_is_planned_is_of_a_department_that_there_is_and_of_a_time_to_come() {
    let mut clinic = Clinic::new();
    clinic.at("2026-01-05 10:00");
    let block = |from: &str, to: &str| json!({"starts_at": from, "ends_at": to, "reason": "放假"});
    let session = |from: &str, to: &str| json!({"doctor_id": 4, "period": "p", "starts_at": from, "ends_at": to, "capacity_online": 1});
    let template = json!({"doctor_id": 4, "weekday": 2, "period": "p", "starts": "09:00", "ends": "12:00",
        "capacity_online": 2});
    for (method, mut params) in [
        ("schedule.add_session", session("2026-01-06 09:00", "2026-01-06 12:00")),
        ("schedule.add_template", template),
        ("schedule.add_block", block("2026-01-06 09:00", "2026-01-06 12:00")),
    ] {
        params["department"] = json!("没有的科");
        clinic.refused(CLERK, method, params.clone(), "not_found");
        params["department"] = json!("内科");
        clinic.ok(CLERK, method, params);
    }
    for (method, params) in [
        ("schedule.add_block", block("0001-01-01 00:00", "0001-01-02 00:00")),
        ("schedule.add_block", block("0001-01-01 00:00", "2026-01-07 00:00")),
        ("schedule.add_block", block("2026-01-05 08:00", "2026-01-05 10:00")),
        ("schedule.add_session", session("2026-01-04 09:00", "2026-01-04 12:00")),
        ("schedule.add_session", session("2026-01-05 08:00", "2026-01-05 10:00")),
    ] {
        let facts = clinic.call(CLERK, method, &params).unwrap_err();
        assert_eq!(facts["field"], "starts_at", "{method} {params}");
    }
    clinic.ok(CLERK, "schedule.add_session", session("2026-01-05 08:00", "2026-01-05 10:01"));
    clinic.ok(CLERK, "schedule.add_block", block("2026-01-05 08:00", "2026-01-05 10:30"));
}

#[test]
fn only_a_session_that_is_open_gets_other_places() {
    let mut clinic = Clinic::new();
    let (stopped, closed) = (clinic.session(4, 2), clinic.session(5, 2));
    clinic.ok(CLERK, "schedule.stop_session", json!({"session_id": stopped, "reason": "停诊"}));
    let resize = |session_id: i64| json!({"session_id": session_id, "capacity_online": 5});
    let facts = clinic.refused(CLERK, "schedule.resize_session", resize(stopped), "bad_transition");
    assert_eq!((&facts["from"], &facts["allowed"]), (&json!("stopped"), &json!(["closed"])));
    clinic.at("2026-01-05 12:00");
    clinic.tick();
    let facts = clinic.refused(CLERK, "schedule.resize_session", resize(closed), "bad_transition");
    assert_eq!((&facts["from"], &facts["allowed"]), (&json!("closed"), &json!([])));
}
