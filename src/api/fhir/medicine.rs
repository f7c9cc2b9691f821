//! MedicationRequest, ServiceRequest and Observation.
//!
//! It never knows how amounts are computed. Invariant: an amount is the decimal number that was stored.

use super::resource::{Resource, concept, decimal, instant, part, reference, text};
use crate::service::export::{Finding, Order, PrescriptionLine};
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

const OBSERVATION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const INTERPRETATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";

fn amount(value: &str, unit: &str) -> Value {
    part(&[("value", decimal(value)), ("unit", json!(unit))])
}

/// How often a day, or every how many hours.
fn frequency(word: &str) -> Option<(i64, i64, &'static str)> {
    match word {
        "qd" => Some((1, 1, "d")),
        "bid" => Some((2, 1, "d")),
        "tid" => Some((3, 1, "d")),
        "qid" => Some((4, 1, "d")),
        other => {
            let hours = other.strip_prefix('q')?.strip_suffix('h')?;
            Some((1, hours.parse().ok()?, "h"))
        }
    }
}

/// From the first day to the last, both of them included.
fn days_taken(row: &PrescriptionLine<'_>) -> Value {
    let last = row.taken_until.and_then(|day| day.parse::<NaiveDate>().ok());
    let days = u64::try_from(row.duration_days - 1).unwrap_or(0);
    let first = last.and_then(|last| last.checked_sub_days(Days::new(days)));
    let day = |day: Option<NaiveDate>| json!(day.map(|day| day.to_string()));
    part(&[("start", day(first)), ("end", day(last))])
}

fn timing(row: &PrescriptionLine<'_>) -> Value {
    let often = frequency(row.frequency);
    let repeat = part(&[
        ("boundsPeriod", days_taken(row)),
        ("frequency", json!(often.map(|(times, _, _)| times))),
        ("period", json!(often.map(|(_, period, _)| period))),
        ("periodUnit", json!(often.map(|(_, _, unit)| unit))),
    ]);
    part(&[("repeat", repeat), ("code", text(row.frequency))])
}

/// What is handed out is taken from then on, and completed when that is over.
fn status(row: &PrescriptionLine<'_>, today: &str) -> &'static str {
    match row.state {
        "active" => "active",
        "dispensed" if row.taken_until.is_some_and(|last| today <= last) => "active",
        "dispensed" => "completed",
        "stopped" => "stopped",
        _ => "cancelled",
    }
}

pub fn medication_request(row: &PrescriptionLine<'_>, patient: &Value, today: &str) -> Value {
    let words = format!("{} {} {} {}", row.dose, row.dose_unit, row.route, row.frequency);
    let dosage = part(&[
        ("text", json!(words)),
        ("patientInstruction", json!(row.note)),
        ("timing", timing(row)),
        ("asNeededBoolean", if row.frequency == "prn" { json!(true) } else { Value::Null }),
        ("route", text(row.route)),
        ("doseAndRate", json!([{"doseQuantity": amount(row.dose, row.dose_unit)}])),
    ]);
    let supply = json!({
        "value": row.duration_days, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d",
    });
    let drug = json!({
        "coding": [{"system": "urn:medsrv:drug", "code": row.drug_code, "display": row.drug_name}],
        "text": row.drug_name,
    });
    Resource::new("MedicationRequest", row.line_id)
        .with("status", json!(status(row, today)))
        .with("statusReason", row.reason.map_or(Value::Null, text))
        .with("intent", json!("order"))
        .with("medicationCodeableConcept", drug)
        .with("subject", patient.clone())
        .with("encounter", reference("Encounter", row.encounter_id, None))
        .with("authoredOn", instant(row.created_ms))
        .with("requester", reference("Practitioner", row.doctor_id, row.doctor_name))
        .with(
            "groupIdentifier",
            json!({"system": "urn:medsrv:prescription", "value": row.sheet_id.to_string()}),
        )
        .with("dosageInstruction", json!([dosage]))
        .with(
            "dispenseRequest",
            json!({"quantity": amount(row.quantity, row.dose_unit), "expectedSupplyDuration": supply}),
        )
        .done()
}

pub fn service_request(row: &Order<'_>, patient: &Value) -> Value {
    let status = match row.state {
        "completed" => "completed",
        "cancelled" => "revoked",
        _ => "active",
    };
    Resource::new("ServiceRequest", row.order_id)
        .with("status", json!(status))
        .with("intent", json!("order"))
        .with("category", json!([text(row.kind)]))
        .with("priority", json!(row.priority))
        .with("code", text(row.content))
        .with("subject", patient.clone())
        .with("encounter", reference("Encounter", row.encounter_id, None))
        .with("authoredOn", instant(row.requested_ms))
        .with("requester", reference("Practitioner", row.doctor_id, row.doctor_name))
        .with("note", row.reason.map_or(Value::Null, |reason| json!([{"text": reason}])))
        .done()
}

pub fn observation(row: &Finding<'_>, patient: &Value) -> Value {
    let category = match row.kind {
        "laboratory" => "laboratory",
        "imaging" => "imaging",
        _ => "procedure",
    };
    let flag = match row.flag {
        "low" => "L",
        "high" => "H",
        "critical" => "AA",
        _ => "N",
    };
    let made = Resource::new("Observation", row.result_id)
        .with("basedOn", json!([reference("ServiceRequest", row.order_id, None)]))
        .with("status", json!(if row.is_withdrawn { "entered-in-error" } else { "final" }))
        .with("category", json!([concept(OBSERVATION_CATEGORY, category)]))
        .with("code", text(row.name))
        .with("subject", patient.clone())
        .with("encounter", reference("Encounter", row.encounter_id, None))
        .with("effectiveDateTime", instant(row.reported_ms))
        .with("issued", instant(row.reported_ms));
    // It may be what was found of somebody else.
    if row.is_withdrawn {
        return made.done();
    }
    let made = match decimal(row.value) {
        Value::Null => {
            let unit = row.unit.map_or(String::new(), |unit| format!(" {unit}"));
            made.with("valueString", json!(format!("{}{unit}", row.value)))
        }
        number => made.with("valueQuantity", part(&[("value", number), ("unit", json!(row.unit))])),
    };
    made.with("interpretation", json!([concept(INTERPRETATION, flag)]))
        .with("referenceRange", row.reference_range.map_or(Value::Null, |range| json!([text(range)])))
        .done()
}
