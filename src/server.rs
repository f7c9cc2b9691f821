//! The start-up list, and the bridge frame > request > dispatch > response > frame.
//!
//! The one module that sees both the sockets and the clinic. It holds no rule and no SQL. Invariant: the
//! listener is there before the database is touched, and whatever fails leaves nothing half-made.

/// What is said by the operator's socket, at both ends.
pub mod admin;
mod backups;
mod bridge;
pub mod copied;
mod file;
mod meter;
mod metrics;
mod reload;
mod scrape;
mod slow;
mod sockets;
/// What a server says of itself.
pub mod status;
pub mod trail;
mod upgrade;

use crate::dispatch::{Dispatcher, Parts, Settings};
use crate::net::{self, End, Reactor};
use crate::ops::admin_socket::AdminSocket;
use crate::ops::anchor::AnchorFile;
use crate::ops::config::{Config, Loaded};
use crate::ops::descriptors;
use crate::ops::pidfile::PidFile;
use crate::ops::supervisor::Supervisor;
use crate::service::time::Now;
use crate::service::{credential, demo};
use crate::store::{Adoption, OpenError, Store};
use bridge::{Bridge, Nobody};
use log::{info, warn};
use mio::net::UnixListener;
pub use sockets::{Given, Sockets};
use std::net::SocketAddr;
use std::time::Duration;
use upgrade::Upgrade;

/// Connections that are not clients': those that are told why they are turned away, and those through the two
/// other doors.
const NOT_CLIENTS_MAX: usize = net::REFUSALS_HELD_MAX + 2 * net::ASIDE_MAX;

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
    loaded: Loaded,
    /// Removed with the end of the server.
    admin: Option<AdminSocket>,
    metrics_address: Option<SocketAddr>,
}

impl Server {
    /// Opens the database, fills an empty one with the sample people where `demo` asks for them, and makes ready to
    /// serve whoever comes by `sockets`.
    pub fn open(loaded: Loaded, sockets: Sockets, demo: bool) -> Result<Server, StartError> {
        let config = &loaded.config;
        sockets.warn_of_closed();
        trail::check_database(config)?;
        let mut store = open_store(config, demo)?;
        let trail = trail::open(config, &mut store)?;
        let anchors = AnchorFile::open(&config.audit.anchor_file)
            .map_err(|error| StartError::Files(error.to_string()))?;
        let mut reactor = Reactor::new(sockets.clients, limits(config)).map_err(system)?;
        reactor.watch_signals().map_err(system)?;
        let mut metrics_address = None;
        if let Some(listener) = sockets.metrics {
            metrics_address = listener.local_addr().ok();
            reactor.open_metrics(listener).map_err(system)?;
        }
        let admin = open_admin(config, &mut reactor);
        let parts = Parts { store, trail, anchors: Some(anchors) };
        let dispatcher = Dispatcher::new(parts, Settings::from_config(config)).map_err(StartError::System)?;
        Ok(Server { reactor, dispatcher, loaded, admin, metrics_address })
    }

    /// The address that answers, with the port that the system chose where the configured one is 0.
    pub fn address(&self) -> SocketAddr {
        self.reactor.address()
    }

    /// The address at which the metrics are read.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Serves until it is asked to end, and lets `supervisor` know how it gets on. `pid_file` is kept until its database
    /// is free; where another process waits for that, what was answered may be on its way still.
    pub fn run(mut self, supervisor: Supervisor, pid_file: Option<PidFile>) -> Result<(), RunError> {
        let address = self.reactor.address();
        let mut bridge =
            Bridge::new(self.dispatcher, self.loaded, address, self.metrics_address, supervisor, pid_file);
        bridge.supervisor.ready(format_args!("listening on {address}"));
        bridge.note_start();
        let ended = loop {
            match self.reactor.turn(&mut bridge) {
                Ok(true) if bridge.end == Some(End::HandOver) && self.reactor.has_answered() => break Ok(()),
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let is_awaited = bridge.end == Some(End::HandOver);
        let (store_failed, backups, pid_file) = bridge.close();
        drop(self.admin);
        // The lock goes last: once it is free, port and database are free too.
        if let Some(Err(error)) = pid_file.map(PidFile::release) {
            warn!("{error}");
        }
        if is_awaited && ended.is_ok() {
            self.reactor.answer_nothing_more();
            while let Ok(true) = self.reactor.turn(&mut Nobody) {}
        }
        backups.end();
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

/// The server can be run without its socket, by signals; so whatever is wrong with it keeps nobody from being
/// served.
fn open_admin(config: &Config, reactor: &mut Reactor) -> Option<AdminSocket> {
    let path = crate::ops::admin_socket::beside(&config.server.pid_file);
    let opened = AdminSocket::open(&path).and_then(|(listener, socket)| {
        reactor.open_admin(UnixListener::from_std(listener))?;
        Ok(socket)
    });
    opened
        .inspect_err(|error| warn!("admin socket {}: {error}; only signals reach the server", path.display()))
        .ok()
}

fn system(error: std::io::Error) -> StartError {
    StartError::System(format!("the system refused what an event loop needs: {error}"))
}

fn open_store(config: &Config, demo: bool) -> Result<Store, StartError> {
    let path = &config.server.db_path;
    let failed = |reason: String| StartError::Database { path: path.display().to_string(), reason };
    let mut upgrade = Upgrade::default();
    let opened =
        Store::open_after(path, credential::hash_salted_sha256, &mut |schema| upgrade.back_up(path, schema));
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => {
            upgrade.take_back(path);
            return Err(match error {
                OpenError::BackUp(_) | OpenError::Full => {
                    StartError::Files(format!("database {}: {error}", path.display()))
                }
                error => failed(error.to_string()),
            });
        }
    };
    upgrade.told();
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

/// What the loop allows, within what the system lets this process have.
fn limits(config: &Config) -> net::Limits {
    let (limits, deadlines) = (&config.limits, &config.deadlines);
    net::Limits {
        connections_max: descriptors::reserve(limits.connections_max, NOT_CLIENTS_MAX),
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
