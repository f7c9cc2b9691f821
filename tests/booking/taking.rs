//! Who gets a place, and who does not.

use super::clinic::*;
use serde_json::json;

#[test]
fn places_online_have_their_time() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session_of(json!({
        "doctor_id": 4, "period": "morning", "starts_at": "2026-01-06 09:00", "ends_at": "2026-01-06 12:00",
        "capacity_online": 5, "capacity_onsite": 5, "release_at": "2026-01-05 07:30",
        "book_until": "2026-01-06 10:00",
    }));
    let facts = clinic.refused_book(session_id, 0, "not_open");
    assert_eq!(facts["opens_at"], "2026-01-05 07:30:00");
    // The desk has its own places, at any time.
    let onsite = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 4, "onsite": true});
    clinic.ok(NURSE, "appointment.book", onsite.clone());
    clinic.at("2026-01-05 07:30");
    clinic.book(session_id, 0);
    clinic.at("2026-01-06 10:00");
    let facts = clinic.refused_book(session_id, 1, "booking_over");
    assert_eq!(facts["until"], "2026-01-06 10:00:00");
    let onsite = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 5, "onsite": true});
    clinic.ok(NURSE, "appointment.book", onsite.clone());
    clinic.refused(&patient(5), "appointment.book", onsite, "forbidden");
}

#[test]
fn of_many_who_want_one_place_one_gets_it() {
    let mut clinic = Clinic::new();
    let (full, free) = (clinic.session(4, 1), clinic.session(5, 4));
    let later = clinic.session_of(json!({
        "doctor_id": 4, "period": "later", "starts_at": "2026-01-07 09:00", "ends_at": "2026-01-07 12:00",
        "capacity_online": 4,
    }));
    // Places that are no longer given out are no alternative.
    clinic.session_of(json!({
        "doctor_id": 4, "period": "late", "starts_at": "2026-01-08 09:00", "ends_at": "2026-01-08 12:00",
        "capacity_online": 4, "book_until": "2026-01-05 06:00",
    }));
    let mut winners = 0;
    for number in 0..PATIENTS {
        let params = json!({"session_id": full, "patient_id": FIRST_PATIENT + number});
        match clinic.call(&patient(number), "appointment.book", &params) {
            Ok(_) => winners += 1,
            Err(facts) => {
                assert_eq!((&facts["code"], &facts["remaining"]), (&json!("session_full"), &json!(0)));
                let named = facts["alternatives"].as_array().unwrap();
                let named: Vec<i64> = named.iter().map(|item| item["session_id"].as_i64().unwrap()).collect();
                assert_eq!(named, [later], "one of the same department, and not {free}");
            }
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(clinic.number("SELECT count(*) FROM bookings"), 1);
    assert_eq!(clinic.number("SELECT count(*) FROM appointments WHERE appointment_id > 3"), 1);
}

#[test]
fn nobody_is_in_two_places_unless_the_staff_says_why() {
    let mut clinic = Clinic::new();
    let (here, there) = (clinic.session(4, 3), clinic.session(5, 3));
    let afternoon = clinic.session_of(json!({
        "doctor_id": 4, "period": "afternoon", "starts_at": "2026-01-05 14:00", "ends_at": "2026-01-05 17:00",
        "capacity_online": 3,
    }));
    let first = clinic.book(here, 0);
    assert_eq!(clinic.refused_book(there, 0, "patient_busy")["appointment_id"], first);
    assert_eq!(clinic.refused_book(afternoon, 0, "limit_reached")["appointment_id"], first);
    let mut params = json!({"session_id": there, "patient_id": FIRST_PATIENT, "override_reason": "急诊"});
    clinic.refused(&patient(0), "appointment.book", params.clone(), "forbidden");
    clinic.ok(CLERK, "appointment.book", params.clone());
    let audited = "SELECT count(*) FROM audit
        WHERE method = 'appointment.book' AND detail = 'override' AND reason = '急诊' AND outcome = 'success'";
    assert_eq!(clinic.number(audited), 1);
    params["session_id"] = json!(afternoon);
    clinic.ok(CLERK, "appointment.book", params);
    for (session_id, patient_id, code) in [(99, FIRST_PATIENT, "not_found"), (here, 999, "not_found")] {
        let params = json!({"session_id": session_id, "patient_id": patient_id});
        clinic.refused(CLERK, "appointment.book", params, code);
    }
}

#[test]
fn a_session_without_a_department_is_of_its_doctors() {
    let mut clinic = Clinic::new();
    let first = clinic.session(4, 3);
    assert_eq!(clinic.listed(first)["department"], "内科");
}

#[test]
fn a_hold_is_confirmed_in_time_or_its_place_is_free() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    let hold = |number: i64| json!({"session_id": session_id, "patient_id": FIRST_PATIENT + number});
    let held = clinic.ok(&patient(0), "appointment.hold", hold(0));
    assert_eq!(held["expires_at_ms"].as_i64().unwrap(), clinic.now.unix_ms + 300_000);
    clinic.refused(&patient(1), "appointment.hold", hold(1), "session_full");
    let id = json!({"appointment_id": held["appointment_id"]});
    clinic.pass(5);
    clinic.refused(&patient(0), "appointment.confirm", id.clone(), "hold_expired");
    clinic.tick();
    clinic.refused(&patient(0), "appointment.confirm", id.clone(), "hold_expired");
    clinic.refused(&patient(0), "appointment.cancel", id, "bad_transition");
    let held = clinic.ok(&patient(1), "appointment.hold", hold(1));
    let id = json!({"appointment_id": held["appointment_id"]});
    clinic.refused(&patient(0), "appointment.confirm", id.clone(), "forbidden");
    let booked = clinic.ok(&patient(1), "appointment.confirm", id.clone());
    assert_eq!((&booked["state"], &booked["expires_at_ms"]), (&json!("booked"), &json!(null)));
    let facts = clinic.refused(&patient(1), "appointment.confirm", id, "bad_transition");
    assert_eq!(facts["allowed"], json!(["checked_in", "cancelled", "no_show"]));
    clinic.pass(10);
    clinic.tick();
    assert_eq!(clinic.remaining(session_id), 0);
}

#[test]
fn a_request_that_comes_again_books_once() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 2);
    let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT, "request_id": "one"});
    let first = clinic.ok(&patient(0), "appointment.book", params.clone());
    assert_eq!(clinic.ok(&patient(0), "appointment.book", params.clone()), first);
    assert_eq!(clinic.remaining(session_id), 1);
    let cancel = json!({"appointment_id": first["appointment_id"], "request_id": "one"});
    clinic.refused(&patient(0), "appointment.cancel", cancel, "request_id_reused");
    clinic.cancel(&patient(0), first["appointment_id"].as_i64().unwrap());
    assert_eq!(clinic.ok(&patient(0), "appointment.book", params), first, "as it was told then");
    assert_eq!(clinic.remaining(session_id), 2);
}

#[test]
fn a_fee_and_whether_it_was_paid() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 2);
    let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT, "fee_fen": 5000});
    let id = clinic.ok(CLERK, "appointment.book", params)["appointment_id"].take();
    let found = clinic.get(id.as_i64().unwrap());
    assert_eq!((&found["fee_fen"], &found["is_paid"]), (&json!(5000), &json!(false)));
    let paid = json!({"appointment_id": id, "is_paid": true, "fee_fen": 4000});
    let found = clinic.ok(CLERK, "appointment.set_paid", paid.clone());
    assert_eq!((&found["fee_fen"], &found["is_paid"]), (&json!(4000), &json!(true)));
    clinic.refused(&patient(0), "appointment.set_paid", paid, "forbidden");
    let listed = clinic.old(&json!({"query_appointments": 1, "patient_phone": patient(0)}));
    assert_eq!(listed["appointments"][0]["fee_paid"], true);
    // What was paid is paid back when it is cancelled, and then nothing is paid any longer.
    clinic.cancel(CLERK, id.as_i64().unwrap());
    let pay = |is_paid: bool| json!({"appointment_id": id, "is_paid": is_paid});
    assert_eq!(clinic.ok(CLERK, "appointment.set_paid", pay(false))["is_paid"], false);
    assert_eq!(clinic.refused(CLERK, "appointment.set_paid", pay(true), "conflict")["state"], "cancelled");
}

#[test]
fn a_booking_whose_reply_is_too_long_leaves_no_gap_in_the_numbers() {
    let mut clinic = Clinic::with(|settings| settings.reply_max_bytes = 370);
    let session_id = clinic.session(4, 5);
    let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT});
    let reply = clinic.call_at_length(&patient(0), "appointment.book", &params, 250);
    assert_eq!(reply["error"]["data"]["code"], "too_large");
    let booked = clinic.ok(&patient(0), "appointment.book", params);
    assert_eq!(booked["queue_number"], 1, "the one before was never there");
}

#[test]
fn where_no_department_is_known_the_limit_is_the_doctors() {
    let mut clinic = Clinic::new();
    clinic.number("UPDATE doctors SET department = NULL WHERE doctor_id = 4 RETURNING 1");
    let first = clinic.session(4, 3);
    let second = clinic.session_of(json!({
        "doctor_id": 4, "period": "afternoon", "starts_at": "2026-01-05 14:00",
        "ends_at": "2026-01-05 17:00", "capacity_online": 3,
    }));
    clinic.book(first, 0);
    clinic.refused_book(second, 0, "limit_reached");
}

#[test]
fn a_visit_costs_what_the_doctor_asks_unless_the_staff_says_otherwise() {
    let mut clinic = Clinic::new();
    let old = json!({"create_appointment": 1, "patient_phone": patient(3), "doctor_name": "王医生",
        "appointment_time": "2026-01-05 09:30:00"});
    let adopted = clinic.old(&old)["appointment_info"]["appointment_id"].as_i64().unwrap();
    let session_id = clinic.session(4, 4);
    clinic.ok("DOC001", "doctor.update", json!({"doctor_id": 4, "fee_fen": 1999}));
    let own_price = json!({"session_id": session_id, "patient_id": FIRST_PATIENT, "fee_fen": 0});
    for method in ["appointment.book", "appointment.hold"] {
        clinic.refused(&patient(0), method, own_price.clone(), "forbidden");
    }
    let booked = clinic.book(session_id, 0);
    assert_eq!(clinic.get(booked)["fee_fen"], 1999);
    let free = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 1, "fee_fen": 0});
    let free = clinic.ok(CLERK, "appointment.book", free)["appointment_id"].as_i64().unwrap();
    assert_eq!(clinic.get(free)["fee_fen"], 0);
    let dear = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 2, "fee_fen": 100_000_001});
    let facts = clinic.call(CLERK, "appointment.book", &dear).unwrap_err();
    assert_eq!(facts["field"], "fee_fen");
    // It cost what it did when the session was made.
    assert_eq!(clinic.get(adopted)["fee_fen"], 5000);
}

#[test]
fn nobody_is_told_a_time_that_has_passed() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 8);
    clinic.at("2026-01-05 10:05");
    let time =
        |clinic: &mut Clinic, id: i64| clinic.get(id)["starts_at"].as_str().unwrap()[11..16].to_owned();
    let first = clinic.book(session_id, 0);
    assert_eq!(time(&mut clinic, first), "10:05");
    clinic.now.local = clinic.now.local.replace("10:05:00", "10:05:01");
    let second = clinic.book(session_id, 1);
    assert_eq!(time(&mut clinic, second), "10:06");
    // A block that lies before them is over before they are seen.
    let block = json!({"starts_at": "2026-01-05 10:00", "ends_at": "2026-01-05 10:30", "reason": "开会",
        "doctor_id": 4});
    let block = clinic.ok(CLERK, "schedule.add_block", block)["block_id"].take();
    let third = clinic.book(session_id, 2);
    assert_eq!(time(&mut clinic, third), "10:30");
    clinic.ok(CLERK, "schedule.remove_block", json!({"block_id": block}));
    // They are late some time after they have booked.
    let held = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 3});
    let held = clinic.ok(&patient(3), "appointment.hold", held)["appointment_id"].take();
    clinic.at("2026-01-05 10:09");
    clinic.ok(&patient(3), "appointment.confirm", json!({"appointment_id": held}));
    clinic.at("2026-01-05 10:22");
    let is_late = |clinic: &mut Clinic, id: &serde_json::Value| {
        clinic.ok(NURSE, "queue.check_in", json!({"appointment_id": id}))["is_late"].take()
    };
    assert_eq!(is_late(&mut clinic, &json!(second)), true);
    assert_eq!(is_late(&mut clinic, &held), false);
    // To the last minute.
    clinic.at("2026-01-05 11:59");
    let last = clinic.book(session_id, 4);
    assert_eq!(time(&mut clinic, last), "11:59");
    let behind = json!({"starts_at": "2026-01-05 11:30", "ends_at": "2026-01-05 14:00", "reason": "开会",
        "doctor_id": 4});
    clinic.ok(CLERK, "schedule.add_block", behind);
    clinic.refused_book(session_id, 5, "session_stopped");
}

#[test]
fn nobody_keeps_a_place_by_one_hold_after_another() {
    let mut clinic = Clinic::new();
    let (session_id, other) = (clinic.session(4, 1), clinic.session(5, 1));
    let hold = |session_id: i64| json!({"session_id": session_id, "patient_id": FIRST_PATIENT});
    let held = |clinic: &mut Clinic, session_id: i64| {
        clinic.ok(&patient(0), "appointment.hold", hold(session_id))["appointment_id"].as_i64().unwrap()
    };
    let lost = held(&mut clinic, session_id);
    clinic.pass(5);
    clinic.tick();
    assert_eq!(clinic.state(lost), "expired");
    let let_go = held(&mut clinic, session_id);
    clinic.cancel(&patient(0), let_go);
    // One that is moved has kept a place in each.
    let moved = held(&mut clinic, session_id);
    clinic.ok(&patient(0), "appointment.reschedule", json!({"appointment_id": moved, "session_id": other}));
    clinic.cancel(&patient(0), moved);
    clinic.pass(10);
    let facts = clinic.refused(&patient(0), "appointment.hold", hold(session_id), "too_many_holds");
    assert_eq!(facts["retry_after_ms"], 50 * 60_000);
    // Others hold it, and they may hold another one, or book.
    let others = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 1});
    let others = clinic.ok(&patient(1), "appointment.hold", others)["appointment_id"].as_i64().unwrap();
    clinic.cancel(&patient(1), others);
    let elsewhere = held(&mut clinic, other);
    clinic.cancel(&patient(0), elsewhere);
    let booked = clinic.book(session_id, 0);
    clinic.cancel(&patient(0), booked);
    clinic.pass(50);
    held(&mut clinic, session_id);
}

#[test]
fn what_is_named_instead_of_a_full_session_is_the_nearest() {
    let mut clinic = Clinic::new();
    let mut session = |doctor_id: i64, starts: &str| {
        clinic.session_of(json!({
            "doctor_id": doctor_id, "period": starts, "starts_at": format!("2026-01-{starts}:00"),
            "ends_at": format!("2026-01-{starts}:50"), "capacity_online": 1, "department": "内科",
        }))
    };
    let full = session(4, "08 09");
    let (before, long_before) = (session(4, "07 15"), session(5, "05 15"));
    let (days_later, of_another, own) = (session(4, "12 09"), session(5, "08 14"), session(4, "08 14"));
    let next = session(5, "08 11");
    clinic.book(full, 0);
    let facts = clinic.refused_book(full, 1, "session_full");
    let named: Vec<i64> = facts["alternatives"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["session_id"].as_i64().unwrap())
        .collect();
    assert_eq!(named, [next, own, of_another, days_later, before], "and not {long_before}");
}

#[test]
fn a_reason_can_be_seen() {
    let mut clinic = Clinic::new();
    let id = clinic.session(4, 2);
    let facts = clinic.call(
        CLERK,
        "schedule.stop_session",
        &json!({"session_id": id, "reason": "\u{200b} \u{feff}"}),
    );
    assert_eq!(facts.unwrap_err()["field"], "reason");
}

#[test]
fn what_is_absent_looks_to_a_patient_as_what_is_another_ones() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    let of_another = clinic.book(session_id, 0);
    let join = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 2});
    let entry = clinic.ok(&patient(2), "waitlist.join", join)["entry_id"].take();
    for (method, name) in [
        ("appointment.get", "appointment_id"),
        ("appointment.cancel", "appointment_id"),
        ("queue.status", "appointment_id"),
        ("waitlist.leave", "entry_id"),
    ] {
        let there = if name == "entry_id" { entry.clone() } else { json!(of_another) };
        let facts = clinic.refused(&patient(1), method, json!({name: there}), "forbidden");
        assert_eq!(clinic.refused(&patient(1), method, json!({name: 999}), "forbidden"), facts);
        clinic.refused(NURSE, method, json!({name: 999}), "not_found");
    }
    for id in [of_another, 999] {
        let topics = json!({"topics": [format!("appointment:{id}")]});
        clinic.refused(&patient(1), "event.subscribe", topics, "forbidden");
    }
}

#[test]
fn a_doctor_is_told_whose_session_it_is_not() {
    let mut clinic = Clinic::new();
    let foreign = clinic.session(5, 1);
    let params = json!({"session_id": foreign});
    assert_eq!(clinic.refusal("DOC001", "appointment.list", &params), "this is another doctor's");
}
