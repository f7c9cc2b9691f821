//! Admissions: a stay in hospital, from when a doctor asks for it to the discharge.
//!
//! It never knows who asks, or what is done for the patient meanwhile. Invariants: an admission goes only where
//! `State::next` lets it, or back where it came from; a patient has one that is not over, and lies in one bed;
//! a bed has one patient; from the admission on, the old schema has a row that says the same.

mod enter;
mod find;
mod stay;

pub use enter::{NewAdmission, admit, cancel, request, reserve};
pub use find::{Admission, BedStay, Filter, OldStay, by_id, list, stays};
pub use stay::{change_doctor, discharge, order_discharge, transfer, undo_order};

use super::booking::Change;
use super::ward::{self, Bed};
use super::words::words;
use super::{Failure, encounter, refuse};

words! {
    /// Where an admission stands.
    pub enum State, "an admission is in a state" {
        /// A doctor has asked for it.
        Requested = "requested",
        /// The patient lies in a bed.
        Admitted = "admitted",
        /// They still do, and may go.
        DischargeOrdered = "discharge_ordered",
        Discharged = "discharged",
        Cancelled = "cancelled",
    }
}

impl State {
    /// Where it may go from here.
    pub fn next(self) -> &'static [State] {
        match self {
            State::Requested => &[State::Admitted, State::Cancelled],
            State::Admitted => &[State::DischargeOrdered],
            State::DischargeOrdered => &[State::Discharged],
            State::Discharged | State::Cancelled => &[],
        }
    }

    /// Where it is again once the step that led here has been undone.
    pub fn before(self) -> Option<State> {
        match self {
            State::DischargeOrdered => Some(State::Admitted),
            State::Requested | State::Admitted | State::Discharged | State::Cancelled => None,
        }
    }

    /// Whether the patient lies in a bed.
    pub fn is_in_bed(self) -> bool {
        matches!(self, State::Admitted | State::DischargeOrdered)
    }

    pub fn is_over(self) -> bool {
        matches!(self, State::Discharged | State::Cancelled)
    }
}

words! {
    /// How an admission came about.
    pub enum Kind, "an admission is of a kind" {
        Elective = "elective",
        Emergency = "emergency",
    }
}

words! {
    /// Where the patient goes from here.
    pub enum Disposition, "an admission has ended in a way" {
        Home = "home",
        /// To another hospital.
        Transferred = "transferred",
        AgainstAdvice = "against_advice",
        Died = "died",
    }
}

/// How far ahead a stay is expected to end.
pub const EXPECTED_DAYS_MAX: i64 = 366;

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    UnknownAdmission,
    UnknownPatient,
    UnknownDoctor,
    UnknownWard,
    UnknownBed,
    /// There is no such encounter of this patient.
    UnknownEncounter,
    /// The hospital's table does not have the reason's code.
    UnknownCode,
    WardClosed,
    /// The patient has this one, which is not over.
    AlreadyAdmitted {
        admission_id: i64,
    },
    /// The bed is not free for this patient.
    BedTaken {
        bed_id: i64,
        state: ward::State,
    },
    /// No bed is named, and none is reserved.
    BedMissing,
    /// The stay has no discharge diagnosis.
    DiagnosisMissing,
    /// `to` is a state, or what can be done in some states only.
    BadTransition {
        from: State,
        to: &'static str,
    },
    NothingToUndo,
    /// It is expected to end before today, or too far ahead.
    BadEnd,
    /// The stay's own encounter does not allow it.
    Encounter(encounter::Refusal),
}

pub type Outcome<T> = Result<T, Failure<Refusal>>;

fn known(change: &Change<'_, '_>, admission_id: i64) -> Outcome<Admission> {
    by_id(change.transaction, admission_id)?.ok_or(Failure::Refused(Refusal::UnknownAdmission))
}

/// An admission that may go there.
fn going(change: &Change<'_, '_>, admission_id: i64, to: State) -> Outcome<Admission> {
    let found = known(change, admission_id)?;
    if !found.state.next().contains(&to) {
        return refuse(Refusal::BadTransition { from: found.state, to: to.word() });
    }
    Ok(found)
}

/// An admission in a state in which this can be done.
fn standing(
    change: &Change<'_, '_>,
    admission_id: i64,
    can: impl Fn(State) -> bool,
    to: &'static str,
) -> Outcome<Admission> {
    let found = known(change, admission_id)?;
    if !can(found.state) {
        return refuse(Refusal::BadTransition { from: found.state, to });
    }
    Ok(found)
}

fn known_bed(change: &Change<'_, '_>, bed_id: i64) -> Outcome<Bed> {
    ward::bed_by_id(change.transaction, bed_id)?.ok_or(Failure::Refused(Refusal::UnknownBed))
}

/// The day on which a stay is expected to end is to come.
fn check_end(change: &Change<'_, '_>, expected_on: Option<&str>) -> Outcome<()> {
    match expected_on {
        Some(day) if !change.now.is_near(day, 0, EXPECTED_DAYS_MAX) => refuse(Refusal::BadEnd),
        _ => Ok(()),
    }
}

/// A bed that is free for somebody, or is the one that is reserved for them.
fn bed_for(change: &Change<'_, '_>, bed_id: i64, reserved: Option<i64>) -> Outcome<Bed> {
    let found = known_bed(change, bed_id)?;
    let is_theirs = found.state == ward::State::Reserved && reserved == Some(bed_id);
    if found.state != ward::State::Free && !is_theirs {
        return refuse(Refusal::BedTaken { bed_id, state: found.state });
    }
    if found.is_in_closed_ward {
        return refuse(Refusal::WardClosed);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admission_ends_in_one_way_and_goes_back_only_where_it_came_from() {
        for from in State::ALL {
            assert_eq!(from.is_over(), from.next().is_empty(), "{from:?}");
            if let Some(before) = from.before() {
                assert!(before.next().contains(&from), "{from:?}");
            }
            // Nobody is in a bed who is not admitted, and nobody gets out of it but by the discharge.
            for to in from.next().iter().filter(|to| from.is_in_bed() && !to.is_in_bed()) {
                assert_eq!(*to, State::Discharged);
            }
        }
    }
}
