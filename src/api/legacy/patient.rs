//! `query_patient_info` and `reset_patient_information`.

use super::field::{self, optional_text, searched};
use super::reply::JsonValue;
use super::{Call, Effect, Message, Reply, Trouble, refuse};
use crate::service::Failure;
use crate::service::access::Reach;
use crate::service::patient::{self, Field, NothingToChange, Patient};
use crate::store::{Transaction, Value};
use serde::Serialize;

#[derive(Serialize)]
struct Found<'a> {
    status: &'static str,
    message: &'static str,
    patient_info: PatientInfo<'a>,
}

#[derive(Serialize)]
struct PatientInfo<'a> {
    patient_id: i64,
    name: &'a str,
    birth_date: JsonValue<'a>,
    id_card: Option<&'a str>,
    phone: Option<&'a str>,
    email: Option<&'a str>,
    patient_created_at: JsonValue<'a>,
    username: &'a str,
    role: &'a str,
    user_created_at: JsonValue<'a>,
}

impl<'a> From<&Patient<'a>> for PatientInfo<'a> {
    fn from(patient: &Patient<'a>) -> PatientInfo<'a> {
        PatientInfo {
            patient_id: patient.patient_id,
            name: patient.name,
            birth_date: JsonValue(patient.birth_date),
            id_card: patient.id_card,
            phone: patient.phone,
            email: patient.email,
            patient_created_at: JsonValue(patient.created_at),
            username: patient.username,
            role: patient.role,
            user_created_at: JsonValue(patient.account_created_at),
        }
    }
}

pub fn query_patient_info(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    if !call.object.has("patient_name") {
        return refuse("缺少patient_name参数".into(), reply);
    }
    let name = searched(call.object, "patient_name")?;
    let found = patient::by_name(transaction, &name, |patient| {
        call.notes(patient.patient_id, Some(patient.patient_id));
        reply.result(&Found { status: "success", message: "查询成功", patient_info: patient.into() });
    })?;
    if found.is_none() {
        Message::not_found(format!("未找到姓名为 {name} 的患者")).write(reply);
    }
    Ok(Effect::Done)
}

/// The members that change something, the columns that they change, and what they may hold.
const CHANGES: [(&str, Field, field::TextRule); 5] = [
    ("new_name", Field::Name, field::NAME),
    ("new_birth_date", Field::BirthDate, field::BIRTH_DATE),
    ("new_id_card", Field::IdCard, field::ID_CARD),
    ("new_phone", Field::Phone, field::PHONE),
    ("new_email", Field::Email, field::EMAIL),
];

pub fn reset_patient_information(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    if !call.object.has("old_phone") {
        reply.result(&"错误: 需要提供old_phone字段");
        return Ok(Effect::Refused);
    }
    let phone = searched(call.object, "old_phone")?;
    let mut texts = Vec::new();
    for (key, field, rule) in CHANGES {
        if call.object.has(key) {
            texts.push((field, optional_text(call.object, key, rule)?));
        }
    }
    let changes: Vec<(Field, Value<'_>)> = texts
        .iter()
        .map(|(field, text)| (*field, text.as_deref().map_or(Value::Null, Value::Text)))
        .collect();
    let Some(patient_id) = patient::id_by_phone(transaction, &phone, Reach::PATIENTS)? else {
        reply.result(&format!("错误: 未找到手机号为 {phone} 的患者"));
        return Ok(Effect::Refused);
    };
    match patient::update(transaction, patient_id, &changes) {
        Ok(()) => {
            call.notes(patient_id, Some(patient_id));
            reply.result(&format!("患者ID为 {patient_id} 的患者信息更新成功"));
            if call.object.has("new_phone") {
                call.desk.borrow_mut().remembered.forget(&phone);
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
