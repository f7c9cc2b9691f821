//! Wards, and patients in their beds, to call the methods of wards and admissions on.
//!
//! It never knows who may call what. Invariant: as in `places`, each sample is about things of its own; a stay
//! of an earlier one is over.

use crate::clinic::*;
use crate::places::{Pair, act};
use medsrv::service::admission::{self, Admission, Disposition, Kind, NewAdmission};
use medsrv::service::booking::{Change, Outcome};
use medsrv::service::ward::{self, NewWard};
use medsrv::store::{Statement, params};
use serde_json::{Value, json};

/// How far a stay has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Upto {
    Requested,
    /// In the first bed, with what is needed for the discharge.
    Admitted,
    Ordered,
}

/// A ward, and its two beds.
fn ward(clinic: &mut Clinic) -> (i64, [i64; 2]) {
    let number = clinic.number("SELECT count(*) FROM wards");
    act(clinic, |change| made(change, number))
}

fn made(change: &mut Change<'_, '_>, number: i64) -> Outcome<(i64, [i64; 2])> {
    let new = NewWard { number: &number.to_string(), name: "病区", department: None };
    let ward_id = ward::add(change, &new, ["1", "2"].into_iter()).unwrap();
    let board = ward::board(change.transaction, ward_id)?.unwrap();
    Ok((ward_id, [board.beds[0].bed_id, board.beds[1].bed_id]))
}

/// Ends whatever stay the patient has.
fn send_home(change: &mut Change<'_, '_>, pair: Pair) -> Outcome<()> {
    for sql in [
        "UPDATE bed_stays SET to_ms = from_ms WHERE patient_id = ?1 AND to_ms IS NULL",
        "UPDATE admissions SET state = 'cancelled', reserved_bed_id = NULL, ended_ms = 1
            WHERE patient_id = ?1 AND ended_ms IS NULL",
    ] {
        change.transaction.execute(&Statement { file: "", sql }, params![pair.patient_id])?;
    }
    Ok(())
}

/// A stay of the pair's, and the beds of its ward.
fn stay(clinic: &mut Clinic, pair: Pair, upto: Upto) -> (i64, [i64; 2]) {
    let number = clinic.number("SELECT count(*) FROM wards");
    act(clinic, |change| {
        send_home(change, pair)?;
        let (ward_id, beds) = made(change, number)?;
        let new = NewAdmission {
            patient_id: pair.patient_id,
            doctor_id: pair.doctor_id,
            ward_id,
            kind: Kind::Elective,
            reason: "肺炎",
            reason_code: None,
            origin_encounter_id: None,
            expected_on: None,
        };
        let Admission { admission_id, .. } = admission::request(change, &new).unwrap();
        if upto >= Upto::Admitted {
            let stay = admission::admit(change, admission_id, Some(beds[0]), None).unwrap();
            let sql = "INSERT INTO diagnoses
                    (encounter_id, patient_id, title, rank, use, certainty, recorded_by, recorded_ms)
                VALUES (?1, ?2, '肺炎', 1, 'discharge', 'confirmed', ?3, 0)";
            let values = params![stay.encounter_id, pair.patient_id, pair.doctor_id];
            change.transaction.execute(&Statement { file: "", sql }, values)?;
        }
        if upto >= Upto::Ordered {
            admission::order_discharge(change, admission_id, Disposition::Home, None).unwrap();
        }
        Ok((admission_id, beds))
    })
}

/// As `places::of_pair`, for wards, beds and admissions.
pub fn of_ward(clinic: &mut Clinic, method: &str, pair: Pair, _: Option<i64>) -> Option<(bool, bool, Value)> {
    let of_house = |params: Value| (false, false, params);
    let of_both = |params: Value| (true, true, params);
    let with_bed =
        |(admission_id, beds): (i64, [i64; 2])| json!({"admission_id": admission_id, "bed_id": beds[1]});
    Some(match method {
        "ward.add" => {
            let wards = clinic.number("SELECT count(*) FROM wards");
            let number = format!("{wards} of {}", pair.patient_id);
            of_house(json!({"number": number, "name": "病区", "beds": ["1"]}))
        }
        "ward.add_bed" => of_house(json!({"ward_id": ward(clinic).0, "number": "3"})),
        "ward.close" | "ward.board" => of_house(json!({"ward_id": ward(clinic).0})),
        "ward.list" => of_house(json!({})),
        "bed.set_state" => of_house(json!({"bed_id": ward(clinic).1[0], "state": "blocked"})),
        "admission.request" => {
            act(clinic, |change| send_home(change, pair));
            let (ward_id, _) = ward(clinic);
            of_both(json!({
                "patient_id": pair.patient_id, "ward_id": ward_id, "kind": "elective", "reason": "肺炎",
            }))
        }
        "admission.reserve" | "admission.admit" => of_both(with_bed(stay(clinic, pair, Upto::Requested))),
        "admission.cancel" => of_both(json!({"admission_id": stay(clinic, pair, Upto::Requested).0})),
        "admission.transfer" => {
            let mut params = with_bed(stay(clinic, pair, Upto::Admitted));
            params["reason"] = json!("要隔离");
            of_both(params)
        }
        "admission.change_doctor" => of_both(
            json!({"admission_id": stay(clinic, pair, Upto::Requested).0, "doctor_id": pair.doctor_id}),
        ),
        "admission.order_discharge" => {
            of_both(json!({"admission_id": stay(clinic, pair, Upto::Admitted).0, "disposition": "home"}))
        }
        "admission.undo_discharge_order" | "admission.discharge" => {
            of_both(json!({"admission_id": stay(clinic, pair, Upto::Ordered).0}))
        }
        "admission.get" => of_both(json!({"admission_id": stay(clinic, pair, Upto::Admitted).0})),
        "admission.list" => of_both(json!({"patient_id": pair.patient_id})),
        _ => return None,
    })
}
