//! The end of a session, and who did not come.

use super::clinic::*;
use serde_json::json;

/// Lets a patient miss a session of each of these days.
fn miss(clinic: &mut Clinic, number: i64, days: &[&str]) {
    for day in days {
        let session_id = clinic.session_of(json!({
            "doctor_id": 4, "period": "morning", "starts_at": format!("{day} 09:00"),
            "ends_at": format!("{day} 12:00"), "capacity_online": 2,
        }));
        clinic.at(&format!("{day} 08:00"));
        let id = clinic.book(session_id, number);
        clinic.at(&format!("{day} 12:00"));
        clinic.tick();
        assert_eq!(clinic.state(id), "no_show");
        assert_eq!(clinic.listed(session_id)["state"], "closed");
    }
}

#[test]
fn who_never_came_did_not_come_and_who_was_not_seen_has_left() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 4);
    let (absent, present) = (clinic.book(session_id, 0), clinic.book(session_id, 1));
    clinic.at("2026-01-05 11:58");
    let hold = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 2});
    let held = clinic.ok(&patient(2), "appointment.hold", hold)["appointment_id"].as_i64().unwrap();
    clinic.ok(NURSE, "queue.check_in", json!({"appointment_id": present}));
    clinic.at("2026-01-05 12:00");
    clinic.tick();
    assert_eq!(clinic.state(absent), "no_show");
    let left = clinic.get(present);
    assert_eq!((&left["state"], &left["cancelled_by"]), (&json!("cancelled"), &json!("system")));
    assert_eq!(clinic.state(held), "cancelled");
    clinic.refused_book(session_id, 3, "session_closed");
    let sql = "SELECT count(*) FROM appointments WHERE appointment_id > 3 AND status = 'cancelled'";
    assert_eq!(clinic.number(sql), 3);
}

#[test]
fn whoever_was_seen_without_the_queue_has_come() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 4);
    let (booked, waiting) = (clinic.book(session_id, 0), clinic.book(session_id, 1));
    clinic.at("2026-01-05 11:00");
    clinic.ok(NURSE, "queue.check_in", json!({"appointment_id": waiting}));
    for (number, appointment_id) in [(0, booked), (1, waiting)] {
        let params = json!({"patient_id": FIRST_PATIENT + number, "appointment_id": appointment_id});
        clinic.ok("DOC001", "encounter.open", params);
    }
    let cancel = json!({"appointment_id": booked});
    let facts = clinic.refused(&patient(0), "appointment.cancel", cancel, "bad_transition");
    assert_eq!(facts["from"], "in_consultation");
    // Nor does the desk move it to a doctor who has not seen the patient.
    let move_on = json!({"appointment_id": booked, "session_id": clinic.session(5, 4)});
    clinic.refused(CLERK, "appointment.reschedule", move_on, "bad_transition");
    clinic.at("2026-01-05 12:00");
    clinic.tick();
    for appointment_id in [booked, waiting] {
        assert_eq!(clinic.state(appointment_id), "completed");
    }
    assert_eq!(clinic.number("SELECT count(*) FROM tickets WHERE state = 'done'"), 1);
}

#[test]
fn who_did_not_come_too_often_does_not_book_online_until_the_staff_says_so() {
    let mut clinic = Clinic::new();
    miss(&mut clinic, 0, &["2026-01-06", "2026-01-07"]);
    let next = clinic.session_of(json!({
        "doctor_id": 5, "period": "next", "starts_at": "2026-01-09 09:00", "ends_at": "2026-01-09 12:00",
        "capacity_online": 3, "capacity_onsite": 3,
    }));
    let booked = clinic.book(next, 0);
    clinic.cancel(&patient(0), booked);
    miss(&mut clinic, 0, &["2026-01-08"]);
    let facts = clinic.refused_book(next, 0, "penalised");
    assert_eq!(facts["blocked_until"], "2026-04-08");
    // The desk is told what it can do: it still has places for them, and may book online for a reason.
    let online = json!({"session_id": next, "patient_id": FIRST_PATIENT});
    let words = clinic.refusal(CLERK, "appointment.book", &online);
    assert!(words.contains("`onsite`") && words.contains("`override_reason`"), "{words}");
    let for_reason = json!({"session_id": next, "patient_id": FIRST_PATIENT, "override_reason": "住院"});
    let id = clinic.ok(CLERK, "appointment.book", for_reason)["appointment_id"].as_i64().unwrap();
    clinic.cancel(CLERK, id);
    let onsite = json!({"session_id": next, "patient_id": FIRST_PATIENT, "onsite": true});
    let id = clinic.ok(CLERK, "appointment.book", onsite)["appointment_id"].as_i64().unwrap();
    clinic.cancel(CLERK, id);
    let lift = json!({"patient_id": FIRST_PATIENT, "reason": "住院"});
    clinic.refused(&patient(0), "appointment.lift_penalty", lift.clone(), "forbidden");
    let of_nobody = json!({"patient_id": 4, "reason": "住院"});
    clinic.refused(CLERK, "appointment.lift_penalty", of_nobody, "not_found");
    assert_eq!(clinic.ok(CLERK, "appointment.lift_penalty", lift.clone())["was_blocked"], true);
    assert_eq!(clinic.ok(CLERK, "appointment.lift_penalty", lift)["was_blocked"], false);
    clinic.book(next, 0);
}

#[test]
fn a_penalty_is_over_on_its_day_and_old_absences_do_not_count() {
    let mut clinic = Clinic::with(|settings| {
        settings.clinic.booking.no_shows_max = 2;
        settings.clinic.booking.no_show_window_days = 10;
        settings.clinic.booking.no_show_block_days = 5;
    });
    miss(&mut clinic, 0, &["2026-01-06", "2026-01-17"]);
    assert_eq!(clinic.number("SELECT count(*) FROM booking_penalties"), 0);
    miss(&mut clinic, 0, &["2026-01-20"]);
    let next = clinic.session_of(json!({
        "doctor_id": 5, "period": "next", "starts_at": "2026-01-26 09:00", "ends_at": "2026-01-26 12:00",
        "capacity_online": 3,
    }));
    clinic.at("2026-01-24 23:59");
    clinic.refused_book(next, 0, "penalised");
    clinic.at("2026-01-25 00:00");
    clinic.book(next, 0);
}

#[test]
fn the_staff_corrects_that_somebody_did_not_come() {
    let mut clinic = Clinic::with(|settings| settings.clinic.booking.no_shows_max = 2);
    let mut missed = Vec::new();
    for day in ["2026-01-06", "2026-01-07"] {
        miss(&mut clinic, 0, &[day]);
        missed.push(clinic.number("SELECT max(appointment_id) FROM bookings"));
    }
    let next = clinic.session_of(json!({
        "doctor_id": 5, "period": "next", "starts_at": "2026-01-09 09:00", "ends_at": "2026-01-09 12:00",
        "capacity_online": 3,
    }));
    clinic.refused_book(next, 0, "penalised");
    let correct =
        |id: i64, has_come: bool| json!({"appointment_id": id, "has_come": has_come, "reason": "登记有误"});
    let method = "appointment.correct_no_show";
    clinic.refused(&patient(0), method, correct(missed[0], true), "forbidden");
    assert_eq!(clinic.ok(NURSE, method, correct(missed[0], true))["state"], "completed");
    let facts = clinic.refused(NURSE, method, correct(missed[0], false), "bad_transition");
    assert_eq!(facts["from"], "completed");
    let booked = clinic.book(next, 0);
    clinic.cancel(&patient(0), booked);
    // Another one counts from where the first count began.
    miss(&mut clinic, 0, &["2026-01-08"]);
    clinic.refused_book(next, 0, "penalised");
    let excused = clinic.ok(CLERK, method, correct(missed[1], false));
    let of = |key: &str| excused[key].as_str().unwrap();
    assert_eq!((of("state"), of("cancelled_by"), of("reason")), ("cancelled", "staff", "登记有误"));
    clinic.refused(CLERK, "appointment.undo", json!({"appointment_id": missed[1]}), "nothing_to_undo");
    clinic.book(next, 0);
}

#[test]
fn what_only_old_clients_know_of_counts_for_no_penalty() {
    let mut clinic = Clinic::with(|settings| settings.clinic.booking.no_shows_max = 1);
    clinic.session(4, 3);
    let create = |number: i64, time: &str| {
        json!({"create_appointment": 1, "patient_phone": patient(number), "doctor_name": "王医生",
            "appointment_time": time})
    };
    for (number, time) in [(0, "2026-01-05 09:00:00"), (1, "2026-01-05 10:00:00")] {
        assert_eq!(clinic.old(&create(number, time))["status"], "success");
    }
    // The desk moves one of them: somebody knows of it who checks in.
    let afternoon = clinic.session_of(json!({
        "doctor_id": 4, "period": "afternoon", "starts_at": "2026-01-05 14:00",
        "ends_at": "2026-01-05 17:00", "capacity_online": 3,
    }));
    let last = clinic.number("SELECT max(appointment_id) FROM bookings");
    clinic.ok(CLERK, "appointment.reschedule", json!({"appointment_id": last, "session_id": afternoon}));
    clinic.at("2026-01-05 17:00");
    clinic.tick();
    assert_eq!((clinic.state(last - 1).as_str(), clinic.state(last).as_str()), ("no_show", "no_show"));
    assert_eq!(clinic.number("SELECT sum(patient_id) FROM booking_penalties"), FIRST_PATIENT + 1);
    // An old client that finds out better ends the penalty.
    let update = json!({"update_appointment_status": 1, "appointment_id": last, "new_status": "completed"});
    assert_eq!(clinic.old(&update)["status"], "success");
    let next = clinic.session_of(json!({
        "doctor_id": 5, "period": "next", "starts_at": "2026-01-06 09:00", "ends_at": "2026-01-06 12:00",
        "capacity_online": 3,
    }));
    clinic.book(next, 1);
}

#[test]
fn who_was_never_said_to_have_left_blocks_no_room_the_next_day() {
    let mut clinic = Clinic::new();
    let (today, tomorrow) = (
        clinic.session(4, 1),
        clinic.session_of(json!({
            "doctor_id": 5, "period": "tomorrow", "starts_at": "2026-01-06 09:00",
            "ends_at": "2026-01-06 12:00", "capacity_online": 2,
        })),
    );
    let (seen, next) = (clinic.book(today, 0), clinic.book(tomorrow, 1));
    let into_room = |session_id: i64| json!({"session_id": session_id, "room": "101"});
    clinic.at("2026-01-05 11:00");
    let ticket = clinic.ok(NURSE, "queue.check_in", json!({"appointment_id": seen}))["ticket_id"].take();
    clinic.ok(NURSE, "queue.call_next", into_room(today));
    clinic.ok(NURSE, "queue.start", json!({"ticket_id": ticket}));
    clinic.at("2026-01-05 18:00");
    clinic.tick();
    assert_eq!(clinic.state(seen), "in_consultation");
    clinic.at("2026-01-06 09:00");
    clinic.ok(NURSE, "queue.check_in", json!({"appointment_id": next}));
    assert_eq!(clinic.ok(NURSE, "queue.call_next", into_room(tomorrow))["appointment_id"], next);
    assert_eq!(clinic.state(seen), "completed");
}

#[test]
fn one_comes_again_once_at_a_time() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 1);
    let id = clinic.book(session_id, 0);
    clinic.at("2026-01-05 09:00");
    let ticket = clinic.ok(NURSE, "queue.check_in", json!({"appointment_id": id}))["ticket_id"].take();
    clinic.ok(NURSE, "queue.call_next", json!({"session_id": session_id, "room": "101"}));
    for step in ["queue.start", "queue.finish"] {
        clinic.ok(NURSE, step, json!({"ticket_id": ticket}));
    }
    let again = clinic.ok(NURSE, "appointment.follow_up", json!({"origin_id": id}));
    let facts = clinic.refused(NURSE, "appointment.follow_up", json!({"origin_id": id}), "limit_reached");
    assert_eq!(facts["appointment_id"], again["appointment_id"]);
    clinic.ok(NURSE, "queue.leave", json!({"ticket_id": again["ticket_id"]}));
    clinic.ok(NURSE, "appointment.follow_up", json!({"origin_id": id}));
}

#[test]
fn what_cannot_be_done_with_one_is_done_with_the_others() {
    let mut clinic = Clinic::new();
    let (broken, whole) = (clinic.session(4, 2), clinic.session(5, 2));
    let mut held = Vec::new();
    for (session_id, number) in [(broken, 0), (whole, 1)] {
        let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + number});
        let hold = clinic.ok(&patient(number), "appointment.hold", params);
        held.push(hold["appointment_id"].as_i64().unwrap());
    }
    // Nobody has taken the place that is to be given back.
    clinic.number("UPDATE clinic_sessions SET booked_online = 0 WHERE session_id = 1 RETURNING 1");
    clinic.pass(5);
    clinic.tick();
    assert_eq!((clinic.state(held[0]).as_str(), clinic.state(held[1]).as_str()), ("held", "expired"));
    // Nor does it keep other sessions from being closed.
    clinic.at("2026-01-05 12:00");
    clinic.tick();
    assert_eq!(
        (&clinic.listed(broken)["state"], &clinic.listed(whole)["state"]),
        (&json!("open"), &json!("closed"))
    );
    // Once it can be done it is, within a minute.
    clinic.number("UPDATE clinic_sessions SET booked_online = 1 WHERE session_id = 1 RETURNING 1");
    clinic.tend();
    assert_eq!(
        (clinic.state(held[0]).as_str(), &clinic.listed(broken)["state"]),
        ("expired", &json!("closed"))
    );
}
