//! The way into a bed: asked for, a bed kept, admitted; or cancelled before.
//!
//! It never knows how a stay ends. Invariants: a bed that is kept and not used is free again in the same step;
//! whoever is admitted has an encounter and a row in the old schema from the same step on.

use super::{
    Admission, Kind, Outcome, Refusal, State, bed_for, check_end, going, known, known_bed, refuse, standing,
};
use crate::service::booking::Change;
use crate::service::encounter::{self, Class, NewEncounter};
use crate::service::icd10;
use crate::service::ward::{self, Bed};
use crate::store::Error;
use crate::store::params;
use crate::store::statements::{admission, patient};

/// An admission to be.
#[derive(Debug, Clone, Copy)]
pub struct NewAdmission<'a> {
    pub patient_id: i64,
    pub doctor_id: i64,
    pub ward_id: i64,
    pub kind: Kind,
    pub reason: &'a str,
    pub reason_code: Option<&'a str>,
    pub origin_encounter_id: Option<i64>,
    pub expected_on: Option<&'a str>,
}

/// Asks for a stay of a patient who has none that is not over.
pub fn request(change: &mut Change<'_, '_>, new: &NewAdmission<'_>) -> Outcome<Admission> {
    let transaction = change.transaction;
    check_end(change, new.expected_on)?;
    if transaction.first(&patient::EXISTS, params![new.patient_id], |row| row.integer(0))?.is_none() {
        return refuse(Refusal::UnknownPatient);
    }
    match ward::by_id(transaction, new.ward_id)? {
        None => return refuse(Refusal::UnknownWard),
        Some(ward) if ward.is_closed => return refuse(Refusal::WardClosed),
        Some(_) => {}
    }
    if let Some(origin_id) = new.origin_encounter_id {
        let origin = encounter::by_id(transaction, origin_id)?;
        if origin.is_none_or(|origin| origin.patient_id != new.patient_id) {
            return refuse(Refusal::UnknownEncounter);
        }
    }
    let reason_code = new.reason_code.map(icd10::written);
    if let Some(code) = &reason_code
        && icd10::title(transaction, code)?.is_none()
        && icd10::is_loaded(transaction)?
    {
        return refuse(Refusal::UnknownCode);
    }
    let open =
        transaction.first(&admission::OPEN_OF_PATIENT, params![new.patient_id], |row| row.integer(0))?;
    if let Some(admission_id) = open {
        return refuse(Refusal::AlreadyAdmitted { admission_id });
    }
    let admission_id = transaction.insert(
        &admission::INSERT,
        params![
            new.patient_id,
            new.doctor_id,
            new.origin_encounter_id,
            new.ward_id,
            new.kind.word(),
            new.reason,
            reason_code,
            new.expected_on,
            change.now.unix_ms
        ],
    )?;
    change.changes.wards.insert(new.ward_id);
    known(change, admission_id)
}

/// Keeps a bed for somebody who is to be admitted, instead of the one that was kept before. The admission is in
/// the ward of its bed from then on.
pub fn reserve(change: &mut Change<'_, '_>, admission_id: i64, bed_id: i64) -> Outcome<Admission> {
    let found = standing(change, admission_id, |state| state == State::Requested, "reserved")?;
    if found.bed_id == Some(bed_id) {
        return Ok(found);
    }
    let bed = bed_for(change, bed_id, None)?;
    give_back(change, found.bed_id)?;
    ward::set(change, &bed, ward::State::Reserved, None, change.now.unix_ms)?;
    change.transaction.execute(&admission::RESERVE, params![admission_id, bed_id, bed.ward_id])?;
    change.changes.wards.extend([found.ward_id, bed.ward_id]);
    known(change, admission_id)
}

/// A bed that was kept for somebody is kept no longer.
fn give_back(change: &mut Change<'_, '_>, reserved: Option<i64>) -> Outcome<()> {
    let Some(bed_id) = reserved else { return Ok(()) };
    let bed = known_bed(change, bed_id)?;
    ward::set(change, &bed, ward::State::Free, None, change.now.unix_ms)?;
    Ok(())
}

/// The patient lies down, in the bed that is named or else in the one that is kept.
pub fn admit(
    change: &mut Change<'_, '_>,
    admission_id: i64,
    bed_id: Option<i64>,
    expected_on: Option<&str>,
) -> Outcome<Admission> {
    let found = going(change, admission_id, State::Admitted)?;
    check_end(change, expected_on)?;
    let reserved = found.bed_id;
    let Some(bed_id) = bed_id.or(reserved) else {
        return refuse(Refusal::BedMissing);
    };
    let bed = bed_for(change, bed_id, reserved)?;
    give_back(change, reserved.filter(|reserved| *reserved != bed_id))?;
    let encounter_id = open_encounter(change, &found, &bed)?;
    let (transaction, now) = (change.transaction, change.now);
    let old_id = transaction.insert(
        &admission::ADD_OLD,
        params![found.patient_id, found.doctor_id, bed.ward_number, bed.number, now.day(), now.utc],
    )?;
    transaction.execute(
        &admission::ADMIT,
        params![admission_id, bed.ward_id, encounter_id, old_id, expected_on, now.unix_ms],
    )?;
    lie_down(change, &found, &bed, now.unix_ms, None)?;
    change.changes.wards.insert(found.ward_id);
    known(change, admission_id)
}

/// The stay's own encounter, of the admission's doctor.
fn open_encounter(change: &Change<'_, '_>, found: &Admission, bed: &Bed) -> Outcome<i64> {
    let new = NewEncounter {
        patient_id: found.patient_id,
        doctor_id: found.doctor_id,
        appointment_id: None,
        class: Class::Inpatient,
        department: bed.department.as_deref(),
    };
    encounter::open(change.transaction, &new, change.by, change.now)
        .map_err(|failure| failure.map(Refusal::Encounter))
}

/// Somebody lies in a bed from a moment on, which is not before its last change, however the clock was set: so
/// no two stays in a bed overlap.
pub(super) fn lie_down(
    change: &mut Change<'_, '_>,
    found: &Admission,
    bed: &Bed,
    from_ms: i64,
    reason: Option<&str>,
) -> Result<(), Error> {
    let from_ms = from_ms.max(bed.changed_ms);
    change.transaction.insert(
        &admission::OPEN_STAY,
        params![found.admission_id, found.patient_id, bed.bed_id, from_ms, reason],
    )?;
    ward::set(change, bed, ward::State::Occupied, None, from_ms)
}

/// Whoever was to be admitted is not.
pub fn cancel(change: &mut Change<'_, '_>, admission_id: i64, reason: Option<&str>) -> Outcome<Admission> {
    let found = going(change, admission_id, State::Cancelled)?;
    give_back(change, found.bed_id)?;
    change.transaction.execute(&admission::CANCEL, params![admission_id, reason, change.now.unix_ms])?;
    change.changes.wards.insert(found.ward_id);
    known(change, admission_id)
}
