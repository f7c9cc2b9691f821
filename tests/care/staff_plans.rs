//! How the database finds what leave and attendance ask for.
//!
//! It never knows the rules. Invariant: no statement of theirs goes through a whole table, but a list of all.

use medsrv::store::statements::{attendance, booking, clinic_session, department, encounter, leave, notice};
use medsrv::store::{Error, Statement, Store, params_from_iter};

fn plan(store: &mut Store, statement: &Statement) -> Vec<String> {
    let explained = Statement {
        file: statement.file,
        sql: Box::leak(format!("EXPLAIN QUERY PLAN {}", statement.sql).into_boxed_str()),
    };
    let number = (1..=20).rev().find(|number| statement.sql.contains(&format!("?{number}"))).unwrap_or(0);
    let parameters = vec![None::<i64>; number];
    let mut steps = Vec::new();
    let view = store.read().unwrap();
    let read = view.each(&explained, params_from_iter(parameters), |row| {
        steps.push(row.text(3)?.to_owned());
        Ok::<_, Error>(())
    });
    read.unwrap();
    steps
}

#[test]
fn nothing_is_scanned() {
    let mut store = Store::open_in_memory().unwrap();
    for statement in [
        &attendance::BY_ID,
        &attendance::DOCTORS,
        &attendance::END,
        &attendance::END_ROW,
        &attendance::IS_THERE,
        &attendance::OF_DOCTOR,
        &attendance::OF_SESSION,
        &attendance::OPEN,
        &attendance::PLACE,
        &booking::HAND_OVER,
        &clinic_session::OF_DOCTOR_DAYS,
        &clinic_session::SET_DOCTOR,
        &department::EXISTS,
        &department::HEAD,
        &department::HEAD_OF_DOCTOR,
        &department::REMOVE_HEAD,
        &encounter::HAND_OVER,
        &leave::BY_ID,
        &leave::COVERS,
        &leave::LIST,
        &leave::MAY_STAND_IN,
        &leave::OF_DEPARTMENT,
        &leave::OF_DOCTOR,
        &leave::OUTSIDE_SESSIONS,
        &leave::OVERLAPPING,
        &leave::PENDING,
        &leave::SET_STATUS,
        &notice::WITHDRAW,
    ] {
        for step in plan(&mut store, statement) {
            // The rows of a subquery that are found already, and the one row of a doctor's own answer.
            let is_found_already = step.starts_with("SCAN (subquery") || step == "SCAN CONSTANT ROW";
            assert!(!step.starts_with("SCAN") || is_found_already, "{}: {step}", statement.file);
        }
    }
}
