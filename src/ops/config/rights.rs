//! Who may read and change the configuration file. Never looks into it.
//! Invariant: a server goes by no file that others than its owner may change or everybody may read, nor by one whose
//! owner is neither root nor the server's own user; unless it says nothing but the defaults, which everybody knows, and
//! which hold without it.

use super::{ConfigError, ConfigErrors, Loaded};
use rustix::process::geteuid;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Writing by the group, and anything by the rest.
const MODE_OF_OTHERS: u32 = 0o027;

/// Those of the very file that was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rights {
    mode: u32,
    owner: u32,
}

impl Rights {
    pub fn of(metadata: &Metadata) -> Rights {
        Rights { mode: metadata.mode() & 0o7777, owner: metadata.uid() }
    }

    /// What is wrong with them, and the command that mends it.
    fn complaint(self, place: &str, user: u32) -> Option<String> {
        let Rights { mode, owner } = self;
        if ![0, user].contains(&owner) {
            return Some(format!(
                "belongs to uid {owner}, who may change it, but this is uid {user}: run `chown {user} {place}`, or \
                 name a file of root's or of your own"
            ));
        }
        (mode & MODE_OF_OTHERS != 0)
            .then(|| format!("can be read or changed by others (mode {mode:04o}): run `chmod 640 {place}`"))
    }
}

impl Loaded {
    /// # Errors
    /// Where the file says anything but the defaults, and its rights go beyond 0640, or it belongs to somebody else
    /// than root and the user of this process.
    pub fn check_rights(&self) -> Result<(), ConfigErrors> {
        if self.is_default {
            return Ok(());
        }
        let Some((file, rights)) = self.file.as_ref().zip(self.rights) else { return Ok(()) };
        let place = file.display().to_string();
        match rights.complaint(&place, geteuid().as_raw()) {
            Some(message) => Err(ConfigErrors(vec![ConfigError { place, message }])),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_roots_or_the_users_and_nobody_elses_to_change() {
        let complaint = |mode, owner| Rights { mode, owner }.complaint("a.conf", 1000);
        for (mode, owner) in [(0o640, 0), (0o600, 1000)] {
            assert_eq!(complaint(mode, owner), None);
        }
        for owner in [1, 999, 1001] {
            let told = complaint(0o600, owner).unwrap();
            assert!(told.contains(&format!("belongs to uid {owner}")), "{told}");
            assert!(told.contains("`chown 1000 a.conf`"), "{told}");
        }
        for mode in [0o644, 0o660] {
            assert!(complaint(mode, 0).unwrap().contains("chmod 640 a.conf"));
        }
    }
}
