//! What an operator types to make accounts and to call methods, with the real binary: beside a running server,
//! without one, and wrongly.
//!
//! Nothing here knows how a server starts; `common` does. Each command runs in the server's own directory.

mod common;

use common::Server;
use medsrv::store::Store;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a command answered.
#[derive(Debug)]
struct Answer {
    exit_code: i32,
    out: String,
    err: String,
}

impl Answer {
    fn of(output: Output) -> Answer {
        Answer {
            exit_code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs the binary in a directory, with these lines on standard input.
fn run_in(directory: &Path, arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> Answer {
    let mut child = Command::new(env!("CARGO_BIN_EXE_medsrv"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("MEDSRV_TOKEN")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who wants no input may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Answer::of(child.wait_with_output().unwrap())
}

/// A server, and an operator in its directory.
struct Site {
    server: Server,
    port: String,
}

impl Site {
    fn new() -> Site {
        Site::of(Server::demo())
    }

    fn of(server: Server) -> Site {
        let port = server.address.port().to_string();
        Site { server, port }
    }

    fn run(&self, arguments: &[&str], input: &str) -> Answer {
        self.run_with(arguments, input, &[])
    }

    fn run_with(&self, arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> Answer {
        let arguments = [&["--port", self.port.as_str()], arguments].concat();
        run_in(self.server.directory.path(), &arguments, input, variables)
    }

    /// Runs a command that must end with this exit code.
    fn expect(&self, exit_code: i32, arguments: &[&str], input: &str) -> Answer {
        let answer = self.run(arguments, input);
        assert_eq!(answer.exit_code, exit_code, "{arguments:?} answered {answer:?}");
        answer
    }

    /// Runs a command that must fail with these words.
    fn refuse(&self, exit_code: i32, arguments: &[&str], input: &str, words: &[&str]) {
        let answer = self.expect(exit_code, arguments, input);
        assert!(answer.out.is_empty(), "{arguments:?} answered {answer:?}");
        for word in words {
            assert!(answer.err.contains(word), "{arguments:?} answered {}, without {word:?}", answer.err);
        }
    }

    fn add(&self, username: &str, role: &str) {
        self.expect(0, &["user", "add", username, "--role", role, "--name", username], "secret\n");
    }

    fn log_in(&self, username: &str, password: &str) -> Answer {
        let username = format!("username={username}");
        self.run(&["call", "session.login", &username, "password=-"], &format!("{password}\n"))
    }

    fn token(&self, username: &str, password: &str) -> String {
        let answer = self.log_in(username, password);
        assert_eq!(answer.exit_code, 0, "{answer:?}");
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    fn call(&self, token: &str, arguments: &[&str]) -> Answer {
        self.run_with(&[&["call"], arguments].concat(), "", &[("MEDSRV_TOKEN", token)])
    }
}

fn refused_with(answer: &Answer, code: &str) {
    assert_eq!((answer.exit_code, answer.out.as_str()), (1, ""), "{answer:?}");
    assert!(answer.err.contains(&format!("\"code\":\"{code}\"")), "{answer:?}");
}

#[test]
fn the_first_administrator_is_added_beside_the_server_and_logs_in_as_they_were_told() {
    let site = Site::new();
    let added = site.expect(0, &["user", "add", "admin", "--role", "admin", "--name", "李敏"], "secret\n");
    let (_, told) = added.out.split_once("log in with: medsrv ").unwrap();
    let words: Vec<&str> = told.split_whitespace().collect();
    let login = site.expect(0, &words, "secret\n").json();
    assert_eq!(login["user"]["role"], "admin");
    let token = login["token"].as_str().unwrap();
    let accounts = site.call(token, &["account.list", "role=admin"]);
    assert_eq!(accounts.json()["items"][0]["name"], "李敏");
    let whoami = site.expect(0, &["call", "session.whoami", "--token", token], "").json();
    assert_eq!(whoami["user"]["username"], "admin");
}

#[test]
fn a_disabled_account_has_no_session_from_that_moment_on() {
    let site = Site::new();
    site.add("nurse", "nurse");
    let token = site.token("nurse", "secret");
    let mut kept = site.server.connect();
    let resume =
        json!({"jsonrpc": "2.0", "id": 1, "method": "session.resume", "params": {"token": token.as_str()}});
    assert!(kept.ask(&resume.to_string()).get("result").is_some());
    let whoami = r#"{"jsonrpc": "2.0", "id": 2, "method": "session.whoami"}"#;
    assert!(kept.ask(whoami).get("result").is_some());
    let disabled = site.expect(0, &["user", "disable", "nurse"], "");
    assert!(disabled.out.contains("its session was ended"), "{disabled:?}");
    assert_eq!(kept.ask(whoami)["error"]["data"]["code"], "unauthenticated");
    let answer = site.call(&token, &["session.whoami"]);
    refused_with(&answer, "unauthenticated");
    assert!(answer.err.contains("the token was refused"), "{answer:?}");
    refused_with(&site.log_in("nurse", "secret"), "disabled");
    let unlocked = site.expect(0, &["user", "unlock", "nurse"], "");
    assert!(unlocked.err.contains("medsrv user enable nurse"), "{unlocked:?}");
    site.expect(0, &["user", "enable", "nurse"], "");
    let answer = site.call(&token, &["session.whoami"]);
    refused_with(&answer, "unauthenticated");
    site.token("nurse", "secret");
}

#[test]
fn a_new_password_ends_sessions_and_the_old_one_is_remembered_no_longer() {
    let site = Site::new();
    site.add("clerk", "clerk");
    let token = site.token("clerk", "secret");
    let changed = site.expect(0, &["user", "passwd", "clerk"], "  better 密码\r\n");
    assert!(changed.out.contains("its session was ended"), "{changed:?}");
    refused_with(&site.call(&token, &["session.whoami"]), "unauthenticated");
    refused_with(&site.log_in("clerk", "secret"), "wrong_credentials");
    site.token("clerk", "  better 密码");
}

#[test]
fn an_account_that_failed_too_often_is_unlocked() {
    let slow = "[accounts]\npassword_iterations = 1000\nfailures_free = 1\nfailure_delay_max_ms = 900000\n";
    let site = Site::of(Server::configured(slow));
    site.add("doctor", "doctor");
    // Each failure doubles the delay, so that one of them outlasts the way to the next attempt.
    loop {
        let answer = site.log_in("doctor", "wrong");
        if answer.err.contains("too_many_attempts") {
            break;
        }
        refused_with(&answer, "wrong_credentials");
    }
    site.expect(0, &["user", "unlock", "doctor"], "");
    site.token("doctor", "secret");
}

#[test]
fn accounts_are_listed_by_role() {
    let site = Site::new();
    site.expect(
        0,
        &["user", "add", "D900", "--role", "doctor", "--name", "孙医生", "--department", "眼科"],
        "x\n",
    );
    site.expect(0, &["user", "add", "auditor", "--role", "clerk", "--auditor"], "x\n");
    site.add("former", "nurse");
    site.expect(0, &["user", "disable", "former"], "");
    let all = site.expect(0, &["user", "list"], "").out;
    assert!(all.starts_with(" user_id  role     state     username"), "{all}");
    for (username, role, state, name) in [
        ("D900", "doctor", "active", "孙医生"),
        ("auditor", "clerk", "auditor", "auditor"),
        ("former", "nurse", "disabled", "former"),
    ] {
        let line = all.lines().find(|line| line.contains(username)).unwrap();
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        assert_eq!(words, [role, state, username, name]);
    }
    let doctors = site.expect(0, &["user", "list", "--role", "doctor"], "").out;
    assert!(doctors.lines().skip(1).all(|line| line.contains(" doctor ")), "{doctors}");
    assert!(doctors.contains("D900"), "{doctors}");
    let found = site.expect(0, &["call", "doctor.list", "department=眼科"], "").json();
    assert_eq!(found["items"][0]["name"], "孙医生");
}

#[test]
fn what_cannot_be_changed_is_said() {
    let site = Site::new();
    site.add("admin", "admin");
    for (exit_code, arguments, input, words) in [
        (
            1,
            &["user", "add", "admin", "--role", "clerk"][..],
            "x\n",
            &["there is an account \"admin\" already"][..],
        ),
        (1, &["user", "add", "new", "--role", "clerk"], "", &["no password for new", "standard input"]),
        (1, &["user", "add", "new", "--role", "clerk"], "\n", &["no password for new", "1 to 256"]),
        (1, &["user", "passwd", "nobody"], "x\n", &["no account \"nobody\"", "medsrv user list"]),
        (1, &["user", "disable", "nobody"], "", &["no account \"nobody\""]),
        (1, &["user", "enable", "nobody"], "", &["no account \"nobody\""]),
        (1, &["user", "unlock", "nobody"], "", &["no account \"nobody\""]),
        (2, &["user", "add", "new", "--role", "patient"], "", &["doctor, nurse, clerk, admin"]),
        (2, &["user", "add", "new"], "", &["--role"]),
        (2, &["user", "add", " ", "--role", "clerk"], "", &["the username must be text of 1 to 32"]),
        (2, &["user", "add", "new", "--role", "clerk", "--name", "a\nb"], "", &["--name must be text"]),
        (
            2,
            &["user", "add", "new", "--role", "admin", "--auditor"],
            "",
            &["auditor cannot be an administrator"],
        ),
        (2, &["user", "add", "new", "--role", "nurse", "--department", "d"], "", &["--role doctor"]),
        (2, &["user", "add", "new", "--role", "doctor"], "x\n", &["a doctor needs a name", "--name"]),
        (2, &["user"], "", &["Usage"]),
    ] {
        site.refuse(exit_code, arguments, input, words);
    }
    let list = site.expect(0, &["user", "list", "--role", "clerk"], "").out;
    assert_eq!(list.lines().count(), 1, "nothing was added: {list}");
}

#[test]
fn the_type_of_a_parameter_decides_what_its_value_is() {
    let site = Site::new();
    site.add("clerk", "clerk");
    let token = site.token("clerk", "secret");
    let registered = site.call(
        &token,
        &["account.register_patient", "name=7", "phone=13900001111", "password=12345678", "id_card:=null"],
    );
    let patient_id = registered.json()["user_id"].as_i64().unwrap();
    let read = site.call(&token, &["patient.get", &format!("patient_id={patient_id}")]).json();
    assert_eq!(read["name"], "7");
    let found = site.call(&token, &["patient.search", "phone=13900001111", "limit=1"]).json();
    assert_eq!(found["items"][0]["patient_id"], patient_id);
    refused_with(&site.call(&token, &["patient.get", "patient_id=99999"]), "not_found");
}

#[test]
fn what_is_called_wrongly_is_explained() {
    let site = Site::new();
    for (exit_code, arguments, input, words) in [
        (2, &["call", "patient.gte"][..], "", &["no method patient.gte; did you mean patient.get?"][..]),
        (2, &["call", "login"], "", &["did you mean session.login"]),
        (2, &["call", "session"], "", &["the methods of session are", "session.whoami "]),
        (2, &["call", "nothing.like.it"], "", &["there are methods of account, admission, "]),
        (2, &["call", "doctor.list", "departmnt=x"], "", &["did you mean department?", "doctor.list takes "]),
        (2, &["call", "doctor.list", "limit=many"], "", &["limit must be a whole number"]),
        (2, &["call", "doctor.list", "limit"], "", &["\"limit\" is no parameter", "KEY=VALUE"]),
        (2, &["call", "doctor.list", "limit:=x"], "", &["limit:= is not JSON"]),
        (2, &["call", "doctor.list", "limit=1", "limit=2"], "", &["limit comes twice"]),
        (
            1,
            &["call", "doctor.get"],
            "",
            &["`doctor_id`: is missing (code -32602)", "doctor.get takes doctor_id (a whole"],
        ),
        (
            1,
            &["call", "session.whoami"],
            "",
            &["session.whoami: ", "(code -32000)", "\"code\":\"unauthenticated\""],
        ),
        (
            1,
            &["call", "session.login", "username=a", "password=-"],
            "",
            &["password: standard input has no line"],
        ),
        (
            1,
            &["call", "doctor.list", "--token", "ms1_x"],
            "",
            &["nothing was called", "session.login username="],
        ),
        (2, &["call", "{}", "limit=1"], "", &["goes with a method, not with JSON"]),
        (2, &["call", "{\"login\": true}", "--token", "t"], "", &["the old protocol knows no tokens"]),
        (2, &["call"], "", &["METHOD|JSON"]),
    ] {
        site.refuse(exit_code, arguments, input, words);
    }
}

#[test]
fn json_is_sent_as_it_stands_in_either_protocol() {
    let site = Site::new();
    site.add("nurse", "nurse");
    let token = site.token("nurse", "secret");
    let whoami = r#"{"jsonrpc": "2.0", "id": 7, "method": "session.whoami"}"#;
    let reply = site.call(&token, &[whoami]).json();
    assert_eq!((&reply["id"], &reply["result"]["user"]["username"]), (&json!(7), &json!("nurse")));
    let reply = site.expect(0, &["call", "-", "--token", &token], whoami).json();
    assert_eq!(reply["result"]["user"]["username"], "nurse");
    let reply = site.expect(1, &["call", whoami], "").json();
    assert_eq!(reply["error"]["data"]["code"], "unauthenticated");
    // The old protocol goes its way beside whatever token there is.
    let old = r#"{"query_doctor_info": true, "doctor_name": "王医生"}"#;
    assert_eq!(site.call(&token, &[old]).json()["status"], "success");
    let silent = site.expect(0, &["call", r#"{"jsonrpc": "2.0", "method": "doctor.list"}"#], "");
    assert_eq!((silent.out.as_str(), silent.err.as_str()), ("", ""));
}

#[test]
fn the_trail_is_whole_though_server_and_operator_write_to_it_by_turns() {
    let site = Site::new();
    site.add("admin", "admin");
    let token = site.token("admin", "secret");
    let created = ["account.create", "username=n1", "name=n", "role=nurse", "password=x"];
    let user_id = site.call(&token, &created).json()["user_id"].as_i64().unwrap();
    site.expect(0, &["user", "disable", "n1"], "");
    site.call(&token, &["account.enable", &format!("user_id={user_id}")]).json();
    site.expect(0, &["user", "passwd", "n1"], "y\n");
    site.token("n1", "y");
    let verified = site.expect(0, &["audit", "verify"], "").out;
    assert!(verified.contains("the audit trail is whole: 8 entries"), "{verified}");
    let exported = site.expect(0, &["audit", "export"], "").out;
    let methods: Vec<String> = exported
        .lines()
        .map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            event["subtype"][0]["code"].as_str().unwrap().to_owned()
        })
        .collect();
    let by_operator: Vec<&str> =
        methods.iter().map(String::as_str).filter(|method| method.starts_with("user.")).collect();
    assert_eq!(by_operator, ["user.add", "user.disable", "user.passwd"]);
    let uid = format!("uid {}", rustix::process::getuid().as_raw());
    let added = exported.lines().find(|line| line.contains("user.add")).unwrap();
    assert!(added.contains(&uid) && added.contains("operator") && added.contains("local"), "{added}");
    // And the next start finds nothing amiss.
    let server = Server::start_in(site.server.stop(), &[], "");
    let site = Site::of(server);
    site.token("n1", "y");
}

#[test]
fn accounts_are_changed_while_no_server_runs() {
    let directory = Server::demo().stop();
    let run = |arguments: &[&str], input: &str| {
        let answer = run_in(directory.path(), arguments, input, &[]);
        assert_eq!(answer.exit_code, 0, "{arguments:?} answered {answer:?}");
    };
    run(&["user", "add", "admin", "--role", "admin"], "secret\n");
    run(&["user", "passwd", "admin"], "other\n");
    run(&["audit", "verify"], "");
    let site = Site::of(Server::start_in(directory, &[], ""));
    site.token("admin", "other");
}

#[test]
fn what_is_missing_is_named() {
    let directory = tempfile::tempdir().unwrap();
    for task in [&["user", "list"][..], &["user", "add", "admin", "--role", "admin"]] {
        let answer = run_in(directory.path(), task, "x\n", &[]);
        assert_eq!(answer.exit_code, 65, "{answer:?}");
        assert!(answer.err.contains("start the server once"), "{answer:?}");
    }
    let stopped = {
        let site = Site::new();
        site.add("admin", "admin");
        site.server.stop()
    };
    // Without its key, a trail that has entries is not gone on with, and nothing is changed.
    fs::remove_file(stopped.path().join("data/audit.key")).unwrap();
    let answer = run_in(stopped.path(), &["user", "disable", "admin"], "", &[]);
    assert_eq!(answer.exit_code, 74, "{answer:?}");
    assert!(answer.err.contains("audit.key is not there"), "{answer:?}");
    let list = run_in(stopped.path(), &["user", "list", "--role", "admin"], "", &[]);
    assert!(list.out.contains(" active "), "{list:?}");
}

#[test]
fn a_key_is_made_for_a_trail_that_has_no_entry() {
    let directory = Server::start(&[], "").stop();
    let data = directory.path().join("data");
    // As a server of before has left it, which did not record its start.
    for name in ["MedicalSystem.db", "audit.key", "audit.anchor"] {
        fs::remove_file(data.join(name)).unwrap();
    }
    Store::open(&data.join("MedicalSystem.db"), |_| Err(String::new())).unwrap().store.close();
    let answer = run_in(directory.path(), &["user", "add", "admin", "--role", "admin"], "x\n", &[]);
    assert_eq!(answer.exit_code, 0, "{answer:?}");
    let verified = run_in(directory.path(), &["audit", "verify"], "", &[]);
    assert!(verified.out.contains("is whole: 1 entries"), "{verified:?}");
    let site = Site::of(Server::start_in(directory, &[], ""));
    site.token("admin", "x");
}

#[test]
fn everyone_is_written_out_as_fhir_once_and_to_an_empty_directory() {
    let site = Site::new();
    let answer = site.expect(0, &["export", "fhir", "--out", "all"], "");
    let directory = site.server.directory.path().join("all");
    let manifest: Value =
        serde_json::from_slice(&fs::read(directory.join("manifest.json")).unwrap()).unwrap();
    let mut total = 0;
    for file in manifest["output"].as_array().unwrap() {
        let lines = fs::read_to_string(directory.join(file["url"].as_str().unwrap())).unwrap();
        for line in lines.lines() {
            assert_eq!(serde_json::from_str::<Value>(line).unwrap()["resourceType"], file["type"]);
        }
        assert_eq!(lines.lines().count() as u64, file["count"].as_u64().unwrap());
        total += lines.lines().count();
    }
    let patients = fs::read_to_string(directory.join("Patient.ndjson")).unwrap();
    assert!(patients.contains("13800138000"), "nothing is masked: {patients}");
    assert_eq!(answer.out, format!("{total} resources were written to all\n"));
    assert_eq!(fs::read_dir(&directory).unwrap().count(), manifest["output"].as_array().unwrap().len() + 1);
    site.refuse(2, &["export", "fhir", "--out", "all"], "", &["is not empty"]);
    site.refuse(74, &["export", "fhir", "--out", "no/where"], "", &["no/where"]);
    let trail = site.expect(0, &["audit", "export"], "").out;
    assert_eq!(trail.matches("export.fhir").count(), 1);
}

#[test]
fn codes_are_loaded_beside_a_server_again_and_again() {
    let site = Site::new();
    let file = site.server.directory.path().join("codes.csv");
    fs::write(&file, include_str!("samples/icd10.csv")).unwrap();
    let load = ["import", "icd10", "codes.csv"];
    let first = site.expect(0, &load, "");
    assert_eq!(first.out, "icd10: 48 new, 0 changed, 0 same, 0 refused\n");
    assert_eq!(site.expect(0, &load, "").out, "icd10: 0 new, 0 changed, 48 same, 0 refused\n");
    // The server has them at once.
    let doctor = site.token("DOC001", "hash_doctor1");
    let found = site.call(&doctor, &["diagnosis.search_codes", "text=asthma"]).json();
    assert_eq!(found["items"], json!([{"code": "J45", "title": "Asthma"}]));
    // What is wrong is named, and takes nothing else with it.
    fs::write(&file, "title,code\nBronchial asthma,J45\nno code,\n\"a\nb\",J46\nStatus asthmaticus,J46\n")
        .unwrap();
    let mixed = site.expect(1, &load, "");
    assert_eq!(mixed.out, "icd10: 1 new, 1 changed, 0 same, 2 refused\n");
    for place in ["codes.csv:3: code ", "codes.csv:4: title "] {
        assert!(mixed.err.contains(place), "{place}: {}", mixed.err);
    }
    site.refuse(2, &["import", "icd10", "medsrv.conf"], "", &["medsrv.conf:1: ", "code,title"]);
    site.refuse(74, &["import", "icd10", "nowhere.csv"], "", &["nowhere.csv: "]);
    site.refuse(2, &["import"], "", &["icd10"]);
    let entries = site.expect(0, &["audit", "export"], "").out;
    assert_eq!(runs_of("import.icd10", &entries), 3, "{entries}");
    // And without a server.
    let Site { server, .. } = site;
    let directory = server.stop();
    assert_eq!(run_in(directory.path(), &load, "", &[]).out, "icd10: 0 new, 0 changed, 2 same, 2 refused\n");
    let verified = run_in(directory.path(), &["audit", "verify"], "", &[]);
    assert_eq!(verified.exit_code, 0, "{verified:?}");
}

/// How many runs of the program have entries of a method. One that takes long has several.
fn runs_of(method: &str, entries: &str) -> usize {
    let of_method = entries.lines().filter(|line| line.contains(method));
    let runs: std::collections::HashSet<String> = of_method
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|event| event["source"]["observer"]["identifier"]["value"].to_string())
        .collect();
    runs.len()
}

#[test]
fn drugs_are_loaded_and_taken_off_the_list() {
    let site = Site::new();
    let file = site.server.directory.path().join("drugs.csv");
    fs::write(&file, include_str!("samples/drugs.csv")).unwrap();
    let load = ["import", "drugs", "drugs.csv"];
    assert_eq!(site.expect(0, &load, "").out, "drugs: 34 new, 0 changed, 0 same, 0 refused\n");
    assert_eq!(site.expect(0, &load, "").out, "drugs: 0 new, 0 changed, 34 same, 0 refused\n");
    // The server has them at once, and what has no class has none.
    let doctor = site.token("DOC001", "hash_doctor1");
    let found = |code: &str| {
        let found = site.call(&doctor, &["drug.search", &format!("code={code}")]).json();
        found["items"].as_array().unwrap().clone()
    };
    assert_eq!(found("AMC")[0]["ingredient"], "amoxicillin+clavulanic acid");
    // Only the one column more says that a drug is given up; without it, it stays so.
    let header = "code,name,ingredient,drug_class,form,strength,dose_unit,route";
    let lines = "amx250,Amoxicillin,Amoxicillin,,capsule,250 mg,mg,oral,no\n\
        NEW001,氯雷他定,氯雷他定,抗组胺药,片,10 mg,mg,oral,\n\
        NEW002,x, + ,,,,mg,,\nNEW003,x,x,,,,,,\nNEW004,x,x,,,,mg,,perhaps\nnew001,x,x,,,,mg,,\n";
    fs::write(&file, format!("{header},is_active\n{lines}")).unwrap();
    let mixed = site.expect(1, &load, "");
    assert_eq!(mixed.out, "drugs: 1 new, 1 changed, 0 same, 4 refused\n");
    for place in ["csv:4: ingredient ", "csv:5: dose_unit ", "csv:6: is_active ", "csv:7: NEW001 stands"] {
        assert!(mixed.err.contains(place), "{place}: {}", mixed.err);
    }
    assert_eq!(found("AMX250"), [] as [Value; 0]);
    assert_eq!(found("NEW001")[0]["drug_class"], "抗组胺药");
    fs::write(&file, format!("{header}\nAMX250,Amoxicillin,amoxicillin,,capsule,250 mg,mg,oral\n")).unwrap();
    assert_eq!(site.expect(0, &load, "").out, "drugs: 0 new, 0 changed, 1 same, 0 refused\n");
    assert_eq!(found("AMX250"), [] as [Value; 0]);
    site.refuse(2, &["import", "drugs", "medsrv.conf"], "", &["medsrv.conf:1: ", header]);
    let entries = site.expect(0, &["audit", "export"], "").out;
    assert_eq!(runs_of("import.drugs", &entries), 4, "{entries}");
}
