//! Owns a report's tables as rows of cells, which every form shows. Never counts.
//! Invariant: each row of a sheet has a cell for each of its columns, in their order.

use crate::service::report::{BedFigures, Figures, Name, Places, Tables};

#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(Option<String>),
    Count(i64),
    /// A part of 1.
    Ratio(Option<f64>),
    /// Minutes or days, to a tenth.
    Length(Option<f64>),
    Fen(i64),
}

#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// As programs name it.
    pub key: &'static str,
    /// As people read it; none where a table for people leaves it out.
    pub title: Option<&'static str>,
}

#[derive(Debug)]
pub struct Sheet {
    /// As programs name it.
    pub key: &'static str,
    pub title: &'static str,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// What all rows come to.
    pub total: Vec<Cell>,
}

/// A figure's column, and how its cell is made.
type Made<T> = (&'static str, Option<&'static str>, fn(&T) -> Cell);

const FIGURES: &[Made<Figures>] = &[
    ("booked", Some("Booked"), |of| Cell::Count(of.booked)),
    ("attended", Some("Attended"), |of| Cell::Count(of.attended)),
    ("completed", Some("Completed"), |of| Cell::Count(of.completed)),
    ("cancelled", Some("Cancelled"), |of| Cell::Count(of.cancelled)),
    ("cancel_rate", None, |of| Cell::Ratio(of.cancel_rate())),
    ("cancelled_by_patient", None, |of| Cell::Count(of.cancelled_by_patient)),
    ("cancelled_by_doctor", None, |of| Cell::Count(of.cancelled_by_doctor)),
    ("cancelled_by_staff", None, |of| Cell::Count(of.cancelled_by_staff)),
    ("cancelled_by_hospital", None, |of| Cell::Count(of.cancelled_by_hospital)),
    ("cancelled_by_system", None, |of| Cell::Count(of.cancelled_by_system)),
    ("no_shows", Some("No-shows"), |of| Cell::Count(of.no_shows)),
    ("no_show_rate", Some("No-show rate"), |of| Cell::Ratio(of.no_show_rate())),
    ("left_unseen", None, |of| Cell::Count(of.left_unseen)),
    ("still_waiting", None, |of| Cell::Count(of.still_waiting)),
    ("waiting_p50_min", Some("Wait p50, min"), |of| Cell::Length(of.waiting.percentile(50))),
    ("waiting_p90_min", Some("Wait p90, min"), |of| Cell::Length(of.waiting.percentile(90))),
    ("consultation_p50_min", Some("Seen p50, min"), |of| Cell::Length(of.consultation.percentile(50))),
    ("consultation_p90_min", Some("Seen p90, min"), |of| Cell::Length(of.consultation.percentile(90))),
    ("sessions", None, |of| Cell::Count(of.sessions)),
    ("sessions_stopped", None, |of| Cell::Count(of.sessions_stopped)),
    ("places", None, |of| Cell::Count(of.places().capacity)),
    ("places_taken", None, |of| Cell::Count(of.places().taken)),
    ("utilisation", Some("Places used"), |of| used(of.places())),
    ("online_places", None, |of| Cell::Count(of.online.capacity)),
    ("online_taken", None, |of| Cell::Count(of.online.taken)),
    ("online_utilisation", None, |of| used(of.online)),
    ("onsite_places", None, |of| Cell::Count(of.onsite.capacity)),
    ("onsite_taken", None, |of| Cell::Count(of.onsite.taken)),
    ("onsite_utilisation", None, |of| used(of.onsite)),
    ("addon_places", None, |of| Cell::Count(of.addon.capacity)),
    ("addon_taken", None, |of| Cell::Count(of.addon.taken)),
    ("addon_utilisation", None, |of| used(of.addon)),
    ("follow_ups", None, |of| Cell::Count(of.follow_ups)),
    ("paid_fen", Some("Paid"), |of| Cell::Fen(of.paid_fen)),
    ("unpaid_fen", Some("Unpaid"), |of| Cell::Fen(of.unpaid_fen)),
    ("refundable_fen", None, |of| Cell::Fen(of.refundable_fen)),
    ("old_booked", None, |of| Cell::Count(of.old_booked)),
    ("old_completed", None, |of| Cell::Count(of.old_completed)),
    ("old_cancelled", None, |of| Cell::Count(of.old_cancelled)),
];

const BEDS: &[Made<BedFigures>] = &[
    ("beds", Some("Beds"), |of| Cell::Count(of.beds)),
    ("bed_hours", None, |of| hours(of.bed_ms)),
    ("occupied_hours", Some("Occupied hours"), |of| hours(of.occupied_ms)),
    ("occupancy", Some("Occupancy"), |of| Cell::Ratio(of.occupancy())),
    ("discharged", Some("Discharged"), |of| Cell::Count(of.discharged)),
    ("stay_p50_days", Some("Stay p50, days"), |of| Cell::Length(of.stay.percentile(50))),
    ("stay_p90_days", Some("Stay p90, days"), |of| Cell::Length(of.stay.percentile(90))),
];

fn used(places: Places) -> Cell {
    Cell::Ratio(places.utilisation())
}

fn hours(length_ms: i64) -> Cell {
    #[expect(clippy::cast_precision_loss, reason = "hours of a report are far under 2^52")]
    Cell::Length(Some((length_ms as f64 / 360_000.0).round() / 10.0))
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(Some(text.into()))
}

fn cells<T>(made: &[Made<T>], figures: &T) -> Vec<Cell> {
    made.iter().map(|(_, _, cell)| cell(figures)).collect()
}

/// A sheet of rows, each of which has its names before its figures.
fn sheet<T>(
    key: &'static str,
    title: &'static str,
    names: &[(&'static str, Option<&'static str>)],
    made: &[Made<T>],
    rows: Vec<(Vec<Cell>, &T)>,
    total: &T,
) -> Sheet {
    let figures = made.iter().map(|(key, title, _)| (*key, *title));
    let columns = names.iter().copied().chain(figures).map(|(key, title)| Column { key, title }).collect();
    let first = names.iter().position(|(_, title)| title.is_some());
    let total_names = (0..names.len()).map(|at| Cell::Text((Some(at) == first).then(|| "all".to_owned())));
    Sheet {
        key,
        title,
        columns,
        rows: rows.into_iter().map(|(names, of)| [names, cells(made, of)].concat()).collect(),
        total: total_names.chain(cells(made, total)).collect(),
    }
}

/// What all of some figures come to.
pub fn sum<'a>(all: impl Iterator<Item = &'a Figures>) -> Figures {
    let mut sum = Figures::default();
    all.for_each(|figures| sum.add(figures));
    sum
}

pub fn sum_beds(tables: &Tables) -> BedFigures {
    let mut sum = BedFigures::default();
    tables.beds.values().for_each(|ward| sum.add(&ward.figures));
    // The beds that there are: those of each ward once.
    let wards: std::collections::BTreeMap<i64, i64> =
        tables.beds.iter().map(|((_, ward_id), ward)| (*ward_id, ward.figures.beds)).collect();
    sum.beds = wards.values().sum();
    sum
}

/// Whether there is anything to show; a day on which nothing was is not.
pub fn is_empty(tables: &Tables) -> bool {
    let is_nothing = |figures: &Figures| *figures == Figures::default();
    tables.days.values().all(is_nothing)
        && tables.doctors.is_empty()
        && tables.departments.is_empty()
        && tables.beds.is_empty()
}

/// The tables that belong to a report.
pub fn sheets(name: Name, tables: &Tables) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    let is = |table: Name| name == table || name == Name::Overview;
    if is(Name::Day) {
        let rows = tables.days.iter().map(|(day, of)| (vec![text(day)], of)).collect();
        let total = sum(tables.days.values());
        sheets.push(sheet("days", "Days", &[("day", Some("Day"))], FIGURES, rows, &total));
    }
    if is(Name::Department) {
        let rows =
            tables.departments.iter().map(|(department, of)| (vec![Cell::Text(department.clone())], of));
        let total = sum(tables.departments.values());
        let names = [("department", Some("Department"))];
        sheets.push(sheet("departments", "Departments", &names, FIGURES, rows.collect(), &total));
    }
    if is(Name::Doctor) {
        let rows = tables.doctors.iter().map(|(id, row)| {
            let doctor = &row.doctor;
            let names = vec![
                Cell::Count(*id),
                Cell::Text(doctor.name.clone()),
                Cell::Text(doctor.department.clone()),
            ];
            (names, &row.figures)
        });
        let total = sum(tables.doctors.values().map(|row| &row.figures));
        let names = [("doctor_id", None), ("doctor", Some("Doctor")), ("department", Some("Department"))];
        sheets.push(sheet("doctors", "Doctors", &names, FIGURES, rows.collect(), &total));
    }
    if is(Name::Beds) {
        let rows = tables.beds.iter().map(|((day, ward_id), ward)| {
            let names = vec![text(day), Cell::Count(*ward_id), text(&ward.number), text(&ward.name)];
            (names, &ward.figures)
        });
        let names =
            [("day", Some("Day")), ("ward_id", None), ("number", Some("Number")), ("ward", Some("Ward"))];
        sheets.push(sheet("beds", "Beds", &names, BEDS, rows.collect(), &sum_beds(tables)));
    }
    sheets
}
