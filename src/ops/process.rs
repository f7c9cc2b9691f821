//! Owns what the system says of this process and of the disk that its files are on.
//!
//! Never opens a file that is not the system's own. Invariant: what cannot be told is left out, and nothing here
//! waits for anybody.

use std::path::{Path, PathBuf};

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
    let found = rustix::fs::statvfs(file.parent()?).ok()?;
    Some(Disk {
        free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
        total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
    })
}

/// A database is looked at by its name alone: to open and close it would drop SQLite's locks.
pub fn file_bytes(file: &Path) -> Option<u64> {
    std::fs::metadata(file).ok().map(|metadata| metadata.len())
}

/// The file that SQLite keeps beside a database.
pub fn wal_of(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    path.into()
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
