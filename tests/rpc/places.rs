//! Sessions, appointments and tickets to call the clinic's methods on.
//!
//! It never knows who may call what. Invariant: each sample is about things of its own, so that a call that is
//! carried out is in no other one's way.

use crate::clinic::*;
use medsrv::service::block::{self, Block};
use medsrv::service::booking::{self, CancelledBy, Change, NewBooking, Outcome, Override, Pool, State};
use medsrv::service::queue::{self, QueueRules};
use medsrv::service::schedule::{self, Exception, Template};
use medsrv::service::waitlist;
use medsrv::store::statements::clinic_session;
use medsrv::store::{Statement, params};
use serde_json::{Value, json};

/// A doctor, and a patient who comes to nobody else.
#[derive(Clone, Copy)]
pub struct Pair {
    pub doctor_id: i64,
    pub patient_id: i64,
}

pub const PAIRS: [Pair; 2] = [
    Pair { doctor_id: DOCTOR, patient_id: PATIENT },
    Pair { doctor_id: OTHER_DOCTOR, patient_id: OTHER_PATIENT },
];

pub fn act<T>(clinic: &mut Clinic, work: impl FnOnce(&mut Change<'_, '_>) -> Outcome<T>) -> T {
    let now = clinic.now.clone();
    let done = clinic.dispatcher().act("test", &now, |change| Ok((work(change)?, Vec::new())));
    clinic.commit();
    done.unwrap()
}

/// A session of a day, with so many places online.
fn session_on(clinic: &mut Clinic, pair: Pair, day: &str, online: i64) -> i64 {
    let number = clinic.number("SELECT count(*) FROM clinic_sessions");
    let (starts, ends) = (format!("{day} 00:00:00"), format!("{day} 23:59:00"));
    let (none, period) = (None::<&str>, format!("period {number}"));
    act(clinic, |change| {
        Ok(change.transaction.insert(
            &clinic_session::INSERT,
            params![pair.doctor_id, none, none, day, period, starts, ends, none, none, online, 1, 1],
        )?)
    })
}

/// A session of a day that has no other one.
pub fn session(clinic: &mut Clinic, pair: Pair, online: i64) -> i64 {
    let number = clinic.number("SELECT count(*) FROM clinic_sessions");
    let day = clinic.now.day_after(1 + number);
    session_on(clinic, pair, &day, online)
}

fn session_today(clinic: &mut Clinic, pair: Pair) -> i64 {
    let day = clinic.now.day().to_owned();
    session_on(clinic, pair, &day, 1)
}

fn placed(clinic: &mut Clinic, pair: Pair, session_id: i64, state: State) -> i64 {
    let now = clinic.now.clone();
    act(clinic, |change| {
        let new = NewBooking {
            session_id,
            patient_id: pair.patient_id,
            state,
            pool: Pool::Online,
            origin_id: None,
            fee_fen: None,
            is_paid: false,
            reason: None,
            rules_are: Override::Yes,
            by: None,
        };
        let Change { transaction, rules, memory, changes, .. } = change;
        Ok(booking::place(transaction, &new, rules, memory, changes, &now)?.appointment_id)
    })
}

/// An appointment that is to come.
pub fn booked(clinic: &mut Clinic, pair: Pair) -> i64 {
    let session_id = session(clinic, pair, 1);
    placed(clinic, pair, session_id, State::Booked)
}

pub fn held(clinic: &mut Clinic, pair: Pair) -> i64 {
    let session_id = session(clinic, pair, 1);
    placed(clinic, pair, session_id, State::Held)
}

/// An appointment that somebody has just cancelled.
pub fn cancelled(clinic: &mut Clinic, pair: Pair, by: Option<i64>) -> i64 {
    let appointment_id = booked(clinic, pair);
    act(clinic, |change| {
        change.by = by;
        booking::cancel(change, appointment_id, CancelledBy::Staff, None)?;
        Ok(appointment_id)
    })
}

/// An appointment to which the patient did not come.
pub fn missed(clinic: &mut Clinic, pair: Pair) -> i64 {
    let appointment_id = booked(clinic, pair);
    act(clinic, |change| {
        booking::mark(change, appointment_id, State::NoShow)?;
        Ok(appointment_id)
    })
}

/// An appointment of today.
pub fn booked_today(clinic: &mut Clinic, pair: Pair) -> i64 {
    let session_id = session_today(clinic, pair);
    placed(clinic, pair, session_id, State::Booked)
}

/// A session of today in which the patient can get a place, because they have none elsewhere any longer.
pub fn free_session(clinic: &mut Clinic, pair: Pair) -> i64 {
    let ended = "UPDATE bookings SET state = 'cancelled' WHERE state <> 'completed'";
    let old = "UPDATE appointments SET status = 'cancelled' WHERE appointment_id IN
        (SELECT appointment_id FROM bookings)";
    for sql in [ended, old] {
        act(clinic, |change| Ok(change.transaction.execute(&Statement { file: "", sql }, [])?));
    }
    session_today(clinic, pair)
}

/// A ticket, how far it has come, and its appointment. Its patient is nowhere else.
pub fn ticket(clinic: &mut Clinic, pair: Pair, by: Option<i64>, steps: &[&str]) -> (i64, i64) {
    let sql = "UPDATE tickets SET state = 'left', room = NULL WHERE patient_id = ?1 AND state <> 'done'";
    act(clinic, |change| {
        Ok(change.transaction.execute(&Statement { file: "", sql }, params![pair.patient_id])?)
    });
    let appointment_id = booked_today(clinic, pair);
    let rules = QueueRules::default();
    let room = format!("room {appointment_id}");
    act(clinic, |change| {
        change.by = by;
        let mut ticket = queue::check_in(change, &rules, appointment_id).unwrap();
        for step in steps {
            let id = ticket.ticket_id;
            ticket = match *step {
                "call" => queue::call_next(change, &rules, ticket.session_id, &room),
                "skip" => queue::skip(change, &rules, id, true),
                "start" => queue::start(change, id),
                _ => queue::finish(change, id),
            }
            .unwrap();
        }
        Ok((ticket.ticket_id, appointment_id))
    })
}

/// Someone who waits for a place.
pub fn waiting(clinic: &mut Clinic, pair: Pair) -> i64 {
    let session_id = session(clinic, pair, 0);
    act(clinic, |change| Ok(waitlist::join(change, session_id, pair.patient_id).unwrap().0))
}

/// A template, an exception and a block of a time that is far away.
pub fn plan(clinic: &mut Clinic) -> (i64, i64, i64) {
    let number = clinic.number("SELECT count(*) FROM schedule_templates");
    let minute = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let (starts, ends) = (minute(number), minute(number + 1));
    let template = Template {
        template_id: 0,
        doctor_id: DOCTOR,
        weekday: 1,
        period: format!("plan {number}"),
        starts,
        ends,
        room: None,
        department: None,
        capacity_online: 1,
        capacity_onsite: 0,
        capacity_addon: 0,
        valid_from: "2040-01-01".into(),
        valid_to: None,
    };
    let exception = Exception {
        exception_id: 0,
        doctor_id: DOCTOR,
        date_from: "2040-01-01".into(),
        date_to: "2040-01-02".into(),
        hours: None,
        reason: "进修".into(),
    };
    let block = Block {
        block_id: 0,
        doctor_id: None,
        department: None,
        starts_at: "2040-01-01 00:00:00".into(),
        ends_at: "2040-01-02 00:00:00".into(),
        reason: "元旦".into(),
    };
    act(clinic, |change| {
        let transaction = change.transaction;
        let template_id = schedule::add_template(transaction, &template).unwrap();
        let exception_id = schedule::add_exception(transaction, &exception).unwrap();
        let block_id = block::add(change, &block).unwrap().block_id;
        Ok((template_id, exception_id, block_id))
    })
}

/// Parameters that are right for a method of a schedule; none where it is of another noun.
pub fn of_schedule(clinic: &mut Clinic, method: &str) -> Option<Value> {
    let number = clinic.number("SELECT count(*) FROM schedule_templates");
    let (template_id, exception_id, block_id) = plan(clinic);
    let minute = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    Some(match method {
        "schedule.sessions" | "schedule.templates" | "schedule.exceptions" | "schedule.blocks" => json!({}),
        "schedule.add_template" => json!({
            "doctor_id": OTHER_DOCTOR, "weekday": 2, "period": format!("more {number}"),
            "starts": minute(number), "ends": minute(number + 1), "capacity_online": 1,
            "valid_from": "2040-01-01",
        }),
        "schedule.end_template" => json!({"template_id": template_id, "last_day": "2040-02-01"}),
        "schedule.add_exception" => json!({
            "doctor_id": DOCTOR, "date_from": "2041-01-01", "date_to": "2041-01-01", "reason": "会议",
        }),
        "schedule.remove_exception" => json!({"exception_id": exception_id}),
        "schedule.add_block" => json!({
            "starts_at": "2041-01-01 00:00", "ends_at": "2041-01-02 00:00", "reason": "元旦",
        }),
        "schedule.remove_block" => json!({"block_id": block_id}),
        "schedule.add_session" => json!({
            "doctor_id": DOCTOR, "period": format!("extra {number}"), "capacity_online": 1,
            "starts_at": format!("2040-03-01 {}", minute(number)),
            "ends_at": format!("2040-03-01 {}", minute(number + 1)),
        }),
        "schedule.generate" => json!({"doctor_id": DOCTOR}),
        _ => return None,
    })
}

/// Parameters that are right for a method about a pair: whether the patient, and whether the doctor, is one whom
/// it is about.
pub fn of_pair(
    clinic: &mut Clinic,
    method: &str,
    pair: Pair,
    by: Option<i64>,
) -> Option<(bool, bool, Value)> {
    let patient_id = pair.patient_id;
    let appointment = |id: i64| (true, true, json!({"appointment_id": id}));
    let ticket_of = |(id, _): (i64, i64)| (true, true, json!({"ticket_id": id}));
    Some(match method {
        "schedule.resize_session" => {
            (false, true, json!({"session_id": session(clinic, pair, 1), "capacity_online": 2}))
        }
        "schedule.stop_session" => {
            (false, true, json!({"session_id": session(clinic, pair, 1), "reason": "停诊"}))
        }
        "appointment.hold" | "appointment.book" => {
            let params = json!({"session_id": session(clinic, pair, 1), "patient_id": patient_id});
            (true, false, params)
        }
        "appointment.confirm" => appointment(held(clinic, pair)),
        "appointment.cancel" | "appointment.get" => appointment(booked(clinic, pair)),
        "appointment.reschedule" => {
            let params =
                json!({"appointment_id": booked(clinic, pair), "session_id": session(clinic, pair, 1)});
            (true, true, params)
        }
        "appointment.undo" => appointment(cancelled(clinic, pair, by)),
        "appointment.correct_no_show" => {
            let id = missed(clinic, pair);
            (true, true, json!({"appointment_id": id, "has_come": true, "reason": "登记有误"}))
        }
        "appointment.set_paid" => {
            (true, true, json!({"appointment_id": booked(clinic, pair), "is_paid": true}))
        }
        "appointment.lift_penalty" => (true, false, json!({"patient_id": patient_id, "reason": "住院"})),
        "waitlist.join" => {
            (true, false, json!({"session_id": session(clinic, pair, 0), "patient_id": patient_id}))
        }
        "waitlist.leave" => (true, false, json!({"entry_id": waiting(clinic, pair)})),
        "waitlist.list" => (true, false, json!({"patient_id": patient_id})),
        "appointment.walk_in" => {
            (true, false, json!({"session_id": free_session(clinic, pair), "patient_id": patient_id}))
        }
        "appointment.follow_up" => {
            let (_, origin_id) = ticket(clinic, pair, by, &["call", "start", "finish"]);
            (true, true, json!({"origin_id": origin_id}))
        }
        "appointment.add_on" => {
            let session_id = free_session(clinic, pair);
            (false, true, json!({"session_id": session_id, "patient_id": patient_id, "reason": "复查"}))
        }
        "queue.check_in" => appointment(booked_today(clinic, pair)),
        "queue.call_next" => {
            let (id, _) = ticket(clinic, pair, by, &[]);
            let sql = format!("SELECT session_id FROM tickets WHERE ticket_id = {id}");
            (false, true, json!({"session_id": clinic.number(&sql), "room": format!("door {id}")}))
        }
        "queue.recall" | "queue.start" | "queue.undo" => ticket_of(ticket(clinic, pair, by, &["call"])),
        "queue.skip" => {
            let (id, _) = ticket(clinic, pair, by, &["call"]);
            (true, true, json!({"ticket_id": id, "now": true}))
        }
        "queue.return" => ticket_of(ticket(clinic, pair, by, &["call", "skip"])),
        "queue.finish" => ticket_of(ticket(clinic, pair, by, &["call", "start"])),
        "queue.set_priority" => {
            let (id, _) = ticket(clinic, pair, by, &[]);
            (true, true, json!({"ticket_id": id, "priority": 1}))
        }
        "queue.leave" => ticket_of(ticket(clinic, pair, by, &[])),
        "queue.status" => appointment(ticket(clinic, pair, by, &[]).1),
        "queue.list" => (false, true, json!({"session_id": session(clinic, pair, 1)})),
        _ => return None,
    })
}
