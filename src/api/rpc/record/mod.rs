//! `record.*`: what doctors write of visits.
//!
//! It never knows what stands in a text. Invariant: nobody but its author is given a draft, or told that there is
//! one; one that was discarded, an administrator may look into as well.

mod read;
mod write;

pub use read::{GetRecord, ListRecords};
pub use write::{AmendRecord, DiscardRecord, EditRecord, SignRecord, WriteRecord};

use super::Call;
use super::problem::{Code, Problem, Refusal};
use crate::service::access::Role;
use crate::service::record::{self, Note, OldRow, State, Text};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Serialize;

/// What was written of a visit. Moments are milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Record {
    /// new; or old, for what an old client wrote.
    pub source: &'static str,
    pub note_id: Option<i64>,
    /// The old schema's row, for what an old client wrote.
    pub record_id: Option<i64>,
    pub encounter_id: Option<i64>,
    pub patient_id: i64,
    /// Who wrote this version; of a draft that was discarded, who discarded it.
    pub author_id: i64,
    /// draft, signed or discarded.
    pub state: &'static str,
    /// Which version of the text this is.
    pub version: i64,
    /// The version that holds now.
    pub latest_version: i64,
    pub symptoms: Option<String>,
    pub diagnosis: Option<String>,
    pub advice: Option<String>,
    /// Why a signed text was followed by this version, or a draft was discarded.
    pub reason: Option<String>,
    pub written_ms: Option<i64>,
    pub signed_ms: Option<i64>,
    /// When the visit was, as an old client wrote it.
    pub visit_time: Option<String>,
}

impl Record {
    fn of(note: Note, text: Text) -> Record {
        Record {
            source: "new",
            note_id: Some(note.note_id),
            record_id: None,
            encounter_id: Some(note.encounter_id),
            patient_id: note.patient_id,
            author_id: text.author_id,
            state: note.state.word(),
            version: text.version,
            latest_version: note.version,
            symptoms: text.symptoms,
            diagnosis: text.diagnosis,
            advice: text.advice,
            reason: text.reason,
            written_ms: Some(text.written_ms),
            signed_ms: note.signed_ms,
            visit_time: None,
        }
    }
}

impl From<OldRow> for Record {
    fn from(row: OldRow) -> Record {
        Record {
            source: "old",
            note_id: None,
            record_id: Some(row.record_id),
            encounter_id: None,
            patient_id: row.patient_id,
            author_id: row.doctor_id,
            state: State::Signed.word(),
            version: 1,
            latest_version: 1,
            symptoms: row.symptoms,
            diagnosis: row.diagnosis,
            advice: None,
            reason: None,
            written_ms: None,
            signed_ms: None,
            visit_time: row.visit_time,
        }
    }
}

/// A record that the caller may know of.
fn visible(call: &Call<'_>, transaction: &Transaction<'_>, note_id: i64) -> Result<Note, Problem> {
    let actor = call.actor()?;
    let may_audit = |note: &Note| note.state == State::Discarded && actor.role == Role::Admin;
    record::by_id(transaction, note_id)?
        .filter(|note| note.is_visible_to(actor.user_id) || may_audit(note))
        .ok_or_else(|| Problem::not_found("record"))
}

/// A record with its text, or with an older version of it.
fn shown(transaction: &Transaction<'_>, note: Note, version: Option<i64>) -> Result<Record, Problem> {
    let version = version.unwrap_or(note.version);
    let text = record::text(transaction, note.note_id, version)?;
    text.map(|text| Record::of(note, text)).ok_or_else(|| Problem::not_found("version"))
}

/// A refusal of the rules of records in this dialect's words.
impl From<record::Refusal> for Problem {
    fn from(refusal: record::Refusal) -> Problem {
        use record::Refusal as Of;
        match refusal {
            Of::UnknownNote => return Problem::not_found("record"),
            Of::Encounter(refusal) => return refusal.into(),
            Of::NothingToChange => Refusal::new(
                Code::NothingToChange,
                "give at least one of `symptoms`, `diagnosis` and `advice`",
            ),
            Of::Stale { version } => Refusal::new(
                Code::Conflict,
                "the record was changed meanwhile; `version` is the one that holds",
            )
            .with("version", version),
            Of::BadTransition { from, to } => {
                let allowed = from.next().iter().map(|state| state.word());
                let message = match from {
                    State::Signed => "what is signed stays as it is; record.amend adds a version",
                    State::Draft => "a draft is edited, not amended",
                    State::Discarded => "what was discarded stays as it is; record.write begins another one",
                };
                Refusal::bad_transition(message, (from.word(), to), allowed)
            }
        }
        .into()
    }
}
