//! Appointments in sessions: where one stands, and where it may go from there.
//!
//! It never knows who asks. Invariants: an appointment goes only where `State::next` lets it; the old schema's
//! `status` always says the same in its own three words.

mod change;
mod conflict;
mod find;
mod hand_over;
mod old;
mod place;
mod session_end;

pub use change::{
    CancelledBy, Change, cancel, confirm, correct_no_show, expire_hold, mark, reopen, reschedule, set_paid,
    undo,
};
pub(super) use conflict::check_patient;
pub use conflict::{LimitScope, Override, lift_penalty};
pub use find::{Booking, Filter, by_id, expired, follow_up, list, live_follow_up, next_expiry};
pub use hand_over::hand_over;
pub use old::{Seat, enter, is_in_session, seat, set_status};
pub use place::{NewBooking, Placed, place};
pub use session_end::{close_session, stop_session};

use super::appointment::Status;
use super::words::words;
use super::{Failure, refuse};

words! {
    /// Where an appointment in a session stands.
    pub enum State, "an appointment is in a state" {
        /// The place is kept for a few minutes.
        Held = "held",
        Booked = "booked",
        CheckedIn = "checked_in",
        InConsultation = "in_consultation",
        Completed = "completed",
        Cancelled = "cancelled",
        NoShow = "no_show",
        /// A hold that nobody confirmed.
        Expired = "expired",
    }
}

impl State {
    /// Where it may go from here.
    pub fn next(self) -> &'static [State] {
        match self {
            State::Held => &[State::Booked, State::Cancelled, State::Expired],
            State::Booked => &[State::CheckedIn, State::Cancelled, State::NoShow],
            State::CheckedIn => &[State::InConsultation, State::Cancelled],
            State::InConsultation => &[State::Completed, State::CheckedIn],
            State::Completed | State::Cancelled | State::NoShow | State::Expired => &[],
        }
    }

    /// Whether it takes a place of its session.
    pub fn is_active(self) -> bool {
        matches!(self, State::Held | State::Booked | State::CheckedIn | State::InConsultation)
    }

    /// In the old schema's words.
    pub fn status(self) -> Status {
        match self {
            State::Held | State::Booked | State::CheckedIn | State::InConsultation => Status::Pending,
            State::Completed => Status::Completed,
            State::Cancelled | State::NoShow | State::Expired => Status::Cancelled,
        }
    }
}

words! {
    /// Of which of its session's places an appointment takes one.
    pub enum Pool, "an appointment is of a pool" {
        Online = "online",
        /// Given out at the desk.
        Onsite = "onsite",
        /// Beyond the others, by the doctor.
        Addon = "addon",
        /// None: a second visit of the same day.
        Followup = "followup",
    }
}

/// What the operator sets of booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingRules {
    pub hold_ms: i64,
    /// So many holds of a session that a patient let go or lost, within so many minutes, are followed by no other
    /// one until the first of them is that long ago; 0 is any number.
    pub holds_max: i64,
    pub holds_window_min: i64,
    pub limit_scope: LimitScope,
    /// Patients may cancel until so many minutes before they are to be seen.
    pub cancel_lead_min: i64,
    pub undo_ms: i64,
    /// So many appointments that a patient did not come to, within so many days, block booking online for so
    /// many days; 0 never does.
    pub no_shows_max: i64,
    pub no_show_window_days: i64,
    pub no_show_block_days: i64,
}

impl Default for BookingRules {
    fn default() -> BookingRules {
        BookingRules {
            hold_ms: 300_000,
            holds_max: 3,
            holds_window_min: 60,
            limit_scope: LimitScope::Department,
            cancel_lead_min: 0,
            undo_ms: 300_000,
            no_shows_max: 3,
            no_show_window_days: 180,
            no_show_block_days: 90,
        }
    }
}

/// Why an appointment is not made, or not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    UnknownSession,
    UnknownPatient,
    UnknownAppointment,
    /// Every place of the kind is taken.
    SessionFull,
    /// The session's places are given out later.
    NotOpen {
        opens_at: String,
    },
    /// The session takes no more bookings.
    BookingOver {
        until: String,
    },
    /// The doctor does not come.
    SessionStopped {
        reason: Option<String>,
    },
    SessionClosed,
    /// The patient is somewhere else at that time.
    PatientBusy {
        appointment_id: i64,
    },
    /// The patient has one in that scope on that day already.
    LimitReached {
        appointment_id: i64,
    },
    /// The patient did not come too often.
    Penalised {
        blocked_until: String,
    },
    /// The patient has let go or lost too many holds of the session lately.
    TooManyHolds {
        retry_after_ms: i64,
    },
    /// A patient cannot cancel so late.
    TooLate {
        until: String,
    },
    BadTransition {
        from: State,
        to: State,
    },
    /// The staff has given out the place, and moves it.
    NotOnline {
        pool: Pool,
    },
    /// The hold has expired.
    HoldExpired,
    /// There is nothing that can be undone, or not any longer, or not by this person.
    NothingToUndo,
    /// It is cancelled, and was not paid.
    NothingToPay {
        state: State,
    },
}

pub type Outcome<T> = Result<T, Failure<Refusal>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_over_and_what_is_active_can_end() {
        for state in State::ALL {
            assert_eq!(state.is_active(), !state.next().is_empty(), "{state:?}");
            assert_eq!(state.is_active(), state.status() == Status::Pending, "{state:?}");
        }
    }
}
