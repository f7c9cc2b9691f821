//! Random steps, each asked of the server and of the reference.
//!
//! It never knows the rules. Invariant: the same seed takes the same steps.

use super::bookings::Wanted;
use super::check::{compare, glance, invariants, told};
use super::clinic::*;
use super::server::{Server, name, reference};
use serde_json::{Value, json};
use std::fmt::Display;

/// Clients of the old dialect, who do not log in.
const NOBODY: i64 = 0;
/// The whole database is looked at once in so many turns. What is wrong in between is seen in replies, in what sessions
/// hold and in what is told; where not, then at the next look, and the walk is walked again to find the step.
const LOOK: usize = 16;
const ROOMS: [&str; 3] = ["1", "2", "3"];

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn one_in(&mut self, count: i64) -> bool {
        self.below(count) == 0
    }

    fn of<T: Copy>(&mut self, things: &[T]) -> T {
        things[usize::try_from(self.below(i64::try_from(things.len()).unwrap())).unwrap()]
    }

    /// One of those that are there, the latest ones more often; 1 where there are none.
    fn recent(&mut self, ids: Vec<i64>) -> i64 {
        let count = i64::try_from(ids.len()).unwrap();
        if count == 0 {
            return 1;
        }
        let back = if self.one_in(3) { self.below(count) } else { self.below(count.min(8)) };
        ids[usize::try_from(count - 1 - back).unwrap()]
    }
}

/// What is asked, by whom, and what the reference says to it.
struct Step {
    by: i64,
    method: &'static str,
    params: Value,
    expected: Said,
}

/// What is particular to a walk, drawn from its seed.
struct Pace {
    /// Requests in a turn, about.
    turn: i64,
    /// How many more places there are than usual, and how much more is booked against the rules, and how much
    /// more seldom someone is called.
    crowd: i64,
    /// Minutes between two turns, at most.
    minutes: i64,
    /// Steps until the server begins anew, about.
    restart: i64,
    /// Turns until the whole database is looked at.
    look: usize,
}

/// Returns how many steps were carried out. With `is_close` the same steps are taken, but the whole database is
/// looked at after each turn.
pub fn walk(seed: u64, steps: usize, is_close: bool) -> usize {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let turn = dice.of(&[1, 2, 2, 4, 12]);
    let pace = Pace {
        turn,
        crowd: dice.of(&[1, 1, 3]),
        minutes: turn * dice.of(&[3, 8, 8]),
        restart: dice.of(&[100, 1000, 1000, 4000]),
        look: if is_close { 1 } else { LOOK },
    };
    let mut clinic = reference();
    let mut server = Server::new(&clinic);
    let mut turn = Turn { accepted: 0, number: 0, told: glance(&server, &clinic, &"at the beginning") };
    let mut accepted = 0;
    for number in 0..steps {
        let before = clinic.clone();
        let Step { by, method, mut params, expected } = step(&mut dice, pace.crowd, &mut clinic);
        let is_old = by == NOBODY;
        let is_retried = dice.one_in(8) && !is_old;
        if is_retried {
            params["request_id"] = json!(format!("{seed}-{number}"));
        }
        let (now, asked) = (clinic.now, &params);
        let said = format_args!("seed {seed}, step {number} at {}: {by} {method} {asked}", text(now));
        let reply = match is_old {
            true if server.old(&params) => Ok(Value::Null),
            true => Err("error".to_owned()),
            false => server.call(by, method, &params),
        };
        let word = reply.as_ref().map(|_| ()).map_err(String::as_str);
        assert_eq!(word, expected, "{said}: the server says the first and the reference the second");
        match &reply {
            Ok(result) => {
                turn.accepted += 1;
                accepted += 1;
                invariants(&before, &clinic, is_old, &said);
                told(result, &clinic, &said);
                if is_retried {
                    assert_eq!(server.call(by, method, &params).as_ref(), Ok(result), "{said}, again");
                }
            }
            Err(_) => assert_eq!(before, clinic, "{said}: the reference has changed all the same"),
        }
        if number + 1 == steps || dice.one_in(pace.turn) {
            server.commit();
            turn.end(&server, &clinic, pace.look, &said);
            pass(&mut dice, &pace, &mut clinic, &mut server, &mut turn, &said);
        }
    }
    compare(&server, &clinic, &format_args!("at the end of seed {seed}"));
    accepted
}

/// What a turn has done.
struct Turn {
    accepted: usize,
    number: usize,
    /// The last event.
    told: i64,
}

impl Turn {
    fn end(&mut self, server: &Server, clinic: &Clinic, look: usize, said: &dyn Display) {
        if self.number.is_multiple_of(look) {
            compare(server, clinic, said);
        }
        let last = glance(server, clinic, said);
        assert!(last >= self.told, "{said}: an event is gone");
        assert!(self.accepted > 0 || last == self.told, "{said}: what was refused was told");
        *self = Turn { accepted: 0, number: self.number + 1, told: last };
    }
}

/// Time passes, or the clock is turned back, or the server begins anew.
fn pass(
    dice: &mut Dice,
    pace: &Pace,
    clinic: &mut Clinic,
    server: &mut Server,
    turn: &mut Turn,
    after: &dyn Display,
) {
    if dice.below(pace.restart) < pace.turn {
        server.restart();
        compare(server, clinic, &format_args!("begun anew after {after}"));
    }
    let minutes = match dice.below(20) {
        0 => -1 - dice.below(5),
        // There are sessions of two days.
        1..=10 => dice.below(pace.minutes).min(2 * DAY - 1 - clinic.now),
        _ => return,
    };
    let before = clinic.clone();
    clinic.now += minutes;
    let now = clinic.now;
    let said = format_args!("{minutes} minutes later, at {}, after {after}", text(now));
    server.set_clock(clinic.now);
    clinic.tick();
    invariants(&before, clinic, false, &said);
    turn.accepted = 1;
    turn.end(server, clinic, pace.look, &said);
}

/// Somebody who may ask about a patient, or, now and then, another patient.
fn about(dice: &mut Dice, patient: i64) -> i64 {
    match dice.below(10) {
        0 => dice.of(&PATIENTS),
        1..=5 => patient,
        6..=7 => CLERK,
        _ => NURSE,
    }
}

/// What a patient may not ask about another one.
fn may(by: i64, patient: i64) -> Said {
    if by == patient || !PATIENTS.contains(&by) { Ok(()) } else { Err("forbidden") }
}

fn step(dice: &mut Dice, crowd: i64, clinic: &mut Clinic) -> Step {
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
        by = if changed_by == DOCTOR { NURSE } else { changed_by };
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
    let by = changed_by.filter(|by| !PATIENTS.contains(by)).unwrap_or(NURSE);
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
        let (doctor, doctor_name) = dice.of(&[(4, "王医生"), (5, "刘医生")]);
        let patient = dice.of(&PATIENTS);
        let starts = clinic.now / DAY * DAY + 8 * 60 + dice.below(9 * 4) * 15;
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
