//! Drugs: the list of what the hospital prescribes.
//!
//! It never knows who prescribes one. Invariants: a code is one drug's; ingredients and classes stand in lower
//! case, one way of writing each, for allergies are compared with them.

use super::text::key;
use crate::store::statements::drug;
use crate::store::{Error, Row, Transaction, params};

pub const CODE_CHARS_MAX: usize = 32;
pub const NAME_CHARS_MAX: usize = 128;
/// What an allergy can be recorded to: an ingredient, or a class.
pub const SUBSTANCE_CHARS_MAX: usize = 100;
pub const FORM_CHARS_MAX: usize = 64;
pub const UNIT_CHARS_MAX: usize = 32;
pub const ROUTE_CHARS_MAX: usize = 32;

/// Between the ingredients of a drug that has several. In Chinese text it is as wide as a letter.
pub const INGREDIENT_SEPARATORS: [char; 2] = ['+', '＋'];
/// Behind every text that begins with the same letters.
const LAST_LETTER: char = char::MAX;

/// A drug as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drug {
    pub drug_id: i64,
    pub code: String,
    pub name: String,
    /// In lower case; several are parted by +.
    pub ingredient: String,
    pub drug_class: Option<String>,
    pub form: Option<String>,
    pub strength: Option<String>,
    /// In which doses are written and quantities are counted.
    pub dose_unit: String,
    /// How it is given, unless a line says otherwise.
    pub route: Option<String>,
    pub is_active: bool,
}

impl Drug {
    fn from_row(row: &Row<'_>) -> Result<Drug, Error> {
        Ok(Drug {
            drug_id: row.integer(0)?,
            code: row.string(1)?,
            name: row.string(2)?,
            ingredient: row.string(3)?,
            drug_class: row.optional_string(4)?,
            form: row.optional_string(5)?,
            strength: row.optional_string(6)?,
            dose_unit: row.string(7)?,
            route: row.optional_string(8)?,
            is_active: row.integer(9)? != 0,
        })
    }
}

/// What is said of a drug when it is put on the list.
#[derive(Debug, Clone, Copy)]
pub struct NewDrug<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub ingredient: &'a str,
    pub drug_class: Option<&'a str>,
    pub form: Option<&'a str>,
    pub strength: Option<&'a str>,
    pub dose_unit: &'a str,
    pub route: Option<&'a str>,
    /// What is not active is neither found nor prescribed. None leaves it as it is; a new drug is active.
    pub is_active: Option<bool>,
}

/// What has become of a drug that was put on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    New,
    Changed,
    Same,
}

/// Puts a drug on the list, or says something else of the one that has its code.
///
/// # Errors
/// Those of the store.
pub fn put(transaction: &Transaction<'_>, new: &NewDrug<'_>) -> Result<Put, Error> {
    let ingredient = ingredients(new.ingredient).collect::<Vec<_>>().join("+");
    let drug_class = new.drug_class.map(key);
    let found = transaction.first(&drug::BY_CODE, params![new.code], Drug::from_row)?;
    let is_active = new.is_active.unwrap_or_else(|| found.as_ref().is_none_or(|found| found.is_active));
    let values = params![
        new.code,
        new.name,
        ingredient,
        drug_class,
        new.form,
        new.strength,
        new.dose_unit,
        new.route,
        is_active
    ];
    let Some(found) = found else {
        transaction.execute(&drug::INSERT, values)?;
        return Ok(Put::New);
    };
    let is_same = found.name == new.name
        && found.ingredient == ingredient
        && found.drug_class == drug_class
        && found.form.as_deref() == new.form
        && found.strength.as_deref() == new.strength
        && found.dose_unit == new.dose_unit
        && found.route.as_deref() == new.route
        && found.is_active == is_active;
    if is_same {
        return Ok(Put::Same);
    }
    transaction.execute(&drug::CHANGE, values)?;
    Ok(Put::Changed)
}

/// Each ingredient, as it is compared.
pub fn ingredients(text: &str) -> impl Iterator<Item = String> {
    text.split(INGREDIENT_SEPARATORS).map(key).filter(|ingredient| !ingredient.is_empty())
}

pub fn by_id(transaction: &Transaction<'_>, drug_id: i64) -> Result<Option<Drug>, Error> {
    transaction.first(&drug::BY_ID, params![drug_id], Drug::from_row)
}

/// What drugs are looked for by: the beginning of a name or a code, in capital or small letters.
#[derive(Debug, Clone, Copy)]
pub enum Search<'a> {
    NamePrefix(&'a str),
    CodePrefix(&'a str),
}

/// Hands the active drugs that are found to `sink`, in the order of names or codes. `after` is the last drug of
/// the page before.
pub fn search(
    transaction: &Transaction<'_>,
    search: Search<'_>,
    after: Option<i64>,
    limit: i64,
    mut sink: impl FnMut(Drug),
) -> Result<(), Error> {
    let (Search::NamePrefix(prefix) | Search::CodePrefix(prefix)) = search;
    let behind = format!("{prefix}{LAST_LETTER}");
    let each = |row: &Row<'_>| {
        sink(Drug::from_row(row)?);
        Ok(())
    };
    let (first, next) = match search {
        Search::NamePrefix(_) => (&drug::SEARCH_NAME, &drug::SEARCH_NAME_AFTER),
        Search::CodePrefix(_) => (&drug::SEARCH_CODE, &drug::SEARCH_CODE_AFTER),
    };
    match after {
        None => transaction.each(first, params![prefix, behind, limit], each),
        Some(after) => transaction.each(next, params![prefix, behind, limit, after], each),
    }
}
