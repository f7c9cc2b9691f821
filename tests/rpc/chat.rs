//! Threads of messages to call the methods of chat on.
//!
//! It never knows who may call what. Invariant: as in `places`, each sample is about things of its own.

use crate::clinic::*;
use crate::places::{Pair, act, booked};
use medsrv::service::Failure;
use medsrv::service::booking::Outcome;
use medsrv::service::chat::{self, ChatRules, Visit};
use serde_json::{Value, json};

const RULES: ChatRules = ChatRules { open_days: 14, messages_per_minute_max: 30 };

fn done<T>(outcome: chat::Outcome<T>) -> Outcome<T> {
    outcome.map_err(|failure| match failure {
        Failure::Fault(fault) => Failure::Fault(fault),
        Failure::Refused(refusal) => panic!("{refusal:?}"),
    })
}

/// The thread of a visit, with one message of the doctor.
fn thread(clinic: &mut Clinic, pair: Pair) -> i64 {
    let visit = Visit::Appointment(booked(clinic, pair));
    let now = clinic.now.clone();
    act(clinic, |change| {
        let transaction = change.transaction;
        let opened = chat::open(transaction, visit, pair.doctor_id, "复诊", &RULES, change.changes, &now);
        let thread_id = done(opened)?;
        let rules = ChatRules { messages_per_minute_max: 1000, ..RULES };
        let sent = chat::send(transaction, thread_id, pair.doctor_id, "好", &rules, change.changes, &now);
        done(sent)?;
        Ok(thread_id)
    })
}

/// A thread of the staff that the doctor has opened.
fn staff_thread(clinic: &mut Clinic, pair: Pair) -> i64 {
    let now = clinic.now.clone();
    act(clinic, |change| {
        done(chat::open_staff(change.transaction, pair.doctor_id, "交班", &[], change.changes, &now))
    })
}

/// Someone whose messages the caller has kept away.
pub fn blocked(clinic: &mut Clinic, caller: Option<i64>) -> i64 {
    let now = clinic.now.clone();
    if let Some(user_id) = caller {
        act(clinic, |change| done(chat::block(change.transaction, user_id, SPARE, &now)));
    }
    SPARE
}

/// As `places::of_pair`, for threads.
pub fn of_chat(clinic: &mut Clinic, method: &str, pair: Pair, _: Option<i64>) -> Option<(bool, bool, Value)> {
    Some(match method {
        "chat.open" => (true, true, json!({"appointment_id": booked(clinic, pair), "subject": "复诊"})),
        "chat.send" => (true, true, json!({"thread_id": thread(clinic, pair), "content": "您好"})),
        "chat.messages" | "chat.get" => (true, true, json!({"thread_id": thread(clinic, pair)})),
        "chat.read" => (true, true, json!({"thread_id": thread(clinic, pair), "up_to": 1})),
        "chat.close" => (false, true, json!({"thread_id": thread(clinic, pair)})),
        "chat.add_member" => {
            (false, true, json!({"thread_id": staff_thread(clinic, pair), "user_id": NURSE}))
        }
        "chat.leave" => (false, true, json!({"thread_id": staff_thread(clinic, pair)})),
        _ => return None,
    })
}
