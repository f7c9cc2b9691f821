//! Owns the file of a run: its people, their sessions of login, and the clinic's sessions of each round.
//!
//! It never asks the server. Invariants: each round has sessions of its own, so that no round finds what another
//! one has left; what a check counts it reads from the file.

use crate::Outcome;
use crate::served::DATABASE;
use chrono::{Days, Local};
use loadtest::prepare::{Amounts, prepare};
use medsrv::service::session;
use rusqlite::{Connection, Params, Transaction, params};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Sessions of a round, each of another doctor.
pub const SESSIONS: usize = 50;
/// Places online of a session that is given out.
pub const PLACES: usize = 40;
pub const CAPACITY: usize = SESSIONS * PLACES;
const PATIENTS: u64 = 100_000;
const DOCTORS: u64 = 1_000;
/// Patients who have a session of login; so many are there at most in a burst.
const LOGGED_IN: usize = CAPACITY + CAPACITY / 4;
/// Of the login sessions, in milliseconds.
const GOOD_FOR_MS: i64 = 12 * 3600 * 1000;
/// So many days ahead the first burst's sessions are: beyond what patients are reminded of.
const DAYS_AHEAD: u64 = 7;
/// Another process has the file open, too.
const PATIENCE: Duration = Duration::from_secs(30);

const INSERT_SESSION: &str = "INSERT INTO clinic_sessions
    (doctor_id, department, room, day, period, starts_at, ends_at, release_at, capacity_online, capacity_onsite,
     capacity_addon, booked_online, next_ticket)
    SELECT doctor_id, department, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, ?9, ?9 + 1 FROM doctors WHERE doctor_id = ?1";

pub struct Database {
    directory: TempDir,
    path: PathBuf,
    rounds: u64,
}

/// A session whose places are given out.
pub struct OpeningSession {
    pub session_id: i64,
    pub department: String,
}

/// What the file says of the sessions of a burst.
#[derive(Debug, Default)]
pub struct Sold {
    /// Sessions that count as many places taken as they have.
    pub full: usize,
    /// Sessions that have as many appointments as places.
    pub booked: usize,
    /// Appointments that are booked, in both tables.
    pub appointments: usize,
    /// Patients who have one of them.
    pub patients: usize,
    /// Entries of the trail that tell of them.
    pub audited: usize,
}

impl Database {
    pub fn prepare(appointments: u64) -> Outcome<Database> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join(DATABASE);
        let amounts = Amounts { patients: PATIENTS, doctors: DOCTORS, appointments, sessions: 0 };
        prepare(&path, &amounts, 1, &mut |_| {})?;
        let database = Database { directory, path, rounds: 0 };
        database.log_in()?;
        Ok(database)
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn open(&self) -> Outcome<Connection> {
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(PATIENCE)?;
        Ok(connection)
    }

    /// Deriving a password for each would take minutes, and is not what is measured.
    fn log_in(&self) -> Outcome<()> {
        let mut connection = self.open()?;
        let transaction = connection.transaction()?;
        let patients = (0..LOGGED_IN).map(patient_id);
        for user_id in patients.chain((0..SESSIONS).map(doctor_id)) {
            let now_ms = Local::now().timestamp_millis();
            transaction.execute(
                "INSERT INTO login_sessions (user_id, token_hash, peer, created_at, used_at, expires_at)
                VALUES (?1, ?2, '127.0.0.1', ?3, ?3, ?4)",
                params![user_id, session::hash(&token(user_id)), now_ms, now_ms + GOOD_FOR_MS],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Makes the sessions of a burst, on a day of their own; `release_at` is when their places are given out.
    pub fn open_burst(&mut self, release_at: &str) -> Outcome<Vec<OpeningSession>> {
        self.rounds += 1;
        let day = Local::now().date_naive() + Days::new(DAYS_AHEAD + self.rounds);
        let (starts_at, ends_at) = (format!("{day} 08:00:00"), format!("{day} 12:00:00"));
        let mut connection = self.open()?;
        let transaction = connection.transaction()?;
        let mut sessions = Vec::new();
        for place in 0..SESSIONS {
            let doctor = doctor_id(place);
            let row = params![
                doctor,
                None::<&str>,
                day.to_string(),
                "morning",
                starts_at,
                ends_at,
                release_at,
                PLACES as i64,
                0
            ];
            transaction.execute(INSERT_SESSION, row)?;
            let session_id = transaction.last_insert_rowid();
            let department = transaction.query_row(
                "SELECT department FROM doctors WHERE doctor_id = ?1",
                [doctor],
                |row| row.get(0),
            )?;
            sessions.push(OpeningSession { session_id, department });
        }
        transaction.commit()?;
        Ok(sessions)
    }

    /// Makes sessions that are held now, in whose queues so many patients wait each. Returns their ids.
    pub fn open_queues(&mut self, waiting: i64) -> Outcome<Vec<i64>> {
        self.rounds += 1;
        let mut connection = self.open()?;
        let transaction = connection.transaction()?;
        let today = Local::now().date_naive();
        // A session that ended while it is measured would be closed.
        let ends_at = format!("{} 23:59:59", today + Days::new(1));
        let mut sessions = Vec::new();
        for place in 0..SESSIONS {
            let period = format!("round {}", self.rounds);
            let row = params![
                doctor_id(place),
                format!("room {place} of {period}"),
                today.to_string(),
                period,
                format!("{today} 00:00:00"),
                ends_at,
                None::<&str>,
                waiting,
                waiting
            ];
            transaction.execute(INSERT_SESSION, row)?;
            let session_id = transaction.last_insert_rowid();
            for number in 1..=waiting {
                let queue_number = self.rounds as i64 * waiting + number;
                let patient = patient_id(place) * waiting + number;
                insert_ticket(&transaction, session_id, patient, number, queue_number)?;
            }
            sessions.push(session_id);
        }
        transaction.commit()?;
        Ok(sessions)
    }

    pub fn sold(&self, sessions: &[OpeningSession]) -> Outcome<Sold> {
        let connection = self.open()?;
        let mut sold = Sold::default();
        let mut patients = std::collections::BTreeSet::new();
        for OpeningSession { session_id, .. } in sessions {
            let (capacity, taken): (i64, i64) = connection.query_row(
                "SELECT capacity_online, booked_online FROM clinic_sessions WHERE session_id = ?1",
                [session_id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let mut booked = connection.prepare_cached(
                "SELECT b.patient_id FROM bookings b JOIN appointments a USING (appointment_id)
                WHERE b.session_id = ?1 AND b.state = 'booked' AND a.status = 'pending'
                    AND a.patient_id = b.patient_id",
            )?;
            let found: Vec<i64> =
                booked.query_map([session_id], |row| row.get(0))?.collect::<Result<_, _>>()?;
            sold.full += usize::from(taken == capacity);
            sold.booked += usize::from(found.len() as i64 == capacity);
            sold.appointments += found.len();
            patients.extend(found);
        }
        sold.patients = patients.len();
        let ids: Vec<i64> = sessions.iter().map(|session| session.session_id).collect();
        sold.audited = count(
            &connection,
            "SELECT count(*) FROM audit WHERE method = 'appointment.book' AND outcome = 'success'
                AND entity_id IN (SELECT appointment_id FROM bookings WHERE session_id BETWEEN ?1 AND ?2)",
            [ids.first(), ids.last()],
        )?;
        Ok(sold)
    }

    /// How many tickets of these sessions stand in a state.
    pub fn tickets(&self, sessions: &[i64], state: &str) -> Outcome<usize> {
        let (first, last) = (sessions.first(), sessions.last());
        count(
            &self.open()?,
            "SELECT count(*) FROM tickets WHERE session_id BETWEEN ?1 AND ?2 AND state = ?3",
            params![first, last, state],
        )
    }
}

/// Someone who has booked and is there, and their ticket.
fn insert_ticket(
    transaction: &Transaction<'_>,
    session_id: i64,
    patient_id: i64,
    number: i64,
    queue_number: i64,
) -> Outcome<()> {
    transaction.execute(
        "INSERT INTO appointments (patient_id, doctor_id, appointment_time, status, queue_number)
        SELECT ?2, doctor_id, starts_at, 'pending', ?3 FROM clinic_sessions WHERE session_id = ?1",
        params![session_id, patient_id, queue_number],
    )?;
    let appointment_id = transaction.last_insert_rowid();
    transaction.execute(
        "INSERT INTO bookings (appointment_id, session_id, patient_id, day, department, starts_at, ends_at, state,
            pool, changed_ms)
        SELECT ?2, session_id, ?3, day, department, starts_at, ends_at, 'checked_in', 'online', 0
        FROM clinic_sessions WHERE session_id = ?1",
        params![session_id, appointment_id, patient_id],
    )?;
    transaction.execute(
        "INSERT INTO tickets (session_id, number, appointment_id, patient_id, state, band, place, checked_in_ms,
            changed_ms)
        VALUES (?1, ?2, ?3, ?4, 'waiting', 'booked', ?2, 0, 0)",
        params![session_id, number, appointment_id, patient_id],
    )?;
    Ok(())
}

fn count(connection: &Connection, sql: &str, params: impl Params) -> Outcome<usize> {
    Ok(usize::try_from(connection.query_row(sql, params, |row| row.get::<_, i64>(0))?)?)
}

/// The ids of a prepared file count from 1, the patients' first.
pub fn patient_id(place: usize) -> i64 {
    place as i64 + 1
}

pub fn doctor_id(place: usize) -> i64 {
    PATIENTS as i64 + place as i64 + 1
}

/// By which someone's connection becomes theirs.
pub fn token(user_id: i64) -> String {
    format!("ms1_bench-{user_id}")
}
