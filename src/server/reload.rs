//! Reading the configuration again while the server runs, and going by it.
//!
//! It never knows what a value means to those who get it. Invariant: all of a valid file applies, but for what
//! needs a restart, and nothing of one that is not; whatever becomes of it, the log says so.

use super::admin::INVALID_CONFIGURATION;
use super::bridge::Bridge;
use super::limits;
use crate::dispatch::Settings;
use crate::ops::config::{Applies, Change, ConfigError, ConfigErrors, LogFormat, Reloaded};
use crate::ops::log as log_file;
use log::{error, info, warn};
use std::time::Instant;

/// What has come of all reloads, and of the last.
#[derive(Default)]
pub(super) struct Reloads {
    pub applied: u64,
    pub refused: u64,
    pub last: Option<Last>,
}

#[derive(Clone, Copy)]
pub(super) struct Last {
    pub at: Instant,
    pub was_applied: bool,
}

impl Bridge {
    /// Reads the file again and goes by it, or keeps what applied before.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub(super) fn reload_now(&mut self, by_operator: bool) -> Result<Vec<Change>, ConfigErrors> {
        self.supervisor.reloading();
        let verdict = self.read_again().map(|reloaded| self.apply(reloaded)).inspect_err(|errors| {
            self.reopen();
            for ConfigError { place, message } in &errors.0 {
                error!("not reloaded: {place}: {message}");
            }
        });
        self.look_at_files();
        let was_applied = verdict.is_ok();
        *(if was_applied { &mut self.reloads.applied } else { &mut self.reloads.refused }) += 1;
        let trouble = if was_applied {
            ""
        } else {
            "; the configuration file is not valid, and the one before applies"
        };
        self.supervisor.ready(format_args!("listening on {}{trouble}", self.address));
        self.reloads.last = Some(Last { at: Instant::now(), was_applied });
        self.note_reload(by_operator, &verdict);
        verdict
    }

    /// In the trail is what was decided. A file that says the same as before is none, and is read again with each
    /// rotation of the log.
    fn note_reload(&mut self, by_operator: bool, verdict: &Result<Vec<Change>, ConfigErrors>) {
        match verdict {
            Ok(changes) if changes.is_empty() => {}
            Ok(changes) => {
                let names: Vec<&str> = changes.iter().map(|change| change.name.as_str()).collect();
                self.note(by_operator, "server.reload", "success", names.join(", "));
            }
            Err(errors) => {
                let detail = format!("{} mistakes", errors.0.len());
                self.note(by_operator, "server.reload", INVALID_CONFIGURATION, detail);
            }
        }
    }

    /// Opens the log anew, for the file may have been moved away.
    pub(super) fn reopen(&self) {
        if let Err(error) = log_file::reopen(&self.loaded.config.server.log_file) {
            error!("{error}; the old file is kept");
        }
    }

    fn read_again(&self) -> Result<Reloaded, ConfigErrors> {
        let reloaded = self.loaded.reload()?;
        reloaded.loaded.check_rights()?;
        let (old, new) = (&self.loaded.config.server.log_file, &reloaded.loaded.config.server.log_file);
        // A log that is to lie elsewhere and cannot is a mistake in the file as any other.
        match log_file::reopen(new) {
            Err(error) if old != new => {
                let (place, message) = ("server.log_file".to_owned(), error.to_string());
                return Err(ConfigErrors(vec![ConfigError { place, message }]));
            }
            Err(error) => error!("{error}; the old file is kept"),
            Ok(()) => {}
        }
        Ok(reloaded)
    }

    fn apply(&mut self, reloaded: Reloaded) -> Vec<Change> {
        let Reloaded { loaded, changes } = reloaded;
        let config = &loaded.config;
        // What has changed is said even where the new level would hide it.
        log_file::set_level(self.loaded.config.log.level.max(config.log.level));
        log_file::set_json(config.log.format == LogFormat::Json);
        self.dispatcher.set(Settings::from_config(config));
        self.new_limits = Some(limits(config));
        self.backups.reconsider(&self.loaded.config.backup, &config.backup);
        if changes.is_empty() {
            info!("reloaded: nothing has changed");
        }
        for change in &changes {
            match change.applies {
                Applies::AtOnce => info!("reloaded: {change}"),
                Applies::AfterRestart => warn!("reloaded: {change}"),
            }
        }
        for warning in config.warnings() {
            warn!("{warning}");
        }
        log_file::set_level(config.log.level);
        self.loaded = loaded;
        changes
    }
}
