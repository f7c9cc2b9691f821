//! The table of ICD-10 that the hospital has loaded.
//!
//! It never knows where it was loaded from, nor who is diagnosed. Invariant: a code has one title.

use crate::store::statements::icd10;
use crate::store::{Error, Transaction, params};

pub const CODE_CHARS_MAX: usize = 16;
pub const TITLE_CHARS_MAX: usize = 300;

/// What loading a code came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loaded {
    New,
    /// It was there with another title.
    Changed,
    Same,
}

/// Whether it looks like a code: a letter, and then letters, digits, points and the like.
pub fn is_code(text: &str) -> bool {
    let mut letters = text.chars();
    text.len() <= CODE_CHARS_MAX
        && letters.next().is_some_and(|letter| letter.is_ascii_alphabetic())
        && letters.next().is_some_and(|letter| letter.is_ascii_digit())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-/+*".contains(letter))
}

/// A code as it is stored: its first letter is a capital one; countries' own extensions have small ones behind.
pub fn written(code: &str) -> String {
    let mut letters = code.chars();
    letters.next().map_or_else(String::new, |first| {
        let mut written = first.to_ascii_uppercase().to_string();
        written.push_str(letters.as_str());
        written
    })
}

/// Puts a code into the table, or gives it another title.
pub fn load(transaction: &Transaction<'_>, code: &str, title: &str) -> Result<Loaded, Error> {
    let known =
        transaction.first(&icd10::TITLE, params![code], |row| Ok::<_, Error>(row.text(0)? == title))?;
    match known {
        Some(true) => return Ok(Loaded::Same),
        Some(false) => transaction.execute(&icd10::SET_TITLE, params![code, title])?,
        None => transaction.execute(&icd10::INSERT, params![code, title])?,
    };
    Ok(if known.is_some() { Loaded::Changed } else { Loaded::New })
}

pub fn title(transaction: &Transaction<'_>, code: &str) -> Result<Option<String>, Error> {
    transaction.first(&icd10::TITLE, params![code], |row| row.string(0))
}

/// Whether any code was loaded.
pub fn is_loaded(transaction: &Transaction<'_>) -> Result<bool, Error> {
    Ok(transaction.first(&icd10::ANY, params![], |row| row.integer(0))?.is_some())
}

/// With which letters a code, or a title, is to begin.
#[derive(Debug, Clone, Copy)]
pub enum Beginning<'a> {
    Code(&'a str),
    Title(&'a str),
}

/// Hands code and title of what begins so, in its order, to `sink`; only those behind the code `after`.
pub fn search(
    transaction: &Transaction<'_>,
    beginning: Beginning<'_>,
    after: &str,
    limit: i64,
    mut sink: impl FnMut(&str, &str),
) -> Result<(), Error> {
    let (statement, from) = match beginning {
        Beginning::Code(code) => (&icd10::BY_CODE, written(code)),
        Beginning::Title(title) => (&icd10::BY_TITLE, title.to_owned()),
    };
    // The last letter that there is stands behind all that begin in the same way.
    let to = format!("{from}{}", char::MAX);
    transaction.each(statement, params![from, to, after, limit], |row| {
        sink(row.text(0)?, row.text(1)?);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        for code in ["A00", "i10", "A00.0", "I10.x00x002", "M8000/0", "G63.2*", "A17.0+", "E10-E14"] {
            assert!(is_code(code), "{code}");
        }
        for text in ["", "A", "10", "AB", "A0 0", "肺炎", "A00000000000000000", "A0;"] {
            assert!(!is_code(text), "{text}");
        }
        assert_eq!(written("i10.x00x002"), "I10.x00x002");
    }
}
