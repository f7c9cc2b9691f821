//! The audit trail against those who own the database file: each kind of tampering is found, and the finding
//! names the first entry that is bad or missing.
//!
//! What cannot be found is the cutting off of entries that no anchor speaks of: those after the last anchor, or
//! after the last one that is left where the file of anchors was cut short as well. `what_no_anchor_speaks_of`
//! shows it.

mod common;

use common::Server;
use hmac::{Hmac, KeyInit, Mac};
use medsrv::ops::anchor::{Anchor, AnchorFile};
use medsrv::service::audit::{Action, Entry, Finding, Head, Key, Summary, Trail, verify};
use medsrv::service::changes::Changes;
use medsrv::service::memory::Memory;
use medsrv::service::time::Now;
use medsrv::service::{Failure, Rules, table};
use medsrv::store::{AdhocLimits, Commit, Store, Value};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

const KEY: [u8; 32] = [7; 32];
const ENTRIES: i64 = 12;
/// The entries that the anchors remember.
const ANCHORED: [i64; 3] = [4, 8, 12];
const COLUMNS: &str = "sequence, recorded_at, boot_id, actor_id, role, peer, method, action, entity, entity_id, \
                       patient_id, outcome, reason, detail, request_id";

fn key() -> Key {
    Key::new(KEY.into())
}

fn now(unix_ms: i64) -> Now {
    Now { local: String::new(), utc: String::new(), unix_ms }
}

/// Appends `count` entries, one a turn, and returns the trail's head after each.
fn append(store: &mut Store, count: i64) -> Vec<Head> {
    let mut trail = Trail::new(&key(), "b00t".into());
    let mut heads = Vec::new();
    for number in 1..=count {
        let entry = Entry {
            actor_id: Some(7),
            role: "doctor",
            peer: "10.0.0.7",
            method: "patient.read",
            action: Action::Read,
            entity: "patient",
            entity_id: Some(number),
            patient_id: Some(number),
            outcome: "success",
            reason: Some("treats"),
            detail: Some("basic"),
            request_id: Some("r-1"),
        };
        let now = now(1_767_294_245_000 + number);
        store.write_decided(|transaction| trail.record(transaction, &entry, &now)).unwrap();
        assert_eq!(store.commit(), Commit::Durable);
        heads.push(trail.head(&store.read().unwrap()).unwrap());
    }
    store.commit();
    heads
}

/// A database with a trail and its anchors, to be tampered with.
struct Victim {
    _directory: tempfile::TempDir,
    path: PathBuf,
    heads: Vec<Head>,
    anchors: Vec<Head>,
}

impl Victim {
    fn new() -> Victim {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("victim.db");
        let mut store = Store::open(&path, |_| Err("no credentials".into())).unwrap().store;
        let heads = append(&mut store, ENTRIES);
        store.close();
        let anchors = heads.iter().copied().filter(|head| ANCHORED.contains(&head.sequence)).collect();
        Victim { _directory: directory, path, heads, anchors }
    }

    /// Runs SQL on the file, as its owner can; the table is given up its types and its triggers before.
    fn tamper(&self, sql: &str) {
        let connection = Connection::open(&self.path).unwrap();
        let loose = "CREATE TABLE loose (sequence INTEGER PRIMARY KEY, recorded_at, boot_id, actor_id, role, peer, \
                     method, action, entity, entity_id, patient_id, outcome, reason, detail, request_id, hash);
                     INSERT INTO loose SELECT * FROM audit; DROP TABLE audit; ALTER TABLE loose RENAME TO audit;";
        connection.execute_batch(&format!("BEGIN; {loose} {sql}; COMMIT")).unwrap();
    }

    fn verify(&self) -> Result<Summary, Finding> {
        let mut store = Store::open_beside(&self.path).unwrap();
        match verify(&mut store, &key(), self.anchors.clone()) {
            Ok(summary) => Ok(summary),
            Err(Failure::Refused(finding)) => Err(finding),
            Err(Failure::Fault(error)) => panic!("{error}"),
        }
    }

    /// Gives the entries from `first` on new hashes, as one does who knows the form but not the key.
    fn rehash(&self, first: i64, hash: impl Fn(&[u8; 32], &[u8]) -> [u8; 32]) {
        let connection = Connection::open(&self.path).unwrap();
        let mut previous =
            if first == 1 { [0; 32] } else { self.heads[usize::try_from(first).unwrap() - 2].hash };
        for sequence in first..=ENTRIES {
            let sql = format!("SELECT {COLUMNS} FROM audit WHERE sequence = {sequence}");
            let form = connection.query_row(&sql, [], |row| Ok(form(row))).unwrap();
            previous = hash(&previous, &form);
            let sql = "UPDATE audit SET hash = ?2 WHERE sequence = ?1";
            connection.execute(sql, (sequence, shown(&previous))).unwrap();
        }
    }
}

fn shown(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A row in the form in which it is hashed.
fn form(row: &rusqlite::Row<'_>) -> Vec<u8> {
    use rusqlite::types::ValueRef;
    let mut form = Vec::new();
    for column in 0..15 {
        match row.get_ref(column).unwrap() {
            ValueRef::Null => form.push(b'n'),
            ValueRef::Integer(number) => {
                form.push(b'i');
                form.extend(number.to_be_bytes());
            }
            ValueRef::Text(text) => {
                form.push(b't');
                form.extend((text.len() as u64).to_be_bytes());
                form.extend(text);
            }
            other => panic!("{other:?}"),
        }
    }
    form
}

fn hmac_under(key: [u8; 32]) -> impl Fn(&[u8; 32], &[u8]) -> [u8; 32] {
    move |previous, form| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(previous);
        mac.update(form);
        mac.finalize().into_bytes().into()
    }
}

fn bad(sequence: i64) -> String {
    format!("entry {sequence} is bad")
}

fn missing(sequence: i64) -> String {
    format!("entry {sequence} is missing")
}

#[test]
fn a_trail_that_nobody_touched_is_whole() {
    let victim = Victim::new();
    let summary = victim.verify().unwrap();
    assert_eq!((summary.entries, summary.anchors), (ENTRIES, 3));
    assert_eq!(summary.first.unwrap().recorded_at, "2026-01-01T19:04:05.001Z");
    assert_eq!(summary.last.unwrap().sequence, ENTRIES);
    // Without its types and triggers, but with its rows, it is the same trail.
    victim.tamper("SELECT 1");
    assert_eq!(victim.verify().unwrap().entries, ENTRIES);
    // The test knows the form in which rows are hashed, so that its forgeries are good ones.
    victim.rehash(1, hmac_under(KEY));
    assert_eq!(victim.verify().unwrap().entries, ENTRIES);
}

#[test]
fn each_change_of_a_column_is_found() {
    for (column, values) in [
        ("sequence", vec!["100"]),
        ("recorded_at", vec!["'2026-01-01T19:04:05.007Z'", "NULL", "x'00'", "5"]),
        ("boot_id", vec!["'b00u'", "''", "NULL"]),
        ("actor_id", vec!["8", "NULL", "'7'", "7.0", "x'37'"]),
        ("role", vec!["'nurse'", "NULL", "CAST('doctor' AS BLOB)"]),
        ("peer", vec!["'10.0.0.8'", "NULL"]),
        ("method", vec!["'patient.readb'", "NULL"]),
        ("action", vec!["'C'", "'r'", "NULL"]),
        ("entity", vec!["'doctor'", "NULL"]),
        ("entity_id", vec!["1", "NULL", "'6'"]),
        ("patient_id", vec!["1", "NULL", "6.5"]),
        ("outcome", vec!["'forbidden'", "NULL"]),
        ("reason", vec!["'treats '", "''", "NULL", "x''"]),
        ("detail", vec!["'basi'", "NULL", "CAST(x'ff' AS TEXT)"]),
        ("request_id", vec!["'r-2'", "''", "NULL"]),
        ("hash", vec!["upper(hash)", "hash || ' '", "''", "NULL", "CAST(hash AS BLOB)", "0"]),
    ] {
        for value in values {
            let victim = Victim::new();
            victim.tamper(&format!("UPDATE audit SET {column} = {value} WHERE sequence = 6"));
            let found = victim.verify().expect_err(&format!("{column} = {value}")).to_string();
            let expected = if column == "sequence" { missing(6) } else { bad(6) };
            assert!(found.starts_with(&expected), "{column} = {value}: {found}");
        }
    }
}

#[test]
fn text_that_moves_from_one_column_to_the_next_is_found() {
    let victim = Victim::new();
    victim.tamper("UPDATE audit SET reason = reason || 'b', detail = substr(detail, 2) WHERE sequence = 6");
    assert!(victim.verify().unwrap_err().to_string().starts_with(&bad(6)));
}

#[test]
fn rows_that_go_come_or_change_places_are_found() {
    let row = |sequence: &str, of: i64| {
        let rest = COLUMNS.trim_start_matches("sequence, ");
        format!("INSERT INTO audit SELECT {sequence}, {rest}, hash FROM audit WHERE sequence = {of}")
    };
    let cases = [
        ("the first is removed", "DELETE FROM audit WHERE sequence = 1".to_owned(), missing(1)),
        ("one is removed", "DELETE FROM audit WHERE sequence = 6".into(), missing(6)),
        ("several are removed", "DELETE FROM audit WHERE sequence IN (5, 9, 12)".into(), missing(5)),
        ("the last is removed", "DELETE FROM audit WHERE sequence = 12".into(), missing(12)),
        ("the end is cut off", "DELETE FROM audit WHERE sequence > 9".into(), missing(10)),
        ("the table is emptied", "DELETE FROM audit".into(), missing(1)),
        (
            "one is removed and the gap closed",
            "DELETE FROM audit WHERE sequence = 6; UPDATE audit SET sequence = sequence - 1 WHERE sequence > 6".into(),
            bad(6),
        ),
        (
            "two change places",
            "UPDATE audit SET sequence = -1 WHERE sequence = 5; UPDATE audit SET sequence = 5 WHERE sequence = 7; \
             UPDATE audit SET sequence = 7 WHERE sequence = -1"
                .into(),
            bad(5),
        ),
        (
            "one is put in twice and the rest moved up",
            format!(
                "UPDATE audit SET sequence = sequence + 1000 WHERE sequence > 6; {}; \
                 UPDATE audit SET sequence = sequence - 999 WHERE sequence > 1000",
                row("7", 6)
            ),
            bad(7),
        ),
        ("one is put over another", row("6", 3).replace("INSERT", "INSERT OR REPLACE"), bad(6)),
        ("one is put behind the end", row("13", 12), bad(13)),
        ("one is put far behind the end", row("40", 12), missing(13)),
        ("one is put at the last possible place", row("9223372036854775807", 12), missing(13)),
        ("one is put before the beginning", row("0", 1), bad(0)),
        ("one is put far before the beginning", row("-9223372036854775808", 1), bad(i64::MIN)),
        ("a gap is made", "UPDATE audit SET sequence = sequence + 1 WHERE sequence = 12".into(), missing(12)),
        ("all move up", "UPDATE audit SET sequence = -sequence; UPDATE audit SET sequence = 1 - sequence".into(), missing(1)),
    ];
    for (what, sql, expected) in cases {
        let victim = Victim::new();
        victim.tamper(&sql);
        let found = victim.verify().expect_err(what).to_string();
        assert!(found.starts_with(&expected), "{what}: {found}");
    }
}

#[test]
fn the_triggers_do_not_have_to_be_dropped_for_a_row_to_be_replaced_and_it_is_found() {
    let victim = Victim::new();
    let connection = Connection::open(&victim.path).unwrap();
    for sql in ["UPDATE audit SET role = 'nurse'", "DELETE FROM audit", "UPDATE audit SET sequence = 99"] {
        let refused = connection.execute(sql, []).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
    let rest = COLUMNS.replace("sequence", "6");
    let sql = format!("INSERT OR REPLACE INTO audit SELECT {rest}, hash FROM audit WHERE sequence = 3");
    assert_eq!(connection.execute(&sql, []).unwrap(), 1);
    assert!(victim.verify().unwrap_err().to_string().starts_with(&bad(6)));
}

#[test]
fn a_chain_that_was_made_without_the_key_is_found_where_it_begins() {
    let plain = |previous: &[u8; 32], form: &[u8]| {
        let mut sha = Sha256::new();
        sha.update(previous);
        sha.update(form);
        sha.finalize().into()
    };
    for first in [1, 6, 12] {
        let victim = Victim::new();
        victim.tamper("SELECT 1");
        victim.rehash(first, plain);
        assert!(victim.verify().unwrap_err().to_string().starts_with(&bad(first)), "plain SHA-256");
        for key in [[8; 32], [0; 32]] {
            let victim = Victim::new();
            victim.tamper(&format!("UPDATE audit SET actor_id = 99 WHERE sequence = {first}"));
            victim.rehash(first, hmac_under(key));
            assert!(victim.verify().unwrap_err().to_string().starts_with(&bad(first)), "another key");
        }
    }
}

#[test]
fn a_chain_that_was_made_anew_with_its_own_key_does_not_meet_the_anchors() {
    let victim = Victim::new();
    victim.tamper("UPDATE audit SET actor_id = 99 WHERE sequence = 6");
    victim.rehash(6, hmac_under(KEY));
    assert_eq!(victim.verify(), Err(Finding::AnchorDiffers { sequence: 8 }));
}

#[test]
fn an_older_copy_of_the_table_is_found() {
    let mut victim = Victim::new();
    let older = victim.path.with_extension("older");
    fs::copy(&victim.path, &older).unwrap();
    let mut store = Store::open_beside(&victim.path).unwrap();
    let heads = append(&mut store, 2);
    drop(store);
    assert_eq!(victim.verify().unwrap().entries, ENTRIES + 2);
    victim.anchors.extend(heads.last());
    fs::remove_file(victim.path.with_extension("db-wal")).ok();
    fs::copy(&older, &victim.path).unwrap();
    assert_eq!(victim.verify(), Err(Finding::Truncated { anchored_sequence: 14, found: 12 }));
}

#[test]
fn a_changed_anchor_is_found_and_a_removed_one_is_vouched_for_by_the_next() {
    let change = |change: fn(&mut Vec<Head>)| {
        let mut victim = Victim::new();
        change(&mut victim.anchors);
        victim
    };
    let hash = change(|anchors| anchors[1].hash[31] ^= 1);
    assert_eq!(hash.verify(), Err(Finding::AnchorDiffers { sequence: 8 }));
    let sequence = change(|anchors| anchors[1].sequence = 7);
    assert_eq!(sequence.verify(), Err(Finding::AnchorDiffers { sequence: 7 }));
    let beyond = change(|anchors| anchors[0].sequence = 13);
    assert_eq!(beyond.verify(), Err(Finding::Truncated { anchored_sequence: 13, found: 12 }));
    let start = change(|anchors| anchors[0].sequence = 0);
    assert_eq!(start.verify(), Err(Finding::AnchorDiffers { sequence: 0 }));
    let negative = change(|anchors| anchors[0].sequence = -4);
    assert_eq!(negative.verify(), Err(Finding::AnchorDiffers { sequence: -4 }));
    let order = change(|anchors| anchors.reverse());
    assert_eq!(order.verify().unwrap().anchors, 3);
    let removed = change(|anchors| anchors.retain(|anchor| anchor.sequence != 8));
    assert_eq!(removed.verify().unwrap().anchors, 2);
    removed.tamper("DELETE FROM audit WHERE sequence > 8");
    assert_eq!(removed.verify(), Err(Finding::Truncated { anchored_sequence: 12, found: 8 }));
}

#[test]
fn what_no_anchor_speaks_of() {
    let mut victim = Victim::new();
    victim.anchors.pop();
    victim.tamper("DELETE FROM audit WHERE sequence > 8");
    assert_eq!(victim.verify().unwrap().entries, 8, "nothing in the world remembers the four");
}

#[test]
fn a_trail_longer_than_a_page_is_read_to_its_end() {
    let mut store = Store::open_in_memory().unwrap();
    let mut trail = Trail::new(&key(), "b00t".into());
    let entry = Entry {
        actor_id: None,
        role: "",
        peer: "",
        method: "x",
        action: Action::Execute,
        entity: "",
        entity_id: None,
        patient_id: None,
        outcome: "success",
        reason: None,
        detail: None,
        request_id: None,
    };
    for _ in 0..1203 {
        store.write_decided(|transaction| trail.record(transaction, &entry, &now(0))).unwrap();
    }
    let head = trail.head(&store.read().unwrap()).unwrap();
    store.commit();
    let summary = verify(&mut store, &key(), vec![head, head]).unwrap();
    assert_eq!((summary.entries, summary.anchors), (1203, 2));
}

#[test]
fn clients_neither_read_the_trail_nor_write_to_it() {
    let mut store = Store::open_in_memory().unwrap();
    append(&mut store, 2);
    let limits = AdhocLimits { rows: 100, time: Duration::from_secs(5) };
    for sql in [
        "SELECT * FROM audit",
        "SELECT count(*) FROM audit",
        "SELECT 1 FROM audit",
        "SELECT max(sequence) FROM audit",
        "SELECT rowid FROM main.audit",
        "SELECT EXISTS (SELECT 1 FROM audit)",
        "SELECT name FROM students WHERE id IN (SELECT sequence FROM audit)",
        "SELECT * FROM students NATURAL JOIN audit",
        "SELECT * FROM students s JOIN audit a USING (rowid)",
        "SELECT * FROM medical_orders LEFT JOIN audit ON sequence = order_id",
        "WITH a AS (SELECT * FROM audit) SELECT count(*) FROM a",
        "SELECT id FROM students UNION SELECT sequence FROM audit",
        "SELECT sql FROM sqlite_master",
        "INSERT INTO audit SELECT * FROM audit",
        "DELETE FROM audit",
    ] {
        let asked = store.adhoc(sql, limits, |_| Ok(()), |_| Ok(()));
        assert!(asked.is_err(), "{sql}");
    }
    for name in ["audit", "AUDIT", "main.audit", "\"audit\""] {
        let row = [("sequence", Value::Integer(3))];
        let put = store.write(|transaction| {
            let (mut memory, mut changes) = (Memory::default(), Changes::default());
            table::insert(transaction, name, &row, &Rules::default(), &mut memory, &mut changes, &now(0))
        });
        assert!(matches!(put, Err(Failure::Refused(table::Refusal::UnknownTable))), "{name}");
    }
}

/// Puts the key and the anchors where the subcommands look for them.
fn put_key_and_anchors(data: &Path, heads: &[Head]) {
    let path = data.join("audit.key");
    fs::write(&path, "07".repeat(32)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let mut file = AnchorFile::open(&data.join("audit.anchor")).unwrap();
    for head in heads {
        file.append("2026-01-01T19:05:00.000Z", &Anchor { sequence: head.sequence, hash: head.hash })
            .unwrap();
    }
}

fn medsrv(directory: &Path, words: &[&str]) -> (i32, String, String) {
    let command = Command::new(env!("CARGO_BIN_EXE_medsrv")).current_dir(directory).args(words).output();
    let Output { status, stdout, stderr } = command.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn the_subcommands_work_beside_a_running_server() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    fs::create_dir(&data).unwrap();
    let mut store = Store::open(&data.join("MedicalSystem.db"), |_| Err(String::new())).unwrap().store;
    let heads = append(&mut store, 3);
    store.close();
    put_key_and_anchors(&data, &heads[1..]);
    let server = Server::start_in(place, &["--demo"], "");
    let directory = server.directory.path();
    let database = server.database();
    // The fourth entry is that of the start.
    let mut beside = Store::open_beside(&database).unwrap();
    while Head::read(&beside.read().unwrap()).unwrap().sequence < 4 {
        beside.commit();
        std::thread::yield_now();
    }
    beside.commit();
    let (exit_code, said, complained) = medsrv(directory, &["audit", "verify"]);
    assert_eq!((exit_code, complained.as_str()), (0, ""), "{said}");
    assert!(
        said.contains("whole: 4 entries, 1 (2026-01-01T19:04:05.001Z) to 4 (") && said.contains("2 anchors")
    );

    let (exit_code, lines, _) = medsrv(directory, &["audit", "export", "--format", "ndjson"]);
    let events: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((exit_code, events.len()), (0, 4));
    assert_eq!(events[2]["resourceType"], "AuditEvent");
    assert_eq!(events[2]["entity"][0]["what"]["reference"], "Patient/3");
    let (_, lines, _) = medsrv(directory, &["audit", "export", "--since", "2026-01-01T19:04:05.003Z"]);
    assert_eq!(lines.lines().count(), 2);
    let (exit_code, lines, _) = medsrv(directory, &["audit", "export", "--since", "2100-01-01"]);
    assert_eq!((exit_code, lines.as_str()), (0, ""));
    assert_eq!(medsrv(directory, &["audit", "export", "--since", "soon"]).0, 2);

    // The server serves on, and what was done to its file behind its back is told.
    let tamperer = Connection::open(&database).unwrap();
    tamperer.busy_timeout(common::PATIENCE).unwrap();
    tamperer
        .execute_batch("DROP TRIGGER audit_is_never_changed; UPDATE audit SET role = 'x' WHERE sequence = 2")
        .unwrap();
    let (exit_code, said, complained) = medsrv(directory, &["audit", "verify"]);
    assert_eq!((exit_code, said.as_str()), (65, ""));
    assert!(complained.contains("entry 2 is bad"), "{complained}");
    assert_eq!(server.ask(r#"{"sql_query": "SELECT count(*) FROM doctors"}"#)["result"]["data"][0][0], 3);
}

#[test]
fn what_is_in_the_way_is_told_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    let check = |words: &[&str], expected_code: i32, expected: &str| {
        let (exit_code, _, complained) = medsrv(directory.path(), words);
        assert_eq!(exit_code, expected_code, "{complained}");
        assert!(complained.contains(expected), "{complained}");
    };
    check(&["audit", "verify"], 74, "audit.key is not there");
    put_key_and_anchors(&data, &[]);
    check(&["audit", "verify"], 65, "there is no such file: start the server once");
    check(&["audit", "export"], 65, "there is no such file: start the server once");
    let database = data.join("MedicalSystem.db");
    assert!(!database.exists(), "nothing was made");
    fs::write(&database, "").unwrap();
    check(&["audit", "verify"], 65, "is empty: start the server once");
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/legacy/MedicalSystem.db"), &database).unwrap();
    check(&["audit", "verify"], 65, "start the server once, which adopts it");
    fs::remove_file(&database).unwrap();
    Store::open(&database, |_| Err("no credentials".into())).unwrap().store.close();
    let connection = Connection::open(&database).unwrap();
    let schema: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    for (version, expected) in [(3, "is older than this program's"), (99, "is newer than this program's")] {
        connection.pragma_update(None, "user_version", version).unwrap();
        check(&["audit", "verify"], 65, expected);
    }
    connection.pragma_update(None, "user_version", schema).unwrap();
    let (exit_code, said, _) = medsrv(directory.path(), &["audit", "verify"]);
    assert_eq!(exit_code, 0);
    assert!(said.contains("0 entries; no anchor"), "{said}");
    fs::write(data.join("audit.anchor"), "half a li").unwrap();
    check(&["audit", "verify"], 0, "line 1 of");
    fs::write(data.join("audit.anchor"), "nonsense\n").unwrap();
    check(&["audit", "verify"], 65, "line 1 is no anchor");
    fs::set_permissions(data.join("audit.key"), fs::Permissions::from_mode(0o644)).unwrap();
    check(&["audit", "verify"], 74, "chmod 600");
}
