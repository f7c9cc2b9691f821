//! Tickets as they are read, and what hangs before a door.
//!
//! It never changes one. Invariant: what is shown before a door is made of numbers and names only; what of a
//! name is shown is decided where replies are written.

use super::order::{self, Waiting};
use super::{Band, QueueRules, State};
use crate::service::time::Now;
use crate::store::statements::queue;
use crate::store::{Error, Row, Transaction, Value, params};
use std::collections::VecDeque;

/// A ticket. Moments are in milliseconds since 1970, UTC.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    pub ticket_id: i64,
    pub session_id: i64,
    pub number: i64,
    pub appointment_id: i64,
    pub patient_id: i64,
    pub patient_name: String,
    /// Whose session it is.
    pub doctor_id: i64,
    pub state: State,
    /// 0, 1 for the old and for soldiers, 2 for an emergency.
    pub priority: i64,
    pub band: Band,
    pub(super) place: f64,
    pub is_late: bool,
    pub room: Option<String>,
    pub calls: i64,
    pub skips: i64,
    pub checked_in_ms: i64,
    pub called_ms: Option<i64>,
    pub started_ms: Option<i64>,
    pub finished_ms: Option<i64>,
    pub(super) changed_by: Option<i64>,
    pub(super) changed_ms: i64,
}

impl Ticket {
    fn from_row(row: &Row<'_>) -> Result<Ticket, Error> {
        Ok(Ticket {
            ticket_id: row.integer(0)?,
            session_id: row.integer(1)?,
            number: row.integer(2)?,
            appointment_id: row.integer(3)?,
            patient_id: row.integer(4)?,
            patient_name: row.string(5)?,
            doctor_id: row.integer(6)?,
            state: State::parse(row.text(7)?)?,
            priority: row.integer(8)?,
            band: Band::parse(row.text(9)?)?,
            place: match row.value(10)? {
                Value::Real(place) => place,
                _ => return Err(Error::Other("a ticket's place is not a number".into())),
            },
            is_late: row.value(11)?.is_true(),
            room: row.optional_string(12)?,
            calls: row.integer(13)?,
            skips: row.integer(14)?,
            checked_in_ms: row.integer(15)?,
            called_ms: row.optional_integer(16)?,
            started_ms: row.optional_integer(17)?,
            finished_ms: row.optional_integer(18)?,
            changed_by: row.optional_integer(19)?,
            changed_ms: row.integer(20)?,
        })
    }
}

impl Waiting for Ticket {
    fn priority(&self) -> i64 {
        self.priority
    }

    fn band(&self) -> Band {
        self.band
    }
}

pub fn by_id(transaction: &Transaction<'_>, ticket_id: i64) -> Result<Option<Ticket>, Error> {
    transaction.first(&queue::BY_ID, params![ticket_id], Ticket::from_row)
}

pub fn by_appointment(transaction: &Transaction<'_>, appointment_id: i64) -> Result<Option<Ticket>, Error> {
    transaction.first(&queue::BY_APPOINTMENT, params![appointment_id], Ticket::from_row)
}

/// Hands a session's tickets to `sink` in the order of their numbers; `after` is the last number of the page
/// before, 0 for the first page. With `is_live` only those that are not over.
pub fn list(
    transaction: &Transaction<'_>,
    session_id: i64,
    is_live: bool,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(Ticket),
) -> Result<(), Error> {
    transaction.each(&queue::PAGE, params![session_id, after, is_live, limit], |row| {
        sink(Ticket::from_row(row)?);
        Ok(())
    })
}

/// Whom a room calls or sees.
pub(super) fn in_room(transaction: &Transaction<'_>, room: &str) -> Result<Vec<Ticket>, Error> {
    transaction.all(&queue::IN_ROOM, params![room], Ticket::from_row)
}

/// Whom a session calls or sees.
pub(super) fn before_doors(transaction: &Transaction<'_>, session_id: i64) -> Result<Vec<Ticket>, Error> {
    transaction.all(&queue::SHOWN, params![session_id], Ticket::from_row)
}

/// Those who wait for a session by their places, whatever their priority and their row.
pub(super) fn by_place(transaction: &Transaction<'_>, session_id: i64) -> Result<Vec<Ticket>, Error> {
    transaction.all(&queue::WAITING, params![session_id], Ticket::from_row)
}

/// Where else a patient is called or seen today.
pub(super) fn in_hands(
    transaction: &Transaction<'_>,
    ticket: &Ticket,
    now: &Now,
) -> Result<Option<i64>, Error> {
    transaction.first(&queue::IN_HANDS, params![ticket.patient_id, ticket.ticket_id, now.day()], |row| {
        row.integer(0)
    })
}

/// With which appointment a patient stands in the queue of a session.
pub(in crate::service) fn live_in_session(
    transaction: &Transaction<'_>,
    patient_id: i64,
    session_id: i64,
) -> Result<Option<i64>, Error> {
    transaction.first(&queue::LIVE_IN_SESSION, params![patient_id, session_id], |row| row.integer(0))
}

/// Those who wait for a session in the order in which they are called if nobody else comes.
pub(super) fn in_order(
    transaction: &Transaction<'_>,
    session_id: i64,
    rules: &QueueRules,
) -> Result<Vec<Ticket>, Error> {
    let waiting = by_place(transaction, session_id)?;
    Ok(order::in_order(waiting, booked_in_a_row(transaction, session_id)?, rules.booked_per_walk_in))
}

fn booked_in_a_row(transaction: &Transaction<'_>, session_id: i64) -> Result<i64, Error> {
    let found = transaction.first(&queue::BOOKED_IN_A_ROW, params![session_id], |row| row.integer(0))?;
    Ok(found.unwrap_or(0))
}

/// Who is called next: the first who is not called or seen elsewhere. Whoever is does not keep the others of
/// their row from its turn.
pub(super) fn next(
    transaction: &Transaction<'_>,
    session_id: i64,
    rules: &QueueRules,
    now: &Now,
) -> Result<Option<Ticket>, Error> {
    let in_a_row = booked_in_a_row(transaction, session_id)?;
    let mut waiting = VecDeque::from(by_place(transaction, session_id)?);
    loop {
        waiting = order::in_order(waiting.into(), in_a_row, rules.booked_per_walk_in).into();
        match waiting.pop_front() {
            None => return Ok(None),
            Some(first) if in_hands(transaction, &first, now)?.is_none() => return Ok(Some(first)),
            Some(_) => {}
        }
    }
}

/// What a room shows before its door.
#[derive(Debug, Clone, PartialEq)]
pub struct Door {
    pub room: String,
    pub serving: Option<Ticket>,
    pub called: Option<Ticket>,
}

/// What hangs in a waiting room.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Board {
    pub doors: Vec<Door>,
    /// The first of those who wait, in their order.
    pub next: Vec<Ticket>,
    pub waiting: usize,
}

fn doors(tickets: Vec<Ticket>) -> Vec<Door> {
    let mut doors: Vec<Door> = Vec::new();
    for ticket in tickets {
        let room = ticket.room.clone().unwrap_or_default();
        if doors.last().is_none_or(|door| door.room != room) {
            doors.push(Door { room, serving: None, called: None });
        }
        if let Some(door) = doors.last_mut() {
            match ticket.state {
                State::Serving => door.serving = Some(ticket),
                _ => door.called = Some(ticket),
            }
        }
    }
    doors
}

fn add_waiting(
    board: &mut Board,
    transaction: &Transaction<'_>,
    session_id: i64,
    next_max: usize,
    rules: &QueueRules,
) -> Result<(), Error> {
    let waiting = in_order(transaction, session_id, rules)?;
    board.waiting += waiting.len();
    let free = next_max.saturating_sub(board.next.len());
    board.next.extend(waiting.into_iter().take(free));
    Ok(())
}

/// The board of a session, with all the rooms that it has patients in.
pub fn board_of_session(
    transaction: &Transaction<'_>,
    session_id: i64,
    next_max: usize,
    rules: &QueueRules,
) -> Result<Board, Error> {
    let mut board = Board { doors: doors(before_doors(transaction, session_id)?), ..Board::default() };
    add_waiting(&mut board, transaction, session_id, next_max, rules)?;
    Ok(board)
}

/// The board of a room: whom it calls and sees, and who waits for the sessions that are held in it today.
pub fn board_of_room(
    transaction: &Transaction<'_>,
    room: &str,
    next_max: usize,
    rules: &QueueRules,
    now: &Now,
) -> Result<Board, Error> {
    let mut board = Board { doors: doors(in_room(transaction, room)?), ..Board::default() };
    let sessions =
        transaction.all(&queue::SESSIONS_OF_ROOM, params![now.day(), room], |row| row.integer(0))?;
    for session_id in sessions {
        add_waiting(&mut board, transaction, session_id, next_max, rules)?;
    }
    Ok(board)
}
