//! The sample people of `--demo`, with whom every example in the documents can be tried.
//!
//! It never runs on a database that has a user. Invariant: the same rows, with the same ids, each time.

use super::account::{NewDoctor, NewPatient, register_doctor, register_patient};
use super::changes::Changes;
use super::memory::Memory;
use super::time::Now;
use super::{Failure, Rules, credential, doctor, table};
use crate::store::statements::{account, appointment};
use crate::store::{Commit, Error, Store, Transaction, Value, params};

/// The passwords stand where their hashes will.
const PATIENTS: [NewPatient<'static>; 3] = [
    NewPatient {
        name: "张三",
        password_hash: "hash_patient1",
        phone: "13800138000",
        birth_date: Some("1990-01-01"),
        id_card: Some("110101199001010001"),
        email: Some("zhangsan@example.com"),
    },
    NewPatient {
        name: "李四",
        password_hash: "hash_patient2",
        phone: "13900139000",
        birth_date: Some("1985-05-15"),
        id_card: Some("110101198505150002"),
        email: Some("lisi@example.com"),
    },
    NewPatient {
        name: "王五",
        password_hash: "hash_patient3",
        phone: "15800158000",
        birth_date: Some("1992-03-20"),
        id_card: Some("110101199203200003"),
        email: Some("wangwu@example.com"),
    },
];

struct SampleDoctor {
    new: NewDoctor<'static>,
    max_patients: i64,
    fee: f64,
    work_schedule: &'static str,
}

const NINE_TO_FIVE: &str = r#"{"monday": "9:00-17:00", "tuesday": "9:00-17:00", "wednesday": "9:00-17:00", "thursday": "9:00-17:00", "friday": "9:00-17:00"}"#;
const EIGHT_TO_SIX: &str = r#"{"monday": "8:00-18:00", "tuesday": "8:00-18:00", "wednesday": "8:00-18:00", "thursday": "8:00-18:00", "friday": "8:00-18:00", "saturday": "9:00-15:00"}"#;

const DOCTORS: [SampleDoctor; 3] = [
    SampleDoctor {
        new: NewDoctor {
            name: "王医生",
            password_hash: "hash_doctor1",
            employee_id: "DOC001",
            department: Some("内科"),
            photo_path: None,
        },
        max_patients: 30,
        fee: 50.0,
        work_schedule: NINE_TO_FIVE,
    },
    SampleDoctor {
        new: NewDoctor {
            name: "刘医生",
            password_hash: "hash_doctor2",
            employee_id: "DOC002",
            department: Some("外科"),
            photo_path: None,
        },
        max_patients: 25,
        fee: 80.0,
        work_schedule: EIGHT_TO_SIX,
    },
    SampleDoctor {
        new: NewDoctor {
            name: "陈医生",
            password_hash: "hash_doctor3",
            employee_id: "DOC003",
            department: Some("儿科"),
            photo_path: None,
        },
        max_patients: 40,
        fee: 60.0,
        work_schedule: NINE_TO_FIVE,
    },
];

/// Fills a database without users. Returns whether it did.
pub fn fill(store: &mut Store, now: &Now) -> Result<bool, Failure<String>> {
    if store.read()?.first(&account::ANY, params![], |_| Ok::<_, Error>(()))?.is_some() {
        return Ok(false);
    }
    store.write(|transaction| {
        let mut patients = Vec::new();
        for new in &PATIENTS {
            let password_hash = hash(new.password_hash)?;
            let new = NewPatient { password_hash: &password_hash, ..*new };
            patients.push(register_patient(transaction, &new, now).map_err(|failure| described(&failure))?);
        }
        let mut doctors = Vec::new();
        for sample in &DOCTORS {
            let password_hash = hash(sample.new.password_hash)?;
            let new = NewDoctor { password_hash: &password_hash, ..sample.new };
            let doctor_id = register_doctor(transaction, &new, &mut Memory::default(), now)
                .map_err(|failure| described(&failure))?;
            doctors.push(doctor_id);
            let changes = [
                (doctor::Field::MaxPatients, Value::Integer(sample.max_patients)),
                (doctor::Field::Fee, Value::Real(sample.fee)),
                (doctor::Field::WorkSchedule, Value::Text(sample.work_schedule)),
            ];
            doctor::update(transaction, doctor_id, &changes, &mut Memory::default())
                .map_err(|failure| described(&failure))?;
        }
        appointments(transaction, &patients, &doctors, now)?;
        rows(transaction, &patients, &doctors, now).map_err(|failure| described(&failure))
    })?;
    match store.commit() {
        Commit::Durable => Ok(true),
        outcome => Err(Failure::Refused(format!("the sample people could not be stored: {outcome:?}"))),
    }
}

/// In the quick form, which the first login of each brings up to date.
fn hash(password: &str) -> Result<String, Failure<String>> {
    credential::hash_salted_sha256(password).map_err(Failure::Refused)
}

fn described<R: std::fmt::Debug>(failure: &Failure<R>) -> Failure<String> {
    Failure::Refused(format!("the sample people could not be stored: {failure:?}"))
}

fn appointments(
    transaction: &Transaction<'_>,
    patients: &[i64],
    doctors: &[i64],
    now: &Now,
) -> Result<(), Error> {
    let sample = [
        ("2024-02-01 09:00:00", "completed", true, 1),
        ("2024-02-01 10:00:00", "pending", false, 2),
        ("2024-02-01 14:00:00", "pending", true, 1),
    ];
    for ((patient, doctor), (time, status, fee_paid, number)) in patients.iter().zip(doctors).zip(sample) {
        transaction.execute(
            &appointment::INSERT,
            params![patient, doctor, time, status, fee_paid, number, now.utc],
        )?;
    }
    Ok(())
}

fn rows(
    transaction: &Transaction<'_>,
    patients: &[i64],
    doctors: &[i64],
    now: &Now,
) -> Result<(), Failure<table::Refusal>> {
    let put = |table: &str, row: &[(&str, Value<'_>)]| {
        let (mut memory, mut changes) = (Memory::default(), Changes::default());
        table::insert(transaction, table, row, &Rules::default(), &mut memory, &mut changes, now)
    };
    let records =
        [("感冒", "发热、咳嗽、流涕", "2024-02-01 09:30:00"), ("阑尾炎", "右下腹痛", "2024-01-28 10:30:00")];
    for ((patient, doctor), (diagnosis, symptoms, visit_time)) in patients.iter().zip(doctors).zip(records) {
        put(
            "medical_records",
            &[
                ("patient_id", Value::Integer(*patient)),
                ("doctor_id", Value::Integer(*doctor)),
                ("diagnosis", Value::Text(diagnosis)),
                ("symptoms", Value::Text(symptoms)),
                ("visit_time", Value::Text(visit_time)),
            ],
        )?;
    }
    let attendance = [
        ("2024-02-01 08:50:00", Value::Text("2024-02-01 17:10:00")),
        ("2024-02-01 07:55:00", Value::Text("2024-02-01 18:05:00")),
        ("2024-02-01 08:58:00", Value::Null),
    ];
    for (doctor, (check_in, check_out)) in doctors.iter().zip(attendance) {
        put(
            "attendance",
            &[
                ("doctor_id", Value::Integer(*doctor)),
                ("check_in_time", Value::Text(check_in)),
                ("check_out_time", check_out),
                ("status", Value::Text("present")),
            ],
        )?;
    }
    let student = [
        ("name", Value::Text("测试学生")),
        ("age", Value::Integer(20)),
        ("student_id", Value::Integer(12345)),
    ];
    put("students", &student)
}
