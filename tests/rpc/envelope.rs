//! JSON-RPC itself: the examples of its specification (jsonrpc.org/specification, section 7) with methods of
//! ours, ids, notifications, and parameters that are anything but right.

use crate::clinic::*;
use medsrv::dispatch::METHODS;
use medsrv::session::Session;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Each request on a connection of its own; an empty expectation is no answer at all.
fn check(clinic: &mut Clinic, request: &str, expected: &Value) {
    let session = clinic.connect();
    let reply = clinic.send(&session, request);
    if expected.is_null() {
        assert_eq!(reply, "", "{request}");
        return;
    }
    let mut reply: Value = serde_json::from_str(&reply).unwrap_or_else(|_| panic!("{request}: {reply}"));
    // Of an error the code is the specification's, and the words are ours.
    let strip = |reply: &mut Value| {
        if let Some(error) = reply.get_mut("error") {
            assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
            *error = error["code"].take();
        }
    };
    match &mut reply {
        Value::Array(replies) => replies.iter_mut().for_each(strip),
        reply => strip(reply),
    }
    assert_eq!(&reply, expected, "{request}");
}

fn error(id: Value, code: i32) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": code})
}

#[test]
fn the_examples_of_the_specification_hold() {
    let mut clinic = Clinic::new();
    let departments = json!({"items": [
        {"name": "儿科", "doctors": 1, "head_id": null, "head_name": null},
        {"name": "内科", "doctors": 1, "head_id": null, "head_name": null},
        {"name": "外科", "doctors": 1, "head_id": null, "head_name": null}
    ]});
    let doctor = clinic.connect();
    let doctor = clinic.result(&doctor, "doctor.get", &json!({"doctor_id": DOCTOR}));
    let good = |id: Value, result: &Value| json!({"jsonrpc": "2.0", "id": id, "result": result});
    let examples = [
        // With positional parameters, and with named ones.
        (r#"{"jsonrpc": "2.0", "method": "doctor.get", "params": [4], "id": 1}"#, good(json!(1), &doctor)),
        (
            r#"{"jsonrpc": "2.0", "method": "doctor.get", "params": {"doctor_id": 4}, "id": 3}"#,
            good(json!(3), &doctor),
        ),
        // Notifications, of a method that is there and of one that is not.
        (r#"{"jsonrpc": "2.0", "method": "doctor.get", "params": [4]}"#, Value::Null),
        (r#"{"jsonrpc": "2.0", "method": "foobar"}"#, Value::Null),
        (r#"{"jsonrpc": "2.0", "method": "doctor.get", "params": ["x"]}"#, Value::Null),
        (r#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#, error(json!("1"), -32601)),
        (r#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#, error(json!(null), -32700)),
        (r#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#, error(json!(null), -32600)),
        (
            r#"[{"jsonrpc": "2.0", "method": "doctor.get", "params": [4], "id": "1"}, {"jsonrpc": "2.0", "method"]"#,
            error(json!(null), -32700),
        ),
        (r#"[1, {"jsonrpc": "2.0"}]"#, json!([error(json!(null), -32600), error(json!(null), -32600)])),
        (
            r#"[
                {"jsonrpc": "2.0", "method": "department.list", "id": "1"},
                {"jsonrpc": "2.0", "method": "doctor.get", "params": [7]},
                {"jsonrpc": "2.0", "method": "doctor.get", "params": [4], "id": "2"},
                {"foo": "boo"},
                {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
                {"jsonrpc": "2.0", "method": "department.list", "id": "9"}
            ]"#,
            json!([
                good(json!("1"), &departments),
                good(json!("2"), &doctor),
                error(json!(null), -32600),
                error(json!("5"), -32601),
                good(json!("9"), &departments),
            ]),
        ),
        (
            r#"[
                {"jsonrpc": "2.0", "method": "department.list"},
                {"jsonrpc": "2.0", "method": "doctor.get", "params": [4]}
            ]"#,
            Value::Null,
        ),
    ];
    for (request, expected) in examples {
        check(&mut clinic, request, &expected);
    }
    // An empty array, and one without a call in it, have nothing in them that tells the dialects apart: they
    // are told so where the connection has spoken this one.
    for (request, expected) in [
        ("[]", error(json!(null), -32600)),
        ("[1]", json!([error(json!(null), -32600)])),
        (
            "[1,2,3]",
            json!([error(json!(null), -32600), error(json!(null), -32600), error(json!(null), -32600)]),
        ),
    ] {
        let session = clinic.connect();
        clinic.result(&session, "department.list", &json!({}));
        let mut reply: Value = serde_json::from_str(&clinic.send(&session, request)).unwrap();
        let replies = if reply.is_array() {
            reply.as_array_mut().unwrap().iter_mut().collect()
        } else {
            vec![&mut reply]
        };
        for reply in replies {
            reply["error"] = reply["error"]["code"].take();
        }
        assert_eq!(reply, expected, "{request}");
    }
}

#[test]
fn a_notification_is_carried_out_and_not_answered() {
    let mut clinic = Clinic::new();
    let session = clinic.connect();
    let login = json!({"jsonrpc": "2.0", "method": "session.login", "params": credentials(CLERK)});
    assert_eq!(clinic.send(&session, &login.to_string()), "");
    let update =
        json!({"jsonrpc": "2.0", "method": "patient.update", "params": {"patient_id": 1, "email": "n@x"}});
    assert_eq!(clinic.send(&session, &update.to_string()), "");
    assert_eq!(clinic.text("SELECT email FROM patients WHERE patient_id = 1"), "n@x");
    let refused = json!({"jsonrpc": "2.0", "method": "account.list", "params": {}});
    assert_eq!(clinic.send(&session, &refused.to_string()), "");
    assert_eq!(clinic.last_entry(), json!(["account.list", CLERK, null, "forbidden", null, null]));
}

#[test]
fn an_id_comes_back_byte_for_byte() {
    let mut clinic = Clinic::new();
    let session = clinic.connect();
    for id in [
        "0",
        "-1",
        "1.50",
        "1e3",
        "9007199254740993",
        "123456789012345678901234567890",
        "null",
        "\"\"",
        "\"a\"",
        "\"\\u00e9\"",
        "\"é\"",
        "\"\\\"\\\\\"",
        "\" 1 \"",
        "\"急\"",
    ] {
        for method in ["department.list", "session.whoami", "nothing.there"] {
            let reply =
                clinic.send(&session, &format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"}}"#));
            assert!(reply.starts_with(&format!(r#"{{"jsonrpc":"2.0","id":{id},"#)), "{id}: {reply}");
        }
    }
    for id in ["true", "{}", "[]", "[1]"] {
        let reply =
            clinic.send(&session, &format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"department.list"}}"#));
        let reply: Value = serde_json::from_str(&reply).unwrap();
        assert_eq!((&reply["id"], word(&reply).as_str()), (&Value::Null, "-32600"), "{id}");
    }
}

#[test]
fn both_dialects_can_be_spoken_on_one_connection() {
    let mut clinic = Clinic::new();
    let session = clinic.connect();
    let old = json!({"query_doctor_info": 1, "doctor_name": "王医生"}).to_string();
    let unreadable = "{\"query";
    assert!(clinic.send(&session, &old).contains("\"status\""));
    assert!(clinic.send(&session, unreadable).contains("\"status\":\"error\""));
    clinic.result(&session, "department.list", &json!({}));
    assert!(clinic.send(&session, &old).contains("\"status\":\"success\""));
    assert!(
        clinic.send(&session, unreadable).contains("-32700"),
        "what cannot be read is answered in the newer"
    );
    assert!(clinic.send(&session, &old).contains("\"status\":\"success\""));
}

#[test]
fn a_reply_of_the_old_dialect_that_names_the_newer_is_taken_back_in_its_own() {
    let mut clinic = Clinic::new();
    let withdrawn = br#"{"status":"success","timestamp":"x","result":{"data":[["jsonrpc"]]}}"#;
    let now = clinic.now.clone();
    let mut output = Vec::new();
    clinic.dispatcher().retract(withdrawn, &now, &mut output);
    let reply: Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(reply["status"], "error", "{reply}");
}

#[test]
fn a_reply_that_is_too_large_is_none() {
    let mut clinic = Clinic::with(|settings| settings.reply_max_bytes = 600);
    let session = clinic.connect();
    assert_eq!(clinic.word(&session, "doctor.list", &json!({})), "too_large");
    assert_eq!(clinic.word(&session, "doctor.list", &json!({"limit": 1})), "ok");
    assert_eq!(clinic.word(&session, "rpc.discover", &json!({})), "too_large");
}

#[test]
fn a_batch_does_not_get_around_the_size_of_a_reply() {
    const LIMIT: usize = 11_000;
    let mut clinic = Clinic::with(|settings| settings.reply_max_bytes = LIMIT);
    let session = clinic.connect();
    let calls: Vec<Value> = (0..50)
        .map(|id| json!({"jsonrpc": "2.0", "id": id, "method": "doctor.list", "params": {"limit": 1}}))
        .collect();
    let reply = clinic.send(&session, &json!(calls).to_string());
    assert!(reply.len() <= LIMIT, "{}", reply.len());
    let replies: Vec<Value> = serde_json::from_str(&reply).unwrap();
    let words: Vec<String> = replies.iter().map(word).collect();
    let good = words.iter().filter(|word| *word == "ok").count();
    assert!((2..30).contains(&good), "{good}");
    assert!(words.iter().all(|word| word == "ok" || word == "too_large"), "{words:?}");
}

#[test]
fn what_is_wrong_with_parameters_is_said_by_name_and_never_by_value() {
    let mut clinic = Clinic::new();
    let session = clinic.login(CLERK);
    let secret = "s3cret";
    let long = secret.repeat(200);
    for (method, params, field) in [
        ("patient.get", json!({}), "patient_id"),
        ("patient.get", json!({"patient_id": secret}), "patient_id"),
        ("patient.get", json!({"patient_id": 1.5}), "patient_id"),
        ("patient.get", json!({"patient_id": true}), "patient_id"),
        ("patient.get", json!({"patient_id": 0}), "patient_id"),
        ("patient.get", json!({"patient_id": 1, "unmask": secret}), "unmask"),
        ("patient.get", json!({"patient_id": 1, "reason": long}), "reason"),
        ("patient.get", json!({"patient_id": 1, "patient": secret}), "patient"),
        ("patient.search", json!({"phone": secret, "name": secret}), "name"),
        ("patient.search", json!({"name": secret, "limit": 501}), "limit"),
        ("patient.search", json!({"name": format!("{secret}\u{7}")}), "name"),
        ("patient.search", json!({"name": format!("{secret}\u{202e}")}), "name"),
        (
            "patient.update",
            json!({"patient_id": 1, "birth_date": format!("2023-02-29{secret}")}),
            "birth_date",
        ),
        ("patient.update", json!({"patient_id": 1, "email": [secret]}), "email"),
        ("account.register_patient", json!({"name": "x", "phone": "1", "password": long}), "password"),
        ("account.register_patient", json!({"name": "x", "phone": long, "password": secret}), "phone"),
        (
            "account.reset_password",
            json!({"new_password": secret, "old_password": {"x": secret}}),
            "old_password",
        ),
        ("patient.get", json!([secret]), "patient_id"),
        ("patient.get", json!([1, secret]), "unmask"),
    ] {
        let reply = clinic.call(&session, method, &params);
        assert_eq!(word(&reply), "invalid_params", "{method} {params}: {reply}");
        assert_eq!(reply["error"]["data"]["field"], field, "{method} {params}: {reply}");
        assert!(!reply.to_string().contains(secret), "{method} {params}: {reply}");
    }
}

#[test]
fn what_is_said_of_parameters_is_in_words_of_the_protocol() {
    let mut clinic = Clinic::new();
    let session = clinic.connect();
    for params in
        ["[4, 5]", "[]", "[[]]", r#"{"doctor_id": 1e400}"#, r#"{"doctor_id": "\ud800"}"#, r#"{"\ud800": 1}"#]
    {
        let reply = clinic.send(
            &session,
            &format!(r#"{{"jsonrpc":"2.0","id":1,"method":"doctor.get","params":{params}}}"#),
        );
        let reply: Value = serde_json::from_str(&reply).unwrap();
        assert_eq!(word(&reply), "invalid_params", "{params}");
        let message = reply["error"]["message"].as_str().unwrap();
        for odd in ["struct", "trailing", "surrogate", "number out of range", "unexpected", "Params"] {
            assert!(!message.contains(odd), "{params}: {message}");
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..20_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(?s).{0,20}".prop_map(Value::from),
        "[0-9-]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Names that the methods have, and others.
fn name() -> impl Strategy<Value = String> {
    let known = [
        "patient_id",
        "doctor_id",
        "user_id",
        "name",
        "phone",
        "id_card",
        "reason",
        "limit",
        "cursor",
        "username",
        "token",
        "role",
        "new_password",
        "old_password",
        "unmask",
        "request_id",
        "max_patients",
        "fee_fen",
        "since",
    ];
    prop_oneof![3 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => ".{0,8}"]
}

#[test]
fn whatever_the_parameters_are_there_is_one_whole_reply() {
    let mut clinic = Clinic::new();
    let callers = [None, Some(PATIENT), Some(DOCTOR), Some(CLERK), Some(AUDITOR), Some(ADMIN)];
    let cell = std::cell::RefCell::new(&mut clinic);
    // Each case is every method, so that few of them are many calls.
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(48)
    });
    let parameters = prop_oneof![
        1 => any_json(),
        3 => prop::collection::btree_map(name(), any_json(), 0..5)
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        1 => prop::collection::vec(any_json(), 0..5).prop_map(Value::from),
    ];
    runner
        .run(&(parameters, prop::sample::select(callers.to_vec())), |(params, caller)| {
            let mut clinic = cell.borrow_mut();
            for (number, entry) in METHODS.iter().enumerate() {
                let session = clinic.connect();
                if let Some(user_id) = caller {
                    // Someone may have been given another password or role by a call that happened to be right.
                    let login = request("session.login", &credentials(user_id));
                    clinic.reply(&session, &login);
                }
                let data = json!({"jsonrpc": "2.0", "method": entry.name, "params": params, "id": number});
                let reply = clinic.reply(&session, &data.to_string());
                let reply: Value = serde_json::from_str(&reply).unwrap();
                prop_assert_eq!(&reply["jsonrpc"], "2.0");
                prop_assert_eq!(&reply["id"], number);
                prop_assert!(reply.get("result").is_some() != reply.get("error").is_some(), "{}", reply);
                prop_assert!(word(&reply) != "-32603", "{}: {}", data, reply);
                clinic.dispatcher().closed(session.id);
            }
            clinic.commit();
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_trail_is_looked_into_from_a_moment_or_a_day_on_and_from_nothing_else() {
    let mut clinic = Clinic::new();
    let trail = clinic.login(AUDITOR);
    let since = |since: &str| json!({"since": since});
    for text in ["yesterday", "2026-02-30", "2026-01-01T08:00:00", "1"] {
        let reply = clinic.call(&trail, "audit.query", &since(text));
        assert_eq!(
            (word(&reply).as_str(), &reply["error"]["data"]["field"]),
            ("invalid_params", &json!("since"))
        );
    }
    let found = |clinic: &mut Clinic, text: &str| {
        clinic.result(&trail, "audit.query", &since(text))["items"].as_array().unwrap().len()
    };
    let today = clinic.now.day().to_owned();
    assert!(found(&mut clinic, &today) > 0, "a day begins at midnight here");
    assert!(found(&mut clinic, "2026-01-01T08:00:00+08:00") > 0);
    let tomorrow = clinic.now.day_after(1);
    assert_eq!(found(&mut clinic, &tomorrow), 0);
}

/// What is said to be wrong with a parameter.
fn complaint(clinic: &mut Clinic, session: &Session, method: &str, params: &Value) -> String {
    let reply = clinic.call(session, method, params);
    assert_eq!(word(&reply), "invalid_params", "{method} {params}: {reply}");
    reply["error"]["message"].as_str().unwrap().trim_start_matches("invalid params: ").to_owned()
}

#[test]
fn what_must_be_one_of_some_words_is_told_them_whatever_came() {
    let mut clinic = Clinic::new();
    let doctor = clinic.login(DOCTOR);
    let kinds = "`kind`: must be one of `laboratory`, `imaging`, `procedure`, `nursing`";
    for kind in [Value::Null, json!("x"), json!(7), json!([]), json!({"laboratory": null})] {
        let params = json!({"encounter_id": 1, "kind": kind, "content": "血钾"});
        assert_eq!(complaint(&mut clinic, &doctor, "order.request", &params), kinds);
    }
    let params = json!({"patient_id": PATIENT, "class": 1});
    let classes = "`class`: must be one of `AMB`, `EMER`, `IMP`";
    assert_eq!(complaint(&mut clinic, &doctor, "encounter.open", &params), classes);
}

#[test]
fn a_parameter_by_position_is_named_where_it_is_wrong() {
    let mut clinic = Clinic::new();
    let doctor = clinic.login(DOCTOR);
    let complaints = [
        (json!([]), "`patient_id`: is missing"),
        (json!(["x"]), "`patient_id`: must be an id, which is a whole number from 1 on"),
        (
            json!([PATIENT, false, null, 4]),
            "`params`: must be no more than 3 by position: `patient_id`, `unmask`, `reason`",
        ),
    ];
    for (params, complained) in complaints {
        assert_eq!(complaint(&mut clinic, &doctor, "patient.get", &params), complained);
    }
    let complained = "`params`: must be empty: there are no parameters";
    assert_eq!(complaint(&mut clinic, &doctor, "session.whoami", &json!([1])), complained);
}

#[test]
fn what_may_be_missing_may_be_null() {
    let mut clinic = Clinic::new();
    let document = clinic.connect();
    let document = clinic.result(&document, "rpc.discover", &json!({}));
    let mut optional = 0;
    for method in document["methods"].as_array().unwrap() {
        let params = method["params"].as_array().unwrap();
        let of = |is_required: bool| params.iter().filter(move |each| each["required"] == is_required);
        let nulls: serde_json::Map<String, Value> =
            of(false).map(|each| (each["name"].as_str().unwrap().to_owned(), Value::Null)).collect();
        for each in of(false) {
            optional += 1;
            let is_null = |kind: &Value| *kind == "null" || kind["type"] == "null";
            let kinds = each["schema"]["type"].as_array().or_else(|| each["schema"]["anyOf"].as_array());
            assert!(kinds.is_some_and(|kinds| kinds.iter().any(is_null)), "{}: {each}", method["name"]);
        }
        let name = method["name"].as_str().unwrap();
        let [missing, null] = [json!({}), Value::Object(nulls)].map(|params| {
            let admin = clinic.login(ADMIN);
            clinic.call(&admin, name, &params)["error"].take()
        });
        assert_eq!(null, missing, "{name}");
    }
    assert!(optional > 200, "{optional}");
}

#[test]
fn working_hours_that_are_none_are_not_taken() {
    let mut clinic = Clinic::new();
    let doctor = clinic.login(DOCTOR);
    let before = clinic.everything();
    for schedule in
        ["weekdays", "[]", r#"{"monday": 9}"#, r#"{"someday": "9:00-17:00"}"#, r#"{"monday": "17:00-9:00"}"#]
    {
        let update = json!({"doctor_id": DOCTOR, "work_schedule": schedule});
        let reply = clinic.call(&doctor, "doctor.update", &update);
        assert_eq!(word(&reply), "invalid_params", "{schedule}");
        assert_eq!(reply["error"]["data"]["field"], "work_schedule", "{reply}");
    }
    assert_eq!(clinic.everything(), before);
    for schedule in [r#"{"monday": "9:00-17:00", "sunday": "08:30-12:00"}"#, "{}"] {
        let update = json!({"doctor_id": DOCTOR, "work_schedule": schedule});
        assert_eq!(clinic.result(&doctor, "doctor.update", &update)["work_schedule"], schedule);
    }
}
