//! What an operator gets of a report: every form, beside a running server and without one, and in the trail.

use super::common::Server;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The day of the sample appointments.
const DAYS: [&str; 4] = ["--from", "2024-02-01", "--to", "2024-02-02"];

fn run(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_medsrv")).args(arguments).current_dir(directory).output().unwrap()
}

fn report(directory: &Path, arguments: &[&str]) -> String {
    let output = run(directory, &[&["report"], arguments, &DAYS].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(directory: &Path, arguments: &[&str], exit_code: i32, words: &str) {
    let output = run(directory, &[&["report"], arguments].concat());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(exit_code), 0), "{arguments:?}: {told}");
    assert!(told.contains(words), "{arguments:?}: {told}");
}

fn records(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn each_form_says_the_same_beside_a_server_and_without_one() {
    let server = Server::demo();
    let first = forms(server.directory.path());
    let directory = server.stop();
    let second = forms(directory.path());
    assert_eq!(first, second);
    let verified = run(directory.path(), &["audit", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let exported = run(directory.path(), &["audit", "export"]).stdout;
    let entries = String::from_utf8(exported).unwrap();
    let of_reports = entries.lines().filter(|line| line.contains("overview 2024-02-01 2024-02-02, uid "));
    assert_eq!(of_reports.count(), 2, "{entries}");
}

/// The report of doctors as table, CSV and JSON, which must be of the same figures.
fn forms(directory: &Path) -> (Vec<Vec<String>>, Value) {
    let table = report(directory, &["doctor"]);
    assert!(table.contains("Report doctor, 2024-02-01 to 2024-02-02"), "{table}");
    let rows = records(&report(directory, &["doctor", "--format", "csv"]));
    let json: Value = serde_json::from_str(&report(directory, &["doctor", "--format", "json"])).unwrap();
    let doctors = json["doctors"].as_array().unwrap();
    assert_eq!((doctors.len(), rows.len()), (3, 4));
    for (doctor, row) in doctors.iter().zip(&rows[1..]) {
        assert!(table.lines().any(|line| line.starts_with(doctor["doctor"].as_str().unwrap())), "{table}");
        for (key, field) in rows[0].iter().zip(row) {
            let expected = match &doctor[key] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                number => number.as_f64().unwrap().to_string(),
            };
            assert_eq!(*field, expected, "{key}");
        }
    }
    assert_eq!((&json["all_doctors"]["booked"], &json["all_doctors"]["completed"]), (&3.into(), &1.into()));
    let overview: Value =
        serde_json::from_str(&report(directory, &["overview", "--format", "json"])).unwrap();
    assert_eq!(overview["days"].as_array().unwrap().len(), 2);
    assert_eq!((&overview["all_days"]["booked"], &overview["days"][1]["booked"]), (&3.into(), &0.into()));
    (rows, json["doctors"].clone())
}

#[test]
fn a_page_stands_alone_and_names_no_patient() {
    let server = Server::demo();
    let directory = server.directory.path();
    let path = directory.join("page.html");
    fs::write(&path, "old").unwrap();
    let title = "市第一医院 <门诊>";
    for name in ["overview", "day", "doctor", "department", "beds"] {
        let out = report(directory, &[name, "--format", "html", "--title", title, "--out", "page.html"]);
        assert_eq!(out, "");
        let page = fs::read_to_string(&path).unwrap();
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"), "{name}");
        assert!(page.contains("市第一医院 &lt;门诊&gt;") && page.contains("1 to 2 February 2024"), "{name}");
        for word in
            ["<script", "http:", "https:", "src=", "href=", "url(", "@import", "NaN", "inf\"", "张三", "李四"]
        {
            assert!(!page.contains(word), "{name}: {word}");
        }
        for tag in ["section", "table", "svg", "div", "g", "main"] {
            let (begun, ended) = (
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count(),
                page.matches(&format!("</{tag}>")).count(),
            );
            assert_eq!(begun, ended, "{name}: {tag}");
        }
    }
    assert!(!directory.join("page.html.partial").exists());
    // Where there is nothing, the page says so in words.
    let output = run(
        directory,
        &["report", "overview", "--format", "html", "--from", "2020-01-01", "--to", "2020-01-01"],
    );
    let page = String::from_utf8(output.stdout).unwrap();
    for words in [
        "There is nothing to report of these days.",
        "Nobody had an appointment",
        "Nothing was cancelled.",
        "has no wards",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("<svg"));
}

#[test]
fn what_cannot_be_reported_is_refused() {
    let server = Server::demo();
    let directory = server.directory.path();
    refused(directory, &["overview", "--format", "csv"], 2, "several tables");
    refused(directory, &["day", "--from", "2026-02-30"], 2, "no day of the calendar");
    refused(directory, &["day", "--from", "2026-01-02", "--to", "2026-01-01"], 2, "is before --from");
    refused(directory, &["day", "--from", "1900-01-01", "--to", "2026-01-01"], 2, "at most 3700");
    refused(directory, &["month"], 2, "overview");
    refused(directory, &["day", "--db-path", "none.db"], 65, "there is no such file");
    refused(directory, &["day", "--out", "none/page.html"], 74, "cannot be written");
}
