//! `notice.*`: what a patient has been told and has not seen yet.
//!
//! It never knows why something was told. Invariant: only the patient reads their notices, and only they say
//! that they have seen them.

use super::event::NoticeItem;
use super::field::{Id, Limit};
use super::problem::Problem;
use super::{Call, Kind, Method, Subject, Whom};
use crate::service::audit::Action;
use crate::service::notice;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

fn own(call: &Call<'_>) -> Subject {
    call.opened.map_or(Subject::Nobody, |opened| Subject::Patient(opened.actor.user_id))
}

pub struct ListNotices;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListNoticesParams {
    #[serde(default)]
    pub limit: Limit,
}

#[derive(Serialize, JsonSchema)]
pub struct NoticeList {
    /// The oldest first.
    pub items: Vec<NoticeItem>,
    /// Whether there are more, which notice.fetched makes room for.
    pub has_more: bool,
}

impl Method for ListNotices {
    const NAME: &'static str = "notice.list";
    const SUMMARY: &'static str = "Lists one's own notices that have not been seen yet.";
    const KIND: Kind = Kind::Read;
    const SUBJECT: Whom<Self> = |_, call, _| Ok(own(call));
    type Params = ListNoticesParams;
    type Outcome = NoticeList;

    fn run(
        params: ListNoticesParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<NoticeList, Problem> {
        let mut items = Vec::new();
        let limit = params.limit.0 as usize;
        let patient_id = call.actor()?.user_id;
        notice::unread(transaction, patient_id, i64::from(params.limit.0) + 1, |notice| {
            items.push(NoticeItem::of(&notice));
        })?;
        let has_more = items.len() > limit;
        items.truncate(limit);
        Ok(NoticeList { items, has_more })
    }
}

pub struct NoticesFetched;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticesFetchedParams {
    /// The last notice that was seen; those before it were, too.
    pub up_to: Id,
}

#[derive(Serialize, JsonSchema)]
pub struct Fetched {
    /// How many notices that were.
    pub fetched: usize,
}

impl Method for NoticesFetched {
    const NAME: &'static str = "notice.fetched";
    const SUMMARY: &'static str = "Says that one's notices have been seen, up to one of them.";
    const KIND: Kind = Kind::Write(Action::Update);
    const SUBJECT: Whom<Self> = |_, call, _| Ok(own(call));
    type Params = NoticesFetchedParams;
    type Outcome = Fetched;

    fn run(
        params: NoticesFetchedParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Fetched, Problem> {
        let patient_id = call.actor()?.user_id;
        let Id(up_to) = params.up_to;
        let fetched = notice::fetched(transaction, patient_id, up_to, call.now)?;
        if fetched > 0 {
            // Their other devices hear of it.
            call.changes.notices.insert(patient_id);
        }
        Ok(Fetched { fetched })
    }
}
