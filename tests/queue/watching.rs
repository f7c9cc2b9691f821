//! Looking at a queue.

use super::clinic::*;
use serde_json::json;

#[test]
fn a_board_has_numbers_and_no_names() {
    let mut clinic = Clinic::new(9);
    let tickets = clinic.check_in(0..9);
    clinic.call_next(ROOM);
    clinic.step("start", tickets[0]);
    clinic.call_next("102");
    let shown = |number: i64| json!({"session_id": 1, "number": number, "name": "赵*"});
    let board = clinic.ok(NOBODY, "queue.board", json!({"session_id": 1}));
    assert_eq!(
        board,
        json!({
            "rooms": [
                {"room": "101", "serving": shown(1), "called": null},
                {"room": "102", "serving": null, "called": shown(2)}
            ],
            "next": [shown(3), shown(4), shown(5), shown(6), shown(7)],
            "waiting": 7
        })
    );
    let room = clinic.ok(NOBODY, "queue.board", json!({"room": "101"}));
    assert_eq!(room["rooms"], json!([board["rooms"][0]]));
    assert_eq!((&room["next"], &room["waiting"]), (&board["next"], &board["waiting"]));
    let room = clinic.ok(NOBODY, "queue.board", json!({"room": "102"}));
    assert_eq!(room, json!({"rooms": [board["rooms"][1]], "next": [], "waiting": 0}));
    clinic.refused(NOBODY, "queue.board", json!({"session_id": 9}), "not_found");
    for params in [json!({}), json!({"session_id": 1, "room": "101"})] {
        assert_eq!(clinic.call(NOBODY, "queue.board", params).unwrap_err()["field"], "session_id");
    }
}

#[test]
fn a_list_is_paged() {
    let mut clinic = Clinic::new(5);
    let tickets = clinic.check_in(0..5);
    clinic.step("leave", tickets[1]);
    let numbers = |list: &serde_json::Value| {
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| item["number"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let page = clinic.ok(DOCTOR, "queue.list", json!({"session_id": 1, "limit": 2}));
    assert_eq!((numbers(&page), &page["next_cursor"]), (vec![1, 2], &json!(2)));
    let page = clinic.ok(DOCTOR, "queue.list", json!({"session_id": 1, "limit": 3, "cursor": 2}));
    assert_eq!((numbers(&page), &page["next_cursor"]), (vec![3, 4, 5], &json!(null)));
    let live = clinic.ok(CLERK, "queue.list", json!({"session_id": 1, "live_only": true}));
    assert_eq!(numbers(&live), [1, 3, 4, 5]);
    clinic.refused(ADMIN, "queue.list", json!({"session_id": 1}), "reason_required");
}

#[test]
fn how_long_it_takes_is_told_from_how_long_it_took() {
    let mut clinic = Clinic::new(8);
    let third = json!({"appointment_id": clinic.appointments[2]});
    clinic.refused(&patient(2), "queue.status", third.clone(), "not_found");
    let tickets = clinic.check_in(0..3);
    // Three hours for thirty places.
    let standing = clinic.ok(&patient(2), "queue.status", third.clone());
    assert_eq!((&standing["ahead"], &standing["wait_min"]), (&json!(2), &json!(12)));
    clinic.call_next(ROOM);
    let standing = clinic.ok(&patient(2), "queue.status", third.clone());
    assert_eq!(standing["ahead"], 2, "who is called is still before them");
    clinic.step("start", tickets[0]);
    clinic.now = at("09:17");
    clinic.step("finish", tickets[0]);
    let standing = clinic.ok(&patient(2), "queue.status", third.clone());
    assert_eq!((&standing["ahead"], &standing["wait_min"]), (&json!(1), &json!(17)));
    clinic.call_next(ROOM);
    clinic.step("start", tickets[1]);
    clinic.now = at("09:20");
    clinic.step("finish", tickets[1]);
    clinic.check_in(3..4);
    let fourth = json!({"appointment_id": clinic.appointments[3]});
    let standing = clinic.ok(NURSE, "queue.status", fourth);
    assert_eq!((&standing["ahead"], &standing["wait_min"]), (&json!(1), &json!(10)), "between 3 and 17");
    clinic.call_next(ROOM);
    let standing = clinic.ok(&patient(2), "queue.status", third.clone());
    assert_eq!((&standing["ahead"], &standing["wait_min"]), (&json!(0), &json!(0)));
    clinic.step("start", tickets[2]);
    let standing = clinic.ok(&patient(2), "queue.status", third);
    assert_eq!((&standing["ahead"], &standing["ticket"]["state"]), (&json!(null), &json!("serving")));
}
