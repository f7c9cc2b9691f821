//! What can go wrong in the store, sorted by what a caller does about it.
//!
//! It never knows how a fault is worded for a peer. Invariant: a text in here is SQLite's own or ours, and
//! never holds a value that a client sent.

use rusqlite::ErrorCode;

/// The index of the WAL could not grow, as on a full disk; nothing was written for which that matters.
const IOERR_SHMSIZE: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A UNIQUE, CHECK, NOT NULL or FOREIGN KEY constraint of the schema refused a write.
    #[error("{0}")]
    Constraint(String),
    /// Another process holds the write lock.
    #[error("the database is locked by another process")]
    Busy,
    #[error("the disk is full")]
    Full,
    /// The operating system failed a read, a write or a sync.
    #[error("input/output error: {0}")]
    Io(String),
    #[error("the database file is damaged: {0}")]
    Corrupt(String),
    /// This turn's transaction is gone, and with it what this request may have seen.
    #[error("this turn's transaction was rolled back")]
    TurnLost,
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// Whether the file or the disk under it can no longer be trusted.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Error::Io(_) | Error::Corrupt(_))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        let text = message(&error);
        if error.sqlite_error().is_some_and(|error| error.extended_code == IOERR_SHMSIZE) {
            return Error::Full;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => Error::Constraint(text),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy,
            Some(ErrorCode::DiskFull) => Error::Full,
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly) => Error::Io(text),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Corrupt(text),
            _ => Error::Other(text),
        }
    }
}

/// SQLite's own words, without the statement that rusqlite adds to them.
pub(super) fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}
