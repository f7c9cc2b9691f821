//! Random steps on visits, wards and stays, each asked of the reference as well.
//!
//! It never knows the rules, but who may ask. Invariant: the same dice take the same steps.

use super::care::*;
use super::clinic::*;
use super::dice::{Dice, Step};
use serde_json::json;

const FORBIDDEN: Said = Err("forbidden");

/// Mostly the doctor whose it is.
pub fn doctor_of(dice: &mut Dice, own: i64) -> i64 {
    if dice.one_in(8) { dice.of(&DOCTORS) } else { own }
}

/// Three times of four one that is in such a state, where there is any.
pub fn fitting(dice: &mut Dice, rows: &[(i64, &str)], states: &[&str]) -> i64 {
    let is_any = dice.one_in(4) || !rows.iter().any(|(_, state)| states.contains(state));
    let ids = rows.iter().filter(|(_, state)| is_any || states.contains(state));
    dice.recent(ids.map(|(id, _)| *id).collect())
}

/// A doctor, and mostly a patient with whom they have to do.
fn couple(dice: &mut Dice, clinic: &Clinic) -> (i64, i64) {
    let doctor = dice.of(&DOCTORS);
    let theirs: Vec<i64> = PATIENTS.into_iter().filter(|patient| clinic.treats(doctor, *patient)).collect();
    let patient = if theirs.is_empty() || dice.one_in(8) { dice.of(&PATIENTS) } else { dice.of(&theirs) };
    (doctor, patient)
}

fn of_treated(clinic: &Clinic, doctor: i64, patient: i64) -> Said {
    if clinic.treats(doctor, patient) { Ok(()) } else { FORBIDDEN }
}

fn open(dice: &mut Dice, clinic: &mut Clinic) -> Step {
    let (by, patient) = couple(dice, clinic);
    let mut params = json!({"patient_id": patient});
    let of_patient = clinic.bookings.values().filter(|found| found.patient == patient);
    let ids: Vec<i64> = of_patient.map(|found| found.id).collect();
    let booking = (!ids.is_empty() && dice.one_in(2)).then(|| dice.recent(ids));
    if let Some(booking) = booking {
        params["appointment_id"] = json!(booking);
    }
    let is_planned = dice.one_in(4);
    if is_planned {
        params["is_planned"] = json!(true);
    }
    let expected = of_treated(clinic, by, patient)
        .and_then(|()| clinic.open_visit(by, patient, booking, "AMB", is_planned).map(|_| ()));
    Step { by, method: "encounter.open", params, expected }
}

pub fn of_visit(dice: &mut Dice, clinic: &mut Clinic) -> Step {
    let kind = dice.below(16);
    if kind <= 3 || clinic.care.visits.is_empty() {
        return open(dice, clinic);
    }
    if kind == 4 && !clinic.care.diagnoses.is_empty() {
        let id = dice.recent(clinic.care.diagnoses.keys().copied().collect());
        let Diagnosis { visit, by: author, .. } = clinic.care.diagnoses[&id];
        let doctor = clinic.care.visits[&visit].doctor;
        let by = doctor_of(dice, doctor);
        let is_own = by == doctor || by == author;
        let expected = if is_own { clinic.withdraw_diagnosis(id) } else { FORBIDDEN };
        let params = json!({"diagnosis_id": id, "reason": "误诊"});
        return Step { by, method: "diagnosis.withdraw", params, expected };
    }
    let states: &[&str] = match kind {
        5 => &["planned"],
        6 => &["finished"],
        _ => &["in_progress"],
    };
    let rows: Vec<(i64, &str)> = clinic.care.visits.values().map(|found| (found.id, found.state)).collect();
    let id = fitting(dice, &rows, states);
    let Visit { doctor, patient, .. } = clinic.care.visits[&id];
    let by = doctor_of(dice, doctor);
    let mut params = json!({"encounter_id": id});
    if kind >= 10 {
        let use_of = dice.of(&["working", "discharge"]);
        (params["use"], params["title"]) = (json!(use_of), json!("肺炎"));
        let is_theirs = if by == doctor { Ok(()) } else { of_treated(clinic, by, patient) };
        let expected = is_theirs.and_then(|()| clinic.diagnose(id, use_of, by));
        return Step { by, method: "diagnosis.add", params, expected };
    }
    if matches!(kind, 6 | 7) {
        params["reason"] = json!("补记");
    }
    let (method, run): (_, fn(&mut Clinic, i64) -> Said) = match kind {
        4 | 5 => ("encounter.begin", Clinic::begin_visit),
        6 => ("encounter.reopen", Clinic::reopen_visit),
        7 => ("encounter.cancel", Clinic::cancel_visit),
        _ => ("encounter.finish", Clinic::finish_visit),
    };
    let expected = if by == doctor { run(clinic, id) } else { FORBIDDEN };
    Step { by, method, params, expected }
}

fn bed(dice: &mut Dice, clinic: &Clinic, state: &str) -> i64 {
    let rows: Vec<(i64, &str)> = clinic.care.beds.values().map(|found| (found.id, found.state)).collect();
    fitting(dice, &rows, &[state])
}

/// What is done to a ward and its beds.
fn of_ward(dice: &mut Dice, clinic: &mut Clinic) -> Step {
    let ward = 1 + dice.below(3);
    match dice.below(30) {
        0 => {
            let by = dice.of(&[CLERK, ADMIN, NURSE]);
            let expected = if by == NURSE { FORBIDDEN } else { clinic.close_ward(ward) };
            Step { by, method: "ward.close", params: json!({"ward_id": ward}), expected }
        }
        1..=5 => {
            let patient = dice.of(&PATIENTS);
            let by = dice.of(&[NURSE, CLERK, DOCTOR, patient]);
            let expected = if PATIENTS.contains(&by) { FORBIDDEN } else { Ok(()) };
            Step { by, method: "ward.board", params: json!({"ward_id": ward}), expected }
        }
        _ => {
            let by = if dice.one_in(10) { CLERK } else { NURSE };
            let id = bed(dice, clinic, "cleaning");
            let to = dice.of(&["free", "free", "free", "cleaning", "blocked"]);
            let expected = if by == NURSE { clinic.set_bed(id, to) } else { FORBIDDEN };
            Step { by, method: "bed.set_state", params: json!({"bed_id": id, "state": to}), expected }
        }
    }
}

/// Who takes a step with somebody's stay, and whether they may.
fn caller(dice: &mut Dice, doctor: i64, nurse: bool, clerk: bool, own: bool) -> (i64, bool) {
    let mut may = Vec::new();
    may.extend(nurse.then_some(NURSE));
    may.extend(clerk.then_some(CLERK));
    may.extend(own.then_some(doctor));
    let by = if dice.one_in(10) {
        dice.of(&[NURSE, CLERK, DOCTORS[0], DOCTORS[1], DOCTORS[2]])
    } else {
        dice.of(&may)
    };
    (by, may.contains(&by))
}

pub fn of_stay(dice: &mut Dice, clinic: &mut Clinic) -> Step {
    let kind = dice.below(24);
    if kind >= 18 {
        return of_ward(dice, clinic);
    }
    if kind <= 3 || clinic.care.stays.is_empty() {
        let ((by, patient), ward) = (couple(dice, clinic), 1 + dice.below(3));
        let expected = of_treated(clinic, by, patient).and_then(|()| clinic.ask_stay(by, patient, ward));
        let params = json!({"patient_id": patient, "ward_id": ward, "kind": "elective", "reason": "肺炎"});
        return Step { by, method: "admission.request", params, expected };
    }
    let states: &[&str] = match kind {
        4..=9 => &["requested"],
        10 | 14..=15 => &["admitted"],
        11..=12 | 16..=17 => &["discharge_ordered"],
        _ => &["requested", "admitted", "discharge_ordered"],
    };
    let rows: Vec<(i64, &str)> = clinic.care.stays.values().map(|found| (found.id, found.state)).collect();
    let id = fitting(dice, &rows, states);
    let Stay { doctor, visit, .. } = clinic.care.stays[&id];
    let mut params = json!({"admission_id": id});
    let (nurse, clerk, own) = match kind {
        4..=8 | 16..=17 => (true, true, false),
        9..=11 => (true, true, true),
        13 => (false, true, true),
        _ => (false, false, true),
    };
    let (by, may) = caller(dice, doctor, nurse, clerk, own);
    let (method, expected) = match kind {
        4..=5 => {
            let bed = bed(dice, clinic, "free");
            params["bed_id"] = json!(bed);
            ("admission.reserve", if may { clinic.reserve(id, bed) } else { FORBIDDEN })
        }
        6..=8 => {
            let bed = dice.one_in(2).then(|| bed(dice, clinic, "free"));
            if let Some(bed) = bed {
                params["bed_id"] = json!(bed);
            }
            ("admission.admit", if may { clinic.admit(id, bed) } else { FORBIDDEN })
        }
        9 => ("admission.cancel", if may { clinic.cancel_stay(id) } else { FORBIDDEN }),
        10..=11 => {
            let bed = bed(dice, clinic, "free");
            (params["bed_id"], params["reason"]) = (json!(bed), json!("单间"));
            ("admission.transfer", if may { clinic.transfer(id, bed) } else { FORBIDDEN })
        }
        12 => {
            let expected = if may { clinic.undo_discharge_order(id) } else { FORBIDDEN };
            ("admission.undo_discharge_order", expected)
        }
        13 => {
            let to = dice.of(&DOCTORS);
            params["doctor_id"] = json!(to);
            ("admission.change_doctor", if may { clinic.change_doctor(id, to) } else { FORBIDDEN })
        }
        14..=15 => match visit.filter(|visit| !clinic.has_discharge_diagnosis(*visit)) {
            // What they had is written down before, but now and then.
            Some(visit) if !dice.one_in(3) => {
                let by = clinic.care.visits[&visit].doctor;
                let expected = clinic.diagnose(visit, "discharge", by);
                let params = json!({"encounter_id": visit, "use": "discharge", "title": "肺炎"});
                return Step { by, method: "diagnosis.add", params, expected };
            }
            _ => {
                params["disposition"] = json!("home");
                ("admission.order_discharge", if may { clinic.order_discharge(id) } else { FORBIDDEN })
            }
        },
        _ => ("admission.discharge", if may { clinic.discharge(id) } else { FORBIDDEN }),
    };
    Step { by, method, params, expected }
}
