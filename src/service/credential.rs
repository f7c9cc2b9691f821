//! Credentials at rest: the forms in which they are stored, and the quick one of them.
//!
//! It never knows whose credential it is. What a client sends, often a hash already, is the credential.
//! Invariant: the tag names the algorithm, and what bears no known tag, or is not written exactly as it would
//! be here, verifies nothing.

mod derivation;
mod remembered;

pub use derivation::{Derivation, Derived, Recipe};
pub use remembered::Remembered;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const PBKDF2_TAG: &str = "$pbkdf2-sha256$i=";
const SALTED_SHA256_TAG: &str = "$sha256$";
pub const SALT_BYTES: usize = 16;
pub const HASH_BYTES: usize = 32;

/// A row that asks for more costs nobody's time: it verifies nothing.
pub const ITERATIONS_MAX: u32 = 10_000_000;

const BLOCK_BYTES: usize = 64;

/// What a row holds, by its form. It is not to be compared but in tests, since `==` tells how much is right.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq, Eq))]
pub enum Stored {
    /// `$pbkdf2-sha256$i=N$SALT$HASH`, both in unpadded base64: HASH is PBKDF2-HMAC-SHA256 of N iterations.
    Pbkdf2 { iterations: u32, salt: [u8; SALT_BYTES], hash: [u8; HASH_BYTES] },
    /// `$sha256$SALT$HASH`, both in unpadded base64: HASH is SHA-256 over the salt's bytes and then the
    /// credential's. It is made where there are too many credentials, or too little time, for the other.
    SaltedSha256 { salt: Vec<u8>, hash: [u8; HASH_BYTES] },
    /// Neither, which verifies nothing.
    Unknown,
}

impl Stored {
    pub fn parse(text: &str) -> Stored {
        if let Some(rest) = text.strip_prefix(PBKDF2_TAG) {
            parse_pbkdf2(rest)
        } else if let Some(rest) = text.strip_prefix(SALTED_SHA256_TAG) {
            parse_salted_sha256(rest)
        } else {
            None
        }
        .unwrap_or(Stored::Unknown)
    }
}

/// A hash is what a guess is tried against, so it stays out of every log.
impl fmt::Debug for Stored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stored::Pbkdf2 { iterations, .. } => {
                formatter.debug_struct("Pbkdf2").field("iterations", iterations).finish_non_exhaustive()
            }
            Stored::SaltedSha256 { .. } => formatter.debug_struct("SaltedSha256").finish_non_exhaustive(),
            Stored::Unknown => formatter.write_str("Unknown"),
        }
    }
}

fn parse_pbkdf2(text: &str) -> Option<Stored> {
    let (count, rest) = text.split_once('$')?;
    let (salt, hash) = rest.split_once('$')?;
    // A count has one spelling only: no sign, no zero before it.
    let iterations: u32 =
        count.parse().ok().filter(|_| count.starts_with(|first| matches!(first, '1'..='9')))?;
    if iterations > ITERATIONS_MAX {
        return None;
    }
    let salt = BASE64.decode(salt).ok()?.try_into().ok()?;
    let hash = BASE64.decode(hash).ok()?.try_into().ok()?;
    Some(Stored::Pbkdf2 { iterations, salt, hash })
}

fn parse_salted_sha256(text: &str) -> Option<Stored> {
    let (salt, hash) = text.split_once('$')?;
    let hash = BASE64.decode(hash).ok()?.try_into().ok()?;
    Some(Stored::SaltedSha256 { salt: BASE64.decode(salt).ok()?, hash })
}

/// Whether a stored form is weaker than PBKDF2 of that many iterations.
pub fn needs_upgrade(stored: &str, iterations: u32) -> bool {
    !matches!(Stored::parse(stored), Stored::Pbkdf2 { iterations: kept, .. } if kept >= iterations)
}

/// The quick form of a credential, `$sha256$SALT$HASH`.
///
/// # Errors
/// Where the system has no random bytes to give.
pub fn hash_salted_sha256(credential: &str) -> Result<String, String> {
    let salt = random::<SALT_BYTES>()?;
    let hash = salted_sha256(&salt, credential);
    Ok(format!("{SALTED_SHA256_TAG}{}${}", BASE64.encode(salt), BASE64.encode(hash)))
}

/// Whether `credential` is the one that was stored in the quick form, in a time that does not tell how much of
/// it is right.
pub fn verify_salted_sha256(stored: &str, credential: &str) -> bool {
    match Stored::parse(stored) {
        Stored::SaltedSha256 { salt, hash } => salted_sha256(&salt, credential).ct_eq(&hash).into(),
        Stored::Pbkdf2 { .. } | Stored::Unknown => false,
    }
}

fn salted_sha256(salt: &[u8], credential: &str) -> [u8; HASH_BYTES] {
    let mut sha = Sha256::new();
    sha.update(salt);
    sha.update(credential.as_bytes());
    sha.finalize().into()
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| format!("no random bytes from the system: {error}"))?;
    Ok(bytes)
}

/// HMAC-SHA256 under a key of any length. The key is brought to the length of a block here, as RFC 2104 has
/// it, because only a key of that length cannot be refused.
pub(super) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; BLOCK_BYTES]);
    let fill = |block: &mut [u8], bytes: &[u8]| {
        block.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    };
    if key.len() <= BLOCK_BYTES {
        fill(block.as_mut_slice(), key);
    } else {
        fill(block.as_mut_slice(), &Sha256::digest(key));
    }
    Hmac::new((&*block).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hmac::Mac;
    use proptest::prelude::*;

    #[test]
    fn a_credential_is_verified_against_its_own_hash_only() {
        let stored = hash_salted_sha256("hash_patient1").unwrap();
        assert!(stored.starts_with("$sha256$"));
        assert!(!stored.contains("hash_patient1"));
        assert!(verify_salted_sha256(&stored, "hash_patient1"));
        assert!(!verify_salted_sha256(&stored, "hash_patient2"));
        assert!(!verify_salted_sha256(&stored, &stored));
        assert_ne!(stored, hash_salted_sha256("hash_patient1").unwrap(), "each has a salt of its own");
    }

    #[test]
    fn what_was_not_stored_by_us_is_unknown_and_verifies_nothing() {
        let (salt, hash) = ("A".repeat(22), "A".repeat(43));
        let mut texts: Vec<String> =
            ["", "plain", "$sha256$", "$sha256$a$", "$sha256$!!$!!", "$other$AAAA$AAAA", "$pbkdf2-sha256$"]
                .map(str::to_owned)
                .to_vec();
        for count in ["", "0", "01", "+1", "-1", "1 ", "1,l=32", "10000001", "4294967296", "one"] {
            texts.push(format!("$pbkdf2-sha256$i={count}${salt}${hash}"));
        }
        for (salt, hash) in [("", &*hash), (&*salt, ""), ("AAAA", &*hash), (&*salt, "AAAA")] {
            texts.push(format!("$pbkdf2-sha256$i=1${salt}${hash}"));
        }
        for odd in [format!("{salt}==${hash}"), format!("{salt}${hash}="), format!("{salt}${hash}$")] {
            texts.push(format!("$pbkdf2-sha256$i=1${odd}"));
        }
        // The bits past a salt's last byte are zero in its one spelling.
        texts.push(format!("$pbkdf2-sha256$i=1${}B${hash}", "A".repeat(21)));
        texts.push(format!(" $pbkdf2-sha256$i=1${salt}${hash}"));
        for stored in texts {
            assert_eq!(Stored::parse(&stored), Stored::Unknown, "{stored}");
            assert!(Recipe::for_stored(&stored, "").is_none(), "{stored}");
            assert!(!verify_salted_sha256(&stored, ""), "{stored}");
            assert!(!verify_salted_sha256(&stored, &stored), "{stored}");
            assert!(needs_upgrade(&stored, 1), "{stored}");
        }
        for count in [1, ITERATIONS_MAX] {
            let stored = format!("$pbkdf2-sha256$i={count}${salt}${hash}");
            assert!(
                matches!(Stored::parse(&stored), Stored::Pbkdf2 { iterations, .. } if iterations == count)
            );
            assert!(!verify_salted_sha256(&stored, ""));
        }
    }

    #[test]
    fn all_but_enough_iterations_of_the_slow_form_needs_an_upgrade() {
        let slow = format!("$pbkdf2-sha256$i=1000${}${}", "A".repeat(22), "A".repeat(43));
        assert!(!needs_upgrade(&slow, 999));
        assert!(!needs_upgrade(&slow, 1000));
        assert!(needs_upgrade(&slow, 1001));
        assert!(needs_upgrade(&hash_salted_sha256("x").unwrap(), 1));
    }

    #[test]
    fn what_is_stored_stays_out_of_debug() {
        let slow = format!("$pbkdf2-sha256$i=1000${}${}", "A".repeat(22), "A".repeat(43));
        assert_eq!(format!("{:?}", Stored::parse(&slow)), "Pbkdf2 { iterations: 1000, .. }");
        let quick = hash_salted_sha256("x").unwrap();
        assert_eq!(format!("{:?}", Stored::parse(&quick)), "SaltedSha256 { .. }");
        assert_eq!(format!("{:?}", Stored::parse("a-plaintext")), "Unknown");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(?s).{0,200}") {
            Stored::parse(&text);
        }

        #[test]
        fn no_mixture_of_pieces_makes_the_parser_panic(pieces in proptest::collection::vec(prop_oneof![
            Just("$".to_owned()), Just("$sha256$".to_owned()), Just("$pbkdf2-sha256$i=".to_owned()),
            "[0-9+-]{1,12}", "[A-Za-z0-9+/]{22}", "[A-Za-z0-9+/=]{43}", "医生",
        ], 0..8)) {
            Stored::parse(&pieces.concat());
        }

        #[test]
        fn a_key_of_any_length_gives_the_standard_hmac(
            key in proptest::collection::vec(any::<u8>(), 0..200), text in ".{0,100}",
        ) {
            let expected = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(&text);
            prop_assert_eq!(
                keyed(&key).chain_update(&text).finalize().into_bytes(),
                expected.finalize().into_bytes(),
            );
        }
    }
}
