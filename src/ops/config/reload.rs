//! Owns the reading of a configuration again, while a server runs on the one before: what has changed, and what
//! of that the server can go by.
//!
//! Never knows what a value is used for. Invariant: what comes out is what the server goes by from now on: the
//! new values, but the old ones of those that need a restart.

use super::key::{Applies, KEYS};
use super::{Config, ConfigErrors, Loaded, Overrides, load_from, strict};
use std::fmt;
use std::path::PathBuf;

/// A configuration that was read again and is valid.
#[derive(Clone, Debug, PartialEq)]
pub struct Reloaded {
    /// What applies from now on.
    pub loaded: Loaded,
    /// In the order of the sample file.
    pub changes: Vec<Change>,
}

/// A value that is another one in the file than in the server.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// `section.key`.
    pub name: String,
    pub from: String,
    pub to: String,
    pub applies: Applies,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Change { name, from, to, applies } = self;
        match applies {
            Applies::AtOnce => write!(formatter, "{name} is {to} now, after {from}"),
            Applies::AfterRestart => {
                write!(formatter, "{name} stays {from} until a restart, which makes it {to}")
            }
        }
    }
}

impl Loaded {
    /// A configuration that was not read from a file.
    pub fn of(config: Config) -> Loaded {
        let (directory, overrides) = (PathBuf::from("/"), Overrides::default());
        let sha256 = String::new();
        Loaded { config, file: None, sha256, rights: None, is_default: false, directory, overrides }
    }

    /// Reads the same file again, under the same flags and from the same starting directory.
    ///
    /// # Errors
    /// Everything that is wrong with it; what applied before applies still.
    pub fn reload(&self) -> Result<Reloaded, ConfigErrors> {
        let mut loaded = strict(load_from(&self.directory, self.file.as_deref(), &self.overrides))?;
        let mut changes = Vec::new();
        for key in KEYS {
            let (from, to) = ((key.show)(&self.config), (key.show)(&loaded.config));
            if from != to {
                changes.push(Change { name: key.full_name(), from, to, applies: key.applies });
            }
            if key.applies == Applies::AfterRestart {
                (key.copy)(&mut loaded.config, &self.config);
            }
        }
        check_log_file(&loaded.config)?;
        Ok(Reloaded { loaded, changes })
    }
}

/// The file on its own is sound, but the server still has the files that it was started with: were one of them
/// opened as the log, lines would go into the database.
fn check_log_file(config: &Config) -> Result<(), ConfigErrors> {
    let log_file = &config.server.log_file;
    let files = [
        ("server.db_path", &config.server.db_path),
        ("server.pid_file", &config.server.pid_file),
        ("audit.key_file", &config.audit.key_file),
        ("audit.anchor_file", &config.audit.anchor_file),
    ];
    let mut errors = ConfigErrors::default();
    for (name, _) in files.iter().filter(|(_, file)| *file == log_file) {
        let message = format!("is what the server has as {name} until it is restarted; choose another file");
        errors.add("server.log_file", message);
    }
    if errors.0.is_empty() { Ok(()) } else { Err(errors) }
}
