//! Leave and attendance of doctors to call their methods on.
//!
//! It never knows who may call what. Invariant: as in `places`, each sample is about things of its own. Who asks for
//! leave in a sample about a pair is the other pair's doctor, whose department the pair's doctor leads.

use crate::clinic::*;
use crate::places::{PAIRS, Pair, act};
use medsrv::service::leave::{self, NewLeave};
use medsrv::service::{attendance, department};
use medsrv::store::Statement;
use serde_json::{Value, json};

/// Lets each doctor of the pairs lead the other one's department, or nobody any.
fn lead(clinic: &mut Clinic, is_led: bool) {
    act(clinic, |change| {
        for (name, doctor_id) in [("内科", OTHER_DOCTOR), ("外科", DOCTOR)] {
            department::set_head(change.transaction, name, is_led.then_some(doctor_id)).unwrap();
        }
        Ok(())
    });
}

/// A leave that is to be decided on, of days that no other one has.
fn pending(clinic: &mut Clinic, doctor_id: i64) -> i64 {
    let day = clinic.now.day_after(60 + clinic.number("SELECT count(*) FROM leave_requests"));
    let now = clinic.now.clone();
    act(clinic, |change| {
        let (date_from, date_to) = (day.as_str(), day.as_str());
        let new = NewLeave { doctor_id, date_from, date_to, reason: "进修", substitute_id: None };
        Ok(leave::request(change.transaction, &new, &now).unwrap())
    })
}

/// What a doctor has to clock in to, and nothing to clock out of; or the other way round.
fn clock(clinic: &mut Clinic, is_in: bool) {
    let forget = "UPDATE attendance_shifts SET out_ms = in_ms WHERE out_ms IS NULL";
    act(clinic, |change| Ok(change.transaction.execute(&Statement { file: "", sql: forget }, [])?));
    let now = clinic.now.clone();
    if is_in {
        act(clinic, |change| {
            for pair in PAIRS {
                attendance::clock_in(change.transaction, pair.doctor_id, None, &now).unwrap();
            }
            Ok(())
        });
    }
}

/// As `places::of_pair`, for leave and attendance.
pub fn of_staff(
    clinic: &mut Clinic,
    method: &str,
    pair: Pair,
    _: Option<i64>,
) -> Option<(bool, bool, Value)> {
    let other = if pair.doctor_id == DOCTOR { OTHER_DOCTOR } else { DOCTOR };
    lead(clinic, matches!(method, "leave.approve" | "leave.reject"));
    let day = clinic.now.day().to_owned();
    Some(match method {
        "department.set_head" => (false, false, json!({"department": "内科", "doctor_id": pair.doctor_id})),
        "leave.approve" => (false, true, json!({"leave_id": pending(clinic, other)})),
        "leave.reject" => (false, true, json!({"leave_id": pending(clinic, other), "reason": "人手不足"})),
        "leave.revoke" => {
            let leave_id = pending(clinic, pair.doctor_id);
            act(clinic, |change| {
                let approved = leave::Approved { leave_id, by: ADMIN, substitute_id: None };
                Ok(leave::approve(change, &approved).unwrap())
            });
            (false, true, json!({"leave_id": leave_id}))
        }
        "leave.get" => (false, true, json!({"leave_id": pending(clinic, pair.doctor_id)})),
        "leave.list" => (false, true, json!({"doctor_id": pair.doctor_id})),
        "attendance.list" => (false, true, json!({"doctor_id": pair.doctor_id, "date_from": day})),
        _ => return None,
    })
}

/// Parameters that are right for a method that everyone calls for themselves.
pub fn of_own_work(clinic: &mut Clinic, method: &str) -> Option<Value> {
    Some(match method {
        "leave.request" => {
            let day = clinic.now.day_after(60 + clinic.number("SELECT count(*) FROM leave_requests"));
            json!({"date_from": day, "date_to": day, "reason": "会议"})
        }
        "attendance.clock_in" | "attendance.clock_out" => {
            clock(clinic, method == "attendance.clock_out");
            json!({})
        }
        _ => return None,
    })
}
