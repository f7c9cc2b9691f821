//! Owns what is asked by each kind of client, and what a reply to it means.
//!
//! It never knows a connection. Invariant: what is asked can be done, so that a refusal by a rule of the clinic that
//! is not listed here is a failure.

use crate::client::call;
use crate::people::{DOCTORS, PATIENTS, SESSIONS, doctor_name, old_time, patient_name, phone};
use crate::room::Room;
use loadtest::population::PREPARED_PASSWORD;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// What a rule of the clinic may answer to whoever asks in good faith.
const RULES: [&str; 3] = ["session_full", "limit_reached", "patient_busy"];
/// Appointments that are remembered for cancelling.
const REMEMBERED: usize = 10_000;
/// Patients who log in over the old dialect, again and again, as its clients do for each request.
pub const OLD_LOGINS: u64 = 20;

/// What became of a request.
pub enum Reply {
    /// With its result.
    Done(Value),
    /// By a rule of the clinic.
    Refused,
    Failed(String),
}

/// One request.
pub struct Ask {
    pub text: String,
    /// On which of the client's connections.
    pub line: usize,
    /// Whether the connection is closed after the reply.
    pub is_last: bool,
}

impl Ask {
    fn once(text: String) -> Ask {
        Ask { text, line: 0, is_last: true }
    }

    pub fn kept(text: String, line: usize) -> Ask {
        Ask { text, line, is_last: false }
    }
}

/// What all clients share.
pub struct World {
    random: u64,
    old_bookings: u64,
    bookings: u64,
    logins: u64,
    /// Appointments of the old dialect, the oldest first.
    old_appointments: VecDeque<u64>,
    appointments: VecDeque<u64>,
}

impl World {
    pub fn new() -> World {
        World {
            random: 1,
            old_bookings: 0,
            bookings: 0,
            logins: 0,
            old_appointments: VecDeque::new(),
            appointments: VecDeque::new(),
        }
    }

    /// A number below `end`, the same ones in each run.
    pub fn below(&mut self, end: u64) -> u64 {
        // The steps of SplitMix64.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// A client, by what it does.
pub enum Actor {
    /// The old dialect; where it is not kept, with a connection for each request.
    Old {
        is_kept: bool,
        asked: Booked,
    },
    /// JSON-RPC by a clerk, on a kept connection.
    Clerk {
        asked: Booked,
    },
    /// JSON-RPC by nobody in particular, a connection each.
    Once,
    /// A patient who logs in, looks, and logs out.
    Login {
        step: usize,
        patient: u64,
    },
    Room(Box<Room>),
}

/// Whether a reply brings an appointment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Booked {
    Yes,
    No,
}

impl Actor {
    pub fn next(&mut self, world: &mut World) -> Ask {
        match self {
            Actor::Old { is_kept, asked } => {
                let (request, books) = old(world);
                *asked = books;
                Ask { text: request.to_string(), line: 0, is_last: !*is_kept }
            }
            Actor::Clerk { asked } => {
                let (text, books) = clerk(world);
                *asked = books;
                Ask::kept(text, 0)
            }
            Actor::Once => Ask::once(match world.below(2) {
                0 => call("department.list", "{}"),
                _ => doctor_get(world),
            }),
            Actor::Login { step, patient } => {
                if *step == 0 {
                    world.logins += 1;
                    *patient = world.logins * 7919 % PATIENTS;
                }
                login(*step, *patient)
            }
            Actor::Room(room) => room.next(world),
        }
    }

    /// Takes the reply to what was asked last.
    pub fn answered(&mut self, reply: &Reply, world: &mut World) {
        let result = if let Reply::Done(result) = reply { Some(result) } else { None };
        match self {
            Actor::Old { asked: Booked::Yes, .. } => {
                let id = result.and_then(|found| found.pointer("/appointment_info/appointment_id"));
                remember(&mut world.old_appointments, id);
            }
            Actor::Clerk { asked: Booked::Yes } => {
                remember(&mut world.appointments, result.and_then(|found| found.get("appointment_id")));
            }
            Actor::Old { .. } | Actor::Clerk { .. } | Actor::Once => {}
            Actor::Login { step, .. } => {
                *step = if result.is_some() { (*step + 1) % (LOGIN_LAST + 1) } else { 0 }
            }
            Actor::Room(room) => room.answered(result),
        }
    }
}

fn remember(appointments: &mut VecDeque<u64>, id: Option<&Value>) {
    if let Some(id) = id.and_then(Value::as_u64)
        && appointments.len() < REMEMBERED
    {
        appointments.push_back(id);
    }
}

fn old(world: &mut World) -> (Value, Booked) {
    let patient = world.below(PATIENTS);
    let request = match world.below(100) {
        0..=9 => old_login(world.below(OLD_LOGINS)),
        10..=31 => json!({"query_patient_info": true, "patient_name": patient_name(patient)}),
        32..=53 => json!({"query_appointments": true, "patient_phone": phone(patient)}),
        54..=60 => {
            let number = world.old_bookings;
            world.old_bookings += 1;
            let request = json!({
                "create_appointment": true,
                "patient_phone": phone(number % PATIENTS),
                "doctor_name": doctor_name(number % DOCTORS),
                "appointment_time": old_time(number),
                "fee_paid": 1,
            });
            return (request, Booked::Yes);
        }
        61..=66 => match world.old_appointments.pop_front() {
            Some(id) if id % 2 == 0 => json!({"cancel_appointment": true, "appointment_id": id}),
            Some(id) => {
                json!({"update_appointment_status": true, "appointment_id": id, "new_status": "completed"})
            }
            None => query_doctor(world),
        },
        _ => query_doctor(world),
    };
    (request, Booked::No)
}

pub fn old_login(patient: u64) -> Value {
    json!({"login": true, "user_name": phone(patient), "password": PREPARED_PASSWORD})
}

fn query_doctor(world: &mut World) -> Value {
    json!({"query_doctor_info": true, "doctor_name": doctor_name(world.below(DOCTORS))})
}

fn clerk(world: &mut World) -> (String, Booked) {
    let patient_id = world.below(PATIENTS) + 1;
    let text = match world.below(100) {
        0..=24 => call("patient.get", &json!({"patient_id": patient_id}).to_string()),
        25..=39 => call("appointment.list", &json!({"patient_id": patient_id}).to_string()),
        40..=47 => {
            let number = world.bookings;
            world.bookings += 1;
            let params = json!({"session_id": number % SESSIONS + 1, "patient_id": number % PATIENTS + 1});
            return (call("appointment.book", &params.to_string()), Booked::Yes);
        }
        48..=54 => match world.appointments.pop_front() {
            Some(id) => call("appointment.cancel", &json!({"appointment_id": id}).to_string()),
            None => doctor_get(world),
        },
        _ => doctor_get(world),
    };
    (text, Booked::No)
}

fn doctor_get(world: &mut World) -> String {
    call("doctor.get", &json!({"doctor_id": crate::people::doctor_id(world.below(DOCTORS))}).to_string())
}

const LOGIN_LAST: usize = 19;

fn login(step: usize, patient: u64) -> Ask {
    let text = match step {
        0 => call(
            "session.login",
            &json!({"username": phone(patient), "password": PREPARED_PASSWORD}).to_string(),
        ),
        LOGIN_LAST => call("session.logout", "{}"),
        _ if step.is_multiple_of(2) => call("chat.threads", "{}"),
        _ => call("appointment.list", &json!({"patient_id": patient + 1}).to_string()),
    };
    Ask { text, line: 0, is_last: step == LOGIN_LAST }
}

/// What a reply of either dialect means.
pub fn judge(data: &[u8]) -> Reply {
    let Ok(Value::Object(mut reply)) = serde_json::from_slice(data) else {
        return failed(&String::from_utf8_lossy(data));
    };
    if let Some(error) = reply.get("error") {
        let code = error.pointer("/data/code").and_then(Value::as_str);
        let is_rule = code.is_some_and(|code| RULES.contains(&code));
        return if is_rule { Reply::Refused } else { failed(&error.to_string()) };
    }
    let result = reply.remove("result").unwrap_or_default();
    if reply.contains_key("jsonrpc") {
        return Reply::Done(result);
    }
    // The envelope of the old dialect says success where its result does not.
    let is_good = match &result {
        Value::Object(fields) => fields.get("status").is_some_and(|status| status == "success"),
        result => result == "verificationSuccess",
    };
    if is_good { Reply::Done(result) } else { failed(&result.to_string()) }
}

fn failed(text: &str) -> Reply {
    Reply::Failed(text.chars().take(200).collect())
}
