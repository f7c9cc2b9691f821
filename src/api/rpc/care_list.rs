//! The parameters of lists that are a patient's or a visit's, what old clients have inserted among them.
//!
//! It never knows what is listed. Invariant: a list is of one patient or of one visit.

use super::cursor::Cursor;
use super::field::{Id, Limit, Reason};
use super::problem::Problem;
use super::{Subject, encounter};
use crate::service::old_row::{Filter, OldRow, Place};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CareListParams {
    /// Those of a patient. One of patient_id and encounter_id is given.
    #[serde(default)]
    pub patient_id: Option<Id>,
    /// Those of a visit.
    #[serde(default)]
    pub encounter_id: Option<Id>,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Cursor<Place>>,
}

/// What an old client has written, as it stands in its table.
#[derive(Serialize, JsonSchema)]
pub struct OldItem {
    /// In that table.
    pub old_id: i64,
    pub patient_id: i64,
    pub doctor_id: i64,
    pub content: String,
    /// As the old client or its table wrote it, mostly in UTC.
    pub created_at: Option<String>,
}

impl From<OldRow> for OldItem {
    fn from(row: OldRow) -> OldItem {
        OldItem {
            old_id: row.old_id,
            patient_id: row.patient_id,
            doctor_id: row.doctor_id,
            content: row.content,
            created_at: row.created_at,
        }
    }
}

impl CareListParams {
    pub fn filter(&self) -> Result<Filter, Problem> {
        match (self.patient_id, self.encounter_id) {
            (Some(Id(patient_id)), None) => Ok(Filter::OfPatient(patient_id)),
            (None, Some(Id(encounter_id))) => Ok(Filter::OfEncounter(encounter_id)),
            _ => Err(Problem::invalid("patient_id", "give one of `patient_id` and `encounter_id`")),
        }
    }

    pub fn subject(&self, transaction: &Transaction<'_>) -> Result<Subject, Problem> {
        match self.filter()? {
            Filter::OfPatient(patient_id) => Ok(Subject::Patient(patient_id)),
            Filter::OfEncounter(encounter_id) => encounter::subject(transaction, Id(encounter_id)),
        }
    }

    /// Where the page begins, and how many to read of it: one more than it has, which says whether there are more.
    pub fn page(&self) -> (Place, i64) {
        let place = self.cursor.as_ref().map_or(Place::FIRST, |Cursor(place)| *place);
        (place, i64::from(self.limit.0) + 1)
    }
}
