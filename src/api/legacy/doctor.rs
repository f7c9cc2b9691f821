//! `query_doctor_info` and `reset_doctor_information`.

use super::field::{self, TextRule, amount, count, flag, optional_text, searched};
use super::reply::JsonValue;
use super::{Call, Effect, Message, Reply, Trouble, refuse};
use crate::service::Failure;
use crate::service::access::Reach;
use crate::service::doctor::{self, Doctor, Field, NothingToChange};
use crate::store::{Transaction, Value};
use serde::Serialize;

const MAX_PATIENTS_MAX: i64 = 10_000;
const FEE_MAX: f64 = 1_000_000.0;

#[derive(Serialize)]
struct Found<'a> {
    status: &'static str,
    message: &'static str,
    doctor_info: DoctorInfo<'a>,
}

#[derive(Serialize)]
struct DoctorInfo<'a> {
    doctor_id: i64,
    name: &'a str,
    employee_id: &'a str,
    department: Option<&'a str>,
    photo_path: Option<&'a str>,
    max_patients: JsonValue<'a>,
    fee: JsonValue<'a>,
    work_schedule: Option<&'a str>,
    is_available: bool,
    username: &'a str,
    role: &'a str,
    created_at: JsonValue<'a>,
}

impl<'a> From<&Doctor<'a>> for DoctorInfo<'a> {
    fn from(doctor: &Doctor<'a>) -> DoctorInfo<'a> {
        DoctorInfo {
            doctor_id: doctor.doctor_id,
            name: doctor.name,
            employee_id: doctor.employee_id,
            department: doctor.department,
            photo_path: doctor.photo_path,
            max_patients: JsonValue(doctor.max_patients),
            fee: JsonValue(doctor.fee),
            work_schedule: doctor.work_schedule,
            is_available: doctor.is_available,
            username: doctor.username,
            role: doctor.role,
            created_at: JsonValue(doctor.account_created_at),
        }
    }
}

pub fn query_doctor_info(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    if !call.object.has("doctor_name") {
        return refuse("缺少doctor_name参数".into(), reply);
    }
    let name = searched(call.object, "doctor_name")?;
    let found = doctor::by_name(transaction, &name, |doctor| {
        reply.result(&Found { status: "success", message: "查询成功", doctor_info: doctor.into() });
    })?;
    if found.is_none() {
        Message::not_found(format!("未找到姓名为 {name} 的医生")).write(reply);
    }
    Ok(Effect::Done)
}

/// The members that change a text, the columns that they change, and what they may hold.
const TEXTS: [(&str, Field, TextRule); 5] = [
    ("new_name", Field::Name, field::NAME),
    ("new_employee_id", Field::EmployeeId, field::EMPLOYEE_ID),
    ("new_department", Field::Department, field::DEPARTMENT),
    ("new_work_schedule", Field::WorkSchedule, field::WORK_SCHEDULE),
    ("new_photo_path", Field::PhotoPath, field::PHOTO_PATH),
];

pub fn reset_doctor_information(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    let object = call.object;
    if !object.has("old_employee_id") {
        reply.result(&"错误: 需要提供old_employee_id字段");
        return Ok(Effect::Refused);
    }
    let employee_id = searched(object, "old_employee_id")?;
    let mut texts = Vec::new();
    for (key, field, rule) in TEXTS {
        if object.has(key) {
            texts.push((field, optional_text(object, key, rule)?));
        }
    }
    let mut changes: Vec<(Field, Value<'_>)> = texts
        .iter()
        .map(|(field, text)| (*field, text.as_deref().map_or(Value::Null, Value::Text)))
        .collect();
    if object.has("new_max_patients") {
        changes.push((Field::MaxPatients, count(object, "new_max_patients", MAX_PATIENTS_MAX)?));
    }
    if object.has("new_fee") {
        changes.push((Field::Fee, amount(object, "new_fee", FEE_MAX)?));
    }
    if object.has("new_is_available") {
        let is_available = flag(object, "new_is_available")?;
        changes.push((Field::IsAvailable, Value::Integer(i64::from(is_available))));
    }
    let Some(doctor_id) = doctor::id_by_employee_id(transaction, &employee_id, Reach::DOCTORS)? else {
        reply.result(&format!("错误: 未找到工号为 {employee_id} 的医生"));
        return Ok(Effect::Refused);
    };
    match doctor::update(transaction, doctor_id, &changes, &mut call.memory.borrow_mut()) {
        Ok(()) => {
            call.notes(doctor_id, None);
            reply.result(&format!("医生ID为 {doctor_id} 的医生信息更新成功"));
            if object.has("new_employee_id") {
                call.desk.borrow_mut().remembered.forget(&employee_id);
            }
            Ok(Effect::Done)
        }
        Err(Failure::Fault(fault)) => Err(fault.into()),
        Err(Failure::Refused(NothingToChange)) => {
            reply.result(&"错误: 未提供任何需要更新的字段");
            Ok(Effect::Refused)
        }
    }
}
