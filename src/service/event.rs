//! Topics that one can listen to, what is to be told of each, and the events that were told.
//!
//! It never knows who listens, or in which form they are told. Invariants: an event says how its topic stands,
//! so that the last one is enough, but for the messages of a thread, of which it says where they begin;
//! sequences have no holes but at their beginning, where old events are deleted, and the last event is never
//! deleted.

use super::booking::{self, Booking};
use super::changes::Changes;
use super::chat::{self, Mark, Message, Page, Thread, Unread};
use super::clinic_session::{self, ClinicSession};
use super::notice::Notice;
use super::order::{self, OrderResult};
use super::queue::{self, QueueRules};
use super::ward;
use crate::store::statements::event;
use crate::store::{Error, Transaction, params};
use std::collections::BTreeSet;
use std::fmt;

/// How long an event is kept for those who were away.
pub const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// Unread notices that an event tells of, the latest.
const NOTICES_MAX: i64 = 20;
/// Critical results that an event tells of, the oldest.
const CRITICAL_MAX: i64 = 20;

/// What one can listen to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The places of a session.
    Session(i64),
    /// The queue of a session.
    Queue(i64),
    Appointment(i64),
    /// The notices of a patient.
    Patient(i64),
    /// The critical results of what a doctor has ordered.
    Doctor(i64),
    /// The beds of a ward.
    Ward(i64),
    /// The messages of a thread.
    Thread(i64),
    /// What a user has unread.
    Inbox(i64),
}

impl Topic {
    /// Reads a topic in the one form in which it is written.
    pub fn parse(text: &str) -> Option<Topic> {
        let (kind, id) = text.split_once(':')?;
        let id: i64 = id.parse().ok().filter(|id| *id > 0)?;
        let topic = match kind {
            "session" => Topic::Session(id),
            "queue" => Topic::Queue(id),
            "appointment" => Topic::Appointment(id),
            "patient" => Topic::Patient(id),
            "doctor" => Topic::Doctor(id),
            "ward" => Topic::Ward(id),
            "thread" => Topic::Thread(id),
            "inbox" => Topic::Inbox(id),
            _ => return None,
        };
        (topic.to_string() == text).then_some(topic)
    }

    /// Whether anyone may listen.
    pub fn is_open(self) -> bool {
        matches!(self, Topic::Session(_) | Topic::Queue(_))
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Topic::Session(id) => write!(formatter, "session:{id}"),
            Topic::Queue(id) => write!(formatter, "queue:{id}"),
            Topic::Appointment(id) => write!(formatter, "appointment:{id}"),
            Topic::Patient(id) => write!(formatter, "patient:{id}"),
            Topic::Doctor(id) => write!(formatter, "doctor:{id}"),
            Topic::Ward(id) => write!(formatter, "ward:{id}"),
            Topic::Thread(id) => write!(formatter, "thread:{id}"),
            Topic::Inbox(id) => write!(formatter, "inbox:{id}"),
        }
    }
}

/// The topics of what has changed, each once.
pub fn topics(changes: &Changes) -> impl Iterator<Item = Topic> {
    // What was taken from a doctor is among the sessions, too.
    let Changes { sessions, taken: _, queues, appointments, notices, critical, wards, threads, inboxes } =
        changes;
    let sessions = sessions.iter().map(|id| Topic::Session(*id));
    let queues = queues.iter().map(|id| Topic::Queue(*id));
    let appointments = appointments.iter().map(|id| Topic::Appointment(*id));
    let notices = notices.iter().map(|id| Topic::Patient(*id));
    let critical = critical.iter().map(|id| Topic::Doctor(*id));
    let wards = wards.iter().map(|id| Topic::Ward(*id));
    let threads = threads.keys().map(|id| Topic::Thread(*id));
    let inboxes = inboxes.iter().map(|id| Topic::Inbox(*id));
    let of_booking = sessions.chain(queues).chain(appointments).chain(notices);
    of_booking.chain(critical).chain(wards).chain(threads).chain(inboxes)
}

/// Whom a topic concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    Anyone,
    Appointment {
        patient_id: i64,
        doctor_id: i64,
    },
    Patient(i64),
    Doctor(i64),
    /// Those of the staff who look after patients in beds.
    Wards,
    /// The members of a thread, which may be about a patient.
    Thread {
        patient_id: Option<i64>,
        members: Vec<i64>,
    },
    User(i64),
}

/// How a topic stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Snapshot {
    Places(ClinicSession),
    Board(queue::Board),
    Appointment(Booking),
    Notices {
        patient_id: i64,
        /// The latest unread ones, the oldest first.
        unread: Vec<Notice>,
    },
    Critical {
        doctor_id: i64,
        /// The latest ones that nobody has acknowledged, the oldest of them first.
        unacknowledged: Vec<OrderResult>,
        has_more: bool,
    },
    Beds(ward::Board),
    Thread(ThreadNews),
    Inbox {
        user_id: i64,
        /// The latest.
        threads: Vec<Unread>,
        has_more: bool,
    },
}

/// What is new in a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadNews {
    pub thread: Thread,
    /// Of the first of these messages, or of the next one where there are none.
    pub from_sequence: i64,
    pub messages: Vec<Message>,
    pub marks: Vec<Mark>,
    /// Members who are not told, because they want no messages from those who have written these.
    pub silenced: Vec<i64>,
}

impl Snapshot {
    /// Whoever is among the audience and is not told all the same.
    pub fn silenced(&self) -> &[i64] {
        match self {
            Snapshot::Thread(news) => &news.silenced,
            _ => &[],
        }
    }

    pub fn audience(&self) -> Audience {
        match self {
            Snapshot::Places(_) | Snapshot::Board(_) => Audience::Anyone,
            Snapshot::Appointment(found) => {
                Audience::Appointment { patient_id: found.patient_id, doctor_id: found.doctor_id }
            }
            Snapshot::Notices { patient_id, .. } => Audience::Patient(*patient_id),
            Snapshot::Critical { doctor_id, .. } => Audience::Doctor(*doctor_id),
            Snapshot::Beds(_) => Audience::Wards,
            Snapshot::Thread(news) => Audience::Thread {
                patient_id: news.thread.patient_id,
                members: news.marks.iter().map(|mark| mark.user_id).collect(),
            },
            Snapshot::Inbox { user_id, .. } => Audience::User(*user_id),
        }
    }
}

/// How a topic stands now; none where there is no such thing. Of a thread, the messages of `changes` are told,
/// and the last ones where those are not given.
pub fn snapshot(
    transaction: &Transaction<'_>,
    topic: Topic,
    rules: &QueueRules,
    changes: Option<&Changes>,
) -> Result<Option<Snapshot>, Error> {
    match topic {
        Topic::Session(id) => Ok(clinic_session::by_id(transaction, id)?.map(Snapshot::Places)),
        Topic::Queue(id) => match clinic_session::by_id(transaction, id)? {
            Some(_) => queue::board_of_session(transaction, id, queue::NEXT_SHOWN, rules)
                .map(|board| Some(Snapshot::Board(board))),
            None => Ok(None),
        },
        Topic::Appointment(id) => Ok(booking::by_id(transaction, id)?.map(Snapshot::Appointment)),
        Topic::Patient(patient_id) => {
            let mut unread =
                transaction.all(&event::NOTICES, params![patient_id, NOTICES_MAX], Notice::from_row)?;
            unread.reverse();
            Ok(Some(Snapshot::Notices { patient_id, unread }))
        }
        Topic::Doctor(doctor_id) => {
            let mut unacknowledged = order::latest_critical(transaction, doctor_id, CRITICAL_MAX + 1)?;
            let has_more = unacknowledged.len() as i64 > CRITICAL_MAX;
            unacknowledged.truncate(CRITICAL_MAX as usize);
            unacknowledged.reverse();
            Ok(Some(Snapshot::Critical { doctor_id, unacknowledged, has_more }))
        }
        Topic::Ward(id) => Ok(ward::board(transaction, id)?.map(Snapshot::Beds)),
        Topic::Thread(thread_id) => {
            let news = match changes {
                None => Some(1),
                Some(changes) => changes.threads.get(&thread_id).copied().flatten(),
            };
            thread_news(transaction, thread_id, news).map(|news| news.map(Snapshot::Thread))
        }
        Topic::Inbox(user_id) => {
            let mut threads = chat::unread(transaction, user_id, chat::TOLD_MAX + 1)?;
            let has_more = threads.len() as i64 > chat::TOLD_MAX;
            threads.truncate(chat::TOLD_MAX as usize);
            Ok(Some(Snapshot::Inbox { user_id, threads, has_more }))
        }
    }
}

/// A thread with its messages from a sequence on, the last ones of them.
fn thread_news(
    transaction: &Transaction<'_>,
    thread_id: i64,
    first: Option<i64>,
) -> Result<Option<ThreadNews>, Error> {
    let Some(thread) = chat::by_id(transaction, thread_id)? else { return Ok(None) };
    let next = thread.last_sequence + 1;
    let from_sequence = first.map_or(next, |first| first.max(next - chat::TOLD_MAX));
    let page = Page::After(from_sequence - 1);
    let messages = chat::messages(transaction, thread_id, page, chat::TOLD_MAX, thread.last_sequence)?;
    let senders: BTreeSet<i64> = messages.iter().map(|message| message.sender_id).collect();
    let silenced = match thread.kind {
        chat::Kind::Patient => Vec::new(),
        chat::Kind::Staff => chat::silenced(transaction, thread_id, senders)?,
    };
    let marks = chat::marks(transaction, thread_id)?;
    Ok(Some(ThreadNews { thread, from_sequence, messages, marks, silenced }))
}

/// An event that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    pub sequence: i64,
    pub topic: &'a str,
    pub kind: &'a str,
    /// As its reader has written them.
    pub facts: &'a str,
    pub happened_ms: i64,
}

/// Stores an event. Returns its sequence.
pub fn append(
    transaction: &Transaction<'_>,
    topic: &str,
    kind: &str,
    facts: &str,
    happened_ms: i64,
) -> Result<i64, Error> {
    transaction.insert(&event::APPEND, params![topic, kind, facts, happened_ms])
}

/// The sequences of the events that are still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    first: Option<i64>,
    /// 0 where there has been no event yet.
    pub last: i64,
}

impl Bounds {
    pub fn read(transaction: &Transaction<'_>) -> Result<Bounds, Error> {
        let found = transaction.first(&event::BOUNDS, params![], |row| {
            let (first, last) = (row.optional_integer(0)?, row.optional_integer(1)?);
            Ok::<_, Error>(Bounds { first, last: last.unwrap_or(0) })
        })?;
        Ok(found.unwrap_or(Bounds { first: None, last: 0 }))
    }

    /// Whether all events after that one are there. One that has not been yet is of another database.
    pub fn has_all_since(&self, since: i64) -> bool {
        (0..=self.last).contains(&since) && self.first.is_none_or(|first| since >= first - 1)
    }
}

/// Hands the events of a topic after a sequence to `sink`, in their order.
pub fn since(
    transaction: &Transaction<'_>,
    topic: Topic,
    since: i64,
    limit: i64,
    mut sink: impl FnMut(&Event<'_>),
) -> Result<(), Error> {
    transaction.each(&event::SINCE, params![topic.to_string(), since, limit], |row| {
        sink(&Event {
            sequence: row.integer(0)?,
            topic: row.text(1)?,
            kind: row.text(2)?,
            facts: row.text(3)?,
            happened_ms: row.integer(4)?,
        });
        Ok(())
    })
}

/// Deletes events that are too old, up to `limit`. Returns whether there may be more.
pub fn trim(transaction: &Transaction<'_>, limit: i64, now_ms: i64) -> Result<bool, Error> {
    let deleted = transaction.execute(&event::TRIM, params![now_ms - KEPT_MS, limit])?;
    Ok(i64::try_from(deleted).is_ok_and(|deleted| deleted >= limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_written_in_one_way() {
        for topic in [
            Topic::Session(1),
            Topic::Queue(i64::MAX),
            Topic::Appointment(7),
            Topic::Patient(12),
            Topic::Thread(3),
            Topic::Doctor(5),
            Topic::Ward(6),
            Topic::Inbox(4),
        ] {
            assert_eq!(Topic::parse(&topic.to_string()), Some(topic));
        }
        for text in ["", "session", "session:", "session:0", "session:-1", "session:+1", "session:01", "s:1"]
        {
            assert_eq!(Topic::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_missed_is_known_to_be_there_or_not() {
        let bounds = Bounds { first: Some(5), last: 9 };
        for (since, expected) in [(3, false), (4, true), (9, true), (10, false), (-1, false)] {
            assert_eq!(bounds.has_all_since(since), expected, "{since}");
        }
        let none = Bounds { first: None, last: 0 };
        assert!(none.has_all_since(0) && !none.has_all_since(1));
    }
}
