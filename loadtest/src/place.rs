//! Owns for whom and in which prepared session the next place is booked, so that each call finds one free.
//!
//! It never knows a request. Invariants: no patient is booked twice on one day before all days have been used; a
//! doctor's day gets at most `PER_DOCTOR_DAY` bookings in a row, as in the old dialect's runs.

use crate::booking::PER_DOCTOR_DAY;
use crate::population::Population;
use crate::random::scramble;

/// A place that is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) patient: u64,
    pub(crate) session: u64,
}

/// Hands out places, one after the other. The patients of a day come in blocks, each of as many as the day's
/// doctors have places in a row; after a block comes the next one, and after the day's last block the next day.
#[derive(Debug)]
pub(crate) struct Places {
    /// Those of one day.
    sessions: u64,
    /// Patients in a block.
    length: u64,
    blocks_a_day: u64,
    blocks: u64,
    block: u64,
    number: u64,
}

impl Places {
    /// `salt` sets the first block; two runs on one file meet the more rarely, the more days it has sessions on.
    pub(crate) fn new(population: &Population, salt: u64) -> Places {
        let (patients, doctors) = (population.patients().max(1), population.doctors().max(1));
        let sessions = doctors.min(population.sessions().max(1));
        let days = (population.sessions() / sessions).max(1);
        let length = (sessions * PER_DOCTOR_DAY).min(patients);
        let blocks_a_day = patients / length;
        let blocks = days * blocks_a_day;
        Places { sessions, length, blocks_a_day, blocks, block: scramble(salt) % blocks, number: 0 }
    }

    pub(crate) fn next(&mut self) -> Place {
        if self.number == self.length {
            self.number = 0;
            self.block = (self.block + 1) % self.blocks;
        }
        let Places { block, number, .. } = *self;
        self.number += 1;
        // The days alternate faster than the blocks of one, so that no day gets all of a run.
        let days = self.blocks / self.blocks_a_day;
        let (day, window) = (block % days, block / days);
        Place {
            patient: window * self.length + number,
            session: day * self.sessions + number % self.sessions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn nobody_is_booked_twice_on_one_day() {
        for (population, count) in [
            (Population::prepared(60, 3).with_sessions(300), 6000),
            (Population::prepared(1000, 7).with_sessions(70), 9800),
            (Population::prepared(20, 20).with_sessions(1), 20),
            (Population::prepared(20, 20), 20),
        ] {
            let mut places = Places::new(&population, 99);
            let mut seen = HashSet::new();
            for _ in 0..count {
                let Place { patient, session } = places.next();
                assert!(patient < population.patients() && session < population.sessions().max(1));
                assert!(seen.insert((patient, session / population.doctors())), "{population}");
            }
        }
    }

    #[test]
    fn runs_begin_elsewhere_and_spread_over_the_doctors() {
        let population = Population::prepared(1000, 10).with_sessions(1000);
        let firsts: HashSet<u64> =
            (0..50).map(|salt| Places::new(&population, salt).next().session).collect();
        assert!(firsts.len() > 20, "{firsts:?}");
        let mut places = Places::new(&population, 1);
        let doctors: HashSet<u64> = (0..10).map(|_| places.next().session % 10).collect();
        assert_eq!(doctors.len(), 10);
    }
}
