//! Owns who exists: the ids, phones, names and passwords of patients and doctors, by their index.
//!
//! It never knows a request or a database. Invariant: an index always has the same names, so that a run
//! asks for the very people that `--prepare` stored.

use std::fmt;
use std::str::FromStr;

/// Phones have eight digits after their prefix.
pub const PATIENTS_MAX: u64 = 100_000_000;
pub const DOCTORS_MAX: u64 = 1_000_000;
pub const SESSIONS_MAX: u64 = 10_000_000;
/// What everyone whom `--prepare` stored can log in with.
pub const PREPARED_PASSWORD: &str = "loadtest";
/// The account that `--prepare` stores for those who may read any patient's data.
pub const PREPARED_CLERK: &str = "loadtest-clerk";

const DEMO_PATIENTS: [(&str, &str, &str); 3] = [
    ("张三", "13800138000", "hash_patient1"),
    ("李四", "13900139000", "hash_patient2"),
    ("王五", "15800158000", "hash_patient3"),
];
/// Ids are added up; no file has one that is larger.
const FIRST_ID_MAX: u64 = 1 << 48;
const DEMO_DOCTORS: [&str; 3] = ["王医生", "刘医生", "陈医生"];

/// Whom requests may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Population {
    /// The sample people of `medsrv start --demo`.
    #[default]
    Demo,
    /// Those whom `--prepare` stored.
    Prepared {
        patients: u64,
        doctors: u64,
        /// That of the first patient; the others' follow, and then the doctors'.
        first_id: u64,
        /// Sessions that can be booked.
        sessions: u64,
        /// That of the first of them; the others' follow.
        first_session_id: u64,
    },
}

impl Population {
    /// Those whom `--prepare` stored in a file that had nobody in it.
    pub const fn prepared(patients: u64, doctors: u64) -> Population {
        Population::Prepared { patients, doctors, first_id: 1, sessions: 0, first_session_id: 1 }
    }

    /// The same people, and so many sessions of their doctors, where the file had none before.
    #[must_use]
    pub const fn with_sessions(self, sessions: u64) -> Population {
        match self {
            Population::Demo => self,
            Population::Prepared { patients, doctors, first_id, first_session_id, .. } => {
                Population::Prepared { patients, doctors, first_id, sessions, first_session_id }
            }
        }
    }

    pub fn patients(&self) -> u64 {
        match self {
            Population::Demo => DEMO_PATIENTS.len() as u64,
            Population::Prepared { patients, .. } => *patients,
        }
    }

    pub fn doctors(&self) -> u64 {
        match self {
            Population::Demo => DEMO_DOCTORS.len() as u64,
            Population::Prepared { doctors, .. } => *doctors,
        }
    }

    /// Sessions that can be booked.
    pub fn sessions(&self) -> u64 {
        match self {
            Population::Demo => 0,
            Population::Prepared { sessions, .. } => *sessions,
        }
    }

    pub(crate) fn session_id(&self, index: u64) -> u64 {
        match self {
            Population::Demo => 0,
            Population::Prepared { first_session_id, .. } => first_session_id + index,
        }
    }

    fn first_id(&self) -> u64 {
        match self {
            Population::Demo => 1,
            Population::Prepared { first_id, .. } => *first_id,
        }
    }

    pub(crate) fn patient_id(&self, index: u64) -> u64 {
        self.first_id() + index
    }

    pub(crate) fn doctor_id(&self, index: u64) -> u64 {
        self.first_id() + self.patients() + index
    }

    /// A patient's phone, which is also the username.
    pub(crate) fn write_phone(&self, index: u64, output: &mut Vec<u8>) {
        match self {
            Population::Demo => output.extend_from_slice(demo_patient(index).1.as_bytes()),
            Population::Prepared { .. } => {
                output.extend_from_slice(b"166");
                write_digits(index, 8, output);
            }
        }
    }

    pub(crate) fn write_patient_name(&self, index: u64, output: &mut Vec<u8>) {
        match self {
            Population::Demo => output.extend_from_slice(demo_patient(index).0.as_bytes()),
            Population::Prepared { .. } => {
                output.extend_from_slice("测试患者".as_bytes());
                write_digits(index, 8, output);
            }
        }
    }

    pub(crate) fn write_password(&self, index: u64, output: &mut Vec<u8>) {
        let password = match self {
            Population::Demo => demo_patient(index).2,
            Population::Prepared { .. } => PREPARED_PASSWORD,
        };
        output.extend_from_slice(password.as_bytes());
    }

    pub(crate) fn write_doctor_name(&self, index: u64, output: &mut Vec<u8>) {
        match self {
            Population::Demo => {
                let name = usize::try_from(index).ok().and_then(|index| DEMO_DOCTORS.get(index));
                output.extend_from_slice(name.copied().unwrap_or_default().as_bytes());
            }
            Population::Prepared { .. } => {
                output.extend_from_slice("测试医生".as_bytes());
                write_digits(index, 6, output);
            }
        }
    }
}

fn demo_patient(index: u64) -> (&'static str, &'static str, &'static str) {
    usize::try_from(index).ok().and_then(|index| DEMO_PATIENTS.get(index)).copied().unwrap_or_default()
}

/// Appends `number` with leading zeros, without allocating.
pub(crate) fn write_digits(number: u64, width: u32, output: &mut Vec<u8>) {
    let mut power = 10_u64.saturating_pow(width.saturating_sub(1));
    while power > 0 {
        output.push(b'0' + u8::try_from(number / power % 10).unwrap_or(0));
        power /= 10;
    }
}

/// A population that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no population: write demo, or prepared:patients=100000,doctors=1000")]
pub struct PopulationError(String);

impl FromStr for Population {
    type Err = PopulationError;

    fn from_str(text: &str) -> Result<Population, PopulationError> {
        let wrong = || PopulationError(text.to_owned());
        if text == "demo" {
            return Ok(Population::Demo);
        }
        let counts = text.strip_prefix("prepared:").ok_or_else(wrong)?;
        let (mut patients, mut doctors, mut first_id) = (None, None, Some(1));
        let (mut sessions, mut first_session_id) = (Some(0), Some(1));
        for part in counts.split(',') {
            match part.split_once('=').ok_or_else(wrong)? {
                ("patients", count) => patients = count.parse().ok(),
                ("doctors", count) => doctors = count.parse().ok(),
                ("first_id", id) => first_id = id.parse().ok(),
                ("sessions", count) => sessions = count.parse().ok(),
                ("first_session_id", id) => first_session_id = id.parse().ok(),
                // What --prepare is given can be given here, whole.
                ("appointments", _) => {}
                _ => return Err(wrong()),
            }
        }
        match (patients, doctors, first_id, sessions, first_session_id) {
            (
                Some(patients @ 1..=PATIENTS_MAX),
                Some(doctors @ 1..=DOCTORS_MAX),
                Some(first_id @ 1..=FIRST_ID_MAX),
                Some(sessions @ 0..=SESSIONS_MAX),
                Some(first_session_id @ 1..=FIRST_ID_MAX),
            ) => Ok(Population::Prepared { patients, doctors, first_id, sessions, first_session_id }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Population {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Population::Demo => formatter.write_str("demo"),
            Population::Prepared { patients, doctors, first_id, sessions, first_session_id } => {
                write!(formatter, "prepared:patients={patients},doctors={doctors}")?;
                for (name, number, default) in [
                    ("first_id", first_id, 1),
                    ("sessions", sessions, 0),
                    ("first_session_id", first_session_id, 1),
                ] {
                    if *number != default {
                        write!(formatter, ",{name}={number}")?;
                    }
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut output = Vec::new();
        write(&mut output);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn an_index_has_a_name() {
        let prepared = Population::prepared(10, 2);
        let later =
            Population::Prepared { patients: 10, doctors: 2, first_id: 7, sessions: 4, first_session_id: 3 };
        assert_eq!((later.sessions(), later.session_id(3), prepared.sessions()), (4, 6, 0));
        assert_eq!(prepared.with_sessions(4).session_id(0), 1);
        assert_eq!((prepared.patient_id(0), prepared.doctor_id(1)), (1, 12));
        assert_eq!((later.patient_id(9), later.doctor_id(0)), (16, 17));
        assert_eq!((Population::Demo.patient_id(2), Population::Demo.doctor_id(0)), (3, 4));
        assert_eq!(written(|output| prepared.write_password(7, output)), PREPARED_PASSWORD);
        assert_eq!(written(|output| Population::Demo.write_password(1, output)), "hash_patient2");
        assert_eq!(written(|output| prepared.write_phone(7, output)), "16600000007");
        assert_eq!(written(|output| prepared.write_patient_name(7, output)), "测试患者00000007");
        assert_eq!(written(|output| prepared.write_doctor_name(1, output)), "测试医生000001");
        assert_eq!(written(|output| Population::Demo.write_phone(1, output)), "13900139000");
        assert_eq!(written(|output| Population::Demo.write_doctor_name(2, output)), "陈医生");
    }

    #[test]
    fn populations_are_read_and_written() {
        for text in [
            "demo",
            "prepared:patients=5,doctors=2",
            "prepared:patients=5,doctors=2,first_id=7",
            "prepared:patients=5,doctors=2,sessions=8",
            "prepared:patients=5,doctors=2,first_id=7,sessions=8,first_session_id=9",
        ] {
            assert_eq!(text.parse::<Population>().unwrap().to_string(), text);
        }
        assert_eq!("prepared:patients=5,doctors=2,appointments=9".parse(), Ok(Population::prepared(5, 2)));
        for text in [
            "",
            "all",
            "prepared:",
            "prepared:patients=5",
            "prepared:patients=0,doctors=1",
            "prepared:patients=1,doctors=1,first_id=0",
        ] {
            assert!(text.parse::<Population>().is_err(), "{text}");
        }
    }
}
