//! The documents are true: what can be generated is, and the examples are played against a server.
//!
//! A document that is out of date is written anew by `UPDATE_DOCS=1 cargo test --test docs`.

mod common;
#[path = "docs/manual.rs"]
mod manual;

use clap::CommandFactory;
use clap_complete::Shell;
use common::Server;
use medsrv::api::rpc::Who;
use medsrv::api::rpc::markdown;
use medsrv::api::rpc::openrpc::META_SCHEMA;
use medsrv::api::rpc::problem::Code;
use medsrv::command::Arguments;
use medsrv::dispatch::{RIGHTS, Right, document};
use medsrv::ops::config::{self, Applies, KEYS, Key, Overrides};
use medsrv::service::access::{Actor, Role};
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// Holds what stands between two marks of a document against what is generated.
fn assert_generated(name: &str, mark: &str, generated: &str) {
    let text = read(name);
    let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- end of {mark} -->\n"));
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{name} has no {begin}"));
    let (found, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{name} has no {end}"));
    let wanted = format!("\n{}\n\n", generated.trim_end());
    if found == wanted {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        return fs::write(path, format!("{before}{begin}{wanted}{end}{after}")).unwrap();
    }
    let differs = wanted.lines().zip(found.lines()).find(|(wanted, found)| wanted != found);
    let (wanted, found) = differs.unwrap_or(("another number of lines", ""));
    panic!(
        "{name} is out of date; `UPDATE_DOCS=1 cargo test --test docs` writes it anew.\n\
         wanted: {wanted}\n found: {found}"
    );
}

/// Holds a file against what is generated.
fn assert_made(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let found = fs::read_to_string(&path).unwrap_or_default();
    if found == made {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        return fs::write(path, made).unwrap();
    }
    let differs = made.lines().zip(found.lines()).find(|(made, found)| made != found);
    panic!("{name} is out of date; `UPDATE_DOCS=1 cargo test --test docs` writes it anew: {differs:?}");
}

#[test]
fn the_manual_pages_are_those_of_the_help_and_the_settings() {
    let operations = read("docs/operations.md");
    for (name, made) in [
        ("contrib/man/medsrv.8", manual::program(&operations)),
        ("contrib/man/medsrv.conf.5", manual::configuration(&operations)),
    ] {
        assert_made(name, &made);
    }
}

#[test]
fn shells_complete_what_the_help_names() {
    for (shell, name) in [(Shell::Bash, "medsrv.bash"), (Shell::Zsh, "_medsrv"), (Shell::Fish, "medsrv.fish")]
    {
        let mut made = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), "medsrv", &mut made);
        assert_made(&format!("contrib/completions/{name}"), &String::from_utf8(made).unwrap());
    }
}

/// Whatever the configuration of a package names lies where its unit lets the server write.
#[test]
fn the_configuration_of_a_package_fits_its_unit() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/medsrv.conf");
    let config = config::load(Some(&path), &Overrides::default()).unwrap().config;
    let unit = read("contrib/systemd/medsrv.service");
    let (server, audit) = (&config.server, &config.audit);
    for (file, directory) in [
        (&server.db_path, "StateDirectory"),
        (&audit.key_file, "StateDirectory"),
        (&server.log_file, "LogsDirectory"),
        (&audit.anchor_file, "LogsDirectory"),
        (&server.pid_file, "RuntimeDirectory"),
    ] {
        let place = match directory {
            "StateDirectory" => "/var/lib",
            "LogsDirectory" => "/var/log",
            _ => "/run",
        };
        let named = unit.lines().find_map(|line| line.strip_prefix(&format!("{directory}="))).unwrap();
        assert_eq!(file.parent(), Some(Path::new(place).join(named).as_path()));
    }
}

/// The exit codes that the program names.
fn exit_codes() -> BTreeSet<u8> {
    let source = read("src/command/mod.rs");
    let module = source.split("pub mod exit {").nth(1).unwrap().split("\n}").next().unwrap();
    let codes = module.lines().filter_map(|line| line.split_once(": u8 = "));
    codes.map(|(_, code)| code.trim_end_matches(';').parse().unwrap()).collect()
}

#[test]
fn every_exit_code_is_explained() {
    let page = read("docs/operations.md");
    let rows = manual::table(&page, "Commands and exit codes", "Exit code");
    let explained: BTreeSet<u8> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(explained, exit_codes());
    let unit = read("contrib/systemd/medsrv.service");
    let line = unit.lines().find_map(|line| line.strip_prefix("RestartPreventExitStatus=")).unwrap();
    assert!(line.split(' ').all(|code| explained.contains(&code.parse().unwrap())), "{line}");
}

/// The lines that warn, or tell of a fault, with a mark for all that differs.
fn warnings() -> Vec<String> {
    let mut found = Vec::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let source = fs::read_to_string(file).unwrap();
        for rest in ["warn!(", "error!("].iter().flat_map(|call| source.split(call).skip(1)) {
            let Some(literal) = rest.trim_start().strip_prefix('"') else { continue };
            let lines = literal.split('"').next().unwrap().split("\\\n");
            let literal: String = lines.map(str::trim_start).collect();
            let line: String = literal
                .split(['{', '}'])
                .enumerate()
                .map(|(at, part)| if at % 2 == 0 { part } else { "…" })
                .collect();
            if line.contains(char::is_alphabetic) {
                found.push(line);
            }
        }
    }
    found
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn every_warning_of_the_log_is_explained() {
    let page = read("docs/operations.md");
    let rows = manual::table(&page, "The log", "Line");
    let found = warnings();
    assert!(found.len() > 20, "{found:?}");
    let is_missing = |line: &&String| !rows.iter().any(|row| row[0].contains(line.as_str()));
    let missing: Vec<&String> = found.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "the table of lines in docs/operations.md has no {missing:#?}");
}

#[test]
fn the_page_of_the_methods_is_that_of_the_document() {
    assert_generated("docs/rpc.md", "generated from rpc.discover", &markdown::reference(&document()));
}

#[test]
fn the_table_of_rights_is_that_of_the_gate() {
    let mut table =
        String::from("| Method | logged out | patient | doctor | nurse | clerk | admin | auditor |\n");
    table += "|---|---|---|---|---|---|---|---|\n";
    for right in RIGHTS {
        let open = if right.is_open { "yes" } else { "" };
        let roles: Vec<&str> = Role::ALL.into_iter().map(|role| shown(right.of_role(role))).collect();
        let auditor = if is_for_auditors(right) { "yes" } else { "" };
        table += &format!("| `{}` | {open} | {} | {auditor} |\n", right.method, roles.join(" | "));
    }
    assert_generated("docs/accounts.md", "generated from the table of rights", &table);
}

fn shown(who: Who) -> &'static str {
    match who {
        Who::Nobody => "",
        Who::Own => "own",
        Who::Treated => "treated",
        Who::WithReason => "reason",
        Who::Anyone => "yes",
    }
}

/// Whether the flag gives what the role does not.
fn is_for_auditors(right: &Right) -> bool {
    let auditor = Actor { user_id: 1, username: String::new(), role: Role::Clerk, is_auditor: true };
    right.of(Some(&auditor)) != Some(right.of_role(Role::Clerk))
}

/// What the specification of OpenRPC asks for beyond what its own types say.
#[test]
fn the_document_is_sound() {
    let document = document();
    let methods = document["methods"].as_array().unwrap();
    let mut names = HashSet::new();
    for method in methods {
        let name = method["name"].as_str().unwrap();
        assert!(names.insert(name), "{name} comes twice");
        let mut params = HashSet::new();
        let mut may_be_missing = false;
        for parameter in method["params"].as_array().unwrap() {
            assert!(params.insert(parameter["name"].as_str().unwrap()), "{name}: {parameter}");
            assert!(parameter["schema"].is_object(), "{name}: {parameter}");
            let required = parameter["required"].as_bool().unwrap();
            assert!(!(required && may_be_missing), "{name}: what is required comes first: {parameter}");
            may_be_missing |= !required;
        }
        assert!(method["result"]["name"].is_string() && method["result"]["schema"].is_object(), "{name}");
        let mut codes = HashSet::new();
        for error in method["errors"].as_array().unwrap() {
            assert!(codes.insert(error["code"].as_i64().unwrap()), "{name}: errors differ in their code");
            assert!(error["message"].is_string(), "{name}");
        }
        for word in method["x-error-codes"].as_array().unwrap() {
            let word = word.as_str().unwrap();
            assert!(Code::ALL.iter().any(|code| code.word() == word), "{name}: {word}");
        }
    }
    assert_eq!(document["x-error-codes"].as_object().unwrap().len(), Code::ALL.len());
    assert_references_resolve(&document, &document);
}

fn assert_references_resolve(value: &Value, document: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                let found = target.strip_prefix('#').map(|target| document.pointer(target));
                // The document cannot hold the schema of such documents; the specification names it like this.
                assert!(matches!(found, Some(Some(_))) || target == META_SCHEMA, "{target}");
            }
            members.values().for_each(|member| assert_references_resolve(member, document));
        }
        Value::Array(items) => items.iter().for_each(|item| assert_references_resolve(item, document)),
        _ => {}
    }
}

#[test]
fn the_conversation_of_the_page_is_what_a_server_says() {
    let server = Server::demo();
    let mut client = server.connect();
    let page = read("docs/rpc.md");
    let (mut sent, mut received) = (0, 0);
    for line in page.lines() {
        if let Some(request) = line.strip_prefix("    > ") {
            client.send(request.as_bytes());
            sent += 1;
        } else if let Some(reply) = line.strip_prefix("    < ") {
            let documented: Value = serde_json::from_str(reply).unwrap();
            assert_eq!(without_chance(&client.reply()), without_chance(&documented), "{line}");
            received += 1;
        }
    }
    assert!(sent > 10 && received + 1 == sent, "one of them is a notification: {sent} and {received}");
}

/// A dash in place of what differs from one run to another.
fn without_chance(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| {
                let is_chance = (key == "token" || key.ends_with("_ms")) && !value.is_null();
                (key.clone(), if is_chance { "-".into() } else { without_chance(value) })
            };
            members.iter().map(member).collect()
        }
        Value::Array(items) => items.iter().map(without_chance).collect(),
        other => other.clone(),
    }
}

/// The requests of a page that are sent with `medsrv call '…'`.
fn called(page: &str) -> Vec<&str> {
    page.lines()
        .filter_map(|line| line.trim_start().trim_start_matches("$ ").strip_prefix("medsrv call '"))
        .map(|rest| rest.split('\'').next().unwrap())
        .filter(|request| !request.contains('…'))
        .collect()
}

#[test]
fn what_the_readme_calls_is_answered_with_success() {
    let (english, chinese) = (read("README.md"), read("README.zh-CN.md"));
    assert_eq!(called(&english), called(&chinese), "both say the same");
    assert!(called(&english).len() > 2);
    let server = Server::demo();
    for request in called(&english) {
        let output = Command::new(env!("CARGO_BIN_EXE_medsrv"))
            .args(["call", request, "--port", &server.address.port().to_string()])
            .current_dir(server.directory.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{request}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn every_setting_has_its_line_in_the_operators_page() {
    let page = read("docs/operations.md");
    let mut section = String::new();
    for line in read("medsrv.conf").lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, _)) = line.split_once(" = ")
            && !key.starts_with(['#', ' '])
        {
            let begin = format!("| `{section}.{key}` | ");
            assert!(page.lines().any(|line| line.starts_with(&begin)), "docs/operations.md has no {begin}");
        }
    }
}

#[test]
fn what_needs_a_restart_is_named() {
    let page = read("docs/operations.md");
    let sentence = page.split("Only these need a restart").nth(1).unwrap().split(". ").next().unwrap();
    let named: Vec<&str> = sentence.split('`').skip(1).step_by(2).collect();
    let is_late = |key: &&Key| key.applies == Applies::AfterRestart;
    let keys: Vec<String> = KEYS.iter().filter(is_late).map(Key::full_name).collect();
    assert_eq!(named, keys);
    let sample = read("medsrv.conf");
    let comment = sample.lines().nth(3).unwrap();
    assert!(KEYS.iter().filter(is_late).all(|key| comment.contains(key.name)), "{comment}");
}

#[test]
fn every_document_that_is_named_is_there() {
    for name in [
        "README.md",
        "README.zh-CN.md",
        "ARCHITECTURE.md",
        "docs/operations.md",
        "docs/protocol.md",
        "docs/rpc.md",
        "docs/accounts.md",
        "docs/staff.md",
        "docs/performance.md",
        "docs/records.md",
        "docs/prescriptions.md",
        "docs/wards.md",
        "docs/messages.md",
        "docs/reports.md",
        "tests/clients/README.md",
    ] {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        for target in read(name).split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let file = target.split('#').next().unwrap();
            let is_here = file.is_empty() || target.contains("://");
            assert!(is_here || directory.with_file_name(file).exists(), "{name}: {target}");
        }
    }
}
