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
use super::{Failure, order, prescription};
use crate::store::statements::{doctor, encounter, patient};
use crate::store::{Error, Row, Transaction, params};

/// Where an encounter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Planned,
    InProgress,
    Finished,
    Cancelled,
}

impl State {
    pub const ALL: [State; 4] = [State::Planned, State::InProgress, State::Finished, State::Cancelled];

    pub fn word(self) -> &'static str {
        match self {
            State::Planned => "planned",
            State::InProgress => "in_progress",
            State::Finished => "finished",
            State::Cancelled => "cancelled",
        }
    }

    pub fn parse(word: &str) -> Result<State, Error> {
        State::ALL
            .into_iter()
            .find(|state| state.word() == word)
            .ok_or_else(|| Error::Other("an encounter is in a state that does not exist".into()))
    }

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

/// What kind of encounter it is, in FHIR's codes (v3-ActCode).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Ambulatory,
    Emergency,
    Inpatient,
}

impl Class {
    pub const ALL: [Class; 3] = [Class::Ambulatory, Class::Emergency, Class::Inpatient];

    pub fn code(self) -> &'static str {
        match self {
            Class::Ambulatory => "AMB",
            Class::Emergency => "EMER",
            Class::Inpatient => "IMP",
        }
    }

    pub fn parse(code: &str) -> Result<Class, Error> {
        Class::ALL
            .into_iter()
            .find(|class| class.code() == code)
            .ok_or_else(|| Error::Other("an encounter is of a class that does not exist".into()))
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
            department: row.optional_text(5)?.map(str::to_owned),
            state: State::parse(row.text(6)?)?,
            reason: row.optional_text(7)?.map(str::to_owned),
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

fn refuse<T>(refusal: Refusal) -> Outcome<T> {
    Err(Failure::Refused(refusal))
}

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
    let encounter_id = transaction.insert(
        &encounter::INSERT,
        params![
            new.patient_id,
            new.doctor_id,
            new.appointment_id,
            new.class.code(),
            new.department,
            State::Planned.word(),
            by,
            now.unix_ms
        ],
    )?;
    Ok(encounter_id)
}

/// A planned encounter begins, and has its row in the old schema from now on.
pub fn begin(transaction: &Transaction<'_>, encounter_id: i64, now: &Now) -> Outcome<Encounter> {
    let found = known(transaction, encounter_id)?;
    // One that is finished goes on by `reopen`, and keeps its beginning and its row.
    if found.state != State::Planned {
        return refuse(Refusal::BadTransition { from: found.state, to: State::InProgress });
    }
    let visit_time = now.time_text();
    let record_id = transaction
        .insert(&encounter::ADD_RECORD, params![found.patient_id, found.doctor_id, visit_time, now.utc])?;
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
