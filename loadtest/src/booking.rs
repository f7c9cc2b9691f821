//! Owns when and for whom the next booking is, so that each one finds a free place.
//!
//! It never knows a request. Invariants: no patient is booked twice for one time in a run; a doctor's day
//! gets at most `PER_DOCTOR_DAY` bookings of a run, well under what the sample doctors take; every time is a
//! working hour of a weekday far in the future, which no other data touches.

use crate::population::{Population, write_digits};
use crate::random::scramble;
use chrono::{Datelike, Days, NaiveDate};

/// Two runs that happen to meet on one day still fit into the sample doctor with the fewest places, 25.
pub(crate) const PER_DOCTOR_DAY: u64 = 10;
/// Weekdays from 2100-01-04, a Monday, to the end of 9998.
const DAYS: u64 = 2_060_000;
/// From nine to five, in seconds.
pub(crate) const SECONDS_A_DAY: u64 = 8 * 3600;
const FIRST_SECOND: u64 = 9 * 3600;
/// Has no divisor in common with `SECONDS_A_DAY`, so that each second of a day comes once before any again.
const STRIDE: u64 = 7919;

/// A free place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Booking {
    pub(crate) patient: u64,
    pub(crate) doctor: u64,
    pub(crate) time: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    year: u64,
    month: u64,
    day: u64,
    second: u64,
}

impl Time {
    /// Appends `YYYY-MM-DD HH:MM:SS`.
    pub(crate) fn write(&self, output: &mut Vec<u8>) {
        for (number, width, after) in [
            (self.year, 4, Some(b'-')),
            (self.month, 2, Some(b'-')),
            (self.day, 2, Some(b' ')),
            (self.second / 3600, 2, Some(b':')),
            (self.second / 60 % 60, 2, Some(b':')),
            (self.second % 60, 2, None),
        ] {
            write_digits(number, width, output);
            output.extend(after);
        }
    }
}

/// Hands out free places, one after the other.
#[derive(Debug)]
pub(crate) struct Bookings {
    patients: u64,
    doctors: u64,
    /// Makes this run's places others than those of a run before it.
    salt: u64,
    day: u64,
    slot: u64,
    date: Time,
}

impl Bookings {
    pub(crate) fn new(population: &Population, salt: u64) -> Bookings {
        let day = scramble(salt) % DAYS;
        let (patients, doctors) = (population.patients().max(1), population.doctors().max(1));
        Bookings { patients, doctors, salt, day, slot: 0, date: date(day) }
    }

    pub(crate) fn next(&mut self) -> Booking {
        if self.slot >= self.doctors * PER_DOCTOR_DAY {
            self.slot = 0;
            self.day = (self.day + 1) % DAYS;
            self.date = date(self.day);
        }
        let slot = self.slot;
        self.slot += 1;
        let second = (self.salt % SECONDS_A_DAY + slot * STRIDE) % SECONDS_A_DAY;
        // Where a day has more bookings than seconds, those of one second go to patients side by side.
        let round = slot / SECONDS_A_DAY;
        let first_patient = scramble(self.salt ^ (self.day * SECONDS_A_DAY + second)) % self.patients;
        Booking {
            patient: (first_patient + round) % self.patients,
            doctor: slot % self.doctors,
            time: Time { second: FIRST_SECOND + second, ..self.date },
        }
    }
}

fn date(day: u64) -> Time {
    // The constants are far inside the calendar; the fallback only keeps the function total.
    let date = NaiveDate::from_ymd_opt(2100, 1, 4)
        .and_then(|monday| monday.checked_add_days(Days::new(day / 5 * 7 + day % 5)))
        .unwrap_or(NaiveDate::MAX);
    Time {
        year: u64::from(date.year_ce().1),
        month: u64::from(date.month()),
        day: u64::from(date.day()),
        second: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};

    fn text(time: &Time) -> String {
        let mut output = Vec::new();
        time.write(&mut output);
        String::from_utf8(output).unwrap()
    }

    fn check(population: Population, count: usize) {
        let mut bookings = Bookings::new(&population, 99);
        let mut seen = HashSet::new();
        let mut days: HashMap<(u64, String), u64> = HashMap::new();
        for _ in 0..count {
            let booking = bookings.next();
            let time = text(&booking.time);
            assert!(medsrv::service::time::AppointmentTime::parse(&time).is_some(), "{time}");
            assert!(booking.patient < population.patients() && booking.doctor < population.doctors());
            let held = days.entry((booking.doctor, time[..10].to_owned())).or_default();
            *held += 1;
            assert!(*held <= PER_DOCTOR_DAY);
            assert!(seen.insert((booking.patient, time)), "a patient is booked twice for one time");
        }
    }

    #[test]
    fn every_booking_finds_a_free_place() {
        check(Population::Demo, 20_000);
        check(Population::prepared(50, 7_000), 200_000);
        check(Population::prepared(1000, 1), 1000);
    }

    #[test]
    fn the_calendar_ends_in_time_and_has_weekdays_only() {
        assert_eq!(text(&date(0)), "2100-01-04 00:00:00");
        assert_eq!(text(&date(5)), "2100-01-11 00:00:00");
        assert!(date(DAYS - 1).year <= 9999);
    }
}
