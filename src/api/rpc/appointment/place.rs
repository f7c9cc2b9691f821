//! Holding and booking a place.
//!
//! It never changes an appointment that is there. Invariant: what only the staff may ask for is refused to
//! patients before anything is done.

use super::{BOOKING_ERRORS, HOLDING_ERRORS, refused_place};
use crate::api::rpc::field::{Fee, Id, Reason, RequestId};
use crate::api::rpc::problem::{Code, Problem};
use crate::api::rpc::{Call, Detail, Kind, Method, Said, Subject, Whom};
use crate::service::audit::Action;
use crate::service::booking::{self, NewBooking, Override, Placed, Pool, State};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceParams {
    pub session_id: Id,
    pub patient_id: Id,
    /// Gives out a place of the desk instead of one online; for the staff.
    #[serde(default)]
    pub onsite: bool,
    /// The fee of the visit, in fen, if it is not the doctor's; for the staff.
    #[serde(default)]
    pub fee_fen: Option<Fee>,
    /// Sets the rules about the patient aside, for this reason; for the staff.
    #[serde(default)]
    pub override_reason: Option<Reason>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

/// A place that was given.
#[derive(Serialize, JsonSchema)]
pub struct PlaceGiven {
    pub appointment_id: i64,
    pub state: &'static str,
    /// Counts the appointments of the doctor's day.
    pub queue_number: i64,
    /// About when the patient is seen.
    pub time: String,
    /// For a hold: until when the place is kept, in milliseconds since 1970, UTC.
    pub expires_at_ms: Option<i64>,
}

impl PlaceGiven {
    fn of(placed: Placed, state: State) -> PlaceGiven {
        PlaceGiven {
            appointment_id: placed.appointment_id,
            state: state.word(),
            queue_number: placed.queue_number,
            time: placed.time,
            expires_at_ms: placed.expires_ms,
        }
    }
}

fn place(
    params: &PlaceParams,
    state: State,
    call: &mut Call<'_>,
    transaction: &Transaction<'_>,
) -> Result<PlaceGiven, Problem> {
    let actor = call.actor()?.clone();
    let is_staff = actor.role.is_staff();
    if !is_staff && (params.onsite || params.fee_fen.is_some() || params.override_reason.is_some()) {
        return Err(Problem::refused(Code::Forbidden, "onsite, fee_fen and override_reason are the staff's"));
    }
    let reason = params.override_reason.as_deref();
    if reason.is_some() {
        call.note.detail = Some(Detail::Override);
    }
    let new = NewBooking {
        session_id: params.session_id.0,
        patient_id: params.patient_id.0,
        state,
        pool: if params.onsite { Pool::Onsite } else { Pool::Online },
        origin_id: None,
        fee_fen: params.fee_fen.map(|Fee(fee)| fee),
        is_paid: false,
        reason: reason.map(str::to_owned),
        rules_are: if reason.is_some() { Override::Yes } else { Override::No },
        by: Some(actor.user_id),
    };
    let placed =
        booking::place(transaction, &new, &call.rules.booking, call.memory, &mut call.changes, call.now)
            .map_err(|failure| refused_place(failure, params.session_id.0, call, transaction))?;
    (call.note.entity, call.note.entity_id) = ("appointment", Some(placed.appointment_id));
    Ok(PlaceGiven::of(placed, state))
}

macro_rules! of_a_place {
    ($method:ident, $name:literal, $summary:literal, $errors:expr, $state:expr) => {
        pub struct $method;

        impl Method for $method {
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;
            const KIND: Kind = Kind::Write(Action::Create);
            const ERRORS: &'static [Code] = $errors;
            const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
            const REASON: Said<Self> = |params| params.override_reason.as_deref();
            const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
            type Params = PlaceParams;
            type Outcome = PlaceGiven;

            fn run(
                params: PlaceParams,
                call: &mut Call<'_>,
                transaction: &Transaction<'_>,
            ) -> Result<PlaceGiven, Problem> {
                place(&params, $state, call, transaction)
            }
        }
    };
}

of_a_place!(
    HoldAppointment,
    "appointment.hold",
    "Keeps a place for a few minutes, until it is confirmed.",
    HOLDING_ERRORS,
    State::Held
);
of_a_place!(BookAppointment, "appointment.book", "Books a place at once.", BOOKING_ERRORS, State::Booked);
