//! Owns the file of anchors: what a trail had come to, one line each time. Never knows what the trail is of.
//! Invariant: lines are only ever appended, and one that `append` returned for is on disk.
//!
//! A line is `TIME SEQUENCE HASH`. One that was torn by a loss of power is marked by the next line's writer
//! and counts for nothing; any other line that cannot be read is an error.

use super::files::{is_named, sync_directory_of};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

pub const HASH_BYTES: usize = 32;
/// What is put behind a torn line, so that it is known for one.
const TORN_MARK: &str = " torn";
const TORN_END: &str = " torn\n";
/// No line is as long as this.
const LINE_BYTES_MAX: u64 = 256;

#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    #[error("anchor file {path} {problem}")]
    Unfit { path: String, problem: String },
    #[error("anchor file {path}: line {line} is no anchor: it was changed, or another program wrote it")]
    BadLine { path: String, line: usize },
    #[error("anchor file {path}: {action}: {reason}")]
    System { path: String, action: &'static str, reason: io::Error },
}

/// The trail's last entry at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    pub sequence: i64,
    pub hash: [u8; HASH_BYTES],
}

/// What a file of anchors holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Anchors {
    pub anchors: Vec<Anchor>,
    /// The lines, from 1, that were torn and are ignored.
    pub torn: Vec<usize>,
}

/// Reads all anchors. A file that is not there holds none.
pub fn read(path: &Path) -> Result<Anchors, AnchorError> {
    let mut found = Anchors::default();
    let Some(file) = open_to_read(path)? else { return Ok(found) };
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let limited = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        if limited.map_err(system(path, "cannot be read"))? == 0 {
            break;
        }
        let is_cut = !line.ends_with(b"\n");
        let rest = reader.stream_position().map_err(system(path, "cannot be read"))?;
        if is_cut && is_last(&mut reader).map_err(system(path, "cannot be read"))? {
            // A loss of power may have left anything behind the last whole line.
            match parse(&[line.as_slice(), b"\n"].concat()) {
                Line::Anchor(anchor) => found.anchors.push(anchor),
                Line::Torn | Line::Bad => found.torn.push(number),
            }
            break;
        }
        if is_cut {
            reader.seek(SeekFrom::Start(rest)).map_err(system(path, "cannot be read"))?;
            // A long line is nothing of ours, unless it was marked as torn.
            reader.read_until(b'\n', &mut line).map_err(system(path, "cannot be read"))?;
        }
        match parse(&line) {
            Line::Anchor(anchor) => found.anchors.push(anchor),
            Line::Torn => found.torn.push(number),
            Line::Bad => {
                return Err(AnchorError::BadLine { path: path.display().to_string(), line: number });
            }
        }
    }
    Ok(found)
}

/// Whether no line begins behind what was read.
fn is_last(reader: &mut impl BufRead) -> io::Result<bool> {
    let mut piece = [0; 4096];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(true),
            Ok(count) if piece.get(..count).unwrap_or_default().contains(&b'\n') => return Ok(false),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

enum Line {
    Anchor(Anchor),
    Torn,
    Bad,
}

fn parse(line: &[u8]) -> Line {
    let Some(line) = line.strip_suffix(b"\n") else { return Line::Bad };
    if line.ends_with(TORN_MARK.as_bytes()) {
        return Line::Torn;
    }
    let Ok(text) = std::str::from_utf8(line) else { return Line::Bad };
    let mut parts = text.split(' ');
    let (Some(_time), Some(sequence), Some(hash), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Line::Bad;
    };
    let mut bytes = [0; HASH_BYTES];
    match (sequence.parse(), hex::decode_to_slice(hash, &mut bytes)) {
        (Ok(sequence @ 0..), Ok(())) => Line::Anchor(Anchor { sequence, hash: bytes }),
        _ => Line::Bad,
    }
}

/// Where an anchor was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    Here,
    /// To a new file, for the one before is not in its place any longer.
    Anew,
}

/// The file, open for appending.
#[derive(Debug)]
pub struct AnchorFile {
    path: PathBuf,
    file: File,
    /// What is put before the next line: something exactly when the file does not end with a whole one.
    mend: &'static str,
}

impl AnchorFile {
    /// Opens the file, and creates an empty one where there is none.
    pub fn open(path: &Path) -> Result<AnchorFile, AnchorError> {
        let existed = path.exists();
        let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | always();
        let mut file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)
            .map(File::from)
            .map_err(|error| unopened(path, error))?;
        check(path, &file)?;
        if !existed {
            sync_directory_of(path).map_err(system(path, "cannot be made to last"))?;
        }
        let mend = mend(&mut file).map_err(system(path, "cannot be read"))?;
        Ok(AnchorFile { path: path.to_owned(), file, mend })
    }

    /// Appends an anchor, and returns when it is on disk. Where the file was removed or put aside meanwhile, it
    /// is begun anew.
    pub fn append(&mut self, time: &str, anchor: &Anchor) -> Result<Appended, AnchorError> {
        let appended = if is_named(&self.path, &self.file) { Appended::Here } else { Appended::Anew };
        if appended == Appended::Anew {
            *self = AnchorFile::open(&self.path)?;
        }
        let mut line = self.mend.to_owned();
        let mut digits = [0; 2 * HASH_BYTES];
        // The lengths fit, and digits are text.
        let _ = hex::encode_to_slice(anchor.hash, &mut digits);
        let hash = std::str::from_utf8(&digits).unwrap_or_default();
        line += &format!("{time} {} {hash}\n", anchor.sequence);
        // Until it is known to be whole, what was written may be torn.
        self.mend = TORN_END;
        self.file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_data())
            .map_err(system(&self.path, "cannot be written to"))?;
        self.mend = "";
        Ok(appended)
    }
}

/// What has to be put behind the end of a file before a line can follow: the end of an anchor that lacks no more
/// than that, or the mark of a torn line.
fn mend(file: &mut File) -> io::Result<&'static str> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LINE_BYTES_MAX)))?;
    let mut end = Vec::new();
    file.take(LINE_BYTES_MAX).read_to_end(&mut end)?;
    let last = end.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(match parse(&[last, b"\n"].concat()) {
        _ if last.is_empty() => "",
        Line::Anchor(_) => "\n",
        Line::Torn | Line::Bad => TORN_END,
    })
}

fn always() -> OFlags {
    // NOFOLLOW: what is named is what is checked. NONBLOCK: a named pipe must not hold us.
    OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY
}

fn open_to_read(path: &Path) -> Result<Option<File>, AnchorError> {
    let file = match rustix::fs::open(path, OFlags::RDONLY | always(), Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        other => File::from(other.map_err(|error| unopened(path, error))?),
    };
    check(path, &file)?;
    Ok(Some(file))
}

fn check(path: &Path, file: &File) -> Result<(), AnchorError> {
    if file.metadata().map_err(system(path, "cannot be examined"))?.is_file() {
        Ok(())
    } else {
        Err(unfit(path, "is not a regular file; name another one"))
    }
}

fn unopened(path: &Path, error: Errno) -> AnchorError {
    match error {
        Errno::LOOP => unfit(path, "is a symbolic link, which is never followed; name its target"),
        Errno::ISDIR | Errno::NXIO => unfit(path, "is not a regular file; name another one"),
        error => system(path, "cannot be opened")(error.into()),
    }
}

fn unfit(path: &Path, problem: &str) -> AnchorError {
    AnchorError::Unfit { path: path.display().to_string(), problem: problem.to_owned() }
}

fn system(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> AnchorError {
    let path = path.display().to_string();
    move |reason| AnchorError::System { path, action, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const TIME: &str = "2026-01-02T03:04:05.000Z";

    fn place() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.anchor");
        (directory, path)
    }

    fn anchor(sequence: i64) -> Anchor {
        Anchor { sequence, hash: [u8::try_from(sequence).unwrap(); HASH_BYTES] }
    }

    #[test]
    fn anchors_are_read_as_they_were_appended() {
        let (_directory, path) = place();
        assert_eq!(read(&path).unwrap(), Anchors::default());
        AnchorFile::open(&path).unwrap().append(TIME, &anchor(1)).unwrap();
        let mut file = AnchorFile::open(&path).unwrap();
        file.append(TIME, &anchor(5)).unwrap();
        file.append(TIME, &anchor(0)).unwrap();
        let found = read(&path).unwrap();
        assert_eq!(found, Anchors { anchors: vec![anchor(1), anchor(5), anchor(0)], torn: vec![] });
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().next().unwrap(), format!("{TIME} 1 {}", "01".repeat(HASH_BYTES)));
    }

    #[test]
    fn a_torn_line_is_told_of_and_does_no_harm_wherever_it_was_cut() {
        let (_directory, whole) = place();
        AnchorFile::open(&whole).unwrap().append(TIME, &anchor(7)).unwrap();
        let line = std::fs::read(&whole).unwrap();
        let garbage = [0xff; 5000];
        let ends = (1..line.len()).map(|length| &line[..length]).chain([&garbage[..]]);
        for end in ends {
            let (_directory, path) = place();
            AnchorFile::open(&path).unwrap().append(TIME, &anchor(1)).unwrap();
            let mut content = std::fs::read(&path).unwrap();
            content.extend_from_slice(end);
            std::fs::write(&path, content).unwrap();
            // One that lacks no more than its end says what it says.
            let is_whole = end.len() == line.len() - 1;
            let mut expected = Anchors { anchors: vec![anchor(1)], torn: vec![2] };
            if is_whole {
                expected = Anchors { anchors: vec![anchor(1), anchor(7)], torn: vec![] };
            }
            assert_eq!(read(&path).unwrap(), expected);
            AnchorFile::open(&path).unwrap().append(TIME, &anchor(9)).unwrap();
            expected.anchors.push(anchor(9));
            assert_eq!(read(&path).unwrap(), expected, "{}", end.len());
        }
    }

    #[test]
    fn a_file_that_was_put_aside_is_begun_anew() {
        let (_directory, path) = place();
        let mut file = AnchorFile::open(&path).unwrap();
        assert_eq!(file.append(TIME, &anchor(1)).unwrap(), Appended::Here);
        let aside = path.with_extension("old");
        std::fs::rename(&path, &aside).unwrap();
        assert_eq!(file.append(TIME, &anchor(2)).unwrap(), Appended::Anew);
        assert_eq!(file.append(TIME, &anchor(3)).unwrap(), Appended::Here);
        assert_eq!(read(&aside).unwrap().anchors, [anchor(1)]);
        assert_eq!(read(&path).unwrap().anchors, [anchor(2), anchor(3)]);
    }

    #[test]
    fn a_line_that_is_no_anchor_is_named() {
        let hash = "01".repeat(HASH_BYTES);
        let lines = [
            String::new(),
            "x".into(),
            format!("{TIME} -1 {hash}"),
            format!("{TIME} 1 {hash}00"),
            format!("{TIME} 1  {hash}"),
            format!("{TIME} 1 {hash} more"),
            format!("{TIME} one {hash}"),
            "long".repeat(100),
        ];
        for line in lines {
            let (_directory, path) = place();
            std::fs::write(&path, format!("{TIME} 1 {hash}\n{line}\n{TIME} 2 {hash}\n")).unwrap();
            let error = read(&path).unwrap_err();
            assert!(matches!(error, AnchorError::BadLine { line: 2, .. }), "{line}: {error}");
        }
    }

    #[test]
    fn links_and_directories_are_no_anchor_files() {
        let (directory, path) = place();
        std::os::unix::fs::symlink("elsewhere", &path).unwrap();
        assert!(AnchorFile::open(&path).unwrap_err().to_string().contains("symbolic link"));
        assert!(read(&path).unwrap_err().to_string().contains("symbolic link"));
        assert!(AnchorFile::open(directory.path()).unwrap_err().to_string().contains("not a regular file"));
        assert!(read(directory.path()).unwrap_err().to_string().contains("not a regular file"));
    }
}
