//! The transaction of a turn, and how each request of it writes.
//!
//! It never knows what a request is about. Invariants: all reads of a turn see one snapshot, and from its
//! first write on that of its own transaction; a request that fails undoes itself alone; once SQLite has
//! rolled the whole transaction back, nothing of the turn is there, and `commit` says so.

use super::adhoc::Pages;
use super::figures::{Counts, Figures};
use super::open::Lock;
use super::{Error, Row, Statement, Value};
use log::error;
use rusqlite::{Connection, Params, params_from_iter};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

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

/// Whether the WAL is to be moved into the file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointNeed {
    None,
    WhenIdle,
    Now,
}

/// Fewer pages than this are not worth an idle moment.
const CHECKPOINT_IDLE_PAGES: usize = 256;
/// So many pages are moved even while requests wait: the WAL must not grow for ever, and the more of its
/// pages are versions of the same ones, the less there is to move.
const CHECKPOINT_BUSY_PAGES: usize = 16_384;

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
    /// Held for as long as the file is open.
    _lock: Option<Lock>,
    pub(super) writer: Connection,
    /// Read-only, with an authorizer of its own, for SQL that a client wrote.
    pub(super) reader: Connection,
    /// What a program of the reader may open.
    pub(super) readable: Pages,
    turn: Turn,
    /// True exactly when the write lock was last found to be another process's. It has been waited for once;
    /// until it is free, nobody waits for it again.
    locked: bool,
    /// How long to wait for it.
    busy_timeout: Duration,
    /// Counts the times at which what was read before is no longer true: a turn was lost, or another process
    /// has written.
    generation: u64,
    /// SQLite's own count of other connections' commits.
    data_version: i64,
    /// Pages in the WAL that the file itself does not have yet, as the last commit left them.
    wal_pages: Arc<AtomicUsize>,
    /// Their number at the last checkpoint.
    checkpointed_pages: usize,
    /// True exactly when a statement has met an error after which the file cannot be trusted.
    fatal: Cell<bool>,
    pub(super) counts: Counts,
}

impl Store {
    pub(super) fn new(
        writer: Connection,
        reader: Connection,
        readable: Pages,
        lock: Option<Lock>,
        busy_timeout: Duration,
        wal_pages: Arc<AtomicUsize>,
    ) -> Store {
        Store {
            _lock: lock,
            writer,
            reader,
            readable,
            turn: Turn::Idle,
            locked: false,
            busy_timeout,
            generation: 0,
            data_version: 0,
            wal_pages,
            checkpointed_pages: 0,
            fatal: Cell::new(false),
            counts: Counts::default(),
        }
    }

    pub fn figures(&self) -> Figures {
        self.counts.figures(self.locked)
    }

    /// Whether the disk was full when something was to be written last.
    pub fn is_full(&self) -> bool {
        self.counts.is_full()
    }

    /// How many turns have written and are durable.
    pub fn commits(&self) -> u64 {
        self.counts.commits()
    }

    /// How long all statements together have taken since the start.
    pub fn statement_time(&self) -> Duration {
        self.counts.taken()
    }

    /// How much there is to be moved from the WAL into the file itself.
    pub fn checkpoint_need(&self) -> CheckpointNeed {
        let pages = self.wal_pages.load(Ordering::Relaxed);
        // A WAL that a foreign reader keeps from starting anew is not gone through again for nothing.
        match pages.checked_sub(self.checkpointed_pages).unwrap_or(pages) {
            CHECKPOINT_BUSY_PAGES.. => CheckpointNeed::Now,
            CHECKPOINT_IDLE_PAGES.. => CheckpointNeed::WhenIdle,
            _ => CheckpointNeed::None,
        }
    }

    /// Moves what the WAL holds into the file itself, between two turns. SQLite would do so by itself inside
    /// whichever commit comes to a thousand pages, which is then the one that somebody waits for.
    pub fn checkpoint(&mut self) {
        self.checkpointed_pages = self.wal_pages.load(Ordering::Relaxed);
        let statement = Statement { file: "", sql: "PRAGMA wal_checkpoint(PASSIVE)" };
        if let Err(error) = self.view(false).first(&statement, [], |_| Ok::<_, Error>(())) {
            error!("the WAL could not be moved into the database file: {error}");
        } else {
            self.counts.note_checkpoint();
        }
    }

    /// Moves what the WAL holds into the file itself, and closes both. The connection that can write must be
    /// the last one for that.
    pub fn close(self) {
        let Store { writer, reader, _lock: lock, .. } = self;
        let closed = reader.close().map_err(|(_, error)| error).and_then(|()| {
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            writer.close().map_err(|(_, error)| error)
        });
        if let Err(error) = closed {
            error!("the database was not closed cleanly; the next start puts it in order: {error}");
        }
        drop(lock);
    }

    /// A view for reading, which sees what this turn has written.
    pub fn read(&mut self) -> Result<Transaction<'_>, Error> {
        match self.turn {
            Turn::Idle => {
                self.run("BEGIN")?;
                self.turn = Turn::Reading;
                self.look_for_other_writers()?;
            }
            Turn::Writing => self.check_open()?,
            Turn::Reading | Turn::Lost => {}
        }
        Ok(self.view(false))
    }

    /// Runs one request's work, which refuses before it writes, in this turn's transaction. A statement that
    /// fails undoes itself, so that no savepoint is needed; one would copy every page that the work touches.
    ///
    /// # Errors
    /// Those of `work`, and `Error::TurnLost` once the turn's transaction is gone. Work that errs after it has
    /// written takes the turn with it.
    pub fn write_decided<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin_writing()?;
        let view = self.view(true);
        let result = work(&view);
        if view.written.get() > 0 && result.is_err() {
            let fault = Error::Other("work that was decided has erred after it had written".into());
            return Err(self.lose(&fault).into());
        }
        self.check_open()?;
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
        let result = work(&self.view(true));
        self.check_open()?;
        let ended = match &result {
            Ok(_) => self.run("RELEASE request"),
            Err(_) => self.run("ROLLBACK TO request").and_then(|()| self.run("RELEASE request")),
        };
        match ended {
            Ok(()) => result,
            Err(error) => Err(self.lose(&error).into()),
        }
    }

    /// Writes what must stand beside what the turn has done already. Where it fails, the turn is lost.
    ///
    /// # Errors
    /// `Error::Busy` and `Error::Full` where writing cannot begin, and `Error::TurnLost`.
    pub fn append<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.begin_writing()?;
        let result = work(&self.view(true));
        self.check_open()?;
        result.map_err(|error| self.lose(&error))
    }

    /// Which state of the database this is; what was read under another one may no longer be true.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Ends the turn: one commit, one sync, for all that its requests wrote.
    pub fn commit(&mut self) -> Commit {
        match self.turn {
            Turn::Idle | Turn::Lost => {}
            Turn::Reading | Turn::Writing if self.fatal.get() => {
                self.lose(&Error::Other("a statement has met an error that cannot be mended".into()));
            }
            Turn::Reading | Turn::Writing => {
                let ended = self.check_open().and_then(|()| self.run("COMMIT"));
                if let Err(error) = ended {
                    self.lose(&error);
                } else if self.turn == Turn::Writing {
                    self.counts.note_commit();
                }
            }
        }
        let lost = self.turn == Turn::Lost;
        if lost {
            self.counts.note_rollback();
        }
        self.turn = Turn::Idle;
        match (lost, self.fatal.get()) {
            (_, true) => Commit::Fatal,
            (true, false) => Commit::Lost,
            (false, false) => Commit::Durable,
        }
    }

    /// Whether nothing was asked of the store since the last commit.
    pub fn is_idle(&self) -> bool {
        self.turn == Turn::Idle
    }

    /// Opens the transaction for writing. What was read before stays true, unless another process has committed
    /// in between, which changes the generation.
    ///
    /// # Errors
    /// `Error::Busy` where another process holds the lock, and `Error::TurnLost`.
    pub fn begin_writing(&mut self) -> Result<(), Error> {
        match self.turn {
            Turn::Writing => return self.check_open(),
            Turn::Lost => return Err(Error::TurnLost),
            Turn::Reading => {
                if let Err(error) = self.run("COMMIT") {
                    return Err(self.lose(&error));
                }
                self.turn = Turn::Idle;
            }
            Turn::Idle => {}
        }
        self.take_write_lock()?;
        self.turn = Turn::Writing;
        self.look_for_other_writers()
    }

    fn look_for_other_writers(&mut self) -> Result<(), Error> {
        let statement = Statement { file: "", sql: "PRAGMA data_version" };
        let version = self.view(false).first(&statement, [], |row| row.integer(0))?.unwrap_or(0);
        if version != self.data_version {
            self.data_version = version;
            self.generation += 1;
        }
        Ok(())
    }

    /// A wait holds the whole loop up, and ends the turn in which it was; so a lock that is held for long must
    /// not cost one in each.
    fn take_write_lock(&mut self) -> Result<(), Error> {
        if !self.locked {
            let begun = self.run("BEGIN IMMEDIATE");
            self.locked = matches!(begun, Err(Error::Busy));
            return begun;
        }
        self.writer.busy_timeout(Duration::ZERO)?;
        let begun = self.run("BEGIN IMMEDIATE");
        self.locked = matches!(begun, Err(Error::Busy));
        self.writer.busy_timeout(self.busy_timeout)?;
        begun
    }

    /// SQLite rolls a whole transaction back after some errors (sqlite.org/c3ref/get_autocommit.html), and
    /// what is written after that would stand alone.
    fn check_open(&mut self) -> Result<(), Error> {
        if self.turn != Turn::Lost && self.writer.is_autocommit() {
            return Err(self.lose(&Error::Other("SQLite has rolled the transaction back".into())));
        }
        Ok(())
    }

    /// Gives the turn up: whatever it wrote is not there, and each of its replies will say so.
    fn lose(&mut self, error: &Error) -> Error {
        error!("the database failed, every reply of this turn is taken back: {error}");
        self.turn = Turn::Lost;
        self.generation += 1;
        if !self.writer.is_autocommit() && self.run("ROLLBACK").is_err() && !self.writer.is_autocommit() {
            error!("and the transaction cannot be rolled back");
            self.fatal.set(true);
        }
        Error::TurnLost
    }

    /// Remembers an error after which the file cannot be trusted, whatever the caller makes of it.
    pub(super) fn note(&self, error: &Error) {
        note(error, &self.fatal);
        self.counts.note_error(error);
    }

    fn view(&self, may_write: bool) -> Transaction<'_> {
        Transaction {
            connection: &self.writer,
            fatal: &self.fatal,
            counts: &self.counts,
            generation: self.generation,
            may_write,
            written: Cell::new(0),
        }
    }

    fn run(&self, sql: &'static str) -> Result<(), Error> {
        let statement = Statement { file: "", sql };
        self.view(true).execute(&statement, []).map(|_| ())
    }
}

/// What the rules of the clinic see of the store.
pub struct Transaction<'a> {
    connection: &'a Connection,
    fatal: &'a Cell<bool>,
    counts: &'a Counts,
    generation: u64,
    may_write: bool,
    /// Statements that have written.
    written: Cell<u32>,
}

impl Transaction<'_> {
    /// Which state of the database this is; what was read under another one may no longer be true.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Reads the first row of a result, if there is one.
    pub fn first<T, E: From<Error>>(
        &self,
        statement: &Statement,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let _timed = self.counts.time();
        let mut prepared =
            self.connection.prepare_cached(statement.sql).map_err(|error| self.noted(error))?;
        let mut rows = prepared.query(parameters).map_err(|error| self.noted(error))?;
        match rows.next().map_err(|error| self.noted(error))? {
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
        let _timed = self.counts.time();
        let mut prepared =
            self.connection.prepare_cached(statement.sql).map_err(|error| self.noted(error))?;
        let mut rows = prepared.query(parameters).map_err(|error| self.noted(error))?;
        while let Some(row) = rows.next().map_err(|error| self.noted(error))? {
            each(&Row(row))?;
        }
        Ok(())
    }

    /// All rows of a result, as `read` has each.
    pub fn all<T>(
        &self,
        statement: &Statement,
        parameters: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        self.each(statement, parameters, |row| {
            found.push(read(row)?);
            Ok::<_, Error>(())
        })?;
        Ok(found)
    }

    /// Runs a statement that writes and returns no rows. Returns how many it changed.
    pub fn execute(&self, statement: &Statement, parameters: impl Params) -> Result<usize, Error> {
        self.begin_statement()?;
        let _timed = self.counts.time();
        self.connection
            .prepare_cached(statement.sql)
            .and_then(|mut prepared| prepared.execute(parameters))
            .map_err(|error| self.noted(error))
            .inspect(|_| self.written.set(self.written.get() + 1))
    }

    /// Runs a statement that inserts one row. Returns the row's id.
    pub fn insert(&self, statement: &Statement, parameters: impl Params) -> Result<i64, Error> {
        self.execute(statement, parameters)?;
        Ok(self.connection.last_insert_rowid())
    }

    /// As `insert`, for the one statement that is composed from fixed lists of names. It is not kept, for
    /// its many forms would drive the others out.
    pub fn insert_composed(&self, sql: &str, values: &[Value<'_>]) -> Result<i64, Error> {
        self.begin_statement()?;
        let _timed = self.counts.time();
        self.connection
            .prepare(sql)
            .and_then(|mut prepared| prepared.execute(params_from_iter(values)))
            .map_err(|error| self.noted(error))
            .inspect(|_| self.written.set(self.written.get() + 1))?;
        Ok(self.connection.last_insert_rowid())
    }

    fn begin_statement(&self) -> Result<(), Error> {
        if self.may_write { Ok(()) } else { Err(Error::Other("a view for reading was written to".into())) }
    }

    /// Sorts an error, and remembers one after which the file cannot be trusted, whatever the caller makes
    /// of it.
    fn noted(&self, error: rusqlite::Error) -> Error {
        let error = Error::from(error);
        note(&error, self.fatal);
        self.counts.note_error(&error);
        error
    }
}

fn note(error: &Error, fatal: &Cell<bool>) {
    if error.is_fatal() {
        error!("the database cannot be trusted any longer: {error}");
        fatal.set(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::params;

    const INSERT: Statement =
        Statement { file: "", sql: "INSERT INTO students (name, student_id) VALUES ('x', ?1)" };
    const COUNT: Statement = Statement { file: "", sql: "SELECT count(*) FROM students" };

    fn insert(store: &mut Store, id: i64) -> Result<(), Error> {
        store.write_decided(|transaction| transaction.execute(&INSERT, params![id]).map(|_| ()))
    }

    fn count(store: &mut Store) -> i64 {
        store.read().unwrap().first(&COUNT, [], |row| row.integer(0)).unwrap().unwrap()
    }

    #[test]
    fn work_that_errs_is_undone_and_the_turn_goes_on() {
        let mut store = Store::open_in_memory().unwrap();
        insert(&mut store, 1).unwrap();
        let failed = store.write(|transaction| {
            transaction.execute(&INSERT, params![2])?;
            transaction.execute(&INSERT, params![1])
        });
        assert!(matches!(failed, Err(Error::Constraint(_))));
        assert!(matches!(insert(&mut store, 1), Err(Error::Constraint(_))));
        insert(&mut store, 3).unwrap();
        assert_eq!(count(&mut store), 2);
        assert_eq!(store.commit(), Commit::Durable);
        assert_eq!(count(&mut store), 2);
    }

    /// What SQLite does by itself after an error of the disk.
    fn roll_back_from_within(store: &Store) {
        store.writer.execute_batch("ROLLBACK").unwrap();
    }

    #[test]
    fn what_comes_after_a_rollback_from_within_is_lost_with_the_turn() {
        let mut store = Store::open_in_memory().unwrap();
        insert(&mut store, 1).unwrap();
        roll_back_from_within(&store);
        assert!(matches!(insert(&mut store, 2), Err(Error::TurnLost)));
        assert!(matches!(insert(&mut store, 3), Err(Error::TurnLost)));
        assert_eq!(store.commit(), Commit::Lost);
        assert_eq!(count(&mut store), 0);
        assert_eq!(store.commit(), Commit::Durable);
        insert(&mut store, 4).unwrap();
        assert_eq!(store.commit(), Commit::Durable);
        assert_eq!(count(&mut store), 1);
    }

    #[test]
    fn a_rollback_after_the_last_request_is_noticed_by_the_commit() {
        let mut store = Store::open_in_memory().unwrap();
        insert(&mut store, 1).unwrap();
        roll_back_from_within(&store);
        assert_eq!(store.commit(), Commit::Lost);
    }

    #[test]
    fn an_error_that_cannot_be_mended_ends_the_store_whoever_swallowed_it() {
        let mut store = Store::open_in_memory().unwrap();
        insert(&mut store, 1).unwrap();
        let io = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(10), None);
        store.view(false).noted(io);
        assert_eq!(store.commit(), Commit::Fatal);
        assert_eq!(count(&mut store), 0);
    }

    #[test]
    fn a_view_for_reading_does_not_write() {
        let mut store = Store::open_in_memory().unwrap();
        assert!(store.read().unwrap().execute(&INSERT, params![1]).is_err());
        assert_eq!(count(&mut store), 0);
    }

    #[test]
    fn decided_work_that_errs_after_it_has_written_takes_the_turn_with_it() {
        let mut store = Store::open_in_memory().unwrap();
        let done = store.write_decided(|transaction| {
            transaction.execute(&INSERT, params![1])?;
            transaction.execute(&INSERT, params![1])
        });
        assert!(matches!(done, Err(Error::TurnLost)));
        assert_eq!(store.commit(), Commit::Lost);
        assert_eq!(count(&mut store), 0);
    }
}
