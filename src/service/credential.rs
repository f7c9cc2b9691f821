//! Credentials at rest.
//!
//! It never knows whose credential it is. What a client sends, often a hash already, is the credential; what
//! is stored is `$sha256$SALT$HASH`, where HASH is SHA-256 over the salt's bytes and then the credential's,
//! both in unpadded base64. Invariant: the tag names the algorithm, so that a stronger one can take over.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const TAG: &str = "$sha256$";
const SALT_BYTES: usize = 16;

/// What to store for a credential.
///
/// # Errors
/// Where the system has no random bytes to give.
pub fn hash(credential: &str) -> Result<String, String> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|error| format!("no random bytes from the system: {error}"))?;
    Ok(format!("{TAG}{}${}", BASE64.encode(salt), BASE64.encode(digest(&salt, credential))))
}

/// Whether `credential` is the one that was stored, in a time that does not tell how much of it is right.
pub fn verify(stored: &str, credential: &str) -> bool {
    let Some((salt, hash)) = stored.strip_prefix(TAG).and_then(|rest| rest.split_once('$')) else {
        return false;
    };
    match (BASE64.decode(salt), BASE64.decode(hash)) {
        (Ok(salt), Ok(hash)) => digest(&salt, credential).as_slice().ct_eq(&hash).into(),
        _ => false,
    }
}

fn digest(salt: &[u8], credential: &str) -> [u8; 32] {
    let mut sha = Sha256::new();
    sha.update(salt);
    sha.update(credential.as_bytes());
    sha.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_verified_against_its_own_hash_only() {
        let stored = hash("hash_patient1").unwrap();
        assert!(stored.starts_with("$sha256$"));
        assert!(!stored.contains("hash_patient1"));
        assert!(verify(&stored, "hash_patient1"));
        assert!(!verify(&stored, "hash_patient2"));
        assert!(!verify(&stored, &stored));
        assert_ne!(stored, hash("hash_patient1").unwrap(), "each has a salt of its own");
    }

    #[test]
    fn what_was_not_stored_by_us_verifies_nothing() {
        for stored in ["", "plain", "$sha256$", "$sha256$a$", "$sha256$!!$!!", "$other$AAAA$AAAA"] {
            assert!(!verify(stored, ""), "{stored}");
            assert!(!verify(stored, stored), "{stored}");
        }
    }
}
