//! The dispatcher over a database in memory: requests in, replies out, nothing between.

use medsrv::dispatch::{Dispatcher, Parts, Settings, Then};
use medsrv::ops::config::Config;
use medsrv::service::audit::{Key, Trail};
use medsrv::service::demo;
use medsrv::service::time::Now;
use medsrv::session::{Session, SessionIds};
use medsrv::store::{Commit, Store};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use zeroize::Zeroizing;

struct Clinic {
    dispatcher: Dispatcher,
    session: Session,
    now: Now,
}

impl Clinic {
    fn new() -> Clinic {
        Clinic::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Clinic {
        let now = Now {
            local: "2026-01-02T03:04:05.000006".into(),
            utc: "2026-01-01 19:04:05".into(),
            unix_ms: 1_767_294_245_000,
        };
        let mut store = Store::open_in_memory().unwrap();
        assert!(demo::fill(&mut store, &now).unwrap());
        let mut settings = Settings::from_config(&Config::default());
        settings.login.password_iterations = 10;
        change(&mut settings);
        let session = Session { id: SessionIds::default().give(), address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let trail = Trail::new(&Key::new(Zeroizing::new([7; 32])), "test".into());
        let parts = Parts { store, trail, anchors: None };
        Clinic { dispatcher: Dispatcher::new(parts, settings).unwrap(), session, now }
    }

    /// The whole reply to a request, within the turn.
    fn reply(&mut self, request: &Value) -> Value {
        let mut output = Vec::new();
        let data = request.to_string();
        let ask = |clinic: &mut Clinic, alone: bool, output: &mut Vec<u8>| {
            clinic.dispatcher.request(&clinic.session, b"n", data.as_bytes(), &clinic.now, alone, output)
        };
        loop {
            match ask(self, false, &mut output) {
                Then::Later => {
                    assert!(output.is_empty());
                    assert_eq!(self.dispatcher.commit(), Commit::Durable);
                    assert_ne!(ask(self, true, &mut output), Then::Later);
                }
                Then::Wait => {
                    assert!(output.is_empty());
                    while self.dispatcher.derive(u32::MAX) {}
                    assert_eq!(self.dispatcher.woken(), Some(self.session.id));
                    continue;
                }
                _ => {}
            }
            break;
        }
        serde_json::from_slice(&output).unwrap()
    }

    /// The result of a request in a turn of its own.
    fn ask(&mut self, request: Value) -> Value {
        let reply = self.reply(&request);
        assert_eq!(self.dispatcher.commit(), Commit::Durable);
        assert_eq!(reply["status"], "success", "{request}");
        assert_eq!(reply["timestamp"], "2026-01-02T03:04:05.000006");
        reply["result"].clone()
    }

    fn check(&mut self, request: Value, expected: Value) {
        let said = request.to_string();
        assert_eq!(self.ask(request), expected, "{said}");
    }

    fn rows(&mut self, sql: &str) -> Value {
        self.ask(json!({"sql_query": sql}))["data"].clone()
    }

    fn book(&mut self, phone: &str, doctor: &str, time: &str) -> Value {
        self.ask(json!({
            "create_appointment": true, "patient_phone": phone, "doctor_name": doctor, "appointment_time": time
        }))
    }

    fn refusal(&mut self, phone: &str, doctor: &str, time: &str) -> String {
        let result = self.book(phone, doctor, time);
        assert_eq!(result["status"], "error");
        result["message"].as_str().unwrap().to_owned()
    }

    fn number(&mut self, phone: &str, doctor: &str, time: &str) -> i64 {
        let result = self.book(phone, doctor, time);
        assert_eq!(result["status"], "success", "{result}");
        result["appointment_info"]["queue_number"].as_i64().unwrap()
    }
}

const ZHANG: &str = "13800138000";
const LI: &str = "13900139000";
const WANG: &str = "15800158000";

#[test]
fn numbers_count_on_from_the_highest_and_are_not_given_again() {
    let mut clinic = Clinic::new();
    assert_eq!(clinic.number(ZHANG, "刘医生", "2030-03-01 09:00"), 1);
    assert_eq!(clinic.number(LI, "刘医生", "2030-03-01 09:00"), 2);
    assert_eq!(clinic.number(WANG, "陈医生", "2030-03-01 09:00"), 1);
    clinic.check(
        json!({"cancel_appointment": true, "appointment_id": 5}),
        json!({"status": "success", "message": "预约ID 5 已成功取消"}),
    );
    assert_eq!(clinic.number(LI, "刘医生", "2030-03-01 09:00"), 3);
    assert_eq!(clinic.number(LI, "刘医生", "2030-03-02 09:00"), 1);
    // The sample day begins with number 2.
    assert_eq!(clinic.number(LI, "刘医生", "2024-02-01 15:00:00"), 3);
}

#[test]
fn a_patient_is_in_one_place_at_a_time() {
    let mut clinic = Clinic::new();
    assert_eq!(clinic.number(ZHANG, "刘医生", "2030-03-01 09:00"), 1);
    for doctor in ["刘医生", "陈医生"] {
        assert_eq!(clinic.refusal(ZHANG, doctor, "2030-03-01 09:00:00"), "该患者在同一时间已有预约");
    }
    assert_eq!(clinic.number(ZHANG, "刘医生", "2030-03-01 09:00:01"), 2);
    clinic.ask(json!({"cancel_appointment": true, "appointment_id": 4}));
    assert_eq!(clinic.number(ZHANG, "陈医生", "2030-03-01 09:00"), 1);
    let revived =
        clinic.ask(json!({"update_appointment_status": true, "appointment_id": 4, "new_status": "pending"}));
    assert_eq!(revived["message"], "预约无法恢复: 该患者在同一时间已有预约");
}

#[test]
fn a_full_day_is_full_until_somebody_cancels() {
    let mut clinic = Clinic::new();
    clinic.ask(json!({"reset_doctor_information": true, "old_employee_id": "DOC003", "new_max_patients": 2}));
    assert_eq!(clinic.number(ZHANG, "陈医生", "2030-03-01 09:00"), 1);
    assert_eq!(clinic.number(LI, "陈医生", "2030-03-01 09:00"), 2);
    let full = "医生 陈医生 当天的预约已满（2 人）";
    assert_eq!(clinic.refusal(WANG, "陈医生", "2030-03-01 10:00"), full);
    assert_eq!(clinic.number(WANG, "陈医生", "2030-03-02 10:00"), 1);
    clinic.ask(json!({"update_appointment_status": true, "appointment_id": 4, "new_status": "cancelled"}));
    assert_eq!(clinic.number(WANG, "陈医生", "2030-03-01 10:00"), 3);
    // Neither a change of status nor a row put straight into the table sells the place twice.
    for status in ["pending", "completed"] {
        let revived =
            clinic.ask(json!({"update_appointment_status": true, "appointment_id": 4, "new_status": status}));
        assert_eq!(revived["message"], "预约无法恢复: 该医生当天的预约已满（2 人）");
    }
    let row = json!({
        "table_name": "appointments", "patient_id": 1, "doctor_id": 6, "status": "pending",
        "appointment_time": "2030-03-01 11:00"
    });
    assert_eq!(clinic.ask(row), "处理JSON数据时出错: 该医生当天的预约已满（2 人）");
    assert_eq!(
        clinic.rows("SELECT count(*) FROM appointments WHERE appointment_time LIKE '2030-03-01%'"),
        json!([[3]])
    );
}

#[test]
fn a_time_that_does_not_exist_is_refused() {
    let mut clinic = Clinic::new();
    for time in [
        "2023-02-29 10:00",
        "2030-03-01",
        "2030-03-01T10:00",
        "2030-3-1 9:00",
        "明天",
        "",
        "2030-03-01 10:00:60",
    ] {
        let refusal = clinic.refusal(ZHANG, "王医生", time);
        assert_eq!(
            refusal, "创建预约时出错: 参数 appointment_time 应为真实的时间，格式为 YYYY-MM-DD HH:MM[:SS]",
            "{time}"
        );
    }
    assert_eq!(clinic.number(ZHANG, "王医生", "1999-12-31 23:59"), 1, "the past can be booked");
    assert_eq!(clinic.number(ZHANG, "王医生", "2030-03-02 03:00"), 1, "and odd hours");
}

#[test]
fn hours_are_looked_at_where_the_operator_says_so() {
    let mut clinic = Clinic::with(|settings| settings.rules.enforce_schedule = true);
    assert_eq!(clinic.number(ZHANG, "王医生", "2024-03-04 09:00"), 1);
    for time in ["2024-03-04 08:59", "2024-03-04 17:00", "2024-03-03 10:00"] {
        assert_eq!(clinic.refusal(ZHANG, "王医生", time), "医生 王医生 在该时间不出诊", "{time}");
    }
    clinic.ask(
        json!({"reset_doctor_information": true, "old_employee_id": "DOC001", "new_work_schedule": null}),
    );
    assert_eq!(clinic.number(ZHANG, "王医生", "2024-03-03 10:00"), 1);
    clinic.ask(
        json!({"reset_doctor_information": true, "old_employee_id": "DOC001", "new_work_schedule": "周一"}),
    );
    assert_eq!(
        clinic.refusal(ZHANG, "王医生", "2024-03-04 10:00"),
        "医生 王医生 的出诊时间设置无法识别，请联系医院"
    );
}

#[test]
fn registrations_store_whole_people_or_nobody() {
    let mut clinic = Clinic::new();
    let nobody = [
        json!({"register_patient": true, "name": "", "password_hash": "h", "phone": "1"}),
        json!({"register_patient": true, "name": " ", "password_hash": "h", "phone": "1"}),
        json!({"register_patient": true, "name": "甲", "password_hash": "h", "phone": ""}),
        json!({"register_patient": true, "name": "甲", "password_hash": "h", "phone": null}),
        json!({"register_patient": true, "name": "甲\u{0}", "password_hash": "h", "phone": "1"}),
        json!({"register_patient": true, "name": "甲\u{202e}", "password_hash": "h", "phone": "1"}),
        json!({"register_patient": true, "name": ["甲"], "password_hash": "h", "phone": "1"}),
        json!({"register_patient": true, "name": "甲", "password_hash": "h", "phone": 1e20}),
        json!({"register_patient": true, "name": "甲", "password_hash": "h", "phone": "1".repeat(33)}),
        json!({"register_patient": true, "name": "甲".repeat(65), "password_hash": "h", "phone": "1"}),
        json!({"register_patient": true, "name": "甲", "password_hash": "h", "phone": "1", "id_card": {"a": 1}}),
        json!({"register_doctor": true, "name": "乙", "password_hash": "h", "employee_id": "  "}),
        json!({"register_doctor": true, "name": "乙", "password_hash": "h", "employee_id": "a\nb"}),
    ];
    for request in nobody {
        clinic.check(request, json!("charuyichang"));
    }
    assert_eq!(
        clinic.rows("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM patients)"),
        json!([[6, 3]])
    );
    clinic.check(
        json!({"regiter_doctor": true, "name": " 乙 ", "password_hash": "h", "employee_id": " D9 ", "department": ""}),
        json!("chenggongcharu"),
    );
    assert_eq!(
        clinic.rows("SELECT name, employee_id, department FROM doctors WHERE doctor_id = 7"),
        json!([["乙", "D9", null]])
    );
    clinic.check(
        json!({"register_patient": true, "name": "丙", "password_hash": "h", "phone": 13700137000_i64}),
        json!("chenggongcharu"),
    );
    clinic.check(
        json!({"login": 1, "user_name": "13700137000", "password_hash": "h"}),
        json!("verificationSuccess"),
    );
    clinic.check(
        json!({"login": 1, "user_name": {"a": 1}, "password": "h"}),
        json!("verificationFalse_yichang"),
    );
}

#[test]
fn a_taken_name_is_not_given_to_a_second() {
    let mut clinic = Clinic::new();
    clinic.check(
        json!({"reset_patient_information": true, "old_phone": ZHANG, "new_phone": LI}),
        json!("错误: UNIQUE constraint failed: users.username"),
    );
    clinic.check(
        json!({"reset_doctor_information": true, "old_employee_id": "DOC001", "new_name": "甲", "new_employee_id": "DOC002"}),
        json!("错误: UNIQUE constraint failed: users.username"),
    );
    assert_eq!(
        clinic.rows("SELECT name FROM doctors WHERE doctor_id = 4"),
        json!([["王医生"]]),
        "nothing of it stays"
    );
    clinic.check(
        json!({"reset_patient_information": true, "old_phone": ZHANG, "new_name": ""}),
        json!("错误: 参数 new_name 不能为空"),
    );
    clinic.check(
        json!({"reset_password": true, "username": "DOC001", "new_password": ""}),
        json!("错误: 参数 new_password 不能为空"),
    );
}

#[test]
fn a_failed_request_undoes_itself_alone() {
    let mut clinic = Clinic::new();
    let student = |id: i64| json!({"table_name": "students", "name": "甲", "student_id": id});
    // One turn, three requests.
    assert_eq!(clinic.reply(&student(1))["result"], "成功插入数据到表 students");
    assert_eq!(
        clinic.reply(&student(1))["result"],
        "处理JSON数据时出错: UNIQUE constraint failed: students.student_id"
    );
    assert_eq!(clinic.reply(&student(2))["result"], "成功插入数据到表 students");
    assert_eq!(clinic.dispatcher.commit(), Commit::Durable);
    assert_eq!(clinic.rows("SELECT student_id FROM students ORDER BY 1"), json!([[1], [2], [12345]]));
}

#[test]
fn rows_get_into_the_old_tables_only() {
    let mut clinic = Clinic::new();
    let failed = |text: &str| json!(format!("处理JSON数据时出错: {text}"));
    for (request, expected) in [
        (
            json!({"table_name": "users", "username": "x", "password_hash": "y", "role": "doctor"}),
            failed("不允许直接写入表 users"),
        ),
        (json!({"table_name": "USERS", "username": "x"}), failed("不允许直接写入表 USERS")),
        (json!({"table_name": "sqlite_master", "name": "x"}), failed("no such table: sqlite_master")),
        (
            json!({"table_name": "students; DROP TABLE users", "name": "x"}),
            failed("no such table: students; DROP TABLE users"),
        ),
        (
            json!({"table_name": "students", "name) VALUES ('x'); --": 1}),
            failed("table students has no column named name) VALUES ('x'); --"),
        ),
        (json!({"table_name": 5, "name": "x"}), failed("参数 table_name 应为文本")),
        (
            json!({"table_name": "doctors", "doctor_id": 1, "name": "", "employee_id": "x"}),
            failed("参数 name 不能为空"),
        ),
        (
            json!({"table_name": "doctors", "doctor_id": 1, "name": "甲", "employee_id": "Z", "fee": 12.5}),
            failed("FOREIGN KEY constraint failed"),
        ),
        (json!({"table_name": "students"}), failed("没有提供数据")),
        (json!({"table_name": "students", "name": "x", "NAME": "y"}), failed("参数 name 出现了两次")),
        (
            json!({"table_name": "appointments", "patient_id": 1, "doctor_id": 4, "appointment_time": "2030-01-01 10:00", "status": "odd"}),
            failed("CHECK constraint failed: status IN ('pending', 'completed', 'cancelled')"),
        ),
        (
            json!({"table_name": "students", "name": null}),
            failed("NOT NULL constraint failed: students.name"),
        ),
        (json!({"table_name": "students", "name": "x", "age": "old"}), failed("参数 age 应为整数")),
        (json!({"table_name": "students", "name": ["x"]}), failed("参数 name 应为文本")),
        (json!({"table_name": "students", "name": "x\u{1}"}), failed("参数 name 含有控制字符")),
        (
            json!({"table_name": "medical_records", "patient_id": 99, "doctor_id": 4, "visit_time": "2024-01-01 10:00:00"}),
            failed("FOREIGN KEY constraint failed"),
        ),
        (
            json!({"table_name": "medical_records", "patient_id": 1, "doctor_id": 4, "visit_time": "neulich"}),
            failed("参数 visit_time 应为真实的时间"),
        ),
        (
            json!({"table_name": "leave_requests", "doctor_id": 4, "start_date": "2024-02-30", "end_date": "2024-03-01", "status": "pending"}),
            failed("参数 start_date 应为真实的日期，格式为 YYYY-MM-DD"),
        ),
    ] {
        clinic.check(request, expected);
    }
    for request in [
        json!({"table_name": "Students", "NAME": "x", "age": "20"}),
        json!({"table_name": "medical_records", "patient_id": 1, "doctor_id": 4, "visit_time": "2024-01-01 10:00:00", "symptoms": "a\nb"}),
        json!({"data": "it's; DROP TABLE users"}),
    ] {
        let result = clinic.ask(request);
        assert!(result.as_str().unwrap().starts_with("成功插入数据到表 "), "{result}");
    }
}

#[test]
fn sql_only_reads_and_only_what_it_may() {
    let mut clinic = Clinic::new();
    let users = clinic.ask(json!({"sql_query": "SELECT * FROM users WHERE user_id = 1"}));
    assert_eq!(users["columns"], json!(["user_id", "username", "password_hash", "role", "created_at"]));
    assert_eq!(users["data"], json!([[1, ZHANG, null, "patient", "2026-01-01 19:04:05"]]));
    for sql in [
        "SELECT p FROM (SELECT password_hash AS p FROM users)",
        "WITH u AS (SELECT password_hash AS p FROM users) SELECT max(p) FROM u",
        "SELECT u.\"PASSWORD_HASH\" FROM users AS u LIMIT 1",
        "SELECT max(password_hash) FROM users",
    ] {
        let result = clinic.ask(json!({"sql_query": sql}));
        for row in result["data"].as_array().unwrap() {
            assert_eq!(row, &json!([null]), "{sql}");
        }
    }
    assert_eq!(
        clinic.rows("SELECT count(*) FILTER (WHERE password_hash LIKE '$%') FROM users"),
        json!([[0]])
    );
    for sql in [
        "DELETE FROM users",
        "UPDATE users SET role = 'doctor'",
        "INSERT INTO students (name) VALUES ('x')",
        "DROP TABLE users",
        "CREATE TABLE x (y)",
        "PRAGMA table_info(users)",
        "SELECT * FROM pragma_table_info('users')",
        "ATTACH 'x.db' AS x",
        "VACUUM",
        "BEGIN",
        "COMMIT",
        "EXPLAIN SELECT 1",
        "SELECT * FROM sqlite_master",
        "SELECT sql FROM sqlite_schema",
        "SELECT count(*) FROM sqlite_master",
        "SELECT count(*) FROM sqlite_sequence",
        "SELECT count(*) FROM dbstat",
        "SELECT count(*) FROM pragma_table_info('users')",
        "SELECT count(*) FROM json_each('[1]')",
        "SELECT load_extension('x')",
        "SELECT randomblob(1000000000)",
        "SELECT 1; DELETE FROM users",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
        "SELECT count(*) FROM users a, users b, users c, users d, users e, users f, users g, users h, users i, users j, users k",
        "SELECT 1 FROM users a, users b, users c, users d, users e",
        "-- nothing",
        "SELECT * FROM nope",
        "SELECT password_hash FROM users FULL JOIN (SELECT 'x' AS password_hash) USING (password_hash)",
        "SELECT count(*) FROM users JOIN (SELECT 'x' AS password_hash) USING (password_hash)",
        "SELECT count(*) FROM users NATURAL JOIN (SELECT 'x' AS password_hash)",
        "SELECT sql FROM sqlite_master FULL JOIN (SELECT 'x' AS sql) USING (sql)",
        "SELECT instr(printf('%.*c', 200000, 'a'), printf('%.*c', 100000, 'a') || 'b')",
        "SELECT replace(printf('%.*c', 200000, 'a'), printf('%.*c', 100000, 'a') || 'b', '')",
        "SELECT length(printf('%.*c', 900000, 'a'))",
    ] {
        let result = clinic.ask(json!({"sql_query": sql}));
        assert!(result.as_str().is_some_and(|text| text.starts_with("错误: ")), "{sql}: {result}");
    }
    assert_eq!(clinic.rows("SELECT count(*) FROM users"), json!([[6]]));
    assert_eq!(clinic.ask(json!({"sql_query": "SELECT x'41'"})), json!("错误: 结果含有二进制数据，无法显示"));
    // Without an ORDER BY, rows come as they were inserted, whichever index there is.
    assert_eq!(clinic.rows("SELECT name FROM doctors"), json!([["王医生"], ["刘医生"], ["陈医生"]]));
    assert_eq!(clinic.rows("SELECT phone FROM patients"), json!([[ZHANG], [LI], [WANG]]));
    assert_eq!(
        clinic.rows("SELECT count(*) FROM patients JOIN (SELECT 1 AS patient_id) USING (patient_id)"),
        json!([[1]])
    );
    assert_eq!(clinic.rows("WITH c AS (SELECT 1) SELECT count(*) FROM c"), json!([[1]]));
    assert_eq!(clinic.rows("SELECT 1; "), json!([[1]]));
    assert_eq!(clinic.rows("SELECT 1.5, 'a', NULL, 2 -- the end"), json!([[1.5, "a", null, 2]]));
}

#[test]
fn sql_waits_for_what_the_turn_wrote_before_it() {
    let mut clinic = Clinic::new();
    clinic.reply(&json!({"table_name": "students", "name": "甲", "student_id": 1}));
    let count = clinic.reply(&json!({"sql_query": "SELECT count(*) FROM students"}));
    assert_eq!(count["result"]["data"], json!([[2]]));
    assert_eq!(clinic.dispatcher.commit(), Commit::Durable);
}

#[test]
fn what_was_sent_comes_back_as_it_was_written() {
    let mut clinic = Clinic::new();
    let booked = clinic.ask(json!({
        "create_appointment": true, "patient_phone": 13800138000_i64, "doctor_name": "王医生",
        "appointment_time": "9999-12-31 23:59", "fee_paid": "1"
    }));
    assert_eq!(
        booked["appointment_info"],
        json!({
            "appointment_id": 4, "patient_phone": 13800138000_i64, "doctor_name": "王医生",
            "appointment_time": "9999-12-31 23:59", "queue_number": 1, "status": "pending", "fee_paid": true
        })
    );
    let listed = clinic.ask(json!({"query_appointments": true, "appointment_date": "9999-12-31"}));
    assert_eq!(listed["appointments"][0]["appointment_time"], "9999-12-31 23:59:00");
    for (id, message) in [
        (json!("0004"), "预约ID 0004 已成功取消"),
        (json!("four"), "未找到ID为 four 的预约"),
        (json!(null), "未找到ID为 None 的预约"),
        (json!(true), "取消预约时出错: 参数 appointment_id 应为整数"),
    ] {
        let result = clinic.ask(json!({"cancel_appointment": true, "appointment_id": id}));
        assert_eq!(result["message"], message);
    }
    clinic.check(
        json!({"query_doctor_info": true, "doctor_name": null}),
        json!({"status": "not_found", "message": "未找到姓名为 None 的医生"}),
    );
    clinic.check(
        json!({"login": true, "user_name": null, "password": "x"}),
        json!("verificationFalse_bucunzai"),
    );
}

#[test]
fn a_queue_number_from_outside_is_a_place_in_the_day() {
    let mut clinic = Clinic::new();
    let row = |number: Value| {
        json!({
            "table_name": "appointments", "patient_id": 1, "doctor_id": 4, "status": "cancelled",
            "appointment_time": "2030-01-01 10:00", "queue_number": number
        })
    };
    for (number, problem) in [
        (json!(i64::MAX), "参数 queue_number 的数值超出范围"),
        (json!(-1), "参数 queue_number 的数值超出范围"),
        (json!("abc"), "参数 queue_number 应为整数"),
    ] {
        clinic.check(row(number), json!(format!("处理JSON数据时出错: {problem}")));
    }
    for (id, problem) in [(json!(i64::MAX), "数值超出范围"), (json!(0), "数值超出范围")] {
        clinic.check(
            json!({"table_name": "default_table", "id": id, "data": "x"}),
            json!(format!("处理JSON数据时出错: 参数 id 的{problem}")),
        );
    }
    clinic.check(row(json!(7)), json!("成功插入数据到表 appointments"));
    clinic.check(row(json!(7)), json!("处理JSON数据时出错: 该医生当天的这个排队号已被使用"));
    assert_eq!(clinic.number(ZHANG, "王医生", "2030-01-01 11:00"), 8);
}

#[test]
fn the_verb_that_wins_is_the_first_of_the_list() {
    let mut clinic = Clinic::new();
    clinic.check(
        json!({"table_name": "students", "cancel_appointment": 1, "login": 1, "user_name": "DOC001", "password": "hash_doctor1"}),
        json!("verificationSuccess"),
    );
    clinic.check(
        json!({"sql_query": "SELECT 1", "reset_password": null}),
        json!("错误: 需要提供username和new_password字段"),
    );
}

#[test]
fn lists_of_equal_times_are_in_the_order_of_booking() {
    let mut clinic = Clinic::new();
    for phone in [WANG, ZHANG, LI] {
        clinic.book(phone, "王医生", "2030-03-01 09:00");
    }
    for request in [
        json!({"query_appointments": true, "appointment_date": "2030-03-01"}),
        json!({"query_appointments": true, "doctor_name": "王医生", "appointment_date": "ignored"}),
        json!({"query_appointments": true}),
    ] {
        let result = clinic.ask(request);
        let ids: Vec<i64> = result["appointments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["appointment_id"].as_i64().unwrap())
            .filter(|id| *id > 3)
            .collect();
        assert_eq!(ids, [4, 5, 6]);
    }
}
