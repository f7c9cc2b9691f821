//! The socket by which the operator speaks to the server: whose it is, what it answers, and that it is there when
//! nothing else is.

use crate::common::{Client, Server};
use crate::place::{Admin, NEW, configure, expect, run, socket, wait_until};
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn the_socket_is_the_owners_and_ends_with_the_server() {
    let server = Server::demo();
    assert_eq!(fs::metadata(socket(&server)).unwrap().permissions().mode() & 0o777, 0o600);
    let path = socket(&server);
    let directory = server.stop();
    assert!(!path.exists());
    // What a server that was killed has left is in nobody's way.
    let directory = Server::start_in(directory, &[], "").kill();
    assert!(path.exists());
    let server = Server::start_in(directory, &[], "");
    expect(&server, 0, &["reload"]);
    server.stop();
}

#[test]
fn a_reload_says_what_has_changed_and_what_is_wrong() {
    let server = Server::configured("[log]\nlevel = \"info\"\n");
    let nothing = expect(&server, 0, &["reload"]);
    let pid = server.pid();
    assert_eq!(nothing.out, format!("medsrv reloaded: pid {pid}, nothing has changed\n"));
    configure(
        &server,
        "[server]\nhost = \"::1\"\n[queue]\ngrace_min = 5\n[accounts]\npassword_iterations = 1000\n",
    );
    let changed = expect(&server, 0, &["reload"]);
    assert!(changed.out.contains("\n  queue.grace_min is 5 now, after 15\n"), "{changed:?}");
    assert!(changed.out.contains("\n  server.host stays \"127.0.0.1\" until a restart"), "{changed:?}");
    configure(&server, "[server]\nport = 70000\n[queue]\ngrace_min = 0\nx = 1\n");
    let refused = expect(&server, 78, &["reload"]);
    for mistake in ["medsrv.conf:2:8: server.port must be", "medsrv.conf:5:1: there is no key \"x\""] {
        assert!(refused.err.contains(mistake), "{refused:?}");
    }
    assert!(refused.err.ends_with("medsrv: not reloaded: the server goes on as before\n"), "{refused:?}");
    assert_eq!(refused.out, "");
    server.stop();
}

#[test]
fn a_server_is_stopped_in_words_and_by_a_signal_where_it_has_no_socket() {
    let mut server = Server::demo();
    expect(&server, 0, &["stop"]);
    assert_eq!(server.wait(), Some(0));
    assert!(server.log().contains("asked by the operator to stop"), "{}", server.log());

    let mut server = Server::start_in(server.leave(), &[], "");
    fs::remove_file(socket(&server)).unwrap();
    configure(&server, "broken");
    expect(&server, 0, &["status"]);
    let unsure = run(&server, &["reload"]);
    assert_eq!(unsure.exit_code, 78, "{unsure:?}");
    expect(&server, 0, &["stop"]);
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn a_path_that_is_too_long_for_a_socket_leaves_signals() {
    let long = format!("{}/server.pid", "x".repeat(120));
    let mut server = Server::start(&["--demo", "--pid-file", &long], "");
    assert!(server.log().contains("only signals reach the server"), "{}", server.log());
    expect(&server, 0, &["status", "--pid-file", &long]);
    expect(&server, 0, &["stop", "--pid-file", &long]);
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn a_reload_without_a_socket_is_asked_for_and_not_promised() {
    let server = Server::demo();
    fs::remove_file(socket(&server)).unwrap();
    let unsure = expect(&server, 1, &["reload"]);
    assert!(unsure.err.contains("was asked by a signal to reload"), "{unsure:?}");
    wait_until("it has reloaded", || server.log().contains("reloaded: nothing has changed"));
    server.stop();
}

#[test]
fn a_server_that_stands_still_is_not_waited_for() {
    let server = Server::demo();
    server.signal(Signal::STOP);
    let mute = expect(&server, 4, &["reload"]);
    assert!(mute.err.contains("nothing came within 2 s"), "{mute:?}");
    server.signal(Signal::CONT);
    server.stop();
}

#[test]
fn the_operator_gets_through_when_no_client_does() {
    let few = ["sh", "-c", "ulimit -n 160; exec \"$@\"", "sh"];
    let patient = "[deadlines]\nframe_ms = 300000\nsilent_ms = 300000\n";
    let server = Server::start_under(&few, tempfile::tempdir().unwrap(), &["--demo"], patient);
    let mut clients: Vec<Client> = (0..200).map(|_| server.connect()).collect();
    wait_until("somebody is turned away", || server.log().contains("limits.connections_max is reached"));
    expect(&server, 0, &["reload"]);
    // Those who hold the socket up hold up no more than its places.
    let mut held: Vec<Admin> = (0..7).map(|_| Admin::of(&server)).collect();
    held.iter_mut().for_each(|admin| admin.send(b"\0\0"));
    // The place of the one before is free once the turn in which it has left is over.
    wait_until("there is a place", || run(&server, &["reload"]).exit_code == 0);
    // Who comes when all are taken is told so, and is asked for by a signal what a signal can ask for.
    wait_until("the last place is taken", || {
        held.push(Admin::of(&server));
        let is_in = held.last_mut().unwrap().call("server.metrics").get("result").is_some();
        held.truncate(if is_in { 8 } else { 7 });
        is_in
    });
    let status = expect(&server, 0, &["status"]);
    assert!(status.out.contains("medsrv is running\n"), "{status:?}");
    assert!(status.out.contains("degraded       the admin socket is fully taken"), "{status:?}");
    let unsure = expect(&server, 1, &["reload"]);
    assert!(unsure.err.contains("fully taken"), "{unsure:?}");
    assert!(unsure.err.contains("was asked by a signal to reload"), "{unsure:?}");
    let refused = expect(&server, 1, &["metrics"]);
    assert!(refused.err.contains("fully taken"), "{refused:?}");
    held.pop();
    wait_until("a place is free", || run(&server, &["metrics"]).exit_code == 0);
    assert!(clients.first_mut().unwrap().ask(NEW).get("result").is_some());
    server.stop();
}

#[test]
fn nothing_of_the_clinic_is_served_there_and_nothing_of_the_server_at_the_port() {
    let server = Server::demo();
    let mut admin = Admin::of(&server);
    let unknown = admin.call("department.list");
    assert_eq!(unknown["error"]["code"], -32601, "{unknown}");
    assert!(unknown["error"]["message"].as_str().unwrap().contains("server.reload"), "{unknown}");
    let mut client = server.connect();
    for method in ["server.stop", "server.reload"] {
        let refused = client.ask(&format!(r#"{{"jsonrpc": "2.0", "id": 1, "method": "{method}"}}"#));
        assert_eq!(refused["error"]["code"], -32601, "{refused}");
    }
    assert_eq!(admin.ask("{")["error"]["code"], -32700);
    assert_eq!(admin.ask("[1]")["error"]["code"], -32600);
    assert_eq!(admin.ask(r#"{"query_doctor_info": true}"#)["error"]["code"], -32600);
    for _ in 0..3 {
        assert_eq!(admin.call("server.reload")["result"]["pid"], server.pid());
    }
    // Who breaks the frames is closed, and hears nothing of the old dialect.
    admin.send(&[255; 64]);
    assert!(admin.is_closed());
    server.stop();
}
