//! From whom someone wants no messages, and messages of old clients.
//!
//! It never knows a thread. Invariant: nobody is told by whom they are kept away but by a refusal.

use crate::api::rpc::field::{Id, Limit, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom, cut};
use crate::service::access::Role;
use crate::service::audit::Action;
use crate::service::{account, chat};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockParams {
    pub user_id: Id,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

/// Whether messages of someone are kept away now.
#[derive(Serialize, JsonSchema)]
pub struct Blocking {
    pub user_id: i64,
    pub is_blocked: bool,
}

pub struct Block;

impl Method for Block {
    const NAME: &'static str = "chat.block";
    const SUMMARY: &'static str = "Keeps new messages of someone away; what is there stays.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |_, _, _| Ok(Subject::Caller);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = BlockParams;
    type Outcome = Blocking;

    fn run(
        params: BlockParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Blocking, Problem> {
        let Id(user_id) = params.user_id;
        (call.note.entity, call.note.entity_id) = ("account", Some(user_id));
        chat::block(transaction, call.actor()?.user_id, user_id, call.now)?;
        Ok(Blocking { user_id, is_blocked: true })
    }
}

pub struct Unblock;

impl Method for Unblock {
    const NAME: &'static str = "chat.unblock";
    const SUMMARY: &'static str = "Lets someone's messages come again.";
    const KIND: Kind = Kind::Write(Action::Delete);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |_, _, _| Ok(Subject::Caller);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = BlockParams;
    type Outcome = Blocking;

    fn run(
        params: BlockParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Blocking, Problem> {
        let Id(user_id) = params.user_id;
        (call.note.entity, call.note.entity_id) = ("account", Some(user_id));
        if !chat::unblock(transaction, call.actor()?.user_id, user_id)? {
            return Err(Problem::not_found("block"));
        }
        Ok(Blocking { user_id, is_blocked: false })
    }
}

pub struct ListBlocked;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListBlockedParams {
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct BlockedUser {
    pub user_id: i64,
    pub blocked_ms: i64,
}

#[derive(Serialize, JsonSchema)]
pub struct BlockedUsers {
    pub items: Vec<BlockedUser>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ListBlocked {
    const NAME: &'static str = "chat.blocks";
    const SUMMARY: &'static str = "Lists from whom one wants no messages.";
    const KIND: Kind = Kind::Read;
    const SUBJECT: Whom<Self> = |_, _, _| Ok(Subject::Caller);
    type Params = ListBlockedParams;
    type Outcome = BlockedUsers;

    fn run(
        params: ListBlockedParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<BlockedUsers, Problem> {
        let (after, limit) = (params.cursor.map_or(0, |Id(id)| id), i64::from(params.limit.0));
        let mut items = Vec::new();
        chat::blocks(transaction, call.actor()?.user_id, after, limit + 1, |block| {
            items.push(BlockedUser { user_id: block.user_id, blocked_ms: block.blocked_ms });
        })?;
        let next_cursor = cut(&mut items, params.limit, |item| item.user_id);
        Ok(BlockedUsers { items, next_cursor })
    }
}

pub struct OldMessages;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OldMessagesParams {
    pub with_user_id: Id,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

/// A message that an old client has sent.
#[derive(Serialize, JsonSchema)]
pub struct OldMessage {
    pub message_id: i64,
    pub sender_id: i64,
    pub receiver_id: i64,
    pub content: String,
    /// As the old client wrote it; UTC, where it wrote nothing.
    pub sent_at: Option<String>,
    pub is_read: bool,
}

#[derive(Serialize, JsonSchema)]
pub struct OldMessageList {
    /// The newest first.
    pub items: Vec<OldMessage>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for OldMessages {
    const NAME: &'static str = "chat.old_messages";
    const SUMMARY: &'static str =
        "Lists messages between oneself and someone that belong to no thread, because old clients sent them.";
    const KIND: Kind = Kind::ReadPatient;
    const SUBJECT: Whom<Self> = |_, _, _| Ok(Subject::Caller);
    type Params = OldMessagesParams;
    type Outcome = OldMessageList;

    fn run(
        params: OldMessagesParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<OldMessageList, Problem> {
        let (Id(other_id), user_id) = (params.with_user_id, call.actor()?.user_id);
        let role = account::by_id(transaction, other_id, |account| Role::find(account.role))?;
        if role == Some(Some(Role::Patient)) && other_id != user_id {
            (call.note.entity, call.note.entity_id) = ("patient", Some(other_id));
            (call.note.patient_id, call.note.is_own) = (Some(other_id), false);
        }
        let (before, limit) = (params.cursor.map_or(i64::MAX, |Id(id)| id), i64::from(params.limit.0));
        let mut items = Vec::new();
        chat::strays(transaction, user_id, other_id, before, limit + 1, |stray| {
            items.push(OldMessage {
                message_id: stray.message_id,
                sender_id: stray.sender_id,
                receiver_id: stray.receiver_id,
                content: stray.content,
                sent_at: stray.sent_at,
                is_read: stray.is_read,
            });
        })?;
        let next_cursor = cut(&mut items, params.limit, |item| item.message_id);
        Ok(OldMessageList { items, next_cursor })
    }
}
