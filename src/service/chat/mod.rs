//! Threads of messages: between a patient and a doctor about a visit, and among the staff.
//!
//! It never knows who may read one, or who listens. Invariants: a visit has one thread; the sequences of a
//! thread have no holes; nothing is added to a thread that is closed.

mod block;
mod find;
mod member;
mod message;
mod open;
mod stray;

pub use block::{Block, block, blocks, unblock};
pub use find::{Last, Own, Unread, by_id, of_member, of_patient, unread};
pub use member::{Mark, NamedMember, Standing, add_member, leave, marks, named_members, silenced, standing};
pub use message::{Message, Page, Reading, deliver, messages, read, send};
pub(super) use open::follow;
pub use open::{Between, Visit, between, close, open, open_staff};
pub use stray::{Stray, note_stray, strays};

use super::encounter;
use super::time::{AppointmentTime, Now};
use super::words::words;
use super::{Failure, refuse};
use crate::store::{Error, Row, Transaction, Value};

/// Members that a thread may have at once.
pub const MEMBERS_MAX: usize = 20;
pub const CONTENT_CHARS_MAX: usize = 4000;
pub const SUBJECT_CHARS_MAX: usize = 100;
/// Messages that are marked read by one call at the most.
pub const READ_MAX: i64 = 500;
/// Messages that an event tells of, the latest, and threads of an inbox.
pub const TOLD_MAX: i64 = 20;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What the operator sets of threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatRules {
    /// How long after the visit a patient's thread takes messages.
    pub open_days: i64,
    /// Of one sender.
    pub messages_per_minute_max: i64,
}

impl Default for ChatRules {
    fn default() -> ChatRules {
        ChatRules { open_days: 14, messages_per_minute_max: 30 }
    }
}

words! {
    /// Among whom a thread is.
    pub enum Kind, "a thread is of a kind" {
        /// A patient and a doctor.
        Patient = "patient",
        /// People who work here.
        Staff = "staff",
    }
}

words! {
    /// Where a thread stands, which follows from its row, the visit and the time.
    pub enum State {
        Open = "open",
        Closed = "closed",
    }
}

impl State {
    /// Where it may go from here.
    pub fn next(self) -> &'static [State] {
        match self {
            State::Open => &[State::Closed],
            State::Closed => &[],
        }
    }
}

/// When the visit of a thread is, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct When {
    pub appointment: Option<AppointmentTime>,
    pub encounter: Option<encounter::State>,
    pub ended_ms: Option<i64>,
}

impl When {
    /// When the visit is over; none while it goes on, or where nobody has said yet when it is.
    fn over_ms(&self, otherwise_ms: i64, now: &Now) -> Option<i64> {
        let planned = self.appointment.as_ref().map(|time| now.unix_ms_of(time).unwrap_or(otherwise_ms));
        match self.encounter {
            Some(encounter::State::InProgress) => None,
            Some(encounter::State::Planned) => planned,
            Some(encounter::State::Finished | encounter::State::Cancelled) => {
                Some(self.ended_ms.unwrap_or(otherwise_ms))
            }
            None => Some(planned.unwrap_or(otherwise_ms)),
        }
    }

    /// When a thread about it closes by itself.
    pub fn closes_ms(&self, otherwise_ms: i64, rules: &ChatRules, now: &Now) -> Option<i64> {
        let over_ms = self.over_ms(otherwise_ms, now)?;
        Some(over_ms.saturating_add(rules.open_days.saturating_mul(DAY_MS)))
    }
}

/// A thread as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    pub thread_id: i64,
    pub kind: Kind,
    pub subject: String,
    pub patient_id: Option<i64>,
    pub doctor_id: Option<i64>,
    pub appointment_id: Option<i64>,
    pub encounter_id: Option<i64>,
    /// That of the last message; 0 where there is none yet.
    pub last_sequence: i64,
    pub created_by: i64,
    pub created_ms: i64,
    /// When somebody closed it.
    pub closed_ms: Option<i64>,
    pub when: When,
}

impl Thread {
    fn from_row(row: &Row<'_>) -> Result<Thread, Error> {
        let appointment = match row.value(11)? {
            Value::Text(text) => AppointmentTime::parse(text),
            _ => None,
        };
        Ok(Thread {
            thread_id: row.integer(0)?,
            kind: Kind::parse(row.text(1)?)?,
            subject: row.string(2)?,
            patient_id: row.optional_integer(3)?,
            doctor_id: row.optional_integer(4)?,
            appointment_id: row.optional_integer(5)?,
            encounter_id: row.optional_integer(6)?,
            last_sequence: row.integer(7)?,
            created_by: row.integer(8)?,
            created_ms: row.integer(9)?,
            closed_ms: row.optional_integer(10)?,
            when: When {
                appointment,
                encounter: row.optional_text(12)?.map(encounter::State::parse).transpose()?,
                ended_ms: row.optional_integer(13)?,
            },
        })
    }

    /// When it closed, or closes by itself as things stand.
    pub fn closes_ms(&self, rules: &ChatRules, now: &Now) -> Option<i64> {
        let by_itself = match self.kind {
            Kind::Patient => self.when.closes_ms(self.created_ms, rules, now),
            Kind::Staff => None,
        };
        self.closed_ms.into_iter().chain(by_itself).min()
    }

    pub fn state(&self, rules: &ChatRules, now: &Now) -> State {
        match self.closes_ms(rules, now) {
            Some(closes_ms) if closes_ms <= now.unix_ms => State::Closed,
            _ => State::Open,
        }
    }
}

/// Why something is not done with a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    UnknownThread,
    UnknownAppointment,
    UnknownEncounter,
    UnknownUser,
    UserDisabled {
        user_id: i64,
    },
    NotStaff {
        user_id: i64,
    },
    /// The visit does not take place.
    NoVisit,
    Closed {
        closed_ms: i64,
    },
    BadTransition {
        from: State,
        to: State,
    },
    /// The members of a patient's thread are the patient and the doctor.
    FixedMembers,
    TooManyMembers,
    TooManyMessages {
        retry_after_ms: i64,
    },
    /// The only other one wants no messages from the sender.
    Blocked,
    /// Nobody keeps messages of their own away.
    Oneself,
}

/// What a rule returns.
pub type Outcome<T> = Result<T, Failure<Refusal>>;

fn known(transaction: &Transaction<'_>, thread_id: i64) -> Outcome<Thread> {
    by_id(transaction, thread_id)?.ok_or(Failure::Refused(Refusal::UnknownThread))
}

/// A thread to which something can be added.
fn open_thread(
    transaction: &Transaction<'_>,
    thread_id: i64,
    rules: &ChatRules,
    now: &Now,
) -> Outcome<Thread> {
    let thread = known(transaction, thread_id)?;
    match thread.closes_ms(rules, now) {
        Some(closed_ms) if closed_ms <= now.unix_ms => refuse(Refusal::Closed { closed_ms }),
        _ => Ok(thread),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: ChatRules = ChatRules { open_days: 14, messages_per_minute_max: 30 };

    fn now() -> Now {
        Now {
            local: "2026-01-05T07:00:00.000000".into(),
            utc: "2026-01-05 07:00:00".into(),
            unix_ms: 1_767_596_400_000,
        }
    }

    #[test]
    fn a_thread_closes_so_many_days_after_the_visit() {
        let nine = AppointmentTime::parse("2026-01-05 09:00");
        let two_hours_ms = 2 * 60 * 60 * 1000;
        let closes = |when: When| when.closes_ms(7, &RULES, &now());
        let planned = When { appointment: nine, ..When::default() };
        assert_eq!(closes(planned), Some(now().unix_ms + two_hours_ms + 14 * DAY_MS));
        let in_state = |state| When { encounter: Some(state), ended_ms: Some(1000), ..planned };
        assert_eq!(closes(in_state(encounter::State::Planned)), closes(planned));
        assert_eq!(closes(in_state(encounter::State::InProgress)), None);
        assert_eq!(closes(in_state(encounter::State::Finished)), Some(1000 + 14 * DAY_MS));
        let by_hand = When { encounter: Some(encounter::State::Planned), ..When::default() };
        assert_eq!(closes(by_hand), None);
        assert_eq!(closes(When::default()), Some(7 + 14 * DAY_MS));
    }
}
