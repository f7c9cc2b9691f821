//! Reports over JSON-RPC: a day that was counted by hand, and reports that take several pages.

use super::clinic::*;
use serde_json::{Value, json};

fn report(clinic: &mut Clinic, who: &str, name: &str) -> Value {
    clinic.ok(who, "report.get", json!({"name": name, "from": DAY, "to": DAY}))
}

/// Holds figures against what was counted by hand.
fn assert_figures(row: &Value, expected: &Value) {
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&row[key], value, "{key} of {row:#}");
    }
}

fn ticket(clinic: &mut Clinic, time: &str, who: &str, method: &str, params: Value) -> i64 {
    clinic.at(&format!("{DAY} {time}"));
    let reply = clinic.ok(who, method, params);
    reply.get("ticket").unwrap_or(&reply)["ticket_id"].as_i64().unwrap()
}

fn step(clinic: &mut Clinic, time: &str, method: &str, ticket_id: i64) {
    ticket(clinic, time, NURSE, &format!("queue.{method}"), json!({"ticket_id": ticket_id}));
}

/// A morning of 王医生, until ten: four who came of seven who had booked, one without an appointment, one for a
/// second time. Beside it a session of 刘医生 that was stopped, and two appointments of an old client.
fn morning() -> (Clinic, i64) {
    let mut clinic = Clinic::new();
    let session_id = clinic.session_of(json!({
        "doctor_id": 4, "period": "morning", "starts_at": "2026-01-05 09:00", "ends_at": "2026-01-05 12:00",
        "capacity_online": 8, "capacity_onsite": 1, "capacity_addon": 1, "room": "101",
    }));
    let booked: Vec<i64> = (0..6).map(|number| clinic.book(session_id, number)).collect();
    for (number, fee_fen, is_paid) in
        [(0, 2000, true), (1, 2000, true), (2, 1000, false), (4, 3000, true), (5, 700, false)]
    {
        let params = json!({"appointment_id": booked[number], "fee_fen": fee_fen, "is_paid": is_paid});
        clinic.ok(CLERK, "appointment.set_paid", params);
    }
    clinic.cancel(&patient(3), booked[3]);
    clinic.cancel(CLERK, booked[4]);
    // A hold that expires, and one that is let go, are no appointments.
    for number in [6, 7] {
        let params = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + number});
        let held =
            clinic.ok(&patient(number), "appointment.hold", params)["appointment_id"].as_i64().unwrap();
        if number == 7 {
            clinic.cancel(&patient(7), held);
        }
    }
    let extra = json!({"session_id": session_id, "patient_id": FIRST_PATIENT + 9, "reason": "复查"});
    clinic.ok("DOC001", "appointment.add_on", extra);
    clinic.at("2026-01-05 07:30");
    clinic.tick();

    let check_in = |number: usize| json!({"appointment_id": booked[number]});
    let call = json!({"session_id": session_id});
    let first = ticket(&mut clinic, "08:50", NURSE, "queue.check_in", check_in(0));
    let second = ticket(&mut clinic, "08:55", NURSE, "queue.check_in", check_in(1));
    assert_eq!(ticket(&mut clinic, "09:00", NURSE, "queue.call_next", call.clone()), first);
    step(&mut clinic, "09:01", "start", first);
    ticket(&mut clinic, "09:05", NURSE, "queue.check_in", check_in(2));
    step(&mut clinic, "09:11", "finish", first);
    // Called, passed over, and called again: the first call counts.
    assert_eq!(ticket(&mut clinic, "09:12", NURSE, "queue.call_next", call.clone()), second);
    ticket(&mut clinic, "09:13", NURSE, "queue.skip", json!({"ticket_id": second, "now": true}));
    step(&mut clinic, "09:14", "return", second);
    clinic.ok(NURSE, "queue.set_priority", json!({"ticket_id": second, "priority": 1}));
    let walk_in = json!({
        "session_id": session_id, "patient_id": FIRST_PATIENT + 8, "fee_fen": 1500, "is_paid": true,
    });
    let third = ticket(&mut clinic, "09:20", CLERK, "appointment.walk_in", walk_in);
    let again =
        ticket(&mut clinic, "09:30", "DOC001", "appointment.follow_up", json!({"origin_id": booked[0]}));
    assert_eq!(ticket(&mut clinic, "09:40", NURSE, "queue.call_next", call.clone()), second);
    step(&mut clinic, "09:40", "start", second);
    step(&mut clinic, "09:46", "finish", second);
    assert_eq!(ticket(&mut clinic, "09:47", NURSE, "queue.call_next", call), third);
    step(&mut clinic, "09:48", "start", third);
    ticket(&mut clinic, "09:50", "DOC001", "queue.leave", json!({"ticket_id": again}));

    let stopped = clinic.session(5, 2);
    clinic.book(stopped, 10);
    clinic.ok(CLERK, "schedule.stop_session", json!({"session_id": stopped, "reason": "停电"}));
    clinic.number(
        "INSERT INTO appointments (patient_id, doctor_id, appointment_time, status, fee_paid, queue_number)
        VALUES (9, 6, '2026-01-05 09:00:00', 'completed', 1, 1), (10, 6, '2026-01-05 09:10:00', 'cancelled', 0, 2)
        RETURNING 1",
    );
    clinic.at("2026-01-05 10:00");
    (clinic, third)
}

#[test]
fn every_figure_of_a_morning_is_the_one_that_was_counted_by_hand() {
    let (mut clinic, third) = morning();
    let found = report(&mut clinic, ADMIN, "doctor");
    let rows = found["doctors"].as_array().unwrap();
    assert_eq!((rows.len(), &found["next_cursor"]), (3, &json!(null)));
    assert_eq!((&found["days"], &found["departments"], &found["beds"]), (&json!([]), &json!([]), &json!([])));
    assert_figures(
        &rows[0],
        &json!({
            "doctor_id": 4, "doctor": "王医生", "department": "内科",
            "booked": 9, "attended": 5, "completed": 2, "left_unseen": 1, "still_waiting": 1, "follow_ups": 1,
            "cancelled": 3, "cancel_rate": 0.3333, "cancelled_by_patient": 1, "cancelled_by_doctor": 1,
            "cancelled_by_staff": 1, "cancelled_by_hospital": 0, "cancelled_by_system": 0, "no_shows": 0, "no_show_rate": 0.0,
            // 10 and 17 until they were called, 27 without an appointment, 20 until they left, and 55 until now.
            "waiting_p50_min": 20.0, "waiting_p90_min": 55.0,
            "waiting": [{"length": 10.0, "count": 1}, {"length": 17.0, "count": 1}, {"length": 20.0, "count": 1},
                {"length": 27.0, "count": 1}, {"length": 55.0, "count": 1}],
            "consultation_p50_min": 6.0, "consultation_p90_min": 10.0,
            "consultation": [{"length": 6.0, "count": 1}, {"length": 10.0, "count": 1}],
            "sessions": 1, "sessions_stopped": 0,
            "places": {"capacity": 10, "taken": 6, "utilisation": 0.6},
            "online": {"capacity": 8, "taken": 4, "utilisation": 0.5},
            "onsite": {"capacity": 1, "taken": 1, "utilisation": 1.0},
            "addon": {"capacity": 1, "taken": 1, "utilisation": 1.0},
            "paid_fen": 5500, "unpaid_fen": 6700, "refundable_fen": 3000,
            "old_booked": 0, "old_completed": 0, "old_cancelled": 0,
        }),
    );
    // What a stopped session says is not 0 of 0.
    assert_figures(
        &rows[1],
        &json!({
            "doctor_id": 5, "department": "外科", "booked": 1, "attended": 0, "completed": 0, "cancelled": 1,
            "cancel_rate": 1.0, "cancelled_by_hospital": 1, "cancelled_by_system": 0, "no_shows": 0, "no_show_rate": null,
            "waiting_p50_min": null, "waiting_p90_min": null, "consultation_p50_min": null, "waiting": [],
            "sessions": 0, "sessions_stopped": 1, "places": {"capacity": 0, "taken": 0, "utilisation": null},
            "paid_fen": 0, "unpaid_fen": 0, "refundable_fen": 0,
        }),
    );
    // What an old client has made is counted, but never a no-show.
    assert_figures(
        &rows[2],
        &json!({
            "doctor_id": 6, "booked": 2, "attended": 1, "completed": 1, "cancelled": 1, "cancel_rate": 0.5,
            "cancelled_by_patient": 0, "cancelled_by_system": 0, "no_show_rate": null, "sessions": 0,
            "old_booked": 2, "old_completed": 1, "old_cancelled": 1, "paid_fen": 0,
        }),
    );
    // One day, one row; and departments in the order of their names.
    let day = &report(&mut clinic, CLERK, "day")["days"];
    let sums =
        json!({"day": DAY, "booked": 12, "attended": 6, "completed": 3, "cancelled": 5, "sessions": 1});
    assert_eq!(day.as_array().unwrap().len(), 1);
    assert_figures(&day[0], &sums);
    let departments = &report(&mut clinic, CLERK, "department")["departments"];
    let counts: Vec<(&str, i64)> = departments
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["department"].as_str().unwrap(), row["booked"].as_i64().unwrap()))
        .collect();
    assert!(
        counts.contains(&("内科", 9)) && counts.contains(&("外科", 1)) && counts.len() == 3,
        "{counts:?}"
    );

    step(&mut clinic, "10:08", "finish", third);
    clinic.at("2026-01-05 12:05");
    clinic.tick();
    // Who was never called has waited until the session ended; who never came is a no-show now.
    assert_figures(
        &report(&mut clinic, "DOC001", "doctor")["doctors"][0],
        &json!({
            "booked": 9, "attended": 5, "completed": 3, "left_unseen": 2, "still_waiting": 0,
            "cancelled": 4, "cancel_rate": 0.4444, "cancelled_by_system": 1, "no_shows": 2, "no_show_rate": 0.2857,
            "waiting_p50_min": 20.0, "waiting_p90_min": 180.0,
            "consultation_p50_min": 10.0, "consultation_p90_min": 20.0,
            "places": {"capacity": 10, "taken": 5, "utilisation": 0.5},
            "online": {"capacity": 8, "taken": 3, "utilisation": 0.375},
            "paid_fen": 5500, "unpaid_fen": 0, "refundable_fen": 3000,
        }),
    );
}

#[test]
fn a_first_call_that_was_a_mistake_is_none() {
    let mut clinic = Clinic::new();
    let session_id = clinic.session(4, 3);
    let appointment_id = clinic.book(session_id, 0);
    let call = json!({"session_id": session_id, "room": "101"});
    let params = json!({"appointment_id": appointment_id});
    ticket(&mut clinic, "09:00", NURSE, "queue.check_in", params);
    let ticket_id = ticket(&mut clinic, "09:05", NURSE, "queue.call_next", call.clone());
    step(&mut clinic, "09:06", "undo", ticket_id);
    ticket(&mut clinic, "09:30", NURSE, "queue.call_next", call);
    assert_eq!(report(&mut clinic, ADMIN, "day")["days"][0]["waiting_p50_min"], 30.0);
}

#[test]
fn beds_are_counted_in_hours_up_to_now() {
    let mut clinic = Clinic::new();
    // Two beds. In one somebody lay from noon of the day before until six; from eight on it has somebody else.
    clinic.number("INSERT INTO wards (ward_id, number, name) VALUES (1, '3', '三病区') RETURNING 1");
    clinic.number(
        "INSERT INTO beds (bed_id, ward_id, number, changed_ms) VALUES (1, 1, '1', 0), (2, 1, '2', 0) RETURNING 1",
    );
    clinic.number(
        "INSERT INTO admissions (admission_id, patient_id, doctor_id, ward_id, kind, reason, state, requested_ms,
            admitted_ms, ended_ms)
        VALUES (1, 9, 4, 1, 'elective', 'x', 'discharged', 0, 1767528000000, 1767592800000),
            (2, 10, 4, 1, 'elective', 'x', 'admitted', 0, 1767600000000, NULL) RETURNING 1",
    );
    clinic.number(
        "INSERT INTO bed_stays (admission_id, patient_id, bed_id, from_ms, to_ms)
        VALUES (1, 9, 1, 1767528000000, 1767592800000), (2, 10, 1, 1767600000000, NULL) RETURNING 1",
    );
    clinic.at("2026-01-05 12:00");
    let params = json!({"name": "beds", "from": "2026-01-03", "to": "2026-01-06"});
    let found = clinic.ok(ADMIN, "report.get", params);
    let hour = 3_600_000;
    let expected = [
        ("2026-01-03", 48, 0, json!(0.0), 0),
        ("2026-01-04", 48, 12, json!(0.25), 0),
        ("2026-01-05", 24, 10, json!(0.4167), 1),
    ];
    // Of the day that is to come there is nothing.
    assert_eq!(found["beds"].as_array().unwrap().len(), expected.len(), "{found:#}");
    for (row, (day, hours, occupied, occupancy, discharged)) in
        found["beds"].as_array().unwrap().iter().zip(expected)
    {
        assert_figures(
            row,
            &json!({
                "day": day, "ward": "三病区", "number": "3", "beds": 2, "bed_ms": hours * hour,
                "occupied_ms": occupied * hour, "occupancy": occupancy, "discharged": discharged,
            }),
        );
    }
    // Three quarters of a day, in tenths that are whole.
    assert_eq!(found["beds"][2]["stay_p50_days"], 0.7);
    assert_eq!(found["beds"][1]["stay_p50_days"], json!(null));
}

#[test]
fn pages_add_up_to_the_whole() {
    let mut clinic = Clinic::new();
    clinic.number(
        "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 2499)
        INSERT INTO appointments (patient_id, doctor_id, appointment_time, status, queue_number)
        SELECT 9, 4 + n % 3, '2026-01-0' || (5 + n % 2) || ' 09:00:00', iif(n % 5 = 0, 'cancelled', 'completed'), n
        FROM n WHERE true RETURNING 1",
    );
    let mut params = json!({"name": "overview", "from": "2026-01-04", "to": "2026-01-07"});
    let (mut pages, mut days, mut doctors) = (0, std::collections::BTreeMap::new(), [0; 3]);
    loop {
        let found = clinic.ok(ADMIN, "report.get", params.clone());
        pages += 1;
        for row in found["days"].as_array().unwrap() {
            let day = days.entry(row["day"].as_str().unwrap().to_owned()).or_insert((0, 0));
            day.0 += row["booked"].as_i64().unwrap();
            day.1 += row["cancelled"].as_i64().unwrap();
        }
        for row in found["doctors"].as_array().unwrap() {
            let number = row["doctor_id"].as_u64().unwrap() - 4;
            doctors[usize::try_from(number).unwrap()] += row["booked"].as_i64().unwrap();
        }
        if found["next_cursor"].is_null() {
            break;
        }
        params["cursor"] = found["next_cursor"].clone();
    }
    assert!(pages > 8, "a call reads so much and no more");
    let days: Vec<(&str, i64, i64)> =
        days.iter().map(|(day, (booked, cancelled))| (day.as_str(), *booked, *cancelled)).collect();
    let expected =
        [("2026-01-04", 0, 0), ("2026-01-05", 1250, 250), ("2026-01-06", 1250, 250), ("2026-01-07", 0, 0)];
    assert_eq!(days, expected);
    assert_eq!(doctors, [834, 833, 833]);
}

#[test]
fn a_report_is_in_the_trail_but_for_ones_own_figures() {
    let (mut clinic, _) = morning();
    let kept = |clinic: &mut Clinic| {
        clinic.number(
            "SELECT count(*) FROM audit
            WHERE method = 'report.get' AND entity = 'report' AND action = 'R' AND outcome = 'success'",
        )
    };
    report(&mut clinic, "DOC001", "day");
    assert_eq!(kept(&mut clinic), 0);
    report(&mut clinic, CLERK, "day");
    let of_doctor = json!({"name": "doctor", "from": DAY, "to": DAY, "doctor_id": 4});
    clinic.ok(ADMIN, "report.get", of_doctor);
    assert_eq!(kept(&mut clinic), 2);
    let told = clinic.number(
        "SELECT count(*) FROM audit WHERE method = 'report.get'
        AND detail = iif(entity_id IS 4, 'doctor', 'day') || ' 2026-01-05 2026-01-05'",
    );
    assert_eq!(told, 2, "the trail says which report, and of which days");
}

#[test]
fn a_batch_has_one_report_and_others_beside_it() {
    let (mut clinic, _) = morning();
    let params = json!({"name": "day", "from": DAY, "to": DAY});
    let whole = clinic.ok(ADMIN, "report.get", params.clone());
    let calls = [
        ("session.whoami", json!({})),
        ("report.get", params.clone()),
        ("report.get", params),
        ("session.whoami", json!({})),
    ];
    let results = clinic.batch(ADMIN, &calls);
    assert_eq!((&results[1]["days"], &results[2]), (&whole["days"], &Value::Null));
    assert!(results[0].is_object() && results[0] == results[3]);
}

#[test]
fn a_doctor_sees_their_own_figures_and_a_wrong_question_is_told() {
    let (mut clinic, _) = morning();
    let own = report(&mut clinic, "DOC001", "overview");
    assert_eq!((own["doctors"].as_array().unwrap().len(), &own["doctors"][0]["doctor_id"]), (1, &json!(4)));
    assert_figures(&own["days"][0], &json!({"booked": 9, "sessions": 1, "sessions_stopped": 0}));
    let of =
        |doctor_id: i64, name: &str| json!({"name": name, "from": DAY, "to": DAY, "doctor_id": doctor_id});
    assert_eq!(clinic.ok("DOC001", "report.get", of(4, "day")), report(&mut clinic, "DOC001", "day"));
    clinic.refused("DOC001", "report.get", of(5, "day"), "forbidden");
    clinic.refused("DOC001", "report.get", of(4, "beds"), "forbidden");
    clinic.refused(ADMIN, "report.get", of(99, "day"), "not_found");
    for (params, field) in [
        (json!({"name": "day", "from": "2026-01-06", "to": DAY}), "to"),
        (json!({"name": "day", "from": DAY, "to": DAY, "cursor": "soon"}), "cursor"),
        (of(4, "beds"), "doctor_id"),
        (json!({"name": "month", "from": DAY, "to": DAY}), "name"),
    ] {
        assert_eq!(clinic.call(ADMIN, "report.get", &params).unwrap_err()["field"], field, "{params}");
    }
    // A place of another report leads to this one's beginning, or end.
    for (cursor, count) in [("2020-01-01a5", 1), ("2026-01-05b0", 1), ("2030-01-01a0", 0)] {
        let params = json!({"name": "day", "from": DAY, "to": DAY, "cursor": cursor});
        assert_eq!(
            clinic.ok(ADMIN, "report.get", params)["days"].as_array().unwrap().len(),
            count,
            "{cursor}"
        );
    }
}

#[test]
fn the_last_day_of_the_calendar_ends_a_report() {
    let mut clinic = Clinic::new();
    for name in ["day", "beds", "overview"] {
        let days = json!({"name": name, "from": "9999-12-31", "to": "9999-12-31"});
        assert_eq!(clinic.ok(ADMIN, "report.get", days)["next_cursor"], json!(null));
        let beyond = json!({"name": name, "from": "2026-01-01", "to": "+10000-01-01"});
        assert_eq!(clinic.call(ADMIN, "report.get", &beyond).unwrap_err()["field"], "to");
    }
}
