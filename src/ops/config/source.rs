//! Owns the finding and the reading of the configuration file. Never knows what it says.
//! Invariant: text and rights are those of one and the same open file.

use super::rights::Rights;
use super::{ConfigErrors, SEARCHED_FILES, absolute};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A configuration is a page of text; reading stops here, so that a device named by mistake does no harm.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The file that speaks, with what was read of it. A file that was named must be there; one that is only looked for
/// may be missing, but not unreadable.
pub(super) fn find(
    directory: &Path,
    named: Option<&Path>,
    errors: &mut ConfigErrors,
) -> Option<(PathBuf, Read)> {
    let candidates: Vec<PathBuf> = match named {
        Some(path) => vec![absolute(directory, path)],
        None => SEARCHED_FILES.iter().map(|path| absolute(directory, Path::new(path))).collect(),
    };
    for path in candidates {
        match read(&path) {
            Ok(read) => return Some((path, read)),
            Err(Unreadable::Missing) if named.is_none() => {}
            Err(Unreadable::Missing) => errors.add(
                path.display().to_string(),
                "there is no such file; correct --config, or leave it out to run on the defaults",
            ),
            Err(Unreadable::Other(message)) => {
                errors.add(path.display().to_string(), message);
                return None;
            }
        }
    }
    None
}

enum Unreadable {
    Missing,
    Other(String),
}

/// What was read.
pub(super) struct Read {
    pub text: String,
    pub rights: Rights,
}

/// Everything is told of the one file that was opened, whatever lies at its name by then.
fn read(path: &Path) -> Result<Read, Unreadable> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Unreadable::Missing,
        _ => Unreadable::Other(format!("cannot be read: {error}; the server's user needs read permission")),
    };
    // NONBLOCK: a named pipe must not hold us.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| failed(error.into()))?;
    let file = File::from(opened);
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(Unreadable::Other(
            "is not a regular file; name the configuration file itself".to_owned(),
        ));
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Unreadable::Other(format!("is larger than {FILE_BYTES_MAX} bytes, so no configuration")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        Unreadable::Other(format!("byte {} is not UTF-8; save the file as UTF-8 text", valid + 1))
    })?;
    Ok(Read { text, rights: Rights::of(&metadata) })
}
