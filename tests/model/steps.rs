//! Random steps on appointments, the waitlist, the queue and the sessions, each asked of the reference as well.
//!
//! It never knows the rules. Invariant: the same dice take the same steps.

use super::bookings::Wanted;
use super::clinic::*;
use super::dice::{Dice, Step};
use super::server::name;
use serde_json::json;

/// Clients of the old dialect, who do not log in.
pub const NOBODY: i64 = 0;
const ROOMS: [&str; 3] = ["1", "2", "3"];

/// Somebody who may ask about a patient, or, now and then, another patient.
fn about(dice: &mut Dice, patient: i64) -> i64 {
    match dice.below(10) {
        0 => dice.of(&PATIENTS),
        1..=5 => patient,
        6..=7 => CLERK,
        _ => NURSE,
    }
}

/// Whether somebody is a patient, or of those who do what patients ask for.
fn is_of_desk(by: i64) -> bool {
    PATIENTS.contains(&by) || matches!(by, NURSE | CLERK)
}

/// What a patient may not ask about another one.
fn may(by: i64, patient: i64) -> Said {
    if by == patient || !PATIENTS.contains(&by) { Ok(()) } else { Err("forbidden") }
}

pub fn step(dice: &mut Dice, crowd: i64, clinic: &mut Clinic) -> Step {
    match dice.below(100) {
        0..=24 => of_place(dice, crowd, clinic),
        25..=44 => of_appointment(dice, clinic),
        45..=54 => of_waitlist(dice, clinic),
        55..=69 => of_desk(dice, clinic),
        70..=91 => of_ticket(dice, crowd, clinic),
        92..=97 => of_old(dice, clinic),
        _ => of_session(dice, crowd, clinic),
    }
}

/// Mostly a session that is not over yet.
fn session(dice: &mut Dice, clinic: &Clinic) -> i64 {
    let open: Vec<i64> =
        clinic.sessions.values().filter(|found| found.state == "open").map(|found| found.id).collect();
    if open.is_empty() || dice.one_in(10) { 1 + dice.below(5) } else { dice.of(&open) }
}

/// Appointments that somebody has just cancelled.
fn undoable(clinic: &Clinic) -> Vec<i64> {
    let those = clinic.bookings.values().filter(|found| {
        let is_step = found.state == "cancelled" && matches!(found.previous, Some("booked" | "checked_in"));
        is_step && found.changed_by.is_some() && clinic.now - found.changed <= UNDO
    });
    those.map(|found| found.id).collect()
}

fn of_place(dice: &mut Dice, crowd: i64, clinic: &mut Clinic) -> Step {
    let (session, mut patient) = (session(dice, clinic), dice.of(&PATIENTS));
    let undoable = undoable(clinic);
    if !undoable.is_empty() && dice.one_in(3) {
        // Whoever has just cancelled wants another place, and may think better of it.
        patient = clinic.bookings[&dice.of(&undoable)].patient;
    }
    let by = about(dice, patient);
    let (method, state) =
        if dice.one_in(3) { ("appointment.hold", "held") } else { ("appointment.book", "booked") };
    let (is_onsite, is_overridden) = (dice.one_in(6), dice.one_in(12 / crowd));
    let mut params = json!({"session_id": session, "patient_id": patient});
    if is_onsite {
        params["onsite"] = json!(true);
    }
    if is_overridden {
        params["override_reason"] = json!("急诊");
    }
    let pool = if is_onsite { ONSITE } else { ONLINE };
    let is_of_staff = is_onsite || is_overridden;
    let expected = match may(by, patient) {
        Ok(()) if is_of_staff && by == patient => Err("forbidden"),
        Ok(()) => {
            clinic.place(Wanted { session, patient, state, pool, is_overridden, by: Some(by) }).map(|_| ())
        }
        refused => refused,
    };
    Step { by, method, params, expected }
}

fn of_appointment(dice: &mut Dice, clinic: &mut Clinic) -> Step {
    let kind = dice.below(10);
    // Two times of three one that may be of the right kind.
    let fitting: &[&str] = match kind {
        _ if dice.one_in(3) => &[],
        0..=2 => &["held"],
        3..=7 => &["held", "booked"],
        8 => &["no_show"],
        _ => &["cancelled"],
    };
    let ids = |states: &[&str]| -> Vec<i64> {
        let those =
            clinic.bookings.values().filter(|found| states.is_empty() || states.contains(&found.state));
        those.map(|found| found.id).collect()
    };
    let undoable = undoable(clinic);
    let fitting = if fitting == ["cancelled"] && !undoable.is_empty() { undoable } else { ids(fitting) };
    let id = dice.recent(Some(fitting).filter(|ids| !ids.is_empty()).unwrap_or_else(|| ids(&[])));
    let to = session(dice, clinic);
    let Some(Booking { patient, changed_by, .. }) = clinic.bookings.get(&id).cloned() else {
        let params = json!({"appointment_id": 999});
        return Step { by: NURSE, method: "appointment.cancel", params, expected: Err("not_found") };
    };
    let mut by = about(dice, patient);
    let mut params = json!({"appointment_id": id});
    let method = match kind {
        0..=2 => "appointment.confirm",
        3..=5 => "appointment.cancel",
        6..=7 => {
            params["session_id"] = json!(to);
            "appointment.reschedule"
        }
        8 => {
            let has_come = dice.one_in(2);
            (params["has_come"], params["reason"]) = (json!(has_come), json!("更正"));
            by = if dice.one_in(2) { NURSE } else { CLERK };
            let expected = clinic.correct_no_show(id, has_come, by);
            return Step { by, method: "appointment.correct_no_show", params, expected };
        }
        _ => "appointment.undo",
    };
    if let ("appointment.undo", Some(changed_by), true) = (method, changed_by, !dice.one_in(6)) {
        by = if is_of_desk(changed_by) { changed_by } else { NURSE };
    }
    let expected = may(by, patient).and_then(|()| match method {
        "appointment.confirm" => clinic.confirm(id, by),
        "appointment.cancel" => clinic.cancel(id, by == patient, Some(by)),
        "appointment.reschedule" => clinic.reschedule(id, to, by == patient, by),
        _ => clinic.undo(id, by),
    });
    Step { by, method, params, expected }
}

fn of_waitlist(dice: &mut Dice, clinic: &mut Clinic) -> Step {
    if dice.one_in(4) {
        let id = dice.recent(clinic.entries.keys().copied().collect());
        let method = "waitlist.leave";
        let params = json!({"entry_id": id});
        let Some(patient) = clinic.entries.get(&id).map(|entry| entry.patient) else {
            return Step { by: NURSE, method, params, expected: Err("not_found") };
        };
        let by = about(dice, patient);
        let expected = may(by, patient).and_then(|()| clinic.leave_waitlist(id, by));
        return Step { by, method, params, expected };
    }
    let (session, patient) = (session(dice, clinic), dice.of(&PATIENTS));
    let by = about(dice, patient);
    let expected = may(by, patient).and_then(|()| clinic.join(session, patient));
    let params = json!({"session_id": session, "patient_id": patient});
    Step { by, method: "waitlist.join", params, expected }
}

fn of_desk(dice: &mut Dice, clinic: &mut Clinic) -> Step {
    let (session, patient) = (session(dice, clinic), dice.of(&PATIENTS));
    let params = json!({"session_id": session, "patient_id": patient});
    match dice.below(10) {
        0..=1 => {
            let expected = clinic.walk_in(session, patient, NURSE);
            Step { by: NURSE, method: "appointment.walk_in", params, expected }
        }
        2 => {
            let expected = if clinic.session(session).doctor == DOCTOR {
                clinic.add_on(session, patient, DOCTOR)
            } else {
                Err("forbidden")
            };
            let params = json!({"session_id": session, "patient_id": patient, "reason": "复查"});
            Step { by: DOCTOR, method: "appointment.add_on", params, expected }
        }
        3..=4 => {
            let done = clinic.bookings.values().filter(|found| found.state == "completed");
            let origin = dice.recent(done.map(|found| found.id).collect());
            let expected = match clinic.bookings.contains_key(&origin) {
                true => clinic.follow_up(origin, NURSE),
                false => Err("not_found"),
            };
            Step {
                by: NURSE,
                method: "appointment.follow_up",
                params: json!({"origin_id": if expected == Err("not_found") { 999 } else { origin }}),
                expected,
            }
        }
        _ => {
            let today = clinic.now / DAY;
            let booked = clinic
                .bookings
                .values()
                .filter(|found| found.state == "booked" && found.starts / DAY == today);
            let ids: Vec<i64> = match dice.one_in(4) {
                true => clinic.bookings.keys().copied().collect(),
                false => booked.map(|found| found.id).collect(),
            };
            let id = dice.recent(ids);
            let method = "queue.check_in";
            let Some(patient) = clinic.bookings.get(&id).map(|found| found.patient) else {
                let params = json!({"appointment_id": 999});
                return Step { by: NURSE, method, params, expected: Err("not_found") };
            };
            let by = about(dice, patient);
            let expected = may(by, patient).and_then(|()| clinic.check_in(id, by));
            Step { by, method, params: json!({"appointment_id": id}), expected }
        }
    }
}

fn of_ticket(dice: &mut Dice, crowd: i64, clinic: &mut Clinic) -> Step {
    if dice.one_in(4 * crowd) || clinic.tickets.is_empty() {
        let (session, room, by) = (session(dice, clinic), dice.of(&ROOMS), dice.of(&[NURSE, CLERK]));
        let expected = clinic.call_next(session, room, by);
        let params = json!({"session_id": session, "room": room});
        return Step { by, method: "queue.call_next", params, expected };
    }
    let live = clinic.tickets.values().filter(|ticket| !matches!(ticket.state, "done" | "left"));
    let mut ids: Vec<i64> = live.map(|ticket| ticket.id).collect();
    if dice.one_in(5) || ids.is_empty() {
        ids = clinic.tickets.keys().copied().collect();
    }
    let id = dice.recent(ids);
    let Ticket { state, booking, changed_by, .. } = clinic.tickets[&id];
    let by = changed_by.filter(|by| matches!(*by, NURSE | CLERK)).unwrap_or(NURSE);
    let mut params = json!({"ticket_id": id});
    let kind = match (state, dice.below(10)) {
        ("called", 0..=3) => 1,
        ("called", 4..=5) => 2,
        ("serving", 0..=4) => 3,
        ("skipped", 0..=5) => 4,
        (_, _) => dice.below(8),
    };
    let (method, expected) = match kind {
        0 => ("queue.recall", clinic.recall(id)),
        1 => ("queue.start", clinic.start(id, by)),
        2 => {
            let at_once = dice.one_in(2);
            params["now"] = json!(at_once);
            ("queue.skip", clinic.skip(id, at_once, by))
        }
        3 => ("queue.finish", clinic.finish(id, by)),
        4 => ("queue.return", clinic.come_back(id, by)),
        5 => {
            let patient = clinic.bookings[&booking].patient;
            let by = about(dice, patient);
            let expected = may(by, patient).and_then(|()| clinic.leave_queue(id, by == patient, by));
            return Step { by, method: "queue.leave", params, expected };
        }
        6 => {
            let priority = dice.below(3);
            params["priority"] = json!(priority);
            ("queue.set_priority", clinic.set_priority(id, priority))
        }
        _ => ("queue.undo", clinic.undo_call(id, by)),
    };
    Step { by, method, params, expected }
}

/// What a client of the old dialect does.
fn of_old(dice: &mut Dice, clinic: &mut Clinic) -> Step {
    let (by, method) = (NOBODY, "");
    let id = dice.recent(clinic.bookings.keys().copied().collect());
    if dice.one_in(3) || !clinic.bookings.contains_key(&id) {
        let (patient, today) = (dice.of(&PATIENTS), clinic.now / DAY);
        // Without sessions on a day, the old rules hold, which know no places.
        let has_session = |doctor: &(i64, &str)| {
            clinic.sessions.values().any(|found| found.doctor == doctor.0 && found.starts / DAY == today)
        };
        let doctors = [(4, "王医生"), (5, "刘医生"), (6, "陈医生")];
        let doctors: Vec<(i64, &str)> = doctors.into_iter().filter(has_session).collect();
        let (doctor, doctor_name) = dice.of(&doctors);
        let starts = today * DAY + 8 * 60 + dice.below(9 * 4) * 15;
        let params = json!({"create_appointment": 1, "patient_phone": name(patient), "doctor_name": doctor_name,
            "appointment_time": text(starts)});
        let expected = clinic.old_create(doctor, patient, starts);
        return Step { by, method, params, expected };
    }
    if dice.one_in(3) {
        let params = json!({"cancel_appointment": 1, "appointment_id": id});
        return Step { by, method, params, expected: clinic.old_cancel(id) };
    }
    let status = dice.of(&["pending", "completed", "completed", "cancelled"]);
    let params = json!({"update_appointment_status": 1, "appointment_id": id, "new_status": status});
    Step { by, method, params, expected: clinic.old_status(id, status) }
}

fn of_session(dice: &mut Dice, crowd: i64, clinic: &mut Clinic) -> Step {
    let id = 1 + dice.below(5);
    if dice.one_in(6) {
        let params = json!({"session_id": id, "reason": "停诊"});
        return Step { by: CLERK, method: "schedule.stop_session", params, expected: clinic.stop(id, CLERK) };
    }
    let [online, onsite, addon] = [crowd + dice.below(5 * crowd), dice.below(4 * crowd), dice.below(3)];
    let params = json!({"session_id": id, "capacity_online": online, "capacity_onsite": onsite,
        "capacity_addon": addon});
    let expected = clinic.resize(id, [online, onsite, addon]);
    Step { by: CLERK, method: "schedule.resize_session", params, expected }
}
