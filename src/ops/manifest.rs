//! Owns the file beside a backup that says what the backup is, and the names of both. Never opens a database.
//! Invariant: a backup that stands under its name has its manifest, and both are on disk.

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The form that is written here; one with a higher number is of a later version.
pub const FORMAT: u32 = 1;
/// No manifest is as long as this.
const CONTENT_BYTES_MAX: u64 = 64 * 1024;
const PIECE_BYTES: usize = 256 * 1024;

/// What a backup is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// When the copy was begun, which is the moment that it shows.
    pub taken_at: String,
    /// The path of the database that it is of. Those of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<PathBuf>,
    pub medsrv: String,
    pub sqlite: String,
    pub schema: i32,
    pub bytes: u64,
    pub sha256: String,
    /// Rows, by table.
    pub counts: BTreeMap<String, i64>,
    pub dangling_references: i64,
    pub audit: AuditHead,
}

/// The last entry of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    pub sequence: i64,
    pub hash: String,
}

/// The manifest of the backup at `path`.
pub fn beside(path: &Path) -> PathBuf {
    with_suffix(path, ".json")
}

/// Another name that begins as this one does.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// # Errors
/// Where there is none, or it is not one that this program can read.
pub fn read(backup: &Path) -> io::Result<Manifest> {
    let mut text = String::new();
    File::open(beside(backup))?.take(CONTENT_BYTES_MAX).read_to_string(&mut text)?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(io::Error::other)?;
    if manifest.format > FORMAT {
        let text = format!("it is of a later form ({}) than this program's ({FORMAT})", manifest.format);
        return Err(io::Error::other(text));
    }
    Ok(manifest)
}

/// The length and the SHA-256 of a file.
pub fn fingerprint(path: &Path) -> io::Result<(u64, String)> {
    transfer(path, &mut io::sink())
}

/// Copies a file into a new one that only its owner can read, and syncs it. Returns length and SHA-256.
pub fn copy_synced(from: &Path, to: &Path) -> io::Result<(u64, String)> {
    let mut copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    let told = transfer(from, &mut copy)?;
    copy.sync_all()?;
    Ok(told)
}

fn transfer(from: &Path, to: &mut impl Write) -> io::Result<(u64, String)> {
    let mut file = File::open(from)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = match file.read(&mut piece) {
            Ok(0) => return Ok((bytes, hex::encode(hash.finalize()))),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let read = piece.get(..count).unwrap_or_default();
        hash.update(read);
        to.write_all(read)?;
        bytes += count as u64;
    }
}

/// A name is there after a loss of power only when its directory was synced too.
pub fn sync_directory_of(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

/// A backup that is being made: two files under names of their own, which are gone with it unless it was finished.
#[derive(Debug)]
pub struct Draft {
    backup: PathBuf,
    /// Whoever holds the lock on it makes this backup.
    manifest: File,
    /// True exactly when nothing of it is left under the names of its own.
    is_finished: bool,
}

impl Draft {
    /// Removes what one that was killed has left.
    ///
    /// # Errors
    /// Where another process makes this very backup.
    pub fn begin(backup: &Path) -> io::Result<Draft> {
        let path = with_suffix(&beside(backup), ".partial");
        let manifest = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        let is_ours = flock(&manifest, FlockOperation::NonBlockingLockExclusive).is_ok()
            && fs::symlink_metadata(&path)
                .and_then(|named| Ok(named.ino() == manifest.metadata()?.ino()))
                .unwrap_or(false);
        if !is_ours {
            return Err(io::Error::other("another process makes this backup; try again when it is done"));
        }
        let draft = Draft { backup: backup.to_owned(), manifest, is_finished: false };
        draft.remove_copy()?;
        Ok(draft)
    }

    /// Where the copy is to be put.
    pub fn copy(&self) -> PathBuf {
        with_suffix(&self.backup, ".partial")
    }

    fn manifest(&self) -> PathBuf {
        with_suffix(&beside(&self.backup), ".partial")
    }

    fn remove_copy(&self) -> io::Result<()> {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            match fs::remove_file(with_suffix(&self.copy(), suffix)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Has both on disk, and gives them their names: the backup last, so that it is there only with its manifest.
    pub fn finish(mut self, manifest: &Manifest) -> io::Result<()> {
        File::open(self.copy())?.sync_all()?;
        let mut text = serde_json::to_string_pretty(manifest).map_err(io::Error::other)?;
        text.push('\n');
        self.manifest.set_len(0)?;
        self.manifest.write_all(text.as_bytes())?;
        self.manifest.sync_all()?;
        fs::rename(self.manifest(), beside(&self.backup))?;
        fs::rename(self.copy(), &self.backup)?;
        self.is_finished = true;
        sync_directory_of(&self.backup)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        // What cannot be removed is in nobody's way; the next one tries again.
        let _ = self.remove_copy();
        let _ = fs::remove_file(self.manifest());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            format: FORMAT,
            taken_at: String::new(),
            database: None,
            medsrv: String::new(),
            sqlite: String::new(),
            schema: 1,
            bytes: 3,
            sha256: String::new(),
            counts: BTreeMap::new(),
            dangling_references: 0,
            audit: AuditHead { sequence: 0, hash: String::new() },
        }
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_draft_becomes_a_backup_or_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let backup = directory.path().join("b.db");
        let draft = Draft::begin(&backup).unwrap();
        fs::write(draft.copy(), "one").unwrap();
        assert!(Draft::begin(&backup).unwrap_err().to_string().contains("another process"));
        drop(draft);
        assert_eq!(names(directory.path()), Vec::<String>::new());
        fs::write(with_suffix(&backup, ".partial"), "left by one that was killed").unwrap();
        let draft = Draft::begin(&backup).unwrap();
        fs::write(draft.copy(), "two").unwrap();
        draft.finish(&manifest()).unwrap();
        assert_eq!(names(directory.path()), ["b.db", "b.db.json"]);
        assert_eq!(fs::read_to_string(&backup).unwrap(), "two");
        assert_eq!(read(&backup).unwrap(), manifest());
    }

    #[test]
    fn a_manifest_of_a_later_form_is_not_guessed_at() {
        let directory = tempfile::tempdir().unwrap();
        let backup = directory.path().join("b.db");
        assert_eq!(read(&backup).unwrap_err().kind(), io::ErrorKind::NotFound);
        let later = Manifest { format: FORMAT + 1, ..manifest() };
        fs::write(beside(&backup), serde_json::to_string(&later).unwrap()).unwrap();
        assert!(read(&backup).unwrap_err().to_string().contains("later form"));
    }
}
