//! Owns the directory of a run, the server in it, and the commands that are called beside it.
//!
//! It never knows when what is done. Invariant: what was started here ends with the place.

use crate::{AS_MEDSRV, Outcome, people};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long any command may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// What the configuration says whatever else changes. Nobody who sends a load writes as seldom as people do.
const ALWAYS: &str = "[server]\nport = 0\n[chat]\nmessages_per_minute_max = 1000\n";

pub struct Place {
    directory: TempDir,
    child: Child,
    pub address: SocketAddr,
}

/// A command that was called.
pub struct Called {
    child: Child,
    answer: PathBuf,
    since: Instant,
}

/// What a command has come to.
pub struct Answered {
    pub exit_code: Option<i32>,
    pub text: String,
}

/// In KiB, as the kernel tells it.
#[derive(Clone, Copy, Default)]
pub struct Memory {
    pub resident: u64,
    pub anonymous: u64,
}

impl Place {
    /// Fills a database in a directory of its own, and starts a server on it.
    pub fn open() -> Outcome<Place> {
        let directory = tempfile::tempdir()?;
        fs::DirBuilder::new().mode(0o700).create(directory.path().join("data"))?;
        let database = directory.path().join("data/MedicalSystem.db");
        people::fill(&database)?;
        fs::set_permissions(&database, fs::Permissions::from_mode(0o600))?;
        write_configuration(directory.path().join("medsrv.conf"), "")?;
        let mut child = Command::new(std::env::current_exe()?)
            .args([AS_MEDSRV, "start", "--foreground"])
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().ok_or("no output")?).read_line(&mut line)?;
        let address = line.trim().rsplit(' ').next().unwrap_or_default().parse();
        let address = address.map_err(|_| format!("the server did not start: {line:?}"))?;
        Ok(Place { directory, child, address })
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Has the configuration say this beside what it always says.
    pub fn configure(&self, text: &str) -> Outcome<()> {
        write_configuration(self.file("medsrv.conf"), text)
    }

    pub fn signal(&self, signal: Signal) -> Outcome<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).ok_or("no process id")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Calls `medsrv` with these words, and does not wait for it.
    pub fn call(&self, words: &[&str]) -> Outcome<Called> {
        let answer = self.file(&format!("answer-{}", words.first().copied().unwrap_or_default()));
        let output = File::create(&answer)?;
        let child = Command::new(std::env::current_exe()?)
            .arg(AS_MEDSRV)
            .args(words)
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stderr(output.try_clone()?)
            .stdout(output)
            .spawn()?;
        Ok(Called { child, answer, since: Instant::now() })
    }

    pub fn memory(&self) -> Outcome<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
        };
        let resident = field("VmRSS").ok_or("the server is gone")?;
        Ok(Memory { resident, anonymous: field("RssAnon").unwrap_or_default() })
    }

    pub fn descriptors(&self) -> Outcome<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count())
    }

    /// In bytes; 0 where there is none.
    pub fn size(&self, name: &str) -> u64 {
        fs::metadata(self.file(name)).map_or(0, |found| found.len())
    }

    /// Stops the server as an operator does, and tells whether all was in order.
    pub fn end(mut self) -> Outcome<bool> {
        let stopped = self.call(&["stop"])?.wait()?;
        let server = self.child.wait()?;
        let trail = self.call(&["audit", "verify"])?.wait()?;
        let is_good = stopped.exit_code == Some(0) && server.success() && trail.exit_code == Some(0);
        if !is_good {
            println!("stop: {}server: {server}\naudit verify: {}", stopped.text, trail.text);
        }
        Ok(is_good)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Called {
    /// What has come of it, once it has ended. One that takes too long is ended, and has no exit code.
    pub fn answered(&mut self) -> Outcome<Option<Answered>> {
        let Some(status) = self.child.try_wait()? else {
            if self.since.elapsed() > PATIENCE {
                self.child.kill()?;
            }
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&fs::read(&self.answer)?).into_owned();
        Ok(Some(Answered { exit_code: status.code(), text }))
    }

    pub fn wait(&mut self) -> Outcome<Answered> {
        loop {
            if let Some(answered) = self.answered()? {
                return Ok(answered);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn taken(&self) -> Duration {
        self.since.elapsed()
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write_configuration(path: PathBuf, text: &str) -> Outcome<()> {
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(format!("{ALWAYS}{text}").as_bytes())?)
}
