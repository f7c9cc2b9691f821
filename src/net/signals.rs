//! Signals, polled like a socket.
//!
//! It says which signal came and never acts on one. Invariant: a signal only sets an intent; the loop
//! carries it out at its own place in the turn.

use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1};
use signal_hook_mio::v1_0::Signals;
use std::io;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// SIGTERM, SIGINT or SIGQUIT: finish what was read, then end.
    Shutdown,
    /// SIGHUP, or SIGUSR1 as some rotation tools send it: open the log anew and read the configuration again.
    Reload,
}

pub(super) struct SignalSource {
    signals: Signals,
}

impl SignalSource {
    pub(super) fn register(registry: &Registry, token: Token) -> io::Result<SignalSource> {
        let mut signals = Signals::new([SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1])?;
        registry.register(&mut signals, token, Interest::READABLE)?;
        Ok(SignalSource { signals })
    }

    /// The intents that have come since the last call.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Intent> + '_ {
        self.signals.pending().map(|signal| match signal {
            SIGHUP | SIGUSR1 => Intent::Reload,
            _ => Intent::Shutdown,
        })
    }
}
