//! Random steps on leave, each asked of the reference as well.
//!
//! It never knows the rules, but who may ask. Invariant: the same dice take the same steps.

use super::care::{DOCTORS, HEAD, HEADED, Leave};
use super::clinic::*;
use super::dice::{Dice, Step};
use serde_json::json;

/// A doctor does not come, or comes after all.
pub fn step(dice: &mut Dice, clinic: &mut Clinic) -> Step {
    if dice.one_in(3) || clinic.care.leaves.is_empty() {
        let (by, first) = (dice.of(&DOCTORS), dice.below(3));
        let last = first + dice.below(2);
        let [from, to] = [first, last].map(|day| text(day * DAY)[..10].to_owned());
        let mut params = json!({"date_from": from, "date_to": to, "reason": "进修"});
        let substitute = substitute(dice, by);
        if let Some(substitute) = substitute {
            params["substitute_id"] = json!(substitute);
        }
        let expected = clinic.ask_leave(by, (first, last), substitute);
        return Step { by, method: "leave.request", params, expected };
    }
    let id = dice.recent(clinic.care.leaves.keys().copied().collect());
    let Leave { doctor, .. } = clinic.care.leaves[&id];
    let by = dice.of(&[ADMIN, ADMIN, ADMIN, HEAD, doctor, NURSE]);
    let is_decider = by == ADMIN || (by == HEAD && doctor == HEADED);
    let mut params = json!({"leave_id": id});
    let (method, expected) = match dice.below(6) {
        0..=2 => {
            let substitute = substitute(dice, doctor);
            if let Some(substitute) = substitute {
                params["substitute_id"] = json!(substitute);
            }
            ("leave.approve", if is_decider { clinic.approve(id, substitute, by) } else { Err("forbidden") })
        }
        3 => {
            params["reason"] = json!("人手不足");
            ("leave.reject", if is_decider { clinic.reject(id, by) } else { Err("forbidden") })
        }
        _ => {
            let is_theirs = is_decider || by == doctor;
            ("leave.revoke", if is_theirs { clinic.revoke(id, by) } else { Err("forbidden") })
        }
    };
    Step { by, method, params, expected }
}

/// Another doctor, or nobody.
fn substitute(dice: &mut Dice, doctor: i64) -> Option<i64> {
    let other = dice.of(&DOCTORS);
    (other != doctor).then_some(other)
}
