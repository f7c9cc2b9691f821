//! The queue before a door: who has come, who is called, who is seen.
//!
//! It never knows who calls. Invariants: a ticket's number is one ticket's only in its session; a room sees one
//! patient at a time; a ticket and its appointment always say the same.

mod enter;
mod estimate;
mod find;
mod order;
mod step;

pub use enter::{Added, NewAddOn, NewFollowUp, NewWalkIn, add_on, check_in, follow_up, walk_in};
pub use estimate::{Standing, standing};
pub use find::{Board, Door, Ticket, board_of_room, board_of_session, by_appointment, by_id, list};
pub use step::{call_next, come_back, finish, leave, recall, set_priority, skip, start, undo};

pub(super) use find::live_in_session;
pub(super) use step::{appointment_ended, appointment_restored};

use super::words::words;
use super::{Failure, booking, refuse};

/// So many of those who wait are shown before a door.
pub const NEXT_SHOWN: usize = 5;

/// What the operator sets of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRules {
    /// Patients may check in so many minutes before their session begins.
    pub early_min: i64,
    /// Who checks in so many minutes after their time is late.
    pub grace_min: i64,
    /// A ticket may be skipped after so many calls.
    pub calls_max: i64,
    /// After so many skips a ticket has left.
    pub skips_max: i64,
    /// Who comes back after having been skipped stands behind so many who wait.
    pub return_after: i64,
    /// So many who have booked are called for each who came without.
    pub booked_per_walk_in: i64,
    /// Nobody is called before the session's doctor has clocked in.
    pub require_clock_in: bool,
    /// Doctors who clock in so many minutes after their session has begun are late.
    pub doctor_grace_min: i64,
}

impl Default for QueueRules {
    fn default() -> QueueRules {
        QueueRules {
            early_min: 60,
            grace_min: 15,
            calls_max: 3,
            skips_max: 3,
            return_after: 3,
            booked_per_walk_in: 2,
            require_clock_in: false,
            doctor_grace_min: 10,
        }
    }
}

words! {
    /// Where a ticket stands.
    pub enum State, "a ticket is in a state" {
        Waiting = "waiting",
        Called = "called",
        /// The patient is seen.
        Serving = "serving",
        Done = "done",
        /// Was called and did not come; may come back.
        Skipped = "skipped",
        Left = "left",
    }
}

impl State {
    /// Where it may go from here.
    pub fn next(self) -> &'static [State] {
        match self {
            State::Waiting => &[State::Called, State::Left],
            State::Called => &[State::Serving, State::Skipped, State::Left],
            State::Serving => &[State::Done],
            State::Skipped => &[State::Waiting, State::Left],
            State::Done | State::Left => &[],
        }
    }

    /// Where it is again once the step that led here has been undone.
    pub fn before(self) -> Option<State> {
        match self {
            State::Called => Some(State::Waiting),
            State::Serving => Some(State::Called),
            State::Done => Some(State::Serving),
            State::Waiting | State::Skipped | State::Left => None,
        }
    }

    /// Where the appointment of such a ticket stands.
    pub fn of_appointment(self) -> booking::State {
        match self {
            State::Waiting | State::Called | State::Skipped => booking::State::CheckedIn,
            State::Serving => booking::State::InConsultation,
            State::Done => booking::State::Completed,
            State::Left => booking::State::Cancelled,
        }
    }
}

words! {
    /// In which row of the queue a ticket stands.
    pub enum Band, "a ticket is in a row" {
        Booked = "booked",
        WalkIn = "walk_in",
        /// Comes again on the same day.
        Followup = "followup",
    }
}

impl Band {
    fn of(pool: booking::Pool) -> Band {
        match pool {
            booking::Pool::Online | booking::Pool::Addon => Band::Booked,
            booking::Pool::Onsite => Band::WalkIn,
            booking::Pool::Followup => Band::Followup,
        }
    }
}

/// Why a queue does not move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The appointment does not allow it, or is not made.
    Booking(booking::Refusal),
    UnknownTicket,
    /// The appointment is on another day.
    NotToday {
        day: String,
    },
    TooEarly {
        opens_at: String,
    },
    /// The session was over then.
    TooLate {
        until: String,
    },
    BadTransition {
        from: State,
        to: State,
    },
    /// The room calls or sees someone already.
    RoomBusy {
        ticket_id: i64,
        number: i64,
        state: State,
    },
    /// Nobody waits.
    QueueEmpty,
    /// The session's doctor has not clocked in.
    NotClockedIn,
    /// It was not called often enough to be skipped.
    CallsRemaining {
        remaining: i64,
    },
    /// The appointment that is to be followed is not completed.
    NotCompleted {
        state: booking::State,
    },
    /// The patient has come again already, so that the visit was over.
    Followed {
        appointment_id: i64,
    },
    /// There is nothing that can be undone, or not any longer, or not by this person.
    NothingToUndo,
}

pub type Outcome<T> = Result<T, Failure<Refusal>>;

/// What booking refuses, in the queue's terms.
fn of_booking<T>(outcome: booking::Outcome<T>) -> Outcome<T> {
    outcome.map_err(|failure| failure.map(Refusal::Booking))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_goes_where_its_appointment_can_follow() {
        for from in State::ALL {
            for to in from.next() {
                let (old, new) = (from.of_appointment(), to.of_appointment());
                assert!(old == new || old.next().contains(&new), "{from:?} to {to:?}");
            }
            if let Some(before) = from.before() {
                assert!(before.next().contains(&from), "{from:?}");
            }
        }
    }
}
