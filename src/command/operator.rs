//! Owns the words for whoever runs this program. Never decides what they may do.
//! Invariant: it rests on what the kernel says, not on the environment, which anybody can set.

use std::fs;

/// What the kernel says where nobody logged in.
const NO_LOGIN: u32 = u32::MAX;

/// The Unix user, and whoever had logged in before becoming that user.
pub fn described() -> String {
    let uid = rustix::process::getuid().as_raw();
    let login = fs::read_to_string("/proc/self/loginuid").ok().and_then(|text| text.trim().parse().ok());
    words(uid, login, &fs::read_to_string("/etc/passwd").unwrap_or_default())
}

fn words(uid: u32, login: Option<u32>, users: &str) -> String {
    let named = |uid: u32| match name(uid, users) {
        Some(name) => format!("uid {uid} ({name})"),
        None => format!("uid {uid}"),
    };
    match login {
        Some(login) if login != NO_LOGIN && login != uid => {
            format!("{}, logged in as {}", named(uid), named(login))
        }
        _ => named(uid),
    }
}

/// The name of a user in the form of `/etc/passwd`, `NAME:PASSWORD:UID:…`.
fn name(uid: u32, users: &str) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, found) = (fields.next()?, fields.next()?, fields.next()?);
        (found.parse() == Ok(uid) && !name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_logged_in_is_named_beside_the_user_that_they_became() {
        let users =
            "root:x:0:0::/root:/bin/sh\nodd\nmedsrv:x:998:998::/:/bin/false\nli:x:1000:1000::/:/bin/sh\n";
        for (uid, login, expected) in [
            (1000, Some(1000), "uid 1000 (li)"),
            (998, Some(1000), "uid 998 (medsrv), logged in as uid 1000 (li)"),
            (0, Some(NO_LOGIN), "uid 0 (root)"),
            (7, None, "uid 7"),
        ] {
            assert_eq!(words(uid, login, users), expected);
        }
        assert!(described().starts_with("uid "));
    }
}
