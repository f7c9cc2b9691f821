//! FHIR R4 (hl7.org/fhir/R4): what the hospital knows, in the form that other systems read.
//!
//! It never knows who asks, nor where it goes. Invariants: what is not known is left out, and no text is empty;
//! a resource's id is that of the row that it is made of, so that it is the same each time.

pub mod audit_event;
mod care;
mod house;
mod medicine;
mod resource;
mod visit;

use crate::service::export::{self, Page, Part as Rows};
use crate::store::{Error, Transaction};
use serde_json::{Value, json};

/// The kinds of resources, those first that others refer to. Two kinds may have one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Patient,
    Practitioner,
    PractitionerRole,
    Ward,
    Bed,
    Schedule,
    Slot,
    Appointment,
    Encounter,
    Condition,
    AllergyIntolerance,
    MedicationRequest,
    ServiceRequest,
    Observation,
}

impl Kind {
    pub const ALL: [Kind; 14] = [
        Kind::Patient,
        Kind::Practitioner,
        Kind::PractitionerRole,
        Kind::Ward,
        Kind::Bed,
        Kind::Schedule,
        Kind::Slot,
        Kind::Appointment,
        Kind::Encounter,
        Kind::Condition,
        Kind::AllergyIntolerance,
        Kind::MedicationRequest,
        Kind::ServiceRequest,
        Kind::Observation,
    ];

    /// The name of the resource.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Patient => "Patient",
            Kind::Practitioner => "Practitioner",
            Kind::PractitionerRole => "PractitionerRole",
            Kind::Ward | Kind::Bed => "Location",
            Kind::Schedule => "Schedule",
            Kind::Slot => "Slot",
            Kind::Appointment => "Appointment",
            Kind::Encounter => "Encounter",
            Kind::Condition => "Condition",
            Kind::AllergyIntolerance => "AllergyIntolerance",
            Kind::MedicationRequest => "MedicationRequest",
            Kind::ServiceRequest => "ServiceRequest",
            Kind::Observation => "Observation",
        }
    }

    /// Whether it is of the house, and there without any patient.
    pub fn is_of_house(self) -> bool {
        matches!(
            self,
            Kind::Practitioner
                | Kind::PractitionerRole
                | Kind::Ward
                | Kind::Bed
                | Kind::Schedule
                | Kind::Slot
        )
    }
}

/// Whose resources, on which day, and whether what identifies the patient is among them.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    pub patient_id: i64,
    /// YYYY-MM-DD: what is taken until later is being taken.
    pub today: &'a str,
    /// Id card, phone number and address; without them the name and the date of birth stay.
    pub has_identifiers: bool,
}

/// Hands the resources of a kind that have to do with a patient to `sink`, those behind an id, in the order of
/// their ids.
pub fn of_patient(
    transaction: &Transaction<'_>,
    kind: Kind,
    whose: Whose<'_>,
    (after, limit): (i64, i64),
    sink: &mut dyn FnMut(i64, Value),
) -> Result<(), Error> {
    let rows: Rows = (whose.patient_id, after, limit);
    let patient = json!({"reference": format!("Patient/{}", whose.patient_id)});
    match kind {
        Kind::Patient if after < whose.patient_id => care::patient(transaction, whose, sink),
        Kind::Patient => Ok(()),
        Kind::Appointment => export::appointments(transaction, rows, |row| {
            sink(row.appointment_id, visit::appointment(row, &patient));
        }),
        Kind::Encounter => export::encounters(transaction, rows, |row| {
            sink(row.encounter_id, visit::encounter(row, &patient));
        }),
        Kind::Condition => export::diagnoses(transaction, rows, |row| {
            sink(row.diagnosis_id, care::condition(row, &patient));
        }),
        Kind::AllergyIntolerance => export::allergies(transaction, rows, |row| {
            sink(row.allergy_id, care::allergy(row, &patient));
        }),
        Kind::MedicationRequest => export::prescription_lines(transaction, rows, |row| {
            sink(row.line_id, medicine::medication_request(row, &patient, whose.today));
        }),
        Kind::ServiceRequest => export::orders(transaction, rows, |row| {
            sink(row.order_id, medicine::service_request(row, &patient));
        }),
        Kind::Observation => export::findings(transaction, rows, |row| {
            sink(row.result_id, medicine::observation(row, &patient));
        }),
        _ => house(transaction, kind, Page { patient_id: Some(whose.patient_id), after, limit }, sink),
    }
}

/// Hands the resources of a kind that are of the house to `sink`; of no other kind there are any.
pub fn of_house(
    transaction: &Transaction<'_>,
    kind: Kind,
    (after, limit): (i64, i64),
    sink: &mut dyn FnMut(i64, Value),
) -> Result<(), Error> {
    house(transaction, kind, Page { patient_id: None, after, limit }, sink)
}

fn house(
    transaction: &Transaction<'_>,
    kind: Kind,
    page: Page,
    sink: &mut dyn FnMut(i64, Value),
) -> Result<(), Error> {
    match kind {
        Kind::Practitioner => export::practitioners(transaction, page, |row| {
            sink(row.doctor_id, house::practitioner(row));
        }),
        Kind::PractitionerRole => export::practitioners(transaction, page, |row| {
            sink(row.doctor_id, house::practitioner_role(row));
        }),
        Kind::Schedule => export::practitioners(transaction, page, |row| {
            sink(row.doctor_id, house::schedule(row));
        }),
        Kind::Slot => export::slots(transaction, page, |row| sink(row.session_id, house::slot(row))),
        Kind::Ward => export::wards(transaction, page, |row| sink(row.ward_id, house::ward(row))),
        Kind::Bed => export::beds(transaction, page, |row| sink(row.bed_id, house::bed(row))),
        _ => Ok(()),
    }
}
