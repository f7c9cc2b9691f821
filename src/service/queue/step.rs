//! Steps that a ticket takes: called, called again, skipped, back, seen, finished, gone, undone.
//!
//! It never knows who may take them. Invariants: a ticket goes only where `State::next` lets it, or back where
//! it came from; its appointment goes with it in the same step; nobody is called or seen in two places; who
//! listens is told of both.

use super::enter::open_session;
use super::find::{Ticket, by_id, by_place, in_hands, in_room, next};
use super::{Outcome, QueueRules, Refusal, State, of_booking, refuse};
use crate::service::Failure;
use crate::service::attendance;
use crate::service::booking::{self, Booking, CancelledBy, Change, mark};
use crate::service::clinic_session;
use crate::service::encounter::{self, Class, NewEncounter};
use crate::store::statements::queue;
use crate::store::{Error, params};

fn known(change: &Change<'_, '_>, ticket_id: i64) -> Outcome<Ticket> {
    match by_id(change.transaction, ticket_id)? {
        Some(ticket) => Ok(ticket),
        None => refuse(Refusal::UnknownTicket),
    }
}

/// A ticket that may go there.
fn going(change: &Change<'_, '_>, ticket_id: i64, to: State) -> Outcome<Ticket> {
    let ticket = known(change, ticket_id)?;
    if !ticket.state.next().contains(&to) {
        return refuse(Refusal::BadTransition { from: ticket.state, to });
    }
    Ok(ticket)
}

/// Tells who listens, and returns the ticket as it is now.
fn moved(change: &mut Change<'_, '_>, ticket: &Ticket) -> Outcome<Ticket> {
    change.changes.queues.insert(ticket.session_id);
    change.changes.appointments.insert(ticket.appointment_id);
    known(change, ticket.ticket_id)
}

/// Refuses where a room has someone else in one of these states.
fn free_room(change: &Change<'_, '_>, room: &str, own: i64, states: &[State]) -> Outcome<()> {
    let others = in_room(change.transaction, room)?;
    let other = others.iter().find(|other| other.ticket_id != own && states.contains(&other.state));
    match other {
        None => Ok(()),
        Some(Ticket { ticket_id, number, state, .. }) => {
            refuse(Refusal::RoomBusy { ticket_id: *ticket_id, number: *number, state: *state })
        }
    }
}

/// Refuses a patient who is called or seen somewhere else.
fn free_patient(change: &Change<'_, '_>, ticket: &Ticket) -> Outcome<()> {
    match in_hands(change.transaction, ticket, change.now)? {
        None => Ok(()),
        Some(appointment_id) => refuse(Refusal::Booking(booking::Refusal::PatientBusy { appointment_id })),
    }
}

/// Whoever was seen in a room on an earlier day, and was never said to have left, is not there any longer.
fn end_forgotten(change: &mut Change<'_, '_>, room: &str) -> Outcome<()> {
    for ticket in in_room(change.transaction, room)? {
        let session = clinic_session::by_id(change.transaction, ticket.session_id)?;
        let is_of_today = session.is_none_or(|session| session.day.as_str() >= change.now.day());
        if ticket.state != State::Serving || is_of_today {
            continue;
        }
        of_booking(mark(change, ticket.appointment_id, State::Done.of_appointment()))?;
        encounter::seen(change.transaction, ticket.appointment_id, change.now)?;
        let (by, now) = (change.by, change.now.unix_ms);
        change.transaction.execute(&queue::FORGET, params![ticket.ticket_id, by, now])?;
        moved(change, &ticket)?;
    }
    Ok(())
}

/// Calls whoever is next into a room. Who is called or seen elsewhere keeps their place and is called later.
pub fn call_next(
    change: &mut Change<'_, '_>,
    rules: &QueueRules,
    session_id: i64,
    room: &str,
) -> Outcome<Ticket> {
    let session = open_session(change, session_id)?;
    end_forgotten(change, room)?;
    if !attendance::lets_call(change.transaction, &session, rules)? {
        return refuse(Refusal::NotClockedIn);
    }
    free_room(change, room, 0, &[State::Called, State::Serving])?;
    let Some(ticket) = next(change.transaction, session_id, rules, change.now)? else {
        return refuse(Refusal::QueueEmpty);
    };
    let by = change.by;
    change.transaction.execute(&queue::CALL, params![ticket.ticket_id, room, by, change.now.unix_ms])?;
    moved(change, &ticket)
}

/// Calls someone once more who has not come yet.
pub fn recall(change: &mut Change<'_, '_>, ticket_id: i64) -> Outcome<Ticket> {
    let ticket = known(change, ticket_id)?;
    if ticket.state != State::Called {
        return refuse(Refusal::BadTransition { from: ticket.state, to: State::Called });
    }
    change.transaction.execute(&queue::RECALL, params![ticket_id])?;
    moved(change, &ticket)
}

/// Passes over someone who was called and has not come; `at_once` does not wait for further calls. Who was
/// passed over too often has left.
pub fn skip(
    change: &mut Change<'_, '_>,
    rules: &QueueRules,
    ticket_id: i64,
    at_once: bool,
) -> Outcome<Ticket> {
    let ticket = going(change, ticket_id, State::Skipped)?;
    let remaining = rules.calls_max - ticket.calls;
    if remaining > 0 && !at_once {
        return refuse(Refusal::CallsRemaining { remaining });
    }
    let (by, now) = (change.by, change.now.unix_ms);
    change.transaction.execute(&queue::SKIP, params![ticket_id, by, now])?;
    if ticket.skips + 1 >= rules.skips_max {
        of_booking(booking::cancel(change, ticket.appointment_id, CancelledBy::System, Some(LEFT)))?;
    }
    moved(change, &ticket)
}

/// Why the appointment of someone who has left is cancelled.
const LEFT: &str = "left";

/// Lets someone who was passed over wait again, behind the next few of their own row and priority.
pub fn come_back(change: &mut Change<'_, '_>, rules: &QueueRules, ticket_id: i64) -> Outcome<Ticket> {
    let ticket = going(change, ticket_id, State::Waiting)?;
    open_session(change, ticket.session_id)?;
    let places: Vec<f64> = by_place(change.transaction, ticket.session_id)?
        .iter()
        .filter(|other| other.priority == ticket.priority && other.band == ticket.band)
        .map(|other| other.place)
        .collect();
    let next_number = change
        .transaction
        .first(&queue::NUMBER, params![ticket.session_id], |row| row.integer(0))?
        .ok_or_else(|| Error::Other("a ticket's session is gone".into()))?;
    #[expect(clippy::cast_precision_loss, reason = "a session has far fewer tickets than a float has digits")]
    let end = next_number as f64;
    let place = place_behind(&places, usize::try_from(rules.return_after).unwrap_or(0), end);
    let (by, now) = (change.by, change.now.unix_ms);
    change.transaction.execute(&queue::COME_BACK, params![ticket_id, place, by, now])?;
    moved(change, &ticket)
}

/// A place behind so many, or behind all where there are fewer, and before whoever comes next; `end` is the
/// place of the next one who comes.
fn place_behind(places: &[f64], count: usize, end: f64) -> f64 {
    let count = count.min(places.len());
    let before = count.checked_sub(1).and_then(|last| places.get(last)).copied();
    let after = places.get(count).copied().unwrap_or(end);
    f64::midpoint(before.unwrap_or(after - 1.0), after)
}

/// Someone who was called has come, and is seen: their visit begins, if it has not.
pub fn start(change: &mut Change<'_, '_>, ticket_id: i64) -> Outcome<Ticket> {
    let ticket = going(change, ticket_id, State::Serving)?;
    free_patient(change, &ticket)?;
    free_room(change, ticket.room.as_deref().unwrap_or_default(), ticket_id, &[State::Serving])?;
    let found = of_booking(mark(change, ticket.appointment_id, State::Serving.of_appointment()))?;
    let (by, now) = (change.by, change.now.unix_ms);
    begin_visit(change, &found)?;
    change.transaction.execute(&queue::START, params![ticket_id, by, now])?;
    moved(change, &ticket)
}

fn begin_visit(change: &Change<'_, '_>, found: &Booking) -> Result<(), Error> {
    let new = NewEncounter {
        patient_id: found.patient_id,
        doctor_id: found.doctor_id,
        appointment_id: Some(found.appointment_id),
        class: Class::Ambulatory,
        department: found.department.as_deref(),
    };
    match encounter::started(change.transaction, &new, change.by, change.now) {
        Ok(_) => Ok(()),
        Err(Failure::Fault(fault)) => Err(fault),
        Err(Failure::Refused(refusal)) => {
            Err(Error::Other(format!("the visit of a patient who is seen did not begin: {refusal:?}")))
        }
    }
}

/// Someone has been seen; their visit ends, if nothing stands against it.
pub fn finish(change: &mut Change<'_, '_>, ticket_id: i64) -> Outcome<Ticket> {
    let ticket = going(change, ticket_id, State::Done)?;
    of_booking(mark(change, ticket.appointment_id, State::Done.of_appointment()))?;
    let (by, now) = (change.by, change.now.unix_ms);
    encounter::seen(change.transaction, ticket.appointment_id, change.now)?;
    change.transaction.execute(&queue::FINISH, params![ticket_id, by, now])?;
    moved(change, &ticket)
}

/// Someone goes without having been seen; who says so ends the appointment.
pub fn leave(change: &mut Change<'_, '_>, ticket_id: i64, cancelled_by: CancelledBy) -> Outcome<Ticket> {
    let ticket = going(change, ticket_id, State::Left)?;
    of_booking(booking::cancel(change, ticket.appointment_id, cancelled_by, Some(LEFT)))?;
    moved(change, &ticket)
}

/// An appointment has ended whose patient may stand in the queue: they do no longer. Where one is
/// completed whose patient waits or has left, as the old dialect does, which knows of no queue, they have been seen.
pub(in crate::service) fn appointment_ended(
    change: &mut Change<'_, '_>,
    found: &Booking,
    is_completed: bool,
) -> Result<(), Error> {
    let Some(ticket) = super::by_appointment(change.transaction, found.appointment_id)? else {
        return Ok(());
    };
    let statement = match (ticket.state, is_completed) {
        (State::Done, _) | (State::Left, false) => return Ok(()),
        (_, true) => {
            encounter::seen(change.transaction, found.appointment_id, change.now)?;
            &queue::FINISH
        }
        (_, false) => &queue::LEAVE,
    };
    change.transaction.execute(statement, params![ticket.ticket_id, change.by, change.now.unix_ms])?;
    change.changes.queues.insert(ticket.session_id);
    Ok(())
}

/// An appointment was brought back that was over. Its patient, where they had come, waits again in
/// their old place as if nobody had called them yet, for nobody gets a second ticket. Returns whether they had come.
pub(in crate::service) fn appointment_restored(
    change: &mut Change<'_, '_>,
    found: &Booking,
) -> Result<bool, Error> {
    let Some(ticket) = super::by_appointment(change.transaction, found.appointment_id)? else {
        return Ok(false);
    };
    change.transaction.execute(&queue::RESTORE, params![ticket.ticket_id, change.by, change.now.unix_ms])?;
    change.changes.queues.insert(ticket.session_id);
    Ok(true)
}

/// Lets someone who is not seen yet come before others, or no longer.
pub fn set_priority(change: &mut Change<'_, '_>, ticket_id: i64, priority: i64) -> Outcome<Ticket> {
    let ticket = known(change, ticket_id)?;
    if !matches!(ticket.state, State::Waiting | State::Called | State::Skipped) {
        return refuse(Refusal::BadTransition { from: ticket.state, to: State::Waiting });
    }
    change.transaction.execute(&queue::SET_PRIORITY, params![ticket_id, priority])?;
    moved(change, &ticket)
}

/// Takes back a call, a start or a finish that was a mistake, within minutes, by whoever made it or, with
/// `may_all`, by anyone. It is taken back one step, and not again.
pub fn undo(change: &mut Change<'_, '_>, ticket_id: i64, may_all: bool) -> Outcome<Ticket> {
    let ticket = known(change, ticket_id)?;
    let is_recent = change.now.unix_ms - ticket.changed_ms <= change.rules.undo_ms;
    let is_own = ticket.changed_by.is_some() && (may_all || ticket.changed_by == change.by);
    // Whoever was never called into a room does not go back into one.
    let has_been = |before: &State| *before != State::Serving || ticket.started_ms.is_some();
    let Some(before) = ticket.state.before().filter(|before| is_recent && is_own && has_been(before)) else {
        return refuse(Refusal::NothingToUndo);
    };
    if before != State::Serving {
        // In a session that has ended, nobody is called or waits.
        open_session(change, ticket.session_id)?;
    }
    let room = ticket.room.as_deref().unwrap_or_default();
    let statement = match before {
        State::Called => {
            free_room(change, room, ticket_id, &[State::Called])?;
            free_patient(change, &ticket)?;
            of_booking(mark(change, ticket.appointment_id, before.of_appointment()))?;
            encounter::unstarted(change.transaction, ticket.appointment_id, ticket.started_ms, change.now)?;
            &queue::UNDO_START
        }
        State::Serving => {
            check_not_followed(change, &ticket)?;
            free_room(change, room, ticket_id, &[State::Called, State::Serving])?;
            free_patient(change, &ticket)?;
            of_booking(booking::reopen(change, ticket.appointment_id))?;
            encounter::still_seen(change.transaction, ticket.appointment_id, ticket.finished_ms)?;
            &queue::UNDO_FINISH
        }
        _ => &queue::UNDO_CALL,
    };
    change.transaction.execute(statement, params![ticket_id, change.now.unix_ms])?;
    moved(change, &ticket)
}

/// Refuses to go on with a visit that the patient has come again after.
fn check_not_followed(change: &Change<'_, '_>, ticket: &Ticket) -> Outcome<()> {
    let Some(origin) = booking::by_id(change.transaction, ticket.appointment_id)? else { return Ok(()) };
    match booking::follow_up(change.transaction, &origin)? {
        None => Ok(()),
        Some(appointment_id) => refuse(Refusal::Followed { appointment_id }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_behind() {
        let places = [3.0, 5.0, 6.0, 6.5];
        for (count, expected) in [(0, 2.5), (1, 4.0), (2, 5.5), (3, 6.25), (4, 6.75), (9, 6.75)] {
            assert!((place_behind(&places, count, 7.0) - expected).abs() < 1e-9, "{count}");
        }
        assert!((place_behind(&[], 3, 7.0) - 6.5).abs() < 1e-9);
    }
}
