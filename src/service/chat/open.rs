//! How a thread comes to be, and how it is closed.
//!
//! It never knows who asks but by their id. Invariant: a second thread about one visit is never made.

use super::member::{check_staff, hand_over, join};
use super::{ChatRules, Kind, MEMBERS_MAX, Outcome, Refusal, State, Thread, When, known, refuse};
use crate::service::Failure;
use crate::service::appointment::Status;
use crate::service::changes::Changes;
use crate::service::encounter;
use crate::service::time::{AppointmentTime, Now};
use crate::store::statements::{appointment, chat};
use crate::store::{Error, Transaction, Value, params};
use std::collections::BTreeSet;

/// What a thread is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visit {
    Appointment(i64),
    Encounter(i64),
}

/// Whose visit it is, and of what a thread about it hangs: of the appointment, where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Between {
    pub patient_id: i64,
    pub doctor_id: i64,
    appointment_id: Option<i64>,
    encounter_id: Option<i64>,
    takes_place: bool,
    when: When,
}

/// Between whom the thread about a visit is.
pub fn between(transaction: &Transaction<'_>, visit: Visit) -> Outcome<Between> {
    let (appointment_id, found) = match visit {
        Visit::Appointment(id) => (Some(id), encounter::by_appointment(transaction, id)?),
        Visit::Encounter(id) => match encounter::by_id(transaction, id)? {
            Some(found) => (found.appointment_id, Some(found)),
            None => return refuse(Refusal::UnknownEncounter),
        },
    };
    let of_encounter = When {
        appointment: None,
        encounter: found.as_ref().map(|found| found.state),
        ended_ms: found.as_ref().and_then(|found| found.ended_ms),
    };
    let Some(appointment_id) = appointment_id else {
        let Some(found) = found else { return refuse(Refusal::UnknownEncounter) };
        return Ok(Between {
            patient_id: found.patient_id,
            doctor_id: found.doctor_id,
            appointment_id: None,
            encounter_id: Some(found.encounter_id),
            takes_place: found.state != encounter::State::Cancelled,
            when: of_encounter,
        });
    };
    let found = transaction.first(&appointment::BY_ID, params![appointment_id], |row| {
        let time = match row.value(2)? {
            Value::Text(text) => AppointmentTime::parse(text),
            _ => None,
        };
        Ok::<_, Error>(Between {
            patient_id: row.integer(0)?,
            doctor_id: row.integer(1)?,
            appointment_id: Some(appointment_id),
            encounter_id: None,
            takes_place: row.text(3)? != Status::Cancelled.word(),
            when: When { appointment: time, ..of_encounter },
        })
    })?;
    found.map_or_else(|| refuse(Refusal::UnknownAppointment), Ok)
}

/// The thread about a visit, where there is one, between its patient and the doctor who has it now.
fn of_visit(
    transaction: &Transaction<'_>,
    visit: &Between,
    changes: &mut Changes,
    now: &Now,
) -> Outcome<Option<i64>> {
    let found = match (visit.appointment_id, visit.encounter_id) {
        (Some(id), _) => transaction.first(&chat::BY_APPOINTMENT, params![id], |row| row.integer(0))?,
        (None, id) => transaction.first(&chat::BY_ENCOUNTER, params![id], |row| row.integer(0))?,
    };
    let Some(thread_id) = found else { return Ok(None) };
    let thread = known(transaction, thread_id)?;
    if thread.doctor_id != Some(visit.doctor_id) {
        hand_over(transaction, &thread, visit.doctor_id, changes, now)?;
    }
    Ok(Some(thread_id))
}

/// Another doctor has a visit: the thread about it, where there is one, goes along.
pub(in crate::service) fn follow(
    transaction: &Transaction<'_>,
    visit: Visit,
    changes: &mut Changes,
    now: &Now,
) -> Result<(), Error> {
    let followed = between(transaction, visit).and_then(|visit| of_visit(transaction, &visit, changes, now));
    match followed {
        // There is nothing to be followed.
        Ok(_) | Err(Failure::Refused(_)) => Ok(()),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}

/// Opens the thread about a visit, or finds the one that is there. Returns its id. Where another doctor has the
/// visit by now, as an old client may have written, it is between the patient and them from now on.
pub fn open(
    transaction: &Transaction<'_>,
    visit: Visit,
    opener_id: i64,
    subject: &str,
    rules: &ChatRules,
    changes: &mut Changes,
    now: &Now,
) -> Outcome<i64> {
    let visit = between(transaction, visit)?;
    if let Some(thread_id) = of_visit(transaction, &visit, changes, now)? {
        return Ok(thread_id);
    }
    if !visit.takes_place {
        return refuse(Refusal::NoVisit);
    }
    match visit.when.closes_ms(now.unix_ms, rules, now) {
        Some(closed_ms) if closed_ms <= now.unix_ms => return refuse(Refusal::Closed { closed_ms }),
        _ => {}
    }
    let Between { patient_id, doctor_id, appointment_id, encounter_id, .. } = visit;
    let kind = Kind::Patient.word();
    let thread_id = transaction.insert(
        &chat::INSERT,
        params![kind, subject, patient_id, doctor_id, appointment_id, encounter_id, opener_id, now.unix_ms],
    )?;
    join(transaction, thread_id, patient_id, 0, now)?;
    join(transaction, thread_id, doctor_id, 0, now)?;
    changes.marks(thread_id);
    Ok(thread_id)
}

/// Opens a thread among people who work here. Returns its id.
pub fn open_staff(
    transaction: &Transaction<'_>,
    opener_id: i64,
    subject: &str,
    members: &[i64],
    changes: &mut Changes,
    now: &Now,
) -> Outcome<i64> {
    let members: BTreeSet<i64> = members.iter().copied().chain([opener_id]).collect();
    if members.len() > MEMBERS_MAX {
        return refuse(Refusal::TooManyMembers);
    }
    for member_id in &members {
        check_staff(transaction, *member_id)?;
    }
    let none = None::<i64>;
    let thread_id = transaction.insert(
        &chat::INSERT,
        params![Kind::Staff.word(), subject, none, none, none, none, opener_id, now.unix_ms],
    )?;
    for member_id in members {
        join(transaction, thread_id, member_id, 0, now)?;
    }
    changes.marks(thread_id);
    Ok(thread_id)
}

/// Closes a thread; it can be read still.
pub fn close(
    transaction: &Transaction<'_>,
    thread_id: i64,
    rules: &ChatRules,
    changes: &mut Changes,
    now: &Now,
) -> Outcome<Thread> {
    let mut thread = known(transaction, thread_id)?;
    let from = thread.state(rules, now);
    if !from.next().contains(&State::Closed) {
        return refuse(Refusal::BadTransition { from, to: State::Closed });
    }
    transaction.execute(&chat::CLOSE, params![thread_id, now.unix_ms])?;
    thread.closed_ms = Some(now.unix_ms);
    changes.marks(thread_id);
    Ok(thread)
}
