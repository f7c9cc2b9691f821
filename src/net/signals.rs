//! Signals, polled like a socket.
//!
//! It says which signal came and never acts on one. Invariant: a signal only sets an intent; the loop
//! carries it out at its own place in the turn.

use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook_mio::v1_0::Signals;
use std::io;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// SIGTERM, SIGINT or SIGQUIT: finish what was read, then end.
    Shutdown,
    /// SIGHUP: read the configuration again, and open the log anew.
    Reload,
    /// SIGUSR1: the log was moved away; open it anew.
    Reopen,
    /// SIGUSR2: say in the log how all is.
    Report,
    /// SIGCHLD: a process that was begun from here has ended.
    ChildEnded,
}

pub(super) struct SignalSource {
    signals: Signals,
}

impl SignalSource {
    pub(super) fn register(registry: &Registry, token: Token) -> io::Result<SignalSource> {
        let mut signals = Signals::new([SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD])?;
        registry.register(&mut signals, token, Interest::READABLE)?;
        Ok(SignalSource { signals })
    }

    /// The intents that have come since the last call; however often a signal was sent, it is one.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Intent> + '_ {
        self.signals.pending().map(|signal| match signal {
            SIGHUP => Intent::Reload,
            SIGUSR1 => Intent::Reopen,
            SIGUSR2 => Intent::Report,
            SIGCHLD => Intent::ChildEnded,
            _ => Intent::Shutdown,
        })
    }
}
