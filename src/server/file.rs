//! Whether the file at the database's path is still the one that is served.
//!
//! It never opens a file, for to close it would drop SQLite's locks. Invariant: what is said is of the last look, and
//! each change of it is in the log once.

use crate::ops::files::identity;
use log::{error, info};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(super) struct DatabaseFile {
    path: PathBuf,
    /// None where it could not be found out at the start.
    identity: Option<(u64, u64)>,
    /// What is wrong, once anything is.
    trouble: Option<&'static str>,
}

const ANOTHER: &str = "db_path is another file by now than the database that is served";
const MISSING: &str = "the file of the database that is served is gone from db_path";

impl DatabaseFile {
    /// The database at `path`, which was opened just now.
    pub fn at(path: &Path) -> DatabaseFile {
        let identity = fs::metadata(path).ok().map(|metadata| identity(&metadata));
        DatabaseFile { path: path.to_owned(), identity, trouble: None }
    }

    /// Looks again, and says what is wrong.
    pub fn look(&mut self) -> Option<&'static str> {
        let trouble = match fs::metadata(&self.path) {
            Ok(found) => self.identity.filter(|known| *known != identity(&found)).map(|_| ANOTHER),
            Err(error) => (error.kind() == ErrorKind::NotFound).then_some(MISSING),
        };
        if trouble != self.trouble {
            let path = self.path.display();
            match trouble {
                Some(trouble) => {
                    error!(
                        "{trouble}: {path}; what is written goes into the file that was there: put that back"
                    );
                }
                None => info!("the database that is served is in its place again: {path}"),
            }
            self.trouble = trouble;
        }
        trouble
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_another_or_gone_is_noticed_until_the_first_is_back() {
        let directory = tempfile::tempdir().unwrap();
        let (path, aside) = (directory.path().join("a.db"), directory.path().join("b.db"));
        fs::write(&path, "served").unwrap();
        let mut file = DatabaseFile::at(&path);
        assert_eq!(file.look(), None);
        fs::rename(&path, &aside).unwrap();
        assert_eq!(file.look(), Some(MISSING));
        fs::write(&path, "another").unwrap();
        assert_eq!(file.look(), Some(ANOTHER));
        fs::rename(&aside, &path).unwrap();
        assert_eq!(file.look(), None);
    }
}
