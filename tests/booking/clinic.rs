//! A hospital in memory, and people who call methods in both dialects.
//!
//! It never knows what is tested. Invariant: each call is a turn of its own, and time stands still between them.

#![allow(dead_code, reason = "each test program uses its own part of this")]

use chrono::{NaiveDateTime, TimeDelta};
use medsrv::dispatch::{Dispatcher, Parts, Settings, Then};
use medsrv::ops::config::Config;
use medsrv::service::access::Role;
use medsrv::service::account::{NewPatient, NewStaff, register_patient, register_staff};
use medsrv::service::audit::{Key, Trail};
use medsrv::service::time::Now;
use medsrv::service::{credential, demo};
use medsrv::session::{Session, SessionIds};
use medsrv::store::{Commit, Statement, Store};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use zeroize::Zeroizing;

/// A Monday.
pub const DAY: &str = "2026-01-05";
pub const NURSE: &str = "nurse";
pub const CLERK: &str = "clerk";
pub const ADMIN: &str = "chief";
/// The first of the patients that are made for these tests.
pub const FIRST_PATIENT: i64 = 9;
pub const PATIENTS: i64 = 12;

/// The account name, and the telephone, of one of those patients.
pub fn patient(number: i64) -> String {
    (13_700_000_000 + number).to_string()
}

pub struct Clinic {
    dispatcher: Dispatcher,
    ids: SessionIds,
    connections: HashMap<String, Session>,
    pub now: Now,
}

/// A local time, `YYYY-MM-DD HH:MM`.
pub fn at(time: &str) -> Now {
    let moment = NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M").unwrap();
    moment_of(moment)
}

fn moment_of(moment: NaiveDateTime) -> Now {
    Now {
        local: moment.format("%Y-%m-%dT%H:%M:%S.000000").to_string(),
        utc: moment.format("%Y-%m-%d %H:%M:%S").to_string(),
        unix_ms: moment.and_utc().timestamp_millis(),
    }
}

fn people(store: &mut Store) {
    let now = at("2026-01-05 07:00");
    assert!(demo::fill(store, &now).unwrap());
    store
        .write(|transaction| {
            let hash = credential::hash_salted_sha256("pw").unwrap();
            for (username, role) in [(NURSE, Role::Nurse), (CLERK, Role::Clerk)] {
                let new = NewStaff { username, name: username, password_hash: &hash, role };
                register_staff(transaction, &new, &now).unwrap();
            }
            for number in 0..PATIENTS {
                let (name, phone) = (format!("赵{number}"), patient(number));
                let new = NewPatient {
                    name: &name,
                    password_hash: &hash,
                    phone: &phone,
                    birth_date: None,
                    id_card: None,
                    email: None,
                };
                let id = register_patient(transaction, &new, &now).unwrap();
                assert_eq!(id, FIRST_PATIENT + number);
            }
            let new = NewStaff { username: ADMIN, name: ADMIN, password_hash: &hash, role: Role::Admin };
            register_staff(transaction, &new, &now).unwrap();
            Ok::<_, medsrv::store::Error>(())
        })
        .unwrap();
    assert_eq!(store.commit(), Commit::Durable);
}

/// The result of a reply, or the facts of its error.
fn result(mut reply: Value) -> Result<Value, Value> {
    match reply.get("error") {
        Some(error) => Err(error.get("data").cloned().unwrap_or_else(|| error.clone())),
        None => Ok(reply["result"].take()),
    }
}

impl Clinic {
    pub fn new() -> Clinic {
        Clinic::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Settings)) -> Clinic {
        let mut store = Store::open_in_memory().unwrap();
        people(&mut store);
        let mut settings = Settings::from_config(&Config::default());
        settings.login.password_iterations = 10;
        // The days of these tests pass without calls.
        settings.login.session.idle_patient_ms = i64::MAX / 2;
        settings.login.session.idle_staff_ms = i64::MAX / 2;
        settings.login.session.max_ms = i64::MAX / 4;
        change(&mut settings);
        let trail = Trail::new(&Key::new(Zeroizing::new([7; 32])), "test".into());
        let parts = Parts { store, trail, anchors: None };
        let dispatcher = Dispatcher::new(parts, settings).unwrap();
        let connections = HashMap::new();
        Clinic { dispatcher, ids: SessionIds::default(), connections, now: at("2026-01-05 07:00") }
    }

    pub fn at(&mut self, time: &str) {
        self.now = at(time);
    }

    pub fn pass(&mut self, minutes: i64) {
        let now = NaiveDateTime::parse_from_str(&self.now.utc, "%Y-%m-%d %H:%M:%S").unwrap();
        self.now = moment_of(now + TimeDelta::try_minutes(minutes).unwrap());
    }

    /// A minute is over: what is looked at each minute is looked at.
    pub fn tend(&mut self) {
        let now = self.now.clone();
        self.dispatcher.tend(&now);
        self.tick();
    }

    /// Does what is due by now.
    pub fn tick(&mut self) {
        for _ in 0..50 {
            self.dispatcher.tick(&self.now);
            assert_eq!(self.dispatcher.commit(), Commit::Durable);
            if self.dispatcher.due_ms() > self.now.unix_ms {
                return;
            }
        }
        panic!("there is no end to what is due");
    }

    fn ask(&mut self, session: &Session, data: &str) -> Value {
        let mut output = Vec::new();
        loop {
            match self.dispatcher.request(session, b"n", data.as_bytes(), &self.now, false, &mut output) {
                Then::Wait => {
                    while self.dispatcher.derive(u32::MAX) {}
                    assert_eq!(self.dispatcher.woken(), Some(session.id));
                }
                Then::Later => panic!("no request here runs alone"),
                _ => break,
            }
        }
        assert_eq!(self.dispatcher.commit(), Commit::Durable);
        serde_json::from_slice(&output).unwrap()
    }

    fn connect(&mut self) -> Session {
        Session { id: self.ids.give(), address: IpAddr::V4(Ipv4Addr::LOCALHOST) }
    }

    /// The connection on which someone is logged in.
    fn connection(&mut self, who: &str) -> Session {
        if !self.connections.contains_key(who) {
            let session = self.connect();
            let password = match who {
                "DOC001" => "hash_doctor1",
                "DOC002" => "hash_doctor2",
                "DOC003" => "hash_doctor3",
                _ => "pw",
            };
            let params = json!({"username": who, "password": password});
            let login = json!({"jsonrpc": "2.0", "id": 1, "method": "session.login", "params": params});
            let reply = self.ask(&session, &login.to_string());
            assert!(reply["error"].is_null(), "{who}: {reply}");
            self.connections.insert(who.to_owned(), session);
        }
        self.connections[who]
    }

    pub fn call(&mut self, who: &str, method: &str, params: &Value) -> Result<Value, Value> {
        let session = self.connection(who);
        let data = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        result(self.ask(&session, &data))
    }

    /// What each of these calls came to, which come within one turn.
    pub fn together(&mut self, calls: &[(&str, &str, Value)]) -> Vec<Result<Value, Value>> {
        let connections: Vec<Session> = calls.iter().map(|(who, ..)| self.connection(who)).collect();
        let mut results = Vec::new();
        for (session, (_, method, params)) in connections.iter().zip(calls) {
            let data = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
            let mut output = Vec::new();
            let then = self.dispatcher.request(session, b"n", data.as_bytes(), &self.now, false, &mut output);
            assert!(!matches!(then, Then::Wait | Then::Later), "{method}");
            results.push(result(serde_json::from_slice(&output).unwrap()));
        }
        assert_eq!(self.dispatcher.commit(), Commit::Durable);
        results
    }

    /// What the last turn has told those who listen: who, and the event.
    pub fn told(&mut self) -> Vec<(String, Value)> {
        let mut told = Vec::new();
        let connections = &self.connections;
        self.dispatcher.push(&mut |session, data| {
            let (who, _) = connections.iter().find(|(_, known)| known.id == session).unwrap();
            let mut event: Value = serde_json::from_slice(data).unwrap();
            told.push((who.clone(), event["params"].take()));
        });
        told
    }

    /// Changes rows that no method changes yet.
    pub fn execute(&mut self, sql: &str) {
        assert!(self.takes(sql), "{sql}");
    }

    /// Whether the schema takes a change of rows.
    pub fn takes(&mut self, sql: &str) -> bool {
        let now = self.now.clone();
        let sql = Box::leak(sql.to_owned().into_boxed_str());
        let statement = Statement { file: "", sql };
        let done = self
            .dispatcher
            .act("test", &now, |change| Ok((change.transaction.execute(&statement, [])?, Vec::new())));
        assert_eq!(self.dispatcher.commit(), Commit::Durable);
        done.is_ok()
    }

    /// The words of a refusal.
    pub fn refusal(&mut self, who: &str, method: &str, params: &Value) -> String {
        self.call(who, "session.whoami", &json!({})).unwrap();
        let session = self.connections[who];
        let data = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let reply = self.ask(&session, &data.to_string());
        reply["error"]["message"].as_str().unwrap().to_owned()
    }

    /// Calls under an id of so many letters, which the reply has too.
    pub fn call_at_length(&mut self, who: &str, method: &str, params: &Value, letters: usize) -> Value {
        self.call(who, "session.whoami", &json!({})).unwrap();
        let session = self.connections[who];
        let id = "x".repeat(letters);
        let data = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.ask(&session, &data.to_string())
    }

    pub fn ok(&mut self, who: &str, method: &str, params: Value) -> Value {
        self.call(who, method, &params).unwrap_or_else(|error| panic!("{who}: {method} {params}: {error}"))
    }

    /// The facts of a refusal.
    pub fn refused(&mut self, who: &str, method: &str, params: Value, code: &str) -> Value {
        match self.call(who, method, &params) {
            Ok(result) => panic!("{who}: {method} {params}: {result}"),
            Err(facts) => {
                assert_eq!(facts["code"], code, "{who}: {method} {params}: {facts}");
                facts
            }
        }
    }

    /// The results of several calls in one turn, by someone who has called before.
    #[allow(dead_code, reason = "only the tests of care look at a turn")]
    pub fn batch(&mut self, who: &str, calls: &[(&str, Value)]) -> Vec<Value> {
        let session = self.connections[who];
        let call = |(method, params): &(&str, Value)| json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let data = Value::Array(calls.iter().map(call).collect()).to_string();
        let mut replies = self.ask(&session, &data);
        replies.as_array_mut().unwrap().iter_mut().map(|reply| reply["result"].take()).collect()
    }

    /// What the last call has pushed: to whom, and the event.
    #[allow(dead_code, reason = "only the tests of care listen")]
    pub fn pushed(&mut self) -> Vec<(String, Value)> {
        let mut pushed = Vec::new();
        let names: HashMap<_, _> = self.connections.iter().map(|(who, at)| (at.id, who.clone())).collect();
        self.dispatcher.push(&mut |session, data| {
            let mut event: Value = serde_json::from_slice(data).unwrap();
            pushed.push((names[&session].clone(), event["params"].take()));
        });
        pushed
    }

    /// The result of a request in the old dialect.
    pub fn old(&mut self, request: &Value) -> Value {
        let session = self.connect();
        self.ask(&session, &request.to_string())["result"].take()
    }

    /// The first column of the first row.
    pub fn number(&mut self, sql: &'static str) -> i64 {
        let now = self.now.clone();
        let found = self.dispatcher.act("test", &now, |change| {
            let statement = Statement { file: "", sql };
            Ok((change.transaction.first(&statement, [], |row| row.integer(0))?, Vec::new()))
        });
        assert_eq!(self.dispatcher.commit(), Commit::Durable);
        found.unwrap().unwrap()
    }

    /// Whether the database itself refuses a statement.
    #[allow(dead_code, reason = "the tests of care use it")]
    pub fn is_kept_from(&mut self, sql: &'static str) -> bool {
        let now = self.now.clone();
        let done = self.dispatcher.act("test", &now, |change| {
            let statement = Statement { file: "", sql };
            Ok((change.transaction.execute(&statement, [])?, Vec::new()))
        });
        assert_eq!(self.dispatcher.commit(), Commit::Durable);
        matches!(done, Err(medsrv::store::Error::Constraint(_)))
    }

    /// Makes a session of 王医生 of 内科, who is 4, or of 刘医生 of 外科, who is 5: of nine to twelve on the first day,
    /// with so many places online and one at the desk.
    pub fn session(&mut self, doctor_id: i64, online: i64) -> i64 {
        self.session_of(json!({
            "doctor_id": doctor_id, "period": "morning", "starts_at": "2026-01-05 09:00",
            "ends_at": "2026-01-05 12:00", "capacity_online": online, "capacity_onsite": 1,
        }))
    }

    pub fn session_of(&mut self, params: Value) -> i64 {
        self.ok(CLERK, "schedule.add_session", params)["id"].as_i64().unwrap()
    }

    /// One of the patients books online. Returns the appointment.
    pub fn book(&mut self, session_id: i64, number: i64) -> i64 {
        let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + number});
        self.ok(&patient(number), "appointment.book", params)["appointment_id"].as_i64().unwrap()
    }

    pub fn refused_book(&mut self, session_id: i64, number: i64, code: &str) -> Value {
        let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + number});
        self.refused(&patient(number), "appointment.book", params, code)
    }

    pub fn get(&mut self, appointment_id: i64) -> Value {
        self.ok(NURSE, "appointment.get", json!({"appointment_id": appointment_id}))
    }

    pub fn state(&mut self, appointment_id: i64) -> String {
        self.get(appointment_id)["state"].as_str().unwrap().to_owned()
    }

    /// A session as it is listed.
    pub fn listed(&mut self, session_id: i64) -> Value {
        let range = json!({"date_from": "2026-01-01", "date_to": "2026-01-31", "limit": 100});
        let list = self.ok(CLERK, "schedule.sessions", range);
        let items = list["items"].as_array().unwrap();
        items.iter().find(|item| item["session_id"] == session_id).unwrap().clone()
    }

    /// How many places online a session has left.
    pub fn remaining(&mut self, session_id: i64) -> i64 {
        self.listed(session_id)["online"]["remaining"].as_i64().unwrap()
    }

    pub fn cancel(&mut self, who: &str, appointment_id: i64) -> Value {
        self.ok(who, "appointment.cancel", json!({"appointment_id": appointment_id}))
    }
}
