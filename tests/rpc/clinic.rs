//! A dispatcher over a database file of its own, with the sample people and some of the staff. Time stands
//! still unless a test lets it pass, and another connection looks at the rows.

use chrono::{DateTime, Local};
use medsrv::dispatch::{Dispatcher, Parts, Settings, Then};
use medsrv::ops::config::Config;
use medsrv::service::access::Role;
use medsrv::service::account::{NewPatient, NewStaff, register_patient, register_staff, set_auditor};
use medsrv::service::audit::{Key, Trail};
use medsrv::service::credential::hash_salted_sha256;
use medsrv::service::demo;
use medsrv::service::time::Now;
use medsrv::session::{Session, SessionIds};
use medsrv::store::{Commit, Store};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// Few enough for a test, and yet more than two steps.
pub const ITERATIONS: u32 = 10;

pub const MINUTE_MS: i64 = 60_000;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;

/// The first doctor treats the first patient, the second the second, the third the third; nobody the fourth.
pub const PATIENT: i64 = 1;
pub const OTHER_PATIENT: i64 = 2;
pub const THIRD_PATIENT: i64 = 3;
pub const DOCTOR: i64 = 4;
pub const OTHER_DOCTOR: i64 = 5;
pub const ADMIN: i64 = 7;
pub const NURSE: i64 = 9;
pub const CLERK: i64 = 10;
pub const AUDITOR: i64 = 11;
/// A clerk to whom the tests do what is done to accounts.
pub const SPARE: i64 = 12;
/// A patient whom nobody has seen yet.
pub const STRANGER: i64 = 13;

/// Everyone's name and password; the place is the id, counted from one.
pub const PEOPLE: [(&str, &str); 13] = [
    ("13800138000", "hash_patient1"),
    ("13900139000", "hash_patient2"),
    ("15800158000", "hash_patient3"),
    ("DOC001", "hash_doctor1"),
    ("DOC002", "hash_doctor2"),
    ("DOC003", "hash_doctor3"),
    ("chief", "hash_chief"),
    ("deputy", "hash_deputy"),
    ("nurse", "hash_nurse"),
    ("clerk", "hash_clerk"),
    ("auditor", "hash_auditor"),
    ("spare", "hash_spare"),
    ("13600136000", "hash_stranger"),
];

/// What no reply may hold whole.
pub const NUMBERS: [&str; 8] = [
    "13800138000",
    "13900139000",
    "15800158000",
    "13600136000",
    "110101199001010001",
    "110101198505150002",
    "110101199203200003",
    "110101197001010004",
];

pub struct Clinic {
    pub directory: tempfile::TempDir,
    /// None only while it is opened anew.
    dispatcher: Option<Dispatcher>,
    settings: Settings,
    ids: SessionIds,
    pub now: Now,
    /// Sees what is durable.
    pub rows: Connection,
    /// How many iterations the last request waited for.
    pub steps: u32,
}

fn staff(store: &mut Store, now: &Now) {
    store
        .write(|transaction| {
            for (number, role) in [
                (7, Role::Admin),
                (8, Role::Admin),
                (9, Role::Nurse),
                (10, Role::Clerk),
                (11, Role::Nurse),
                (12, Role::Clerk),
            ] {
                let (username, password) = PEOPLE[number - 1];
                let password_hash = hash_salted_sha256(password).unwrap();
                let new = NewStaff { username, name: username, password_hash: &password_hash, role };
                let user_id = register_staff(transaction, &new, now).unwrap();
                assert_eq!(user_id, i64::try_from(number).unwrap());
            }
            set_auditor(transaction, AUDITOR, true)?;
            let (phone, password) = PEOPLE[12];
            let new = NewPatient {
                name: "赵六",
                password_hash: &hash_salted_sha256(password).unwrap(),
                phone,
                birth_date: Some("1970-01-01"),
                id_card: Some("110101197001010004"),
                email: None,
            };
            assert_eq!(register_patient(transaction, &new, now).unwrap(), STRANGER);
            Ok::<_, medsrv::store::Error>(())
        })
        .unwrap();
    assert_eq!(store.commit(), Commit::Durable);
}

fn moment(unix_ms: i64) -> Now {
    Now::at(DateTime::from_timestamp_millis(unix_ms).unwrap().with_timezone(&Local))
}

impl Clinic {
    pub fn new() -> Clinic {
        Clinic::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Settings)) -> Clinic {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("clinic.db");
        let now = moment(1_767_294_245_000);
        let mut store = Store::open(&path, hash_salted_sha256).unwrap().store;
        assert!(demo::fill(&mut store, &now).unwrap());
        staff(&mut store, &now);
        let mut settings = Settings::from_config(&Config::default());
        settings.login.password_iterations = ITERATIONS;
        change(&mut settings);
        let rows = Connection::open(&path).unwrap();
        let dispatcher = Some(dispatcher(store, &settings));
        Clinic { directory, dispatcher, settings, ids: SessionIds::default(), now, rows, steps: 0 }
    }

    pub fn dispatcher(&mut self) -> &mut Dispatcher {
        self.dispatcher.as_mut().unwrap()
    }

    /// Ends the dispatcher and opens another on the same file, as a restart does.
    pub fn restart(&mut self, change: impl FnOnce(&mut Settings)) {
        self.dispatcher.take().unwrap().close(&self.now);
        change(&mut self.settings);
        let store = Store::open(&self.directory.path().join("clinic.db"), hash_salted_sha256).unwrap().store;
        self.dispatcher = Some(dispatcher(store, &self.settings));
    }

    /// Sets the rules anew while the dispatcher goes on, as a reload does.
    pub fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        let settings = self.settings.clone();
        self.dispatcher().set(settings);
    }

    /// Lets time pass, or turns the clock back.
    pub fn pass(&mut self, ms: i64) {
        self.now = moment(self.now.unix_ms + ms);
    }

    pub fn connect(&mut self) -> Session {
        self.connect_from("127.0.0.1")
    }

    pub fn connect_from(&mut self, address: &str) -> Session {
        Session { id: self.ids.give(), address: address.parse::<IpAddr>().unwrap() }
    }

    /// Asks once, inside the turn.
    pub fn ask(&mut self, session: &Session, data: &str, alone: bool) -> (Then, String) {
        let now = self.now.clone();
        let mut output = Vec::new();
        let then = self.dispatcher().request(session, b"n", data.as_bytes(), &now, alone, &mut output);
        (then, String::from_utf8(output).unwrap())
    }

    /// The whole reply to a request, within the turn.
    pub fn reply(&mut self, session: &Session, data: &str) -> String {
        self.steps = 0;
        let mut alone = false;
        loop {
            match self.ask(session, data, alone) {
                (Then::Later, output) => {
                    assert!(!alone && output.is_empty());
                    self.commit();
                    alone = true;
                }
                (Then::Wait, output) => {
                    assert!(output.is_empty());
                    // The first of them is done when the derivation begins.
                    self.steps += 1 + self.derive();
                    assert_eq!(self.dispatcher().woken(), Some(session.id));
                }
                (_, output) => return output,
            }
        }
    }

    /// Derives whatever waits, one iteration at a time, and counts them.
    pub fn derive(&mut self) -> u32 {
        let mut steps = 1;
        while self.dispatcher().derive(1) {
            steps += 1;
        }
        steps
    }

    pub fn commit(&mut self) {
        assert_eq!(self.dispatcher().commit(), Commit::Durable);
    }

    /// The reply to a request that has a turn of its own.
    pub fn send(&mut self, session: &Session, data: &str) -> String {
        let reply = self.reply(session, data);
        self.commit();
        reply
    }

    pub fn call(&mut self, session: &Session, method: &str, params: &Value) -> Value {
        let reply = self.send(session, &request(method, params));
        serde_json::from_str(&reply).unwrap_or_else(|_| panic!("{method}: {reply:?}"))
    }

    pub fn result(&mut self, session: &Session, method: &str, params: &Value) -> Value {
        let mut reply = self.call(session, method, params);
        assert!(reply.get("error").is_none(), "{method} {params}: {reply}");
        reply["result"].take()
    }

    /// The word for what a call came to: that of the refusal, or `ok`.
    pub fn word(&mut self, session: &Session, method: &str, params: &Value) -> String {
        word(&self.call(session, method, params))
    }

    /// A connection on which that person is logged in, and their token.
    pub fn login_with_token(&mut self, user_id: i64) -> (Session, String) {
        let session = self.connect();
        let token = self.login_on(&session, user_id)["token"].as_str().unwrap().to_owned();
        (session, token)
    }

    pub fn login(&mut self, user_id: i64) -> Session {
        self.login_with_token(user_id).0
    }

    pub fn login_on(&mut self, session: &Session, user_id: i64) -> Value {
        self.result(session, "session.login", &credentials(user_id))
    }

    /// A request of the old dialect; its result.
    pub fn old(&mut self, request: &Value) -> Value {
        let session = self.connect();
        let reply: Value = serde_json::from_str(&self.send(&session, &request.to_string())).unwrap();
        reply["result"].clone()
    }

    /// The first column of the first row.
    pub fn number(&self, sql: &str) -> i64 {
        self.rows.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub fn text(&self, sql: &str) -> String {
        self.rows.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// All rows of all tables but the trail and the times of use, a text a table, which SQLite writes.
    pub fn everything(&self) -> Vec<String> {
        let columns = "SELECT schema.name, group_concat('quote(' || columns.name || ')', ' || char(9) || ')
            FROM sqlite_schema AS schema JOIN pragma_table_info(schema.name) AS columns
            WHERE schema.type = 'table' AND schema.name <> 'audit' AND columns.name <> 'used_at'
            GROUP BY schema.name ORDER BY schema.name";
        let mut tables = self.rows.prepare_cached(columns).unwrap();
        let tables = tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let text = |(table, cells): (String, String)| {
            let rows =
                format!("SELECT '{table}' || char(10) || group_concat({cells}, char(10)) FROM {table}");
            let text = self.rows.prepare_cached(&rows).unwrap().query_row([], |row| row.get(0));
            text.map(Option::<String>::unwrap_or_default).unwrap()
        };
        tables.map(|table| text(table.unwrap())).collect()
    }

    /// How many entries the trail has.
    pub fn entries(&self) -> i64 {
        self.number("SELECT count(*) FROM audit")
    }

    /// Method, acting user, patient, outcome, reason and detail of the last entry.
    pub fn last_entry(&self) -> Value {
        let sql = "SELECT json_array(method, actor_id, patient_id, outcome, reason, detail) FROM audit
            ORDER BY sequence DESC LIMIT 1";
        serde_json::from_str(&self.text(sql)).unwrap()
    }
}

fn dispatcher(store: Store, settings: &Settings) -> Dispatcher {
    let trail = Trail::new(&Key::new(Zeroizing::new([7; 32])), "test".into());
    Dispatcher::new(Parts { store, trail, anchors: None }, settings.clone()).unwrap()
}

/// Something that happens to the people, and what it is in words.
pub type Change = (&'static str, fn(&mut Clinic));

pub fn credentials(user_id: i64) -> Value {
    let (username, password) = PEOPLE[usize::try_from(user_id).unwrap() - 1];
    json!({"username": username, "password": password})
}

pub fn request(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "method": method, "params": params, "id": 1}).to_string()
}

pub fn word(reply: &Value) -> String {
    let Some(error) = reply.get("error") else { return "ok".into() };
    match error["code"].as_i64().unwrap() {
        -32000 => error["data"]["code"].as_str().unwrap().to_owned(),
        -32602 => "invalid_params".into(),
        code => code.to_string(),
    }
}
