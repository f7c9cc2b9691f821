//! A server that is replaced by the next one while clients come and go.

use crate::common::{Client, PATIENCE, keep_new_files_private};
use crate::place::{NEW, OLD, wait_until};
use serde_json::Value;
use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_medsrv");

/// An operator's directory with a server in the background, which is stopped with the test.
struct Place {
    directory: tempfile::TempDir,
    address: SocketAddr,
}

impl Place {
    fn start(configuration: &str) -> Place {
        keep_new_files_private();
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("medsrv.conf"), configuration).unwrap();
        let mut place = Place { directory, address: ([127, 0, 0, 1], 0).into() };
        place.address = address_in(&place.expect(0, &["start", "--demo"]));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn pid(&self) -> String {
        fs::read_to_string(self.path("data/server.pid")).unwrap().trim().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(BINARY)
            .args(arguments)
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs a command that must end with this exit code, and returns what it has said.
    fn expect(&self, exit_code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert_eq!(output.status.code(), Some(exit_code), "{arguments:?} answered {told}");
        told
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.run(&["stop"]);
    }
}

fn address_in(told: &str) -> SocketAddr {
    let (_, rest) = told.split_once("listening on ").expect("a start tells the address");
    rest.lines().next().unwrap().parse().unwrap()
}

/// Clients that ask without a pause, and whom no restart may cost a connection or a reply.
struct Visitors {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Duration>>,
}

impl Visitors {
    fn at(address: SocketAddr) -> Visitors {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let clients = [OLD, OLD, NEW, NEW].map(|request| {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            std::thread::spawn(move || {
                let mut longest = Duration::ZERO;
                while !stop.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    let reply = Client::connect(address).ask(request);
                    assert!(reply.get("result").is_some(), "{reply}");
                    longest = longest.max(begun.elapsed());
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                longest
            })
        });
        Visitors { stop, answered, clients: clients.into() }
    }

    fn go_on(&self, requests: usize) {
        let until = self.answered.load(Ordering::Relaxed) + requests;
        wait_until("the clients were answered", || {
            self.answered.load(Ordering::Relaxed) >= until || self.clients.iter().any(JoinHandle::is_finished)
        });
    }

    /// Fails where any request did; returns the longest that one has taken.
    fn leave(self) -> Duration {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.into_iter().map(|client| client.join().unwrap()).max().unwrap()
    }
}

#[test]
fn nobody_is_refused_while_servers_follow_each_other() {
    let place = Place::start("[server]\nport = 0\n");
    let visitors = Visitors::at(place.address);
    let mut pid = place.pid();
    for _ in 0..8 {
        visitors.go_on(200);
        let told = place.expect(0, &["restart"]);
        assert!(told.starts_with(&format!("medsrv stopped: pid {pid}\nmedsrv started: pid ")), "{told}");
        assert_eq!(address_in(&told), place.address, "a port that the system chose is kept");
        assert_ne!(std::mem::replace(&mut pid, place.pid()), pid);
    }
    visitors.go_on(200);
    let longest = visitors.leave();
    println!("the longest that anybody has waited over 8 restarts: {} ms", longest.as_millis());
    assert!(longest < PATIENCE);
}

/// Of those who are connected, each gets the replies to what it has sent, and then the end.
#[test]
fn what_was_read_is_answered_before_the_connection_is_closed() {
    let place = Place::start("[server]\nport = 0\n");
    let mut kept: Vec<Client> = (0..20).map(|_| Client::connect(place.address)).collect();
    for client in &mut kept {
        assert!(client.ask(NEW).get("result").is_some());
    }
    // They stay where they are, and do not keep the next server waiting.
    place.expect(0, &["restart"]);
    assert!(Client::connect(place.address).ask(NEW).get("result").is_some());
    for client in &mut kept {
        assert!(client.is_closed());
    }
}

#[test]
fn a_server_is_left_alone_where_it_could_not_be_replaced() {
    let place = Place::start("[server]\nport = 0\n");
    let visitors = Visitors::at(place.address);
    let pid = place.pid();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let elsewhere = place.path("elsewhere.db");
    fs::write(&elsewhere, "this is no database at all, but a text that is long enough to be looked at")
        .unwrap();
    for (exit_code, arguments) in [
        (71, vec!["restart", "--port", &port.to_string()]),
        (65, vec!["restart", "--db-path", "elsewhere.db"]),
        (78, vec!["restart", "--config", "missing.conf"]),
    ] {
        let told = place.expect(exit_code, &arguments);
        assert!(told.contains("left alone"), "{told}");
        assert_eq!(place.pid(), pid);
    }
    fs::write(place.path("medsrv.conf"), "[server]\nport = 0\nprot = 1\n").unwrap();
    let told = place.expect(78, &["restart"]);
    assert!(told.contains("medsrv.conf:3:1: ") && told.contains("left alone"), "{told}");
    visitors.go_on(50);
    visitors.leave();
    assert_eq!(place.pid(), pid);
}

#[test]
fn a_key_or_an_anchor_of_another_trail_keeps_a_server_from_being_replaced() {
    let place = Place::start("[server]\nport = 0\n");
    let pid = place.pid();
    let another_key = "0123456789abcdef".repeat(4);
    for (name, text, exit_code, complaint) in [
        ("data/audit.key", another_key.as_str(), 65, "key"),
        ("data/audit.anchor", "nonsense\n", 74, "audit.anchor"),
    ] {
        let (path, kept) = (place.path(name), fs::read(place.path(name)).ok());
        fs::write(&path, text).unwrap();
        let told = place.expect(exit_code, &["restart"]);
        assert!(told.contains(complaint) && told.contains("left alone"), "{told}");
        match kept {
            Some(kept) => fs::write(&path, kept).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
    }
    let key = fs::read(place.path("data/audit.key")).unwrap();
    fs::remove_file(place.path("data/audit.key")).unwrap();
    assert!(place.expect(74, &["restart"]).contains("left alone"));
    fs::write(place.path("data/audit.key"), key).unwrap();
    assert_eq!(place.pid(), pid);
    assert!(Client::connect(place.address).ask(NEW).get("result").is_some());
}

#[test]
fn a_newer_database_keeps_an_older_program_from_replacing_its_server() {
    let place = Place::start("[server]\nport = 0\n");
    let pid = place.pid();
    // What a newer server has written, as far as this program can tell.
    let other = rusqlite::Connection::open(place.path("data/MedicalSystem.db")).unwrap();
    other.pragma_update(None, "user_version", 1000).unwrap();
    let told = place.expect(65, &["restart"]);
    assert!(told.contains("its schema 1000 is newer") && told.contains("left alone"), "{told}");
    assert_eq!(place.pid(), pid);
    assert!(Client::connect(place.address).ask(NEW).get("result").is_some());
}

#[test]
fn another_address_is_bound_before_the_old_one_is_given_up() {
    let place = Place::start("[server]\nport = 0\n");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let told = place.expect(0, &["restart", "--port", &free.port().to_string()]);
    assert_eq!(address_in(&told), free);
    assert!(Client::connect(free).ask(NEW).get("result").is_some());
    let refused = TcpStream::connect(place.address).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn the_metrics_are_handed_over_as_well() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let place = Place::start(&format!("[server]\nport = 0\n[metrics]\naddress = \"{address}\"\n"));
    let scraped = |place: &Place| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        std::io::Write::write_all(&mut stream, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stream, &mut text).unwrap();
        assert!(text.contains("medsrv_up 1"), "{text}");
        place.pid()
    };
    let before = scraped(&place);
    place.expect(0, &["restart"]);
    assert_ne!(scraped(&place), before);
}

/// Where there is no socket to ask at, a restart is a stop and a start.
#[test]
fn a_server_without_its_socket_is_replaced_all_the_same() {
    let place = Place::start("[server]\nport = 0\n");
    fs::remove_file(place.path("data/server.pid.sock")).unwrap();
    let told = place.expect(0, &["restart"]);
    assert!(Client::connect(address_in(&told)).ask(NEW).get("result").is_some());
}

#[test]
fn a_server_that_a_service_manager_has_started_is_left_to_it() {
    keep_new_files_private();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("medsrv.conf"), "[server]\nport = 0\n").unwrap();
    let mut child = Command::new(BINARY)
        .args(["start", "--foreground"])
        .env("NOTIFY_SOCKET", directory.path().join("notify"))
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut line)
        .unwrap();
    let run = |arguments: &[&str]| {
        Command::new(BINARY).args(arguments).current_dir(directory.path()).output().unwrap()
    };
    let told = run(&["restart"]);
    assert_eq!(told.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&told.stderr).contains("systemctl restart"), "{told:?}");
    assert!(Client::connect(address_in(&line)).ask(NEW).get("result").is_some());
    assert!(run(&["stop"]).status.success());
    assert!(child.wait().unwrap().success());
}

/// The methods behind a restart, as the admin socket has them.
#[test]
fn the_sockets_are_given_at_the_admin_socket_alone() {
    let place = Place::start("[server]\nport = 0\n");
    let request = r#"{"jsonrpc": "2.0", "id": 1, "method": "server.listeners"}"#;
    let refused: Value = Client::connect(place.address).ask(request);
    assert!(refused.get("error").is_some(), "{refused}");
}

#[test]
fn of_restarts_at_once_one_server_is_left_and_who_came_too_late_is_told_so() {
    // One that finds nobody there for a moment must not get another port than the others have.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Place::start(&format!("[server]\nport = {port}\n"));
    for _ in 0..3 {
        let restarts = [(); 3].map(|()| {
            let mut command = Command::new(BINARY);
            command.arg("restart").current_dir(place.directory.path()).stdin(Stdio::null());
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        });
        let answers = restarts.map(|restart| restart.wait_with_output().unwrap());
        assert!(answers.iter().any(|answer| answer.status.success()), "{answers:?}");
        for answer in answers.iter().filter(|answer| !answer.status.success()) {
            let told = String::from_utf8_lossy(&answer.stderr);
            // The server before may end in the very moment at which it is to be signalled.
            let is_clear = told.starts_with("medsrv: not restarted: another command has replaced")
                || told.contains("nothing was signalled; try again");
            // Or nobody has the pid file just then, and somebody the sockets.
            let is_taken = told.contains("Address already in use");
            assert!(is_clear || is_taken, "{told}");
            assert!(!told.contains("nothing is served"), "{told}");
            assert_eq!(answer.status.code(), Some(if is_taken { 71 } else { 1 }), "{told}");
        }
        assert!(Client::connect(place.address).ask(NEW).get("result").is_some());
        assert!(place.expect(0, &["status"]).contains(&place.pid()));
    }
}
