//! The process's file descriptors.
//!
//! It never knows what they are used for. Invariant: enough are left over for the database, the log and a
//! copy, however many connections come.

use log::warn;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that connections never get: the poll, the listener, signals, the log, the database and its
/// WAL, and some to spare.
const SPARE: u64 = 48;

/// Raises the limit as far as `connections` and `extra` ask for, within what the system lets this process
/// have. Returns how many connections fit.
pub fn reserve(connections: usize, extra: usize) -> usize {
    let wanted = connections as u64 + extra as u64 + SPARE;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // None stands for no limit.
    if current.is_none_or(|current| current >= wanted) {
        return connections;
    }
    let granted = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    if setrlimit(Resource::Nofile, Rlimit { current: Some(granted), maximum }).is_err() {
        warn!("the limit of open files cannot be raised");
    }
    let granted = getrlimit(Resource::Nofile).current.unwrap_or(wanted);
    if granted >= wanted {
        return connections;
    }
    let fitting = usize::try_from(granted.saturating_sub(extra as u64 + SPARE)).unwrap_or(connections).max(1);
    warn!(
        "{connections} connections need {wanted} open files, but this process may have {granted}: \
         serving {fitting} at most; raise the limit (ulimit -n, LimitNOFILE=) or lower limits.connections_max"
    );
    fitting
}
