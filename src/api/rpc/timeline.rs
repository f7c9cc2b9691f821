//! `patient.timeline`: a patient's whole history, page by page.
//!
//! It never knows how a page is put together. Invariant: a cursor is taken for what it says, and leads to nobody
//! else's history.

use super::cursor::{self, Cursor};
use super::field::{Id, Limit, Reason};
use super::problem::{Code, Problem};
use super::{Call, Kind, Method, Said, Subject, Whom};
use crate::service::timeline::{self, Item, Place, Position};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct PatientTimeline;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimelineParams {
    pub patient_id: Id,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub limit: Limit,
    /// The `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<Cursor<Position>>,
}

/// Something of a patient's history. Its noun's own methods tell the rest of it.
#[derive(Serialize, JsonSchema)]
pub struct TimelineItem {
    /// In milliseconds since 1970, UTC; null where an old client wrote something else.
    pub at_ms: Option<i64>,
    /// encounter, record, diagnosis, prescription, order, admission, allergy or appointment.
    pub kind: &'static str,
    pub id: i64,
    /// new; or old, for a record, whose id is a `record_id`, or an appointment in no session, that old clients have
    /// made.
    pub source: &'static str,
    pub encounter_id: Option<i64>,
    /// Whose it is, or who wrote it.
    pub doctor_id: Option<i64>,
    /// Where it stands: the state of its noun, of a diagnosis its certainty, or withdrawn or refuted.
    pub state: Option<String>,
    /// What it is in a few words: of a visit its department, of a record its diagnosis, of a prescription the drugs,
    /// of an allergy the substance.
    pub title: Option<String>,
    /// What more there is: of a visit its class, of a record the symptoms, of a diagnosis its code, of an order or
    /// an admission its kind, of an allergy its severity.
    pub detail: Option<String>,
}

impl From<Item> for TimelineItem {
    fn from(item: Item) -> TimelineItem {
        TimelineItem {
            at_ms: item.at_ms,
            kind: item.kind.word(),
            id: item.id,
            source: if item.is_old { "old" } else { "new" },
            encounter_id: item.encounter_id,
            doctor_id: item.doctor_id,
            state: item.state,
            title: item.title,
            detail: item.detail,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct Timeline {
    pub items: Vec<TimelineItem>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

impl cursor::Written for Position {
    fn written(&self) -> String {
        let Position { moments, times } = self;
        format!("{},{},{},{},{},{}", moments.at, moments.id, moments.kind, times.id, times.kind, times.at)
    }

    fn parsed(text: &str) -> Option<Position> {
        let mut parts = text.splitn(6, ',');
        let mut number = || parts.next()?.parse::<i64>().ok();
        let moments = Place { at: number()?, id: number()?, kind: number()? };
        let (id, kind) = (number()?, number()?);
        Some(Position { moments, times: Place { at: parts.next()?.to_owned(), id, kind } })
    }
}

impl Method for PatientTimeline {
    const NAME: &'static str = "patient.timeline";
    const SUMMARY: &'static str =
        "Gives a patient's history, the latest first: visits and what came of them.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = TimelineParams;
    type Outcome = Timeline;

    fn run(
        params: TimelineParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Timeline, Problem> {
        let from = params.cursor.map_or_else(Position::start, |Cursor(place)| place);
        let limit = params.limit.0 as usize;
        let (items, next) = timeline::page(transaction, params.patient_id.0, from, limit, call.now)?;
        Ok(Timeline {
            items: items.into_iter().map(Into::into).collect(),
            next_cursor: next.as_ref().map(cursor::Written::written),
        })
    }
}
