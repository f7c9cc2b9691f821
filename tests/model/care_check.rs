//! What must hold of visits, wards, stays, prescriptions and leaves.
//!
//! It never knows which step it was. Invariant: as in `check`.

use super::care::*;
use super::check::Cell::{Amount, Day, Nothing, Number, Word};
use super::check::{Cell, changed, same};
use super::clinic::*;
use super::server::{Server, unix_ms};
use serde_json::{Value, json};
use std::fmt::Display;

fn at(moment: Option<i64>) -> Cell<'static> {
    Cell::or_nothing(moment, |minutes| Number(unix_ms(minutes)))
}

fn number(value: Option<i64>) -> Cell<'static> {
    Cell::or_nothing(value, Number)
}

/// What of the database `check::compare` does not look at is what the reference is.
pub fn compare_care(server: &Server, clinic: &Clinic, said: &dyn Display) {
    compare_visits(server, clinic, said);
    compare_stays(server, clinic, said);
    compare_sheets(server, clinic, said);
    compare_leaves(server, clinic, said);
}

fn compare_visits(server: &Server, clinic: &Clinic, said: &dyn Display) {
    // The record is that of whoever began the visit.
    let sql =
        "SELECT e.encounter_id, e.patient_id, e.doctor_id, e.appointment_id, e.class, e.state, e.started_ms,
        e.ended_ms, r.patient_id, r.doctor_id
        FROM encounters e LEFT JOIN medical_records r ON r.record_id = e.record_id ORDER BY e.encounter_id";
    let cells = |visit: &'_ Visit| {
        let Visit { id, patient, doctor, booking, class, state, begun_by, started, ended } = *visit;
        let [id, of, doctor] = [id, patient, doctor].map(Number);
        let recorded = number(begun_by.map(|_| patient));
        let (class, state) = (Word(class), Word(state));
        [id, of, doctor, number(booking), class, state, at(started), at(ended), recorded, number(begun_by)]
    };
    same(server, sql, clinic.care.visits.values(), cells, said);
    let sql =
        "SELECT diagnosis_id, encounter_id, recorded_by, use, rank, withdrawn_ms IS NOT NULL FROM diagnoses
        ORDER BY diagnosis_id";
    let cells = |found: &'_ Diagnosis| {
        let Diagnosis { id, visit, by, kind, rank, is_withdrawn } = *found;
        let [id, visit, by, rank] = [id, visit, by, rank].map(Number);
        [id, visit, by, Word(kind), rank, Number(i64::from(is_withdrawn))]
    };
    same(server, sql, clinic.care.diagnoses.values(), cells, said);
}

fn compare_stays(server: &Server, clinic: &Clinic, said: &dyn Display) {
    let sql = "SELECT ward_id, number, is_closed FROM wards ORDER BY ward_id";
    let cells = |ward: &'_ Ward| [Number(ward.id), Word(ward.number), Number(i64::from(ward.is_closed))];
    same(server, sql, clinic.care.wards.values(), cells, said);
    let sql = "SELECT bed_id, ward_id, number, state, changed_ms FROM beds ORDER BY bed_id";
    let cells = |bed: &'_ Bed| {
        let [id, ward] = [bed.id, bed.ward].map(Number);
        [id, ward, Word(bed.number), Word(bed.state), at(Some(bed.changed))]
    };
    same(server, sql, clinic.care.beds.values(), cells, said);
    let sql = "SELECT a.admission_id, a.patient_id, a.doctor_id, a.ward_id, a.reserved_bed_id, a.state,
        a.encounter_id, a.ended_ms, h.patient_id, h.doctor_id, h.ward_number, h.bed_number, h.status
        FROM admissions a LEFT JOIN hospitalizations h ON h.hospitalization_id = a.old_hospitalization_id
        ORDER BY a.admission_id";
    let cells = |stay: &'_ Stay| {
        let Stay { id, patient, doctor, ward, bed, state, visit, ended } = *stay;
        let reserved = number(bed.filter(|_| state == "requested"));
        // The old schema has what has begun, with the last bed.
        let last = clinic.care.lain.values().rfind(|lain| lain.stay == id);
        let old = last.map(|lain| &clinic.care.beds[&lain.bed]).map_or(
            [Nothing, Nothing, Nothing, Nothing, Nothing],
            |bed| {
                let (of_ward, of_bed) = (Word(clinic.care.wards[&bed.ward].number), Word(bed.number));
                let status = if state == "discharged" { "discharged" } else { "admitted" };
                [Number(patient), Number(doctor), of_ward, of_bed, Word(status)]
            },
        );
        let [id, patient, doctor, ward] = [id, patient, doctor, ward].map(Number);
        let [a, b, c, d, e] = old;
        [id, patient, doctor, ward, reserved, Word(state), number(visit), at(ended), a, b, c, d, e]
    };
    same(server, sql, clinic.care.stays.values(), cells, said);
    let sql = "SELECT stay_id, admission_id, bed_id, from_ms, to_ms FROM bed_stays ORDER BY stay_id";
    let cells = |lain: &'_ Lain| {
        let [id, stay, bed] = [lain.id, lain.stay, lain.bed].map(Number);
        [id, stay, bed, at(Some(lain.from)), at(lain.to)]
    };
    same(server, sql, clinic.care.lain.values(), cells, said);
}

fn compare_sheets(server: &Server, clinic: &Clinic, said: &dyn Display) {
    let sql = "SELECT s.sheet_id, s.encounter_id, s.patient_id, s.doctor_id, s.state, s.activated_ms, s.dispensed_ms,
        s.ended_ms, p.doctor_id IS NOT NULL
        FROM prescription_sheets s LEFT JOIN prescriptions p ON p.prescription_id = s.old_prescription_id
        ORDER BY s.sheet_id";
    let cells = |sheet: &'_ Sheet| {
        let Sheet { id, visit, patient, doctor, state, activated, dispensed, ended } = *sheet;
        let [id, visit, patient, of] = [id, visit, patient, doctor].map(Number);
        // The old schema has what has been active, under whoever wrote it.
        let old = Number(i64::from(activated.is_some()));
        [id, visit, patient, of, Word(state), at(activated), at(dispensed), at(ended), old]
    };
    same(server, sql, clinic.care.sheets.values(), cells, said);
    let sql =
        "SELECT line_id, sheet_id, drug_id, dose, frequency, duration_days, quantity, taken_until, is_live
        FROM prescription_lines ORDER BY line_id";
    let cells = |line: &'_ Line| {
        let Line { id, sheet, drug, dose, frequency, days, quantity, until, is_live, .. } = *line;
        let [id, sheet, drug, days, live] = [id, sheet, drug, days, i64::from(is_live)].map(Number);
        let until = Cell::or_nothing(until, Day);
        [id, sheet, drug, Amount(dose), Word(frequency), days, Amount(quantity), until, live]
    };
    same(server, sql, &clinic.care.lines, cells, said);
    let sql = "SELECT allergy_id, patient_id, substance_key, severity, refuted_ms IS NOT NULL FROM allergies
        ORDER BY allergy_id";
    let cells = |found: &'_ Allergy| {
        let [id, patient, refuted] = [found.id, found.patient, i64::from(found.is_refuted)].map(Number);
        [id, patient, Word(found.substance), Word(found.severity), refuted]
    };
    same(server, sql, clinic.care.allergies.values(), cells, said);
}

fn compare_leaves(server: &Server, clinic: &Clinic, said: &dyn Display) {
    let sql = "SELECT r.leave_id, r.doctor_id, r.start_date, r.end_date, r.status, l.state, l.substitute_id,
        l.decided_by, l.exception_id IS NOT NULL, e.date_to
        FROM leave_requests r JOIN leaves l ON l.leave_id = r.leave_id
        LEFT JOIN schedule_exceptions e ON e.exception_id = l.exception_id
            AND e.doctor_id = l.doctor_id AND e.date_from = l.date_from
        ORDER BY r.leave_id";
    let cells = |leave: &'_ Leave| {
        let Leave { id, doctor, days: (first, last), state, substitute, decided_by } = *leave;
        let status = if state == "revoked" { "rejected" } else { state };
        let is_approved = state == "approved";
        let until = if is_approved { Day(last) } else { Nothing };
        let (first, last, excepted) = (Day(first), Day(last), Number(i64::from(is_approved)));
        let [id, doctor, substitute] = [Number(id), Number(doctor), number(substitute)];
        [id, doctor, first, last, Word(status), Word(state), substitute, number(decided_by), excepted, until]
    };
    same(server, sql, clinic.care.leaves.values(), cells, said);
    let sql = "SELECT count(*) FROM schedule_exceptions";
    let excepted: i64 = server.rows.prepare_cached(sql).unwrap().query_row([], |row| row.get(0)).unwrap();
    let approved = clinic.care.leaves.values().filter(|leave| leave.state == "approved").count();
    assert_eq!(excepted, i64::try_from(approved).unwrap(), "{said}: exceptions are left over");
}

/// What a reply says of these is what the reference has, wherever in it that stands.
pub fn told_of_care(reply: &Value, clinic: &Clinic, said: &dyn Display) {
    let members = match reply {
        Value::Object(members) => members,
        Value::Array(items) => return items.iter().for_each(|item| told_of_care(item, clinic, said)),
        _ => return,
    };
    let has = |name: &str| members.get(name).and_then(Value::as_i64);
    let care = &clinic.care;
    let expected = if let (Some(id), true) = (has("prescription_id"), members.contains_key("lines")) {
        let Sheet { visit, patient, doctor, state, activated, .. } = &care.sheets[&id];
        json!({"encounter_id": visit, "patient_id": patient, "doctor_id": doctor, "state": state,
            "activated_ms": activated.map(unix_ms), "lines": lines(reply, clinic, id)})
    } else if let (Some(id), true) = (has("admission_id"), members.contains_key("kind")) {
        let Stay { patient, doctor, ward, bed, state, visit, ended, .. } = &care.stays[&id];
        json!({"patient_id": patient, "doctor_id": doctor, "ward_id": ward, "bed_id": bed, "state": state,
            "encounter_id": visit, "ended_ms": ended.map(unix_ms)})
    } else if let (Some(id), Some(_)) = (has("bed_id"), has("changed_ms")) {
        let Bed { number, state, changed, .. } = &care.beds[&id];
        let lies = |stay: &&Stay| stay.bed == Some(id) && stay.ended.is_none();
        let occupant = members.get("occupant").and_then(|found| found.get("admission_id"));
        let stay = care.stays.values().find(lies).map(|stay| stay.id);
        let is_shown = members.contains_key("occupant");
        assert!(!is_shown || occupant.and_then(Value::as_i64) == stay, "{said}: another one lies in {reply}");
        json!({"number": number, "state": state, "changed_ms": unix_ms(*changed)})
    } else if let (Some(id), Some(_)) = (has("leave_id"), members.get("date_from")) {
        let Leave { doctor, state, substitute, decided_by, .. } = &care.leaves[&id];
        json!({"doctor_id": doctor, "state": state, "substitute_id": substitute, "decided_by": decided_by})
    } else if let (Some(id), Some(_)) = (has("session_id"), members.get("outcome")) {
        let is_running = clinic.session(id).starts <= clinic.now;
        let outcome = match clinic.session(id).state {
            "open" if is_running => "running",
            "open" => "handed_over",
            _ => "stopped",
        };
        json!({"outcome": outcome})
    } else if let (Some(id), Some(_)) = (has("encounter_id"), members.get("class")) {
        let Visit { patient, doctor, booking, class, state, started, ended, .. } = &care.visits[&id];
        json!({"patient_id": patient, "doctor_id": doctor, "appointment_id": booking, "class": class,
            "state": state, "started_ms": started.map(unix_ms), "ended_ms": ended.map(unix_ms)})
    } else {
        Value::Null
    };
    for (name, expected) in expected.as_object().into_iter().flatten() {
        let found = members.get(name).unwrap_or(&Value::Null);
        assert_eq!(found, expected, "{said}: the server replies the first as {name}: {reply}");
    }
    members.values().for_each(|member| told_of_care(member, clinic, said));
}

/// The lines of a reply, as the reference has them.
fn lines(reply: &Value, clinic: &Clinic, sheet: i64) -> Vec<Value> {
    let mut found = reply["lines"].as_array().unwrap().clone();
    let own: Vec<&Line> = clinic.care.lines.iter().filter(|line| line.sheet == sheet).collect();
    for (line, own) in found.iter_mut().zip(&own) {
        let word = |against: &Against| match against {
            Against::Allergy(id) => format!("allergy:{id}"),
            Against::Line(id) => format!("duplicate:{id}"),
        };
        let mut expected: Vec<String> = own.against.iter().map(word).collect();
        // In which order is not told.
        let told: Vec<&str> = line["warnings"].as_array().unwrap().iter().flat_map(Value::as_str).collect();
        let place = |word: &String| told.iter().position(|told| told == word);
        expected.sort_by_key(place);
        line["warnings"] = json!(expected);
        line["line_id"] = json!(own.id);
        line["drug_id"] = json!(own.drug);
        line["dose"] = json!(thousandths(own.dose));
        line["quantity"] = json!(thousandths(own.quantity));
        line["taken_until"] = json!(own.until.map(|day| text(day * DAY)[..10].to_owned()));
    }
    found.truncate(own.len());
    found.resize(own.len(), Value::Null);
    found
}

/// What holds of any hospital, whoever has done what.
pub fn invariants_of_care(before: &Clinic, after: &Clinic, said: &dyn Display) {
    let care = &after.care;
    for bed in care.beds.values() {
        let theirs = care.stays.values().filter(|stay| stay.bed == Some(bed.id));
        let states: Vec<&str> = theirs.map(|stay| stay.state).collect();
        let expected: &[&[&str]] = match bed.state {
            "occupied" => &[&["admitted"], &["discharge_ordered"]],
            "reserved" => &[&["requested"]],
            _ => &[&[]],
        };
        assert!(expected.contains(&&states[..]), "{said}: {states:?} in {bed:?}");
    }
    for stay in changed(&before.care.stays, &care.stays) {
        let is_other = |other: &&Stay| other.patient == stay.patient && other.ended.is_none();
        assert!(care.stays.values().filter(is_other).count() <= 1, "{said}: {stay:?} is not the only one");
        let ward = stay.bed.map_or(stay.ward, |bed| care.beds[&bed].ward);
        assert_eq!(stay.ward, ward, "{said}: {stay:?}");
        let is_closed = care.wards[&ward].is_closed;
        assert!(stay.ended.is_some() || !is_closed, "{said}: {stay:?} is in a closed ward");
    }
    for lain in changed(&before.care.lain, &care.lain) {
        let overlaps = |other: &Lain| {
            let before_other = lain.to.is_some_and(|to| to <= other.from);
            let behind_other = other.to.is_some_and(|to| to <= lain.from);
            other.id != lain.id && other.bed == lain.bed && !before_other && !behind_other
        };
        assert!(!care.lain.values().any(overlaps), "{said}: two in one bed: {lain:?}");
    }
    // What is found out of a patient later does not end what was active already.
    let was_active = |id: i64| before.care.sheets.get(&id).is_some_and(|sheet| sheet.state == "active");
    let is_new = |sheet: &&Sheet| sheet.state == "active" && !was_active(sheet.id);
    for sheet in changed(&before.care.sheets, &care.sheets).into_iter().filter(is_new) {
        let given = care.lines.iter().filter(|line| line.sheet == sheet.id);
        for line in given {
            let (ingredients, class) = DRUGS[usize::try_from(line.drug - 1).unwrap()];
            let is_severe = |found: &Allergy| {
                found.patient == sheet.patient
                    && found.severity == "severe"
                    && !found.is_refuted
                    && (found.substance == class || ingredients.contains(&found.substance))
            };
            assert!(!care.allergies.values().any(is_severe), "{said}: {line:?} harms its patient");
        }
    }
    for visit in changed(&before.care.visits, &care.visits) {
        let is_same = |other: &&Visit| {
            visit.booking.is_some() && other.booking == visit.booking && other.state != "cancelled"
        };
        assert!(care.visits.values().filter(is_same).count() <= 1, "{said}: {visit:?} is there twice");
    }
    // Nobody is penalised for what their doctor does.
    let is_stopped = |found: &&Booking| after.session(found.session).was_stopped && found.state == "no_show";
    let mut missed = changed(&before.bookings, &after.bookings).into_iter();
    assert!(missed.find(is_stopped).is_none(), "{said}: somebody is blamed for what did not take place");
}
