//! The metrics: what they are called, that they count, who may read them, and that nothing personal is in them.

use crate::common::{PATIENCE, Server};
use crate::place::{NEW, OLD, expect, run};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;

/// What is to be there, whatever else is.
const NAMES: &[&str] = &[
    "up",
    "build_info",
    "connections",
    "connections_total",
    "connections_rejected_total",
    "connections_closed_total",
    "requests_total",
    "request_duration_seconds",
    "turn_duration_seconds",
    "turn_requests",
    "commit_duration_seconds",
    "commits_total",
    "rollbacks_total",
    "db_size_bytes",
    "wal_size_bytes",
    "db_busy_total",
    "db_errors_total",
    "disk_free_bytes",
    "output_buffer_bytes",
    "login_total",
    "lockouts_total",
    "kdf_queue",
    "denied_total",
    "legacy_requests_total",
    "sql_total",
    "audit_seq",
    "audit_anchor_age_seconds",
    "reload_total",
    "log_dropped_total",
    "open_fds",
    "resident_bytes",
];

/// The samples by name and labels, after a look at the form of each line.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let mut kinds = BTreeMap::new();
    let mut samples = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(kinds.insert(name.to_owned(), kind).is_none(), "{line} comes twice");
            continue;
        }
        if line.starts_with("# HELP medsrv_") {
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        let name = sample.split('{').next().unwrap();
        let family = families(name).into_iter().find(|family| kinds.contains_key(*family));
        assert!(family.is_some(), "{line} has no type");
        assert!(samples.insert(sample.to_owned(), value.parse().unwrap()).is_none(), "{line} comes twice");
    }
    samples
}

/// What the family of a sample can be called.
fn families(sample: &str) -> Vec<&str> {
    let stripped = ["_bucket", "_sum", "_count"].into_iter().filter_map(|end| sample.strip_suffix(end));
    std::iter::once(sample).chain(stripped).collect()
}

fn metrics(server: &Server) -> String {
    expect(server, 0, &["metrics"]).out
}

#[test]
fn they_have_their_names_and_count() {
    let server = Server::demo();
    let mut kept = server.connect();
    let login = |password: &str| {
        format!(
            r#"{{"jsonrpc": "2.0", "id": 1, "method": "session.login", "params": {{"username": "13800138000", "password": "{password}"}}}}"#
        )
    };
    kept.ask(&login("wrong"));
    kept.ask(&login("hash_patient1"));
    kept.ask(r#"{"jsonrpc": "2.0", "id": 1, "method": "account.create", "params": {}}"#);
    kept.ask(&format!("[{NEW}, {NEW}]"));
    server.ask(OLD);
    server.ask(r#"{"sql_query": "SELECT 1"}"#);
    server.ask(r#"{"login": true, "user_name": "13800138000", "password": "hash_patient1"}"#);
    kept.ask("{");
    let text = metrics(&server);
    let samples = samples(&text);
    for name in NAMES {
        assert!(text.contains(&format!("# TYPE medsrv_{name} ")), "{name} is missing");
    }
    for (sample, value) in [
        ("up", 1.0),
        ("connections", 1.0),
        ("requests_total{op=\"department.list\",result=\"done\"}", 2.0),
        ("requests_total{op=\"session.login\",result=\"done\"}", 1.0),
        ("requests_total{op=\"session.login\",result=\"refused\"}", 1.0),
        ("requests_total{op=\"account.create\",result=\"refused\"}", 1.0),
        ("requests_total{op=\"unreadable\",result=\"refused\"}", 1.0),
        ("denied_total{op=\"account.create\",role=\"patient\"}", 1.0),
        ("legacy_requests_total{op=\"query_doctor_info\"}", 1.0),
        ("sql_total{result=\"done\"}", 1.0),
        ("login_total{result=\"wrong\"}", 1.0),
        ("login_total{result=\"succeeded\"}", 2.0),
        ("request_duration_seconds_count", 8.0),
        ("request_duration_seconds_bucket{le=\"+Inf\"}", 8.0),
        ("rollbacks_total", 0.0),
        ("log_dropped_total", 0.0),
        ("reload_total{result=\"applied\"}", 0.0),
    ] {
        let sample = format!("medsrv_{sample}");
        // Those that asked once may not be swept yet.
        let found = samples.get(&sample).copied().unwrap_or(-1.0);
        let fits = if sample == "medsrv_connections" { found >= value } else { found == value };
        assert!(fits, "{sample} is {found} and not {value}: {text}");
    }
    assert!(samples["medsrv_commits_total"] >= 2.0 && samples["medsrv_audit_seq"] >= 2.0, "{text}");
    for personal in ["13800138000", "hash_patient1", "张三", "王医生"] {
        assert!(!text.contains(personal), "{text}");
    }
    server.stop();
}

fn scraped() -> (Server, String) {
    let server = Server::configured("[metrics]\naddress = \"127.0.0.1:0\"\n");
    let status: Value = serde_json::from_str(&expect(&server, 0, &["status", "--json"]).out).unwrap();
    let address = status["metrics_on"].as_str().unwrap().to_owned();
    (server, address)
}

fn exchange(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // A server that has read enough may close before it has read all.
    let _ = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write);
    let mut reply = String::new();
    let _ = stream.read_to_string(&mut reply);
    reply
}

#[test]
fn they_are_read_over_http_and_nothing_else_is() {
    let (server, address) = scraped();
    let reply = exchange(&address, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
    assert_eq!(samples(body)["medsrv_up"], 1.0);
    let long = [b"GET /metrics HTTP/1.1\r\n".as_slice(), &[b'a'; 8192]].concat();
    for (request, status) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "404 Not Found"),
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "405 Method Not Allowed"),
        (b"GET /metrics\r\n\r\n", "400 Bad Request"),
        (b"\xff\xfe\n\n", "400 Bad Request"),
        (&long, "431 Request Header Fields Too Large"),
    ] {
        let reply = exchange(&address, request);
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{reply}");
    }
    // A frame of ours is no request here, and an unfinished one gets nothing.
    for request in [&b"\0\0\0\x01a\0\0\0\x02{}"[..], b"GET /metrics HTTP/1.1\r\n", b""] {
        assert_eq!(exchange(&address, request), "", "{request:?}");
    }
    // One byte after the other is a request all the same.
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in b"GET /metrics HTTP/1.0\n\n" {
        stream.write_all(&[*byte]).unwrap();
    }
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 OK"), "{reply}");
    // Whoever holds the places holds up no client.
    let held: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(&address).unwrap()).collect();
    assert!(server.ask(NEW).get("result").is_some());
    drop(held);
    server.stop();
}

#[test]
fn who_asks_without_a_server_is_told_so() {
    let mut server = Server::demo();
    expect(&server, 0, &["stop"]);
    server.wait();
    let answer = run(&server, &["metrics"]);
    assert_eq!((answer.exit_code, answer.out.as_str()), (7, ""), "{answer:?}");
}

#[test]
fn the_dashboard_shows_what_there_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/grafana/medsrv.json");
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let server = Server::demo();
    let text = metrics(&server);
    let known: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ").and_then(|rest| rest.split(' ').next()))
        .collect();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md")).unwrap();
    for name in &known {
        let word = |name: &str| ["`", "{", " "].iter().any(|end| page.contains(&format!("`{name}{end}")));
        let short = name.strip_prefix("medsrv").unwrap();
        assert!(word(name) || word(short), "docs/operations.md has no {name}");
    }
    let is_known = |name: &str| families(name).into_iter().any(|family| known.contains(family));
    let (mut ids, mut expressions) = (BTreeSet::new(), 0);
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        assert!(panel["title"].as_str().is_some_and(|title| !title.is_empty()), "{panel}");
        assert!(["timeseries", "stat"].contains(&panel["type"].as_str().unwrap()), "{panel}");
        let place = &panel["gridPos"];
        assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24, "{panel}");
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            let is_of_a_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
            let words = expression.split(|letter| !is_of_a_name(letter));
            let names: Vec<&str> = words.filter(|word| word.starts_with("medsrv_")).collect();
            assert!(!names.is_empty() && names.iter().all(|name| is_known(name)), "{expression}");
            assert_eq!(expression.matches('(').count(), expression.matches(')').count(), "{expression}");
            assert_eq!(expression.matches('{').count(), expression.matches('}').count(), "{expression}");
            expressions += 1;
        }
    }
    assert!(expressions > 20);
    server.stop();
}
