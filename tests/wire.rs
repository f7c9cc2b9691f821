//! Hostile and unlucky peers: whatever they send, they are told or dropped, and nobody else notices.

mod common;

use common::{Client, Server, encode};
use serde_json::Value;
use std::io::Write;

const UNREADABLE: &str = "接收JSON数据失败";

fn assert_serves(server: &Server) {
    let reply = server.ask(r#"{"query_doctor_info": true, "doctor_name": "王医生"}"#);
    assert_eq!(reply["result"]["status"], "success");
}

fn assert_refused_and_closed(server: &Server, bytes: &[u8], text: &str) {
    let mut client = server.connect();
    client.send_bytes(bytes);
    let reply = client.reply();
    assert_eq!(reply["status"], "error");
    assert_eq!(reply["error"], text);
    assert!(client.is_closed());
    assert_serves(server);
}

#[test]
fn a_length_over_its_limit_is_refused_when_it_is_read() {
    let server = Server::demo();
    let name_too_long = "请求过长，上限为 1024 字节";
    assert_refused_and_closed(&server, &u32::MAX.to_be_bytes(), name_too_long);
    assert_refused_and_closed(&server, &1025u32.to_be_bytes(), name_too_long);
    let mut data_too_long = b"\0\0\0\x01n".to_vec();
    data_too_long.extend_from_slice(&(1024 * 1024 + 1u32).to_be_bytes());
    assert_refused_and_closed(&server, &data_too_long, "请求过长，上限为 1048576 字节");
    // What other protocols say first reads as a length, too.
    for hello in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", b"PING\r\n"] {
        assert_refused_and_closed(&server, hello, name_too_long);
    }
}

#[test]
fn exactly_the_limit_is_accepted() {
    let server = Server::demo();
    let name = "n".repeat(1024);
    let head = r#"{"query_doctor_info": true, "doctor_name": "王医生", "padding": ""#;
    let data = format!("{head}{}\"}}", "x".repeat(1024 * 1024 - head.len() - 2));
    assert_eq!(data.len(), 1024 * 1024);
    let mut client = server.connect();
    client.send_bytes(&encode(&name, data.as_bytes()));
    assert_eq!(client.reply()["result"]["status"], "success");
}

#[test]
fn what_cannot_be_read_is_answered_and_the_connection_goes_on() {
    let server = Server::configured("[legacy]\nlinger_ms = 60000\n");
    let mut client = server.connect();
    let deep = format!("{{\"a\": {}", "[".repeat(100_000));
    for data in [
        &b""[..],
        b" ",
        b"{bad",
        b"{\"login\": tru",
        b"{\"login\": true} trailing",
        b"[]",
        b"null",
        b"\xef\xbb\xbf{}",
        b"{\"login\": \"\xff\"}",
        b"{\"login\": \"\\ud800\"}",
        b"{\0\"\0l\0",
        b"{\"a\": 1e400}",
        b"{\"login\": true, \"login\": true}",
        deep.as_bytes(),
    ] {
        client.send(data);
        let reply = client.reply();
        assert_eq!(reply["status"], "error");
        assert!(reply["error"].as_str().unwrap().starts_with(UNREADABLE), "{reply}");
    }
    for name in ["", "../../etc/passwd", "a\0b\nc"] {
        client.send_bytes(&encode(name, b"{\"query_doctor_info\": 1}"));
        assert_eq!(client.reply()["result"]["message"], "缺少doctor_name参数", "{name}");
    }
    client.send_bytes(b"\0\0\0\x01\xff\0\0\0\x02{}");
    assert_eq!(client.reply()["error"], UNREADABLE);
    assert_serves(&server);
}

#[test]
fn peers_that_vanish_in_the_middle_leave_nothing_behind() {
    let server = Server::demo();
    let frame = encode("n", br#"{"table_name": "students", "name": "x", "student_id": 7}"#);
    for cut in [1, 4, 5, 9, frame.len() - 1] {
        let mut client = server.connect();
        client.send_bytes(&frame[..cut]);
    }
    // Unread replies at the close make the kernel reset the connection.
    for _ in 0..20 {
        let mut client = server.connect();
        for _ in 0..50 {
            client.send(br#"{"query_appointments": true}"#);
        }
    }
    let reply = server.ask(r#"{"sql_query": "SELECT count(*) FROM students WHERE student_id = 7"}"#);
    assert_eq!(reply["result"]["data"][0][0], 0);
}

#[test]
fn deadlines_close_the_silent_the_slow_and_the_idle() {
    let server = Server::configured("[deadlines]\nsilent_ms = 100\nframe_ms = 100\n");
    let mut silent = server.connect();
    assert!(silent.is_closed());
    let mut slow = server.connect();
    slow.send_bytes(b"\0\0\0");
    assert!(slow.is_closed());
    // Bytes that trickle do not renew the deadline of their request: long before it is whole, it is over.
    let mut trickling = server.connect();
    trickling.send_bytes(b"\0\0\0\x01n\0\x10\0\0");
    let sent = (0..1024 * 1024).take_while(|_| trickling.stream.write_all(b"x").is_ok()).count();
    assert!(sent < 1024 * 1024);
    assert_serves(&server);
}

#[test]
fn a_peer_that_does_not_read_is_closed_and_its_work_kept() {
    let server = Server::configured("[deadlines]\nwrite_ms = 200\n");
    let mut deaf = server.connect();
    let mut frames = encode("n", br#"{"table_name": "students", "name": "x", "student_id": 7}"#);
    let question = encode("n", br#"{"query_appointments": true}"#);
    for _ in 0..1000 {
        frames.extend_from_slice(&question);
    }
    // Sent until the server has had enough, whichever buffer that first shows in.
    while deaf.stream.write_all(&frames).is_ok() {
        frames = question.repeat(1000);
    }
    let reply = server.ask(r#"{"sql_query": "SELECT count(*) FROM students WHERE student_id = 7"}"#);
    assert_eq!(reply["result"]["data"][0][0], 1);
}

#[test]
fn one_connection_too_many_is_told_so() {
    let server = Server::configured("[limits]\nconnections_max = 4\n");
    let mut served: Vec<Client> = (0..4).map(|_| server.connect()).collect();
    for client in &mut served {
        // An answer shows that the connection has been accepted.
        client.ask("{}");
    }
    let mut refused = server.connect();
    assert_eq!(refused.reply()["error"], "服务器连接数已满，请稍后重试");
    assert!(refused.is_closed());
    drop(served);
    let mut served_again = false;
    let deadline = std::time::Instant::now() + common::PATIENCE;
    while !served_again && std::time::Instant::now() < deadline {
        let mut client = server.connect();
        client.send(b"{}");
        served_again = client.reply()["status"] == "success";
    }
    assert!(served_again);
}

#[test]
fn networks_that_the_operator_does_not_name_are_turned_away() {
    let server = Server::configured("[legacy]\nnetworks = [\"10.0.0.0/8\"]\n");
    let mut client = server.connect();
    client.send(br#"{"login": true, "user_name": "DOC001", "password": "hash_doctor1"}"#);
    let reply = client.reply();
    assert_eq!(reply["status"], "error");
    assert_eq!(reply["error"], "此网络地址不允许使用旧版协议，请联系医院管理员");
    assert!(client.is_closed());
}

#[test]
fn operations_that_the_operator_does_not_name_are_refused() {
    let server = Server::configured("[legacy]\noperations = [\"login\", \"query_doctor_info\"]\n");
    assert_serves(&server);
    for data in [r#"{"sql_query": "SELECT 1"}"#, r#"{"table_name": "students", "name": "x"}"#, "{}"] {
        let reply = server.ask(data);
        assert_eq!(reply["status"], "error", "{data}");
        assert_eq!(reply["error"], "管理员已停用此操作");
    }
    // The verb that wins by precedence is the one that the gate judges.
    let reply =
        server.ask(r#"{"login": true, "reset_password": true, "username": "DOC001", "new_password": "x"}"#);
    assert_eq!(reply["error"], "管理员已停用此操作");
}

#[test]
fn a_reply_over_the_limit_becomes_a_refusal() {
    let server = Server::configured("[limits]\noutput_max_bytes = 65536\noutput_soft_max_bytes = 65536\n");
    server
        .ask(r#"{"reset_doctor_information": true, "old_employee_id": "DOC001", "new_max_patients": 10000}"#);
    let mut client = server.connect();
    for number in 0..400 {
        let (hour, minute) = (number / 60, number % 60);
        client.send(
            format!(
                r#"{{"create_appointment": true, "patient_phone": "13800138000", "doctor_name": "王医生", "appointment_time": "2030-05-01 {hour:02}:{minute:02}"}}"#
            )
            .as_bytes(),
        );
    }
    for number in 1..=400 {
        assert_eq!(client.reply()["result"]["appointment_info"]["queue_number"], number);
    }
    let reply = server.ask(r#"{"query_appointments": true, "doctor_name": "王医生"}"#);
    assert_eq!(reply["result"]["message"], "查询预约信息时出错: 结果过大，请缩小查询范围");
    let reply = server.ask(r#"{"query_appointments": true}"#);
    assert_eq!(reply["result"]["message"], "查询到 20 条预约记录");
}

#[test]
fn what_was_read_before_the_end_is_answered() {
    let mut server = Server::demo();
    let mut busy = server.connect();
    let mut idle = server.connect();
    assert_eq!(idle.ask("{}")["status"], "success");
    for number in 0..200 {
        busy.send(format!(r#"{{"table_name": "students", "name": "x", "student_id": {number}}}"#).as_bytes());
    }
    // The first answer shows that the others, sent at once, have been read or are about to be.
    let first = busy.reply();
    assert_eq!(first["result"], "成功插入数据到表 students");
    server.signal(rustix::process::Signal::TERM);
    let mut answered = 1;
    let mut rest = Vec::new();
    use std::io::Read;
    let _ = busy.stream.read_to_end(&mut rest);
    let mut rest = &rest[..];
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (reply, after) = after.split_at(u32::from_be_bytes(*length) as usize);
        let reply: Value = serde_json::from_slice(reply).unwrap();
        assert_eq!(reply["result"], "成功插入数据到表 students");
        answered += 1;
        rest = after;
    }
    assert!(idle.is_closed());
    assert_eq!(server.wait(), Some(0));
    let directory = std::mem::replace(&mut server.directory, tempfile::tempdir().unwrap());
    let server = Server::start_in(directory, &[], "");
    let stored = server.ask(r#"{"sql_query": "SELECT count(*) FROM students WHERE student_id < 200"}"#);
    assert!(stored["result"]["data"][0][0].as_u64().unwrap() >= answered, "no answer without its row");
}

#[test]
fn slow_queries_leave_everyone_else_served_between_them() {
    let server = Server::demo();
    let slow = r#"{"sql_query": "SELECT count(*) FROM users a, users b, users c, users d, users e, users f, users g, users h, users i, users j"}"#;
    let mut attackers: Vec<Client> = (0..4).map(|_| server.connect()).collect();
    for attacker in &mut attackers {
        for _ in 0..8 {
            attacker.send(slow.as_bytes());
        }
    }
    // While 32 of them wait, each further client is answered before the last of them.
    assert_serves(&server);
    for attacker in &mut attackers {
        for _ in 0..8 {
            assert!(attacker.reply()["result"].as_str().unwrap().starts_with("错误: 查询超过"));
        }
    }
}

#[test]
fn a_stopped_server_leaves_its_database_whole_in_one_file() {
    let server = Server::demo();
    server.ask(r#"{"sql_query": "SELECT 1"}"#);
    server.ask(r#"{"table_name": "students", "name": "x", "student_id": 7}"#);
    let directory = server.stop();
    let names: Vec<String> = std::fs::read_dir(directory.path().join("data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!names.iter().any(|name| name.ends_with("-wal")), "{names:?}");
}

#[test]
fn a_rotated_log_is_opened_anew_and_a_new_level_taken() {
    let server = Server::demo();
    let data = server.directory.path().join("data");
    std::fs::rename(data.join("server.log"), data.join("server.log.1")).unwrap();
    std::fs::write(server.directory.path().join("medsrv.conf"), "[log]\nlevel = \"warn\"\n").unwrap();
    server.signal(rustix::process::Signal::HUP);
    let deadline = std::time::Instant::now() + common::PATIENCE;
    while !data.join("server.log").exists() && std::time::Instant::now() < deadline {
        // Each answer shows that the server goes on while it is asked to reload.
        assert_serves(&server);
    }
    server.ask("{bad");
    assert!(data.join("server.log").exists());
    assert!(!server.log().contains("cannot be read"), "a refusal is below the new level");
    let old = std::fs::read_to_string(data.join("server.log.1")).unwrap();
    assert!(old.contains("started") && !old.contains("reloaded"), "{old}");
}

#[test]
fn nothing_personal_reaches_the_log() {
    let server = Server::configured("[log]\nlevel = \"trace\"\n");
    for (send, _) in common::recorded() {
        server.ask(&send);
    }
    let mut client = server.connect();
    client.send_bytes(&encode("13800138000", b"{\"13800138000\": \"13800138000\"}"));
    client.reply();
    let log = server.log();
    assert!(log.contains("refused"));
    for private in ["13800138000", "张三", "王医生", "hash_patient1", "110101199001010001", "zhangsan"] {
        assert!(!log.contains(private), "{private}");
    }
}

/// A session with one place, which patient 1 holds for a moment and for which patient 2 waits.
fn hold_a_place(server: &Server) {
    let expires_ms = chrono::Utc::now().timestamp_millis() + 200;
    let rows = format!(
        "BEGIN;
        INSERT INTO clinic_sessions (doctor_id, day, period, starts_at, ends_at, capacity_online, capacity_onsite,
            capacity_addon, booked_online)
        VALUES (4, '2999-01-01', 'morning', '2999-01-01 08:00:00', '2999-01-01 12:00:00', 1, 0, 0, 1);
        INSERT INTO appointments (appointment_id, patient_id, doctor_id, appointment_time, status, queue_number)
        VALUES (100, 1, 4, '2999-01-01 08:00:00', 'pending', 1);
        INSERT INTO bookings (appointment_id, session_id, patient_id, day, starts_at, ends_at, state, pool, expires_ms,
            changed_ms)
        VALUES (100, 1, 1, '2999-01-01', '2999-01-01 08:00:00', '2999-01-01 12:00:00', 'held', 'online', {expires_ms},
            0);
        INSERT INTO waitlist (session_id, patient_id, joined_ms) VALUES (1, 2, 0);
        COMMIT"
    );
    rusqlite::Connection::open(server.database()).unwrap().execute_batch(&rows).unwrap();
}

fn call(client: &mut Client, method: &str, params: &str) -> serde_json::Value {
    let reply = client.ask(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#));
    assert_eq!(reply.get("error"), None, "{method}");
    reply["result"].clone()
}

#[test]
fn a_hold_that_expires_is_heard_at_once_by_all_who_listen() {
    let server = Server::demo();
    let (mut screen, mut patient) = (server.connect(), server.connect());
    call(&mut patient, "session.login", r#"{"username":"13900139000","password":"hash_patient2"}"#);
    call(&mut patient, "event.subscribe", r#"{"topics":["patient:2"]}"#);
    hold_a_place(&server);
    // With this the server sees what another process has written, and when it is due.
    let stands = call(&mut screen, "event.subscribe", r#"{"topics":["session:1","queue:1"]}"#);
    assert_eq!(stands["topics"][0]["facts"]["online"]["remaining"], 0);
    let heard = screen.reply();
    assert_eq!(heard["method"], "event");
    assert_eq!(heard["params"]["topic"], "session:1");
    assert_eq!(heard["params"]["facts"]["online"]["remaining"], 0, "who waited holds it now");
    let notice = patient.reply()["params"]["facts"]["unread"][0].clone();
    assert_eq!(notice["kind"], "place_offered");
    // On another connection they say that they have seen it, and the first one hears of that.
    let mut phone = server.connect();
    call(&mut phone, "session.login", r#"{"username":"13900139000","password":"hash_patient2"}"#);
    call(&mut phone, "notice.fetched", &format!(r#"{{"up_to":{}}}"#, notice["notice_id"]));
    assert_eq!(patient.reply()["params"]["facts"]["unread"], serde_json::json!([]));
    let directory = server.stop();
    let database = rusqlite::Connection::open(directory.path().join("data/MedicalSystem.db")).unwrap();
    let entries = "SELECT group_concat(entity_id || action) FROM audit WHERE method = 'timer.expire_holds'";
    let entries: String = database.query_row(entries, [], |row| row.get(0)).unwrap();
    assert_eq!(entries, "100U,101C");
}
