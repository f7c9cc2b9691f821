//! Owns the file beside a backup that says what the backup is, and the names of both. Never opens a database.
//! Invariant: a backup that stands under its name has its manifest, and both are on disk.

use super::files::{OF_SQLITE, is_named, sync_directory_of, with_suffix};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
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

/// Removes what a backup that was interrupted has left: files that have not got their names yet, and the manifest of
/// nothing where it names this database. What another process is about to make stays.
pub fn sweep(backup: &Path, database: &Path) -> io::Result<()> {
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    let is_half = [partial(backup), partial(&beside(backup)), lock(backup)].iter().any(|path| is_there(path));
    if !is_half && (is_there(backup) || !is_there(&beside(backup))) {
        return Ok(());
    }
    // Where somebody holds it, they see to it.
    let Ok(_draft) = Draft::begin(backup) else { return Ok(()) };
    let is_ours = || read(backup).is_ok_and(|of| of.database.as_deref() == Some(database));
    if !is_there(backup) && is_ours() { fs::remove_file(beside(backup)) } else { Ok(()) }
}

/// What a file is called until it is whole.
fn partial(path: &Path) -> PathBuf {
    with_suffix(path, ".partial")
}

/// What whoever makes a backup has locked. It is neither the copy nor the manifest: a file system that stands at the
/// other end of a network may keep even the same process from writing through another handle to what is locked.
fn lock(backup: &Path) -> PathBuf {
    with_suffix(&partial(backup), ".lock")
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A backup that is being made: files under names of their own, which are gone with it.
#[derive(Debug)]
pub struct Draft {
    backup: PathBuf,
    /// The copy.
    file: File,
    /// Held until all is done, and until then under its name, by which others find it.
    #[expect(dead_code, reason = "the lock is held by being open")]
    lock: File,
}

impl Draft {
    /// Removes what one that was killed has left, and puts an empty file where the copy is to be.
    ///
    /// # Errors
    /// Where another process makes this very backup.
    pub fn begin(backup: &Path) -> io::Result<Draft> {
        let lock = take(&lock(backup))?;
        remove_halves(backup)?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(partial(backup))?;
        Ok(Draft { backup: backup.to_owned(), file, lock })
    }

    /// Where the copy is to be put.
    pub fn copy(&self) -> PathBuf {
        partial(&self.backup)
    }

    /// Brings to disk what the copy has by now.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Has both on disk, and gives them their names: the backup last, so that it is there only with its manifest.
    pub fn finish(self, manifest: &Manifest) -> io::Result<()> {
        self.file.sync_all()?;
        let mut text = serde_json::to_string_pretty(manifest).map_err(io::Error::other)?;
        text.push('\n');
        let unnamed = partial(&beside(&self.backup));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unnamed)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(unnamed, beside(&self.backup))?;
        fs::rename(self.copy(), &self.backup)?;
        sync_directory_of(&self.backup)
    }
}

/// Removes what has not got its name.
fn remove_halves(backup: &Path) -> io::Result<()> {
    let copy = partial(backup);
    OF_SQLITE.iter().try_for_each(|suffix| remove_if_there(&with_suffix(&copy, suffix)))?;
    remove_if_there(&partial(&beside(backup)))?;
    remove_if_there(&copy)
}

/// Locks the file of this name, if nobody else has it.
fn take(path: &Path) -> io::Result<File> {
    let flags = OFlags::CREATE | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let failed = |error: Errno| {
        let error = io::Error::from(error);
        io::Error::new(error.kind(), format!("its lock {}: {error}", path.display()))
    };
    let file = File::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR).map_err(failed)?);
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        // Whoever had it has removed it, so that another file may bear the name by now.
        Ok(()) if is_named(path, &file) => Ok(file),
        Ok(()) | Err(Errno::WOULDBLOCK) => {
            Err(io::Error::other("another process makes this backup; try again when it is done"))
        }
        Err(error) => Err(failed(error)),
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What cannot be removed is in nobody's way; the next one tries again. The lock goes last.
        let _ = remove_halves(&self.backup);
        let _ = fs::remove_file(lock(&self.backup));
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
    fn one_that_has_given_its_manifest_the_name_is_still_the_only_one() {
        let directory = tempfile::tempdir().unwrap();
        let backup = directory.path().join("b.db");
        let draft = Draft::begin(&backup).unwrap();
        fs::write(draft.copy(), "one").unwrap();
        fs::write(beside(&backup), serde_json::to_string(&manifest()).unwrap()).unwrap();
        assert!(Draft::begin(&backup).unwrap_err().to_string().contains("another process"));
        sweep(&backup, Path::new("a.db")).unwrap();
        assert_eq!(names(directory.path()), ["b.db.json", "b.db.partial", "b.db.partial.lock"]);
        draft.finish(&manifest()).unwrap();
        assert_eq!(fs::read_to_string(&backup).unwrap(), "one");
    }

    #[test]
    fn no_file_that_sqlite_opens_is_locked_and_what_is_wrong_with_the_lock_is_said() {
        let directory = tempfile::tempdir().unwrap();
        let backup = directory.path().join("b.db");
        let draft = Draft::begin(&backup).unwrap();
        let another = File::options().write(true).open(draft.copy()).unwrap();
        flock(&another, FlockOperation::NonBlockingLockExclusive).unwrap();
        drop(draft);
        fs::write(lock(&backup), "left by one that was killed").unwrap();
        drop(Draft::begin(&backup).unwrap());
        std::os::unix::fs::symlink("elsewhere", lock(&backup)).unwrap();
        let refused = Draft::begin(&backup).unwrap_err().to_string();
        assert!(refused.contains("b.db.partial.lock: ") && !refused.contains("another process"), "{refused}");
        assert_eq!(names(directory.path()), ["b.db.partial.lock"]);
    }

    #[test]
    fn a_link_in_the_place_of_a_copy_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let backup = directory.path().join("b.db");
        let another = directory.path().join("another");
        fs::write(&another, "whole").unwrap();
        std::os::unix::fs::symlink(&another, partial(&backup)).unwrap();
        let draft = Draft::begin(&backup).unwrap();
        fs::write(draft.copy(), "one").unwrap();
        assert_eq!(fs::read_to_string(&another).unwrap(), "whole");
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
