//! JSON to typed requests, and outcomes back to JSON.
//!
//! It never knows a socket or SQL, and holds no rule of the clinic. Invariant: what a peer sent becomes a
//! typed value or a refusal here, and nowhere below.

pub mod legacy;
mod object;
mod reply;

pub use object::{Object, Unreadable};
pub use reply::Reply;
