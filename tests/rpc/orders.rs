//! Drugs, prescriptions and orders, to call their methods on.
//!
//! It never knows who may call what. Invariant: as in `places`, each sample is about things of its own; no two
//! prescriptions have an ingredient in common.

use crate::care::encounter;
use crate::clinic::*;
use crate::places::{Pair, act};
use medsrv::service::decimal::Decimal;
use medsrv::service::drug::{self, NewDrug};
use medsrv::service::order::{self, Flag, Kind, NewOrder, NewResult, OrderRules, Priority};
use medsrv::service::prescription::{self, Frequency, NewLine};
use serde_json::{Value, json};

/// A drug with an ingredient that no other one has.
fn drug(clinic: &mut Clinic) -> i64 {
    let number = clinic.number("SELECT count(*) FROM drugs");
    let (code, ingredient) = (format!("D{number}"), format!("substance {number}"));
    act(clinic, |change| {
        let new = NewDrug {
            code: &code,
            name: &code,
            ingredient: &ingredient,
            drug_class: None,
            form: None,
            strength: None,
            dose_unit: "mg",
            route: Some("po"),
            is_active: None,
        };
        drug::put(change.transaction, &new)?;
        Ok(())
    });
    clinic.number("SELECT max(drug_id) FROM drugs")
}

/// A prescription with one line, and how far it has come.
fn prescription(clinic: &mut Clinic, pair: Pair, steps: &[&str]) -> i64 {
    let (encounter_id, drug_id) = (encounter(clinic, pair), drug(clinic));
    let now = clinic.now.clone();
    act(clinic, |change| {
        let line = NewLine {
            drug_id,
            dose: Decimal::parse("0.5").unwrap(),
            route: None,
            frequency: Frequency::TimesADay(3),
            duration_days: 7,
            quantity: None,
            note: None,
            override_reason: None,
        };
        let written = prescription::create(change.transaction, encounter_id, &[line], &now).unwrap();
        for step in steps {
            match *step {
                "activate" => prescription::activate(change.transaction, written.sheet_id, &now),
                _ => prescription::dispense(change.transaction, written.sheet_id, None, NURSE, &now)
                    .map(|_| ()),
            }
            .unwrap();
        }
        Ok(written.sheet_id)
    })
}

/// An order, and how far it has come.
fn order(clinic: &mut Clinic, pair: Pair, steps: &[&str]) -> i64 {
    let encounter_id = encounter(clinic, pair);
    let now = clinic.now.clone();
    act(clinic, |change| {
        let new =
            NewOrder {
                encounter_id, kind: Kind::Laboratory, content: "血常规", priority: Priority::Routine
            };
        let order_id = order::request(change.transaction, &new, &now).unwrap();
        for step in steps {
            match *step {
                "accept" => order::accept(change.transaction, order_id, NURSE, &now),
                _ => order::start(change.transaction, order_id, &now),
            }
            .unwrap();
        }
        Ok(order_id)
    })
}

/// A critical result of an order.
fn critical(clinic: &mut Clinic, pair: Pair) -> i64 {
    let order_id = order(clinic, pair, &["accept", "start"]);
    let now = clinic.now.clone();
    act(clinic, |change| {
        let results = [NewResult {
            name: "K",
            value: "7.1",
            unit: Some("mmol/L"),
            reference_range: None,
            flag: Flag::Critical,
        }];
        let rules = OrderRules::default();
        order::add_results(change.transaction, order_id, &results, &rules, NURSE, change.changes, &now)
            .unwrap();
        Ok(())
    });
    clinic.number("SELECT max(result_id) FROM order_results")
}

/// As `places::of_pair`, for drugs, prescriptions and orders.
pub fn of_order(
    clinic: &mut Clinic,
    method: &str,
    pair: Pair,
    _: Option<i64>,
) -> Option<(bool, bool, Value)> {
    let prescribed = |id: i64| (true, true, json!({"prescription_id": id}));
    let ordered = |id: i64| (true, true, json!({"order_id": id}));
    Some(match method {
        "prescription.create" => (true, true, json!({"encounter_id": encounter(clinic, pair)})),
        "prescription.add_line" => {
            let line = json!({"drug_id": drug(clinic), "dose": 1, "frequency": "qd", "duration_days": 1});
            (true, true, json!({"prescription_id": prescription(clinic, pair, &[]), "line": line}))
        }
        "prescription.remove_line" => {
            let prescription_id = prescription(clinic, pair, &[]);
            let line_id = clinic.number("SELECT max(line_id) FROM prescription_lines");
            (true, true, json!({"prescription_id": prescription_id, "line_id": line_id}))
        }
        "prescription.activate" => prescribed(prescription(clinic, pair, &[])),
        "prescription.dispense" | "prescription.get" => prescribed(prescription(clinic, pair, &["activate"])),
        "prescription.stop" => {
            let id = prescription(clinic, pair, &["activate", "dispense"]);
            (true, true, json!({"prescription_id": id, "reason": "皮疹"}))
        }
        "prescription.cancel" => {
            (true, true, json!({"prescription_id": prescription(clinic, pair, &[]), "reason": "笔误"}))
        }
        "prescription.list" | "order.list" => (true, true, json!({"encounter_id": encounter(clinic, pair)})),
        "order.request" => {
            let encounter_id = encounter(clinic, pair);
            let params = json!({"encounter_id": encounter_id, "kind": "laboratory", "content": "血常规"});
            (true, true, params)
        }
        "order.accept" | "order.get" => ordered(order(clinic, pair, &[])),
        "order.start" => ordered(order(clinic, pair, &["accept"])),
        "order.complete" => ordered(order(clinic, pair, &["accept", "start"])),
        "order.add_result" => {
            let order_id = order(clinic, pair, &["accept", "start"]);
            let params = json!({"order_id": order_id, "name": "K", "value": "4.1", "flag": "normal"});
            (true, true, params)
        }
        "order.cancel" => {
            (true, true, json!({"order_id": order(clinic, pair, &[]), "reason": "已在外院做过"}))
        }
        "order.acknowledge" => (true, true, json!({"result_id": critical(clinic, pair)})),
        "order.withdraw_result" => {
            (true, true, json!({"result_id": critical(clinic, pair), "reason": "标本弄错"}))
        }
        // Of nobody in particular.
        "drug.get" => (false, false, json!({"drug_id": drug(clinic)})),
        "drug.search" => (false, false, json!({"name": "d"})),
        _ => return None,
    })
}
