//! What is done for patients beyond their appointments, over the dispatcher, without sockets.

#[path = "../booking/clinic.rs"]
#[allow(dead_code, reason = "the tests of booking use more of it")]
mod clinic;
#[path = "../common/mod.rs"]
mod common;
mod encounters;
mod report_forms;
mod reports;
