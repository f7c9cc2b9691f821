//! `queue.*`, and the appointments that are made at the desk: who has come, who is called, who is seen.
//!
//! It never knows in which order they are called. Invariants: a refusal says what its caller needs to go on;
//! whoever is not of the staff gets to know no more of others than a board before a door shows.

mod board;
mod enter;
mod step;

pub use board::{Board, ListQueue, QueueBoard, QueueStatus};
pub use enter::{AddOn, CheckIn, FollowUp, WalkIn};
pub use step::{CallNext, Finish, Leave, Recall, Return, SetPriority, Skip, Start, UndoCall};

use super::Subject;
use super::field::Id;
use super::problem::{Code, Problem, Refusal};
use super::schedule::subject as subject_of_session;
use crate::service::encounter;
use crate::service::queue::{self, State};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// A ticket. Moments are in milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Ticket {
    pub ticket_id: i64,
    pub session_id: i64,
    /// What is called out.
    pub number: i64,
    pub appointment_id: i64,
    pub patient_id: i64,
    pub patient_name: String,
    /// waiting, called, serving, done, skipped or left.
    pub state: &'static str,
    /// 0; 1 for the old and for soldiers; 2 for an emergency.
    pub priority: i64,
    /// booked, `walk_in` or followup.
    pub band: &'static str,
    pub is_late: bool,
    /// Where it is called or seen.
    pub room: Option<String>,
    pub calls: i64,
    pub skips: i64,
    pub checked_in_ms: i64,
    pub called_ms: Option<i64>,
    pub started_ms: Option<i64>,
    pub finished_ms: Option<i64>,
}

impl From<queue::Ticket> for Ticket {
    fn from(ticket: queue::Ticket) -> Ticket {
        Ticket {
            ticket_id: ticket.ticket_id,
            session_id: ticket.session_id,
            number: ticket.number,
            appointment_id: ticket.appointment_id,
            patient_id: ticket.patient_id,
            patient_name: ticket.patient_name,
            state: ticket.state.word(),
            priority: ticket.priority,
            band: ticket.band.word(),
            is_late: ticket.is_late,
            room: ticket.room,
            calls: ticket.calls,
            skips: ticket.skips,
            checked_in_ms: ticket.checked_in_ms,
            called_ms: ticket.called_ms,
            started_ms: ticket.started_ms,
            finished_ms: ticket.finished_ms,
        }
    }
}

/// A ticket whose patient is seen, or has been, and the visit that belongs to it.
#[derive(Serialize, JsonSchema)]
pub struct Seen {
    #[serde(flatten)]
    pub ticket: Ticket,
    /// What is written, prescribed and ordered now belongs to it.
    pub encounter_id: Option<i64>,
    /// planned, in_progress, finished or cancelled.
    pub encounter_state: Option<&'static str>,
}

impl Seen {
    fn of(ticket: queue::Ticket, transaction: &Transaction<'_>) -> Result<Seen, Problem> {
        let found = encounter::by_appointment(transaction, ticket.appointment_id)?;
        Ok(Seen {
            ticket: ticket.into(),
            encounter_id: found.as_ref().map(|found| found.encounter_id),
            encounter_state: found.map(|found| found.state.word()),
        })
    }
}

fn subject_of_ticket(transaction: &Transaction<'_>, Id(id): Id) -> Result<Subject, Problem> {
    let found = queue::by_id(transaction, id)?.ok_or_else(|| Problem::not_found("ticket"))?;
    let queue::Ticket { appointment_id, patient_id, doctor_id, .. } = found;
    Ok(Subject::Care { entity: "appointment", entity_id: appointment_id, patient_id, doctor_id })
}

/// What is taken back in which way.
const NO_UNDO: &str = "this takes back a call, a start or a finish of your own, within minutes and once; a leaving is \
    taken back by appointment.undo, and who was skipped comes back by queue.return";

/// A refusal of the queue in this dialect's words.
impl From<queue::Refusal> for Problem {
    fn from(refusal: queue::Refusal) -> Problem {
        use queue::Refusal as Of;
        match refusal {
            Of::Booking(refusal) => return refusal.into(),
            Of::UnknownTicket => return Problem::not_found("ticket"),
            Of::NotToday { day } => Refusal::of(Code::NotToday).with("day", day),
            Of::TooEarly { opens_at } => Refusal::of(Code::TooEarly).with("opens_at", opens_at),
            Of::TooLate { until } => Refusal::of(Code::TooLate).with("until", until),
            Of::BadTransition { from, to } => {
                let allowed = from.next().iter().map(|state| state.word());
                Refusal::cannot_become("a ticket", (from.word(), to.word()), allowed)
            }
            Of::RoomBusy { ticket_id, number, state } => {
                Refusal::of(Code::RoomBusy).with("ticket", occupant(ticket_id, number, state))
            }
            Of::QueueEmpty => Refusal::of(Code::QueueEmpty),
            Of::NotClockedIn => Refusal::of(Code::NotClockedIn),
            Of::CallsRemaining { remaining } => {
                Refusal::of(Code::CallsRemaining).with("remaining", remaining)
            }
            Of::NotCompleted { state } => Refusal::of(Code::NotCompleted).with("state", state.word()),
            Of::Followed { appointment_id } => {
                Refusal::new(Code::Conflict, "the patient has come again after this visit; it stays finished")
                    .with("appointment_id", appointment_id)
            }
            Of::NothingToUndo => Refusal::new(Code::NothingToUndo, NO_UNDO),
        }
        .into()
    }
}

fn occupant(ticket_id: i64, number: i64, state: State) -> Value {
    json!({"ticket_id": ticket_id, "number": number, "state": state.word()})
}
