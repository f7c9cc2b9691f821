//! Encounters in a list: of a patient, or those of the doctor who asks that go on.
//!
//! It never changes one. Invariant: without a patient it gives nobody anything but their own.

use super::Encounter;
use crate::api::rpc::field::{Id, Limit, Reason};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Subject, Whom, cut};
use crate::service::access::Role;
use crate::service::encounter;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct ListEncounters;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListEncountersParams {
    /// Those of a patient, the latest first. Without it, a patient gets their own, and a doctor theirs that are in
    /// progress, the oldest first.
    #[serde(default)]
    pub patient_id: Option<Id>,
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
pub struct EncounterList {
    pub items: Vec<Encounter>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ListEncounters {
    const NAME: &'static str = "encounter.list";
    const SUMMARY: &'static str = "Lists a patient's visits and stays, or those of the doctor that go on.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, _| {
        Ok(params.patient_id.map_or(Subject::Caller, |Id(patient_id)| Subject::Patient(patient_id)))
    };
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = ListEncountersParams;
    type Outcome = EncounterList;

    fn run(
        params: ListEncountersParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<EncounterList, Problem> {
        let caller = call.actor()?;
        let patient_id = match params.patient_id {
            Some(Id(patient_id)) => Some(patient_id),
            None => (caller.role == Role::Patient).then_some(caller.user_id),
        };
        let (cursor, limit) = (params.cursor.map(|Id(id)| id), i64::from(params.limit.0) + 1);
        let mut items: Vec<Encounter> = Vec::new();
        let sink = |found: encounter::Encounter| items.push(found.into());
        match patient_id {
            Some(patient_id) => encounter::of_patient(transaction, patient_id, cursor, limit, sink)?,
            None => {
                encounter::open_of_doctor(transaction, caller.user_id, cursor.unwrap_or(0), limit, sink)?;
            }
        }
        let next_cursor = cut(&mut items, params.limit, |item| item.encounter_id);
        if params.patient_id.is_none() {
            call.note.entity = "encounter";
            call.has_shown(items.iter().map(|item| item.patient_id))?;
        }
        Ok(EncounterList { items, next_cursor })
    }
}
