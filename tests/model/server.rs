//! The server: a dispatcher over a file, and those who are logged in.
//!
//! It never knows what is to be expected. Invariant: a turn ends when it is told to, and before time passes.

use super::care::{DOCTORS, HOSPITAL, hospital};
use super::clinic::{ADMIN, CLERK, Clinic, DAY, NURSE, PATIENTS, Session as Reference, text};
use medsrv::dispatch::{Dispatcher, Parts, Settings, Then};
use medsrv::ops::config::Config;
use medsrv::service::access::Role;
use medsrv::service::account::{NewPatient, NewStaff, register_patient, register_staff};
use medsrv::service::audit::{Key, Trail};
use medsrv::service::time::Now;
use medsrv::service::{credential, demo};
use medsrv::session::{Session, SessionIds};
use medsrv::store::statements::clinic_session;
use medsrv::store::{Commit, Store, params};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::Permissions;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::OnceLock;
use zeroize::Zeroizing;

pub struct Server {
    directory: tempfile::TempDir,
    dispatcher: Option<Dispatcher>,
    ids: SessionIds,
    connections: HashMap<i64, Session>,
    tokens: HashMap<i64, String>,
    /// Sees what is durable.
    pub rows: Connection,
    now: Now,
}

/// The first moment of the first day, 2026-01-05.
const BEGIN_MS: i64 = 1_767_571_200_000;

pub fn unix_ms(minutes: i64) -> i64 {
    BEGIN_MS + minutes * 60_000
}

fn moment(minutes: i64) -> Now {
    let utc = text(minutes);
    Now { local: utc.replace(' ', "T") + ".000000", utc, unix_ms: unix_ms(minutes) }
}

pub fn name(user_id: i64) -> String {
    match user_id {
        doctor if DOCTORS.contains(&doctor) => format!("DOC00{}", doctor - 3),
        ADMIN => "admin".into(),
        NURSE => "nurse".into(),
        CLERK => "clerk".into(),
        patient => (13_700_000_000 + patient).to_string(),
    }
}

fn fill(store: &mut Store, reference: &Clinic) {
    let now = moment(reference.now);
    assert!(demo::fill(store, &now).unwrap());
    store
        .write(|transaction| {
            let hash = credential::hash_salted_sha256("pw").unwrap();
            let staff = |id, role| {
                let username = name(id);
                let new = NewStaff { username: &username, name: &username, password_hash: &hash, role };
                assert_eq!(register_staff(transaction, &new, &now).unwrap(), id);
            };
            staff(NURSE, Role::Nurse);
            staff(CLERK, Role::Clerk);
            for id in PATIENTS {
                let (name, phone) = (format!("赵{id}"), name(id));
                let new = NewPatient {
                    name: &name,
                    password_hash: &hash,
                    phone: &phone,
                    birth_date: None,
                    id_card: None,
                    email: None,
                };
                assert_eq!(register_patient(transaction, &new, &now).unwrap(), id);
            }
            staff(ADMIN, Role::Admin);
            for session in reference.sessions.values() {
                let Reference { doctor, department, starts, ends, capacity, .. } = session;
                let (day, period, none) = (&text(*starts)[..10], format!("p{}", session.id), None::<&str>);
                let [online, onsite, addon] = capacity;
                let (starts, ends) = (text(*starts), text(*ends));
                let id = transaction.insert(
                    &clinic_session::INSERT,
                    params![
                        doctor, department, none, day, period, starts, ends, none, none, online, onsite,
                        addon
                    ],
                )?;
                assert_eq!(id, session.id);
            }
            Ok::<_, medsrv::store::Error>(())
        })
        .unwrap();
    assert_eq!(store.commit(), Commit::Durable);
}

/// The sessions of two days: mornings and an afternoon, of one doctor and of another one.
pub fn reference() -> Clinic {
    let mut clinic = Clinic { now: 7 * 60, older: 3, care: hospital(), ..Clinic::default() };
    let hours = |day: i64, from: i64, to: i64| (day * DAY + from * 60, day * DAY + to * 60);
    for (id, doctor, department, (starts, ends)) in [
        (1, 4, "内科", hours(0, 9, 12)),
        (2, 4, "内科", hours(0, 13, 17)),
        (3, 5, "外科", hours(0, 9, 14)),
        (4, 4, "内科", hours(1, 8, 11)),
        (5, 5, "外科", hours(1, 9, 12)),
    ] {
        let (capacity, booked, next_ticket, state) = ([3, 2, 1], [0; 3], 1, "open");
        let session = Reference {
            id,
            doctor,
            department,
            starts,
            ends,
            capacity,
            booked,
            next_ticket,
            state,
            was_stopped: false,
        };
        clinic.sessions.insert(id, session);
    }
    clinic
}

/// The file with which each walk begins.
static FILLED: OnceLock<Vec<u8>> = OnceLock::new();

fn filled(reference: &Clinic) -> Vec<u8> {
    let directory = directory();
    let path = directory.path().join("model.db");
    let mut store = Store::open(&path, credential::hash_salted_sha256).unwrap().store;
    fill(&mut store, reference);
    store.close();
    Connection::open(&path).unwrap().execute_batch(HOSPITAL).unwrap();
    std::fs::read(path).unwrap()
}

/// In memory where there is a file system for that: a walk asks for all its syncs, but loses no power.
fn directory() -> tempfile::TempDir {
    let in_memory = tempfile::tempdir_in("/dev/shm");
    in_memory.unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

impl Server {
    pub fn new(reference: &Clinic) -> Server {
        let directory = directory();
        let path = directory.path().join("model.db");
        std::fs::write(&path, FILLED.get_or_init(|| filled(reference))).unwrap();
        // Others may read nothing of a database that is opened.
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let store = Store::open(&path, credential::hash_salted_sha256).unwrap().store;
        Server {
            rows: Connection::open(&path).unwrap(),
            directory,
            dispatcher: Some(dispatcher(store)),
            ids: SessionIds::default(),
            connections: HashMap::new(),
            tokens: HashMap::new(),
            now: moment(reference.now),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("model.db")
    }

    fn dispatcher(&mut self) -> &mut Dispatcher {
        self.dispatcher.as_mut().unwrap()
    }

    /// Ends the turn, after which nothing else comes for a while.
    pub fn commit(&mut self) {
        assert_eq!(self.dispatcher().commit(), Commit::Durable);
        self.dispatcher().checkpoint(true);
    }

    /// Ends, and begins anew on the same file.
    pub fn restart(&mut self) {
        self.dispatcher.take().unwrap().close(&self.now);
        self.connections.clear();
        let store = Store::open(&self.path(), credential::hash_salted_sha256).unwrap().store;
        self.dispatcher = Some(dispatcher(store));
    }

    /// It is that late now, and what is due is done.
    pub fn set_clock(&mut self, minutes: i64) {
        self.now = moment(minutes);
        let now = self.now.clone();
        for _ in 0..50 {
            self.dispatcher().tick(&now);
            assert_eq!(self.dispatcher().commit(), Commit::Durable);
            if self.dispatcher().due_ms() > now.unix_ms {
                return;
            }
        }
        panic!("there is no end to what is due");
    }

    fn ask(&mut self, session: &Session, method: &str, params: &Value) -> Value {
        let data = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let (now, mut output) = (self.now.clone(), Vec::new());
        while self.dispatcher().request(session, b"n", data.as_bytes(), &now, false, &mut output)
            == Then::Wait
        {
            while self.dispatcher().derive(u32::MAX) {}
            assert_eq!(self.dispatcher().woken(), Some(session.id));
        }
        serde_json::from_slice(&output).unwrap()
    }

    /// Whoever was logged in before goes on with that.
    fn connect(&mut self, user_id: i64) -> Session {
        let session = Session { id: self.ids.give(), address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let password = match user_id {
            doctor if DOCTORS.contains(&doctor) => format!("hash_doctor{}", doctor - 3),
            _ => "pw".to_owned(),
        };
        let (method, params) = match self.tokens.get(&user_id) {
            Some(token) => ("session.resume", json!({"token": token})),
            None => ("session.login", json!({"username": name(user_id), "password": password})),
        };
        let reply = self.ask(&session, method, &params);
        assert!(reply["error"].is_null(), "{user_id}: {reply}");
        if let Some(token) = reply["result"]["token"].as_str() {
            self.tokens.insert(user_id, token.to_owned());
        }
        self.connections.insert(user_id, session);
        session
    }

    /// A request of the old dialect. Returns whether it was carried out.
    pub fn old(&mut self, request: &Value) -> bool {
        let session = Session { id: self.ids.give(), address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let (now, data, mut output) = (self.now.clone(), request.to_string(), Vec::new());
        self.dispatcher().request(&session, b"n", data.as_bytes(), &now, false, &mut output);
        self.dispatcher().closed(session.id);
        let reply: Value = serde_json::from_slice(&output).unwrap();
        reply["result"]["status"] == "success"
    }

    /// The result, or the word of the refusal.
    pub fn call(&mut self, user_id: i64, method: &str, params: &Value) -> Result<Value, String> {
        let session = match self.connections.get(&user_id) {
            Some(session) => *session,
            None => self.connect(user_id),
        };
        let mut reply = self.ask(&session, method, params);
        match reply.get("error") {
            None => Ok(reply["result"].take()),
            Some(error) => Err(error["data"]["code"].as_str().unwrap_or(&error.to_string()).to_owned()),
        }
    }
}

fn dispatcher(store: Store) -> Dispatcher {
    let mut settings = Settings::from_config(&Config::default());
    settings.login.password_iterations = 2;
    // A walk lasts two days.
    settings.login.session.idle_patient_ms = i64::MAX / 2;
    settings.login.session.idle_staff_ms = i64::MAX / 2;
    settings.login.session.max_ms = i64::MAX / 4;
    let trail = Trail::new(&Key::new(Zeroizing::new([7; 32])), "test".into());
    Dispatcher::new(Parts { store, trail, anchors: None }, settings).unwrap()
}
