//! Owns the Unix user that the server runs as: who that is, and the way there from root. Never knows what the user
//! does.
//! Invariant: whoever has become another user cannot go back, which was tried and is not assumed.

use nix::unistd::{Gid, Group, Uid, User};
use nix::unistd::{getgrouplist, getgroups, getresgid, getresuid, initgroups, setresgid, setresuid};
use std::ffi::CString;
use std::io;
use std::path::Path;

const ROOT: Uid = Uid::from_raw(0);

/// A user of this machine, and the group that goes with it.
#[derive(Clone, Debug)]
pub struct Account {
    name: CString,
    uid: Uid,
    gid: Gid,
}

/// Whether this process may do anything.
pub fn is_root() -> bool {
    Uid::effective().is_root()
}

/// Whom this process is to become, by the names that are configured; None where it is to stay who it is.
///
/// # Errors
/// Where there is no such user or group, or this process cannot become that user.
pub fn wanted(user: &str, group: &str) -> Result<Option<Account>, String> {
    if user.is_empty() {
        return Ok(None);
    }
    let found = User::from_name(user).map_err(|error| format!("server.user {user:?}: {error}"))?;
    let Some(found) = found else {
        return Err(format!("server.user: this machine has no user {user:?}; make it, or correct the name"));
    };
    let gid = if group.is_empty() { found.gid } else { gid_of(group)? };
    let own = Uid::effective();
    if own == found.uid {
        return Ok(None);
    }
    if !own.is_root() {
        return Err(format!(
            "server.user is {user:?}, which only root can become, but this is uid {own}: run medsrv as {user}, \
             or as root"
        ));
    }
    let name = CString::new(found.name).map_err(|error| format!("server.user {user:?}: {error}"))?;
    Ok(Some(Account { name, uid: found.uid, gid }))
}

fn gid_of(group: &str) -> Result<Gid, String> {
    match Group::from_name(group) {
        Ok(Some(found)) => Ok(found.gid),
        Ok(None) => {
            Err(format!("server.group: this machine has no group {group:?}; make it, or correct the name"))
        }
        Err(error) => Err(format!("server.group {group:?}: {error}")),
    }
}

impl Account {
    /// Makes this process that user's, with its groups, for good.
    ///
    /// # Errors
    /// Where anything of root is left; then nothing must be served.
    pub fn become_it(&self) -> Result<(), String> {
        let failed =
            |what: &str, error: nix::Error| format!("cannot become {}: {what}: {error}", self.shown());
        initgroups(&self.name, self.gid).map_err(|error| failed("its groups", error))?;
        setresgid(self.gid, self.gid, self.gid).map_err(|error| failed("its group", error))?;
        setresuid(self.uid, self.uid, self.uid).map_err(|error| failed("its user", error))?;
        // Nor by a program that is run, should one ever be.
        rustix::thread::set_no_new_privs(true).map_err(|error| {
            format!("cannot become {}: the way back cannot be closed: {error}", self.shown())
        })?;
        self.verify()
    }

    fn verify(&self) -> Result<(), String> {
        let left = |what: &str| format!("has become {}, but {what}; nothing is served", self.shown());
        let unknown = |error: nix::Error| left(&format!("what it is now cannot be told: {error}"));
        let (uids, gids) = (getresuid().map_err(unknown)?, getresgid().map_err(unknown)?);
        if [uids.real, uids.effective, uids.saved] != [self.uid; 3] {
            return Err(left("another user is left"));
        }
        if [gids.real, gids.effective, gids.saved] != [self.gid; 3] {
            return Err(left("another group is left"));
        }
        let mut wanted = getgrouplist(&self.name, self.gid).map_err(unknown)?;
        let mut found = getgroups().map_err(unknown)?;
        for groups in [&mut wanted, &mut found] {
            groups.sort_unstable_by_key(|group| group.as_raw());
            groups.dedup();
        }
        if wanted != found {
            return Err(left("it has not exactly that user's groups"));
        }
        if self.uid != ROOT && setresuid(ROOT, ROOT, ROOT).is_ok() {
            return Err(left("it can become root again"));
        }
        Ok(())
    }

    /// Gives the user a file or directory. A link is given as such: what it names may be anybody's.
    pub fn own(&self, path: &Path) -> io::Result<()> {
        std::os::unix::fs::lchown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
    }

    fn shown(&self) -> String {
        self.name.to_string_lossy().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_in_particular_is_whoever_runs_this() {
        assert!(wanted("", "").unwrap().is_none());
        let own = User::from_uid(Uid::effective()).unwrap().unwrap();
        assert!(wanted(&own.name, "").unwrap().is_none());
    }

    #[test]
    fn a_name_that_nobody_has_is_told() {
        let error = wanted("no-such-user-here", "").unwrap_err();
        assert!(error.contains("no user \"no-such-user-here\""), "{error}");
        let own = User::from_uid(Uid::effective()).unwrap().unwrap();
        let error = wanted(&own.name, "no-such-group-here").unwrap_err();
        assert!(error.contains("no group \"no-such-group-here\""), "{error}");
    }

    #[test]
    fn only_root_becomes_somebody_else() {
        let other = if is_root() { User::from_name("nobody") } else { User::from_uid(ROOT) };
        let Some(other) = other.unwrap() else { return };
        match wanted(&other.name, "") {
            Ok(account) => assert!(is_root() && account.unwrap().uid == other.uid),
            Err(error) => assert!(!is_root() && error.contains("only root"), "{error}"),
        }
    }
}
