//! Looking at admissions, and at stays that only old clients know of.
//!
//! It never changes one. Invariant: a list is one patient's or one ward's, and a doctor is listed the ward's
//! patients that are theirs.

use super::{Admission, reads_reasons, subject};
use crate::api::rpc::cursor::{Cursor, Written};
use crate::api::rpc::field::{Id, Limit, Reason};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom, cut};
use crate::service::access::Role;
use crate::service::admission::{self, BedStay, Filter, OldStay};
use crate::service::old_row::{Listed, Place};
use crate::service::ward;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct GetAdmission;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetAdmissionParams {
    pub admission_id: Id,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// In which bed a patient lay, from when to when.
#[derive(Serialize, JsonSchema)]
pub struct BedStayItem {
    pub bed_id: i64,
    pub bed_number: String,
    pub ward_id: i64,
    pub ward_number: String,
    pub from_ms: i64,
    pub to_ms: Option<i64>,
    /// Why they were moved there; null to a clerk.
    pub reason: Option<String>,
}

impl BedStayItem {
    fn for_caller(found: BedStay, call: &Call<'_>) -> BedStayItem {
        BedStayItem {
            bed_id: found.bed_id,
            bed_number: found.bed_number,
            ward_id: found.ward_id,
            ward_number: found.ward_number,
            from_ms: found.from_ms,
            to_ms: found.to_ms,
            reason: found.reason.filter(|_| reads_reasons(call)),
        }
    }
}

/// A stay, and its beds in order.
#[derive(Serialize, JsonSchema)]
pub struct AdmissionDetails {
    pub admission: Admission,
    pub beds: Vec<BedStayItem>,
}

impl Method for GetAdmission {
    const NAME: &'static str = "admission.get";
    const SUMMARY: &'static str = "Tells how a stay stands, and in which beds the patient has lain.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.admission_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = GetAdmissionParams;
    type Outcome = AdmissionDetails;

    fn run(
        params: GetAdmissionParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<AdmissionDetails, Problem> {
        let Id(admission_id) = params.admission_id;
        let found = admission::by_id(transaction, admission_id)?
            .ok_or_else(|| Problem::from(admission::Refusal::UnknownAdmission))?;
        let beds = admission::stays(transaction, admission_id)?;
        let beds = beds.into_iter().map(|stay| BedStayItem::for_caller(stay, call)).collect();
        Ok(AdmissionDetails { admission: Admission::for_caller(found, call), beds })
    }
}

pub struct ListAdmissions;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAdmissionsParams {
    /// All of a patient. One of `patient_id` and `ward_id` is given.
    #[serde(default)]
    pub patient_id: Option<Id>,
    /// Those of a ward that are not over; a doctor is listed their own.
    #[serde(default)]
    pub ward_id: Option<Id>,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<Cursor<Place>>,
}

/// A stay that an old client has written down. No bed is known of it, and nothing in here can change it.
#[derive(Serialize, JsonSchema)]
pub struct OldStayItem {
    /// old.
    pub source: &'static str,
    pub hospitalization_id: i64,
    pub patient_id: i64,
    pub doctor_id: i64,
    /// As the old client wrote them.
    pub ward_number: Option<String>,
    pub bed_number: Option<String>,
    pub admission_date: Option<String>,
    pub discharge_date: Option<String>,
    /// admitted or discharged.
    pub state: String,
}

impl From<OldStay> for OldStayItem {
    fn from(found: OldStay) -> OldStayItem {
        OldStayItem {
            source: "old",
            hospitalization_id: found.hospitalization_id,
            patient_id: found.patient_id,
            doctor_id: found.doctor_id,
            ward_number: found.ward_number,
            bed_number: found.bed_number,
            admission_date: found.admission_date,
            discharge_date: found.discharge_date,
            state: found.status,
        }
    }
}

/// A stay, by whomever it was written down; `source` says which.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ListedAdmission {
    New(Box<Admission>),
    Old(OldStayItem),
}

impl ListedAdmission {
    fn for_caller(listed: Listed<admission::Admission, OldStay>, call: &Call<'_>) -> ListedAdmission {
        match listed {
            Listed::Ours(found) => ListedAdmission::New(Box::new(Admission::for_caller(found, call))),
            Listed::Old(found) => ListedAdmission::Old(found.into()),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct AdmissionList {
    /// The latest first, and those of old clients behind all others.
    pub items: Vec<ListedAdmission>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

impl Method for ListAdmissions {
    const NAME: &'static str = "admission.list";
    const SUMMARY: &'static str = "Lists the stays of a patient, or those of a ward that are not over.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, call, transaction| {
        let Id(ward_id) = match (params.patient_id, params.ward_id) {
            (Some(Id(patient_id)), None) => return Ok(Subject::Patient(patient_id)),
            (None, Some(ward_id)) => ward_id,
            _ => return Err(Problem::invalid("patient_id", "give one of `patient_id` and `ward_id`")),
        };
        if ward::by_id(transaction, ward_id)?.is_none() {
            return Err(Problem::not_found("ward"));
        }
        // Whatever of the ward is listed to a doctor is the doctor's own.
        Ok(Subject::Work { entity: "ward", entity_id: ward_id, doctor_id: doctor(call) })
    };
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = ListAdmissionsParams;
    type Outcome = AdmissionList;

    fn run(
        params: ListAdmissionsParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<AdmissionList, Problem> {
        let ward = match params.ward_id {
            Some(Id(ward_id)) => ward::by_id(transaction, ward_id)?,
            None => None,
        };
        let filter = match &ward {
            Some(ward) => {
                Filter::OfWard { ward_id: ward.ward_id, ward_number: &ward.number, doctor_id: doctor(call) }
            }
            None => Filter::OfPatient(params.patient_id.map_or(0, |Id(id)| id)),
        };
        let place = params.cursor.map_or(Place::FIRST, |Cursor(place)| place);
        let limit = i64::from(params.limit.0) + 1;
        let mut listed = admission::list(transaction, filter, place, limit)?;
        let next_cursor = cut(&mut listed, params.limit, |one| {
            one.place(|found| found.admission_id, |old| old.hospitalization_id).written()
        });
        let items = listed.into_iter().map(|one| ListedAdmission::for_caller(one, call)).collect();
        Ok(AdmissionList { items, next_cursor })
    }
}

/// The caller, where they are a doctor.
fn doctor(call: &Call<'_>) -> Option<i64> {
    call.opened
        .map(|opened| &opened.actor)
        .filter(|actor| actor.role == Role::Doctor)
        .map(|actor| actor.user_id)
}
