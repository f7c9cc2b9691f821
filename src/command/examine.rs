//! Owns the looking at a copy of the database: whether it is sound, and whether it is what its manifest says. Never
//! changes a file.
//! Invariant: a copy that is called whole was read to its last page, and its audit trail entry by entry.

use super::{Problem, exit, problem};
use crate::ops::anchor::{self, AnchorError};
use crate::ops::config::Config;
use crate::ops::keyfile;
use crate::ops::manifest::{self, Manifest};
use crate::server::copied::Copied;
use crate::service::Failure;
use crate::service::audit::{self, Head, Key};
use crate::service::backup::Depth;
use crate::store::Store;
use std::fmt::Display;
use std::path::Path;

pub(super) fn examine(path: &Path, depth: Depth) -> Result<Copied, Problem> {
    Copied::examine(path, depth).map_err(|flaw| not_whole(path, flaw))
}

/// Holds a backup against its manifest, and its audit trail against the key and the anchors.
pub(super) fn verify(config: &Config, path: &Path) -> Result<Manifest, Problem> {
    let files = |error: &dyn Display| problem(exit::FILES, format_args!("{}: {error}", path.display()));
    let beside = manifest::beside(path);
    let manifest = manifest::read(path).map_err(|error| {
        problem(exit::FILES, format_args!("the manifest {} cannot be read: {error}", beside.display()))
    })?;
    let (bytes, sha256) = manifest::fingerprint(path).map_err(|error| files(&error))?;
    if (bytes, &sha256) != (manifest.bytes, &manifest.sha256) {
        let what = format!(
            "it has {bytes} bytes and the SHA-256 {sha256}, but was written with {} and {}",
            manifest.bytes, manifest.sha256
        );
        return Err(not_whole(path, what));
    }
    let mut copied = examine(path, Depth::Full)?;
    let contents = &copied.contents;
    let found = Manifest {
        schema: copied.schema,
        counts: contents.counts.clone(),
        dangling_references: contents.dangling_references,
        audit: copied.audit_head(),
        ..manifest.clone()
    };
    if found != manifest {
        return Err(not_whole(path, "it does not hold what its manifest says"));
    }
    let head = contents.audit;
    verify_trail(config, path, &mut copied.store, head)?;
    Ok(manifest)
}

/// Anchors of what came later say nothing of a copy.
fn verify_trail(config: &Config, path: &Path, store: &mut Store, head: Head) -> Result<(), Problem> {
    let key = keyfile::read(&config.audit.key_file).map_err(|error| problem(exit::FILES, error))?;
    let anchors = anchors(&config.audit.anchor_file)?
        .into_iter()
        .filter(|anchor| anchor.sequence <= head.sequence)
        .collect();
    match audit::verify(store, &Key::new(key), anchors) {
        Ok(_) => Ok(()),
        Err(Failure::Refused(finding)) => {
            Err(not_whole(path, format_args!("its audit trail is not whole: {finding}")))
        }
        Err(Failure::Fault(error)) => Err(not_whole(path, error)),
    }
}

/// What the trail of the database has come to, as far as it is anchored.
pub(super) fn anchors(anchor_file: &Path) -> Result<Vec<Head>, Problem> {
    let found = anchor::read(anchor_file).map_err(|error| match error {
        AnchorError::BadLine { .. } => problem(exit::DATABASE, error),
        other => problem(exit::FILES, other),
    })?;
    Ok(found.anchors.iter().map(|anchor| Head { sequence: anchor.sequence, hash: anchor.hash }).collect())
}

pub(super) fn not_whole(path: &Path, what: impl Display) -> Problem {
    problem(exit::DATABASE, format_args!("{} is not whole: {what}", path.display()))
}

/// A backup in a few words.
pub(super) fn described(manifest: &Manifest) -> String {
    let counts: Vec<String> = manifest.counts.iter().map(|(table, rows)| format!("{table} {rows}")).collect();
    format!(
        "  taken     {}\n  bytes     {}\n  sha256    {}\n  schema    {}\n  rows      {}\n  trail     ends with entry {}",
        manifest.taken_at,
        manifest.bytes,
        manifest.sha256,
        manifest.schema,
        counts.join(", "),
        manifest.audit.sequence
    )
}
