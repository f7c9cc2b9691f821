//! Owns the making of the directories that the server's files lie in. Never knows what the files are.
//! Invariant: a directory that is made here is open to its owner only, since patients' records lie in it.

use super::user::Account;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Makes the directory of `file`, and those above it, where they are missing.
pub fn make_parent(file: &Path) -> io::Result<()> {
    make_parent_for(file, None)
}

/// The same, for another user than the one who makes them.
pub fn make_parent_for(file: &Path, owner: Option<&Account>) -> io::Result<()> {
    let Some(directory) = file.parent() else { return Ok(()) };
    let missing: Vec<&Path> = directory.ancestors().take_while(|above| !above.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| {
        let message = format!(
            "cannot make the directory {}: {error}; make it, or give its user the right to",
            directory.display()
        );
        io::Error::new(error.kind(), message)
    })?;
    match owner {
        Some(owner) => missing.into_iter().try_for_each(|made| owner.own(made)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn missing_directories_are_made_for_the_owner_only_and_existing_ones_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("a/b/file");
        make_parent(&file).unwrap();
        make_parent(&file).unwrap();
        let mode = std::fs::metadata(root.path().join("a/b")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        std::fs::write(&file, "").unwrap();
        let error = make_parent(&file.join("c/d")).unwrap_err();
        assert!(error.to_string().contains("a/b/file/c"), "{error}");
    }
}
