//! Listening, over the dispatcher and a database in memory: what is told, to whom, and what after a lost turn;
//! and what the dispatcher does when its time has come.

use medsrv::dispatch::{Dispatcher, Parts, Settings, Then};
use medsrv::ops::config::Config;
use medsrv::service::audit::{Key, Trail};
use medsrv::service::booking::{self, Change, NewBooking, Outcome, Override, Pool, State};
use medsrv::service::schedule::{self, NewSession};
use medsrv::service::time::Now;
use medsrv::service::{demo, waitlist};
use medsrv::session::{Session, SessionId, SessionIds};
use medsrv::store::{Commit, Statement, Store, params};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use zeroize::Zeroizing;

const ZHANG: (&str, &str) = ("13800138000", "hash_patient1");
const LI: (&str, &str) = ("13900139000", "hash_patient2");
const WANG: (&str, &str) = ("DOC001", "hash_doctor1");
const LIU: (&str, &str) = ("DOC002", "hash_doctor2");

/// 2026-01-02 03:04:05, as if the hospital's time were UTC.
const NOW_MS: i64 = 1_767_323_045_000;
const MINUTE_MS: i64 = 60_000;

fn at(ms: i64) -> Now {
    let moment = chrono::DateTime::from_timestamp_millis(ms).unwrap();
    Now {
        local: moment.format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
        utc: moment.format("%Y-%m-%d %H:%M:%S").to_string(),
        unix_ms: ms,
    }
}

struct Clinic {
    dispatcher: Dispatcher,
    ids: SessionIds,
    now: Now,
}

impl Clinic {
    fn new() -> Clinic {
        let now = at(NOW_MS);
        let mut store = Store::open_in_memory().unwrap();
        assert!(demo::fill(&mut store, &now).unwrap());
        let mut settings = Settings::from_config(&Config::default());
        settings.login.password_iterations = 10;
        let trail = Trail::new(&Key::new(Zeroizing::new([7; 32])), "test".into());
        let parts = Parts { store, trail, anchors: None };
        Clinic { dispatcher: Dispatcher::new(parts, settings).unwrap(), ids: SessionIds::default(), now }
    }

    fn connect(&mut self) -> Session {
        Session { id: self.ids.give(), address: IpAddr::V4(Ipv4Addr::LOCALHOST) }
    }

    /// A connection of someone who has logged in.
    fn log_in(&mut self, (username, password): (&str, &str)) -> Session {
        let session = self.connect();
        self.result(&session, "session.login", json!({"username": username, "password": password}));
        self.end();
        session
    }

    /// The whole reply to a call, within the turn.
    fn reply(&mut self, session: &Session, method: &str, params: Value) -> Value {
        let data = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let mut output = Vec::new();
        while self.dispatcher.request(session, b"n", data.as_bytes(), &self.now, false, &mut output)
            == Then::Wait
        {
            while self.dispatcher.derive(u32::MAX) {}
            assert_eq!(self.dispatcher.woken(), Some(session.id));
        }
        serde_json::from_slice(&output).unwrap()
    }

    fn result(&mut self, session: &Session, method: &str, params: Value) -> Value {
        let reply = self.reply(session, method, params);
        assert_eq!(reply.get("error"), None, "{method}");
        reply["result"].clone()
    }

    fn subscribe(&mut self, session: &Session, topics: &[&str]) -> Value {
        self.result(session, "event.subscribe", json!({"topics": topics}))
    }

    /// The word of a refusal, and the topic that it names.
    fn refusal(&mut self, session: &Session, topics: &[&str]) -> (String, String) {
        let reply = self.reply(session, "event.subscribe", json!({"topics": topics}));
        let word = |name: &str| reply["error"]["data"][name].as_str().unwrap_or_default().to_owned();
        (word("code"), word("topic"))
    }

    /// Ends the turn, and tells what was pushed.
    fn end(&mut self) -> Vec<(SessionId, Value)> {
        assert_eq!(self.dispatcher.commit(), Commit::Durable);
        self.pushed()
    }

    fn pushed(&mut self) -> Vec<(SessionId, Value)> {
        let mut pushed = Vec::new();
        self.dispatcher.push(&mut |session, data| {
            let notification: Value = serde_json::from_slice(data).unwrap();
            assert_eq!((&notification["jsonrpc"], &notification["method"]), (&json!("2.0"), &json!("event")));
            pushed.push((session, notification["params"].clone()));
        });
        pushed
    }

    fn act<T>(&mut self, work: impl FnOnce(&mut Change<'_, '_>) -> Outcome<T>) -> T {
        let now = self.now.clone();
        self.dispatcher.act("test", &now, |change| Ok((work(change)?, Vec::new()))).unwrap()
    }

    fn execute(&mut self, sql: &'static str) {
        self.act(|change| Ok(change.transaction.execute(&Statement { file: "", sql }, [])?));
    }

    fn integers(&mut self, sql: &'static str) -> Vec<i64> {
        self.act(|change| {
            let mut found = Vec::new();
            change.transaction.each(&Statement { file: "", sql }, params![], |row| {
                found.push(row.integer(0)?);
                Ok::<_, medsrv::store::Error>(())
            })?;
            Ok(found)
        })
    }

    /// A session of doctor 4 that begins so many minutes from now and lasts an hour.
    fn session(&mut self, minutes: i64, capacity_online: i64) -> i64 {
        let begins = at(self.now.unix_ms + minutes * MINUTE_MS);
        let ends = at(begins.unix_ms + 60 * MINUTE_MS);
        let new = NewSession {
            doctor_id: 4,
            department: None,
            room: Some("1".into()),
            day: begins.day().to_owned(),
            period: format!("in {minutes}"),
            starts_at: begins.time_text(),
            ends_at: ends.time_text(),
            release_at: None,
            book_until: None,
            capacity_online,
            capacity_onsite: 0,
            capacity_addon: 0,
        };
        self.act(|change| Ok(schedule::add_session(change.transaction, &new, change.now).unwrap()))
    }

    fn place(&mut self, session_id: i64, patient_id: i64, state: State) -> i64 {
        let new = NewBooking {
            session_id,
            patient_id,
            state,
            pool: Pool::Online,
            origin_id: None,
            fee_fen: None,
            is_paid: false,
            reason: None,
            rules_are: Override::No,
            by: Some(patient_id),
        };
        self.act(|change| {
            booking::place(change.transaction, &new, change.rules, change.memory, change.changes, change.now)
        })
        .appointment_id
    }

    fn tick(&mut self) -> Vec<(SessionId, Value)> {
        let now = self.now.clone();
        self.dispatcher.tick(&now);
        self.end()
    }
}

#[test]
fn each_change_is_told_to_those_who_listen_and_to_nobody_else() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(60, 2);
    clinic.end();
    let (screen, patient, deaf) = (clinic.connect(), clinic.log_in(ZHANG), clinic.connect());
    let places = format!("session:{session_id}");
    let stands = clinic.subscribe(&screen, &[&places, "queue:1"]);
    assert_eq!(stands["gap"], false);
    assert_eq!(stands["topics"][0]["kind"], "places");
    assert_eq!(stands["topics"][0]["facts"]["online"], json!({"capacity": 2, "remaining": 2}));
    assert_eq!(stands["topics"][1]["facts"], json!({"rooms": [], "next": [], "waiting": 0}));
    clinic.subscribe(&patient, &[&places]);
    assert_eq!(clinic.end(), []);
    // Three changes of the session in one turn are one event, which says how it stands then.
    let one = clinic.place(session_id, 1, State::Held);
    let other = clinic.place(session_id, 2, State::Booked);
    clinic.act(|change| booking::cancel(change, one, booking::CancelledBy::Patient, None));
    clinic.subscribe(&patient, &[&format!("appointment:{one}")]);
    assert_eq!(clinic.refusal(&patient, &[&places, &format!("appointment:{other}")]).0, "forbidden");
    let pushed = clinic.end();
    let heard: Vec<(SessionId, &str, &str)> = pushed
        .iter()
        .map(|(session, event)| (*session, event["topic"].as_str().unwrap(), event["kind"].as_str().unwrap()))
        .collect();
    let appointment = format!("appointment:{one}");
    assert_eq!(
        heard,
        [
            (screen.id, places.as_str(), "places"),
            (patient.id, places.as_str(), "places"),
            (patient.id, appointment.as_str(), "state")
        ]
    );
    assert_eq!(pushed[0].1, pushed[1].1);
    assert_eq!(pushed[0].1["facts"]["online"], json!({"capacity": 2, "remaining": 1}));
    assert_eq!(pushed[2].1["facts"]["state"], "cancelled");
    assert_eq!(pushed[0].1["happened_at_ms"], NOW_MS);
    assert!(pushed.iter().all(|(session, _)| *session != deaf.id));
    // Nothing is told twice, and who has stopped listening or is gone hears nothing.
    assert_eq!(clinic.end(), []);
    let left = clinic.result(&patient, "event.unsubscribe", json!({"topics": [places]}));
    assert_eq!(left, json!({"topics": [appointment]}));
    clinic.dispatcher.closed(screen.id);
    clinic.act(|change| booking::cancel(change, other, booking::CancelledBy::Patient, None));
    assert_eq!(clinic.end(), []);
    assert_eq!(clinic.result(&patient, "event.unsubscribe", json!({})), json!({"topics": []}));
}

#[test]
fn a_board_shows_numbers_and_first_letters() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(-10, 5);
    let appointments = [1, 2, 3].map(|patient| clinic.place(session_id, patient, State::Booked));
    assert_eq!(appointments, [4, 5, 6]);
    clinic.execute(
        "INSERT INTO tickets (session_id, number, appointment_id, patient_id, state, band, place, room, checked_in_ms, changed_ms)
        VALUES (1, 11, 4, 1, 'called', 'booked', 1, '7', 0, 0), (1, 12, 5, 2, 'waiting', 'booked', 3, NULL, 0, 0),
            (1, 13, 6, 3, 'waiting', 'booked', 2, NULL, 0, 0)",
    );
    let screen = clinic.connect();
    clinic.end();
    let stands = clinic.subscribe(&screen, &["queue:1"]);
    let board = json!({
        "rooms": [{
            "room": "7", "serving": null, "called": {"session_id": 1, "number": 11, "name": "张*"}
        }],
        "next": [
            {"session_id": 1, "number": 13, "name": "王*"}, {"session_id": 1, "number": 12, "name": "李*"}
        ],
        "waiting": 2
    });
    assert_eq!(stands["topics"][0]["facts"], board);
    clinic.act(|change| {
        change.changes.queues.insert(1);
        let sql = "UPDATE tickets SET state = 'done' WHERE number = 11";
        Ok(change.transaction.execute(&Statement { file: "", sql }, [])?)
    });
    let pushed = clinic.end();
    assert_eq!(
        (&pushed[0].1["kind"], &pushed[0].1["facts"]["rooms"], pushed.len()),
        (&json!("board"), &json!([]), 1)
    );
}

#[test]
fn what_was_missed_is_told_or_how_things_stand() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(60, 9);
    let topic = format!("session:{session_id}");
    let screen = clinic.connect();
    let sequence = clinic.subscribe(&screen, &[&topic])["sequence"].as_i64().unwrap();
    for patient in [1, 2] {
        clinic.place(session_id, patient, State::Booked);
        clinic.end();
    }
    clinic.dispatcher.closed(screen.id);
    let again = clinic.connect();
    let resume = |clinic: &mut Clinic, since: i64| {
        clinic.result(&again, "event.subscribe", json!({"topics": [topic], "since": since}))
    };
    let missed = resume(&mut clinic, sequence);
    assert_eq!((&missed["gap"], &missed["topics"]), (&json!(false), &json!([])));
    let remaining: Vec<&Value> = missed["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["facts"]["online"]["remaining"])
        .collect();
    assert_eq!(remaining, [8, 7]);
    let last = missed["sequence"].as_i64().unwrap();
    assert_eq!(resume(&mut clinic, last)["events"], json!([]));
    // Few events, and too large for one reply.
    clinic.execute(
        r#"UPDATE events SET facts = '{"x":"' || hex(zeroblob(300000)) || '"}'
        WHERE sequence = (SELECT max(sequence) FROM events)"#,
    );
    let stands = resume(&mut clinic, sequence);
    assert_eq!((&stands["gap"], &stands["events"]), (&json!(true), &json!([])));
    // A sequence of another database.
    for since in [last + 1, -1] {
        let stands = resume(&mut clinic, since);
        assert_eq!((&stands["gap"], &stands["events"]), (&json!(true), &json!([])));
        assert_eq!(stands["topics"][0]["facts"]["online"]["remaining"], 7);
    }
    // A day later most of them are deleted, and the last one stays for its sequence.
    clinic.end();
    clinic.now = at(NOW_MS + 24 * 60 * MINUTE_MS + 1);
    let now = clinic.now.clone();
    clinic.dispatcher.tend(&now);
    assert!(clinic.dispatcher.due_ms() <= now.unix_ms);
    clinic.tick();
    assert_eq!(resume(&mut clinic, sequence)["gap"], true);
    let end = resume(&mut clinic, sequence)["sequence"].as_i64().unwrap();
    assert_eq!(resume(&mut clinic, end)["gap"], false);
}

#[test]
fn topics_are_for_those_whom_they_concern() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(60, 2);
    let appointment = format!("appointment:{}", clinic.place(session_id, 1, State::Booked));
    clinic.end();
    let stranger = clinic.connect();
    let people = [ZHANG, LI, WANG, LIU].map(|who| clinic.log_in(who));
    let [zhang, li, wang, liu] = people;
    let forbidden = |topic: &str| ("forbidden".to_owned(), topic.to_owned());
    for topic in ["patient:1", appointment.as_str()] {
        let expected = ("unauthenticated".to_owned(), topic.to_owned());
        assert_eq!(clinic.refusal(&stranger, &["session:1", topic]), expected);
        assert_eq!(clinic.refusal(&li, &["session:1", topic]), forbidden(topic));
        assert_eq!(clinic.refusal(&liu, &["session:1", topic]), forbidden(topic));
        clinic.subscribe(&zhang, &[topic]);
    }
    clinic.subscribe(&wang, &[&appointment]);
    assert_eq!(clinic.refusal(&wang, &["patient:1"]), forbidden("patient:1"));
    // Whether it is there is not told to those who may not hear of it.
    assert_eq!(clinic.refusal(&li, &["appointment:999"]), forbidden("appointment:999"));
    assert_eq!(clinic.refusal(&li, &["queue:999"]), ("not_found".to_owned(), "queue:999".to_owned()));
    for topics in [json!([]), json!(["session:01"]), json!("session:1"), json!([1])] {
        let reply = clinic.reply(&li, "event.subscribe", json!({"topics": topics}));
        assert_eq!(reply["error"]["code"], -32602, "{topics}");
    }
    // A call that is refused does nothing, and that the doctor listens is in the trail.
    clinic.end();
    clinic.place(session_id, 2, State::Booked);
    assert_eq!(clinic.end(), []);
    let reads = clinic.integers(
        "SELECT patient_id FROM audit WHERE method = 'event.subscribe' AND outcome = 'success' ORDER BY sequence",
    );
    assert_eq!(reads, [1]);
    let refused = "SELECT entity_id FROM audit WHERE method = 'event.subscribe' AND outcome = 'forbidden' AND actor_id = 2";
    assert_eq!(clinic.integers(refused), [1, 4, 999]);
}

#[test]
fn a_connection_listens_to_a_hundred_topics_at_the_most() {
    let mut clinic = Clinic::new();
    let ids: Vec<i64> = (0..101).map(|place| clinic.session(60 + 61 * place, 1)).collect();
    let topics: Vec<String> = ids.iter().map(|id| format!("session:{id}")).collect();
    let screen = clinic.connect();
    let ask = |clinic: &mut Clinic, topics: &[String]| {
        clinic.reply(&screen, "event.subscribe", json!({"topics": topics}))["error"]["data"]["field"].clone()
    };
    assert_eq!(ask(&mut clinic, &topics), "topics");
    assert_eq!(ask(&mut clinic, &topics[..100]), Value::Null);
    assert_eq!(ask(&mut clinic, &topics[50..100]), Value::Null, "again is not more");
    assert_eq!(ask(&mut clinic, &topics[100..]), "topics");
}

#[test]
fn who_is_not_logged_in_any_longer_hears_what_anyone_may() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(60, 9);
    let appointment_id = clinic.place(session_id, 1, State::Booked);
    let topics =
        [format!("session:{session_id}"), format!("appointment:{appointment_id}"), "patient:1".into()];
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    let change = |clinic: &mut Clinic| {
        clinic.act(|change| {
            change.changes.sessions.insert(session_id);
            change.changes.notices.insert(1);
            booking::set_paid(change, appointment_id, None, true)
        });
    };
    let heard = |clinic: &mut Clinic| -> Vec<(SessionId, String)> {
        let pushed = clinic.end();
        pushed.iter().map(|(id, event)| (*id, event["topic"].as_str().unwrap().to_owned())).collect()
    };
    let [stays, leaves, is_revoked] = [(); 3].map(|()| clinic.log_in(ZHANG));
    for session in [&stays, &leaves, &is_revoked] {
        clinic.subscribe(session, &topics);
    }
    change(&mut clinic);
    assert_eq!(heard(&mut clinic).len(), 9);
    // In the same turn as the change, and before it.
    clinic.result(&leaves, "session.logout", json!({}));
    change(&mut clinic);
    let open = |session: &Session| (session.id, topics[0].to_owned());
    let expected: Vec<(SessionId, String)> = [
        vec![open(&stays), open(&leaves), open(&is_revoked)],
        vec![(stays.id, topics[1].to_owned()), (is_revoked.id, topics[1].to_owned())],
        vec![(stays.id, topics[2].to_owned()), (is_revoked.id, topics[2].to_owned())],
    ]
    .concat();
    assert_eq!(heard(&mut clinic), expected);
    clinic.result(&stays, "session.revoke", json!({}));
    change(&mut clinic);
    assert_eq!(heard(&mut clinic).len(), 3 + 2);
    // A session that has expired, though nobody has called since.
    clinic.now = at(NOW_MS + 31 * MINUTE_MS);
    change(&mut clinic);
    assert_eq!(heard(&mut clinic), [open(&stays), open(&leaves), open(&is_revoked)]);
    // Someone else logs in on a connection.
    let (username, password) = LI;
    clinic.result(&stays, "session.login", json!({"username": username, "password": password}));
    change(&mut clinic);
    assert_eq!(heard(&mut clinic).len(), 3);
}

#[test]
fn after_a_lost_turn_nothing_is_told_and_everyone_listens_as_before() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(60, 9);
    let topic = format!("session:{session_id}");
    let (old, new) = (clinic.connect(), clinic.connect());
    clinic.subscribe(&old, &[&topic]);
    clinic.end();
    clinic.place(session_id, 1, State::Booked);
    clinic.subscribe(&new, &[&topic]);
    clinic.result(&old, "event.unsubscribe", json!({}));
    let now = clinic.now.clone();
    let rolled_back = clinic.dispatcher.act("test", &now, |change| {
        change.transaction.execute(&Statement { file: "", sql: "ROLLBACK" }, [])?;
        Ok(((), Vec::new()))
    });
    assert!(rolled_back.is_err());
    assert_eq!(clinic.dispatcher.commit(), Commit::Lost);
    assert_eq!(clinic.pushed(), []);
    assert_eq!(clinic.end(), []);
    clinic.place(session_id, 2, State::Booked);
    let pushed = clinic.end();
    assert_eq!(pushed.len(), 1);
    assert_eq!((pushed[0].0, &pushed[0].1["facts"]["online"]["remaining"]), (old.id, &json!(8)));
    assert_eq!(pushed[0].1["sequence"], 1, "what is lost leaves no hole");
}

#[test]
fn a_hold_expires_in_its_second_and_its_place_is_offered() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(60, 1);
    clinic.tick();
    assert_eq!(clinic.dispatcher.due_ms(), NOW_MS + MINUTE_MS, "nothing is due, and a look each minute");
    let held = clinic.place(session_id, 1, State::Held);
    clinic.act(|change| Ok(waitlist::join(change, session_id, 2).unwrap()));
    let li = clinic.log_in(LI);
    clinic.subscribe(&li, &["patient:2", "session:1"]);
    clinic.end();
    clinic.now = at(NOW_MS + 299_500);
    clinic.tick();
    assert_eq!(clinic.dispatcher.due_ms(), NOW_MS + 300_000, "when the hold expires");
    clinic.now = at(NOW_MS + 300_000);
    let pushed = clinic.tick();
    assert_eq!(pushed.len(), 2);
    assert_eq!(pushed[0].1["facts"]["online"]["remaining"], 0);
    assert_eq!(pushed[1].1["kind"], "notices");
    let notice = &pushed[1].1["facts"]["unread"][0];
    assert_eq!(notice["kind"], "place_offered");
    let offered = notice["appointment_id"].as_i64().unwrap();
    // One entry for each appointment that was changed.
    let entries = clinic
        .integers("SELECT entity_id FROM audit WHERE role = 'system' AND method = 'timer.expire_holds'");
    assert_eq!(entries, [held, offered]);
    let listed = clinic.result(&li, "notice.list", json!({}));
    assert_eq!((&listed["items"], &listed["has_more"]), (&json!([notice]), &json!(false)));
    let up_to = notice["notice_id"].clone();
    assert_eq!(clinic.result(&li, "notice.fetched", json!({"up_to": up_to})), json!({"fetched": 1}));
    assert_eq!(clinic.end()[0].1["facts"]["unread"], json!([]));
    assert_eq!(clinic.result(&li, "notice.list", json!({}))["items"], json!([]));
    let wang = clinic.log_in(WANG);
    assert_eq!(clinic.reply(&wang, "notice.list", json!({}))["error"]["data"]["code"], "forbidden");
}

#[test]
fn many_holds_expire_slice_by_slice() {
    let mut clinic = Clinic::new();
    for place in 0..60 {
        let session_id = clinic.session(61 * place + 60, 2);
        let new = NewBooking {
            session_id,
            patient_id: 1,
            state: State::Held,
            pool: Pool::Online,
            origin_id: None,
            fee_fen: None,
            is_paid: false,
            reason: None,
            rules_are: Override::Yes,
            by: None,
        };
        clinic.act(|change| {
            booking::place(change.transaction, &new, change.rules, change.memory, change.changes, change.now)
        });
    }
    clinic.end();
    clinic.now = at(NOW_MS + 300_000);
    clinic.tick();
    assert_eq!(clinic.integers("SELECT count(*) FROM bookings WHERE state = 'expired'"), [50]);
    assert_eq!(clinic.dispatcher.due_ms(), clinic.now.unix_ms, "the rest is due at once");
    clinic.end();
    clinic.tick();
    assert_eq!(clinic.integers("SELECT count(*) FROM bookings WHERE state = 'expired'"), [60]);
    assert_eq!(clinic.dispatcher.due_ms(), clinic.now.unix_ms + MINUTE_MS);
}

#[test]
fn reminders_are_given_once_and_not_to_those_who_booked_too_late() {
    let mut clinic = Clinic::new();
    let (soon, later) = (clinic.session(24 * 60 - 30, 9), clinic.session(25 * 60, 9));
    let late = clinic.place(soon, 1, State::Booked);
    let early = clinic.place(later, 2, State::Booked);
    clinic.tick();
    let given = |clinic: &mut Clinic, sql: &'static str| clinic.integers(sql);
    let by_day = "SELECT appointment_id FROM notices WHERE kind = 'reminder_day' ORDER BY 1";
    let by_hour = "SELECT appointment_id FROM notices WHERE kind = 'reminder_hour' ORDER BY 1";
    assert_eq!(given(&mut clinic, by_day), [0; 0]);
    for (minutes, days, hours) in [
        (59, vec![], vec![]),
        (60, vec![early], vec![]),
        (61, vec![early], vec![]),
        (22 * 60 + 30, vec![early], vec![late]),
        (24 * 60, vec![early], vec![late, early]),
        // A clock that is set back, and forth again.
        (60, vec![early], vec![late, early]),
        (24 * 60 + 1, vec![early], vec![late, early]),
    ] {
        clinic.now = at(NOW_MS + minutes * MINUTE_MS);
        if minutes == 59 {
            let li = clinic.log_in(LI);
            clinic.subscribe(&li, &["patient:2"]);
        }
        let pushed = clinic.tick();
        assert_eq!(given(&mut clinic, by_day), days, "{minutes}");
        assert_eq!(given(&mut clinic, by_hour), hours, "{minutes}");
        assert_eq!(pushed.len(), usize::from(minutes == 60 && hours.is_empty()), "{minutes}");
    }
    assert_eq!(
        clinic.integers("SELECT entity_id FROM audit WHERE method = 'timer.remind'"),
        [early, late, early]
    );
}

#[test]
fn what_is_over_is_closed_and_what_templates_ask_for_is_made() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(1, 9);
    let missed = clinic.place(session_id, 1, State::Booked);
    clinic.execute(
        "INSERT INTO schedule_templates (doctor_id, weekday, period, starts, ends, capacity_online, capacity_onsite,
            capacity_addon, valid_from)
        VALUES (5, 1, 'morning', '08:00', '12:00', 10, 0, 0, '2020-01-01')",
    );
    clinic.tick();
    assert!(clinic.dispatcher.due_ms() <= clinic.now.unix_ms, "one doctor in a slice");
    clinic.tick();
    assert_ne!(clinic.integers("SELECT count(*) FROM clinic_sessions WHERE doctor_id = 5"), [0]);
    assert_eq!(clinic.integers("SELECT entity_id FROM audit WHERE method = 'timer.generate_sessions'"), [5]);
    clinic.now = at(NOW_MS + 61 * MINUTE_MS);
    clinic.tick();
    assert_eq!(clinic.integers("SELECT count(*) FROM bookings WHERE state = 'no_show'"), [1]);
    let entries = clinic.integers("SELECT entity_id FROM audit WHERE method = 'timer.close_sessions'");
    assert_eq!(entries, [session_id, missed]);
}

#[test]
fn who_cannot_be_found_out_keeps_nobody_else_from_hearing() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(60, 2);
    let (li, zhang) = (clinic.log_in(LI), clinic.log_in(ZHANG));
    let stranger = clinic.connect();
    clinic.subscribe(&li, &["patient:2", "session:1"]);
    clinic.subscribe(&stranger, &["session:1"]);
    clinic.end();
    let held = clinic.place(session_id, 2, State::Held);
    clinic.subscribe(&li, &[&format!("appointment:{held}")]);
    clinic.end();
    // Whoever has logged in is to be looked for again, and cannot be.
    clinic.result(&zhang, "session.logout", json!({}));
    clinic.execute("ALTER TABLE login_sessions RENAME TO lost");
    clinic.act(|change| booking::confirm(change, held));
    clinic.place(session_id, 1, State::Booked);
    let pushed = clinic.end();
    let topics: Vec<&str> = pushed.iter().map(|(_, event)| event["topic"].as_str().unwrap()).collect();
    assert_eq!(topics, ["session:1", "session:1"], "{held} is told to nobody");
}
