//! Leave that is approved, rejected or taken back.
//!
//! It never knows how sessions change hands. Invariant: an approval tells what became of each session.

use super::{Leave, Reach, subject};
use crate::api::rpc::appointment::change;
use crate::api::rpc::field::{Id, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Kind, Method, Said, Whom};
use crate::service::audit::Action;
use crate::service::clinic_session::ClinicSession;
use crate::service::leave::{self, Approval, Approved, Fate};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct ApproveLeave;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveParams {
    pub leave_id: Id,
    /// Who takes the sessions over, instead of the one whom the doctor has named.
    #[serde(default)]
    pub substitute_id: Option<Id>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

/// What became of a session.
#[derive(Serialize, JsonSchema)]
pub struct SessionFate {
    pub session_id: i64,
    pub day: String,
    pub period: String,
    pub starts_at: String,
    pub ends_at: String,
    /// `handed_over` (to the substitute), stopped, or running (it had begun, and goes on).
    pub outcome: &'static str,
    /// The appointments that were handed over, or cancelled.
    pub appointments: Vec<i64>,
}

impl From<(ClinicSession, Fate)> for SessionFate {
    fn from((session, fate): (ClinicSession, Fate)) -> SessionFate {
        let (outcome, appointments) = match fate {
            Fate::HandedOver(appointments) => ("handed_over", appointments),
            Fate::Stopped(appointments) => ("stopped", appointments),
            Fate::Running => ("running", Vec::new()),
        };
        SessionFate {
            session_id: session.session_id,
            day: session.day,
            period: session.period,
            starts_at: session.starts_at,
            ends_at: session.ends_at,
            outcome,
            appointments,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct ApprovedLeave {
    pub leave: Leave,
    /// Each session of those days that was not over, in the order in which they begin.
    pub sessions: Vec<SessionFate>,
    /// How many appointments the substitute has taken over.
    pub moved: usize,
    /// How many were cancelled; nobody is penalised. All these patients are told.
    pub cancelled: usize,
    /// Appointments in those days that old clients have made outside of sessions. They stay as they are.
    pub outside_sessions: Vec<i64>,
}

impl From<Approval> for ApprovedLeave {
    fn from(approval: Approval) -> ApprovedLeave {
        let (mut moved, mut cancelled) = (0, 0);
        for (_, fate) in &approval.sessions {
            match fate {
                Fate::HandedOver(appointments) => moved += appointments.len(),
                Fate::Stopped(appointments) => cancelled += appointments.len(),
                Fate::Running => {}
            }
        }
        ApprovedLeave {
            leave: approval.leave.into(),
            sessions: approval.sessions.into_iter().map(SessionFate::from).collect(),
            moved,
            cancelled,
            outside_sessions: approval.outside,
        }
    }
}

impl Method for ApproveLeave {
    const NAME: &'static str = "leave.approve";
    const SUMMARY: &'static str =
        "Approves a leave: the substitute takes over the sessions of those days, or they are stopped.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::BadTransition, Code::Conflict, Code::TooLarge, Code::RequestIdReused];
    const SUBJECT: Whom<Self> =
        |params, call, transaction| subject(transaction, call, params.leave_id, Reach::Decider);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = ApproveParams;
    type Outcome = ApprovedLeave;

    fn run(
        params: ApproveParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<ApprovedLeave, Problem> {
        let approved = Approved {
            leave_id: params.leave_id.0,
            by: call.actor()?.user_id,
            substitute_id: params.substitute_id.map(|Id(id)| id),
        };
        Ok(leave::approve(&mut change(call, transaction), &approved)?.into())
    }
}

pub struct RejectLeave;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectParams {
    pub leave_id: Id,
    /// Why; the doctor is told.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for RejectLeave {
    const NAME: &'static str = "leave.reject";
    const SUMMARY: &'static str = "Rejects a leave.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::BadTransition, Code::RequestIdReused];
    const SUBJECT: Whom<Self> =
        |params, call, transaction| subject(transaction, call, params.leave_id, Reach::Decider);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = RejectParams;
    type Outcome = Leave;

    fn run(
        params: RejectParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Leave, Problem> {
        let by = call.actor()?.user_id;
        let rejected = leave::reject(transaction, params.leave_id.0, by, &params.reason, call.now);
        Ok(rejected?.into())
    }
}

pub struct RevokeLeave;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeParams {
    pub leave_id: Id,
    /// Why.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct RevokedLeave {
    pub leave: Leave,
    /// Sessions that were stopped in what is left of those days. They stay stopped, and those that were handed
    /// over stay with the substitute.
    pub stopped_sessions: Vec<i64>,
}

impl Method for RevokeLeave {
    const NAME: &'static str = "leave.revoke";
    const SUMMARY: &'static str = "Takes a leave back; sessions are made in those days again, and those that were stopped stay stopped.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::BadTransition, Code::TooLate, Code::RequestIdReused];
    const SUBJECT: Whom<Self> =
        |params, call, transaction| subject(transaction, call, params.leave_id, Reach::Both);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = RevokeParams;
    type Outcome = RevokedLeave;

    fn run(
        params: RevokeParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<RevokedLeave, Problem> {
        let by = call.actor()?.user_id;
        let reason = params.reason.as_deref();
        let revoked = leave::revoke(transaction, params.leave_id.0, by, reason, call.now)?;
        Ok(RevokedLeave { leave: revoked.leave.into(), stopped_sessions: revoked.stopped })
    }
}
