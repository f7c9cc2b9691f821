//! The start-up list, and the bridge frame > request > dispatch > response > frame.
//!
//! The one module that sees both the sockets and the clinic. It holds no rule and no SQL. Invariant: the
//! listener is bound before the database is touched, and whatever fails leaves nothing half-made.

pub mod trail;

use crate::api::legacy::{self, Reply};
use crate::api::rpc::envelope;
use crate::api::rpc::problem::{self, Code, Problem};
use crate::dispatch::{Dispatcher, Parts, Settings, Then};
use crate::net::{
    self, Background, CommitOutcome, FrameError, Handler, Place, Reactor, Refusal, Request, Verdict,
};
use crate::ops::anchor::AnchorFile;
use crate::ops::config::Config;
use crate::ops::descriptors;
use crate::service::time::Now;
use crate::service::{credential, demo};
use crate::session::{Session, SessionId};
use crate::store::{Adoption, Commit, OpenError, Store};
use log::{info, warn};
use mio::net::TcpListener;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

/// How often the trail is anchored and the use of the old dialect written down.
const TEND_EVERY: Duration = Duration::from_secs(60);
/// However the clock is set meanwhile, what is due is looked at after this.
const TICK_WITHIN: Duration = Duration::from_secs(60);
/// How long passwords are derived between two turns; the work is begun in steps of so many iterations.
const DERIVE_FOR: Duration = Duration::from_micros(400);
const DERIVE_STEP: u32 = 400;

/// Why the server could not start; nothing is left open or half-made.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {reason}")]
    Listen { address: String, reason: String },
    #[error("database {path}: {reason}")]
    Database { path: String, reason: String },
    #[error("{0}")]
    Files(String),
    #[error("{0}")]
    System(String),
}

impl StartError {
    /// The process exit code, in the terms of `sysexits.h`.
    pub fn exit_code(&self) -> u8 {
        match self {
            StartError::Listen { .. } | StartError::System(_) => 71,
            StartError::Database { .. } => 65,
            StartError::Files(_) => 74,
        }
    }
}

/// Why a running server ended other than by being asked to.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct RunError {
    pub reason: String,
    pub exit_code: u8,
}

pub struct Server {
    reactor: Reactor,
    dispatcher: Dispatcher,
}

impl Server {
    /// Binds, opens the database, fills an empty one with the sample people where `demo` asks for them, and
    /// makes ready to serve.
    pub fn open(config: &Config, demo: bool) -> Result<Server, StartError> {
        let listener = listen(&config.server.host, config.server.port)?;
        trail::check_database(config)?;
        let mut store = open_store(config, demo)?;
        let trail = trail::open(config, &mut store)?;
        let anchors = AnchorFile::open(&config.audit.anchor_file)
            .map_err(|error| StartError::Files(error.to_string()))?;
        let mut limits = limits(config);
        limits.connections_max = descriptors::reserve(limits.connections_max, net::REFUSALS_HELD_MAX);
        let mut reactor = Reactor::new(listener, limits).map_err(system)?;
        reactor.watch_signals().map_err(system)?;
        let parts = Parts { store, trail, anchors: Some(anchors) };
        let dispatcher = Dispatcher::new(parts, Settings::from_config(config)).map_err(StartError::System)?;
        Ok(Server { reactor, dispatcher })
    }

    /// The address that answers, with the port that the system chose where the configured one is 0.
    pub fn address(&self) -> SocketAddr {
        self.reactor.address()
    }

    /// Serves until a signal ends it; `reload` is called when one asks for that.
    pub fn run(mut self, reload: impl FnMut()) -> Result<(), RunError> {
        let mut bridge = Bridge {
            dispatcher: self.dispatcher,
            now: None,
            reload,
            store_failed: false,
            tends_at: Instant::now() + TEND_EVERY,
            ticks_at: Instant::now(),
            due_ms: None,
        };
        let ended = loop {
            match self.reactor.turn(&mut bridge) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let store_failed = bridge.store_failed;
        bridge.dispatcher.close(&now());
        match ended {
            Ok(()) if store_failed => {
                let reason = "the database cannot be trusted any longer; see the log, check the disk, \
                              and restore a backup if it is damaged";
                Err(RunError { reason: reason.into(), exit_code: 74 })
            }
            Ok(()) => Ok(()),
            Err(error) => Err(RunError { reason: format!("polling failed: {error}"), exit_code: 71 }),
        }
    }
}

fn system(error: std::io::Error) -> StartError {
    StartError::System(format!("the system refused what an event loop needs: {error}"))
}

fn listen(host: &str, port: u16) -> Result<TcpListener, StartError> {
    let failed = |reason: String| StartError::Listen { address: format!("{host}:{port}"), reason };
    let addresses = (host, port).to_socket_addrs().map_err(|error| failed(error.to_string()))?;
    let mut last = failed("the host has no address".into());
    for address in addresses {
        match TcpListener::bind(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = failed(error.to_string()),
        }
    }
    Err(last)
}

fn open_store(config: &Config, demo: bool) -> Result<Store, StartError> {
    let path = &config.server.db_path;
    let failed = |reason: String| StartError::Database { path: path.display().to_string(), reason };
    let opened = Store::open(path, credential::hash_salted_sha256)
        .map_err(|error: OpenError| failed(error.to_string()))?;
    let mut store = opened.store;
    if opened.created {
        info!("a new, empty database was created");
    }
    if let Some(adoption) = opened.adoption {
        report_adoption(&adoption);
    }
    if demo {
        match demo::fill(&mut store, &now()) {
            Ok(true) => info!("the empty database was filled with the sample people"),
            Ok(false) => warn!("--demo does nothing: the database has users already"),
            Err(failure) => return Err(failed(format!("the sample people cannot be stored: {failure:?}"))),
        }
    }
    Ok(store)
}

fn report_adoption(adoption: &Adoption) {
    info!("adopted the Python server's database: {} credentials are hashed now", adoption.credentials_hashed);
    warn!(
        "the database as it was is in {}, with credentials in plaintext: delete it once all is well",
        adoption.copy.display()
    );
    for (count, what) in [
        (adoption.appointments_renumbered, "appointments had a queue number twice and have a new one"),
        (
            adoption.queue_numbers_cleared,
            "appointments had a queue number that is no whole number, and have none",
        ),
        (adoption.dangling_references, "rows refer to rows that are not there; they are kept"),
    ] {
        if count > 0 {
            warn!("{count} {what}");
        }
    }
}

fn now() -> Now {
    Now::at(chrono::Local::now())
}

fn limits(config: &Config) -> net::Limits {
    let (limits, deadlines) = (&config.limits, &config.deadlines);
    net::Limits {
        connections_max: limits.connections_max,
        connections_per_address_max: limits.connections_per_address_max,
        frame: net::FrameLimits {
            name_max_bytes: limits.name_max_bytes,
            data_max_bytes: limits.data_max_bytes,
        },
        output_max_bytes: limits.output_max_bytes,
        output_soft_max_bytes: limits.output_soft_max_bytes,
        buffered_max_bytes: limits.buffered_max_bytes,
        silent: Duration::from_millis(deadlines.silent_ms),
        frame_deadline: Duration::from_millis(deadlines.frame_ms),
        idle: Duration::from_millis(deadlines.idle_ms),
        write: Duration::from_millis(deadlines.write_ms),
    }
}

/// What the loop calls; the dispatcher never hears of the loop.
struct Bridge<R> {
    dispatcher: Dispatcher,
    /// The moment of this turn, read from the clock by its first request.
    now: Option<Now>,
    reload: R,
    store_failed: bool,
    /// When the dispatcher has its minute's work to do.
    tends_at: Instant,
    /// When the dispatcher has something due, and the moment that it has named for that.
    ticks_at: Instant,
    due_ms: Option<i64>,
}

/// How long it is until a moment of the clock.
fn until(unix_ms: i64) -> Duration {
    let left = unix_ms.saturating_sub(chrono::Utc::now().timestamp_millis());
    Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(TICK_WITHIN)
}

impl<R: FnMut()> Handler for Bridge<R> {
    fn request(
        &mut self,
        session: &Session,
        request: Request<'_>,
        place: Place,
        output: &mut Vec<u8>,
    ) -> Verdict {
        let now = self.now.get_or_insert_with(now);
        let alone = place == Place::Alone;
        match self.dispatcher.request(session, request.name, request.data, now, alone, output) {
            Then::Keep => Verdict::Keep,
            Then::Linger(linger) => Verdict::Linger(linger),
            Then::Close => Verdict::Close,
            Then::Later => Verdict::Later,
            Then::Wait => Verdict::Wait,
        }
    }

    fn commit(&mut self) -> CommitOutcome {
        self.now = None;
        match self.dispatcher.commit() {
            Commit::Durable => CommitOutcome::Durable,
            Commit::Lost => CommitOutcome::Lost,
            Commit::Fatal => {
                self.store_failed = true;
                CommitOutcome::Fatal
            }
        }
    }

    fn push(&mut self, deliver: &mut dyn FnMut(SessionId, &[u8])) {
        self.dispatcher.push(deliver);
    }

    fn retract(&mut self, _session: &Session, withdrawn: &[u8], output: &mut Vec<u8>) {
        self.dispatcher.retract(withdrawn, &now(), output);
    }

    fn refuse(&mut self, session: &Session, refusal: Refusal, output: &mut Vec<u8>) {
        if self.dispatcher.speaks_rpc(session.id) {
            let code = if refusal == Refusal::ReplyTooLarge { Code::TooLarge } else { Code::NotServed };
            let error = problem::Refusal::new(code, refusal.to_string());
            return envelope::write_error(None, &Problem::from(error).error(), output);
        }
        let text = match refusal {
            Refusal::Frame(FrameError::NameTooLong { limit, .. } | FrameError::DataTooLong { limit, .. }) => {
                legacy::too_long(limit)
            }
            Refusal::TooManyConnections => legacy::TOO_MANY_CONNECTIONS.into(),
            Refusal::TooManyFromAddress => legacy::TOO_MANY_FROM_ADDRESS.into(),
            Refusal::BuffersFull => legacy::BUFFERS_FULL.into(),
            Refusal::ReplyTooLarge => legacy::TOO_LARGE.into(),
        };
        Reply::new(output, &now().local, usize::MAX).error(&text);
    }

    fn reload(&mut self) {
        (self.reload)();
    }

    fn background(&mut self, idle: bool) -> Background {
        let begun = Instant::now();
        if begun >= self.tends_at {
            self.tends_at = begun + TEND_EVERY;
            self.dispatcher.tend(&now());
            // What it has written is committed by the next turn.
            return Background::Pending;
        }
        let due_ms = self.dispatcher.due_ms();
        if self.due_ms != Some(due_ms) {
            self.due_ms = Some(due_ms);
            self.ticks_at = begun + until(due_ms);
        }
        // Before all that writes, and may never let this come to its turn: those who log in do, too.
        let awaits_idle = self.dispatcher.checkpoint(idle);
        let is_due = begun >= self.ticks_at;
        if is_due {
            // The next turn commits, pushes what has come of it, and says when the next time is.
            self.due_ms = None;
            self.dispatcher.tick(&now());
        }
        // However much is due, whoever logs in gets on by a step.
        while self.dispatcher.derive(DERIVE_STEP) {
            if begun.elapsed() >= DERIVE_FOR {
                return Background::Pending;
            }
        }
        match (is_due, awaits_idle) {
            (true, _) => Background::Pending,
            (false, true) => Background::AwaitsIdle,
            (false, false) => Background::Nothing,
        }
    }

    fn woken(&mut self) -> Option<SessionId> {
        self.dispatcher.woken()
    }

    fn alarm(&self) -> Option<Instant> {
        Some(self.tends_at.min(self.ticks_at))
    }

    fn closed(&mut self, session: SessionId) {
        self.dispatcher.closed(session);
    }
}
