//! Opening the audit trail for going on with it, by the server and by subcommands beside it.
//!
//! It never writes an entry. Invariants: what is opened fits its key and its last anchor; a key is made only for
//! a trail that has neither an entry nor an anchor, for a new key over an old trail would break its chain.

use super::StartError;
use crate::ops::anchor;
use crate::ops::config::Config;
use crate::ops::keyfile::{self, KeyFileError};
use crate::ops::swap;
use crate::service::Failure;
use crate::service::audit::{self, Head, Key, Trail};
use crate::store::{Commit, Store};

/// Tells the entries of one run from those of another.
const BOOT_ID_BYTES: usize = 8;

/// Refuses to make an empty database where the anchors speak of another one: a wrong path would be taken for a
/// loss, and what is left of the trail for tampering.
///
/// # Errors
/// Where there is no database, but an anchor, or a restore that was interrupted.
pub fn check_database(config: &Config) -> Result<(), StartError> {
    let (database, anchor_file) = (&config.server.db_path, &config.audit.anchor_file);
    if std::fs::metadata(database).is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    if swap::interrupted(database).is_some() {
        return Err(StartError::Database {
            path: database.display().to_string(),
            reason: "a restore was interrupted and has it put aside: run `medsrv restore FILE` again, or \
                     `medsrv restore --undo` to have back what was there"
                .to_owned(),
        });
    }
    let found = anchor::read(anchor_file).map_err(|error| StartError::Files(error.to_string()))?;
    let Some(last) = found.anchors.last() else { return Ok(()) };
    Err(StartError::Database {
        path: database.display().to_string(),
        reason: format!(
            "there is none, but the anchor file {} speaks of entry {} of a trail: is the path right? If the \
             database is lost, put a backup in its place; to begin with an empty one, move the anchor file and \
             the audit key aside",
            anchor_file.display(),
            last.sequence
        ),
    })
}

/// The key of the trail; none where there is neither a key nor a trail yet.
///
/// # Errors
/// Where key, anchors or table cannot be read, or do not fit each other.
pub fn key(config: &Config, store: &mut Store) -> Result<Option<Key>, StartError> {
    let (key_file, anchor_file) = (&config.audit.key_file, &config.audit.anchor_file);
    let files = |error: String| StartError::Files(error);
    let failed =
        |reason: String| StartError::Database { path: config.server.db_path.display().to_string(), reason };
    // Before the table: a server that runs may append to both meanwhile.
    let found = anchor::read(anchor_file).map_err(|error| files(error.to_string()))?;
    let last = found.anchors.last().map(|anchor| Head { sequence: anchor.sequence, hash: anchor.hash });
    let view = store.read().map_err(|error| failed(error.to_string()))?;
    let is_new =
        Head::read(&view).map_err(|error| failed(error.to_string()))?.sequence == 0 && last.is_none();
    let key = match keyfile::read(key_file) {
        Err(KeyFileError::Absent { .. }) if is_new => None,
        read => Some(Key::new(read.map_err(|error| files(error.to_string()))?)),
    };
    if let Some(key) = &key {
        audit::check_start(&view, key, last).map_err(|failure| match failure {
            Failure::Refused(unfit) => failed(unfit.to_string()),
            Failure::Fault(fault) => failed(fault.to_string()),
        })?;
    }
    if store.commit() != Commit::Durable {
        return Err(failed("its audit trail cannot be read".into()));
    }
    Ok(key)
}

/// # Errors
/// As `key`, and where a new one cannot be made.
pub fn open(config: &Config, store: &mut Store) -> Result<Trail, StartError> {
    let key = match key(config, store)? {
        Some(key) => key,
        None => keyfile::read_or_create(&config.audit.key_file)
            .map(|(key, _)| Key::new(key))
            .map_err(|error| StartError::Files(error.to_string()))?,
    };
    let mut boot_id = [0; BOOT_ID_BYTES];
    getrandom::fill(&mut boot_id).map_err(|error| StartError::System(format!("no random bytes: {error}")))?;
    Ok(Trail::new(&key, hex::encode(boot_id)))
}
