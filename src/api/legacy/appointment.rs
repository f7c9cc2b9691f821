//! `create_appointment`, `query_appointments`, `cancel_appointment`, `update_appointment_status`.

use super::field::{self, FieldError, flag, id, searched, text};
use super::object::Field;
use super::reply::JsonValue;
use super::{Call, Effect, Message, Reply, Trouble, no_place, refuse};
use crate::service::Failure;
use crate::service::appointment::{
    self, BookRefusal, CancelRefusal, Filter, Listed, NewAppointment, NoPlace, Status, StatusRefusal,
};
use crate::service::booking::{self, CancelledBy, Change};
use crate::service::changes::Changes;
use crate::service::memory::Memory;
use crate::service::time::AppointmentTime;
use crate::store::Transaction;
use serde::Serialize;

#[derive(Serialize)]
struct Created<'a> {
    status: &'static str,
    message: &'static str,
    appointment_info: CreatedAppointment<'a>,
}

#[derive(Serialize)]
struct CreatedAppointment<'a> {
    appointment_id: i64,
    patient_phone: Option<&'a Field<'a>>,
    doctor_name: Option<&'a Field<'a>>,
    appointment_time: Option<&'a Field<'a>>,
    queue_number: i64,
    status: &'static str,
    fee_paid: bool,
}

pub fn create_appointment(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    let object = call.object;
    if let Some(missing) =
        ["patient_phone", "doctor_name", "appointment_time"].into_iter().find(|key| !object.has(key))
    {
        return refuse(format!("缺少必要参数: {missing}"), reply);
    }
    let patient_phone = searched(object, "patient_phone")?;
    let doctor_name = searched(object, "doctor_name")?;
    let appointment_time = text(object, "appointment_time", field::TIME)?;
    let time = AppointmentTime::parse(&appointment_time)
        .ok_or_else(|| FieldError::NotAnAppointmentTime("appointment_time".into()))?;
    let fee_paid = flag(object, "fee_paid")?;
    let new = NewAppointment { patient_phone: &patient_phone, doctor_name: &doctor_name, time, fee_paid };
    let booked = match appointment::book(
        transaction,
        &new,
        call.rules,
        &mut call.memory.borrow_mut(),
        &mut call.changes.borrow_mut(),
        call.now,
    ) {
        Ok(booked) => booked,
        Err(Failure::Fault(fault)) => return Err(fault.into()),
        Err(Failure::Refused(refusal)) => {
            return refuse(
                match refusal {
                    BookRefusal::UnknownPatient => format!("未找到手机号为 {patient_phone} 的患者"),
                    BookRefusal::UnknownDoctor => format!("未找到姓名为 {doctor_name} 的医生"),
                    BookRefusal::NoPlace(reason) => no_place(&reason, Some(&doctor_name)),
                },
                reply,
            );
        }
    };
    call.notes(booked.appointment_id, Some(booked.patient_id));
    reply.result(&Created {
        status: "success",
        message: "预约创建成功",
        appointment_info: CreatedAppointment {
            appointment_id: booked.appointment_id,
            patient_phone: object.get("patient_phone"),
            doctor_name: object.get("doctor_name"),
            appointment_time: object.get("appointment_time"),
            queue_number: booked.queue_number,
            status: Status::Pending.word(),
            fee_paid,
        },
    });
    Ok(Effect::Done)
}

#[derive(Serialize)]
struct ListedAppointment<'a> {
    appointment_id: i64,
    patient_name: &'a str,
    patient_phone: Option<&'a str>,
    doctor_name: &'a str,
    department: Option<&'a str>,
    appointment_time: JsonValue<'a>,
    status: &'a str,
    fee_paid: bool,
    queue_number: Option<i64>,
    created_at: JsonValue<'a>,
}

impl<'a> From<&Listed<'a>> for ListedAppointment<'a> {
    fn from(listed: &Listed<'a>) -> ListedAppointment<'a> {
        ListedAppointment {
            appointment_id: listed.appointment_id,
            patient_name: listed.patient_name,
            patient_phone: listed.patient_phone,
            doctor_name: listed.doctor_name,
            department: listed.department,
            appointment_time: JsonValue(listed.appointment_time),
            status: listed.status,
            fee_paid: listed.fee_paid,
            queue_number: listed.queue_number,
            created_at: JsonValue(listed.created_at),
        }
    }
}

pub fn query_appointments(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    let object = call.object;
    let wanted;
    let filter = if object.has("patient_phone") {
        wanted = searched(object, "patient_phone")?;
        Filter::PatientPhone(&wanted)
    } else if object.has("doctor_name") {
        wanted = searched(object, "doctor_name")?;
        Filter::DoctorName(&wanted)
    } else if object.has("appointment_date") {
        wanted = searched(object, "appointment_date")?;
        Filter::Date(&wanted)
    } else {
        Filter::Latest
    };
    // Rows go straight from the database into the reply; their number is known after the last.
    reply.begin_result();
    reply.raw("{\"status\":\"success\",\"appointments\":[");
    let mut first = true;
    let mut count = 0;
    appointment::list(transaction, &filter, |listed| {
        count += 1;
        reply.item(&mut first, &ListedAppointment::from(listed)).map_err(Trouble::from)
    })?;
    reply.raw("],\"message\":");
    reply.json(&format!("查询到 {count} 条预约记录"));
    reply.raw("}");
    reply.end_result();
    Ok(Effect::Done)
}

fn unknown(appointment_id: &str) -> String {
    format!("未找到ID为 {appointment_id} 的预约")
}

pub fn cancel_appointment(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    if !call.object.has("appointment_id") {
        return refuse("缺少必要参数: appointment_id".into(), reply);
    }
    let (appointment_id, shown) = id(call.object, "appointment_id")?;
    let Some(appointment_id) = appointment_id else { return refuse(unknown(&shown), reply) };
    call.notes(appointment_id, appointment::patient_of(transaction, appointment_id)?);
    if booking::is_in_session(transaction, appointment_id)? {
        return cancel_in_session(call, transaction, appointment_id, &shown, reply);
    }
    match appointment::cancel(transaction, appointment_id, &mut call.memory.borrow_mut()) {
        Ok(()) => {
            Message::success(format!("预约ID {shown} 已成功取消")).write(reply);
            Ok(Effect::Done)
        }
        Err(Failure::Fault(fault)) => Err(fault.into()),
        Err(Failure::Refused(refusal)) => refuse(
            match refusal {
                CancelRefusal::UnknownAppointment => unknown(&shown),
                CancelRefusal::AlreadyCancelled => "该预约已经被取消".into(),
                CancelRefusal::Completed => "已完成的预约无法取消".into(),
            },
            reply,
        ),
    }
}

fn cancel_in_session(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    appointment_id: i64,
    shown: &str,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    let found = booking::by_id(transaction, appointment_id)?;
    if found.is_some_and(|found| found.state.status() == Status::Cancelled) {
        return refuse("该预约已经被取消".into(), reply);
    }
    let (mut memory, mut changes) = (call.memory.borrow_mut(), call.changes.borrow_mut());
    let change = &mut change(call, transaction, &mut memory, &mut changes);
    match booking::cancel(change, appointment_id, CancelledBy::Staff, None) {
        Ok(_) => {
            Message::success(format!("预约ID {shown} 已成功取消")).write(reply);
            Ok(Effect::Done)
        }
        Err(Failure::Fault(fault)) => Err(fault.into()),
        Err(Failure::Refused(_)) => refuse("已完成的预约无法取消".into(), reply),
    }
}

fn set_status_in_session(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    appointment_id: i64,
    status: Status,
    shown: &str,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    let old = booking::by_id(transaction, appointment_id)?.map(|found| found.state.status());
    let (mut memory, mut changes) = (call.memory.borrow_mut(), call.changes.borrow_mut());
    let change = &mut change(call, transaction, &mut memory, &mut changes);
    match booking::set_status(change, appointment_id, status) {
        Ok(()) => {
            let (old, new) = (old.unwrap_or(status).word(), status.word());
            Message::success(format!("预约ID {shown} 状态已从 '{old}' 更新为 '{new}'")).write(reply);
            Ok(Effect::Done)
        }
        Err(Failure::Fault(fault)) => Err(fault.into()),
        Err(Failure::Refused(refusal)) => {
            let reason = no_place(&NoPlace::Session(refusal), None);
            refuse(format!("预约无法恢复: {reason}"), reply)
        }
    }
}

fn change<'c, 't>(
    call: &'c Call<'_>,
    transaction: &'c Transaction<'t>,
    memory: &'c mut Memory,
    changes: &'c mut Changes,
) -> Change<'c, 't> {
    Change { transaction, rules: &call.clinic.booking, memory, changes, now: call.now, by: None }
}

pub fn update_appointment_status(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    let object = call.object;
    if let Some(missing) = ["appointment_id", "new_status"].into_iter().find(|key| !object.has(key)) {
        return refuse(format!("缺少必要参数: {missing}"), reply);
    }
    let new_status = searched(object, "new_status")?;
    let Some(status) = Status::find(&new_status) else {
        let known = Status::ALL.map(|status| format!("'{}'", status.word())).join(", ");
        return refuse(format!("无效的状态值: {new_status}，有效值: [{known}]"), reply);
    };
    let (appointment_id, shown) = id(object, "appointment_id")?;
    let Some(appointment_id) = appointment_id else { return refuse(unknown(&shown), reply) };
    call.notes(appointment_id, appointment::patient_of(transaction, appointment_id)?);
    if booking::is_in_session(transaction, appointment_id)? {
        return set_status_in_session(call, transaction, appointment_id, status, &shown, reply);
    }
    match appointment::set_status(
        transaction,
        appointment_id,
        status,
        call.rules,
        &mut call.memory.borrow_mut(),
        &mut call.changes.borrow_mut(),
        call.now,
    ) {
        Ok(old) => {
            let (old, new) = (old.word(), status.word());
            Message::success(format!("预约ID {shown} 状态已从 '{old}' 更新为 '{new}'")).write(reply);
            Ok(Effect::Done)
        }
        Err(Failure::Fault(fault)) => Err(fault.into()),
        Err(Failure::Refused(refusal)) => refuse(
            match refusal {
                StatusRefusal::UnknownAppointment => unknown(&shown),
                StatusRefusal::NoPlace(reason) => format!("预约无法恢复: {}", no_place(&reason, None)),
            },
            reply,
        ),
    }
}
