//! Public JSON-RPC client libraries drive a real server, where they are installed; see README.md beside this.

#[path = "../common/mod.rs"]
mod common;

use common::Server;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs a program in the directory of the clients, with what it says.
fn run(program: &str, arguments: &[&str]) -> Option<std::process::Output> {
    Command::new(program)
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .output()
        .ok()
}

/// Drives a server with a script, if its library is there.
fn drive(program: &str, library: &[&str], script: &str) {
    if !run(program, library).is_some_and(|output| output.status.success()) {
        // Past the test harness, which keeps what a passing test prints to itself.
        let notice =
            format!("\nNOT TESTED: {script}, for {program} or the library that it needs is missing\n");
        return std::io::stderr().write_all(notice.as_bytes()).unwrap();
    }
    let server = Server::demo();
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let output = run(program, &[script, &host, &port]).unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn jsonrpcclient_of_python_is_served() {
    drive("python3", &["-c", "import jsonrpcclient"], "drive.py");
}

#[test]
fn json_rpc_2_0_of_node_is_served() {
    drive("node", &["-e", "require('json-rpc-2.0')"], "drive.mjs");
}
