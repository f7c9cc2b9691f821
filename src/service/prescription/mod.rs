//! Prescriptions (FHIR R4 MedicationRequest): sheets of lines, from the draft to the end.
//!
//! It never knows who prescribes, or how drugs come onto the list. Invariants: a sheet goes only where
//! `State::next` lets it; a line that stands in one has been held against the patient's allergies and against
//! what they take; from when it is active on a sheet has its row in the old schema.

mod check;
mod find;
mod frequency;
mod step;
mod write;

pub use check::Finding;
pub use find::{WholeSheet, by_id, lines, list};
pub use frequency::Frequency;
pub(super) use step::hand_over;
pub use step::{activate, cancel, dispense, stop};
pub use write::{NewLine, Written, add_line, create, remove_line};

use super::decimal::Decimal;
use super::words::words;
use super::{Failure, encounter, refuse};
use crate::store::{Error, Row, Transaction};

/// Lines of one sheet.
pub const LINES_MAX: usize = 50;
/// For how many days something is taken.
pub const DAYS_MAX: i64 = 365;
/// Of any drug, in whatever unit: units of penicillin go into tens of millions. What is dangerous of which drug is for
/// the doctor to know; this stops a slip of the hand.
pub const DOSE_MAX: Decimal = Decimal::whole(100_000_000);
/// What a line comes to, in the same unit.
pub const QUANTITY_MAX: Decimal = Decimal::whole(1_000_000_000);

words! {
    /// Where a sheet stands.
    pub enum State, "a prescription is in a state" {
        Draft = "draft",
        Active = "active",
        Dispensed = "dispensed",
        /// Is no longer taken.
        Stopped = "stopped",
        /// Was never given out.
        Cancelled = "cancelled",
    }
}

impl State {
    /// Where it may go from here.
    pub fn next(self) -> &'static [State] {
        match self {
            State::Draft => &[State::Active, State::Cancelled],
            State::Active => &[State::Dispensed, State::Stopped, State::Cancelled],
            State::Dispensed => &[State::Stopped],
            State::Stopped | State::Cancelled => &[],
        }
    }
}

/// A sheet without its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub sheet_id: i64,
    pub encounter_id: i64,
    pub patient_id: i64,
    pub doctor_id: i64,
    pub state: State,
    /// Why it was stopped or cancelled.
    pub reason: Option<String>,
    /// Its row in the old schema, from when it is active on.
    pub old_prescription_id: Option<i64>,
    pub created_ms: i64,
    pub activated_ms: Option<i64>,
    pub dispensed_ms: Option<i64>,
    pub dispensed_by: Option<i64>,
    pub ended_ms: Option<i64>,
}

impl Sheet {
    fn from_row(row: &Row<'_>) -> Result<Sheet, Error> {
        Ok(Sheet {
            sheet_id: row.integer(0)?,
            encounter_id: row.integer(1)?,
            patient_id: row.integer(2)?,
            doctor_id: row.integer(3)?,
            state: State::parse(row.text(4)?)?,
            reason: row.optional_string(5)?,
            old_prescription_id: row.optional_integer(6)?,
            created_ms: row.integer(7)?,
            activated_ms: row.optional_integer(8)?,
            dispensed_ms: row.optional_integer(9)?,
            dispensed_by: row.optional_integer(10)?,
            ended_ms: row.optional_integer(11)?,
        })
    }

    /// Whether anyone but doctors has ever had to do with it.
    pub fn was_active(&self) -> bool {
        self.activated_ms.is_some()
    }
}

/// A line of a sheet: its drug in the words that the list had for it then. Numbers are decimals as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub line_id: i64,
    pub sheet_id: i64,
    pub drug_id: i64,
    pub drug_name: String,
    pub strength: Option<String>,
    pub form: Option<String>,
    pub dose: String,
    pub dose_unit: String,
    pub route: String,
    pub frequency: String,
    pub duration_days: i64,
    pub quantity: String,
    pub note: Option<String>,
    /// What was found against it, as `Finding::word` has it, and why it was prescribed all the same.
    pub warnings: Vec<String>,
    pub override_reason: Option<String>,
    /// The last day on which it is taken, once the sheet is active.
    pub taken_until: Option<String>,
    pub is_live: bool,
}

impl Line {
    fn from_row(row: &Row<'_>) -> Result<Line, Error> {
        let warnings = row.optional_text(13)?.unwrap_or_default();
        Ok(Line {
            line_id: row.integer(0)?,
            sheet_id: row.integer(1)?,
            drug_id: row.integer(2)?,
            drug_name: row.string(3)?,
            strength: row.optional_string(4)?,
            form: row.optional_string(5)?,
            dose: row.string(6)?,
            dose_unit: row.string(7)?,
            route: row.string(8)?,
            frequency: row.string(9)?,
            duration_days: row.integer(10)?,
            quantity: row.string(11)?,
            note: row.optional_string(12)?,
            warnings: warnings.split_whitespace().map(str::to_owned).collect(),
            override_reason: row.optional_string(14)?,
            taken_until: row.optional_string(15)?,
            is_live: row.integer(16)? != 0,
        })
    }
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineFault {
    UnknownDrug,
    /// It was taken off the list since the line was written.
    InactiveDrug,
    /// Neither the line nor the list of drugs says how it is given.
    NoRoute,
    NoDose,
    /// More than `DOSE_MAX`.
    DoseTooLarge,
    /// How much that is must be said where the patient decides how often.
    NoQuantity,
    /// It comes to more than `QUANTITY_MAX`.
    TooMuch,
    WrongQuantity {
        expected: Decimal,
    },
    Found(Finding),
    /// Has an ingredient of another line that is added with it.
    Repeats {
        other_place: usize,
    },
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    UnknownSheet,
    UnknownLine,
    /// The visit does not allow it.
    Encounter(encounter::Refusal),
    NotDraft {
        state: State,
    },
    Empty,
    Full,
    BadTransition {
        from: State,
        to: State,
    },
    Line {
        /// Its place among the lines of the call; none where it comes alone, or stands in the sheet already.
        place: Option<usize>,
        drug_id: i64,
        fault: LineFault,
    },
}

pub type Outcome<T> = Result<T, Failure<Refusal>>;

fn known(transaction: &Transaction<'_>, sheet_id: i64) -> Outcome<Sheet> {
    by_id(transaction, sheet_id)?.ok_or(Failure::Refused(Refusal::UnknownSheet))
}

/// A visit in which something can be prescribed.
fn writable(transaction: &Transaction<'_>, encounter_id: i64) -> Outcome<encounter::Encounter> {
    encounter::writable(transaction, encounter_id).map_err(|failure| failure.map(Refusal::Encounter))
}
