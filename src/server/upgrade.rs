//! Owns the backup of a database that is about to be brought up to date: where it lies, and that it is whole.
//!
//! It never changes the database. Invariant: a database of an older schema is changed only once a copy of it, which
//! was read and is on disk, lies beside it with its manifest; and no copy is left of one that was not changed.

use super::copied::Copied;
use crate::ops::files::{directory_of, endings, with_suffix};
use crate::ops::manifest::{self, Draft};
use crate::ops::process;
use crate::service::backup::Depth;
use crate::service::time::Now;
use crate::store::{self, Store};
use chrono::NaiveDateTime;
use log::{info, warn};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Between the schema and what follows in the name of a backup.
const MOMENT: &str = "%Y%m%dT%H%M%S%3f";

/// The backup that was made, if one was needed.
#[derive(Default)]
pub(super) struct Upgrade {
    made: Option<(i32, PathBuf)>,
}

impl Upgrade {
    /// Makes the backup of a database that has this schema.
    pub fn back_up(&mut self, database: &Path, schema: i32) -> Result<(), String> {
        let moment = chrono::Local::now().format(MOMENT);
        let backup = with_suffix(database, &format!(".schema-{schema}-{moment}"));
        sweep(database).map_err(|error| error.to_string())?;
        make(database, &backup).map_err(|reason| {
            let shown = backup.display();
            format!(
                "{shown}: {reason}; make room there, or mend what it names. The database was left as it was"
            )
        })?;
        self.made = Some((schema, backup));
        Ok(())
    }

    /// Says what has become of the database.
    pub fn told(&self) {
        let Some((schema, backup)) = &self.made else { return };
        info!("the database was brought from schema {schema} to {}", store::SCHEMA_VERSION);
        warn!(
            "the database as it was, which only the medsrv before can serve, is in {}: delete it once all is well",
            backup.display()
        );
    }

    /// Takes the backup of a database away that is as it was: with each attempt there would be one more. Where the
    /// database cannot be seen to be, the backup is the way back and stays.
    pub fn take_back(self, database: &Path) {
        let is_unchanged = |old| Store::open_copy(database).is_ok_and(|(_, schema)| schema == old);
        let Some((schema, backup)) = self.made else { return };
        if !is_unchanged(schema) {
            return warn!("the database as it was is in {}: `medsrv restore` puts it back", backup.display());
        }
        for path in [manifest::beside(&backup), backup] {
            if let Err(error) = fs::remove_file(&path) {
                warn!("{} is of no use, but cannot be removed: {error}", path.display());
            }
        }
    }
}

/// Removes what is left of backups that were begun before upgrades, by processes that were killed.
fn sweep(database: &Path) -> io::Result<()> {
    let mut beginning = database.file_name().map(OsString::from).unwrap_or_default();
    beginning.push(".schema-");
    for ending in endings(directory_of(database), &beginning)? {
        let Some((mark, "partial" | "partial.lock" | "json.partial" | "json")) = ending.split_once('.')
        else {
            continue;
        };
        let is_mark = |(schema, moment): (&str, &str)| {
            schema.parse::<i32>().is_ok() && NaiveDateTime::parse_from_str(moment, MOMENT).is_ok()
        };
        if mark.split_once('-').is_some_and(is_mark) {
            manifest::sweep(&with_suffix(database, &format!(".schema-{mark}")), database)?;
        }
    }
    Ok(())
}

fn make(database: &Path, backup: &Path) -> Result<(), String> {
    process::check_room(database, backup)?;
    let draft = Draft::begin(backup).map_err(|error| error.to_string())?;
    let taken_at = Now::at(chrono::Local::now()).rfc3339();
    store::copy(database, &draft.copy(), || Ok(())).map_err(|error| error.to_string())?;
    let copied = Copied::examine(&draft.copy(), Depth::Quick)?;
    let manifest = copied.manifest(&draft.copy(), database, taken_at).map_err(|error| error.to_string())?;
    draft.finish(&manifest).map_err(|error| error.to_string())
}
