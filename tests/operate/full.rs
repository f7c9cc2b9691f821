//! Commands beside a database on a disk that is full, and backups for which there is no room.

use crate::common::{Server, not_tested, small_disk};
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_medsrv");
/// Files on the small disk.
const CONFIGURATION: &str = "[server]\nport = 0\ndb_path = \"small/MedicalSystem.db\"\n\
    log_file = \"small/server.log\"\npid_file = \"small/server.pid\"\n";
/// Fills the small disk with what is in `data` and with nothing, and then becomes the command.
const FILLED: &str = r#"cp data/M* data/audit* small && cat /dev/zero 2>/dev/null > small/filler; exec "$@""#;

/// What the wrapped command has said, which must end with 74.
fn refused(directory: &Path, wrapper: &[&str], arguments: &[&str]) -> String {
    let output = Command::new(wrapper[0])
        .args(&wrapper[1..])
        .arg(BINARY)
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::from(fs::File::open(directory.join("password.txt")).unwrap()))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(74), "{arguments:?}: {told}");
    told
}

/// What a server that was killed has left, or one that was stopped.
fn left_behind(is_killed: bool) -> tempfile::TempDir {
    let server = Server::demo();
    let directory = if is_killed { server.kill() } else { server.stop() };
    for (name, text) in [("medsrv.conf", CONFIGURATION), ("password.txt", "pw\n")] {
        fs::write(directory.path().join(name), text).unwrap();
    }
    fs::create_dir(directory.path().join("small")).unwrap();
    directory
}

#[test]
fn a_command_on_a_full_disk_says_so_and_what_to_do() {
    let Some(mut wrapper) = small_disk("small") else {
        return not_tested("commands on a full disk");
    };
    wrapper.extend(["sh", "-c", FILLED, "sh"]);
    // With and without the files beside the database, which are made anew where they are missing.
    for is_killed in [true, false] {
        let directory = left_behind(is_killed);
        for arguments in [
            ["user", "add", "desk", "--role", "clerk"].as_slice(),
            &["report", "day"],
            &["export", "fhir", "--out", "exported"],
        ] {
            let told = refused(directory.path(), &wrapper, arguments);
            assert!(told.contains("the disk is full; "), "{told}");
            assert!(told.contains("make room on it and try again"), "{told}");
            fs::remove_dir(directory.path().join("exported")).ok();
        }
    }
}

#[test]
fn a_backup_is_not_begun_where_there_is_no_room_for_it() {
    let Some(wrapper) = small_disk("small") else {
        return not_tested("a backup onto a disk without room");
    };
    let server = Server::demo();
    fs::write(server.directory.path().join("password.txt"), "").unwrap();
    fs::create_dir(server.directory.path().join("small")).unwrap();
    let told = refused(server.directory.path(), &wrapper, &["backup", "small/b.db"]);
    assert!(told.contains("bytes free, but a backup needs") && told.contains("make room"), "{told}");
    server.stop();
}

/// A database of the schema before this one.
fn older(path: &Path) {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/migrations")).unwrap();
    let mut steps: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    steps.sort();
    steps.pop();
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "application_id", 0x6d65_6473).unwrap();
    connection.pragma_update(None, "user_version", i32::try_from(steps.len()).unwrap()).unwrap();
    steps.iter().for_each(|step| connection.execute_batch(&fs::read_to_string(step).unwrap()).unwrap());
    connection.close().unwrap();
}

#[test]
fn a_server_is_not_ended_for_one_that_has_no_room_for_an_upgrade() {
    let Some(mut wrapper) = small_disk("small") else {
        return not_tested("a restart into an upgrade on a full disk");
    };
    let server = Server::demo();
    let directory = server.directory.path();
    older(&directory.join("older.db"));
    fs::create_dir(directory.join("small")).unwrap();
    fs::write(directory.join("password.txt"), "").unwrap();
    fs::write(directory.join("next.conf"), "[server]\nport = 0\ndb_path = \"small/older.db\"\n").unwrap();
    wrapper.extend([
        "sh",
        "-c",
        r#"cp -p older.db small && cat /dev/zero 2>/dev/null > small/filler; exec "$@""#,
        "sh",
    ]);
    for command in ["check", "restart"] {
        let told = refused(directory, &wrapper, &[command, "--config", "next.conf"]);
        assert!(told.contains("its schema is older") && told.contains("; make room there"), "{told}");
    }
    assert_eq!(server.ask(r#"{"query_doctor_info": true, "doctor_name": "王医生"}"#)["status"], "success");
    server.stop();
}

#[test]
fn a_backup_that_finds_no_room_on_its_way_leaves_nothing() {
    let directory = Server::demo().stop();
    let database = Connection::open(directory.path().join("data/MedicalSystem.db")).unwrap();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) \
                INSERT INTO students (name, student_id) SELECT hex(randomblob(500)), i FROM n";
    database.execute(many, []).unwrap();
    database.close().unwrap();
    let server = Server::start_in(directory, &[], "");
    fs::write(server.directory.path().join("password.txt"), "").unwrap();
    // Past 2 MiB a file takes no more, as on a disk that has no more; the signal of that is ignored.
    let limited = ["sh", "-c", r#"trap "" XFSZ; ulimit -f 4096; exec "$@""#, "sh"];
    let told = refused(server.directory.path(), &limited, &["backup", "b.db"]);
    assert!(told.contains("medsrv: b.db: "), "{told}");
    let left: Vec<_> = fs::read_dir(server.directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("b.db"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let ended = "SELECT count(*) FROM audit WHERE method = 'backup.done' AND outcome = 'failed'";
    let noted: i64 =
        Connection::open(server.database()).unwrap().query_row(ended, [], |row| row.get(0)).unwrap();
    assert_eq!(noted, 1, "the trail says what came of it");
    server.stop();
}
