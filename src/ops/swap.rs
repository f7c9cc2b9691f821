//! Owns the putting of a file in the place of the database, with all that belongs to what was there put aside.
//!
//! Never looks into a file. Invariant: whenever the process is killed, either nothing has changed, or all has, or
//! the file that was to come in lies at a name of its own that says what is to be moved back.

use super::files::{OF_SQLITE, directory_of, endings, sync_directory_of, with_suffix};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Begins what is behind the database's name in that of the file that is to come in. What follows is the mark.
const INCOMING: &str = ".restoring-";
/// Begins what is behind a file's name once it is aside, before the mark.
const ASIDE: &str = ".before-restore-";

/// A file that was put aside, and where it is now.
pub type Kept = (PathBuf, PathBuf);

/// How a file gets another name.
type Rename = dyn FnMut(&Path, &Path) -> io::Result<()>;

/// One exchange of a database, which is told from others by its mark.
#[derive(Debug)]
pub struct Swap {
    database: PathBuf,
    mark: String,
    /// What goes aside with the database beside SQLite's own files.
    others: Vec<PathBuf>,
}

/// An exchange that was begun and not ended, and has the database out of its place.
pub fn interrupted(database: &Path) -> Option<Swap> {
    if database.symlink_metadata().is_ok() {
        return None;
    }
    begun(database, &[]).ok()?.pop()
}

/// All exchanges of this database that were begun and not ended, whatever has become of them.
pub fn begun(database: &Path, others: &[PathBuf]) -> io::Result<Vec<Swap>> {
    let mut beginning = database.file_name().unwrap_or_default().to_owned();
    beginning.push(INCOMING);
    let marks = endings(directory_of(database), &beginning)?;
    let swap = |mark| Swap { database: database.to_owned(), mark, others: others.to_vec() };
    Ok(marks.into_iter().map(swap).collect())
}

impl Swap {
    /// `mark` tells this exchange from all others; `others` go aside with the database.
    pub fn new(database: &Path, mark: String, others: Vec<PathBuf>) -> Swap {
        Swap { database: database.to_owned(), mark, others }
    }

    /// Where the file is to be put that comes in, whole and synced.
    pub fn incoming(&self) -> PathBuf {
        with_suffix(&self.database, &format!("{INCOMING}{}", self.mark))
    }

    /// What is moved, in this order: the database first, for without it the rest is nothing, while it would be
    /// another one without its WAL.
    fn moves(&self) -> Vec<Kept> {
        let aside = |path: &Path| with_suffix(path, &format!("{ASIDE}{}", self.mark));
        let of_sqlite = [""]
            .iter()
            .chain(&OF_SQLITE)
            .map(|suffix| (with_suffix(&self.database, suffix), with_suffix(&aside(&self.database), suffix)));
        of_sqlite.chain(self.others.iter().map(|other| (other.clone(), aside(other)))).collect()
    }

    /// What is to go aside, and where it will be.
    pub fn kept(&self) -> Vec<Kept> {
        self.moves().into_iter().filter(|(from, _)| from.symlink_metadata().is_ok()).collect()
    }

    /// Puts what is there aside, and the new file in its place. Where that fails, all is put back.
    pub fn run(&self) -> io::Result<Vec<Kept>> {
        let moved = self.run_by(&mut |from, to| fs::rename(from, to));
        if moved.is_err() {
            self.undo()?;
        }
        moved
    }

    fn run_by(&self, rename: &mut Rename) -> io::Result<Vec<Kept>> {
        let mut kept = Vec::new();
        for (from, to) in self.moves() {
            if to.symlink_metadata().is_ok() {
                return Err(io::Error::other(format!("{} is there already; try again", to.display())));
            }
            match rename(&from, &to) {
                Ok(()) => kept.push((from, to)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        // On disk before the last step, which says that all is done.
        self.sync()?;
        rename(&self.incoming(), &self.database)?;
        self.sync()?;
        Ok(kept)
    }

    /// Puts back whatever is aside, and removes what was to come in. It may be interrupted, too, and done again.
    pub fn undo(&self) -> io::Result<Vec<PathBuf>> {
        self.undo_by(&mut |from, to| fs::rename(from, to))
    }

    /// The database comes last: where it is in its place, all of it is.
    fn undo_by(&self, rename: &mut Rename) -> io::Result<Vec<PathBuf>> {
        let mut back = Vec::new();
        for (from, to) in self.moves().into_iter().rev() {
            if to.symlink_metadata().is_ok() && from.symlink_metadata().is_err() {
                rename(&to, &from)?;
                back.push(from);
            }
        }
        self.sync()?;
        match fs::remove_file(self.incoming()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(back),
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.others.iter().chain([&self.database]).try_for_each(|path| sync_directory_of(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const MARK: &str = "1";

    /// A database that was killed with its WAL, an anchor file, and what is to come in.
    fn place() -> (tempfile::TempDir, Swap) {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("a.db");
        for suffix in ["", "-wal", "-shm"] {
            fs::write(with_suffix(&database, suffix), format!("old{suffix}")).unwrap();
        }
        let anchors = directory.path().join("audit.anchor");
        fs::write(&anchors, "anchors").unwrap();
        let swap = Swap::new(&database, MARK.to_owned(), vec![anchors]);
        fs::write(swap.incoming(), "new").unwrap();
        (directory, swap)
    }

    fn content(directory: &Path) -> BTreeMap<String, String> {
        fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
            })
            .collect()
    }

    fn old() -> BTreeMap<String, String> {
        let (directory, swap) = place();
        fs::remove_file(swap.incoming()).unwrap();
        content(directory.path())
    }

    /// As after a kill: from then on, nothing is done.
    fn killed_after(mut steps: usize) -> impl FnMut(&Path, &Path) -> io::Result<()> {
        move |from, to| {
            fs::symlink_metadata(from)?;
            steps = steps.checked_sub(1).ok_or_else(|| io::Error::other("killed"))?;
            fs::rename(from, to)
        }
    }

    #[test]
    fn what_is_done_is_done_whole() {
        let (directory, swap) = place();
        let announced = swap.kept();
        let kept = swap.run().unwrap();
        assert_eq!((kept.len(), &kept), (4, &announced));
        let found = content(directory.path());
        assert_eq!(found["a.db"], "new");
        assert_eq!(found["a.db.before-restore-1-wal"], "old-wal");
        assert_eq!(found["audit.anchor.before-restore-1"], "anchors");
        assert_eq!(found.len(), 5);
        assert!(begun(&directory.path().join("a.db"), &[]).unwrap().is_empty());
    }

    #[test]
    fn a_kill_at_any_step_leaves_what_can_be_put_back_and_so_does_one_while_it_is() {
        for steps in 0..=5 {
            let (directory, swap) = place();
            let database = directory.path().join("a.db");
            let done = swap.run_by(&mut killed_after(steps));
            if steps == 5 {
                assert_eq!(content(directory.path())["a.db"], "new");
                assert!(done.is_ok() && interrupted(&database).is_none());
                continue;
            }
            assert!(done.is_err());
            // Where the database is in its place, all of it is; else, it is known why it is not.
            assert_eq!(interrupted(&database).is_some(), steps > 0, "{steps}");
            if steps == 0 {
                assert_eq!(content(directory.path())["a.db-wal"], "old-wal");
            }
            for steps in 0..4 {
                let left = begun(&database, &swap.others).unwrap().pop().unwrap();
                let _ = left.undo_by(&mut killed_after(steps));
                if database.exists() {
                    assert_eq!(content(directory.path())["a.db-wal"], "old-wal");
                } else {
                    assert!(interrupted(&database).is_some());
                }
                if begun(&database, &[]).unwrap().is_empty() {
                    break;
                }
            }
            for left in begun(&database, &swap.others).unwrap() {
                left.undo().unwrap();
            }
            assert_eq!(content(directory.path()), old(), "killed after {steps}");
        }
    }

    #[test]
    fn where_it_fails_all_is_put_back() {
        let (directory, swap) = place();
        fs::remove_file(swap.incoming()).unwrap();
        assert!(swap.run().is_err());
        assert_eq!(content(directory.path()), old());
        fs::write(swap.incoming(), "new").unwrap();
        fs::write(directory.path().join("audit.anchor.before-restore-1"), "another's").unwrap();
        assert!(swap.run().unwrap_err().to_string().contains("there already"));
        assert_eq!(content(directory.path())["a.db"], "old");
    }
}
