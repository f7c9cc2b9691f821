//! Owns what a line of a table of ICD-10 is. Never reads a file.
//! Invariant: a code that gets in looks like one.

use super::{Loaded, Row};
use crate::service::icd10::{self, CODE_CHARS_MAX, TITLE_CHARS_MAX};
use crate::service::text::is_line;
use crate::store::{Error, Transaction};

#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    pub code: String,
    pub title: String,
}

impl Row for Code {
    const METHOD: &'static str = "import.icd10";
    const TABLE: &'static str = "icd10";
    const COLUMNS: &'static [&'static str] = &["code", "title"];

    fn parse(values: &[&str]) -> Result<Code, String> {
        let [code, title] = values else { return Err("has another number of values".into()) };
        if !icd10::is_code(code) {
            return Err(format!(
                "code must be one of ICD-10, as in I10 or A15.0, of at most {CODE_CHARS_MAX} letters"
            ));
        }
        if !is_line(title, TITLE_CHARS_MAX) {
            return Err(format!("title must be text of 1 to {TITLE_CHARS_MAX} characters"));
        }
        Ok(Code { code: icd10::written(code), title: (*title).to_owned() })
    }

    fn key(&self) -> String {
        self.code.clone()
    }

    fn load(&self, transaction: &Transaction<'_>) -> Result<Loaded, Error> {
        Ok(match icd10::load(transaction, &self.code, &self.title)? {
            icd10::Loaded::New => Loaded::New,
            icd10::Loaded::Changed => Loaded::Changed,
            icd10::Loaded::Same => Loaded::Same,
        })
    }
}
