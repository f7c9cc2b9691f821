//! Owns what a line of the hospital's list of drugs is. Never reads a file.
//! Invariant: a drug that gets in has an ingredient, and each of them is one that an allergy can be recorded to.

use super::{Loaded, Row};
use crate::service::drug::{
    self, CODE_CHARS_MAX, FORM_CHARS_MAX, NAME_CHARS_MAX, NewDrug, Put, ROUTE_CHARS_MAX, SUBSTANCE_CHARS_MAX,
    UNIT_CHARS_MAX,
};
use crate::service::text::is_line;
use crate::store::{Error, Transaction};

#[derive(Debug, PartialEq, Eq)]
pub struct Drug {
    code: String,
    name: String,
    ingredient: String,
    drug_class: Option<String>,
    form: Option<String>,
    strength: Option<String>,
    dose_unit: String,
    route: Option<String>,
    is_active: Option<bool>,
}

impl Row for Drug {
    const METHOD: &'static str = "import.drugs";
    const TABLE: &'static str = "drugs";
    const COLUMNS: &'static [&'static str] =
        &["code", "name", "ingredient", "drug_class", "form", "strength", "dose_unit", "route"];
    const OPTIONAL: &'static [&'static str] = &["is_active"];

    fn parse(values: &[&str]) -> Result<Drug, String> {
        let [code, name, ingredient, drug_class, form, strength, dose_unit, route, is_active] = values else {
            return Err("has another number of values".into());
        };
        Ok(Drug {
            code: line("code", code, CODE_CHARS_MAX)?,
            name: line("name", name, NAME_CHARS_MAX)?,
            ingredient: substances(ingredient)?,
            drug_class: optional("drug_class", drug_class, SUBSTANCE_CHARS_MAX)?,
            form: optional("form", form, FORM_CHARS_MAX)?,
            strength: optional("strength", strength, FORM_CHARS_MAX)?,
            dose_unit: line("dose_unit", dose_unit, UNIT_CHARS_MAX)?,
            route: optional("route", route, ROUTE_CHARS_MAX)?,
            is_active: yes_or_no(is_active)?,
        })
    }

    fn key(&self) -> String {
        self.code.to_ascii_uppercase()
    }

    fn load(&self, transaction: &Transaction<'_>) -> Result<Loaded, Error> {
        let new = NewDrug {
            code: &self.code,
            name: &self.name,
            ingredient: &self.ingredient,
            drug_class: self.drug_class.as_deref(),
            form: self.form.as_deref(),
            strength: self.strength.as_deref(),
            dose_unit: &self.dose_unit,
            route: self.route.as_deref(),
            is_active: self.is_active,
        };
        Ok(match drug::put(transaction, &new)? {
            Put::New => Loaded::New,
            Put::Changed => Loaded::Changed,
            Put::Same => Loaded::Same,
        })
    }
}

fn line(column: &str, value: &str, chars_max: usize) -> Result<String, String> {
    match is_line(value, chars_max) {
        true => Ok(value.to_owned()),
        false => Err(format!("{column} must be text of 1 to {chars_max} characters")),
    }
}

fn optional(column: &str, value: &str, chars_max: usize) -> Result<Option<String>, String> {
    if value.is_empty() { Ok(None) } else { line(column, value, chars_max).map(Some) }
}

/// One ingredient or several, none of which is left empty.
fn substances(value: &str) -> Result<String, String> {
    if !value.split(drug::INGREDIENT_SEPARATORS).all(|part| is_line(part, SUBSTANCE_CHARS_MAX)) {
        return Err(format!(
            "ingredient must be text of 1 to {SUBSTANCE_CHARS_MAX} characters; several are parted by +"
        ));
    }
    Ok(drug::ingredients(value).collect::<Vec<_>>().join("+"))
}

fn yes_or_no(value: &str) -> Result<Option<bool>, String> {
    match value.to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "yes" | "true" | "1" => Ok(Some(true)),
        "no" | "false" | "0" => Ok(Some(false)),
        _ => Err("is_active must be yes or no".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ingredients_are_what_allergies_can_be_held_against() {
        assert_eq!(substances(" Amoxicillin ＋ Clavulanic  acid ").unwrap(), "amoxicillin+clavulanic acid");
        for value in ["", "+", " + ", "a+\u{200b}", &"x".repeat(101)] {
            assert!(substances(value).is_err(), "{value:?}");
        }
        assert_eq!(yes_or_no("No"), Ok(Some(false)));
        assert!(yes_or_no("maybe").is_err());
    }
}
