//! The reference's rules of sessions that change or end, and of what patients did not come to.
//!
//! It never knows who may ask. Invariant: a rule that refuses has changed nothing.

use super::clinic::*;

impl Clinic {
    pub fn resize(&mut self, id: i64, capacity: [i64; 3]) -> Said {
        self.open(id).or(Err("bad_transition"))?;
        let session = self.sessions.get_mut(&id).unwrap();
        if capacity.iter().zip(session.booked).any(|(wanted, booked)| *wanted < booked) {
            return Err("conflict");
        }
        session.capacity = capacity;
        self.offer(id);
        Ok(())
    }

    fn end_session(&mut self, id: i64, state: &'static str) {
        self.sessions.get_mut(&id).unwrap().state = state;
        for entry in self.entries.values_mut() {
            if entry.session == id && entry.state == "waiting" {
                entry.state = "expired";
            }
        }
    }

    fn in_state(&self, session: i64, state: &str) -> Vec<i64> {
        let those = self.bookings.values().filter(|found| found.session == session && found.state == state);
        those.map(|found| found.id).collect()
    }

    pub fn stop(&mut self, id: i64, by: i64) -> Said {
        match self.session(id).state {
            "open" => {}
            "stopped" => return Ok(()),
            _ => return Err("session_closed"),
        }
        self.end_session(id, "stopped");
        self.sessions.get_mut(&id).unwrap().was_stopped = true;
        for state in ["held", "booked", "checked_in"] {
            for booking in self.in_state(id, state) {
                if self.complete_seen(booking, Some(by)) {
                    continue;
                }
                self.change(booking).is_swept = true;
                self.cancel(booking, false, Some(by)).unwrap();
            }
        }
        Ok(())
    }

    /// What a patient did not come to, and counts.
    fn missed(&self, patient: i64) -> usize {
        let counts = |found: &&Booking| found.patient == patient && found.state == "no_show" && !found.is_old;
        self.bookings.values().filter(counts).count()
    }

    /// Something does not count any longer.
    pub fn pardon(&mut self, patient: i64) {
        if self.missed(patient) < NO_SHOWS_MAX {
            self.blocked.retain(|blocked| *blocked != patient);
        }
    }

    pub fn correct_no_show(&mut self, id: i64, has_come: bool, by: i64) -> Said {
        let Booking { state, session, pool, patient, .. } = self.bookings[&id];
        if state != "no_show" {
            return Err("bad_transition");
        }
        self.step(id, if has_come { "completed" } else { "cancelled" }, Some(by));
        if !has_come {
            self.give_back(session, pool);
        }
        self.pardon(patient);
        Ok(())
    }

    /// What the timers do.
    pub fn tick(&mut self) {
        let mut over: Vec<(i64, i64)> =
            self.bookings.values().filter_map(|found| Some((found.expires?, found.id))).collect();
        over.sort_unstable();
        for (expires, id) in over {
            if expires <= self.now {
                self.end(id, "expired", None);
            }
        }
        let mut ended: Vec<(i64, i64)> = self
            .sessions
            .values()
            .filter(|session| session.state != "closed" && session.ends <= self.now)
            .map(|session| (session.ends, session.id))
            .collect();
        ended.sort_unstable();
        for (_, id) in ended {
            self.close(id);
        }
    }

    fn close(&mut self, id: i64) {
        self.end_session(id, "closed");
        for held in self.in_state(id, "held") {
            self.change(held).is_swept = true;
            self.cancel(held, false, None).unwrap();
        }
        for missed in self.in_state(id, "booked") {
            if self.complete_seen(missed, None) {
                continue;
            }
            self.step(missed, "no_show", None);
            let patient = self.bookings[&missed].patient;
            if self.missed(patient) >= NO_SHOWS_MAX && !self.blocked.contains(&patient) {
                self.blocked.push(patient);
            }
        }
        for waiting in self.in_state(id, "checked_in") {
            if !self.complete_seen(waiting, None) {
                self.cancel(waiting, false, None).unwrap();
            }
        }
    }

    /// Completes a booking whose visit has begun without the queue.
    fn complete_seen(&mut self, id: i64, by: Option<i64>) -> bool {
        if !self.was_seen(id) {
            return false;
        }
        self.step(id, "completed", by);
        self.ticket_ended(id, true, by);
        true
    }
}
