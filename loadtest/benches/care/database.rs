//! Owns the file of a run: filled once, with sessions of login for all who call.
//!
//! It never asks the server. Invariant: a run never changes the file that is kept for later ones.

use crate::served::DATABASE;
use crate::{CONNECTIONS, Outcome};
use chrono::Local;
use loadtest::population::PREPARED_CLERK;
use loadtest::prepare::{Amounts, prepare};
use medsrv::service::session;
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};
use std::time::Instant;
use tempfile::TempDir;

const AMOUNTS: Amounts = Amounts { patients: 100_000, doctors: 1_000, appointments: 1_000_000, sessions: 0 };
const FIRST_DOCTOR: i64 = 100_001;
const NURSE: i64 = 101_002;
const FILL: &str = include_str!("fill.sql");
/// Of the login sessions, in milliseconds.
const GOOD_FOR_MS: i64 = 365 * 24 * 3600 * 1000;

pub struct Database {
    directory: TempDir,
}

impl Database {
    pub fn prepare(kept: Option<PathBuf>) -> Outcome<Database> {
        let database = Database { directory: tempfile::tempdir()? };
        let path = database.path();
        match kept {
            Some(kept) if kept.exists() => {
                std::fs::copy(kept, &path)?;
                // Sessions that nobody used for a while are over.
                let connection = Connection::open(&path)?;
                let now_ms = Local::now().timestamp_millis();
                connection.execute("UPDATE login_sessions SET used_at = ?1", [now_ms])?;
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            }
            kept => {
                fill(&path)?;
                if let Some(kept) = kept {
                    std::fs::copy(path, kept)?;
                }
            }
        }
        Ok(database)
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn path(&self) -> PathBuf {
        self.directory().join(DATABASE)
    }

    /// Another directory with the same file.
    pub fn copy(&self) -> Outcome<TempDir> {
        let directory = tempfile::tempdir()?;
        std::fs::copy(self.path(), directory.path().join(DATABASE))?;
        Ok(directory)
    }
}

fn fill(path: &Path) -> Outcome<()> {
    let begun = Instant::now();
    prepare(path, &AMOUNTS, 1, &mut |_| {})?;
    let mut connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -524288; PRAGMA temp_store = MEMORY",
    )?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(FILL)?;
    transaction.execute(
        "INSERT INTO users (user_id, username, password_hash, role)
        SELECT ?1, 'care-nurse', password_hash, 'nurse' FROM users WHERE username = ?2",
        params![NURSE, PREPARED_CLERK],
    )?;
    transaction.execute("INSERT INTO accounts (user_id, name) VALUES (?1, 'care-nurse')", [NURSE])?;
    let now_ms = Local::now().timestamp_millis();
    for user_id in (0..CONNECTIONS).map(doctor_id).chain([NURSE]) {
        // Deriving a password for each would take long, and is not what is measured.
        transaction.execute(
            "INSERT INTO login_sessions (user_id, token_hash, peer, created_at, used_at, expires_at)
            VALUES (?1, ?2, '127.0.0.1', ?3, ?3, ?4)",
            params![user_id, session::hash(&token(user_id)), now_ms, now_ms + GOOD_FOR_MS],
        )?;
    }
    transaction.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let broken: i64 =
        connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    if broken > 0 {
        return Err(format!("{broken} rows refer to what is not there").into());
    }
    println!("the database is filled after {:.0} s", begun.elapsed().as_secs_f64());
    Ok(())
}

fn doctor_id(caller: usize) -> i64 {
    FIRST_DOCTOR + caller as i64
}

fn token(user_id: i64) -> String {
    format!("ms1_bench-{user_id}")
}

/// As whom a connection calls.
#[derive(Clone, Copy)]
pub enum Caller {
    /// Another one on each connection.
    Doctor,
    Nurse,
}

impl Caller {
    pub fn token(self, caller: usize) -> String {
        token(match self {
            Caller::Doctor => doctor_id(caller),
            Caller::Nurse => NURSE,
        })
    }
}
