//! Sockets, frames, timers and signals: the event loop and what it turns round.
//!
//! It never knows JSON, SQL or the clinic; what a request means is its `Handler`'s business, and it is
//! tested with a handler that sends the data back. Every queue, buffer and loop in here has a named limit.

mod admission;
mod connection;
mod counters;
mod entrance;
mod exchange;
mod frame;
mod handler;
mod head;
mod reactor;
mod signals;
mod stream;
mod timer;

pub use counters::{CloseReason, Counters, Rejection};
pub use frame::{FrameError, FrameLimits, Request, decode_reply, encode_request};
pub use handler::{Arrival, Background, CommitOutcome, Door, End, Handler, Place, Refusal, Turn, Verdict};
pub use reactor::Reactor;

use std::time::Duration;

/// Bytes read from one connection in one turn, and the size of the buffer that all reads share.
pub const READ_PER_TURN_BYTES: usize = 64 * 1024;
/// Bytes written to one connection in one turn.
pub const WRITE_PER_TURN_BYTES: usize = 64 * 1024;
/// Requests of one connection that are dispatched in one turn.
pub const REQUESTS_PER_TURN: usize = 32;
/// How long a turn goes on taking requests; one that is begun is finished.
pub const TURN_BUSY_MAX: Duration = Duration::from_millis(20);
/// Connections accepted in one turn.
pub const ACCEPTS_PER_TURN: usize = 32;
/// Events taken from the kernel in one turn.
pub const EVENTS_PER_TURN: usize = 1024;
/// A connection with this much unsent output is not read until some of it has left.
pub const OUTPUT_PAUSE_BYTES: usize = 1024 * 1024;
/// Connections over the limit that are kept just long enough to tell them so.
pub const REFUSALS_HELD_MAX: usize = 64;
/// Connections through each of the doors that are not the clients'. Clients never take these places.
pub const ASIDE_MAX: usize = 8;
/// The longest head of a request for the metrics.
pub const HEAD_MAX_BYTES: usize = 4 * 1024;
/// An empty buffer with more room than this gives it back, so that an idle connection costs little.
pub const BUFFER_KEPT_BYTES: usize = 4 * 1024;
/// How long a refused connection may take to read why.
pub const ENDING: Duration = Duration::from_secs(1);
/// How long nothing must come before work that nobody waits for is begun.
pub const IDLE_AFTER: Duration = Duration::from_millis(5);
/// How long accepting rests when the process is out of descriptors.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(500);
/// How often the log says that accepting rests.
pub const ACCEPT_WARNING_INTERVAL: Duration = Duration::from_secs(10);
/// How long requests already read and replies not yet sent may take once the server has been asked to end.
pub const DRAIN: Duration = Duration::from_secs(10);
/// How long those who were let in just before the listeners went to another process have for their first request.
pub const NEWCOMERS: Duration = Duration::from_millis(50);

const _: () = assert!(BUFFER_KEPT_BYTES < READ_PER_TURN_BYTES);
const _: () = assert!(OUTPUT_PAUSE_BYTES > WRITE_PER_TURN_BYTES);

/// What the loop allows; the operator's part of the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections served at one time.
    pub connections_max: usize,
    /// Connections from one address; loopback is exempt.
    pub connections_per_address_max: usize,
    /// Name and data length of a request.
    pub frame: FrameLimits,
    /// The longest reply, in bytes.
    pub output_max_bytes: usize,
    /// Unsent output up to which progress renews the write deadline, in bytes; with more than that waiting,
    /// the deadline stands, and a connection that is pushed to is closed.
    pub output_soft_max_bytes: usize,
    /// All connections' buffers together, in bytes.
    pub buffered_max_bytes: usize,
    /// From accept to the first byte.
    pub silent: Duration,
    /// From the first byte of a request to its last.
    pub frame_deadline: Duration,
    /// From one request to the next.
    pub idle: Duration,
    /// Without progress in sending.
    pub write: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 10_000,
            connections_per_address_max: 64,
            frame: FrameLimits { name_max_bytes: 1024, data_max_bytes: 1024 * 1024 },
            output_max_bytes: 8 * 1024 * 1024,
            output_soft_max_bytes: 2 * 1024 * 1024,
            buffered_max_bytes: 512 * 1024 * 1024,
            silent: Duration::from_secs(10),
            frame_deadline: Duration::from_secs(15),
            idle: Duration::from_secs(300),
            write: Duration::from_secs(30),
        }
    }
}
