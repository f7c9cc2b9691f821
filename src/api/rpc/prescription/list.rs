//! Looking at prescriptions.
//!
//! It never changes one. Invariant: a list is one patient's or one visit's.

use super::{Prescription, found, reachable, sees_drafts, subject_of};
use crate::api::rpc::field::{Id, Limit, Reason};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom, cut, encounter};
use crate::service::old_row::OldRow;
use crate::service::prescription::{self, Filter, Listed};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct GetPrescription;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetPrescriptionParams {
    pub prescription_id: Id,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
}

impl Method for GetPrescription {
    const NAME: &'static str = "prescription.get";
    const SUMMARY: &'static str = "Gives a prescription; to patients and nurses only what has been active.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> =
        |params, call, transaction| Ok(subject_of(&reachable(call, transaction, params.prescription_id.0)?));
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = GetPrescriptionParams;
    type Outcome = Prescription;

    fn run(
        params: GetPrescriptionParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Prescription, Problem> {
        found(transaction, params.prescription_id.0)
    }
}

pub struct ListPrescriptions;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPrescriptionsParams {
    /// Those of a patient. One of patient_id and encounter_id is given.
    #[serde(default)]
    pub patient_id: Option<Id>,
    /// Those of a visit.
    #[serde(default)]
    pub encounter_id: Option<Id>,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<i64>,
}

/// What an old client has written, as it stands in its table.
#[derive(Serialize, JsonSchema)]
pub struct OldPrescription {
    pub old_prescription_id: i64,
    pub patient_id: i64,
    pub doctor_id: i64,
    pub content: String,
    /// As the old client or its table wrote it, mostly in UTC.
    pub created_at: Option<String>,
}

impl From<OldRow> for OldPrescription {
    fn from(row: OldRow) -> OldPrescription {
        OldPrescription {
            old_prescription_id: row.old_id,
            patient_id: row.patient_id,
            doctor_id: row.doctor_id,
            content: row.content,
            created_at: row.created_at,
        }
    }
}

/// A prescription of this dialect (sheet), or one that an old client has inserted (old).
#[derive(Serialize, JsonSchema)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum PrescriptionItem {
    Sheet(Prescription),
    Old(OldPrescription),
}

impl From<Listed> for PrescriptionItem {
    fn from(listed: Listed) -> PrescriptionItem {
        match listed {
            Listed::Sheet { sheet, lines } => PrescriptionItem::Sheet(Prescription::of(sheet, lines)),
            Listed::Old(row) => PrescriptionItem::Old(row.into()),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct PrescriptionList {
    /// Sheets from the latest one, then what old clients have inserted, from the latest one.
    pub items: Vec<PrescriptionItem>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ListPrescriptions {
    const NAME: &'static str = "prescription.list";
    const SUMMARY: &'static str = "Lists the prescriptions of a patient or of a visit; to patients and nurses only what has been active.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, transaction| match (params.patient_id, params.encounter_id) {
        (Some(Id(patient_id)), None) => Ok(Subject::Patient(patient_id)),
        (None, Some(encounter_id)) => encounter::subject(transaction, encounter_id),
        _ => Err(Problem::invalid("patient_id", "give one of `patient_id` and `encounter_id`")),
    };
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = ListPrescriptionsParams;
    type Outcome = PrescriptionList;

    fn run(
        params: ListPrescriptionsParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<PrescriptionList, Problem> {
        let filter = match (params.patient_id, params.encounter_id) {
            (Some(Id(patient_id)), _) => Filter::OfPatient(patient_id),
            (None, encounter_id) => Filter::OfEncounter(encounter_id.map_or(0, |Id(id)| id)),
        };
        let limit = i64::from(params.limit.0) + 1;
        let with_drafts = sees_drafts(call)?;
        let mut listed = prescription::list(transaction, filter, with_drafts, params.cursor, limit)?;
        let next_cursor = cut(&mut listed, params.limit, Listed::cursor);
        Ok(PrescriptionList { items: listed.into_iter().map(PrescriptionItem::from).collect(), next_cursor })
    }
}
