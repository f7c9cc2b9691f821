//! Encounters that a doctor opens by hand, and how one stands.
//!
//! It never knows the queue, whose start opens one, too. Invariant: a doctor opens only their own.

use super::{ClassCode, Encounter, subject};
use crate::api::rpc::field::{Id, Line, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom};
use crate::service::audit::Action;
use crate::service::booking;
use crate::service::department;
use crate::service::encounter::{self, NewEncounter};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Deserialize;

pub struct OpenEncounter;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenParams {
    pub patient_id: Id,
    /// The appointment whose visit it is.
    #[serde(default)]
    pub appointment_id: Option<Id>,
    /// AMB or EMER; a stay, IMP, begins with admission.request.
    #[serde(default)]
    pub class: ClassCode,
    /// One of department.list; else that of the appointment.
    #[serde(default)]
    pub department: Option<Line<64>>,
    /// True to plan it only; encounter.begin begins it.
    #[serde(default)]
    pub is_planned: bool,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for OpenEncounter {
    const NAME: &'static str = "encounter.open";
    const SUMMARY: &'static str = "Opens a visit of a patient whom the doctor treats, and begins it.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::Conflict, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = OpenParams;
    type Outcome = Encounter;

    fn run(
        params: OpenParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Encounter, Problem> {
        if matches!(params.class, ClassCode::Inpatient) {
            return Err(Problem::invalid("class", "IMP is a stay, which admission.request asks for"));
        }
        call.check_taking_on(transaction, params.patient_id.0)?;
        let doctor_id = call.actor()?.user_id;
        if let Some(name) = params.department.as_deref()
            && !department::is_there(transaction, name)?
        {
            return Err(Problem::not_found("department"));
        }
        let appointment_id = params.appointment_id.map(|id| id.0);
        let mut department = params.department.as_deref().map(str::to_owned);
        if let Some(appointment_id) = appointment_id {
            let found = booking::by_id(transaction, appointment_id)?
                .filter(|found| found.patient_id == params.patient_id.0 && found.doctor_id == doctor_id)
                .ok_or_else(|| Problem::not_found("appointment"))?;
            department = department.or(found.department);
        }
        let new = NewEncounter {
            patient_id: params.patient_id.0,
            doctor_id,
            appointment_id,
            class: params.class.into(),
            department: department.as_deref(),
        };
        let open = if params.is_planned { encounter::plan } else { encounter::open };
        let encounter_id = open(transaction, &new, Some(doctor_id), call.now)?;
        (call.note.entity, call.note.entity_id) = ("encounter", Some(encounter_id));
        found(transaction, encounter_id)
    }
}

fn found(transaction: &Transaction<'_>, encounter_id: i64) -> Result<Encounter, Problem> {
    encounter::by_id(transaction, encounter_id)?
        .map(Encounter::from)
        .ok_or_else(|| Problem::not_found("encounter"))
}

pub struct GetEncounter;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetEncounterParams {
    pub encounter_id: Id,
    #[serde(default)]
    pub reason: Option<Reason>,
}

impl Method for GetEncounter {
    const NAME: &'static str = "encounter.get";
    const SUMMARY: &'static str = "Tells how a visit or a stay stands.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.encounter_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = GetEncounterParams;
    type Outcome = Encounter;

    fn run(
        params: GetEncounterParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Encounter, Problem> {
        found(transaction, params.encounter_id.0)
    }
}
