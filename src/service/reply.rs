//! Replies that are kept, so that a request that is sent again is not carried out again.
//!
//! It never knows what a reply says. Invariant: a reply is kept in the transaction of what it reports, for
//! `KEPT_MS`; one request id of one requester stands for one request.

use super::credential::keyed;
use super::time::Now;
use crate::store::statements::reply;
use crate::store::{Error, Transaction, params};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// How long a reply is kept.
pub const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// A request that may come again.
pub struct Request<'a> {
    /// Whose it is: a user, or an address.
    pub requester: &'a str,
    pub request_id: &'a str,
    pub method: &'a str,
    /// Its parameters, as they were sent.
    pub params: &'a str,
}

/// Under which parameters are hashed. Some hold a password, and whoever has only the database must not be able
/// to guess it as quickly as a plain hash can be made.
pub struct ReplyKey(Hmac<Sha256>);

impl ReplyKey {
    pub fn new(key: &[u8; 32]) -> ReplyKey {
        ReplyKey(keyed(key))
    }

    fn hash(&self, params: &str) -> String {
        hex::encode(self.0.clone().chain_update(params).finalize().into_bytes())
    }
}

/// What is known of a request id.
#[derive(Debug, PartialEq, Eq)]
pub enum Earlier {
    None,
    /// The reply to the same request.
    Same(String),
    /// It was used for another request.
    Other,
}

pub fn find(
    transaction: &Transaction<'_>,
    key: &ReplyKey,
    request: &Request<'_>,
    now: &Now,
) -> Result<Earlier, Error> {
    let oldest = now.unix_ms - KEPT_MS;
    let found =
        transaction.first(&reply::FIND, params![request.requester, request.request_id, oldest], |row| {
            let is_same = row.text(0)? == request.method && row.text(1)? == key.hash(request.params);
            Ok::<_, Error>(if is_same { Earlier::Same(row.string(2)?) } else { Earlier::Other })
        })?;
    Ok(found.unwrap_or(Earlier::None))
}

/// Keeps a reply, and drops a few that are too old to be asked for.
pub fn keep(
    transaction: &Transaction<'_>,
    key: &ReplyKey,
    request: &Request<'_>,
    text: &str,
    now: &Now,
) -> Result<(), Error> {
    transaction.execute(&reply::DROP_OLD, params![now.unix_ms - KEPT_MS])?;
    transaction.execute(
        &reply::KEEP,
        params![
            request.requester,
            request.request_id,
            request.method,
            key.hash(request.params),
            text,
            now.unix_ms
        ],
    )?;
    Ok(())
}
