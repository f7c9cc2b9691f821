//! The reference: what sessions, bookings, tickets and the waitlist are, in memory.
//!
//! It never asks the server. Invariant: times are whole minutes since the beginning of the first day.

use super::care::Care;
use std::ops::Index;

pub type Said = Result<(), &'static str>;

pub const DAY: i64 = 24 * 60;
pub const DOCTOR: i64 = 4;
pub const NURSE: i64 = 7;
pub const CLERK: i64 = 8;
pub const ADMIN: i64 = 23;
pub const PATIENTS: [i64; 14] = [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22];
pub const HOLD: i64 = 5;
pub const HOLDS_MAX: usize = 3;
pub const HOLDS_WINDOW: i64 = 60;
pub const UNDO: i64 = 5;
pub const NO_SHOWS_MAX: usize = 3;

pub const ONLINE: usize = 0;
pub const ONSITE: usize = 1;
pub const ADDON: usize = 2;
pub const FOLLOWUP: usize = 3;
pub const POOLS: [&str; 4] = ["online", "onsite", "addon", "followup"];

#[derive(Debug, Clone, PartialEq)]
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
    /// Whether the doctor did not come, whatever it is since.
    pub was_stopped: bool,
}

#[derive(Debug, Clone, PartialEq)]
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
    /// Where it was before it was moved.
    pub moved_from: Vec<i64>,
    /// Whether it ended with its session.
    pub is_swept: bool,
    pub changed_by: Option<i64>,
    pub changed: i64,
    /// Whether the staff has set the rules aside for it.
    pub is_overridden: bool,
    /// For a follow-up: what it follows.
    pub origin: Option<i64>,
    /// Whether nobody but old clients has had to do with it.
    pub is_old: bool,
}

#[derive(Debug, Clone, PartialEq)]
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
    pub started: Option<i64>,
    pub finished: Option<i64>,
    pub changed_by: Option<i64>,
    pub changed: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub id: i64,
    pub session: i64,
    pub patient: i64,
    pub state: &'static str,
    pub booking: Option<i64>,
}

/// Rows whose numbers follow on one another, from whichever is the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbered<T> {
    ids: Vec<i64>,
    rows: Vec<T>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Numbered<T> {
        Numbered { ids: Vec::new(), rows: Vec::new() }
    }
}

impl<T> Numbered<T> {
    fn place(&self, id: i64) -> Option<usize> {
        let place = usize::try_from(id - self.ids.first()?).ok()?;
        (place < self.rows.len()).then_some(place)
    }

    pub fn insert(&mut self, id: i64, row: T) {
        assert!(self.ids.last().is_none_or(|last| last + 1 == id), "{id} does not follow on the last one");
        self.ids.push(id);
        self.rows.push(row);
    }

    pub fn get(&self, id: &i64) -> Option<&T> {
        self.place(*id).map(|place| &self.rows[place])
    }

    pub fn get_mut(&mut self, id: &i64) -> Option<&mut T> {
        self.place(*id).map(|place| &mut self.rows[place])
    }

    pub fn contains_key(&self, id: &i64) -> bool {
        self.place(*id).is_some()
    }

    pub fn keys(&self) -> std::slice::Iter<'_, i64> {
        self.ids.iter()
    }

    pub fn values(&self) -> std::slice::Iter<'_, T> {
        self.rows.iter()
    }

    pub fn values_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.rows.iter_mut()
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl<T> Index<&i64> for Numbered<T> {
    type Output = T;

    fn index(&self, id: &i64) -> &T {
        &self.rows[self.place(*id).unwrap_or_else(|| panic!("there is no {id}"))]
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Clinic {
    pub now: i64,
    pub sessions: Numbered<Session>,
    pub bookings: Numbered<Booking>,
    pub tickets: Numbered<Ticket>,
    pub entries: Numbered<Entry>,
    /// Who may not book online.
    pub blocked: Vec<i64>,
    /// Appointments that were there before the first one of these.
    pub older: i64,
    pub care: Care,
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
    String::from_utf8(letters(minutes).to_vec()).unwrap()
}

/// The same without a string, for what is compared often.
pub fn letters(minutes: i64) -> [u8; 19] {
    let mut letters = *b"2026-01-00 00:00:00";
    for (place, number) in [(8, 5 + minutes / DAY), (11, minutes % DAY / 60), (14, minutes % 60)] {
        let number = u8::try_from(number).unwrap();
        letters[place] += number / 10;
        letters[place + 1] += number % 10;
    }
    letters
}
