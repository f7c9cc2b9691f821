//! A database of an older or a newer schema, as the real binary starts on it.

mod common;

use common::{Server, foreground, keep_new_files_private};
use rusqlite::Connection;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// The first schema that has an audit trail, which `backup verify` reads.
const AUDITED: usize = 4;

/// The steps of the schema, in order.
fn migrations() -> Vec<String> {
    let entries = fs::read_dir(Path::new(ROOT).join("sql/migrations")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// A directory with a database that has taken so many steps, and a row of somebody's.
fn directory_at(schema: usize) -> tempfile::TempDir {
    keep_new_files_private();
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("data")).unwrap();
    let connection = Connection::open(database(directory.path())).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "foreign_keys", "OFF").unwrap();
    for sql in &migrations()[..schema] {
        connection.execute_batch(sql).unwrap();
    }
    connection.pragma_update(None, "user_version", i32::try_from(schema).unwrap()).unwrap();
    connection.pragma_update(None, "application_id", 0x6d65_6473).unwrap();
    connection.execute("INSERT INTO students (name, student_id) VALUES ('李四', 7)", []).unwrap();
    directory
}

fn database(directory: &Path) -> PathBuf {
    directory.join("data/MedicalSystem.db")
}

fn schema_of(path: &Path) -> usize {
    let version = Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0));
    usize::try_from(version.unwrap_or(-1i64)).unwrap()
}

fn students(path: &Path) -> Vec<(String, i64)> {
    let connection = Connection::open(path).unwrap();
    let mut rows = connection.prepare("SELECT name, student_id FROM students").unwrap();
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap()
}

/// What lies beside the database and was made before an upgrade, but for the manifests.
fn backups(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory.join("data")).unwrap().map(|entry| entry.unwrap().path());
    let is_one = |path: &PathBuf| path.to_string_lossy().contains(".schema-");
    entries.filter(|path| is_one(path) && path.extension().is_none_or(|end| end != "json")).collect()
}

fn start_in_vain(directory: &Path) -> Output {
    foreground(&[], directory, &[]).output().unwrap()
}

fn complaints(directory: &Path) -> String {
    fs::read_to_string(directory.join("stderr.txt")).unwrap()
}

#[test]
fn a_database_of_an_older_schema_is_backed_up_before_it_is_changed() {
    let newest = migrations().len();
    for schema in 1..newest {
        let server = Server::start_in(directory_at(schema), &[], "");
        let reply = server.ask(r#"{"sql_query": "SELECT name FROM students"}"#);
        assert_eq!(reply["result"]["data"][0][0], "李四");
        let log = server.log();
        assert!(log.contains(&format!("was brought from schema {schema} to {newest}")), "{log}");
        let directory = server.stop();
        assert_eq!(schema_of(&database(directory.path())), newest);

        let found = backups(directory.path());
        let [backup] = &found[..] else { panic!("{found:?}") };
        let name = backup.file_name().unwrap().to_string_lossy();
        assert!(name.starts_with(&format!("MedicalSystem.db.schema-{schema}-20")), "{name}");
        assert!(log.contains(&*name), "{log}");
        assert_eq!(schema_of(backup), schema);
        assert_eq!(students(backup), [("李四".to_owned(), 7)]);
        let manifest = fs::read_to_string(backup.with_file_name(format!("{name}.json"))).unwrap();
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        assert_eq!(manifest["schema"], schema);
        if schema >= AUDITED {
            let verified = Command::new(env!("CARGO_BIN_EXE_medsrv"))
                .args(["backup", "verify"])
                .arg(backup)
                .current_dir(directory.path())
                .output()
                .unwrap();
            assert!(verified.status.success(), "{verified:?}");
        }

        // Nothing is left to be done the second time.
        let directory = Server::start_in(directory, &[], "").stop();
        assert_eq!(backups(directory.path()), found);
    }
}

#[test]
fn what_upgrades_that_were_killed_have_left_goes_with_the_next() {
    let directory = directory_at(migrations().len() - 1);
    let at = |name: &str| directory.path().join("data").join(format!("MedicalSystem.db.schema-{name}"));
    let left = [
        "3-20200101T000000000.partial",
        "3-20200101T000000000.partial.lock",
        "3-20200101T000000000.json.partial",
        "5-20200102T000000000.partial",
        "5-20200104T000000000.partial.lock",
    ];
    let others = ["3-20200103T000000000", "mine.partial", "3-mine.partial"];
    for name in left.iter().chain(&others) {
        fs::write(at(name), "half").unwrap();
    }
    let (left, others) = (left.map(at), others.map(at));
    let directory = Server::start_in(directory, &[], "").stop();
    assert!(left.iter().all(|path| !path.exists()));
    assert!(others.iter().all(|path| path.exists()));
    assert_eq!(backups(directory.path()).len(), others.len() + 1);
}

#[test]
fn an_empty_database_and_the_python_servers_need_no_backup() {
    let directory = Server::start(&[], "").stop();
    assert_eq!(backups(directory.path()), Vec::<PathBuf>::new());
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("data")).unwrap();
    let content = fs::read(Path::new(ROOT).join("tests/legacy/MedicalSystem.db")).unwrap();
    fs::write(database(directory.path()), content).unwrap();
    let directory = Server::start_in(directory, &[], "").stop();
    assert_eq!(schema_of(&database(directory.path())), migrations().len());
    assert_eq!(backups(directory.path()), Vec::<PathBuf>::new(), "the copy at the adoption is one");
    assert!(directory.path().join("data/MedicalSystem.db.before-medsrv").exists());
}

#[test]
fn a_database_of_a_newer_schema_is_refused_and_stays_as_it_is() {
    let directory = Server::start(&[], "").stop();
    let path = database(directory.path());
    let newer = migrations().len() + 1;
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "journal_mode", "DELETE").unwrap();
    connection.pragma_update(None, "user_version", i32::try_from(newer).unwrap()).unwrap();
    connection.close().unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(start_in_vain(directory.path()).status.code(), Some(65));
    let told = complaints(directory.path());
    assert!(
        told.contains(&format!("its schema {newer} is newer than this program's {}", newer - 1)),
        "{told}"
    );
    assert!(fs::read(&path).unwrap() == before, "not a byte of it was changed");
    assert_eq!(backups(directory.path()), Vec::<PathBuf>::new());
}

#[test]
fn steps_that_fail_leave_the_database_as_it_was_and_no_backup_of_it() {
    let newest = migrations().len();
    let directory = directory_at(newest - 1);
    let path = database(directory.path());
    // What the last of them takes away is not there.
    let connection = Connection::open(&path).unwrap();
    let last = migrations().pop().unwrap();
    let (_, rest) = last.split_once("DROP INDEX ").unwrap();
    let index = rest.split(';').next().unwrap();
    connection.execute_batch(&format!("DROP INDEX {index}")).unwrap();
    connection.close().unwrap();
    assert_eq!(start_in_vain(directory.path()).status.code(), Some(65));
    assert!(complaints(directory.path()).contains(index), "{}", complaints(directory.path()));
    assert_eq!(schema_of(&path), newest - 1);
    assert_eq!(students(&path), [("李四".to_owned(), 7)]);
    assert_eq!(backups(directory.path()), Vec::<PathBuf>::new());
}

#[test]
fn without_room_for_the_backup_nothing_is_changed() {
    let directory = directory_at(migrations().len() - 1);
    let path = database(directory.path());
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE large AS SELECT zeroblob(2500000) AS room").unwrap();
    connection.pragma_update(None, "journal_mode", "DELETE").unwrap();
    connection.close().unwrap();
    fs::rename(&path, directory.path().join("old.db")).unwrap();
    let script = r#"mount -t tmpfs -o size=4m tmpfs data && cp old.db data/MedicalSystem.db && chmod 600 data/*
        echo mounted > mounted
        "$@"; code=$?; cp data/MedicalSystem.db after.db; ls data > names; exit $code"#;
    for namespace in [&["unshare", "--mount"][..], &["unshare", "--map-root-user", "--mount"]] {
        let wrapper: Vec<&str> = namespace.iter().copied().chain(["sh", "-c", script, "sh"]).collect();
        let status = foreground(&wrapper, directory.path(), &[]).stdout(Stdio::null()).status();
        let is_mounted = directory.path().join("mounted").exists();
        if !is_mounted {
            continue;
        }
        assert_eq!(status.unwrap().code(), Some(74), "{}", complaints(directory.path()));
        let told = complaints(directory.path());
        assert!(told.contains("the backup that is made before it is changed failed"), "{told}");
        assert!(told.contains("its disk has ") && told.contains("make room"), "{told}");
        let after = directory.path().join("after.db");
        assert_eq!(schema_of(&after), migrations().len() - 1);
        assert_eq!(students(&after), [("李四".to_owned(), 7)]);
        let names = fs::read_to_string(directory.path().join("names")).unwrap();
        assert!(!names.contains(".schema-"), "{names}");
        return;
    }
    // Past the test harness, which keeps what a passing test prints to itself.
    let notice = "\nNOT TESTED: an upgrade on a full disk, for no mount namespace may be made here.\n";
    std::io::Write::write_all(&mut std::io::stderr(), notice.as_bytes()).unwrap();
}
