//! Writing: a draft, its edits, its signature, and versions behind that.
//!
//! It never knows whose turn it is to write. Invariant: each gives the record as it is afterwards.

use super::{Record, refused, shown};
use crate::api::rpc::field::{Id, Notes, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Subject, encounter};
use crate::service::audit::Action;
use crate::service::record::{self, Parts};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Deserialize;

type Writing = Notes<16384>;

fn parts<'a>(
    symptoms: &'a Option<Writing>,
    diagnosis: &'a Option<Writing>,
    advice: &'a Option<Writing>,
) -> Parts<'a> {
    Parts { symptoms: symptoms.as_deref(), diagnosis: diagnosis.as_deref(), advice: advice.as_deref() }
}

/// A record as its author's own; as the doctor's whose encounter it is, too, where they ask for that.
fn subject(transaction: &Transaction<'_>, Id(note_id): Id, caller: Option<i64>) -> Result<Subject, Problem> {
    let note = record::by_id(transaction, note_id)?.ok_or_else(|| Problem::not_found("record"))?;
    let doctor_id = if caller == Some(note.doctor_id) { note.doctor_id } else { note.author_id };
    Ok(Subject::Care { entity: "record", entity_id: note_id, patient_id: note.patient_id, doctor_id })
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
    type Params = WriteParams;
    type Outcome = Record;

    fn subject(
        params: &WriteParams,
        _: &Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Subject, Problem> {
        encounter::subject(transaction, params.encounter_id)
    }

    fn request_id(params: &WriteParams) -> Option<&str> {
        params.request_id.as_deref()
    }

    fn run(
        params: WriteParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Record, Problem> {
        let author_id = call.actor()?.user_id;
        let parts = parts(&params.symptoms, &params.diagnosis, &params.advice);
        let note_id = record::write(transaction, params.encounter_id.0, &parts, author_id, call.now)
            .map_err(refused)?;
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
    type Params = EditParams;
    type Outcome = Record;

    fn subject(params: &EditParams, _: &Call<'_>, transaction: &Transaction<'_>) -> Result<Subject, Problem> {
        subject(transaction, params.note_id, None)
    }

    fn request_id(params: &EditParams) -> Option<&str> {
        params.request_id.as_deref()
    }

    fn run(
        params: EditParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Record, Problem> {
        let parts = parts(&params.symptoms, &params.diagnosis, &params.advice);
        record::edit(transaction, params.note_id.0, params.version.0, &parts, call.now).map_err(refused)?;
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
    type Params = SignParams;
    type Outcome = Record;

    fn subject(params: &SignParams, _: &Call<'_>, transaction: &Transaction<'_>) -> Result<Subject, Problem> {
        subject(transaction, params.note_id, None)
    }

    fn request_id(params: &SignParams) -> Option<&str> {
        params.request_id.as_deref()
    }

    fn run(
        params: SignParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Record, Problem> {
        let version = params.version.map(|Id(version)| version);
        record::sign(transaction, params.note_id.0, version, call.now).map_err(refused)?;
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
    type Params = AmendParams;
    type Outcome = Record;

    fn subject(
        params: &AmendParams,
        call: &Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Subject, Problem> {
        subject(transaction, params.note_id, Some(call.actor()?.user_id))
    }

    fn reason(params: &AmendParams) -> Option<&str> {
        Some(&params.reason)
    }

    fn request_id(params: &AmendParams) -> Option<&str> {
        params.request_id.as_deref()
    }

    fn run(
        params: AmendParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Record, Problem> {
        let author_id = call.actor()?.user_id;
        let parts = parts(&params.symptoms, &params.diagnosis, &params.advice);
        let (Id(note_id), Id(version)) = (params.note_id, params.version);
        record::amend(transaction, note_id, version, &parts, &params.reason, author_id, call.now)
            .map_err(refused)?;
        written(transaction, note_id)
    }
}
