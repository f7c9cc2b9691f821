//! Owns the names of files that lie beside others, and what the system says of a name: where it leads, and that it
//! is on disk. Never looks into a file.
//! Invariant: nothing here is made, changed or removed.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The system follows no more of them, either (path_resolution(7)).
const LINKS_MAX: usize = 40;

/// What SQLite keeps beside a database.
pub const OF_SQLITE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Another name that begins as this one does.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The file in which SQLite keeps what a database has not got yet.
pub fn wal_of(database: &Path) -> PathBuf {
    with_suffix(database, "-wal")
}

/// The file that a server of this database has locked.
pub fn lock_of(database: &Path) -> PathBuf {
    with_suffix(database, ".lock")
}

/// Where a file lies.
pub fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The path without links of a file that need not be there, also where there are only links left; as it is named
/// where there is not even its directory.
pub fn real(path: &Path) -> PathBuf {
    let absent = || {
        let mut named = path.to_owned();
        for _ in 0..LINKS_MAX {
            let Ok(target) = fs::read_link(&named) else { break };
            named = named.with_file_name(target);
        }
        Some(directory_of(&named).canonicalize().ok()?.join(named.file_name()?))
    };
    path.canonicalize().ok().or_else(absent).unwrap_or_else(|| path.to_owned())
}

/// A name is there after a loss of power only when its directory was synced too.
pub fn sync_directory_of(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

/// What follows in the names of a directory that begin so, where that can be read as text, in order.
pub fn endings(directory: &Path, beginning: &OsStr) -> io::Result<Vec<String>> {
    let mut endings = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let ending = name.as_bytes().strip_prefix(beginning.as_bytes());
        endings.extend(ending.and_then(|ending| String::from_utf8(ending.to_owned()).ok()));
    }
    endings.sort();
    Ok(endings)
}

/// Which file it is, by whatever name.
pub fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Whether it is this open file that bears the name. A link is not followed.
pub fn is_named(path: &Path, file: &File) -> bool {
    let found = fs::symlink_metadata(path).and_then(|named| Ok((named, file.metadata()?)));
    found.is_ok_and(|(named, open)| identity(&named) == identity(&open))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_name_leads_to_one_file_whether_or_not_that_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        fs::create_dir(root.join("data")).unwrap();
        symlink("data", root.join("link")).unwrap();
        symlink("data/a.db", root.join("a.db")).unwrap();
        symlink("a.db", root.join("another.db")).unwrap();
        for there in [false, true] {
            for name in ["a.db", "another.db", "data/a.db", "link/a.db", "data/../link/a.db"] {
                assert_eq!(real(&root.join(name)), root.join("data/a.db"), "{name}");
            }
            if !there {
                fs::write(root.join("data/a.db"), "").unwrap();
            }
        }
        assert_eq!(real(Path::new("no-such-directory/a.db")), Path::new("no-such-directory/a.db"));
        assert_eq!(directory_of(Path::new("a.db")), Path::new("."));
    }

    #[test]
    fn a_beginning_is_of_bytes_and_what_follows_is_text() {
        let directory = tempfile::tempdir().unwrap();
        for name in [&b"a\xff-2"[..], b"a\xff-1", b"a\xfe-3", b"a\xff-\xff", b"b"] {
            fs::write(directory.path().join(OsStr::from_bytes(name)), "").unwrap();
        }
        assert_eq!(endings(directory.path(), OsStr::from_bytes(b"a\xff-")).unwrap(), ["1", "2"]);
        assert!(endings(&directory.path().join("none"), OsStr::new("a")).is_err());
    }

    #[test]
    fn an_open_file_is_known_under_its_name_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        let file = File::create(&path).unwrap();
        assert!(is_named(&path, &file));
        fs::rename(&path, directory.path().join("b")).unwrap();
        symlink("b", &path).unwrap();
        assert!(!is_named(&path, &file) && is_named(&directory.path().join("b"), &file));
    }
}
