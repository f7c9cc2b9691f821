//! One connection's part of a turn: requests out of its inbox, replies and pushes into its output.
//!
//! It never knows the poll or another connection. Invariants: replies stand in the order of their requests; a
//! push stands behind the replies of its turn, which are durable by then, so it is never taken back.

use super::connection::{Connection, Held};
use super::counters::{CloseReason, Counters};
use super::frame;
use super::handler::{Arrival, Door, Handler, Place, Refusal, Verdict};
use super::{Limits, TURN_BUSY_MAX};
use crate::session::Session;
use log::info;
use std::time::Instant;

/// Answers the whole requests that have arrived, up to a budget and to the first that has to wait. Returns
/// whether that one waits to be alone.
pub(super) fn dispatch<H: Handler>(
    connection: &mut Connection,
    limits: &Limits,
    counters: &mut Counters,
    handler: &mut H,
    place: Place,
    requests_max: usize,
    now: Instant,
) -> bool {
    let mut taken = 0;
    let is_framed = connection.door != Door::Metrics;
    for _ in 0..requests_max {
        if connection.is_paused() || now.elapsed() > TURN_BUSY_MAX {
            break;
        }
        let position = connection.inbox.position();
        let Connection { inbox, output, session, turn_start, door, received_at, .. } = connection;
        let request = match inbox.next(&limits.frame) {
            Ok(Some(request)) => request,
            Ok(None) => break,
            Err(error) => {
                connection.note_progress(taken, limits, now);
                refuse(connection, counters, handler, Refusal::Frame(error), now);
                return false;
            }
        };
        turn_start.get_or_insert(output.len());
        let arrival = Arrival { door: *door, place, since: *received_at, counters };
        let start = if is_framed { frame::begin_reply(output) } else { output.len() };
        let verdict = handler.request(session, request, arrival, output);
        if *door == Door::Clients && frame::reply_bytes(output, start) > limits.output_max_bytes {
            frame::restart_reply(output, start);
            handler.refuse(session, Refusal::ReplyTooLarge, output);
        }
        if is_framed {
            frame::end_reply(output, start);
        }
        match verdict {
            Verdict::Keep => connection.linger = None,
            Verdict::Attach => connection.attaches = true,
            Verdict::Linger(linger) => connection.linger = Some(linger),
            Verdict::Close => {
                connection.note_progress(taken + 1, limits, now);
                let reason = if is_framed { CloseReason::Refused } else { CloseReason::Answered };
                connection.end(now, reason);
                return false;
            }
            Verdict::Later => connection.held = Held::UntilAlone,
            Verdict::Wait => connection.held = Held::UntilWoken,
        }
        if connection.held != Held::No {
            connection.inbox.rewind(position);
            break;
        }
        taken += 1;
    }
    connection.note_progress(taken, limits, now);
    connection.held == Held::UntilAlone
}

/// Tells a peer why it is turned away, and lets nothing more of it in.
pub(super) fn refuse<H: Handler>(
    connection: &mut Connection,
    counters: &mut Counters,
    handler: &mut H,
    refusal: Refusal,
    now: Instant,
) {
    counters.refuse(refusal);
    let start = frame::begin_reply(&mut connection.output);
    let Connection { session, output, door, .. } = connection;
    // The handler words what clients are told; whoever administers sees it in the log.
    if *door == Door::Clients {
        handler.refuse(session, refusal, output);
    }
    frame::end_reply(&mut connection.output, start);
    connection.refusal_start = Some(start);
    connection.end(now, CloseReason::Refused);
    let Session { id, address } = connection.session;
    info!("connection {id} from {address} refused: {refusal}");
}

/// After a lost turn: puts what the handler says now in the place of each reply of that turn. The loop's own
/// refusal reports nothing that could be lost, and stays.
pub(super) fn retract<H: Handler>(connection: &mut Connection, handler: &mut H) {
    let Connection { output, session, turn_start, refusal_start, door, .. } = connection;
    let Some(turn_start) = *turn_start else { return };
    // What is said of the process itself was not lost.
    if *door != Door::Clients {
        return;
    }
    let refusal = output.split_off(refusal_start.unwrap_or(output.len()).min(output.len()));
    let withdrawn = output.split_off(turn_start.min(output.len()));
    let mut rest = withdrawn.as_slice();
    while let Ok(Some((data, frame_bytes))) = frame::decode_reply(rest, usize::MAX) {
        let start = frame::begin_reply(output);
        handler.retract(session, data, output);
        frame::end_reply(output, start);
        rest = rest.get(frame_bytes..).unwrap_or_default();
    }
    output.extend_from_slice(&refusal);
}

/// Appends what the handler sends besides the replies. A peer that has left more than `unsent_max` bytes unread
/// is given what is there and no more, so that nobody else's doings make its output grow.
pub(super) fn push(connection: &mut Connection, data: &[u8], unsent_max: usize, now: Instant) {
    let unsent = connection.unsent_bytes();
    if unsent > unsent_max {
        connection.end(now, CloseReason::SlowReader);
        let Session { id, address } = connection.session;
        return info!("connection {id} from {address} reads too slowly: {unsent} bytes are waiting for it");
    }
    let start = frame::begin_reply(&mut connection.output);
    connection.output.extend_from_slice(data);
    frame::end_reply(&mut connection.output, start);
    connection.note_push(now);
}
