//! The transaction of a turn, and the savepoint of each request in it.
//!
//! It never knows what a request is about. Invariants: all reads of a turn see one snapshot, and from its
//! first write on that of its own transaction; a request that fails undoes itself alone; once SQLite has
//! rolled the whole transaction back, nothing of the turn counts.

use super::{Error, Row, Statement, Value};
use log::error;
use rusqlite::{Connection, Params, params_from_iter};
use std::cell::Cell;

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

/// How far a turn has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Nothing was asked yet.
    Idle,
    /// One snapshot serves all of the turn's reads.
    Reading,
    /// The turn has written, and reads see it.
    Writing,
    /// It had written, and has been rolled back.
    Lost,
}

pub struct Store {
    pub(super) writer: Connection,
    /// Read-only, with an authorizer of its own, for SQL that a client wrote.
    pub(super) reader: Connection,
    turn: Turn,
    fatal: bool,
}

impl Store {
    pub(super) fn new(writer: Connection, reader: Connection) -> Store {
        Store { writer, reader, turn: Turn::Idle, fatal: false }
    }

    /// A view for reading, which sees what this turn has written.
    pub fn read(&mut self) -> Result<Transaction<'_>, Error> {
        if self.turn == Turn::Idle {
            self.run("BEGIN")?;
            self.turn = Turn::Reading;
        }
        Ok(self.view())
    }

    /// Runs one request's work, which writes with one statement at the most, in this turn's transaction. A
    /// statement that fails undoes itself, so that no savepoint is needed; one would copy every page that
    /// the statement touches.
    ///
    /// # Errors
    /// Those of `work`, and `Error::TurnLost` once the turn's transaction is gone. Work that errs after it
    /// has written is a fault of ours, and takes the turn with it.
    pub fn write_once<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin_writing()?;
        let view = self.view();
        let result = work(&view);
        let written = view.written.get();
        if written > 1 || (written == 1 && result.is_err()) {
            let fault = Error::Other("work of one statement has written with more, or erred after it".into());
            return Err(self.lose(&fault).into());
        }
        // A statement's failure may have rolled back the whole transaction.
        if result.is_err() && self.writer.is_autocommit() {
            return Err(self.lose(&Error::Other("the transaction was rolled back".into())).into());
        }
        result
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
        self.begin_writing()?;
        self.run("SAVEPOINT request").map_err(|error| E::from(self.lose(&error)))?;
        let result = work(&self.view());
        let ended = match &result {
            Ok(_) => self.run("RELEASE request"),
            Err(_) => self.run("ROLLBACK TO request").and_then(|()| self.run("RELEASE request")),
        };
        // Where SQLite has rolled back the whole transaction, the savepoint is gone with it.
        match ended {
            Ok(()) => result,
            Err(error) => Err(self.lose(&error).into()),
        }
    }

    /// Ends the turn: one commit, one sync, for all that its requests wrote.
    pub fn commit(&mut self) -> Commit {
        // An error means that the turn is lost, which is looked at below.
        let _ = self.commit_early();
        let lost = self.turn == Turn::Lost;
        self.turn = Turn::Idle;
        match (lost, self.fatal) {
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
        match self.turn {
            Turn::Idle => {}
            Turn::Lost => return Err(Error::TurnLost),
            Turn::Reading | Turn::Writing => {
                if let Err(error) = self.run("COMMIT") {
                    return Err(self.lose(&error));
                }
                self.turn = Turn::Idle;
            }
        }
        Ok(())
    }

    /// Opens the transaction for writing. What was read before stays true: nothing has come between but,
    /// perhaps, another process's commit.
    fn begin_writing(&mut self) -> Result<(), Error> {
        match self.turn {
            Turn::Writing => return Ok(()),
            Turn::Lost => return Err(Error::TurnLost),
            Turn::Reading => self.commit_early()?,
            Turn::Idle => {}
        }
        self.run("BEGIN IMMEDIATE")?;
        self.turn = Turn::Writing;
        Ok(())
    }

    /// Gives the turn up: whatever it wrote is not there, and each of its replies will say so.
    fn lose(&mut self, error: &Error) -> Error {
        error!("the database failed, every reply of this turn is taken back: {error}");
        self.fatal |= error.is_fatal();
        self.turn = Turn::Lost;
        if !self.writer.is_autocommit() {
            // An error here leaves nothing to undo: the transaction is gone either way.
            let _ = self.run("ROLLBACK");
        }
        Error::TurnLost
    }

    fn view(&self) -> Transaction<'_> {
        Transaction { connection: &self.writer, written: Cell::new(0) }
    }

    fn run(&self, sql: &str) -> Result<(), Error> {
        self.writer.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

/// What the rules of the clinic see of the store.
pub struct Transaction<'a> {
    connection: &'a Connection,
    /// Statements that have written.
    written: Cell<u32>,
}

impl Transaction<'_> {
    /// Reads the first row of a result, if there is one.
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

    /// Runs a statement that writes and returns no rows. Returns how many it changed.
    pub fn execute(&self, statement: &Statement, parameters: impl Params) -> Result<usize, Error> {
        let changed = self.connection.prepare_cached(statement.sql)?.execute(parameters)?;
        self.written.set(self.written.get() + 1);
        Ok(changed)
    }

    /// Runs a statement that inserts one row. Returns the row's id.
    pub fn insert(&self, statement: &Statement, parameters: impl Params) -> Result<i64, Error> {
        self.execute(statement, parameters)?;
        Ok(self.connection.last_insert_rowid())
    }

    /// As `execute`, for the one statement that is composed from fixed lists of names. It is not kept, for
    /// its many forms would drive the others out.
    pub fn execute_composed(&self, sql: &str, values: &[Value<'_>]) -> Result<usize, Error> {
        let changed = self.connection.prepare(sql)?.execute(params_from_iter(values))?;
        self.written.set(self.written.get() + 1);
        Ok(changed)
    }
}
