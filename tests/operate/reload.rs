//! The configuration is read anew while the server runs: what is valid applies at once, and what is not changes
//! nothing.

use crate::common::Server;
use crate::place::{Crowd, NEW, OLD, configuration, configure, expect, run, wait_until};
use rustix::process::Signal;
use std::fs;

/// How often the log has these words.
fn count(server: &Server, words: &str) -> usize {
    server.log().matches(words).count()
}

/// Has the server read its configuration again by a signal, and waits until it says what became of it.
fn reload(server: &Server) {
    let ends = |server: &Server| count(server, "reloaded: ");
    let before = ends(server);
    server.signal(Signal::HUP);
    wait_until("the server has reloaded", || ends(server) > before);
}

#[test]
fn a_burst_of_signals_costs_no_request() {
    let server = Server::demo();
    let crowd = Crowd::on(&server);
    crowd.go_on(50);
    for _ in 0..100 {
        server.signal(Signal::HUP);
    }
    wait_until("the server has reloaded", || count(&server, "reloaded: nothing has changed") > 0);
    for _ in 0..100 {
        server.signal(Signal::HUP);
        server.signal(Signal::USR1);
    }
    crowd.go_on(500);
    crowd.leave();
    assert_eq!(count(&server, "ERROR"), 0, "{}", server.log());
    server.stop();
}

const BROKEN: &[&str] = &[
    "[server",
    "[server]]",
    "[]",
    "=",
    "server",
    "[server]\nport",
    "[server]\nport =",
    "[server]\nport = 1 2",
    "[server]\nport = \"1\"",
    "[server]\nport = -1",
    "[server]\nport = 65536",
    "[server]\nport = 1.5",
    "[server]\nport = 99999999999999999999999999999999999999999999",
    "[server]\nport = 1\nport = 2",
    "[server]\nport = 1\n[server]\nhost = \"a\"",
    "[server]\nhost = \"\"",
    "[server]\nhost = \"127.0.0.1:80\"",
    "[server]\nhost = \"unfinished",
    "[server]\nhost = 'a b'",
    "[server]\nhost = [\"a\"]",
    "[server]\ndb_path = \"\"",
    "[server]\ndb_path = \"~/db\"",
    "[server]\nlog_file = \"a\"\npid_file = \"./a\"",
    "[server]\nlog_file = \"data\"",
    "[server]\nlog_file = \"medsrv.conf/log\"",
    "[server]\ndb_path = \"other\"\nlog_file = \"data/MedicalSystem.db\"",
    "[sever]\nport = 1",
    "port = 1",
    "server = 1",
    "[server.port]\nx = 1",
    "[log]\nlevel = \"loud\"",
    "[log]\nlevel = true",
    "[limits]\nconnections_max = 0",
    "[limits]\ndata_max_bytes = 1e6",
    "[limits]\noutput_soft_max_bytes = 1073741824",
    "[limits]\nbuffered_max_bytes = 1048576",
    "[deadlines]\nidle_ms = 9",
    "[deadlines]\nidle_ms = true",
    "[legacy]\nnetworks = \"10.0.0.0/8\"",
    "[legacy]\nnetworks = [\"10.0.0.1/8\"]",
    "[legacy]\nnetworks = [\"10.0.0.1\"]",
    "[legacy]\nnetworks = [\"10.0.0.0/33\"]",
    "[legacy]\noperations = [\"drop\"]",
    "[accounts]\npassword_iterations = 1",
    "[booking]\nrelease_time = \"24:00\"",
    "[booking]\nlimit_scope = \"ward\"",
    "[queue]\ncalls_max = 0",
    "[audit]\nreads = \"yes\"",
    "\u{feff}\u{feff}[server]",
    "\0",
];

#[test]
fn no_kind_of_broken_file_costs_a_request_or_changes_a_setting() {
    let server = Server::demo();
    let valid = fs::read_to_string(configuration(&server)).unwrap();
    let crowd = Crowd::on(&server);
    let refuse = |kind: &str| {
        let before = (count(&server, "] not reloaded: "), count(&server, "] reloaded: "));
        server.signal(Signal::HUP);
        wait_until(kind, || count(&server, "] not reloaded: ") > before.0);
        assert_eq!(count(&server, "] reloaded: "), before.1, "{kind}: {}", server.log());
    };
    for text in BROKEN {
        configure(&server, text);
        refuse(text);
    }
    let file = configuration(&server);
    fs::write(&file, b"[server]\n\xff").unwrap();
    refuse("bytes that are no text");
    fs::write(&file, " ".repeat(1024 * 1024 + 1)).unwrap();
    refuse("a file that is too large");
    fs::remove_file(&file).unwrap();
    refuse("no file");
    fs::create_dir(&file).unwrap();
    refuse("a directory");
    fs::remove_dir(&file).unwrap();
    std::os::unix::fs::symlink("medsrv.conf", &file).unwrap();
    refuse("a link to itself");
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
    refuse("a device");
    fs::remove_file(&file).unwrap();
    assert!(BROKEN.len() >= 40);

    configure(&server, &valid);
    reload(&server);
    crowd.go_on(100);
    crowd.leave();
    let log = server.log();
    assert_eq!(log.matches("reloaded: nothing has changed").count(), 1, "nothing of them applied: {log}");
    let log = server.log();
    assert!(log.contains("not reloaded: ") && log.contains("medsrv.conf:2:8: server.port must be"), "{log}");
    server.stop();
}

#[test]
fn what_needs_a_restart_says_so_each_time_and_the_rest_applies() {
    let server = Server::demo();
    configure(
        &server,
        "[server]\ndb_path = \"other.db\"\nlog_file = \"moved/log\"\n[log]\nlevel = \"error\"",
    );
    server.signal(Signal::HUP);
    let moved = server.directory.path().join("moved/log");
    let said = || fs::read_to_string(&moved).unwrap_or_default();
    wait_until("it has reloaded", || said().contains("reloaded: log.level is \"error\" now"));
    assert!(said().contains("[WARN] reloaded: server.db_path stays "), "{}", said());
    assert!(said().contains("reloaded: server.log_file is "), "{}", said());
    // Under the new level only what is grave is written.
    server.connect().ask(r#"{"login": true, "user_name": "nobody", "password": "x"}"#);
    let before = said();
    configure(&server, "[log]\nlevel = \"info\"\n[server]\ndb_path = \"other.db\"\nlog_file = \"moved/log\"");
    server.signal(Signal::HUP);
    wait_until("it has reloaded", || said().contains("log.level is \"info\" now"));
    let since = said().split_off(before.len());
    assert!(!since.contains("login refused"), "{since}");
    assert!(since.contains("server.db_path stays"), "{since}");
    assert!(!server.directory.path().join("other.db").exists());
    assert_eq!(server.ask(OLD)["status"], "success");
    server.stop();
}

#[test]
fn a_network_that_is_revoked_loses_its_connections_and_no_other() {
    let server = Server::configured("[legacy]\nlinger_ms = 60000\n");
    let (mut old, mut new) = (server.connect(), server.connect());
    assert_eq!(old.ask(OLD)["status"], "success");
    assert!(new.ask(NEW).get("result").is_some());
    configure(&server, "[legacy]\nnetworks = []\n");
    reload(&server);
    assert!(old.is_closed());
    assert!(new.ask(NEW).get("result").is_some());
    let refused = server.ask(OLD);
    assert!(refused["error"].as_str().unwrap().contains("不允许使用旧版协议"), "{refused}");
    // And it comes back as it went.
    configure(&server, "");
    reload(&server);
    assert_eq!(server.ask(OLD)["status"], "success");
    server.stop();
}

#[test]
fn operations_limits_and_deadlines_apply_at_once() {
    let server = Server::demo();
    let mut resting = server.connect();
    assert!(resting.ask(NEW).get("result").is_some());
    configure(&server, "[deadlines]\nidle_ms = 10\n[legacy]\noperations = [\"login\"]\n");
    reload(&server);
    // Its deadline was five minutes away.
    assert!(resting.is_closed());
    assert_eq!(server.ask(OLD)["status"], "error");

    configure(&server, "[limits]\nconnections_max = 1\ndata_max_bytes = 1024\n");
    reload(&server);
    let mut served = server.connect();
    assert!(served.ask(NEW).get("result").is_some());
    let refused = server.connect().reply();
    assert_eq!(refused["status"], "error", "{refused}");
    served.send(&[b' '; 1025]);
    assert!(served.reply().get("error").is_some());
    server.stop();
}

#[test]
fn the_command_tells_a_valid_file_from_one_that_is_not_and_from_no_server() {
    let server = Server::demo();
    let before = count(&server, "reloaded: nothing");
    let asked = expect(&server, 0, &["reload"]);
    assert!(asked.out.contains(&server.pid().to_string()), "{asked:?}");
    wait_until("the server has reloaded", || count(&server, "reloaded: nothing") > before);
    configure(&server, "[server]\nport = 70000");
    let refused = expect(&server, 78, &["reload"]);
    assert!(refused.err.contains("medsrv.conf:2:8: server.port must be"), "{refused:?}");
    assert_eq!(count(&server, "not reloaded"), 1);
    let absent = run(&server, &["reload", "--config", "/dev/null"]);
    assert_eq!(absent.exit_code, 78, "{absent:?}");
    configure(&server, "");
    let absent = expect(&server, 7, &["reload", "--pid-file", "nowhere"]);
    assert!(absent.err.contains("no server runs"), "{absent:?}");
    server.stop();
}
