//! Practitioner, PractitionerRole, Schedule, Slot and Location.
//!
//! It never knows a patient. Invariant: a doctor is one of each of the first three, under one id.

use super::resource::{Resource, concept, local, reference, text};
use crate::service::export::{Bed, Practitioner, Slot, Ward};
use serde_json::{Value, json};

const LOCATION_TYPE: &str = "http://terminology.hl7.org/CodeSystem/location-physical-type";
const BED_STATUS: &str = "http://terminology.hl7.org/CodeSystem/v2-0116";

pub fn practitioner(row: &Practitioner<'_>) -> Value {
    Resource::new("Practitioner", row.doctor_id)
        .with("identifier", json!([{"system": "urn:medsrv:employee", "value": row.employee_id}]))
        .with("name", json!([{"text": row.name}]))
        .done()
}

pub fn practitioner_role(row: &Practitioner<'_>) -> Value {
    let department = row.department.filter(|department| !department.trim().is_empty());
    Resource::new("PractitionerRole", row.doctor_id)
        .with("active", json!(row.is_available))
        .with("practitioner", reference("Practitioner", row.doctor_id, Some(row.name)))
        .with("code", json!([{"text": "doctor"}]))
        .with("specialty", department.map_or(Value::Null, |department| json!([text(department)])))
        .done()
}

pub fn schedule(row: &Practitioner<'_>) -> Value {
    Resource::new("Schedule", row.doctor_id)
        .with("active", json!(row.is_available))
        .with("actor", json!([reference("Practitioner", row.doctor_id, Some(row.name))]))
        .done()
}

pub fn slot(row: &Slot<'_>) -> Value {
    let status = match row.state {
        "open" if row.remaining > 0 => "free",
        "open" => "busy",
        _ => "busy-unavailable",
    };
    let comment = match (row.stop_reason, row.room) {
        (Some(reason), _) => json!(reason),
        (None, Some(room)) => json!(room),
        (None, None) => Value::Null,
    };
    Resource::new("Slot", row.session_id)
        .with("specialty", row.department.map_or(Value::Null, |department| json!([text(department)])))
        .with("schedule", reference("Schedule", row.doctor_id, None))
        .with("status", json!(status))
        .with("start", local(row.starts_at))
        .with("end", local(row.ends_at))
        .with("overbooked", json!(row.addons > 0))
        .with("comment", comment)
        .done()
}

pub fn ward(row: &Ward<'_>) -> Value {
    Resource::new("Location", format!("ward-{}", row.ward_id))
        .with("identifier", json!([{"system": "urn:medsrv:ward", "value": row.number}]))
        .with("status", json!(if row.is_closed { "inactive" } else { "active" }))
        .with("name", json!(row.name))
        .with("mode", json!("instance"))
        .with("physicalType", concept(LOCATION_TYPE, "wa"))
        .done()
}

pub fn bed(row: &Bed<'_>) -> Value {
    let (status, operational) = match row.state {
        "free" | "reserved" => ("active", "U"),
        "occupied" => ("active", "O"),
        "cleaning" => ("active", "H"),
        _ => ("suspended", "C"),
    };
    let status = if row.is_in_closed_ward { "inactive" } else { status };
    Resource::new("Location", format!("bed-{}", row.bed_id))
        .with("status", json!(status))
        .with("operationalStatus", json!({"system": BED_STATUS, "code": operational}))
        .with("name", json!(row.number))
        .with("mode", json!("instance"))
        .with("physicalType", concept(LOCATION_TYPE, "bd"))
        .with("partOf", reference("Location", format!("ward-{}", row.ward_id), None))
        .done()
}
