//! How the queries of records find their rows.

use super::clinic::*;
use medsrv::store::statements::ALL;

#[test]
fn each_query_finds_its_rows_by_an_index_and_sorts_none() {
    let mut clinic = Clinic::new();
    let areas = [
        "access/",
        "allergy/",
        "attachment/",
        "chat/",
        "diagnosis/",
        "encounter/",
        "icd10/",
        "record/",
        "timeline/",
    ];
    for statement in ALL.iter().filter(|one| areas.iter().any(|area| one.file.starts_with(area))) {
        let plan = clinic.plan(statement);
        for step in plan.lines() {
            // Any row will do, and the few ranks of one encounter are put in order.
            let is_known = step == "SCAN CONSTANT ROW"
                || statement.file == "icd10/any.sql"
                || statement.file == "record/show_principal.sql";
            let is_bad = step.starts_with("SCAN") || step.contains("TEMP B-TREE");
            assert!(is_known || !is_bad, "{}:\n{plan}", statement.file);
        }
    }
}
