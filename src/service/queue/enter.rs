//! How somebody comes into the queue: checked in, without an appointment, for a second time, or let in by the
//! doctor.
//!
//! It never knows whether they come by a kiosk or a desk. Invariants: a number is given once in a session,
//! whatever becomes of its ticket; nobody gets a ticket whose appointment is not checked in.

use super::find::{Ticket, by_id, live_in_session};
use super::{Band, Outcome, QueueRules, Refusal, of_booking, refuse};
use crate::service::booking::{
    self, Booking, Change, NewBooking, Override, Placed, Pool, State as BookingState, mark, place,
};
use crate::service::clinic_session::{self, ClinicSession, Filter, SessionState};
use crate::service::time::AppointmentTime;
use crate::store::statements::queue;
use crate::store::{Error, params};

/// A doctor's day has fewer sessions.
const SESSIONS_OF_DAY_MAX: i64 = 50;

fn known_booking(change: &Change<'_, '_>, appointment_id: i64) -> Outcome<Booking> {
    match booking::by_id(change.transaction, appointment_id)? {
        Some(found) => Ok(found),
        None => refuse(Refusal::Booking(booking::Refusal::UnknownAppointment)),
    }
}

/// The session, where it takes place.
pub(super) fn open_session(change: &Change<'_, '_>, session_id: i64) -> Outcome<ClinicSession> {
    let refusal = match clinic_session::by_id(change.transaction, session_id)? {
        None => booking::Refusal::UnknownSession,
        Some(session) => match session.state {
            SessionState::Open => return Ok(session),
            SessionState::Stopped => booking::Refusal::SessionStopped { reason: session.stop_reason },
            SessionState::Closed => booking::Refusal::SessionClosed,
        },
    };
    refuse(Refusal::Booking(refusal))
}

fn time(text: &str) -> Result<AppointmentTime, Error> {
    AppointmentTime::parse(text).ok_or_else(|| Error::Other("a session has no times".into()))
}

fn minutes_after(text: &str, minutes: i64) -> Result<AppointmentTime, Error> {
    time(text)?.plus_minutes(minutes).ok_or_else(|| Error::Other("a session has no times".into()))
}

/// Gives someone who has booked a ticket.
pub fn check_in(change: &mut Change<'_, '_>, rules: &QueueRules, appointment_id: i64) -> Outcome<Ticket> {
    let found = known_booking(change, appointment_id)?;
    if found.state != BookingState::Booked {
        let (from, to) = (found.state, BookingState::CheckedIn);
        return refuse(Refusal::Booking(booking::Refusal::BadTransition { from, to }));
    }
    if found.day != change.now.day() {
        return refuse(Refusal::NotToday { day: found.day });
    }
    let session = open_session(change, found.session_id)?;
    let now = change.now.time_text();
    let opens_at = minutes_after(&session.starts_at, -rules.early_min)?;
    if now.as_str() < opens_at.as_str() {
        return refuse(Refusal::TooEarly { opens_at: opens_at.to_string() });
    }
    if now.as_str() >= session.ends_at.as_str() {
        return refuse(Refusal::TooLate { until: session.ends_at });
    }
    // Who comes without an appointment is never late for it.
    let is_late = Band::of(found.pool) == Band::Booked && found.is_late(rules.grace_min, change.now);
    give_ticket(change, &found, is_late)
}

/// A ticket's first place is its number, so that whoever is late stands behind all who wait by then: no place
/// is ever beyond the last number that was given.
fn give_ticket(change: &mut Change<'_, '_>, found: &Booking, is_late: bool) -> Outcome<Ticket> {
    of_booking(mark(change, found.appointment_id, BookingState::CheckedIn))?;
    let transaction = change.transaction;
    let number = transaction
        .first(&queue::NUMBER, params![found.session_id], |row| row.integer(0))?
        .ok_or_else(|| Error::Other("an appointment's session is gone".into()))?;
    transaction.execute(&queue::GIVE_NUMBER, params![found.session_id])?;
    let ticket_id = transaction.insert(
        &queue::INSERT,
        params![
            found.session_id,
            number,
            found.appointment_id,
            found.patient_id,
            Band::of(found.pool).word(),
            is_late,
            change.now.unix_ms,
            change.by
        ],
    )?;
    change.changes.queues.insert(found.session_id);
    match by_id(transaction, ticket_id)? {
        Some(ticket) => Ok(ticket),
        None => Err(Error::Other("a ticket that was just given is gone".into()).into()),
    }
}

fn booked(change: &mut Change<'_, '_>, new: &NewBooking) -> Outcome<Placed> {
    of_booking(place(change.transaction, new, change.rules, change.memory, change.changes, change.now))
}

pub struct NewWalkIn {
    pub session_id: i64,
    pub patient_id: i64,
    /// In fen; the doctor's, where none is given.
    pub fee_fen: Option<i64>,
    pub is_paid: bool,
}

/// Takes a place at the desk for someone who is there, and gives them a ticket.
pub fn walk_in(change: &mut Change<'_, '_>, new: &NewWalkIn) -> Outcome<Ticket> {
    today(change, new.session_id)?;
    stands_once(change, new.patient_id, new.session_id)?;
    let placed = booked(
        change,
        &NewBooking {
            session_id: new.session_id,
            patient_id: new.patient_id,
            state: BookingState::Booked,
            pool: Pool::Onsite,
            origin_id: None,
            fee_fen: new.fee_fen,
            is_paid: new.is_paid,
            reason: None,
            rules_are: Override::No,
            by: change.by,
        },
    )?;
    let found = known_booking(change, placed.appointment_id)?;
    give_ticket(change, &found, false)
}

/// Refuses whoever stands in the queue of a session already.
fn stands_once(change: &Change<'_, '_>, patient_id: i64, session_id: i64) -> Outcome<()> {
    match live_in_session(change.transaction, patient_id, session_id)? {
        None => Ok(()),
        Some(appointment_id) => refuse(Refusal::Booking(booking::Refusal::LimitReached { appointment_id })),
    }
}

/// Refuses a session that is not today's, or does not take place.
fn today(change: &Change<'_, '_>, session_id: i64) -> Outcome<()> {
    let session = open_session(change, session_id)?;
    if session.day != change.now.day() {
        return refuse(Refusal::NotToday { day: session.day });
    }
    Ok(())
}

pub struct NewFollowUp {
    /// The appointment that is followed.
    pub origin_id: i64,
}

/// Gives someone who was seen today a ticket for coming again, which takes no place.
pub fn follow_up(change: &mut Change<'_, '_>, new: &NewFollowUp) -> Outcome<Ticket> {
    let origin = known_booking(change, new.origin_id)?;
    if origin.state != BookingState::Completed {
        return refuse(Refusal::NotCompleted { state: origin.state });
    }
    if origin.day != change.now.day() {
        return refuse(Refusal::NotToday { day: origin.day });
    }
    if let Some(appointment_id) = booking::live_follow_up(change.transaction, &origin)? {
        return refuse(Refusal::Booking(booking::Refusal::LimitReached { appointment_id }));
    }
    let session = session_to_follow(change, &origin)?;
    stands_once(change, origin.patient_id, session.session_id)?;
    let placed = booked(
        change,
        &NewBooking {
            session_id: session.session_id,
            patient_id: origin.patient_id,
            state: BookingState::Booked,
            pool: Pool::Followup,
            origin_id: Some(origin.appointment_id),
            fee_fen: Some(0),
            is_paid: true,
            reason: None,
            rules_are: Override::No,
            by: change.by,
        },
    )?;
    let found = known_booking(change, placed.appointment_id)?;
    give_ticket(change, &found, false)
}

/// The same session while it lasts, or else the next one that the doctor has on that day.
fn session_to_follow(change: &Change<'_, '_>, origin: &Booking) -> Outcome<ClinicSession> {
    let now = change.now.time_text();
    let goes_on = |session: &ClinicSession| {
        session.state == SessionState::Open && now.as_str() < session.ends_at.as_str()
    };
    let day = Filter {
        doctor_id: Some(origin.doctor_id),
        department: None,
        from: &origin.day,
        to: &origin.day,
        after: 0,
    };
    let mut found: Option<ClinicSession> = None;
    clinic_session::list(change.transaction, &day, SESSIONS_OF_DAY_MAX, |session| {
        let is_same = session.session_id == origin.session_id;
        if goes_on(&session) && (is_same || found.is_none()) {
            found = Some(session);
        }
    })?;
    match found {
        Some(session) => Ok(session),
        None => refuse(Refusal::Booking(booking::Refusal::SessionClosed)),
    }
}

pub struct NewAddOn {
    pub session_id: i64,
    pub patient_id: i64,
    /// In fen; the doctor's, where none is given.
    pub fee_fen: Option<i64>,
    pub reason: String,
}

/// A place beyond the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    pub session: ClinicSession,
    pub placed: Placed,
}

/// Books a place beyond the plan; the patient checks in as everyone does.
pub fn add_on(change: &mut Change<'_, '_>, new: NewAddOn) -> Outcome<Added> {
    let session = open_session(change, new.session_id)?;
    let placed = booked(
        change,
        &NewBooking {
            session_id: new.session_id,
            patient_id: new.patient_id,
            state: BookingState::Booked,
            pool: Pool::Addon,
            origin_id: None,
            fee_fen: new.fee_fen,
            is_paid: false,
            reason: Some(new.reason),
            rules_are: Override::No,
            by: change.by,
        },
    )?;
    Ok(Added { session, placed })
}
