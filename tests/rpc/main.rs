//! JSON-RPC over the dispatcher, without sockets: who may do what, how sessions, passwords and delays go, what
//! a request that comes again gets, and what a reply may show.

mod care;
mod chat;
mod clinic;
mod envelope;
mod masking;
mod matrix;
mod old_dialect;
mod orders;
mod passwords;
mod places;
mod records;
mod reports;
mod retries;
mod sessions;
mod staff;
mod throttle;
mod ward;
