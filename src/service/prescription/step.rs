//! Steps of a sheet: it becomes active, is given out, is stopped or cancelled.
//!
//! It never changes a line's words. Invariants: what speaks against a line is looked for anew before it is active, and
//! once more before it is given out, and only what a reason was given for is set aside; the old schema's row says
//! what has become of the sheet.

use super::check::{Checked, Known};
use super::{Line, LineFault, Outcome, Refusal, Sheet, State, find, known, refuse, writable};
use crate::service::time::Now;
use crate::store::statements::prescription;
use crate::store::{Error, Transaction, params};

/// A sheet that may go there.
fn going(transaction: &Transaction<'_>, sheet_id: i64, to: State) -> Outcome<Sheet> {
    let sheet = known(transaction, sheet_id)?;
    if !sheet.state.next().contains(&to) {
        return refuse(Refusal::BadTransition { from: sheet.state, to });
    }
    Ok(sheet)
}

/// A draft can be given out from now on, and its lines are taken from today on.
pub fn activate(transaction: &Transaction<'_>, sheet_id: i64, now: &Now) -> Outcome<()> {
    let sheet = going(transaction, sheet_id, State::Active)?;
    let visit = writable(transaction, sheet.encounter_id)?;
    let lines = find::lines(transaction, sheet_id)?;
    if lines.is_empty() {
        return refuse(Refusal::Empty);
    }
    check(transaction, &sheet, false, now)?;
    let content = lines.iter().map(readable).collect::<Vec<_>>().join("\n");
    let old_id = transaction
        .insert(&prescription::ADD_OLD, params![visit.record_id, sheet.doctor_id, content, now.utc])?;
    transaction.execute(&prescription::ACTIVATE, params![sheet_id, old_id, now.unix_ms])?;
    transaction.execute(&prescription::SET_TAKEN_UNTIL, params![sheet_id, now.day()])?;
    Ok(())
}

/// Looks anew at what speaks against the lines of a sheet, the drugs as the list has them now. What is not severe is set
/// aside by a reason; returns whether that was needed.
fn check(transaction: &Transaction<'_>, sheet: &Sheet, has_reason: bool, now: &Now) -> Outcome<bool> {
    let &Sheet { sheet_id, patient_id, .. } = sheet;
    let mut against = Known::beside(transaction, sheet_id, patient_id, now.day())?;
    let mut is_set_aside = false;
    for line in Checked::of_sheet(transaction, sheet_id)? {
        let refused = |fault| refuse(Refusal::Line { place: None, drug_id: line.drug_id, fault });
        if !line.is_active {
            return refused(LineFault::InactiveDrug);
        }
        for finding in against.unanswered(&line) {
            if finding.is_severe() || !has_reason {
                return refused(LineFault::Found(finding));
            }
            is_set_aside = true;
        }
        against.take(line.line_id, sheet_id, &line.ingredient);
    }
    Ok(is_set_aside)
}

/// A line as old clients show it.
fn readable(line: &Line) -> String {
    let mut text = line.drug_name.clone();
    for part in [&line.strength, &line.form].into_iter().flatten() {
        text.push(' ');
        text.push_str(part);
    }
    let Line { dose, dose_unit, route, frequency, duration_days, quantity, .. } = line;
    text.push_str(&format!(
        ": {dose} {dose_unit}, {route}, {frequency}, {duration_days} d, total {quantity} {dose_unit}"
    ));
    if let Some(note) = &line.note {
        text.push_str(", ");
        text.push_str(note);
    }
    text
}

/// The patient has got it and takes it from today on, although something that is not severe speaks against it by now,
/// where there is a reason. Returns whether that was needed.
pub fn dispense(
    transaction: &Transaction<'_>,
    sheet_id: i64,
    override_reason: Option<&str>,
    by: i64,
    now: &Now,
) -> Outcome<bool> {
    let sheet = going(transaction, sheet_id, State::Dispensed)?;
    let is_set_aside = check(transaction, &sheet, override_reason.is_some(), now)?;
    transaction.execute(&prescription::DISPENSE, params![sheet_id, by, now.unix_ms])?;
    transaction.execute(&prescription::SET_TAKEN_UNTIL, params![sheet_id, now.day()])?;
    Ok(is_set_aside)
}

/// Another doctor answers for what is drafted in a visit, waits to be given out, or is being taken.
pub(in crate::service) fn hand_over(
    transaction: &Transaction<'_>,
    encounter_id: i64,
    doctor_id: i64,
    now: &Now,
) -> Result<(), Error> {
    transaction.execute(&prescription::HAND_OVER, params![encounter_id, doctor_id, now.day()])?;
    Ok(())
}

/// It is no longer to be taken.
pub fn stop(transaction: &Transaction<'_>, sheet_id: i64, reason: &str, now: &Now) -> Outcome<()> {
    end(transaction, sheet_id, State::Stopped, reason, now)
}

/// It is not given out.
pub fn cancel(transaction: &Transaction<'_>, sheet_id: i64, reason: &str, now: &Now) -> Outcome<()> {
    end(transaction, sheet_id, State::Cancelled, reason, now)
}

fn end(transaction: &Transaction<'_>, sheet_id: i64, to: State, reason: &str, now: &Now) -> Outcome<()> {
    let sheet = going(transaction, sheet_id, to)?;
    transaction.execute(&prescription::END, params![sheet_id, to.word(), reason, now.unix_ms])?;
    transaction.execute(&prescription::END_LINES, params![sheet_id])?;
    if let Some(old_id) = sheet.old_prescription_id {
        let said = format!("\n{}: {reason}", to.word());
        transaction.execute(&prescription::APPEND_OLD, params![old_id, said])?;
    }
    Ok(())
}
