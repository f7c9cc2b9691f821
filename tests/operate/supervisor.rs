//! What systemd, or another that has started the server, hears of it.

use crate::common::{PATIENCE, Server};
use crate::place::{configure, expect};
use rustix::process::Signal;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;

/// A supervisor's ear.
struct Ear(UnixDatagram);

impl Ear {
    fn in_directory(directory: &Path) -> (Ear, String) {
        let path = directory.join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        (Ear(socket), path.to_str().unwrap().to_owned())
    }

    fn next(&self) -> String {
        let mut bytes = [0; 4096];
        let length = self.0.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    /// The next word that is more than a sign of life.
    fn next_news(&self) -> String {
        std::iter::repeat_with(|| self.next()).find(|word| word != "WATCHDOG=1").unwrap()
    }
}

fn start(variables: &[String]) -> Server {
    let wrapper: Vec<&str> = ["env"].into_iter().chain(variables.iter().map(String::as_str)).collect();
    Server::start_under(&wrapper, tempfile::tempdir().unwrap(), &["--demo"], "")
}

#[test]
fn the_supervisor_hears_of_start_reload_and_end() {
    let directory = tempfile::tempdir().unwrap();
    let (ear, path) = Ear::in_directory(directory.path());
    let mut server = start(&[format!("NOTIFY_SOCKET={path}"), "WATCHDOG_USEC=40000".into()]);
    let listening = format!("READY=1\nSTATUS=listening on {}", server.address);
    assert_eq!(ear.next_news(), listening);
    for _ in 0..5 {
        assert_eq!(ear.next(), "WATCHDOG=1");
    }

    server.signal(Signal::HUP);
    let reloading = ear.next_news();
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    assert_eq!(ear.next_news(), listening);

    configure(&server, "broken");
    server.signal(Signal::HUP);
    assert!(ear.next_news().starts_with("RELOADING=1\n"));
    let kept = ear.next_news();
    assert_eq!(kept, format!("{listening}; the configuration file is not valid, and the one before applies"));

    server.signal(Signal::TERM);
    assert_eq!(ear.next_news(), "STOPPING=1\nSTATUS=ending: what was read is answered");
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn a_supervisor_without_a_file_hears_the_same() {
    let name = format!("medsrv-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let ear = Ear(UnixDatagram::bind_addr(&address).unwrap());
    ear.0.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut server = start(&[format!("NOTIFY_SOCKET=@{name}")]);
    assert!(ear.next().starts_with("READY=1\n"));
    expect(&server, 0, &["reload"]);
    assert!(ear.next().starts_with("RELOADING=1\n"));
    assert!(ear.next().starts_with("READY=1\n"));
    expect(&server, 0, &["stop"]);
    assert!(ear.next().starts_with("STOPPING=1\n"));
    assert_eq!(server.wait(), Some(0));
}

/// Every ping is due at once, so one that is meant for another would come before the end.
#[test]
fn whose_process_is_not_watched_sends_no_sign_of_life() {
    let directory = tempfile::tempdir().unwrap();
    let (ear, path) = Ear::in_directory(directory.path());
    let variables = ["WATCHDOG_USEC=1".into(), "WATCHDOG_PID=1".into(), format!("NOTIFY_SOCKET={path}")];
    let server = start(&variables);
    assert!(ear.next().starts_with("READY=1\n"));
    expect(&server, 0, &["reload"]);
    assert!(ear.next().starts_with("RELOADING=1\n"));
    assert!(ear.next().starts_with("READY=1\n"));
    server.stop();
    assert!(ear.next().starts_with("STOPPING=1\n"));
}

#[test]
fn a_supervisor_that_cannot_be_reached_keeps_nobody_from_being_served() {
    for (name, words) in
        [("/nowhere/notify", "the supervisor cannot be told"), ("notify", "neither an absolute path")]
    {
        let server = start(&[format!("NOTIFY_SOCKET={name}"), "WATCHDOG_USEC=40000".into()]);
        expect(&server, 0, &["reload"]);
        assert!(server.log().contains(words), "{}", server.log());
        server.stop();
    }
}
