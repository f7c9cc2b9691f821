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

/// What says who may log in, and under which name.
fn logins(clinic: &Clinic) -> String {
    clinic.text("SELECT group_concat(username || password_hash || role, ';') FROM users")
}

fn said(clinic: &mut Clinic, request: &Value) -> String {
    clinic.old(request).as_str().unwrap().to_owned()
}

#[test]
fn nobody_of_the_staff_but_doctors_gets_a_password_over_it() {
    let mut clinic = Clinic::new();
    let before = logins(&clinic);
    for username in ["chief", "nurse", "clerk", "auditor", "nobody"] {
        let reset = json!({"reset_password": 1, "username": username, "new_password": "mine"});
        assert_eq!(said(&mut clinic, &reset), format!("错误: 未找到用户名为 {username} 的用户"));
    }
    clinic.rows.execute("INSERT INTO accounts (user_id, is_auditor) VALUES (5, 1)", []).unwrap();
    let auditor = json!({"reset_password": 1, "username": "DOC002", "new_password": "mine"});
    assert!(said(&mut clinic, &auditor).contains("未找到"), "a doctor who may read the trail");
    assert_eq!(logins(&clinic), before);
    for username in ["13800138000", "DOC001"] {
        let reset = json!({"reset_password": 1, "username": username, "new_password": "mine"});
        assert!(said(&mut clinic, &reset).contains("更新成功"), "{username}");
    }
}

#[test]
fn a_doctor_who_has_come_to_be_an_administrator_is_out_of_its_reach() {
    let mut clinic = Clinic::new();
    let admin = clinic.login(ADMIN);
    clinic.result(&admin, "account.set_role", &json!({"user_id": DOCTOR, "role": "admin"}));
    let before = logins(&clinic);
    for request in [
        json!({"reset_password": 1, "username": "DOC001", "new_password": "mine"}),
        json!({"reset_doctor_information": 1, "old_employee_id": "DOC001", "new_employee_id": "mine"}),
        json!({"reset_doctor_information": 1, "old_employee_id": "DOC001", "new_name": "x"}),
    ] {
        assert!(said(&mut clinic, &request).contains("未找到"), "{request}");
    }
    assert_eq!(logins(&clinic), before);
}

#[test]
fn no_row_becomes_a_handle_on_the_login_of_someone_else() {
    let mut clinic = Clinic::new();
    let before = logins(&clinic);
    for row in [
        json!({"table_name": "patients", "patient_id": ADMIN, "name": "x", "phone": "1"}),
        json!({"table_name": "patients", "patient_id": "7", "name": "x", "phone": "1"}),
        json!({"table_name": "patients", "patient_id": DOCTOR, "name": "x", "phone": "1"}),
        json!({"table_name": "patients", "name": "x", "phone": "1"}),
        json!({"table_name": "doctors", "doctor_id": NURSE, "name": "x", "employee_id": "1"}),
        json!({"table_name": "doctors", "doctor_id": PATIENT, "name": "x", "employee_id": "1"}),
        json!({"table_name": "Doctors", "NAME": "x", "employee_id": "1"}),
        json!({"table_name": "doctors", "doctor_id": 99, "name": "x", "employee_id": "1"}),
    ] {
        assert_eq!(said(&mut clinic, &row), "处理JSON数据时出错: FOREIGN KEY constraint failed", "{row}");
    }
    // Such a row that was there before renames nobody either, whoever asks.
    clinic.rows.execute("INSERT INTO patients (patient_id, name, phone) VALUES (7, 'x', '1')", []).unwrap();
    clinic
        .rows
        .execute("INSERT INTO doctors (doctor_id, name, employee_id) VALUES (8, 'x', '2')", [])
        .unwrap();
    for request in [
        json!({"reset_patient_information": 1, "old_phone": "1", "new_phone": "3"}),
        json!({"reset_doctor_information": 1, "old_employee_id": "2", "new_employee_id": "3"}),
    ] {
        assert!(said(&mut clinic, &request).contains("未找到"), "{request}");
    }
    let clerk = clinic.login(CLERK);
    let before_rename = logins(&clinic);
    clinic.call(&clerk, "patient.update", &json!({"patient_id": ADMIN, "phone": "3"}));
    assert_eq!(logins(&clinic), before_rename);
    assert!(before.contains("chief"));
    // The account of a doctor without an entry takes one.
    let sql = "INSERT INTO users (user_id, username, password_hash, role) VALUES (50, 'D9', 'x', 'doctor')";
    clinic.rows.execute(sql, []).unwrap();
    let row = json!({"table_name": "doctors", "doctor_id": 50, "name": "x", "employee_id": "D9"});
    assert!(said(&mut clinic, &row).starts_with("成功插入数据到表"));
}

#[test]
fn the_trail_says_whose_login_it_was() {
    let mut clinic = Clinic::new();
    let whose = |clinic: &Clinic| {
        clinic.text("SELECT json_array(method, outcome, entity_id) FROM audit ORDER BY sequence DESC LIMIT 1")
    };
    for (username, password, expected) in [
        ("clerk", "guess", r#"["login","wrong_credentials",10]"#),
        ("clerk", "hash_clerk", r#"["login","success",10]"#),
        ("nobody", "guess", r#"["login","wrong_credentials",null]"#),
    ] {
        clinic.old(&json!({"login": 1, "user_name": username, "password": password}));
        assert_eq!(whose(&clinic), expected);
    }
}
