//! A database that the Python server wrote, taken over in place.

mod common;

use common::{Server, recorded, without_moments};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/legacy/MedicalSystem.db");

/// All rows of all tables but for SQLite's own.
fn contents(path: &Path) -> BTreeMap<String, Vec<Vec<Value>>> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut names = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .unwrap();
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let mut tables = BTreeMap::new();
    for name in names {
        let mut statement = connection.prepare(&format!("SELECT * FROM {name} ORDER BY 1")).unwrap();
        let columns = statement.column_count();
        let rows = statement
            .query_map([], |row| {
                (0..columns).map(|column| row.get(column)).collect::<Result<Vec<Value>, _>>()
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        tables.insert(name, rows);
    }
    tables
}

/// A directory whose database is what `change` made of the Python server's.
fn directory_with(change: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("data")).unwrap();
    let database = directory.path().join("data/MedicalSystem.db");
    fs::copy(FIXTURE, &database).unwrap();
    Connection::open(&database)
        .unwrap()
        .execute_batch(&format!("PRAGMA foreign_keys = OFF; {change}"))
        .unwrap();
    directory
}

#[test]
fn every_row_and_id_survives_and_no_credential_is_left_in_plaintext() {
    let server = Server::start_in(directory_with(""), &[], "");
    let login = |name: &str, password: &str| {
        let request = serde_json::json!({"login": true, "user_name": name, "password": password});
        server.ask(&request.to_string())["result"].clone()
    };
    assert_eq!(login("13800138000", "new1"), "verificationSuccess");
    assert_eq!(login("DOC010", "hd"), "verificationSuccess");
    assert_eq!(login("DOC010", "new1"), "verificationFalse");
    let directory = server.stop();
    let (database, copy) = (
        directory.path().join("data/MedicalSystem.db"),
        directory.path().join("data/MedicalSystem.db.before-medsrv"),
    );
    let before = contents(Path::new(FIXTURE));
    assert_eq!(contents(&copy), before, "the copy is the file as it was");
    let mut after = contents(&database);
    let mut expected = before;
    // Tables of our own came to them.
    after.retain(|name, _| expected.contains_key(name));
    for (now, old) in after.get_mut("users").unwrap().iter_mut().zip(expected.get_mut("users").unwrap()) {
        let Value::Text(hash) = std::mem::replace(&mut now[2], Value::Null) else { panic!("{now:?}") };
        let Value::Text(plain) = std::mem::replace(&mut old[2], Value::Null) else { panic!("{old:?}") };
        // The first login of an account brings its form up to date.
        assert!(hash.starts_with("$sha256$") || hash.starts_with("$pbkdf2-sha256$"), "{hash}");
        // The shortest ones stand in a random text by chance.
        assert!(plain.len() < 8 || !hash.contains(&plain));
    }
    assert_eq!(after, expected);
    let bytes = fs::read(&database).unwrap();
    assert!(!bytes.windows(13).any(|window| window == b"hash_patient2"), "nor in a free page");
}

#[test]
fn the_recorded_queries_find_what_the_python_server_left() {
    let server = Server::start_in(directory_with(""), &[], "");
    // The recordings' later queries, whose replies only depend on what the conversation left behind.
    let queries = [
        "SELECT name, department",
        "SELECT status, COUNT",
        "COUNT(*) as total",
        "\"doctor_name\": \"周医生\"}",
    ];
    let mut played = 0;
    let last = recorded().into_iter().rev().filter(|(send, _)| {
        queries.iter().any(|query| send.contains(query)) && !send.contains("create_appointment")
    });
    for (send, expected) in last.take(4) {
        let expected = without_moments(&expected);
        let mut reply = without_moments(&server.ask(&send));
        // The doctor was made unavailable after the recorded query.
        if send.contains("query_doctor_info") {
            reply["result"]["doctor_info"]["is_available"] = true.into();
        }
        assert_eq!(reply, expected, "{send}");
        played += 1;
    }
    assert_eq!(played, 4);
    let next = server.ask(r#"{"register_patient": true, "name": "新", "password_hash": "h", "phone": "1"}"#);
    assert_eq!(next["result"], "chenggongcharu");
    let found = server.ask(r#"{"query_patient_info": true, "patient_name": "新"}"#);
    assert_eq!(found["result"]["patient_info"]["patient_id"], 10, "ids go on where they were");
}

#[test]
fn what_the_python_server_let_in_is_taken_as_it_is() {
    let change = "
        INSERT INTO appointments VALUES (90, 1, 5, '2024-06-03 09:00:00', 'pending', 0, 1, NULL);
        DELETE FROM appointments WHERE appointment_id = 90;
        INSERT INTO appointments VALUES (20, 1, 5, '2024-06-01 09:00', 'pending', 0, 1, '2024-05-01 00:00:00');
        INSERT INTO appointments VALUES (21, 2, 5, '2024-06-01 09:00:00', 'pending', 'yes', 1, NULL);
        INSERT INTO appointments VALUES (22, 2, 5, '2024-06-01 09:00:00', 'pending', 0, 2, NULL);
        INSERT INTO appointments VALUES (23, 99, 5, 'soon', 'pending', NULL, NULL, NULL);
        INSERT INTO appointments VALUES (24, 1, 5, '2024-06-02 09:00:00', 'pending', 0, 'abc', NULL);
        INSERT INTO patients (patient_id, name, birth_date) VALUES (50, '无帐号', 19900101);
    ";
    let server = Server::start_in(directory_with(change), &[], "");
    let day = server.ask(r#"{"query_appointments": true, "appointment_date": "2024-06-01"}"#);
    let rows: Vec<_> = day["result"]["appointments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (row["appointment_id"].clone(), row["appointment_time"].clone(), row["queue_number"].clone())
        })
        .collect();
    let time = "2024-06-01 09:00:00";
    assert_eq!(
        rows,
        [
            (20.into(), time.into(), 1.into()),
            (21.into(), time.into(), 3.into()),
            (22.into(), time.into(), 2.into())
        ]
    );
    let booked = server.ask(
        r#"{"create_appointment": true, "patient_phone": "15800158000", "doctor_name": "刘医生", "appointment_time": "2024-06-01 10:00"}"#,
    );
    assert_eq!(booked["result"]["appointment_info"]["queue_number"], 4);
    assert_eq!(booked["result"]["appointment_info"]["appointment_id"], 91, "an id is not given again");
    let all = server.ask(r#"{"query_appointments": true}"#);
    assert_eq!(all["result"]["appointments"][0]["queue_number"], serde_json::Value::Null);
    let rows = server.ask(r#"{"sql_query": "SELECT count(*) FROM appointments WHERE appointment_id = 23"}"#);
    assert_eq!(rows["result"]["data"][0][0], 1, "a row that refers to nobody is kept");
    let log = server.log();
    assert!(log.contains("9 credentials are hashed now"), "{log}");
    assert!(log.contains("1 appointments had a queue number twice"), "{log}");
    assert!(log.contains("2 rows refer to rows that are not there"), "{log}");
}

#[test]
fn adoption_happens_once() {
    let directory = Server::start_in(directory_with(""), &[], "").stop();
    let directory = Server::start_in(directory, &[], "").stop();
    let copies = fs::read_dir(directory.path().join("data"))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("before-medsrv"))
        .count();
    assert_eq!(copies, 1);
}

#[test]
fn a_file_that_is_not_ours_is_left_alone() {
    for (content, said) in [
        (
            Some("this is a letter, not a database, and it is long enough to be read as a header".repeat(20)),
            "not a database",
        ),
        (None, "belongs to another program"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("other.db");
        match &content {
            Some(text) => fs::write(&database, text).unwrap(),
            None => Connection::open(&database).unwrap().execute_batch("CREATE TABLE notes (text)").unwrap(),
        }
        let before = fs::read(&database).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_medsrv"))
            .args(["start", "--port", "0", "--db-path", "other.db"])
            .current_dir(directory.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(65));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(said) && error.contains("other.db"), "{error}");
        assert_eq!(fs::read(&database).unwrap(), before);
    }
}

#[test]
fn without_demo_a_new_database_has_no_user() {
    let server = Server::start(&[], "");
    let reply = server.ask(r#"{"sql_query": "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM appointments), (SELECT count(*) FROM students)"}"#);
    assert_eq!(reply["result"]["data"], serde_json::json!([[0, 0, 0]]));
}
