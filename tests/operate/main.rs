//! A server that runs, as its operator tends it: configuration read again.

#[path = "../common/mod.rs"]
mod common;
mod place;

mod reload;
