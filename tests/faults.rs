//! A disk that fills or fails, a file that another process holds, a request that goes wrong among others:
//! whatever happens, no reply says more than what is stored, and whoever can be served is.

mod common;

use common::{Client, Server};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::ops::RangeFrom;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

const RETRY: &str = "服务器暂时无法保存数据，请重试";
const KEPT_CONNECTIONS: &str = "[legacy]\nlinger_ms = 60000\n";
const READ: &str = r#"{"query_doctor_info": true, "doctor_name": "王医生"}"#;
const CLIENTS: usize = 8;
/// Of one client in one write call; less than a connection may have in a turn.
const REQUESTS: usize = 16;

/// What a client has asked for.
enum Asked {
    Student(i64),
    Booking,
    Read,
}

/// All that was acknowledged, and nothing else.
#[derive(Default)]
struct Acknowledged {
    students: BTreeSet<i64>,
    /// Queue numbers by appointment id, all of one doctor's one day.
    bookings: BTreeMap<i64, i64>,
}

/// What the replies to a round of requests were.
#[derive(Debug, Default)]
struct Tally {
    written: usize,
    read: usize,
    retry: usize,
    /// Connections that ended before their last reply.
    ended: usize,
}

impl Tally {
    const ALL_DONE: (usize, usize) = (CLIENTS * (REQUESTS - 1), CLIENTS);

    fn done(&self) -> (usize, usize) {
        (self.written, self.read)
    }
}

/// Several clients, each of which sends inserts and bookings with a read among them, in one write call.
struct Crowd {
    clients: Vec<Client>,
    numbers: RangeFrom<i64>,
    acknowledged: Acknowledged,
}

impl Crowd {
    /// The crowd books with a doctor of the sample people, who is made to take them all.
    fn new(server: &Server) -> Crowd {
        let roomy =
            r#"{"reset_doctor_information": true, "old_employee_id": "DOC001", "new_max_patients": 10000}"#;
        assert_eq!(server.ask(roomy)["status"], "success");
        let clients = (0..CLIENTS).map(|_| server.connect()).collect();
        Crowd { clients, numbers: 1.., acknowledged: Acknowledged::default() }
    }

    fn send(&mut self) -> Vec<Vec<Asked>> {
        let Crowd { clients, numbers, .. } = self;
        let mut asked = Vec::new();
        for client in clients {
            let mut bytes = Vec::new();
            let batch: Vec<Asked> = (0..REQUESTS)
                .map(|at| {
                    let (request, asked) = match at {
                        at if at == REQUESTS / 2 => (READ.to_owned(), Asked::Read),
                        at => write_request(at, numbers.next().unwrap()),
                    };
                    bytes.extend_from_slice(&common::encode("request.json", request.as_bytes()));
                    asked
                })
                .collect();
            // A server that has ended meanwhile shows in the replies.
            let _ = client.stream.write_all(&bytes);
            asked.push(batch);
        }
        asked
    }

    fn receive(&mut self, asked: &[Vec<Asked>]) -> Tally {
        let mut tally = Tally::default();
        for (client, batch) in self.clients.iter_mut().zip(asked) {
            for asked in batch {
                let Ok(reply) = client.try_reply() else {
                    tally.ended += 1;
                    break;
                };
                if reply["error"] == RETRY || is_refused_for_now(&reply["result"]) {
                    tally.retry += 1;
                } else {
                    note(&mut self.acknowledged, &mut tally, asked, &reply);
                }
            }
        }
        tally
    }

    fn round(&mut self) -> Tally {
        let asked = self.send();
        self.receive(&asked)
    }
}

fn write_request(at: usize, number: i64) -> (String, Asked) {
    if at.is_multiple_of(2) {
        return (insert_student(number), Asked::Student(number));
    }
    let (hour, minute, second) = (number / 3600, number / 60 % 60, number % 60);
    let request = format!(
        r#"{{"create_appointment": true, "patient_phone": "13800138000", "doctor_name": "王医生", "appointment_time": "2030-01-01 {hour:02}:{minute:02}:{second:02}"}}"#
    );
    (request, Asked::Booking)
}

fn insert_student(number: i64) -> String {
    format!(r#"{{"table_name": "students", "name": "x", "student_id": {number}}}"#)
}

/// The retry text in the form that the operation itself has for errors.
fn is_refused_for_now(result: &Value) -> bool {
    let text = result["message"].as_str().or(result.as_str()).unwrap_or_default();
    text.ends_with(RETRY)
}

/// Takes down what a reply says is done. There is no third kind of reply beside this and the retry.
fn note(acknowledged: &mut Acknowledged, tally: &mut Tally, asked: &Asked, reply: &Value) {
    let result = &reply["result"];
    match asked {
        Asked::Student(number) => {
            assert_eq!(result, "成功插入数据到表 students");
            assert!(acknowledged.students.insert(*number));
            tally.written += 1;
        }
        Asked::Booking => {
            assert_eq!(result["status"], "success", "{reply}");
            let booked = &result["appointment_info"];
            let id = booked["appointment_id"].as_i64().unwrap();
            let number = booked["queue_number"].as_i64().unwrap();
            assert_eq!(acknowledged.bookings.insert(id, number), None, "an id is given once");
            tally.written += 1;
        }
        Asked::Read => {
            assert_eq!(result["status"], "success", "{reply}");
            tally.read += 1;
        }
    }
}

/// What the file of a server that has ended holds.
fn stored(database: &Path) -> Acknowledged {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let integrity: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    let mut statement = connection.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!statement.exists([]).unwrap(), "every row refers to rows that are there");
    let mut statement = connection.prepare("SELECT student_id FROM students WHERE name = 'x'").unwrap();
    let students: Vec<i64> =
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let mut statement = connection
        .prepare(
            "SELECT appointment_id, queue_number FROM appointments WHERE appointment_time LIKE '2030-01-01 %'",
        )
        .unwrap();
    let bookings: Vec<(i64, i64)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let count = students.len();
    let stored =
        Acknowledged { students: students.into_iter().collect(), bookings: bookings.into_iter().collect() };
    assert_eq!(stored.students.len(), count, "each student is there once");
    // What was taken back has left no gap, so it was never counted.
    let numbers: Vec<i64> = stored.bookings.values().copied().collect();
    assert_eq!(numbers, (1..=i64::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
    stored
}

fn assert_stored_exactly(database: &Path, acknowledged: &Acknowledged) {
    let stored = stored(database);
    assert_eq!(stored.students, acknowledged.students);
    assert_eq!(stored.bookings, acknowledged.bookings);
}

fn assert_reads(server: &Server) {
    assert_eq!(server.ask(READ)["result"]["status"], "success");
    assert_eq!(server.ask(r#"{"query_appointments": true}"#)["result"]["status"], "success");
    assert_eq!(server.ask(r#"{"sql_query": "SELECT count(*) FROM doctors"}"#)["result"]["data"][0][0], 3);
    let login = r#"{"login": true, "user_name": "DOC001", "password": "hash_doctor1"}"#;
    assert_eq!(server.ask(login)["result"], "verificationSuccess");
}

const LOGIN: &str = r#"{"jsonrpc": "2.0", "id": 1, "method": "session.login",
    "params": {"username": "DOC001", "password": "hash_doctor1"}}"#;

/// What is in nobody's records is told as ever; what is a patient's is not, for the trail cannot say so.
fn assert_reads_while_full(server: &Server) {
    assert_eq!(server.ask(READ)["result"]["status"], "success");
    for request in
        [r#"{"query_appointments": true}"#, r#"{"query_patient_info": true, "patient_name": "张三"}"#]
    {
        let reply = server.ask(request);
        assert!(reply.to_string().contains(RETRY), "{reply}");
    }
    // Whoever were told to try again at once would do so without an end.
    assert_eq!(server.ask(LOGIN)["error"]["data"]["code"], "storage_full");
}

/// A server on a small disk of its own.
struct Confined {
    server: Server,
    /// The directory on that disk, which is there for nobody else. Open, it outlives the server.
    disk: File,
}

impl Confined {
    fn start(wrapper: &[&str]) -> Confined {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        fs::create_dir(&data).unwrap();
        let server = Server::start_under(wrapper, directory, &["--demo"], KEPT_CONNECTIONS);
        let inside = format!("/proc/{}/root{}", server.pid(), data.display());
        Confined { server, disk: File::open(inside).unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.disk.as_raw_fd()))
    }

    fn fill(&self) {
        let mut filler = File::create(self.path("filler")).unwrap();
        loop {
            match filler.write_all(&[0; 4096]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("the disk fills: {error}"),
            }
        }
    }

    fn free(&self) {
        fs::remove_file(self.path("filler")).unwrap();
    }
}

#[test]
fn a_full_disk_costs_nobody_an_acknowledged_row() {
    let Some(wrapper) = common::small_disk("data") else {
        common::not_tested("a disk that is full; a full table stands in for it");
        return assert_a_full_table_costs_nobody_an_acknowledged_row();
    };
    let confined = Confined::start(&wrapper);
    let mut crowd = Crowd::new(&confined.server);
    assert_eq!(crowd.round().done(), Tally::ALL_DONE);

    // While it fills, nobody can say which turn is the first that does not fit.
    let asked = crowd.send();
    confined.fill();
    crowd.receive(&asked);
    for _ in 0..3 {
        let tally = crowd.round();
        assert_eq!((tally.written, tally.ended), (0, 0), "{tally:?}");
        assert_eq!(tally.read + tally.retry, CLIENTS * REQUESTS);
    }
    assert_reads_while_full(&confined.server);

    // As soon as there is room, the same server goes on; it fills once more, for what was learnt the first
    // time must not have spoilt it.
    confined.free();
    assert_eq!(crowd.round().done(), Tally::ALL_DONE);
    confined.fill();
    assert_eq!(crowd.round().written, 0);
    confined.free();
    assert_eq!(crowd.round().done(), Tally::ALL_DONE);

    let Confined { server, disk } = confined;
    let directory = server.stop();
    let copy = directory.path().join("copy.db");
    fs::copy(format!("/proc/self/fd/{}/MedicalSystem.db", disk.as_raw_fd()), &copy).unwrap();
    assert_stored_exactly(&copy, &crowd.acknowledged);
}

/// A table that has given its last id fails an insert as a full disk does, and takes the transaction of the
/// whole turn with it.
fn assert_a_full_table_costs_nobody_an_acknowledged_row() {
    let directory = Server::start(&["--demo"], "").stop();
    let database = directory.path().join("data/MedicalSystem.db");
    let connection = Connection::open(&database).unwrap();
    let last_id = "INSERT INTO sqlite_sequence (name, seq) VALUES ('default_table', 9223372036854775807)";
    connection.execute(last_id, []).unwrap();
    connection.close().unwrap();

    let server = Server::start_in(directory, &[], KEPT_CONNECTIONS);
    let mut crowd = Crowd::new(&server);
    assert_eq!(crowd.round().done(), Tally::ALL_DONE);
    let mut client = server.connect();
    let doomed: Vec<u8> = [&insert_student(1_000_001), r#"{"data": "x"}"#, READ, &insert_student(1_000_002)]
        .into_iter()
        .flat_map(|request| common::encode("request.json", request.as_bytes()))
        .collect();
    client.send_bytes(&doomed);
    for _ in 0..4 {
        let reply = client.reply();
        assert_eq!((reply["status"].as_str(), &reply["error"]), (Some("error"), &Value::from(RETRY)));
    }
    // Others may be in the same turn, and are told so, or in another one, and are not disturbed.
    let asked = crowd.send();
    client.send_bytes(&doomed);
    let tally = crowd.receive(&asked);
    assert_eq!(tally.written + tally.read + tally.retry, CLIENTS * REQUESTS, "{tally:?}");
    for _ in 0..4 {
        assert_eq!(client.reply()["error"], RETRY);
    }
    assert_reads(&server);
    assert_eq!(crowd.round().done(), Tally::ALL_DONE);
    let directory = server.stop();
    assert_stored_exactly(&directory.path().join("data/MedicalSystem.db"), &crowd.acknowledged);
}

#[test]
fn a_full_table_costs_nobody_an_acknowledged_row() {
    assert_a_full_table_costs_nobody_an_acknowledged_row();
}

#[test]
fn an_error_of_the_disk_ends_the_server_and_loses_nothing_acknowledged() {
    // Past its size limit a file takes no more; with the signal ignored, the write fails as on a bad disk.
    let limited = ["sh", "-c", r#"trap "" XFSZ; ulimit -f 4096; exec "$@""#, "sh"];
    let mut server =
        Server::start_under(&limited, tempfile::tempdir().unwrap(), &["--demo"], KEPT_CONNECTIONS);
    let mut crowd = Crowd::new(&server);
    assert_eq!(crowd.round().done(), Tally::ALL_DONE);
    let failed = (0..1000).map(|_| crowd.round()).find(|tally| tally.done() != Tally::ALL_DONE);
    let failed = failed.expect("the log of writes reaches the limit");
    assert!(failed.retry > 0, "whoever was in the failed turn is told to try again: {failed:?}");
    assert_eq!(crowd.round().ended, CLIENTS, "nobody is served after that");
    assert_eq!(server.wait(), Some(74));
    for said in [server.complaints(), server.log()] {
        assert!(said.contains("the database cannot be trusted any longer"), "{said}");
        assert!(said.contains("check the disk"), "{said}");
    }

    let server = Server::start_in(server.leave(), &[], "");
    assert_reads(&server);
    let written = server.ask(&insert_student(1_000_000));
    assert_eq!(written["result"], "成功插入数据到表 students");
    let directory = server.stop();
    let stored = stored(&directory.path().join("data/MedicalSystem.db"));
    assert!(stored.students.is_superset(&crowd.acknowledged.students));
    for (id, number) in &crowd.acknowledged.bookings {
        assert_eq!(stored.bookings.get(id), Some(number));
    }
}

#[test]
fn a_lock_of_another_process_is_waited_for_once_and_not_by_each() {
    let server = Server::configured(KEPT_CONNECTIONS);
    let mut crowd = Crowd::new(&server);
    assert_eq!(crowd.round().done(), Tally::ALL_DONE);
    let holder = Connection::open(server.database()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let asked = crowd.send();
    // A reader is served at least once while each of the others has a turn. If each write waited for the
    // lock in a turn of its own, most would still wait after this, and be stored once the lock is free.
    let mut reader = server.connect();
    for _ in 0..6 {
        assert_eq!(reader.ask(READ)["result"]["status"], "success");
    }
    holder.execute_batch("ROLLBACK").unwrap();
    let tally = crowd.receive(&asked);
    assert_eq!((tally.retry, tally.read), (CLIENTS * (REQUESTS - 1), CLIENTS), "{tally:?}");
    assert_eq!(crowd.round().done(), Tally::ALL_DONE);
    let directory = server.stop();
    assert_stored_exactly(&directory.path().join("data/MedicalSystem.db"), &crowd.acknowledged);
}

#[test]
fn what_another_process_has_written_counts_at_once() {
    let server = Server::configured(KEPT_CONNECTIONS);
    let mut client = server.connect();
    let book = |second: u32| {
        format!(
            r#"{{"create_appointment": true, "patient_phone": "13800138000", "doctor_name": "王医生", "appointment_time": "2030-01-01 09:00:{second:02}"}}"#
        )
    };
    assert_eq!(client.ask(&book(1))["result"]["appointment_info"]["queue_number"], 1);
    let other = Connection::open(server.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(is_refused_for_now(&client.ask(&book(2))["result"]));
    let copied = "INSERT INTO appointments (patient_id, doctor_id, appointment_time, status, queue_number) \
                  SELECT patient_id, doctor_id, '2030-01-01 09:00:03', status, 7 FROM appointments \
                  WHERE appointment_time = '2030-01-01 09:00:01'";
    assert_eq!(other.execute(copied, []).unwrap(), 1);
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(client.ask(&book(4))["result"]["appointment_info"]["queue_number"], 8);
    assert_eq!(
        client.ask(&book(3))["result"]["message"],
        "该患者在同一时间已有预约",
        "the patient is expected then"
    );
}

#[test]
fn a_request_that_fails_undoes_itself_alone() {
    let server = Server::configured(KEPT_CONNECTIONS);
    // A doctor whose employee id is nobody's username: registering it fails after the account is made.
    let doctor = "INSERT INTO doctors (doctor_id, name, employee_id) VALUES (1, '赵医生', 'DOC009')";
    assert_eq!(Connection::open(server.database()).unwrap().execute(doctor, []).unwrap(), 1);
    let taken =
        r#"{"register_doctor": true, "name": "赵医生", "password_hash": "x", "employee_id": "DOC009"}"#;
    let mut client = server.connect();
    let requests = [&insert_student(1), &insert_student(1), taken, "{bad", &insert_student(2)];
    let bytes: Vec<u8> =
        requests.into_iter().flat_map(|request| common::encode("request.json", request.as_bytes())).collect();
    client.send_bytes(&bytes);
    assert_eq!(client.reply()["result"], "成功插入数据到表 students");
    let twice = client.reply();
    assert_eq!(twice["result"], "处理JSON数据时出错: UNIQUE constraint failed: students.student_id");
    assert_eq!(client.reply()["result"], "charuyichang");
    assert_eq!(client.reply()["error"], "接收JSON数据失败");
    assert_eq!(client.reply()["result"], "成功插入数据到表 students");
    let students = server.ask(r#"{"sql_query": "SELECT student_id FROM students WHERE student_id < 1000"}"#);
    assert_eq!(students["result"]["data"], serde_json::json!([[1], [2]]));
    let accounts = server.ask(r#"{"sql_query": "SELECT count(*) FROM users WHERE username = 'DOC009'"}"#);
    assert_eq!(accounts["result"]["data"][0][0], 0);
}
