//! The conversations of the documents, played as a person would type them: line by line in one shell, beside a server
//! with the sample people.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

/// A page, and what a reader of it sees.
struct Page {
    name: &'static str,
    /// Files of `tests/samples/` that the page tells to put there.
    samples: &'static [&'static str],
    shown: &'static [&'static str],
    /// Refusals that the page goes on after; where there are none, nothing is complained of.
    complaints: &'static [&'static str],
}

/// Plays the lines after `<!-- played -->`.
fn play(page: &Page) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(sources.join("docs").join(page.name)).unwrap();
    let (_, rest) = text.split_once("<!-- played -->").unwrap();
    let lines = rest.split("```").nth(1).unwrap().strip_prefix("sh\n").unwrap();
    let server = common::Server::demo();
    for sample in page.samples {
        fs::copy(sources.join("tests/samples").join(sample), server.directory.path().join(sample)).unwrap();
    }
    // The port is the only thing that differs from what a person has.
    let (program, port) = (env!("CARGO_BIN_EXE_medsrv"), server.address.port());
    let script = format!("medsrv() {{ '{program}' \"$@\" --port {port}; }}\n{lines}");
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(server.directory.path())
        .env_remove("MEDSRV_TOKEN")
        .output()
        .unwrap();
    let (shown, complaints) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{complaints}\n{shown}");
    for expected in page.shown {
        assert!(shown.contains(expected), "{expected}:\n{shown}");
    }
    for expected in page.complaints {
        assert!(complaints.contains(expected), "{expected}:\n{complaints}");
    }
    assert!(!page.complaints.is_empty() || complaints.is_empty(), "{complaints}");
}

#[test]
fn the_morning_of_a_clinic() {
    play(&Page {
        name: "clinic.md",
        samples: &[],
        shown: &["no place", "\"name\": \"王*\"", "\"kind\": \"session_stopped\"", "an emergency"],
        complaints: &["session_full"],
    });
}

#[test]
fn a_visit_and_its_record() {
    play(&Page {
        name: "records.md",
        samples: &["icd10.csv"],
        shown: &[
            "icd10: 48 new, 0 changed, 0 same, 0 refused",
            "icd10: 0 new, 0 changed, 48 same, 0 refused",
            "known already",
            "not signed yet",
            "there is a draft",
            "why was the patient here?",
            "\"diagnosis\": \"肺炎\"",
            "\"next_cursor\": \"",
        ],
        complaints: &["already_recorded", "unsigned_notes", "diagnosis_missing", "forbidden"],
    });
}

#[test]
fn an_afternoon_of_prescriptions_and_orders() {
    play(&Page {
        name: "prescriptions.md",
        samples: &["drugs.csv"],
        shown: &[
            "drugs: 34 new, 0 changed, 0 same, 0 refused",
            "drugs: 0 new, 0 changed, 34 same, 0 refused",
            "not this one",
            "\"state\": \"dispensed\"",
            "\"quantity\": \"1500\"",
            "\"priority\": \"stat\"",
            "\"value\": \"7.1\"",
            "\"state\": \"completed\"",
        ],
        complaints: &["allergy"],
    });
}

#[test]
fn a_stay_in_a_ward() {
    play(&Page {
        name: "wards.md",
        samples: &[],
        shown: &["one stay", "one patient", "no diagnosis", "\"state\": \"occupied\"", "needs a single room"],
        complaints: &["already_admitted", "bad_transition", "diagnosis_missing"],
    });
}

#[test]
fn a_leave_and_what_becomes_of_the_patients() {
    play(&Page {
        name: "staff.md",
        samples: &[],
        shown: &[
            "\"outcome\": \"handed_over\"",
            "\"doctor_name\": \"刘医生\"",
            "\"kind\": \"doctor_changed\"",
            "\"state\": \"revoked\"",
            "\"state\": \"present\"",
        ],
        complaints: &[],
    });
}

#[test]
fn a_patient_and_a_doctor_who_write_to_each_other() {
    play(&Page {
        name: "messages.md",
        samples: &[],
        shown: &["\"unread\": 2", "还发烧吗？", "closed for good", "\"read_sequence\": 2"],
        complaints: &["thread_closed"],
    });
}

#[test]
fn the_reports_of_a_month() {
    play(&Page {
        name: "reports.md",
        samples: &[],
        shown: &["2024-02-02       0", "\"booked\": 3", "\n4\n"],
        complaints: &[],
    });
}
