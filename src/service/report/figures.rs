//! What is counted of appointments, sessions and beds, and what follows from the counts.
//!
//! It never knows where a count comes from. Invariants: figures that are added give what was counted of both
//! parts; what follows from nothing is nothing, not zero.

use super::distribution::Distribution;

/// Places of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Places {
    pub capacity: i64,
    pub taken: i64,
}

/// What is counted of appointments and sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Appointments that were made, whatever became of them; holds that nobody confirmed are none.
    pub booked: i64,
    /// Whose patients came.
    pub attended: i64,
    pub completed: i64,
    pub cancelled: i64,
    pub cancelled_by_patient: i64,
    pub cancelled_by_doctor: i64,
    pub cancelled_by_staff: i64,
    /// With a session that was stopped.
    pub cancelled_by_hospital: i64,
    pub cancelled_by_system: i64,
    pub no_shows: i64,
    /// Whose patients came and went without having been seen.
    pub left_unseen: i64,
    /// Whose patients wait and were never called.
    pub still_waiting: i64,
    /// Second visits of a day, which take no place.
    pub follow_ups: i64,
    /// Those of `booked`, `completed` and `cancelled` that are in no session, as old clients make them.
    pub old_booked: i64,
    pub old_completed: i64,
    pub old_cancelled: i64,
    /// Sessions that took place or are to.
    pub sessions: i64,
    pub sessions_stopped: i64,
    pub online: Places,
    pub onsite: Places,
    pub addon: Places,
    pub paid_fen: i64,
    pub unpaid_fen: i64,
    pub refundable_fen: i64,
    /// From the check-in to the first call, in minutes.
    pub waiting: Distribution,
    /// From the start to the end of a consultation, in minutes.
    pub consultation: Distribution,
}

impl Places {
    fn add(&mut self, other: Places) {
        self.capacity += other.capacity;
        self.taken += other.taken;
    }

    pub fn utilisation(self) -> Option<f64> {
        ratio(self.taken, self.capacity)
    }
}

impl Figures {
    pub fn add(&mut self, other: &Figures) {
        for (own, others) in [
            (&mut self.booked, other.booked),
            (&mut self.attended, other.attended),
            (&mut self.completed, other.completed),
            (&mut self.cancelled, other.cancelled),
            (&mut self.cancelled_by_patient, other.cancelled_by_patient),
            (&mut self.cancelled_by_doctor, other.cancelled_by_doctor),
            (&mut self.cancelled_by_staff, other.cancelled_by_staff),
            (&mut self.cancelled_by_hospital, other.cancelled_by_hospital),
            (&mut self.cancelled_by_system, other.cancelled_by_system),
            (&mut self.no_shows, other.no_shows),
            (&mut self.left_unseen, other.left_unseen),
            (&mut self.still_waiting, other.still_waiting),
            (&mut self.follow_ups, other.follow_ups),
            (&mut self.old_booked, other.old_booked),
            (&mut self.old_completed, other.old_completed),
            (&mut self.old_cancelled, other.old_cancelled),
            (&mut self.sessions, other.sessions),
            (&mut self.sessions_stopped, other.sessions_stopped),
            (&mut self.paid_fen, other.paid_fen),
            (&mut self.unpaid_fen, other.unpaid_fen),
            (&mut self.refundable_fen, other.refundable_fen),
        ] {
            *own += others;
        }
        self.online.add(other.online);
        self.onsite.add(other.onsite);
        self.addon.add(other.addon);
        self.waiting.add(&other.waiting);
        self.consultation.add(&other.consultation);
    }

    /// Of those whose patients came or should have come. What is in no session is never a no-show, and is left
    /// out.
    pub fn no_show_rate(&self) -> Option<f64> {
        ratio(self.no_shows, self.no_shows + self.attended - self.old_completed)
    }

    pub fn cancel_rate(&self) -> Option<f64> {
        ratio(self.cancelled, self.booked)
    }

    /// All kinds of places together.
    pub fn places(&self) -> Places {
        let mut all = self.online;
        all.add(self.onsite);
        all.add(self.addon);
        all
    }
}

/// What is counted of a ward's beds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BedFigures {
    pub beds: i64,
    /// How long there were beds, and how long somebody lay in them.
    pub bed_ms: i64,
    pub occupied_ms: i64,
    pub discharged: i64,
    /// Of those who were discharged, in days.
    pub stay: Distribution,
}

impl BedFigures {
    /// The number of beds is not added over days.
    pub fn add(&mut self, other: &BedFigures) {
        self.bed_ms += other.bed_ms;
        self.occupied_ms += other.occupied_ms;
        self.discharged += other.discharged;
        self.stay.add(&other.stay);
    }

    pub fn occupancy(&self) -> Option<f64> {
        ratio(self.occupied_ms, self.bed_ms)
    }
}

/// A part of a whole, to the ten thousandth; none where there is no whole.
#[expect(clippy::cast_precision_loss, reason = "counts and lengths of time are far under 2^52")]
fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64 * 10_000.0).round() / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_nothing_is_nothing() {
        let none = Figures::default();
        assert_eq!(
            (none.no_show_rate(), none.cancel_rate(), none.places().utilisation()),
            (None, None, None)
        );
        assert_eq!(BedFigures::default().occupancy(), None);
    }

    #[test]
    fn rates_follow_from_the_counts() {
        let old = Figures { booked: 9, attended: 7, completed: 7, old_completed: 6, ..Figures::default() };
        let mut sum = Figures { no_shows: 2, cancelled: 1, booked: 3, ..Figures::default() };
        sum.add(&old);
        assert_eq!(sum.no_show_rate(), Some(0.6667));
        assert_eq!(sum.cancel_rate(), Some(0.0833));
    }
}
