//! Encounters: visits and stays (FHIR R4 Encounter), from when they are planned to their end.
//!
//! It never knows what is written, prescribed or ordered in one. Invariants: an encounter goes only where
//! `State::next` lets it; an appointment has one at the most that was not cancelled; from its beginning on an
//! encounter has its row in the old schema's records.

mod step;

pub use step::{cancel, finish, reopen, started, writable};
pub(super) use step::{seen, still_seen, unstarted};

use super::booking::Change;
use super::chat::{self, Visit};
use super::time::Now;
use super::words::words;
use super::{Failure, order, prescription, refuse};
use crate::store::statements::{doctor, encounter, patient};
use crate::store::{Error, Row, Transaction, params};

words! {
    /// Where an encounter stands.
    pub enum State, "an encounter is in a state" {
        Planned = "planned",
        InProgress = "in_progress",
        Finished = "finished",
        Cancelled = "cancelled",
    }
}

impl State {
    /// Where it may go from here.
    pub fn next(self) -> &'static [State] {
        match self {
            State::Planned => &[State::InProgress, State::Cancelled],
            State::InProgress => &[State::Finished, State::Cancelled],
            State::Finished => &[State::InProgress],
            State::Cancelled => &[],
        }
    }
}

words! {
    /// What kind of encounter it is, in FHIR's codes (v3-ActCode).
    pub enum Class, "an encounter is of a class" {
        Ambulatory = "AMB",
        Emergency = "EMER",
        Inpatient = "IMP",
    }
}

/// An encounter as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encounter {
    pub encounter_id: i64,
    pub patient_id: i64,
    pub doctor_id: i64,
    pub appointment_id: Option<i64>,
    pub class: Class,
    pub department: Option<String>,
    pub state: State,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// Its row in the old schema, from its beginning on.
    pub record_id: Option<i64>,
    pub created_ms: i64,
    pub started_ms: Option<i64>,
    pub ended_ms: Option<i64>,
}

impl Encounter {
    fn from_row(row: &Row<'_>) -> Result<Encounter, Error> {
        Ok(Encounter {
            encounter_id: row.integer(0)?,
            patient_id: row.integer(1)?,
            doctor_id: row.integer(2)?,
            appointment_id: row.optional_integer(3)?,
            class: Class::parse(row.text(4)?)?,
            department: row.optional_string(5)?,
            state: State::parse(row.text(6)?)?,
            reason: row.optional_string(7)?,
            record_id: row.optional_integer(8)?,
            created_ms: row.integer(9)?,
            started_ms: row.optional_integer(10)?,
            ended_ms: row.optional_integer(11)?,
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    UnknownEncounter,
    UnknownPatient,
    UnknownDoctor,
    /// The appointment has this encounter already.
    AlreadyOpen {
        encounter_id: i64,
    },
    BadTransition {
        from: State,
        to: State,
    },
    /// Nothing is written in one that does not go on.
    NotInProgress {
        state: State,
    },
    /// Texts are not signed.
    UnsignedNotes {
        note_ids: Vec<i64>,
        /// Who wrote each of them.
        author_ids: Vec<i64>,
    },
    /// Prescriptions are drafts.
    DraftSheets {
        sheet_ids: Vec<i64>,
    },
    /// Something was written or prescribed, and there is no principal diagnosis.
    DiagnosisMissing,
    /// It is that of a stay, and ends with the discharge.
    StayGoesOn {
        admission_id: i64,
    },
    /// Something of it is signed, prescribed or asked for, and stays.
    AlreadySigned {
        note_ids: Vec<i64>,
    },
}

pub type Outcome<T> = Result<T, Failure<Refusal>>;

/// An encounter to be.
#[derive(Debug, Clone, Copy)]
pub struct NewEncounter<'a> {
    pub patient_id: i64,
    pub doctor_id: i64,
    pub appointment_id: Option<i64>,
    pub class: Class,
    pub department: Option<&'a str>,
}

/// Plans an encounter. Returns its id.
pub fn plan(
    transaction: &Transaction<'_>,
    new: &NewEncounter<'_>,
    by: Option<i64>,
    now: &Now,
) -> Outcome<i64> {
    check(transaction, new)?;
    Ok(insert(transaction, new, None, by, now)?)
}

/// Opens an encounter that begins at once. Returns its id.
pub fn open(
    transaction: &Transaction<'_>,
    new: &NewEncounter<'_>,
    by: Option<i64>,
    now: &Now,
) -> Outcome<i64> {
    check(transaction, new)?;
    Ok(insert_begun(transaction, new, by, now)?)
}

fn check(transaction: &Transaction<'_>, new: &NewEncounter<'_>) -> Outcome<()> {
    if transaction.first(&patient::EXISTS, params![new.patient_id], |row| row.integer(0))?.is_none() {
        return refuse(Refusal::UnknownPatient);
    }
    if transaction.first(&doctor::EXISTS, params![new.doctor_id], |row| row.integer(0))?.is_none() {
        return refuse(Refusal::UnknownDoctor);
    }
    if let Some(appointment_id) = new.appointment_id
        && let Some(found) = by_appointment(transaction, appointment_id)?
    {
        return refuse(Refusal::AlreadyOpen { encounter_id: found.encounter_id });
    }
    Ok(())
}

fn insert_begun(
    transaction: &Transaction<'_>,
    new: &NewEncounter<'_>,
    by: Option<i64>,
    now: &Now,
) -> Result<i64, Error> {
    let record_id = add_record(transaction, new.patient_id, new.doctor_id, now)?;
    insert(transaction, new, Some(record_id), by, now)
}

/// One that goes on has its row in the old schema, and a planned one has none.
fn insert(
    transaction: &Transaction<'_>,
    new: &NewEncounter<'_>,
    record_id: Option<i64>,
    by: Option<i64>,
    now: &Now,
) -> Result<i64, Error> {
    let (state, started_ms) = match record_id {
        None => (State::Planned, None),
        Some(_) => (State::InProgress, Some(now.unix_ms)),
    };
    transaction.insert(
        &encounter::INSERT,
        params![
            new.patient_id,
            new.doctor_id,
            new.appointment_id,
            new.class.word(),
            new.department,
            state.word(),
            record_id,
            by,
            now.unix_ms,
            started_ms
        ],
    )
}

fn add_record(
    transaction: &Transaction<'_>,
    patient_id: i64,
    doctor_id: i64,
    now: &Now,
) -> Result<i64, Error> {
    transaction.insert(&encounter::ADD_RECORD, params![patient_id, doctor_id, now.time_text(), now.utc])
}

/// A planned encounter begins, and has its row in the old schema from now on.
pub fn begin(transaction: &Transaction<'_>, encounter_id: i64, now: &Now) -> Outcome<Encounter> {
    let found = known(transaction, encounter_id)?;
    // One that is finished goes on by `reopen`, and keeps its beginning and its row.
    if found.state != State::Planned {
        return refuse(Refusal::BadTransition { from: found.state, to: State::InProgress });
    }
    let record_id = add_record(transaction, found.patient_id, found.doctor_id, now)?;
    transaction.execute(&encounter::BEGIN, params![encounter_id, record_id, now.unix_ms])?;
    known(transaction, encounter_id)
}

/// Another doctor leads an encounter from now on, and answers for what is not over in it. Rows in the old schema
/// stay with the one who wrote them.
pub(super) fn hand_over(
    change: &mut Change<'_, '_>,
    encounter_id: i64,
    (from, to): (i64, i64),
) -> Result<(), Error> {
    change.transaction.execute(&encounter::SET_DOCTOR, params![encounter_id, to])?;
    prescription::hand_over(change.transaction, encounter_id, to, change.now)?;
    if order::hand_over(change.transaction, encounter_id, to)? {
        change.changes.critical.extend([from, to]);
    }
    chat::follow(change.transaction, Visit::Encounter(encounter_id), change.changes, change.now)
}

/// An encounter that may go there.
fn going(transaction: &Transaction<'_>, encounter_id: i64, to: State) -> Outcome<Encounter> {
    let found = known(transaction, encounter_id)?;
    if !found.state.next().contains(&to) {
        return refuse(Refusal::BadTransition { from: found.state, to });
    }
    Ok(found)
}

fn known(transaction: &Transaction<'_>, encounter_id: i64) -> Outcome<Encounter> {
    by_id(transaction, encounter_id)?.ok_or(Failure::Refused(Refusal::UnknownEncounter))
}

pub fn by_id(transaction: &Transaction<'_>, encounter_id: i64) -> Result<Option<Encounter>, Error> {
    transaction.first(&encounter::BY_ID, params![encounter_id], Encounter::from_row)
}

/// Whether the patient of an appointment has been seen by this doctor, or is, whatever the queue knows of it.
pub(super) fn has_begun(
    transaction: &Transaction<'_>,
    appointment_id: i64,
    doctor_id: i64,
) -> Result<bool, Error> {
    let visit = by_appointment(transaction, appointment_id)?.filter(|visit| visit.doctor_id == doctor_id);
    Ok(visit.is_some_and(|visit| matches!(visit.state, State::InProgress | State::Finished)))
}

/// The encounter of an appointment that was not cancelled.
pub fn by_appointment(
    transaction: &Transaction<'_>,
    appointment_id: i64,
) -> Result<Option<Encounter>, Error> {
    transaction.first(&encounter::BY_APPOINTMENT, params![appointment_id], Encounter::from_row)
}

/// Hands a patient's encounters, the latest first, to `sink`; only those before `before`, if it is given.
pub fn of_patient(
    transaction: &Transaction<'_>,
    patient_id: i64,
    before: Option<i64>,
    limit: i64,
    mut sink: impl FnMut(Encounter),
) -> Result<(), Error> {
    let before = before.unwrap_or(i64::MAX);
    transaction.each(&encounter::OF_PATIENT, params![patient_id, before, limit], |row| {
        sink(Encounter::from_row(row)?);
        Ok(())
    })
}

/// Hands a doctor's encounters that go on, the oldest first, to `sink`.
pub fn open_of_doctor(
    transaction: &Transaction<'_>,
    doctor_id: i64,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(Encounter),
) -> Result<(), Error> {
    transaction.each(&encounter::OPEN_OF_DOCTOR, params![doctor_id, after, limit], |row| {
        sink(Encounter::from_row(row)?);
        Ok(())
    })
}
