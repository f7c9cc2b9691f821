//! What becomes of somebody who lies in a bed: moved, handed over, discharged.
//!
//! It never knows how they came in. Invariants: whoever leaves a bed leaves it to be cleaned; a bed is left on
//! the discharge, not when it is ordered; the old schema's row and the encounter go with each step.

use super::enter::lie_down;
use super::{
    Admission, Disposition, Outcome, Refusal, State, bed_for, check_end, going, known, known_bed, refuse,
    standing,
};
use crate::service::booking::Change;
use crate::service::{Failure, encounter, ward};
use crate::store::statements::{admission, doctor};
use crate::store::{Error, Transaction, params};

/// Moves somebody to another bed, which may be in another ward.
pub fn transfer(
    change: &mut Change<'_, '_>,
    admission_id: i64,
    bed_id: i64,
    reason: &str,
) -> Outcome<Admission> {
    let found = standing(change, admission_id, State::is_in_bed, "transferred")?;
    let bed = bed_for(change, bed_id, None)?;
    // Where the clock was set back, or the bed was left later than that, both happen at the later moment.
    let moment_ms = change.now.unix_ms.max(bed.changed_ms);
    let left_ms = leave_bed(change, &found, moment_ms)?;
    lie_down(change, &found, &bed, left_ms, Some(reason))?;
    let transaction = change.transaction;
    if bed.ward_id != found.ward_id {
        transaction.execute(&admission::MOVE, params![admission_id, bed.ward_id])?;
    }
    transaction.execute(
        &admission::MOVE_OLD,
        params![found.old_hospitalization_id, bed.ward_number, bed.number, change.now.utc],
    )?;
    known(change, admission_id)
}

/// The bed is empty, and to be cleaned. Returns when it was left, which is not before it was taken.
fn leave_bed(change: &mut Change<'_, '_>, found: &Admission, moment_ms: i64) -> Outcome<i64> {
    let (Some(bed_id), Some(since_ms)) = (found.bed_id, found.bed_since_ms) else {
        return Err(Error::Other("somebody who is admitted lies in no bed".into()).into());
    };
    let left_ms = moment_ms.max(since_ms);
    change.transaction.execute(&admission::CLOSE_STAY, params![found.admission_id, left_ms])?;
    let bed = known_bed(change, bed_id)?;
    ward::set(change, &bed, ward::State::Cleaning, None, left_ms)?;
    Ok(left_ms)
}

/// Another doctor has the patient from now on, and the stay's encounter with what is not over in it.
pub fn change_doctor(change: &mut Change<'_, '_>, admission_id: i64, doctor_id: i64) -> Outcome<Admission> {
    let found = standing(change, admission_id, |state| !state.is_over(), "handed_over")?;
    let transaction = change.transaction;
    if transaction.first(&doctor::EXISTS, params![doctor_id], |row| row.integer(0))?.is_none() {
        return refuse(Refusal::UnknownDoctor);
    }
    if found.doctor_id == doctor_id {
        return Ok(found);
    }
    transaction.execute(&admission::SET_DOCTOR, params![admission_id, doctor_id])?;
    if let (Some(encounter_id), Some(old_id)) = (found.encounter_id, found.old_hospitalization_id) {
        encounter::hand_over(change, encounter_id, (found.doctor_id, doctor_id))?;
        transaction.execute(&admission::SET_DOCTOR_OLD, params![old_id, doctor_id, change.now.utc])?;
    }
    change.changes.wards.insert(found.ward_id);
    known(change, admission_id)
}

/// The doctor lets the patient go, of whom it is known what they had.
pub fn order_discharge(
    change: &mut Change<'_, '_>,
    admission_id: i64,
    disposition: Disposition,
    expected_on: Option<&str>,
) -> Outcome<Admission> {
    let found = going(change, admission_id, State::DischargeOrdered)?;
    check_end(change, expected_on)?;
    let transaction = change.transaction;
    check_diagnosis(transaction, &found)?;
    transaction.execute(
        &admission::ORDER_DISCHARGE,
        params![admission_id, disposition.word(), expected_on, change.now.unix_ms],
    )?;
    change.changes.wards.insert(found.ward_id);
    known(change, admission_id)
}

/// Refuses where it is not known what somebody had.
fn check_diagnosis(transaction: &Transaction<'_>, found: &Admission) -> Outcome<()> {
    let diagnosed =
        transaction.first(&admission::HAS_DIAGNOSIS, params![found.encounter_id], |row| row.integer(0))?;
    diagnosed.map(|_| ()).ok_or(Failure::Refused(Refusal::DiagnosisMissing))
}

/// The patient is to stay after all.
pub fn undo_order(change: &mut Change<'_, '_>, admission_id: i64) -> Outcome<Admission> {
    let found = known(change, admission_id)?;
    if found.state.before() != Some(State::Admitted) {
        return refuse(Refusal::NothingToUndo);
    }
    change.transaction.execute(&admission::UNDO_ORDER, params![admission_id])?;
    change.changes.wards.insert(found.ward_id);
    known(change, admission_id)
}

/// The patient has gone. The diagnosis for which they were let go may have been withdrawn since.
pub fn discharge(change: &mut Change<'_, '_>, admission_id: i64) -> Outcome<Admission> {
    let found = going(change, admission_id, State::Discharged)?;
    check_diagnosis(change.transaction, &found)?;
    let left_ms = leave_bed(change, &found, change.now.unix_ms)?;
    let (transaction, now) = (change.transaction, change.now);
    transaction.execute(&admission::DISCHARGE, params![admission_id, left_ms])?;
    transaction
        .execute(&admission::DISCHARGE_OLD, params![found.old_hospitalization_id, now.day(), now.utc])?;
    if let Some(encounter_id) = found.encounter_id {
        end_encounter(change, encounter_id)?;
    }
    known(change, admission_id)
}

/// Ends the stay's encounter, unless it has ended already, or something in it is to be done first: nobody keeps a
/// bed because of what is to be written.
fn end_encounter(change: &Change<'_, '_>, encounter_id: i64) -> Outcome<()> {
    match encounter::finish(change.transaction, encounter_id, change.now) {
        Ok(_) | Err(Failure::Refused(_)) => Ok(()),
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}
