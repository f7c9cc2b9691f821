//! The reference's rules of booking and waiting.
//!
//! It never knows who may ask. Invariant: a rule that refuses has changed nothing.

use super::clinic::*;

/// A place that somebody wants.
#[derive(Clone, Copy)]
pub struct Wanted {
    pub session: i64,
    pub patient: i64,
    pub state: &'static str,
    pub pool: usize,
    pub is_overridden: bool,
    pub by: Option<i64>,
}

impl Clinic {
    pub fn check_open(&self, session: i64) -> Said {
        self.open(session)?;
        if self.now >= self.session(session).ends { Err("booking_over") } else { Ok(()) }
    }

    /// About when the next one is seen.
    pub fn visit(&self, session: i64, pool: usize) -> (i64, i64) {
        let Session { starts, ends, capacity, booked, .. } = *self.session(session);
        let planned = (capacity[ONLINE] + capacity[ONSITE]).max(1);
        let before = match pool {
            ONLINE | ONSITE => (booked[ONLINE] + booked[ONSITE]).min(planned - 1),
            _ => planned - 1,
        };
        let begin = (starts + (ends - starts) * before / planned).max(self.now);
        (begin, begin + ((ends - starts) / planned).max(1))
    }

    /// Whether a patient is somewhere else; `own` is a booking that does not count.
    pub fn busy(&self, patient: i64, (starts, ends): (i64, i64), own: i64) -> Said {
        let others = || self.bookings.values().filter(|other| other.patient == patient && other.id != own);
        if others().any(|other| is_active(other.state) && other.starts < ends && other.ends > starts) {
            return Err("patient_busy");
        }
        if others().any(|other| status(other.state) != "cancelled" && other.starts == starts) {
            return Err("patient_busy");
        }
        Ok(())
    }

    fn conflicts(&self, session: i64, patient: i64, visit: (i64, i64), own: i64) -> Said {
        self.busy(patient, visit, own)?;
        let wanted = self.session(session);
        let mut others = self.bookings.values().filter(|other| other.patient == patient && other.id != own);
        let is_second = |other: &Booking| {
            let there = self.session(other.session);
            is_active(other.state)
                && other.pool != FOLLOWUP
                && there.department == wanted.department
                && there.starts / DAY == wanted.starts / DAY
        };
        if others.any(is_second) { Err("limit_reached") } else { Ok(()) }
    }

    /// Holds of a session that a patient let go or lost lately.
    fn lost_holds(&self, session: i64, patient: i64) -> usize {
        let is_lost = |found: &&Booking| {
            found.patient == patient
                && found.previous == Some("held")
                && (found.state == "expired" || (found.state == "cancelled" && !found.is_swept))
                && found.changed > self.now - HOLDS_WINDOW
                && (found.session == session || found.moved_from.contains(&session))
        };
        self.bookings.values().filter(is_lost).count()
    }

    pub fn take(&mut self, session: i64, pool: usize) -> Said {
        let session = self.sessions.get_mut(&session).unwrap();
        if pool == FOLLOWUP {
            return Ok(());
        }
        if session.booked[pool] >= session.capacity[pool] {
            return Err("session_full");
        }
        session.booked[pool] += 1;
        Ok(())
    }

    pub fn give_back(&mut self, session: i64, pool: usize) {
        if pool != FOLLOWUP {
            self.sessions.get_mut(&session).unwrap().booked[pool] -= 1;
        }
    }

    /// The next number of a doctor's day.
    pub fn number(&self, session: i64) -> i64 {
        let here = self.session(session);
        let of_day = self.bookings.values().filter(|other| {
            let there = self.session(other.session);
            there.doctor == here.doctor && there.starts / DAY == here.starts / DAY
        });
        of_day.map(|other| other.number).max().unwrap_or(0) + 1
    }

    pub fn place(&mut self, wanted: Wanted) -> Result<i64, &'static str> {
        let Wanted { session, patient, state, pool, is_overridden, by } = wanted;
        self.check_open(session)?;
        let (starts, ends) = self.visit(session, pool);
        if !is_overridden && pool != FOLLOWUP {
            if pool == ONLINE && self.blocked.contains(&patient) {
                return Err("penalised");
            }
            self.conflicts(session, patient, (starts, ends), 0)?;
            if state == "held" && by.is_some() && self.lost_holds(session, patient) >= HOLDS_MAX {
                return Err("too_many_holds");
            }
        }
        self.take(session, pool)?;
        let number = self.number(session);
        let id = self.older + 1 + i64::try_from(self.bookings.len()).unwrap();
        let expires = (state == "held").then_some(self.now + HOLD);
        let (previous, changed_by, changed) = (None, by, self.now);
        let (moved_from, is_swept) = (Vec::new(), false);
        let booking = Booking {
            id,
            session,
            patient,
            starts,
            ends,
            state,
            pool,
            expires,
            number,
            previous,
            moved_from,
            is_swept,
            changed_by,
            changed,
            is_overridden,
            origin: None,
            is_old: false,
        };
        self.bookings.insert(id, booking);
        Ok(id)
    }

    pub fn step(&mut self, id: i64, to: &'static str, by: Option<i64>) {
        let now = self.now;
        let booking = self.change(id);
        booking.previous = Some(booking.state);
        (booking.state, booking.expires) = (to, None);
        (booking.changed_by, booking.changed) = (by, now);
        booking.is_old &= by.is_none();
    }

    pub fn entry_of(&mut self, booking: i64, to: &'static str) {
        for entry in self.entries.values_mut() {
            if entry.booking == Some(booking) && entry.state == "offered" {
                entry.state = to;
            }
        }
    }

    pub fn confirm(&mut self, id: i64, by: i64) -> Said {
        match self.bookings[&id].state {
            "held" => {}
            "expired" => return Err("hold_expired"),
            _ => return Err("bad_transition"),
        }
        self.step(id, "booked", Some(by));
        self.entry_of(id, "accepted");
        Ok(())
    }

    pub fn cancel(&mut self, id: i64, is_patient: bool, by: Option<i64>) -> Said {
        let Booking { state, starts, .. } = self.bookings[&id];
        match state {
            "cancelled" => return Ok(()),
            "checked_in" | "booked" if is_patient && self.was_seen(id) => {
                return Err("bad_transition");
            }
            "held" | "checked_in" => {}
            "booked" if is_patient && self.now >= starts => return Err("too_late"),
            "booked" => {}
            _ => return Err("bad_transition"),
        }
        self.end(id, "cancelled", by);
        Ok(())
    }

    pub fn end(&mut self, id: i64, to: &'static str, by: Option<i64>) {
        self.step(id, to, by);
        let Booking { session, pool, .. } = self.bookings[&id];
        self.give_back(session, pool);
        self.entry_of(id, "expired");
        self.ticket_ended(id, false, by);
        if pool == ONLINE {
            self.offer(session);
        }
    }

    pub fn offer(&mut self, session: i64) {
        loop {
            let mut waiting = self.entries.values();
            let Some(entry) = waiting.find(|entry| entry.session == session && entry.state == "waiting")
            else {
                return;
            };
            let (id, patient) = (entry.id, entry.patient);
            let wanted =
                Wanted { session, patient, state: "held", pool: ONLINE, is_overridden: false, by: None };
            let (state, booking) = match self.place(wanted) {
                Ok(booking) => ("offered", Some(booking)),
                Err("patient_busy" | "limit_reached" | "penalised") => ("passed", None),
                Err(_) => return,
            };
            let entry = self.entries.get_mut(&id).unwrap();
            (entry.state, entry.booking) = (state, booking);
        }
    }

    pub fn reschedule(&mut self, id: i64, to: i64, is_patient: bool, by: i64) -> Said {
        let Booking { state, session: from, patient, pool, starts, .. } = self.bookings[&id];
        if !matches!(state, "held" | "booked") {
            return Err("bad_transition");
        }
        if self.was_seen(id) {
            return Err("bad_transition");
        }
        if is_patient && pool != ONLINE {
            return Err("forbidden");
        }
        if is_patient && state == "booked" && self.now >= starts {
            return Err("too_late");
        }
        if is_patient && self.blocked.contains(&patient) {
            return Err("penalised");
        }
        if from == to {
            return Ok(());
        }
        self.check_open(to)?;
        let (starts, ends) = self.visit(to, pool);
        self.conflicts(to, patient, (starts, ends), id)?;
        self.take(to, pool)?;
        let (number, now) = (self.number(to), self.now);
        let booking = self.change(id);
        (booking.session, booking.starts, booking.ends, booking.number) = (to, starts, ends, number);
        booking.moved_from.push(from);
        (booking.previous, booking.changed_by, booking.changed) = (None, Some(by), now);
        (booking.is_overridden, booking.is_old) = (false, false);
        self.give_back(from, pool);
        self.entry_of(id, "expired");
        if pool == ONLINE {
            self.offer(from);
        }
        Ok(())
    }

    pub fn undo(&mut self, id: i64, by: i64) -> Said {
        let Booking { state, previous, changed_by, changed, session, patient, starts, ends, pool, .. } =
            self.bookings[&id];
        let is_mine = changed_by == Some(by) && self.now - changed <= UNDO;
        // The only step that can be taken back here is that one was cancelled.
        let before = match previous {
            Some(before @ ("booked" | "checked_in")) if is_mine && state == "cancelled" => before,
            _ => return Err("nothing_to_undo"),
        };
        self.open(session)?;
        match self.bookings[&id].origin {
            Some(origin) if self.bookings[&origin].state != "completed" => return Err("nothing_to_undo"),
            Some(origin) => self.follows_once(origin)?,
            None => self.conflicts(session, patient, (starts, ends), id)?,
        }
        if before == "checked_in" {
            self.stands_once(patient, session)?;
        }
        self.take(session, pool)?;
        if before == "checked_in" {
            self.ticket_restored(id);
        }
        let now = self.now;
        let booking = self.change(id);
        (booking.state, booking.previous) = (before, None);
        (booking.changed_by, booking.changed, booking.is_overridden) = (Some(by), now, false);
        Ok(())
    }

    pub fn join(&mut self, session: i64, patient: i64) -> Said {
        let found = self.session(session);
        if found.state != "open" || self.now >= found.ends {
            return Err("session_closed");
        }
        if found.booked[ONLINE] < found.capacity[ONLINE] {
            return Err("has_places");
        }
        let is_live = |entry: &Entry| matches!(entry.state, "waiting" | "offered");
        let mine = |entry: &&Entry| entry.session == session && entry.patient == patient;
        if self.entries.values().filter(mine).any(is_live) {
            return Err("already_waiting");
        }
        let is_there = |other: &Booking| {
            other.session == session
                && other.patient == patient
                && other.pool != FOLLOWUP
                && is_active(other.state)
        };
        if self.bookings.values().any(is_there) {
            return Err("limit_reached");
        }
        if self.blocked.contains(&patient) {
            return Err("penalised");
        }
        // The time that a place would have which came to be free now.
        let mut freed = self.clone();
        let there = freed.sessions.get_mut(&session).unwrap();
        there.booked[ONLINE] = (there.booked[ONLINE] - 1).max(0);
        self.conflicts(session, patient, freed.visit(session, ONLINE), 0)?;
        let id = 1 + i64::try_from(self.entries.len()).unwrap();
        self.entries.insert(id, Entry { id, session, patient, state: "waiting", booking: None });
        Ok(())
    }

    pub fn leave_waitlist(&mut self, id: i64, by: i64) -> Said {
        let entry = self.entries.get_mut(&id).unwrap();
        let (was, booking) = (entry.state, entry.booking);
        if matches!(was, "waiting" | "offered") {
            entry.state = "left";
        }
        match booking {
            Some(booking) if was == "offered" => self.cancel(booking, true, Some(by)),
            _ => Ok(()),
        }
    }
}
