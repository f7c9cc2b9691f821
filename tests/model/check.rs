//! What must hold after each step.
//!
//! It never knows which step it was. Invariant: what the reference and the database have is compared whole.

use super::clinic::*;
use super::server::{Server, moment};
use rusqlite::types::Value as Cell;
use std::collections::HashSet;

fn rows(server: &Server, sql: &str) -> Vec<String> {
    let mut statement = server.rows.prepare_cached(sql).unwrap();
    let columns = statement.column_count();
    let mut found = statement.query([]).unwrap();
    let mut lines = Vec::new();
    while let Some(row) = found.next().unwrap() {
        let cell = |place| match row.get::<_, Cell>(place).unwrap() {
            Cell::Null => "-".to_owned(),
            Cell::Integer(number) => number.to_string(),
            Cell::Real(number) => format!("{number:?}"),
            Cell::Text(text) => text,
            Cell::Blob(_) => panic!("no column here has bytes"),
        };
        lines.push((0..columns).map(cell).collect::<Vec<_>>().join(" "));
    }
    lines
}

fn optional(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn same(what: &str, server: Vec<String>, reference: Vec<String>, said: &str) {
    for (one, other) in server.iter().zip(&reference) {
        assert_eq!(one, other, "{said}: of the {what} the server has the first and the reference the second");
    }
    assert_eq!(server.len(), reference.len(), "{said}: the number of {what}");
}

/// The database is what the reference is.
pub fn compare(server: &Server, clinic: &Clinic, said: &str) {
    let sql = "SELECT session_id, state, capacity_online, capacity_onsite, capacity_addon, booked_online,
        booked_onsite, booked_addon, next_ticket FROM clinic_sessions ORDER BY session_id";
    let of = |session: &Session| {
        let Session { id, state, capacity: [a, b, c], booked: [d, e, f], next_ticket, .. } = session;
        format!("{id} {state} {a} {b} {c} {d} {e} {f} {next_ticket}")
    };
    same("sessions", rows(server, sql), clinic.sessions.values().map(of).collect(), said);
    let sql = "SELECT b.appointment_id, b.session_id, b.patient_id, b.starts_at, b.ends_at, b.state, b.pool,
        b.expires_ms, a.queue_number, a.status, a.appointment_time, a.doctor_id
        FROM bookings b JOIN appointments a ON a.appointment_id = b.appointment_id ORDER BY b.appointment_id";
    let of = |found: &Booking| {
        let Booking { id, session, patient, state, pool, number, .. } = found;
        let (starts, ends, old) = (text(found.starts), text(found.ends), status(state));
        let expires = optional(found.expires.map(|minutes| moment(minutes).unix_ms));
        let (doctor, pool) = (clinic.session(*session).doctor, POOLS[*pool]);
        format!(
            "{id} {session} {patient} {starts} {ends} {state} {pool} {expires} {number} {old} {starts} {doctor}"
        )
    };
    same("bookings", rows(server, sql), clinic.bookings.values().map(of).collect(), said);
    let sql = "SELECT ticket_id, session_id, number, appointment_id, state, priority, band, place, room, calls, skips
        FROM tickets ORDER BY ticket_id";
    let of = |ticket: &Ticket| {
        let Ticket { id, session, number, booking, state, priority, band, place, calls, skips, .. } = ticket;
        let room = optional(ticket.room);
        format!(
            "{id} {session} {number} {booking} {state} {priority} {band} {place:?} {room} {calls} {skips}"
        )
    };
    same("tickets", rows(server, sql), clinic.tickets.values().map(of).collect(), said);
    let sql =
        "SELECT entry_id, session_id, patient_id, state, appointment_id FROM waitlist ORDER BY entry_id";
    let of = |entry: &Entry| {
        let Entry { id, session, patient, state, .. } = entry;
        format!("{id} {session} {patient} {state} {}", optional(entry.booking))
    };
    same("entries", rows(server, sql), clinic.entries.values().map(of).collect(), said);
    let sql =
        "SELECT patient_id FROM booking_penalties WHERE blocked_until > '2026-01-08' ORDER BY patient_id";
    let mut blocked = clinic.blocked.clone();
    blocked.sort_unstable();
    same("penalties", rows(server, sql), blocked.iter().map(i64::to_string).collect(), said);
}

/// The last event, and how many there are.
pub fn events(server: &Server) -> (i64, i64) {
    let sql = "SELECT coalesce(max(sequence), 0), count(*) FROM events";
    server.rows.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

/// Where an appointment may go in one step, and back where that is undone.
const EDGES: &[(&str, &[&str])] = &[
    ("held", &["booked", "cancelled", "expired"]),
    ("booked", &["checked_in", "cancelled", "no_show"]),
    ("checked_in", &["in_consultation", "cancelled"]),
    ("in_consultation", &["completed", "checked_in"]),
    ("completed", &["in_consultation"]),
    ("cancelled", &["booked"]),
    ("no_show", &[]),
    ("expired", &[]),
];

fn of_ticket(state: &str) -> &'static str {
    match state {
        "serving" => "in_consultation",
        "done" => "completed",
        "left" => "cancelled",
        _ => "checked_in",
    }
}

/// What holds of any clinic, and of any step from one to the next.
///
/// The old dialect takes no notice of where an appointment may go.
pub fn invariants(before: &Clinic, after: &Clinic, is_old: bool, said: &str) {
    for session in after.sessions.values() {
        for pool in [ONLINE, ONSITE, ADDON] {
            let taken = after
                .bookings
                .values()
                .filter(|found| found.session == session.id && found.pool == pool && has_place(found.state));
            assert_eq!(session.booked[pool], i64::try_from(taken.count()).unwrap(), "{said}: {session:?}");
            assert!((0..=session.capacity[pool]).contains(&session.booked[pool]), "{said}: {session:?}");
        }
        if session.state != "open" {
            let mut left = after.bookings.values().filter(|found| found.session == session.id);
            assert!(
                left.all(|found| !is_active(found.state) || found.state == "in_consultation"),
                "{said}: {session:?}"
            );
        }
    }
    let mut numbers = HashSet::new();
    for found in after.bookings.values() {
        let session = after.session(found.session);
        assert!(numbers.insert((session.doctor, session.starts / DAY, found.number)), "{said}: {found:?}");
        if let Some(was) = before.bookings.get(&found.id) {
            let edges = EDGES.iter().find(|(from, _)| *from == was.state).unwrap().1;
            assert!(
                is_old || was.state == found.state || edges.contains(&found.state),
                "{said}: {was:?} to {found:?}"
            );
        }
        for other in after.bookings.values().filter(|other| other.id > found.id) {
            let both = [found, other];
            let overlap = other.starts < found.ends && other.ends > found.starts;
            let is_bound =
                both.iter().all(|one| is_active(one.state) && one.pool != FOLLOWUP && !one.is_overridden);
            assert!(
                found.patient != other.patient || !overlap || !is_bound,
                "{said}: {found:?} and {other:?}"
            );
        }
    }
    let mut tickets = HashSet::new();
    for ticket in after.tickets.values() {
        assert!(tickets.insert((ticket.session, ticket.number)), "{said}: {ticket:?}");
        let state = after.bookings[&ticket.booking].state;
        // Whom an old client has called completed may have left the queue unseen.
        let is_completed = ticket.state == "left" && state == "completed";
        assert!(is_completed || state == of_ticket(ticket.state), "{said}: {state} and {ticket:?}");
    }
    for entry in after.entries.values() {
        let is_new = before.entries.get(&entry.id).is_none_or(|was| was.state != entry.state);
        if entry.state == "offered" && is_new {
            let mut earlier = after.entries.range(..entry.id);
            let is_first =
                earlier.all(|(_, other)| other.session != entry.session || other.state != "waiting");
            assert!(is_first, "{said}: {entry:?} was offered a place before another one");
        }
    }
}
