//! The transaction of a turn, and the savepoint of each request in it.
//!
//! It never knows what a request is about. Invariants: the transaction opens with the turn's first write;
//! a request that fails undoes itself alone; once SQLite has rolled the whole transaction back, nothing of
//! the turn counts until `commit` has said so.

use super::{Error, Row, Statement, Value};
use log::error;
use rusqlite::{Connection, Params, params_from_iter};

/// What became of a turn.
#[derive(Debug, PartialEq, Eq)]
pub enum Commit {
    /// All that the turn wrote is on disk; or it wrote nothing.
    Durable,
    /// Nothing that the turn wrote is there; the store can go on.
    Lost,
    /// As `Lost`, and the file or disk under it can no longer be trusted.
    Fatal,
}

pub struct Store {
    pub(super) writer: Connection,
    /// Read-only, with an authorizer of its own, for SQL that a client wrote.
    pub(super) reader: Connection,
    /// True exactly when this turn's transaction is open.
    open: bool,
    /// True exactly when this turn's transaction was open and has been rolled back.
    lost: bool,
    fatal: bool,
}

impl Store {
    pub(super) fn new(writer: Connection, reader: Connection) -> Store {
        Store { writer, reader, open: false, lost: false, fatal: false }
    }

    /// A view for reading: in this turn's transaction where one is open, and of what is durable otherwise.
    pub fn read(&self) -> Transaction<'_> {
        Transaction { connection: &self.writer }
    }

    /// Runs one request's work in a savepoint of this turn's transaction. Where it errs, its writes are
    /// undone and the turn goes on without them.
    ///
    /// # Errors
    /// Those of `work`, and `Error::TurnLost` once the turn's transaction is gone.
    pub fn write<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.lost {
            return Err(Error::TurnLost.into());
        }
        if !self.open {
            self.run("BEGIN IMMEDIATE").map_err(E::from)?;
            self.open = true;
        }
        self.run("SAVEPOINT request").map_err(|error| E::from(self.after(error)))?;
        let result = work(&self.read());
        let ended = match &result {
            Ok(_) => self.run("RELEASE request"),
            Err(_) => self.run("ROLLBACK TO request").and_then(|()| self.run("RELEASE request")),
        };
        if let Err(error) = ended {
            return Err(self.after(error).into());
        }
        result
    }

    /// Ends the turn: one commit, one sync, for all that its requests wrote.
    pub fn commit(&mut self) -> Commit {
        if self.open
            && !self.lost
            && let Err(error) = self.run("COMMIT")
        {
            error!("commit failed, every reply of this turn is taken back: {error}");
            self.fatal |= error.is_fatal();
            self.give_up();
        }
        self.open = false;
        match (std::mem::take(&mut self.lost), self.fatal) {
            (_, true) => Commit::Fatal,
            (true, false) => Commit::Lost,
            (false, false) => Commit::Durable,
        }
    }

    /// Commits what the turn has written so far, for a request that must see it as durable.
    ///
    /// # Errors
    /// `Error::TurnLost` where that fails; the turn is lost then, as if it had failed at its end.
    pub fn commit_early(&mut self) -> Result<(), Error> {
        if self.lost {
            return Err(Error::TurnLost);
        }
        if self.open {
            if let Err(error) = self.run("COMMIT") {
                return Err(self.after(error));
            }
            self.open = false;
        }
        Ok(())
    }

    /// Notes a failure that may have ended the turn's transaction.
    fn after(&mut self, error: Error) -> Error {
        error!("the database failed inside a turn: {error}");
        self.fatal |= error.is_fatal();
        self.give_up();
        Error::TurnLost
    }

    fn give_up(&mut self) {
        self.lost = true;
        if !self.writer.is_autocommit() {
            // An error here leaves nothing to undo: the transaction is gone either way.
            let _ = self.run("ROLLBACK");
        }
    }

    fn run(&self, sql: &str) -> Result<(), Error> {
        self.writer.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

/// What the rules of the clinic see of the store.
pub struct Transaction<'a> {
    connection: &'a Connection,
}

impl Transaction<'_> {
    /// Reads the first row of a result, if there is one, or the row that a `RETURNING` gives.
    pub fn first<T, E: From<Error>>(
        &self,
        statement: &Statement,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let mut prepared = self.connection.prepare_cached(statement.sql).map_err(Error::from)?;
        let mut rows = prepared.query(parameters).map_err(Error::from)?;
        match rows.next().map_err(Error::from)? {
            Some(row) => read(&Row(row)).map(Some),
            None => Ok(None),
        }
    }

    /// Hands each row of a result to `each`, which may stop it with an error.
    pub fn each<E: From<Error>>(
        &self,
        statement: &Statement,
        parameters: impl Params,
        mut each: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut prepared = self.connection.prepare_cached(statement.sql).map_err(Error::from)?;
        let mut rows = prepared.query(parameters).map_err(Error::from)?;
        while let Some(row) = rows.next().map_err(Error::from)? {
            each(&Row(row))?;
        }
        Ok(())
    }

    /// Runs a statement that returns no rows. Returns how many it changed.
    pub fn execute(&self, statement: &Statement, parameters: impl Params) -> Result<usize, Error> {
        Ok(self.connection.prepare_cached(statement.sql)?.execute(parameters)?)
    }

    /// As `execute`, for the one statement that is composed from fixed lists of names. It is not kept, for
    /// its many forms would drive the others out.
    pub fn execute_composed(&self, sql: &str, values: &[Value<'_>]) -> Result<usize, Error> {
        Ok(self.connection.prepare(sql)?.execute(params_from_iter(values))?)
    }
}
