//! Owns the database of a run: who is in it, and by which names and tokens requests speak of them.
//!
//! It never asks the server. Invariant: each room has patients of its own, so that no patient is in two of them.

use crate::Outcome;
use chrono::{Days, Local, NaiveDate};
use loadtest::population::PREPARED_CLERK;
use loadtest::prepare::{Amounts, prepare};
use medsrv::service::session;
use rusqlite::{Connection, params};
use std::path::Path;

pub const PATIENTS: u64 = 50_000;
pub const DOCTORS: u64 = 200;
/// Sessions that are booked beforehand, the first having this id.
pub const SESSIONS: u64 = 12_000;
/// Doctors who see patients all the time, each in a session of their own behind those that are booked.
pub const ROOMS: u64 = 20;
pub const DRUGS: u64 = 20;
const APPOINTMENTS: u64 = 100_000;
/// Of the login sessions, in milliseconds.
const GOOD_FOR_MS: i64 = 24 * 3600 * 1000;

/// The ids of a prepared file count from 1: patients, doctors, the clerk.
pub fn doctor_id(doctor: u64) -> u64 {
    PATIENTS + 1 + doctor
}

pub fn clerk_id() -> u64 {
    doctor_id(DOCTORS)
}

pub fn room_session(room: u64) -> u64 {
    SESSIONS + 1 + room
}

pub fn token(user_id: u64) -> String {
    format!("ms1_soak-{user_id}")
}

pub fn phone(patient: u64) -> String {
    format!("166{patient:08}")
}

pub fn patient_name(patient: u64) -> String {
    format!("测试患者{patient:08}")
}

pub fn doctor_name(doctor: u64) -> String {
    format!("测试医生{doctor:06}")
}

/// When the old dialect books for the `number`th time: ten times in a doctor's day, on weekdays far ahead.
pub fn old_time(number: u64) -> String {
    let (day, slot) = (number / DOCTORS / 10, number / DOCTORS % 10);
    let monday = NaiveDate::from_ymd_opt(2100, 1, 4).unwrap_or_default();
    let date = monday.checked_add_days(Days::new(day / 5 * 7 + day % 5)).unwrap_or_default();
    format!("{date} {:02}:{:02}:00", 9 + slot / 3, slot % 3 * 20)
}

pub fn fill(path: &Path) -> Outcome<()> {
    let amounts =
        Amounts { patients: PATIENTS, doctors: DOCTORS, appointments: APPOINTMENTS, sessions: SESSIONS };
    prepare(path, &amounts, 1, &mut |_| {})?;
    let mut connection = Connection::open(path)?;
    let transaction = connection.transaction()?;
    let now_ms = Local::now().timestamp_millis();
    for user_id in (0..ROOMS).map(doctor_id).chain([clerk_id()]) {
        // Deriving a password for each would take long, and logins are made elsewhere.
        transaction.execute(
            "INSERT INTO login_sessions (user_id, token_hash, peer, created_at, used_at, expires_at)
            VALUES (?1, ?2, '127.0.0.1', ?3, ?3, ?4)",
            params![user_id as i64, session::hash(&token(user_id)), now_ms, now_ms + GOOD_FOR_MS],
        )?;
    }
    let clerk: String = transaction.query_row(
        "SELECT username FROM users WHERE user_id = ?1",
        [clerk_id() as i64],
        |row| row.get(0),
    )?;
    if clerk != PREPARED_CLERK {
        return Err(format!("user {} is {clerk}, not the clerk", clerk_id()).into());
    }
    let today = Local::now().date_naive();
    for room in 0..ROOMS {
        transaction.execute(
            "INSERT INTO clinic_sessions
            (session_id, doctor_id, department, room, day, period, starts_at, ends_at, capacity_online,
             capacity_onsite, capacity_addon)
            SELECT ?1, doctor_id, department, ?3, ?4, 'soak', ?5, ?6, 0, ?7, 0 FROM doctors WHERE doctor_id = ?2",
            params![
                room_session(room) as i64,
                doctor_id(room) as i64,
                format!("room {room}"),
                today.to_string(),
                format!("{today} 00:00:00"),
                // A session that ended within the run would be closed.
                format!("{} 23:59:59", today + Days::new(1)),
                PATIENTS as i64
            ],
        )?;
    }
    for drug in 1..=DRUGS {
        transaction.execute(
            "INSERT INTO drugs (drug_id, code, name, ingredient, drug_class, form, strength, dose_unit, route)
            VALUES (?1, ?2, ?2, ?2, 'class', '片', '0.25 g', 'mg', 'po')",
            params![drug as i64, format!("S{drug:02}")],
        )?;
    }
    transaction.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
