//! The reference's rules of how somebody comes into the queue.
//!
//! It never knows who may ask. Invariant: a rule that refuses has changed nothing.

use super::bookings::Wanted;
use super::clinic::*;

const EARLY: i64 = 60;

impl Clinic {
    fn give_ticket(&mut self, booking: i64, by: i64) {
        self.step(booking, "checked_in", Some(by));
        let Booking { session, pool, .. } = self.bookings[&booking];
        let found = self.sessions.get_mut(&session).unwrap();
        let number = found.next_ticket;
        found.next_ticket += 1;
        let id = 1 + i64::try_from(self.tickets.len()).unwrap();
        let band = match pool {
            ONLINE | ADDON => "booked",
            ONSITE => "walk_in",
            _ => "followup",
        };
        #[expect(clippy::cast_precision_loss, reason = "there are few tickets")]
        let place = number as f64;
        let (state, priority, room, calls, skips, call_order) = ("waiting", 0, None, 0, 0, None);
        let (started, finished, changed_by, changed) = (None, None, Some(by), self.now);
        let ticket = Ticket {
            id,
            session,
            number,
            booking,
            state,
            priority,
            band,
            place,
            room,
            calls,
            skips,
            call_order,
            started,
            finished,
            changed_by,
            changed,
        };
        self.tickets.insert(id, ticket);
    }

    pub fn check_in(&mut self, booking: i64, by: i64) -> Said {
        let Booking { state, session, .. } = self.bookings[&booking];
        let Session { starts, ends, .. } = *self.session(session);
        if state != "booked" {
            return Err("bad_transition");
        }
        if starts / DAY != self.now / DAY {
            return Err("not_today");
        }
        self.open(session)?;
        if self.now < starts - EARLY {
            return Err("too_early");
        }
        if self.now >= ends {
            return Err("too_late");
        }
        self.give_ticket(booking, by);
        Ok(())
    }

    pub fn walk_in(&mut self, session: i64, patient: i64, by: i64) -> Said {
        self.open(session)?;
        if self.session(session).starts / DAY != self.now / DAY {
            return Err("not_today");
        }
        self.stands_once(patient, session)?;
        let by_whom = Some(by);
        let wanted =
            Wanted { session, patient, state: "booked", pool: ONSITE, is_overridden: false, by: by_whom };
        let booking = self.place(wanted)?;
        self.give_ticket(booking, by);
        Ok(())
    }

    pub fn add_on(&mut self, session: i64, patient: i64, by: i64) -> Said {
        self.open(session)?;
        let by = Some(by);
        self.place(Wanted { session, patient, state: "booked", pool: ADDON, is_overridden: false, by })
            .map(|_| ())
    }

    pub fn follow_up(&mut self, origin: i64, by: i64) -> Said {
        let Booking { state, session, patient, .. } = self.bookings[&origin];
        let Session { doctor, starts, .. } = *self.session(session);
        if state != "completed" {
            return Err("not_completed");
        }
        if starts / DAY != self.now / DAY {
            return Err("not_today");
        }
        self.follows_once(origin)?;
        let goes_on = |found: &&Session| found.state == "open" && self.now < found.ends;
        let mut of_day: Vec<&Session> = self
            .sessions
            .values()
            .filter(|found| found.doctor == doctor && found.starts / DAY == starts / DAY)
            .filter(goes_on)
            .collect();
        of_day.sort_by_key(|found| (found.id != session, found.starts, found.id));
        let session = of_day.first().ok_or("session_closed")?.id;
        self.stands_once(patient, session)?;
        let by_whom = Some(by);
        let wanted =
            Wanted { session, patient, state: "booked", pool: FOLLOWUP, is_overridden: false, by: by_whom };
        let booking = self.place(wanted)?;
        self.change(booking).origin = Some(origin);
        self.give_ticket(booking, by);
        Ok(())
    }

    /// Whether a patient stands in the queue of a session.
    pub fn stands_once(&self, patient: i64, session: i64) -> Said {
        let is_there = |other: &Ticket| {
            other.session == session
                && !matches!(other.state, "done" | "left")
                && self.bookings[&other.booking].patient == patient
        };
        if self.tickets.values().any(is_there) { Err("limit_reached") } else { Ok(()) }
    }

    /// Whether nobody comes again after a visit still.
    pub fn follows_once(&self, origin: i64) -> Said {
        let mut followed = self.bookings.values();
        match followed.any(|other| other.origin == Some(origin) && is_active(other.state)) {
            true => Err("limit_reached"),
            false => Ok(()),
        }
    }
}
