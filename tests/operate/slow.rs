//! The log: what was slow and where its time went, in either form.

use crate::common::Server;
use crate::place::{OLD, configure, expect, wait_until};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;

/// Deriving a password so often takes longer than a millisecond on any machine.
const SLOW: &str = "[log]\nslow_ms = 1\n[accounts]\npassword_iterations = 200000\n";
const LOGIN: &str = r#"{"jsonrpc": "2.0", "id": 1, "method": "session.login", "params": {"username": "13800138000", "password": "hash_patient1"}}"#;

#[test]
fn what_is_slow_is_told_with_its_parts_and_without_its_values() {
    let server = Server::configured(SLOW);
    assert!(server.ask(LOGIN).get("result").is_some());
    wait_until("it was told", || server.log().contains("slow: session.login took "));
    let log = server.log();
    let line = log.lines().find(|line| line.contains("slow: session.login")).unwrap();
    for part in [" ms: queue ", ", parse ", ", database ", ", commit ", ", flush ", " from 127.0.0.1, none"] {
        assert!(line.contains(part), "{line}");
    }
    for value in ["13800138000", "hash_patient1", "username"] {
        assert!(!log.contains(value), "{log}");
    }
    let metrics = expect(&server, 0, &["metrics"]).out;
    assert!(!metrics.contains("medsrv_slow_requests_total 0\n"), "{metrics}");
    // The operator may be asked for less, or for nothing.
    configure(&server, &SLOW.replace("slow_ms = 1", "slow_ms = 0"));
    expect(&server, 0, &["reload"]);
    let before = server.log().matches("slow: ").count();
    assert!(server.ask(&LOGIN.replace("hash_patient1", "wrong")).get("error").is_some());
    expect(&server, 0, &["status"]);
    assert_eq!(server.log().matches("slow: ").count(), before);
    server.stop();
}

#[test]
fn a_signal_has_the_log_say_how_all_is() {
    let server = Server::demo();
    server.ask(OLD);
    server.signal(Signal::USR2);
    wait_until("it was told", || server.log().contains("[INFO] status: {"));
    let log = server.log();
    let told = log.lines().find_map(|line| line.split_once("status: ")).unwrap().1;
    let told: Value = serde_json::from_str(told).unwrap();
    assert_eq!((&told["pid"], &told["requests"]["total"]), (&server.pid().into(), &1.into()));
    server.stop();
}

#[test]
fn the_log_is_json_where_it_is_set_so_and_changes_with_a_reload() {
    let server = Server::configured("[log]\nformat = \"json\"\n");
    server.ask(r#"{"login": true, "user_name": "nobody", "password": "x"}"#);
    let log = server.log();
    assert!(log.lines().count() > 2);
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(
            line["message"].is_string() && line["level"].is_string() && line["time"].is_string(),
            "{line}"
        );
    }
    configure(&server, "[log]\nformat = \"text\"\n");
    expect(&server, 0, &["reload"]);
    assert!(server.log().contains("[INFO] reloaded: log.format is \"text\" now"), "{}", server.log());
    server.stop();
}

#[test]
fn the_log_is_opened_anew_by_either_signal_and_a_full_disk_costs_lines_only() {
    let server = Server::demo();
    let path = server.directory.path().join("data/server.log");
    for (signal, moved) in [(Signal::HUP, "one"), (Signal::USR1, "two")] {
        fs::rename(&path, server.directory.path().join(moved)).unwrap();
        server.signal(signal);
        wait_until("there is a new file", || path.exists());
    }
    fs::rename(&path, server.directory.path().join("three")).unwrap();
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    server.signal(Signal::HUP);
    let dropped = || {
        let status: Value = serde_json::from_str(&expect(&server, 0, &["status", "--json"]).out).unwrap();
        status["log"]["dropped_lines"].as_u64().unwrap()
    };
    wait_until("lines are lost", || dropped() > 0);
    assert_eq!(server.ask(OLD)["status"], "success");
    fs::remove_file(&path).unwrap();
    expect(&server, 0, &["reload"]);
    assert!(server.log().contains("lines before the one above could not be written"), "{}", server.log());
    assert!(dropped() > 0);
    server.stop();
}
