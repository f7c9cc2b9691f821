//! `schedule.*`: when doctors have sessions, and the sessions themselves.
//!
//! It never knows who books. Invariant: hours are `HH:MM`, days `YYYY-MM-DD` and times `YYYY-MM-DD HH:MM`, in the
//! hospital's own time, and are real ones.

mod plan;
mod sessions;

pub use plan::{
    AddBlock, AddException, AddTemplate, EndTemplate, ListBlocks, ListExceptions, ListTemplates, RemoveBlock,
    RemoveException,
};
pub use sessions::{
    AddSession, GenerateSessions, ListSessions, PlacesItem, ResizeSession, SessionItem, StopSession,
};

use super::Subject;
use super::field::{Id, Line};
use super::problem::{Code, Problem, Refusal};
use crate::service::clinic_session::{self, SessionState};
use crate::service::schedule::ScheduleRefusal;
use crate::service::time::AppointmentTime;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Serialize;

/// More places than a session has.
const CAPACITY_MAX: i64 = 1_000;

impl From<ScheduleRefusal> for Problem {
    fn from(refusal: ScheduleRefusal) -> Problem {
        match refusal {
            ScheduleRefusal::UnknownDoctor => Problem::not_found("doctor"),
            ScheduleRefusal::Unknown => Problem::not_found("part of a schedule"),
            ScheduleRefusal::UnknownDepartment => Problem::not_found("department"),
            ScheduleRefusal::Past => {
                Problem::invalid("starts_at", "what is over, or began on an earlier day, is not planned")
            }
            ScheduleRefusal::NotOpen { state } => {
                let allowed = state.next().iter().map(|state| state.word());
                let message =
                    format!("a session that is {} is not changed; only one that is open is", state.word());
                Refusal::bad_transition(message, (state.word(), SessionState::Open.word()), allowed).into()
            }
            ScheduleRefusal::Overlaps { template_id } => Refusal::new(
                Code::Overlaps,
                "another template of the doctor has some of those hours, or the same name",
            )
            .with("template_id", template_id)
            .into(),
            ScheduleRefusal::SessionOverlaps { session_id } => Refusal::new(
                Code::Overlaps,
                "another session of the doctor has some of those hours, or the same name",
            )
            .with("session_id", session_id)
            .into(),
            ScheduleRefusal::Blocked => Problem::refused(Code::Overlaps, "all of those hours are blocked"),
            ScheduleRefusal::HoursUnreadable => Problem::refused(
                Code::Conflict,
                "the doctor's work_schedule cannot be read; mend it with doctor.update",
            ),
            ScheduleRefusal::TooFewPlaces => {
                Problem::refused(Code::Conflict, "more places are taken than the session would have")
            }
        }
    }
}

/// The session that a call concerns. In the trail a `session` is somebody's login.
pub(super) fn subject(transaction: &Transaction<'_>, Id(session_id): Id) -> Result<Subject, Problem> {
    match clinic_session::by_id(transaction, session_id)? {
        Some(session) => Ok(Subject::Work {
            entity: "clinic_session",
            entity_id: session_id,
            doctor_id: Some(session.doctor_id),
        }),
        None => Err(Problem::not_found("session")),
    }
}

/// What was made.
#[derive(Serialize, JsonSchema)]
pub struct Made {
    pub id: i64,
}

/// Nothing more is to be said.
#[derive(Serialize, JsonSchema)]
pub struct Done {
    pub done: bool,
}

fn capacity(field: &str, value: i64) -> Result<i64, Problem> {
    if (0..=CAPACITY_MAX).contains(&value) {
        return Ok(value);
    }
    Err(Problem::invalid(field, format!("must be a whole number from 0 to {CAPACITY_MAX}")))
}

/// An hour of the day, `HH:MM`.
fn hour(field: &str, text: &Line<5>) -> Result<String, Problem> {
    let is_hour = text.len() == 5 && AppointmentTime::parse(&format!("2000-01-01 {}", &**text)).is_some();
    if is_hour { Ok(text.to_string()) } else { Err(Problem::invalid(field, "must be HH:MM")) }
}

fn hours(starts: &Line<5>, ends: &Line<5>) -> Result<(String, String), Problem> {
    let (starts, ends) = (hour("starts", starts)?, hour("ends", ends)?);
    if starts < ends { Ok((starts, ends)) } else { Err(Problem::invalid("ends", "must be after `starts`")) }
}

/// A time, `YYYY-MM-DD HH:MM`, with or without seconds.
fn time(field: &str, text: &str) -> Result<String, Problem> {
    match AppointmentTime::parse(text) {
        Some(time) => Ok(time.to_string()),
        None => Err(Problem::invalid(field, "must be a real time, YYYY-MM-DD HH:MM")),
    }
}

/// Days that anyone may ask for at once.
const RANGE_DAYS_MAX: i64 = 31;

/// A range of days that is not too long.
fn check_range(from: &str, to: &str) -> Result<(), Problem> {
    let last = AppointmentTime::parse(&format!("{from} 00:00"))
        .and_then(|begin| begin.plus_minutes((RANGE_DAYS_MAX - 1) * 24 * 60));
    if last.is_some_and(|last| to <= last.date()) {
        return Ok(());
    }
    let message = format!("must be no more than {RANGE_DAYS_MAX} days on, `date_from` included");
    Err(Problem::invalid("date_to", message))
}

fn in_order(from: &str, to: &str) -> Result<(), Problem> {
    if from <= to { Ok(()) } else { Err(Problem::invalid("date_to", "must not be before `date_from`")) }
}
