//! The backups that a server makes for itself: made, told of, kept and removed, and what keeps them from being made.

use crate::common::{Server, not_tested, small_disk};
use crate::place::{Admin, configure, expect, wait_until};
use rusqlite::{Connection, OpenFlags};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;

const CONFIGURATION: &str = "[backup]\ndirectory = \"backups\"\nkeep_last = 2\nkeep_daily = 0\n";

fn start(configuration: &str) -> Server {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("backups")).unwrap();
    Server::start_in(directory, &["--demo"], configuration)
}

fn names(server: &Server) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(backups(server))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn backups(server: &Server) -> PathBuf {
    server.directory.path().join("backups")
}

fn status(server: &Server) -> Value {
    serde_json::from_str(&expect(server, 0, &["status", "--json"]).out).unwrap()
}

fn wait_for_first(server: &Server) -> Value {
    let mut found = json!(null);
    wait_until("a backup was made", || {
        found = status(server)["backup"].clone();
        found["made"] == 1
    });
    found
}

fn trail(database: &Path, method: &str) -> Vec<(String, String, String)> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT role, outcome, coalesce(detail, '') FROM audit WHERE method = ?1 ORDER BY sequence";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([method], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The process that makes a backup, while there is one.
fn child(server: &Server) -> Option<Pid> {
    let pid = server.pid();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let child = children.split_whitespace().next()?;
    // Until it has become what it is to be, the server waits for it.
    let words = fs::read_to_string(format!("/proc/{child}/cmdline")).ok()?;
    words.contains("scheduled-backup").then(|| Pid::from_raw(child.parse().unwrap()))?
}

/// A pipe where a backup's manifest is looked for: whoever opens it waits.
fn hold(server: &Server) -> PathBuf {
    let pipe = backups(server).join("MedicalSystem-20200101T000000Z.db.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    pipe
}

#[test]
fn one_is_made_at_the_start_and_another_where_the_operator_asks_and_few_are_kept() {
    let server = start(CONFIGURATION);
    let first = wait_for_first(&server);
    assert_eq!(first["failed"], 0, "{first}");
    let last = PathBuf::from(first["last"]["file"].as_str().unwrap());
    assert!(last.starts_with(backups(&server)), "{first}");
    assert_eq!(first["last"]["bytes"], fs::metadata(&last).unwrap().len());
    assert!(first["due_at"].is_string() && first["is_overdue"] == false, "{first}");
    let file = last.to_str().unwrap();
    expect(&server, 0, &["backup", "verify", file]);
    // What is not the server's own is let alone.
    fs::copy(&last, backups(&server).join("MedicalSystem-20200101T000000Z.db")).unwrap();
    fs::write(backups(&server).join("notes.txt"), "mine").unwrap();
    // One of a clock that was wrong takes nobody's place.
    let later = backups(&server).join("MedicalSystem-20990101T000000Z.db");
    fs::copy(&last, &later).unwrap();
    let manifest = fs::read_to_string(format!("{file}.json")).unwrap();
    let mut manifest: Value = serde_json::from_str(&manifest).unwrap();
    manifest["taken_at"] = json!("2099-01-01T00:00:00.000+00:00");
    fs::write(format!("{}.json", later.display()), manifest.to_string()).unwrap();
    for made in 2..=4 {
        let asked = expect(&server, 0, &["backup"]);
        assert!(asked.out.contains(" was written, and is whole\n"), "{asked:?}");
        assert_eq!(status(&server)["backup"]["made"], made);
    }
    let left = names(&server);
    assert_eq!(left.iter().filter(|name| name.ends_with(".db.json")).count(), 3, "{left:?}");
    assert!(later.exists(), "{left:?}");
    assert!(!last.exists(), "the first is not kept");
    assert!(left.contains(&"MedicalSystem-20200101T000000Z.db".to_owned()), "{left:?}");
    assert!(left.contains(&"notes.txt".to_owned()), "{left:?}");
    let text = expect(&server, 0, &["status"]).out;
    assert!(text.contains("\n  backups        last "), "{text}");
    let metrics = expect(&server, 0, &["metrics"]).out;
    for line in
        ["medsrv_backup_total{result=\"made\"} 4", "medsrv_backup_age_seconds ", "medsrv_backup_size_bytes "]
    {
        assert!(metrics.contains(&format!("\n{line}")), "{line}: {metrics}");
    }
    let roles: Vec<String> = trail(&server.database(), "backup").into_iter().map(|(role, ..)| role).collect();
    assert_eq!(roles, ["system", "operator", "operator", "operator"]);
    let ended = trail(&server.database(), "backup.done");
    assert!(ended.len() == 4 && ended.iter().all(|(_, outcome, _)| outcome == "success"), "{ended:?}");
    assert_eq!(ended[0].2, file);
    // The next server knows what there is, and makes none before its time.
    let server = Server::start_in(server.stop(), &[], CONFIGURATION);
    wait_until("it has looked", || status(&server)["backup"]["runs_ended"] == 1);
    let known = status(&server)["backup"].clone();
    assert_eq!((&known["made"], known["last"].is_object()), (&json!(0), true), "{known}");
    server.stop();
}

#[test]
fn what_keeps_one_from_being_made_is_told_and_is_over_once_one_is() {
    let server = Server::configured(CONFIGURATION);
    wait_until("it has failed", || status(&server)["backup"]["failed"] == 1);
    let is_told =
        || status(&server)["degraded"].to_string().contains("no backup was made: backup.directory ");
    assert!(is_told());
    let refused = expect(&server, 1, &["backup"]);
    assert!(refused.err.contains("No such file or directory"), "{refused:?}");
    assert!(server.log().contains("[ERROR] no backup was made: backup.directory "), "{}", server.log());
    let metrics = expect(&server, 0, &["metrics"]).out;
    assert!(metrics.contains("\nmedsrv_backup_total{result=\"failed\"} 2\n"), "{metrics}");
    fs::create_dir(backups(&server)).unwrap();
    expect(&server, 0, &["backup"]);
    assert!(!is_told());
    // One that is killed leaves nothing that looks like one.
    let before = names(&server);
    let pipe = hold(&server);
    Admin::of(&server).call("server.backup");
    wait_until("a process makes it", || child(&server).is_some());
    kill_process(child(&server).unwrap(), Signal::KILL).unwrap();
    wait_until("its end was noticed", || status(&server)["backup"]["failed"] == 3);
    fs::remove_file(pipe).unwrap();
    let reason = status(&server)["backup"]["failure"]["text"].as_str().unwrap().to_owned();
    assert!(reason.contains("its process ended by signal: 9"), "{reason}");
    let mut left = names(&server);
    left.retain(|name| !name.contains(".partial"));
    assert_eq!(left, before);
    let ended = trail(&server.database(), "backup.done");
    assert!(ended[0].1 == "failed" && ended[0].2.contains("No such file or directory"), "{ended:?}");
    let ended: Vec<&str> = ended.iter().map(|(_, outcome, _)| outcome.as_str()).collect();
    assert_eq!(ended, ["failed", "success", "failed"]);
    server.stop();
}

#[test]
fn one_waits_for_nobody_who_writes_and_the_trail_has_it_once_it_can_be_written() {
    let server = start(CONFIGURATION);
    wait_for_first(&server);
    let lock = Connection::open(server.database()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    expect(&server, 0, &["backup"]);
    assert_eq!(trail(&server.database(), "backup").len(), 1);
    lock.execute_batch("ROLLBACK").unwrap();
    let database = server.database();
    let _directory = server.stop();
    for method in ["backup", "backup.done"] {
        let found = trail(&database, method);
        assert_eq!((found.len(), found[1].0.as_str()), (2, "operator"), "{found:?}");
    }
}

#[test]
fn a_server_that_ends_gives_a_backup_up_and_the_next_one_removes_what_is_left() {
    let server = start(CONFIGURATION);
    wait_for_first(&server);
    let before = names(&server);
    // It does not hear that it is to end.
    let pipe = hold(&server);
    Admin::of(&server).call("server.backup");
    wait_until("a process makes it", || child(&server).is_some());
    let maker = child(&server).unwrap();
    assert_eq!(trail(&server.database(), "backup").len(), 2, "the trail has it before it is begun");
    // As others that were killed have left them.
    for name in
        ["MedicalSystem-20200102T000000Z.db.partial", "MedicalSystem-20200102T000000Z.db.json.partial"]
    {
        fs::write(backups(&server).join(name), "half").unwrap();
    }
    let directory = server.stop();
    assert!(kill_process(maker, Signal::CONT).is_err(), "it is gone");
    fs::remove_file(pipe).unwrap();
    let server = Server::start_in(directory, &[], CONFIGURATION);
    wait_until("it has looked", || status(&server)["backup"]["runs_ended"] == 1);
    assert!(server.log().contains("a backup was given up: the server ends"), "{}", server.log());
    assert_eq!(names(&server), before);
    let ended: Vec<_> = trail(&server.database(), "backup.done").into_iter().map(|entry| entry.1).collect();
    assert_eq!(ended, ["success", "given_up"]);
    server.stop();
}

#[test]
fn one_whose_server_was_killed_ends_by_itself_and_leaves_nothing() {
    let directory = Server::demo().stop();
    // So much that it is met while it copies.
    let connection = Connection::open(directory.path().join("data/MedicalSystem.db")).unwrap();
    connection.execute_batch("CREATE TABLE large AS SELECT zeroblob(100000000) AS room").unwrap();
    connection.close().unwrap();
    fs::create_dir(directory.path().join("backups")).unwrap();
    let server = Server::start_in(directory, &[], CONFIGURATION);
    let begun = |names: &[String]| names.iter().any(|name| name.ends_with(".db.partial"));
    wait_until("it is begun", || begun(&names(&server)));
    let directory = server.kill();
    let left = || fs::read_dir(directory.path().join("backups")).unwrap().count();
    wait_until("it has removed what it had begun", || left() == 0);
}

#[test]
fn a_reload_has_backups_made_and_ends_that() {
    let server = Server::demo();
    assert_eq!(status(&server)["backup"]["directory"], json!(null));
    let refused = expect(&server, 1, &["backup"]);
    assert!(refused.err.contains("backup.directory is not set"), "{refused:?}");
    fs::create_dir(backups(&server)).unwrap();
    configure(&server, &format!("{CONFIGURATION}times = [\"02:30\"]\n"));
    expect(&server, 0, &["reload"]);
    let first = wait_for_first(&server);
    assert!(first["due_at"].as_str().unwrap().contains("T02:30:00"), "{first}");
    configure(&server, "");
    expect(&server, 0, &["reload"]);
    expect(&server, 1, &["backup"]);
    let pid_file = server.directory.path().join("data/server.pid");
    let mut server = server;
    expect(&server, 0, &["stop"]);
    assert_eq!(server.wait(), Some(0));
    assert!(!pid_file.exists());
    expect(&server, 7, &["backup"]);
}

#[test]
fn one_that_hangs_is_ended_where_a_reload_names_another_directory_and_made_there() {
    let server = start(CONFIGURATION);
    wait_for_first(&server);
    let pipe = hold(&server);
    let asked = Admin::of(&server).call("server.backup")["result"]["run"].clone();
    wait_until("a process makes it", || child(&server).is_some());
    fs::create_dir(server.directory.path().join("others")).unwrap();
    configure(&server, "[backup]\ndirectory = \"others\"\n");
    expect(&server, 0, &["reload"]);
    wait_until("what was asked for is done", || {
        status(&server)["backup"]["runs_ended"].as_u64() >= asked.as_u64()
    });
    let found = status(&server)["backup"].clone();
    assert!(found["last"]["file"].as_str().unwrap().contains("/others/"), "{found}");
    assert_eq!((&found["made"], &found["failed"]), (&json!(2), &json!(0)), "{found}");
    fs::remove_file(pipe).unwrap();
    let database = server.database();
    let _directory = server.stop();
    let ended: Vec<_> = trail(&database, "backup.done").into_iter().map(|entry| entry.1).collect();
    assert_eq!(ended, ["success", "given_up", "success"]);
}

#[test]
fn a_server_that_replaces_one_that_makes_a_backup_makes_it_anew() {
    let directory = Server::demo().stop();
    // So much that it is met while it copies.
    let connection = Connection::open(directory.path().join("data/MedicalSystem.db")).unwrap();
    connection.execute_batch("CREATE TABLE large AS SELECT zeroblob(100000000) AS room").unwrap();
    connection.close().unwrap();
    fs::create_dir(directory.path().join("backups")).unwrap();
    let configuration = format!("[server]\nport = 0\n{CONFIGURATION}");
    let mut server = Server::start_in(directory, &[], &configuration);
    wait_until("it is begun", || names(&server).iter().any(|name| name.ends_with(".db.partial")));
    // It keeps the directory until it is killed, which is after its server has given up all else.
    kill_process(child(&server).unwrap(), Signal::STOP).unwrap();
    expect(&server, 0, &["restart"]);
    let found = wait_for_first(&server);
    assert_eq!(found["failed"], 0, "{found}");
    expect(&server, 0, &["stop"]);
    assert_eq!(server.wait(), Some(0));
    let ended: Vec<_> = trail(&server.database(), "backup.done").into_iter().map(|entry| entry.1).collect();
    assert_eq!(ended, ["given_up", "success"]);
}

#[test]
fn one_is_made_on_a_full_disk_and_the_trail_has_it_once_there_is_room() {
    let Some(wrapper) = small_disk("data") else {
        return not_tested("a server's own backup while its disk is full");
    };
    let directory = tempfile::tempdir().unwrap();
    for name in ["data", "backups"] {
        fs::create_dir(directory.path().join(name)).unwrap();
    }
    let server = Server::start_under(&wrapper, directory, &["--demo"], "");
    let inside = format!("/proc/{}/root{}", server.pid(), server.directory.path().join("data").display());
    let disk = fs::File::open(inside).unwrap();
    let at = |name: &str| format!("/proc/self/fd/{}/{name}", disk.as_raw_fd());
    let mut zeros = fs::File::open("/dev/zero").unwrap();
    assert!(std::io::copy(&mut zeros, &mut fs::File::create(at("filler")).unwrap()).is_err(), "it is full");
    configure(&server, CONFIGURATION);
    server.signal(Signal::HUP);
    wait_until("one was made", || names(&server).iter().any(|name| name.ends_with(".db")));
    fs::remove_file(at("filler")).unwrap();
    let directory = server.stop();
    let copy = directory.path().join("copy.db");
    fs::copy(at("MedicalSystem.db"), &copy).unwrap();
    assert_eq!(trail(&copy, "backup").len(), 1);
}

#[test]
fn what_is_done_to_the_server_is_in_the_trail() {
    let mut server = Server::configured("");
    configure(&server, "[queue]\ngrace_min = 5\n");
    expect(&server, 0, &["reload"]);
    expect(&server, 0, &["reload"]);
    configure(&server, "[queue]\ngrace_min = \"x\"\n");
    server.signal(Signal::HUP);
    wait_until("it was refused", || server.log().contains("not reloaded"));
    expect(&server, 0, &["stop"]);
    assert_eq!(server.wait(), Some(0));
    let found = |method: &str| trail(&server.database(), method);
    let words = |(role, outcome, _): &(String, String, String)| format!("{role} {outcome}");
    let reloads = found("server.reload");
    // What `start` has written beside the configuration was taken out, too.
    assert_eq!(reloads[0].2, "accounts.password_iterations, queue.grace_min");
    let reloads: Vec<String> = reloads.iter().map(words).collect();
    assert_eq!(reloads, ["operator success", "system invalid_configuration"]);
    let starts: Vec<String> = found("server.start").iter().map(words).collect();
    let stops: Vec<String> = found("server.stop").iter().map(words).collect();
    assert_eq!((starts, stops), (vec!["system success".to_owned()], vec!["operator success".to_owned()]));
    configure(&server, "");
    expect(&server, 0, &["audit", "verify"]);
    let server = Server::start_in(server.leave(), &[], "");
    server.stop();
}

#[test]
fn no_backup_is_made_of_a_file_that_is_not_the_one_that_is_served() {
    let server = start(CONFIGURATION);
    wait_for_first(&server);
    let (path, aside) = (server.database(), server.directory.path().join("aside.db"));
    fs::copy(&path, &aside).unwrap();
    fs::rename(&aside, &path).unwrap();
    let refused = expect(&server, 1, &["backup"]).err;
    assert!(refused.contains("db_path is another file by now"), "{refused}");
    assert_eq!(
        (&status(&server)["backup"]["made"], &status(&server)["backup"]["failed"]),
        (&json!(1), &json!(1))
    );
    server.stop();
}
