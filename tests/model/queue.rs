//! The reference's rules of the queue.
//!
//! It never knows who may ask. Invariant: a rule that refuses has changed nothing.

use super::clinic::*;

const CALLS_MAX: i64 = 3;
const SKIPS_MAX: i64 = 3;
const RETURN_AFTER: usize = 3;
const BOOKED_IN_A_ROW: usize = 2;

impl Clinic {
    fn ticket(&mut self, id: i64) -> &mut Ticket {
        self.tickets.get_mut(&id).unwrap()
    }

    pub fn touch(&mut self, id: i64, state: &'static str, by: Option<i64>) {
        let now = self.now;
        let ticket = self.ticket(id);
        (ticket.state, ticket.changed_by, ticket.changed) = (state, by, now);
    }

    fn done(&mut self, id: i64, by: Option<i64>) {
        self.touch(id, "done", by);
        let now = self.now;
        self.ticket(id).finished = Some(now);
    }

    /// An appointment has ended whose patient may stand in the queue.
    pub fn ticket_ended(&mut self, booking: i64, is_completed: bool, by: Option<i64>) {
        let mut tickets = self.tickets.values();
        let Some(ticket) = tickets.find(|ticket| ticket.booking == booking) else { return };
        let (id, state) = (ticket.id, ticket.state);
        match (state, is_completed) {
            ("done", _) | ("left", false) => {}
            // Whom an old client has called completed was seen.
            (_, true) => {
                self.seen(booking);
                self.done(id, by);
            }
            (_, false) => {
                self.touch(id, "left", by);
                self.ticket(id).room = None;
            }
        }
    }

    /// An appointment is brought back that was over. Returns whether its patient has a ticket.
    pub fn ticket_restored(&mut self, booking: i64) -> bool {
        let mut tickets = self.tickets.values();
        let Some(id) = tickets.find(|ticket| ticket.booking == booking).map(|ticket| ticket.id) else {
            return false;
        };
        self.touch(id, "waiting", None);
        let ticket = self.ticket(id);
        (ticket.room, ticket.calls, ticket.skips, ticket.call_order) = (None, 0, 0, None);
        (ticket.started, ticket.finished) = (None, None);
        true
    }

    /// Where else a patient is called or seen today.
    fn in_hands(&self, id: i64) -> Said {
        let Ticket { booking, .. } = self.tickets[&id];
        let (patient, today) = (self.bookings[&booking].patient, self.now / DAY);
        let is_there = |other: &Ticket| {
            other.id != id
                && matches!(other.state, "called" | "serving")
                && self.bookings[&other.booking].patient == patient
                && self.session(other.session).starts / DAY >= today
        };
        if self.tickets.values().any(is_there) { Err("patient_busy") } else { Ok(()) }
    }

    fn free_room(&self, room: Option<&str>, own: i64, states: &[&str]) -> Said {
        let is_there =
            |other: &Ticket| other.id != own && other.room == room && states.contains(&other.state);
        if self.tickets.values().any(is_there) { Err("room_busy") } else { Ok(()) }
    }

    /// Those who wait for a session, by their places.
    fn waiting(&self, session: i64) -> Vec<&Ticket> {
        let mut waiting: Vec<&Ticket> = self
            .tickets
            .values()
            .filter(|ticket| ticket.session == session && ticket.state == "waiting")
            .collect();
        waiting.sort_by(|one, other| one.place.total_cmp(&other.place).then(one.number.cmp(&other.number)));
        waiting
    }

    fn next(&self, session: i64) -> Option<i64> {
        let mut waiting = self.waiting(session);
        waiting.retain(|ticket| self.in_hands(ticket.id).is_ok());
        let highest = waiting.iter().map(|ticket| ticket.priority).max()?;
        let mut first = waiting.iter().filter(|ticket| ticket.priority == highest);
        let without = first.clone().find(|ticket| ticket.band != "booked");
        let booked = first.find(|ticket| ticket.band == "booked");
        let of_session = || self.tickets.values().filter(|ticket| ticket.session == session);
        let others = of_session().filter(|ticket| ticket.band != "booked");
        let last = others.filter_map(|ticket| ticket.call_order).max().unwrap_or(0);
        let in_a_row = of_session()
            .filter(|ticket| ticket.band == "booked" && ticket.call_order.is_some_and(|order| order > last))
            .count();
        let found = if in_a_row < BOOKED_IN_A_ROW { booked.or(without) } else { without.or(booked) };
        found.map(|ticket| ticket.id)
    }

    pub fn call_next(&mut self, session: i64, room: &'static str, by: i64) -> Said {
        self.open(session)?;
        let today = self.now / DAY;
        let is_forgotten = |ticket: &&Ticket| {
            let day = self.session(ticket.session).starts / DAY;
            ticket.room == Some(room) && ticket.state == "serving" && day < today
        };
        let forgotten = self.tickets.values().find(is_forgotten).map(|ticket| (ticket.id, ticket.booking));
        self.free_room(Some(room), forgotten.map_or(0, |(id, _)| id), &["called", "serving"])?;
        let id = self.next(session).ok_or("queue_empty")?;
        let of_session = self.tickets.values().filter(|ticket| ticket.session == session);
        let last = of_session.filter_map(|ticket| ticket.call_order).max().unwrap_or(0);
        if let Some((id, booking)) = forgotten {
            self.step(booking, "completed", Some(by));
            self.seen(booking);
            self.done(id, Some(by));
            // Nobody knows how long it took.
            self.ticket(id).started = None;
        }
        self.touch(id, "called", Some(by));
        let ticket = self.ticket(id);
        (ticket.room, ticket.calls, ticket.call_order) = (Some(room), 1, Some(last + 1));
        Ok(())
    }

    fn going(&self, id: i64, from: &[&str]) -> Said {
        if from.contains(&self.tickets[&id].state) { Ok(()) } else { Err("bad_transition") }
    }

    pub fn recall(&mut self, id: i64) -> Said {
        self.going(id, &["called"])?;
        self.ticket(id).calls += 1;
        Ok(())
    }

    pub fn skip(&mut self, id: i64, at_once: bool, by: i64) -> Said {
        self.going(id, &["called"])?;
        if self.tickets[&id].calls < CALLS_MAX && !at_once {
            return Err("calls_remaining");
        }
        self.touch(id, "skipped", Some(by));
        let ticket = self.ticket(id);
        (ticket.room, ticket.skips) = (None, ticket.skips + 1);
        let (skips, booking) = (ticket.skips, ticket.booking);
        if skips >= SKIPS_MAX { self.cancel(booking, false, Some(by)) } else { Ok(()) }
    }

    pub fn come_back(&mut self, id: i64, by: i64) -> Said {
        self.going(id, &["skipped"])?;
        let Ticket { session, priority, band, .. } = self.tickets[&id];
        self.open(session)?;
        let row = self.waiting(session).into_iter().filter(|it| it.priority == priority && it.band == band);
        let places: Vec<f64> = row.map(|it| it.place).collect();
        let count = RETURN_AFTER.min(places.len());
        #[expect(clippy::cast_precision_loss, reason = "there are few tickets")]
        let end = self.session(session).next_ticket as f64;
        let after = places.get(count).copied().unwrap_or(end);
        let before = if count == 0 { after - 1.0 } else { places[count - 1] };
        self.touch(id, "waiting", Some(by));
        self.ticket(id).place = f64::midpoint(before, after);
        Ok(())
    }

    pub fn start(&mut self, id: i64, by: i64) -> Said {
        self.going(id, &["called"])?;
        let Ticket { room, booking, .. } = self.tickets[&id];
        self.in_hands(id)?;
        self.free_room(room, id, &["serving"])?;
        self.step(booking, "in_consultation", Some(by));
        self.seen_from_now(booking);
        self.touch(id, "serving", Some(by));
        let now = self.now;
        self.ticket(id).started = Some(now);
        Ok(())
    }

    pub fn finish(&mut self, id: i64, by: i64) -> Said {
        self.going(id, &["serving"])?;
        let booking = self.tickets[&id].booking;
        self.step(booking, "completed", Some(by));
        self.seen(booking);
        self.done(id, Some(by));
        Ok(())
    }

    pub fn leave_queue(&mut self, id: i64, is_patient: bool, by: i64) -> Said {
        self.going(id, &["waiting", "called", "skipped"])?;
        self.cancel(self.tickets[&id].booking, is_patient, Some(by))
    }

    pub fn set_priority(&mut self, id: i64, priority: i64) -> Said {
        self.going(id, &["waiting", "called", "skipped"])?;
        self.ticket(id).priority = priority;
        Ok(())
    }

    pub fn undo_call(&mut self, id: i64, by: i64) -> Said {
        let Ticket { state, session, booking, room, started, finished, changed_by, changed, .. } =
            self.tickets[&id];
        let before = match state {
            "called" => "waiting",
            "serving" => "called",
            "done" if started.is_some() => "serving",
            _ => return Err("nothing_to_undo"),
        };
        if changed_by != Some(by) || self.now - changed > UNDO {
            return Err("nothing_to_undo");
        }
        if before != "serving" {
            self.open(session)?;
        }
        match before {
            "called" => {
                self.free_room(room, id, &["called"])?;
                self.in_hands(id)?;
                self.step(booking, "checked_in", Some(by));
                self.not_seen(booking, started);
                self.ticket(id).started = None;
            }
            "serving" => {
                let hangs =
                    |other: &Booking| other.origin == Some(booking) && status(other.state) != "cancelled";
                if self.bookings.values().any(hangs) {
                    return Err("conflict");
                }
                self.free_room(room, id, &["called", "serving"])?;
                self.in_hands(id)?;
                self.step(booking, "in_consultation", Some(by));
                // The patient is there, whatever they have booked since they were said to be gone.
                self.change(booking).is_overridden = true;
                self.still_seen(booking, finished);
                self.ticket(id).finished = None;
            }
            _ => {
                let ticket = self.ticket(id);
                (ticket.room, ticket.calls, ticket.call_order) = (None, 0, None);
            }
        }
        self.touch(id, before, None);
        Ok(())
    }
}
