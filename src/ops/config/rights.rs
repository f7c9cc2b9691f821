//! Who may read and change the configuration file. Never looks into it.
//! Invariant: a server goes by no file that others than its owner may change, nor by one that everybody may read,
//! unless that one says nothing but the defaults, which everybody knows.

use super::{ConfigError, ConfigErrors, Loaded};
use std::os::unix::fs::PermissionsExt;

/// Writing by the group, and anything by the rest.
const MODE_OF_OTHERS: u32 = 0o027;
const READ_BY_ALL: u32 = 0o004;

impl Loaded {
    /// # Errors
    /// Where the file's rights go beyond 0640, or beyond 0644 for one of nothing but defaults.
    pub fn check_rights(&self) -> Result<(), ConfigErrors> {
        let Some(file) = &self.file else { return Ok(()) };
        // One that is gone by now is told of by whoever reads it next.
        let Ok(metadata) = std::fs::metadata(file) else { return Ok(()) };
        let mode = metadata.permissions().mode() & 0o7777;
        let refused = if self.is_default { MODE_OF_OTHERS & !READ_BY_ALL } else { MODE_OF_OTHERS };
        if mode & refused == 0 {
            return Ok(());
        }
        let place = file.display().to_string();
        let message = format!("can be read or changed by others (mode {mode:04o}): run `chmod 640 {place}`");
        Err(ConfigErrors(vec![ConfigError { place, message }]))
    }
}
