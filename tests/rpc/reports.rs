//! Reports to ask for.
//!
//! It never knows who may call what. Invariant: as in `places`, each sample is about one pair.

use crate::clinic::*;
use crate::places::Pair;
use serde_json::{Value, json};

/// As `places::of_pair`, for reports.
pub fn of_report(_: &mut Clinic, method: &str, pair: Pair, _: Option<i64>) -> Option<(bool, bool, Value)> {
    let params =
        json!({"name": "day", "from": "2026-01-01", "to": "2026-01-31", "doctor_id": pair.doctor_id});
    (method == "report.get").then_some((false, true, params))
}
