//! Logins that succeeded a short while ago, so that clients which log in again and again do not wait for the
//! slow form each time.
//!
//! It never knows the clock, and it keeps no credential: only what it hashes to under a key that this process
//! has made and nobody else sees. Invariant: what it knows was verified against the row as it still is; whoever
//! changes an account forgets it in the same step, and once the store's generation has changed each entry is held
//! against its row before it is used again.

use super::{HASH_BYTES, keyed, random};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::HashMap;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// More than log in within a few minutes; at this many, those whose time is up are forgotten, and where that is nobody,
/// all.
const ENTRIES_MAX: usize = 20_000;

pub struct Remembered {
    key: Hmac<Sha256>,
    /// The state that the database is in.
    generation: u64,
    /// By username.
    entries: HashMap<String, Entry>,
}

struct Entry {
    /// What the login hashed to.
    login: [u8; HASH_BYTES],
    /// What the stored form of its password hashed to, against which it was verified.
    stored: [u8; HASH_BYTES],
    /// The state of the database in which the row was seen to have that stored form.
    generation: u64,
    /// When it is no longer good.
    until_ms: i64,
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

    /// Whether that login succeeded and is still good, by what is known of its row, in a time that does not tell how
    /// much of the credential is right. If so, it is good until `until_ms` from now on: were all who log in at one
    /// opening hour forgotten at one moment, each of them would wait for the others.
    pub fn knows(&mut self, username: &str, credential: &str, now_ms: i64, until_ms: i64) -> bool {
        let login = self.login(username, credential);
        let Some(entry) = self.entries.get_mut(username) else { return false };
        let is_known = bool::from(login.ct_eq(&entry.login))
            && now_ms < entry.until_ms
            && entry.generation == self.generation;
        if is_known {
            entry.until_ms = until_ms;
        }
        is_known
    }

    /// As `knows`, of whom the row has this stored form of the password now.
    pub fn knows_still(
        &mut self,
        username: &str,
        credential: &str,
        stored: &str,
        now_ms: i64,
        until_ms: i64,
    ) -> bool {
        let stored = self.hashed(stored);
        if let Some(entry) = self.entries.get_mut(username)
            && bool::from(stored.ct_eq(&entry.stored))
        {
            entry.generation = self.generation;
            return self.knows(username, credential, now_ms, until_ms);
        }
        false
    }

    /// That login has succeeded against this stored form, and is good for as long as the time is before `until_ms`.
    pub fn remember(&mut self, username: &str, credential: &str, stored: &str, now_ms: i64, until_ms: i64) {
        if self.entries.len() >= ENTRIES_MAX && !self.entries.contains_key(username) {
            self.entries.retain(|_, entry| now_ms < entry.until_ms);
        }
        if self.entries.len() >= ENTRIES_MAX && !self.entries.contains_key(username) {
            self.clear();
        }
        let (login, stored) = (self.login(username, credential), self.hashed(stored));
        let entry = Entry { login, stored, generation: self.generation, until_ms };
        self.entries.insert(username.to_owned(), entry);
    }

    pub fn forget(&mut self, username: &str) {
        self.entries.remove(username);
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Takes note of the store's generation. In another one than before, a turn was lost or another process has
    /// written, and no row is known to be as it was.
    pub fn keep_up(&mut self, generation: u64) {
        self.generation = generation;
    }

    /// The length before the username keeps it apart from the credential behind it.
    fn login(&self, username: &str, credential: &str) -> [u8; HASH_BYTES] {
        let length = (username.len() as u64).to_be_bytes();
        let mac = self.key.clone().chain_update(length).chain_update(username).chain_update(credential);
        mac.finalize().into_bytes().into()
    }

    fn hashed(&self, stored: &str) -> [u8; HASH_BYTES] {
        self.key.clone().chain_update(stored).finalize().into_bytes().into()
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
        assert!(!remembered.knows("u", "c", 0, 100));
        remembered.remember("u", "c", "row", 0, 100);
        assert!(remembered.knows("u", "c", 99, 100));
        assert!(!remembered.knows("u", "c", 100, 100));
        assert!(!remembered.knows("u", "d", 0, 100));
        assert!(!remembered.knows("v", "c", 0, 100));
        remembered.remember("u", "d", "row", 0, 100);
        assert!(remembered.knows("u", "d", 0, 100));
        assert!(!remembered.knows("u", "c", 0, 100), "a user has one credential");
    }

    #[test]
    fn a_login_that_comes_again_is_known_for_longer() {
        let mut remembered = Remembered::new().unwrap();
        remembered.remember("u", "c", "row", 0, 100);
        assert!(!remembered.knows("u", "d", 99, 200), "the credential is another one");
        assert!(remembered.knows("u", "c", 99, 200));
        assert!(remembered.knows_still("u", "c", "row", 199, 300));
        assert!(remembered.knows("u", "c", 299, 300));
        assert!(!remembered.knows("u", "c", 300, 400));
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
            remembered.remember("u", "c", "row", 0, 100);
            remembered.remember("v", "c", "row", 0, 100);
        };
        let known = |remembered: &mut Remembered| {
            (remembered.knows("u", "c", 0, 100), remembered.knows("v", "c", 0, 100))
        };
        remember_both(&mut remembered);
        remembered.forget("u");
        assert_eq!(known(&mut remembered), (false, true));
        remembered.clear();
        assert_eq!(known(&mut remembered), (false, false));
    }

    #[test]
    fn in_another_generation_each_row_is_looked_at_once() {
        let mut remembered = Remembered::new().unwrap();
        remembered.keep_up(7);
        remembered.remember("u", "c", "row", 0, 100);
        remembered.keep_up(7);
        assert!(remembered.knows("u", "c", 0, 100));
        remembered.keep_up(8);
        assert!(!remembered.knows("u", "c", 0, 100));
        assert!(!remembered.knows_still("u", "c", "another row", 0, 100));
        assert!(!remembered.knows("u", "c", 0, 100));
        assert!(!remembered.knows_still("u", "d", "row", 0, 100), "the credential is another one");
        assert!(!remembered.knows_still("u", "c", "row", 100, 100), "its time is up");
        assert!(!remembered.knows_still("v", "c", "row", 0, 100));
        assert!(remembered.knows_still("u", "c", "row", 0, 100));
        assert!(remembered.knows("u", "c", 0, 100));
    }

    #[test]
    fn at_the_bound_those_are_forgotten_whose_time_is_up_or_else_all() {
        let mut remembered = Remembered::new().unwrap();
        remembered.remember("soon over", "c", "row", 0, 50);
        for number in 1..ENTRIES_MAX {
            remembered.remember(&number.to_string(), "c", "row", 0, 100);
        }
        remembered.remember("1", "c", "row", 0, 200);
        assert!(remembered.knows("soon over", "c", 0, 50), "who is known already takes nobody's place");
        remembered.remember("one more", "c", "row", 50, 100);
        assert_eq!(remembered.entries.len(), ENTRIES_MAX);
        assert!(remembered.knows("1", "c", 50, 100) && remembered.knows("one more", "c", 50, 100));
        remembered.remember("too many", "c", "row", 50, 100);
        assert!(remembered.knows("too many", "c", 50, 100));
        assert!(!remembered.knows("1", "c", 50, 100));
        assert_eq!(remembered.entries.len(), 1);
    }

    #[test]
    fn nothing_secret_is_in_debug() {
        let mut remembered = Remembered::new().unwrap();
        remembered.remember("hush", "hush", "row", 0, 100);
        assert_eq!(format!("{remembered:?}"), "Remembered { generation: 0, entries: 1, .. }");
    }
}
