//! Owns the file of a secret key: reading it, and making it once. Never knows what the key is for.
//! Invariant: a key is taken only from a regular file that its owner alone can read, and an existing file is
//! never written to.

use super::files::sync_directory_of;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zeroize::Zeroizing;

pub const KEY_BYTES: usize = 32;
const HEX_BYTES: usize = 2 * KEY_BYTES;
/// One line; a longer file is something else.
const CONTENT_BYTES_MAX: usize = HEX_BYTES + 2;
/// The bits that let anybody but the owner at the file.
const MODE_OF_OTHERS: u32 = 0o077;

#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("key file {path} is not there; put it back from where a copy of it is kept")]
    Absent { path: String },
    #[error("key file {path} {problem}")]
    Unfit { path: String, problem: String },
    #[error("key file {path}: {action}: {reason}")]
    System { path: String, action: &'static str, reason: io::Error },
}

/// Reads the key.
pub fn read(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileError> {
    // NOFOLLOW: what is named is what is checked. NONBLOCK: a named pipe must not hold us.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| unopened(path, error))?;
    let mut file = File::from(file);
    check(path, &file)?;
    let mut content = Zeroizing::new([0; CONTENT_BYTES_MAX + 1]);
    let mut length = 0;
    while let Some(rest) = content.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(system(path, "cannot be read")(error)),
        }
    }
    let digits = content.get(..length).unwrap_or_default().trim_ascii_end();
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let is_key = length <= CONTENT_BYTES_MAX && hex::decode_to_slice(digits, &mut *key).is_ok();
    if !is_key {
        let problem = format!(
            "holds no key, which is one line of {HEX_BYTES} hexadecimal digits; put it back from where a copy \
             of it is kept"
        );
        return Err(unfit(path, &problem));
    }
    Ok(key)
}

/// Reads the key, or makes one where there is no file. Only for a caller who knows that nothing was ever
/// written under another key. Returns whether it was made.
pub fn read_or_create(path: &Path) -> Result<(Zeroizing<[u8; KEY_BYTES]>, bool), KeyFileError> {
    match read(path) {
        Err(KeyFileError::Absent { .. }) => create(path).map(|key| (key, true)),
        other => other.map(|key| (key, false)),
    }
}

fn create(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileError> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(&mut *key).map_err(|error| {
        system(path, "cannot be made, for the system gives no random bytes")(io::Error::other(error))
    })?;
    let mut line = Zeroizing::new([b'\n'; HEX_BYTES + 1]);
    if let Some(digits) = line.get_mut(..HEX_BYTES) {
        // The lengths fit.
        let _ = hex::encode_to_slice(key.as_slice(), digits);
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)
        .map(File::from)
        .map_err(|error| system(path, "cannot be made")(error.into()))?;
    let written =
        file.write_all(&*line).and_then(|()| file.sync_all()).and_then(|()| sync_directory_of(path));
    if let Err(error) = written {
        // Half a key would be in the way of the next attempt.
        let _ = std::fs::remove_file(path);
        return Err(system(path, "cannot be written")(error));
    }
    Ok(key)
}

fn check(path: &Path, file: &File) -> Result<(), KeyFileError> {
    let metadata = file.metadata().map_err(system(path, "cannot be examined"))?;
    if !metadata.is_file() {
        return Err(unfit(path, "is not a regular file; name the file that holds the key"));
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & MODE_OF_OTHERS != 0 {
        let shown = path.display();
        let problem = format!(
            "can be read or changed by others (mode {mode:04o}): run `chmod 600 {shown}`; if others may have \
             read it, what they write can no longer be told from what the server wrote"
        );
        return Err(unfit(path, &problem));
    }
    Ok(())
}

fn unopened(path: &Path, error: Errno) -> KeyFileError {
    match error {
        Errno::NOENT => KeyFileError::Absent { path: path.display().to_string() },
        Errno::LOOP => unfit(path, "is a symbolic link, which is never followed; name its target"),
        Errno::NXIO => unfit(path, "is not a regular file; name the file that holds the key"),
        Errno::ACCESS => {
            unfit(path, "cannot be read by this user; run medsrv as the user whom the file belongs to")
        }
        error => system(path, "cannot be opened")(error.into()),
    }
}

fn unfit(path: &Path, problem: &str) -> KeyFileError {
    KeyFileError::Unfit { path: path.display().to_string(), problem: problem.to_owned() }
}

fn system(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> KeyFileError {
    let path = path.display().to_string();
    move |reason| KeyFileError::System { path, action, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::path::PathBuf;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.key");
        (directory, path)
    }

    fn put(path: &Path, content: &str, mode: u32) {
        fs::write(path, content).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_only_and_read_again() {
        let (_directory, path) = place();
        assert!(matches!(read(&path), Err(KeyFileError::Absent { .. })));
        let (made, is_new) = read_or_create(&path).unwrap();
        assert!(is_new);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!((text.len(), text.ends_with('\n')), (HEX_BYTES + 1, true));
        assert_eq!(read(&path).unwrap(), made);
        assert_eq!(read_or_create(&path).unwrap(), (made.clone(), false));
        let (_other, other_path) = place();
        assert_ne!(read_or_create(&other_path).unwrap().0, made);
    }

    #[test]
    fn a_file_that_others_can_reach_is_refused_with_what_to_do() {
        for mode in [0o640, 0o604, 0o620, 0o610, 0o777, 0o440] {
            let (_directory, path) = place();
            put(&path, &"ab".repeat(KEY_BYTES), mode);
            let error = read_or_create(&path).unwrap_err().to_string();
            assert!(error.contains("chmod 600") && error.contains(&format!("{mode:04o}")), "{error}");
        }
        let (_directory, path) = place();
        put(&path, &"ab".repeat(KEY_BYTES), 0o400);
        assert_eq!(*read(&path).unwrap(), [0xab; KEY_BYTES]);
    }

    #[test]
    fn what_is_no_key_is_refused_and_left_alone() {
        let whole = "ab".repeat(KEY_BYTES);
        let contents = [
            String::new(),
            "ab".into(),
            whole.replace('a', "g"),
            format!("{whole}ab"),
            format!("{whole}\n\n\n"),
        ];
        for content in contents {
            let (_directory, path) = place();
            put(&path, &content, 0o600);
            let error = read_or_create(&path).unwrap_err().to_string();
            assert!(error.contains("64 hexadecimal digits"), "{error}");
            assert!(content.is_empty() || !error.contains(&content), "a key is never shown");
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
    }

    #[test]
    fn links_directories_and_pipes_are_no_key_files() {
        let (directory, path) = place();
        put(&directory.path().join("target"), &"ab".repeat(KEY_BYTES), 0o600);
        std::os::unix::fs::symlink(directory.path().join("target"), &path).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("symbolic link"));
        assert!(read(directory.path()).unwrap_err().to_string().contains("not a regular file"));
        let pipe = directory.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(read(&pipe).unwrap_err().to_string().contains("not a regular file"));
    }
}
