//! JSON-RPC beside the old dialect, the price of the audit trail, and logins: one, remembered ones, and two
//! hundred that wait while others ask.
//!
//! It never judges; the figure that each row was meant to reach stands beside it. Invariant: whoever waits in
//! the crowd has never logged in before, so that a password is derived for each.

use crate::served::{DATABASE, Served};
use crate::{Outcome, PATIENTS, ROUNDS, compare, median, plan, prepared_file, print_head, raw, run};
use loadtest::population::PREPARED_PASSWORD;
use loadtest::{Mix, Mode, Plan};
use medsrv::net::encode_request;
use rustix::net::sockopt::set_socket_linger;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const CROWD: u64 = 200;
/// So many patients at the end of the population are kept for crowds; the first fifty are those of `login`.
const CROWDS: u64 = CROWD * ROUNDS as u64 * QUERY_MODES.len() as u64;
/// Busy clients, whose server is never idle, and such that leave it time.
const QUERY_MODES: [(&str, Mode); 2] =
    [("closed loop", Mode::Closed), ("2,000/s", Mode::Open { rate: 2_000 })];

pub fn measure() -> Outcome<()> {
    let directory = prepared_file(10_000)?;
    let unaudited_directory = tempfile::tempdir()?;
    std::fs::copy(directory.path().join(DATABASE), unaudited_directory.path().join(DATABASE))?;
    let echo = crate::echo::start()?;
    let audited = Served::medsrv(directory.path(), true)?;
    let unaudited = Served::medsrv(unaudited_directory.path(), false)?;

    print_head("echo /s", "medsrv /s");
    for (name, server, mix) in [
        ("query_doctor_info", &audited, Mix::Query),
        ("doctor.get", &audited, Mix::RpcDoctor),
        ("patient.get, audited (0.25)", &audited, Mix::RpcPatient),
        ("patient.get, not audited (0.50)", &unaudited, Mix::RpcPatient),
    ] {
        compare(name, &echo, server, |address, is_echo| Plan {
            address,
            mix: if is_echo { raw() } else { mix.clone() },
            ..plan()
        })?;
    }

    print_head("query /s", "other /s");
    for (name, mix) in [("doctor.get (0.90)", Mix::RpcDoctor), ("login, remembered (0.50)", Mix::Login)] {
        compare(name, &audited, &audited, |address, is_query| Plan {
            address,
            mix: if is_query { Mix::Query } else { mix.clone() },
            ..plan()
        })?;
    }
    one_login(&audited)?;
    queries_beside_a_crowd(&audited)
}

/// One login after the other, of patients who have not logged in before, while nothing else is asked.
fn one_login(server: &Served) -> Outcome<()> {
    let report = run(&Plan {
        address: server.address,
        connections: 1,
        mix: Mix::RpcLogin,
        duration: 2 * plan().duration,
        ..plan()
    })?;
    let ms = |ns: u64| Duration::from_nanos(ns).as_secs_f64() * 1000.0;
    println!(
        "one session.login at an idle server (100 ms): p50 {:.1} ms, longest {:.1} ms, of {}",
        ms(report.latencies.p50_ns),
        ms(report.latencies.max_ns),
        report.successes
    );
    Ok(())
}

/// The queries of fifty connections, alone and while two hundred others wait to be logged in.
fn queries_beside_a_crowd(server: &Served) -> Outcome<()> {
    println!("{:<42} {:>10} {:>10} {:>7} {:>9}", "", "idle p99", "crowd p99", "ratio", "let in");
    let mut next = PATIENTS - CROWDS;
    for (name, mode) in QUERY_MODES {
        let queries = Plan { address: server.address, mode, mix: Mix::Query, ..plan() };
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let idle = run(&queries)?.latencies.p99_ns;
            let crowd = Crowd::gather(server.address, next)?;
            next += CROWD;
            let beside = run(&queries)?.latencies.p99_ns;
            rounds.push((idle, beside, crowd.disperse()?));
        }
        let ratio = |(idle, beside, _): &(u64, u64, u64)| {
            Duration::from_nanos(*beside).as_secs_f64() / Duration::from_nanos(*idle).as_secs_f64()
        };
        let ratios: Vec<f64> = rounds.iter().map(ratio).collect();
        let place = median(&ratios);
        let (idle, beside, let_in) = rounds.remove(place);
        println!(
            "{:<42} {:>7} µs {:>7} µs {:>7.2} {:>9}",
            format!("queries at 50, 200 wait, {name} (3.00)"),
            idle / 1000,
            beside / 1000,
            ratio(&(idle, beside, let_in)),
            let_in
        );
    }
    Ok(())
}

/// Connections that each have asked to be logged in.
struct Crowd {
    streams: Vec<TcpStream>,
}

impl Crowd {
    /// Patients from that one on, who have never logged in.
    fn gather(address: SocketAddr, first: u64) -> Outcome<Crowd> {
        assert!(first + CROWD <= PATIENTS, "patients who are there");
        let mut streams = Vec::new();
        for patient in first..first + CROWD {
            let call = format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"session.login","params":{{"username":"166{patient:08}","password":"{PREPARED_PASSWORD}"}}}}"#
            );
            let mut frame = Vec::new();
            encode_request("request.json", call.as_bytes(), &mut frame);
            let mut stream = TcpStream::connect(address)?;
            // A server goes on for someone who has merely ended, so that they are to end with a reset.
            set_socket_linger(&stream, Some(Duration::ZERO))?;
            stream.write_all(&frame)?;
            streams.push(stream);
        }
        Ok(Crowd { streams })
    }

    /// Sends everyone home, and returns how many had been let in. A crowd of which nobody waits any longer, or
    /// nobody was let in, has not been what was to be measured.
    fn disperse(self) -> Outcome<u64> {
        let mut let_in = 0;
        for mut stream in self.streams {
            stream.set_nonblocking(true)?;
            let mut reply = [0; 1024];
            match stream.read(&mut reply) {
                Ok(count) if String::from_utf8_lossy(&reply[..count]).contains("\"token\"") => let_in += 1,
                Ok(count) => {
                    return Err(
                        format!("a login failed: {}", String::from_utf8_lossy(&reply[..count])).into()
                    );
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        if (1..CROWD).contains(&let_in) {
            Ok(let_in)
        } else {
            Err(format!("{let_in} of {CROWD} were let in").into())
        }
    }
}
