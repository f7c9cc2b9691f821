//! Steps of a ticket, one method each.
//!
//! It never knows where a ticket may go. Invariant: each gives the ticket as it is afterwards.

use super::super::appointment::change;
use super::super::field::{Id, Line, Reason, RequestId};
use super::super::problem::{Code, Problem};
use super::super::step::step;
use super::super::{Call, Kind, Method, Said, Whom};
use super::{Seen, Ticket, subject_of_session, subject_of_ticket as subject};
use crate::service::access::Role;
use crate::service::audit::Action;
use crate::service::{clinic_session, queue};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Deserialize;

const PRIORITY_MAX: i64 = 2;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketParams {
    pub ticket_id: Id,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkipParams {
    pub ticket_id: Id,
    /// Does not wait for further calls.
    #[serde(default)]
    pub now: bool,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorityParams {
    pub ticket_id: Id,
    /// 0; 1 for the old and for soldiers; 2 for an emergency.
    #[schemars(range(min = 0, max = 2))]
    pub priority: i64,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

/// What any step may refuse with.
const ERRORS: &[Code] = &[Code::NotFound, Code::BadTransition, Code::ReasonRequired, Code::RequestIdReused];

step!(
    Recall(TicketParams: ticket_id) -> Ticket
        because |params| params.reason.as_deref(),
    "queue.recall",
    "Calls a ticket once more that was called.",
    ERRORS,
    |params, call, transaction| {
        Ok(queue::recall(&mut change(call, transaction), params.ticket_id.0)?.into())
    }
);

step!(
    Skip(SkipParams: ticket_id) -> Ticket
        because |params| params.reason.as_deref(),
    "queue.skip",
    "Passes over a ticket that was called; after so many times it has left.",
    &[Code::NotFound, Code::BadTransition, Code::CallsRemaining, Code::ReasonRequired, Code::RequestIdReused],
    |params, call, transaction| {
        let rules = &call.rules.queue;
        Ok(queue::skip(&mut change(call, transaction), rules, params.ticket_id.0, params.now)?.into())
    }
);

step!(
    Return(TicketParams: ticket_id) -> Ticket
        because |params| params.reason.as_deref(),
    "queue.return",
    "Lets a ticket that was passed over wait again, behind the next few.",
    &[
        Code::NotFound,
        Code::BadTransition,
        Code::SessionStopped,
        Code::SessionClosed,
        Code::ReasonRequired,
        Code::RequestIdReused
    ],
    |params, call, transaction| {
        let rules = &call.rules.queue;
        Ok(queue::come_back(&mut change(call, transaction), rules, params.ticket_id.0)?.into())
    }
);

step!(
    Start(TicketParams: ticket_id) -> Seen
        because |params| params.reason.as_deref(),
    "queue.start",
    "Says that the patient who was called is seen now; their visit begins.",
    &[
        Code::NotFound,
        Code::BadTransition,
        Code::RoomBusy,
        Code::PatientBusy,
        Code::ReasonRequired,
        Code::RequestIdReused
    ],
    |params, call, transaction| {
        let ticket = queue::start(&mut change(call, transaction), params.ticket_id.0)?;
        Seen::of(ticket, transaction)
    }
);

step!(
    Finish(TicketParams: ticket_id) -> Seen
        because |params| params.reason.as_deref(),
    "queue.finish",
    "Says that the patient has been seen; their visit ends where nothing stands against it.",
    ERRORS,
    |params, call, transaction| {
        let ticket = queue::finish(&mut change(call, transaction), params.ticket_id.0)?;
        Seen::of(ticket, transaction)
    }
);

step!(
    Leave(TicketParams: ticket_id) -> Ticket
        because |params| params.reason.as_deref(),
    "queue.leave",
    "Takes a patient who was not seen out of the queue, and cancels the appointment.",
    ERRORS,
    |params, call, transaction| {
        let by = call.actor()?.role.into();
        Ok(queue::leave(&mut change(call, transaction), params.ticket_id.0, by)?.into())
    }
);

step!(
    SetPriority(PriorityParams: ticket_id) -> Ticket
        because |params| params.reason.as_deref(),
    "queue.set_priority",
    "Lets a ticket come before others, or no longer.",
    ERRORS,
    |params, call, transaction| {
        if !(0..=PRIORITY_MAX).contains(&params.priority) {
            return Err(Problem::invalid(
                "priority",
                format!("must be a whole number from 0 to {PRIORITY_MAX}"),
            ));
        }
        Ok(queue::set_priority(&mut change(call, transaction), params.ticket_id.0, params.priority)?.into())
    }
);

step!(
    UndoCall(TicketParams: ticket_id) -> Ticket
        because |params| params.reason.as_deref(),
    "queue.undo",
    "Takes back a call, a start or a finish that was a mistake, within minutes, by whoever made it.",
    &[
        Code::NotFound,
        Code::NothingToUndo,
        Code::Conflict,
        Code::RoomBusy,
        Code::PatientBusy,
        Code::SessionStopped,
        Code::SessionClosed,
        Code::ReasonRequired,
        Code::RequestIdReused
    ],
    |params, call, transaction| {
        let may_all = call.actor()?.role == Role::Admin;
        Ok(queue::undo(&mut change(call, transaction), params.ticket_id.0, may_all)?.into())
    }
);

pub struct CallNext;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallNextParams {
    pub session_id: Id,
    /// Into which room, if it is not the session's own.
    #[serde(default)]
    pub room: Option<Line<64>>,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for CallNext {
    const NAME: &'static str = "queue.call_next";
    const SUMMARY: &'static str = "Calls whoever is next in a session's queue into a room.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[
        Code::NotFound,
        Code::QueueEmpty,
        Code::NotClockedIn,
        Code::RoomBusy,
        Code::SessionStopped,
        Code::SessionClosed,
        Code::ReasonRequired,
        Code::RequestIdReused,
    ];
    const SUBJECT: Whom<Self> = |params, _, transaction| subject_of_session(transaction, params.session_id);
    const REASON: Said<Self> = |params| params.reason.as_deref();
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = CallNextParams;
    type Outcome = Ticket;

    fn run(
        params: CallNextParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Ticket, Problem> {
        let session_id = params.session_id.0;
        let room = match params.room {
            Some(room) => Some(room.to_string()),
            None => clinic_session::by_id(transaction, session_id)?.and_then(|session| session.room),
        };
        let Some(room) = room else {
            return Err(Problem::invalid("room", "is needed, for the session has none of its own"));
        };
        let rules = &call.rules.queue;
        let ticket = queue::call_next(&mut change(call, transaction), rules, session_id, &room)?;
        call.note.patient_id = Some(ticket.patient_id);
        Ok(ticket.into())
    }
}
