//! Owns the looking at a copy of the database: whether its pages are sound, and what its manifest is to say.
//!
//! It never changes a file. Invariant: a manifest is made only of a copy that was read.

use crate::ops::manifest::{self, AuditHead, Manifest};
use crate::service::backup::{Contents, Depth, damage};
use crate::store::{self, Error, Store};
use std::io;
use std::path::Path;

/// A copy whose pages are sound.
pub struct Copied {
    pub store: Store,
    pub schema: i32,
    pub contents: Contents,
}

impl Copied {
    /// # Errors
    /// What is wrong with the copy.
    pub fn examine(path: &Path, depth: Depth) -> Result<Copied, String> {
        let (mut store, schema) = Store::open_copy(path).map_err(|error| error.to_string())?;
        let read = store.read().and_then(|view| Ok((damage(&view, depth)?, Contents::read(&view)?)));
        store.commit();
        match read.map_err(|error: Error| error.to_string())? {
            (Some(damage), _) => Err(format!("the database is damaged: {damage}")),
            (None, contents) => Ok(Copied { store, schema, contents }),
        }
    }

    /// What its audit trail ends with.
    pub fn audit_head(&self) -> AuditHead {
        let audit = &self.contents.audit;
        AuditHead { sequence: audit.sequence, hash: hex::encode(audit.hash) }
    }

    /// The manifest of this copy, which lies at `path` and was made of `database`.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn manifest(self, path: &Path, database: &Path, taken_at: String) -> io::Result<Manifest> {
        let audit = self.audit_head();
        let Copied { store, schema, contents } = self;
        drop(store);
        let (bytes, sha256) = manifest::fingerprint(path)?;
        Ok(Manifest {
            format: manifest::FORMAT,
            taken_at,
            database: Some(database.to_owned()),
            medsrv: env!("CARGO_PKG_VERSION").to_owned(),
            sqlite: store::library_version().to_owned(),
            schema,
            bytes,
            sha256,
            audit,
            counts: contents.counts,
            dangling_references: contents.dangling_references,
        })
    }
}
