//! Owns the database as an operator's subcommand changes it, beside a server that may be running. Never knows what
//! is changed.
//! Invariant: a change and its entry in the audit trail are one transaction.

use super::{Problem, exit, open_beside, operator, problem};
use crate::ops::config::Config;
use crate::ops::directory;
use crate::server::trail;
use crate::service::Failure;
use crate::service::audit::{Action, Entry, Trail};
use crate::service::time::Now;
use crate::store::{Commit, Error, Store, Transaction};

/// The database and its trail, open for changes.
pub(super) struct Office<'a> {
    config: &'a Config,
    pub store: Store,
    trail: Trail,
    /// Whoever runs this program.
    operator: String,
}

/// Why a change was not made: the text for whoever asked, or the store's fault.
pub(super) type Refusal = Failure<String>;

impl<'a> Office<'a> {
    pub fn open(config: &'a Config) -> Result<Office<'a>, Problem> {
        let mut store = open_beside(config)?;
        directory::make_parent(&config.audit.key_file).map_err(|error| problem(exit::FILES, error))?;
        let trail =
            trail::open(config, &mut store).map_err(|error| problem(error.exit_code(), error.to_string()))?;
        Ok(Office { config, store, trail, operator: operator::described() })
    }

    /// Makes a change, records it, and returns once both are on disk. `work` returns the id of what it has changed,
    /// which is an `entity`, with what its caller wants to know.
    pub fn change<T>(
        &mut self,
        method: &str,
        of: (Action, &str),
        work: impl FnOnce(&Transaction<'_>, &Now) -> Result<(Option<i64>, T), Refusal>,
    ) -> Result<(Option<i64>, T), Problem> {
        let by = self.operator.clone();
        self.record(method, of, "success", &by, work)
    }

    /// Records what is done elsewhere, and what came of it.
    pub fn note(
        &mut self,
        method: &str,
        of: (Action, &str),
        outcome: &str,
        what: &str,
    ) -> Result<(), Problem> {
        let detail = format!("{what}, by {}", self.operator);
        self.record(method, of, outcome, &detail, |_, _| Ok((None, ()))).map(|_| ())
    }

    fn record<T>(
        &mut self,
        method: &str,
        (action, entity): (Action, &str),
        outcome: &str,
        detail: &str,
        work: impl FnOnce(&Transaction<'_>, &Now) -> Result<(Option<i64>, T), Refusal>,
    ) -> Result<(Option<i64>, T), Problem> {
        let now = Now::at(chrono::Local::now());
        let trail = &mut self.trail;
        let done = self.store.write(|transaction| {
            let (entity_id, told) = work(transaction, &now)?;
            let entry = Entry {
                actor_id: None,
                role: "operator",
                peer: "local",
                method,
                action,
                entity,
                entity_id,
                patient_id: None,
                outcome,
                reason: None,
                detail: Some(detail),
                request_id: None,
            };
            trail.record(transaction, &entry, &now)?;
            Ok::<_, Refusal>((entity_id, told))
        });
        let ended = self.store.commit();
        match (done, ended) {
            (Ok(told), Commit::Durable) => Ok(told),
            (Ok(_), _) => Err(fault(self.config, &self.store, Error::TurnLost)),
            (Err(Failure::Refused(text)), _) => Err(problem(exit::FAILURE, text)),
            (Err(Failure::Fault(error)), _) => Err(fault(self.config, &self.store, error)),
        }
    }
}

pub(super) fn fault(config: &Config, store: &Store, error: Error) -> Problem {
    let path = config.server.db_path.display();
    let error = cause(store, error);
    let (exit_code, advice) = match error {
        Error::Busy | Error::TurnLost => (exit::FAILURE, "try again"),
        Error::Full => (exit::FILES, "make room on it and try again"),
        Error::Io(_) => (exit::FILES, "look at the disk"),
        _ => (exit::DATABASE, "see the server's log"),
    };
    problem(exit_code, format_args!("database {path}: {error}; nothing was changed, {advice}"))
}

/// What a transaction was lost for, where that is known: on a full disk, trying again comes to the same.
pub(super) fn cause(store: &Store, error: Error) -> Error {
    match error {
        Error::TurnLost if store.is_full() => Error::Full,
        other => other,
    }
}
