//! Writing: a draft, its edits, its signature, and versions behind that; or that it is discarded.
//!
//! It never knows whose turn it is to write. Invariant: each gives the record as it is afterwards.

use super::{Record, shown, visible};
use crate::api::rpc::field::{Id, Notes, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom, encounter};
use crate::service::access::Role;
use crate::service::audit::Action;
use crate::service::department;
use crate::service::record::{self, Note, Parts};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

type Writing = Notes<16384>;

fn parts<'a>(
    symptoms: &'a Option<Writing>,
    diagnosis: &'a Option<Writing>,
    advice: &'a Option<Writing>,
) -> Parts<'a> {
    Parts { symptoms: symptoms.as_deref(), diagnosis: diagnosis.as_deref(), advice: advice.as_deref() }
}

fn of_doctor(note: &Note, doctor_id: i64) -> Subject {
    Subject::Care { entity: "record", entity_id: note.note_id, patient_id: note.patient_id, doctor_id }
}

/// A record as its author's own. Another one's draft is not there.
fn subject(call: &Call<'_>, transaction: &Transaction<'_>, Id(note_id): Id) -> Result<Subject, Problem> {
    let note = visible(call, transaction, note_id)?;
    Ok(of_doctor(&note, note.author_id))
}

fn written(transaction: &Transaction<'_>, note_id: i64) -> Result<Record, Problem> {
    let note = record::by_id(transaction, note_id)?.ok_or_else(|| Problem::not_found("record"))?;
    shown(transaction, note, None)
}

pub struct WriteRecord;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteParams {
    pub encounter_id: Id,
    #[serde(default)]
    pub symptoms: Option<Writing>,
    #[serde(default)]
    pub diagnosis: Option<Writing>,
    #[serde(default)]
    pub advice: Option<Writing>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for WriteRecord {
    const NAME: &'static str = "record.write";
    const SUMMARY: &'static str = "Begins a record of a visit: a draft, which its author alone sees.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::NotInProgress, Code::NothingToChange, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, transaction| encounter::subject(transaction, params.encounter_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = WriteParams;
    type Outcome = Record;

    fn run(
        params: WriteParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Record, Problem> {
        let author_id = call.actor()?.user_id;
        let parts = parts(&params.symptoms, &params.diagnosis, &params.advice);
        let note_id = record::write(transaction, params.encounter_id.0, &parts, author_id, call.now)?;
        (call.note.entity, call.note.entity_id) = ("record", Some(note_id));
        written(transaction, note_id)
    }
}

pub struct EditRecord;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditParams {
    pub note_id: Id,
    /// The version that the caller has seen.
    pub version: Id,
    /// What is not given stays as it was.
    #[serde(default)]
    pub symptoms: Option<Writing>,
    #[serde(default)]
    pub diagnosis: Option<Writing>,
    #[serde(default)]
    pub advice: Option<Writing>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for EditRecord {
    const NAME: &'static str = "record.edit";
    const SUMMARY: &'static str = "Changes one's own draft.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[
        Code::NotFound,
        Code::BadTransition,
        Code::Conflict,
        Code::NotInProgress,
        Code::NothingToChange,
        Code::RequestIdReused,
    ];
    const SUBJECT: Whom<Self> = |params, call, transaction| subject(call, transaction, params.note_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = EditParams;
    type Outcome = Record;

    fn run(
        params: EditParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Record, Problem> {
        let parts = parts(&params.symptoms, &params.diagnosis, &params.advice);
        record::edit(transaction, params.note_id.0, params.version.0, &parts, call.now)?;
        written(transaction, params.note_id.0)
    }
}

pub struct SignRecord;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignParams {
    pub note_id: Id,
    /// The version that the caller has seen; with it, no other one is signed.
    #[serde(default)]
    pub version: Option<Id>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for SignRecord {
    const NAME: &'static str = "record.sign";
    const SUMMARY: &'static str = "Makes one's own draft final, for all who may read the patient's records.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::BadTransition, Code::Conflict, Code::NotInProgress, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, call, transaction| subject(call, transaction, params.note_id);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = SignParams;
    type Outcome = Record;

    fn run(
        params: SignParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Record, Problem> {
        let version = params.version.map(|Id(version)| version);
        record::sign(transaction, params.note_id.0, version, call.now)?;
        written(transaction, params.note_id.0)
    }
}

pub struct AmendRecord;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendParams {
    pub note_id: Id,
    /// The version that the caller has seen.
    pub version: Id,
    /// Why the signed text does not do.
    pub reason: Reason,
    /// What is not given stays as it was.
    #[serde(default)]
    pub symptoms: Option<Writing>,
    #[serde(default)]
    pub diagnosis: Option<Writing>,
    #[serde(default)]
    pub advice: Option<Writing>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for AmendRecord {
    const NAME: &'static str = "record.amend";
    const SUMMARY: &'static str = "Adds a version to a signed record; the versions before it stay readable.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::BadTransition, Code::Conflict, Code::NothingToChange, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, call, transaction| {
        let (caller, note) = (call.actor()?.user_id, visible(call, transaction, params.note_id.0)?);
        let doctor_id = if caller == note.doctor_id { caller } else { note.author_id };
        Ok(of_doctor(&note, doctor_id))
    };
    const REASON: Said<Self> = |params| Some(&params.reason);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = AmendParams;
    type Outcome = Record;

    fn run(
        params: AmendParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Record, Problem> {
        let author_id = call.actor()?.user_id;
        let parts = parts(&params.symptoms, &params.diagnosis, &params.advice);
        let (Id(note_id), Id(version)) = (params.note_id, params.version);
        record::amend(transaction, note_id, version, &parts, &params.reason, author_id, call.now)?;
        written(transaction, note_id)
    }
}

pub struct DiscardRecord;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscardParams {
    pub note_id: Id,
    /// Why it will not be signed.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

/// That a draft was discarded, without what stands in it.
#[derive(Serialize, JsonSchema)]
pub struct Discarded {
    pub note_id: i64,
    pub encounter_id: i64,
    pub patient_id: i64,
    /// Whose draft it was.
    pub author_id: i64,
    /// discarded.
    pub state: &'static str,
}

impl Method for DiscardRecord {
    const NAME: &'static str = "record.discard";
    const SUMMARY: &'static str =
        "Gives up a draft, for its author, the head of their department or an administrator; it is kept.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, call, transaction| {
        let Id(note_id) = params.note_id;
        let actor = call.actor()?;
        let note = record::by_id(transaction, note_id)?.ok_or_else(|| Problem::not_found("record"))?;
        let stands_in = actor.role == Role::Admin
            || department::head_of_doctor(transaction, note.author_id)? == Some(actor.user_id);
        match stands_in {
            true => Ok(of_doctor(&note, actor.user_id)),
            false => subject(call, transaction, params.note_id),
        }
    };
    const REASON: Said<Self> = |params| Some(&params.reason);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = DiscardParams;
    type Outcome = Discarded;

    fn run(
        params: DiscardParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Discarded, Problem> {
        let Id(note_id) = params.note_id;
        let by = call.actor()?.user_id;
        record::discard(transaction, note_id, &params.reason, by, call.now)?;
        let note = record::by_id(transaction, note_id)?.ok_or_else(|| Problem::not_found("record"))?;
        Ok(Discarded {
            note_id,
            encounter_id: note.encounter_id,
            patient_id: note.patient_id,
            author_id: note.author_id,
            state: note.state.word(),
        })
    }
}
