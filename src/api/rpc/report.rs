//! `report.get`: what came of a clinic's days, in figures.
//!
//! It never knows how a figure is counted. Invariants: a call reads so many rows and no more, and says where the
//! next one goes on; rows of two pages that name the same thing add up, with their distributions.

use super::cursor::{self, Cursor};
use super::field::{Date, Id, choice};
use super::problem::{Code, Problem};
use super::{Call, Detail, Kind, Method, REPORT, Subject, Whom};
use crate::service::access::Role;
use crate::service::doctor;
use crate::service::report::{
    self, BedFigures, Distribution, Figures, OfDoctor, OfWard, Place, Places, Tables,
};
use crate::store::Transaction;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// So many rows a call reads at the most, which takes a millisecond or three.
const WORK_MAX: i64 = 300;

pub struct GetReport;

choice! {
    /// What a report is about: a row a day, a row a doctor, a row a department, a row a ward and day, or all of them.
    pub enum ReportName of report::Name {
        Day,
        Doctor,
        Department,
        Beds,
        Overview,
    }
}

impl cursor::Written for Place {
    fn written(&self) -> String {
        self.text()
    }

    fn parsed(text: &str) -> Option<Place> {
        Place::parse(text)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportParams {
    /// Whose rows: of days, doctors, departments, wards, or all of them.
    pub name: ReportName,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// Only this doctor's figures, among which are no beds; not with the name beds. A doctor has their own without
    /// saying so.
    #[serde(default)]
    pub doctor_id: Option<Id>,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Cursor<Place>>,
}

/// How often a length of time came.
#[derive(Serialize, JsonSchema)]
pub struct Came {
    pub length: f64,
    pub count: u64,
}

/// Figures of appointments and sessions; docs/reports.md has the formula of each. Rates and utilisation are parts
/// of 1, lengths of time are minutes, to a tenth. What cannot be given is null.
#[derive(Serialize, JsonSchema)]
pub struct ReportRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doctor_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doctor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    pub booked: i64,
    pub attended: i64,
    pub completed: i64,
    pub cancelled: i64,
    pub cancel_rate: Option<f64>,
    pub cancelled_by_patient: i64,
    pub cancelled_by_doctor: i64,
    pub cancelled_by_staff: i64,
    /// With sessions that the hospital has called off, as for a leave.
    pub cancelled_by_hospital: i64,
    pub cancelled_by_system: i64,
    pub no_shows: i64,
    pub no_show_rate: Option<f64>,
    pub left_unseen: i64,
    pub still_waiting: i64,
    pub waiting_p50_min: Option<f64>,
    pub waiting_p90_min: Option<f64>,
    pub consultation_p50_min: Option<f64>,
    pub consultation_p90_min: Option<f64>,
    pub sessions: i64,
    pub sessions_stopped: i64,
    pub places: ReportPlaces,
    pub online: ReportPlaces,
    pub onsite: ReportPlaces,
    pub addon: ReportPlaces,
    pub follow_ups: i64,
    pub paid_fen: i64,
    pub unpaid_fen: i64,
    pub refundable_fen: i64,
    pub old_booked: i64,
    pub old_completed: i64,
    pub old_cancelled: i64,
    /// Each waiting time that came; percentiles over several rows are found by adding these.
    pub waiting: Vec<Came>,
    /// The same of consultations.
    pub consultation: Vec<Came>,
}

/// Places of sessions that took place, or are to.
#[derive(Serialize, JsonSchema)]
pub struct ReportPlaces {
    pub capacity: i64,
    pub taken: i64,
    pub utilisation: Option<f64>,
}

/// Figures of a ward's beds on a day; occupancy is a part of 1, lengths of stays are days, to a tenth.
#[derive(Serialize, JsonSchema)]
pub struct BedRow {
    pub day: String,
    pub ward_id: i64,
    pub number: String,
    pub ward: String,
    pub beds: i64,
    pub bed_ms: i64,
    pub occupied_ms: i64,
    pub occupancy: Option<f64>,
    pub discharged: i64,
    pub stay_p50_days: Option<f64>,
    pub stay_p90_days: Option<f64>,
    pub stay: Vec<Came>,
}

#[derive(Serialize, JsonSchema)]
pub struct ReportPage {
    pub days: Vec<ReportRow>,
    pub doctors: Vec<ReportRow>,
    pub departments: Vec<ReportRow>,
    pub beds: Vec<BedRow>,
    /// As of when those who wait still are counted, in milliseconds since 1970, UTC.
    pub as_of_ms: i64,
    /// Where the next page goes on; null at the end. The last row of a page and the first of the next may be about
    /// the same day, and each page has its own row of a doctor, a department or a ward and day.
    pub next_cursor: Option<String>,
}

fn came(distribution: &Distribution) -> Vec<Came> {
    distribution.counts().map(|(length, count)| Came { length, count }).collect()
}

impl From<Places> for ReportPlaces {
    fn from(places: Places) -> ReportPlaces {
        let Places { capacity, taken } = places;
        ReportPlaces { capacity, taken, utilisation: places.utilisation() }
    }
}

impl From<&Figures> for ReportRow {
    fn from(figures: &Figures) -> ReportRow {
        ReportRow {
            day: None,
            doctor_id: None,
            doctor: None,
            department: None,
            booked: figures.booked,
            attended: figures.attended,
            completed: figures.completed,
            cancelled: figures.cancelled,
            cancel_rate: figures.cancel_rate(),
            cancelled_by_patient: figures.cancelled_by_patient,
            cancelled_by_doctor: figures.cancelled_by_doctor,
            cancelled_by_staff: figures.cancelled_by_staff,
            cancelled_by_hospital: figures.cancelled_by_hospital,
            cancelled_by_system: figures.cancelled_by_system,
            no_shows: figures.no_shows,
            no_show_rate: figures.no_show_rate(),
            left_unseen: figures.left_unseen,
            still_waiting: figures.still_waiting,
            waiting_p50_min: figures.waiting.percentile(50),
            waiting_p90_min: figures.waiting.percentile(90),
            consultation_p50_min: figures.consultation.percentile(50),
            consultation_p90_min: figures.consultation.percentile(90),
            sessions: figures.sessions,
            sessions_stopped: figures.sessions_stopped,
            places: figures.places().into(),
            online: figures.online.into(),
            onsite: figures.onsite.into(),
            addon: figures.addon.into(),
            follow_ups: figures.follow_ups,
            paid_fen: figures.paid_fen,
            unpaid_fen: figures.unpaid_fen,
            refundable_fen: figures.refundable_fen,
            old_booked: figures.old_booked,
            old_completed: figures.old_completed,
            old_cancelled: figures.old_cancelled,
            waiting: came(&figures.waiting),
            consultation: came(&figures.consultation),
        }
    }
}

fn bed_row(day: String, ward_id: i64, OfWard { number, name, figures }: OfWard) -> BedRow {
    let BedFigures { beds, bed_ms, occupied_ms, discharged, stay } = &figures;
    BedRow {
        day,
        ward_id,
        number,
        ward: name,
        beds: *beds,
        bed_ms: *bed_ms,
        occupied_ms: *occupied_ms,
        occupancy: figures.occupancy(),
        discharged: *discharged,
        stay_p50_days: stay.percentile(50),
        stay_p90_days: stay.percentile(90),
        stay: came(stay),
    }
}

fn doctor_row(doctor_id: i64, OfDoctor { doctor, figures }: OfDoctor) -> ReportRow {
    ReportRow {
        doctor_id: Some(doctor_id),
        doctor: doctor.name,
        department: doctor.department,
        ..ReportRow::from(&figures)
    }
}

impl ReportPage {
    fn of(tables: Tables, as_of_ms: i64, next: Option<Place>) -> ReportPage {
        ReportPage {
            days: tables
                .days
                .into_iter()
                .map(|(day, figures)| ReportRow { day: Some(day), ..ReportRow::from(&figures) })
                .collect(),
            doctors: tables.doctors.into_iter().map(|(id, row)| doctor_row(id, row)).collect(),
            departments: tables
                .departments
                .into_iter()
                .map(|(department, figures)| ReportRow { department, ..ReportRow::from(&figures) })
                .collect(),
            beds: tables.beds.into_iter().map(|((day, ward_id), row)| bed_row(day, ward_id, row)).collect(),
            as_of_ms,
            next_cursor: next.as_ref().map(cursor::Written::written),
        }
    }
}

/// Whose figures are asked for: a doctor who names nobody asks for their own.
fn doctor_asked_for(params: &ReportParams, call: &Call<'_>) -> Option<i64> {
    match (params.doctor_id, call.opened.map(|opened| &opened.actor)) {
        (Some(Id(doctor_id)), _) => Some(doctor_id),
        (None, Some(actor)) if actor.role == Role::Doctor => Some(actor.user_id),
        (None, _) => None,
    }
}

impl Method for GetReport {
    const NAME: &'static str = "report.get";
    const SUMMARY: &'static str = "Counts appointments, waiting, places, fees and beds of days, page by page; a doctor gets their own figures.";
    // As one that is made on the machine, a report is in the trail, but for a doctor's own figures.
    const KIND: Kind = Kind::ReadPatient;
    const IS_LONG: bool = true;
    const ERRORS: &'static [Code] = &[Code::NotFound];
    const SUBJECT: Whom<Self> = |params, call, _| {
        // Beds are no doctor's own.
        let is_of_doctor = !matches!(params.name, ReportName::Beds);
        let asked_for = doctor_asked_for(params, call).filter(|_| is_of_doctor);
        Ok(asked_for.map_or(Subject::Nobody, Subject::Doctor))
    };
    type Params = ReportParams;
    type Outcome = ReportPage;

    fn run(
        params: ReportParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<ReportPage, Problem> {
        if *params.to < *params.from {
            return Err(Problem::invalid("to", "must not be before `from`"));
        }
        if matches!(params.name, ReportName::Beds) && params.doctor_id.is_some() {
            return Err(Problem::invalid(
                "doctor_id",
                "must be left out with beds, which are no doctor's own",
            ));
        }
        call.note.entity = REPORT;
        let name = report::Name::from(params.name);
        let days = format!("{} {} {}", name.word(), &*params.from, &*params.to);
        call.note.detail = Some(Detail::Report(days));
        let doctor_id = doctor_asked_for(&params, call);
        if let Some(doctor_id) = doctor_id
            && doctor::by_id(transaction, doctor_id, |_| ())?.is_none()
        {
            return Err(Problem::not_found("doctor"));
        }
        let request =
            report::Request { name, from: &params.from, to: &params.to, doctor_id, has_causes: false };
        let mut tables = Tables::default();
        let begin = params.cursor.map(|Cursor(place)| place);
        let next = report::read(transaction, &request, begin, WORK_MAX, call.now, &mut tables)?;
        Ok(ReportPage::of(tables, call.now.unix_ms, next))
    }
}
