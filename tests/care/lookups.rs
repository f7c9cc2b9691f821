//! How the statements of drugs, prescriptions and orders find their rows: by an index, whatever the tables hold.

use medsrv::store::{Error, Statement, Store, params_from_iter, statements};

/// Sorted are the rows that old clients have inserted about one patient.
const SORTED: [&str; 4] = [
    "prescription/old_of_encounter.sql",
    "prescription/old_of_patient.sql",
    "service_order/old_of_encounter.sql",
    "service_order/old_of_patient.sql",
];

#[test]
fn no_statement_of_prescriptions_or_orders_reads_a_table_from_end_to_end() {
    let mut store = Store::open_in_memory().unwrap();
    let mut looked_at = 0;
    for statement in statements::ALL {
        let area = statement.file.split('/').next().unwrap();
        if !["drug", "prescription", "service_order"].contains(&area) {
            continue;
        }
        looked_at += 1;
        let sql: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {}", statement.sql).into_boxed_str());
        let explained = Statement { file: statement.file, sql };
        let parameters = (1..=12).rev().find(|number| sql.contains(&format!("?{number}"))).unwrap_or(0);
        let view = store.read().unwrap();
        view.each::<Error>(&explained, params_from_iter(vec![1; parameters]), |row| {
            let step = row.text(3)?;
            let is_sorted = step.contains("TEMP B-TREE") && !SORTED.contains(&statement.file);
            // The least of an index is its first entry.
            let is_first = step.contains("order_results_to_repeat");
            assert!(!step.starts_with("SCAN") || is_first, "{}: {step}", statement.file);
            assert!(!is_sorted, "{}: {step}", statement.file);
            Ok(())
        })
        .unwrap();
    }
    assert!(looked_at > 50);
}
