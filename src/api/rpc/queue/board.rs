//! Looking at a queue: before the door, at the desk, and from the chair where one waits.
//!
//! It never changes a ticket. Invariant: what anyone may see has numbers and masked names, and nothing else of
//! a patient.

use super::super::appointment;
use super::super::field::{Id, Limit, Line, Reason};
use super::super::mask::ShortName;
use super::super::problem::{Code, Problem};
use super::super::{Call, Kind, Method, Said, Whom, cut};
use super::{Ticket, subject_of_session};
use crate::service::{clinic_session, queue};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct QueueBoard;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoardParams {
    /// One of `session_id` and room is given.
    #[serde(default)]
    pub session_id: Option<Id>,
    #[serde(default)]
    pub room: Option<Line<64>>,
}

/// What anyone may see of a ticket.
#[derive(Serialize, JsonSchema)]
pub struct ShownTicket {
    pub session_id: i64,
    pub number: i64,
    pub name: ShortName,
}

impl From<queue::Ticket> for ShownTicket {
    fn from(ticket: queue::Ticket) -> ShownTicket {
        ShownTicket {
            session_id: ticket.session_id,
            number: ticket.number,
            name: ShortName::new(&ticket.patient_name),
        }
    }
}

/// A room that calls or sees someone.
#[derive(Serialize, JsonSchema)]
pub struct ShownRoom {
    pub room: String,
    pub serving: Option<ShownTicket>,
    pub called: Option<ShownTicket>,
}

/// What hangs in a waiting room.
#[derive(Serialize, JsonSchema)]
pub struct Board {
    pub rooms: Vec<ShownRoom>,
    /// Who is called next, in that order, unless others come who go first.
    pub next: Vec<ShownTicket>,
    /// How many wait.
    pub waiting: usize,
}

impl From<queue::Board> for Board {
    fn from(board: queue::Board) -> Board {
        let room = |door: queue::Door| ShownRoom {
            room: door.room,
            serving: door.serving.map(Into::into),
            called: door.called.map(Into::into),
        };
        Board {
            rooms: board.doors.into_iter().map(room).collect(),
            next: board.next.into_iter().map(Into::into).collect(),
            waiting: board.waiting,
        }
    }
}

impl Method for QueueBoard {
    const NAME: &'static str = "queue.board";
    const SUMMARY: &'static str =
        "Shows whom a session or a room calls and sees, who is next, and how many wait.";
    const KIND: Kind = Kind::Read;
    const ERRORS: &'static [Code] = &[Code::NotFound];
    type Params = BoardParams;
    type Outcome = Board;

    fn run(
        params: BoardParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Board, Problem> {
        let rules = &call.rules.queue;
        let board = match (params.session_id, params.room) {
            (Some(Id(session_id)), None) => {
                if clinic_session::by_id(transaction, session_id)?.is_none() {
                    return Err(Problem::not_found("session"));
                }
                queue::board_of_session(transaction, session_id, queue::NEXT_SHOWN, rules)?
            }
            (None, Some(room)) => {
                queue::board_of_room(transaction, &room, queue::NEXT_SHOWN, rules, call.now)?
            }
            _ => return Err(Problem::invalid("session_id", "give one of `session_id` and `room`")),
        };
        Ok(board.into())
    }
}

pub struct ListQueue;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListQueueParams {
    pub session_id: Id,
    /// Leaves out those who are done or have left.
    #[serde(default)]
    pub live_only: bool,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct TicketList {
    pub items: Vec<Ticket>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ListQueue {
    const NAME: &'static str = "queue.list";
    const SUMMARY: &'static str = "Lists a session's tickets in the order of their numbers.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject_of_session(transaction, params.session_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = ListQueueParams;
    type Outcome = TicketList;

    fn run(
        params: ListQueueParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<TicketList, Problem> {
        let (after, limit) = (params.cursor.map_or(0, |Id(id)| id), i64::from(params.limit.0));
        let mut items = Vec::new();
        queue::list(transaction, params.session_id.0, params.live_only, after, limit + 1, |ticket| {
            items.push(Ticket::from(ticket));
        })?;
        let next_cursor = cut(&mut items, params.limit, |item| item.number);
        Ok(TicketList { items, next_cursor })
    }
}

pub struct QueueStatus;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueStatusParams {
    pub appointment_id: Id,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// Where a patient stands.
#[derive(Serialize, JsonSchema)]
pub struct Standing {
    pub ticket: Ticket,
    /// How many come before them, those included who are called; null for who does not wait.
    pub ahead: Option<i64>,
    /// In how many minutes it is about their turn; null for who does not wait.
    pub wait_min: Option<i64>,
}

impl Method for QueueStatus {
    const NAME: &'static str = "queue.status";
    const SUMMARY: &'static str =
        "Tells where the patient of an appointment stands in the queue, and how long it will take about.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> =
        |params, _, transaction| appointment::subject(transaction, params.appointment_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = QueueStatusParams;
    type Outcome = Standing;

    fn run(
        params: QueueStatusParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Standing, Problem> {
        let found = queue::standing(transaction, params.appointment_id.0, &call.rules.queue)?
            .ok_or_else(|| Problem::not_found("ticket"))?;
        Ok(Standing { ticket: found.ticket.into(), ahead: found.ahead, wait_min: found.wait_min })
    }
}
