//! The chain: how an entry's hash is made of the one before it and of its columns.
//!
//! It never knows what the columns mean. Invariant: no two rows have one form, for each value is written with
//! its type and its length; and without the key nobody can make the hash of a row.

use crate::store::Value;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

pub const KEY_BYTES: usize = 32;
pub const HASH_BYTES: usize = 32;
pub(super) const HEX_BYTES: usize = 2 * HASH_BYTES;
/// HMAC-SHA256 takes a key as one block, filled up with zeros.
const BLOCK_BYTES: usize = 64;

/// What the trail is chained with. It is kept outside of the database, so that whoever owns only that cannot
/// write a trail of their own.
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl Key {
    pub fn new(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Key {
        Key(bytes)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

/// The hash under one key, with the work that the key alone asks for already done.
#[derive(Clone)]
pub(super) struct Chain(Hmac<Sha256>);

impl Chain {
    pub(super) fn new(key: &Key) -> Chain {
        let mut block = Zeroizing::new([0; BLOCK_BYTES]);
        for (place, byte) in block.iter_mut().zip(key.0.iter()) {
            *place = *byte;
        }
        Chain(Hmac::new((&*block).into()))
    }

    /// No row is as short as a purpose, so no row's hash is such a key.
    pub(super) fn derive_key(&self, purpose: &str) -> Zeroizing<[u8; HASH_BYTES]> {
        Zeroizing::new(self.0.clone().chain_update(purpose).finalize().into_bytes().into())
    }

    /// The hash of a row that follows on the one with the hash `previous`.
    pub(super) fn hash<'a>(
        &self,
        previous: &[u8; HASH_BYTES],
        columns: impl Iterator<Item = Value<'a>>,
    ) -> [u8; HASH_BYTES] {
        let mut mac = self.0.clone();
        mac.update(previous);
        for column in columns {
            match column {
                Value::Null => mac.update(b"n"),
                Value::Integer(number) => update_tagged(&mut mac, b'i', number.to_be_bytes()),
                Value::Real(number) => update_tagged(&mut mac, b'r', number.to_bits().to_be_bytes()),
                Value::Text(text) => {
                    update_tagged(&mut mac, b't', (text.len() as u64).to_be_bytes());
                    mac.update(text.as_bytes());
                }
            }
        }
        mac.finalize().into_bytes().into()
    }
}

fn update_tagged(mac: &mut Hmac<Sha256>, tag: u8, [a, b, c, d, e, f, g, h]: [u8; 8]) {
    mac.update(&[tag, a, b, c, d, e, f, g, h]);
}

/// A hash as the table has it.
pub(super) fn hex_text<'a>(hash: &[u8; HASH_BYTES], text: &'a mut [u8; HEX_BYTES]) -> &'a str {
    // The lengths fit, and digits are text.
    let _ = hex::encode_to_slice(hash, text);
    std::str::from_utf8(text).unwrap_or_default()
}

pub(super) fn parse_hex(text: &str) -> Option<[u8; HASH_BYTES]> {
    let mut hash = [0; HASH_BYTES];
    hex::decode_to_slice(text, &mut hash).ok().map(|()| hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::new([7; KEY_BYTES].into())
    }

    #[test]
    fn the_hash_is_hmac_of_a_form_that_is_written_down() {
        let columns = [Value::Integer(1), Value::Null, Value::Text("ab")];
        let made = Chain::new(&key()).hash(&[0; HASH_BYTES], columns.into_iter());
        let mut mac = Hmac::<Sha256>::new_from_slice(&[7; KEY_BYTES]).unwrap();
        mac.update(&[0; HASH_BYTES]);
        mac.update(b"i\0\0\0\0\0\0\0\x01nt\0\0\0\0\0\0\0\x02ab");
        let expected: [u8; HASH_BYTES] = mac.finalize().into_bytes().into();
        assert_eq!(made, expected);
    }

    #[test]
    fn rows_that_read_alike_are_told_apart() {
        let rows: &[&[Value<'_>]] = &[
            &[],
            &[Value::Null],
            &[Value::Null, Value::Null],
            &[Value::Text("")],
            &[Value::Text(""), Value::Text("")],
            &[Value::Text("n")],
            &[Value::Text("1")],
            &[Value::Integer(1)],
            &[Value::Real(1.0)],
            &[Value::Integer(0)],
            &[Value::Text("ab"), Value::Text("c")],
            &[Value::Text("a"), Value::Text("bc")],
            &[Value::Text("abc"), Value::Text("")],
            &[Value::Text("t\0\0\0\0\0\0\0\0")],
        ];
        let chain = Chain::new(&key());
        let mut hashes: Vec<_> =
            rows.iter().map(|row| chain.hash(&[0; HASH_BYTES], row.iter().copied())).collect();
        hashes.push(chain.hash(&[1; HASH_BYTES], rows[1].iter().copied()));
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }

    #[test]
    fn a_key_is_never_shown() {
        assert_eq!(format!("{:?}", key()), "Key(…)");
    }
}
