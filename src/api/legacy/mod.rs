//! The Python server's dialect: every quirk of it is below this module.
//!
//! It never knows who asks or whether they may; the gate has decided. A request is a flat object, and the key
//! that is present is its verb. The dialect is frozen: bugs are mended, nothing is added. Invariant: texts
//! that the Python server sent are sent letter for letter.

mod account;
mod appointment;
mod doctor;
mod field;
mod object;
mod patient;
mod query;
mod reply;
mod table;

pub use account::{login, login_again, register_doctor, register_patient, reset_password};
pub use appointment::{
    cancel_appointment, create_appointment, query_appointments, update_appointment_status,
};
pub use doctor::{query_doctor_info, reset_doctor_information};
pub use patient::{query_patient_info, reset_patient_information};
pub use query::sql_query;
pub use table::insert;

use crate::service::appointment::NoPlace;
use crate::service::booking;
use crate::service::changes::Changes;
use crate::service::credential::Recipe;
use crate::service::login::{Desk, LoginFailure, Unproven};
use crate::service::memory::Memory;
use crate::service::time::Now;
use crate::service::{ClinicRules, Rules};
use crate::store::{self, Transaction};
use field::FieldError;
pub use object::{Object, Unreadable};
pub use reply::Reply;
use reply::TooLarge;
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::net::IpAddr;

/// What the Python server said of a request that it could not read.
pub const UNREADABLE: &str = "接收JSON数据失败";
/// In place of every reply of a turn that was lost.
pub const RETRY: &str = "服务器暂时无法保存数据，请重试";
pub const TOO_LARGE: &str = "结果过大，请缩小查询范围";
pub const TOO_MANY_CONNECTIONS: &str = "服务器连接数已满，请稍后重试";
pub const TOO_MANY_FROM_ADDRESS: &str = "来自该地址的连接过多，请稍后重试";
pub const BUFFERS_FULL: &str = "服务器繁忙，请稍后重试";
pub const NETWORK_NOT_SERVED: &str = "此网络地址不允许使用旧版协议，请联系医院管理员";
pub const OPERATION_NOT_SERVED: &str = "管理员已停用此操作";

/// What is said of a request whose name or data is announced as longer than `limit_bytes`.
pub fn too_long(limit_bytes: usize) -> String {
    format!("请求过长，上限为 {limit_bytes} 字节")
}

/// What is said of a request that cannot be read: the Python server's text, and more where it saw no fault.
pub fn unreadable(reason: Unreadable) -> String {
    match reason {
        Unreadable::Empty | Unreadable::NotJson | Unreadable::NotAnObject => UNREADABLE.into(),
        Unreadable::KeyTwice => format!("{UNREADABLE}: 键重复"),
        Unreadable::TooManyMembers => format!("{UNREADABLE}: 键过多"),
        Unreadable::TooDeep => format!("{UNREADABLE}: 嵌套过深"),
    }
}

/// One request and what its handler needs to know.
pub struct Call<'a> {
    pub object: &'a Object<'a>,
    pub now: &'a Now,
    pub rules: &'a Rules,
    pub clinic: &'a ClinicRules,
    pub memory: &'a RefCell<Memory>,
    /// What is to be told to those who listen.
    pub changes: &'a RefCell<Changes>,
    pub desk: &'a RefCell<Desk>,
    pub peer: IpAddr,
    /// What the trail is to say of it.
    pub note: &'a Cell<Note>,
}

/// What a request has acted on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Note {
    pub entity_id: Option<i64>,
    pub patient_id: Option<i64>,
}

impl Call<'_> {
    fn notes(&self, entity_id: i64, patient_id: Option<i64>) {
        self.note.set(Note { entity_id: Some(entity_id), patient_id });
    }
}

/// Whether a request that was answered has changed anything worth keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Done,
    /// Nothing that was written stays.
    Refused,
    /// Refused, but what was written stays.
    Noted,
}

/// Why a handler could not answer; the operation's own shape words it.
#[derive(Debug)]
pub enum Trouble {
    Field(FieldError),
    Store(store::Error),
    TooLarge,
    /// Nothing has been done yet, and the request is to be asked again once this has been derived.
    Wait(Recipe),
}

impl From<FieldError> for Trouble {
    fn from(error: FieldError) -> Trouble {
        Trouble::Field(error)
    }
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Trouble {
        Trouble::Store(error)
    }
}

impl From<TooLarge> for Trouble {
    fn from(TooLarge: TooLarge) -> Trouble {
        Trouble::TooLarge
    }
}

impl From<Unproven> for Trouble {
    fn from(unproven: Unproven) -> Trouble {
        match unproven {
            Unproven::Wait(recipe) => Trouble::Wait(recipe),
            Unproven::NoRandomness(text) => Trouble::Store(store::Error::Other(text)),
        }
    }
}

impl From<LoginFailure> for Trouble {
    fn from(failure: LoginFailure) -> Trouble {
        match failure {
            LoginFailure::Unproven(unproven) => unproven.into(),
            LoginFailure::Fault(fault) => fault.into(),
        }
    }
}

impl Trouble {
    fn text(&self) -> String {
        match self {
            Trouble::Field(error) => error.to_string(),
            // The schema's own words: the Python server passed them on, and they name columns, not values.
            Trouble::Store(store::Error::Constraint(text)) if text.contains("appointments_by_doctor_day") => {
                "该医生当天的这个排队号已被使用".into()
            }
            Trouble::Store(store::Error::Constraint(text)) => text.clone(),
            Trouble::Store(store::Error::Busy | store::Error::Full | store::Error::TurnLost) => RETRY.into(),
            Trouble::Store(_) | Trouble::Wait(_) => "服务器内部错误".into(),
            Trouble::TooLarge => TOO_LARGE.into(),
        }
    }
}

/// Answers a request.
pub type Handler = fn(&Call<'_>, &Transaction<'_>, &mut Reply<'_>) -> Result<Effect, Trouble>;

/// How an operation words what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A word and nothing else.
    Word(&'static str),
    /// A text after a prefix.
    Text(&'static str),
    /// An object whose message is a text after a prefix.
    Message(&'static str),
}

impl Shape {
    pub fn write(self, trouble: &Trouble, reply: &mut Reply<'_>) {
        match self {
            Shape::Word(word) => reply.result(&word),
            Shape::Text(prefix) => reply.result(&format!("{prefix}{}", trouble.text())),
            Shape::Message(prefix) => {
                Message::error(format!("{prefix}{}", trouble.text())).write(reply);
            }
        }
    }
}

/// The object in which appointments and look-ups answer.
#[derive(Serialize)]
struct Message {
    status: &'static str,
    message: String,
}

impl Message {
    fn success(message: String) -> Message {
        Message { status: "success", message }
    }

    fn error(message: String) -> Message {
        Message { status: "error", message }
    }

    fn not_found(message: String) -> Message {
        Message { status: "not_found", message }
    }

    fn write(&self, reply: &mut Reply<'_>) {
        reply.result(self);
    }
}

/// Answers that the clinic's rules refuse a request.
fn refuse(message: String, reply: &mut Reply<'_>) -> Result<Effect, Trouble> {
    Message::error(message).write(reply);
    Ok(Effect::Refused)
}

/// Why there is no place for an appointment, for the person who wants it; `doctor` where the request named one.
fn no_place(refusal: &NoPlace, doctor: Option<&str>) -> String {
    let doctor = doctor.map_or_else(|| "该医生".to_owned(), |name| format!("医生 {name} "));
    match refusal {
        NoPlace::DoctorUnavailable => format!("{doctor}当前不可预约"),
        NoPlace::OutsideSchedule => format!("{doctor}在该时间不出诊"),
        NoPlace::ScheduleUnreadable => format!("{doctor}的出诊时间设置无法识别，请联系医院"),
        NoPlace::DayFull { max_patients } => format!("{doctor}当天的预约已满（{max_patients} 人）"),
        NoPlace::PatientBusy => "该患者在同一时间已有预约".into(),
        NoPlace::Session(refusal) => no_seat(refusal, &doctor),
    }
}

/// Why the session of that time gives out no place.
fn no_seat(refusal: &booking::Refusal, doctor: &str) -> String {
    match refusal {
        booking::Refusal::SessionFull => format!("{doctor}该时段的预约已满"),
        booking::Refusal::NotOpen { opens_at } => format!("{doctor}该时段的预约将于 {opens_at} 开放"),
        booking::Refusal::BookingOver { .. } | booking::Refusal::SessionClosed => {
            format!("{doctor}该时段已停止预约")
        }
        booking::Refusal::SessionStopped { .. } => format!("{doctor}该时段停诊"),
        booking::Refusal::PatientBusy { .. } => no_place(&NoPlace::PatientBusy, None),
        booking::Refusal::Penalised { blocked_until } => {
            format!("该患者多次预约未到，{blocked_until} 前请到窗口预约")
        }
        _ => format!("{doctor}该时段无法预约"),
    }
}
