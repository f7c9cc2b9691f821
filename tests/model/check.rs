//! What must hold after each step.
//!
//! It never knows which step it was. Invariant: what the reference and the database have is compared whole, row by
//! row and column by column, whenever `compare` is asked to.

use super::care::thousandths;
use super::care_check::compare_care;
use super::clinic::*;
use super::server::{Server, unix_ms};
use rusqlite::types::ValueRef;
use serde_json::{Value, json};
use std::fmt::Display;

/// What a column must hold.
pub enum Cell<'a> {
    Nothing,
    Number(i64),
    Place(f64),
    Word(&'a str),
    Moment(i64),
    Day(i64),
    /// In thousandths.
    Amount(i64),
}

impl Cell<'_> {
    pub fn or_nothing<T>(value: Option<T>, cell: fn(T) -> Self) -> Self {
        value.map_or(Cell::Nothing, cell)
    }

    fn is(&self, found: ValueRef<'_>) -> bool {
        match (self, found) {
            (Cell::Nothing, ValueRef::Null) => true,
            (Cell::Number(number), ValueRef::Integer(found)) => *number == found,
            (Cell::Place(place), ValueRef::Real(found)) => place.total_cmp(&found).is_eq(),
            (Cell::Word(word), ValueRef::Text(found)) => word.as_bytes() == found,
            (Cell::Moment(minutes), ValueRef::Text(found)) => letters(*minutes) == found,
            (Cell::Day(day), ValueRef::Text(found)) => letters(*day * DAY)[..10] == *found,
            (Cell::Amount(amount), ValueRef::Text(found)) => thousandths(*amount).as_bytes() == found,
            _ => false,
        }
    }
}

/// The rows that a query finds are those of the reference, in its order.
pub fn same<'a, T: std::fmt::Debug + 'a, const COLUMNS: usize>(
    server: &Server,
    sql: &str,
    reference: impl IntoIterator<Item = &'a T>,
    cells: impl Fn(&'a T) -> [Cell<'a>; COLUMNS],
    said: &dyn Display,
) {
    let mut statement = server.rows.prepare_cached(sql).unwrap();
    let mut found = statement.query([]).unwrap();
    for expected in reference {
        let Some(row) = found.next().unwrap() else {
            panic!("{said}: the server lacks {expected:?} in {sql}");
        };
        for (place, cell) in cells(expected).iter().enumerate() {
            let found = row.get_ref(place).unwrap();
            assert!(
                cell.is(found),
                "{said}: the server has {row:?} and the reference {expected:?}: {found:?}"
            );
        }
    }
    if let Some(row) = found.next().unwrap() {
        panic!("{said}: the server has {row:?}, of which the reference knows nothing");
    }
}

/// The last event that was told, once the places of each session are what they are in the reference.
pub fn glance(server: &Server, clinic: &Clinic, said: &dyn Display) -> i64 {
    let snapshot = server.rows.unchecked_transaction().unwrap();
    let sql = "SELECT session_id, doctor_id, state, capacity_online, capacity_onsite, capacity_addon, booked_online,
        booked_onsite, booked_addon, next_ticket FROM clinic_sessions ORDER BY session_id";
    same(server, sql, clinic.sessions.values(), of_session, said);
    let mut last = server.rows.prepare_cached("SELECT coalesce(max(sequence), 0) FROM events").unwrap();
    let last = last.query_row([], |row| row.get(0)).unwrap();
    snapshot.commit().unwrap();
    last
}

fn of_session(session: &Session) -> [Cell<'_>; 10] {
    let Session { id, doctor, state, capacity: [a, b, c], booked: [d, e, f], next_ticket, .. } = session;
    let [id, doctor, a, b, c, d, e, f, next] =
        [id, doctor, a, b, c, d, e, f, next_ticket].map(|number| Cell::Number(*number));
    [id, doctor, Cell::Word(state), a, b, c, d, e, f, next]
}

/// The database is what the reference is.
pub fn compare(server: &Server, clinic: &Clinic, said: &dyn Display) {
    use Cell::{Moment, Number, Place, Word};
    glance(server, clinic, said);
    let snapshot = server.rows.unchecked_transaction().unwrap();
    let sql = "SELECT b.appointment_id, b.session_id, b.patient_id, b.starts_at, b.ends_at, b.state, b.pool,
        b.expires_ms, a.queue_number, a.status, a.appointment_time, a.doctor_id
        FROM bookings b JOIN appointments a ON a.appointment_id = b.appointment_id ORDER BY b.appointment_id";
    let cells = |found: &'_ Booking| {
        let Booking { id, session, patient, starts, ends, state, pool, number, .. } = *found;
        let [id, of, patient, number] = [id, session, patient, number].map(Number);
        let expires = Cell::or_nothing(found.expires, |minutes| Number(unix_ms(minutes)));
        let doctor = Number(clinic.session(session).doctor);
        let [begin, end, time] = [starts, ends, starts].map(Moment);
        let (old, state, pool) = (Word(status(state)), Word(state), Word(POOLS[pool]));
        [id, of, patient, begin, end, state, pool, expires, number, old, time, doctor]
    };
    same(server, sql, clinic.bookings.values(), cells, said);
    let sql = "SELECT ticket_id, session_id, number, appointment_id, state, priority, band, place, room, calls, skips
        FROM tickets ORDER BY ticket_id";
    let cells = |ticket: &'_ Ticket| {
        let Ticket { id, session, number, booking, state, priority, band, place, room, calls, skips, .. } =
            *ticket;
        let [id, session, number, booking] = [id, session, number, booking].map(Number);
        let [priority, calls, skips] = [priority, calls, skips].map(Number);
        let room = Cell::or_nothing(room, Word);
        [id, session, number, booking, Word(state), priority, Word(band), Place(place), room, calls, skips]
    };
    same(server, sql, clinic.tickets.values(), cells, said);
    let sql =
        "SELECT entry_id, session_id, patient_id, state, appointment_id FROM waitlist ORDER BY entry_id";
    let cells = |entry: &'_ Entry| {
        let Entry { id, session, patient, state, booking } = *entry;
        let [id, session, patient] = [id, session, patient].map(Number);
        [id, session, patient, Word(state), Cell::or_nothing(booking, Number)]
    };
    same(server, sql, clinic.entries.values(), cells, said);
    let sql =
        "SELECT patient_id FROM booking_penalties WHERE blocked_until > '2026-01-08' ORDER BY patient_id";
    let mut blocked = clinic.blocked.clone();
    blocked.sort_unstable();
    same(server, sql, &blocked, |patient: &'_ i64| [Number(*patient)], said);
    let sql = "SELECT coalesce(max(sequence) - min(sequence) + 1, 0) - count(*) FROM events";
    let holes: i64 = server.rows.prepare_cached(sql).unwrap().query_row([], |row| row.get(0)).unwrap();
    assert_eq!(holes, 0, "{said}: events are missing");
    compare_care(server, clinic, said);
    snapshot.commit().unwrap();
}

/// What a reply says of an appointment, a ticket or an entry is what the reference has, wherever in it that stands.
pub fn told(reply: &Value, clinic: &Clinic, said: &dyn Display) {
    let Value::Object(members) = reply else { return };
    let expected = if let (Some(id), Some(_)) = (members.get("ticket_id"), members.get("band")) {
        let Some(ticket) = clinic.tickets.get(&id.as_i64().unwrap()) else { panic!("{said}: {reply}") };
        let Ticket { session, number, booking, state, priority, band, room, calls, skips, .. } = ticket;
        let patient = clinic.bookings[booking].patient;
        json!({"session_id": session, "number": number, "appointment_id": booking, "patient_id": patient,
            "state": state, "priority": priority, "band": band, "room": room, "calls": calls, "skips": skips})
    } else if let (Some(id), Some(_)) = (members.get("appointment_id"), members.get("pool")) {
        let Some(found) = clinic.bookings.get(&id.as_i64().unwrap()) else { panic!("{said}: {reply}") };
        let Booking { session, patient, starts, ends, state, pool, number, .. } = found;
        json!({"session_id": session, "patient_id": patient, "doctor_id": clinic.session(*session).doctor,
            "starts_at": text(*starts), "ends_at": text(*ends), "state": state, "pool": POOLS[*pool],
            "queue_number": number, "expires_at_ms": found.expires.map(unix_ms)})
    } else {
        Value::Null
    };
    for (name, expected) in expected.as_object().into_iter().flatten() {
        let found = members.get(name).unwrap_or(&Value::Null);
        assert_eq!(found, expected, "{said}: the server replies the first as {name}: {reply}");
    }
    members.values().for_each(|member| told(member, clinic, said));
}

/// Where an appointment may go in one step, and back where that is undone.
const EDGES: &[(&str, &[&str])] = &[
    ("held", &["booked", "cancelled", "expired"]),
    ("booked", &["checked_in", "cancelled", "no_show", "completed"]),
    ("checked_in", &["in_consultation", "cancelled", "completed"]),
    ("in_consultation", &["completed", "checked_in"]),
    ("completed", &["in_consultation"]),
    ("cancelled", &["booked", "checked_in"]),
    ("no_show", &["completed", "cancelled"]),
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

/// Those of the second that are not in the first, or not as they are there.
pub fn changed<'a, T: PartialEq>(before: &Numbered<T>, after: &'a Numbered<T>) -> Vec<&'a T> {
    let mut was = before.values();
    after.values().filter(|row| was.next() != Some(row)).collect()
}

/// What holds of any clinic, and of any step from one to the next, where it held of the first.
///
/// The old dialect takes no notice of where an appointment may go.
pub fn invariants(before: &Clinic, after: &Clinic, is_old: bool, said: &dyn Display) {
    let mut booked = vec![[0; 4]; after.sessions.len() + 1];
    let mut is_busy = vec![false; after.sessions.len() + 1];
    for found in after.bookings.values() {
        let session = usize::try_from(found.session).unwrap();
        booked[session][found.pool] += i64::from(has_place(found.state));
        is_busy[session] |= is_active(found.state) && found.state != "in_consultation";
    }
    for session in after.sessions.values() {
        let id = usize::try_from(session.id).unwrap();
        assert_eq!(session.booked, booked[id][..3], "{said}: {session:?}");
        for pool in [ONLINE, ONSITE, ADDON] {
            assert!((0..=session.capacity[pool]).contains(&session.booked[pool]), "{said}: {session:?}");
        }
        assert!(session.state == "open" || !is_busy[id], "{said}: {session:?}");
    }
    for found in changed(&before.bookings, &after.bookings) {
        one_booking(before, after, found, is_old, said);
    }
    for ticket in changed(&before.tickets, &after.tickets) {
        let same = |other: &&Ticket| (other.session, other.number) == (ticket.session, ticket.number);
        assert_eq!(after.tickets.values().filter(same).count(), 1, "{said}: {ticket:?}");
    }
    for ticket in after.tickets.values() {
        let state = after.bookings[&ticket.booking].state;
        assert!(state == of_ticket(ticket.state), "{said}: {state} and {ticket:?}");
    }
    for entry in changed(&before.entries, &after.entries).into_iter().filter(|it| it.state == "offered") {
        let mut earlier = after.entries.values().take_while(|other| other.id < entry.id);
        let is_first = earlier.all(|other| other.session != entry.session || other.state != "waiting");
        assert!(is_first, "{said}: {entry:?} was offered a place before another one");
    }
}

fn one_booking(before: &Clinic, after: &Clinic, found: &Booking, is_old: bool, said: &dyn Display) {
    if let Some(was) = before.bookings.get(&found.id) {
        let edges = EDGES.iter().find(|(from, _)| *from == was.state).unwrap().1;
        assert!(
            is_old || was.state == found.state || edges.contains(&found.state),
            "{said}: {was:?} to {found:?}"
        );
    }
    let day = |of: &Booking| (after.session(of.session).doctor, after.session(of.session).starts / DAY);
    for other in after.bookings.values().filter(|other| other.id != found.id) {
        assert!(other.number != found.number || day(other) != day(found), "{said}: {found:?} and {other:?}");
        let overlap = other.starts < found.ends && other.ends > found.starts;
        let is_bound = |one: &Booking| is_active(one.state) && one.pool != FOLLOWUP && !one.is_overridden;
        assert!(
            found.patient != other.patient || !overlap || !is_bound(found) || !is_bound(other),
            "{said}: {found:?} and {other:?}"
        );
    }
}
