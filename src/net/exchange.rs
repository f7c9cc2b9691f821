//! One connection's part of a turn: requests out of its inbox, replies into its output.
//!
//! It never knows the poll or another connection. Invariant: replies stand in the order of their requests.

use super::connection::Connection;
use super::frame;
use super::handler::{Handler, Place, Refusal, Verdict};
use super::{Limits, TURN_BUSY_MAX};
use crate::session::Session;
use log::info;
use std::time::Instant;

/// Answers the whole requests that have arrived, up to a budget. Returns whether the next one waits to be
/// alone.
pub(super) fn dispatch<H: Handler>(
    connection: &mut Connection,
    limits: &Limits,
    handler: &mut H,
    place: Place,
    requests_max: usize,
    now: Instant,
) -> bool {
    let mut taken = 0;
    for _ in 0..requests_max {
        if connection.is_paused() || now.elapsed() > TURN_BUSY_MAX {
            break;
        }
        let position = connection.inbox.position();
        let Connection { inbox, output, session, turn_start, .. } = connection;
        let request = match inbox.next(&limits.frame) {
            Ok(Some(request)) => request,
            Ok(None) => break,
            Err(error) => {
                connection.note_progress(taken, limits, now);
                refuse(connection, handler, Refusal::Frame(error), now);
                return false;
            }
        };
        turn_start.get_or_insert(output.len());
        let start = frame::begin_reply(output);
        let verdict = handler.request(session, request, place, output);
        if frame::reply_bytes(output, start) > limits.output_max_bytes {
            frame::restart_reply(output, start);
            handler.refuse(Refusal::ReplyTooLarge, output);
        }
        frame::end_reply(output, start);
        match verdict {
            Verdict::Keep => connection.linger = None,
            Verdict::Linger(linger) => connection.linger = Some(linger),
            Verdict::Close => {
                connection.note_progress(taken + 1, limits, now);
                connection.end(now);
                return false;
            }
            Verdict::Later => {
                connection.inbox.rewind(position);
                connection.deferred = true;
                break;
            }
        }
        taken += 1;
    }
    connection.note_progress(taken, limits, now);
    connection.deferred
}

/// Tells a peer why it is turned away, and lets nothing more of it in.
pub(super) fn refuse<H: Handler>(
    connection: &mut Connection,
    handler: &mut H,
    refusal: Refusal,
    now: Instant,
) {
    append_refusal(connection, handler, refusal);
    connection.refusal = Some(refusal);
    connection.end(now);
    let Session { id, address } = connection.session;
    info!("connection {id} from {address} refused: {refusal}");
}

pub(super) fn append_refusal<H: Handler>(connection: &mut Connection, handler: &mut H, refusal: Refusal) {
    let start = frame::begin_reply(&mut connection.output);
    handler.refuse(refusal, &mut connection.output);
    frame::end_reply(&mut connection.output, start);
}
