//! A copy of the database as it stands at one moment, taken while others write.
//!
//! It never knows why the copy is made, nor what becomes of it. Invariant: what is copied is one committed state,
//! the one at which the copying began, however much is written meanwhile; and the copying ends, for nothing that is
//! written has it begin anew.

use super::error::message;
use super::migrations::{self, Origin};
use super::open::{self, Lock};
use super::{OpenError, Store};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long is copied at a stretch; a step that is begun is finished, and takes a small part of that.
const SLICE: Duration = Duration::from_millis(3);
const PAGES_PER_STEP: i32 = 16;
/// Pages of the copy that are kept in memory, so that few are left to be written by the last step.
const CACHE_KIB: i64 = 256;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Source(#[from] OpenError),
    #[error("copying failed: {0}")]
    Failed(String),
    #[error("{0}")]
    GivenUp(String),
}

impl From<rusqlite::Error> for CopyError {
    fn from(error: rusqlite::Error) -> CopyError {
        CopyError::Failed(message(&error))
    }
}

/// Keeps servers from a database for as long as it lives.
#[derive(Debug)]
pub struct Claim(#[expect(dead_code, reason = "the lock is held by being open")] Lock);

impl Claim {
    /// # Errors
    /// Where a server has the database.
    pub fn take(database: &Path) -> Result<Claim, OpenError> {
        Lock::take(database).map(Claim)
    }
}

impl Store {
    /// Opens a copy to look at it, and says which schema it has. It is not changed.
    pub fn open_copy(path: &Path) -> Result<(Store, i32), OpenError> {
        open::check_library()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let only = Connection::open_with_flags(path, flags)?;
        let schema = match migrations::origin(&only)? {
            Origin::Ours { schema: 0 } => return Err(OpenError::Empty),
            Origin::Ours { schema } => schema,
            Origin::Python => return Err(OpenError::NotAdopted),
        };
        open::configure(&only)?;
        let (reader, readable) = open::open_reader(path)?;
        let store = Store::new(only, reader, readable, None, open::BUSY_TIMEOUT_BESIDE, Arc::default());
        Ok((store, schema))
    }
}

/// Copies the database into `target`, which is not there yet or empty, and which nothing has synced when this returns.
/// After each slice of a few milliseconds `between` is called, which may say why the copy is not wanted any longer.
///
/// # Errors
/// What is in `target` then is no copy.
pub fn copy(
    source: &Path,
    target: &Path,
    between: impl FnMut() -> Result<(), String>,
) -> Result<(), CopyError> {
    open::check_library()?;
    // One that may write, for the WAL of a server that was killed is gone through by whoever comes first.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(source, flags).map_err(OpenError::from)?;
    source.busy_timeout(open::BUSY_TIMEOUT_BESIDE)?;
    // The snapshot that this begins is kept to the end: a copy that lets go of it between its steps would begin anew
    // whenever somebody has written, and under a steady load never end.
    source.execute_batch("BEGIN")?;
    match migrations::origin(&source)? {
        Origin::Ours { schema: 0 } => return Err(OpenError::Empty.into()),
        // One of an older schema is copied before it is changed.
        Origin::Ours { .. } => {}
        Origin::Python => return Err(OpenError::NotAdopted.into()),
    }
    let mut copy = Connection::open(target)?;
    // Half a copy is worth nothing, so nothing is done to save it, and whoever needs it whole syncs it.
    copy.pragma_update(None, "journal_mode", "OFF")?;
    copy.pragma_update(None, "synchronous", "OFF")?;
    copy.pragma_update(None, "cache_size", -CACHE_KIB)?;
    copy_pages(&source, &mut copy, between)?;
    source.execute_batch("COMMIT")?;
    copy.close().map_err(|(_, error)| error)?;
    // The copy says of itself that it has a WAL, as the database does; whoever opens such a file makes two others
    // beside it. Only a connection that has found it so can change that.
    let copy = Connection::open(target)?;
    copy.pragma_update(None, "synchronous", "OFF")?;
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    copy.close().map_err(|(_, error)| CopyError::from(error))
}

fn copy_pages(
    source: &Connection,
    copy: &mut Connection,
    mut between: impl FnMut() -> Result<(), String>,
) -> Result<(), CopyError> {
    let backup = Backup::new(source, copy)?;
    loop {
        let begun = Instant::now();
        while begun.elapsed() < SLICE {
            match backup.step(PAGES_PER_STEP)? {
                StepResult::Done => return Ok(()),
                StepResult::More => {}
                // Nobody else has the copy, and the snapshot is there already.
                _ => return Err(CopyError::Failed("the database is locked by another process".into())),
            }
        }
        between().map_err(CopyError::GivenUp)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Commit, Statement, params};

    const INSERT: Statement =
        Statement { file: "", sql: "INSERT INTO students (name, student_id) VALUES (?2, ?1)" };
    const COUNT: Statement = Statement { file: "", sql: "SELECT count(*), max(student_id) FROM students" };

    fn insert(store: &mut Store, id: i64) {
        let name = "x".repeat(3000);
        store
            .write_decided(|transaction| transaction.execute(&INSERT, params![id, name]).map(|_| ()))
            .unwrap();
        assert_eq!(store.commit(), Commit::Durable);
    }

    #[test]
    fn a_copy_is_the_state_at_which_it_began_and_ends_while_others_write() {
        let directory = tempfile::tempdir().unwrap();
        let (path, target) = (directory.path().join("a.db"), directory.path().join("copy.db"));
        let mut store = Store::open(&path, |_| Err(String::new())).unwrap().store;
        store.begin_writing().unwrap();
        (1..=4000).for_each(|id| {
            let name = "x".repeat(3000);
            store
                .write_decided(|transaction| transaction.execute(&INSERT, params![id, name]).map(|_| ()))
                .unwrap();
        });
        assert_eq!(store.commit(), Commit::Durable);
        let mut last = 4000;
        copy(&path, &target, || {
            last += 1;
            insert(&mut store, last);
            store.checkpoint();
            Ok(())
        })
        .unwrap();
        assert!(last > 4000, "it was written to meanwhile");
        let (mut copied, schema) = Store::open_copy(&target).unwrap();
        assert_eq!(schema, crate::store::SCHEMA_VERSION);
        let found = copied
            .read()
            .unwrap()
            .first(&COUNT, [], |row| Ok::<_, crate::store::Error>((row.integer(0)?, row.integer(1)?)));
        assert_eq!(found.unwrap(), Some((4000, 4000)));
        let names: Vec<_> = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("copy"))
            .collect();
        assert_eq!(names, ["copy.db"]);
        let given_up = copy(&path, &directory.path().join("other.db"), || Err("enough".into()));
        assert!(matches!(given_up, Err(CopyError::GivenUp(reason)) if reason == "enough"));
    }
}
