//! Looking at appointments.
//!
//! It never changes one. Invariant: a list is one patient's or one session's.

use super::{Appointment, found, subject};
use crate::api::rpc::field::{Id, Limit, Reason};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom, cut, schedule};
use crate::service::booking::{self, Filter};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct GetAppointment;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetAppointmentParams {
    pub appointment_id: Id,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
}

impl Method for GetAppointment {
    const NAME: &'static str = "appointment.get";
    const SUMMARY: &'static str = "Gives an appointment.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject(transaction, params.appointment_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = GetAppointmentParams;
    type Outcome = Appointment;

    fn run(
        params: GetAppointmentParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Appointment, Problem> {
        found(transaction, params.appointment_id)
    }
}

pub struct ListAppointments;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAppointmentsParams {
    /// Those of a patient, the latest first. One of patient_id and session_id is given.
    #[serde(default)]
    pub patient_id: Option<Id>,
    /// Those of a session, in the order in which they were made.
    #[serde(default)]
    pub session_id: Option<Id>,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct AppointmentList {
    pub items: Vec<Appointment>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ListAppointments {
    const NAME: &'static str = "appointment.list";
    const SUMMARY: &'static str = "Lists the appointments of a patient or of a session.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, transaction| match (params.patient_id, params.session_id) {
        (Some(Id(patient_id)), None) => Ok(Subject::Patient(patient_id)),
        (None, Some(session_id)) => schedule::subject(transaction, session_id),
        _ => Err(Problem::invalid("patient_id", "give one of `patient_id` and `session_id`")),
    };
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = ListAppointmentsParams;
    type Outcome = AppointmentList;

    fn run(
        params: ListAppointmentsParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<AppointmentList, Problem> {
        let filter = match (params.patient_id, params.session_id) {
            (Some(Id(patient_id)), _) => Filter::OfPatient(patient_id),
            (None, session_id) => Filter::OfSession(session_id.map_or(0, |Id(id)| id)),
        };
        let (after, limit) = (params.cursor.map_or(0, |Id(id)| id), i64::from(params.limit.0));
        let mut items: Vec<Appointment> = Vec::new();
        booking::list(transaction, filter, after, limit + 1, |found| items.push(found.into()))?;
        let next_cursor = cut(&mut items, params.limit, |item| item.appointment_id);
        Ok(AppointmentList { items, next_cursor })
    }
}
