//! Messages: sent, fetched, and marked read.
//!
//! It never knows how a message reaches its receivers. Invariants: who has left a thread gets nothing that came
//! later; that someone else than the patient reads a patient's thread is in the trail.

use super::{Content, Message, Wanted, standing, subject};
use crate::api::rpc::field::{Id, Limit, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Delivered, Kind, Method, Said, Whom};
use crate::service::audit::Action;
use crate::service::chat::{self, Page};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct SendMessage;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendParams {
    pub thread_id: Id,
    pub content: Content,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct Sent {
    pub thread_id: i64,
    /// The message's place in the thread, which has no holes.
    pub sequence: i64,
    pub sent_ms: i64,
}

impl Method for SendMessage {
    const NAME: &'static str = "chat.send";
    const SUMMARY: &'static str = "Sends a message to the others of a thread.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::ThreadClosed, Code::TooManyMessages, Code::Blocked, Code::RequestIdReused];
    const SUBJECT: Whom<Self> =
        |params, call, transaction| subject(transaction, call, params.thread_id, Wanted::Write);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = SendParams;
    type Outcome = Sent;

    fn run(params: SendParams, call: &mut Call<'_>, transaction: &Transaction<'_>) -> Result<Sent, Problem> {
        let (Id(thread_id), sender_id) = (params.thread_id, call.actor()?.user_id);
        let (rules, changes) = (&call.rules.chat, &mut call.changes);
        let sequence =
            chat::send(transaction, thread_id, sender_id, &params.content, rules, changes, call.now)?;
        Ok(Sent { thread_id, sequence, sent_ms: call.now.unix_ms })
    }
}

pub struct ListMessages;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMessagesParams {
    pub thread_id: Id,
    /// Gives the messages that come after this sequence, 0 being the beginning. Without `after` and `before`,
    /// the last messages.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub after: Option<i64>,
    /// Gives the messages that come just before this sequence.
    #[serde(default)]
    pub before: Option<Id>,
    #[serde(default)]
    pub limit: Limit,
    #[serde(default)]
    pub reason: Option<Reason>,
}

#[derive(Serialize, JsonSchema)]
pub struct MessageList {
    /// In the order of their sequences.
    pub items: Vec<Message>,
    /// That of the last message that the caller may read.
    pub last_sequence: i64,
    /// Whether there are messages before these, and behind them.
    pub has_earlier: bool,
    pub has_later: bool,
}

impl Method for ListMessages {
    const NAME: &'static str = "chat.messages";
    const SUMMARY: &'static str = "Gives messages of a thread, from either end; they are delivered by that.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> =
        |params, call, transaction| subject(transaction, call, params.thread_id, Wanted::Read);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = ListMessagesParams;
    type Outcome = MessageList;

    fn run(
        params: ListMessagesParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<MessageList, Problem> {
        let page = match (params.after, params.before) {
            (None, None) => Page::Latest,
            (Some(sequence), None) if sequence >= 0 => Page::After(sequence),
            (None, Some(Id(sequence))) => Page::Before(sequence),
            (Some(_), None) => return Err(Problem::invalid("after", "must be a sequence, 0 or more")),
            (Some(_), Some(_)) => return Err(Problem::invalid("after", "give one of `after` and `before`")),
        };
        let standing = standing(transaction, call, params.thread_id)?;
        let (Id(thread_id), user_id, last_sequence) =
            (params.thread_id, call.actor()?.user_id, standing.last_sequence);
        call.note.is_own &= standing.patient_id.is_none_or(|patient_id| patient_id == user_id);
        let limit = i64::from(params.limit.0);
        let items = chat::messages(transaction, thread_id, page, limit, last_sequence)?;
        let (first, up_to) = match (items.first(), items.last()) {
            (Some(first), Some(last)) => (first.sequence, last.sequence),
            // An empty page lies behind all messages, or before them.
            _ if matches!(page, Page::Before(_)) => (1, 0),
            _ => (last_sequence + 1, last_sequence),
        };
        if !items.is_empty() && standing.mark.is_some_and(|mark| mark.delivered_sequence < up_to) {
            call.delivered = Some(Delivered { thread_id, user_id, up_to });
        }
        let items = items.into_iter().map(Into::into).collect();
        Ok(MessageList { items, last_sequence, has_earlier: first > 1, has_later: up_to < last_sequence })
    }
}

pub struct MarkRead;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkReadParams {
    pub thread_id: Id,
    /// The sequence up to which the caller has read.
    pub up_to: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct Reading {
    pub thread_id: i64,
    /// Up to where messages are marked read now: 500 of them by one call at the most.
    pub read_sequence: i64,
    pub unread: i64,
}

impl Method for MarkRead {
    const NAME: &'static str = "chat.read";
    const SUMMARY: &'static str = "Says that one has read a thread's messages, up to one of them.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::RequestIdReused];
    const SUBJECT: Whom<Self> =
        |params, call, transaction| subject(transaction, call, params.thread_id, Wanted::Read);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = MarkReadParams;
    type Outcome = Reading;

    fn run(
        params: MarkReadParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Reading, Problem> {
        let (Id(thread_id), Id(up_to), user_id) = (params.thread_id, params.up_to, call.actor()?.user_id);
        let reading = chat::read(transaction, thread_id, user_id, up_to, &mut call.changes)?;
        Ok(Reading { thread_id, read_sequence: reading.read_sequence, unread: reading.unread })
    }
}
