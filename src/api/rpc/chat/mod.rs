//! `chat.*`: threads of messages between patients and doctors, and among the staff.
//!
//! It never knows who listens. Invariant: what a call concerns is the thread, whose own it is to those who
//! belong to it.

mod block;
mod list;
mod message;
mod open;

pub use block::{Block, ListBlocked, OldMessages, Unblock};
pub use list::{GetThread, ListThreads, ThreadsOfPatient};
pub use message::{ListMessages, MarkRead, SendMessage};
pub use open::{AddMember, CloseThread, LeaveThread, OpenStaffThread, OpenThread};

use super::field::{Id, Line, Notes};
use super::problem::{Code, Problem, Refusal};
use super::{Call, Subject};
use crate::service::chat::{self, CONTENT_CHARS_MAX, Kind, MEMBERS_MAX, SUBJECT_CHARS_MAX, Standing, State};
use crate::service::event::ThreadNews;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Serialize;

pub type ThreadSubject = Line<SUBJECT_CHARS_MAX>;
pub type Content = Notes<CONTENT_CHARS_MAX>;

/// As the trail names a thread.
const ENTITY: &str = "chat_thread";

/// A thread. Moments are milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Thread {
    pub thread_id: i64,
    /// patient (with a doctor) or staff.
    pub kind: &'static str,
    pub subject: String,
    pub patient_id: Option<i64>,
    pub doctor_id: Option<i64>,
    pub appointment_id: Option<i64>,
    pub encounter_id: Option<i64>,
    /// open or closed; what is closed can only be read.
    pub state: &'static str,
    /// When it closed, or closes by itself as things stand; null where it does not.
    pub closes_ms: Option<i64>,
    /// That of the last message; 0 where there is none.
    pub last_sequence: i64,
    pub created_by: i64,
    pub created_ms: i64,
}

impl Thread {
    fn of(thread: chat::Thread, call: &Call<'_>) -> Thread {
        let rules = &call.rules.chat;
        Thread {
            thread_id: thread.thread_id,
            kind: thread.kind.word(),
            state: thread.state(rules, call.now).word(),
            closes_ms: thread.closes_ms(rules, call.now),
            subject: thread.subject,
            patient_id: thread.patient_id,
            doctor_id: thread.doctor_id,
            appointment_id: thread.appointment_id,
            encounter_id: thread.encounter_id,
            last_sequence: thread.last_sequence,
            created_by: thread.created_by,
            created_ms: thread.created_ms,
        }
    }
}

/// How far a member has got.
#[derive(Serialize, JsonSchema)]
pub struct Mark {
    pub user_id: i64,
    /// Up to where chat.messages has handed messages out to them.
    pub delivered_sequence: i64,
    /// Up to where they have said with chat.read that they have read.
    pub read_sequence: i64,
}

impl Mark {
    /// As someone sees it who reads up to `last_sequence` only.
    fn of(mark: chat::Mark, last_sequence: i64) -> Mark {
        Mark {
            user_id: mark.user_id,
            delivered_sequence: mark.delivered_sequence.min(last_sequence),
            read_sequence: mark.read_sequence.min(last_sequence),
        }
    }
}

/// A message.
#[derive(Serialize, JsonSchema)]
pub struct Message {
    pub sequence: i64,
    pub sender_id: i64,
    pub content: String,
    pub sent_ms: i64,
}

impl From<chat::Message> for Message {
    fn from(message: chat::Message) -> Message {
        Message {
            sequence: message.sequence,
            sender_id: message.sender_id,
            content: message.content,
            sent_ms: message.sent_ms,
        }
    }
}

/// What is new in a thread: the messages of one moment, at most 20, the last ones of them.
#[derive(Serialize, JsonSchema)]
pub struct ThreadFacts {
    pub thread_id: i64,
    /// When somebody closed it.
    pub closed_ms: Option<i64>,
    /// The sequence of the first of these messages. Whoever does not have the one before it asks chat.messages
    /// for those after the last one that they have.
    pub from_sequence: i64,
    pub last_sequence: i64,
    pub messages: Vec<Message>,
    /// Of those who belong to it now.
    pub marks: Vec<Mark>,
}

impl From<ThreadNews> for ThreadFacts {
    fn from(news: ThreadNews) -> ThreadFacts {
        let last_sequence = news.thread.last_sequence;
        ThreadFacts {
            thread_id: news.thread.thread_id,
            closed_ms: news.thread.closed_ms,
            from_sequence: news.from_sequence,
            last_sequence,
            messages: news.messages.into_iter().map(Into::into).collect(),
            marks: news.marks.into_iter().map(|mark| Mark::of(mark, last_sequence)).collect(),
        }
    }
}

/// A thread with something unread.
#[derive(Serialize, JsonSchema)]
pub struct UnreadThread {
    pub thread_id: i64,
    pub unread: i64,
    pub last_sequence: i64,
    /// When something was last got or written in it.
    pub active_ms: i64,
}

impl From<chat::Unread> for UnreadThread {
    fn from(thread: chat::Unread) -> UnreadThread {
        UnreadThread {
            thread_id: thread.thread_id,
            unread: thread.unread,
            last_sequence: thread.last_sequence,
            active_ms: thread.active_ms,
        }
    }
}

/// The threads in which a user has something unread, the latest 20; chat.threads has all.
#[derive(Serialize, JsonSchema)]
pub struct InboxFacts {
    pub threads: Vec<UnreadThread>,
    pub has_more: bool,
}

/// What someone wants to do with a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Which those may who have left it, too.
    Read,
    Write,
    Close,
}

/// A thread that a call concerns.
fn subject(
    transaction: &Transaction<'_>,
    call: &Call<'_>,
    Id(thread_id): Id,
    wanted: Wanted,
) -> Result<Subject, Problem> {
    let actor = call.actor()?;
    let Some(standing) = chat::standing(transaction, thread_id, actor.user_id)? else {
        return Err(Problem::not_found("thread"));
    };
    let is_doctors = standing.kind == Kind::Patient && standing.patient_id != Some(actor.user_id);
    let may = match wanted {
        Wanted::Read => standing.mark.is_some(),
        Wanted::Write => standing.is_member(),
        Wanted::Close if standing.kind == Kind::Staff => standing.created_by == actor.user_id,
        Wanted::Close => is_doctors && standing.is_member(),
    };
    let is_member = may && (standing.kind == Kind::Patient || actor.role.is_staff());
    let patient_id = standing.patient_id;
    Ok(Subject::Shared { entity: ENTITY, entity_id: thread_id, patient_id, is_member })
}

/// How the caller stands to a thread that is there.
fn standing(transaction: &Transaction<'_>, call: &Call<'_>, Id(id): Id) -> Result<Standing, Problem> {
    let found = chat::standing(transaction, id, call.actor()?.user_id)?;
    found.ok_or_else(|| Problem::not_found("thread"))
}

fn thread(transaction: &Transaction<'_>, call: &Call<'_>, thread_id: i64) -> Result<Thread, Problem> {
    let found = chat::by_id(transaction, thread_id)?;
    found.map(|found| Thread::of(found, call)).ok_or_else(|| Problem::not_found("thread"))
}

/// A refusal of the rules of threads in this dialect's words.
impl From<chat::Refusal> for Problem {
    fn from(refusal: chat::Refusal) -> Problem {
        use chat::Refusal as Of;
        match refusal {
            Of::UnknownThread => return Problem::not_found("thread"),
            Of::UnknownAppointment => return Problem::not_found("appointment"),
            Of::UnknownEncounter => return Problem::not_found("encounter"),
            Of::UnknownUser => return Problem::not_found("user"),
            Of::UserDisabled { user_id } => Refusal::of(Code::Disabled).with("user_id", user_id),
            Of::NotStaff { user_id } => {
                Refusal::new(Code::Conflict, "`user_id` is a patient, and this thread is for the staff")
                    .with("user_id", user_id)
            }
            Of::NoVisit => Refusal::new(Code::Conflict, "the visit does not take place"),
            Of::Closed { closed_ms } => Refusal::of(Code::ThreadClosed).with("closed_ms", closed_ms),
            Of::BadTransition { from, to } => bad_transition(from, to),
            Of::FixedMembers => {
                Refusal::new(Code::Conflict, "the members of this thread are the patient and the doctor")
            }
            Of::TooManyMembers => Refusal::new(Code::Conflict, "a thread has at most `members_max` members")
                .with("members_max", MEMBERS_MAX),
            Of::TooManyMessages { retry_after_ms } => {
                Refusal::of(Code::TooManyMessages).with("retry_after_ms", retry_after_ms)
            }
            Of::Blocked => Refusal::of(Code::Blocked),
            Of::Oneself => return Problem::invalid("user_id", "must be someone else's"),
        }
        .into()
    }
}

fn bad_transition(from: State, to: State) -> Refusal {
    let allowed = from.next().iter().map(|state| state.word());
    Refusal::cannot_become("a thread", (from.word(), to.word()), allowed)
}
