//! Owns who exists: the phones and names of patients and doctors, by their index.
//!
//! It never knows a request or a database. Invariant: an index always has the same names, so that a run
//! asks for the very people that `--prepare` stored.

use std::fmt;
use std::str::FromStr;

/// Phones have eight digits after their prefix.
pub const PATIENTS_MAX: u64 = 100_000_000;
pub const DOCTORS_MAX: u64 = 1_000_000;

const DEMO_PATIENTS: [(&str, &str); 3] =
    [("张三", "13800138000"), ("李四", "13900139000"), ("王五", "15800158000")];
const DEMO_DOCTORS: [&str; 3] = ["王医生", "刘医生", "陈医生"];

/// Whom requests may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Population {
    /// The sample people of `medsrv start --demo`.
    #[default]
    Demo,
    /// Those whom `--prepare` stored.
    Prepared { patients: u64, doctors: u64 },
}

impl Population {
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

fn demo_patient(index: u64) -> (&'static str, &'static str) {
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
        let (mut patients, mut doctors) = (None, None);
        for part in counts.split(',') {
            match part.split_once('=').ok_or_else(wrong)? {
                ("patients", count) => patients = count.parse().ok(),
                ("doctors", count) => doctors = count.parse().ok(),
                // What --prepare is given can be given here, whole.
                ("appointments", _) => {}
                _ => return Err(wrong()),
            }
        }
        match (patients, doctors) {
            (Some(patients @ 1..=PATIENTS_MAX), Some(doctors @ 1..=DOCTORS_MAX)) => {
                Ok(Population::Prepared { patients, doctors })
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Population {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Population::Demo => formatter.write_str("demo"),
            Population::Prepared { patients, doctors } => {
                write!(formatter, "prepared:patients={patients},doctors={doctors}")
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
        let prepared = Population::Prepared { patients: 10, doctors: 2 };
        assert_eq!(written(|output| prepared.write_phone(7, output)), "16600000007");
        assert_eq!(written(|output| prepared.write_patient_name(7, output)), "测试患者00000007");
        assert_eq!(written(|output| prepared.write_doctor_name(1, output)), "测试医生000001");
        assert_eq!(written(|output| Population::Demo.write_phone(1, output)), "13900139000");
        assert_eq!(written(|output| Population::Demo.write_doctor_name(2, output)), "陈医生");
    }

    #[test]
    fn populations_are_read_and_written() {
        for text in ["demo", "prepared:patients=5,doctors=2"] {
            assert_eq!(text.parse::<Population>().unwrap().to_string(), text);
        }
        assert_eq!(
            "prepared:patients=5,doctors=2,appointments=9".parse(),
            Ok(Population::Prepared { patients: 5, doctors: 2 })
        );
        for text in ["", "all", "prepared:", "prepared:patients=5", "prepared:patients=0,doctors=1"] {
            assert!(text.parse::<Population>().is_err(), "{text}");
        }
    }
}
