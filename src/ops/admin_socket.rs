//! Owns the socket by which the server's owner speaks to it: where it lies, its rights, and its file's end.
//!
//! Never knows what is said. Invariant: only the owner of the server and root can connect; no file but a socket
//! is ever removed. Whoever opens it holds the pid file that it lies beside, so one that is there already is left
//! of a server that is gone.

use super::files::with_suffix;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

const MODE: u32 = 0o600;

/// Where the socket of the server with this pid file lies.
pub fn beside(pid_file: &Path) -> PathBuf {
    with_suffix(pid_file, ".sock")
}

/// The socket's file, which is removed when this is dropped.
#[derive(Debug)]
pub struct AdminSocket {
    path: PathBuf,
    inode: u64,
}

impl AdminSocket {
    /// Listens at `path`, without ever waiting.
    pub fn open(path: &Path) -> io::Result<(UnixListener, AdminSocket)> {
        match std::fs::symlink_metadata(path) {
            Ok(left) if left.file_type().is_socket() => std::fs::remove_file(path)?,
            Ok(_) => return Err(io::Error::other("there is a file of another kind; remove it")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // The process's mask keeps others out until its rights are set.
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(MODE))?;
        listener.set_nonblocking(true)?;
        let inode = std::fs::symlink_metadata(path)?.ino();
        Ok((listener, AdminSocket { path: path.to_owned(), inode }))
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        let is_ours = std::fs::symlink_metadata(&self.path).is_ok_and(|file| file.ino() == self.inode);
        if is_ours {
            // Whoever comes next removes it, where we cannot.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn the_socket_is_its_owners_and_is_gone_with_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = beside(&directory.path().join("server.pid"));
        let (_listener, socket) = AdminSocket::open(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        UnixStream::connect(&path).unwrap();
        drop(socket);
        assert!(!path.exists());
        // One that was left by a server that was killed is taken over.
        let (listener, socket) = AdminSocket::open(&path).unwrap();
        std::mem::forget(socket);
        drop(listener);
        let (_listener, socket) = AdminSocket::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "another's").unwrap();
        drop(socket);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "another's");
        assert!(AdminSocket::open(&path).unwrap_err().to_string().contains("another kind"));
    }
}
