//! `fhir.*`: what the hospital knows of a patient, as FHIR R4.
//!
//! It never knows how a resource is made. Invariant: a page ends between two resources, and the next one goes
//! on behind the last.

use super::cursor::{self, Cursor};
use super::field::{Id, Limit, Reason};
use super::problem::{Code, Problem};
use super::{Call, Detail, Kind, Method, Said, Subject, Whom};
use crate::api::fhir::{self, Whose};
use crate::service::patient;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where a page begins: behind which id of which kind of resource, the kinds counted from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    pub kind: usize,
    pub after: i64,
}

impl cursor::Written for Place {
    fn written(&self) -> String {
        format!("{}.{}", self.kind, self.after)
    }

    fn parsed(text: &str) -> Option<Place> {
        let (kind, after) = text.split_once('.')?;
        let place = Place { kind: kind.parse().ok()?, after: after.parse().ok()? };
        (place.kind < fhir::Kind::ALL.len() && place.after >= 0).then_some(place)
    }
}

pub struct ExportPatient;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportParams {
    pub patient_id: Id,
    /// With id card, phone number and address; this is recorded.
    #[serde(default)]
    pub unmask: bool,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Cursor<Place>>,
}

#[derive(Serialize, JsonSchema)]
pub struct Export {
    /// A FHIR R4 Bundle of the type collection: first the patient, then whoever and whatever the rest refers to.
    pub bundle: Value,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

impl Method for ExportPatient {
    const NAME: &'static str = "fhir.export";
    const SUMMARY: &'static str = "Gives what is known of a patient as FHIR R4 resources.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = ExportParams;
    type Outcome = Export;

    fn run(
        params: ExportParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Export, Problem> {
        let Id(patient_id) = params.patient_id;
        if params.unmask {
            call.note.detail = Some(Detail::Unmasked);
        }
        patient::by_id(transaction, patient_id, |_| ())?.ok_or_else(|| Problem::not_found("patient"))?;
        let whose = Whose { patient_id, today: call.now.day(), has_identifiers: params.unmask };
        let (from, limit) =
            (params.cursor.map_or_else(Place::default, |Cursor(place)| place), params.limit.0 as usize);
        let (entries, next) = page(transaction, whose, from, limit)?;
        let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": entries});
        Ok(Export { bundle, next_cursor: next.as_ref().map(cursor::Written::written) })
    }
}

/// The entries of one page, and where the next one begins.
fn page(
    transaction: &Transaction<'_>,
    whose: Whose<'_>,
    from: Place,
    limit: usize,
) -> Result<(Vec<Value>, Option<Place>), Problem> {
    let mut entries = Vec::new();
    let mut after = from.after;
    for (place, kind) in fhir::Kind::ALL.into_iter().enumerate().skip(from.kind) {
        let room = limit - entries.len();
        let mut last = after;
        let mut found = 0;
        // One more than there is room for says that there is a next page.
        let rows = (after, i64::try_from(room).unwrap_or(i64::MAX).saturating_add(1));
        fhir::of_patient(transaction, kind, whose, rows, &mut |id, resource| {
            found += 1;
            if found <= room {
                last = id;
                entries.push(json!({"resource": resource}));
            }
        })?;
        if found > room {
            return Ok((entries, Some(Place { kind: place, after: last })));
        }
        after = 0;
    }
    Ok((entries, None))
}
