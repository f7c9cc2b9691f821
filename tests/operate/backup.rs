//! Backups, made while others write, looked at, and put back.

use crate::common::{Client, Server};
use crate::place::{expect, run, wait_until};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::JoinHandle;

const WRITERS: i64 = 4;
/// Between the numbers of one writer and those of the next.
const APART: i64 = 1_000_000;

/// Clients that write numbers, each its own from 1 on, and know how far they have come.
struct Writers {
    stop: Arc<AtomicBool>,
    sent: Vec<Arc<AtomicI64>>,
    acknowledged: Vec<Arc<AtomicI64>>,
    clients: Vec<JoinHandle<()>>,
}

impl Writers {
    fn on(server: &Server) -> Writers {
        let mut writers =
            Writers { stop: Arc::default(), sent: Vec::new(), acknowledged: Vec::new(), clients: Vec::new() };
        for writer in 0..WRITERS {
            let (sent, acknowledged) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
            writers.sent.push(Arc::clone(&sent));
            writers.acknowledged.push(Arc::clone(&acknowledged));
            let (stop, address) = (Arc::clone(&writers.stop), server.address);
            writers.clients.push(std::thread::spawn(move || {
                let mut client = Client::connect(address);
                while !stop.load(Ordering::SeqCst) {
                    let number = sent.fetch_add(1, Ordering::SeqCst) + 1;
                    let reply = client.ask(&insertion((writer + 1) * APART + number));
                    assert_eq!(reply["result"], "成功插入数据到表 students", "{reply}");
                    acknowledged.store(number, Ordering::SeqCst);
                }
            }));
        }
        writers
    }

    fn sent(&self) -> Vec<i64> {
        self.sent.iter().map(|sent| sent.load(Ordering::SeqCst)).collect()
    }

    fn acknowledged(&self) -> Vec<i64> {
        self.acknowledged.iter().map(|number| number.load(Ordering::SeqCst)).collect()
    }

    fn leave(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.clients.into_iter().for_each(|client| client.join().unwrap());
    }
}

fn insertion(number: i64) -> String {
    json!({"table_name": "students", "name": "x".repeat(60), "student_id": number}).to_string()
}

fn read_only(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

fn integer(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// How far each writer had come, where all that it had written until then is there.
fn prefixes(path: &Path) -> Vec<i64> {
    let connection = read_only(path);
    let prefix = |writer| {
        let of_writer = format!("FROM students WHERE student_id / {APART} = {writer}");
        let count = integer(&connection, &format!("SELECT count(*) {of_writer}"));
        let last =
            integer(&connection, &format!("SELECT coalesce(max(student_id) % {APART}, 0) {of_writer}"));
        assert_eq!(count, last, "nothing is missing before what writer {writer} wrote last");
        last
    };
    (1..=WRITERS).map(prefix).collect()
}

fn manifest(path: &Path) -> Value {
    let beside = format!("{}.json", path.display());
    serde_json::from_str(&fs::read_to_string(beside).unwrap()).unwrap()
}

fn at(server: &Server, name: &str) -> PathBuf {
    server.directory.path().join(name)
}

fn names(directory: &Path, beginning: &str) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(beginning))
        .collect();
    names.sort();
    names
}

#[test]
fn each_backup_is_one_moment_of_what_was_acknowledged_while_others_write() {
    let server = Server::demo();
    let writers = Writers::on(&server);
    wait_until("all have written", || writers.acknowledged().iter().all(|number| *number > 20));
    let mut last = vec![0; writers.sent.len()];
    for number in 1..=5 {
        let name = format!("backup-{number}.db");
        let path = at(&server, &name);
        let before = writers.acknowledged();
        expect(&server, 0, &["backup", &name]);
        let after = writers.sent();
        let found = prefixes(&path);
        for (writer, prefix) in found.iter().enumerate() {
            assert!((before[writer]..=after[writer]).contains(prefix), "{before:?} {found:?} {after:?}");
            assert!(last[writer] <= *prefix, "no backup is older than the one before");
        }
        let told = manifest(&path);
        let audit = integer(&read_only(&path), "SELECT max(sequence) FROM audit");
        assert_eq!(told["audit"]["sequence"], audit);
        assert_eq!(told["bytes"], fs::metadata(&path).unwrap().len());
        assert_eq!(told["schema"], medsrv::store::SCHEMA_VERSION);
        last = found;
    }
    writers.leave();
    for number in 1..=5 {
        let whole = expect(&server, 0, &["backup", "verify", &format!("backup-{number}.db")]);
        assert!(whole.out.starts_with(&format!("backup-{number}.db is whole\n")), "{whole:?}");
    }
    assert_eq!(names(server.directory.path(), "backup").len(), 10, "nothing else is left");
    expect(&server, 0, &["audit", "verify"]);
    server.stop();
}

#[test]
fn a_backup_is_its_owners_and_takes_no_others_place() {
    let server = Server::demo();
    expect(&server, 0, &["backup", "b.db"]);
    for name in ["b.db", "b.db.json"] {
        let mode = fs::metadata(at(&server, name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let first = fs::read(at(&server, "b.db")).unwrap();
    let refused = expect(&server, 1, &["backup", "b.db"]);
    assert!(refused.err.contains("b.db is there already"), "{refused:?}");
    assert_eq!(fs::read(at(&server, "b.db")).unwrap(), first);
    server.ask(&insertion(7));
    expect(&server, 0, &["backup", "b.db", "--force"]);
    assert_eq!(
        integer(&read_only(&at(&server, "b.db")), "SELECT count(*) FROM students WHERE student_id = 7"),
        1
    );
    for name in ["data/MedicalSystem.db", "data/../data/MedicalSystem.db-wal", "data/audit.key"] {
        for words in [["backup", "--force", name].as_slice(), &["report", "day", "--out", name]] {
            let refused = expect(&server, 2, words);
            assert!(refused.err.contains("the server's own"), "{refused:?}");
        }
    }
    std::os::unix::fs::symlink("data/MedicalSystem.db", at(&server, "report.txt.partial")).unwrap();
    expect(&server, 0, &["report", "day", "--out", "report.txt"]);
    assert!(fs::symlink_metadata(at(&server, "report.txt")).unwrap().is_file(), "no link is followed");
    assert!(fs::read(server.database()).unwrap().starts_with(b"SQLite format 3"));
    expect(&server, 74, &["backup", "nowhere/b.db"]);
    // Whoever makes one is in the trail, and the backup has that already.
    let entries = "SELECT count(*) FROM audit WHERE method = 'backup' AND role = 'operator'";
    assert_eq!(integer(&read_only(&at(&server, "b.db")), entries), 2);
    // Nothing needs a server.
    server.stop();
    let server = Server::start(&["--demo"], "");
    let directory = server.stop();
    let server = Server::start_in(directory, &[], "");
    let directory = server.kill();
    let server = Server::start_in(directory, &[], "");
    expect(&server, 0, &["stop"]);
    expect(&server, 0, &["backup", "c.db"]);
    expect(&server, 0, &["backup", "verify", "c.db"]);
}

#[test]
fn what_is_not_what_was_written_is_not_called_whole() {
    let server = Server::demo();
    expect(&server, 0, &["backup", "b.db"]);
    let (path, beside) = (at(&server, "b.db"), at(&server, "b.db.json"));
    let (bytes, text) = (fs::read(&path).unwrap(), fs::read_to_string(&beside).unwrap());
    let not_whole = |exit_code: i32, word: &str| {
        let answer = run(&server, &["backup", "verify", "b.db"]);
        assert_eq!(answer.exit_code, exit_code, "{word}: {answer:?}");
        assert!(answer.err.contains(word), "{word}: {answer:?}");
        assert_eq!(answer.out, "");
    };
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&[bytes[5000] ^ 1], 5000).unwrap();
    not_whole(65, "SHA-256");
    file.set_len(bytes.len() as u64 - 4096).unwrap();
    not_whole(65, "bytes");
    fs::write(&path, &bytes).unwrap();
    let mut told = manifest(&path);
    told["counts"]["patients"] = json!(1_000_000);
    fs::write(&beside, told.to_string()).unwrap();
    not_whole(65, "what its manifest says");
    fs::write(&beside, "{").unwrap();
    not_whole(74, "manifest");
    fs::remove_file(&beside).unwrap();
    not_whole(74, "manifest");
    // Who has changed both the database and its manifest does not have the key of the trail.
    let connection = Connection::open(&path).unwrap();
    let triggers: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for trigger in triggers {
        connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    assert_eq!(connection.execute("UPDATE audit SET peer = 'x' WHERE sequence = 1", []).unwrap(), 1);
    drop(connection);
    let mut told: Value = serde_json::from_str(&text).unwrap();
    let (length, sha256) = medsrv::ops::manifest::fingerprint(&path).unwrap();
    (told["bytes"], told["sha256"]) = (json!(length), json!(sha256));
    fs::write(&beside, told.to_string()).unwrap();
    not_whole(65, "its audit trail is not whole: entry 1 is bad");
    fs::write(&beside, &text).unwrap();
    fs::write(&path, &bytes).unwrap();
    expect(&server, 0, &["backup", "verify", "b.db"]);
    server.stop();
}

#[test]
fn a_backup_is_put_back_and_so_is_what_it_had_replaced() {
    let server = Server::demo();
    server.ask(&insertion(1));
    expect(&server, 0, &["backup", "b.db"]);
    server.ask(&insertion(2));
    let running = expect(&server, 1, &["restore", "b.db"]);
    assert!(running.err.contains("a server runs"), "{running:?}");
    // By another pid file it is still this database.
    let running = expect(&server, 1, &["restore", "b.db", "--pid-file", "other.pid"]);
    assert!(running.err.contains("a server has this database"), "{running:?}");
    let numbers = |server: &Server| {
        let numbers = "SELECT group_concat(student_id) FROM students WHERE student_id < 10";
        read_only(&server.database()).query_row(numbers, [], |row| row.get::<_, String>(0)).unwrap()
    };
    assert_eq!(numbers(&server), "1,2");
    let mut server = server;
    expect(&server, 0, &["stop"]);
    assert_eq!(server.wait(), Some(0));
    let spoiled = fs::read(at(&server, "b.db")).unwrap();
    fs::write(at(&server, "bad.db"), &spoiled[..spoiled.len() - 1]).unwrap();
    fs::copy(at(&server, "b.db.json"), at(&server, "bad.db.json")).unwrap();
    expect(&server, 65, &["restore", "bad.db"]);
    assert_eq!(numbers(&server), "1,2", "what is not whole is not put back");

    let restored = expect(&server, 0, &["restore", "b.db"]);
    assert_eq!(numbers(&server), "1");
    let kept = names(&at(&server, "data"), "MedicalSystem.db.before-restore-");
    assert!(!kept.is_empty(), "{restored:?}");
    assert!(restored.out.contains("To go back, stop the server and run\n"), "{restored:?}");
    let (before, _) = restored.out.split_once(" is now the backup ").unwrap();
    for name in &kept {
        assert!(before.contains(&format!("/{name}\n")), "it is told before anything is moved: {before}");
    }
    assert_eq!(names(&at(&server, "data"), "audit.anchor.before-restore-").len(), 1, "{restored:?}");
    expect(&server, 0, &["audit", "verify"]);
    let server = Server::start_in(server.leave(), &[], "");
    assert_eq!(server.ask(&insertion(3))["status"], "success");
    assert_eq!(numbers(&server), "1,3");
    let mut server = server;
    expect(&server, 0, &["stop"]);
    assert_eq!(server.wait(), Some(0));
    // As it was told.
    for line in restored.out.lines().skip_while(|line| !line.contains("To go back")).skip(1) {
        let shell =
            std::process::Command::new("sh").args(["-c", line]).current_dir(server.directory.path()).status();
        assert!(shell.unwrap().success(), "{line}");
    }
    assert_eq!(numbers(&server), "1,2");
    let server = Server::start_in(server.leave(), &[], "");
    server.stop();
}

#[test]
fn a_backup_is_put_where_there_is_no_database() {
    let server = Server::demo();
    server.ask(&insertion(1));
    expect(&server, 0, &["backup", "b.db"]);
    // A server that was killed leaves its WAL, which is not that of the backup.
    let directory = server.kill();
    let server = Server::start_in(directory, &[], "");
    server.ask(&insertion(2));
    let directory = server.kill();
    assert!(directory.path().join("data/MedicalSystem.db-wal").exists());
    let medsrv = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_medsrv"));
        let output = command.args(arguments).current_dir(directory.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    medsrv(&["restore", "b.db"]);
    let kept = names(&directory.path().join("data"), "MedicalSystem.db.before-restore-");
    assert!(kept.iter().any(|name| name.ends_with("-wal")), "{kept:?}");
    for name in ["MedicalSystem.db", "audit.anchor"] {
        fs::remove_file(directory.path().join("data").join(name)).ok();
    }
    let told = medsrv(&["restore", "b.db"]);
    assert!(told.contains("there was nothing in its place before"), "{told}");
    let server = Server::start_in(directory, &[], "");
    assert_eq!(
        integer(&read_only(&server.database()), "SELECT max(student_id) FROM students WHERE student_id < 10"),
        1
    );
    server.stop();
}

#[test]
fn a_restore_that_was_interrupted_keeps_a_server_from_starting_and_is_undone() {
    let server = Server::demo();
    server.ask(&insertion(1));
    expect(&server, 0, &["backup", "b.db"]);
    server.ask(&insertion(2));
    // One that was killed, with its WAL.
    let directory = server.kill();
    let data = directory.path().join("data");
    let medsrv = |exit_code: i32, arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_medsrv"));
        let output = command.args(arguments).current_dir(directory.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(exit_code), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    };
    // As a restore that is killed after its second step leaves it.
    let interrupt = || {
        fs::copy(directory.path().join("b.db"), data.join("MedicalSystem.db.restoring-7")).unwrap();
        for suffix in ["", "-wal"] {
            let name = data.join(format!("MedicalSystem.db{suffix}"));
            fs::rename(name, data.join(format!("MedicalSystem.db.before-restore-7{suffix}"))).unwrap();
        }
    };
    interrupt();
    let refused = medsrv(65, &["start", "--foreground", "--port", "0"]);
    assert!(refused.contains("a restore was interrupted"), "{refused}");
    assert!(refused.contains("medsrv restore --undo"), "{refused}");
    assert!(!data.join("MedicalSystem.db").exists(), "no empty one is made");
    let told = medsrv(0, &["restore", "--undo"]);
    assert!(told.contains("all is as it was before"), "{told}");
    let last = || {
        integer(
            &read_only(&data.join("MedicalSystem.db")),
            "SELECT max(student_id) FROM students WHERE student_id < 10",
        )
    };
    assert_eq!(last(), 2, "with what was in the WAL");
    medsrv(1, &["restore", "--undo"]);
    interrupt();
    let told = medsrv(0, &["restore", "b.db"]);
    assert!(told.contains("a restore was interrupted; all is as it was before"), "{told}");
    assert_eq!(last(), 1);
    assert_eq!(names(&data, "MedicalSystem.db.restoring"), [""; 0]);
    assert_eq!(names(&data, "MedicalSystem.db.before-restore-7"), [""; 0]);
    let server = Server::start_in(directory, &[], "");
    server.stop();
}
