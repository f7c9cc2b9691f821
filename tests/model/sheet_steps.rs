//! Random steps on prescriptions and allergies, each asked of the reference as well.
//!
//! It never knows the rules, but who may ask. Invariant: the same dice take the same steps.

use super::care::*;
use super::clinic::*;
use super::dice::{Dice, Step};
use super::sheets::Wish;
use super::ward_steps::{doctor_of, fitting};
use serde_json::{Value, json};

const FORBIDDEN: Said = Err("forbidden");

fn wish(dice: &mut Dice) -> Wish {
    let drug = if dice.one_in(20) { 6 } else { 1 + dice.below(5) };
    let frequency = dice.of(&FREQUENCIES);
    let (dose, days) = (dice.of(&[100, 250, 500, 1000, 1005]), 1 + dice.below(3));
    let mut wish = Wish { drug, dose, frequency, days, quantity: None, is_overridden: dice.one_in(2) };
    wish.quantity = match wish.counted() {
        None => Some(2500),
        Some(counted) if dice.one_in(4) => Some(counted),
        Some(counted) if dice.one_in(12) => Some(counted + 1),
        Some(_) => None,
    };
    wish
}

fn written(wish: &Wish) -> Value {
    let Wish { drug, dose, frequency: (frequency, _), days, quantity, is_overridden } = *wish;
    let mut line = json!({"drug_id": drug, "dose": thousandths(dose), "frequency": frequency,
        "duration_days": days});
    if let Some(quantity) = quantity {
        line["quantity"] = json!(thousandths(quantity));
    }
    if is_overridden {
        line["override_reason"] = json!("无替代");
    }
    line
}

fn create(dice: &mut Dice, clinic: &mut Clinic) -> Step {
    let rows: Vec<(i64, &str)> = clinic.care.visits.values().map(|found| (found.id, found.state)).collect();
    let visit = fitting(dice, &rows, &["in_progress"]);
    let wishes: Vec<Wish> = (0..dice.below(4)).map(|_| wish(dice)).collect();
    let lines: Vec<Value> = wishes.iter().map(written).collect();
    let params = json!({"encounter_id": visit, "lines": lines});
    let method = "prescription.create";
    let Some(doctor) = clinic.care.visits.get(&visit).map(|found| found.doctor) else {
        return Step { by: DOCTOR, method, params, expected: Err("not_found") };
    };
    let by = doctor_of(dice, doctor);
    let expected = if by == doctor { clinic.prescribe(visit, &wishes) } else { FORBIDDEN };
    Step { by, method, params, expected }
}

fn of_allergy(dice: &mut Dice, clinic: &mut Clinic) -> Step {
    let by = dice.of(&[NURSE, NURSE, CLERK, DOCTORS[0], DOCTORS[1]]);
    let may = |clinic: &Clinic, patient| match by {
        NURSE => true,
        CLERK => false,
        doctor => clinic.treats(doctor, patient),
    };
    if dice.one_in(3) && !clinic.care.allergies.is_empty() {
        let id = dice.recent(clinic.care.allergies.keys().copied().collect());
        let Allergy { patient, severity, is_refuted, .. } = clinic.care.allergies[&id];
        let may = may(clinic, patient) && (by != NURSE || severity != "severe" || is_refuted);
        let mut params = json!({"allergy_id": id, "reason": "皮试阴性"});
        if dice.one_in(2) {
            let severity = dice.of(&SEVERITIES);
            params["severity"] = json!(severity);
            let expected = if may { clinic.set_severity(id, severity) } else { FORBIDDEN };
            return Step { by, method: "allergy.set_severity", params, expected };
        }
        let expected = if may { clinic.refute_allergy(id) } else { FORBIDDEN };
        return Step { by, method: "allergy.refute", params, expected };
    }
    let patient = dice.of(&PATIENTS);
    let ((substance, as_written), severity) = (dice.of(&SUBSTANCES), dice.of(&SEVERITIES));
    let said = if dice.one_in(2) { substance } else { as_written };
    let expected =
        if may(clinic, patient) { clinic.add_allergy(patient, substance, severity) } else { FORBIDDEN };
    let params = json!({"patient_id": patient, "substance": said, "severity": severity});
    Step { by, method: "allergy.add", params, expected }
}

/// Who looks at a prescription, and what they are told.
fn look(dice: &mut Dice, clinic: &Clinic, id: i64) -> Step {
    let Sheet { patient, doctor, activated, .. } = clinic.care.sheets[&id];
    let other = dice.of(&PATIENTS);
    let by = dice.of(&[patient, other, NURSE, CLERK, DOCTORS[0], DOCTORS[1], DOCTORS[2]]);
    let expected = match by {
        // A draft looks to its patient as what is another one's.
        by if PATIENTS.contains(&by) && by == patient && activated.is_some() => Ok(()),
        NURSE if activated.is_some() => Ok(()),
        NURSE => Err("not_found"),
        by if DOCTORS.contains(&by) && (by == doctor || clinic.treats(by, patient)) => Ok(()),
        _ => FORBIDDEN,
    };
    Step { by, method: "prescription.get", params: json!({"prescription_id": id}), expected }
}

pub fn step(dice: &mut Dice, clinic: &mut Clinic) -> Step {
    let kind = dice.below(24);
    if kind <= 2 {
        return of_allergy(dice, clinic);
    }
    if kind <= 8 || clinic.care.sheets.is_empty() {
        return create(dice, clinic);
    }
    let states: &[&str] = match kind {
        9..=16 => &["draft"],
        17..=18 => &["active"],
        _ => &["draft", "active", "dispensed"],
    };
    let rows: Vec<(i64, &str)> = clinic.care.sheets.values().map(|found| (found.id, found.state)).collect();
    let id = fitting(dice, &rows, states);
    if kind >= 21 {
        return look(dice, clinic, id);
    }
    let doctor = clinic.care.sheets[&id].doctor;
    let mut by = doctor_of(dice, doctor);
    let mut params = json!({"prescription_id": id});
    let may = by == doctor;
    let (method, expected) = match kind {
        9..=11 => {
            let wish = wish(dice);
            params["line"] = written(&wish);
            ("prescription.add_line", if may { clinic.add_line(id, &wish) } else { FORBIDDEN })
        }
        12 => {
            let own = clinic.care.lines.iter().filter(|line| line.sheet == id || dice.one_in(9));
            let line = own.last().map_or(1, |line| line.id);
            params["line_id"] = json!(line);
            ("prescription.remove_line", if may { clinic.remove_line(id, line) } else { FORBIDDEN })
        }
        13..=16 => ("prescription.activate", if may { clinic.activate(id) } else { FORBIDDEN }),
        17..=18 => {
            by = if dice.one_in(8) { doctor } else { NURSE };
            let is_overridden = dice.one_in(2);
            if is_overridden {
                params["override_reason"] = json!("医生已知");
            }
            (
                "prescription.dispense",
                if by == NURSE { clinic.dispense(id, is_overridden) } else { FORBIDDEN },
            )
        }
        _ => {
            params["reason"] = json!("停药");
            let (method, to) =
                dice.of(&[("prescription.stop", "stopped"), ("prescription.cancel", "cancelled")]);
            let patient = clinic.care.sheets[&id].patient;
            let may = may || to == "stopped" && clinic.treats(by, patient);
            (method, if may { clinic.end_sheet(id, to) } else { FORBIDDEN })
        }
    };
    Step { by, method, params, expected }
}
