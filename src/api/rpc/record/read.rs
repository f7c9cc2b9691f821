//! Reading what was written: one record in any of its versions, and all of a visit.
//!
//! It never changes one. Invariant: what is not signed is given to its author alone.

use super::{Record, shown, visible};
use crate::api::rpc::field::{Id, Limit, Reason};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom, cut, encounter};
use crate::service::record;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct GetRecord;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetRecordParams {
    /// One of `note_id` and `record_id` is given.
    #[serde(default)]
    pub note_id: Option<Id>,
    /// Which version; the one that holds, if it is not given.
    #[serde(default)]
    pub version: Option<Id>,
    /// What an old client has written, by its row; the history of the patient names it.
    #[serde(default)]
    pub record_id: Option<Id>,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
}

impl Method for GetRecord {
    const NAME: &'static str = "record.get";
    const SUMMARY: &'static str = "Gives a record in its latest version, or in an older one.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, call, transaction| {
        let (entity_id, patient_id, doctor_id) = match (params.note_id, params.record_id) {
            (Some(Id(note_id)), None) => {
                let note = visible(call, transaction, note_id)?;
                (note_id, note.patient_id, note.author_id)
            }
            (None, Some(Id(record_id))) => {
                let row = record::old_row(transaction, record_id)?;
                let row = row.ok_or_else(|| Problem::not_found("record"))?;
                (record_id, row.patient_id, row.doctor_id)
            }
            _ => return Err(Problem::invalid("note_id", "give one of `note_id` and `record_id`")),
        };
        let entity = if params.note_id.is_some() { "record" } else { "old_record" };
        Ok(Subject::Care { entity, entity_id, patient_id, doctor_id })
    };
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = GetRecordParams;
    type Outcome = Record;

    fn run(
        params: GetRecordParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Record, Problem> {
        if let Some(Id(note_id)) = params.note_id {
            let note = visible(call, transaction, note_id)?;
            return shown(transaction, note, params.version.map(|Id(version)| version));
        }
        let row = record::old_row(transaction, params.record_id.map_or(0, |Id(id)| id))?;
        row.map(Record::from).ok_or_else(|| Problem::not_found("record"))
    }
}

pub struct ListRecords;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRecordsParams {
    pub encounter_id: Id,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct RecordList {
    pub items: Vec<Record>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ListRecords {
    const NAME: &'static str = "record.list";
    const SUMMARY: &'static str = "Lists what is signed of a visit, and the drafts of whoever asks.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, transaction| encounter::subject(transaction, params.encounter_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = ListRecordsParams;
    type Outcome = RecordList;

    fn run(
        params: ListRecordsParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<RecordList, Problem> {
        let viewer_id = call.actor()?.user_id;
        let (after, limit) = (params.cursor.map_or(0, |Id(id)| id), i64::from(params.limit.0));
        let mut items = Vec::new();
        record::of_encounter(
            transaction,
            params.encounter_id.0,
            after,
            viewer_id,
            limit + 1,
            |note, text| items.push(Record::of(note, text)),
        )?;
        let next_cursor = cut(&mut items, params.limit, |item: &Record| item.note_id.unwrap_or(0));
        Ok(RecordList { items, next_cursor })
    }
}
