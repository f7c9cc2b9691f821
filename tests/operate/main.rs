//! A server that runs, as its operator tends it: configuration read again, what is said by the admin socket,
//! how it is, and what it has counted.

#[path = "../common/mod.rs"]
mod common;
mod place;

mod admin;
mod backup;
mod full;
mod metrics;
mod reload;
mod restart;
mod schedule;
mod slow;
mod status;
mod supervisor;
