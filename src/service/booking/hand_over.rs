//! A session that another doctor takes over, with all that is booked in it.
//!
//! It never knows why, or whether that doctor has the time. Invariant: the session, its appointments and their
//! places in the day are of one doctor, before and after; so are the threads about those that are to come.

use super::change::Change;
use super::find::in_state;
use super::{Outcome, State};
use crate::service::chat::{self, Visit};
use crate::service::clinic_session::ClinicSession;
use crate::service::notice;
use crate::service::time::AppointmentTime;
use crate::store::statements::{appointment, booking, clinic_session, encounter};
use crate::store::{Error, params};

/// Gives a session to another doctor. Its patients are told, and their tickets stay. Returns the appointments
/// that are to come.
pub fn hand_over(
    change: &mut Change<'_, '_>,
    session: &ClinicSession,
    doctor_id: i64,
    doctor_name: &str,
) -> Outcome<Vec<i64>> {
    let (transaction, session_id) = (change.transaction, session.session_id);
    let highest = transaction
        .first(&appointment::DAY, params![doctor_id, session.day], |row| row.integer(1))?
        .unwrap_or(0);
    transaction.execute(&clinic_session::SET_DOCTOR, params![session_id, doctor_id])?;
    // What is over goes along, for it can be brought back.
    transaction.execute(&booking::HAND_OVER, params![session_id, doctor_id, highest])?;
    transaction.execute(&encounter::HAND_OVER, params![session_id, doctor_id])?;
    let time = AppointmentTime::parse(&session.starts_at)
        .ok_or_else(|| Error::Other("a session has no times".into()))?;
    change.memory.forget_day(session.doctor_id, &time);
    change.memory.forget_day(doctor_id, &time);
    let mut moved = Vec::new();
    for state in [State::Held, State::Booked, State::CheckedIn] {
        for found in in_state(transaction, session_id, state)? {
            notice::doctor_changed(transaction, &found, doctor_name, change.now)?;
            chat::follow(transaction, Visit::Appointment(found.appointment_id), change.changes, change.now)?;
            change.changes.notices.insert(found.patient_id);
            change.changes.appointments.insert(found.appointment_id);
            moved.push(found.appointment_id);
        }
    }
    change.changes.sessions.insert(session_id);
    change.changes.queues.insert(session_id);
    Ok(moved)
}
