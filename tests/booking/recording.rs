//! What the audit trail says of appointments that change by the way.

use super::clinic::*;
use serde_json::json;

#[test]
fn each_appointment_that_an_act_changes_has_its_entry() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 2);
    let (first, second) = (clinic.book(session_id, 0), clinic.book(session_id, 1));
    let wait = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 2});
    clinic.ok(&patient(2), "waitlist.join", wait);
    // The place that is offered is another patient's.
    clinic.cancel(CLERK, first);
    let offered = clinic.number("SELECT max(appointment_id) FROM bookings");
    let sql = "SELECT entity_id * 100 + patient_id FROM audit
        WHERE method = 'appointment.cancel' AND action = 'C' AND actor_id = 8";
    assert_eq!(clinic.number(sql), offered * 100 + FIRST_PATIENT + 2);
    clinic.ok(CLERK, "schedule.stop_session", json!({"session_id": session_id, "reason": "停诊"}));
    let sql =
        "SELECT group_concat(entity_id) = (SELECT group_concat(appointment_id) FROM (SELECT appointment_id
            FROM bookings WHERE reason = '停诊' ORDER BY appointment_id))
        FROM audit
        WHERE method = 'schedule.stop_session' AND entity = 'appointment' AND reason = '停诊'";
    assert_eq!(clinic.number(sql), 1);
    let sql = "SELECT count(*) FROM audit WHERE method = 'schedule.stop_session' AND entity = 'appointment'";
    assert_eq!(clinic.number(sql), 2, "{second} and {offered}");
    // What old clients do by the way is no exception.
    let other = clinic.session(5, 1);
    let id = clinic.book(other, 3);
    let wait = json!({"session_id": other, "patient_id": FIRST_PATIENT + 4});
    clinic.ok(&patient(4), "waitlist.join", wait);
    clinic.old(&json!({"cancel_appointment": 1, "appointment_id": id}));
    let sql = "SELECT count(*) FROM audit WHERE method = 'cancel_appointment' AND role = 'legacy'";
    assert_eq!(clinic.number(sql), 2);
}

#[test]
fn a_doctor_who_reads_of_a_patient_is_in_the_trail() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 2);
    let id = clinic.book(session_id, 0);
    clinic.ok(&patient(0), "appointment.get", json!({"appointment_id": id}));
    assert_eq!(clinic.number("SELECT count(*) FROM audit WHERE method = 'appointment.get'"), 0);
    clinic.ok("DOC001", "appointment.get", json!({"appointment_id": id}));
    clinic.ok("DOC001", "appointment.list", json!({"session_id": session_id}));
    clinic.ok("DOC001", "queue.list", json!({"session_id": session_id}));
    let sql = "SELECT count(DISTINCT method) FROM audit WHERE actor_id = 4 AND action = 'R'";
    assert_eq!(clinic.number(sql), 3);
    // A `session` is a login.
    let sql = "SELECT count(*) FROM audit WHERE entity = 'clinic_session' AND entity_id > 0 AND actor_id = 4";
    assert_eq!(clinic.number(sql), 2);
    assert_eq!(clinic.number("SELECT count(*) FROM audit WHERE entity = 'session' AND entity_id > 0"), 0);
}
