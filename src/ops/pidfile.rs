//! Owns the pid file: who runs, proven by a lock and not by a number, and signals to that process alone.
//! Never waits for the process, and never knows what it serves.
//! Invariant: the file is locked for as long as its owner lives, and no process is signalled that does not
//! hold this very file open.

use super::files::{identity, is_named};
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags};
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use rustix::process::Signal;

/// A `status` holds a shared lock for an instant, so one refusal proves nothing.
const LOCK_ATTEMPTS_MAX: u32 = 10;
const LOCK_RETRY_MS: u64 = 10;
/// A pid file is one short line; a longer file is something else, and is not overwritten.
const CONTENT_BYTES_MAX: u64 = 64;
/// How often the kernel's list of locks is looked at before a lock is not in it.
const LISTED_LOOKS_MAX: u32 = 20;

#[derive(Debug, thiserror::Error)]
pub enum PidFileError {
    #[error("already running{}, as {path} shows; `medsrv stop` ends it", with_pid(.pid))]
    AlreadyRunning { pid: Option<i32>, path: String },
    #[error("pid file {path} {problem}")]
    Unfit { path: String, problem: String },
    #[error("pid file {path}: {action}: {reason}")]
    System { path: String, action: &'static str, reason: io::Error },
}

fn with_pid(pid: &Option<i32>) -> String {
    pid.map(|pid| format!(", pid {pid}")).unwrap_or_default()
}

/// What a pid file says about the server.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// The lock is held, and this is the pid that its holder wrote.
    Running {
        pid: i32,
        since: SystemTime,
    },
    /// The lock is held by one that has not written its pid yet.
    Starting,
    /// The file was left behind; its pid may by now be anyone's.
    Dead {
        pid: Option<i32>,
    },
    Absent,
}

impl State {
    pub fn is_up(&self) -> bool {
        matches!(self, State::Running { .. } | State::Starting)
    }
}

/// The lock on a pid file; it ends with the process, however that ends.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    file: File,
}

/// Takes the pid file and writes the own pid into it, or says who has it.
pub fn acquire(path: &Path) -> Result<PidFile, PidFileError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let flags = OFlags::RDWR | OFlags::CREATE;
        let mut file = open(path, flags).map_err(|error| unopened(path, error))?;
        fit(path, &file)?;
        match lock(&file, FlockOperation::NonBlockingLockExclusive) {
            // Its last owner may have removed the file between our opening and our locking.
            Ok(()) if is_named(path, &file) => {
                write_pid(&mut file).map_err(system(path, "cannot be written"))?;
                return Ok(PidFile { path: path.to_owned(), file });
            }
            Ok(()) | Err(Errno::WOULDBLOCK) if attempt < LOCK_ATTEMPTS_MAX => {
                std::thread::sleep(Duration::from_millis(LOCK_RETRY_MS));
            }
            Ok(()) => return Err(unfit(path, "is being removed by another process; try again")),
            Err(Errno::WOULDBLOCK) => {
                let pid = read_pid(&mut file).ok().flatten();
                return Err(PidFileError::AlreadyRunning { pid, path: path.display().to_string() });
            }
            Err(error) => return Err(system(path, "cannot be locked")(error.into())),
        }
    }
}

impl PidFile {
    /// Writes the file anew where somebody has removed it or written over it: without it nobody finds its owner. What has
    /// come to its name since is left alone. Returns whether that was needed.
    pub fn renew(&mut self) -> Result<bool, PidFileError> {
        if is_named(&self.path, &self.file) {
            let found = read_pid(&mut self.file).map_err(system(&self.path, "cannot be read"))?;
            if found.and_then(|pid| u32::try_from(pid).ok()) == Some(std::process::id()) {
                return Ok(false);
            }
            write_pid(&mut self.file).map_err(system(&self.path, "cannot be written"))?;
            return Ok(true);
        }
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        let mut file = open(&self.path, flags).map_err(|error| unopened(&self.path, error))?;
        let held = lock(&file, FlockOperation::NonBlockingLockExclusive).map_err(io::Error::from);
        if let Err(error) = held.and_then(|()| write_pid(&mut file)) {
            // It would stand in the way of the next time; where it cannot be removed, that says so.
            let _ = std::fs::remove_file(&self.path);
            return Err(system(&self.path, "cannot be written and locked")(error));
        }
        self.file = file;
        Ok(true)
    }

    /// Removes the file while it is still locked, so that no other's file can be hit.
    pub fn release(self) -> Result<(), PidFileError> {
        if is_named(&self.path, &self.file) {
            std::fs::remove_file(&self.path).map_err(system(&self.path, "cannot be removed"))?;
        }
        Ok(())
    }
}

/// Whether the server runs, by trying the lock; changes nothing.
pub fn inspect(path: &Path) -> Result<State, PidFileError> {
    Ok(examine(path)?.map_or(State::Absent, |(state, _)| state))
}

/// The state, and the file that it was read from.
fn examine(path: &Path) -> Result<Option<(State, Metadata)>, PidFileError> {
    let mut file = match open(path, OFlags::RDONLY) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        other => other.map_err(|error| unopened(path, error))?,
    };
    let metadata = fit(path, &file)?;
    let locked = match lock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => false,
        Err(Errno::WOULDBLOCK) => true,
        Err(error) => return Err(system(path, "cannot be locked")(error.into())),
    };
    let pid = read_pid(&mut file).map_err(system(path, "cannot be read"))?;
    let state = match (locked, pid) {
        (false, pid) => State::Dead { pid },
        (true, None) => State::Starting,
        (true, Some(pid)) => {
            let since = metadata.modified().map_err(system(path, "has no time"))?;
            State::Running { pid, since }
        }
    };
    Ok(Some((state, metadata)))
}

/// Signals the server that holds the pid file. A process that merely bears the number is left alone: the
/// pidfd pins the process before it is asked for, and only the holder of the lock has this file open.
pub fn signal(path: &Path, signal: Signal) -> Result<State, PidFileError> {
    signal_where(path, signal, |_| true)
}

/// As `signal`, but nobody else than this process.
pub fn signal_only(path: &Path, pid: i32, signal: Signal) -> Result<State, PidFileError> {
    signal_where(path, signal, |found| found == pid)
}

fn signal_where(path: &Path, signal: Signal, is_meant: impl Fn(i32) -> bool) -> Result<State, PidFileError> {
    let before = inspect(path)?;
    let State::Running { pid, .. } = before else { return Ok(before) };
    if !is_meant(pid) {
        return Ok(before);
    }
    let Some(raw) = Pid::from_raw(pid) else { return Ok(before) };
    let pidfd = match rustix::process::pidfd_open(raw, PidfdFlags::empty()) {
        Err(Errno::SRCH) => return inspect(path),
        other => other.map_err(|error| system(path, "its process cannot be reached")(error.into()))?,
    };
    let Some((State::Running { pid: pid_after, since }, metadata)) = examine(path)? else {
        return inspect(path);
    };
    if pid_after != pid || !has_open(path, pid, &metadata)? {
        let problem =
            format!("names process {pid}, which does not hold it; nothing was signalled; try again");
        return Err(unfit(path, &problem));
    }
    match rustix::process::pidfd_send_signal(&pidfd, signal) {
        Ok(()) | Err(Errno::SRCH) => Ok(State::Running { pid, since }),
        Err(error) => Err(system(path, "its process cannot be signalled")(error.into())),
    }
}

/// Whether the process has the file open that `metadata` describes. An unlocked file with a reused pid
/// never comes this far; this is for the instant in which a new owner has the lock but an old one's pid
/// still stands in the file.
fn has_open(path: &Path, pid: i32, metadata: &Metadata) -> Result<bool, PidFileError> {
    let descriptors = match std::fs::read_dir(format!("/proc/{pid}/fd")) {
        // A server lets nobody but root look at it, and where processes are hidden it is not even there; the
        // kernel's list of locks is everybody's to read.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
            return is_listed(pid, metadata.ino()).map_err(system(path, "its lock is not told"));
        }
        other => other.map_err(system(path, "its process cannot be examined"))?,
    };
    Ok(descriptors.flatten().any(|entry| {
        std::fs::metadata(entry.path()).is_ok_and(|other| identity(&other) == identity(metadata))
    }))
}

/// Whether the kernel's list of locks has this process's on the file with this number. A long list is read in pieces,
/// and one may be missing where others come and go between two of them; so none is only none after several looks.
fn is_listed(pid: i32, inode: u64) -> io::Result<bool> {
    for _ in 0..LISTED_LOOKS_MAX {
        let locks = std::fs::read_to_string("/proc/locks")?;
        if locks.lines().any(|line| is_lock_of(line, pid, inode)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a line of `/proc/locks` is this process's lock on the file with this number:
/// `1: FLOCK  ADVISORY  WRITE 708 08:01:1835010 0 EOF`.
fn is_lock_of(line: &str, pid: i32, inode: u64) -> bool {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [_, "FLOCK", _, "WRITE", holder, file, ..] = fields[..] else { return false };
    holder.parse() == Ok(pid) && file.rsplit(':').next().is_some_and(|last| last.parse() == Ok(inode))
}

fn open(path: &Path, flags: OFlags) -> Result<File, Errno> {
    // NOFOLLOW: a link could point the truncation at any file. NONBLOCK: a named pipe must not hold us.
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    // Whoever can open the file can lock it, and so keep the server from starting.
    rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR).map(File::from)
}

fn unopened(path: &Path, error: Errno) -> PidFileError {
    match error {
        Errno::LOOP => {
            unfit(path, "is a symbolic link, which is never followed; remove it or name its target")
        }
        Errno::ISDIR | Errno::NXIO => unfit(path, "is not a regular file; remove it or choose another path"),
        error => system(path, "cannot be opened")(error.into()),
    }
}

/// The file behind the descriptor, if it can be a pid file at all.
fn fit(path: &Path, file: &File) -> Result<Metadata, PidFileError> {
    let metadata = file.metadata().map_err(system(path, "cannot be examined"))?;
    if !metadata.is_file() {
        return Err(unfit(path, "is not a regular file; remove it or choose another path"));
    }
    if metadata.len() > CONTENT_BYTES_MAX {
        return Err(unfit(path, "is too long to be a pid file and is left alone; choose another path"));
    }
    Ok(metadata)
}

fn lock(file: &File, operation: FlockOperation) -> Result<(), Errno> {
    rustix::io::retry_on_intr(|| rustix::fs::flock(file, operation))
}

/// Exactly one line, since old scripts run `kill $(cat FILE)`.
fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes())
}

/// Pids of 1 and less would signal everything, or the system itself; they count as no pid.
fn read_pid(file: &mut File) -> io::Result<Option<i32>> {
    let mut content = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(CONTENT_BYTES_MAX).read_to_end(&mut content)?;
    let text = std::str::from_utf8(&content).unwrap_or_default().trim();
    let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    Ok(text.parse().ok().filter(|pid| digits_only && *pid > 1))
}

fn unfit(path: &Path, problem: &str) -> PidFileError {
    PidFileError::Unfit { path: path.display().to_string(), problem: problem.to_owned() }
}

fn system(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> PidFileError {
    let path = path.display().to_string();
    move |reason| PidFileError::System { path, action, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("server.pid");
        (directory, path)
    }

    fn own_pid() -> i32 {
        i32::try_from(std::process::id()).unwrap()
    }

    #[test]
    fn the_kernels_list_of_locks_shows_the_holder() {
        let (_directory, path) = directory();
        let held = acquire(&path).unwrap();
        let inode = held.file.metadata().unwrap().ino();
        assert!(is_listed(own_pid(), inode).unwrap());
        assert!(!is_listed(own_pid() + 1, inode).unwrap());
        drop(held);
        assert!(!is_listed(own_pid(), inode).unwrap());
        assert!(!is_lock_of("", 1, 1) && !is_lock_of("1: -> FLOCK ADVISORY WRITE 708 08:01:7 0 EOF", 708, 7));
    }

    #[test]
    fn the_holder_is_seen_running_and_leaves_nothing_behind() {
        let (_directory, path) = directory();
        assert_eq!(inspect(&path).unwrap(), State::Absent);
        let held = acquire(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{}\n", own_pid()));
        assert!(matches!(inspect(&path).unwrap(), State::Running { pid, .. } if pid == own_pid()));
        held.release().unwrap();
        assert_eq!(inspect(&path).unwrap(), State::Absent);
    }

    #[test]
    fn a_second_owner_is_told_of_the_first() {
        let (_directory, path) = directory();
        let _held = acquire(&path).unwrap();
        let error = acquire(&path).unwrap_err();
        assert!(matches!(error, PidFileError::AlreadyRunning { pid: Some(pid), .. } if pid == own_pid()));
        assert!(error.to_string().contains(&format!("already running, pid {}", own_pid())), "{error}");
    }

    #[test]
    fn a_file_left_behind_is_taken_over_whatever_it_says() {
        for content in ["4194303\n", "", "-1", "1", "none", "123456789012345678901234567890\n"] {
            let (_directory, path) = directory();
            std::fs::write(&path, content).unwrap();
            assert!(matches!(inspect(&path).unwrap(), State::Dead { .. }), "{content:?}");
            let held = acquire(&path).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{}\n", own_pid()), "{content:?}");
            held.release().unwrap();
        }
    }

    #[test]
    fn only_a_number_above_one_is_a_pid() {
        for (content, expected) in [
            ("2\n", Some(2)),
            ("77", Some(77)),
            ("1\n", None),
            ("0", None),
            ("-5", None),
            ("+5", None),
            ("5 6", None),
            ("4294967297", None),
            ("\u{663}", None),
        ] {
            let (_directory, path) = directory();
            std::fs::write(&path, content).unwrap();
            assert_eq!(inspect(&path).unwrap(), State::Dead { pid: expected }, "{content:?}");
        }
    }

    #[test]
    fn links_and_files_of_another_kind_are_refused_and_untouched() {
        let (directory, path) = directory();
        let target = directory.path().join("precious");
        std::fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, &path).unwrap();
        assert!(inspect(&path).unwrap_err().to_string().contains("symbolic link"));
        assert!(acquire(&path).unwrap_err().to_string().contains("symbolic link"));
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
        assert!(acquire(directory.path()).unwrap_err().to_string().contains("not a regular file"));
        let database = directory.path().join("database");
        std::fs::write(&database, [7; 4096]).unwrap();
        assert!(acquire(&database).unwrap_err().to_string().contains("too long"));
        assert_eq!(std::fs::read(&database).unwrap(), [7; 4096]);
    }

    #[test]
    fn a_path_that_was_taken_by_another_file_is_not_removed() {
        let (_directory, path) = directory();
        let held = acquire(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "another's").unwrap();
        held.release().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "another's");
    }

    #[test]
    fn a_live_process_that_does_not_hold_the_file_is_not_signalled() {
        let (_directory, path) = directory();
        let mut bystander = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        std::fs::write(&path, format!("{}\n", bystander.id())).unwrap();
        let unlocked = signal(&path, Signal::TERM).unwrap();
        // Now as in the instant in which a new owner has the lock, but not yet written its pid.
        let file = open(&path, OFlags::RDWR).unwrap();
        lock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
        let locked = signal(&path, Signal::TERM);
        let still_there = bystander.try_wait().unwrap().is_none();
        bystander.kill().unwrap();
        bystander.wait().unwrap();
        assert!(matches!(unlocked, State::Dead { .. }));
        assert!(locked.unwrap_err().to_string().contains("nothing was signalled"));
        assert!(still_there);
    }
}
