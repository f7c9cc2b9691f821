//! `doctor.*`: the directory that everyone may read, and what a doctor's entry says.

use super::field::{Fee, Id, Limit, Line, Name, Notes, RequestId};
use super::problem::{Code, Problem};
use super::{Call, Kind, Method, Said, Subject, Whom, cut};
use crate::service::Failure;
use crate::service::audit::Action;
use crate::service::doctor::{self, Field, NothingToChange, Profile};
use crate::service::working_hours;
use crate::store::{Transaction, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// More than a doctor sees in a day.
const MAX_PATIENTS: i64 = 10_000;
const FEN_PER_YUAN: f64 = 100.0;

/// A doctor's entry.
#[derive(Serialize, JsonSchema)]
pub struct Doctor {
    pub doctor_id: i64,
    pub name: String,
    pub department: Option<String>,
    pub photo_path: Option<String>,
    /// How many patients a day, where no session says otherwise.
    pub max_patients: Option<i64>,
    /// The fee of a visit, in fen.
    pub fee_fen: Option<i64>,
    /// Working hours by weekday, as JSON.
    pub work_schedule: Option<String>,
    pub is_available: bool,
}

impl Doctor {
    fn of(profile: &Profile<'_>) -> Doctor {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float beyond the integers becomes the last of them"
        )]
        let fee_fen = profile.fee.map(|yuan| (yuan * FEN_PER_YUAN).round() as i64);
        Doctor {
            doctor_id: profile.doctor_id,
            name: profile.name.to_owned(),
            department: profile.department.map(str::to_owned),
            photo_path: profile.photo_path.map(str::to_owned),
            max_patients: profile.max_patients,
            fee_fen,
            work_schedule: profile.work_schedule.map(str::to_owned),
            is_available: profile.is_available,
        }
    }
}

pub struct GetDoctor;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetDoctorParams {
    pub doctor_id: Id,
}

fn found(transaction: &Transaction<'_>, Id(doctor_id): Id) -> Result<Doctor, Problem> {
    doctor::by_id(transaction, doctor_id, Doctor::of)?.ok_or_else(|| Problem::not_found("doctor"))
}

impl Method for GetDoctor {
    const NAME: &'static str = "doctor.get";
    const SUMMARY: &'static str = "Gives a doctor's entry.";
    const KIND: Kind = Kind::Read;
    const ERRORS: &'static [Code] = &[Code::NotFound];
    type Params = GetDoctorParams;
    type Outcome = Doctor;

    fn run(
        params: GetDoctorParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Doctor, Problem> {
        found(transaction, params.doctor_id)
    }
}

pub struct ListDoctors;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListDoctorsParams {
    /// Only those of this department.
    #[serde(default)]
    pub department: Option<Line<64>>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

#[derive(Serialize, JsonSchema)]
pub struct DoctorList {
    pub items: Vec<Doctor>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for ListDoctors {
    const NAME: &'static str = "doctor.list";
    const SUMMARY: &'static str = "Lists doctors in the order of their ids.";
    const KIND: Kind = Kind::Read;
    type Params = ListDoctorsParams;
    type Outcome = DoctorList;

    fn run(
        params: ListDoctorsParams,
        _: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<DoctorList, Problem> {
        let (after, limit) = (params.cursor.map_or(0, |Id(id)| id), i64::from(params.limit.0));
        let mut items = Vec::new();
        doctor::list(transaction, params.department.as_deref(), after, limit + 1, |profile| {
            items.push(Doctor::of(profile));
        })?;
        let next_cursor = cut(&mut items, params.limit, |item| item.doctor_id);
        Ok(DoctorList { items, next_cursor })
    }
}

pub struct UpdateDoctor;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateDoctorParams {
    pub doctor_id: Id,
    /// The name of the person.
    #[serde(default)]
    pub name: Option<Name>,
    #[serde(default)]
    pub department: Option<Line<64>>,
    #[serde(default)]
    pub photo_path: Option<Line<255>>,
    /// How many patients a day.
    #[serde(default)]
    pub max_patients: Option<i64>,
    /// The fee of a visit, in fen.
    #[serde(default)]
    pub fee_fen: Option<Fee>,
    /// Working hours by weekday, as JSON: an object such as `{"monday": "8:00-17:00"}`.
    #[serde(default)]
    pub work_schedule: Option<Notes<4096>>,
    #[serde(default)]
    pub is_available: Option<bool>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl UpdateDoctorParams {
    fn changes(&self) -> Result<Vec<(Field, Value<'_>)>, Problem> {
        let within = |name: &str, value: Option<i64>, max: i64| match value {
            Some(number) if !(0..=max).contains(&number) => {
                Err(Problem::invalid(name, format!("must be a whole number from 0 to {max}")))
            }
            other => Ok(other),
        };
        if self.work_schedule.as_deref().is_some_and(|schedule| working_hours::check(schedule).is_err()) {
            let example = r#"{"monday": "8:00-17:00"}"#;
            let message = format!("must be JSON of weekdays and hours, such as {example}");
            return Err(Problem::invalid("work_schedule", message));
        }
        let max_patients = within("max_patients", self.max_patients, MAX_PATIENTS)?;
        #[expect(clippy::cast_precision_loss, reason = "the old schema keeps yuan as a float")]
        let fee = self.fee_fen.map(|Fee(fen)| Value::Real(fen as f64 / FEN_PER_YUAN));
        let given = [
            (Field::Name, self.name.as_deref().map(Value::Text)),
            (Field::Department, self.department.as_deref().map(Value::Text)),
            (Field::PhotoPath, self.photo_path.as_deref().map(Value::Text)),
            (Field::MaxPatients, max_patients.map(Value::Integer)),
            (Field::Fee, fee),
            (Field::WorkSchedule, self.work_schedule.as_deref().map(Value::Text)),
            (Field::IsAvailable, self.is_available.map(|flag| Value::Integer(i64::from(flag)))),
        ];
        Ok(given.into_iter().filter_map(|(field, value)| Some((field, value?))).collect())
    }
}

impl Method for UpdateDoctor {
    const NAME: &'static str = "doctor.update";
    const SUMMARY: &'static str = "Changes a doctor's entry.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::NothingToChange, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Doctor(params.doctor_id.0));
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = UpdateDoctorParams;
    type Outcome = Doctor;

    fn run(
        params: UpdateDoctorParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Doctor, Problem> {
        found(transaction, params.doctor_id)?;
        doctor::update(transaction, params.doctor_id.0, &params.changes()?, call.memory).map_err(
            |failure| match failure {
                Failure::Refused(NothingToChange) => {
                    Problem::refused(Code::NothingToChange, "name at least one thing to change")
                }
                Failure::Fault(fault) => fault.into(),
            },
        )?;
        found(transaction, params.doctor_id)
    }
}
