//! The reference: what sessions, bookings, tickets and the waitlist are, in memory.
//!
//! It never asks the server. Invariant: times are whole minutes since the beginning of the first day.

use std::collections::BTreeMap;

pub type Said = Result<(), &'static str>;

pub const DAY: i64 = 24 * 60;
pub const DOCTOR: i64 = 4;
pub const NURSE: i64 = 7;
pub const CLERK: i64 = 8;
pub const PATIENTS: [i64; 14] = [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22];
pub const HOLD: i64 = 5;
pub const UNDO: i64 = 5;
pub const NO_SHOWS_MAX: usize = 3;

pub const ONLINE: usize = 0;
pub const ONSITE: usize = 1;
pub const ADDON: usize = 2;
pub const FOLLOWUP: usize = 3;
pub const POOLS: [&str; 4] = ["online", "onsite", "addon", "followup"];

#[derive(Debug, Clone)]
pub struct Session {
    pub id: i64,
    pub doctor: i64,
    pub department: &'static str,
    pub starts: i64,
    pub ends: i64,
    pub capacity: [i64; 3],
    pub booked: [i64; 3],
    pub next_ticket: i64,
    pub state: &'static str,
}

#[derive(Debug, Clone)]
pub struct Booking {
    pub id: i64,
    pub session: i64,
    pub patient: i64,
    pub starts: i64,
    pub ends: i64,
    pub state: &'static str,
    pub pool: usize,
    pub expires: Option<i64>,
    pub number: i64,
    pub previous: Option<&'static str>,
    pub changed_by: Option<i64>,
    pub changed: i64,
    /// Whether the staff has set the rules aside for it.
    pub is_overridden: bool,
}

#[derive(Debug, Clone)]
pub struct Ticket {
    pub id: i64,
    pub session: i64,
    pub number: i64,
    pub booking: i64,
    pub state: &'static str,
    pub priority: i64,
    pub band: &'static str,
    pub place: f64,
    pub room: Option<&'static str>,
    pub calls: i64,
    pub skips: i64,
    pub call_order: Option<i64>,
    pub changed_by: Option<i64>,
    pub changed: i64,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub id: i64,
    pub session: i64,
    pub patient: i64,
    pub state: &'static str,
    pub booking: Option<i64>,
}

#[derive(Debug, Clone, Default)]
pub struct Clinic {
    pub now: i64,
    pub sessions: BTreeMap<i64, Session>,
    pub bookings: BTreeMap<i64, Booking>,
    pub tickets: BTreeMap<i64, Ticket>,
    pub entries: BTreeMap<i64, Entry>,
    /// Who may not book online.
    pub blocked: Vec<i64>,
    /// Appointments that were there before the first one of these.
    pub older: i64,
}

impl Clinic {
    pub fn session(&self, id: i64) -> &Session {
        &self.sessions[&id]
    }

    pub fn change(&mut self, id: i64) -> &mut Booking {
        self.bookings.get_mut(&id).unwrap()
    }

    /// Whether a session takes place, in the words of a refusal.
    pub fn open(&self, session: i64) -> Said {
        match self.session(session).state {
            "open" => Ok(()),
            "stopped" => Err("session_stopped"),
            _ => Err("session_closed"),
        }
    }
}

pub fn is_active(state: &str) -> bool {
    matches!(state, "held" | "booked" | "checked_in" | "in_consultation")
}

/// Whether a place stays taken: a visit that is over, and one that was missed, have had theirs.
pub fn has_place(state: &str) -> bool {
    is_active(state) || state == "completed" || state == "no_show"
}

/// The old schema's word.
pub fn status(state: &str) -> &'static str {
    match state {
        "completed" => "completed",
        state if is_active(state) => "pending",
        _ => "cancelled",
    }
}

/// As the database has it, `YYYY-MM-DD HH:MM:SS`.
pub fn text(minutes: i64) -> String {
    format!("2026-01-{:02} {:02}:{:02}:00", 5 + minutes / DAY, minutes % DAY / 60, minutes % 60)
}
