//! A server that runs, as its operator tends it: configuration read again, and what is said by the admin socket.

#[path = "../common/mod.rs"]
mod common;
mod place;

mod admin;
mod reload;
