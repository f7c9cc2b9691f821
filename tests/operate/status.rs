//! `medsrv status`: whether the server runs, by itself, beside a broken configuration and without its socket.

use crate::common::Server;
use crate::place::{NEW, OLD, configure, expect, socket, wait_until};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn json(server: &Server, exit_code: i32) -> Value {
    let answer = expect(server, exit_code, &["status", "--json"]);
    serde_json::from_str(&answer.out).unwrap_or_else(|_| panic!("{answer:?}"))
}

#[test]
fn it_says_what_an_operator_asks_for() {
    let server = Server::demo();
    let mut kept = server.connect();
    kept.ask(r#"{"jsonrpc": "2.0", "id": 1, "method": "session.login", "params": {"username": "13800138000", "password": "hash_patient1"}}"#);
    kept.ask(r#"{"jsonrpc": "2.0", "id": 1, "method": "no.such"}"#);
    for _ in 0..3 {
        assert_eq!(server.ask(OLD)["status"], "success");
    }
    let status = json(&server, 0);
    assert_eq!(status["state"], "running");
    assert_eq!(status["pid"], server.pid());
    assert_eq!(status["listening_on"], server.address.to_string());
    assert_eq!(status["requests"]["total"], 5);
    assert_eq!(status["requests"]["refused"], 1);
    assert_eq!(status["requests"]["failed"], 0);
    assert!(status["requests"]["minute"]["per_second"].as_f64().unwrap() > 0.0, "{status}");
    assert!(
        status["requests"]["minute"]["p50_ms"].as_f64() <= status["requests"]["minute"]["p99_ms"].as_f64()
    );
    assert!(status["commits"]["total"].as_u64().unwrap() >= 1, "{status}");
    assert_eq!(status["connections"]["logged_in"], 1);
    assert_eq!(status["connections"]["max"], 10_000);
    assert!(status["database"]["bytes"].as_u64().unwrap() > 0);
    assert!(status["database"]["disk_free_bytes"].as_u64().is_some());
    assert!(status["audit"]["sequence"].as_u64().unwrap() > 0);
    assert_eq!(status["legacy"]["networks"][0], "127.0.0.1/32");
    let operations = status["legacy"]["operations"].as_array().unwrap();
    assert!(
        operations.iter().any(|one| one["name"] == "query_doctor_info" && one["requests"] == 3),
        "{status}"
    );
    let text = expect(&server, 0, &["status"]).out;
    assert!(text.starts_with("medsrv is running\n  pid            "), "{text}");
    for expected in [
        &server.address.to_string(),
        "\n  requests       5 in all, 1 refused, 0 failed",
        "\n  connections    1 of 10000, 1 of them logged in",
        "\n  old protocol   served to 127.0.0.1/32, ::1/128",
        "\n  audit trail    ",
        "\n  degraded       ",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    // It is about the server and not about anyone.
    for personal in ["13800138000", "张三", "王医生"] {
        assert!(!text.contains(personal) && !status.to_string().contains(personal), "{text}");
    }
    server.stop();
}

#[test]
fn what_was_refused_and_what_is_revoked_is_seen() {
    let server = Server::demo();
    let before = json(&server, 0)["configuration"]["sha256"].clone();
    configure(&server, "[legacy]\nnetworks = [\"10.0.0.0/8\", ]\nlinger = 1\n");
    expect(&server, 78, &["reload"]);
    let status = json(&server, 0);
    assert_eq!(status["configuration"]["sha256"], before, "the one before applies");
    assert_eq!(status["configuration"]["last_reload_was_applied"], false);
    let reasons = status["degraded"].to_string();
    assert!(reasons.contains("the configuration file is not valid; the one before applies"), "{reasons}");
    configure(&server, "[legacy]\nnetworks = []\n[limits]\nconnections_max = 77\n");
    expect(&server, 0, &["reload"]);
    let status = json(&server, 0);
    assert_ne!(status["configuration"]["sha256"], before);
    assert_eq!(status["connections"]["max"], 77);
    assert!(!status["degraded"].to_string().contains("not valid"), "{status}");
    let text = expect(&server, 0, &["status"]).out;
    assert!(text.contains("old protocol   off") && text.contains("read again "), "{text}");
    server.stop();
}

#[test]
fn a_database_that_is_not_in_its_place_any_longer_is_told_of_until_it_is_back() {
    let server = Server::demo();
    let (path, aside) = (server.database(), server.directory.path().join("aside.db"));
    let told = || json(&server, 0)["degraded"].to_string();
    assert!(!told().contains("db_path"), "{}", told());
    fs::rename(&path, &aside).unwrap();
    assert!(told().contains("the file of the database that is served is gone from db_path"), "{}", told());
    // With the server's end the file would be gone.
    let refused = expect(&server, 65, &["restart"]).err;
    assert!(refused.contains("is gone from db_path") && refused.contains("left alone"), "{refused}");
    fs::write(&path, "another").unwrap();
    assert!(told().contains("db_path is another file by now"), "{}", told());
    for line in ["[ERROR] the file of the database that is served is gone", "[ERROR] db_path is another file"]
    {
        assert_eq!(server.log().matches(line).count(), 1, "{}", server.log());
    }
    // It goes on with the one that it has.
    assert_eq!(server.ask(OLD)["status"], "success");
    fs::rename(&aside, &path).unwrap();
    assert!(!told().contains("db_path"), "{}", told());
    assert!(server.log().contains("[INFO] the database that is served is in its place again"));
    server.stop();
}

#[test]
fn without_its_socket_it_is_known_to_run_and_a_silent_one_is_not() {
    let server = Server::demo();
    server.signal(Signal::STOP);
    let silent = expect(&server, 4, &["status"]).out;
    assert!(silent.starts_with("medsrv is there, but does not answer\n"), "{silent}");
    assert_eq!(json(&server, 4)["state"], "silent");
    server.signal(Signal::CONT);
    fs::remove_file(socket(&server)).unwrap();
    configure(&server, "broken");
    let text = expect(&server, 0, &["status"]).out;
    assert!(text.starts_with("medsrv is running\n"), "{text}");
    assert!(text.contains("\n  degraded       the admin socket "), "{text}");
    assert_eq!(json(&server, 0)["pid"], server.pid());
    configure(&server, "");
    let mut server = server;
    expect(&server, 0, &["stop"]);
    server.wait();
    assert_eq!(json(&server, 3)["state"], "stopped");
}

#[test]
fn who_watches_is_told_again_and_again() {
    let server = Server::demo();
    let mut watcher = Command::new(env!("CARGO_BIN_EXE_medsrv"))
        .args(["status", "--watch", "--json"])
        .current_dir(server.directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watcher.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert!(server.ask(NEW).get("result").is_some());
    let second: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(first["requests"]["total"], 0);
    assert_eq!(second["requests"]["total"], 1);
    // Nobody reads it any longer.
    drop(lines);
    assert!(watcher.wait().unwrap().success());
    server.stop();
}

#[test]
fn looking_for_backups_is_not_making_one_and_a_last_one_that_may_be_gone_is_called_known() {
    let directory = tempfile::tempdir().unwrap();
    let backups = directory.path().join("backups");
    fs::create_dir(&backups).unwrap();
    // A pipe where a manifest is looked for: whoever opens it waits.
    let pipe = backups.join("MedicalSystem-20200101T000000Z.db.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let server = Server::start_in(directory, &["--demo"], "[backup]\ndirectory = \"backups\"\n");
    let backup = || json(&server, 0)["backup"].clone();
    wait_until("it looks", || backup()["is_looking"] == true);
    assert_eq!(backup()["is_running"], false);
    let text = expect(&server, 0, &["status"]).out;
    assert!(
        text.contains("\n  backups        looking for those in ") && !text.contains("being made"),
        "{text}"
    );
    let writer = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    fs::remove_file(&pipe).unwrap();
    drop(writer);
    wait_until("one was made", || backup()["made"] == 1);
    assert!(expect(&server, 0, &["status"]).out.contains("\n  backups        last "));
    fs::remove_dir_all(&backups).unwrap();
    expect(&server, 1, &["backup"]);
    let text = expect(&server, 0, &["status"]).out;
    assert!(text.contains("\n  backups        last known "), "{text}");
    assert!(text.contains("no backup was made: backup.directory "), "{text}");
    server.stop();
}
