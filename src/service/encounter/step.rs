//! Steps that an encounter takes with its doctor or with the queue: begun, finished, cancelled, gone on with.
//!
//! It never knows who may take them, nor what stands in a text. Invariants: an encounter in which something was
//! written or prescribed is not finished without a principal diagnosis, nor with a text or a sheet that is a draft; what
//! was signed, diagnosed, prescribed or asked for, and a stay, is never cancelled with it.

use super::{
    Encounter, NewEncounter, Outcome, Refusal, State, begin, by_appointment, going, insert_begun, known,
    refuse,
};
use crate::service::time::Now;
use crate::store::statements::{encounter, prescription, record};
use crate::store::{Error, Transaction, params};

/// What an old client sees of a visit that was cancelled.
const CANCELLED_TEXT: &str = "visit cancelled";
/// Why an encounter is cancelled whose patient was not seen after all.
const UNSTARTED: &str = "started by mistake";

/// What there is in an encounter.
struct Written {
    draft: bool,
    signed: bool,
    sheet: bool,
    active_sheet: bool,
    order: bool,
    diagnosis: bool,
    principal: bool,
    attachment: bool,
    stay: bool,
    draft_sheet: bool,
}

impl Written {
    fn find(transaction: &Transaction<'_>, encounter_id: i64) -> Result<Written, Error> {
        let found = transaction.first(&encounter::WRITTEN, params![encounter_id], |row| {
            let is_there = |column: usize| row.integer(column).map(|number| number != 0);
            Ok::<_, Error>(Written {
                draft: is_there(0)?,
                signed: is_there(1)?,
                sheet: is_there(2)?,
                active_sheet: is_there(3)?,
                order: is_there(4)?,
                diagnosis: is_there(5)?,
                principal: is_there(6)?,
                attachment: is_there(7)?,
                stay: is_there(8)?,
                draft_sheet: is_there(9)?,
            })
        })?;
        found.ok_or_else(|| Error::Other("a statement without a table has no row".into()))
    }

    /// Whether nobody has written, diagnosed or prescribed anything. An order is given while the doctor still thinks,
    /// and what is attached comes when the visit is long over: neither says that its doctor is done.
    fn is_unwritten(&self) -> bool {
        !(self.draft || self.signed || self.sheet || self.diagnosis)
    }

    /// Whether there is nothing that keeps it.
    fn is_nothing(&self) -> bool {
        self.is_unwritten() && !self.order && !self.attachment
    }

    /// Whether nothing stands against the end of the encounter.
    fn is_complete(&self) -> bool {
        !self.draft && !self.draft_sheet && (self.principal || !(self.signed || self.sheet))
    }
}

fn end(
    transaction: &Transaction<'_>,
    found: &Encounter,
    to: State,
    reason: Option<&str>,
    now: &Now,
) -> Result<(), Error> {
    transaction.execute(&encounter::END, params![found.encounter_id, to.word(), reason, now.unix_ms])?;
    let Some(record_id) = found.record_id else { return Ok(()) };
    match to {
        State::Cancelled => {
            transaction.execute(&record::SHOW, params![record_id, CANCELLED_TEXT, None::<&str>])?;
        }
        _ => {
            transaction.execute(&record::SHOW_PRINCIPAL, params![record_id, found.encounter_id])?;
        }
    }
    Ok(())
}

/// An encounter that may end in this way; that of a stay goes on until the discharge.
fn ending(transaction: &Transaction<'_>, encounter_id: i64, to: State) -> Outcome<Encounter> {
    let found = going(transaction, encounter_id, to)?;
    let stay = transaction.first(&encounter::OPEN_STAY, params![encounter_id], |row| row.integer(0))?;
    match stay {
        Some(admission_id) => refuse(Refusal::StayGoesOn { admission_id }),
        None => Ok(found),
    }
}

/// Ends an encounter.
pub fn finish(transaction: &Transaction<'_>, encounter_id: i64, now: &Now) -> Outcome<Encounter> {
    let found = ending(transaction, encounter_id, State::Finished)?;
    let written = Written::find(transaction, encounter_id)?;
    if written.draft {
        let (mut note_ids, mut author_ids) = (Vec::new(), Vec::new());
        transaction.each(&record::DRAFTS, params![encounter_id], |row| {
            note_ids.push(row.integer(0)?);
            author_ids.push(row.integer(1)?);
            Ok::<_, Error>(())
        })?;
        return refuse(Refusal::UnsignedNotes { note_ids, author_ids });
    }
    if written.draft_sheet {
        let sheet_ids =
            transaction.all(&prescription::DRAFTS, params![encounter_id], |row| row.integer(0))?;
        return refuse(Refusal::DraftSheets { sheet_ids });
    }
    if !written.is_complete() {
        return refuse(Refusal::DiagnosisMissing);
    }
    end(transaction, &found, State::Finished, None, now)?;
    known(transaction, encounter_id)
}

/// Takes an encounter for one that never was.
pub fn cancel(
    transaction: &Transaction<'_>,
    encounter_id: i64,
    reason: &str,
    now: &Now,
) -> Outcome<Encounter> {
    let found = ending(transaction, encounter_id, State::Cancelled)?;
    let written = Written::find(transaction, encounter_id)?;
    if written.signed || written.active_sheet || written.order || written.diagnosis || written.stay {
        let mut note_ids = Vec::new();
        transaction.each(&record::SIGNED, params![encounter_id], |row| {
            note_ids.push(row.integer(0)?);
            Ok::<_, Error>(())
        })?;
        return refuse(Refusal::AlreadySigned { note_ids });
    }
    end(transaction, &found, State::Cancelled, Some(reason), now)?;
    known(transaction, encounter_id)
}

/// Goes on with an encounter that was finished.
pub fn reopen(transaction: &Transaction<'_>, encounter_id: i64) -> Outcome<Encounter> {
    let found = known(transaction, encounter_id)?;
    if found.state != State::Finished {
        return refuse(Refusal::BadTransition { from: found.state, to: State::InProgress });
    }
    transaction.execute(&encounter::REOPEN, params![encounter_id])?;
    known(transaction, encounter_id)
}

/// An encounter in which something may be written now. One that the queue has ended before anything was written
/// in it goes on, for doctors write when the patient has left the room.
pub fn writable(transaction: &Transaction<'_>, encounter_id: i64) -> Outcome<Encounter> {
    let found = known(transaction, encounter_id)?;
    match found.state {
        State::InProgress => Ok(found),
        State::Finished if Written::find(transaction, encounter_id)?.is_unwritten() => {
            reopen(transaction, encounter_id)
        }
        state => refuse(Refusal::NotInProgress { state }),
    }
}

/// The patient of an appointment is seen: its encounter goes on, or begins, or is made.
pub fn started(
    transaction: &Transaction<'_>,
    new: &NewEncounter<'_>,
    by: Option<i64>,
    now: &Now,
) -> Outcome<i64> {
    let found = match new.appointment_id {
        Some(appointment_id) => by_appointment(transaction, appointment_id)?,
        None => None,
    };
    let Some(Encounter { encounter_id, state, .. }) = found else {
        return Ok(insert_begun(transaction, new, by, now)?);
    };
    match state {
        State::Planned => {
            begin(transaction, encounter_id, now)?;
        }
        State::Finished => {
            reopen(transaction, encounter_id)?;
        }
        State::InProgress | State::Cancelled => {}
    }
    Ok(encounter_id)
}

/// The patient of an appointment was not seen after all, since `started_ms`: what that has begun never was, but
/// for what was written in it.
pub(in crate::service) fn unstarted(
    transaction: &Transaction<'_>,
    appointment_id: i64,
    started_ms: Option<i64>,
    now: &Now,
) -> Result<(), Error> {
    let Some(found) = by_appointment(transaction, appointment_id)? else { return Ok(()) };
    let is_of_then = found.state == State::InProgress && found.started_ms == started_ms;
    if !is_of_then {
        return Ok(());
    }
    let written = Written::find(transaction, found.encounter_id)?;
    if written.is_nothing() {
        end(transaction, &found, State::Cancelled, Some(UNSTARTED), now)?;
    }
    Ok(())
}

/// The patient of an appointment has been seen: where nothing stands against it, the encounter has ended.
pub(in crate::service) fn seen(
    transaction: &Transaction<'_>,
    appointment_id: i64,
    now: &Now,
) -> Result<(), Error> {
    let Some(found) = by_appointment(transaction, appointment_id)? else { return Ok(()) };
    if found.state == State::InProgress && Written::find(transaction, found.encounter_id)?.is_complete() {
        end(transaction, &found, State::Finished, None, now)?;
    }
    Ok(())
}

/// The patient of an appointment is still seen: an encounter that ended with the consultation, at `finished_ms`,
/// goes on.
pub(in crate::service) fn still_seen(
    transaction: &Transaction<'_>,
    appointment_id: i64,
    finished_ms: Option<i64>,
) -> Result<(), Error> {
    let Some(found) = by_appointment(transaction, appointment_id)? else { return Ok(()) };
    if found.state == State::Finished && found.ended_ms == finished_ms {
        transaction.execute(&encounter::REOPEN, params![found.encounter_id])?;
    }
    Ok(())
}
