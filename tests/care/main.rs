//! What is done for patients beyond their appointments, over the dispatcher, without sockets.

#[path = "../booking/clinic.rs"]
#[allow(dead_code, reason = "the tests of booking use more of it")]
mod clinic;
mod encounters;
mod fhir;
mod hospital;
mod stays;
mod wards;
mod wards_walk;
