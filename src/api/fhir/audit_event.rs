//! The form of an entry of the trail as a FHIR R4 AuditEvent (hl7.org/fhir/R4/auditevent.html). Never reads the trail.
//! Invariant: every column of an entry is in its event, and no text of an event is empty.

use crate::service::audit::Record;
use serde_json::{Map, Value, json};
use std::net::{IpAddr, SocketAddr};

/// Codes of outcomes that are a fault of the server; all others are refusals.
const FAULTS: [&str; 6] =
    ["internal", "internal_error", "storage_failed", "storage_full", "turn_lost", "busy"];
/// What the trail calls a thing, and its FHIR resource, where the exports have one under the same id.
const RESOURCES: [(&str, &str); 5] = [
    ("patient", "Patient"),
    ("doctor", "Practitioner"),
    ("appointment", "Appointment"),
    ("encounter", "Encounter"),
    ("order", "ServiceRequest"),
];

pub fn audit_event(record: &Record<'_>) -> Value {
    let mut event = Map::new();
    let mut put = |name: &str, value: Value| event.insert(name.to_owned(), value);
    put("resourceType", json!("AuditEvent"));
    put("id", json!(record.sequence.to_string()));
    put("type", kind(record));
    put("subtype", json!([{"system": "urn:medsrv:method", "code": record.method}]));
    put("action", json!(record.action));
    put("recorded", json!(record.recorded_at));
    let outcome = match record.outcome {
        "success" => "0",
        code if FAULTS.contains(&code) => "8",
        _ => "4",
    };
    put("outcome", json!(outcome));
    if let Some(text) = present(Some(record.outcome)) {
        put("outcomeDesc", json!(text));
    }
    if let Some(reason) = present(record.reason) {
        put("purposeOfEvent", json!([{"text": reason}]));
    }
    put("agent", json!([agent(record)]));
    put("source", source(record));
    put("entity", Value::Array(entities(record)));
    Value::Object(event)
}

fn present(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn kind(record: &Record<'_>) -> Value {
    let verb = record.method.rsplit('.').next().unwrap_or_default();
    let (code, display) = if ["login", "logout"].contains(&verb) {
        ("110114", "User Authentication")
    } else if record.patient_id.is_some() {
        ("110110", "Patient Record")
    } else {
        ("110100", "Application Activity")
    };
    json!({"system": "http://dicom.nema.org/resources/ontology/DCM", "code": code, "display": display})
}

fn agent(record: &Record<'_>) -> Value {
    let mut agent = Map::new();
    if let Some(role) = present(Some(record.role)) {
        agent.insert("role".into(), json!([{"text": role}]));
    }
    if let Some(actor_id) = record.actor_id {
        let identifier = json!({"system": "urn:medsrv:user", "value": actor_id.to_string()});
        agent.insert("who".into(), json!({"identifier": identifier}));
    }
    agent.insert("requestor".into(), json!(true));
    if let Some(peer) = present(Some(record.peer)) {
        let is_address = peer.parse::<IpAddr>().is_ok() || peer.parse::<SocketAddr>().is_ok();
        // 2 is an IP address.
        let network =
            if is_address { json!({"address": peer, "type": "2"}) } else { json!({"address": peer}) };
        agent.insert("network".into(), network);
    }
    Value::Object(agent)
}

fn source(record: &Record<'_>) -> Value {
    let mut observer = Map::new();
    if let Some(boot_id) = present(Some(record.boot_id)) {
        observer.insert("identifier".into(), json!({"system": "urn:medsrv:boot", "value": boot_id}));
    }
    observer.insert("display".into(), json!("medsrv"));
    json!({
        "observer": observer,
        "type": [{
            "system": "http://terminology.hl7.org/CodeSystem/security-source-type",
            "code": "4",
            "display": "Application Server",
        }],
    })
}

/// What was acted on, with the entry's own place in the chain; and the patient, where that is another thing.
fn entities(record: &Record<'_>) -> Vec<Value> {
    let mut entity = Map::new();
    let resource = RESOURCES.iter().find(|(name, _)| *name == record.entity).map(|(_, resource)| *resource);
    let is_patient = resource == Some("Patient");
    match (record.entity_id, resource) {
        (Some(id), Some(resource)) => {
            entity.insert("what".into(), json!({"reference": format!("{resource}/{id}")}));
        }
        (Some(id), None) => {
            let identifier =
                json!({"system": format!("urn:medsrv:{}", record.entity), "value": id.to_string()});
            entity.insert("what".into(), json!({"identifier": identifier}));
        }
        (None, _) => {}
    }
    let type_code = if matches!(resource, Some("Patient" | "Practitioner")) { "1" } else { "2" };
    entity.insert("type".into(), entity_type(type_code));
    if is_patient {
        entity.insert("role".into(), patient_role());
    }
    if let Some(name) = present(Some(record.entity)) {
        entity.insert("name".into(), json!(name));
    }
    let sequence = record.sequence.to_string();
    let details = [
        ("sequence", Some(sequence.as_str())),
        ("hash", Some(record.hash)),
        ("request_id", record.request_id),
        ("detail", record.detail),
    ];
    let details: Vec<Value> = details
        .into_iter()
        .filter_map(|(name, text)| present(text).map(|text| json!({"type": name, "valueString": text})))
        .collect();
    entity.insert("detail".into(), Value::Array(details));
    let mut entities = vec![Value::Object(entity)];
    if let Some(patient_id) = record.patient_id
        && !(is_patient && record.entity_id == Some(patient_id))
    {
        entities.push(json!({
            "what": {"reference": format!("Patient/{patient_id}")},
            "type": entity_type("1"),
            "role": patient_role(),
        }));
    }
    entities
}

fn entity_type(code: &str) -> Value {
    let display = if code == "1" { "Person" } else { "System Object" };
    json!({
        "system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": code, "display": display
    })
}

fn patient_role() -> Value {
    json!({"system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "1", "display": "Patient"})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record<'static> {
        Record {
            sequence: 12,
            recorded_at: "2026-01-01T19:04:05.006Z",
            boot_id: "b00t",
            actor_id: Some(7),
            role: "doctor",
            peer: "10.0.0.7",
            method: "appointment.cancel",
            action: "U",
            entity: "appointment",
            entity_id: Some(5),
            patient_id: Some(3),
            outcome: "success",
            reason: Some("break-glass"),
            detail: Some("status"),
            request_id: Some("r-1"),
            hash: "ab",
        }
    }

    #[test]
    fn every_column_is_in_the_event() {
        let expected = json!({
            "resourceType": "AuditEvent",
            "id": "12",
            "type": {
                "system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110110", "display": "Patient Record"
            },
            "subtype": [{"system": "urn:medsrv:method", "code": "appointment.cancel"}],
            "action": "U",
            "recorded": "2026-01-01T19:04:05.006Z",
            "outcome": "0",
            "outcomeDesc": "success",
            "purposeOfEvent": [{"text": "break-glass"}],
            "agent": [{
                "role": [{"text": "doctor"}],
                "who": {"identifier": {"system": "urn:medsrv:user", "value": "7"}},
                "requestor": true,
                "network": {"address": "10.0.0.7", "type": "2"},
            }],
            "source": {
                "observer": {"identifier": {"system": "urn:medsrv:boot", "value": "b00t"}, "display": "medsrv"},
                "type": [{
                    "system": "http://terminology.hl7.org/CodeSystem/security-source-type",
                    "code": "4",
                    "display": "Application Server",
                }],
            },
            "entity": [
                {
                    "what": {"reference": "Appointment/5"},
                    "type": entity_type("2"),
                    "name": "appointment",
                    "detail": [
                        {"type": "sequence", "valueString": "12"},
                        {"type": "hash", "valueString": "ab"},
                        {"type": "request_id", "valueString": "r-1"},
                        {"type": "detail", "valueString": "status"},
                    ],
                },
                {"what": {"reference": "Patient/3"}, "type": entity_type("1"), "role": patient_role()},
            ],
        });
        assert_eq!(audit_event(&record()), expected);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let bare = Record {
            actor_id: None,
            role: "",
            peer: "",
            entity: "ward",
            entity_id: Some(9),
            patient_id: None,
            reason: None,
            detail: Some(""),
            request_id: None,
            ..record()
        };
        let event = audit_event(&bare);
        assert_eq!(event["agent"], json!([{"requestor": true}]));
        assert_eq!(event["type"]["code"], "110100");
        assert_eq!(event["entity"].as_array().unwrap().len(), 1);
        assert_eq!(event["entity"][0]["what"]["identifier"]["system"], "urn:medsrv:ward");
        assert_eq!(event["entity"][0]["detail"].as_array().unwrap().len(), 2);
        assert!(event.get("purposeOfEvent").is_none());
        let of_patient = Record { entity: "patient", entity_id: Some(3), ..record() };
        let event = audit_event(&of_patient);
        assert_eq!(event["entity"].as_array().unwrap().len(), 1);
        assert_eq!(event["entity"][0]["role"], patient_role());
    }

    #[test]
    fn what_no_export_has_under_its_id_is_no_reference() {
        for entity in ["admission", "waitlist", "record", "prescription", "result"] {
            let event = audit_event(&Record { entity, ..record() });
            let what = &event["entity"][0]["what"];
            assert_eq!(what["identifier"], json!({"system": format!("urn:medsrv:{entity}"), "value": "5"}));
            assert!(what.get("reference").is_none(), "{entity}");
        }
    }

    #[test]
    fn refusals_and_faults_are_told_apart() {
        for (outcome, code) in [("success", "0"), ("session_full", "4"), ("storage_full", "8")] {
            assert_eq!(audit_event(&Record { outcome, ..record() })["outcome"], code);
        }
        let login = Record { method: "account.login", ..record() };
        assert_eq!(audit_event(&login)["type"]["code"], "110114");
    }
}
