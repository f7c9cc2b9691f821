//! Owns what a run is to be: the target, the load, how long, and the limits of each.
//!
//! It never runs anything. Invariant: a plan that `check` accepts can be run.

use crate::booking::{PER_DOCTOR_DAY, SECONDS_A_DAY};
use crate::login::Login;
use crate::mix::{Mix, MixError};
use crate::population::Population;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

pub const CONNECTIONS_MAX: usize = 60_000;
pub const PIPELINE_MAX: usize = 1024;
pub const RATE_MAX: u64 = 10_000_000;
pub const DURATION_MAX: Duration = Duration::from_secs(24 * 3600);
/// Requests that are due and wait in the tool for a connection; one more is not sent.
pub const QUEUE_MAX: usize = 65_536;

/// When requests are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The next request once a reply is there: as fast as the server answers.
    Closed,
    /// At fixed times, whatever the server does.
    Open {
        /// Requests a second, over all connections.
        rate: u64,
    },
}

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub address: SocketAddr,
    /// Connections at one time.
    pub connections: usize,
    /// Requests that one kept connection may have unanswered.
    pub pipeline: usize,
    pub mode: Mode,
    /// A connection for each request, its making counted in the latency.
    pub fresh: bool,
    /// What is measured.
    pub duration: Duration,
    /// What goes before, and is not.
    pub warmup: Duration,
    /// How long a reply, or a connection, may take.
    pub timeout: Duration,
    pub mix: Mix,
    pub population: Population,
    /// Determines which requests are sent and whom they are about; bookings take new places in each run.
    pub seed: u64,
    /// As whom each connection is logged in; without one, as the mix needs it.
    pub login: Option<Login>,
    /// Addresses of this machine from which to connect in turn; none leaves the choice to the system.
    pub source_addresses: Vec<IpAddr>,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 55_000)),
            connections: 50,
            pipeline: 1,
            mode: Mode::Closed,
            fresh: false,
            duration: Duration::from_secs(10),
            warmup: Duration::from_secs(2),
            timeout: Duration::from_secs(10),
            mix: Mix::Query,
            population: Population::Demo,
            seed: 1,
            login: None,
            source_addresses: Vec::new(),
        }
    }
}

/// Why a plan cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("{what} is {found}, but must be {wanted}")]
    OutOfRange { what: &'static str, found: String, wanted: String },
    #[error("a fresh connection carries one request, so --fresh and a pipeline of {0} do not go together")]
    FreshPipeline(usize),
    #[error(
        "{doctors} doctors can be booked more often in a day than {patients} patients have time: prepare more patients"
    )]
    TooFewPatients { patients: u64, doctors: u64 },
    #[error("the source address {address} is of another family than the target {target}")]
    SourceFamily { address: IpAddr, target: SocketAddr },
    #[error(
        "the mix books places in sessions, and {population} has none: --prepare a file with sessions=10000, and give them in --population"
    )]
    NoSessions { population: Population },
    #[error(transparent)]
    Mix(#[from] MixError),
}

impl Plan {
    /// Whether it can be run.
    pub fn check(&self) -> Result<(), PlanError> {
        let range = |what, found: usize, max: usize| {
            if (1..=max).contains(&found) {
                return Ok(());
            }
            let wanted = format!("between 1 and {max}");
            Err(PlanError::OutOfRange { what, found: found.to_string(), wanted })
        };
        range("the number of connections", self.connections, CONNECTIONS_MAX)?;
        range("the pipeline", self.pipeline, PIPELINE_MAX)?;
        if self.fresh && self.pipeline > 1 {
            return Err(PlanError::FreshPipeline(self.pipeline));
        }
        if let Mode::Open { rate } = self.mode
            && !(1..=RATE_MAX).contains(&rate)
        {
            let wanted = format!("between 1 and {RATE_MAX} requests a second");
            return Err(PlanError::OutOfRange { what: "the rate", found: rate.to_string(), wanted });
        }
        for (what, time, least) in [
            ("the duration", self.duration, Duration::from_millis(1)),
            ("the warm-up", self.warmup, Duration::ZERO),
            ("the timeout", self.timeout, Duration::from_millis(1)),
        ] {
            if time < least || time > DURATION_MAX {
                let wanted = format!("between {least:?} and {DURATION_MAX:?}");
                return Err(PlanError::OutOfRange { what, found: format!("{time:?}"), wanted });
            }
        }
        let (patients, doctors) = (self.population.patients(), self.population.doctors());
        if doctors * PER_DOCTOR_DAY / SECONDS_A_DAY >= patients {
            return Err(PlanError::TooFewPatients { patients, doctors });
        }
        let target = self.address;
        if let Some(address) = self.source_addresses.iter().find(|one| one.is_ipv4() != target.is_ipv4()) {
            return Err(PlanError::SourceFamily { address: *address, target });
        }
        let operations = self.mix.operations()?;
        let population = self.population;
        if population.sessions() == 0 && operations.iter().any(|one| one.template.has_session()) {
            return Err(PlanError::NoSessions { population });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_run_is_told() {
        assert!(Plan::default().check().is_ok());
        let plan = Plan::default;
        for (plan, told) in [
            (Plan { connections: 0, ..plan() }, "the number of connections is 0"),
            (Plan { pipeline: 5000, ..plan() }, "the pipeline is 5000"),
            (Plan { pipeline: 2, fresh: true, ..plan() }, "a fresh connection"),
            (Plan { mode: Mode::Open { rate: 0 }, ..plan() }, "the rate is 0"),
            (Plan { duration: Duration::ZERO, ..plan() }, "the duration is 0ns"),
            (Plan { population: Population::prepared(2, 10_000), ..plan() }, "10000 doctors"),
            (Plan { mix: Mix::RpcBook, ..plan() }, "the mix books places in sessions, and demo has none"),
            (Plan { source_addresses: vec!["::1".parse().unwrap()], ..plan() }, "the source address ::1"),
        ] {
            let error = plan.check().unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
    }
}
