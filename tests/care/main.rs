//! What is done for patients beyond their appointments, over the dispatcher, without sockets.

#[path = "../booking/clinic.rs"]
mod clinic;
mod attendance;
mod encounters;
mod fhir;
mod findings;
mod records;
mod timeline;
mod visits;
mod orders;
mod pharmacy;
mod prescriptions;
mod prescriptions_checked;
mod hospital;
mod stays;
mod wards;
mod wards_walk;
mod leave;
mod messages;
mod messages_model;
#[path = "../common/mod.rs"]
mod common;
mod report_forms;
mod reports;
