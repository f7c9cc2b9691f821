//! SIGKILL at random moments while 64 clients write: after each restart, all that was acknowledged is there,
//! once and as it was acknowledged, and whatever else is there is whole.
//!
//! `MEDSRV_KILL_CYCLES=200 cargo test --release --test kill` kills more often; `MEDSRV_KILL_SEED` repeats the
//! choices of an earlier run, though not its interleaving.

mod common;

use common::{Client, Server};
use rusqlite::{Connection, OpenFlags};
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, Hasher};
use std::io::Write;
use std::path::Path;
use std::str::FromStr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const WRITERS: usize = 64;
const DOCTORS: u64 = 8;
/// Requests that a client sends in one write call, at most.
const PIPELINED_MAX: u64 = 4;
const CYCLES_DEFAULT: u32 = 20;
/// What a run may take in all, so that no machine is too slow for it: it ends with fewer cycles.
const TIME_DEFAULT: Duration = Duration::from_secs(10);
const TIME_PER_CYCLE: Duration = Duration::from_secs(3);
/// From the first acknowledgement of a cycle to its kill, at most.
const LIFE_MAX: Duration = Duration::from_millis(300);
/// From the start of a server that is killed while it starts, at most.
const START_MAX: Duration = Duration::from_millis(20);

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn moment(&mut self, limit: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(limit.as_micros()).unwrap()))
    }
}

/// What a client asks for. A patient has one appointment at a time, so the two name a booking.
#[derive(Debug, Clone)]
enum Request {
    Register { phone: String },
    Book { phone: String, time: String, doctor: u64 },
    Cancel { phone: String, time: String, appointment_id: i64 },
}

impl Request {
    fn text(&self) -> String {
        match self {
            Request::Register { phone } => format!(
                r#"{{"register_patient": true, "name": "患者{phone}", "password_hash": "x", "phone": "{phone}"}}"#
            ),
            Request::Book { phone, time, doctor } => format!(
                r#"{{"create_appointment": true, "patient_phone": "{phone}", "doctor_name": "医生{doctor}", "appointment_time": "{time}"}}"#
            ),
            Request::Cancel { appointment_id, .. } => {
                format!(r#"{{"cancel_appointment": true, "appointment_id": {appointment_id}}}"#)
            }
        }
    }
}

/// What a booking was acknowledged with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Receipt {
    appointment_id: i64,
    queue_number: i64,
}

/// How sure it is that something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sure {
    Acknowledged,
    /// It was asked for, and the server was killed before it answered.
    InDoubt,
}

struct Booking {
    doctor: u64,
    receipt: Option<Receipt>,
    cancelled: Option<Sure>,
}

/// All that was asked of a server between its start and its kill.
#[derive(Default)]
struct Cycle {
    registrations: HashMap<String, Sure>,
    bookings: HashMap<(String, String), Booking>,
    acknowledged: usize,
}

impl Cycle {
    /// Takes down a request, and its receipt where it is a booking that was acknowledged.
    fn note(&mut self, request: Request, sure: Sure, receipt: Option<Receipt>) {
        self.acknowledged += usize::from(sure == Sure::Acknowledged);
        match request {
            Request::Register { phone } => {
                self.registrations.insert(phone, sure);
            }
            Request::Book { phone, time, doctor } => {
                self.bookings.insert((phone, time), Booking { doctor, receipt, cancelled: None });
            }
            Request::Cancel { phone, time, .. } => {
                self.bookings.get_mut(&(phone, time)).unwrap().cancelled = Some(sure);
            }
        }
    }

    fn add(&mut self, other: Cycle) {
        self.registrations.extend(other.registrations);
        self.bookings.extend(other.bookings);
        self.acknowledged += other.acknowledged;
    }
}

/// One client, on one connection, until the server is killed.
struct Writer {
    number: u64,
    cycle_number: u32,
    client: Client,
    random: Random,
    /// Requests made so far; makes phones and times that nobody else uses.
    made: u64,
    patients: Vec<String>,
    /// Acknowledged bookings that were not cancelled.
    booked: Vec<(String, String, i64)>,
    cycle: Cycle,
}

impl Writer {
    fn run(mut self, first_acknowledgement: &mpsc::Sender<()>) -> Cycle {
        loop {
            let batch: Vec<Request> =
                (0..=self.random.below(PIPELINED_MAX)).map(|_| self.make_request()).collect();
            let bytes: Vec<u8> = batch
                .iter()
                .flat_map(|request| common::encode("request.json", request.text().as_bytes()))
                .collect();
            let mut is_alive = self.client.stream.write_all(&bytes).is_ok();
            for request in batch {
                match if is_alive { self.client.try_reply().ok() } else { None } {
                    Some(reply) => {
                        self.acknowledge(request, &reply);
                        // Nobody listens any longer after the first.
                        let _ = first_acknowledgement.send(());
                    }
                    None => {
                        is_alive = false;
                        self.cycle.note(request, Sure::InDoubt, None);
                    }
                }
            }
            if !is_alive {
                return self.cycle;
            }
        }
    }

    fn make_request(&mut self) -> Request {
        self.made += 1;
        let Writer { number, cycle_number, made, .. } = *self;
        let kind = self.random.below(100);
        if self.patients.is_empty() || kind < 15 {
            let phone = format!("{number:02}{cycle_number:05}{made:06}");
            self.patients.push(phone.clone());
            return Request::Register { phone };
        }
        if kind < 25 && !self.booked.is_empty() {
            let at = self.random.below(self.booked.len() as u64) as usize;
            let (phone, time, appointment_id) = self.booked.swap_remove(at);
            return Request::Cancel { phone, time, appointment_id };
        }
        // Each cycle books another day, so that no doctor's day is ever full.
        let day =
            chrono::NaiveDate::from_ymd_opt(2030, 1, 1).unwrap() + chrono::Days::new(cycle_number.into());
        let time = format!("{day} {:02}:{:02}:{:02}", made / 3600 % 24, made / 60 % 60, made % 60);
        let phone = self.patients[self.random.below(self.patients.len() as u64) as usize].clone();
        Request::Book { phone, time, doctor: self.random.below(DOCTORS) }
    }

    fn acknowledge(&mut self, request: Request, reply: &serde_json::Value) {
        let result = &reply["result"];
        let mut receipt = None;
        match &request {
            Request::Register { .. } => assert_eq!(result, "chenggongcharu"),
            Request::Cancel { .. } => assert_eq!(result["status"], "success", "{reply}"),
            Request::Book { phone, time, .. } => {
                assert_eq!(result["status"], "success", "{reply}");
                let booked = &result["appointment_info"];
                let appointment_id = booked["appointment_id"].as_i64().unwrap();
                let queue_number = booked["queue_number"].as_i64().unwrap();
                self.booked.push((phone.clone(), time.clone(), appointment_id));
                receipt = Some(Receipt { appointment_id, queue_number });
            }
        }
        self.cycle.note(request, Sure::Acknowledged, receipt);
    }
}

/// An appointment as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    phone: String,
    doctor: String,
    time: String,
    queue_number: i64,
    status: String,
}

/// What the database must hold, all doubts settled; and what was found wrong with it.
#[derive(Default)]
struct Ledger {
    rows: BTreeMap<i64, Row>,
    patients: BTreeSet<String>,
    acknowledged: usize,
    /// Requests without an answer that were carried out all the same.
    carried_out: usize,
    wrong: Vec<String>,
}

impl Ledger {
    /// Compares what a cycle has left behind with what it was acknowledged.
    fn settle(&mut self, mut cycle: Cycle, connection: &Connection) {
        self.acknowledged += cycle.acknowledged;
        let known = self.rows.last_key_value().map_or(SAMPLE_APPOINTMENTS, |(id, _)| *id);
        for (id, row) in appointments_after(connection, known) {
            let key = (row.phone.clone(), row.time.clone());
            match cycle.bookings.remove(&key) {
                Some(booking) => self.compare(id, &row, &booking),
                None => self.wrong.push(format!("{id} is there twice, or nobody asked for it: {row:?}")),
            }
            self.rows.insert(id, row);
        }
        for (key, booking) in cycle.bookings {
            if let Some(receipt) = booking.receipt {
                self.wrong.push(format!("{key:?} was acknowledged as {receipt:?} and is lost"));
            }
        }
        for (phone, sure) in cycle.registrations {
            let found = registered(connection, &phone);
            match (sure, found) {
                (Sure::Acknowledged, (1, 1)) => {}
                (Sure::InDoubt, (0, 0)) => continue,
                (Sure::InDoubt, (1, 1)) => self.carried_out += 1,
                _ => self.wrong.push(format!("{phone}: {sure:?}, accounts and patients {found:?}")),
            }
            self.patients.insert(phone);
        }
    }

    fn compare(&mut self, id: i64, row: &Row, booking: &Booking) {
        let receipt = Receipt { appointment_id: id, queue_number: row.queue_number };
        let is_status_right = match booking.cancelled {
            None => row.status == "pending",
            Some(Sure::Acknowledged) => row.status == "cancelled",
            Some(Sure::InDoubt) => row.status == "pending" || row.status == "cancelled",
        };
        let is_whole = row.doctor == format!("医生{}", booking.doctor) && is_status_right;
        if !is_whole || booking.receipt.is_some_and(|acknowledged| acknowledged != receipt) {
            let Booking { receipt, cancelled, .. } = booking;
            self.wrong.push(format!("{id} is {row:?}, acknowledged {receipt:?}, cancelled {cancelled:?}"));
        }
        self.carried_out += usize::from(booking.receipt.is_none());
    }

    /// Goes through the whole file of a server that has ended.
    fn verify(&self, database: &Path) {
        let connection = Connection::open(database).unwrap();
        let integrity: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(integrity, "ok");
        let mut statement = connection.prepare("PRAGMA foreign_key_check").unwrap();
        assert!(!statement.exists([]).unwrap(), "every row refers to rows that are there");
        let rows = appointments_after(&connection, SAMPLE_APPOINTMENTS);
        assert!(rows == self.rows, "what was right after its cycle has changed since");
        let mut statement = connection.prepare("SELECT phone FROM patients WHERE name LIKE '患者%'").unwrap();
        let patients: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(patients.len(), self.patients.len(), "each patient is there once");
        assert!(patients.iter().all(|phone| self.patients.contains(phone)));
        self.verify_queue_numbers();
    }

    /// A number counts on from the highest of its doctor's day, so each is given once, and none left out.
    fn verify_queue_numbers(&self) {
        let mut days: BTreeMap<(&str, &str), BTreeSet<i64>> = BTreeMap::new();
        for (id, row) in &self.rows {
            let numbers = days.entry((&row.doctor, &row.time[..10])).or_default();
            assert!(numbers.insert(row.queue_number), "the number of {id} was given twice: {row:?}");
        }
        for (day, numbers) in days {
            assert_eq!(numbers.first(), Some(&1), "{day:?}");
            assert_eq!(numbers.last(), Some(&i64::try_from(numbers.len()).unwrap()), "{day:?}");
        }
    }
}

/// The sample people's appointments have the first ids.
const SAMPLE_APPOINTMENTS: i64 = 3;

fn appointments_after(connection: &Connection, id: i64) -> BTreeMap<i64, Row> {
    let mut statement = connection
        .prepare(
            "SELECT a.appointment_id, p.phone, d.name, a.appointment_time, a.queue_number, a.status \
             FROM appointments a LEFT JOIN patients p USING (patient_id) LEFT JOIN doctors d USING (doctor_id) \
             WHERE a.appointment_id > ?1",
        )
        .unwrap();
    let rows = statement.query_map([id], |row| {
        Ok((
            row.get(0)?,
            Row {
                phone: row.get(1)?,
                doctor: row.get(2)?,
                time: row.get(3)?,
                queue_number: row.get(4)?,
                status: row.get(5)?,
            },
        ))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// How many accounts, and how many patients, there are with this phone number.
fn registered(connection: &Connection, phone: &str) -> (u32, u32) {
    let sql = "SELECT (SELECT count(*) FROM users WHERE username = ?1 AND role = 'patient'), \
                      (SELECT count(*) FROM patients JOIN users ON user_id = patient_id \
                       WHERE phone = ?1 AND username = ?1)";
    let mut statement = connection.prepare_cached(sql).unwrap();
    statement.query_row([phone], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

fn from_environment<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text:?}")))
}

/// Starts writers, kills the server under them, and returns its directory and what they were told.
fn kill_under_writers(server: Server, cycle_number: u32, random: &mut Random) -> (tempfile::TempDir, Cycle) {
    let (sender, first_acknowledgement) = mpsc::channel();
    let writers: Vec<Writer> = (0..WRITERS)
        .map(|number| Writer {
            number: number as u64,
            cycle_number,
            client: server.connect(),
            random: Random(random.next()),
            made: 0,
            patients: Vec::new(),
            booked: Vec::new(),
            cycle: Cycle::default(),
        })
        .collect();
    let life = random.moment(LIFE_MAX);
    std::thread::scope(|scope| {
        let running: Vec<_> = writers
            .into_iter()
            .map(|writer| {
                let sender = sender.clone();
                scope.spawn(move || writer.run(&sender))
            })
            .collect();
        first_acknowledgement.recv_timeout(common::PATIENCE).unwrap();
        std::thread::sleep(life);
        let directory = server.kill();
        let mut cycle = Cycle::default();
        for writer in running {
            cycle.add(writer.join().unwrap());
        }
        (directory, cycle)
    })
}

/// Kills a server that is still putting in order what the one before has left.
fn kill_while_starting(directory: &Path, random: &mut Random) {
    let mut child = common::foreground(&[], directory, &[]).spawn().unwrap();
    std::thread::sleep(random.moment(START_MAX));
    child.kill().unwrap();
    child.wait().unwrap();
}

fn prepare() -> tempfile::TempDir {
    let server = Server::demo();
    for doctor in 0..DOCTORS {
        let made = server.ask(&format!(
            r#"{{"register_doctor": true, "name": "医生{doctor}", "password_hash": "x", "employee_id": "KILL{doctor}"}}"#
        ));
        assert_eq!(made["result"], "chenggongcharu");
        server.ask(&format!(
            r#"{{"reset_doctor_information": true, "old_employee_id": "KILL{doctor}", "new_max_patients": null}}"#
        ));
    }
    server.stop()
}

#[test]
fn whatever_was_acknowledged_survives_a_kill() {
    let seed =
        from_environment("MEDSRV_KILL_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("MEDSRV_KILL_SEED={seed}");
    let wanted: Option<u32> = from_environment("MEDSRV_KILL_CYCLES");
    let time = wanted.map_or(TIME_DEFAULT, |cycles| TIME_PER_CYCLE * cycles);
    let mut random = Random(seed);
    let mut ledger = Ledger::default();
    let mut directory = prepare();
    let begun = Instant::now();
    let mut cycles = 0;
    while cycles < wanted.unwrap_or(CYCLES_DEFAULT) && begun.elapsed() < time {
        let server = Server::start_in(directory, &[], "[legacy]\nlinger_ms = 60000\n");
        let (left, cycle) = kill_under_writers(server, cycles, &mut random);
        directory = left;
        if random.below(4) == 0 {
            kill_while_starting(directory.path(), &mut random);
        }
        // The server puts its file in order itself; only then is it looked at.
        let server = Server::start_in(directory, &[], "");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        ledger.settle(cycle, &Connection::open_with_flags(server.database(), flags).unwrap());
        assert!(ledger.wrong.is_empty(), "cycle {cycles}: {:#?}", ledger.wrong);
        directory = if random.below(4) == 0 { server.stop() } else { server.kill() };
        cycles += 1;
    }
    let directory = Server::start_in(directory, &[], "").stop();
    ledger.verify(&directory.path().join("data/MedicalSystem.db"));
    let Ledger { acknowledged, carried_out, .. } = ledger;
    let figures = format!(
        "\nkill: seed {seed}, {cycles} cycles in {:.0?}, {acknowledged} requests acknowledged, none lost; \
         {carried_out} more were carried out without an answer\n",
        begun.elapsed()
    );
    // Past the test harness, which keeps what a passing test prints to itself.
    std::io::stderr().write_all(figures.as_bytes()).unwrap();
}
