//! The reference's rules of wards and stays.
//!
//! It never knows who may ask. Invariant: a rule that refuses has changed nothing.

use super::care::*;
use super::clinic::*;

impl Clinic {
    fn bed(&mut self, id: i64, state: &'static str, at: i64) {
        let bed = self.care.beds.get_mut(&id).unwrap();
        // However the clock was set, a bed does not go back in time.
        (bed.state, bed.changed) = (state, bed.changed.max(at));
    }

    fn stay(&mut self, id: i64) -> &mut Stay {
        self.care.stays.get_mut(&id).unwrap()
    }

    fn stands(&self, id: i64, states: &[&str]) -> Said {
        if states.contains(&self.care.stays[&id].state) { Ok(()) } else { Err("bad_transition") }
    }

    /// Whether a bed is for somebody for whom the other one is kept.
    fn is_for(&self, id: i64, kept: Option<i64>) -> Said {
        let bed = &self.care.beds[&id];
        match bed.state {
            "free" => {}
            "reserved" if kept == Some(id) => {}
            _ => return Err("bed_taken"),
        }
        if self.care.wards[&bed.ward].is_closed { Err("ward_closed") } else { Ok(()) }
    }

    pub fn set_bed(&mut self, id: i64, to: &'static str) -> Said {
        let from = self.care.beds[&id].state;
        let is_by_hand = |state| matches!(state, "free" | "cleaning" | "blocked");
        if !is_by_hand(from) || !is_by_hand(to) || from == to {
            return Err("bad_transition");
        }
        self.bed(id, to, self.now);
        Ok(())
    }

    pub fn close_ward(&mut self, id: i64) -> Said {
        if self.care.wards[&id].is_closed {
            return Ok(());
        }
        if self.care.stays.values().any(|stay| stay.ward == id && stay.ended.is_none()) {
            return Err("conflict");
        }
        self.care.wards.get_mut(&id).unwrap().is_closed = true;
        Ok(())
    }

    pub fn ask_stay(&mut self, doctor: i64, patient: i64, ward: i64) -> Said {
        if self.care.wards[&ward].is_closed {
            return Err("ward_closed");
        }
        if self.care.stays.values().any(|stay| stay.patient == patient && stay.ended.is_none()) {
            return Err("already_admitted");
        }
        let id = next(&self.care.stays);
        let (bed, state, visit, ended) = (None, "requested", None, None);
        self.care.stays.insert(id, Stay { id, patient, doctor, ward, bed, state, visit, ended });
        Ok(())
    }

    pub fn reserve(&mut self, id: i64, bed: i64) -> Said {
        self.stands(id, &["requested"])?;
        let kept = self.care.stays[&id].bed;
        if kept == Some(bed) {
            return Ok(());
        }
        self.is_for(bed, None)?;
        self.give_up(kept);
        self.bed(bed, "reserved", self.now);
        let ward = self.care.beds[&bed].ward;
        let stay = self.stay(id);
        (stay.bed, stay.ward) = (Some(bed), ward);
        Ok(())
    }

    fn give_up(&mut self, kept: Option<i64>) {
        if let Some(bed) = kept {
            self.bed(bed, "free", self.now);
        }
    }

    fn lie_down(&mut self, stay: i64, bed: i64, at: i64) {
        let Bed { ward, changed, .. } = self.care.beds[&bed];
        let (id, from) = (next(&self.care.lain), at.max(changed));
        self.care.lain.insert(id, Lain { id, stay, bed, from, to: None });
        self.bed(bed, "occupied", from);
        let stay = self.stay(stay);
        (stay.bed, stay.ward) = (Some(bed), ward);
    }

    /// Returns when the bed was left.
    fn get_up(&mut self, stay: i64, at: i64) -> i64 {
        let mut lain = self.care.lain.values_mut();
        let lain = lain.find(|lain| lain.stay == stay && lain.to.is_none()).unwrap();
        let left = at.max(lain.from);
        lain.to = Some(left);
        let bed = lain.bed;
        self.bed(bed, "cleaning", left);
        left
    }

    pub fn admit(&mut self, id: i64, bed: Option<i64>) -> Said {
        self.stands(id, &["requested"])?;
        let Stay { patient, doctor, bed: kept, .. } = self.care.stays[&id];
        let bed = bed.or(kept).ok_or("bed_missing")?;
        self.is_for(bed, kept)?;
        self.give_up(kept.filter(|kept| *kept != bed));
        let visit = self.open_visit(doctor, patient, None, "IMP", false).unwrap();
        let stay = self.stay(id);
        (stay.state, stay.visit) = ("admitted", Some(visit));
        self.lie_down(id, bed, self.now);
        Ok(())
    }

    pub fn cancel_stay(&mut self, id: i64) -> Said {
        self.stands(id, &["requested"])?;
        self.give_up(self.care.stays[&id].bed);
        let now = self.now;
        let stay = self.stay(id);
        (stay.state, stay.bed, stay.ended) = ("cancelled", None, Some(now));
        Ok(())
    }

    pub fn transfer(&mut self, id: i64, bed: i64) -> Said {
        self.stands(id, &["admitted", "discharge_ordered"])?;
        self.is_for(bed, None)?;
        let left = self.get_up(id, self.now.max(self.care.beds[&bed].changed));
        self.lie_down(id, bed, left);
        Ok(())
    }

    pub fn change_doctor(&mut self, id: i64, doctor: i64) -> Said {
        self.stands(id, &["requested", "admitted", "discharge_ordered"])?;
        let stay = self.stay(id);
        stay.doctor = doctor;
        if let Some(visit) = stay.visit {
            self.encounter(visit).doctor = doctor;
            self.hand_sheets_over(visit, doctor);
        }
        Ok(())
    }

    pub fn order_discharge(&mut self, id: i64) -> Said {
        self.stands(id, &["admitted"])?;
        if !self.has_discharge_diagnosis(self.care.stays[&id].visit.unwrap()) {
            return Err("diagnosis_missing");
        }
        self.stay(id).state = "discharge_ordered";
        Ok(())
    }

    pub fn undo_discharge_order(&mut self, id: i64) -> Said {
        self.stands(id, &["discharge_ordered"]).or(Err("nothing_to_undo"))?;
        self.stay(id).state = "admitted";
        Ok(())
    }

    pub fn discharge(&mut self, id: i64) -> Said {
        self.stands(id, &["discharge_ordered"])?;
        if !self.has_discharge_diagnosis(self.care.stays[&id].visit.unwrap()) {
            return Err("diagnosis_missing");
        }
        let left = self.get_up(id, self.now);
        let stay = self.stay(id);
        (stay.state, stay.bed, stay.ended) = ("discharged", None, Some(left));
        let visit = stay.visit.unwrap();
        // Nobody keeps a bed because of what is to be written.
        let _ = self.finish_visit(visit);
        Ok(())
    }
}
