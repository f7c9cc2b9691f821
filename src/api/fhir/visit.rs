//! Appointment and Encounter.
//!
//! It never knows what was found in a visit. Invariant: of an appointment without an end nothing is claimed but
//! its beginning, which is its end, too.

use super::resource::{Resource, instant, local, part, period, reference, text};
use crate::service::export::{Appointment, Encounter};
use serde_json::{Value, json};

const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const DIAGNOSIS_ROLE: &str = "http://terminology.hl7.org/CodeSystem/diagnosis-role";
const DISPOSITION: &str = "http://terminology.hl7.org/CodeSystem/discharge-disposition";

fn appointment_status(row: &Appointment<'_>) -> &'static str {
    match (row.state, row.status) {
        (Some("held"), _) => "pending",
        (Some("checked_in"), _) => "checked-in",
        (Some("in_consultation"), _) => "arrived",
        (Some("no_show"), _) => "noshow",
        (Some("completed"), _) | (None, "completed") => "fulfilled",
        (Some("cancelled" | "expired"), _) | (None, "cancelled") => "cancelled",
        _ => "booked",
    }
}

pub fn appointment(row: &Appointment<'_>, patient: &Value) -> Value {
    let status = appointment_status(row);
    let is_off = matches!(status, "cancelled" | "noshow");
    let participation = if is_off { "declined" } else { "accepted" };
    let starts = row.starts_at.unwrap_or(row.time);
    let doctor = reference("Practitioner", row.doctor_id, row.doctor_name);
    let slot = row.session_id.map_or(Value::Null, |id| json!([reference("Slot", id, None)]));
    let created =
        row.created_at.filter(|created| created.len() == 19).map(|utc| utc.replacen(' ', "T", 1) + "Z");
    let reason = row.reason.filter(|_| status == "cancelled").map_or(Value::Null, text);
    Resource::new("Appointment", row.appointment_id)
        .with("status", json!(status))
        .with("cancelationReason", reason)
        .with("start", local(starts))
        .with("end", local(row.ends_at.unwrap_or(starts)))
        .with("slot", slot)
        .with("created", json!(created))
        .with(
            "participant",
            json!([
                {"actor": patient, "status": participation},
                {"actor": doctor, "status": "accepted"},
            ]),
        )
        .done()
}

fn encounter_status(state: &str) -> &'static str {
    match state {
        "planned" => "planned",
        "in_progress" => "in-progress",
        "finished" => "finished",
        _ => "cancelled",
    }
}

fn diagnoses(row: &Encounter<'_>) -> Value {
    let of_one = |diagnosis: &crate::service::export::Ranked| {
        let role = match diagnosis.purpose.as_str() {
            "admission" => json!({"coding": [{"system": DIAGNOSIS_ROLE, "code": "AD"}]}),
            "discharge" => json!({"coding": [{"system": DIAGNOSIS_ROLE, "code": "DD"}]}),
            other => text(other),
        };
        json!({
            "condition": reference("Condition", diagnosis.diagnosis_id, None),
            "use": role,
            "rank": diagnosis.rank,
        })
    };
    Value::Array(row.diagnoses.iter().map(of_one).collect())
}

fn hospitalization(row: &Encounter<'_>) -> Value {
    let disposition = row.disposition.map_or(Value::Null, |disposition| {
        let code = match disposition {
            "home" => "home",
            "transferred" => "other-hcf",
            "against_advice" => "aadvice",
            "died" => "exp",
            _ => "oth",
        };
        json!({"coding": [{"system": DISPOSITION, "code": code}], "text": disposition})
    });
    part(&[
        ("admitSource", row.admission_kind.map_or(Value::Null, text)),
        ("dischargeDisposition", disposition),
    ])
}

pub fn encounter(row: &Encounter<'_>, patient: &Value) -> Value {
    let stays = row.stays.iter().map(|stay| {
        part(&[
            ("location", reference("Location", format!("bed-{}", stay.bed_id), None)),
            ("status", json!(if stay.to_ms.is_some() { "completed" } else { "active" })),
            ("period", period(Some(stay.from_ms), stay.to_ms)),
        ])
    });
    let appointment =
        row.appointment_id.map_or(Value::Null, |id| json!([reference("Appointment", id, None)]));
    let status = encounter_status(row.state);
    let length = row.started_ms.zip(row.ended_ms).filter(|_| status == "finished");
    let minutes = length.map_or(Value::Null, |(from_ms, to_ms)| {
        let minutes = (to_ms - from_ms).max(0) / 60_000;
        json!({"value": minutes, "unit": "min", "system": "http://unitsofmeasure.org", "code": "min"})
    });
    Resource::new("Encounter", row.encounter_id)
        .with("status", json!(status))
        .with("class", json!({"system": ACT_CODE, "code": row.class}))
        .with("subject", patient.clone())
        .with(
            "participant",
            json!([{"individual": reference("Practitioner", row.doctor_id, row.doctor_name)}]),
        )
        .with("appointment", appointment)
        .with("period", period(row.started_ms, row.ended_ms))
        .with("length", minutes)
        .with("reasonCode", row.admission_reason.map_or(Value::Null, |reason| json!([text(reason)])))
        .with("diagnosis", diagnoses(row))
        .with("hospitalization", hospitalization(row))
        .with("location", Value::Array(stays.collect()))
        .with(
            "meta",
            json!({"lastUpdated": instant(row.ended_ms.or(row.started_ms).unwrap_or(row.created_ms))}),
        )
        .done()
}
