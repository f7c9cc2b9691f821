//! Patient, Condition and AllergyIntolerance.
//!
//! It never knows a visit. Invariant: what identifies a patient is there only where it was asked for.

use super::Whose;
use super::resource::{Resource, concept, instant, part, reference, text};
use crate::service::export::{Allergy, Diagnosis};
use crate::service::patient;
use crate::service::time::is_date;
use crate::store::{Error, Transaction};
use serde_json::{Value, json};

const ICD10: &str = "http://hl7.org/fhir/sid/icd-10";
const CONDITION_VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
const CONDITION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/condition-category";
const ALLERGY_STATUS: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
const ALLERGY_VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";

pub fn patient(
    transaction: &Transaction<'_>,
    whose: Whose<'_>,
    sink: &mut dyn FnMut(i64, Value),
) -> Result<(), Error> {
    let made = patient::by_id(transaction, whose.patient_id, |basics| {
        let (mut identifiers, mut telecom) = (Vec::new(), Vec::new());
        if whose.has_identifiers {
            let present =
                |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
            identifiers.extend(
                present(basics.id_card).map(|card| json!({"system": "urn:medsrv:id-card", "value": card})),
            );
            telecom.extend(present(basics.phone).map(|phone| json!({"system": "phone", "value": phone})));
            telecom.extend(present(basics.email).map(|email| json!({"system": "email", "value": email})));
        }
        Resource::new("Patient", whose.patient_id)
            .with("identifier", Value::Array(identifiers))
            .with("name", json!([{"text": basics.name}]))
            .with("telecom", Value::Array(telecom))
            .with("birthDate", json!(basics.birth_date.filter(|date| is_date(date))))
            .done()
    })?;
    if let Some(made) = made {
        sink(whose.patient_id, made);
    }
    Ok(())
}

pub fn condition(row: &Diagnosis<'_>, patient: &Value) -> Value {
    let verification = match (row.is_withdrawn, row.certainty) {
        (true, _) => "entered-in-error",
        (false, "confirmed") => "confirmed",
        (false, _) => "provisional",
    };
    let coding =
        row.code.map_or(Value::Null, |code| json!([{"system": ICD10, "code": code, "display": row.title}]));
    // How it went on after the visit nobody has said, so that there is no clinicalStatus.
    Resource::new("Condition", row.diagnosis_id)
        .with("verificationStatus", concept(CONDITION_VERIFICATION, verification))
        .with("category", json!([concept(CONDITION_CATEGORY, "encounter-diagnosis")]))
        .with("code", part(&[("coding", coding), ("text", json!(row.title))]))
        .with("subject", patient.clone())
        .with("encounter", reference("Encounter", row.encounter_id, None))
        .with("recordedDate", instant(row.recorded_ms))
        .done()
}

pub fn allergy(row: &Allergy<'_>, patient: &Value) -> Value {
    let (status, verification) =
        if row.is_refuted { ("inactive", "refuted") } else { ("active", "confirmed") };
    let criticality = if row.severity == "severe" { "high" } else { "low" };
    let reaction = row.reaction.map_or(
        Value::Null,
        |reaction| json!([{"manifestation": [text(reaction)], "severity": row.severity}]),
    );
    Resource::new("AllergyIntolerance", row.allergy_id)
        .with("clinicalStatus", concept(ALLERGY_STATUS, status))
        .with("verificationStatus", concept(ALLERGY_VERIFICATION, verification))
        .with("criticality", json!(criticality))
        .with("code", text(row.substance))
        .with("patient", patient.clone())
        .with("recordedDate", instant(row.recorded_ms))
        .with("reaction", reaction)
        .done()
}
