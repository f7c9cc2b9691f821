//! The old dialect beside JSON-RPC: whom it is served to, and that a login in one is none in the other.

use crate::clinic::*;
use medsrv::dispatch::Then;
use serde_json::{Value, json};

/// Each operation in a form that would be carried out.
fn operations() -> [Value; 14] {
    [
        json!({"reset_password": 1, "username": "DOC001", "new_password": "x"}),
        json!({"register_patient": 1, "name": "甲", "password_hash": "h", "phone": "1"}),
        json!({"register_doctor": 1, "name": "乙", "password_hash": "h", "employee_id": "D9"}),
        json!({"regiter_doctor": 1, "name": "乙", "password_hash": "h", "employee_id": "D9"}),
        json!({"login": 1, "user_name": "DOC001", "password": "hash_doctor1"}),
        json!({"reset_patient_information": 1, "old_phone": "13800138000", "new_name": "x"}),
        json!({"reset_doctor_information": 1, "old_employee_id": "DOC001", "new_name": "x"}),
        json!({"query_doctor_info": 1, "doctor_name": "王医生"}),
        json!({"query_patient_info": 1, "patient_name": "张三"}),
        json!({"sql_query": "SELECT 1"}),
        json!({"create_appointment": 1, "patient_phone": "13800138000", "doctor_name": "王医生",
            "appointment_time": "2030-01-01 09:00"}),
        json!({"query_appointments": 1}),
        json!({"cancel_appointment": 1, "appointment_id": 2}),
        json!({"table_name": "students", "name": "x"}),
    ]
}

#[test]
fn from_a_network_that_is_not_served_nothing_is_done() {
    let mut clinic = Clinic::new();
    let (rows, entries) = (clinic.everything(), clinic.entries());
    let mut said = Vec::new();
    let update = json!({"update_appointment_status": 1, "appointment_id": 2, "new_status": "completed"});
    for request in operations().into_iter().chain([update, json!({}), json!({"login": 1})]) {
        for address in ["192.0.2.1", "10.0.0.1", "2001:db8::1"] {
            let session = clinic.connect_from(address);
            let (then, reply) = clinic.ask(&session, &request.to_string(), false);
            assert_eq!(then, Then::Close, "{request} from {address}");
            said.push(reply);
            clinic.commit();
        }
    }
    said.dedup();
    assert_eq!(said.len(), 1, "all of it is answered alike");
    assert!(said[0].contains("不允许使用旧版协议"), "{}", said[0]);
    assert!(rows == clinic.everything() && entries == clinic.entries());
}

#[test]
fn an_operation_that_the_operator_does_not_name_is_not_done() {
    let mut clinic = Clinic::with(|settings| settings.legacy_operations.clear());
    let (rows, entries) = (clinic.everything(), clinic.entries());
    for request in operations() {
        let session = clinic.connect();
        let reply = clinic.send(&session, &request.to_string());
        assert!(reply.contains("管理员已停用此操作"), "{request}: {reply}");
    }
    assert!(rows == clinic.everything() && entries == clinic.entries());
}

#[test]
fn a_login_in_the_newer_dialect_opens_nothing_in_the_old() {
    let mut clinic = Clinic::new();
    let session = clinic.connect_from("192.0.2.1");
    clinic.login_on(&session, ADMIN);
    let rows = clinic.everything();
    for request in operations() {
        let (then, _) = clinic.ask(&session, &request.to_string(), false);
        assert_eq!(then, Then::Close, "{request}");
        clinic.commit();
    }
    assert!(rows == clinic.everything());
}

#[test]
fn a_login_in_the_old_dialect_is_none_in_the_newer() {
    let mut clinic = Clinic::new();
    let session = clinic.connect();
    let login = json!({"login": 1, "user_name": "chief", "password": "hash_chief"});
    assert!(clinic.send(&session, &login.to_string()).contains("verificationSuccess"));
    assert_eq!(clinic.word(&session, "session.whoami", &json!({})), "unauthenticated");
    assert_eq!(clinic.word(&session, "account.list", &json!({})), "unauthenticated");
    assert_eq!(clinic.number("SELECT count(*) FROM login_sessions"), 0);
}

#[test]
fn a_long_call_from_outside_is_for_those_who_are_logged_in() {
    let mut clinic = Clinic::with(|settings| settings.data_before_login_max_bytes = 400);
    let long = request("doctor.list", &json!({"department": "x".repeat(500)}));
    let outside = clinic.connect_from("192.0.2.1");
    let (then, reply) = clinic.ask(&outside, &long, false);
    assert_eq!((then, word(&serde_json::from_str(&reply).unwrap()).as_str()), (Then::Close, "not_served"));
    clinic.login_on(&outside, PATIENT);
    assert_eq!(clinic.ask(&outside, &long, false).0, Then::Keep);
    let inside = clinic.connect();
    assert_eq!(clinic.ask(&inside, &long, false).0, Then::Keep);
}

#[test]
fn sql_from_clients_reads_no_credential_session_or_trail() {
    let mut clinic = Clinic::new();
    clinic.login(PATIENT);
    let hashes = clinic.old(&json!({"sql_query": "SELECT password_hash FROM users"}));
    assert!(hashes["data"].as_array().unwrap().iter().all(|row| *row == json!([null])), "{hashes}");
    for table in [
        "login_sessions",
        "login_failures",
        "audit",
        "accounts",
        "request_replies",
        "break_glass",
        "legacy_requests",
    ] {
        for sql in [
            format!("SELECT * FROM {table}"),
            format!("SELECT count(*) FROM {table}"),
            format!("SELECT 1 WHERE EXISTS (SELECT 1 FROM {table})"),
            format!("SELECT u.username FROM users u JOIN {table} USING (user_id)"),
        ] {
            let result = clinic.old(&json!({"sql_query": sql}));
            assert!(result.as_str().is_some_and(|text| text.starts_with("错误: ")), "{sql}: {result}");
        }
    }
}

#[test]
fn rows_from_clients_get_into_none_of_the_newer_tables() {
    let mut clinic = Clinic::new();
    clinic.login(PATIENT);
    let rows = clinic.everything();
    for row in [
        json!({"table_name": "login_sessions", "user_id": 7, "token_hash": "x", "peer": "x", "created_at": 1,
            "used_at": 1, "expires_at": 9_999_999_999_999_i64}),
        json!({"table_name": "LOGIN_SESSIONS", "user_id": 7}),
        json!({"table_name": "accounts", "user_id": 1, "is_auditor": 1}),
        json!({"table_name": "audit", "sequence": 1, "role": "x"}),
        json!({"table_name": "break_glass", "user_id": 4, "patient_id": 13, "reason": "x"}),
        json!({"table_name": "login_failures", "subject": "x"}),
        json!({"table_name": "request_replies", "requester": "1"}),
        json!({"table_name": "users", "username": "x", "password_hash": "x", "role": "admin"}),
        json!({"table_name": "main.accounts", "user_id": 1}),
    ] {
        let result = clinic.old(&row);
        assert!(
            result.as_str().is_some_and(|text| text.starts_with("处理JSON数据时出错")),
            "{row}: {result}"
        );
    }
    assert!(rows == clinic.everything());
}
