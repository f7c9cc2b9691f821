//! Whom a call about doctors' work concerns, where it may be about one doctor, a department, or the caller.
//!
//! It never knows what of their work. Invariant: what is of a doctor or of a department is its head's as well.

use super::field::Id;
use super::problem::Problem;
use super::{Call, Subject};
use crate::service::department;
use crate::store::Transaction;

/// What is of this doctor, or else of this department, or else of the caller.
pub(super) fn subject(
    transaction: &Transaction<'_>,
    call: &Call<'_>,
    doctor_id: Option<Id>,
    department: Option<&str>,
) -> Result<Subject, Problem> {
    if doctor_id.is_some() && department.is_some() {
        return Err(Problem::invalid("department", "give one of `doctor_id` and `department`"));
    }
    let caller = call.actor()?.user_id;
    Ok(match (doctor_id, department) {
        (Some(Id(entity_id)), _) => {
            let is_head = department::head_of_doctor(transaction, entity_id)? == Some(caller);
            let doctor_id = if is_head { caller } else { entity_id };
            Subject::Work { entity: "doctor", entity_id, doctor_id: Some(doctor_id) }
        }
        (None, Some(name)) => department::head(transaction, name)?.map_or(Subject::Nobody, Subject::Doctor),
        (None, None) => Subject::Caller,
    })
}
