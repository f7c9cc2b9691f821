//! The real binary as an operator meets it: in a directory of its own, on ports that the system chooses.
//! Nothing here knows what the server answers; every server that a test starts ends with the test.

use rustix::process::{Pid, Signal, geteuid, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_medsrv");
/// Only a hung test ever waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// An operator's directory, with a configuration that lets the system choose the port.
struct Place {
    directory: tempfile::TempDir,
}

/// What a command answered.
#[derive(Debug)]
struct Answer {
    exit_code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Place {
        // A server refuses a configuration that others can read.
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        let place = Place { directory: tempfile::tempdir().unwrap() };
        symlink(BINARY, place.binary()).unwrap();
        fs::write(place.path("medsrv.conf"), "[server]\nport = 0\n").unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn pid_file(&self) -> PathBuf {
        self.path("data/server.pid")
    }

    /// The program by a name of this place's own. It is the first word of all that is started here, and of the
    /// little that anybody may know of a server.
    fn binary(&self) -> PathBuf {
        self.path("medsrv")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.binary());
        command.args(arguments).current_dir(self.directory.path()).stdin(Stdio::null());
        command
    }

    /// A script that has the program as `$0`.
    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(self.binary());
        command.current_dir(self.directory.path()).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        Answer::of(self.command(arguments).output().unwrap())
    }

    /// Runs a command that must end with this exit code.
    fn expect(&self, exit_code: i32, arguments: &[&str]) -> Answer {
        let answer = self.run(arguments);
        assert_eq!(answer.exit_code, exit_code, "{arguments:?} answered {answer:?}");
        answer
    }

    fn start(&self) -> i32 {
        pid_in(&self.expect(0, &["start"]).out).expect("start prints the pid")
    }

    fn start_in_the_foreground(&self) -> (Child, String) {
        let mut command = self.command(&["start", "--foreground", "--daemon"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        (child, line)
    }

    fn write_pid_file(&self, content: &str) {
        fs::create_dir_all(self.path("data")).unwrap();
        fs::write(self.pid_file(), content).unwrap();
    }
}

impl Answer {
    fn of(output: Output) -> Answer {
        Answer {
            exit_code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Drop for Place {
    /// Ends what a failed test left running: every process of this place's program.
    fn drop(&mut self) {
        let first_word = format!("{}\0", self.binary().display()).into_bytes();
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = process.file_name().to_string_lossy().parse() else { continue };
            let words = fs::read(process.path().join("cmdline")).unwrap_or_default();
            if words.starts_with(&first_word) {
                let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
            }
        }
    }
}

/// The pid in what `start` prints.
fn pid_in(text: &str) -> Option<i32> {
    let (_, rest) = text.split_once("medsrv started: pid ")?;
    rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

fn address_in(text: &str) -> &str {
    let (_, rest) = text.split_once("listening on ").expect("start prints the address");
    rest.lines().next().unwrap()
}

/// Where a link of the kernel's about a server leads. None where this is not root: nobody else may look.
fn kernel_link(pid: i32, name: &str) -> Option<PathBuf> {
    let found = fs::read_link(format!("/proc/{pid}/{name}"));
    if geteuid().is_root() {
        return Some(found.unwrap());
    }
    assert_eq!(found.unwrap_err().kind(), ErrorKind::PermissionDenied, "{name}");
    None
}

/// The session of a process (proc_pid_stat(5)): 0 is one that began outside of our namespace of processes.
fn session_of(process: &str) -> i32 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, after_name) = stat.rsplit_once(") ").unwrap();
    after_name.split(' ').nth(3).unwrap().parse().unwrap()
}

fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < give_up, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A process that has nothing to do with the server, ended with the test.
struct Bystander(Child);

impl Bystander {
    fn new() -> Bystander {
        Bystander(Command::new("sleep").arg("600").spawn().unwrap())
    }

    fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_server_is_started_once_asked_about_and_stopped() {
    let place = Place::new();
    let started = place.expect(0, &["start"]);
    let pid = pid_in(&started.out).unwrap();
    TcpStream::connect(address_in(&started.out)).expect("start returns only when the port answers");
    assert_eq!(fs::read_to_string(place.pid_file()).unwrap(), format!("{pid}\n"));

    let second = place.expect(1, &["start"]);
    assert!(second.err.starts_with(&format!("medsrv: already running, pid {pid}")), "{second:?}");
    let status = place.expect(0, &["status"]);
    assert!(status.out.starts_with("medsrv is running\n"), "{status:?}");
    assert!(status.out.contains(&pid.to_string()), "{status:?}");

    let stopped = place.expect(0, &["stop"]);
    assert_eq!(stopped.out, format!("medsrv stopped: pid {pid}\n"));
    assert!(!place.pid_file().exists());
    place.expect(3, &["status"]);
    let again = place.expect(0, &["stop"]);
    assert!(again.out.starts_with("medsrv is not running"), "{again:?}");
}

#[test]
fn of_many_starts_at_once_exactly_one_succeeds() {
    let place = Place::new();
    let starts: Vec<Child> = (0..6)
        .map(|_| place.command(&["start"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let mut exit_codes = Vec::new();
    for start in starts {
        let output = start.wait_with_output().unwrap();
        exit_codes.push(Answer::of(output).exit_code);
    }
    exit_codes.sort_unstable();
    assert_eq!(exit_codes, [0, 1, 1, 1, 1, 1]);
    place.expect(0, &["stop"]);
}

#[test]
fn the_daemon_is_detached_private_and_has_one_thread() {
    let place = Place::new();
    let started = place.shell("umask 000; exec \"$0\" start").output().unwrap();
    let pid = pid_in(&Answer::of(started).out).unwrap();
    let proc = |name: &str| PathBuf::from(format!("/proc/{pid}/{name}"));
    assert_ne!(session_of(&pid.to_string()), session_of("self"), "no terminal of ours ends it");
    assert!(kernel_link(pid, "cwd").is_none_or(|directory| directory == Path::new("/")));
    assert!(fs::read_to_string(proc("status")).unwrap().contains("Umask:\t0077"));
    assert_eq!(fs::read_dir(proc("task")).unwrap().count(), 1);
    for descriptor in ["fd/0", "fd/1", "fd/2"] {
        assert!(kernel_link(pid, descriptor).is_none_or(|file| file == Path::new("/dev/null")));
    }
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.path("data")), 0o700);
    assert_eq!(mode(place.path("data/server.log")), 0o640);
    assert_eq!(mode(place.pid_file()), 0o600);
    place.expect(0, &["stop"]);
}

#[test]
fn standard_descriptors_that_are_closed_are_never_those_of_a_file() {
    let place = Place::new();
    let status = place.shell("exec \"$0\" start <&- >&- 2>&-").status().unwrap();
    let pid = fs::read_to_string(place.pid_file()).unwrap().trim().parse().unwrap();
    assert_eq!(status.code(), Some(0));
    for descriptor in ["fd/0", "fd/1", "fd/2"] {
        assert!(kernel_link(pid, descriptor).is_none_or(|file| file == Path::new("/dev/null")));
    }
    place.expect(0, &["stop"]);
}

#[test]
fn a_restart_replaces_the_server_or_leaves_it_alone() {
    let place = Place::new();
    let first = pid_in(&place.expect(0, &["restart"]).out).expect("a restart starts what did not run");
    let answer = place.expect(0, &["restart"]);
    assert!(answer.out.starts_with(&format!("medsrv stopped: pid {first}\nmedsrv started: pid ")));
    let second = fs::read_to_string(place.pid_file()).unwrap();
    assert_ne!(second, format!("{first}\n"));

    fs::write(place.path("medsrv.conf"), "[server]\nport = \"none\"\n").unwrap();
    let refused = place.expect(78, &["restart"]);
    assert!(refused.err.contains("left alone"), "{refused:?}");
    assert_eq!(fs::read_to_string(place.pid_file()).unwrap(), second);
    place.expect(0, &["status"]);
    place.expect(0, &["stop"]);
    place.expect(3, &["status"]);
}

#[test]
fn a_killed_server_leaves_a_file_that_the_next_one_takes_over() {
    let place = Place::new();
    let first = place.start();
    signal(first, Signal::KILL);
    wait_until("the killed server is gone", || place.run(&["status"]).exit_code == 1);
    let dead = place.expect(1, &["status"]);
    assert!(dead.out.contains(&format!("medsrv is dead (pid {first})")), "{dead:?}");
    let second = place.start();
    assert_eq!(fs::read_to_string(place.pid_file()).unwrap(), format!("{second}\n"));
    place.expect(0, &["stop"]);
}

#[test]
fn a_pid_file_that_is_removed_is_written_anew() {
    let place = Place::new();
    let pid = place.start();
    let content = || fs::read_to_string(place.pid_file()).unwrap();
    fs::remove_file(place.pid_file()).unwrap();
    // Whoever asks how it is finds it, and its pid file is there again.
    place.expect(0, &["status"]);
    assert_eq!(content(), format!("{pid}\n"));
    place.expect(1, &["start"]);
    for changed in ["", "1\n"] {
        fs::write(place.pid_file(), changed).unwrap();
        place.expect(0, &["status"]);
        assert_eq!(content(), format!("{pid}\n"), "{changed:?}");
    }
    // What is somebody else's is left alone.
    fs::remove_file(place.pid_file()).unwrap();
    fs::write(place.pid_file(), "another's").unwrap();
    for (exit_code, command) in [(4, "status"), (1, "stop"), (1, "restart")] {
        let answer = place.run(&[command]);
        assert_eq!(answer.exit_code, exit_code, "{command}: {answer:?}");
        assert!(answer.err.contains("is not that of the server that listens beside it"), "{answer:?}");
    }
    let log = || fs::read_to_string(place.path("data/server.log")).unwrap();
    wait_until("it is in the log", || log().contains("and cannot be written anew"));
    assert_eq!(fs::read_to_string(place.pid_file()).unwrap(), "another's");
    fs::remove_file(place.pid_file()).unwrap();
    signal(pid, Signal::HUP);
    wait_until("the pid file is there again", || place.pid_file().exists());
    fs::remove_file(place.pid_file()).unwrap();
    // One that is held up is not taken for one that is gone.
    signal(pid, Signal::STOP);
    place.expect(4, &["status"]);
    place.expect(1, &["stop"]);
    signal(pid, Signal::CONT);
    place.expect(0, &["stop"]);
    assert!(!place.pid_file().exists());
    place.expect(3, &["status"]);
}

#[test]
fn a_taken_port_is_named_and_nothing_is_left_behind() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let port = taken.local_addr().unwrap().port().to_string();
    for mode in ["--daemon", "--foreground"] {
        let answer = place.expect(71, &["start", "--port", &port, mode]);
        assert!(answer.err.contains(&format!("medsrv: cannot listen on {address}: ")), "{answer:?}");
        assert_eq!(answer.out, "");
        place.expect(3, &["status"]);
    }
    let log = fs::read_to_string(place.path("data/server.log")).unwrap();
    assert!(log.contains(&format!("[ERROR] not started: cannot listen on {address}")), "{log}");
}

#[test]
fn one_run_reports_every_mistake_with_its_place() {
    let place = Place::new();
    let text = "[server]\nport = 70000\nprot = 1\n[limits]\ndata_max_bytes = \"1M\"\n";
    fs::write(place.path("bad.conf"), text).unwrap();
    for subcommand in ["check", "start", "restart", "call"] {
        let mut arguments = vec![subcommand, "--config", "bad.conf"];
        arguments.extend((subcommand == "call").then_some("{}"));
        let answer = place.expect(78, &arguments);
        for mistake in ["bad.conf:2:8: ", "bad.conf:3:1: ", "bad.conf:5:18: "] {
            assert!(answer.err.contains(mistake), "{answer:?}");
        }
    }
    let missing = place.expect(78, &["check", "--config", "missing.conf"]);
    assert!(missing.err.contains("missing.conf: there is no such file"), "{missing:?}");
    place.expect(2, &["check", "--port", "70000"]);
    assert!(!place.path("data").exists(), "a check creates nothing");
}

#[test]
fn a_valid_configuration_is_shown_with_the_values_that_apply() {
    let place = Place::new();
    let answer = place.expect(0, &["--host", "::1", "check", "--pid-file", "run/pid"]);
    assert!(answer.out.starts_with("configuration is valid\n"), "{answer:?}");
    for expected in ["medsrv.conf", "host = \"::1\"", "port = 0", "/run/pid\"", "linger_ms = 1000"] {
        assert!(answer.out.contains(expected), "{answer:?}");
    }
}

#[test]
fn a_broken_configuration_does_not_keep_a_server_from_being_stopped() {
    let place = Place::new();
    let text = "[server]\nport = 0\npid_file = \"elsewhere/pid\"\n";
    fs::write(place.path("medsrv.conf"), text).unwrap();
    let pid = place.start();
    fs::write(place.path("medsrv.conf"), format!("{text}port = 1\n[broken\n")).unwrap();
    let status = place.expect(0, &["status"]);
    assert!(status.err.contains("medsrv.conf:4:1: "), "{status:?}");
    let stopped = place.expect(0, &["stop"]);
    assert_eq!(stopped.out, format!("medsrv stopped: pid {pid}\n"));
    place.expect(3, &["status"]);
}

#[test]
fn a_process_that_merely_bears_the_pid_is_never_signalled() {
    let place = Place::new();
    let mut bystander = Bystander::new();
    place.write_pid_file(&format!("{}\n", bystander.0.id()));
    place.expect(1, &["status"]);
    let stopped = place.expect(0, &["stop"]);
    assert!(stopped.out.starts_with("medsrv is not running"), "{stopped:?}");
    place.expect(0, &["restart"]);
    place.expect(0, &["stop"]);
    assert!(bystander.is_alive());
}

#[test]
fn nonsense_in_the_pid_file_signals_nobody_and_hinders_nobody() {
    for content in ["", "-1\n", "0\n", "1\n", "not a number\n"] {
        let place = Place::new();
        place.write_pid_file(content);
        place.expect(1, &["status"]);
        place.expect(0, &["stop"]);
        place.start();
        place.expect(0, &["stop"]);
    }
}

#[test]
fn a_link_in_place_of_the_pid_file_is_not_followed() {
    let place = Place::new();
    fs::create_dir(place.path("data")).unwrap();
    fs::write(place.path("precious"), "precious").unwrap();
    symlink(place.path("precious"), place.pid_file()).unwrap();
    for (exit_code, subcommand) in [(74, "start"), (4, "status"), (1, "stop")] {
        let answer = place.expect(exit_code, &[subcommand]);
        assert!(answer.err.contains("symbolic link"), "{answer:?}");
    }
    assert_eq!(fs::read_to_string(place.path("precious")).unwrap(), "precious");
}

#[test]
fn files_that_cannot_be_made_are_named() {
    let place = Place::new();
    fs::write(place.path("file"), "").unwrap();
    let answer = place.expect(74, &["start", "--log-file", "file/server.log"]);
    assert!(answer.err.contains("cannot make the directory"), "{answer:?}");
    let answer = place.expect(74, &["start", "--log-file", "."]);
    assert!(answer.err.contains("log file "), "{answer:?}");
    place.expect(3, &["status"]);
}

#[test]
fn in_the_foreground_the_address_is_printed_and_the_log_shown() {
    let place = Place::new();
    let (mut child, line) = place.start_in_the_foreground();
    assert!(line.starts_with(&format!("medsrv started: pid {}, listening on ", child.id())), "{line}");
    TcpStream::connect(address_in(&line)).unwrap();
    place.expect(1, &["start", "--foreground"]);
    place.expect(0, &["stop"]);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut shown = String::new();
    child.stderr.take().unwrap().read_to_string(&mut shown).unwrap();
    assert_eq!(shown, fs::read_to_string(place.path("data/server.log")).unwrap());
    assert!(shown.contains("[INFO] listening on "), "{shown}");
}

#[test]
fn a_second_signal_to_end_does_not_keep_the_server_alive() {
    let place = Place::new();
    let (mut child, _) = place.start_in_the_foreground();
    let pid = i32::try_from(child.id()).unwrap();
    signal(pid, Signal::TERM);
    // It is not reaped before the wait below, so the pid is still its own.
    signal(pid, Signal::TERM);
    wait_until("the server ended", || child.try_wait().unwrap().is_some());
    assert_ne!(place.run(&["status"]).exit_code, 0);
    place.start();
    place.expect(0, &["stop"]);
}

/// Reads one request of the old clients' form and answers with this JSON.
fn answer_one(listener: TcpListener, reply: &'static str) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut part = || {
            let mut length = [0; 4];
            stream.read_exact(&mut length).unwrap();
            let mut part = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
            stream.read_exact(&mut part).unwrap();
            String::from_utf8(part).unwrap()
        };
        let request = [part(), part()].join(" ");
        stream.write_all(&u32::try_from(reply.len()).unwrap().to_be_bytes()).unwrap();
        stream.write_all(reply.as_bytes()).unwrap();
        request
    })
}

#[test]
fn a_call_sends_one_request_and_tells_success_by_its_exit_code() {
    let place = Place::new();
    for (reply, exit_code) in [
        ("{\"status\":\"success\",\"name\":\"王医生\"}", 0),
        ("{\"status\":\"error\",\"error\":\"没有\"}", 1),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let server = answer_one(listener, reply);
        let mut call = place.command(&["call", "--port", &port, "-"]);
        let mut call =
            call.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        call.stdin.take().unwrap().write_all("{\"医\":1}".as_bytes()).unwrap();
        let answer = Answer::of(call.wait_with_output().unwrap());
        assert_eq!(answer.exit_code, exit_code, "{answer:?}");
        assert!(answer.out.starts_with("{\n  \""), "{answer:?}");
        assert!(answer.out.contains("王医生") || answer.out.contains("没有"), "{answer:?}");
        assert_eq!(server.join().unwrap(), "request.json {\"医\":1}");
    }
    let refused = place.expect(1, &["call", "{}"]);
    assert!(refused.err.contains("port 0 is no port to call"), "{refused:?}");
}
