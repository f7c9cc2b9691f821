//! Writing a sheet: the draft, and the lines that come into it and go out of it.
//!
//! It never gives anything out. Invariants: only a draft is written; a line's quantity is what its dose, its
//! frequency and its days come to; what speaks against a line is kept with the reason for it.

use super::check::{Checked, Known};
use super::{
    DOSE_MAX, Finding, Frequency, LINES_MAX, LineFault, Outcome, QUANTITY_MAX, Refusal, Sheet, State, known,
    refuse, writable,
};
use crate::service::Failure;
use crate::service::decimal::Decimal;
use crate::service::drug;
use crate::service::time::Now;
use crate::store::statements::prescription;
use crate::store::{Transaction, params};

/// A line to be.
#[derive(Debug, Clone, Copy)]
pub struct NewLine<'a> {
    pub drug_id: i64,
    pub dose: Decimal,
    /// Else that of the drug.
    pub route: Option<&'a str>,
    pub frequency: Frequency,
    pub duration_days: i64,
    /// What the doctor holds it to be; it is counted anyway, but where the patient decides how often.
    pub quantity: Option<Decimal>,
    pub note: Option<&'a str>,
    /// Why it is prescribed although something speaks against it.
    pub override_reason: Option<&'a str>,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written<'a> {
    pub sheet_id: i64,
    /// The first reason for which something was prescribed although something spoke against it.
    pub overridden_for: Option<&'a str>,
}

/// Writes a draft in a visit.
pub fn create<'a>(
    transaction: &Transaction<'_>,
    encounter_id: i64,
    lines: &[NewLine<'a>],
    now: &Now,
) -> Outcome<Written<'a>> {
    let visit = writable(transaction, encounter_id)?;
    if lines.len() > LINES_MAX {
        return refuse(Refusal::Full);
    }
    let sheet_id = transaction.insert(
        &prescription::INSERT,
        params![encounter_id, visit.patient_id, visit.doctor_id, now.unix_ms],
    )?;
    let mut against = Known::beside(transaction, sheet_id, visit.patient_id, now.day())?;
    let (mut overridden_for, mut written) = (None, Vec::new());
    for (place, line) in lines.iter().enumerate() {
        let done = write(transaction, sheet_id, visit.patient_id, line, Some(place), &mut against);
        let (line_id, reason) = done.map_err(|failure| failure.map(|refusal| repeated(refusal, &written)))?;
        written.push(line_id);
        overridden_for = overridden_for.or(reason);
    }
    Ok(Written { sheet_id, overridden_for })
}

/// Names a line that goes with the refusal by its place.
fn repeated(refusal: Refusal, written: &[i64]) -> Refusal {
    let Refusal::Line { place, drug_id, fault: LineFault::Found(Finding::Duplicate { line_id, .. }) } =
        refusal
    else {
        return refusal;
    };
    match written.iter().position(|written| *written == line_id) {
        Some(other_place) => Refusal::Line { place, drug_id, fault: LineFault::Repeats { other_place } },
        None => refusal,
    }
}

/// Adds a line to a draft.
pub fn add_line<'a>(
    transaction: &Transaction<'_>,
    sheet_id: i64,
    line: &NewLine<'a>,
    now: &Now,
) -> Outcome<Written<'a>> {
    let sheet = draft(transaction, sheet_id)?;
    writable(transaction, sheet.encounter_id)?;
    let had = Checked::of_sheet(transaction, sheet_id)?;
    if had.len() >= LINES_MAX {
        return refuse(Refusal::Full);
    }
    let mut against = Known::beside(transaction, sheet_id, sheet.patient_id, now.day())?;
    for Checked { line_id, ingredient, .. } in &had {
        against.take(*line_id, sheet_id, ingredient);
    }
    let (_, overridden_for) = write(transaction, sheet_id, sheet.patient_id, line, None, &mut against)?;
    Ok(Written { sheet_id, overridden_for })
}

/// Takes a line out of a draft.
pub fn remove_line(transaction: &Transaction<'_>, sheet_id: i64, line_id: i64) -> Outcome<()> {
    draft(transaction, sheet_id)?;
    if transaction.execute(&prescription::REMOVE_LINE, params![line_id, sheet_id])? == 0 {
        return refuse(Refusal::UnknownLine);
    }
    Ok(())
}

fn draft(transaction: &Transaction<'_>, sheet_id: i64) -> Outcome<Sheet> {
    let sheet = known(transaction, sheet_id)?;
    if sheet.state != State::Draft {
        return refuse(Refusal::NotDraft { state: sheet.state });
    }
    Ok(sheet)
}

/// Writes a line that nothing speaks against, or nothing but what its reason sets aside; then it counts among
/// what speaks against the next. Returns its id, and that reason.
fn write<'a>(
    transaction: &Transaction<'_>,
    sheet_id: i64,
    patient_id: i64,
    line: &NewLine<'a>,
    place: Option<usize>,
    against: &mut Known,
) -> Outcome<(i64, Option<&'a str>)> {
    let refused = |fault| Failure::Refused(Refusal::Line { place, drug_id: line.drug_id, fault });
    let drug = drug::by_id(transaction, line.drug_id)?.filter(|drug| drug.is_active);
    let Some(drug) = drug else { return Err(refused(LineFault::UnknownDrug)) };
    let Some(route) = line.route.or(drug.route.as_deref()) else {
        return Err(refused(LineFault::NoRoute));
    };
    let quantity = quantity(line).map_err(refused)?;
    let found = against.findings(&drug.ingredient, drug.drug_class.as_deref());
    let weighty = found.iter().find(|finding| finding.is_severe() || line.override_reason.is_none());
    if let Some(finding) = weighty {
        return Err(refused(LineFault::Found(finding.clone())));
    }
    let warnings = found.iter().map(Finding::word).collect::<Vec<_>>().join(" ");
    let override_reason = line.override_reason.filter(|_| !found.is_empty());
    let line_id = transaction.insert(
        &prescription::ADD_LINE,
        params![
            sheet_id,
            patient_id,
            line.drug_id,
            drug.name,
            drug.strength,
            drug.form,
            line.dose.to_string(),
            drug.dose_unit,
            route,
            line.frequency.to_string(),
            line.duration_days,
            quantity.to_string(),
            line.note,
            Some(warnings).filter(|warnings| !warnings.is_empty()),
            override_reason
        ],
    )?;
    against.take(line_id, sheet_id, &drug.ingredient);
    Ok((line_id, override_reason))
}

/// What a line comes to.
fn quantity(line: &NewLine<'_>) -> Result<Decimal, LineFault> {
    if line.dose.is_zero() {
        return Err(LineFault::NoDose);
    }
    if line.dose > DOSE_MAX {
        return Err(LineFault::DoseTooLarge);
    }
    let is_bearable = |quantity: &Decimal| *quantity <= QUANTITY_MAX;
    let Some(times) = line.frequency.times(line.duration_days) else {
        let given = line.quantity.filter(|quantity| !quantity.is_zero()).ok_or(LineFault::NoQuantity)?;
        return Some(given).filter(is_bearable).ok_or(LineFault::TooMuch);
    };
    let expected = line.dose.times(times).filter(is_bearable);
    let expected = expected.ok_or(LineFault::TooMuch)?;
    match line.quantity {
        Some(quantity) if quantity != expected => Err(LineFault::WrongQuantity { expected }),
        _ => Ok(expected),
    }
}
