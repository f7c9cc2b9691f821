//! Owns the server of a demonstration: its directory, its configuration, its process, its staff. Never calls a
//! method.
//! Invariant: whatever way this ends, the process and the directory are gone with it.

use super::{Intent, Stop};
use crate::ops::daemon::restrict_new_files;
use chrono::{NaiveDateTime, TimeDelta, Timelike, Utc};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, DirBuilder, File};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Passwords are quick to derive here, for nobody is to wait for sixty of them, and they guard nothing.
const CONFIGURATION: &str = "\
[accounts]
password_iterations = 1000

[deadlines]
silent_ms = 5000
frame_ms = 5000
idle_ms = 120000
write_ms = 5000

[booking]
reminder_hour_min = 60
";

/// The hour in which the morning is played.
const HOUR: i64 = 9;
/// How long the server may take to end.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(10);

/// A directory that is removed with all that is in it.
struct Directory(PathBuf);

impl Directory {
    fn make() -> Result<Directory, Stop> {
        let now = Utc::now().timestamp_micros();
        let path = std::env::temp_dir().join(format!("medsrv-demo-{}-{now}", std::process::id()));
        // One that is there already belongs to somebody else.
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Stop::failed(format_args!("cannot make {}: {error}", path.display())))?;
        Ok(Directory(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

// Fields are dropped in this order: the process goes before its files.
pub struct House {
    server: Server,
    directory: Directory,
    program: PathBuf,
    /// The house's own time less UTC.
    offset_hours: i64,
}

impl House {
    pub fn open() -> Result<House, Stop> {
        let program = std::env::current_exe()
            .map_err(|error| Stop::failed(format_args!("this program cannot find its own file: {error}")))?;
        restrict_new_files();
        let directory = Directory::make()?;
        fs::write(directory.0.join("medsrv.conf"), CONFIGURATION)
            .map_err(|error| Stop::failed(format_args!("the configuration cannot be written: {error}")))?;
        let offset_hours = offset_of(i64::from(Utc::now().hour()));
        let server = Server::start(&program, &directory.0, offset_hours)?;
        Ok(House { server, directory, program, offset_hours })
    }

    pub fn path(&self) -> &Path {
        &self.directory.0
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    pub fn pid(&self) -> u32 {
        self.server.child.id()
    }

    /// The hospital's own time.
    pub fn now(&self) -> NaiveDateTime {
        Utc::now().naive_utc() + TimeDelta::hours(self.offset_hours)
    }

    /// The whole second that so many seconds from now has begun, for sessions have no parts of one.
    pub fn second_in(&self, seconds: i64) -> NaiveDateTime {
        let then = self.now() + TimeDelta::seconds(seconds);
        then.with_nanosecond(0).unwrap_or(then)
    }

    /// The server is gone from one moment to the next, as in a power failure, and starts anew on its files.
    pub fn crash_and_start(&mut self) -> Result<(), Stop> {
        self.server.end(Signal::KILL);
        self.server = Server::start(&self.program, &self.directory.0, self.offset_hours)?;
        Ok(())
    }

    /// Runs this program with other arguments in the house's directory. Returns its standard output.
    pub fn run(&self, arguments: &[&str], input: &str) -> Result<String, Stop> {
        let what = arguments.join(" ");
        let failed = |error: &dyn std::fmt::Display| Stop::failed(format_args!("medsrv {what}: {error}"));
        let mut child = command(&self.program, &self.directory.0, self.offset_hours)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(&error))?;
        if let Some(mut stdin) = child.stdin.take() {
            writeln!(stdin, "{input}").map_err(|error| failed(&error))?;
        }
        let output = child.wait_with_output().map_err(|error| failed(&error))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(failed(&String::from_utf8_lossy(&output.stderr).trim_end()))
    }

    /// Ends the server as an operator does. Returns whether it ended by itself.
    pub fn close(mut self) -> bool {
        self.server.end(Signal::TERM)
    }
}

/// So many hours from UTC that the hour there is the one in which the morning is played.
fn offset_of(utc_hour: i64) -> i64 {
    let offset = HOUR - utc_hour;
    if offset < -11 { offset + 24 } else { offset }
}

/// The clock is the machine's. Only the time zone is the house's own, in the form of POSIX, whose sign is the
/// other way round.
fn command(program: &Path, directory: &Path, offset_hours: i64) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).env("TZ", format!("CLINIC{:+}", -offset_hours));
    // Ctrl-C at the terminal is for the demonstration, which ends its server itself.
    command.process_group(0);
    command
}

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(program: &Path, directory: &Path, offset_hours: i64) -> Result<Server, Stop> {
        let failed =
            |error: &dyn std::fmt::Display| Stop::failed(format_args!("no server was started: {error}"));
        let complaints = directory.join("stderr.txt");
        let stderr = File::create(&complaints).map_err(|error| failed(&error))?;
        let mut child = command(program, directory, offset_hours)
            .args(["start", "--foreground", "--demo", "--config", "medsrv.conf"])
            .args(["--host", "127.0.0.1", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .map_err(|error| failed(&error))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.as_mut() {
            let _ = BufReader::new(stdout).read_line(&mut line);
        }
        let address = line.trim().rsplit(' ').next().and_then(|word| word.parse().ok());
        let mut server = Server { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        match address {
            Some(address) => {
                server.address = address;
                Ok(server)
            }
            None => {
                let said = fs::read_to_string(&complaints).unwrap_or_default();
                Err(failed(&format_args!("{}{}", line, said.trim_end())))
            }
        }
    }

    /// Returns whether the process ended after this signal and no other.
    fn end(&mut self, signal: Signal) -> bool {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // A child that was waited for may have left its number to another process.
        if let (Ok(None), Some(pid)) = (self.child.try_wait(), pid) {
            let _ = kill_process(pid, signal);
        }
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            std::thread::sleep(LOOK);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits, unless somebody wishes to end.
pub fn rest(time: Duration, intent: &Intent) -> Result<(), Stop> {
    let deadline = Instant::now() + time;
    loop {
        intent.check()?;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_morning_whatever_the_hour() {
        for utc_hour in 0..24 {
            let offset = offset_of(utc_hour);
            assert_eq!((utc_hour + offset).rem_euclid(24), HOUR, "{utc_hour}");
            assert!((-11..=12).contains(&offset), "{utc_hour}");
        }
    }
}
