//! `patient.*`: who a patient is, and how to reach them.

use super::field::{Date, Id, Limit, Line, Name, PhoneNumber, Reason, RequestId};
use super::mask::{IdCard, Phone, Shown};
use super::problem::{Code, Problem};
use super::{Call, Detail, Kind, Method, Said, Subject, Whom, cut};
use crate::service::audit::Action;
use crate::service::patient::{self, Basics, Field, NothingToChange, Search};
use crate::service::time::Now;
use crate::service::{Failure, access, account};
use crate::store::{Transaction, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A patient. An id card and a phone number are masked unless the call has asked for the whole.
#[derive(Serialize, JsonSchema)]
pub struct Patient {
    pub patient_id: i64,
    pub name: String,
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    pub id_card: Option<IdCard>,
    pub phone: Option<Phone>,
    pub email: Option<String>,
}

impl Patient {
    fn of(basics: &Basics<'_>, shown: Shown) -> Patient {
        Patient {
            patient_id: basics.patient_id,
            name: basics.name.to_owned(),
            birth_date: basics.birth_date.map(str::to_owned),
            id_card: basics.id_card.map(|card| IdCard::new(card, shown)),
            phone: basics.phone.map(|phone| Phone::new(phone, shown)),
            email: basics.email.map(str::to_owned),
        }
    }
}

pub struct GetPatient;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetPatientParams {
    pub patient_id: Id,
    /// Shows id card and phone number as they are; this is recorded.
    #[serde(default)]
    pub unmask: bool,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
}

impl Method for GetPatient {
    const NAME: &'static str = "patient.get";
    const SUMMARY: &'static str = "Tells who a patient is, and how to reach them.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::ReasonRequired];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = GetPatientParams;
    type Outcome = Patient;

    fn run(
        params: GetPatientParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Patient, Problem> {
        let shown = if params.unmask { Shown::Whole } else { Shown::Masked };
        if params.unmask {
            call.note.detail = Some(Detail::Unmasked);
        }
        patient::by_id(transaction, params.patient_id.0, |basics| Patient::of(basics, shown))?
            .ok_or_else(|| Problem::not_found("patient"))
    }
}

pub struct SearchPatients;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchPatientsParams {
    /// The beginning of a name. One of name, phone and id_card is given.
    #[serde(default)]
    pub name: Option<Name>,
    /// A whole phone number.
    #[serde(default)]
    pub phone: Option<Line<32>>,
    /// A whole id card number.
    #[serde(default)]
    pub id_card: Option<Line<32>>,
    /// Why, where the caller needs a reason.
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub limit: Limit,
    /// The next_cursor of the page before.
    #[serde(default)]
    pub cursor: Option<Id>,
}

/// As much of a patient as one needs to tell them from others of the same name.
#[derive(Serialize, JsonSchema)]
pub struct FoundPatient {
    pub patient_id: i64,
    pub name: String,
    pub birth_year: Option<String>,
    pub id_card: Option<IdCard>,
    pub phone: Option<Phone>,
}

impl FoundPatient {
    fn of(basics: &Basics<'_>) -> FoundPatient {
        FoundPatient {
            patient_id: basics.patient_id,
            name: basics.name.to_owned(),
            birth_year: basics.birth_date.and_then(|date| date.get(..4)).map(str::to_owned),
            id_card: basics.id_card.map(|card| IdCard::new(card, Shown::Masked)),
            phone: basics.phone.map(|phone| Phone::new(phone, Shown::Masked)),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub struct PatientList {
    pub items: Vec<FoundPatient>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<i64>,
}

impl Method for SearchPatients {
    const NAME: &'static str = "patient.search";
    const SUMMARY: &'static str =
        "Finds patients by the beginning of their name, or by phone number or id card.";
    const KIND: Kind = Kind::ReadPatient;
    const ERRORS: &'static [Code] = &[Code::ReasonRequired];
    const REASON: Said<Self> = |params| params.reason.as_deref();
    type Params = SearchPatientsParams;
    type Outcome = PatientList;

    fn run(
        params: SearchPatientsParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<PatientList, Problem> {
        (call.note.entity, call.note.detail) = ("patient", Some(Detail::Search));
        let search = match (&params.name, &params.phone, &params.id_card) {
            (Some(name), None, None) => Search::NamePrefix(name),
            (None, Some(phone), None) => Search::Phone(phone),
            (None, None, Some(id_card)) => Search::IdCard(id_card),
            _ => return Err(Problem::invalid("name", "give one of `name`, `phone` and `id_card`")),
        };
        let (after, limit) = (params.cursor.map(|Id(id)| id), i64::from(params.limit.0));
        let mut items = Vec::new();
        patient::search(transaction, search, after, limit + 1, |basics| {
            items.push(FoundPatient::of(basics));
        })?;
        let next_cursor = cut(&mut items, params.limit, |item| item.patient_id);
        Ok(PatientList { items, next_cursor })
    }
}

/// The day on which a patient was born, which is never later than today.
pub(super) fn birth_date<'a>(given: Option<&'a Date>, now: &Now) -> Result<Option<&'a str>, Problem> {
    match given.map(|date| &**date) {
        Some(day) if day > now.day() => Err(Problem::invalid("birth_date", "must not be later than today")),
        other => Ok(other),
    }
}

pub struct UpdatePatient;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePatientParams {
    pub patient_id: Id,
    /// The name of the person.
    #[serde(default)]
    pub name: Option<Name>,
    /// A day, YYYY-MM-DD, not later than today.
    #[serde(default)]
    pub birth_date: Option<Date>,
    #[serde(default)]
    pub id_card: Option<Line<32>>,
    /// Up to 20 digits, with or without + before them. Becomes the username, too.
    #[serde(default)]
    pub phone: Option<PhoneNumber>,
    #[serde(default)]
    pub email: Option<Line<254>>,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

impl Method for UpdatePatient {
    const NAME: &'static str = "patient.update";
    const SUMMARY: &'static str = "Changes who a patient is, or how to reach them.";
    const KIND: Kind = Kind::Write(Action::Update);
    const ERRORS: &'static [Code] =
        &[Code::NotFound, Code::NothingToChange, Code::UsernameTaken, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = UpdatePatientParams;
    type Outcome = Patient;

    fn run(
        params: UpdatePatientParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<Patient, Problem> {
        let patient_id = params.patient_id.0;
        let username = account::by_id(transaction, patient_id, |account| account.username.to_owned())?;
        let is_patient = patient::by_id(transaction, patient_id, |_| ())?.is_some();
        let (Some(username), true) = (username, is_patient) else {
            return Err(Problem::not_found("patient"));
        };
        let given = [
            (Field::Name, params.name.as_deref()),
            (Field::BirthDate, birth_date(params.birth_date.as_ref(), call.now)?),
            (Field::IdCard, params.id_card.as_deref()),
            (Field::Phone, params.phone.as_deref()),
            (Field::Email, params.email.as_deref()),
        ];
        if let Some(phone) = params.phone.as_deref() {
            if account::find(transaction, phone)?.is_some_and(|owner| owner != patient_id) {
                return Err(Problem::refused(
                    Code::UsernameTaken,
                    "another account has this phone number as its name",
                ));
            }
            call.desk.remembered.forget(&username);
            call.accounts_changed = true;
        }
        let changes: Vec<(Field, Value<'_>)> =
            given.into_iter().filter_map(|(field, text)| Some((field, Value::Text(text?)))).collect();
        patient::update(transaction, patient_id, &changes).map_err(|failure| match failure {
            Failure::Refused(NothingToChange) => {
                Problem::refused(Code::NothingToChange, "name at least one thing to change")
            }
            Failure::Fault(fault) => fault.into(),
        })?;
        patient::by_id(transaction, patient_id, |basics| Patient::of(basics, Shown::Masked))?
            .ok_or_else(|| Problem::not_found("patient"))
    }
}

pub struct BreakGlass;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakGlassParams {
    pub patient_id: Id,
    /// Why; it is recorded.
    pub reason: Reason,
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

#[derive(Serialize, JsonSchema)]
pub struct BrokenGlass {
    pub patient_id: i64,
    /// Until when the patient's data can be seen, in milliseconds since 1970, UTC.
    pub expires_at_ms: i64,
}

impl Method for BreakGlass {
    const NAME: &'static str = "patient.break_glass";
    const SUMMARY: &'static str =
        "Lets a doctor see a patient whom they do not treat, for an hour; it is recorded and looked into.";
    const KIND: Kind = Kind::Write(Action::Execute);
    const ERRORS: &'static [Code] = &[Code::NotFound, Code::RequestIdReused];
    const SUBJECT: Whom<Self> = |params, _, _| Ok(Subject::Patient(params.patient_id.0));
    const REASON: Said<Self> = |params| Some(&params.reason);
    const REQUEST_ID: Said<Self> = |params| params.request_id.as_deref();
    type Params = BreakGlassParams;
    type Outcome = BrokenGlass;

    fn run(
        params: BreakGlassParams,
        call: &mut Call<'_>,
        transaction: &Transaction<'_>,
    ) -> Result<BrokenGlass, Problem> {
        call.note.detail = Some(Detail::BreakGlass);
        let (user_id, patient_id) = (call.actor()?.user_id, params.patient_id.0);
        if patient::by_id(transaction, patient_id, |_| ())?.is_none() {
            return Err(Problem::not_found("patient"));
        }
        let expires_at_ms = access::break_glass(transaction, user_id, patient_id, &params.reason, call.now)?;
        Ok(BrokenGlass { patient_id, expires_at_ms })
    }
}
