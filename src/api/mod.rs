//! JSON to typed requests, and outcomes back to JSON: one directory a dialect, and one for FHIR.
//!
//! It never knows a socket or SQL, and holds no rule of the clinic. Invariant: what a peer sent becomes a
//! typed value or a refusal here, and nowhere below.

pub mod fhir;
pub mod legacy;
pub mod rpc;
