//! How the statements of messages find their rows: by an index, whatever the table holds.

use medsrv::store::{Error, Statement, Store, params_from_iter, statements};

/// How SQLite would carry out a statement.
fn plan(store: &mut Store, statement: &Statement) -> Vec<String> {
    let sql: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {}", statement.sql).into_boxed_str());
    let explained = Statement { file: statement.file, sql };
    let parameters = (1..=9).rev().find(|number| sql.contains(&format!("?{number}"))).unwrap_or(0);
    let mut steps = Vec::new();
    let view = store.read().unwrap();
    view.each::<Error>(&explained, params_from_iter(vec![1; parameters]), |row| {
        steps.push(row.text(3)?.to_owned());
        Ok(())
    })
    .unwrap();
    steps
}

#[test]
fn no_statement_of_messages_reads_a_table_from_end_to_end_or_sorts() {
    let mut store = Store::open_in_memory().unwrap();
    let mut looked_at = 0;
    for statement in statements::ALL.iter().filter(|statement| statement.file.starts_with("chat/")) {
        looked_at += 1;
        for step in plan(&mut store, statement) {
            let is_slow =
                step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW" || step.contains("TEMP B-TREE");
            assert!(!is_slow, "{}: {step}", statement.file);
        }
    }
    assert!(looked_at > 20);
}
