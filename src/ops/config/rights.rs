//! Who may read and change the configuration file. Never looks into it.
//! Invariant: a server goes by no file that others than its owner may change, whose owner is neither root nor the
//! server's own user; nor by one that everybody may read, unless that one says nothing but the defaults, which
//! everybody knows.

use super::{ConfigError, ConfigErrors, Loaded};
use rustix::process::geteuid;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Writing by the group, and anything by the rest.
const MODE_OF_OTHERS: u32 = 0o027;
const READ_BY_ALL: u32 = 0o004;

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
    fn complaint(self, place: &str, is_default: bool, user: u32) -> Option<String> {
        let Rights { mode, owner } = self;
        let refused = if is_default { MODE_OF_OTHERS & !READ_BY_ALL } else { MODE_OF_OTHERS };
        if ![0, user].contains(&owner) {
            return Some(format!(
                "belongs to uid {owner}, who may change it, but this is uid {user}: run `chown {user} {place}`, or \
                 name a file of root's or of your own"
            ));
        }
        (mode & refused != 0)
            .then(|| format!("can be read or changed by others (mode {mode:04o}): run `chmod 640 {place}`"))
    }
}

impl Loaded {
    /// # Errors
    /// Where the file's rights go beyond 0640, or beyond 0644 for one of nothing but defaults, or it belongs to
    /// somebody else than root and the user of this process.
    pub fn check_rights(&self) -> Result<(), ConfigErrors> {
        let Some((file, rights)) = self.file.as_ref().zip(self.rights) else { return Ok(()) };
        let place = file.display().to_string();
        match rights.complaint(&place, self.is_default, geteuid().as_raw()) {
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
        let complaint =
            |mode, owner, is_default| Rights { mode, owner }.complaint("a.conf", is_default, 1000);
        for (mode, owner, is_default) in [(0o640, 0, false), (0o600, 1000, false), (0o644, 0, true)] {
            assert_eq!(complaint(mode, owner, is_default), None);
        }
        for owner in [1, 999, 1001] {
            for is_default in [false, true] {
                let told = complaint(0o600, owner, is_default).unwrap();
                assert!(told.contains(&format!("belongs to uid {owner}")), "{told}");
                assert!(told.contains("`chown 1000 a.conf`"), "{told}");
            }
        }
        assert!(complaint(0o644, 0, false).unwrap().contains("chmod 640 a.conf"));
        assert!(complaint(0o664, 0, true).unwrap().contains("chmod 640 a.conf"));
    }
}
