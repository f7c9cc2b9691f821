//! Owns a request with holes, and the filling of the holes.
//!
//! It never chooses who or what fills them. Invariant: what is rendered is the JSON that was parsed, but for
//! the holes, and rendering allocates nothing once its buffer has grown.

use crate::booking::Time;
use crate::population::Population;
use serde_json::Value;
use std::io::Write;

/// What a hole is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hole {
    PatientPhone,
    PatientName,
    PatientId,
    Password,
    DoctorName,
    DoctorId,
    Time,
    AppointmentId,
    SessionId,
}

const HOLES: [(&str, Hole); 9] = [
    ("{patient_phone}", Hole::PatientPhone),
    ("{patient_name}", Hole::PatientName),
    ("{patient_id}", Hole::PatientId),
    ("{password}", Hole::Password),
    ("{doctor_name}", Hole::DoctorName),
    ("{doctor_id}", Hole::DoctorId),
    ("{time}", Hole::Time),
    ("{appointment_id}", Hole::AppointmentId),
    ("{session_id}", Hole::SessionId),
];

/// Those for a number stand in a string, since JSON has no other place for them.
const NUMBERS: [&str; 4] = ["{patient_id}", "{doctor_id}", "{appointment_id}", "{session_id}"];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Text(Vec<u8>),
    Hole(Hole),
}

/// Who and what a request is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filling<'a> {
    pub(crate) population: &'a Population,
    pub(crate) patient: u64,
    pub(crate) doctor: u64,
    pub(crate) time: Option<Time>,
    pub(crate) appointment_id: u64,
    /// By its index.
    pub(crate) session: u64,
}

/// A request with holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    segments: Vec<Segment>,
}

/// A word in braces that fills nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no placeholder: known are {known}", known = HOLES.map(|(text, _)| text).join(", "))]
pub struct UnknownPlaceholder(String);

impl Template {
    /// A request that is the same each time.
    pub(crate) fn fixed(data: &[u8]) -> Template {
        Template { segments: vec![Segment::Text(data.to_owned())] }
    }

    pub(crate) fn parse(request: &Value) -> Result<Template, UnknownPlaceholder> {
        let text = NUMBERS
            .iter()
            .fold(request.to_string(), |text, number| text.replace(&format!("\"{number}\""), number));
        let mut segments = Vec::new();
        let mut rest = text.as_str();
        while let Some((at, written, hole)) = first_hole(rest) {
            let (before, after) = rest.split_at(at);
            segments.push(Segment::Text(before.as_bytes().to_owned()));
            segments.push(Segment::Hole(hole));
            rest = after.get(written.len()..).unwrap_or_default();
        }
        segments.push(Segment::Text(rest.as_bytes().to_owned()));
        for segment in &segments {
            if let Segment::Text(text) = segment
                && let Some(word) = word_in_braces(&String::from_utf8_lossy(text))
            {
                return Err(UnknownPlaceholder(word));
            }
        }
        Ok(Template { segments })
    }

    /// Whether it is about a time, and so takes a free place.
    pub(crate) fn has_time(&self) -> bool {
        self.has(Hole::Time)
    }

    /// Whether it is about a session, and so takes a place in it.
    pub(crate) fn has_session(&self) -> bool {
        self.has(Hole::SessionId)
    }

    /// Whether it is about an appointment that was booked earlier.
    pub(crate) fn has_appointment_id(&self) -> bool {
        self.has(Hole::AppointmentId)
    }

    fn has(&self, hole: Hole) -> bool {
        self.segments.contains(&Segment::Hole(hole))
    }

    /// Appends the request to `output`.
    pub(crate) fn render(&self, filling: &Filling<'_>, output: &mut Vec<u8>) {
        let population = filling.population;
        for segment in &self.segments {
            match segment {
                Segment::Text(text) => output.extend_from_slice(text),
                Segment::Hole(Hole::PatientPhone) => population.write_phone(filling.patient, output),
                Segment::Hole(Hole::PatientName) => population.write_patient_name(filling.patient, output),
                Segment::Hole(Hole::PatientId) => {
                    write_number(population.patient_id(filling.patient), output)
                }
                Segment::Hole(Hole::Password) => population.write_password(filling.patient, output),
                Segment::Hole(Hole::DoctorId) => write_number(population.doctor_id(filling.doctor), output),
                Segment::Hole(Hole::DoctorName) => population.write_doctor_name(filling.doctor, output),
                Segment::Hole(Hole::Time) => {
                    if let Some(time) = filling.time {
                        time.write(output);
                    }
                }
                Segment::Hole(Hole::AppointmentId) => write_number(filling.appointment_id, output),
                Segment::Hole(Hole::SessionId) => {
                    write_number(population.session_id(filling.session), output)
                }
            }
        }
    }
}

fn write_number(number: u64, output: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = write!(output, "{number}");
}

fn first_hole(text: &str) -> Option<(usize, &'static str, Hole)> {
    HOLES
        .iter()
        .filter_map(|(written, hole)| Some((text.find(written)?, *written, *hole)))
        .min_by_key(|found| found.0)
}

/// The first `{word}`; an object in JSON never looks like that, since its names are quoted.
fn word_in_braces(text: &str) -> Option<String> {
    text.match_indices('{').find_map(|(at, _)| {
        let (word, _) = text.get(at + 1..)?.split_once('}')?;
        let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        is_word.then(|| format!("{{{word}}}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::Bookings;
    use serde_json::json;

    fn rendered(request: &Value) -> String {
        let population = Population::Demo;
        let booking = Bookings::new(&population, 1).next();
        let filling = Filling {
            population: &population,
            patient: 0,
            doctor: 1,
            time: Some(booking.time),
            appointment_id: 42,
            session: 0,
        };
        let mut output = Vec::new();
        Template::parse(request).unwrap().render(&filling, &mut output);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn holes_are_filled_and_the_rest_is_kept() {
        assert_eq!(
            rendered(
                &json!({"a": true, "who": "{patient_phone}/{patient_name}", "b": "{doctor_name}", "c": {}})
            ),
            r#"{"a":true,"who":"13800138000/张三","b":"刘医生","c":{}}"#
        );
        let with_time: Value = serde_json::from_str(&rendered(&json!({"time": "{time}"}))).unwrap();
        assert_eq!(with_time["time"].as_str().unwrap().len(), 19);
    }

    #[test]
    fn an_id_is_a_number_where_it_stands_alone() {
        assert_eq!(rendered(&json!({"id": "{appointment_id}"})), r#"{"id":42}"#);
        assert_eq!(rendered(&json!({"id": "no. {appointment_id}"})), r#"{"id":"no. 42"}"#);
        assert_eq!(
            rendered(&json!({"params": {"doctor_id": "{doctor_id}", "ids": ["{patient_id}"]}})),
            r#"{"params":{"doctor_id":5,"ids":[1]}}"#
        );
        assert_eq!(rendered(&json!({"session_id": "{session_id}"})), r#"{"session_id":0}"#);
        assert_eq!(rendered(&json!({"password": "{password}"})), r#"{"password":"hash_patient1"}"#);
    }

    #[test]
    fn a_placeholder_that_fills_nothing_is_told() {
        let error = Template::parse(&json!({"a": "{patient}"})).unwrap_err();
        assert!(error.to_string().starts_with("{patient} is no placeholder"), "{error}");
        assert!(Template::parse(&json!({"sql": "{not a word} {}"})).is_ok());
    }
}
