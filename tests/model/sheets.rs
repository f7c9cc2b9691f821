//! The reference's rules of prescriptions and allergies.
//!
//! It never knows who may ask. Invariant: a rule that refuses has changed nothing.

use super::care::*;
use super::clinic::*;

/// A line that somebody wants.
#[derive(Clone, Copy)]
pub struct Wish {
    pub drug: i64,
    pub dose: i64,
    pub frequency: (&'static str, i64),
    pub days: i64,
    pub quantity: Option<i64>,
    pub is_overridden: bool,
}

impl Wish {
    /// What it comes to, where that is not for the patient to decide.
    pub fn counted(&self) -> Option<i64> {
        let (_, times) = self.frequency;
        (times > 0).then_some(self.dose * times * self.days)
    }
}

/// Of a drug of the list: what it is made of, and what it is.
fn drug(id: i64) -> (&'static [&'static str], &'static str) {
    DRUGS[usize::try_from(id - 1).unwrap()]
}

impl Clinic {
    pub fn add_allergy(&mut self, patient: i64, substance: &'static str, severity: &'static str) -> Said {
        let is_same =
            |found: &Allergy| (found.patient, found.substance) == (patient, substance) && !found.is_refuted;
        if self.care.allergies.values().any(is_same) {
            return Err("already_recorded");
        }
        let id = next(&self.care.allergies);
        self.care.allergies.insert(id, Allergy { id, patient, substance, severity, is_refuted: false });
        Ok(())
    }

    pub fn set_severity(&mut self, id: i64, severity: &'static str) -> Said {
        let found = self.care.allergies.get_mut(&id).unwrap();
        if found.is_refuted {
            return Err("bad_transition");
        }
        found.severity = severity;
        Ok(())
    }

    pub fn refute_allergy(&mut self, id: i64) -> Said {
        let found = self.care.allergies.get_mut(&id).unwrap();
        if found.is_refuted {
            return Err("bad_transition");
        }
        found.is_refuted = true;
        Ok(())
    }

    fn sheet(&mut self, id: i64) -> &mut Sheet {
        self.care.sheets.get_mut(&id).unwrap()
    }

    fn lines_of(&self, sheet: i64) -> Vec<Line> {
        self.care.lines.iter().filter(|line| line.sheet == sheet).cloned().collect()
    }

    /// The allergies that speak against a drug; refused where one of them is severe.
    fn allergies_against(&self, patient: i64, id: i64) -> Result<Vec<Against>, &'static str> {
        let (ingredients, class) = drug(id);
        let mut found = Vec::new();
        for allergy in self.care.allergies.values() {
            let is_in_it = class == allergy.substance || ingredients.contains(&allergy.substance);
            if allergy.patient == patient && !allergy.is_refuted && is_in_it {
                if allergy.severity == "severe" {
                    return Err("allergy");
                }
                found.push(Against::Allergy(allergy.id));
            }
        }
        Ok(found)
    }

    /// What speaks against a drug, beside those lines; refused where that cannot be set aside.
    fn against(
        &self,
        patient: i64,
        id: i64,
        beside: &[Line],
        is_known: impl Fn(Against) -> bool,
    ) -> Result<Vec<Against>, &'static str> {
        let ((ingredients, _), today) = (drug(id), self.now / DAY);
        let mut found = self.allergies_against(patient, id)?;
        let is_taken = |line: &&Line| {
            self.care.sheets[&line.sheet].patient == patient
                && line.is_live
                && line.until.is_some_and(|until| until >= today)
        };
        for line in self.care.lines.iter().filter(is_taken).chain(beside) {
            if drug(line.drug).0.iter().any(|ingredient| ingredients.contains(ingredient)) {
                found.push(Against::Line(line.id));
            }
        }
        match found.iter().find(|against| !is_known(**against)) {
            None => Ok(found),
            Some(Against::Allergy(_)) => Err("allergy"),
            Some(Against::Line(_)) => Err("duplicate_ingredient"),
        }
    }

    /// A line as it would be written next.
    fn line(&self, sheet: i64, patient: i64, wish: &Wish, beside: &[Line]) -> Result<Line, &'static str> {
        let Wish { drug, dose, frequency: (frequency, _), days, quantity, is_overridden } = *wish;
        if drug == 6 {
            return Err("not_found");
        }
        let counted = wish.counted().or(quantity).unwrap();
        if quantity.is_some_and(|quantity| quantity != counted) {
            return Err("wrong_quantity");
        }
        let against = self.against(patient, drug, beside, |_| is_overridden)?;
        let (id, quantity, until) = (self.care.lines_ever + 1, counted, None);
        Ok(Line { id, sheet, drug, dose, frequency, days, quantity, against, until, is_live: true })
    }

    pub fn prescribe(&mut self, visit: i64, wishes: &[Wish]) -> Said {
        let before = self.care.visits[&visit].clone();
        let Visit { patient, doctor, .. } = before;
        self.write_in(visit)?;
        let (sheet, mut lines) = (next(&self.care.sheets), Vec::new());
        let ever = self.care.lines_ever;
        for wish in wishes {
            match self.line(sheet, patient, wish, &lines) {
                Ok(line) => lines.push(line),
                Err(word) => {
                    self.care.lines_ever = ever;
                    *self.encounter(visit) = before;
                    return Err(word);
                }
            }
            self.care.lines_ever += 1;
        }
        let (state, activated, dispensed, ended) = ("draft", None, None, None);
        let new = Sheet { id: sheet, visit, patient, doctor, state, activated, dispensed, ended };
        self.care.sheets.insert(sheet, new);
        self.care.lines.extend(lines);
        Ok(())
    }

    /// What is not over goes with the visit to another doctor.
    pub fn hand_sheets_over(&mut self, visit: i64, doctor: i64) {
        let today = self.now / DAY;
        let lines = &self.care.lines;
        let is_taken = |sheet: i64| {
            lines.iter().any(|line| {
                line.sheet == sheet && line.is_live && line.until.is_some_and(|until| until >= today)
            })
        };
        for sheet in self.care.sheets.values_mut().filter(|sheet| sheet.visit == visit) {
            let goes_on = matches!(sheet.state, "draft" | "active");
            if goes_on || sheet.state == "dispensed" && is_taken(sheet.id) {
                sheet.doctor = doctor;
            }
        }
    }

    fn is_draft(&self, id: i64) -> Said {
        if self.care.sheets[&id].state == "draft" { Ok(()) } else { Err("conflict") }
    }

    fn goes_on(&self, sheet: i64) -> Said {
        let visit = self.care.sheets[&sheet].visit;
        if self.care.visits[&visit].state == "in_progress" { Ok(()) } else { Err("not_in_progress") }
    }

    pub fn add_line(&mut self, id: i64, wish: &Wish) -> Said {
        self.is_draft(id)?;
        self.goes_on(id)?;
        let line = self.line(id, self.care.sheets[&id].patient, wish, &self.lines_of(id))?;
        self.care.lines_ever += 1;
        self.care.lines.push(line);
        Ok(())
    }

    pub fn remove_line(&mut self, id: i64, line: i64) -> Said {
        self.is_draft(id)?;
        let is_it = |found: &Line| (found.id, found.sheet) == (line, id);
        let place = self.care.lines.iter().position(is_it).ok_or("not_found")?;
        self.care.lines.remove(place);
        // The last number is not given again.
        Ok(())
    }

    pub fn activate(&mut self, id: i64) -> Said {
        self.is_draft(id).or(Err("bad_transition"))?;
        self.goes_on(id)?;
        let lines = self.lines_of(id);
        if lines.is_empty() {
            return Err("conflict");
        }
        for (place, line) in lines.iter().enumerate() {
            let is_known = |against| line.against.contains(&against);
            self.against(self.care.sheets[&id].patient, line.drug, &lines[..place], is_known)?;
        }
        let now = self.now;
        let sheet = self.sheet(id);
        (sheet.state, sheet.activated) = ("active", Some(now));
        self.take_from_today(id);
        Ok(())
    }

    /// To the nurse what was never active is not there.
    pub fn dispense(&mut self, id: i64, is_overridden: bool) -> Said {
        let Sheet { patient, state, activated, .. } = self.care.sheets[&id];
        if activated.is_none() {
            return Err("not_found");
        }
        if state != "active" {
            return Err("bad_transition");
        }
        for line in self.lines_of(id) {
            // Of the same sheet, or prescribed in spite of this line.
            let is_weighed =
                |other: &Line| other.sheet == id || other.against.contains(&Against::Line(line.id));
            let is_known = |against| match against {
                _ if is_overridden || line.against.contains(&against) => true,
                Against::Allergy(_) => false,
                Against::Line(other) => {
                    self.care.lines.iter().any(|line| line.id == other && is_weighed(line))
                }
            };
            self.against(patient, line.drug, &[], is_known)?;
        }
        let now = self.now;
        let sheet = self.sheet(id);
        (sheet.state, sheet.dispensed) = ("dispensed", Some(now));
        self.take_from_today(id);
        Ok(())
    }

    fn take_from_today(&mut self, id: i64) {
        let today = self.now / DAY;
        for line in self.care.lines.iter_mut().filter(|line| line.sheet == id) {
            line.until = Some(today + line.days - 1);
        }
    }

    /// It is stopped, or cancelled.
    pub fn end_sheet(&mut self, id: i64, to: &'static str) -> Said {
        let now = self.now;
        let sheet = self.sheet(id);
        let is_allowed = match to {
            "stopped" => matches!(sheet.state, "active" | "dispensed"),
            _ => matches!(sheet.state, "draft" | "active"),
        };
        if !is_allowed {
            return Err("bad_transition");
        }
        (sheet.state, sheet.ended) = (to, Some(now));
        for line in self.care.lines.iter_mut().filter(|line| line.sheet == id) {
            line.is_live = false;
        }
        Ok(())
    }
}
