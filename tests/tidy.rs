//! The rules of the house that a program can check.

use medsrv::store::{Store, params, statements};
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
        let plan = medsrv::store::Statement {
            file: statement.file,
            sql: Box::leak(format!("EXPLAIN {}", statement.sql).into_boxed_str()),
        };
        let parameters =
            vec![None::<i64>; statement.sql.matches('?').count().min(parameter_count(statement.sql))];
        let prepared = store.read().unwrap().each::<medsrv::store::Error>(
            &plan,
            medsrv::store::params_from_iter(parameters),
            |_| Ok(()),
        );
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
    let _ = (store.commit(), params![]);
}

/// The highest number of a statement's numbered parameters.
fn parameter_count(sql: &str) -> usize {
    sql.split('?')
        .skip(1)
        .filter_map(|rest| rest.split(|letter: char| !letter.is_ascii_digit()).next().unwrap().parse().ok())
        .max()
        .unwrap_or(0)
}

/// What looks through a table all the same: the latest twenty of an index, templates, which are as many as doctors
/// have hours in a week, and the index of those who wait now.
const LOOKED_THROUGH: [&str; 3] =
    ["appointment/latest.sql", "schedule/of_day.sql", "waitlist/with_places.sql"];

/// What is asked while many want a place, or by a timer, must not take longer each month.
#[test]
fn no_statement_of_the_clinic_looks_through_a_table_that_grows() {
    let mut store = Store::open_in_memory().unwrap();
    let areas = [
        "access",
        "appointment",
        "booking",
        "clinic_session",
        "notice",
        "penalty",
        "queue",
        "schedule",
        "waitlist",
    ];
    let mut found = BTreeSet::new();
    for statement in statements::ALL {
        if !areas.contains(&statement.file.split('/').next().unwrap()) {
            continue;
        }
        let plan = medsrv::store::Statement {
            file: statement.file,
            sql: Box::leak(format!("EXPLAIN QUERY PLAN {}", statement.sql).into_boxed_str()),
        };
        let parameters =
            vec![None::<i64>; statement.sql.matches('?').count().min(parameter_count(statement.sql))];
        let asked = store.read().unwrap().each::<medsrv::store::Error>(
            &plan,
            medsrv::store::params_from_iter(parameters),
            |row| {
                let step = row.text(3)?;
                if step.starts_with("SCAN") && step != "SCAN CONSTANT ROW" {
                    println!("{}: {step}", statement.file);
                    found.insert(statement.file);
                }
                Ok(())
            },
        );
        asked.unwrap();
    }
    assert_eq!(found, BTreeSet::from(LOOKED_THROUGH));
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
