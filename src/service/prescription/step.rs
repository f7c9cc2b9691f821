//! Steps of a sheet: it becomes active, is given out, is stopped or cancelled.
//!
//! It never changes a line's words. Invariants: what speaks against a line is looked for anew before it is
//! active, and only what its reason was given for is set aside; the old schema's row says what has become of
//! the sheet.

use super::check::Known;
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
    check(transaction, &sheet, &lines, now)?;
    let content = lines.iter().map(readable).collect::<Vec<_>>().join("\n");
    let old_id = transaction
        .insert(&prescription::ADD_OLD, params![visit.record_id, sheet.doctor_id, content, now.utc])?;
    transaction.execute(&prescription::ACTIVATE, params![sheet_id, old_id, now.unix_ms])?;
    for line in &lines {
        let taken_until = now.day_after(line.duration_days - 1);
        transaction.execute(&prescription::SET_TAKEN_UNTIL, params![line.line_id, taken_until])?;
    }
    Ok(())
}

/// Refuses a sheet where something speaks against a line that was not known when it was written.
fn check(transaction: &Transaction<'_>, sheet: &Sheet, lines: &[Line], now: &Now) -> Outcome<()> {
    let mut against = Known::read(transaction, sheet.patient_id, now.day())?;
    for line in lines {
        let found = against.findings(&line.ingredient, line.drug_class.as_deref());
        let weighty =
            found.into_iter().find(|finding| finding.is_severe() || !line.warnings.contains(&finding.word()));
        if let Some(finding) = weighty {
            let fault = LineFault::Found(finding);
            return refuse(Refusal::Line { place: None, drug_id: line.drug_id, fault });
        }
        against.take(line.line_id, sheet.sheet_id, &line.ingredient);
    }
    Ok(())
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

/// The patient has got it.
pub fn dispense(transaction: &Transaction<'_>, sheet_id: i64, by: i64, now: &Now) -> Outcome<()> {
    going(transaction, sheet_id, State::Dispensed)?;
    transaction.execute(&prescription::DISPENSE, params![sheet_id, by, now.unix_ms])?;
    Ok(())
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
