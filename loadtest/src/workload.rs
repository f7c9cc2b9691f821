//! Owns the choice of the next request and its rendering into a frame.
//!
//! It never knows a connection or a clock. Invariants: the seed determines the choices; an appointment is
//! cancelled or completed at most once; no allocation once the buffers have grown.

use crate::booking::Bookings;
use crate::mix::{Mix, MixError, Operation, Patients};
use crate::place::Places;
use crate::population::Population;
use crate::random::Random;
use crate::reply;
use crate::template::Filling;
use medsrv::net::encode_request;
use std::collections::VecDeque;

/// Appointments that are remembered for cancelling; more are left as they are.
const APPOINTMENTS_MAX: usize = 65_536;
/// How many are `Patients::Few`.
const FEW: u64 = 50;

pub(crate) struct Workload {
    operations: Vec<Operation>,
    weights: u64,
    population: Population,
    random: Random,
    /// Whose turn it is among all patients.
    in_turn: u64,
    bookings: Bookings,
    places: Places,
    /// Pending appointments of this run, the oldest first.
    appointments: VecDeque<u64>,
    /// Stands in for what needs an appointment while there is none.
    booking_operation: Option<usize>,
    data: Vec<u8>,
}

impl Workload {
    /// `salt` sets this run's bookings, and who comes first in turn, apart from those of other runs.
    pub(crate) fn new(mix: &Mix, population: Population, seed: u64, salt: u64) -> Result<Workload, MixError> {
        let operations = mix.operations()?;
        let weights = operations.iter().map(|operation| u64::from(operation.weight)).sum();
        let booking_operation =
            operations.iter().position(|one| one.books && !one.template.has_appointment_id());
        Ok(Workload {
            operations,
            weights,
            population,
            random: Random::new(seed),
            in_turn: salt % population.patients().max(1),
            bookings: Bookings::new(&population, salt),
            places: Places::new(&population, salt),
            appointments: VecDeque::with_capacity(1024),
            booking_operation,
            data: Vec::new(),
        })
    }

    pub(crate) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Whether a server keeps the run's connections however long they rest.
    pub(crate) fn is_all_rpc(&self) -> bool {
        self.operations.iter().all(|operation| operation.is_rpc)
    }

    /// What is to be sent once before the run: each operation's index and a frame.
    pub(crate) fn rehearsal(&self) -> Vec<(usize, Vec<u8>)> {
        let mut frames = Vec::new();
        for (index, operation) in self.operations.iter().enumerate() {
            if operation.patients != Patients::Few {
                continue;
            }
            for patient in 0..self.population.patients().min(FEW) {
                let population = &self.population;
                let filling =
                    Filling { population, patient, doctor: 0, time: None, appointment_id: 0, session: 0 };
                let (mut data, mut frame) = (Vec::new(), Vec::new());
                operation.template.render(&filling, &mut data);
                encode_request(&operation.frame_name, &data, &mut frame);
                frames.push((index, frame));
            }
        }
        frames
    }

    /// Appends the next request's frame to `frames`, and says which operation it is.
    pub(crate) fn next(&mut self, frames: &mut Vec<u8>) -> usize {
        let mut chosen = self.choose();
        let mut appointment_id = 0;
        if self.operations.get(chosen).is_some_and(|operation| operation.template.has_appointment_id()) {
            match self.appointments.pop_front() {
                Some(id) => appointment_id = id,
                None => chosen = self.booking_operation.unwrap_or(chosen),
            }
        }
        let patients = self.population.patients();
        let Some(operation) = self.operations.get(chosen) else { return chosen };
        let mut filling = Filling {
            population: &self.population,
            patient: match operation.patients {
                Patients::Any => self.random.below(patients),
                Patients::Few => self.random.below(patients.min(FEW)),
                Patients::InTurn => {
                    self.in_turn = (self.in_turn + 1) % patients.max(1);
                    self.in_turn
                }
            },
            doctor: self.random.below(self.population.doctors()),
            time: None,
            appointment_id,
            session: 0,
        };
        if operation.template.has_time() {
            let booking = self.bookings.next();
            filling.patient = booking.patient;
            filling.doctor = booking.doctor;
            filling.time = Some(booking.time);
        }
        if operation.template.has_session() {
            let place = self.places.next();
            filling.patient = place.patient;
            filling.session = place.session;
        }
        self.data.clear();
        operation.template.render(&filling, &mut self.data);
        encode_request(&operation.frame_name, &self.data, frames);
        chosen
    }

    /// Judges a reply, and remembers the appointment that it tells of.
    pub(crate) fn judge(&mut self, operation: usize, data: &[u8]) -> Result<(), reply::Failure> {
        let Some(operation) = self.operations.get(operation) else { return Ok(()) };
        reply::judge(operation.expect, data)?;
        if operation.books
            && self.appointments.len() < APPOINTMENTS_MAX
            && let Some(id) = reply::appointment_id(data)
        {
            self.appointments.push_back(id);
        }
        Ok(())
    }

    fn choose(&mut self) -> usize {
        if self.operations.len() == 1 {
            return 0;
        }
        let mut left = self.random.below(self.weights);
        for (index, operation) in self.operations.iter().enumerate() {
            match left.checked_sub(u64::from(operation.weight)) {
                Some(rest) => left = rest,
                None => return index,
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};

    #[test]
    fn the_weights_are_kept_and_appointments_are_ended_once() {
        let mut workload = Workload::new(&Mix::Day, Population::Demo, 1, 1).unwrap();
        let mut counts: HashMap<String, u64> = HashMap::new();
        let (mut booked, mut frames) = (0, Vec::new());
        for _ in 0..20_000 {
            frames.clear();
            let chosen = workload.next(&mut frames);
            let operation = workload.operations()[chosen].clone();
            if operation.books {
                booked += 1;
                let reply = format!(
                    r#"{{"status":"success","result":{{"status":"success","appointment_id":{booked}}}}}"#
                );
                workload.judge(chosen, reply.as_bytes()).unwrap();
            }
            *counts.entry(operation.name).or_default() += 1;
        }
        let share = |name: &str| counts[name] as f64 / 20_000.0;
        assert!((share("query_doctor_info") - 0.30).abs() < 0.02, "{counts:?}");
        assert!((share("create_appointment") - 0.20).abs() < 0.02, "{counts:?}");
        let ended = counts["cancel_appointment"] + counts["update_appointment_status"];
        assert_eq!(workload.appointments.len() as u64 + ended, booked);
    }

    #[test]
    fn patients_come_in_turn_or_are_few() {
        let population = Population::prepared(200, 1);
        let text = |workload: &mut Workload| {
            let mut frame = Vec::new();
            workload.next(&mut frame);
            String::from_utf8_lossy(&frame).split_once("166").unwrap().1[..8].to_owned()
        };
        let mut in_turn = Workload::new(&Mix::RpcLogin, population, 1, 150).unwrap();
        let seen: HashSet<String> = (0..200).map(|_| text(&mut in_turn)).collect();
        assert_eq!(seen.len(), 200, "nobody comes twice before all have come");
        assert!(in_turn.rehearsal().is_empty());

        let mut few = Workload::new(&Mix::Login, population, 1, 150).unwrap();
        assert_eq!(few.rehearsal().len(), 50);
        assert!((0..1000).all(|_| text(&mut few).as_str() < "00000050"));
        assert_eq!(Workload::new(&Mix::Login, Population::Demo, 1, 1).unwrap().rehearsal().len(), 3);
    }

    #[test]
    fn a_booking_takes_the_place_of_what_needs_one() {
        let text = r#"{"name": "book", "request": {"create_appointment": 1, "time": "{time}"}}
            {"name": "cancel", "weight": 1000, "request": {"id": "{appointment_id}"}}"#;
        let mix = Mix::parse("mix", text).unwrap();
        let mut workload = Workload::new(&mix, Population::Demo, 1, 1).unwrap();
        assert_eq!((0..50).map(|_| workload.next(&mut Vec::new())).max(), Some(0));
    }
}
