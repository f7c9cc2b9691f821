//! A server in a directory of its own, the commands that are called beside it, and clients that never stop.

use crate::common::{Client, PATIENCE, Server, encode};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub const OLD: &str = r#"{"query_doctor_info": true, "doctor_name": "王医生"}"#;
pub const NEW: &str = r#"{"jsonrpc": "2.0", "id": 1, "method": "department.list"}"#;

/// What a command answered.
#[derive(Debug)]
pub struct Answer {
    pub exit_code: i32,
    pub out: String,
    pub err: String,
}

pub fn run(server: &Server, arguments: &[&str]) -> Answer {
    let output = Command::new(env!("CARGO_BIN_EXE_medsrv"))
        .args(arguments)
        .current_dir(server.directory.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Answer {
        exit_code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs a command that must end with this exit code.
pub fn expect(server: &Server, exit_code: i32, arguments: &[&str]) -> Answer {
    let answer = run(server, arguments);
    assert_eq!(answer.exit_code, exit_code, "{arguments:?} answered {answer:?}");
    answer
}

pub fn configuration(server: &Server) -> PathBuf {
    server.directory.path().join("medsrv.conf")
}

pub fn configure(server: &Server, text: &str) {
    fs::write(configuration(server), text).unwrap();
}

/// A client at the admin socket.
pub struct Admin {
    stream: UnixStream,
}

impl Admin {
    pub fn of(server: &Server) -> Admin {
        let stream = UnixStream::connect(socket(server)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Admin { stream }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub fn ask(&mut self, request: &str) -> Value {
        self.send(&encode("admin", request.as_bytes()));
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).unwrap();
        let mut data = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut data).unwrap();
        serde_json::from_slice(&data).unwrap()
    }

    pub fn call(&mut self, method: &str) -> Value {
        self.ask(&json!({"jsonrpc": "2.0", "id": 7, "method": method}).to_string())
    }

    /// Whether nothing more comes.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => rest.is_empty(),
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

pub fn socket(server: &Server) -> PathBuf {
    server.directory.path().join("data/server.pid.sock")
}

pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < give_up, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Clients of both dialects that ask without a pause until they are told to stop, and count what is answered.
pub struct Crowd {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<()>>,
}

impl Crowd {
    pub fn on(server: &Server) -> Crowd {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let address = server.address;
        let clients = [OLD, NEW, OLD].map(|request| {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            std::thread::spawn(move || {
                let mut kept = Client::connect(address);
                while !stop.load(Ordering::Relaxed) {
                    for reply in [kept.ask(request), Client::connect(address).ask(request)] {
                        assert!(is_success(&reply), "{reply}");
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        });
        Crowd { stop, answered, clients: clients.into() }
    }

    /// How many requests were answered so far.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Waits until so many more requests were answered.
    pub fn go_on(&self, requests: usize) {
        let until = self.answered() + requests;
        wait_until("the clients were answered", || self.answered() >= until || self.has_failed());
    }

    fn has_failed(&self) -> bool {
        self.clients.iter().any(JoinHandle::is_finished)
    }

    /// Fails where any request did.
    pub fn leave(self) {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().unwrap();
        }
    }
}

fn is_success(reply: &Value) -> bool {
    reply["status"] == "success" || reply.get("result").is_some()
}
