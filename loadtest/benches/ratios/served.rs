//! Owns the servers that are measured: each in a process of its own, on its own core.
//!
//! It never measures. Invariant: a server ends with what started it.

use crate::Outcome;
use medsrv::ops::config::{Config, Loaded};
use medsrv::ops::supervisor::Supervisor;
use medsrv::server::{Given, Server, Sockets};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub const DATABASE: &str = "MedicalSystem.db";
/// The directory of the served medsrv follows.
const SERVE: &str = "--serve-medsrv";
/// Where this is given, the served medsrv does not record reads.
const NO_AUDIT_OF_READS: &str = "--no-audit-of-reads";

/// A server in a process of its own, on its own core.
pub struct Served {
    pub child: Child,
    pub address: SocketAddr,
}

impl Served {
    pub fn medsrv(directory: &Path, audit_reads: bool) -> Outcome<Served> {
        let directory = directory.to_string_lossy();
        let arguments = [SERVE, &directory, NO_AUDIT_OF_READS];
        Served::start(arguments.get(..if audit_reads { 2 } else { 3 }).unwrap_or_default())
    }

    pub fn start(arguments: &[&str]) -> Outcome<Served> {
        let mut child =
            Command::new(std::env::current_exe()?).args(arguments).stdout(Stdio::piped()).spawn()?;
        pin(i32::try_from(child.id()).ok().and_then(Pid::from_raw), 0);
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().ok_or("no output")?).read_line(&mut line)?;
        Ok(Served { child, address: line.trim().parse()? })
    }

    pub fn resident_kib(&self) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse()?)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Puts a process on one core. Where there is no such core, it stays where it is.
pub fn pin(process: Option<Pid>, core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    if sched_setaffinity(process, &cores).is_err() {
        eprintln!("core {core} cannot be had alone; what follows is noisier");
    }
}

/// Serves where the arguments are those of a process that `Served::medsrv` has started, and tells whether they are.
pub fn serve_if_asked(arguments: &[String]) -> Outcome<bool> {
    let Some(directory) = arguments.iter().skip_while(|argument| *argument != SERVE).nth(1) else {
        return Ok(false);
    };
    serve(Path::new(directory), !arguments.iter().any(|argument| argument == NO_AUDIT_OF_READS))?;
    Ok(true)
}

fn serve(directory: &Path, audit_reads: bool) -> Outcome<()> {
    let mut config = Config::default();
    config.server.port = 0;
    config.server.db_path = directory.join(DATABASE);
    config.audit.key_file = directory.join("audit.key");
    config.audit.anchor_file = directory.join("audit.anchor");
    config.audit.reads = audit_reads;
    config.legacy.networks = vec!["127.0.0.0/8".parse()?];
    // Nobody who is measured writes as seldom as people do.
    config.chat.messages_per_minute_max = 1_000_000;
    let sockets = Sockets::bind(&config, Given::default())?;
    let server = Server::open(Loaded::of(config), sockets, false)?;
    println!("{}", server.address());
    Ok(server.run(Supervisor::none(), None)?)
}
