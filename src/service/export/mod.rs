//! What leaves the hospital for other systems: the rows of each kind of thing, a page at a time.
//!
//! It never knows in which form they leave. Invariant: a page goes on behind an id, so that nothing is left out
//! or comes twice, whatever is added meanwhile.

mod care;
mod house;

pub use care::{
    Allergy, Appointment, Diagnosis, Encounter, Finding, Order, Part, PrescriptionLine, Ranked, Stay,
    allergies, appointments, diagnoses, encounters, findings, orders, prescription_lines,
};
pub use house::{Bed, Practitioner, Slot, Ward, beds, patient_ids, practitioners, slots, wards};

use crate::store::{Error, Row, Statement, Transaction, params};

/// Which rows of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Only those that have to do with this patient.
    pub patient_id: Option<i64>,
    /// Only those behind this id.
    pub after: i64,
    pub limit: i64,
}

/// Runs the statement for all rows, or the one for a patient's.
fn each(
    transaction: &Transaction<'_>,
    page: Page,
    (all, of_patient): (&Statement, &Statement),
    sink: impl FnMut(&Row<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    match page.patient_id {
        None => transaction.each(all, params![page.after, page.limit], sink),
        Some(patient_id) => transaction.each(of_patient, params![patient_id, page.after, page.limit], sink),
    }
}
