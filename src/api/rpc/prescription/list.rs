//! Looking at prescriptions.
//!
//! It never changes one. Invariant: a list is one patient's or one visit's.

use super::{Prescription, found, reachable, sees_drafts, subject_of};
use crate::api::rpc::care_list::{CareListParams, OldItem};
use crate::api::rpc::cursor::Written;
use crate::api::rpc::field::{Id, Reason};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Whom, cut};
use crate::service::old_row::Listed;
use crate::service::prescription::{self, WholeSheet};
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

/// A prescription of this dialect (sheet), or one that an old client has inserted (old).
#[derive(Serialize, JsonSchema)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum PrescriptionItem {
    Sheet(Prescription),
    Old(OldItem),
}

impl From<Listed<WholeSheet>> for PrescriptionItem {
    fn from(listed: Listed<WholeSheet>) -> PrescriptionItem {
        match listed {
            Listed::Ours((sheet, lines)) => PrescriptionItem::Sheet(Prescription::of(sheet, lines)),
            Listed::Old(row) => PrescriptionItem::Old(row.into()),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct PrescriptionList {
    /// Sheets from the latest one, then what old clients have inserted, from the latest one.
    pub items: Vec<PrescriptionItem>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

impl Method for ListPrescriptions {
    const NAME: &'static str = "prescription.list";
    const SUMMARY: &'static str = "Lists the prescriptions of a patient or of a visit; to patients and nurses only what has been active.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, transaction| params.subject(transaction);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = CareListParams;
    type Outcome = PrescriptionList;

    fn run(
        params: CareListParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<PrescriptionList, Problem> {
        let (place, limit) = params.page();
        let with_drafts = sees_drafts(call)?;
        let mut listed = prescription::list(transaction, params.filter()?, with_drafts, place, limit)?;
        let next_cursor = cut(&mut listed, params.limit, |one| {
            one.place(|(sheet, _)| sheet.sheet_id, |old| old.old_id).written()
        });
        Ok(PrescriptionList { items: listed.into_iter().map(PrescriptionItem::from).collect(), next_cursor })
    }
}
