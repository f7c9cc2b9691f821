//! Short loads on a real server in this process: every way of driving it, without a single error.
//!
//! Nothing here looks at how long anything took.

use loadtest::plan::Plan;
use loadtest::prepare::{Amounts, prepare};
use loadtest::{Mix, Mode, Report, check::Checks, html, sweep, table};
use medsrv::ops::config::{Config, Loaded};
use medsrv::ops::supervisor::Supervisor;
use medsrv::server::{Given, Server, Sockets};
use std::net::SocketAddr;
use std::time::Duration;

/// A server with the sample people; it ends with the test program.
fn server() -> (SocketAddr, tempfile::TempDir) {
    serve(tempfile::tempdir().unwrap(), true)
}

fn serve(directory: tempfile::TempDir, demo: bool) -> (SocketAddr, tempfile::TempDir) {
    let mut config = Config::default();
    config.server.port = 0;
    config.server.db_path = directory.path().join("load.db");
    config.audit.key_file = directory.path().join("audit.key");
    config.audit.anchor_file = directory.path().join("audit.anchor");
    config.server.log_file = directory.path().join("load.log");
    config.server.pid_file = directory.path().join("load.pid");
    config.accounts.password_iterations = 1000;
    // A server stays in the thread in which it was opened.
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let sockets = Sockets::bind(&config, Given::default()).unwrap();
        let server = Server::open(Loaded::of(config), sockets, demo).unwrap();
        tell.send(server.address()).unwrap();
        server.run(Supervisor::none(), None)
    });
    (told.recv().unwrap(), directory)
}

fn short(address: SocketAddr) -> Plan {
    Plan {
        address,
        connections: 5,
        duration: Duration::from_millis(500),
        warmup: Duration::from_millis(50),
        timeout: Duration::from_secs(60),
        ..Plan::default()
    }
}

fn succeeded(plan: &Plan) -> Report {
    let report = loadtest::run(plan).unwrap();
    assert_eq!(report.errors_total, 0, "{:?} {:?} {:?}", report.errors, report.messages, plan);
    assert!(report.successes > 0);
    assert_eq!(report.latencies.count, report.successes);
    assert_eq!(report.operations.iter().map(|one| one.latencies.count).sum::<u64>(), report.successes);
    report
}

#[test]
fn every_way_of_driving_a_server_succeeds() {
    let (address, _directory) = server();
    let plan = short(address);
    let day = succeeded(&Plan { mix: Mix::Day, ..plan.clone() });
    assert_eq!(day.operations.len(), 6);
    assert!(table::report(&day).contains("create_appointment"));
    assert!("errors=0".parse::<Checks>().unwrap().failures(&day).is_empty());
    assert_eq!("errors=0,rate=1e9".parse::<Checks>().unwrap().failures(&day).len(), 1);

    succeeded(&Plan { mix: Mix::Book, pipeline: 8, ..plan.clone() });
    succeeded(&Plan { fresh: true, ..plan.clone() });
    let sources = vec!["127.0.0.1".parse().unwrap()];
    succeeded(&Plan { fresh: true, source_addresses: sources, ..plan.clone() });

    let open = Plan { mode: Mode::Open { rate: 200 }, ..plan.clone() };
    for plan in [&open, &Plan { fresh: true, ..open.clone() }] {
        let report = loadtest::run(plan).unwrap();
        // On a busy machine some may be left unsent when the time is over; nothing else may go wrong.
        assert_eq!(report.errors_total, report.errors.not_sent, "{:?} {:?}", report.errors, report.messages);
        assert_eq!(report.successes + report.errors.not_sent, 100, "what is due in half a second");
    }

    let swept = sweep::sweep(&open, &[50, 100], loadtest::run).unwrap();
    assert_eq!(swept.steps.len(), 2);
    assert!(table::sweep(&swept).contains("the knee:"));
    for page in [html::report(&day), html::sweep(&swept)] {
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
        for never in ["<script", "http://", "https://", "NaN", "\"inf"] {
            assert!(!page.contains(never), "{never}");
        }
    }
}

#[test]
fn both_dialects_and_logins_are_driven_on_a_prepared_file() {
    let directory = tempfile::tempdir().unwrap();
    let amounts = Amounts { patients: 60, doctors: 3, appointments: 0, sessions: 30_000 };
    let population = prepare(&directory.path().join("load.db"), &amounts, 1, &mut |_| {}).unwrap();
    let (address, _directory) = serve(directory, false);
    let plan = Plan { population, ..short(address) };
    for name in ["rpc-doctor", "rpc-patient", "login", "rpc-login", "rpc-book"] {
        let mix = Mix::named(name).unwrap();
        succeeded(&Plan { mix, pipeline: 4, ..plan.clone() });
    }
    // An open loop, since a closed one makes so many connections that the ports of this machine run out.
    let mode = Mode::Open { rate: 100 };
    let fresh = Plan { mix: Mix::RpcPatient, fresh: true, mode, ..plan.clone() };
    let report = loadtest::run(&fresh).unwrap();
    assert_eq!(report.errors_total, report.errors.not_sent, "{:?} {:?}", report.errors, report.messages);
    assert!(report.successes > 0);
    let whoami = r#"{"jsonrpc": "2.0", "id": "a", "method": "session.whoami", "params": {}}"#;
    let get =
        r#"{"jsonrpc": "2.0", "id": 2, "method": "patient.get", "params": {"patient_id": "{patient_id}"}}"#;
    let old = r#"{"query_appointments": true, "patient_phone": "{patient_phone}"}"#;
    let text = format!(
        "{{\"name\": \"two\", \"request\": [{whoami}, {get}]}}\n\
         {{\"name\": \"old\", \"patients\": \"few\", \"request\": {old}}}"
    );
    let mix = Mix::parse("mix.jsonl", &text).unwrap();
    let clerk = "loadtest-clerk:loadtest".parse().ok();
    assert_eq!(succeeded(&Plan { mix: mix.clone(), login: clerk, ..plan.clone() }).operations.len(), 2);

    let report = loadtest::run(&Plan { mix, ..plan.clone() }).unwrap();
    assert!(report.errors.refused > 0, "{:?}", report.errors);
    assert!(report.messages[0].text.starts_with("unauthenticated: "), "{:?}", report.messages);
}

#[test]
fn a_run_without_its_clerk_does_not_begin() {
    let (address, _directory) = server();
    let plan = short(address);
    let error = loadtest::run(&Plan { mix: Mix::RpcPatient, ..plan.clone() }).unwrap_err().to_string();
    assert!(error.contains("loadtest-clerk cannot log in") && error.contains("--prepare"), "{error}");
    assert!(error.contains("wrong_credentials"), "{error}");
    for name in ["rpc-doctor", "login", "rpc-login"] {
        succeeded(&Plan { mix: Mix::named(name).unwrap(), ..plan.clone() });
    }
    let own = Plan { mix: Mix::RpcPatient, login: "13800138000:hash_patient1".parse().ok(), ..plan };
    let report = loadtest::run(&own).unwrap();
    assert!(report.messages[0].text.starts_with("forbidden: "), "a patient reads nobody else's data");
}

#[test]
fn wrong_replies_and_ends_are_errors_with_their_words() {
    let (address, _directory) = server();
    let text = r#"{"name": "nobody", "request": {"query_doctor_info": true, "doctor_name": "没有"}}
        {"name": "somebody", "request": {"query_doctor_info": true, "doctor_name": "{doctor_name}"}}"#;
    let mix = Mix::parse("mix.jsonl", text).unwrap();
    let report = loadtest::run(&Plan { mix, ..short(address) }).unwrap();
    assert!(report.errors.wrong_reply > 0 && report.successes > 0);
    assert!(report.messages[0].text.contains("未找到姓名为 没有 的医生"), "{:?}", report.messages);

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let error = loadtest::run(&short(nobody)).unwrap_err().to_string();
    assert!(error.contains("does the server run"), "{error}");
}

#[test]
fn a_server_that_closes_and_one_that_says_nothing_are_counted() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for (number, stream) in listener.incoming().enumerate() {
            // Every second connection is closed as soon as it has asked, the others are never answered.
            let mut stream = stream.unwrap();
            if number % 2 == 0 {
                held.push(stream);
            } else {
                std::thread::spawn(move || std::io::Read::read(&mut stream, &mut [0; 1024]).unwrap_or(0));
            }
        }
    });
    let plan = Plan { timeout: Duration::from_millis(150), warmup: Duration::ZERO, ..short(address) };
    let report = loadtest::run(&plan).unwrap();
    assert_eq!(report.successes, 0);
    assert!(report.errors.closed > 0 && report.errors.timeout > 0, "{:?}", report.errors);
}
