//! Who acts, and whose records a doctor may see.
//!
//! It never knows a method. Invariant: whoever is not known to treat a patient, or to have broken the glass
//! for them, does not see them.

use super::time::Now;
use super::words::words;
use crate::store::statements::access;
use crate::store::{Error, Transaction, params};

/// How long a glass stays broken.
pub const BREAK_GLASS_MS: i64 = 60 * 60 * 1000;

words! {
    /// What someone is in the hospital.
    pub enum Role {
        Patient = "patient",
        Doctor = "doctor",
        Nurse = "nurse",
        Clerk = "clerk",
        Admin = "admin",
    }
}

impl Role {
    /// Everyone who works here.
    pub fn is_staff(self) -> bool {
        self != Role::Patient
    }
}

/// The roles whose accounts may be touched by those who have not proven who they are. Auditors' accounts are
/// out of reach whatever their role, so nobody comes to read the trail, or to be an administrator, in this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach(&'static [Role]);

impl Reach {
    pub const PATIENTS: Reach = Reach(&[Role::Patient]);
    /// Old clients of doctors have no other way.
    pub const DOCTORS: Reach = Reach(&[Role::Doctor]);
    pub const PATIENTS_AND_DOCTORS: Reach = Reach(&[Role::Patient, Role::Doctor]);

    pub fn covers(self, role: Role, is_auditor: bool) -> bool {
        self.0.contains(&role) && !is_auditor
    }
}

/// Someone who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Which is a patient's or a doctor's id, too.
    pub user_id: i64,
    pub username: String,
    pub role: Role,
    pub is_auditor: bool,
}

/// Why someone may see a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    None,
    /// They treat them, by an appointment that was not cancelled, a record or a stay.
    Treating,
    /// They have broken the glass for them.
    UnderGlass,
}

/// Whether, and why, a doctor may see a patient.
pub fn sight(
    transaction: &Transaction<'_>,
    actor: &Actor,
    patient_id: i64,
    now: &Now,
) -> Result<Sight, Error> {
    let found =
        transaction
            .first(&access::SIGHT, params![actor.user_id, patient_id, now.unix_ms], |row| row.integer(0))?;
    Ok(match found {
        Some(1) => Sight::Treating,
        Some(2) => Sight::UnderGlass,
        _ => Sight::None,
    })
}

/// Whether a patient has an appointment of today, with the doctor or with another one of their department.
pub fn is_expected(
    transaction: &Transaction<'_>,
    actor: &Actor,
    patient_id: i64,
    now: &Now,
) -> Result<bool, Error> {
    let found =
        transaction
            .first(&access::EXPECTED, params![actor.user_id, patient_id, now.day()], |row| row.integer(0))?;
    Ok(found.is_some())
}

/// Lets someone see a patient's records for a while. Returns until when, in milliseconds since 1970.
pub fn break_glass(
    transaction: &Transaction<'_>,
    user_id: i64,
    patient_id: i64,
    reason: &str,
    now: &Now,
) -> Result<i64, Error> {
    let expires_at = now.unix_ms + BREAK_GLASS_MS;
    transaction
        .execute(&access::BREAK_GLASS, params![user_id, patient_id, reason, now.unix_ms, expires_at])?;
    Ok(expires_at)
}
