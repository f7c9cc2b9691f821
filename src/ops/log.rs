//! Owns the log file: the form of a line, its one write, reopening after rotation. Never knows what is
//! logged, and nothing personal may be handed to it.
//! Invariant: a line reaches the file whole and in one write, or is dropped and counted; no failure of the
//! file ever blocks or ends the server.

use super::directory;
use log::{LevelFilter, Log, Metadata, Record};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use serde_json::json;
use simplelog::{ConfigBuilder, WriteLogger};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use time::format_description::FormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

/// Local time with its offset, so that a line means the same instant everywhere.
const TIME_FORMAT: &[FormatItem<'static>] = format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]\
     [offset_hour sign:mandatory]:[offset_minute]"
);

const FILE_MODE: u32 = 0o640;

/// Set once: the facade takes one logger for the life of the process.
static LOGGER: OnceLock<Logger> = OnceLock::new();

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("log file {path}: {reason}; correct `log_file` or the rights on it")]
    File { path: String, reason: io::Error },
    #[error("the log is already open")]
    AlreadyOpen,
    #[error("the log is not open")]
    NotOpen,
}

/// Opens the log for the whole process; `also_stderr` shows each line on standard error too.
pub fn init(path: &Path, level: LevelFilter, is_json: bool, also_stderr: bool) -> Result<(), LogError> {
    let logger = Logger::open(path, also_stderr)?;
    LOGGER.set(logger).map_err(|_| LogError::AlreadyOpen)?;
    let logger = LOGGER.get().ok_or(LogError::NotOpen)?;
    log::set_logger(logger).map_err(|_| LogError::AlreadyOpen)?;
    logger.set_json(is_json);
    log::set_max_level(level);
    Ok(())
}

/// Opens the log anew, for it was moved away or is to be another file; on failure the old one is kept.
pub fn reopen(path: &Path) -> Result<(), LogError> {
    LOGGER.get().ok_or(LogError::NotOpen)?.reopen(path)
}

/// Whether each line is a JSON object from now on.
pub fn set_json(is_json: bool) {
    if let Some(logger) = LOGGER.get() {
        logger.set_json(is_json);
    }
}

pub fn set_level(level: LevelFilter) {
    log::set_max_level(level);
}

/// The lines that could not be written since the start.
pub fn dropped_lines() -> u64 {
    LOGGER.get().map_or(0, |logger| guard(&logger.sink).dropped_total)
}

struct Logger {
    sink: Arc<Mutex<Sink>>,
    form: Mutex<Form>,
}

/// How a message becomes a line.
struct Form {
    is_json: bool,
    /// Replaced on reopening, because it fixes the offset of local time when it is made.
    text: Box<WriteLogger<Gather>>,
    offset: UtcOffset,
}

impl Form {
    fn new(sink: &Arc<Mutex<Sink>>, is_json: bool) -> Form {
        // Where the local offset cannot be told, lines are in UTC, and say so.
        let offset = UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC);
        Form { is_json, text: formatter(sink, offset), offset }
    }

    /// A line in JSON, which escapes whatever would break it.
    fn json(&self, level: log::Level, message: &str) -> String {
        let time = OffsetDateTime::now_utc().to_offset(self.offset).format(TIME_FORMAT).unwrap_or_default();
        format!("{}\n", json!({"time": time, "level": level.as_str(), "message": message}))
    }
}

impl Logger {
    fn open(path: &Path, also_stderr: bool) -> Result<Logger, LogError> {
        let file = open(path).map_err(|reason| unopened(path, reason))?;
        let sink = Arc::new(Mutex::new(Sink::new(file, also_stderr)));
        let form = Mutex::new(Form::new(&sink, false));
        Ok(Logger { sink, form })
    }

    fn reopen(&self, path: &Path) -> Result<(), LogError> {
        let file = open(path).map_err(|reason| unopened(path, reason))?;
        guard(&self.sink).file = file;
        let mut form = guard(&self.form);
        *form = Form::new(&self.sink, form.is_json);
        Ok(())
    }

    fn set_json(&self, is_json: bool) {
        guard(&self.form).is_json = is_json;
    }

    fn write(&self, level: log::Level, message: &str) {
        let form = guard(&self.form);
        if form.is_json {
            guard(&self.sink).line.extend_from_slice(form.json(level, message).as_bytes());
        } else {
            let message = on_one_line(message);
            form.text.log(&Record::builder().level(level).args(format_args!("{message}")).build());
        }
        guard(&self.sink).end_line(form.is_json);
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record) {
        if !self.enabled(record.metadata()) {
            return;
        }
        self.write(record.level(), &record.args().to_string());
    }

    fn flush(&self) {}
}

/// A line break in a message, perhaps a peer's, would let it forge a line of its own.
fn on_one_line(message: &str) -> String {
    if message.chars().any(char::is_control) {
        message.chars().flat_map(escape).collect()
    } else {
        message.to_owned()
    }
}

fn escape(character: char) -> Vec<char> {
    if character.is_control() { character.escape_default().collect() } else { vec![character] }
}

fn formatter(sink: &Arc<Mutex<Sink>>, offset: UtcOffset) -> Box<WriteLogger<Gather>> {
    let mut config = ConfigBuilder::new();
    config
        .set_time_offset(offset)
        .set_time_format_custom(TIME_FORMAT)
        .set_thread_level(LevelFilter::Off)
        .set_target_level(LevelFilter::Off)
        .set_location_level(LevelFilter::Off);
    // The facade's level decides, because it can change while this one cannot.
    WriteLogger::new(LevelFilter::Trace, config.build(), Gather(Arc::clone(sink)))
}

/// Whether standard error can be written without waiting: nobody may be reading the pipe that it is. The log
/// file has every line in any case.
fn stderr_takes_more() -> bool {
    let stderr = io::stderr();
    let mut wanted = [PollFd::new(&stderr, PollFlags::OUT)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut wanted, Some(&at_once)).is_ok() && wanted.iter().all(|fd| fd.revents().contains(PollFlags::OUT))
}

/// simplelog writes a line in some twenty pieces; they meet here.
struct Gather(Arc<Mutex<Sink>>);

impl Write for Gather {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        guard(&self.0).line.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Sink {
    file: File,
    also_stderr: bool,
    line: Vec<u8>,
    /// True exactly when the file ends in a part of a line.
    torn: bool,
    dropped: u64,
    dropped_total: u64,
}

impl Sink {
    fn new(file: File, also_stderr: bool) -> Sink {
        Sink { file, also_stderr, line: Vec::new(), torn: false, dropped: 0, dropped_total: 0 }
    }

    fn end_line(&mut self, is_json: bool) {
        let line = std::mem::take(&mut self.line);
        if self.also_stderr {
            // A reader that has gone away is no reason to stop.
            if stderr_takes_more() {
                let _ = io::stderr().write_all(&line);
            }
        }
        if self.write_whole(&line) {
            self.own_up(is_json);
        } else {
            self.dropped += 1;
            self.dropped_total += 1;
        }
        self.line = line;
        self.line.clear();
    }

    /// Once there is room again, the file says that lines are missing from it.
    fn own_up(&mut self, is_json: bool) {
        if self.dropped > 0 {
            let words = format!("{} lines before the one above could not be written", self.dropped);
            let notice = if is_json {
                format!("{}\n", json!({"level": "WARN", "message": words}))
            } else {
                format!("[WARN] {words}\n")
            };
            if self.write_whole(notice.as_bytes()) {
                self.dropped = 0;
            }
        }
    }

    /// One write; a second only for the rest of a line that a filling disk cut short.
    fn write_whole(&mut self, line: &[u8]) -> bool {
        if self.torn && self.write_once(b"\n") != 1 {
            return false;
        }
        self.torn = false;
        let mut written = self.write_once(line);
        if 0 < written && written < line.len() {
            written += self.write_once(line.get(written..).unwrap_or_default());
        }
        self.torn = 0 < written && written < line.len();
        written == line.len()
    }

    fn write_once(&mut self, bytes: &[u8]) -> usize {
        loop {
            match self.file.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other.unwrap_or(0),
            }
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    directory::make_parent(path)?;
    // NONBLOCK: a named pipe whose reader is slow or missing must cost lines, not the server's time.
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let mode = Mode::from_raw_mode(FILE_MODE);
    match rustix::fs::open(path, flags | OFlags::CREATE | OFlags::EXCL, mode) {
        // The process's mask would also take away the reading of the group that tends the logs.
        Ok(file) => rustix::fs::fchmod(&file, mode).map(|()| File::from(file)).map_err(io::Error::from),
        Err(Errno::EXIST) => Ok(File::from(rustix::fs::open(path, flags, mode)?)),
        Err(error) => Err(error.into()),
    }
}

fn unopened(path: &Path, reason: io::Error) -> LogError {
    LogError::File { path: path.display().to_string(), reason }
}

/// A panic while the lock was held leaves at worst half a line; the log goes on.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn say(logger: &Logger, message: &str) {
        logger.write(log::Level::Info, message);
    }

    #[test]
    fn a_line_has_its_time_level_and_message_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/server.log");
        let logger = Logger::open(&path, false).unwrap();
        say(&logger, "served 医生");
        let text = std::fs::read_to_string(&path).unwrap();
        let (time, rest) = text.split_once(' ').unwrap();
        assert_eq!(rest, "[INFO] served 医生\n");
        chrono::DateTime::parse_from_rfc3339(time).unwrap();
        assert_eq!(time.len(), "2026-11-24T11:04:44.354+02:00".len());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[test]
    fn a_message_cannot_forge_a_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let logger = Logger::open(&path, false).unwrap();
        say(&logger, "one\n2026 [INFO] two\r\u{1b}[2J");
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 1);
        assert!(text.ends_with("one\\n2026 [INFO] two\\r\\u{1b}[2J\n"), "{text}");
    }

    #[test]
    fn a_line_of_json_is_one_object_whatever_is_in_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let logger = Logger::open(&path, false).unwrap();
        logger.set_json(true);
        say(&logger, "one\n{\"level\": \"ERROR\"} 医\u{1b}");
        logger.reopen(&path).unwrap();
        guard(&logger.sink).dropped = 3;
        say(&logger, "two");
        logger.set_json(false);
        say(&logger, "three");
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let parsed: Vec<serde_json::Value> =
            lines[..3].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(parsed[0]["message"], "one\n{\"level\": \"ERROR\"} 医\u{1b}");
        assert_eq!(parsed[0]["level"], "INFO");
        chrono::DateTime::parse_from_rfc3339(parsed[0]["time"].as_str().unwrap()).unwrap();
        assert_eq!(parsed[1]["message"], "two");
        assert!(parsed[2]["message"].as_str().unwrap().starts_with("3 lines before"), "{text}");
        assert!(lines[3].ends_with("[INFO] three"), "{text}");
    }

    #[test]
    fn reopening_follows_a_rotation_and_keeps_the_old_file_on_failure() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let logger = Logger::open(&path, false).unwrap();
        say(&logger, "first");
        std::fs::rename(&path, directory.path().join("log.1")).unwrap();
        say(&logger, "second");
        logger.reopen(&path).unwrap();
        say(&logger, "third");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(logger.reopen(&path).unwrap_err().to_string().contains("log_file"));
        say(&logger, "into the file that is gone");
        let old = std::fs::read_to_string(directory.path().join("log.1")).unwrap();
        assert_eq!(old.lines().count(), 2);
        assert_eq!(guard(&logger.sink).dropped_total, 0);
    }

    #[test]
    fn a_full_disk_costs_lines_and_the_file_owns_up_to_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let logger = Logger::open(&path, false).unwrap();
        guard(&logger.sink).file = File::options().write(true).open("/dev/full").unwrap();
        say(&logger, "lost");
        say(&logger, "lost");
        assert_eq!(guard(&logger.sink).dropped_total, 2);
        logger.reopen(&path).unwrap();
        say(&logger, "kept");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("kept\n[WARN] 2 lines before the one above"), "{text}");
    }

    #[test]
    fn a_pipe_whose_reader_is_gone_or_slow_costs_lines_and_no_time() {
        let directory = tempfile::tempdir().unwrap();
        let logger = Logger::open(&directory.path().join("log"), false).unwrap();
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        guard(&logger.sink).file = File::from(std::os::fd::OwnedFd::from(writer));
        say(&logger, "lost");
        assert_eq!(guard(&logger.sink).dropped_total, 1);
    }
}
