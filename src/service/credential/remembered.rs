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

/// More than log in within a few minutes; at this many, all are forgotten.
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
    /// much of the credential is right.
    pub fn knows(&self, username: &str, credential: &str, now_ms: i64) -> bool {
        let login = self.login(username, credential);
        self.entries.get(username).is_some_and(|entry| {
            bool::from(login.ct_eq(&entry.login))
                && now_ms < entry.until_ms
                && entry.generation == self.generation
        })
    }

    /// As `knows`, of whom the row has this stored form of the password now.
    pub fn knows_still(&mut self, username: &str, credential: &str, stored: &str, now_ms: i64) -> bool {
        let stored = self.hashed(stored);
        if let Some(entry) = self.entries.get_mut(username)
            && bool::from(stored.ct_eq(&entry.stored))
        {
            entry.generation = self.generation;
            return self.knows(username, credential, now_ms);
        }
        false
    }

    /// That login has succeeded against this stored form, and is good for as long as the time is before `until_ms`.
    pub fn remember(&mut self, username: &str, credential: &str, stored: &str, until_ms: i64) {
        if self.entries.len() >= ENTRIES_MAX && !self.entries.contains_key(username) {
            self.clear();
        }
        let (login, stored) = (self.login(username, credential), self.hashed(stored));
        let entry = Entry { login, stored, generation: self.generation, until_ms };
        self.entries.insert(username.to_owned(), entry);
    }

    /// Who logs in again and again stays known: if all who log in at one opening hour were forgotten at one moment,
    /// each of them would wait for the others.
    pub fn renew(&mut self, username: &str, until_ms: i64) {
        if let Some(entry) = self.entries.get_mut(username) {
            entry.until_ms = until_ms;
        }
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
        assert!(!remembered.knows("u", "c", 0));
        remembered.remember("u", "c", "row", 100);
        assert!(remembered.knows("u", "c", 99));
        assert!(!remembered.knows("u", "c", 100));
        assert!(!remembered.knows("u", "d", 0));
        assert!(!remembered.knows("v", "c", 0));
        remembered.remember("u", "d", "row", 100);
        assert!(remembered.knows("u", "d", 0));
        assert!(!remembered.knows("u", "c", 0), "a user has one credential");
    }

    #[test]
    fn a_login_that_is_renewed_is_known_for_longer() {
        let mut remembered = Remembered::new().unwrap();
        remembered.remember("u", "c", "row", 100);
        remembered.renew("u", 200);
        assert!(remembered.knows("u", "c", 199));
        assert!(!remembered.knows("u", "c", 200));
        remembered.renew("v", 200);
        assert!(!remembered.knows("v", "c", 0));
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
            remembered.remember("u", "c", "row", 100);
            remembered.remember("v", "c", "row", 100);
        };
        let known = |remembered: &Remembered| (remembered.knows("u", "c", 0), remembered.knows("v", "c", 0));
        remember_both(&mut remembered);
        remembered.forget("u");
        assert_eq!(known(&remembered), (false, true));
        remembered.clear();
        assert_eq!(known(&remembered), (false, false));
    }

    #[test]
    fn in_another_generation_each_row_is_looked_at_once() {
        let mut remembered = Remembered::new().unwrap();
        remembered.keep_up(7);
        remembered.remember("u", "c", "row", 100);
        remembered.keep_up(7);
        assert!(remembered.knows("u", "c", 0));
        remembered.keep_up(8);
        assert!(!remembered.knows("u", "c", 0));
        assert!(!remembered.knows_still("u", "c", "another row", 0));
        assert!(!remembered.knows("u", "c", 0));
        assert!(!remembered.knows_still("u", "d", "row", 0), "the credential is another one");
        assert!(!remembered.knows_still("u", "c", "row", 100), "its time is up");
        assert!(!remembered.knows_still("v", "c", "row", 0));
        assert!(remembered.knows_still("u", "c", "row", 0));
        assert!(remembered.knows("u", "c", 0));
    }

    #[test]
    fn at_the_bound_all_are_forgotten() {
        let mut remembered = Remembered::new().unwrap();
        for number in 0..ENTRIES_MAX {
            remembered.remember(&number.to_string(), "c", "row", 100);
        }
        remembered.remember("0", "c", "row", 200);
        assert!(remembered.knows("1", "c", 0), "who is known already takes nobody's place");
        remembered.remember("one more", "c", "row", 100);
        assert!(remembered.knows("one more", "c", 0));
        assert!(!remembered.knows("1", "c", 0));
        assert_eq!(remembered.entries.len(), 1);
    }

    #[test]
    fn nothing_secret_is_in_debug() {
        let mut remembered = Remembered::new().unwrap();
        remembered.remember("hush", "hush", "row", 100);
        assert_eq!(format!("{remembered:?}"), "Remembered { generation: 0, entries: 1, .. }");
    }
}
