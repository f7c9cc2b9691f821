//! The reference's rules of the old dialect, which knows no sessions.
//!
//! It never knows its words. Invariant: a rule that refuses has changed nothing.

use super::clinic::*;

/// Of any refusal there are only words.
pub const REFUSED: Said = Err("error");

impl Clinic {
    pub fn old_create(&mut self, doctor: i64, patient: i64, starts: i64) -> Said {
        let here = |found: &&Session| found.doctor == doctor && (found.starts..found.ends).contains(&starts);
        // One that takes place comes before one that was stopped.
        let session = self.sessions.values().filter(here).min_by_key(|found| found.was_stopped);
        let session = session.ok_or("error")?.id;
        self.check_open(session).or(REFUSED)?;
        let is_there = |other: &Booking| {
            other.patient == patient && status(other.state) != "cancelled" && other.starts == starts
        };
        if self.bookings.values().any(is_there) || self.blocked.contains(&patient) {
            return REFUSED;
        }
        let (begin, end) = self.visit(session, ONLINE);
        self.busy(patient, (starts, starts + end - begin), 0).or(REFUSED)?;
        self.take(session, ONLINE).or(REFUSED)?;
        let number = self.number(session);
        let id = self.older + 1 + i64::try_from(self.bookings.len()).unwrap();
        let booking = Booking {
            id,
            session,
            patient,
            starts,
            ends: starts + end - begin,
            state: "booked",
            pool: ONLINE,
            expires: None,
            number,
            previous: None,
            moved_from: Vec::new(),
            is_swept: false,
            changed_by: None,
            changed: self.now,
            is_overridden: false,
            origin: None,
            is_old: true,
        };
        self.bookings.insert(id, booking);
        Ok(())
    }

    pub fn old_cancel(&mut self, id: i64) -> Said {
        match status(self.bookings[&id].state) {
            "cancelled" => REFUSED,
            _ => self.cancel(id, false, None).or(REFUSED),
        }
    }

    pub fn old_status(&mut self, id: i64, to: &'static str) -> Said {
        let Booking { state, session, patient, starts, ends, pool, .. } = self.bookings[&id];
        let from = status(state);
        match (from, to) {
            _ if from == to => return Ok(()),
            (_, "cancelled") => return self.old_cancel(id),
            ("pending", _) => {
                self.step(id, "completed", None);
                self.entry_of(id, "accepted");
                self.ticket_ended(id, true, None);
                return Ok(());
            }
            _ => {}
        }
        match self.session(session).state {
            "open" => {}
            "closed" if to == "completed" && !self.session(session).was_stopped => {}
            _ => return REFUSED,
        }
        if from == "cancelled" && to == "pending" {
            self.busy(patient, (starts, ends), id).or(REFUSED)?;
            if self.blocked.contains(&patient) {
                return REFUSED;
            }
        }
        if matches!(state, "cancelled" | "expired") {
            self.take(session, pool).or(REFUSED)?;
        }
        let to = match to {
            "completed" => {
                self.ticket_ended(id, true, None);
                "completed"
            }
            _ if self.ticket_restored(id) => "checked_in",
            _ => "booked",
        };
        self.step(id, to, None);
        if state == "no_show" {
            self.pardon(patient);
        }
        // Whoever was seen may have booked something else meanwhile.
        self.change(id).is_overridden = from == "completed";
        Ok(())
    }
}
