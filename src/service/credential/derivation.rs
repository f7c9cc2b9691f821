//! The slow form of a credential: PBKDF2-HMAC-SHA256 as a state machine that runs in steps, so that the turn
//! round the loop goes on between them.
//!
//! It never knows whose credential it is, how long a step lasts, or who waits. Invariant: whatever the steps,
//! the same recipe comes to the same hash; and what comes of a decoy matches no row.

use super::{BASE64, HASH_BYTES, ITERATIONS_MAX, PBKDF2_TAG, SALT_BYTES, Stored, keyed, random};
use base64::Engine;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The one block that a hash of 32 bytes is made of, counted from one.
const BLOCK_NUMBER: [u8; 4] = 1_u32.to_be_bytes();

/// What is to be derived.
pub struct Recipe {
    credential: Zeroizing<Vec<u8>>,
    salt: [u8; SALT_BYTES],
    iterations: u32,
    is_decoy: bool,
}

impl Recipe {
    /// For storing a credential, under a salt of its own.
    ///
    /// # Errors
    /// Where the system has no random bytes to give.
    pub fn new(credential: &str, iterations: u32) -> Result<Recipe, String> {
        Ok(Recipe::with(credential, random()?, iterations))
    }

    /// For verifying a credential against a row; none where the row is not in the slow form.
    pub fn for_stored(stored: &str, credential: &str) -> Option<Recipe> {
        match Stored::parse(stored) {
            Stored::Pbkdf2 { iterations, salt, .. } => Some(Recipe::with(credential, salt, iterations)),
            Stored::SaltedSha256 { .. } | Stored::Unknown => None,
        }
    }

    /// For a user who is not there: it costs what a real one costs, so that time does not tell them apart.
    pub fn decoy(credential: &str, iterations: u32) -> Recipe {
        Recipe { is_decoy: true, ..Recipe::with(credential, [0; SALT_BYTES], iterations) }
    }

    /// PBKDF2 begins with one iteration, so none is taken for one; and a row of more than `ITERATIONS_MAX` could
    /// never be verified.
    fn with(credential: &str, salt: [u8; SALT_BYTES], iterations: u32) -> Recipe {
        let credential = Zeroizing::new(credential.as_bytes().to_vec());
        Recipe { credential, salt, iterations: iterations.clamp(1, ITERATIONS_MAX), is_decoy: false }
    }
}

/// A derivation under way.
pub struct Derivation {
    /// Keyed with the credential, and wiped when dropped like all the rest. It is cloned for each iteration,
    /// because keying it anew would double the work.
    mac: Hmac<Sha256>,
    last: Zeroizing<[u8; HASH_BYTES]>,
    sum: Zeroizing<[u8; HASH_BYTES]>,
    left: u32,
    salt: [u8; SALT_BYTES],
    iterations: u32,
    is_decoy: bool,
    mark: Zeroizing<[u8; HASH_BYTES]>,
}

impl Derivation {
    /// Does the first iteration.
    pub fn begin(recipe: Recipe) -> Derivation {
        let mac = keyed(&recipe.credential);
        let first: [u8; HASH_BYTES] =
            mac.clone().chain_update(recipe.salt).chain_update(BLOCK_NUMBER).finalize().into_bytes().into();
        Derivation {
            mac,
            last: Zeroizing::new(first),
            sum: Zeroizing::new(first),
            left: recipe.iterations - 1,
            salt: recipe.salt,
            iterations: recipe.iterations,
            is_decoy: recipe.is_decoy,
            mark: Zeroizing::new(mark(&recipe.salt, &recipe.credential)),
        }
    }

    /// Goes on by at most that many iterations. What comes of it is there once none is left.
    pub fn step(&mut self, iterations: u32) -> Option<Derived> {
        let now = iterations.min(self.left);
        for _ in 0..now {
            let mut mac = self.mac.clone();
            mac.update(self.last.as_slice());
            *self.last = mac.finalize().into_bytes().into();
            self.sum.iter_mut().zip(self.last.iter()).for_each(|(sum, byte)| *sum ^= byte);
        }
        self.left -= now;
        (self.left == 0).then(|| Derived {
            salt: self.salt,
            iterations: self.iterations,
            hash: self.sum.clone(),
            is_decoy: self.is_decoy,
            mark: self.mark.clone(),
        })
    }

    /// Whether this will come to what has come of another recipe, which was for a row.
    pub fn comes_to(&self, derived: &Derived) -> bool {
        let same = self.mark.as_slice().ct_eq(derived.mark.as_slice()) & self.salt.ct_eq(&derived.salt);
        bool::from(same) && self.iterations == derived.iterations && !self.is_decoy && !derived.is_decoy
    }
}

/// What came of a recipe.
#[derive(Clone)]
pub struct Derived {
    salt: [u8; SALT_BYTES],
    iterations: u32,
    hash: Zeroizing<[u8; HASH_BYTES]>,
    is_decoy: bool,
    mark: Zeroizing<[u8; HASH_BYTES]>,
}

impl Derived {
    /// What to store: `$pbkdf2-sha256$i=N$SALT$HASH`.
    pub fn phc(&self) -> String {
        let (salt, hash) = (BASE64.encode(self.salt), BASE64.encode(self.hash.as_slice()));
        format!("{PBKDF2_TAG}{}${salt}${hash}", self.iterations)
    }

    /// Whether a row was derived from the same credential, in a time that does not tell how much of the hash
    /// is right. A row that has got another salt or count since the recipe was made does not match.
    pub fn matches(&self, stored: &str) -> bool {
        let Stored::Pbkdf2 { iterations, salt, hash } = Stored::parse(stored) else {
            return false;
        };
        let same = self.hash.as_slice().ct_eq(&hash) & self.salt.ct_eq(&salt);
        bool::from(same) && self.iterations == iterations && !self.is_decoy
    }

    /// Whether this was derived under a row's salt and count, so that it can tell whether they match.
    pub fn is_under(&self, stored: &str) -> bool {
        match Stored::parse(stored) {
            Stored::Pbkdf2 { iterations, salt, .. } => iterations == self.iterations && salt == self.salt,
            _ => false,
        }
    }

    /// Whether this stands for no row, and has cost that much.
    pub fn is_decoy_of(&self, credential: &str, iterations: u32) -> bool {
        self.is_decoy && self.iterations == iterations && self.is_of(credential)
    }

    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Whether this was derived from that credential, without deriving it again. A request that waited for
    /// the derivation asks this, because the one that comes back need not be the one that went.
    pub fn is_of(&self, credential: &str) -> bool {
        mark(&self.salt, credential.as_bytes()).ct_eq(self.mark.as_slice()).into()
    }
}

/// A quick hash of the credential, which is kept in memory only, for as long as the slow one is.
fn mark(salt: &[u8], credential: &[u8]) -> [u8; HASH_BYTES] {
    keyed(salt).chain_update(credential).finalize().into_bytes().into()
}

impl fmt::Debug for Recipe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Recipe").field("iterations", &self.iterations).finish_non_exhaustive()
    }
}

impl fmt::Debug for Derivation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Derivation")
            .field("iterations", &self.iterations)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Derived {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Derived").field("iterations", &self.iterations).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn derive(recipe: Recipe, step: u32) -> Derived {
        let mut derivation = Derivation::begin(recipe);
        loop {
            if let Some(derived) = derivation.step(step) {
                return derived;
            }
        }
    }

    #[test]
    fn the_vectors_of_rfc_7914_hold() {
        // Their salts have lengths of their own, so the machine is set up by hand.
        for (credential, salt, iterations, expected) in [
            ("passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
            ("Password", "NaCl", 80_000, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"),
        ] {
            let mac = keyed(credential.as_bytes());
            let first = mac.clone().chain_update(salt).chain_update(BLOCK_NUMBER).finalize().into_bytes();
            let mut derivation = Derivation::begin(Recipe::decoy(credential, iterations));
            *derivation.last = first.into();
            *derivation.sum = first.into();
            let derived = std::iter::repeat_with(|| derivation.step(999)).flatten().next().unwrap();
            let hash: String = derived.hash.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hash, expected);
        }
    }

    #[test]
    fn what_was_stored_is_verified_by_its_own_credential_only() {
        let stored = derive(Recipe::new("hash_patient1", 1000).unwrap(), 300).phc();
        assert!(stored.starts_with("$pbkdf2-sha256$i=1000$"));
        assert!(!stored.contains("hash_patient1"));
        let of = |credential| derive(Recipe::for_stored(&stored, credential).unwrap(), 7);
        assert!(of("hash_patient1").matches(&stored));
        assert_eq!(of("hash_patient1").phc(), stored);
        assert!(!of("hash_patient2").matches(&stored));
        assert!(!of("").matches(&stored));
        assert_ne!(stored, derive(Recipe::new("hash_patient1", 1000).unwrap(), 300).phc(), "salts differ");
    }

    #[test]
    fn a_row_that_has_changed_since_does_not_match() {
        let derived = derive(Recipe::new("a", 2).unwrap(), 1);
        let stored = derived.phc();
        assert!(derived.matches(&stored));
        assert!(!derived.matches(&stored.replace("i=2$", "i=3$")));
        let salt = BASE64.encode(derived.salt);
        assert!(!derived.matches(&stored.replace(&salt, &BASE64.encode([7; SALT_BYTES]))));
        assert!(!derived.matches(&super::super::hash_salted_sha256("a").unwrap()));
        assert!(!derived.matches(""));
    }

    #[test]
    fn what_was_derived_knows_its_credential() {
        let derived = derive(Recipe::new("a", 2).unwrap(), 1);
        assert!(derived.is_of("a"));
        for other in ["", "b", "a\0", "aa"] {
            assert!(!derived.is_of(other), "{other:?}");
        }
        assert!(derive(Recipe::decoy("a", 2), 1).is_of("a"));
    }

    #[test]
    fn a_decoy_matches_not_even_itself() {
        let derived = derive(Recipe::decoy("a", 5), 2);
        let stored = derived.phc();
        assert!(!derived.matches(&stored));
        assert!(derive(Recipe::for_stored(&stored, "a").unwrap(), 2).matches(&stored), "it costs the same");
    }

    #[test]
    fn a_count_is_brought_into_its_range() {
        assert_eq!(Recipe::new("a", u32::MAX).unwrap().iterations, ITERATIONS_MAX);
        assert_eq!(derive(Recipe::decoy("a", 0), 1).phc(), derive(Recipe::decoy("a", 1), 1).phc());
        assert!(Derivation::begin(Recipe::decoy("a", 1)).step(0).is_some());
        let mut derivation = Derivation::begin(Recipe::decoy("a", 2));
        assert!(derivation.step(0).is_none());
        assert!(derivation.step(u32::MAX).is_some());
        assert!(derivation.step(1).is_some(), "what has come is there to be asked for again");
    }

    #[test]
    fn nothing_secret_is_in_debug() {
        let recipe = Recipe::new("hush", 3).unwrap();
        assert_eq!(format!("{recipe:?}"), "Recipe { iterations: 3, .. }");
        let mut derivation = Derivation::begin(recipe);
        assert_eq!(format!("{derivation:?}"), "Derivation { iterations: 3, left: 2, .. }");
        let derived = derivation.step(2).unwrap();
        assert_eq!(format!("{derived:?}"), "Derived { iterations: 3, .. }");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_steps_come_to_what_the_standard_crate_derives(
            credential in "(?s).{0,100}",
            salt in any::<[u8; SALT_BYTES]>(),
            iterations in prop_oneof![1..4_u32, 998..1003_u32, 1..3000_u32],
            step in prop_oneof![Just(1), Just(2), Just(999), Just(1000), Just(1001)],
        ) {
            let derived = derive(Recipe::with(&credential, salt, iterations), step);
            let mut expected = [0; HASH_BYTES];
            pbkdf2::pbkdf2_hmac::<Sha256>(credential.as_bytes(), &salt, iterations, &mut expected);
            prop_assert_eq!(&*derived.hash, &expected);
            prop_assert!(derived.matches(&derived.phc()));
            prop_assert!(derived.is_of(&credential));
            prop_assert_eq!(
                Stored::parse(&derived.phc()),
                Stored::Pbkdf2 { iterations, salt, hash: expected },
            );
        }
    }
}
