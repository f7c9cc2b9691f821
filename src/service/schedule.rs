//! When doctors have sessions: weekly templates, and days on which they do not hold.
//!
//! It never knows who books. Invariants: a doctor's templates never overlap on one weekday, nor their sessions
//! on one day; making sessions from templates a second time makes none.

use super::block::{self, Hours, Span};
use super::booking::Change;
use super::clinic_session::{self, SessionState};
use super::time::{AppointmentTime, Now};
use super::{Failure, leave, refuse, waitlist, working_hours};
use crate::store::statements::{self, doctor, schedule};
use crate::store::{Error, Row, Transaction, params};

/// When a doctor has a session, each week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// 0 before it is stored.
    pub template_id: i64,
    pub doctor_id: i64,
    /// 1 is Monday, 7 is Sunday.
    pub weekday: i64,
    /// What the session is called: morning, afternoon, evening or another word.
    pub period: String,
    /// `HH:MM`.
    pub starts: String,
    pub ends: String,
    pub room: Option<String>,
    /// The doctor's, where none is given.
    pub department: Option<String>,
    pub capacity_online: i64,
    pub capacity_onsite: i64,
    pub capacity_addon: i64,
    /// `YYYY-MM-DD`.
    pub valid_from: String,
    pub valid_to: Option<String>,
}

impl Template {
    fn from_row(row: &Row<'_>) -> Result<Template, Error> {
        Ok(Template {
            template_id: row.integer(0)?,
            doctor_id: row.integer(1)?,
            weekday: row.integer(2)?,
            period: row.string(3)?,
            starts: row.string(4)?,
            ends: row.string(5)?,
            room: row.optional_string(6)?,
            department: row.optional_string(7)?,
            capacity_online: row.integer(8)?,
            capacity_onsite: row.integer(9)?,
            capacity_addon: row.integer(10)?,
            valid_from: row.string(11)?,
            valid_to: row.optional_string(12)?,
        })
    }
}

/// Days on which a doctor's templates do not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    pub exception_id: i64,
    pub doctor_id: i64,
    pub date_from: String,
    pub date_to: String,
    /// The hours instead, `HH:MM`; none where there are no sessions.
    pub hours: Option<(String, String)>,
    pub reason: String,
}

impl Exception {
    fn from_row(row: &Row<'_>) -> Result<Exception, Error> {
        let hours = match (row.optional_text(4)?, row.optional_text(5)?) {
            (Some(starts), Some(ends)) => Some((starts.to_owned(), ends.to_owned())),
            _ => None,
        };
        Ok(Exception {
            exception_id: row.integer(0)?,
            doctor_id: row.integer(1)?,
            date_from: row.string(2)?,
            date_to: row.string(3)?,
            hours,
            reason: row.string(6)?,
        })
    }
}

/// Why a schedule is not changed so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleRefusal {
    UnknownDoctor,
    /// Another template has some of those hours.
    Overlaps {
        template_id: i64,
    },
    /// Another session of the doctor has some of those hours.
    SessionOverlaps {
        session_id: i64,
    },
    /// All of those hours are blocked.
    Blocked,
    Unknown,
    /// No doctor is of that department.
    UnknownDepartment,
    /// What is over is not planned.
    Past,
    /// Only a session that is open is changed.
    NotOpen {
        state: SessionState,
    },
    /// The doctor's working hours cannot be read.
    HoursUnreadable,
    /// A session cannot have fewer places than are taken.
    TooFewPlaces,
}

pub(super) type Outcome<T> = Result<T, Failure<ScheduleRefusal>>;

pub(super) fn check_doctor(transaction: &Transaction<'_>, doctor_id: i64) -> Outcome<()> {
    match transaction.first(&doctor::EXISTS, params![doctor_id], |row| row.integer(0))? {
        Some(_) => Ok(()),
        None => refuse(ScheduleRefusal::UnknownDoctor),
    }
}

/// Refuses a department that no doctor is of, which nobody would find again.
pub(super) fn check_department(transaction: &Transaction<'_>, department: Option<&str>) -> Outcome<()> {
    let Some(department) = department else { return Ok(()) };
    match transaction.first(&statements::department::EXISTS, params![department], |row| row.integer(0))? {
        Some(_) => Ok(()),
        None => refuse(ScheduleRefusal::UnknownDepartment),
    }
}

/// Adds a template. Returns its id.
pub fn add_template(transaction: &Transaction<'_>, new: &Template) -> Outcome<i64> {
    check_doctor(transaction, new.doctor_id)?;
    check_department(transaction, new.department.as_deref())?;
    let overlapping = transaction.first(
        &schedule::OVERLAPPING_TEMPLATE,
        params![new.doctor_id, new.weekday, new.starts, new.ends, new.valid_from, new.valid_to, new.period],
        |row| row.integer(0),
    )?;
    if let Some(template_id) = overlapping {
        return refuse(ScheduleRefusal::Overlaps { template_id });
    }
    Ok(transaction.insert(
        &schedule::ADD_TEMPLATE,
        params![
            new.doctor_id,
            new.weekday,
            new.period,
            new.starts,
            new.ends,
            new.room,
            new.department,
            new.capacity_online,
            new.capacity_onsite,
            new.capacity_addon,
            new.valid_from,
            new.valid_to
        ],
    )?)
}

/// Lets a template hold no longer from a day on; its sessions stay.
pub fn end_template(transaction: &Transaction<'_>, template_id: i64, last_day: &str) -> Outcome<()> {
    match transaction.execute(&schedule::END_TEMPLATE, params![template_id, last_day])? {
        0 => refuse(ScheduleRefusal::Unknown),
        _ => Ok(()),
    }
}

/// Hands the templates of a doctor, or of all, to `sink` in the order of their ids.
pub fn templates(
    transaction: &Transaction<'_>,
    doctor_id: Option<i64>,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(Template),
) -> Result<(), Error> {
    transaction.each(&schedule::TEMPLATES, params![doctor_id, after, limit], |row| {
        sink(Template::from_row(row)?);
        Ok(())
    })
}

/// Adds days on which a doctor's templates do not hold. Returns its id.
pub fn add_exception(transaction: &Transaction<'_>, new: &Exception) -> Outcome<i64> {
    check_doctor(transaction, new.doctor_id)?;
    let (starts, ends) = new.hours.as_ref().map_or((None, None), |(starts, ends)| (Some(starts), Some(ends)));
    Ok(transaction.insert(
        &schedule::ADD_EXCEPTION,
        params![new.doctor_id, new.date_from, new.date_to, starts, ends, new.reason],
    )?)
}

pub fn remove_exception(transaction: &Transaction<'_>, exception_id: i64) -> Outcome<()> {
    match transaction.execute(&schedule::REMOVE_EXCEPTION, params![exception_id])? {
        0 => refuse(ScheduleRefusal::Unknown),
        _ => Ok(()),
    }
}

pub fn exceptions(
    transaction: &Transaction<'_>,
    doctor_id: Option<i64>,
    after: i64,
    limit: i64,
    mut sink: impl FnMut(Exception),
) -> Result<(), Error> {
    transaction.each(&schedule::EXCEPTIONS, params![doctor_id, after, limit], |row| {
        sink(Exception::from_row(row)?);
        Ok(())
    })
}

/// How sessions are made from templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRules {
    /// Sessions are made so many days ahead.
    pub window_days: i64,
    /// When, on the day so many days before, their places online begin to be given out, `HH:MM`; at once where
    /// there is none.
    pub release_time: Option<String>,
    /// Places online are given out until so many minutes before the end of a session.
    pub book_until_min: i64,
}

impl Default for ReleaseRules {
    fn default() -> ReleaseRules {
        ReleaseRules { window_days: 14, release_time: None, book_until_min: 0 }
    }
}

/// A session to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    pub doctor_id: i64,
    /// The doctor's, where none is given.
    pub department: Option<String>,
    pub room: Option<String>,
    pub day: String,
    pub period: String,
    pub starts_at: String,
    pub ends_at: String,
    pub release_at: Option<String>,
    pub book_until: Option<String>,
    pub capacity_online: i64,
    pub capacity_onsite: i64,
    pub capacity_addon: i64,
}

/// Makes a session that no template asks for. Returns its id. It may come in place of one that was stopped.
pub fn add_session(transaction: &Transaction<'_>, new: &NewSession, now: &Now) -> Outcome<i64> {
    check_doctor(transaction, new.doctor_id)?;
    check_department(transaction, new.department.as_deref())?;
    if is_over(new, now) {
        return refuse(ScheduleRefusal::Past);
    }
    make_session(transaction, new, false)
}

/// Makes a session. Where `stopped_count`, one that was stopped is in its way as any other.
fn make_session(transaction: &Transaction<'_>, new: &NewSession, stopped_count: bool) -> Outcome<i64> {
    check_doctor(transaction, new.doctor_id)?;
    let overlapping = transaction.first(
        &statements::clinic_session::OVERLAPPING,
        params![new.doctor_id, new.day, new.starts_at, new.ends_at, new.period, stopped_count],
        |row| row.integer(0),
    )?;
    if let Some(session_id) = overlapping {
        return refuse(ScheduleRefusal::SessionOverlaps { session_id });
    }
    let hours = Hours { starts_at: &new.starts_at, ends_at: &new.ends_at };
    let blocks = block::within(transaction, new.doctor_id, new.department.as_deref(), &hours)?;
    if block::left(&hours, &blocks).is_empty() {
        return refuse(ScheduleRefusal::Blocked);
    }
    let session_id = transaction.insert(
        &statements::clinic_session::INSERT,
        params![
            new.doctor_id,
            new.department,
            new.room,
            new.day,
            new.period,
            new.starts_at,
            new.ends_at,
            new.release_at,
            new.book_until,
            new.capacity_online,
            new.capacity_onsite,
            new.capacity_addon
        ],
    )?;
    adopt(transaction, session_id, new)?;
    Ok(session_id)
}

/// What was booked over the old dialect for those hours takes places of the session, which is made larger
/// where they are more.
fn adopt(transaction: &Transaction<'_>, session_id: i64, new: &NewSession) -> Result<(), Error> {
    let range = params![session_id, new.doctor_id, new.day, new.starts_at, new.ends_at];
    let adopted = transaction.execute(&statements::clinic_session::ADOPT, range)?;
    if adopted > 0 {
        transaction.execute(&statements::clinic_session::COUNT_ADOPTED, params![session_id])?;
    }
    Ok(())
}

/// Gives a session other places; those that come to it are offered to those who wait.
pub fn resize(
    change: &mut Change<'_, '_>,
    session_id: i64,
    online: Option<i64>,
    onsite: Option<i64>,
    addon: Option<i64>,
) -> Outcome<()> {
    let Some(session) = clinic_session::by_id(change.transaction, session_id)? else {
        return refuse(ScheduleRefusal::Unknown);
    };
    if session.state != SessionState::Open {
        return refuse(ScheduleRefusal::NotOpen { state: session.state });
    }
    let pools = [(online, session.online), (onsite, session.onsite), (addon, session.addon)];
    if pools.iter().any(|(wanted, places)| wanted.is_some_and(|wanted| wanted < places.booked)) {
        return refuse(ScheduleRefusal::TooFewPlaces);
    }
    let [online, onsite, addon] = pools.map(|(wanted, places)| wanted.unwrap_or(places.capacity));
    change
        .transaction
        .execute(&statements::clinic_session::RESIZE, params![session_id, online, onsite, addon])?;
    change.changes.sessions.insert(session_id);
    waitlist::offer(change, session_id)?;
    Ok(())
}

/// The next doctor with a template, in the order of their ids.
pub fn next_doctor(transaction: &Transaction<'_>, after: i64) -> Result<Option<i64>, Error> {
    let found = transaction.first(&schedule::NEXT_DOCTOR, params![after], |row| row.optional_integer(0))?;
    Ok(found.flatten())
}

/// Makes the sessions of one doctor, or of all, from today on to the end of the window. Returns their ids.
pub fn generate(
    transaction: &Transaction<'_>,
    doctor_id: Option<i64>,
    rules: &ReleaseRules,
    now: &Now,
) -> Result<Vec<i64>, Error> {
    let mut made = Vec::new();
    for ahead in 0..=rules.window_days {
        let day = now.day_after(ahead);
        let Some(noon) = AppointmentTime::parse(&format!("{day} 12:00")) else { continue };
        let weekday = i64::from(noon.weekday().number_from_monday());
        let templates = match doctor_id {
            None => transaction.all(&schedule::OF_DAY, params![weekday, day], Template::from_row)?,
            Some(id) => {
                transaction.all(&schedule::OF_DOCTOR_DAY, params![weekday, day, id], Template::from_row)?
            }
        };
        for template in templates {
            if let Some(new) = session_of(transaction, &template, &day, rules)?
                && !is_over(&new, now)
            {
                made.extend(made_from(make_session(transaction, &new, true))?);
            }
        }
    }
    Ok(made)
}

/// A session that is over would be closed at once, and whoever has an appointment in those hours would be taken
/// for one who did not come.
fn is_over(new: &NewSession, now: &Now) -> bool {
    new.ends_at <= now.time_text()
}

/// A session that is there already, or is in another one's way, is not made.
fn made_from(outcome: Outcome<i64>) -> Result<Option<i64>, Error> {
    match outcome {
        Ok(session_id) => Ok(Some(session_id)),
        Err(Failure::Refused(_)) => Ok(None),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}

/// The session that a template asks for on a day, if that day has one.
fn session_of(
    transaction: &Transaction<'_>,
    template: &Template,
    day: &str,
    rules: &ReleaseRules,
) -> Result<Option<NewSession>, Error> {
    let exception = transaction.first(
        &schedule::EXCEPTION_OF_DAY,
        params![template.doctor_id, day],
        Exception::from_row,
    )?;
    let (starts, ends) = match exception.map(|exception| exception.hours) {
        Some(None) => return Ok(None),
        Some(Some(hours)) => hours,
        None => (template.starts.clone(), template.ends.clone()),
    };
    let (mut starts_at, mut ends_at) = (format!("{day} {starts}:00"), format!("{day} {ends}:00"));
    // What is left before or behind the blocks; one in the middle leaves the session as it is.
    let hours = Hours { starts_at: &starts_at, ends_at: &ends_at };
    let (doctor_id, department) = (template.doctor_id, template.department.as_deref());
    let mut blocks = block::within(transaction, doctor_id, department, &hours)?;
    for Span { from, to, .. } in &blocks {
        if *from <= starts_at && *to > starts_at {
            starts_at.clone_from(to);
        }
    }
    blocks.sort_by(|one, other| other.to.cmp(&one.to));
    for Span { from, to, .. } in &blocks {
        if *to >= ends_at && *from < ends_at {
            ends_at.clone_from(from);
        }
    }
    if starts_at >= ends_at {
        return Ok(None);
    }
    let before = |minutes: i64| {
        AppointmentTime::parse(&ends_at)
            .and_then(|ends| ends.plus_minutes(-minutes))
            .map(|time| time.to_string())
    };
    let book_until = if rules.book_until_min > 0 { before(rules.book_until_min) } else { None };
    Ok(Some(NewSession {
        doctor_id: template.doctor_id,
        department: template.department.clone(),
        room: template.room.clone(),
        day: day.to_owned(),
        period: template.period.clone(),
        release_at: release_at(day, rules),
        book_until,
        starts_at,
        ends_at,
        capacity_online: template.capacity_online,
        capacity_onsite: template.capacity_onsite,
        capacity_addon: template.capacity_addon,
    }))
}

fn release_at(day: &str, rules: &ReleaseRules) -> Option<String> {
    let time = rules.release_time.as_deref()?;
    let on = AppointmentTime::parse(&format!("{day} {time}"))?;
    on.plus_minutes(-rules.window_days * 24 * 60).map(|time| time.to_string())
}

/// Makes sessions of a doctor who has no templates, from the working hours of the old schema: one a day, with as
/// many places as the doctor takes patients. Returns their ids.
pub fn generate_from_hours(
    transaction: &Transaction<'_>,
    doctor_id: i64,
    rules: &ReleaseRules,
    now: &Now,
) -> Outcome<Vec<i64>> {
    let found = transaction.first(&schedule::OLD_HOURS, params![doctor_id], |row| {
        Ok::<_, Error>((
            row.optional_string(0)?,
            row.optional_integer(1)?,
            row.optional_string(2)?,
            row.value(3)?.is_true(),
        ))
    })?;
    let Some((hours, max_patients, department, is_available)) = found else {
        return refuse(ScheduleRefusal::UnknownDoctor);
    };
    let mut made = Vec::new();
    let (Some(hours), Some(capacity_online), true) = (hours, max_patients, is_available) else {
        return Ok(made);
    };
    for ahead in 0..=rules.window_days {
        let day = now.day_after(ahead);
        let Some(noon) = AppointmentTime::parse(&format!("{day} 12:00")) else { continue };
        let Ok(of_day) = working_hours::of_weekday(&hours, noon.weekday()) else {
            return refuse(ScheduleRefusal::HoursUnreadable);
        };
        let Some((starts, ends)) = of_day else { continue };
        if leave::covers(transaction, doctor_id, &day)? {
            continue;
        }
        let new = NewSession {
            doctor_id,
            department: department.clone(),
            room: None,
            period: "day".into(),
            starts_at: format!("{day} {starts}"),
            ends_at: format!("{day} {ends}"),
            release_at: release_at(&day, rules),
            book_until: None,
            day,
            capacity_online,
            capacity_onsite: 0,
            capacity_addon: 0,
        };
        if !is_over(&new, now) {
            made.extend(made_from(make_session(transaction, &new, true))?);
        }
    }
    Ok(made)
}
