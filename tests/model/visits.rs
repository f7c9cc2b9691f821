//! The reference's rules of visits, and of what is found in them.
//!
//! It never knows who may ask. Invariant: a rule that refuses has changed nothing.

use super::care::*;
use super::clinic::*;

impl Clinic {
    /// Whether a doctor has to do with a patient.
    pub fn treats(&self, doctor: i64, patient: i64) -> bool {
        let has_booked = |found: &Booking| {
            found.patient == patient
                && status(found.state) != "cancelled"
                && self.session(found.session).doctor == doctor
        };
        let has_seen = |visit: &Visit| {
            (visit.patient, visit.begun_by) == (patient, Some(doctor)) && visit.state != "cancelled"
        };
        let has_in_bed =
            |stay: &Stay| (stay.patient, stay.doctor) == (patient, doctor) && stay.state != "cancelled";
        self.bookings.values().any(has_booked)
            || self.care.visits.values().any(has_seen)
            || self.care.stays.values().any(has_in_bed)
    }

    pub fn encounter(&mut self, id: i64) -> &mut Visit {
        self.care.visits.get_mut(&id).unwrap()
    }

    fn has_draft_sheet(&self, visit: i64) -> bool {
        self.care.sheets.values().any(|sheet| sheet.visit == visit && sheet.state == "draft")
    }

    fn diagnosed(&self, visit: i64) -> impl Iterator<Item = &Diagnosis> {
        self.care.diagnoses.values().filter(move |found| found.visit == visit && !found.is_withdrawn)
    }

    pub fn has_discharge_diagnosis(&self, visit: i64) -> bool {
        self.diagnosed(visit).any(|found| found.kind == "discharge")
    }

    fn has_sheet(&self, visit: i64) -> bool {
        self.care.sheets.values().any(|sheet| sheet.visit == visit && sheet.state != "cancelled")
    }

    /// Whether nothing is to be done before it ends.
    fn is_complete(&self, visit: i64) -> bool {
        !self.has_draft_sheet(visit)
            && (!self.has_sheet(visit) || self.diagnosed(visit).any(|found| found.rank == 1))
    }

    fn is_empty(&self, visit: i64) -> bool {
        !self.has_sheet(visit) && self.diagnosed(visit).next().is_none()
    }

    /// The stay's own goes on until the discharge.
    fn is_of_stay(&self, visit: i64) -> bool {
        self.care.stays.values().any(|stay| stay.visit == Some(visit) && stay.ended.is_none())
    }

    fn visit_of(&self, booking: i64) -> Option<Visit> {
        let is_of = |visit: &&Visit| visit.booking == Some(booking) && visit.state != "cancelled";
        self.care.visits.values().find(is_of).cloned()
    }

    /// Whether the patient of a booking has been seen without the queue, or is. Nobody is before its day.
    pub fn was_seen(&self, id: i64) -> bool {
        let Booking { state, starts, session, .. } = self.bookings[&id];
        let doctor = self.session(session).doctor;
        let has_begun =
            |visit: Visit| visit.doctor == doctor && matches!(visit.state, "in_progress" | "finished");
        state != "held" && starts / DAY <= self.now / DAY && self.visit_of(id).is_some_and(has_begun)
    }

    pub fn open_visit(
        &mut self,
        doctor: i64,
        patient: i64,
        booking: Option<i64>,
        class: &'static str,
        is_planned: bool,
    ) -> Result<i64, &'static str> {
        if let Some(id) = booking {
            let is_theirs =
                |found: &Booking| found.patient == patient && self.session(found.session).doctor == doctor;
            if !self.bookings.get(&id).is_some_and(is_theirs) {
                return Err("not_found");
            }
            if self.visit_of(id).is_some() {
                return Err("conflict");
            }
        }
        let id = next(&self.care.visits);
        let (begun_by, started, ended) = (None, None, None);
        let visit = Visit { id, patient, doctor, booking, class, state: "planned", begun_by, started, ended };
        self.care.visits.insert(id, visit);
        if !is_planned {
            self.begin_visit(id).unwrap();
        }
        Ok(id)
    }

    pub fn begin_visit(&mut self, id: i64) -> Said {
        let now = self.now;
        let visit = self.encounter(id);
        if visit.state != "planned" {
            return Err("bad_transition");
        }
        (visit.state, visit.begun_by, visit.started) = ("in_progress", Some(visit.doctor), Some(now));
        Ok(())
    }

    fn end_visit(&mut self, id: i64, state: &'static str) {
        let now = self.now;
        let visit = self.encounter(id);
        (visit.state, visit.ended) = (state, Some(now));
    }

    pub fn finish_visit(&mut self, id: i64) -> Said {
        if self.encounter(id).state != "in_progress" {
            return Err("bad_transition");
        }
        if self.is_of_stay(id) {
            return Err("stay_goes_on");
        }
        if self.has_draft_sheet(id) {
            return Err("draft_prescriptions");
        }
        if !self.is_complete(id) {
            return Err("diagnosis_missing");
        }
        self.end_visit(id, "finished");
        Ok(())
    }

    pub fn cancel_visit(&mut self, id: i64) -> Said {
        if !matches!(self.encounter(id).state, "planned" | "in_progress") {
            return Err("bad_transition");
        }
        if self.is_of_stay(id) {
            return Err("stay_goes_on");
        }
        let was_stay = self.care.stays.values().any(|stay| stay.visit == Some(id));
        let is_prescribed =
            self.care.sheets.values().any(|sheet| sheet.visit == id && sheet.activated.is_some());
        if was_stay || is_prescribed || self.diagnosed(id).next().is_some() {
            return Err("already_signed");
        }
        self.end_visit(id, "cancelled");
        Ok(())
    }

    pub fn reopen_visit(&mut self, id: i64) -> Said {
        let visit = self.encounter(id);
        if visit.state != "finished" {
            return Err("bad_transition");
        }
        (visit.state, visit.ended) = ("in_progress", None);
        Ok(())
    }

    /// Whether something can be written; a visit that the queue has ended goes on with the first words.
    pub fn write_in(&mut self, id: i64) -> Said {
        match self.care.visits[&id].state {
            "in_progress" => Ok(()),
            "finished" if self.is_empty(id) => self.reopen_visit(id),
            _ => Err("not_in_progress"),
        }
    }

    pub fn diagnose(&mut self, visit: i64, kind: &'static str, by: i64) -> Said {
        self.write_in(visit)?;
        let ranks = self.diagnosed(visit).filter(|found| found.kind == kind).map(|found| found.rank);
        let (id, rank) = (next(&self.care.diagnoses), 1 + ranks.max().unwrap_or(0));
        self.care.diagnoses.insert(id, Diagnosis { id, visit, by, kind, rank, is_withdrawn: false });
        Ok(())
    }

    pub fn withdraw_diagnosis(&mut self, id: i64) -> Said {
        let Diagnosis { visit, is_withdrawn, .. } = self.care.diagnoses[&id];
        if is_withdrawn {
            return Err("bad_transition");
        }
        self.write_in(visit)?;
        self.care.diagnoses.get_mut(&id).unwrap().is_withdrawn = true;
        Ok(())
    }

    /// The patient of an appointment is seen.
    pub fn seen_from_now(&mut self, booking: i64) {
        let Booking { session, patient, .. } = self.bookings[&booking];
        match self.visit_of(booking) {
            None => {
                let doctor = self.session(session).doctor;
                self.open_visit(doctor, patient, Some(booking), "AMB", false).unwrap();
            }
            Some(Visit { id, state: "planned", .. }) => self.begin_visit(id).unwrap(),
            Some(Visit { id, state: "finished", .. }) => self.reopen_visit(id).unwrap(),
            Some(_) => {}
        }
    }

    /// It was a mistake that they are seen since then.
    pub fn not_seen(&mut self, booking: i64, since: Option<i64>) {
        if let Some(Visit { id, state: "in_progress", started, .. }) = self.visit_of(booking)
            && started == since
            && self.is_empty(id)
        {
            self.end_visit(id, "cancelled");
        }
    }

    /// They have been seen.
    pub fn seen(&mut self, booking: i64) {
        if let Some(Visit { id, state: "in_progress", .. }) = self.visit_of(booking)
            && self.is_complete(id)
        {
            self.end_visit(id, "finished");
        }
    }

    /// It was a mistake that they have been seen at that moment.
    pub fn still_seen(&mut self, booking: i64, until: Option<i64>) {
        if let Some(Visit { id, state: "finished", ended, .. }) = self.visit_of(booking)
            && ended == until
        {
            self.reopen_visit(id).unwrap();
        }
    }
}
