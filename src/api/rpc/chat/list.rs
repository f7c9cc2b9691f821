//! Threads as they are listed, and how one stands.
//!
//! It never knows more of a message than the beginning of the last one. Invariant: a list of one's own threads
//! goes on where its page ended, whatever has been written meanwhile.

use super::{Mark, Message, Thread, Wanted, standing, subject, thread};
use crate::api::rpc::cursor::{Cursor, Written};
use crate::api::rpc::field::{Id, Limit, Reason};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom, cut};
use crate::service::chat;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Members that are named, those who have left among them.
const MEMBERS_NAMED_MAX: i64 = 100;

pub struct GetThread;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetThreadParams {
    pub thread_id: Id,
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// Who belongs to a thread, or has left it.
#[derive(Serialize, JsonSchema)]
pub struct Member {
    pub user_id: i64,
    pub name: Option<String>,
    /// patient, doctor, nurse, clerk or admin.
    pub role: String,
    pub delivered_sequence: i64,
    pub read_sequence: i64,
    /// When they left it.
    pub left_ms: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
pub struct ThreadWithMembers {
    pub thread: Thread,
    /// By their ids, 100 at the most.
    pub members: Vec<Member>,
}

impl Method for GetThread {
    const NAME: &'static str = "chat.get";
    const SUMMARY: &'static str = "Tells how a thread stands, who belongs to it, and how far each has read.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> =
        |params, call, transaction| subject(transaction, call, params.thread_id, Wanted::Read);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = GetThreadParams;
    type Outcome = ThreadWithMembers;

    fn run(
        params: GetThreadParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<ThreadWithMembers, Problem> {
        let Id(thread_id) = params.thread_id;
        let mut thread = thread(transaction, call, thread_id)?;
        // Who has left it sees it as it stood then.
        let last_sequence = standing(transaction, call, params.thread_id)?.last_sequence;
        thread.last_sequence = last_sequence;
        let user_id = call.actor()?.user_id;
        call.note.is_own &= thread.patient_id.is_none_or(|patient_id| patient_id == user_id);
        let members = chat::named_members(transaction, thread_id, MEMBERS_NAMED_MAX)?
            .into_iter()
            .map(|member| Member {
                user_id: member.mark.user_id,
                name: member.name,
                role: member.role,
                delivered_sequence: member.mark.delivered_sequence.min(last_sequence),
                read_sequence: member.mark.read_sequence.min(last_sequence),
                left_ms: member.left_ms,
            })
            .collect();
        Ok(ThreadWithMembers { thread, members })
    }
}

pub struct ListThreads;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListThreadsParams {
    #[serde(default)]
    pub limit: Limit,
    #[serde(default)]
    pub cursor: Option<Cursor<(i64, i64)>>,
}

/// One's own thread.
#[derive(Serialize, JsonSchema)]
pub struct OwnThread {
    pub thread: Thread,
    /// How many messages of others are unread.
    pub unread: i64,
    /// When one last got or wrote something in it.
    pub active_ms: i64,
    /// When one left it.
    pub left_ms: Option<i64>,
    /// The last message, or its first 200 characters.
    pub last_message: Option<Message>,
    /// How far those have got who belong to it now.
    pub marks: Vec<Mark>,
}

#[derive(Serialize, JsonSchema)]
pub struct OwnThreads {
    /// The one in which something happened last comes first.
    pub items: Vec<OwnThread>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

impl Method for ListThreads {
    const NAME: &'static str = "chat.threads";
    const SUMMARY: &'static str = "Lists one's own threads, with what is unread in each.";
    const KIND: Kind = Kind::ReadPatient;
    const SUBJECT: Whom<Self> = |_, _, _| Ok(Subject::Caller);
    type Params = ListThreadsParams;
    type Outcome = OwnThreads;

    fn run(
        params: ListThreadsParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<OwnThreads, Problem> {
        let (user_id, limit) = (call.actor()?.user_id, params.limit.0 as usize);
        let after = params.cursor.map_or((i64::MAX, i64::MAX), |Cursor(place)| place);
        let mut found = chat::of_member(transaction, user_id, after, i64::from(params.limit.0) + 1)?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let end = found.last().filter(|_| has_more);
        let next_cursor = end.map(|own| (own.active_ms, own.thread.thread_id).written());
        call.has_shown(found.iter().filter_map(|own| own.thread.patient_id))?;
        let mut items = Vec::with_capacity(found.len());
        for own in found {
            let last_sequence = own.thread.last_sequence;
            let marks = chat::marks(transaction, own.thread.thread_id)?;
            items.push(OwnThread {
                thread: Thread::of(own.thread, call),
                unread: own.unread,
                active_ms: own.active_ms,
                left_ms: own.left_ms,
                last_message: own.last.map(|last| Message {
                    sequence: last.sequence,
                    sender_id: last.sender_id,
                    content: last.content,
                    sent_ms: last.sent_ms,
                }),
                marks: marks.into_iter().map(|mark| Mark::of(mark, last_sequence)).collect(),
            });
        }
        Ok(OwnThreads { items, next_cursor })
    }
}

pub struct ThreadsOfPatient;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreadsOfPatientParams {
    pub patient_id: Id,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
    #[serde(default)]
    pub reason: Option<Reason>,
}

#[derive(Serialize, JsonSchema)]
pub struct ThreadList {
    /// The newest first.
    pub items: Vec<Thread>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ThreadsOfPatient {
    const NAME: &'static str = "chat.of_patient";
    const SUMMARY: &'static str = "Lists the threads of a patient with doctors.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = ThreadsOfPatientParams;
    type Outcome = ThreadList;

    fn run(
        params: ThreadsOfPatientParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<ThreadList, Problem> {
        let (before, limit) = (params.cursor.map_or(i64::MAX, |Id(id)| id), i64::from(params.limit.0));
        let mut items = Vec::new();
        chat::of_patient(transaction, params.patient_id.0, before, limit + 1, |thread| {
            items.push(Thread::of(thread, call));
        })?;
        let next_cursor = cut(&mut items, params.limit, |item| item.thread_id);
        Ok(ThreadList { items, next_cursor })
    }
}
