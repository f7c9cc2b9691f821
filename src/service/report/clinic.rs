//! What is counted of appointments, their tickets and fees, and of sessions.
//!
//! It never knows a patient. Invariant: an appointment is counted once in each table, on its own day, with the
//! doctor and in the department that it is with now.

use super::distribution::TENTH_OF_MINUTE_MS;
use super::{Figures, Found, Name, OfDoctor, Part, Places, Tables};
use crate::service::booking::{Pool, State};
use crate::service::queue;
use crate::store::statements::report;
use crate::store::{Error, Row, params};

/// What is counted of an appointment.
enum Facts {
    /// A hold that was let go is no appointment.
    Nothing,
    /// In no session: what became of it in the old schema's words.
    Old { is_completed: bool, is_cancelled: bool },
    InSession {
        state: State,
        is_followup: bool,
        is_paid: bool,
        fee_fen: i64,
        cancelled_by: Option<String>,
        ticket: Option<Ticket>,
    },
}

struct Ticket {
    is_waiting: bool,
    waited_ms: i64,
    seen_ms: Option<i64>,
}

pub(super) fn read_appointments(part: &Part<'_, '_>, tables: &mut Tables) -> Result<Found, Error> {
    let mut found = Found::default();
    let name = part.request.name;
    if name.has(Name::Day) {
        // A day on which nothing was is a row, too.
        tables.days.entry(part.day.clone()).or_default();
    }
    let each = |row: &Row<'_>| {
        found.row(row.integer(0)?);
        let facts = facts(part, row)?;
        if matches!(facts, Facts::Nothing) {
            return Ok(());
        }
        if part.request.has_causes
            && let Facts::InSession { state: State::Cancelled, cancelled_by, .. } = &facts
        {
            let cause = row.optional_text(9)?.unwrap_or_default().trim().to_owned();
            *tables.causes.entry((cancelled_by.clone().unwrap_or_default(), cause)).or_default() += 1;
        }
        let doctor_id = row.integer(1)?;
        add(part, tables, doctor_id, row.optional_text(10)?, |figures| count(&facts, figures))
    };
    match part.request.doctor_id {
        None => {
            let parameters = params![part.day, part.after, part.limit];
            part.transaction.each(&report::APPOINTMENTS, parameters, each)?;
        }
        Some(doctor_id) => {
            let parameters = params![part.day, part.after, part.limit, doctor_id];
            part.transaction.each(&report::APPOINTMENTS_OF_DOCTOR, parameters, each)?;
        }
    }
    Ok(found)
}

/// Counts something of a doctor in each table that was asked for.
fn add(
    part: &Part<'_, '_>,
    tables: &mut Tables,
    doctor_id: i64,
    department: Option<&str>,
    count: impl Fn(&mut Figures),
) -> Result<(), Error> {
    let name = part.request.name;
    if name.has(Name::Day)
        && let Some(figures) = tables.days.get_mut(&part.day)
    {
        count(figures);
    }
    if name.has(Name::Doctor) {
        if !tables.doctors.contains_key(&doctor_id) {
            let doctor = part.doctor(doctor_id, &mut tables.known)?;
            tables.doctors.insert(doctor_id, OfDoctor { doctor, figures: Figures::default() });
        }
        if let Some(row) = tables.doctors.get_mut(&doctor_id) {
            count(&mut row.figures);
        }
    }
    if name.has(Name::Department) {
        // What names no department is of the doctor's own.
        let department = match department.filter(|text| !text.is_empty()) {
            Some(department) => Some(department.to_owned()),
            None => part.doctor(doctor_id, &mut tables.known)?.department,
        };
        count(tables.departments.entry(department).or_default());
    }
    Ok(())
}

fn facts(part: &Part<'_, '_>, row: &Row<'_>) -> Result<Facts, Error> {
    let Some(state) = row.optional_text(4)? else {
        let status = row.text(2)?;
        return Ok(Facts::Old { is_completed: status == "completed", is_cancelled: status == "cancelled" });
    };
    let state = State::parse(state)?;
    let was_held = row.optional_text(5)? == Some(State::Held.word());
    if matches!(state, State::Held | State::Expired) || (state == State::Cancelled && was_held) {
        return Ok(Facts::Nothing);
    }
    Ok(Facts::InSession {
        state,
        is_followup: row.text(6)? == Pool::Followup.word(),
        is_paid: row.value(3)?.is_true(),
        fee_fen: row.integer(7)?,
        cancelled_by: row.optional_string(8)?,
        ticket: ticket(part, row)?,
    })
}

fn ticket(part: &Part<'_, '_>, row: &Row<'_>) -> Result<Option<Ticket>, Error> {
    let Some(state) = row.optional_text(11)? else { return Ok(None) };
    let state = queue::State::parse(state)?;
    let checked_in_ms = row.integer(12)?;
    let (called_ms, started_ms, finished_ms) =
        (row.optional_integer(13)?, row.optional_integer(14)?, row.optional_integer(15)?);
    let is_over = matches!(state, queue::State::Left | queue::State::Done);
    // Who was never called has waited until they left, or waits still.
    let until_ms = match called_ms.or(started_ms) {
        Some(called_ms) => called_ms,
        None if is_over => row.integer(16)?,
        None => part.now.unix_ms,
    };
    let seen_ms = match (state, started_ms, finished_ms) {
        (queue::State::Done, Some(started_ms), Some(finished_ms)) => Some(finished_ms - started_ms),
        _ => None,
    };
    let is_waiting = state == queue::State::Waiting && called_ms.is_none();
    Ok(Some(Ticket { is_waiting, waited_ms: until_ms - checked_in_ms, seen_ms }))
}

fn count(facts: &Facts, figures: &mut Figures) {
    match facts {
        Facts::Nothing => {}
        Facts::Old { is_completed, is_cancelled } => {
            let (completed, cancelled) = (i64::from(*is_completed), i64::from(*is_cancelled));
            figures.booked += 1;
            figures.attended += completed;
            figures.completed += completed;
            figures.cancelled += cancelled;
            figures.old_booked += 1;
            figures.old_completed += completed;
            figures.old_cancelled += cancelled;
        }
        Facts::InSession { state, is_followup, is_paid, fee_fen, cancelled_by, ticket } => {
            let has_come = ticket.is_some()
                || matches!(state, State::CheckedIn | State::InConsultation | State::Completed);
            let is_cancelled = *state == State::Cancelled;
            figures.booked += 1;
            figures.attended += i64::from(has_come);
            figures.completed += i64::from(*state == State::Completed);
            figures.cancelled += i64::from(is_cancelled);
            figures.no_shows += i64::from(*state == State::NoShow);
            figures.left_unseen += i64::from(has_come && is_cancelled);
            figures.follow_ups += i64::from(*is_followup);
            if is_cancelled {
                count_cancelled(cancelled_by.as_deref(), figures);
            }
            match (is_cancelled, is_paid) {
                (true, true) => figures.refundable_fen += fee_fen,
                (false, true) => figures.paid_fen += fee_fen,
                (false, false) if *state != State::NoShow => figures.unpaid_fen += fee_fen,
                _ => {}
            }
            if let Some(ticket) = ticket {
                count_ticket(ticket, figures);
            }
        }
    }
}

fn count_cancelled(by: Option<&str>, figures: &mut Figures) {
    match by {
        Some("patient") => figures.cancelled_by_patient += 1,
        Some("doctor") => figures.cancelled_by_doctor += 1,
        Some("staff") => figures.cancelled_by_staff += 1,
        Some("hospital") => figures.cancelled_by_hospital += 1,
        _ => figures.cancelled_by_system += 1,
    }
}

fn count_ticket(ticket: &Ticket, figures: &mut Figures) {
    figures.still_waiting += i64::from(ticket.is_waiting);
    figures.waiting.count(ticket.waited_ms, TENTH_OF_MINUTE_MS);
    if let Some(seen_ms) = ticket.seen_ms {
        figures.consultation.count(seen_ms, TENTH_OF_MINUTE_MS);
    }
}

pub(super) fn read_sessions(part: &Part<'_, '_>, tables: &mut Tables) -> Result<Found, Error> {
    let mut found = Found::default();
    let each = |row: &Row<'_>| {
        found.row(row.integer(0)?);
        // One that was stopped is closed, too, once its hours are over.
        let is_stopped = row.value(3)?.is_true();
        let places = |column: usize| {
            Ok::<_, Error>(Places { capacity: row.integer(column)?, taken: row.integer(column + 1)? })
        };
        let session = if is_stopped {
            Figures { sessions_stopped: 1, ..Figures::default() }
        } else {
            Figures {
                sessions: 1,
                online: places(4)?,
                onsite: places(6)?,
                addon: places(8)?,
                ..Figures::default()
            }
        };
        add(part, tables, row.integer(1)?, row.optional_text(2)?, |figures| figures.add(&session))
    };
    match part.request.doctor_id {
        None => {
            let parameters = params![part.day, part.after, part.limit];
            part.transaction.each(&report::SESSIONS, parameters, each)?;
        }
        Some(doctor_id) => {
            let parameters = params![part.day, part.after, part.limit, doctor_id];
            part.transaction.each(&report::SESSIONS_OF_DOCTOR, parameters, each)?;
        }
    }
    Ok(found)
}
