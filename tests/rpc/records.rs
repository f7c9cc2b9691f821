//! What is written of visits, to call the methods of records on.
//!
//! It never knows who may call what. Invariant: as in `places`, each sample is about things of its own.

use crate::care::encounter;
use crate::clinic::*;
use crate::places::{Pair, act};
use medsrv::service::allergy::{self, NewAllergy, Severity};
use medsrv::service::attachment::{self, NewAttachment};
use medsrv::service::diagnosis::{self, Certainty, NewDiagnosis, Use};
use medsrv::service::encounter::{Class, NewEncounter, finish, plan};
use medsrv::service::record::{self, Parts};
use serde_json::{Value, json};

/// A record, signed or not.
fn note(clinic: &mut Clinic, pair: Pair, is_signed: bool) -> i64 {
    let encounter_id = encounter(clinic, pair);
    let now = clinic.now.clone();
    act(clinic, |change| {
        let parts = Parts { symptoms: Some("咳嗽"), ..Parts::default() };
        let note_id = record::write(change.transaction, encounter_id, &parts, pair.doctor_id, &now).unwrap();
        if is_signed {
            record::sign(change.transaction, note_id, None, &now).unwrap();
        }
        Ok(note_id)
    })
}

fn diagnosed(clinic: &mut Clinic, pair: Pair) -> i64 {
    let encounter_id = encounter(clinic, pair);
    let now = clinic.now.clone();
    act(clinic, |change| {
        let new = NewDiagnosis {
            encounter_id,
            code: None,
            title: Some("感冒"),
            rank: None,
            stage: Use::Working,
            certainty: Certainty::Provisional,
            by: pair.doctor_id,
        };
        Ok(diagnosis::add(change.transaction, &new, &now).unwrap())
    })
}

fn attached(clinic: &mut Clinic, pair: Pair) -> i64 {
    let encounter_id = encounter(clinic, pair);
    let now = clinic.now.clone();
    act(clinic, |change| {
        let new = NewAttachment {
            encounter_id,
            title: "胸片",
            media_type: "image/dicom",
            reference: "pacs/1",
            sha256: None,
            by: pair.doctor_id,
        };
        Ok(attachment::add(change.transaction, &new, &now).unwrap())
    })
}

fn allergic(clinic: &mut Clinic, pair: Pair) -> i64 {
    let substance = format!("old substance {}", clinic.number("SELECT count(*) FROM allergies"));
    let now = clinic.now.clone();
    act(clinic, |change| {
        let new = NewAllergy {
            patient_id: pair.patient_id,
            substance: &substance,
            severity: Severity::Mild,
            reaction: None,
            by: pair.doctor_id,
        };
        Ok(allergy::add(change.transaction, &new, &now).unwrap())
    })
}

fn planned(clinic: &mut Clinic, pair: Pair) -> i64 {
    let now = clinic.now.clone();
    act(clinic, |change| {
        let new = NewEncounter {
            patient_id: pair.patient_id,
            doctor_id: pair.doctor_id,
            appointment_id: None,
            class: Class::Ambulatory,
            department: None,
        };
        Ok(plan(change.transaction, &new, None, &now).unwrap())
    })
}

fn finished(clinic: &mut Clinic, pair: Pair) -> i64 {
    let encounter_id = encounter(clinic, pair);
    let now = clinic.now.clone();
    act(clinic, |change| Ok(finish(change.transaction, encounter_id, &now).unwrap().encounter_id))
}

/// As `places::of_pair`, for records.
pub fn of_records(
    clinic: &mut Clinic,
    method: &str,
    pair: Pair,
    _: Option<i64>,
) -> Option<(bool, bool, Value)> {
    let id = |name: &str, id: i64| json!({name: id});
    let params = match method {
        "encounter.begin" => id("encounter_id", planned(clinic, pair)),
        "encounter.finish" | "record.list" | "diagnosis.list" | "attachment.list" => {
            id("encounter_id", encounter(clinic, pair))
        }
        "encounter.cancel" => json!({"encounter_id": encounter(clinic, pair), "reason": "误操作"}),
        "encounter.reopen" => json!({"encounter_id": finished(clinic, pair), "reason": "补录"}),
        "record.write" => json!({"encounter_id": encounter(clinic, pair), "symptoms": "咳嗽"}),
        "record.edit" => json!({"note_id": note(clinic, pair, false), "version": 1, "advice": "多喝水"}),
        "record.sign" => id("note_id", note(clinic, pair, false)),
        "record.discard" => json!({"note_id": note(clinic, pair, false), "reason": "误写"}),
        "record.amend" => json!({
            "note_id": note(clinic, pair, true), "version": 1, "advice": "休息", "reason": "遗漏",
        }),
        "record.get" => id("note_id", note(clinic, pair, true)),
        "diagnosis.add" => json!({"encounter_id": encounter(clinic, pair), "title": "感冒"}),
        "diagnosis.set_rank" => json!({"diagnosis_id": diagnosed(clinic, pair), "rank": 2}),
        "diagnosis.withdraw" => json!({"diagnosis_id": diagnosed(clinic, pair), "reason": "误诊"}),
        "allergy.set_severity" => {
            json!({"allergy_id": allergic(clinic, pair), "severity": "mild", "reason": "皮试弱阳性"})
        }
        "allergy.refute" => json!({"allergy_id": allergic(clinic, pair), "reason": "皮试阴性"}),
        "attachment.add" => json!({
            "encounter_id": encounter(clinic, pair), "title": "胸片", "media_type": "image/dicom",
            "reference": "pacs/2",
        }),
        "attachment.withdraw" => {
            json!({"attachment_id": attached(clinic, pair), "reason": "别人的"})
        }
        _ => return None,
    };
    Some((true, true, params))
}
