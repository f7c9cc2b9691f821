//! What else was done by the way: appointments that an act has changed beside the one that it is about, and
//! sessions that it has taken from their doctor.
//!
//! It never knows who acted. Invariant: each of them has an entry of its own in the trail, in the transaction of
//! the act.

use crate::service::audit::Action;
use crate::service::booking;
use crate::service::changes::Changes;
use crate::store::{Error, Transaction};

/// An entry of the trail beside that of the act itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Also {
    pub action: Action,
    pub entity: &'static str,
    pub entity_id: i64,
    pub patient_id: Option<i64>,
}

/// The sessions that were taken, and the appointments that were changed but for the one that the act is about.
/// Where there are none, nothing is asked of the database.
pub(super) fn others(
    transaction: &Transaction<'_>,
    changes: &Changes,
    subject: Option<i64>,
) -> Result<Vec<Also>, Error> {
    let mut also: Vec<Also> = changes.taken.iter().map(|id| taken(*id)).collect();
    for id in changes.appointments.iter().filter(|id| subject != Some(**id)) {
        let Some(found) = booking::by_id(transaction, *id)? else { continue };
        let action = if found.is_new() { Action::Create } else { Action::Update };
        also.push(Also { action, entity: "appointment", entity_id: *id, patient_id: Some(found.patient_id) });
    }
    Ok(also)
}

fn taken(session_id: i64) -> Also {
    Also { action: Action::Update, entity: "clinic_session", entity_id: session_id, patient_id: None }
}
