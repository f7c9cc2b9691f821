//! The demonstration tells what is true, ends by itself, and leaves nothing behind, however it ends.

mod common;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Only a hung test ever waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The demonstration, with a temporary directory of its own, so that what it leaves there is its own.
fn demo(flags: &[&str], temporary: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medsrv"));
    command.arg("demo").args(flags).env("TMPDIR", temporary).current_dir(temporary).stdin(Stdio::null());
    command
}

fn left_in(directory: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The number at the beginning of the line that ends so.
fn counted(output: &str, what: &str) -> usize {
    let line =
        output.lines().find(|line| line.trim_start().trim_start_matches(char::is_numeric).trim() == what);
    let line = line.unwrap_or_else(|| panic!("nothing is said of {what:?}:\n{output}"));
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn what_a_viewer_reads_holds() {
    let temporary = tempfile::tempdir().unwrap();
    let output = demo(&["--fast"], temporary.path()).output().unwrap();
    let (shown, complaints) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{complaints}\n{shown}");
    assert_eq!(complaints, "");
    let places = counted(&shown, "places online of the session");
    let asked = counted(&shown, "asked for one at the same moment");
    assert!(asked >= 60 && places < asked);
    assert_eq!(counted(&shown, "places were given"), places, "sold is what there was");
    assert_eq!(counted(&shown, "were told that it is full, and where there are places"), asked - places);
    assert_eq!(counted(&shown, "was cancelled, and went to who waited"), 1);
    assert_eq!(counted(&shown, "booked online and seen"), places);
    let tickets = places
        + counted(&shown, "came without an appointment and were seen")
        + counted(&shown, "came back with a result and were seen");
    assert_eq!(counted(&shown, "tickets called, all of them seen"), tickets);
    assert_eq!(counted(&shown, "patients in the room at once, at most"), 1);
    assert_eq!(
        counted(&shown, "appointments cancelled because the doctor is ill"),
        counted(&shown, "patients were told of it")
    );
    assert_eq!(counted(&shown, "did not come"), 1);
    assert_eq!(counted(&shown, "was reminded"), 1);
    assert_eq!(counted(&shown, "record was signed, and read by its patient"), 1);
    assert_eq!(counted(&shown, "drug was refused because of an allergy"), 1);
    assert_eq!(counted(&shown, "prescription was given out"), 1);
    assert_eq!(counted(&shown, "stay in a ward, from the request to the discharge"), 1);
    assert_eq!(counted(&shown, "beds of the ward are free again"), 3);
    assert_eq!(shown.matches("board: 1 free | 2 free | 3 free").count(), 1, "{shown}");
    let completed = format!("{tickets} came, {tickets} were seen");
    assert!(shown.contains(&completed), "{completed}:\n{shown}");
    for refusal in ["unsigned_notes", "`allergy`", "bad_transition", "bed_taken", "diagnosis_missing"] {
        assert!(shown.contains(refusal), "{refusal}:\n{shown}");
    }
    for refusal in
        ["session_full", "limit_reached", "room_busy", "no_show", "The queue is the same", "is whole"]
    {
        assert!(shown.contains(refusal), "{refusal}:\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'), "nothing moves the cursor where there is no terminal");
    assert_eq!(left_in(temporary.path()), Vec::<PathBuf>::new());
}

/// Starts the demonstration with its pauses. Returns it, its server's process, and the rest of its output.
#[expect(clippy::zombie_processes, reason = "whoever begins it waits for it")]
fn begun(temporary: &Path) -> (Child, i32, BufReader<std::process::ChildStdout>) {
    let mut child = demo(&[], temporary).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    loop {
        let mut line = String::new();
        assert!(output.read_line(&mut line).unwrap() > 0, "it has ended before its server was named");
        if let Some((_, rest)) = line.split_once("pid ") {
            return (child, rest.split(',').next().unwrap().parse().unwrap(), output);
        }
    }
}

fn is_gone(pid: i32) -> bool {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::test_kill_process(pid).is_err()
}

#[test]
fn whoever_has_seen_enough_leaves_nothing_behind() {
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::TERM] {
        let temporary = tempfile::tempdir().unwrap();
        let (mut child, server, mut output) = begun(temporary.path());
        assert_eq!(left_in(temporary.path()).len(), 1);
        let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
        let mut complaints = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
        let _ = output.read_to_end(&mut Vec::new());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{complaints}");
        assert!(complaints.contains("are removed"), "{complaints}");
        assert_eq!(left_in(temporary.path()), Vec::<PathBuf>::new());
        assert!(is_gone(server), "the server runs on");
    }
}

#[test]
fn a_failure_leaves_nothing_behind_either() {
    let temporary = tempfile::tempdir().unwrap();
    let (mut child, server, mut output) = begun(temporary.path());
    let pid = rustix::process::Pid::from_raw(server).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let _ = output.read_to_end(&mut Vec::new());
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "it goes on without its server");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(left_in(temporary.path()), Vec::<PathBuf>::new());
    assert!(is_gone(server));
}
