//! Visits, and what is done in them, to call the methods of care on.
//!
//! It never knows who may call what. Invariant: as in `places`, each sample is about things of its own.

use crate::clinic::*;
use crate::places::{Pair, act};
use medsrv::service::Failure;
use medsrv::service::encounter::{self, Class, NewEncounter};
use serde_json::{Value, json};

/// A visit that goes on.
pub fn encounter(clinic: &mut Clinic, pair: Pair) -> i64 {
    let now = clinic.now.clone();
    act(clinic, |change| {
        let new = NewEncounter {
            patient_id: pair.patient_id,
            doctor_id: pair.doctor_id,
            appointment_id: None,
            class: Class::Ambulatory,
            department: None,
        };
        let begun = encounter::plan(change.transaction, &new, None, &now)
            .and_then(|encounter_id| encounter::begin(change.transaction, encounter_id, &now));
        match begun {
            Ok(found) => Ok(found.encounter_id),
            Err(Failure::Fault(fault)) => Err(Failure::Fault(fault)),
            Err(Failure::Refused(refusal)) => panic!("{refusal:?}"),
        }
    })
}

/// As `places::of_pair`, for encounters.
pub fn of_encounter(
    clinic: &mut Clinic,
    method: &str,
    pair: Pair,
    _: Option<i64>,
) -> Option<(bool, bool, Value)> {
    Some(match method {
        "encounter.open" => (true, true, json!({"patient_id": pair.patient_id})),
        "encounter.get" => (true, true, json!({"encounter_id": encounter(clinic, pair)})),
        _ => return None,
    })
}
