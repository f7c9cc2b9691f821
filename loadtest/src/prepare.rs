//! Owns the filling of a database file with people and appointments, for runs at the size of a hospital.
//!
//! It never talks to a server, and refuses a file that one has open. Invariants: all is written in one
//! transaction, or nothing; the people are those of `Population::Prepared` and a clerk; no queue number is given
//! twice in a doctor's day and no patient has two appointments at one time.

use crate::population::{
    DOCTORS_MAX, PATIENTS_MAX, PREPARED_CLERK, PREPARED_PASSWORD, Population, SESSIONS_MAX,
};
use crate::random::{Random, scramble};
use crate::units;
use chrono::{Days, NaiveDate, Weekday};
use medsrv::service::credential;
use medsrv::store::{OpenError, Store};
use rusqlite::{Connection, ErrorCode, TransactionBehavior, params};
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

const APPOINTMENTS_MAX: u64 = 100_000_000;
/// Appointments in each doctor's day, twenty minutes each from nine o'clock.
const PER_DOCTOR_DAY: u64 = 21;
const MINUTES_EACH: u64 = 20;
/// What the server allows at most, so that no booking of a run finds a full day.
const MAX_PATIENTS: i64 = 10_000;
/// Weekdays from 2050 on, all before the days that bookings of the old dialect take.
const SESSION_DAYS_MAX: u64 = 12_000;
const SESSIONS_FROM: i32 = 2050;
const APPOINTMENTS_FROM: i32 = 2024;
/// How often progress is told.
const ROWS_PER_LINE: u64 = 250_000;
const DEPARTMENTS: [&str; 8] = ["内科", "外科", "儿科", "妇产科", "骨科", "眼科", "皮肤科", "心内科"];
/// Primes, one of which does not divide the number of patients, so that steps of it reach each of them.
const STRIDES: [u64; 4] = [7919, 104_729, 15_485_863, 49_979_687];
/// Enough pages that the indexes of a large file stay in memory: 512 MiB.
const CACHE_KIB: i64 = 512 * 1024;

/// How many of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    pub patients: u64,
    pub doctors: u64,
    pub appointments: u64,
    /// Sessions that can be booked, one of each doctor on each of so many days.
    pub sessions: u64,
}

/// A text that says no amounts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountsError {
    #[error(
        "{0:?} is not understood: write patients=100000,doctors=1000,appointments=1000000,sessions=10000"
    )]
    Shape(String),
    #[error("{what}={found}: must be between {least} and {most}")]
    Range { what: &'static str, found: u64, least: u64, most: u64 },
}

impl FromStr for Amounts {
    type Err = AmountsError;

    fn from_str(text: &str) -> Result<Amounts, AmountsError> {
        let wrong = || AmountsError::Shape(text.to_owned());
        let (mut patients, mut doctors, mut appointments, mut sessions) = (None, None, 0, 0);
        for part in text.split(',') {
            let (name, number) = part.trim().split_once('=').ok_or_else(wrong)?;
            let number: u64 = number.parse().map_err(|_| wrong())?;
            match name {
                "patients" => patients = Some(number),
                "doctors" => doctors = Some(number),
                "appointments" => appointments = number,
                "sessions" => sessions = number,
                _ => return Err(wrong()),
            }
        }
        let (Some(patients), Some(doctors)) = (patients, doctors) else { return Err(wrong()) };
        let range = |what, found, least, most| {
            if (least..=most).contains(&found) {
                return Ok(());
            }
            Err(AmountsError::Range { what, found, least, most })
        };
        range("doctors", doctors, 1, DOCTORS_MAX)?;
        // Every doctor can then have a patient at the same time.
        range("patients", patients, doctors, PATIENTS_MAX)?;
        range("appointments", appointments, 0, APPOINTMENTS_MAX)?;
        range("sessions", sessions, 0, SESSIONS_MAX.min(doctors * SESSION_DAYS_MAX))?;
        Ok(Amounts { patients, doctors, appointments, sessions })
    }
}

/// Why a file was not filled; it is then as it was.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error("the database {path}: another process has it open; stop the server first, with `medsrv stop`")]
    InUse { path: String },
    #[error("the database {path} was prepared before; delete it or give another --db-path")]
    PreparedBefore { path: String },
    #[error("the database {path}: {reason}")]
    Open { path: String, reason: OpenError },
    #[error("the database {path} cannot be written: {reason}")]
    Write { path: String, reason: rusqlite::Error },
    #[error("a credential cannot be hashed: {0}")]
    Credential(String),
}

const INSERT_USER: &str =
    "INSERT INTO users (user_id, username, password_hash, role) VALUES (?1, ?2, ?3, ?4)";

/// Fills the file at `path`, hands a line about each step to `say`, and returns whom runs on it may name.
///
/// # Errors
/// Where the file is in use, was prepared before or cannot be written.
pub fn prepare(
    path: &Path,
    amounts: &Amounts,
    seed: u64,
    say: &mut dyn FnMut(&str),
) -> Result<Population, PrepareError> {
    let shown = path.display().to_string();
    let failed = |reason: rusqlite::Error| match reason.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            PrepareError::InUse { path: shown.clone() }
        }
        _ => PrepareError::Write { path: shown.clone(), reason },
    };
    if path.exists() {
        require_alone(path).map_err(failed)?;
    }
    // The schema is the server's own; what it has open is closed again at once.
    drop(
        Store::open(path, credential::hash_salted_sha256)
            .map_err(|reason| PrepareError::Open { path: shown.clone(), reason })?,
    );
    let stored_credential =
        credential::hash_salted_sha256(PREPARED_PASSWORD).map_err(PrepareError::Credential)?;
    let mut connection = require_alone(path).map_err(failed)?;
    let begun = Instant::now();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let mut filler = Filler { connection: &transaction, amounts: *amounts, seed, begun, say: &mut *say };
    if filler.was_prepared().map_err(failed)? {
        return Err(PrepareError::PreparedBefore { path: shown.clone() });
    }
    let population = filler.fill(&stored_credential).map_err(failed)?;
    transaction.commit().map_err(failed)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(failed)?;
    say(&format!("all is stored in {shown} after {:.1} s", begun.elapsed().as_secs_f64()));
    Ok(population)
}

/// Opens the file so that nobody else has it. In WAL mode every process that has the file open holds a
/// shared lock, which the exclusive one does not go beside.
fn require_alone(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    // A server keeps the file as long as it runs, so that waiting for it is of no use.
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.execute_batch("BEGIN EXCLUSIVE; ROLLBACK")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // The rows refer to one another by construction; looking each one up would double the time.
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    Ok(connection)
}

struct Filler<'a> {
    connection: &'a Connection,
    amounts: Amounts,
    seed: u64,
    begun: Instant,
    say: &'a mut dyn FnMut(&str),
}

impl Filler<'_> {
    fn population(&self) -> Population {
        Population::prepared(self.amounts.patients, self.amounts.doctors)
    }

    fn was_prepared(&self) -> rusqlite::Result<bool> {
        let population = self.population();
        let phone = written(|output| population.write_phone(0, output));
        self.connection.prepare("SELECT 1 FROM users WHERE username = ?1")?.exists([phone])
    }

    fn fill(&mut self, credential: &str) -> rusqlite::Result<Population> {
        let first_patient: i64 =
            self.connection
                .query_row("SELECT coalesce(max(user_id), 0) + 1 FROM users", [], |row| row.get(0))?;
        let Amounts { patients, doctors, .. } = self.amounts;
        let first_doctor = first_patient + signed(patients);
        self.patients(credential, first_patient)?;
        self.doctors(credential, first_doctor)?;
        self.clerk(credential, first_doctor + signed(doctors))?;
        let indexes = self.drop_indexes()?;
        self.appointments(first_patient, first_doctor)?;
        indexes.iter().try_for_each(|sql| self.connection.execute_batch(sql))?;
        (self.say)(&format!("indexes built after {:.1} s", self.begun.elapsed().as_secs_f64()));
        let first_session = self.sessions(first_doctor)?;
        Ok(Population::Prepared {
            patients,
            doctors,
            first_id: first_patient.unsigned_abs(),
            sessions: self.amounts.sessions,
            first_session_id: first_session.unsigned_abs(),
        })
    }

    /// Stores who may read any patient's data, as runs over JSON-RPC do.
    fn clerk(&self, credential: &str, id: i64) -> rusqlite::Result<()> {
        self.connection.execute(INSERT_USER, params![id, PREPARED_CLERK, credential, "clerk"])?;
        self.connection
            .execute("INSERT INTO accounts (user_id, name) VALUES (?1, ?2)", params![id, PREPARED_CLERK])?;
        Ok(())
    }

    fn patients(&mut self, credential: &str, first_id: i64) -> rusqlite::Result<()> {
        let population = self.population();
        let mut user = self.connection.prepare(INSERT_USER)?;
        let mut patient = self.connection.prepare(
            "INSERT INTO patients (patient_id, name, birth_date, id_card, phone, email) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let mut random = Random::new(self.seed);
        for (id, index) in (first_id..).zip(0..self.amounts.patients) {
            let phone = written(|output| population.write_phone(index, output));
            let name = written(|output| population.write_patient_name(index, output));
            let (year, month, day) = (1940 + random.below(80), 1 + random.below(12), 1 + random.below(28));
            let birth_date = format!("{year:04}-{month:02}-{day:02}");
            let id_card = format!("110101{year:04}{month:02}{day:02}{:04}", index % 10_000);
            let email = format!("patient{index}@example.com");
            user.execute(params![id, phone, credential, "patient"])?;
            patient.execute(params![id, name, birth_date, id_card, phone, email])?;
        }
        self.tell(self.amounts.patients, "patients");
        Ok(())
    }

    fn doctors(&mut self, credential: &str, first_id: i64) -> rusqlite::Result<()> {
        let population = self.population();
        let mut user = self.connection.prepare(INSERT_USER)?;
        let mut doctor = self.connection.prepare(
            "INSERT INTO doctors (doctor_id, name, employee_id, department, max_patients, fee, is_available) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)",
        )?;
        let departments = DEPARTMENTS.iter().cycle();
        for ((id, index), department) in (first_id..).zip(0..self.amounts.doctors).zip(departments) {
            let name = written(|output| population.write_doctor_name(index, output));
            let employee_id = format!("LT{index:06}");
            user.execute(params![id, employee_id, credential, "doctor"])?;
            doctor.execute(params![id, name, employee_id, department, MAX_PATIENTS, 50.0])?;
        }
        self.tell(self.amounts.doctors, "doctors");
        Ok(())
    }

    /// Stores appointments day by day, as a hospital's file grows; the weekdays begin with 2024.
    fn appointments(&mut self, first_patient_id: i64, first_doctor_id: i64) -> rusqlite::Result<()> {
        let Amounts { patients, doctors, appointments, .. } = self.amounts;
        let stride = STRIDES.into_iter().find(|prime| patients % prime != 0).unwrap_or(1);
        let mut insert = self.connection.prepare(
            "INSERT INTO appointments \
             (patient_id, doctor_id, appointment_time, status, fee_paid, queue_number, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let mut random = Random::new(self.seed ^ 1);
        let (mut date, mut created_at) = (String::new(), String::new());
        for number in 0..appointments {
            let doctor = number % doctors;
            let (day, slot) = (number / doctors / PER_DOCTOR_DAY, number / doctors % PER_DOCTOR_DAY);
            if doctor == 0 && slot == 0 {
                date = weekday(APPOINTMENTS_FROM, day);
                created_at = format!("{date} 00:00:00");
            }
            let minute = 9 * 60 + slot * MINUTES_EACH;
            let time = format!("{date} {:02}:{:02}:00", minute / 60, minute % 60);
            // At one time, doctors have patients a stride apart, so that nobody is at two places.
            let first_patient = scramble(self.seed ^ (day * PER_DOCTOR_DAY + slot)) % patients;
            let patient = (first_patient + doctor * stride) % patients;
            let status = match random.below(20) {
                0 | 1 => "cancelled",
                2 => "pending",
                _ => "completed",
            };
            insert.execute(params![
                first_patient_id + signed(patient),
                first_doctor_id + signed(doctor),
                time,
                status,
                true,
                signed(slot + 1),
                created_at
            ])?;
            if (number + 1) % ROWS_PER_LINE == 0 && number + 1 < appointments {
                tell(self.say, self.begun, number + 1, "appointments");
            }
        }
        self.tell(appointments, "appointments");
        Ok(())
    }

    /// Stores sessions day by day, one of each doctor, all of whose places are given out from now on. Each has one
    /// for every patient, so that no booking of a run finds it full. Returns the id of the first.
    fn sessions(&mut self, first_doctor_id: i64) -> rusqlite::Result<i64> {
        let first: i64 = self.connection.query_row(
            "SELECT coalesce(max(session_id), 0) + 1 FROM clinic_sessions",
            [],
            |row| row.get(0),
        )?;
        let Amounts { patients, doctors, sessions, .. } = self.amounts;
        let mut insert = self.connection.prepare(
            "INSERT INTO clinic_sessions (session_id, doctor_id, department, room, day, period, starts_at, ends_at, \
             capacity_online, capacity_onsite, capacity_addon) \
             SELECT ?1, doctor_id, department, ?3, ?4, 'day', ?5, ?6, ?7, 0, 0 FROM doctors WHERE doctor_id = ?2",
        )?;
        for (id, number) in (first..).zip(0..sessions) {
            let (day, doctor) = (number / doctors, number % doctors);
            let date = weekday(SESSIONS_FROM, day);
            let (starts_at, ends_at) = (format!("{date} 09:00:00"), format!("{date} 17:00:00"));
            let (doctor_id, room) = (first_doctor_id + signed(doctor), format!("LT{doctor:06}"));
            insert.execute(params![id, doctor_id, room, date, starts_at, ends_at, signed(patients)])?;
        }
        self.tell(sessions, "sessions");
        Ok(first)
    }

    /// Takes the indexes of the appointments away, since building them at the end is several times faster.
    /// Returns what makes them again.
    fn drop_indexes(&self) -> rusqlite::Result<Vec<String>> {
        let mut indexes = self.connection.prepare(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'appointments' AND sql IS NOT NULL",
        )?;
        let found: Vec<(String, String)> =
            indexes.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (name, _) in &found {
            self.connection.execute_batch(&format!("DROP INDEX \"{name}\""))?;
        }
        Ok(found.into_iter().map(|(_, sql)| sql).collect())
    }

    fn tell(&mut self, number: u64, what: &str) {
        tell(self.say, self.begun, number, what);
    }
}

/// What a population writes, as a text.
fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}

/// A count as SQLite takes it; the limits of `Amounts` keep it small.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn tell(say: &mut dyn FnMut(&str), begun: Instant, number: u64, what: &str) {
    say(&format!("{} {what} after {:.1} s", units::count(number), begun.elapsed().as_secs_f64()));
}

/// So many weekdays after the first Monday of a year.
fn weekday(year: i32, day: u64) -> String {
    let date = NaiveDate::from_weekday_of_month_opt(year, 1, Weekday::Mon, 1)
        .and_then(|monday| monday.checked_add_days(Days::new(day / 5 * 7 + day % 5)))
        .unwrap_or(NaiveDate::MAX);
    date.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        assert_eq!(
            "patients=10, doctors=2,appointments=30".parse(),
            Ok(Amounts { patients: 10, doctors: 2, appointments: 30, sessions: 0 })
        );
        for (text, told) in [
            ("patients=10", "is not understood"),
            ("patients=ten,doctors=1", "is not understood"),
            ("patients=1,doctors=1,beds=2", "is not understood"),
            ("patients=1,doctors=2", "patients=1: must be between 2 and"),
            ("patients=1,doctors=1,sessions=12001", "sessions=12001: must be between 0 and 12000"),
            ("patients=1,doctors=0", "doctors=0: must be between 1 and"),
        ] {
            let error = text.parse::<Amounts>().unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn a_file_is_filled_once_and_is_sound() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("prepared.db");
        let amounts = Amounts { patients: 40, doctors: 7, appointments: 1000, sessions: 20 };
        let mut lines = Vec::new();
        let population = prepare(&path, &amounts, 1, &mut |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(population, Population::prepared(40, 7).with_sessions(20));
        assert!(lines.last().unwrap().starts_with("all is stored in"), "{lines:?}");

        let connection = Connection::open(&path).unwrap();
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(number("SELECT count(*) FROM users"), 48);
        assert_eq!(number("SELECT count(*) FROM appointments"), 1000);
        assert_eq!(number("SELECT count(*) FROM clinic_sessions WHERE capacity_online = 40"), 20);
        assert_eq!(number("SELECT count(DISTINCT day) FROM clinic_sessions WHERE day LIKE '2050-01-0%'"), 3);
        assert_eq!(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        assert_eq!(number("SELECT count(*) FROM sqlite_master WHERE name LIKE 'appointments_by_%'"), 3);
        let clashes = "SELECT count(*) FROM (SELECT 1 FROM appointments GROUP BY patient_id, appointment_time \
                       HAVING count(*) > 1)";
        assert_eq!(number(clashes), 0);
        drop(connection);

        let again = prepare(&path, &amounts, 1, &mut |_| {});
        assert!(matches!(again, Err(PrepareError::PreparedBefore { .. })), "{again:?}");
    }

    #[test]
    fn a_file_that_a_server_has_open_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("open.db");
        let mut opened = Store::open(&path, credential::hash_salted_sha256).unwrap();
        // SQLite holds the file from the first read on, which a server's first request brings.
        let medsrv_reads = medsrv::service::demo::fill(
            &mut opened.store,
            &medsrv::service::time::Now {
                local: String::new(),
                utc: "2026-01-02 03:04:05".into(),
                unix_ms: 0,
            },
        );
        assert!(medsrv_reads.is_ok());
        assert!(matches!(opened.store.commit(), medsrv::store::Commit::Durable));
        let amounts = Amounts { patients: 4, doctors: 1, appointments: 0, sessions: 0 };
        let refused = prepare(&path, &amounts, 1, &mut |_| {});
        assert!(matches!(refused, Err(PrepareError::InUse { .. })), "{refused:?}");
        drop(opened);
        let population = prepare(&path, &amounts, 1, &mut |_| {}).unwrap();
        let (patients, doctors, first_id) = (4, 1, 7);
        assert_eq!(
            population,
            Population::Prepared { patients, doctors, first_id, sessions: 0, first_session_id: 1 }
        );
    }
}
