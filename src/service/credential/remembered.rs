//! Logins that succeeded a short while ago, so that clients which log in again and again do not wait for the
//! slow form each time.
//!
//! It never knows the clock, and it keeps no credential: only what it hashes to under a key that this process
//! has made and nobody else sees. Invariant: what it knows was verified against the row as it still is; all is
//! forgotten when the store's generation has changed, and whoever changes an account forgets it in the same
//! step.

use super::{HASH_BYTES, keyed, random};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::HashMap;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// More than log in within a few minutes; at this many, all are forgotten.
const ENTRIES_MAX: usize = 20_000;

pub struct Remembered {
    key: Hmac<Sha256>,
    /// The state of the database that the entries are of.
    generation: u64,
    /// By username: what the login hashed to, and when it is no longer good.
    entries: HashMap<String, ([u8; HASH_BYTES], i64)>,
}

impl Remembered {
    /// Knows nobody yet, and has a key of its own.
    ///
    /// # Errors
    /// Where the system has no random bytes to give.
    pub fn new() -> Result<Remembered, String> {
        let key = Zeroizing::new(random::<HASH_BYTES>()?);
        Ok(Remembered { key: keyed(key.as_slice()), generation: 0, entries: HashMap::new() })
    }

    /// Whether that login succeeded and is still good, in a time that does not tell how much of the credential
    /// is right.
    pub fn knows(&self, username: &str, credential: &str, now_ms: i64) -> bool {
        let login = self.login(username, credential);
        self.entries
            .get(username)
            .is_some_and(|(known, until_ms)| bool::from(login.ct_eq(known)) && now_ms < *until_ms)
    }

    /// That login has succeeded, and is good for as long as the time is before `until_ms`.
    pub fn remember(&mut self, username: &str, credential: &str, until_ms: i64) {
        if self.entries.len() >= ENTRIES_MAX && !self.entries.contains_key(username) {
            self.clear();
        }
        let login = self.login(username, credential);
        self.entries.insert(username.to_owned(), (login, until_ms));
    }

    pub fn forget(&mut self, username: &str) {
        self.entries.remove(username);
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Forgets all when the store is in another generation than before: a turn was lost, or another process
    /// has written.
    pub fn keep_up(&mut self, generation: u64) {
        if self.generation != generation {
            self.generation = generation;
            self.clear();
        }
    }

    /// The length before the username keeps it apart from the credential behind it.
    fn login(&self, username: &str, credential: &str) -> [u8; HASH_BYTES] {
        let length = (username.len() as u64).to_be_bytes();
        let mac = self.key.clone().chain_update(length).chain_update(username).chain_update(credential);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Remembered")
            .field("generation", &self.generation)
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_known_until_its_time_is_up() {
        let mut remembered = Remembered::new().unwrap();
        assert!(!remembered.knows("u", "c", 0));
        remembered.remember("u", "c", 100);
        assert!(remembered.knows("u", "c", 99));
        assert!(!remembered.knows("u", "c", 100));
        assert!(!remembered.knows("u", "d", 0));
        assert!(!remembered.knows("v", "c", 0));
        remembered.remember("u", "d", 100);
        assert!(remembered.knows("u", "d", 0));
        assert!(!remembered.knows("u", "c", 0), "a user has one credential");
    }

    #[test]
    fn username_and_credential_do_not_run_into_each_other() {
        let remembered = Remembered::new().unwrap();
        assert_ne!(remembered.login("ab", "c"), remembered.login("a", "bc"));
        assert_eq!(remembered.login("ab", "c"), remembered.login("ab", "c"));
        assert_ne!(remembered.login("a", "b"), Remembered::new().unwrap().login("a", "b"), "keys differ");
    }

    #[test]
    fn what_is_forgotten_is_not_known() {
        let mut remembered = Remembered::new().unwrap();
        let remember_both = |remembered: &mut Remembered| {
            remembered.remember("u", "c", 100);
            remembered.remember("v", "c", 100);
        };
        let known = |remembered: &Remembered| (remembered.knows("u", "c", 0), remembered.knows("v", "c", 0));
        remember_both(&mut remembered);
        remembered.forget("u");
        assert_eq!(known(&remembered), (false, true));
        remembered.clear();
        assert_eq!(known(&remembered), (false, false));
        remembered.keep_up(7);
        remember_both(&mut remembered);
        remembered.keep_up(7);
        assert_eq!(known(&remembered), (true, true));
        remembered.keep_up(8);
        assert_eq!(known(&remembered), (false, false));
    }

    #[test]
    fn at_the_bound_all_are_forgotten() {
        let mut remembered = Remembered::new().unwrap();
        for number in 0..ENTRIES_MAX {
            remembered.remember(&number.to_string(), "c", 100);
        }
        remembered.remember("0", "c", 200);
        assert!(remembered.knows("1", "c", 0), "who is known already takes nobody's place");
        remembered.remember("one more", "c", 100);
        assert!(remembered.knows("one more", "c", 0));
        assert!(!remembered.knows("1", "c", 0));
        assert_eq!(remembered.entries.len(), 1);
    }

    #[test]
    fn nothing_secret_is_in_debug() {
        let mut remembered = Remembered::new().unwrap();
        remembered.remember("hush", "hush", 100);
        assert_eq!(format!("{remembered:?}"), "Remembered { generation: 0, entries: 1, .. }");
    }
}
