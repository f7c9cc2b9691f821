//! What was done for one patient: appointments, visits and stays, diagnoses, allergies, prescriptions, orders
//! and their results.
//!
//! It never knows another patient's data. Invariant: as in the module above.

use crate::store::statements::export;
use crate::store::{Error, Row, Statement, Transaction, params};

fn rows(
    transaction: &Transaction<'_>,
    statement: &Statement,
    (patient_id, after, limit): (i64, i64, i64),
    sink: impl FnMut(&Row<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    transaction.each(statement, params![patient_id, after, limit], sink)
}

/// Whose rows, behind which id, and how many at the most.
pub type Part = (i64, i64, i64);

pub struct Appointment<'a> {
    pub appointment_id: i64,
    pub doctor_id: i64,
    pub doctor_name: Option<&'a str>,
    /// In the hospital's own time, as the old schema has it.
    pub time: &'a str,
    /// pending, completed or cancelled.
    pub status: &'a str,
    /// In UTC, `YYYY-MM-DD HH:MM:SS`.
    pub created_at: Option<&'a str>,
    /// What it has beside that where it is in a session.
    pub session_id: Option<i64>,
    pub starts_at: Option<&'a str>,
    pub ends_at: Option<&'a str>,
    pub state: Option<&'a str>,
    pub reason: Option<&'a str>,
}

pub fn appointments(
    transaction: &Transaction<'_>,
    part: Part,
    mut sink: impl FnMut(&Appointment<'_>),
) -> Result<(), Error> {
    rows(transaction, &export::APPOINTMENTS_OF_PATIENT, part, |row| {
        sink(&Appointment {
            appointment_id: row.integer(0)?,
            doctor_id: row.integer(1)?,
            doctor_name: row.optional_text(2)?,
            time: row.text(3)?,
            status: row.text(4)?,
            created_at: row.optional_text(5).unwrap_or(None),
            session_id: row.optional_integer(6)?,
            starts_at: row.optional_text(7)?,
            ends_at: row.optional_text(8)?,
            state: row.optional_text(9)?,
            reason: row.optional_text(10)?,
        });
        Ok(())
    })
}

/// A diagnosis in its place among those of a visit.
pub struct Ranked {
    pub diagnosis_id: i64,
    pub rank: i64,
    /// admission, working or discharge.
    pub purpose: String,
}

/// A bed in which the patient lay, from when to when, in milliseconds since 1970.
pub struct Stay {
    pub bed_id: i64,
    pub from_ms: i64,
    pub to_ms: Option<i64>,
}

pub struct Encounter<'a> {
    pub encounter_id: i64,
    pub doctor_id: i64,
    pub doctor_name: Option<&'a str>,
    pub appointment_id: Option<i64>,
    /// AMB, EMER or IMP.
    pub class: &'a str,
    /// planned, in_progress, finished or cancelled. A stay is finished, and has ended, with the discharge, whatever
    /// is still to be signed of it.
    pub state: &'a str,
    pub created_ms: i64,
    pub started_ms: Option<i64>,
    pub ended_ms: Option<i64>,
    /// Of the stay that it is: elective or emergency, how it ended, and why it was.
    pub admission_kind: Option<&'a str>,
    pub disposition: Option<&'a str>,
    pub admission_reason: Option<&'a str>,
    pub diagnoses: Vec<Ranked>,
    pub stays: Vec<Stay>,
}

pub fn encounters(
    transaction: &Transaction<'_>,
    part: Part,
    mut sink: impl FnMut(&Encounter<'_>),
) -> Result<(), Error> {
    rows(transaction, &export::ENCOUNTERS_OF_PATIENT, part, |row| {
        let encounter_id = row.integer(0)?;
        let diagnoses = transaction.all(&export::DIAGNOSES_OF_ENCOUNTER, params![encounter_id], |row| {
            Ok(Ranked { diagnosis_id: row.integer(0)?, rank: row.integer(1)?, purpose: row.string(2)? })
        })?;
        let stays = match row.optional_integer(12)? {
            Some(admission_id) => {
                transaction.all(&export::STAYS_OF_ADMISSION, params![admission_id], |row| {
                    let (from_ms, to_ms) = (row.integer(1)?, row.optional_integer(2)?);
                    Ok(Stay { bed_id: row.integer(0)?, from_ms, to_ms })
                })?
            }
            None => Vec::new(),
        };
        sink(&Encounter {
            encounter_id,
            doctor_id: row.integer(1)?,
            doctor_name: row.optional_text(2)?,
            appointment_id: row.optional_integer(3)?,
            class: row.text(4)?,
            state: row.text(5)?,
            created_ms: row.integer(6)?,
            started_ms: row.optional_integer(7)?,
            ended_ms: row.optional_integer(8)?,
            admission_kind: row.optional_text(9)?,
            disposition: row.optional_text(10)?,
            admission_reason: row.optional_text(11)?,
            diagnoses,
            stays,
        });
        Ok(())
    })
}

pub struct Diagnosis<'a> {
    pub diagnosis_id: i64,
    pub encounter_id: i64,
    /// ICD-10.
    pub code: Option<&'a str>,
    pub title: &'a str,
    /// provisional or confirmed.
    pub certainty: &'a str,
    pub recorded_ms: i64,
    pub is_withdrawn: bool,
}

pub fn diagnoses(
    transaction: &Transaction<'_>,
    part: Part,
    mut sink: impl FnMut(&Diagnosis<'_>),
) -> Result<(), Error> {
    rows(transaction, &export::DIAGNOSES_OF_PATIENT, part, |row| {
        sink(&Diagnosis {
            diagnosis_id: row.integer(0)?,
            encounter_id: row.integer(1)?,
            code: row.optional_text(2)?,
            title: row.text(3)?,
            certainty: row.text(4)?,
            recorded_ms: row.integer(5)?,
            is_withdrawn: row.optional_integer(6)?.is_some(),
        });
        Ok(())
    })
}

pub struct Allergy<'a> {
    pub allergy_id: i64,
    pub substance: &'a str,
    /// mild, moderate or severe.
    pub severity: &'a str,
    pub reaction: Option<&'a str>,
    pub recorded_ms: i64,
    pub is_refuted: bool,
}

pub fn allergies(
    transaction: &Transaction<'_>,
    part: Part,
    mut sink: impl FnMut(&Allergy<'_>),
) -> Result<(), Error> {
    rows(transaction, &export::ALLERGIES_OF_PATIENT, part, |row| {
        sink(&Allergy {
            allergy_id: row.integer(0)?,
            substance: row.text(1)?,
            severity: row.text(2)?,
            reaction: row.optional_text(3)?,
            recorded_ms: row.integer(4)?,
            is_refuted: row.optional_integer(5)?.is_some(),
        });
        Ok(())
    })
}

/// A line of a prescription, with what it has from its sheet. Numbers are exact decimals as text.
pub struct PrescriptionLine<'a> {
    pub line_id: i64,
    pub sheet_id: i64,
    pub encounter_id: i64,
    /// Who prescribed it, whoever answers for it now.
    pub doctor_id: i64,
    pub doctor_name: Option<&'a str>,
    /// draft, active, dispensed, stopped or cancelled.
    pub state: &'a str,
    pub reason: Option<&'a str>,
    pub created_ms: i64,
    pub drug_code: &'a str,
    /// With its strength and its form.
    pub drug_name: &'a str,
    pub dose: &'a str,
    pub dose_unit: &'a str,
    pub route: &'a str,
    /// qd, bid, tid, qid, qNh or prn.
    pub frequency: &'a str,
    pub duration_days: i64,
    pub quantity: &'a str,
    pub note: Option<&'a str>,
    /// The last day on which it is taken.
    pub taken_until: Option<&'a str>,
}

pub fn prescription_lines(
    transaction: &Transaction<'_>,
    part: Part,
    mut sink: impl FnMut(&PrescriptionLine<'_>),
) -> Result<(), Error> {
    rows(transaction, &export::LINES_OF_PATIENT, part, |row| {
        sink(&PrescriptionLine {
            line_id: row.integer(0)?,
            sheet_id: row.integer(1)?,
            encounter_id: row.integer(2)?,
            doctor_id: row.integer(3)?,
            doctor_name: row.optional_text(4)?,
            state: row.text(5)?,
            reason: row.optional_text(6)?,
            created_ms: row.integer(7)?,
            drug_code: row.text(8)?,
            drug_name: row.text(9)?,
            dose: row.text(10)?,
            dose_unit: row.text(11)?,
            route: row.text(12)?,
            frequency: row.text(13)?,
            duration_days: row.integer(14)?,
            quantity: row.text(15)?,
            note: row.optional_text(16)?,
            taken_until: row.optional_text(17)?,
        });
        Ok(())
    })
}

pub struct Order<'a> {
    pub order_id: i64,
    pub encounter_id: i64,
    /// Who ordered it, whoever answers for it now.
    pub doctor_id: i64,
    pub doctor_name: Option<&'a str>,
    /// laboratory, imaging, procedure or nursing.
    pub kind: &'a str,
    pub content: &'a str,
    /// routine, urgent or stat.
    pub priority: &'a str,
    /// requested, accepted, in_progress, completed or cancelled.
    pub state: &'a str,
    pub reason: Option<&'a str>,
    pub requested_ms: i64,
}

pub fn orders(
    transaction: &Transaction<'_>,
    part: Part,
    mut sink: impl FnMut(&Order<'_>),
) -> Result<(), Error> {
    rows(transaction, &export::ORDERS_OF_PATIENT, part, |row| {
        sink(&Order {
            order_id: row.integer(0)?,
            encounter_id: row.integer(1)?,
            doctor_id: row.integer(2)?,
            doctor_name: row.optional_text(3)?,
            kind: row.text(4)?,
            content: row.text(5)?,
            priority: row.text(6)?,
            state: row.text(7)?,
            reason: row.optional_text(8)?,
            requested_ms: row.integer(9)?,
        });
        Ok(())
    })
}

/// What was found by an order.
pub struct Finding<'a> {
    pub result_id: i64,
    pub order_id: i64,
    pub encounter_id: i64,
    /// Of its order.
    pub kind: &'a str,
    pub name: &'a str,
    /// A decimal number, or words.
    pub value: &'a str,
    pub unit: Option<&'a str>,
    pub reference_range: Option<&'a str>,
    /// normal, low, high or critical.
    pub flag: &'a str,
    pub reported_ms: i64,
    pub is_withdrawn: bool,
}

pub fn findings(
    transaction: &Transaction<'_>,
    part: Part,
    mut sink: impl FnMut(&Finding<'_>),
) -> Result<(), Error> {
    rows(transaction, &export::RESULTS_OF_PATIENT, part, |row| {
        sink(&Finding {
            result_id: row.integer(0)?,
            order_id: row.integer(1)?,
            encounter_id: row.integer(2)?,
            kind: row.text(3)?,
            name: row.text(4)?,
            value: row.text(5)?,
            unit: row.optional_text(6)?,
            reference_range: row.optional_text(7)?,
            flag: row.text(8)?,
            reported_ms: row.integer(9)?,
            is_withdrawn: row.integer(10)? != 0,
        });
        Ok(())
    })
}
