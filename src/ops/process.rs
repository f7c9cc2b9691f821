//! Owns what the system says of this process and of the disk that its files are on.
//!
//! Never opens a file that is not the system's own. Invariant: what cannot be told is left out, and nothing here
//! waits for anybody.

use super::files::{directory_of, wal_of};
use std::path::Path;

/// Whether systemd has started this very process, and not one that it descends from.
pub fn is_systemds() -> bool {
    std::env::var("SYSTEMD_EXEC_PID").is_ok_and(|pid| pid.parse() == Ok(std::process::id()))
}

/// The descriptors that are open.
pub fn open_descriptors() -> Option<u64> {
    let entries = std::fs::read_dir("/proc/self/fd").ok()?;
    // One of them is the directory's own.
    Some((entries.count() as u64).saturating_sub(1))
}

/// The memory that the process has.
pub fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// How much of the disk is free for this user, and how large it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    pub free_bytes: u64,
    pub total_bytes: u64,
}

/// The disk on which a file lies.
pub fn disk_of(file: &Path) -> Option<Disk> {
    let found = rustix::fs::statvfs(directory_of(file)).ok()?;
    Some(Disk {
        free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
        total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
    })
}

/// A database is looked at by its name alone: to open and close it would drop SQLite's locks.
pub fn file_bytes(file: &Path) -> Option<u64> {
    std::fs::metadata(file).ok().map(|metadata| metadata.len())
}

/// What a copy leaves free of its disk.
const ROOM_LEFT_BYTES: u64 = 16 * 1024 * 1024;

/// Refuses what would fill the disk: a copy is as long as the database, with what waits in its WAL.
pub fn check_room(database: &Path, copy: &Path) -> Result<(), String> {
    let bytes = |path: &Path| file_bytes(path).unwrap_or(0);
    let needed = bytes(database) + bytes(&wal_of(database)) + ROOM_LEFT_BYTES;
    match disk_of(copy) {
        Some(disk) if disk.free_bytes < needed => {
            Err(format!("its disk has {} bytes free, but a backup needs {needed}", disk.free_bytes))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_says_something_plausible() {
        let before = open_descriptors().unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(before >= 3 && open_descriptors().unwrap() > 2);
        assert!(resident_bytes().unwrap() > 100 * 1024);
        let disk = disk_of(file.path()).unwrap();
        assert!(disk.free_bytes <= disk.total_bytes);
        assert_eq!(file_bytes(file.path()), Some(0));
        assert_eq!(file_bytes(&wal_of(file.path())), None);
    }
}
