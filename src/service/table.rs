//! Rows put straight into a table, as old clients do.
//!
//! Nothing else composes SQL, so that this can be reviewed, or refused, as one. Invariant: the names of
//! tables and columns in the SQL come from the lists below and values are bound; no row gets in that its
//! column's kind does not allow.

use super::access::Reach;
use super::appointment::{self, NewRow, NoPlace, Status};
use super::changes::Changes;
use super::clinic_session::ClinicSession;
use super::memory::Memory;
use super::text::{is_layout, is_printable};
use super::time::{AppointmentTime, Now, is_date, is_moment};
use super::{Failure, Rules, account, booking, chat};
use crate::store::{Transaction, Value};

/// What a column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Number,
    /// A row's own id.
    RowId,
    /// A place in a doctor's day.
    QueueNumber,
    /// Text of one line, of at most this many characters.
    Line(usize),
    /// As `Line`, and not blank.
    Name(usize),
    /// Text that may have several lines.
    Notes(usize),
    Date,
    Moment,
    /// When an appointment is; the rules of booking hold for it.
    AppointmentTime,
}

/// An id that the next ones count on from; one near the end of the integers would leave none.
const ROW_IDS: std::ops::RangeInclusive<i64> = 1..=1_000_000_000_000;
const QUEUE_NUMBERS: std::ops::RangeInclusive<i64> = 1..=1_000_000;
const NOTES_CHARS: usize = 32 * 1024;

struct Table {
    name: &'static str,
    columns: &'static [(&'static str, Kind)],
}

/// The old schema's tables but `users`, whose rows only registration makes.
const TABLES: [Table; 12] = [
    Table {
        name: "patients",
        columns: &[
            ("patient_id", Kind::Integer),
            ("name", Kind::Name(64)),
            ("birth_date", Kind::Line(32)),
            ("id_card", Kind::Line(32)),
            ("phone", Kind::Name(32)),
            ("email", Kind::Line(254)),
            ("created_at", Kind::Moment),
        ],
    },
    Table {
        name: "doctors",
        columns: &[
            ("doctor_id", Kind::Integer),
            ("name", Kind::Name(64)),
            ("employee_id", Kind::Name(32)),
            ("department", Kind::Line(64)),
            ("photo_path", Kind::Line(255)),
            ("max_patients", Kind::Integer),
            ("fee", Kind::Number),
            ("work_schedule", Kind::Notes(4096)),
            ("is_available", Kind::Integer),
        ],
    },
    Table {
        name: "appointments",
        columns: &[
            ("appointment_id", Kind::RowId),
            ("patient_id", Kind::Integer),
            ("doctor_id", Kind::Integer),
            ("appointment_time", Kind::AppointmentTime),
            ("status", Kind::Line(16)),
            ("fee_paid", Kind::Integer),
            ("queue_number", Kind::QueueNumber),
            ("created_at", Kind::Moment),
        ],
    },
    Table {
        name: "medical_records",
        columns: &[
            ("record_id", Kind::RowId),
            ("patient_id", Kind::Integer),
            ("doctor_id", Kind::Integer),
            ("diagnosis", Kind::Notes(NOTES_CHARS)),
            ("symptoms", Kind::Notes(NOTES_CHARS)),
            ("visit_time", Kind::Moment),
            ("created_at", Kind::Moment),
        ],
    },
    Table {
        name: "medical_orders",
        columns: &[
            ("order_id", Kind::RowId),
            ("record_id", Kind::Integer),
            ("doctor_id", Kind::Integer),
            ("content", Kind::Notes(NOTES_CHARS)),
            ("created_at", Kind::Moment),
        ],
    },
    Table {
        name: "prescriptions",
        columns: &[
            ("prescription_id", Kind::RowId),
            ("record_id", Kind::Integer),
            ("doctor_id", Kind::Integer),
            ("content", Kind::Notes(NOTES_CHARS)),
            ("created_at", Kind::Moment),
        ],
    },
    Table {
        name: "attendance",
        columns: &[
            ("attendance_id", Kind::RowId),
            ("doctor_id", Kind::Integer),
            ("check_in_time", Kind::Moment),
            ("check_out_time", Kind::Moment),
            ("status", Kind::Line(16)),
        ],
    },
    Table {
        name: "chat_messages",
        columns: &[
            ("message_id", Kind::RowId),
            ("sender_id", Kind::Integer),
            ("receiver_id", Kind::Integer),
            ("content", Kind::Notes(NOTES_CHARS)),
            ("sent_at", Kind::Moment),
            ("is_read", Kind::Integer),
        ],
    },
    Table {
        name: "leave_requests",
        columns: &[
            ("leave_id", Kind::RowId),
            ("doctor_id", Kind::Integer),
            ("start_date", Kind::Date),
            ("end_date", Kind::Date),
            ("reason", Kind::Notes(NOTES_CHARS)),
            ("status", Kind::Line(16)),
            ("created_at", Kind::Moment),
        ],
    },
    Table {
        name: "hospitalizations",
        columns: &[
            ("hospitalization_id", Kind::RowId),
            ("patient_id", Kind::Integer),
            ("doctor_id", Kind::Integer),
            ("ward_number", Kind::Line(32)),
            ("bed_number", Kind::Line(32)),
            ("admission_date", Kind::Date),
            ("discharge_date", Kind::Date),
            ("status", Kind::Line(16)),
            ("created_at", Kind::Moment),
            ("updated_at", Kind::Moment),
        ],
    },
    Table {
        name: "students",
        columns: &[
            ("id", Kind::RowId),
            ("name", Kind::Line(64)),
            ("age", Kind::Integer),
            ("student_id", Kind::Integer),
            ("created_at", Kind::Moment),
        ],
    },
    Table {
        name: "default_table",
        columns: &[("id", Kind::RowId), ("data", Kind::Notes(NOTES_CHARS)), ("created_at", Kind::Moment)],
    },
];

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    Empty,
    UnknownTable,
    /// The table exists, and rows do not get into it this way.
    ClosedTable,
    UnknownColumn {
        column: String,
    },
    ColumnTwice {
        column: &'static str,
    },
    BadValue {
        column: &'static str,
        problem: Problem,
    },
    NoPlace(NoPlace),
    /// A patient or a doctor whose id is no account of theirs.
    NoAccount,
}

/// What is wrong with a value for its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    NotAnInteger,
    NotANumber,
    OutOfRange,
    NotText,
    Empty,
    TooLong { limit_chars: usize },
    ControlCharacter,
    NotADate,
    NotAMoment,
}

/// Puts one row into `table`. Names are matched as SQLite does, without regard to the case of ASCII letters.
pub fn insert(
    transaction: &Transaction<'_>,
    table: &str,
    row: &[(&str, Value<'_>)],
    rules: &Rules,
    memory: &mut Memory,
    changes: &mut Changes,
    now: &Now,
) -> Result<(), Failure<Refusal>> {
    if row.is_empty() {
        return Err(Failure::Refused(Refusal::Empty));
    }
    if table.eq_ignore_ascii_case("users") {
        return Err(Failure::Refused(Refusal::ClosedTable));
    }
    let table = TABLES
        .iter()
        .find(|known| known.name.eq_ignore_ascii_case(table))
        .ok_or(Failure::Refused(Refusal::UnknownTable))?;
    let mut names: Vec<&'static str> = Vec::with_capacity(row.len());
    let mut values = Vec::with_capacity(row.len());
    for (name, value) in row {
        let (column, kind) = *table
            .columns
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .ok_or_else(|| Failure::Refused(Refusal::UnknownColumn { column: (*name).to_owned() }))?;
        if names.contains(&column) {
            return Err(Failure::Refused(Refusal::ColumnTwice { column }));
        }
        check(kind, value).map_err(|problem| Failure::Refused(Refusal::BadValue { column, problem }))?;
        names.push(column);
        values.push(*value);
    }
    check_person(transaction, table.name, &names, &values)?;
    let appointment = if table.name == "appointments" {
        check_appointment(transaction, &names, &values, rules, memory, now)?
    } else {
        None
    };
    if let (Some(found), Some(at)) = (&appointment, names.iter().position(|name| *name == "appointment_time"))
        && let Some(value) = values.get_mut(at)
    {
        *value = Value::Text(found.time.as_str());
    }
    let places: Vec<String> = (1..=names.len()).map(|place| format!("?{place}")).collect();
    let sql = format!("INSERT INTO {} ({}) VALUES ({})", table.name, names.join(", "), places.join(", "));
    let row_id = transaction.insert_composed(&sql, &values)?;
    if let Some(NewAppointment { time, seat: Some((session, patient_id)) }) = &appointment {
        booking::enter(transaction, session, row_id, *patient_id, time, changes, now)
            .map_err(|failure| failure.map(|refusal| Refusal::NoPlace(NoPlace::Session(refusal))))?;
    }
    match table.name {
        "appointments" => memory.forget_days(),
        "doctors" => memory.forget_doctors(),
        "chat_messages" => chat::note_stray(transaction)?,
        _ => {}
    }
    Ok(())
}

fn check(kind: Kind, value: &Value<'_>) -> Result<(), Problem> {
    let text = match (kind, value) {
        (_, Value::Null) => return Ok(()),
        (Kind::Integer, Value::Integer(_)) => return Ok(()),
        (Kind::Integer, Value::Text(text)) if text.parse::<i64>().is_ok() => return Ok(()),
        (Kind::RowId, Value::Integer(number)) if ROW_IDS.contains(number) => return Ok(()),
        (Kind::RowId, Value::Integer(_)) => return Err(Problem::OutOfRange),
        (Kind::QueueNumber, Value::Integer(number)) if QUEUE_NUMBERS.contains(number) => return Ok(()),
        (Kind::QueueNumber, Value::Integer(_)) => return Err(Problem::OutOfRange),
        (Kind::Integer | Kind::QueueNumber | Kind::RowId, _) => return Err(Problem::NotAnInteger),
        (Kind::Number, Value::Integer(_) | Value::Real(_)) => return Ok(()),
        (Kind::Number, Value::Text(text)) if text.parse::<f64>().is_ok_and(f64::is_finite) => return Ok(()),
        (Kind::Number, _) => return Err(Problem::NotANumber),
        // The column turns a number into its digits.
        (Kind::Line(_) | Kind::Name(_) | Kind::Notes(_), Value::Integer(_)) => return Ok(()),
        (_, Value::Text(text)) => *text,
        (_, _) => return Err(Problem::NotText),
    };
    match kind {
        Kind::Name(_) if text.trim().is_empty() => Err(Problem::Empty),
        Kind::Line(limit_chars) | Kind::Name(limit_chars) | Kind::Notes(limit_chars) => {
            let is_notes = matches!(kind, Kind::Notes(_));
            if text.chars().count() > limit_chars {
                return Err(Problem::TooLong { limit_chars });
            }
            if !text.chars().all(|letter| is_printable(letter) || (is_notes && is_layout(letter))) {
                return Err(Problem::ControlCharacter);
            }
            Ok(())
        }
        Kind::Date if !is_date(text) => Err(Problem::NotADate),
        Kind::Moment if !is_moment(text) => Err(Problem::NotAMoment),
        Kind::AppointmentTime if AppointmentTime::parse(text).is_none() => Err(Problem::NotAMoment),
        _ => Ok(()),
    }
}

/// The value that a row has for a column.
fn value_of<'a>(names: &[&str], values: &[Value<'a>], wanted: &str) -> Option<Value<'a>> {
    names.iter().zip(values).find(|(name, _)| **name == wanted).map(|(_, value)| *value)
}

fn number_of(names: &[&str], values: &[Value<'_>], wanted: &str) -> Option<i64> {
    match value_of(names, values, wanted) {
        Some(Value::Integer(number)) => Some(number),
        Some(Value::Text(text)) => text.parse().ok(),
        _ => None,
    }
}

/// A row for `patients` or `doctors` says whose it is, and that is the account of one: a row under the id of
/// someone else would be a handle on their login. Where no id is named, SQLite would take the next one, whoever
/// has it.
fn check_person(
    transaction: &Transaction<'_>,
    table: &str,
    names: &[&str],
    values: &[Value<'_>],
) -> Result<(), Failure<Refusal>> {
    let (id, reach) = match table {
        "patients" => ("patient_id", Reach::PATIENTS),
        "doctors" => ("doctor_id", Reach::DOCTORS),
        _ => return Ok(()),
    };
    match number_of(names, values, id) {
        Some(user_id) if account::is_within(transaction, user_id, reach)? => Ok(()),
        _ => Err(Failure::Refused(Refusal::NoAccount)),
    }
}

/// A row for `appointments`: its time as it is to be stored, and the session in which it takes a place, with the
/// patient.
struct NewAppointment {
    time: AppointmentTime,
    seat: Option<(Box<ClinicSession>, i64)>,
}

/// Holds a row for `appointments` against the rules of booking.
fn check_appointment(
    transaction: &Transaction<'_>,
    names: &[&str],
    values: &[Value<'_>],
    rules: &Rules,
    memory: &mut Memory,
    now: &Now,
) -> Result<Option<NewAppointment>, Failure<Refusal>> {
    let value = |wanted: &str| value_of(names, values, wanted);
    let number = |wanted: &str| number_of(names, values, wanted);
    let Some(Value::Text(text)) = value("appointment_time") else { return Ok(None) };
    let Some(time) = AppointmentTime::parse(text) else { return Ok(None) };
    let status = match value("status") {
        Some(Value::Text(status)) => Status::find(status),
        _ => None,
    };
    // A row without any of those is left to the database to refuse.
    let (Some(patient_id), Some(doctor_id), Some(status)) =
        (number("patient_id"), number("doctor_id"), status)
    else {
        return Ok(Some(NewAppointment { time, seat: None }));
    };
    let row = NewRow { patient_id, doctor_id, time: &time, status };
    let session = appointment::check_row(transaction, &row, rules, memory, now)
        .map_err(|failure| failure.map(Refusal::NoPlace))?;
    Ok(Some(NewAppointment { time, seat: session.map(|session| (session, patient_id)) }))
}
