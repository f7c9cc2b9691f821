//! `leave.*`: days on which a doctor does not come.
//!
//! It never knows what becomes of the sessions. Invariants: a leave is its doctor's own, and that of the head of
//! their department, who alone of the doctors decides on it; a refusal says what its caller needs to go on.

mod decide;
mod list;
mod request;

pub use decide::{ApproveLeave, RejectLeave, RevokeLeave};
pub use list::{GetLeave, ListLeaves};
pub use request::RequestLeave;

use super::field::Id;
use super::problem::{Code, Problem, Refusal};
use super::{Call, Subject};
use crate::service::access::Role;
use crate::service::leave::{self, State};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Serialize;

/// A leave. Moments are milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Leave {
    pub leave_id: i64,
    pub doctor_id: i64,
    pub doctor_name: Option<String>,
    pub department: Option<String>,
    /// Days, both of them included.
    pub date_from: String,
    pub date_to: String,
    /// For the doctor and whoever decides; null to others.
    pub reason: Option<String>,
    /// pending, approved, rejected or revoked.
    pub state: &'static str,
    /// Who is to take the sessions over.
    pub substitute_id: Option<i64>,
    /// Null where an old client has asked.
    pub requested_ms: Option<i64>,
    /// Who has approved, rejected or revoked it last.
    pub decided_by: Option<i64>,
    pub decided_ms: Option<i64>,
    pub decision_reason: Option<String>,
}

impl From<leave::Leave> for Leave {
    fn from(found: leave::Leave) -> Leave {
        Leave {
            leave_id: found.leave_id,
            doctor_id: found.doctor_id,
            doctor_name: found.doctor_name,
            department: found.department,
            date_from: found.date_from,
            date_to: found.date_to,
            reason: found.reason,
            state: found.state.word(),
            substitute_id: found.substitute_id,
            requested_ms: found.requested_ms,
            decided_by: found.decided_by,
            decided_ms: found.decided_ms,
            decision_reason: found.decision_reason,
        }
    }
}

impl Leave {
    /// As its reader sees it: the reason is for its doctor, the head who decides, and the administrator, and no
    /// other doctor reads it.
    fn for_reader(found: leave::Leave, role: Role) -> Leave {
        let mut leave = Leave::from(found);
        leave.reason = leave.reason.filter(|_| matches!(role, Role::Doctor | Role::Admin));
        leave
    }
}

/// Whose leave it is to someone who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// That of whoever decides on it.
    Decider,
    /// Their doctor's as well.
    Both,
}

fn subject(
    transaction: &Transaction<'_>,
    call: &Call<'_>,
    Id(leave_id): Id,
    reach: Reach,
) -> Result<Subject, Problem> {
    let found = leave::by_id(transaction, leave_id)?.ok_or_else(|| Problem::not_found("leave"))?;
    let caller = call.actor()?.user_id;
    let is_own = reach == Reach::Both && caller == found.doctor_id;
    let doctor_id = if is_own { Some(caller) } else { found.decider() };
    Ok(Subject::Work { entity: "leave", entity_id: leave_id, doctor_id })
}

/// A refusal of leave in this dialect's words.
impl From<leave::Refusal> for Problem {
    fn from(refusal: leave::Refusal) -> Problem {
        use leave::Refusal as Of;
        match refusal {
            Of::UnknownLeave => return Problem::not_found("leave"),
            Of::UnknownDoctor => return Problem::not_found("doctor"),
            Of::OwnSubstitute => {
                return Problem::invalid("substitute_id", "must be another doctor");
            }
            Of::FarAway => {
                let (before, ahead) = (leave::DAYS_BEFORE_MAX, leave::DAYS_AHEAD_MAX);
                let message = format!("must be from {before} days ago to {ahead} days ahead");
                return Problem::invalid("date_from", message);
            }
            Of::BadDays => {
                Refusal::new(Code::Conflict, "the last day is before the first, or cannot be read")
            }
            Of::TooLarge => Refusal::new(Code::TooLarge, "the days are too many, or what is booked in them")
                .with("days_max", leave::DAYS_MAX),
            Of::Overlaps { leave_id } => {
                Refusal::new(Code::Overlaps, "the doctor has another leave in those days, `leave_id`")
                    .with("leave_id", leave_id)
            }
            Of::Own => Refusal::new(Code::Forbidden, "nobody decides on their own leave"),
            Of::NotTheDoctor => {
                Refusal::new(Code::Forbidden, "only its doctor withdraws what is not decided on; reject it")
            }
            Of::TooLate { until } => Refusal::of(Code::TooLate).with("until", until),
            Of::BadTransition { from, to } => bad_transition(from, to),
        }
        .into()
    }
}

fn bad_transition(from: State, to: State) -> Refusal {
    let allowed = from.next().iter().map(|state| state.word());
    Refusal::cannot_become("a leave", (from.word(), to.word()), allowed)
}
