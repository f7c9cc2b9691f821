//! Owns the servers that are measured: each in a process of its own, on its own core.
//!
//! It never measures. Invariant: a server ends with what started it.

use crate::Outcome;
use medsrv::net::{Background, CommitOutcome, Handler, Limits, Place, Reactor, Refusal, Request, Verdict};
use medsrv::ops::config::Config;
use medsrv::session::{Session, SessionId};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub const DATABASE: &str = "MedicalSystem.db";
/// Where this is given, the served medsrv does not record reads.
pub const NO_AUDIT_OF_READS: &str = "--no-audit-of-reads";

/// A server in a process of its own, on its own core.
pub struct Served {
    child: Child,
    pub address: SocketAddr,
}

impl Served {
    pub fn echo() -> Outcome<Served> {
        Served::start(&["--serve-echo"])
    }

    pub fn medsrv(directory: &Path, audit_reads: bool) -> Outcome<Served> {
        let directory = directory.to_string_lossy();
        let arguments = ["--serve-medsrv", &directory, NO_AUDIT_OF_READS];
        Served::start(arguments.get(..if audit_reads { 2 } else { 3 }).unwrap_or_default())
    }

    fn start(arguments: &[&str]) -> Outcome<Served> {
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

struct Echo;

impl Handler for Echo {
    fn request(&mut self, _: &Session, request: Request<'_>, _: Place, output: &mut Vec<u8>) -> Verdict {
        output.extend_from_slice(request.data);
        Verdict::Keep
    }

    fn commit(&mut self) -> CommitOutcome {
        CommitOutcome::Durable
    }

    fn retract(&mut self, _: &Session, _: &[u8], _: &mut Vec<u8>) {}

    fn refuse(&mut self, _: &Session, refusal: Refusal, output: &mut Vec<u8>) {
        output.extend_from_slice(refusal.to_string().as_bytes());
    }

    fn background(&mut self, _: bool) -> Background {
        Background::Nothing
    }

    fn reload(&mut self) {}

    fn closed(&mut self, _: SessionId) {}
}

pub fn serve_echo() -> Outcome<()> {
    let listener = mio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let mut reactor = Reactor::new(listener, Limits::default())?;
    println!("{}", reactor.address());
    while reactor.turn(&mut Echo)? {}
    Ok(())
}

pub fn serve_medsrv(directory: &Path, audit_reads: bool) -> Outcome<()> {
    let mut config = Config::default();
    config.server.port = 0;
    config.server.db_path = directory.join(DATABASE);
    config.audit.key_file = directory.join("audit.key");
    config.audit.anchor_file = directory.join("audit.anchor");
    config.audit.reads = audit_reads;
    config.legacy.networks = vec!["127.0.0.0/8".parse()?];
    let server = medsrv::server::Server::open(&config, false)?;
    println!("{}", server.address());
    Ok(server.run(|| {})?)
}
