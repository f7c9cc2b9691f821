//! Owns a timer that wakes the poll at a fraction of a millisecond, which the poll's own timeout cannot.
//!
//! It never knows what it wakes for. Invariant: setting it again forgets the time that was set before.

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

const SECOND_NS: u64 = 1_000_000_000;

pub(super) struct Timer {
    descriptor: OwnedFd,
}

impl Timer {
    pub(super) fn register(registry: &Registry, token: Token) -> io::Result<Timer> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let descriptor = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        registry.register(&mut SourceFd(&descriptor.as_raw_fd()), token, Interest::READABLE)?;
        Ok(Timer { descriptor })
    }

    /// Wakes the poll after `left_ns`. The event is edge-triggered, so that nothing has to be read.
    pub(super) fn set(&self, left_ns: u64) -> io::Result<()> {
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let value = Timespec {
            tv_sec: i64::try_from(left_ns / SECOND_NS).unwrap_or(i64::MAX),
            tv_nsec: i64::try_from(left_ns % SECOND_NS).unwrap_or(0),
        };
        let wanted = Itimerspec { it_interval: zero, it_value: value };
        timerfd_settime(&self.descriptor, TimerfdTimerFlags::empty(), &wanted)?;
        Ok(())
    }
}
