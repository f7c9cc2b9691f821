//! `attendance.*`: doctors who come and go.
//!
//! It never knows what is late. Invariant: a doctor clocks in and out for themselves only.

use super::cursor::{Cursor, Written};
use super::field::{Date, Id, Limit, Line, RequestId};
use super::problem::{Code, Problem, Refusal};
use super::{Call, Kind, Method, Said, Subject, Whom, cut, schedule, staff};
use crate::service::access::Role;
use crate::service::attendance::{self, Filter, Item, Mark, Scope, Shift};
use crate::service::audit::Action;
use crate::service::time::AppointmentTime;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// More days than are listed at once.
const DAYS_MAX: i64 = 31;

impl From<attendance::Refusal> for Problem {
    fn from(refusal: attendance::Refusal) -> Problem {
        use attendance::Refusal as Of;
        match refusal {
            Of::UnknownSession => return Problem::not_found("session"),
            Of::SessionStopped { reason } => Refusal::of(Code::SessionStopped).with("reason", reason),
            Of::SessionClosed => Refusal::of(Code::SessionClosed),
            Of::TooEarly { opens_at } => Refusal::of(Code::TooEarly).with("opens_at", opens_at),
            Of::AlreadyIn { attendance_id } => {
                Refusal::of(Code::AlreadyIn).with("attendance_id", attendance_id)
            }
            Of::NotIn => Refusal::of(Code::NotIn),
        }
        .into()
    }
}

/// The time for which a doctor is there. Times are the hospital's own, `YYYY-MM-DD HH:MM:SS`.
#[derive(Serialize, JsonSchema)]
pub struct ShiftItem {
    pub attendance_id: i64,
    pub doctor_id: i64,
    /// The session for which the doctor came; null where there was none.
    pub session_id: Option<i64>,
    pub clocked_in_at: String,
    pub clocked_out_at: Option<String>,
    /// Nobody clocked out, and the next clocking in has ended it.
    pub is_out_assumed: bool,
}

impl From<Shift> for ShiftItem {
    fn from(shift: Shift) -> ShiftItem {
        ShiftItem {
            attendance_id: shift.attendance_id,
            doctor_id: shift.doctor_id,
            session_id: shift.session_id,
            clocked_in_at: shift.clocked_in_at,
            clocked_out_at: shift.clocked_out_at,
            is_out_assumed: shift.is_out_assumed,
        }
    }
}

pub struct ClockIn;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockInParams {
    /// The doctor's session; the one that runs or begins within two hours, where none is given.
    #[serde(default)]
    pub session_id: Option<Id>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for ClockIn {
    const NAME: &'static str = "attendance.clock_in";
    const SUMMARY: &'static str = "Says that the doctor has come, once for a session.";
    const KIND: Kind = Kind::Write(Action::Create);
    const ERRORS: &'static [Code] = &[
        Code::NotFound,
        Code::AlreadyIn,
        Code::TooEarly,
        Code::SessionStopped,
        Code::SessionClosed,
        Code::RequestIdReused,
    ];
    const SUBJECT: Whom<Self> = |params, _, transaction| match params.session_id {
        Some(session_id) => schedule::subject(transaction, session_id),
        None => Ok(Subject::Caller),
    };
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = ClockInParams;
    type Outcome = ShiftItem;

    fn run(
        params: ClockInParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<ShiftItem, Problem> {
        let (doctor_id, session_id) = (call.actor()?.user_id, params.session_id.map(|Id(id)| id));
        let shift = attendance::clock_in(transaction, doctor_id, session_id, call.now)?;
        (call.note.entity, call.note.entity_id) = ("attendance", Some(shift.attendance_id));
        Ok(shift.into())
    }
}

pub struct ClockOut;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockOutParams {
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for ClockOut {
    const NAME: &'static str = "attendance.clock_out";
    const SUMMARY: &'static str = "Says that the doctor goes.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotIn, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |_, _, _| Ok(Subject::Caller);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = ClockOutParams;
    type Outcome = ShiftItem;

    fn run(
        _: ClockOutParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<ShiftItem, Problem> {
        let shift = attendance::clock_out(transaction, call.actor()?.user_id, call.now)?;
        (call.note.entity, call.note.entity_id) = ("attendance", Some(shift.attendance_id));
        Ok(shift.into())
    }
}

pub struct ListAttendance;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAttendanceParams {
    pub date_from: Date,
    /// date_from, where none is given; 31 days at the most.
    #[serde(default)]
    pub date_to: Option<Date>,
    /// Only this doctor's. A doctor who names neither gets their own.
    #[serde(default)]
    pub doctor_id: Option<Id>,
    /// That of this department's doctors.
    #[serde(default)]
    pub department: Option<Line<64>>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Cursor<Mark>>,
}

/// A session that has begun, and whether its doctor was there; or a shift without a session. Times are the
/// hospital's own.
#[derive(Serialize, JsonSchema)]
pub struct AttendanceItem {
    pub doctor_id: i64,
    pub day: String,
    /// Null for a shift without a session.
    pub session_id: Option<i64>,
    pub starts_at: Option<String>,
    pub ends_at: Option<String>,
    /// The shift; an old client's row, where it falls into the session's time.
    pub attendance_id: Option<i64>,
    pub clocked_in_at: Option<String>,
    pub clocked_out_at: Option<String>,
    /// Nobody clocked out, and the next clocking in has ended it.
    pub is_out_assumed: bool,
    /// present, absent (the session is over), `on_leave`, or expected (the session goes on).
    pub state: &'static str,
    /// Came later than some minutes after the session's beginning.
    pub is_late: bool,
    /// Went before the session's end.
    pub is_early: bool,
}

impl From<Item> for AttendanceItem {
    fn from(item: Item) -> AttendanceItem {
        AttendanceItem {
            doctor_id: item.doctor_id,
            day: item.day,
            session_id: item.session_id,
            starts_at: item.starts_at,
            ends_at: item.ends_at,
            attendance_id: item.attendance_id,
            clocked_in_at: item.clocked_in_at,
            clocked_out_at: item.clocked_out_at,
            is_out_assumed: item.is_out_assumed,
            state: item.presence.word(),
            is_late: item.is_late,
            is_early: item.is_early,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct AttendanceList {
    /// By doctor and time.
    pub items: Vec<AttendanceItem>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

impl Method for ListAttendance {
    const NAME: &'static str = "attendance.list";
    const SUMMARY: &'static str = "Lists who was there, came late, went early or did not come.";
    // Whoever looks at what is of somebody else is in the trail.
    const KIND: Kind = Kind::ReadPatient;
    const SUBJECT: Whom<Self> = |params, call, transaction| {
        staff::subject(transaction, call, params.doctor_id, params.department.as_deref())
    };
    type Params = ListAttendanceParams;
    type Outcome = AttendanceList;

    fn run(
        params: ListAttendanceParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<AttendanceList, Problem> {
        let caller = call.actor()?;
        let scope = match (params.doctor_id, params.department.as_deref()) {
            (Some(Id(doctor_id)), _) => Scope::Doctor(doctor_id),
            (None, Some(department)) => Scope::Department(department),
            (None, None) if caller.role == Role::Doctor => Scope::Doctor(caller.user_id),
            (None, None) => {
                return Err(Problem::invalid("doctor_id", "give one of `doctor_id` and `department`"));
            }
        };
        let from: &str = &params.date_from;
        let to: &str = params.date_to.as_deref().unwrap_or(from);
        check_range(from, to)?;
        let filter = Filter { scope, from, to, after: params.cursor.map(|Cursor(mark)| mark) };
        let (mut items, limit): (Vec<Item>, _) = (Vec::new(), i64::from(params.limit.0) + 1);
        attendance::list(transaction, &filter, limit, &call.rules.queue, call.now, |item| items.push(item))?;
        let next_cursor = cut(&mut items, params.limit, |item| item.mark.written());
        Ok(AttendanceList { items: items.into_iter().map(AttendanceItem::from).collect(), next_cursor })
    }
}

fn check_range(from: &str, to: &str) -> Result<(), Problem> {
    let noon = |day: &str| AppointmentTime::parse(&format!("{day} 12:00"));
    let days = noon(from).zip(noon(to)).map(|(first, last)| first.minutes_until(&last) / (24 * 60));
    match days {
        Some(days) if (0..DAYS_MAX).contains(&days) => Ok(()),
        _ => {
            let message = format!("must not be before `date_from`, nor {DAYS_MAX} days or more after it");
            Err(Problem::invalid("date_to", message))
        }
    }
}
