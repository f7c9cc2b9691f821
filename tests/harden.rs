//! What the real binary refuses to start on, what it gives up, and what nobody else may see of it.

mod common;

use common::{Client, keep_new_files_private};
use rustix::process::geteuid;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_medsrv");
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/legacy/MedicalSystem.db");
/// A user with few rights that every machine has.
const NOBODY: &str = "nobody";
const REQUEST: &str = r#"{"jsonrpc": "2.0", "id": 1, "method": "department.list"}"#;

/// An operator's directory; a server that is left in it is ended with the test.
struct Place {
    directory: tempfile::TempDir,
}

#[derive(Debug)]
struct Answer {
    exit_code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new(configuration: &str) -> Place {
        keep_new_files_private();
        let place = Place { directory: tempfile::tempdir().unwrap() };
        place.configure(configuration);
        place
    }

    fn configure(&self, text: &str) {
        fs::write(self.path("medsrv.conf"), format!("[server]\nport = 0\n{text}")).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn give_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().mode() & 0o777
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(arguments).current_dir(self.directory.path()).stdin(Stdio::null());
        command
    }

    fn expect(&self, exit_code: i32, arguments: &[&str]) -> Answer {
        expect(exit_code, &mut self.command(arguments))
    }

    fn pid(&self) -> i32 {
        fs::read_to_string(self.path("data/server.pid")).unwrap().trim().parse().unwrap()
    }

    /// A line of what the kernel says of the server.
    fn status(&self, name: &str) -> String {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_start_matches(':').split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.command(&["stop"]).output();
    }
}

fn expect(exit_code: i32, command: &mut Command) -> Answer {
    let output = command.output().unwrap();
    let answer = Answer {
        exit_code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert_eq!(answer.exit_code, exit_code, "{command:?} answered {answer:?}");
    answer
}

fn address_in(told: &str) -> SocketAddr {
    let (_, rest) = told.split_once("listening on ").expect("a start tells the address");
    rest.lines().next().unwrap().parse().unwrap()
}

fn assert_serves(address: SocketAddr) {
    assert!(Client::connect(address).ask(REQUEST).get("result").is_some());
}

/// Past the test harness, which keeps what a passing test prints to itself.
fn not_tested(what: &str) {
    std::io::stderr().write_all(format!("\nNOT TESTED: {what}\n").as_bytes()).unwrap();
}

#[test]
fn a_configuration_that_others_can_read_or_change_is_refused() {
    let place = Place::new("");
    place.expect(0, &["start"]);
    let pid = place.pid();
    for mode in [0o644, 0o660, 0o604, 0o666] {
        place.give_mode("medsrv.conf", mode);
        for subcommand in ["check", "start", "restart", "reload"] {
            let answer = place.expect(78, &[subcommand]);
            let wanted =
                format!("medsrv.conf: can be read or changed by others (mode {mode:04o}): run `chmod 640 ");
            assert!(answer.err.contains(&wanted), "{answer:?}");
        }
        // Whoever wants to see or end the server still can.
        place.expect(0, &["status"]);
        assert_eq!(place.pid(), pid);
    }
    place.give_mode("medsrv.conf", 0o640);
    for subcommand in ["check", "reload", "restart", "stop"] {
        place.expect(0, &[subcommand]);
    }
}

#[test]
fn a_configuration_of_another_user_is_refused() {
    let nobody = fs::read_to_string("/etc/passwd").unwrap();
    let nobody = nobody.lines().find_map(|line| line.strip_prefix(&format!("{NOBODY}:x:")));
    let (true, Some(nobody)) = (geteuid().is_root(), nobody) else {
        return not_tested("a configuration of another user, for this is not root.");
    };
    let uid: u32 = nobody.split(':').next().unwrap().parse().unwrap();
    let place = Place::new("");
    place.expect(0, &["start"]);
    let pid = place.pid();
    // Whoever owns it can change it, and so what root would do.
    chown(place.path("medsrv.conf"), Some(uid), None).unwrap();
    for subcommand in ["check", "start", "restart", "reload"] {
        let answer = place.expect(78, &[subcommand]);
        assert!(answer.err.contains(&format!("medsrv.conf: belongs to uid {uid}, ")), "{answer:?}");
        assert!(answer.err.contains("run `chown 0 "), "{answer:?}");
    }
    place.expect(0, &["status"]);
    assert_eq!(place.pid(), pid);
    chown(place.path("medsrv.conf"), Some(0), None).unwrap();
    place.expect(0, &["reload"]);
}

#[test]
fn the_sample_configuration_may_be_anybodys_until_it_says_something() {
    let place = Place::new("");
    let sample = include_str!("../medsrv.conf");
    fs::write(place.path("medsrv.conf"), sample).unwrap();
    // As a checkout has it, for some.
    for mode in [0o644, 0o664] {
        place.give_mode("medsrv.conf", mode);
        place.expect(0, &["check"]);
    }
    fs::write(place.path("medsrv.conf"), sample.replacen("10000", "9999", 1)).unwrap();
    let answer = place.expect(78, &["check"]);
    assert!(answer.err.contains("run `chmod 640 "), "{answer:?}");
}

#[test]
fn a_database_that_others_can_read_is_refused_until_they_cannot() {
    let place = Place::new("");
    place.expect(0, &["start"]);
    place.expect(0, &["stop"]);
    assert_eq!(place.mode("data/MedicalSystem.db"), 0o600);
    for mode in [0o644, 0o640, 0o620] {
        place.give_mode("data/MedicalSystem.db", mode);
        for subcommand in ["check", "start"] {
            let answer = place.expect(65, &[subcommand]);
            let wanted = format!("others can read or change it (mode {mode:04o}): run `chmod 600 ");
            assert!(answer.err.contains(&wanted), "{answer:?}");
            let (_, rest) = answer.err.split_once("run `").unwrap();
            let remedy = rest.split('`').next().unwrap();
            if subcommand == "start" {
                assert!(Command::new("sh").args(["-c", remedy]).status().unwrap().success());
            }
        }
    }
    place.expect(0, &["start"]);
}

/// The command line and the file of the Python server, as they are.
#[test]
fn the_python_servers_database_becomes_its_owners_alone() {
    let place = Place::new("");
    fs::create_dir(place.path("data")).unwrap();
    fs::copy(FIXTURE, place.path("data/MedicalSystem.db")).unwrap();
    place.give_mode("data/MedicalSystem.db", 0o644);
    place.expect(0, &["check"]);
    place.expect(0, &["start"]);
    for name in
        ["MedicalSystem.db", "MedicalSystem.db-wal", "MedicalSystem.db-shm", "MedicalSystem.db.before-medsrv"]
    {
        assert_eq!(place.mode(&format!("data/{name}")), 0o600, "{name}");
    }
}

#[test]
fn a_key_that_others_can_read_is_told_by_a_check_and_leaves_a_server_alone() {
    let place = Place::new("");
    place.expect(0, &["start"]);
    place.give_mode("data/audit.key", 0o640);
    for subcommand in ["check", "restart"] {
        let answer = place.expect(74, &[subcommand]);
        assert!(answer.err.contains("run `chmod 600 "), "{answer:?}");
    }
    place.expect(0, &["status"]);
}

#[test]
fn the_servers_memory_is_never_written_to_a_disk() {
    let place = Place::new("");
    place.expect(0, &["start"]);
    let limits = fs::read_to_string(format!("/proc/{}/limits", place.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let fields: Vec<&str> = core.split_whitespace().collect();
    assert_eq!(fields[4..6], ["0", "0"], "{core}");
}

#[test]
fn a_user_that_is_not_there_or_cannot_be_become_is_told() {
    let place = Place::new("user = \"no-such-user-here\"\n");
    for subcommand in ["check", "start", "restart"] {
        let answer = place.expect(78, &[subcommand]);
        assert!(answer.err.contains("this machine has no user \"no-such-user-here\""), "{answer:?}");
    }
    place.configure("group = \"users\"\n");
    let answer = place.expect(78, &["check"]);
    assert!(answer.err.contains("medsrv.conf:3:9: server.group is that of server.user"), "{answer:?}");
    if geteuid().is_root() {
        return;
    }
    place.configure("user = \"root\"\n");
    let answer = place.expect(78, &["start"]);
    assert!(answer.err.contains("which only root can become"), "{answer:?}");
}

#[test]
fn root_is_warned_and_another_user_is_not() {
    let place = Place::new("");
    let answer = place.expect(0, &["start"]);
    assert_eq!(answer.err.contains("warning: the server runs as root"), geteuid().is_root(), "{answer:?}");
    place.expect(0, &["stop"]);
    if geteuid().is_root() {
        place.configure("user = \"root\"\n");
        assert_eq!(place.expect(0, &["start"]).err, "", "whoever names root wants it");
    }
}

/// Where root starts a server for another user.
struct Dropped {
    place: Place,
    uid: u32,
    gid: u32,
    address: SocketAddr,
}

impl Dropped {
    /// None where this is not root, or nobody else could reach the directory.
    fn start() -> Option<Dropped> {
        if !geteuid().is_root() {
            not_tested("what root gives up, for this is not root.");
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap();
        let line = users.lines().find(|line| line.starts_with(&format!("{NOBODY}:")))?;
        let fields: Vec<&str> = line.split(':').collect();
        let (uid, gid) = (fields[2].parse().unwrap(), fields[3].parse().unwrap());
        // A port that only root can have.
        let port = (600..1024).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap();
        let place = Place::new("");
        let text = format!("[server]\nport = {port}\nuser = \"{NOBODY}\"\n");
        fs::write(place.path("medsrv.conf"), text).unwrap();
        place.give_mode("medsrv.conf", 0o640);
        chown(place.path("medsrv.conf"), Some(0), Some(gid)).unwrap();
        place.give_mode("", 0o755);
        let answer = place.expect(0, &["start", "--demo"]);
        assert_eq!(answer.err, "");
        Some(Dropped { address: address_in(&answer.out), place, uid, gid })
    }

    /// The same user at a terminal; None where that user cannot run the program.
    fn as_the_user(&self, arguments: &[&str]) -> Option<Command> {
        let by_user = |arguments: &[&str]| {
            let mut command = self.place.command(arguments);
            command.uid(self.uid).gid(self.gid);
            command
        };
        if !by_user(&["--version"]).output().is_ok_and(|output| output.status.success()) {
            not_tested("the server's user at a terminal, who cannot run the program where it lies.");
            return None;
        }
        Some(by_user(arguments))
    }
}

#[test]
fn root_becomes_the_configured_user_for_good() {
    let Some(Dropped { place, uid, gid, address }) = &Dropped::start() else { return };
    assert!(address.port() < 1024);
    assert_serves(*address);
    assert_eq!(place.status("Uid"), format!("{uid} {uid} {uid} {uid}"));
    assert_eq!(place.status("Gid"), format!("{gid} {gid} {gid} {gid}"));
    assert_eq!(place.status("Groups"), gid.to_string(), "nothing of root's groups is left");
    assert_eq!(place.status("NoNewPrivs"), "1");
    for capabilities in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(place.status(capabilities), "0000000000000000", "{capabilities}");
    }
    // What the kernel does not let the process's own user look at is root's.
    assert_eq!(fs::metadata(format!("/proc/{}/environ", place.pid())).unwrap().uid(), 0);
    for entry in fs::read_dir(place.path("data")).unwrap() {
        let (path, file) = entry.map(|entry| (entry.path(), entry.metadata().unwrap())).unwrap();
        assert_eq!((file.uid(), file.gid()), (*uid, *gid), "{}", path.display());
    }
    assert_eq!(place.mode("data"), 0o700);
    // It can open its log anew, and be replaced by another start of root's.
    place.expect(0, &["reload"]);
    let answer = place.expect(0, &["restart"]);
    assert_eq!(address_in(&answer.out), *address);
    assert_eq!(place.status("Uid"), format!("{uid} {uid} {uid} {uid}"));
    assert_serves(*address);
    place.expect(0, &["stop"]);
}

#[test]
fn a_server_is_left_alone_by_a_user_who_could_not_serve_its_files() {
    let Some(Dropped { place, address, .. }) = &Dropped::start() else { return };
    place.expect(0, &["stop"]);
    let log = place.path("data/server.log");
    chown(&log, Some(0), Some(0)).unwrap();
    // Root could open it, and who root becomes cannot.
    place.give_mode("data/server.log", 0o600);
    place.expect(74, &["start"]);
    let as_root = format!("[server]\nport = {}\nuser = \"root\"\n", address.port());
    let as_nobody = fs::read_to_string(place.path("medsrv.conf")).unwrap();
    fs::write(place.path("medsrv.conf"), as_root).unwrap();
    place.expect(0, &["start"]);
    let pid = place.pid();
    fs::write(place.path("medsrv.conf"), as_nobody).unwrap();
    let answer = place.expect(74, &["restart"]);
    assert!(answer.err.contains("not restarted, the server was left alone: "), "{answer:?}");
    assert!(answer.err.contains("give it to the server's user"), "{answer:?}");
    assert_eq!(place.pid(), pid);
    assert_serves(*address);
    place.expect(0, &["stop"]);
}

#[test]
fn the_user_can_replace_and_stop_the_server_that_root_has_started() {
    let Some(dropped) = Dropped::start() else { return };
    let Some(mut restart) = dropped.as_the_user(&["restart"]) else { return };
    // The port is one that this user could not have had.
    let answer = expect(0, &mut restart);
    assert_eq!(address_in(&answer.out), dropped.address);
    assert_serves(dropped.address);
    // Without its socket the server is found by its lock alone, for nobody but root may look at the process.
    fs::remove_file(dropped.place.path("data/server.pid.sock")).unwrap();
    expect(0, &mut dropped.as_the_user(&["stop"]).unwrap());
    dropped.place.expect(3, &["status"]);
    // And without root there is no such port.
    expect(71, &mut dropped.as_the_user(&["start"]).unwrap());
}

#[test]
fn what_root_restores_is_the_users() {
    let Some(Dropped { place, uid, .. }) = &Dropped::start() else { return };
    place.expect(0, &["backup", "aside.db"]);
    place.expect(0, &["stop"]);
    fs::remove_file(place.path("data/MedicalSystem.db.lock")).unwrap();
    place.expect(0, &["restore", "aside.db"]);
    assert_eq!(fs::metadata(place.path("data/MedicalSystem.db")).unwrap().uid(), *uid);
    place.expect(0, &["start"]);
}

#[test]
fn a_database_in_memory_is_warned_of() {
    let place = Place::new("");
    let shm = Path::new("/dev/shm");
    let is_tmpfs = rustix::fs::statfs(shm).is_ok_and(|found| found.f_type as u32 == 0x0102_1994);
    if !is_tmpfs {
        return not_tested("a database in memory, for /dev/shm is not tmpfs here.");
    }
    let answer = place.expect(0, &["check", "--db-path", "/dev/shm/medsrv-is-never-made/a.db"]);
    assert!(
        answer.out.contains("# warning: the database /dev/shm/medsrv-is-never-made/a.db lies on"),
        "{answer:?}"
    );
    assert!(answer.out.contains("(tmpfs)") && answer.out.contains("lost when this machine is"), "{answer:?}");
}

/// As systemd does it: the socket is descriptor 3, and two words of the environment say so.
#[test]
fn a_socket_of_a_service_manager_is_served() {
    let script = "import os, socket, sys\n\
        listener = socket.create_server(('127.0.0.1', 0))\n\
        os.dup2(listener.fileno(), 3)\n\
        os.set_inheritable(3, True)\n\
        os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n\
        port = sys.argv[2] if len(sys.argv) > 2 else str(listener.getsockname()[1])\n\
        os.execv(sys.argv[1], [sys.argv[1], 'start', '--foreground', '--port', port])\n";
    if Command::new("python3").arg("--version").output().is_err() {
        return not_tested("a socket of a service manager, for there is no python3.");
    }
    for port in [None, Some("0")] {
        let place = Place::new("");
        let mut child = Command::new("python3")
            .args(["-c", script, BINARY])
            .args(port)
            .current_dir(place.directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.as_mut().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        assert_serves(address_in(&line));
        place.expect(0, &["stop"]);
        assert!(child.wait().unwrap().success());
    }
}

/// A unit that names more sockets than the server has doors for, and something that is no socket.
#[test]
fn what_a_service_manager_gives_for_nothing_is_closed_and_named() {
    let script = "import fcntl, os, socket, sys\n\
        listeners = [socket.create_server(('127.0.0.1', 0)) for _ in range(3)]\n\
        given = [one.fileno() for one in listeners] + [os.pipe()[0]]\n\
        given = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 20) for one in given]\n\
        ports = [one.getsockname()[1] for one in listeners]\n\
        [os.dup2(one, 3 + at) for at, one in enumerate(given)]\n\
        os.environ.update(LISTEN_FDS='4', LISTEN_PID=str(os.getpid()))\n\
        print(*ports, flush=True)\n\
        os.execv(sys.argv[1], [sys.argv[1], 'start', '--foreground', '--port', str(ports[0])])\n";
    if Command::new("python3").arg("--version").output().is_err() {
        return not_tested("sockets of a service manager that are too many, for there is no python3.");
    }
    let place = Place::new("");
    let mut child = Command::new("python3")
        .args(["-c", script, BINARY])
        .current_dir(place.directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let ports: Vec<u16> = lines.next().unwrap().split(' ').map(|port| port.parse().unwrap()).collect();
    let address = address_in(&lines.next().unwrap());
    assert_eq!(address.port(), ports[0]);
    assert_serves(address);
    for port in &ports[1..] {
        assert!(TcpStream::connect(("127.0.0.1", *port)).is_err(), "nobody would ever answer there");
    }
    let log = fs::read_to_string(place.path("data/server.log")).unwrap();
    let told: Vec<&str> =
        log.lines().filter(|line| line.contains("[WARN] the configuration does not name")).collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(told[0].contains("were given: 3 are closed: "), "{told:?}");
    for name in
        [format!("127.0.0.1:{}", ports[1]), format!("127.0.0.1:{}", ports[2]), "descriptor 6".to_owned()]
    {
        assert!(told[0].contains(&name), "{told:?}");
    }
    place.expect(0, &["stop"]);
    assert!(child.wait().unwrap().success());
}
