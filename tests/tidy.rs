//! The rules of the house that a program can check.

use medsrv::store::{Error, Row, Statement, Store, params_from_iter, statements};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const FILE_LINES_MAX: usize = 600;
const LINE_CHARS_MAX: usize = 140;

fn files(below: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![Path::new(ROOT).join(below)];
    while let Some(directory) = directories.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no {extension} file below {below}");
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(ROOT).unwrap().display().to_string()
}

/// A source file up to its tests.
fn program(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned()
}

/// The module of `src/` that a file belongs to.
fn module(path: &Path) -> String {
    let relative = path.strip_prefix(Path::new(ROOT).join("src")).unwrap();
    relative.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

#[test]
fn imports_only_go_down() {
    // Each module, and what of this crate it may name.
    let allowed: &[(&str, &[&str])] = &[
        ("main", &["command"]),
        ("command", &["server", "net", "api", "service", "store", "ops"]),
        ("server", &["net", "dispatch", "api", "service", "store", "session", "ops"]),
        ("net", &["session"]),
        ("dispatch", &["api", "service", "store", "session", "ops"]),
        ("api", &["service", "store"]),
        ("service", &["store"]),
        ("store", &[]),
        ("session", &[]),
        ("ops", &[]),
        ("lib", &[]),
    ];
    let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
    for path in files("src", "rs") {
        let module = module(&path);
        let (_, may) = allowed.iter().find(|(name, _)| *name == module).unwrap_or_else(|| {
            panic!("{}: a module that the map does not know", shown(&path));
        });
        for (number, line) in program(&path).lines().enumerate() {
            for part in line.split("crate::").skip(1) {
                let named =
                    part.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap();
                let is_module = names.contains(&named) && named != module;
                assert!(
                    !is_module || may.contains(&named),
                    "{}:{}: {module} must not know {named}",
                    shown(&path),
                    number + 1
                );
            }
        }
    }
}

#[test]
fn what_a_layer_must_never_know_it_does_not_name() {
    for path in files("src", "rs") {
        let (module, text) = (module(&path), program(&path));
        let never: &[&str] = match module.as_str() {
            "net" => &["serde", "rusqlite", "SELECT "],
            "api" => &["rusqlite", "mio::", "Local::now", "Utc::now", "Instant::now", "SELECT "],
            "service" => {
                &["rusqlite", "mio::", "Local::now", "Utc::now", "Instant::now", "SystemTime", "SELECT "]
            }
            "dispatch" => &["rusqlite", "mio::", "Local::now", "Utc::now", "Instant::now"],
            "store" => &["mio::", "serde"],
            _ => &["rusqlite"],
        };
        for word in never {
            let found =
                text.lines().position(|line| line.contains(word) && !line.trim_start().starts_with("//"));
            // Working hours are kept as JSON by the old schema, and the texts of refusals name SELECT.
            let is_known = matches!((shown(&path).as_str(), *word), ("src/api/legacy/query.rs", "SELECT "));
            assert!(found.is_none() || is_known, "{}:{}: {word}", shown(&path), found.unwrap_or(0) + 1);
        }
        assert!(!text.contains("thread::spawn"), "{}: one thread", shown(&path));
    }
}

#[test]
fn every_sql_file_is_used_once_and_prepares() {
    let mut store = Store::open_in_memory().unwrap();
    let mut listed = BTreeSet::new();
    for statement in statements::ALL {
        assert!(listed.insert(statement.file.to_owned()), "{} is listed twice", statement.file);
        let prepared = explain(&mut store, "EXPLAIN", statement, |_| Ok(()));
        assert!(prepared.is_ok(), "{}: {:?}", statement.file, prepared);
        let name = format!("{}::", statement.file.split('/').next().unwrap());
        let constant = statement.file.split(['/', '.']).nth(1).unwrap().to_uppercase();
        let used = files("src", "rs").iter().any(|path| {
            let text = fs::read_to_string(path).unwrap();
            text.contains(&format!("{name}{constant}")) && !path.ends_with("statements.rs")
        });
        assert!(used, "{} is used nowhere", statement.file);
    }
    let present: BTreeSet<String> = files("sql/queries", "sql")
        .iter()
        .map(|path| path.strip_prefix(Path::new(ROOT).join("sql/queries")).unwrap().display().to_string())
        .collect();
    assert_eq!(listed, present);
    for path in files("sql/queries", "sql") {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.trim_end().contains(';'), "{}: one statement, without its semicolon", shown(&path));
    }
    let migrations = fs::read_to_string(Path::new(ROOT).join("src/store/migrations.rs")).unwrap();
    for path in files("sql/migrations", "sql") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(migrations.contains(&name), "{name} is not a step of the schema");
    }
}

/// The highest number of a statement's numbered parameters.
fn parameter_count(sql: &str) -> usize {
    sql.split('?')
        .skip(1)
        .filter_map(|rest| rest.split(|letter: char| !letter.is_ascii_digit()).next().unwrap().parse().ok())
        .max()
        .unwrap_or(0)
}

/// Asks SQLite how it would run a statement.
fn explain(
    store: &mut Store,
    how: &str,
    statement: &Statement,
    sink: impl FnMut(&Row<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let sql = Box::leak(format!("{how} {}", statement.sql).into_boxed_str());
    let parameters = params_from_iter(vec![None::<i64>; parameter_count(statement.sql)]);
    store.read()?.each(&Statement { file: statement.file, sql }, parameters, sink)
}

/// The statements that read a table, or an index, from end to end, by why that is right.
const READ_WHOLE: [(&str, &[&str]); 7] = [
    (
        "once, when a database of the Python server is taken over",
        &[
            "account/passwords.sql",
            "adoption/clear_odd_queue_numbers.sql",
            "adoption/complete_appointment_times.sql",
            "adoption/renumber_duplicates.sql",
        ],
    ),
    (
        "no further than its first rows, in the order of the table or the index",
        &["account/any.sql", "appointment/latest.sql", "audit/head.sql", "event/trim.sql", "icd10/any.sql"],
    ),
    ("templates are as many as doctors have hours in a week", &["schedule/of_day.sql"]),
    ("the index has those alone who wait now", &["waitlist/with_places.sql"]),
    ("a hospital has some dozens of wards, and seldom one more", &["ward/numbers.sql"]),
    ("only the rows that the statement before it has added", &["chat/add_copies.sql"]),
    (
        "a copy that is read whole to see that it is, by a command, or before a server serves",
        &[
            "backup/counts.sql",
            "backup/counts_before_audit.sql",
            "backup/dangling.sql",
            "backup/has_audit.sql",
            "backup/integrity_check.sql",
            "backup/quick_check.sql",
        ],
    ),
];

/// The statements that put rows in order which no index has in that order, by what bounds them.
const SORTED: [(&str, &[&str]); 10] = [
    ("once, when a database of the Python server is taken over", &["adoption/renumber_duplicates.sql"]),
    (
        "what one patient has had",
        &[
            "appointment/by_patient_phone.sql",
            "booking/lost_hold.sql",
            "export/allergies_of_patient.sql",
            "export/appointments_of_patient.sql",
            "export/diagnoses_of_patient.sql",
            "export/encounters_of_patient.sql",
            "export/lines_of_patient.sql",
            "export/orders_of_patient.sql",
            "export/practitioners_of_patient.sql",
            "export/results_of_patient.sql",
            "export/wards_of_patient.sql",
            "prescription/old_of_patient.sql",
            "service_order/old_of_patient.sql",
        ],
    ),
    ("the diagnoses of one visit", &["record/show_principal.sql"]),
    (
        "the tickets of one session, or those called into one room",
        &[
            "queue/in_room.sql",
            "queue/lengths_of_doctor.sql",
            "queue/lengths_of_session.sql",
            "queue/shown.sql",
            "queue/waiting.sql",
        ],
    ),
    ("the beds of one ward", &["ward/board.sql"]),
    (
        "one doctor's hours and sessions, of the days asked for",
        &[
            "attendance/of_doctor.sql",
            "clinic_session/list_of_doctor.sql",
            "clinic_session/of_doctor_day.sql",
            "clinic_session/of_doctor_days.sql",
            "leave/may_stand_in.sql",
            "leave/outside_sessions.sql",
            "report/appointments_of_doctor.sql",
            "report/sessions_of_doctor.sql",
            "schedule/exception_of_day.sql",
            "schedule/of_day.sql",
            "schedule/of_doctor_day.sql",
        ],
    ),
    ("the leaves of one department's doctors", &["leave/of_department.sql"]),
    (
        "sessions and blocks of a few days",
        &["clinic_session/alternatives.sql", "schedule/blocks_of_day.sql", "schedule/sessions_within.sql"],
    ),
    (
        "a day's or a doctor's appointments, all of which the old reply has",
        &["appointment/by_date.sql", "appointment/by_doctor_name.sql", "appointment/latest.sql"],
    ),
    ("the operations of the old dialect in a month", &["legacy_request/recent.sql"]),
];

/// Whether a step of a plan goes through all that there is.
fn reads_whole(step: &str, sql: &str) -> bool {
    // One row that is made up, or rows that a step before it has found, as its own reading shows.
    let is_no_table = step == "SCAN CONSTANT ROW" || step.starts_with("SCAN (subquery");
    // What lies behind an id may be all, but where a page of it is enough.
    let is_range_of_ids = step.contains("PRIMARY KEY (rowid>") || step.contains("PRIMARY KEY (rowid<");
    // An index that SQLite makes for one run of the statement takes every row.
    let is_made_index = step.contains("AUTOMATIC");
    step.starts_with("SCAN") && !is_no_table || is_made_index || is_range_of_ids && !sql.contains("LIMIT")
}

/// What is asked must not take longer each month: a statement finds its rows by an index, and in their order.
#[test]
fn no_statement_reads_a_table_from_end_to_end_or_sorts_more_than_is_said() {
    let mut store = Store::open_in_memory().unwrap();
    let (mut whole, mut sorted) = (BTreeSet::new(), BTreeSet::new());
    for statement in statements::ALL {
        let asked = explain(&mut store, "EXPLAIN QUERY PLAN", statement, |row| {
            let step = row.text(3)?;
            let (is_whole, is_sorted) = (reads_whole(step, statement.sql), step.contains("TEMP B-TREE"));
            if is_whole || is_sorted {
                println!("{}: {step}", statement.file);
            }
            whole.extend(is_whole.then_some(statement.file));
            sorted.extend(is_sorted.then_some(statement.file));
            Ok(())
        });
        asked.unwrap();
    }
    let listed = |lists: &[(&str, &[&'static str])]| -> BTreeSet<&'static str> {
        lists.iter().flat_map(|(_, files)| files.iter().copied()).collect()
    };
    assert_eq!(whole, listed(&READ_WHOLE));
    assert_eq!(sorted, listed(&SORTED));
}

#[test]
fn files_and_lines_stay_short_and_say_what_they_own() {
    let below = ["src", "tests", "loadtest/src", "loadtest/tests", "loadtest/benches"];
    for path in below.iter().flat_map(|directory| files(directory, "rs")) {
        let path = &path;
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines().count();
        assert!(lines <= FILE_LINES_MAX, "{}: {lines} lines; does a second noun live there?", shown(path));
        assert!(text.starts_with("//!"), "{}: opens with what it owns", shown(path));
        for (number, line) in text.lines().enumerate() {
            let is_data = line.contains('"');
            assert!(
                is_data || line.chars().count() <= LINE_CHARS_MAX,
                "{}:{}: {} characters",
                shown(path),
                number + 1,
                line.chars().count()
            );
            for banned in ["dbg!(", "todo!(", "unimplemented!(", "FIXME", "XXX", "#[ignore", "#[should_panic"]
            {
                let is_here = path.ends_with("tidy.rs");
                assert!(is_here || !line.contains(banned), "{}:{}: {banned}", shown(path), number + 1);
            }
        }
    }
}
