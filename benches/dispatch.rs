//! What one request costs below the sockets: parsing, the gate, the rules, the database, the reply.
//!
//! Requests come in turns of 50, as from 50 busy connections, on a database file with a commit a turn.

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use medsrv::dispatch::{Dispatcher, Parts, Settings, Then};
use medsrv::ops::config::Config;
use medsrv::service::access::Role;
use medsrv::service::account::{NewStaff, register_staff};
use medsrv::service::audit::{Key, Trail};
use medsrv::service::time::Now;
use medsrv::service::{credential, demo};
use medsrv::session::{Session, SessionIds};
use medsrv::store::{Commit, Store};
use std::net::{IpAddr, Ipv4Addr};
use zeroize::Zeroizing;

const REQUESTS_PER_TURN: u64 = 50;
const DERIVE_STEP: u32 = 10_000;
const LEGACY_LOGIN: &str = r#"{"login": true, "user_name": "DOC001", "password": "hash_doctor1"}"#;
const RPC_LOGIN: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"session.login","params":{"username":"clerk","password":"c"}}"#;
const DOCTOR_GET: &str = r#"{"jsonrpc":"2.0","id":1,"method":"doctor.get","params":{"doctor_id":4}}"#;
const PATIENT_GET: &str = r#"{"jsonrpc":"2.0","id":1,"method":"patient.get","params":{"patient_id":1}}"#;

struct Clinic {
    _directory: tempfile::TempDir,
    dispatcher: Dispatcher,
    session: Session,
    now: Now,
    output: Vec<u8>,
    booked: u64,
}

impl Clinic {
    fn new() -> Clinic {
        Clinic::with(&Config::default())
    }

    fn with(config: &Config) -> Clinic {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let now = Now {
            local: "2026-01-02T03:04:05.000006".into(),
            utc: "2026-01-01 19:04:05".into(),
            unix_ms: 1_767_294_245_000,
        };
        let path = directory.path().join("bench.db");
        let mut store = Store::open(&path, credential::hash_salted_sha256).expect("a new database").store;
        demo::fill(&mut store, &now).expect("the sample people");
        store
            .write(|transaction| {
                let password_hash = credential::hash_salted_sha256("c").expect("random bytes");
                let clerk = NewStaff {
                    username: "clerk",
                    name: "c",
                    password_hash: &password_hash,
                    role: Role::Clerk,
                };
                register_staff(transaction, &clerk, &now)
            })
            .expect("a clerk");
        let trail = Trail::new(&Key::new(Zeroizing::new([7; 32])), "bench".into());
        let parts = Parts { store, trail, anchors: None };
        let mut dispatcher = Dispatcher::new(parts, Settings::from_config(config)).unwrap();
        let session = Session { id: SessionIds::default().give(), address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        for doctor in ["DOC001", "DOC002", "DOC003"] {
            let request = format!(
                r#"{{"reset_doctor_information": true, "old_employee_id": "{doctor}", "new_max_patients": 10000}}"#
            );
            dispatcher.request(&session, b"n", request.as_bytes(), &now, false, &mut Vec::new());
        }
        assert_eq!(dispatcher.commit(), Commit::Durable);
        Clinic { _directory: directory, dispatcher, session, now, output: Vec::new(), booked: 0 }
    }

    fn ask(&mut self, request: &str) {
        self.dispatcher.request(
            &self.session,
            b"request.json",
            request.as_bytes(),
            &self.now,
            false,
            &mut self.output,
        );
    }

    /// Asks as the loop does: again, once what the request waits for has been derived.
    fn ask_patiently(&mut self, request: &str) {
        let Clinic { dispatcher, session, now, output, .. } = self;
        while dispatcher.request(session, b"n", request.as_bytes(), now, false, output) == Then::Wait {
            while dispatcher.derive(DERIVE_STEP) {}
            assert_eq!(dispatcher.woken(), Some(session.id));
        }
        self.end_turn();
    }

    /// What is measured is to be a success.
    fn expect(&mut self, request: &str, expected: &str) {
        self.output.clear();
        self.ask(request);
        let reply = String::from_utf8_lossy(&self.output).into_owned();
        assert!(reply.contains(expected), "{request}: {reply}");
        self.end_turn();
    }

    fn end_turn(&mut self) {
        assert_eq!(self.dispatcher.commit(), Commit::Durable);
        self.dispatcher.checkpoint(false);
        self.output.clear();
    }

    /// A booking that finds its place: another minute of another day each time.
    fn next_booking(&mut self) -> String {
        self.booked += 1;
        let (day, minute) = (self.booked / 30, self.booked % 30);
        let (year, month, day) = (2030 + day / 336, 1 + day / 28 % 12, 1 + day % 28);
        let doctor = ["王医生", "刘医生", "陈医生"][(self.booked % 3) as usize];
        format!(
            r#"{{"create_appointment": true, "patient_phone": "13800138000", "doctor_name": "{doctor}", "appointment_time": "{year}-{month:02}-{day:02} 10:{minute:02}:00", "fee_paid": 1}}"#
        )
    }
}

fn reads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("turn of 50 reads");
    group.throughput(Throughput::Elements(REQUESTS_PER_TURN));
    for (name, request) in [
        ("query_doctor_info", r#"{"query_doctor_info": true, "doctor_name": "王医生"}"#),
        ("query_patient_info", r#"{"query_patient_info": true, "patient_name": "张三"}"#),
        ("query_appointments by phone", r#"{"query_appointments": true, "patient_phone": "13800138000"}"#),
        ("doctor.get", DOCTOR_GET),
        ("not JSON", "{bad"),
    ] {
        let mut clinic = Clinic::new();
        if request == DOCTOR_GET {
            clinic.expect(request, "\"result\"");
        }
        measure(&mut group, name, &mut clinic, request);
    }
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, clinic: &mut Clinic, request: &str) {
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            for _ in 0..REQUESTS_PER_TURN {
                clinic.ask(request);
            }
            clinic.end_turn();
        });
    });
}

/// What takes someone who is known: a login that is remembered, and reads of a patient, with and without an
/// entry of each in the trail.
fn accounts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("turn of 50 of known people");
    group.throughput(Throughput::Elements(REQUESTS_PER_TURN));
    for (name, first, audit_reads, request, expected) in [
        ("login, remembered", LEGACY_LOGIN, true, LEGACY_LOGIN, "verificationSuccess"),
        ("patient.get, audited", RPC_LOGIN, true, PATIENT_GET, "\"result\""),
        ("patient.get, not audited", RPC_LOGIN, false, PATIENT_GET, "\"result\""),
    ] {
        let mut config = Config::default();
        config.audit.reads = audit_reads;
        let mut clinic = Clinic::with(&config);
        clinic.ask_patiently(first);
        clinic.expect(request, expected);
        measure(&mut group, name, &mut clinic, request);
    }
}

fn writes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("turn of 50 writes");
    group.throughput(Throughput::Elements(REQUESTS_PER_TURN));
    let clinic = std::cell::RefCell::new(Clinic::new());
    group.bench_function("create_appointment", |bencher| {
        bencher.iter_batched(
            || (0..REQUESTS_PER_TURN).map(|_| clinic.borrow_mut().next_booking()).collect::<Vec<_>>(),
            |requests| {
                let mut clinic = clinic.borrow_mut();
                for request in &requests {
                    clinic.ask(request);
                }
                clinic.end_turn();
            },
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, reads, accounts, writes);
criterion_main!(benches);
