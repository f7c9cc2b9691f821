//! How often a login may fail, per account and per address, and how often an address may register someone.
//!
//! It never knows whether a password was right; it is told. Invariants: the counts are in the database, so a
//! restart forgives nothing; a delay ends by itself; an account whose failures come from elsewhere can still be
//! used at the addresses where its owner has logged in before, so that nobody can lock them out.

use super::time::Now;
use crate::store::statements::login;
use crate::store::{Error, Transaction, params};
use std::net::{IpAddr, Ipv6Addr};

/// The first delay; each further failure doubles it.
const DELAY_MS: i64 = 1000;
/// The window in which failures and registrations of an address are counted.
const ADDRESS_WINDOW_MS: i64 = 60_000;
/// How long a place where someone has logged in is remembered.
const PLACE_KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;
/// A success is written down again once the last one is this old.
const SUCCESS_NOTED_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrottleRules {
    /// Failures that cost no delay.
    pub free: i64,
    pub window_ms: i64,
    pub delay_max_ms: i64,
    /// Failures, and registrations, of one address within a minute.
    pub per_address_max: i64,
}

/// The next attempt is looked at only after this long.
#[derive(Debug, PartialEq, Eq)]
pub struct TooMany {
    pub retry_after_ms: i64,
}

/// Under which names the attempts of one login are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subjects {
    account: String,
    place: String,
    /// None on this machine itself, where many share an address.
    address: Option<String>,
}

impl Subjects {
    pub fn of(username: &str, peer: IpAddr) -> Subjects {
        let network = network_of(peer);
        Subjects {
            account: format!("account:{username}"),
            place: format!("{}:{network}", places_of(username)),
            address: (!peer.is_loopback()).then(|| format!("address:{network}")),
        }
    }
}

/// What all places of a name begin with, a colon behind it, and those of no other: the length says where the
/// name ends.
fn places_of(username: &str) -> String {
    format!("place:{}:{username}", username.len())
}

/// What counts as one address: whoever has an IPv6 address has the 2^64 around it.
pub fn network_of(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V6(address) if !address.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK_BITS))
        }
        other => other,
    }
}

/// The first 64 of an IPv6 address, which name a network.
const NETWORK_BITS: u128 = (u64::MAX as u128) << 64;

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    failures: i64,
    window_began_at: i64,
    blocked_until: i64,
    succeeded_at: Option<i64>,
}

fn count(transaction: &Transaction<'_>, subject: &str) -> Result<Option<Count>, Error> {
    transaction.first(&login::FAILURES, params![subject], |row| {
        Ok(Count {
            failures: row.integer(0)?,
            window_began_at: row.integer(1)?,
            blocked_until: row.integer(2)?,
            succeeded_at: row.optional_integer(3)?,
        })
    })
}

/// The subject whose failures count for the account: the place, where it has been good before.
fn counted<'a>(
    transaction: &Transaction<'_>,
    subjects: &'a Subjects,
) -> Result<(&'a str, Option<Count>), Error> {
    match count(transaction, &subjects.place)? {
        Some(known) if known.succeeded_at.is_some() => Ok((&subjects.place, Some(known))),
        _ => Ok((&subjects.account, count(transaction, &subjects.account)?)),
    }
}

/// Whether an attempt may be looked at now.
pub fn check(
    transaction: &Transaction<'_>,
    subjects: &Subjects,
    rules: &ThrottleRules,
    now: &Now,
) -> Result<Result<(), TooMany>, Error> {
    let (_, of_account) = counted(transaction, subjects)?;
    let of_address = match &subjects.address {
        Some(address) => count(transaction, address)?,
        None => None,
    };
    let retry_after_ms =
        left(of_account, rules.delay_max_ms, now).max(left(of_address, ADDRESS_WINDOW_MS, now));
    Ok(if retry_after_ms > 0 { Err(TooMany { retry_after_ms }) } else { Ok(()) })
}

/// How much is left of a delay. One that is longer than any is meant to be comes of a clock that was set back,
/// and would last until the clock is where it was.
fn left(count: Option<Count>, max_ms: i64, now: &Now) -> i64 {
    let left_ms = count.map_or(0, |count| count.blocked_until - now.unix_ms);
    if left_ms > max_ms { 0 } else { left_ms }
}

/// Whether this is a place that is known and where nothing has failed since the last success, so that a
/// further one changes nothing.
pub fn is_untroubled(transaction: &Transaction<'_>, subjects: &Subjects, now: &Now) -> Result<bool, Error> {
    let of_place = count(transaction, &subjects.place)?;
    if !of_place.is_some_and(|count| count.succeeded_at.is_some() && count.failures == 0) {
        return Ok(false);
    }
    let Some(address) = &subjects.address else { return Ok(true) };
    Ok(left(count(transaction, address)?, ADDRESS_WINDOW_MS, now) <= 0)
}

/// Counts a failure. Returns whether it brings a delay.
pub fn failed(
    transaction: &Transaction<'_>,
    subjects: &Subjects,
    rules: &ThrottleRules,
    now: &Now,
) -> Result<bool, Error> {
    drop_old(transaction, rules, now)?;
    let (subject, known) = counted(transaction, subjects)?;
    let mut count = within(known.unwrap_or_default(), rules.window_ms, now);
    count.failures += 1;
    let over = count.failures - rules.free;
    if over > 0 {
        let doublings = u32::try_from(over - 1).unwrap_or(u32::MAX).min(30);
        count.blocked_until = now.unix_ms + (DELAY_MS << doublings).min(rules.delay_max_ms);
    }
    keep(transaction, subject, &count)?;
    let Some(address) = &subjects.address else { return Ok(over > 0) };
    let mut count = within(self::count(transaction, address)?.unwrap_or_default(), ADDRESS_WINDOW_MS, now);
    count.failures += 1;
    let is_address_delayed = count.failures >= rules.per_address_max;
    if is_address_delayed {
        count.blocked_until = count.window_began_at + ADDRESS_WINDOW_MS;
    }
    keep(transaction, address, &count)?;
    Ok(over > 0 || is_address_delayed)
}

/// Drops a few counts that mean nothing any longer: of what failed, once its window and the longest delay behind
/// it are over, so that guesses at many names do not fill the disk; of places after much longer.
fn drop_old(transaction: &Transaction<'_>, rules: &ThrottleRules, now: &Now) -> Result<(), Error> {
    let meant_ms = rules.window_ms.max(ADDRESS_WINDOW_MS) + rules.delay_max_ms;
    transaction.execute(&login::DROP_OLD, params![now.unix_ms - meant_ms])?;
    transaction.execute(&login::DROP_OLD_PLACES, params![now.unix_ms - PLACE_KEPT_MS])?;
    Ok(())
}

/// The count of an address's registrations; none on this machine itself.
fn registrations(peer: IpAddr) -> Option<String> {
    (!peer.is_loopback()).then(|| format!("registrations:{}", network_of(peer)))
}

/// Whether an address may register someone now.
pub fn check_registration(
    transaction: &Transaction<'_>,
    peer: IpAddr,
    rules: &ThrottleRules,
    now: &Now,
) -> Result<Result<(), TooMany>, Error> {
    let Some(subject) = registrations(peer) else { return Ok(Ok(())) };
    let count = within(count(transaction, &subject)?.unwrap_or_default(), ADDRESS_WINDOW_MS, now);
    if count.failures < rules.per_address_max {
        return Ok(Ok(()));
    }
    Ok(Err(TooMany { retry_after_ms: count.window_began_at + ADDRESS_WINDOW_MS - now.unix_ms }))
}

/// Counts a registration, or an attempt at one. Returns whether it is counted where it comes from.
pub fn registered(
    transaction: &Transaction<'_>,
    peer: IpAddr,
    rules: &ThrottleRules,
    now: &Now,
) -> Result<bool, Error> {
    let Some(subject) = registrations(peer) else { return Ok(false) };
    drop_old(transaction, rules, now)?;
    let known = count(transaction, &subject)?.unwrap_or_default();
    let mut count = within(known, ADDRESS_WINDOW_MS, now);
    count.failures += 1;
    keep(transaction, &subject, &count)?;
    Ok(true)
}

/// A count of which a window that has passed is forgotten. One that begins in the future is of a clock that
/// was set back.
fn within(count: Count, window_ms: i64, now: &Now) -> Count {
    let age_ms = now.unix_ms - count.window_began_at;
    if (0..window_ms).contains(&age_ms) {
        return count;
    }
    Count { failures: 0, window_began_at: now.unix_ms, blocked_until: 0, ..count }
}

/// Forgets the failures that a success makes good, and remembers the place.
pub fn succeeded(transaction: &Transaction<'_>, subjects: &Subjects, now: &Now) -> Result<(), Error> {
    let known = count(transaction, &subjects.place)?.unwrap_or_default();
    let is_noted = known.succeeded_at.is_some_and(|at| now.unix_ms - at < SUCCESS_NOTED_MS);
    if known.failures > 0 || !is_noted {
        let good =
            Count { succeeded_at: Some(now.unix_ms), window_began_at: now.unix_ms, ..Count::default() };
        keep(transaction, &subjects.place, &good)?;
    }
    if count(transaction, &subjects.account)?.is_some() {
        transaction.execute(&login::FORGET, params![subjects.account])?;
    }
    Ok(())
}

/// Forgets all failures of an account, wherever they came from.
pub fn unlock(transaction: &Transaction<'_>, username: &str) -> Result<(), Error> {
    transaction.execute(&login::FORGET, params![format!("account:{username}")])?;
    // A semicolon is the letter behind the colon, so the second is behind all that begins with the first.
    let name = places_of(username);
    transaction.execute(&login::FORGIVE_PLACES, params![format!("{name}:"), format!("{name};")])?;
    Ok(())
}

fn keep(transaction: &Transaction<'_>, subject: &str, count: &Count) -> Result<(), Error> {
    transaction.execute(
        &login::KEEP,
        params![subject, count.failures, count.window_began_at, count.blocked_until, count.succeeded_at],
    )?;
    Ok(())
}
