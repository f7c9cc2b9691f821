//! `ward.*` and `bed.*`: which wards and beds there are, and who lies where.
//!
//! It never knows how somebody comes into a bed. Invariant: a refusal says what its caller needs to go on.

mod board;
mod keep;

pub use board::{Board, ListWards, WardBoard};
pub use keep::{AddBed, AddWard, CloseWard, SetBedState};

use super::Subject;
use super::field::{Id, Line};
use super::problem::{Code, Problem, Refusal};
use crate::service::ward;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::Serialize;

/// What a ward or a bed is called; the old schema takes no longer ones.
type Number = Line<32>;

/// A bed. Moments are milliseconds since 1970, UTC.
#[derive(Serialize, JsonSchema)]
pub struct Bed {
    pub bed_id: i64,
    pub ward_id: i64,
    pub number: String,
    /// free, reserved, occupied, cleaning or blocked.
    pub state: &'static str,
    /// Why it is as it is.
    pub reason: Option<String>,
    pub changed_ms: i64,
}

impl From<ward::Bed> for Bed {
    fn from(found: ward::Bed) -> Bed {
        Bed {
            bed_id: found.bed_id,
            ward_id: found.ward_id,
            number: found.number,
            state: found.state.word(),
            reason: found.reason,
            changed_ms: found.changed_ms,
        }
    }
}

fn subject(transaction: &Transaction<'_>, Id(ward_id): Id) -> Result<Subject, Problem> {
    match ward::by_id(transaction, ward_id)? {
        Some(_) => Ok(Subject::Work { entity: "ward", entity_id: ward_id, doctor_id: None }),
        None => Err(Problem::not_found("ward")),
    }
}

fn subject_of_bed(transaction: &Transaction<'_>, Id(bed_id): Id) -> Result<Subject, Problem> {
    match ward::bed_by_id(transaction, bed_id)? {
        Some(_) => Ok(Subject::Work { entity: "bed", entity_id: bed_id, doctor_id: None }),
        None => Err(Problem::not_found("bed")),
    }
}

/// A refusal of the rules of wards in this dialect's words.
impl From<ward::Refusal> for Problem {
    fn from(refusal: ward::Refusal) -> Problem {
        use ward::Refusal as Of;
        let conflict = |message: &str| Refusal::new(Code::Conflict, message);
        match refusal {
            Of::UnknownWard => return Problem::not_found("ward"),
            Of::UnknownBed => return Problem::not_found("bed"),
            Of::UnknownDepartment => return Problem::not_found("department"),
            Of::WardNumberTaken { ward_id } => {
                conflict("another ward has this number, `ward_id`").with("ward_id", ward_id)
            }
            Of::BedNumberTaken { bed_id } => {
                conflict("another bed of the ward has this number, `bed_id`").with("bed_id", bed_id)
            }
            Of::BedNumberTwice { number } => {
                conflict("two of `beds` have the same number, `number`").with("number", number)
            }
            Of::TooManyBeds => conflict("a ward has at most `limit` beds").with("limit", ward::BEDS_MAX),
            Of::WardClosed => Refusal::of(Code::WardClosed),
            Of::NotEmpty { admissions } => {
                conflict("the ward has `admissions` stays that are not over, or are asked for")
                    .with("admissions", admissions)
            }
            Of::BadTransition { from, to } => bad_transition(from, to),
        }
        .into()
    }
}

fn bad_transition(from: ward::State, to: ward::State) -> Refusal {
    let message = format!("a bed that is {} cannot be made {} by hand", from.word(), to.word());
    let allowed = from.next_by_hand().into_iter().map(ward::State::word);
    Refusal::bad_transition(message, (from.word(), to.word()), allowed)
}
