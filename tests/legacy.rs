//! The old clients' conversation over real connections, word for word.

mod common;

use common::{Client, Server, encode, recorded, without_moments};
use serde_json::json;
use std::io::Read;
use std::net::Shutdown;

#[test]
fn every_recorded_exchange_is_answered_as_the_python_server_did() {
    let server = Server::demo();
    let exchanges = recorded();
    assert_eq!(exchanges.len(), 76);
    for (number, (send, expected)) in exchanges.iter().enumerate() {
        let reply = server.ask(send);
        assert_eq!(without_moments(&reply), without_moments(expected), "exchange {}: {send}", number + 1);
    }
}

#[test]
fn the_old_clients_habits_are_borne() {
    let server = Server::demo();
    let mut client = server.connect();
    let data = r#"{"query_doctor_info": true, "doctor_name": "王医生"}"#.as_bytes();
    // Header and body in four writes, the reply read to the end of the stream.
    for part in [&12u32.to_be_bytes()[..], b"request.json", &(data.len() as u32).to_be_bytes()[..], data] {
        client.send_bytes(part);
    }
    let mut stream = Vec::new();
    client.stream.read_to_end(&mut stream).unwrap();
    let (length, reply) = stream.split_first_chunk::<4>().unwrap();
    assert_eq!(u32::from_be_bytes(*length) as usize, reply.len(), "one reply, then the server closes");
    let reply: serde_json::Value = serde_json::from_slice(reply).unwrap();
    assert_eq!(reply["result"]["doctor_info"]["employee_id"], "DOC001");
}

#[test]
fn a_further_request_within_the_linger_is_served() {
    let server = Server::configured("[legacy]\nlinger_ms = 60000\n");
    let mut client = server.connect();
    for _ in 0..3 {
        let reply = client.ask(r#"{"login": true, "user_name": "DOC001", "password": "hash_doctor1"}"#);
        assert_eq!(reply["result"], "verificationSuccess");
    }
}

#[test]
fn a_client_that_has_finished_sending_is_served_and_then_closed() {
    let server = Server::configured("[legacy]\nlinger_ms = 60000\n");
    let mut client = server.connect();
    for number in 1..=3 {
        client.send(
            format!(r#"{{"table_name": "students", "name": "甲", "student_id": {number}}}"#).as_bytes(),
        );
    }
    client.stream.shutdown(Shutdown::Write).unwrap();
    for _ in 1..=3 {
        assert_eq!(client.reply()["result"], "成功插入数据到表 students");
    }
    assert!(client.is_closed());
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::demo();
    let mut client = server.connect();
    let frames: Vec<u8> = (0..1000)
        .flat_map(|number| {
            let data = format!(r#"{{"query_doctor_info": true, "doctor_name": "{number}"}}"#);
            encode("n", data.as_bytes())
        })
        .collect();
    let mut writer = Client { stream: client.stream.try_clone().unwrap() };
    let sending = std::thread::spawn(move || writer.send_bytes(&frames));
    for number in 0..1000 {
        assert_eq!(client.reply()["result"]["message"], format!("未找到姓名为 {number} 的医生"));
    }
    sending.join().unwrap();
}

#[test]
fn what_was_answered_is_still_there_after_a_kill() {
    let mut server = Server::demo();
    let booked = server.ask(
        r#"{"create_appointment": true, "patient_phone": "13800138000", "doctor_name": "王医生", "appointment_time": "2030-01-01 09:00"}"#,
    );
    assert_eq!(booked["result"]["appointment_info"]["appointment_id"], 4);
    server.signal(rustix::process::Signal::KILL);
    server.wait();
    let directory = std::mem::replace(&mut server.directory, tempfile::tempdir().unwrap());
    let server = Server::start_in(directory, &[], "");
    let list = server.ask(r#"{"query_appointments": true, "appointment_date": "2030-01-01"}"#);
    assert_eq!(list["result"]["appointments"][0]["appointment_id"], 4);
    assert_eq!(list["result"]["appointments"][0]["queue_number"], 1);
}

#[test]
fn a_hundred_clients_for_one_place_get_it_once() {
    let server = Server::demo();
    server.ask(r#"{"reset_doctor_information": true, "old_employee_id": "DOC001", "new_max_patients": 1}"#);
    let address = server.address;
    let clients: Vec<_> = (0..100)
        .map(|number| {
            let phone = ["13800138000", "13900139000", "15800158000"][number % 3];
            std::thread::spawn(move || {
                Client::connect(address).ask(&format!(
                    r#"{{"create_appointment": true, "patient_phone": "{phone}", "doctor_name": "王医生", "appointment_time": "2030-05-01 {:02}:{:02}"}}"#,
                    number / 60,
                    number % 60,
                ))
            })
        })
        .collect();
    let replies: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    let booked = replies.iter().filter(|reply| reply["result"]["status"] == "success").count();
    assert_eq!(booked, 1);
    for reply in replies.iter().filter(|reply| reply["result"]["status"] != "success") {
        assert_eq!(
            reply["result"],
            json!({"status": "error", "message": "医生 王医生 当天的预约已满（1 人）"})
        );
    }
}
