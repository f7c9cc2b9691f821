//! `audit.query`: the trail, for those who look into it.

use super::field::{Id, Limit};
use super::problem::Problem;
use super::{Call, Kind, Method};
use crate::service::audit::{self, Record};
use crate::service::time::parse_since;
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct QueryAudit;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryAuditParams {
    /// Only what this user did.
    #[serde(default)]
    pub actor_id: Option<Id>,
    /// Only what concerns this patient.
    #[serde(default)]
    pub patient_id: Option<Id>,
    /// Only from this moment on, RFC 3339, or from a day on, which begins at midnight in the hospital.
    #[serde(default)]
    pub since: Option<super::field::Line<32>>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

/// An entry of the trail.
#[derive(Serialize, JsonSchema)]
pub struct AuditEntry {
    pub sequence: i64,
    /// RFC 3339, UTC.
    pub recorded_at: String,
    pub boot_id: String,
    pub actor_id: Option<i64>,
    pub role: String,
    pub peer: String,
    pub method: String,
    /// As in FHIR's AuditEvent: C, R, U, D or E.
    pub action: String,
    pub entity: String,
    pub entity_id: Option<i64>,
    pub patient_id: Option<i64>,
    /// success, or the code of the refusal.
    pub outcome: String,
    pub reason: Option<String>,
    pub detail: Option<String>,
    pub request_id: Option<String>,
    pub hash: String,
}

#[derive(Serialize, JsonSchema)]
pub struct AuditList {
    pub items: Vec<AuditEntry>,
    /// Where to look on; null at the end of the trail. A page may have few items, or none, before that: so many
    /// entries are looked at for one page and no more.
    pub next_cursor: Option<i64>,
}

impl AuditEntry {
    fn of(record: &Record<'_>) -> AuditEntry {
        let own = |text: Option<&str>| text.map(str::to_owned);
        AuditEntry {
            sequence: record.sequence,
            recorded_at: record.recorded_at.to_owned(),
            boot_id: record.boot_id.to_owned(),
            actor_id: record.actor_id,
            role: record.role.to_owned(),
            peer: record.peer.to_owned(),
            method: record.method.to_owned(),
            action: record.action.to_owned(),
            entity: record.entity.to_owned(),
            entity_id: record.entity_id,
            patient_id: record.patient_id,
            outcome: record.outcome.to_owned(),
            reason: own(record.reason),
            detail: own(record.detail),
            request_id: own(record.request_id),
            hash: record.hash.to_owned(),
        }
    }
}

impl Method for QueryAudit {
    const NAME: &'static str = "audit.query";
    const SUMMARY: &'static str = "Reads the audit trail in its order.";
    // Whoever looks into the trail is in it, too.
    const KIND: Kind = Kind::ReadPatient;
    type Params = QueryAuditParams;
    type Outcome = AuditList;

    fn run(
        params: QueryAuditParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<AuditList, Problem> {
        call.note.entity = "audit";
        let since = params.since.as_deref().map(parse_since).transpose();
        let since = since.map_err(|no_moment| Problem::invalid("since", format!("is {no_moment}")))?;
        let filter = audit::Filter {
            actor_id: params.actor_id.map(|Id(id)| id),
            patient_id: params.patient_id.map(|Id(id)| id),
            since: since.as_deref(),
        };
        let after = params.cursor.map_or(0, |Id(id)| id);
        let mut items = Vec::new();
        let found = audit::find(transaction, &filter, after, i64::from(params.limit.0), |record| {
            items.push(AuditEntry::of(record));
        })?;
        Ok(AuditList { items, next_cursor: found })
    }
}
