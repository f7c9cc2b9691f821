//! A hospital with two sessions of one morning, and people who call methods.
//!
//! It never knows what is tested. Invariant: each call is a turn of its own.

use medsrv::dispatch::{Dispatcher, Parts, Settings, Then};
use medsrv::ops::config::Config;
use medsrv::service::access::Role;
use medsrv::service::account::{NewPatient, NewStaff, register_patient, register_staff};
use medsrv::service::audit::{Key, Trail};
use medsrv::service::booking::{self, BookingRules, NewBooking, Override, Pool, State};
use medsrv::service::changes::Changes;
use medsrv::service::memory::Memory;
use medsrv::service::time::Now;
use medsrv::service::{credential, demo};
use medsrv::session::{Session, SessionIds};
use medsrv::store::statements::clinic_session;
use medsrv::store::{Commit, Store, params};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use zeroize::Zeroizing;

pub const DAY: &str = "2026-01-05";
/// 王医生, who has session 1.
pub const DOCTOR: &str = "DOC001";
/// 刘医生, who has session 2.
pub const OTHER_DOCTOR: &str = "DOC002";
pub const NURSE: &str = "nurse";
pub const CLERK: &str = "clerk";
pub const ADMIN: &str = "admin";
pub const NOBODY: &str = "";
pub const ROOM: &str = "101";
/// The first of the patients that are made for these tests.
pub const FIRST_PATIENT: i64 = 10;
pub const PATIENTS: i64 = 24;

/// A moment of the day, `HH:MM`.
pub fn at(time: &str) -> Now {
    let (hours, minutes) = time.split_once(':').unwrap();
    let minutes = hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap();
    Now {
        local: format!("{DAY}T{time}:00.000000"),
        utc: format!("{DAY} {time}:00"),
        unix_ms: 1_767_542_400_000 + minutes * 60_000,
    }
}

/// Session 1 is from nine to twelve in room 101 with 20 places online, 10 at the desk and one more; session 2
/// of another doctor has the same.
pub fn fill(store: &mut Store) {
    assert!(demo::fill(store, &at("07:00")).unwrap());
    store
        .write(|transaction| {
            let hash = credential::hash_salted_sha256("pw").unwrap();
            for (username, role) in [(NURSE, Role::Nurse), (CLERK, Role::Clerk), (ADMIN, Role::Admin)] {
                let new = NewStaff { username, name: username, password_hash: &hash, role };
                register_staff(transaction, &new, &at("07:00")).unwrap();
            }
            for number in 0..PATIENTS {
                let (name, phone) = (format!("赵{number}"), (13_700_000_000 + number).to_string());
                let new = NewPatient {
                    name: &name,
                    password_hash: &hash,
                    phone: &phone,
                    birth_date: None,
                    id_card: None,
                    email: None,
                };
                let id = register_patient(transaction, &new, &at("07:00")).unwrap();
                assert_eq!(id, FIRST_PATIENT + number);
            }
            for (doctor_id, department, room) in [(4, "内科", ROOM), (5, "外科", "201")] {
                let (starts, ends) = (format!("{DAY} 09:00:00"), format!("{DAY} 12:00:00"));
                let (none, period) = (None::<&str>, "morning");
                transaction.insert(
                    &clinic_session::INSERT,
                    params![doctor_id, department, room, DAY, period, starts, ends, none, none, 20, 10, 1],
                )?;
            }
            Ok::<_, medsrv::store::Error>(())
        })
        .unwrap();
    assert_eq!(store.commit(), Commit::Durable);
}

/// Books a place online. Returns the appointment.
pub fn book(store: &mut Store, session_id: i64, patient_id: i64) -> i64 {
    let new = NewBooking {
        session_id,
        patient_id,
        state: State::Booked,
        pool: Pool::Online,
        origin_id: None,
        fee_fen: None,
        is_paid: true,
        reason: None,
        rules_are: Override::Yes,
        by: None,
    };
    let (mut memory, mut changes) = (Memory::default(), Changes::default());
    let rules = BookingRules::default();
    let placed = store
        .write(|transaction| {
            booking::place(transaction, &new, &rules, &mut memory, &mut changes, &at("07:00"))
        })
        .unwrap();
    assert_eq!(store.commit(), Commit::Durable);
    placed.appointment_id
}

pub struct Clinic {
    dispatcher: Dispatcher,
    ids: SessionIds,
    connections: HashMap<String, Session>,
    pub now: Now,
    /// Appointments of session 1: that of patient `FIRST_PATIENT`, and so on.
    pub appointments: Vec<i64>,
}

impl Clinic {
    /// With so many appointments in session 1.
    pub fn new(booked: i64) -> Clinic {
        let mut store = Store::open_in_memory().unwrap();
        fill(&mut store);
        let appointments = (0..booked).map(|number| book(&mut store, 1, FIRST_PATIENT + number)).collect();
        Clinic::of(store, appointments)
    }

    pub fn of(store: Store, appointments: Vec<i64>) -> Clinic {
        let mut settings = Settings::from_config(&Config::default());
        settings.login.password_iterations = 10;
        // The hours of these tests pass without calls.
        settings.login.session.idle_patient_ms = i64::from(u32::MAX);
        settings.login.session.idle_staff_ms = i64::from(u32::MAX);
        let trail = Trail::new(&Key::new(Zeroizing::new([7; 32])), "test".into());
        let parts = Parts { store, trail, anchors: None };
        Clinic {
            dispatcher: Dispatcher::new(parts, settings).unwrap(),
            ids: SessionIds::default(),
            connections: HashMap::new(),
            now: at("09:00"),
            appointments,
        }
    }

    /// On a file, which may have been used before.
    pub fn on_file(path: &Path, booked: i64) -> Clinic {
        let opened = Store::open(path, credential::hash_salted_sha256).unwrap();
        let mut store = opened.store;
        let mut appointments = Vec::new();
        if opened.created {
            fill(&mut store);
            appointments = (0..booked).map(|number| book(&mut store, 1, FIRST_PATIENT + number)).collect();
        }
        Clinic::of(store, appointments)
    }

    pub fn close(self) {
        let now = self.now.clone();
        self.dispatcher.close(&now);
    }

    fn ask(&mut self, session: &Session, method: &str, params: &Value) -> Value {
        let data = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let mut output = Vec::new();
        loop {
            match self.dispatcher.request(session, b"n", data.as_bytes(), &self.now, false, &mut output) {
                Then::Wait => {
                    while self.dispatcher.derive(u32::MAX) {}
                    assert_eq!(self.dispatcher.woken(), Some(session.id));
                }
                then => {
                    assert_eq!(then, Then::Keep);
                    break;
                }
            }
        }
        assert_eq!(self.dispatcher.commit(), Commit::Durable);
        serde_json::from_slice(&output).unwrap()
    }

    /// Of someone who is logged in, or of nobody.
    pub fn call(&mut self, who: &str, method: &str, params: Value) -> Result<Value, Value> {
        if !self.connections.contains_key(who) {
            let session = Session { id: self.ids.give(), address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
            if who != NOBODY {
                let password = match who {
                    DOCTOR => "hash_doctor1",
                    OTHER_DOCTOR => "hash_doctor2",
                    _ => "pw",
                };
                let login = json!({"username": who, "password": password});
                let reply = self.ask(&session, "session.login", &login);
                assert!(reply["error"].is_null(), "{who}: {reply}");
            }
            self.connections.insert(who.to_owned(), session);
        }
        let session = self.connections[who];
        let mut reply = self.ask(&session, method, &params);
        match reply.get("error") {
            Some(error) => Err(error.get("data").cloned().unwrap_or_else(|| error.clone())),
            None => Ok(reply["result"].take()),
        }
    }

    pub fn ok(&mut self, who: &str, method: &str, params: Value) -> Value {
        let said = params.to_string();
        self.call(who, method, params).unwrap_or_else(|error| panic!("{who}: {method} {said}: {error}"))
    }

    /// The facts of a refusal.
    pub fn refused(&mut self, who: &str, method: &str, params: Value, code: &str) -> Value {
        let said = params.to_string();
        match self.call(who, method, params) {
            Ok(result) => panic!("{who}: {method} {said}: {result}"),
            Err(facts) => {
                assert_eq!(facts["code"], code, "{who}: {method} {said}: {facts}");
                facts
            }
        }
    }

    /// Checks in the appointments of these places in `appointments`. Returns the tickets.
    pub fn check_in(&mut self, places: impl IntoIterator<Item = usize>) -> Vec<i64> {
        let mut tickets = Vec::new();
        for place in places {
            let params = json!({"appointment_id": self.appointments[place]});
            tickets.push(self.ok(NURSE, "queue.check_in", params)["ticket_id"].as_i64().unwrap());
        }
        tickets
    }

    pub fn walk_in(&mut self, patient_id: i64) -> i64 {
        let params = json!({"session_id": 1, "patient_id": patient_id});
        self.ok(CLERK, "appointment.walk_in", params)["ticket_id"].as_i64().unwrap()
    }

    pub fn step(&mut self, step: &str, ticket_id: i64) -> Value {
        self.ok(NURSE, &format!("queue.{step}"), json!({"ticket_id": ticket_id}))
    }

    /// Calls the next of session 1 into a room. Returns the ticket's id.
    pub fn call_next(&mut self, room: &str) -> i64 {
        let params = json!({"session_id": 1, "room": room});
        self.ok(NURSE, "queue.call_next", params)["ticket_id"].as_i64().unwrap()
    }

    /// Calls, sees and finishes one after another until nobody waits. Returns the numbers in that order.
    pub fn see_all(&mut self) -> Vec<i64> {
        let mut numbers = Vec::new();
        loop {
            match self.call(NURSE, "queue.call_next", json!({"session_id": 1})) {
                Ok(ticket) => {
                    numbers.push(ticket["number"].as_i64().unwrap());
                    let ticket_id = ticket["ticket_id"].as_i64().unwrap();
                    self.step("start", ticket_id);
                    assert_eq!(self.step("finish", ticket_id)["state"], "done");
                }
                Err(facts) => {
                    assert_eq!(facts["code"], "queue_empty", "{facts}");
                    return numbers;
                }
            }
        }
    }
}

/// The account name of one of the patients that are made here.
pub fn patient(number: i64) -> String {
    (13_700_000_000 + number).to_string()
}
