//! `appointment.*`: places in sessions, held, booked, moved, cancelled.
//!
//! It never knows how a place is counted. Invariant: a refusal says what its caller needs to go on.

mod list;
mod place;
mod step;

pub use list::{GetAppointment, ListAppointments};
pub use place::{BookAppointment, HoldAppointment};
pub use step::{
    CancelAppointment, ConfirmAppointment, CorrectNoShow, LiftPenalty, RescheduleAppointment, SetPaid,
    UndoStep,
};

use super::field::Id;
use super::problem::{Code, Problem, Refusal};
use super::schedule::SessionItem;
use super::{Call, Subject};
use crate::service::Failure;
use crate::service::booking::{self, Booking, Change, State};
use crate::service::clinic_session;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Serialize;

/// Other sessions that are named to someone who came too late.
const ALTERNATIVES_MAX: i64 = 5;

/// What is taken back in which way.
const NO_UNDO: &str = "this takes back a cancelling or a leaving of your own, within minutes; a confirmed place is \
    cancelled, a moved one moved again, who was checked in by mistake leaves, and a call is taken back by queue.undo";

/// What a booking may be refused with.
const BOOKING_ERRORS: &[Code] = &[
    Code::NotFound,
    Code::SessionFull,
    Code::NotOpen,
    Code::BookingOver,
    Code::SessionStopped,
    Code::SessionClosed,
    Code::PatientBusy,
    Code::LimitReached,
    Code::Penalised,
    Code::RequestIdReused,
];
/// What a hold may be refused with.
const HOLDING_ERRORS: &[Code] = &[
    Code::NotFound,
    Code::SessionFull,
    Code::NotOpen,
    Code::BookingOver,
    Code::SessionStopped,
    Code::SessionClosed,
    Code::PatientBusy,
    Code::LimitReached,
    Code::Penalised,
    Code::TooManyHolds,
    Code::RequestIdReused,
];
/// What moving an appointment may be refused with.
const MOVING_ERRORS: &[Code] = &[
    Code::NotFound,
    Code::BadTransition,
    Code::TooLate,
    Code::SessionFull,
    Code::NotOpen,
    Code::BookingOver,
    Code::SessionStopped,
    Code::SessionClosed,
    Code::PatientBusy,
    Code::LimitReached,
    Code::Penalised,
    Code::RequestIdReused,
];

/// An appointment in a session. Times are the hospital's own, `YYYY-MM-DD HH:MM:SS`.
#[derive(Serialize, JsonSchema)]
pub struct Appointment {
    pub appointment_id: i64,
    pub session_id: i64,
    pub patient_id: i64,
    pub patient_name: String,
    pub doctor_id: i64,
    pub doctor_name: String,
    pub department: Option<String>,
    pub room: Option<String>,
    /// About when the patient is seen.
    pub starts_at: String,
    pub ends_at: String,
    /// held, booked, checked_in, in_consultation, completed, cancelled, no_show or expired.
    pub state: &'static str,
    /// online, onsite, addon or followup.
    pub pool: &'static str,
    /// Counts the appointments of the doctor's day.
    pub queue_number: Option<i64>,
    /// For a hold: until when the place is kept, in milliseconds since 1970, UTC.
    pub expires_at_ms: Option<i64>,
    /// For a follow-up: the appointment that it follows.
    pub origin_id: Option<i64>,
    pub fee_fen: i64,
    pub is_paid: bool,
    /// patient, doctor, staff, hospital (the session was stopped) or system.
    pub cancelled_by: Option<String>,
    pub reason: Option<String>,
    /// The sessions that it was moved from, the first one first.
    pub moved_from: Vec<i64>,
}

impl From<Booking> for Appointment {
    fn from(booking: Booking) -> Appointment {
        Appointment {
            appointment_id: booking.appointment_id,
            session_id: booking.session_id,
            patient_id: booking.patient_id,
            patient_name: booking.patient_name,
            doctor_id: booking.doctor_id,
            doctor_name: booking.doctor_name,
            department: booking.department,
            room: booking.room,
            starts_at: booking.starts_at,
            ends_at: booking.ends_at,
            state: booking.state.word(),
            pool: booking.pool.word(),
            queue_number: booking.queue_number,
            expires_at_ms: booking.expires_ms,
            origin_id: booking.origin_id,
            fee_fen: booking.fee_fen,
            is_paid: booking.is_paid,
            cancelled_by: booking.cancelled_by,
            reason: booking.reason,
            moved_from: booking.moved_from,
        }
    }
}

/// A refusal of booking in this dialect's words.
impl From<booking::Refusal> for Problem {
    fn from(refusal: booking::Refusal) -> Problem {
        use booking::Refusal as Of;
        match refusal {
            Of::UnknownSession => return Problem::not_found("session"),
            Of::UnknownPatient => return Problem::not_found("patient"),
            Of::UnknownAppointment => return Problem::not_found("appointment"),
            Of::SessionFull => Refusal::of(Code::SessionFull).with("remaining", 0),
            Of::NotOpen { opens_at } => Refusal::of(Code::NotOpen).with("opens_at", opens_at),
            Of::BookingOver { until } => Refusal::of(Code::BookingOver).with("until", until),
            Of::SessionStopped { reason } => Refusal::of(Code::SessionStopped).with("reason", reason),
            Of::SessionClosed => Refusal::of(Code::SessionClosed),
            Of::PatientBusy { appointment_id } => {
                Refusal::of(Code::PatientBusy).with("appointment_id", appointment_id)
            }
            Of::LimitReached { appointment_id } => {
                Refusal::of(Code::LimitReached).with("appointment_id", appointment_id)
            }
            Of::Penalised { blocked_until } => {
                Refusal::of(Code::Penalised).with("blocked_until", blocked_until)
            }
            Of::TooManyHolds { retry_after_ms } => {
                Refusal::of(Code::TooManyHolds).with("retry_after_ms", retry_after_ms)
            }
            Of::TooLate { until } => Refusal::of(Code::TooLate).with("until", until),
            Of::BadTransition { from, to } => bad_transition(from, to),
            Of::NotOnline { pool } => {
                Refusal::new(Code::Forbidden, "a patient moves a place online only; the staff moves this one")
                    .with("pool", pool.word())
            }
            Of::HoldExpired => Refusal::of(Code::HoldExpired),
            Of::NothingToUndo => Refusal::new(Code::NothingToUndo, NO_UNDO),
            Of::NothingToPay { state } => {
                Refusal::new(Code::Conflict, "nothing is paid for an appointment that does not take place")
                    .with("state", state.word())
            }
        }
        .into()
    }
}

fn bad_transition(from: State, to: State) -> Refusal {
    let allowed = from.next().iter().map(|state| state.word());
    Refusal::cannot_become("an appointment", (from.word(), to.word()), allowed)
}

/// As `Problem::from`; whoever finds a session full is told where there are places.
fn refused_place(
    failure: Failure<booking::Refusal>,
    session_id: i64,
    call: &Call<'_>,
    transaction: &Transaction<'_>,
) -> Problem {
    let is_full = matches!(failure, Failure::Refused(booking::Refusal::SessionFull));
    let problem = Problem::from(failure);
    let (true, Problem::Refused(refusal)) = (is_full, &problem) else { return problem };
    let alternatives = clinic_session::by_id(transaction, session_id).and_then(|session| match session {
        Some(session) => clinic_session::alternatives(transaction, &session, ALTERNATIVES_MAX, call.now),
        None => Ok(Vec::new()),
    });
    match alternatives {
        Ok(found) => {
            let items: Vec<SessionItem> = found.into_iter().map(Into::into).collect();
            let named = serde_json::to_value(items).unwrap_or_default();
            Refusal { code: refusal.code, message: refusal.message.clone(), facts: refusal.facts.clone() }
                .with("alternatives", named)
                .into()
        }
        Err(fault) => fault.into(),
    }
}

/// The appointment that a call concerns.
pub(super) fn subject(transaction: &Transaction<'_>, Id(appointment_id): Id) -> Result<Subject, Problem> {
    match booking::by_id(transaction, appointment_id)? {
        Some(found) => Ok(Subject::Care {
            entity: "appointment",
            entity_id: appointment_id,
            patient_id: found.patient_id,
            doctor_id: found.doctor_id,
        }),
        None => Err(Problem::not_found("appointment")),
    }
}

/// What a step needs beside its appointment.
pub(super) fn change<'c, 't>(call: &'c mut Call<'_>, transaction: &'c Transaction<'t>) -> Change<'c, 't> {
    let by = call.opened.map(|opened| opened.actor.user_id);
    Change {
        transaction,
        rules: &call.rules.booking,
        memory: call.memory,
        changes: &mut call.changes,
        now: call.now,
        by,
    }
}

fn found(transaction: &Transaction<'_>, Id(appointment_id): Id) -> Result<Appointment, Problem> {
    booking::by_id(transaction, appointment_id)?
        .map(Appointment::from)
        .ok_or_else(|| Problem::not_found("appointment"))
}
