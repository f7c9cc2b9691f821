//! The reference's rules of leave, and of sessions that change hands.
//!
//! It never knows who may ask, but that nobody decides on their own. Invariant: a rule that refuses has changed
//! nothing.

use super::care::*;
use super::clinic::*;

impl Clinic {
    fn is_away(&self, doctor: i64, day: i64, states: &[&str]) -> bool {
        let is_then = |leave: &Leave| leave.doctor == doctor && leave.days.0 <= day && day <= leave.days.1;
        self.care.leaves.values().any(|leave| is_then(leave) && states.contains(&leave.state))
    }

    pub fn ask_leave(&mut self, doctor: i64, days: (i64, i64), substitute: Option<i64>) -> Said {
        if (days.0..=days.1).any(|day| self.is_away(doctor, day, &["pending", "approved"])) {
            return Err("overlaps");
        }
        let id = next(&self.care.leaves);
        let (state, decided_by) = ("pending", None);
        self.care.leaves.insert(id, Leave { id, doctor, days, state, substitute, decided_by });
        Ok(())
    }

    fn decide(&mut self, id: i64, state: &'static str, by: i64) {
        let leave = self.care.leaves.get_mut(&id).unwrap();
        (leave.state, leave.decided_by) = (state, Some(by));
    }

    pub fn reject(&mut self, id: i64, by: i64) -> Said {
        if self.care.leaves[&id].state != "pending" {
            return Err("bad_transition");
        }
        self.decide(id, "rejected", by);
        Ok(())
    }

    pub fn approve(&mut self, id: i64, substitute: Option<i64>, by: i64) -> Said {
        let Leave { state, doctor, days: (first, last), substitute: named, .. } = self.care.leaves[&id];
        if state != "pending" {
            return Err("bad_transition");
        }
        self.decide(id, "approved", by);
        let substitute = substitute.or(named);
        self.care.leaves.get_mut(&id).unwrap().substitute = substitute;
        let is_concerned = |session: &&Session| {
            session.doctor == doctor
                && (first..=last).contains(&(session.starts / DAY))
                && session.state == "open"
                && session.starts > self.now
        };
        let mut sessions: Vec<Session> = self.sessions.values().filter(is_concerned).cloned().collect();
        sessions.sort_by_key(|session| session.starts);
        for session in sessions {
            match substitute.filter(|substitute| self.has_time(*substitute, &session)) {
                Some(substitute) => self.hand_over(&session, substitute),
                None => self.stop(session.id, by).unwrap(),
            }
        }
        Ok(())
    }

    fn has_time(&self, doctor: i64, session: &Session) -> bool {
        let overlaps = |other: &Session| {
            let is_at_once = other.starts < session.ends && other.ends > session.starts;
            other.doctor == doctor && !other.was_stopped && is_at_once
        };
        !self.sessions.values().any(overlaps) && !self.is_away(doctor, session.starts / DAY, &["approved"])
    }

    /// The session, with all that was ever booked in it, is another doctor's; numbers go on from those of their day.
    fn hand_over(&mut self, session: &Session, doctor: i64) {
        let is_of_day =
            |other: &Session| other.doctor == doctor && other.starts / DAY == session.starts / DAY;
        let of_day = self.bookings.values().filter(|found| is_of_day(self.session(found.session)));
        let mut number = of_day.map(|found| found.number).max().unwrap_or(0);
        self.sessions.get_mut(&session.id).unwrap().doctor = doctor;
        for booking in self.bookings.values_mut().filter(|found| found.session == session.id) {
            number += 1;
            booking.number = number;
            for visit in self.care.visits.values_mut() {
                if visit.booking == Some(booking.id) && visit.state == "planned" {
                    visit.doctor = doctor;
                }
            }
        }
    }

    pub fn revoke(&mut self, id: i64, by: i64) -> Said {
        let Leave { state, doctor, days: (first, last), .. } = self.care.leaves[&id];
        let today = self.now / DAY;
        match state {
            "pending" if by != doctor => return Err("forbidden"),
            "pending" => {}
            "approved" if by == doctor && today >= first => return Err("too_late"),
            "approved" if today > last => return Err("too_late"),
            "approved" => {}
            _ => return Err("bad_transition"),
        }
        self.decide(id, "revoked", by);
        Ok(())
    }
}
