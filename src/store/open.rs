//! Opening the database file: what it is, what it becomes, and how it is set.
//!
//! It never knows a request. Invariants: the settings that durability rests on are read back, not assumed;
//! a file that is not ours is left as it was; SQLite's own handles are the only ones that touch the file.

use super::error::message;
use super::migrations::{self, Adoption, Origin};
use super::{Error, Store, adhoc};
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use std::fs::{File, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Turns a credential, as a client sends it, into what is stored.
pub type HashCredential = fn(&str) -> Result<String, String>;

/// Puts a copy of the database aside, whose schema it is given, or says why there is none.
pub type BackUp<'a> = &'a mut dyn FnMut(i32) -> Result<(), String>;

/// The oldest library that does not lose committed data when a WAL file is reset (sqlite.org/wal.html,
/// "the WAL-reset bug").
const SQLITE_OLDEST: i32 = 3_051_003;
/// How long to wait for another process's write lock.
const BUSY_TIMEOUT: Duration = Duration::from_millis(200);
/// The same for a subcommand, which holds nobody up; the server has the lock for the length of a turn only.
pub(super) const BUSY_TIMEOUT_BESIDE: Duration = Duration::from_secs(5);
/// Pages of the file that are kept in memory.
const CACHE_KIB: i64 = 16 * 1024;
/// More than the number of statements, so that none is ever prepared twice.
const STATEMENTS_CACHED: usize = 512;
const _: () =
    assert!(STATEMENTS_CACHED > super::statements::ALL.len(), "a statement would be prepared again");

/// So much of a file as ends with its application id, and where its schema stands in that.
const HEADER_BYTES: usize = 72;
const SCHEMA_BYTES: std::ops::Range<usize> = 60..64;

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "SQLite {found} is too old: it can lose committed data; build medsrv with its bundled SQLite (3.51.3 or newer)"
    )]
    LibraryTooOld { found: &'static str },
    #[error("the file is not a database; set another db_path, or put a backup in its place")]
    NotADatabase,
    #[error(
        "this SQLite database belongs to another program (application id {application_id}, schema {schema}); set another db_path"
    )]
    Foreign { application_id: i32, schema: i32 },
    #[error("its schema {found} is newer than this program's {known}: install the medsrv that wrote it")]
    Newer { found: i32, known: i32 },
    #[error(
        "its schema {found} is older than this program's {known}: start the server once, which brings it up to date"
    )]
    Older { found: i32, known: i32 },
    #[error(
        "there is no such file: start the server once, which creates it, or name another one with --db-path"
    )]
    Absent,
    #[error("the file is empty: start the server once, which fills it, or name another one with --db-path")]
    Empty,
    #[error("it is the Python server's database: start the server once, which adopts it")]
    NotAdopted,
    #[error("others can read or change it (mode {mode:04o}): run `chmod 600 {}`, and ask who may have", .path.display())]
    Exposed { mode: u32, path: PathBuf },
    #[error("another medsrv serves it already; two servers on one database would give places twice")]
    InUse,
    #[error("it is locked by another process: stop the other server first")]
    Locked,
    #[error("it cannot be opened: {0}; check that its directory exists and that this user may write there")]
    CannotOpen(String),
    #[error("the disk is full; make room on it and try again")]
    Full,
    #[error("the copy that is made before the Python server's database is changed failed: {0}")]
    Copy(String),
    #[error(
        "its schema is older than this program's, and the backup that is made before it is changed failed: {0}"
    )]
    BackUp(String),
    #[error("{setting} is {found}, but must be {wanted}; is the file on a file system that SQLite supports?")]
    Setting { setting: &'static str, found: String, wanted: &'static str },
    #[error("{0}")]
    Other(String),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> OpenError {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => OpenError::NotADatabase,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked,
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => OpenError::CannotOpen(message(&error)),
            _ => match (message(&error), Error::from(error)) {
                (_, Error::Full) => OpenError::Full,
                (text, _) => OpenError::Other(text),
            },
        }
    }
}

/// A store, and what was done to its file on the way.
pub struct Opened {
    pub store: Store,
    /// Set when the file was the Python server's.
    pub adoption: Option<Adoption>,
    /// Whether the file was not there, or empty.
    pub created: bool,
}

/// Keeps a second server from the same database. It lies beside the file and is never removed, since whoever
/// removed it could not know who waits for it; and it is not the database itself, for closing that would
/// drop the locks that SQLite holds on it.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "the lock is held by being open")] File);

impl Lock {
    pub(super) fn take(database: &Path) -> Result<Lock, OpenError> {
        // By whichever name a file is given, it has one lock.
        let database = std::fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        let mut path = database.into_os_string();
        path.push(".lock");
        let failed = |error: std::io::Error| {
            OpenError::CannotOpen(format!("its lock file {}: {error}", path.to_string_lossy()))
        };
        // NOFOLLOW: a link could have root make any file for whoever may write in this directory. NONBLOCK: nobody
        // waits for the other end of a pipe that somebody has put there.
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR);
        let file = opened.map(File::from).map_err(|error| failed(error.into()))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Lock(file)),
            Err(Errno::WOULDBLOCK) => Err(OpenError::InUse),
            Err(error) => Err(failed(error.into())),
        }
    }
}

impl Store {
    /// As `open_after`, for a database of which no copy is wanted.
    pub fn open(path: &Path, hash_credential: HashCredential) -> Result<Opened, OpenError> {
        Store::open_after(path, hash_credential, &mut |_| Ok(()))
    }

    /// Opens the database at `path`, creates it where there is none, adopts one that the Python server wrote, after
    /// a copy of it has been put beside it, and brings one of an older schema up to date, after `back_up`.
    pub fn open_after(
        path: &Path,
        hash_credential: HashCredential,
        back_up: BackUp<'_>,
    ) -> Result<Opened, OpenError> {
        check_library()?;
        let lock = Lock::take(path)?;
        let mut writer = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        writer.busy_timeout(BUSY_TIMEOUT)?;
        // SQLite opens a file that it may not write as one to read, and says so with the first write only.
        if writer.is_readonly("main")? {
            return Err(OpenError::CannotOpen("it may not be written".to_owned()));
        }
        let origin = migrations::origin(&writer)?;
        make_private(path, &origin)?;
        let copy = match origin {
            Origin::Python => Some(copy_beside(&writer, path)?),
            Origin::Ours { .. } => None,
        };
        let mut adoption = migrations::migrate(&mut writer, &origin, hash_credential, back_up)?;
        if let (Some(adoption), Some(copy)) = (&mut adoption, copy) {
            adoption.copy = copy;
        }
        writer.pragma_update(None, "journal_mode", "WAL")?;
        configure(&writer)?;
        require(&writer, "journal_mode", "wal")?;
        require(&writer, "synchronous", "2")?;
        require(&writer, "foreign_keys", "1")?;
        let (reader, readable) = open_reader(path)?;
        let wal_pages = count_wal_pages(&mut writer)?;
        let created = origin == Origin::Ours { schema: 0 };
        let store = Store::new(writer, reader, readable, Some(lock), BUSY_TIMEOUT, wal_pages);
        Ok(Opened { store, adoption, created })
    }

    /// Whether `open` could make something of the file, as far as can be seen while a server runs on it. It is not
    /// changed, and need not be there. Returns the schema, where it has one of ours.
    pub fn look(path: &Path) -> Result<Option<i32>, OpenError> {
        check_library()?;
        if matches!(std::fs::metadata(path), Err(error) if error.kind() == std::io::ErrorKind::NotFound) {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT_BESIDE)?;
        Ok(match migrations::origin(&connection)? {
            Origin::Ours { schema } => (schema > 0).then_some(schema),
            Origin::Python => None,
        })
    }

    /// Opens a database of the current schema for a subcommand, while a server may be running on it. The file
    /// is neither created nor brought up to date, and the server's lock is neither taken nor asked for.
    pub fn open_beside(path: &Path) -> Result<Store, OpenError> {
        check_library()?;
        if matches!(std::fs::metadata(path), Err(error) if error.kind() == std::io::ErrorKind::NotFound) {
            return Err(OpenError::Absent);
        }
        let writer = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        writer.busy_timeout(BUSY_TIMEOUT_BESIDE)?;
        migrations::require_current(&writer)?;
        configure(&writer)?;
        require(&writer, "synchronous", "2")?;
        require(&writer, "foreign_keys", "1")?;
        let (reader, readable) = open_reader(path)?;
        // The WAL's length is left to the server, and where none runs, to SQLite.
        Ok(Store::new(writer, reader, readable, None, BUSY_TIMEOUT_BESIDE, Arc::default()))
    }

    /// A new, empty database in memory, for tests.
    pub fn open_in_memory() -> Result<Store, OpenError> {
        // Two connections share it by its name, so each test needs a name of its own.
        let mut salt = [0; 8];
        getrandom::fill(&mut salt).map_err(|error| OpenError::Other(error.to_string()))?;
        let uri = format!("file:/medsrv-{}?vfs=memdb", u64::from_ne_bytes(salt));
        let flags = OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut writer = Connection::open_with_flags(
            &uri,
            flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        )?;
        let origin = migrations::origin(&writer)?;
        let none = |_: &str| Err("a new database has no credential".into());
        migrations::migrate(&mut writer, &origin, none, &mut |_| Ok(()))?;
        configure(&writer)?;
        let mut reader = Connection::open_with_flags(&uri, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let readable = adhoc::Pages::of(&reader)?;
        adhoc::confine(&mut reader)?;
        Ok(Store::new(writer, reader, readable, None, BUSY_TIMEOUT, Arc::default()))
    }
}

/// The rights on the file of others than its owner.
fn mode_of_others(path: &Path) -> Option<u32> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

/// Whether a database of ours can be read by others, by its name and its first bytes. For a process that has it open
/// nowhere, since closing it would drop SQLite's locks.
pub fn exposure(path: &Path) -> Option<OpenError> {
    let mode = mode_of_others(path)?;
    schema_in_file(path).map(|_| OpenError::Exposed { mode, path: path.to_owned() })
}

/// The schema of a database of ours by its first bytes, for a process as above; its WAL may have another one.
pub fn schema_in_file(path: &Path) -> Option<i32> {
    let mut header = [0; HEADER_BYTES];
    File::open(path).and_then(|mut file| file.read_exact(&mut header)).ok()?;
    let is_ours = header.ends_with(&migrations::APPLICATION_ID.to_be_bytes());
    let schema = header.get(SCHEMA_BYTES)?.try_into().ok()?;
    is_ours.then_some(i32::from_be_bytes(schema))
}

/// Refuses a database of ours that others may read: nobody knows what they have made of it. One that is taken over,
/// or new, becomes its owner's alone.
fn make_private(path: &Path, origin: &Origin) -> Result<(), OpenError> {
    let Some(mode) = mode_of_others(path) else { return Ok(()) };
    if let Origin::Ours { schema: 1.. } = origin {
        return Err(OpenError::Exposed { mode, path: path.to_owned() });
    }
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(|error| {
        let shown = path.display();
        OpenError::CannotOpen(format!(
            "others' rights on it cannot be taken away ({error}): run `chmod 600 {shown}`"
        ))
    })
}

pub(super) fn check_library() -> Result<(), OpenError> {
    if rusqlite::version_number() < SQLITE_OLDEST {
        return Err(OpenError::LibraryTooOld { found: rusqlite::version() });
    }
    Ok(())
}

/// The second connection, for SQL from outside.
pub(super) fn open_reader(path: &Path) -> Result<(Connection, adhoc::Pages), OpenError> {
    let mut reader = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let readable = adhoc::Pages::of(&reader)?;
    adhoc::confine(&mut reader)?;
    Ok((reader, readable))
}

pub(super) fn configure(writer: &Connection) -> Result<(), OpenError> {
    // Otherwise SQLite compiles a statement anew whenever a bound value might change its plan, which costs
    // ten times the query itself.
    writer.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    writer.pragma_update(None, "synchronous", "FULL")?;
    writer.pragma_update(None, "foreign_keys", "ON")?;
    writer.pragma_update(None, "trusted_schema", "OFF")?;
    writer.pragma_update(None, "temp_store", "MEMORY")?;
    // A negative size is in KiB.
    writer.pragma_update(None, "cache_size", -CACHE_KIB)?;
    writer.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(())
}

/// Takes the checkpoints out of SQLite's own hands, and has it tell after each commit how long the WAL is.
fn count_wal_pages(writer: &mut Connection) -> Result<Arc<AtomicUsize>, OpenError> {
    let pages = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&pages);
    writer.wal_hook(Some(move |_: &mut Wal, length: i32| {
        counted.store(usize::try_from(length).unwrap_or(0), Ordering::Relaxed);
        Ok(())
    }))?;
    Ok(pages)
}

fn require(writer: &Connection, setting: &'static str, wanted: &'static str) -> Result<(), OpenError> {
    let found = writer.pragma_query_value(None, setting, |row| {
        Ok(match row.get_ref(0)? {
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            other => other.as_str().unwrap_or_default().to_owned(),
        })
    })?;
    if found == wanted { Ok(()) } else { Err(OpenError::Setting { setting, found, wanted }) }
}

/// Copies the file, as one committed state of it, to `FILE.before-medsrv`, or to the first of
/// `FILE.before-medsrv-2`, `-3`, … that is free.
fn copy_beside(writer: &Connection, path: &Path) -> Result<PathBuf, OpenError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut target = path.with_file_name(format!("{name}.before-medsrv"));
    let mut attempt = 1;
    while target.exists() {
        attempt += 1;
        target.set_file_name(format!("{name}.before-medsrv-{attempt}"));
    }
    let partial = target.with_extension("partial");
    let failed = |error: String| OpenError::Copy(format!("{}: {error}", target.display()));
    if partial.exists() {
        std::fs::remove_file(&partial).map_err(|error| failed(error.to_string()))?;
    }
    writer
        .backup("main", &partial, None::<fn(rusqlite::backup::Progress)>)
        .map_err(|error| failed(message(&error)))?;
    std::fs::rename(&partial, &target).map_err(|error| failed(error.to_string()))?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| failed(error.to_string()))?;
    Ok(target)
}
