//! Who may call what, and whose data they reach: every method for everyone, held against a table of this
//! file's own, so that a right is changed in two places or not at all.

use crate::care::of_encounter;
use crate::chat::{blocked, of_chat};
use crate::clinic::*;
use crate::orders::of_order;
use crate::places::{PAIRS, Pair, of_pair, of_schedule, session};
use crate::records::of_records;
use crate::reports::of_report;
use crate::staff::{of_own_work, of_staff};
use crate::ward::of_ward;
use medsrv::dispatch::METHODS;
use medsrv::session::Session;
use serde_json::{Value, json};

/// For each method what patient, doctor, nurse, clerk, administrator, auditing nurse and someone who is not
/// logged in may do: `no`, only `own` data, that of those whom they treat, with a `reason`, or `any`.
const EXPECTED: &[(&str, [&str; 7])] = &[
    ("rpc.discover", ["any", "any", "any", "any", "any", "any", "any"]),
    ("session.login", ["any", "any", "any", "any", "any", "any", "any"]),
    ("session.resume", ["any", "any", "any", "any", "any", "any", "any"]),
    ("session.logout", ["own", "own", "own", "own", "own", "own", "no"]),
    ("session.whoami", ["own", "own", "own", "own", "own", "own", "no"]),
    ("session.list", ["own", "own", "own", "own", "own", "own", "no"]),
    ("session.revoke", ["own", "own", "own", "own", "own", "own", "no"]),
    ("account.register_patient", ["any", "any", "any", "any", "any", "any", "any"]),
    ("account.create", ["no", "no", "no", "no", "any", "no", "no"]),
    ("account.list", ["no", "no", "no", "no", "any", "no", "no"]),
    ("account.disable", ["no", "no", "no", "no", "any", "no", "no"]),
    ("account.enable", ["no", "no", "no", "no", "any", "no", "no"]),
    ("account.set_role", ["no", "no", "no", "no", "any", "no", "no"]),
    ("account.unlock", ["no", "no", "no", "no", "any", "no", "no"]),
    ("account.reset_password", ["own", "own", "own", "own", "any", "own", "no"]),
    ("patient.get", ["own", "treated", "any", "any", "reason", "any", "no"]),
    ("patient.search", ["no", "any", "any", "any", "reason", "any", "no"]),
    ("patient.update", ["own", "no", "any", "any", "no", "any", "no"]),
    ("patient.break_glass", ["no", "any", "no", "no", "no", "no", "no"]),
    ("doctor.list", ["any", "any", "any", "any", "any", "any", "any"]),
    ("doctor.get", ["any", "any", "any", "any", "any", "any", "any"]),
    ("doctor.update", ["no", "own", "no", "no", "any", "no", "no"]),
    ("department.list", ["any", "any", "any", "any", "any", "any", "any"]),
    ("schedule.sessions", ["any", "any", "any", "any", "any", "any", "any"]),
    ("schedule.templates", ["no", "any", "any", "any", "any", "any", "no"]),
    ("schedule.exceptions", ["no", "any", "any", "any", "any", "any", "no"]),
    ("schedule.blocks", ["no", "any", "any", "any", "any", "any", "no"]),
    ("schedule.add_template", ["no", "no", "no", "any", "any", "no", "no"]),
    ("schedule.end_template", ["no", "no", "no", "any", "any", "no", "no"]),
    ("schedule.add_exception", ["no", "no", "no", "any", "any", "no", "no"]),
    ("schedule.remove_exception", ["no", "no", "no", "any", "any", "no", "no"]),
    ("schedule.add_block", ["no", "no", "no", "any", "any", "no", "no"]),
    ("schedule.remove_block", ["no", "no", "no", "any", "any", "no", "no"]),
    ("schedule.add_session", ["no", "no", "no", "any", "any", "no", "no"]),
    ("schedule.generate", ["no", "no", "no", "any", "any", "no", "no"]),
    ("schedule.resize_session", ["no", "no", "no", "any", "any", "no", "no"]),
    ("schedule.stop_session", ["no", "own", "no", "any", "any", "no", "no"]),
    ("appointment.hold", ["own", "no", "any", "any", "no", "any", "no"]),
    ("appointment.book", ["own", "no", "any", "any", "no", "any", "no"]),
    ("appointment.confirm", ["own", "no", "any", "any", "no", "any", "no"]),
    ("appointment.cancel", ["own", "own", "any", "any", "reason", "any", "no"]),
    ("appointment.reschedule", ["own", "no", "any", "any", "no", "any", "no"]),
    ("appointment.undo", ["own", "own", "any", "any", "reason", "any", "no"]),
    // A reason is needed of everyone.
    ("appointment.correct_no_show", ["no", "own", "any", "any", "any", "any", "no"]),
    ("appointment.set_paid", ["no", "no", "no", "any", "no", "no", "no"]),
    ("appointment.get", ["own", "own", "any", "any", "reason", "any", "no"]),
    ("appointment.list", ["own", "treated", "any", "any", "reason", "any", "no"]),
    ("appointment.lift_penalty", ["no", "no", "no", "any", "any", "no", "no"]),
    ("waitlist.join", ["own", "no", "any", "any", "no", "any", "no"]),
    ("waitlist.leave", ["own", "no", "any", "any", "no", "any", "no"]),
    ("waitlist.list", ["own", "no", "any", "any", "no", "any", "no"]),
    ("queue.board", ["any", "any", "any", "any", "any", "any", "any"]),
    ("appointment.walk_in", ["no", "no", "any", "any", "reason", "any", "no"]),
    ("appointment.follow_up", ["no", "own", "any", "any", "reason", "any", "no"]),
    // A reason is needed of everyone.
    ("appointment.add_on", ["no", "own", "no", "no", "any", "no", "no"]),
    ("queue.check_in", ["own", "own", "any", "any", "reason", "any", "no"]),
    ("queue.call_next", ["no", "own", "any", "any", "reason", "any", "no"]),
    ("queue.recall", ["no", "own", "any", "any", "reason", "any", "no"]),
    ("queue.skip", ["no", "own", "any", "any", "reason", "any", "no"]),
    ("queue.return", ["no", "own", "any", "any", "reason", "any", "no"]),
    ("queue.start", ["no", "own", "any", "any", "reason", "any", "no"]),
    ("queue.finish", ["no", "own", "any", "any", "reason", "any", "no"]),
    ("queue.set_priority", ["no", "own", "any", "any", "reason", "any", "no"]),
    ("queue.undo", ["no", "own", "any", "any", "reason", "any", "no"]),
    ("queue.list", ["no", "own", "any", "any", "reason", "any", "no"]),
    ("queue.leave", ["own", "own", "any", "any", "reason", "any", "no"]),
    ("queue.status", ["own", "own", "any", "any", "reason", "any", "no"]),
    ("encounter.open", ["no", "treated", "no", "no", "no", "no", "no"]),
    ("encounter.get", ["own", "treated", "no", "no", "reason", "no", "no"]),
    ("fhir.export", ["own", "treated", "no", "no", "reason", "no", "no"]),
    ("encounter.list", ["own", "treated", "no", "no", "reason", "no", "no"]),
    ("encounter.begin", ["no", "own", "no", "no", "no", "no", "no"]),
    ("encounter.finish", ["no", "own", "no", "no", "no", "no", "no"]),
    ("encounter.cancel", ["no", "own", "no", "no", "no", "no", "no"]),
    ("encounter.reopen", ["no", "own", "no", "no", "no", "no", "no"]),
    ("record.write", ["no", "treated", "no", "no", "no", "no", "no"]),
    ("record.edit", ["no", "own", "no", "no", "no", "no", "no"]),
    ("record.sign", ["no", "own", "no", "no", "no", "no", "no"]),
    ("record.amend", ["no", "own", "no", "no", "no", "no", "no"]),
    // A reason is needed of everyone.
    ("record.discard", ["no", "own", "no", "no", "any", "no", "no"]),
    ("record.get", ["own", "treated", "no", "no", "reason", "no", "no"]),
    ("record.list", ["own", "treated", "no", "no", "reason", "no", "no"]),
    ("diagnosis.add", ["no", "treated", "no", "no", "no", "no", "no"]),
    ("diagnosis.set_rank", ["no", "own", "no", "no", "no", "no", "no"]),
    ("diagnosis.withdraw", ["no", "own", "no", "no", "no", "no", "no"]),
    ("diagnosis.list", ["own", "treated", "no", "no", "reason", "no", "no"]),
    ("diagnosis.search_codes", ["no", "any", "any", "any", "any", "any", "no"]),
    ("allergy.add", ["no", "treated", "any", "no", "no", "any", "no"]),
    ("allergy.set_severity", ["no", "treated", "any", "no", "no", "any", "no"]),
    ("allergy.refute", ["no", "treated", "any", "no", "no", "any", "no"]),
    ("allergy.list", ["own", "treated", "any", "no", "reason", "any", "no"]),
    ("attachment.add", ["no", "treated", "no", "no", "no", "no", "no"]),
    ("attachment.withdraw", ["no", "own", "no", "no", "no", "no", "no"]),
    ("attachment.list", ["own", "treated", "no", "no", "reason", "no", "no"]),
    ("patient.timeline", ["own", "treated", "no", "no", "reason", "no", "no"]),
    ("drug.search", ["no", "any", "any", "any", "any", "any", "no"]),
    ("drug.get", ["no", "any", "any", "any", "any", "any", "no"]),
    ("prescription.create", ["no", "own", "no", "no", "no", "no", "no"]),
    ("prescription.add_line", ["no", "own", "no", "no", "no", "no", "no"]),
    ("prescription.remove_line", ["no", "own", "no", "no", "no", "no", "no"]),
    ("prescription.activate", ["no", "own", "no", "no", "no", "no", "no"]),
    ("prescription.dispense", ["no", "no", "any", "no", "no", "any", "no"]),
    ("prescription.stop", ["no", "treated", "no", "no", "no", "no", "no"]),
    ("prescription.cancel", ["no", "own", "no", "no", "no", "no", "no"]),
    ("prescription.get", ["own", "treated", "any", "no", "reason", "any", "no"]),
    ("prescription.list", ["own", "treated", "any", "no", "reason", "any", "no"]),
    ("order.request", ["no", "own", "no", "no", "no", "no", "no"]),
    ("order.accept", ["no", "own", "any", "no", "no", "any", "no"]),
    ("order.start", ["no", "own", "any", "no", "no", "any", "no"]),
    ("order.complete", ["no", "own", "any", "no", "no", "any", "no"]),
    ("order.add_result", ["no", "own", "any", "no", "no", "any", "no"]),
    ("order.withdraw_result", ["no", "treated", "any", "no", "no", "any", "no"]),
    ("order.cancel", ["no", "own", "no", "no", "no", "no", "no"]),
    ("order.get", ["own", "treated", "any", "no", "reason", "any", "no"]),
    ("order.list", ["own", "treated", "any", "no", "reason", "any", "no"]),
    ("order.worklist", ["no", "own", "any", "no", "no", "any", "no"]),
    ("order.acknowledge", ["no", "treated", "no", "no", "no", "no", "no"]),
    ("order.critical", ["no", "own", "any", "no", "no", "any", "no"]),
    ("ward.add", ["no", "no", "no", "any", "any", "no", "no"]),
    ("ward.add_bed", ["no", "no", "no", "any", "any", "no", "no"]),
    ("ward.close", ["no", "no", "no", "any", "any", "no", "no"]),
    ("ward.list", ["no", "any", "any", "any", "any", "any", "no"]),
    ("ward.board", ["no", "any", "any", "any", "reason", "any", "no"]),
    ("bed.set_state", ["no", "no", "any", "no", "no", "any", "no"]),
    ("admission.request", ["no", "treated", "no", "no", "no", "no", "no"]),
    ("admission.reserve", ["no", "no", "any", "any", "no", "any", "no"]),
    ("admission.admit", ["no", "no", "any", "any", "no", "any", "no"]),
    ("admission.cancel", ["no", "own", "any", "any", "no", "any", "no"]),
    ("admission.transfer", ["no", "own", "any", "any", "no", "any", "no"]),
    ("admission.change_doctor", ["no", "own", "no", "any", "no", "no", "no"]),
    ("admission.order_discharge", ["no", "own", "no", "no", "no", "no", "no"]),
    ("admission.undo_discharge_order", ["no", "own", "no", "no", "no", "no", "no"]),
    ("admission.discharge", ["no", "no", "any", "any", "no", "any", "no"]),
    ("admission.get", ["own", "treated", "any", "any", "reason", "any", "no"]),
    ("admission.list", ["own", "treated", "any", "any", "reason", "any", "no"]),
    ("department.set_head", ["no", "no", "no", "no", "any", "no", "no"]),
    ("leave.request", ["no", "own", "no", "no", "no", "no", "no"]),
    ("leave.approve", ["no", "own", "no", "no", "any", "no", "no"]),
    ("leave.reject", ["no", "own", "no", "no", "any", "no", "no"]),
    ("leave.revoke", ["no", "own", "no", "no", "any", "no", "no"]),
    ("leave.get", ["no", "own", "no", "any", "any", "no", "no"]),
    ("leave.list", ["no", "own", "no", "any", "any", "no", "no"]),
    ("attendance.clock_in", ["no", "own", "no", "no", "no", "no", "no"]),
    ("attendance.clock_out", ["no", "own", "no", "no", "no", "no", "no"]),
    ("attendance.list", ["no", "own", "no", "any", "any", "no", "no"]),
    ("chat.open", ["own", "own", "no", "no", "no", "no", "no"]),
    ("chat.open_staff", ["no", "any", "any", "any", "any", "any", "no"]),
    ("chat.add_member", ["no", "own", "own", "own", "own", "own", "no"]),
    ("chat.leave", ["no", "own", "own", "own", "own", "own", "no"]),
    ("chat.close", ["no", "own", "own", "own", "own", "own", "no"]),
    ("chat.send", ["own", "own", "own", "own", "own", "own", "no"]),
    ("chat.messages", ["own", "treated", "own", "own", "reason", "reason", "no"]),
    ("chat.read", ["own", "own", "own", "own", "own", "own", "no"]),
    ("chat.get", ["own", "treated", "own", "own", "reason", "reason", "no"]),
    ("chat.threads", ["own", "own", "own", "own", "own", "own", "no"]),
    ("chat.of_patient", ["own", "treated", "no", "no", "reason", "reason", "no"]),
    ("chat.block", ["own", "own", "own", "own", "own", "own", "no"]),
    ("chat.unblock", ["own", "own", "own", "own", "own", "own", "no"]),
    ("chat.blocks", ["own", "own", "own", "own", "own", "own", "no"]),
    ("chat.old_messages", ["own", "own", "own", "own", "own", "own", "no"]),
    ("report.get", ["no", "own", "no", "any", "any", "no", "no"]),
    // Which topics they may hear is tried in `tests/events.rs`.
    ("event.subscribe", ["any", "any", "any", "any", "any", "any", "any"]),
    ("event.unsubscribe", ["any", "any", "any", "any", "any", "any", "any"]),
    ("notice.list", ["own", "no", "no", "no", "no", "no", "no"]),
    ("notice.fetched", ["own", "no", "no", "no", "no", "no", "no"]),
    ("audit.query", ["no", "no", "no", "no", "no", "any", "no"]),
];

const CALLERS: [(&str, Option<i64>); 7] = [
    ("patient", Some(PATIENT)),
    ("doctor", Some(DOCTOR)),
    ("nurse", Some(NURSE)),
    ("clerk", Some(CLERK)),
    ("admin", Some(ADMIN)),
    ("auditor", Some(AUDITOR)),
    ("nobody", None),
];

/// The methods for which a reason may be given.
const REASONED: &[&str] = &[
    "patient.get",
    "patient.search",
    "appointment.cancel",
    "appointment.undo",
    "appointment.get",
    "appointment.list",
    "appointment.walk_in",
    "appointment.follow_up",
    "queue.check_in",
    "queue.call_next",
    "queue.recall",
    "queue.skip",
    "queue.return",
    "queue.start",
    "queue.finish",
    "queue.set_priority",
    "queue.undo",
    "queue.list",
    "queue.leave",
    "queue.status",
    "encounter.get",
    "fhir.export",
    "encounter.list",
    "record.get",
    "record.list",
    "diagnosis.list",
    "allergy.list",
    "attachment.list",
    "patient.timeline",
    "prescription.get",
    "prescription.list",
    "order.get",
    "order.list",
    "ward.board",
    "admission.get",
    "admission.list",
    "chat.messages",
    "chat.get",
    "chat.of_patient",
];

/// Parameters that are right for a method about a pair: whether the patient, and whether the doctor, is one whom
/// it is about.
type Sampler = fn(&mut Clinic, &str, Pair, Option<i64>) -> Option<(bool, bool, Value)>;

const SAMPLERS: &[Sampler] =
    &[of_pair, of_encounter, of_records, of_order, of_ward, of_staff, of_chat, of_report];

/// Methods about drafts, which are not there for those whose they are not.
const OF_DRAFTS: &[&str] = &["record.edit", "record.sign", "record.discard"];

/// Whose data a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    Treated,
    /// Of a patient for whom the doctor has broken the glass.
    Glass,
    Other,
}

/// Parameters that are right, for each person whom the method can be about.
fn samples(clinic: &mut Clinic, method: &str, caller: Option<i64>, number: usize) -> Vec<(Whose, Value)> {
    if method.starts_with("schedule.")
        && let Some(params) = of_schedule(clinic, method)
    {
        return vec![(Whose::Other, params)];
    }
    let mut of_pairs = Vec::new();
    for pair in PAIRS {
        let sample = SAMPLERS.iter().find_map(|sampler| sampler(clinic, method, pair, caller));
        if let Some((of_patient, of_doctor, params)) = sample {
            let is_own =
                of_patient && caller == Some(pair.patient_id) || of_doctor && caller == Some(pair.doctor_id);
            of_pairs.push((if is_own { Whose::Own } else { Whose::Other }, params));
        }
    }
    if !of_pairs.is_empty() {
        return of_pairs;
    }
    let own = |params: Value| vec![(Whose::Own, params)];
    if let Some(params) = of_own_work(clinic, method) {
        return own(params);
    }
    let about = |key: &str, more: Value, people: &[(Whose, i64)]| {
        let with = |(whose, id): &(Whose, i64)| {
            let mut params = more.clone();
            params[key] = json!(id);
            (*whose, params)
        };
        people.iter().map(with).collect()
    };
    let patients = match caller {
        Some(PATIENT) => vec![(Whose::Own, PATIENT), (Whose::Other, OTHER_PATIENT)],
        _ => vec![
            (Whose::Treated, PATIENT),
            (Whose::Other, OTHER_PATIENT),
            (Whose::Glass, THIRD_PATIENT),
            (Whose::Other, STRANGER),
        ],
    };
    let spare = &[(Whose::Other, SPARE)];
    match method {
        "rpc.discover" | "session.logout" | "session.whoami" | "session.list" | "session.revoke"
        | "account.list" | "doctor.list" | "department.list" | "audit.query" | "event.unsubscribe"
        | "notice.list" => own(json!({})),
        "order.worklist" => own(json!({"kind": "laboratory"})),
        "order.critical" => own(json!({})),
        "notice.fetched" => own(json!({"up_to": 1})),
        "event.subscribe" => own(json!({"topics": [format!("session:{}", session(clinic, PAIRS[0], 1))]})),
        "queue.board" => own(json!({"session_id": session(clinic, PAIRS[0], 1)})),
        "appointment.list" => {
            let mut all: Vec<(Whose, Value)> = about("patient_id", json!({}), &patients);
            for pair in PAIRS {
                let whose = if caller == Some(pair.doctor_id) { Whose::Own } else { Whose::Other };
                all.push((whose, json!({"session_id": session(clinic, pair, 1)})));
            }
            all
        }
        "session.login" => own(credentials(caller.unwrap_or(PATIENT))),
        "session.resume" => own(json!({"token": "put in later"})),
        "account.register_patient" => {
            own(json!({"name": "甲", "phone": format!("99{number}"), "password": "p"}))
        }
        "account.create" => {
            own(json!({"username": format!("new{number}"), "name": "乙", "password": "p", "role": "clerk"}))
        }
        "account.disable" | "account.enable" | "account.unlock" => about("user_id", json!({}), spare),
        "account.set_role" => about("user_id", json!({"role": "clerk"}), spare),
        "account.reset_password" => {
            let mut all = about("user_id", json!({"new_password": "hash_spare"}), spare);
            if let Some(id) = caller {
                let (_, password) = PEOPLE[usize::try_from(id).unwrap() - 1];
                let params = json!({"new_password": password, "old_password": password});
                all.push((Whose::Own, params.clone()));
                all.extend(about("user_id", params, &[(Whose::Own, id)]));
            }
            all
        }
        "patient.get" | "fhir.export" => about("patient_id", json!({}), &patients),
        "patient.timeline" | "encounter.list" | "allergy.list" => about("patient_id", json!({}), &patients),
        "allergy.add" => {
            let substance = format!("substance {number}");
            about("patient_id", json!({"substance": substance, "severity": "mild"}), &patients)
        }
        "diagnosis.search_codes" => own(json!({"prefix": "A"})),
        "chat.threads" | "chat.blocks" => own(json!({})),
        "chat.open_staff" => own(json!({"subject": "交班", "members": [NURSE, CLERK]})),
        "chat.block" => own(json!({"user_id": SPARE})),
        "chat.unblock" => own(json!({"user_id": blocked(clinic, caller)})),
        "chat.old_messages" => own(json!({"with_user_id": OTHER_DOCTOR})),
        "chat.of_patient" => about("patient_id", json!({}), &patients),
        "patient.search" => own(json!({"name": "张"})),
        "patient.update" => about("patient_id", json!({"email": "a@example.com"}), &patients),
        "patient.break_glass" => about("patient_id", json!({"reason": "昏迷"}), &patients),
        "doctor.get" => about("doctor_id", json!({}), &[(Whose::Other, DOCTOR)]),
        "doctor.update" => about(
            "doctor_id",
            json!({"max_patients": 20}),
            &[
                (if caller == Some(DOCTOR) { Whose::Own } else { Whose::Other }, DOCTOR),
                (Whose::Other, OTHER_DOCTOR),
            ],
        ),
        unknown => panic!("{unknown} has no sample parameters in this test"),
    }
}

/// What a right comes to.
fn outcome(right: &str, whose: Whose, has_reason: bool, is_known: bool) -> &'static str {
    match right {
        "any" => "ok",
        "no" if is_known => "forbidden",
        "no" => "unauthenticated",
        "own" if whose == Whose::Own => "ok",
        "treated" if whose != Whose::Other => "ok",
        "own" | "treated" => "forbidden",
        "reason" if has_reason => "ok",
        "reason" => "reason_required",
        other => panic!("{other} is no right"),
    }
}

fn expected(method: &str) -> [&'static str; 7] {
    let line = EXPECTED.iter().find(|(name, _)| *name == method);
    line.unwrap_or_else(|| panic!("{method} is missing from the table of this test")).1
}

/// A session to listen to.
fn add_session(clinic: &Clinic) {
    let database = rusqlite::Connection::open(clinic.directory.path().join("clinic.db")).unwrap();
    let row = "INSERT INTO clinic_sessions (doctor_id, day, period, starts_at, ends_at, capacity_online,
            capacity_onsite, capacity_addon)
        VALUES (4, '2999-01-01', 'morning', '2999-01-01 08:00:00', '2999-01-01 12:00:00', 1, 0, 0)";
    database.execute(row, []).unwrap();
}

/// A connection of the caller, and the token of their session.
fn connection(clinic: &mut Clinic, caller: Option<i64>) -> (Session, Option<String>) {
    match caller {
        None => (clinic.connect(), None),
        Some(id) => {
            let (session, token) = clinic.login_with_token(id);
            (session, Some(token))
        }
    }
}

/// Calls, and holds against the expectation what came of it and what was written.
fn check(clinic: &mut Clinic, session: &Session, method: &str, params: &Value, expected: &str) -> String {
    let (rows, entries) = (clinic.everything(), clinic.entries());
    let reply = clinic.call(session, method, params);
    assert_eq!(word(&reply), expected, "{method} {params}: {reply}");
    if expected != "ok" {
        assert!(rows == clinic.everything(), "{method} {params} was refused, and has written");
        let is_kept = i64::from(expected != "unauthenticated");
        assert_eq!(clinic.entries(), entries + is_kept, "{method} {params}: entries of a refusal");
    }
    let reply = reply.to_string();
    let is_own_name = method.starts_with("session.");
    for number in NUMBERS {
        assert!(is_own_name || !reply.contains(number), "{method} {params} shows {number}: {reply}");
    }
    reply
}

/// So many methods are tried in one clinic, which fills: each refusal is held against all rows that are there.
const METHODS_PER_CLINIC: usize = 16;

/// Tries a method as each caller, without a reason and with one.
fn try_as_everyone(clinic: &mut Clinic, method: &str, number: &mut usize) {
    for ((name, caller), right) in CALLERS.into_iter().zip(expected(method)) {
        *number += 1;
        // To break the glass is tried by itself, because it changes what comes after it.
        if method == "patient.break_glass" && name == "doctor" {
            continue;
        }
        for (whose, mut params) in samples(clinic, method, caller, *number) {
            let (session, token) = connection(clinic, caller);
            if method == "session.resume" {
                let token = token.unwrap_or_else(|| clinic.login_with_token(PATIENT).1);
                params["token"] = json!(token);
            }
            let expected = match outcome(right, whose, false, caller.is_some()) {
                "forbidden" if right == "own" && OF_DRAFTS.contains(&method) => "not_found",
                expected => expected,
            };
            check(clinic, &session, method, &params, expected);
            clinic.dispatcher().closed(session.id);
        }
        if !REASONED.contains(&method) {
            continue;
        }
        // A reason opens what asks for one, and nothing else.
        for (whose, mut params) in samples(clinic, method, caller, *number) {
            let (session, _) = connection(clinic, caller);
            if right == "reason" {
                for blank in ["", "  ", "\u{0}"] {
                    params["reason"] = json!(blank);
                    assert_eq!(clinic.word(&session, method, &params), "invalid_params");
                }
            }
            params["reason"] = json!("投诉");
            check(clinic, &session, method, &params, outcome(right, whose, true, caller.is_some()));
            clinic.dispatcher().closed(session.id);
        }
    }
}

#[test]
fn everyone_may_do_what_the_table_says_and_nothing_else() {
    assert_eq!(METHODS.len(), EXPECTED.len(), "the table of this test lists a method that is not there");
    let mut number = 0;
    for methods in METHODS.chunks(METHODS_PER_CLINIC) {
        let mut clinic = Clinic::new();
        add_session(&clinic);
        let doctor = clinic.login(DOCTOR);
        let glass = json!({"patient_id": THIRD_PATIENT, "reason": "昏迷"});
        clinic.result(&doctor, "patient.break_glass", &glass);
        methods.iter().for_each(|entry| try_as_everyone(&mut clinic, entry.name, &mut number));
    }
}

#[test]
fn a_doctor_breaks_the_glass_for_anyone() {
    let mut clinic = Clinic::new();
    let doctor = clinic.login(DOCTOR);
    for patient in [PATIENT, OTHER_PATIENT, STRANGER] {
        let params = json!({"patient_id": patient, "reason": "昏迷"});
        check(&mut clinic, &doctor, "patient.break_glass", &params, "ok");
        check(&mut clinic, &doctor, "patient.get", &json!({"patient_id": patient}), "ok");
    }
}

#[test]
fn whoever_may_not_call_is_told_so_before_parameters_are_looked_at() {
    for methods in METHODS.chunks(METHODS_PER_CLINIC) {
        let mut clinic = Clinic::new();
        for entry in methods {
            for ((_, caller), right) in CALLERS.into_iter().zip(expected(entry.name)) {
                if right != "no" {
                    continue;
                }
                let (session, _) = connection(&mut clinic, caller);
                let said = outcome(right, Whose::Own, false, caller.is_some());
                let (_, good) = samples(&mut clinic, entry.name, caller, 0).remove(0);
                let reply = check(&mut clinic, &session, entry.name, &good, said);
                for bad in [json!({"nonsense": 1}), json!([[]]), json!({"reason": "投诉"})] {
                    assert_eq!(check(&mut clinic, &session, entry.name, &bad, said), reply);
                }
            }
        }
    }
}

#[test]
fn a_session_that_has_ended_gives_no_right() {
    let ways: [Change; 6] = [
        ("its time is over", |clinic| clinic.pass(12 * HOUR_MS)),
        ("it was idle", |clinic| clinic.pass(15 * MINUTE_MS)),
        ("it was revoked", |clinic| {
            let elsewhere = clinic.login(SPARE);
            clinic.result(&elsewhere, "session.revoke", &json!({}));
        }),
        ("the account is disabled", |clinic| {
            let admin = clinic.login(ADMIN);
            clinic.result(&admin, "account.disable", &json!({"user_id": SPARE}));
        }),
        ("the role is another", |clinic| {
            let admin = clinic.login(ADMIN);
            clinic.result(&admin, "account.set_role", &json!({"user_id": SPARE, "role": "admin"}));
        }),
        ("the password is another", |clinic| {
            let admin = clinic.login(ADMIN);
            let params = json!({"user_id": SPARE, "new_password": "new"});
            clinic.result(&admin, "account.reset_password", &params);
        }),
    ];
    for (why, end) in ways {
        let mut clinic = Clinic::new();
        let (session, token) = clinic.login_with_token(SPARE);
        end(&mut clinic);
        for entry in METHODS {
            if expected(entry.name)[6] == "any" {
                continue;
            }
            let (_, good) = samples(&mut clinic, entry.name, None, 0).pop().unwrap();
            let (rows, entries) = (clinic.everything(), clinic.entries());
            for params in [good, json!({"nonsense": 1})] {
                let said = clinic.word(&session, entry.name, &params);
                assert_eq!(said, "unauthenticated", "{} although {why}", entry.name);
            }
            assert!(rows == clinic.everything() && entries == clinic.entries(), "{}: {why}", entry.name);
        }
        let elsewhere = clinic.connect();
        let said = clinic.word(&elsewhere, "session.resume", &json!({"token": token}));
        assert_eq!(said, "unauthenticated", "{why}");
        assert_eq!(clinic.word(&session, "doctor.list", &json!({})), "ok", "what is open stays open");
    }
}

#[test]
fn a_broken_glass_is_for_one_doctor_one_patient_and_an_hour() {
    let mut clinic = Clinic::new();
    let (doctor, other) = (clinic.login(DOCTOR), clinic.login(OTHER_DOCTOR));
    let get = json!({"patient_id": STRANGER});
    assert_eq!(clinic.word(&doctor, "patient.get", &get), "forbidden");
    let glass = json!({"patient_id": STRANGER, "reason": "昏迷"});
    let until = clinic.result(&doctor, "patient.break_glass", &glass)["expires_at_ms"].as_i64().unwrap();
    assert_eq!(until, clinic.now.unix_ms + HOUR_MS);
    assert_eq!(
        clinic.last_entry(),
        json!(["patient.break_glass", DOCTOR, STRANGER, "success", "昏迷", "break-glass"])
    );
    assert_eq!(clinic.word(&other, "patient.get", &get), "forbidden");
    assert_eq!(clinic.word(&doctor, "patient.get", &json!({"patient_id": THIRD_PATIENT})), "forbidden");
    for _ in 0..5 {
        clinic.pass(10 * MINUTE_MS);
        assert_eq!(clinic.word(&doctor, "patient.get", &get), "ok");
    }
    clinic.pass(10 * MINUTE_MS);
    assert_eq!(clinic.word(&doctor, "patient.get", &get), "forbidden", "the hour is over");
    for bad in [json!({"patient_id": STRANGER}), json!({"patient_id": STRANGER, "reason": " "})] {
        assert_eq!(clinic.word(&doctor, "patient.break_glass", &bad), "invalid_params");
    }
    let nobody = json!({"patient_id": 999, "reason": "昏迷"});
    assert_eq!(clinic.word(&doctor, "patient.break_glass", &nobody), "not_found");
    assert_eq!(clinic.word(&doctor, "patient.get", &json!({"patient_id": 999})), "forbidden");
}
