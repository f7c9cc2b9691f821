//! The load tool of medsrv: drives a server from one thread, and measures what a client would.
//!
//! The modules, from what an operator types to what is shown. A benchmark calls [`run`] with a [`Plan`].

// A measurement must not end because of what a server sends.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

/// What an operator types.
pub mod command;
/// What a run is to be.
pub mod plan;
/// Who exists.
pub mod population;
/// Which requests are sent.
pub mod mix;
/// As whom they are sent.
pub mod login;
/// A request with holes.
mod template;
/// When and for whom bookings are.
mod booking;
/// In which sessions places are booked, and for whom.
mod place;
/// The choice of the next request.
mod workload;
/// What a reply means.
mod reply;
/// When requests are due.
mod schedule;
/// Which requests want to be sent now.
mod arrivals;
/// One socket.
mod connection;
/// The run itself.
mod driver;
/// What is counted.
pub mod measure;
/// What a run is reported as.
pub mod report;
/// What a run must reach.
pub mod check;
/// Runs at rising rates.
pub mod sweep;
/// A report as text.
pub mod table;
/// A report as a page.
pub mod html;
/// Filling a database.
pub mod prepare;
/// Numbers as people read them.
pub mod units;
/// Pseudo-random numbers.
mod random;

pub use driver::RunError;
pub use login::Login;
pub use measure::{ErrorCounts, ErrorKind, Progress};
pub use mix::Mix;
pub use plan::{Mode, Plan};
pub use population::Population;
pub use report::Report;

/// Runs a plan to its end.
///
/// # Errors
/// Where the plan cannot be run or the server cannot be reached; what goes wrong later is in the report.
pub fn run(plan: &Plan) -> Result<Report, RunError> {
    run_observed(plan, &mut |_| {})
}

/// As [`run`], and calls `observe` once a second.
///
/// # Errors
/// As those of [`run`].
pub fn run_observed(plan: &Plan, observe: &mut dyn FnMut(&Progress)) -> Result<Report, RunError> {
    let started_at = chrono::Local::now().format("%Y-%m-%d %H:%M:%S %:z").to_string();
    let outcome = driver::Driver::new(plan)?.run(observe)?;
    Report::new(plan, started_at, outcome)
}
