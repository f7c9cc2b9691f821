//! What booking remembers of the database: the doctors that were asked for, and the counts of their days.
//!
//! It never knows a rule. Invariant: an entry equals what the database would answer within this turn's
//! transaction. Whoever changes a doctor or a day forgets it or brings it up to date in the same step; what was
//! taken in during a step that is undone is forgotten with it, and everything is when a turn is lost or another
//! process has written.

use super::time::AppointmentTime;
use crate::store::statements::{appointment, doctor};
use crate::store::{Error, Row, Transaction, Value, params};
use std::collections::HashMap;

/// More entries than a hospital needs; at this many, all are forgotten.
const ENTRIES_MAX: usize = 20_000;
const DATE_BYTES: usize = 10;

#[derive(Debug, Default)]
pub struct Memory {
    /// The state of the database that the entries are of.
    generation: u64,
    doctors: HashMap<String, Bookable>,
    days: HashMap<(i64, [u8; DATE_BYTES]), Day>,
    /// Whether something was taken in since the last step began, which may see what that step has written.
    has_learned: bool,
}

/// What booking needs to know of a doctor.
#[derive(Debug, Clone)]
pub struct Bookable {
    pub doctor_id: i64,
    pub max_patients: Option<i64>,
    pub work_schedule: Option<String>,
    pub is_available: bool,
}

impl Bookable {
    fn from_row(row: &Row<'_>) -> Result<Bookable, Error> {
        Ok(Bookable {
            doctor_id: row.integer(0)?,
            max_patients: match row.value(1)? {
                Value::Integer(number) => Some(number),
                _ => None,
            },
            work_schedule: row.optional_string(2)?,
            is_available: row.value(3)?.is_true(),
        })
    }

    pub fn by_id(transaction: &Transaction<'_>, doctor_id: i64) -> Result<Option<Bookable>, Error> {
        transaction.first(&doctor::BOOKABLE_BY_ID, params![doctor_id], Bookable::from_row)
    }
}

/// A day of a doctor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Appointments that are not cancelled.
    pub taken: i64,
    /// The highest queue number that was given, 0 before the first.
    pub highest_number: i64,
}

impl Day {
    /// The day with one more appointment, which has the number that is the highest then.
    pub fn one_more(self) -> Result<Day, Error> {
        let number = self.highest_number.checked_add(1);
        let highest_number =
            number.ok_or_else(|| Error::Other("a doctor's day has no queue numbers left".into()))?;
        Ok(Day { taken: self.taken + 1, highest_number })
    }
}

impl Memory {
    /// The first doctor of that name.
    pub fn doctor(&mut self, transaction: &Transaction<'_>, name: &str) -> Result<Option<Bookable>, Error> {
        self.keep_up(transaction);
        if let Some(known) = self.doctors.get(name) {
            return Ok(Some(known.clone()));
        }
        let found = transaction.first(&doctor::BOOKABLE_BY_NAME, params![name], Bookable::from_row)?;
        if let Some(found) = &found {
            self.has_learned = true;
            bounded(&mut self.doctors).insert(name.to_owned(), found.clone());
        }
        Ok(found)
    }

    pub fn day(
        &mut self,
        transaction: &Transaction<'_>,
        doctor_id: i64,
        time: &AppointmentTime,
    ) -> Result<Day, Error> {
        self.keep_up(transaction);
        let key = key(doctor_id, time);
        if let Some(known) = self.days.get(&key) {
            return Ok(*known);
        }
        let counted = transaction.first(&appointment::DAY, params![doctor_id, time.date()], |row| {
            Ok::<_, Error>(Day { taken: row.integer(0)?, highest_number: row.integer(1)? })
        })?;
        let day = counted.unwrap_or(Day { taken: 0, highest_number: 0 });
        self.has_learned = true;
        bounded(&mut self.days).insert(key, day);
        Ok(day)
    }

    /// A day has come to be this, by a row that was just written.
    pub fn set_day(&mut self, doctor_id: i64, time: &AppointmentTime, day: Day) {
        self.has_learned = true;
        bounded(&mut self.days).insert(key(doctor_id, time), day);
    }

    /// A step begins that may be undone.
    pub fn begin_step(&mut self) {
        self.has_learned = false;
    }

    /// What was written since `begin_step` is undone. A step that has learned nothing, as when a session is full,
    /// costs no entry.
    pub fn undo_step(&mut self) {
        if self.has_learned {
            self.forget_doctors();
            self.forget_days();
        }
    }

    pub fn forget_day(&mut self, doctor_id: i64, time: &AppointmentTime) {
        self.days.remove(&key(doctor_id, time));
    }

    pub fn forget_doctors(&mut self) {
        self.doctors.clear();
    }

    pub fn forget_days(&mut self) {
        self.days.clear();
    }

    fn keep_up(&mut self, transaction: &Transaction<'_>) {
        if self.generation != transaction.generation() {
            self.generation = transaction.generation();
            self.forget_doctors();
            self.forget_days();
        }
    }
}

fn key(doctor_id: i64, time: &AppointmentTime) -> (i64, [u8; DATE_BYTES]) {
    (doctor_id, time.date().as_bytes().first_chunk().copied().unwrap_or_default())
}

fn bounded<K, V>(entries: &mut HashMap<K, V>) -> &mut HashMap<K, V> {
    if entries.len() >= ENTRIES_MAX {
        entries.clear();
    }
    entries
}
