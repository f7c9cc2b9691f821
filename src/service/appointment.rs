//! Appointments: booking, listing, cancelling, and their status.
//!
//! It never knows who asks. Invariants: a doctor's day never holds more uncancelled appointments than the
//! doctor takes; a patient never holds two at the same time; a queue number is given once in a doctor's day,
//! even when the appointment that had it is cancelled.

use super::booking::{self, Seat};
use super::changes::Changes;
use super::clinic_session::ClinicSession;
use super::memory::{Bookable, Day, Memory};
use super::time::{AppointmentTime, Now, is_date};
use super::words::words;
use super::{Failure, Rules, leave, working_hours};
use crate::store::statements::{appointment, patient};
use crate::store::{Error, Row, Transaction, Value, params};

words! {
    /// Where an appointment stands.
    pub enum Status, "an appointment has a status" {
        Pending = "pending",
        Completed = "completed",
        Cancelled = "cancelled",
    }
}

/// Why there is no place for an appointment.
#[derive(Debug, PartialEq, Eq)]
pub enum NoPlace {
    DoctorUnavailable,
    /// The doctor has a schedule, and the time is not in it.
    OutsideSchedule,
    /// The doctor has a schedule that cannot be read.
    ScheduleUnreadable,
    /// The day has as many appointments as the doctor takes.
    DayFull {
        max_patients: i64,
    },
    /// The patient has another appointment at that very time.
    PatientBusy,
    /// The session that the time falls into gives out no place.
    Session(booking::Refusal),
}

#[derive(Debug, PartialEq, Eq)]
pub enum BookRefusal {
    UnknownPatient,
    UnknownDoctor,
    NoPlace(NoPlace),
}

pub struct NewAppointment<'a> {
    pub patient_phone: &'a str,
    pub doctor_name: &'a str,
    pub time: AppointmentTime,
    pub fee_paid: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Booked {
    pub appointment_id: i64,
    pub patient_id: i64,
    pub queue_number: i64,
}

/// Books the first doctor of that name for the first patient with that phone number.
pub fn book(
    transaction: &Transaction<'_>,
    new: &NewAppointment<'_>,
    rules: &Rules,
    memory: &mut Memory,
    changes: &mut Changes,
    now: &Now,
) -> Result<Booked, Failure<BookRefusal>> {
    let patient_id = transaction
        .first(&patient::ID_BY_PHONE, params![new.patient_phone], |row| row.integer(0))?
        .ok_or(Failure::Refused(BookRefusal::UnknownPatient))?;
    let doctor =
        memory.doctor(transaction, new.doctor_name)?.ok_or(Failure::Refused(BookRefusal::UnknownDoctor))?;
    let no_place = |failure: Failure<NoPlace>| failure.map(BookRefusal::NoPlace);
    let seat = seat(transaction, doctor.doctor_id, patient_id, &new.time, now).map_err(no_place)?;
    let by_day = seat.is_none();
    let wanted = Wanted { patient_id, time: &new.time, appointment_id: None, by_day };
    let day = find_place(transaction, &doctor, &wanted, rules, memory).map_err(no_place)?.one_more()?;
    let queue_number = day.highest_number;
    let appointment_id = transaction.insert(
        &appointment::INSERT,
        params![
            patient_id,
            doctor.doctor_id,
            new.time.as_str(),
            Status::Pending.word(),
            new.fee_paid,
            queue_number,
            now.utc
        ],
    )?;
    memory.set_day(doctor.doctor_id, &new.time, day);
    if let Some(session) = seat {
        booking::enter(transaction, &session, appointment_id, patient_id, &new.time, changes, now)
            .map_err(|failure| no_place(failure.map(NoPlace::Session)))?;
    }
    Ok(Booked { appointment_id, patient_id, queue_number })
}

/// The session in which an appointment at a time takes its place, if the doctor has any on that day.
fn seat(
    transaction: &Transaction<'_>,
    doctor_id: i64,
    patient_id: i64,
    time: &AppointmentTime,
    now: &Now,
) -> Result<Option<Box<ClinicSession>>, Failure<NoPlace>> {
    let seat = booking::seat(transaction, doctor_id, patient_id, time, now);
    match seat.map_err(|failure| failure.map(NoPlace::Session))? {
        Seat::None => Ok(None),
        Seat::OutsideSessions => Err(Failure::Refused(NoPlace::OutsideSchedule)),
        Seat::In(session) => Ok(Some(session)),
    }
}

/// A row that is put straight into the table.
pub struct NewRow<'a> {
    pub patient_id: i64,
    pub doctor_id: i64,
    pub time: &'a AppointmentTime,
    pub status: Status,
}

/// Whether such a row may stand there, and the session in which it takes its place once it does: what is over
/// takes none. An appointment of a doctor or patient who does not exist is left to the database to refuse.
pub fn check_row(
    transaction: &Transaction<'_>,
    row: &NewRow<'_>,
    rules: &Rules,
    memory: &mut Memory,
    now: &Now,
) -> Result<Option<Box<ClinicSession>>, Failure<NoPlace>> {
    let NewRow { patient_id, doctor_id, time, status } = *row;
    if status == Status::Cancelled {
        return Ok(None);
    }
    let Some(doctor) = Bookable::by_id(transaction, doctor_id)? else { return Ok(None) };
    let seat = match status {
        Status::Pending => seat(transaction, doctor_id, patient_id, time, now)?,
        Status::Completed | Status::Cancelled => None,
    };
    let wanted = Wanted { patient_id, time, appointment_id: None, by_day: seat.is_none() };
    find_place(transaction, &doctor, &wanted, rules, memory)?;
    Ok(seat)
}

/// A place that is looked for.
struct Wanted<'a> {
    patient_id: i64,
    time: &'a AppointmentTime,
    /// The appointment that has a row already, if it has.
    appointment_id: Option<i64>,
    /// Whether the doctor's day bounds it; a session has bounds of its own.
    by_day: bool,
}

/// Finds a place in a doctor's day for an appointment, which may be one that has a row already.
/// Returns the day as it is without it.
fn find_place(
    transaction: &Transaction<'_>,
    doctor: &Bookable,
    wanted: &Wanted<'_>,
    rules: &Rules,
    memory: &mut Memory,
) -> Result<Day, Failure<NoPlace>> {
    let Wanted { patient_id, time, appointment_id, by_day } = *wanted;
    if !doctor.is_available || (by_day && leave::covers(transaction, doctor.doctor_id, time.date())?) {
        return Err(Failure::Refused(NoPlace::DoctorUnavailable));
    }
    if rules.enforce_schedule
        && let Some(work_schedule) = &doctor.work_schedule
    {
        match working_hours::covers(work_schedule, time) {
            Ok(true) => {}
            Ok(false) => return Err(Failure::Refused(NoPlace::OutsideSchedule)),
            Err(working_hours::Unreadable) => return Err(Failure::Refused(NoPlace::ScheduleUnreadable)),
        }
    }
    let day = memory.day(transaction, doctor.doctor_id, time)?;
    if let Some(max_patients) = doctor.max_patients
        && by_day
        && day.taken >= max_patients
    {
        return Err(Failure::Refused(NoPlace::DayFull { max_patients }));
    }
    // No row has the id 0, so it excludes none.
    let own_id = appointment_id.unwrap_or(0);
    let clash =
        transaction.first(&appointment::PATIENT_HAS, params![patient_id, time.as_str(), own_id], |_| {
            Ok::<_, Error>(())
        })?;
    match clash {
        Some(()) => Err(Failure::Refused(NoPlace::PatientBusy)),
        None => Ok(day),
    }
}

/// Which appointments to list.
pub enum Filter<'a> {
    PatientPhone(&'a str),
    DoctorName(&'a str),
    /// A day; what is not `YYYY-MM-DD` has no appointments.
    Date(&'a str),
    /// The twenty with the latest times.
    Latest,
}

/// An appointment with the names that belong to it.
pub struct Listed<'a> {
    pub appointment_id: i64,
    pub patient_name: &'a str,
    pub patient_phone: Option<&'a str>,
    pub doctor_name: &'a str,
    pub department: Option<&'a str>,
    pub appointment_time: Value<'a>,
    pub status: &'a str,
    pub fee_paid: bool,
    pub queue_number: Option<i64>,
    pub created_at: Value<'a>,
}

impl<'a> Listed<'a> {
    fn from_row(row: &Row<'a>) -> Result<Listed<'a>, Error> {
        Ok(Listed {
            appointment_id: row.integer(0)?,
            patient_name: row.text(1)?,
            patient_phone: row.optional_text(2)?,
            doctor_name: row.text(3)?,
            department: row.optional_text(4)?,
            appointment_time: row.value(5)?,
            status: row.text(6)?,
            fee_paid: row.value(7)?.is_true(),
            queue_number: row.optional_integer(8)?,
            created_at: row.value(9)?,
        })
    }
}

/// Hands each appointment of a list to `sink`, which may stop it: a doctor's or a day's from the earliest,
/// others from the latest, equal times by id.
pub fn list<E: From<Error>>(
    transaction: &Transaction<'_>,
    filter: &Filter<'_>,
    mut sink: impl FnMut(&Listed<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let each = |row: &Row<'_>| sink(&Listed::from_row(row)?);
    match filter {
        Filter::PatientPhone(phone) => transaction.each(&appointment::BY_PATIENT_PHONE, params![phone], each),
        Filter::DoctorName(name) => transaction.each(&appointment::BY_DOCTOR_NAME, params![name], each),
        Filter::Date(date) if is_date(date) => transaction.each(&appointment::BY_DATE, params![date], each),
        Filter::Date(_) => Ok(()),
        Filter::Latest => transaction.each(&appointment::LATEST, params![], each),
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum CancelRefusal {
    UnknownAppointment,
    AlreadyCancelled,
    Completed,
}

/// Cancels an appointment. Its place is free at once; its number is not given again.
pub fn cancel(
    transaction: &Transaction<'_>,
    appointment_id: i64,
    memory: &mut Memory,
) -> Result<(), Failure<CancelRefusal>> {
    let found = find(transaction, appointment_id)?;
    let current = found.ok_or(Failure::Refused(CancelRefusal::UnknownAppointment))?;
    match current.status {
        Status::Cancelled => return Err(Failure::Refused(CancelRefusal::AlreadyCancelled)),
        Status::Completed => return Err(Failure::Refused(CancelRefusal::Completed)),
        Status::Pending => {}
    }
    transaction.execute(&appointment::SET_STATUS, params![appointment_id, Status::Cancelled.word()])?;
    current.forget_day(memory);
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
pub enum StatusRefusal {
    UnknownAppointment,
    /// A cancelled appointment takes a place again, and there is none.
    NoPlace(NoPlace),
}

/// Sets the status of an appointment that is in no session. Returns the one that it had. One that comes to be
/// pending again takes a place of the session that its hour has got meanwhile.
pub fn set_status(
    transaction: &Transaction<'_>,
    appointment_id: i64,
    status: Status,
    rules: &Rules,
    memory: &mut Memory,
    changes: &mut Changes,
    now: &Now,
) -> Result<Status, Failure<StatusRefusal>> {
    let found = find(transaction, appointment_id)?;
    let current = found.ok_or(Failure::Refused(StatusRefusal::UnknownAppointment))?;
    let no_place = |failure: Failure<NoPlace>| failure.map(StatusRefusal::NoPlace);
    let mut entered = None;
    if current.status != status
        && let Some(time) = current.time
        && let Some(doctor) = Bookable::by_id(transaction, current.doctor_id)?
    {
        let seat = current.seat_again(transaction, &time, status, now).map_err(no_place)?;
        if current.status == Status::Cancelled {
            let (patient_id, by_day) = (current.patient_id, seat.is_none());
            let wanted = Wanted { patient_id, time: &time, appointment_id: Some(appointment_id), by_day };
            find_place(transaction, &doctor, &wanted, rules, memory).map_err(no_place)?;
        }
        entered = seat.map(|session| (session, time));
    }
    transaction.execute(&appointment::SET_STATUS, params![appointment_id, status.word()])?;
    current.forget_day(memory);
    if let Some((session, time)) = entered {
        booking::enter(transaction, &session, appointment_id, current.patient_id, &time, changes, now)
            .map_err(|failure| no_place(failure.map(NoPlace::Session)))?;
    }
    Ok(current.status)
}

/// Whose an appointment is, if it is there.
pub fn patient_of(transaction: &Transaction<'_>, appointment_id: i64) -> Result<Option<i64>, Error> {
    Ok(find(transaction, appointment_id)?.map(|current| current.patient_id))
}

struct Current {
    patient_id: i64,
    doctor_id: i64,
    /// `None` where the Python server stored what is no time.
    time: Option<AppointmentTime>,
    status: Status,
}

impl Current {
    /// The session in which it takes its place where it comes to be pending again. What was completed beside the
    /// doctor's sessions was there before them, and stays there.
    fn seat_again(
        &self,
        transaction: &Transaction<'_>,
        time: &AppointmentTime,
        status: Status,
        now: &Now,
    ) -> Result<Option<Box<ClinicSession>>, Failure<NoPlace>> {
        if status != Status::Pending {
            return Ok(None);
        }
        match seat(transaction, self.doctor_id, self.patient_id, time, now) {
            Err(Failure::Refused(NoPlace::OutsideSchedule)) if self.status == Status::Completed => Ok(None),
            seat => seat,
        }
    }

    fn forget_day(&self, memory: &mut Memory) {
        if let Some(time) = &self.time {
            memory.forget_day(self.doctor_id, time);
        }
    }
}

fn find(transaction: &Transaction<'_>, appointment_id: i64) -> Result<Option<Current>, Error> {
    transaction.first(&appointment::BY_ID, params![appointment_id], |row| {
        Ok(Current {
            patient_id: row.integer(0)?,
            doctor_id: row.integer(1)?,
            time: match row.value(2)? {
                Value::Text(text) => AppointmentTime::parse(text),
                _ => None,
            },
            status: Status::parse(row.text(3)?)?,
        })
    })
}
