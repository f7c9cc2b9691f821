//! The clinic's rules over a transaction: one noun a file.
//!
//! Nothing in here knows JSON, a socket, SQL text or the clock; the time is an argument. Invariant: a
//! function that refuses has written nothing that its caller has to undo by hand.

pub mod access;
pub mod account;
pub mod allergy;
pub mod appointment;
pub mod attachment;
pub mod attendance;
pub mod audit;
pub mod backup;
pub mod block;
pub mod booking;
pub mod changes;
pub mod chat;
pub mod clinic_session;
pub mod credential;
pub mod decimal;
pub mod demo;
pub mod diagnosis;
pub mod department;
pub mod doctor;
pub mod drug;
pub mod admission;
pub mod encounter;
pub mod ward;
pub mod event;
pub mod export;
pub mod icd10;
pub mod leave;
pub mod login;
pub mod memory;
pub mod notice;
pub mod old_row;
pub mod order;
pub mod patient;
pub mod prescription;
pub mod queue;
pub mod record;
pub mod reminder;
pub mod reply;
pub mod report;
pub mod schedule;
pub mod session;
pub mod table;
pub mod text;
pub mod throttle;
pub mod time;
pub mod timeline;
pub mod usage;
pub mod waitlist;
pub(crate) mod words;
pub mod working_hours;

use crate::store;

/// Why a request was not carried out: the clinic's rules refuse it, or the store failed.
#[derive(Debug)]
pub enum Failure<R> {
    Refused(R),
    Fault(store::Error),
}

impl<R> Failure<R> {
    /// The same failure with its refusal in another one's terms.
    pub fn map<S>(self, change: impl FnOnce(R) -> S) -> Failure<S> {
        match self {
            Failure::Refused(refusal) => Failure::Refused(change(refusal)),
            Failure::Fault(fault) => Failure::Fault(fault),
        }
    }
}

fn refuse<T, R>(refusal: R) -> Result<T, Failure<R>> {
    Err(Failure::Refused(refusal))
}

impl<R> From<store::Error> for Failure<R> {
    fn from(error: store::Error) -> Failure<R> {
        Failure::Fault(error)
    }
}

/// What the operator sets of booking and of the queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClinicRules {
    pub booking: booking::BookingRules,
    pub release: schedule::ReleaseRules,
    pub queue: queue::QueueRules,
    pub reminder: reminder::ReminderRules,
    pub order: order::OrderRules,
    pub chat: chat::ChatRules,
}

/// What the operator sets of the old dialect's rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Whether a booking must fall into the doctor's working hours.
    pub enforce_schedule: bool,
}
