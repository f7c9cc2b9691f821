//! What speaks against a line: allergies of the patient, and what they take already.
//!
//! It never writes, and never knows why a doctor prescribes all the same. Invariants: what is severe comes
//! first; a finding has one word, by which it is known again later.

use crate::service::drug::ingredients;
use crate::service::text::key;
use crate::store::statements::prescription;
use crate::store::{Error, Transaction, params};

const SEVERE: &str = "severe";

/// Something that speaks against a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    Allergy { allergy_id: i64, severity: String },
    Duplicate { line_id: i64, sheet_id: i64 },
}

impl Finding {
    /// How it is kept with a line that was prescribed all the same.
    pub fn word(&self) -> String {
        match self {
            Finding::Allergy { allergy_id, .. } => format!("allergy:{allergy_id}"),
            Finding::Duplicate { line_id, .. } => duplicate(*line_id),
        }
    }

    /// Whether no reason sets it aside.
    pub fn is_severe(&self) -> bool {
        matches!(self, Finding::Allergy { severity, .. } if severity == SEVERE)
    }
}

struct Allergy {
    allergy_id: i64,
    substance_key: String,
    severity: String,
}

struct Taken {
    line_id: i64,
    sheet_id: i64,
    ingredients: Vec<String>,
    /// What it was prescribed in spite of.
    warnings: String,
}

/// What is held against a line that stands in a sheet. The drug is as the list has it now.
pub(super) struct Checked {
    pub line_id: i64,
    pub drug_id: i64,
    pub ingredient: String,
    pub drug_class: Option<String>,
    pub is_active: bool,
    /// As `Finding::word` has them, parted by blanks.
    warnings: String,
}

impl Checked {
    /// Those of a sheet, in the order in which they were written.
    pub fn of_sheet(transaction: &Transaction<'_>, sheet_id: i64) -> Result<Vec<Checked>, Error> {
        transaction.all(&prescription::CHECKED, params![sheet_id], |row| {
            Ok(Checked {
                line_id: row.integer(0)?,
                drug_id: row.integer(1)?,
                ingredient: row.string(2)?,
                drug_class: row.optional_string(3)?,
                is_active: row.integer(4)? != 0,
                warnings: row.optional_string(5)?.unwrap_or_default(),
            })
        })
    }
}

fn duplicate(line_id: i64) -> String {
    format!("duplicate:{line_id}")
}

fn has(warnings: &str, word: &str) -> bool {
    warnings.split_whitespace().any(|warning| warning == word)
}

/// What a patient does not bear, and what they take.
pub(super) struct Known {
    allergies: Vec<Allergy>,
    taken: Vec<Taken>,
}

impl Known {
    /// As it is on a day, beside a sheet. Drafts are not taken.
    pub fn beside(
        transaction: &Transaction<'_>,
        sheet_id: i64,
        patient_id: i64,
        day: &str,
    ) -> Result<Known, Error> {
        let mut known = Known { allergies: Vec::new(), taken: Vec::new() };
        transaction.each(&prescription::ALLERGIES, params![patient_id], |row| {
            known.allergies.push(Allergy {
                allergy_id: row.integer(0)?,
                // What was recorded under an older rule is compared by this one.
                substance_key: key(row.text(1)?),
                severity: row.string(2)?,
            });
            Ok::<_, Error>(())
        })?;
        known.allergies.sort_by_key(|allergy| allergy.severity != SEVERE);
        transaction.each(&prescription::LIVE, params![patient_id, day, sheet_id], |row| {
            let warnings = row.optional_text(3)?.unwrap_or_default();
            known.add(row.integer(0)?, row.integer(1)?, row.text(2)?, warnings);
            Ok::<_, Error>(())
        })?;
        Ok(known)
    }

    fn add(&mut self, line_id: i64, sheet_id: i64, ingredient: &str, warnings: &str) {
        let (ingredients, warnings) = (ingredients(ingredient).collect(), warnings.to_owned());
        self.taken.push(Taken { line_id, sheet_id, ingredients, warnings });
    }

    /// One more line of the same sheet is taken.
    pub fn take(&mut self, line_id: i64, sheet_id: i64, ingredient: &str) {
        self.add(line_id, sheet_id, ingredient, "");
    }

    /// What speaks against a drug, the severe first.
    pub fn findings(&self, ingredient: &str, drug_class: Option<&str>) -> Vec<Finding> {
        let substances: Vec<String> = ingredients(ingredient).collect();
        let class = drug_class.map(key);
        let is_unborne = |allergy: &&Allergy| {
            substances.contains(&allergy.substance_key) || class.as_ref() == Some(&allergy.substance_key)
        };
        let is_taken =
            |taken: &&Taken| taken.ingredients.iter().any(|ingredient| substances.contains(ingredient));
        let allergies = self.allergies.iter().filter(is_unborne).map(|allergy| Finding::Allergy {
            allergy_id: allergy.allergy_id,
            severity: allergy.severity.clone(),
        });
        let duplicates = self
            .taken
            .iter()
            .filter(is_taken)
            .map(|taken| Finding::Duplicate { line_id: taken.line_id, sheet_id: taken.sheet_id });
        allergies.chain(duplicates).collect()
    }

    /// What speaks against a line that nobody has set aside: neither who wrote it, nor who prescribed the other one
    /// in spite of it. The severe comes first.
    pub fn unanswered(&self, line: &Checked) -> Vec<Finding> {
        let own = duplicate(line.line_id);
        let is_answered = |finding: &Finding| match finding {
            _ if has(&line.warnings, &finding.word()) => true,
            Finding::Allergy { .. } => false,
            Finding::Duplicate { line_id, .. } => {
                self.taken.iter().any(|taken| taken.line_id == *line_id && has(&taken.warnings, &own))
            }
        };
        let mut found = self.findings(&line.ingredient, line.drug_class.as_deref());
        found.retain(|finding| finding.is_severe() || !is_answered(finding));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ingredients_and_classes_are_compared_and_what_is_severe_comes_first() {
        let allergy = |allergy_id, substance_key: &str, severity: &str| Allergy {
            allergy_id,
            substance_key: substance_key.into(),
            severity: severity.into(),
        };
        let mut known = Known {
            allergies: vec![allergy(2, "penicillin", "severe"), allergy(1, "clavulanic acid", "mild")],
            taken: Vec::new(),
        };
        known.take(7, 3, "clavulanic acid");
        known.take(8, 3, "acid");
        let found = known.findings("Amoxicillin + Clavulanic acid", Some("Penicillin"));
        let words: Vec<String> = found.iter().map(Finding::word).collect();
        assert_eq!(words, ["allergy:2", "allergy:1", "duplicate:7"]);
        assert!(found[0].is_severe() && !found[1].is_severe() && !found[2].is_severe());
        assert_eq!(known.findings("ibuprofen", None), []);
    }
}
