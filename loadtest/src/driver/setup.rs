//! Owns what goes before a run: descriptors, the poll, and the connections that are kept.
//!
//! It never sends a request that is counted. Invariant: a run starts with every kept connection made, or not at all.

use super::introduction::{BeforeError, log_in, rehearse};
use super::{
    Driver, EVENTS_PER_TURN, LOOK_INTERVAL_NS, REST_NS_MAX, RPC_REST_NS_MAX, SCRATCH_BYTES, TIMER, Timer,
    Traffic, Window,
};
use crate::arrivals::Arrivals;
use crate::connection::{Broken, Clock, Connection, Connector, State};
use crate::measure::{Recorder, RecorderError};
use crate::mix::MixError;
use crate::plan::{Plan, PlanError};
use crate::random::scramble;
use crate::workload::Workload;
use mio::{Events, Poll, Token};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Handshakes under way at one time; more than a listener's backlog would be dropped and tried again late.
const CONNECTING_MAX: usize = 64;
/// Descriptors that the process has beside its connections.
const DESCRIPTORS_BESIDE: u64 = 32;
const POLL_TIMEOUT: Duration = Duration::from_millis(100);

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Mix(#[from] MixError),
    #[error("{0}")]
    Before(#[from] BeforeError),
    #[error("{made} of {wanted} connections to {address} could be made: {reason}")]
    Connect { made: usize, wanted: usize, address: SocketAddr, reason: String },
    #[error(
        "{wanted} connections need more open files than the {allowed} that this process may have; raise `ulimit -n`"
    )]
    Descriptors { wanted: usize, allowed: u64 },
    #[error(transparent)]
    Memory(#[from] RecorderError),
    #[error("the system refused what an event loop needs: {0}")]
    System(#[from] io::Error),
}

impl<'a> Driver<'a> {
    /// Makes ready to run, with every kept connection made.
    pub(crate) fn new(plan: &'a Plan) -> Result<Driver<'a>, RunError> {
        plan.check()?;
        reserve_descriptors(plan.connections)?;
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let start_ns = nanoseconds(plan.warmup);
        let end_ns = start_ns + nanoseconds(plan.duration);
        let workload = Workload::new(&plan.mix, plan.population, plan.seed, salt(plan.seed))?;
        rehearse(plan, &workload)?;
        let introduction = plan.login().map(|login| log_in(plan, &login)).transpose()?;
        let rest_ns_max = if workload.is_all_rpc() { RPC_REST_NS_MAX } else { REST_NS_MAX };
        let recorder = Recorder::new(workload.operations().len(), end_ns - start_ns)?;
        let poll = Poll::new()?;
        let timer = Timer::register(poll.registry(), TIMER)?;
        let mut driver = Driver {
            plan,
            clock: Clock::start(),
            poll,
            events: Events::with_capacity(EVENTS_PER_TURN),
            timer,
            connector: Connector::new(plan.address, &plan.source_addresses),
            connections: (0..plan.connections).map(|_| Connection::new()).collect(),
            free: (0..plan.connections).collect(),
            resting: VecDeque::new(),
            arrivals: Arrivals::new(plan.mode, end_ns),
            traffic: Traffic { workload, recorder, window: Window { start_ns, end_ns }, waiting: 0 },
            introduction,
            rest_ns_max,
            next_look_ns: LOOK_INTERVAL_NS,
            waited_ns: 0,
            reconnects: 0,
            scratch: vec![0; SCRATCH_BYTES].into_boxed_slice(),
        };
        driver.connect()?;
        driver.introduce_all()?;
        driver.clock = Clock::start();
        Ok(driver)
    }

    /// Makes the connections that are kept, or one to see that the server is there.
    fn connect(&mut self) -> Result<(), RunError> {
        let wanted = if self.plan.fresh { 1 } else { self.plan.connections };
        let (mut begun, mut made) = (0, 0);
        let address = self.plan.address;
        let failed = |made, reason| RunError::Connect { made, wanted, address, reason };
        while made < wanted {
            while begun < wanted && begun - made < CONNECTING_MAX {
                let Some(connection) = self.connections.get_mut(begun) else { break };
                connection
                    .open(&mut self.connector, self.poll.registry(), Token(begun))
                    .map_err(|error| failed(made, explained(&error)))?;
                begun += 1;
            }
            self.poll.poll(&mut self.events, Some(POLL_TIMEOUT))?;
            for event in &self.events {
                let Some(connection) = self.connections.get_mut(event.token().0) else { continue };
                if connection.state == State::Connecting {
                    connection.settle().map_err(|broken| match broken {
                        Broken::Failed(error) => failed(made, explained(&error)),
                        Broken::Ended | Broken::Garbled => failed(made, "the server closed it".into()),
                    })?;
                    made += usize::from(connection.state == State::Open);
                }
            }
            if made < wanted && u128::from(self.clock.now_ns()) > self.plan.timeout.as_nanos() {
                return Err(failed(made, format!("no more answered within {:?}", self.plan.timeout)));
            }
        }
        for connection in &mut self.connections {
            connection.listed = true;
            if self.plan.fresh {
                connection.close();
            }
        }
        Ok(())
    }
}

/// An error of a socket in words that say what to do, where something can be done.
pub(super) fn explained(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "connection refused: does the server run, and on this port?".into()
        }
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse => {
            "no free port or no such source address: give --source-addresses 127.0.0.2-127.0.0.50".into()
        }
        io::ErrorKind::ConnectionReset => "the server reset the connection".into(),
        io::ErrorKind::TimedOut => "the connection timed out".into(),
        _ => error.to_string(),
    }
}

/// Lets the process have as many descriptors as the connections take, where the system permits it.
fn reserve_descriptors(connections: usize) -> Result<(), RunError> {
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(DESCRIPTORS_BESIDE);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let raised = maximum.map_or(needed, |maximum| maximum.min(needed));
    let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum });
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if allowed >= needed { Ok(()) } else { Err(RunError::Descriptors { wanted: connections, allowed }) }
}

/// Differs from run to run, since a place that was booked once is taken.
fn salt(seed: u64) -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    scramble(seed ^ u64::try_from(since.as_nanos()).unwrap_or(0))
}
