//! Threads of messages: who opens, writes, reads and hears, and what old clients see of it.

use super::clinic::*;
use serde_json::{Value, json};

const WANG: &str = "DOC001";
const LIU: &str = "DOC002";
const WANG_ID: i64 = 4;
const LIU_ID: i64 = 5;

/// The thread of an appointment of the first patient with 王医生, and the appointment.
fn thread(clinic: &mut Clinic) -> (i64, i64) {
    let session_id = clinic.session(WANG_ID, 3);
    let appointment_id = clinic.book(session_id, 0);
    let params = json!({"appointment_id": appointment_id, "subject": "咳嗽"});
    let opened = clinic.ok(&patient(0), "chat.open", params);
    (opened["thread_id"].as_i64().unwrap(), appointment_id)
}

fn send(clinic: &mut Clinic, who: &str, thread_id: i64, content: &str) -> i64 {
    let sent = clinic.ok(who, "chat.send", json!({"thread_id": thread_id, "content": content}));
    sent["sequence"].as_i64().unwrap()
}

fn contents(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["content"].as_str().unwrap()).collect()
}

fn user_id(clinic: &mut Clinic, who: &str) -> i64 {
    clinic.ok(who, "session.whoami", json!({}))["user"]["user_id"].as_i64().unwrap()
}

#[test]
fn a_visit_has_one_thread_whichever_way_it_is_named() {
    let mut clinic = Clinic::new();
    let (thread_id, appointment_id) = thread(&mut clinic);
    let open = json!({"appointment_id": appointment_id, "subject": "别的"});
    let again = clinic.ok(WANG, "chat.open", open.clone());
    assert_eq!((&again["thread_id"], &again["subject"]), (&json!(thread_id), &json!("咳嗽")));
    let visit = json!({"patient_id": FIRST_PATIENT, "appointment_id": appointment_id});
    let encounter_id = clinic.ok(WANG, "encounter.open", visit)["encounter_id"].clone();
    let by_visit = json!({"encounter_id": encounter_id, "subject": "就诊"});
    let again = clinic.ok(WANG, "chat.open", by_visit);
    assert_eq!((&again["thread_id"], &again["encounter_id"]), (&json!(thread_id), &encounter_id));
    clinic.refused(&patient(1), "chat.open", open.clone(), "forbidden");
    clinic.refused(LIU, "chat.open", open, "forbidden");
    clinic.refused(WANG, "chat.open", json!({"appointment_id": 999, "subject": "无"}), "not_found");
    // A visit without an appointment has a thread of its own.
    let alone = clinic.ok(WANG, "encounter.open", json!({"patient_id": FIRST_PATIENT}));
    let params = json!({"encounter_id": alone["encounter_id"], "subject": "急诊"});
    let other = clinic.ok(&patient(0), "chat.open", params.clone());
    assert_ne!(other["thread_id"], json!(thread_id));
    assert_eq!(clinic.ok(WANG, "chat.open", params)["thread_id"], other["thread_id"]);
    let both = json!({"appointment_id": 1, "encounter_id": 1, "subject": "二"});
    assert_eq!(clinic.call(WANG, "chat.open", &both).unwrap_err()["field"], "appointment_id");
}

#[test]
fn messages_are_numbered_and_paged_from_both_ends() {
    let mut clinic = Clinic::new();
    let (thread_id, _) = thread(&mut clinic);
    for number in 1..=7 {
        let who = if number % 2 == 0 { WANG.to_owned() } else { patient(0) };
        assert_eq!(send(&mut clinic, &who, thread_id, &format!("第{number}")), number);
    }
    let mut page = |params: Value| {
        let mut params = params;
        params["thread_id"] = json!(thread_id);
        let list = clinic.ok(WANG, "chat.messages", params);
        let found: Vec<String> = contents(&list).into_iter().map(str::to_owned).collect();
        (found.join(""), list["has_earlier"].as_bool().unwrap(), list["has_later"].as_bool().unwrap())
    };
    assert_eq!(page(json!({"limit": 2})), ("第6第7".into(), true, false));
    assert_eq!(page(json!({"after": 0, "limit": 3})), ("第1第2第3".into(), false, true));
    assert_eq!(page(json!({"after": 5, "limit": 3})), ("第6第7".into(), true, false));
    assert_eq!(page(json!({"before": 6, "limit": 2})), ("第4第5".into(), true, true));
    assert_eq!(page(json!({"before": 2, "limit": 9})), ("第1".into(), false, true));
    assert_eq!(page(json!({"before": 1})), (String::new(), false, true));
    assert_eq!(page(json!({"after": 7})), (String::new(), true, false));
    let both = json!({"thread_id": thread_id, "after": 1, "before": 3});
    assert_eq!(clinic.call(WANG, "chat.messages", &both).unwrap_err()["field"], "after");
    for content in [String::new(), " \n".into(), "\u{0}".into(), "字".repeat(4001)] {
        let params = json!({"thread_id": thread_id, "content": content});
        assert_eq!(clinic.call(WANG, "chat.send", &params).unwrap_err()["field"], "content");
    }
    let longest = format!("{}\n好", "字".repeat(3998));
    assert_eq!(send(&mut clinic, WANG, thread_id, &longest), 8);
    // What is sent again with its request_id is not sent twice.
    let again = json!({"thread_id": thread_id, "content": "药", "request_id": "r"});
    let sent = clinic.ok(WANG, "chat.send", again.clone());
    assert_eq!(clinic.ok(WANG, "chat.send", again), sent);
    assert_eq!(sent["sequence"], 9);
}

#[test]
fn each_sees_how_far_the_other_has_got_and_old_clients_see_what_is_read() {
    let mut clinic = Clinic::new();
    let (thread_id, _) = thread(&mut clinic);
    send(&mut clinic, &patient(0), thread_id, "我发烧了");
    send(&mut clinic, &patient(0), thread_id, "38度5");
    assert_eq!(clinic.number("SELECT count(*) FROM chat_messages WHERE is_read = 0"), 2);
    assert_eq!(clinic.number("SELECT count(*) FROM chat_copies WHERE receiver_id = 4"), 2);
    let marks = |clinic: &mut Clinic, who: &str| {
        let threads = clinic.ok(who, "chat.threads", json!({}));
        let item = threads["items"][0].clone();
        let marks: Vec<(i64, i64)> = item["marks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|mark| {
                (mark["delivered_sequence"].as_i64().unwrap(), mark["read_sequence"].as_i64().unwrap())
            })
            .collect();
        (item["unread"].as_i64().unwrap(), marks)
    };
    // The doctor first, by the ids; who writes has read what they wrote.
    assert_eq!(marks(&mut clinic, WANG), (2, vec![(0, 0), (2, 2)]));
    clinic.ok(WANG, "chat.messages", json!({"thread_id": thread_id, "after": 0, "limit": 1}));
    assert_eq!(marks(&mut clinic, &patient(0)), (0, vec![(1, 0), (2, 2)]));
    let reading = clinic.ok(WANG, "chat.read", json!({"thread_id": thread_id, "up_to": 1}));
    assert_eq!(reading, json!({"thread_id": thread_id, "read_sequence": 1, "unread": 1}));
    assert_eq!(clinic.number("SELECT sum(is_read) FROM chat_messages"), 1);
    // No mark goes back, and none beyond what is there.
    let reading = clinic.ok(WANG, "chat.read", json!({"thread_id": thread_id, "up_to": 99}));
    assert_eq!((&reading["read_sequence"], &reading["unread"]), (&json!(2), &json!(0)));
    let reading = clinic.ok(WANG, "chat.read", json!({"thread_id": thread_id, "up_to": 1}));
    assert_eq!((&reading["read_sequence"], &reading["unread"]), (&json!(2), &json!(0)));
    assert_eq!(marks(&mut clinic, &patient(0)), (0, vec![(2, 2), (2, 2)]));
    assert_eq!(clinic.number("SELECT sum(is_read) FROM chat_messages"), 2);
}

#[test]
fn so_many_messages_are_marked_read_by_one_call() {
    let mut clinic = Clinic::with(|settings| settings.clinic.chat.messages_per_minute_max = 1000);
    let (thread_id, _) = thread(&mut clinic);
    send(&mut clinic, &patient(0), thread_id, "0");
    let more: Vec<(&str, Value)> =
        (0..39).map(|_| ("chat.send", json!({"thread_id": thread_id, "content": "x"}))).collect();
    for _ in 0..13 {
        clinic.batch(&patient(0), &more);
    }
    let read = json!({"thread_id": thread_id, "up_to": 508});
    let reading = clinic.ok(WANG, "chat.read", read.clone());
    assert_eq!((&reading["read_sequence"], &reading["unread"]), (&json!(500), &json!(8)));
    let reading = clinic.ok(WANG, "chat.read", read);
    assert_eq!((&reading["read_sequence"], &reading["unread"]), (&json!(508), &json!(0)));
    assert_eq!(clinic.number("SELECT sum(is_read) FROM chat_messages"), 508);
}

#[test]
fn a_thread_closes_by_itself_or_by_the_doctor_and_is_read_only_then() {
    let mut clinic = Clinic::with(|settings| settings.clinic.chat.open_days = 3);
    let (thread_id, _) = thread(&mut clinic);
    let message = json!({"thread_id": thread_id, "content": "您好"});
    clinic.at("2026-01-08 08:59");
    clinic.ok(&patient(0), "chat.send", message.clone());
    clinic.at("2026-01-08 09:00");
    let facts = clinic.refused(&patient(0), "chat.send", message, "thread_closed");
    assert_eq!(facts["closed_ms"], at("2026-01-08 09:00").unix_ms);
    let closed = clinic.refused(WANG, "chat.close", json!({"thread_id": thread_id}), "bad_transition");
    assert_eq!((&closed["from"], &closed["allowed"]), (&json!("closed"), &json!([])));
    let get = clinic.ok(WANG, "chat.get", json!({"thread_id": thread_id}));
    assert_eq!(get["thread"]["state"], "closed");
    assert_eq!(contents(&clinic.ok(WANG, "chat.messages", json!({"thread_id": thread_id}))), ["您好"]);
    // A visit that goes on keeps its thread open, and one that is finished does for as many days.
    let opened = clinic.ok(WANG, "encounter.open", json!({"patient_id": FIRST_PATIENT}));
    let params = json!({"encounter_id": opened["encounter_id"], "subject": "住院"});
    let stay = clinic.ok(WANG, "chat.open", params)["thread_id"].as_i64().unwrap();
    clinic.at("2026-05-01 09:00");
    send(&mut clinic, WANG, stay, "今天查房");
    clinic.refused(&patient(0), "chat.close", json!({"thread_id": stay}), "forbidden");
    let closed = clinic.ok(WANG, "chat.close", json!({"thread_id": stay}));
    assert_eq!((&closed["state"], &closed["closes_ms"]), (&json!("closed"), &json!(clinic.now.unix_ms)));
    clinic.refused(&patient(0), "chat.send", json!({"thread_id": stay, "content": "?"}), "thread_closed");
    // What does not take place has no thread.
    clinic.at("2026-01-05 07:00");
    let session_id = clinic.session(LIU_ID, 3);
    let appointment_id = clinic.book(session_id, 1);
    clinic.cancel(&patient(1), appointment_id);
    let params = json!({"appointment_id": appointment_id, "subject": "取消"});
    clinic.refused(&patient(1), "chat.open", params, "conflict");
}

#[test]
fn whoever_takes_the_visit_over_takes_the_thread_over() {
    let mut clinic = Clinic::new();
    let (thread_id, appointment_id) = thread(&mut clinic);
    send(&mut clinic, WANG, thread_id, "请空腹");
    // What the former doctor has not read waits for the new one, in the old table too.
    send(&mut clinic, &patient(0), thread_id, "可以喝水吗");
    clinic.ok(LIU, "event.subscribe", json!({"topics": [format!("inbox:{LIU_ID}")]}));
    let other = clinic.session(LIU_ID, 3);
    let params = json!({"appointment_id": appointment_id, "session_id": other});
    clinic.ok(&patient(0), "appointment.reschedule", params);
    let told = clinic.told();
    assert_eq!(told.last().unwrap().1["facts"]["threads"][0]["unread"], 1, "{told:?}");
    // Nobody has asked for it: it came with the appointment.
    let own = clinic.ok(LIU, "chat.threads", json!({}))["items"][0].take();
    assert_eq!((&own["thread"]["thread_id"], &own["unread"]), (&json!(thread_id), &json!(1)));
    assert_eq!(clinic.number("SELECT receiver_id FROM chat_messages WHERE content = '可以喝水吗'"), LIU_ID);
    clinic.ok(LIU, "chat.read", json!({"thread_id": thread_id, "up_to": 2}));
    assert_eq!(clinic.ok(LIU, "chat.threads", json!({}))["items"][0]["unread"], 0);
    assert_eq!(clinic.ok(WANG, "chat.threads", json!({}))["items"][0]["unread"], 0);
    clinic.refused(WANG, "chat.send", json!({"thread_id": thread_id, "content": "?"}), "forbidden");
    let open = json!({"appointment_id": appointment_id, "subject": "咳嗽"});
    assert_eq!(clinic.ok(LIU, "chat.open", open)["doctor_id"], LIU_ID);
    send(&mut clinic, LIU, thread_id, "我来看");
    let list = clinic.ok(LIU, "chat.messages", json!({"thread_id": thread_id}));
    assert_eq!(contents(&list), ["请空腹", "可以喝水吗", "我来看"]);
    // The former doctor reads on what was there, and nothing more.
    let list = clinic.ok(WANG, "chat.messages", json!({"thread_id": thread_id}));
    assert_eq!((contents(&list), &list["last_sequence"]), (vec!["请空腹", "可以喝水吗"], &json!(2)));
    clinic.refused(WANG, "chat.send", json!({"thread_id": thread_id, "content": "?"}), "forbidden");
    clinic.refused(WANG, "event.subscribe", json!({"topics": [format!("thread:{thread_id}")]}), "forbidden");
    let own = clinic.ok(WANG, "chat.threads", json!({}));
    assert_eq!(own["items"][0]["last_message"]["content"], "可以喝水吗");
}

#[test]
fn doctors_who_have_a_visit_in_turn_read_on_where_the_other_has_stopped() {
    let mut clinic = Clinic::new();
    let (thread_id, appointment_id) = thread(&mut clinic);
    let sessions = [clinic.session(LIU_ID, 3), clinic.session_of(json!({
        "doctor_id": WANG_ID, "period": "late", "starts_at": "2026-01-06 09:00", "ends_at": "2026-01-06 12:00",
        "capacity_online": 3,
    }))];
    for (turn, (doctor, session_id)) in
        [(LIU, sessions[0]), (WANG, sessions[1]), (LIU, sessions[0])].into_iter().enumerate()
    {
        send(&mut clinic, &patient(0), thread_id, "还在吗");
        let params = json!({"appointment_id": appointment_id, "session_id": session_id});
        clinic.ok(CLERK, "appointment.reschedule", params);
        let own = clinic.ok(doctor, "chat.threads", json!({}))["items"][0].take();
        assert_eq!(own["unread"], 1, "{turn}: {own}");
        let read = clinic.ok(doctor, "chat.read", json!({"thread_id": thread_id, "up_to": turn + 1}));
        assert_eq!(read["read_sequence"], turn + 1);
    }
}

#[test]
fn the_staff_write_among_themselves() {
    let mut clinic = Clinic::new();
    let (nurse, clerk) = (user_id(&mut clinic, NURSE), user_id(&mut clinic, CLERK));
    let open = json!({"subject": "交班", "members": [nurse, WANG_ID]});
    let opened = clinic.ok(CLERK, "chat.open_staff", open);
    let thread_id = opened["thread_id"].as_i64().unwrap();
    clinic.refused(&patient(0), "chat.open_staff", json!({"subject": "x", "members": []}), "forbidden");
    let with_patient = json!({"subject": "x", "members": [FIRST_PATIENT]});
    assert_eq!(clinic.refused(NURSE, "chat.open_staff", with_patient, "conflict")["user_id"], FIRST_PATIENT);
    clinic.refused(NURSE, "chat.open_staff", json!({"subject": "x", "members": [999]}), "not_found");
    send(&mut clinic, NURSE, thread_id, "3床好了");
    assert_eq!(clinic.number("SELECT count(*) FROM chat_messages"), 2);
    for who in [LIU, ADMIN] {
        let code = if who == LIU { "forbidden" } else { "reason_required" };
        clinic.refused(who, "chat.messages", json!({"thread_id": thread_id}), code);
    }
    // Who comes later reads from the beginning, and owes nothing of it.
    clinic.ok(NURSE, "chat.add_member", json!({"thread_id": thread_id, "user_id": LIU_ID}));
    let list = clinic.ok(LIU, "chat.messages", json!({"thread_id": thread_id}));
    assert_eq!(contents(&list), ["3床好了"]);
    assert_eq!(clinic.ok(LIU, "chat.threads", json!({}))["items"][0]["unread"], 0);
    clinic.ok(WANG, "chat.leave", json!({"thread_id": thread_id}));
    send(&mut clinic, LIU, thread_id, "收到");
    let list = clinic.ok(WANG, "chat.messages", json!({"thread_id": thread_id}));
    assert_eq!(contents(&list), ["3床好了"]);
    clinic.refused(WANG, "chat.leave", json!({"thread_id": thread_id}), "forbidden");
    clinic.refused(WANG, "chat.send", json!({"thread_id": thread_id, "content": "?"}), "forbidden");
    let members = clinic.ok(LIU, "chat.get", json!({"thread_id": thread_id}))["members"].clone();
    let left: Vec<(i64, bool)> = members
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (member["user_id"].as_i64().unwrap(), !member["left_ms"].is_null()))
        .collect();
    assert_eq!(left, [(WANG_ID, true), (LIU_ID, false), (nurse, false), (clerk, false)]);
    // Only who opened it closes it.
    clinic.refused(NURSE, "chat.close", json!({"thread_id": thread_id}), "forbidden");
    clinic.ok(CLERK, "chat.close", json!({"thread_id": thread_id}));
    clinic.refused(NURSE, "chat.send", json!({"thread_id": thread_id, "content": "?"}), "thread_closed");
    let add = json!({"thread_id": thread_id, "user_id": WANG_ID});
    clinic.refused(NURSE, "chat.add_member", add, "thread_closed");
    // A patient's thread has the members that it has.
    let (of_patient, _) = thread(&mut clinic);
    clinic.refused(WANG, "chat.add_member", json!({"thread_id": of_patient, "user_id": LIU_ID}), "conflict");
    clinic.refused(WANG, "chat.leave", json!({"thread_id": of_patient}), "conflict");
}

#[test]
fn a_thread_has_twenty_members_at_most() {
    let mut clinic = Clinic::new();
    let mut staff = Vec::new();
    for number in 0..20 {
        let params =
            json!({"username": format!("n{number}"), "name": "护", "password": "p", "role": "nurse"});
        staff.push(clinic.ok(ADMIN, "account.create", params)["user_id"].as_i64().unwrap());
    }
    let too_many = json!({"subject": "全体", "members": staff});
    assert_eq!(clinic.refused(NURSE, "chat.open_staff", too_many, "conflict")["members_max"], 20);
    let opened = clinic.ok(NURSE, "chat.open_staff", json!({"subject": "全体", "members": staff[..19]}));
    let thread_id = opened["thread_id"].as_i64().unwrap();
    let add = json!({"thread_id": thread_id, "user_id": staff[19]});
    clinic.refused(NURSE, "chat.add_member", add, "conflict");
    clinic.ok(ADMIN, "account.disable", json!({"user_id": staff[19]}));
    clinic.refused(NURSE, "chat.open_staff", json!({"subject": "x", "members": [staff[19]]}), "disabled");
    send(&mut clinic, NURSE, thread_id, "开会");
    assert_eq!(clinic.number("SELECT count(*) FROM chat_messages"), 19);
    assert_eq!(clinic.number("SELECT count(DISTINCT receiver_id) FROM chat_copies WHERE sequence = 1"), 19);
}

#[test]
fn who_is_not_wanted_is_told_so_or_is_not_heard() {
    let mut clinic = Clinic::new();
    let (thread_id, _) = thread(&mut clinic);
    send(&mut clinic, WANG, thread_id, "请复查");
    clinic.ok(&patient(0), "chat.block", json!({"user_id": WANG_ID}));
    clinic.refused(WANG, "chat.send", json!({"thread_id": thread_id, "content": "喂"}), "blocked");
    // The record stays, and the other way is open.
    assert_eq!(
        contents(&clinic.ok(&patient(0), "chat.messages", json!({"thread_id": thread_id}))),
        ["请复查"]
    );
    send(&mut clinic, &patient(0), thread_id, "知道了");
    assert_eq!(clinic.ok(&patient(0), "chat.blocks", json!({}))["items"][0]["user_id"], WANG_ID);
    clinic.ok(&patient(0), "chat.unblock", json!({"user_id": WANG_ID}));
    clinic.refused(&patient(0), "chat.unblock", json!({"user_id": WANG_ID}), "not_found");
    assert_eq!(send(&mut clinic, WANG, thread_id, "好"), 3);
    clinic.refused(&patient(0), "chat.block", json!({"user_id": 999}), "not_found");
    let oneself = json!({"user_id": FIRST_PATIENT});
    assert_eq!(clinic.call(&patient(0), "chat.block", &oneself).unwrap_err()["field"], "user_id");
    // Among the staff the one who blocks is just not told.
    let nurse = user_id(&mut clinic, NURSE);
    let opened = clinic.ok(CLERK, "chat.open_staff", json!({"subject": "交班", "members": [nurse, LIU_ID]}));
    let staff = opened["thread_id"].as_i64().unwrap();
    for who in [NURSE, LIU, CLERK] {
        clinic.ok(who, "event.subscribe", json!({"topics": [format!("thread:{staff}")]}));
    }
    let clerk = user_id(&mut clinic, CLERK);
    clinic.ok(LIU, "chat.block", json!({"user_id": clerk}));
    clinic.pushed();
    send(&mut clinic, CLERK, staff, "谁值班");
    let heard: Vec<String> = clinic.pushed().into_iter().map(|(who, _)| who).collect();
    assert!(heard.contains(&NURSE.to_owned()) && !heard.contains(&LIU.to_owned()), "{heard:?}");
    let unread = |clinic: &mut Clinic, who: &str| {
        clinic.ok(who, "chat.threads", json!({}))["items"][0]["unread"].as_i64().unwrap()
    };
    assert_eq!((unread(&mut clinic, NURSE), unread(&mut clinic, LIU)), (1, 0));
    send(&mut clinic, NURSE, staff, "我");
    let heard: Vec<String> = clinic.pushed().into_iter().map(|(who, _)| who).collect();
    assert!(heard.contains(&LIU.to_owned()), "{heard:?}");
    assert_eq!(unread(&mut clinic, LIU), 1);
    let list = clinic.ok(LIU, "chat.messages", json!({"thread_id": staff}));
    assert_eq!(contents(&list), ["谁值班", "我"]);
}

#[test]
fn so_many_messages_a_minute_and_no_more() {
    let mut clinic = Clinic::with(|settings| settings.clinic.chat.messages_per_minute_max = 3);
    let (thread_id, _) = thread(&mut clinic);
    let message = json!({"thread_id": thread_id, "content": "在吗"});
    for _ in 0..3 {
        clinic.ok(&patient(0), "chat.send", message.clone());
    }
    let facts = clinic.refused(&patient(0), "chat.send", message.clone(), "too_many_messages");
    assert_eq!(facts["retry_after_ms"], 60_000);
    clinic.ok(WANG, "chat.send", message.clone());
    clinic.pass(1);
    assert_eq!(clinic.ok(&patient(0), "chat.send", message.clone())["sequence"], 5);
    // A clock that is set back keeps nobody silent.
    clinic.at("2026-01-05 06:00");
    assert_eq!(clinic.ok(&patient(0), "chat.send", message)["sequence"], 6);
}

#[test]
fn those_who_listen_are_told_at_once_and_nobody_else() {
    let mut clinic = Clinic::new();
    let (thread_id, _) = thread(&mut clinic);
    let topic = format!("thread:{thread_id}");
    clinic.refused(&patient(1), "event.subscribe", json!({"topics": [topic]}), "forbidden");
    clinic.refused(NURSE, "event.subscribe", json!({"topics": [topic]}), "forbidden");
    clinic.refused(NURSE, "event.subscribe", json!({"topics": ["thread:999"]}), "forbidden");
    clinic.refused(NURSE, "event.subscribe", json!({"topics": ["inbox:4"]}), "forbidden");
    send(&mut clinic, &patient(0), thread_id, "一");
    let stands = clinic.ok(WANG, "event.subscribe", json!({"topics": [topic, "inbox:4"]}));
    let facts = |kind: &str, told: &Value| {
        let topics = told["topics"].as_array().unwrap();
        topics.iter().find(|topic| topic["kind"] == kind).unwrap()["facts"].clone()
    };
    assert_eq!(facts("messages", &stands)["messages"][0]["content"], "一");
    let inbox = facts("inbox", &stands);
    let waits =
        json!({"thread_id": thread_id, "unread": 1, "last_sequence": 1, "active_ms": clinic.now.unix_ms});
    assert_eq!(inbox, json!({"threads": [waits], "has_more": false}));
    clinic.ok(&patient(0), "event.subscribe", json!({"topics": [topic]}));
    clinic.pushed();
    send(&mut clinic, &patient(0), thread_id, "二");
    let pushed = clinic.pushed();
    let told = |who: &str, kind: &str| {
        let found = pushed.iter().find(|(name, event)| name == who && event["kind"] == kind);
        found.map(|(_, event)| event["facts"].clone())
    };
    assert_eq!(pushed.len(), 3, "{pushed:?}");
    let news = told(WANG, "messages").unwrap();
    assert_eq!(told(&patient(0), "messages").unwrap(), news);
    assert_eq!((&news["from_sequence"], &news["last_sequence"]), (&json!(2), &json!(2)));
    assert_eq!(
        (news["messages"].as_array().unwrap().len(), &news["messages"][0]["content"]),
        (1, &json!("二"))
    );
    assert_eq!(told(WANG, "inbox").unwrap()["threads"][0]["unread"], 2);
    // Marks are told, too: without messages.
    clinic.ok(WANG, "chat.messages", json!({"thread_id": thread_id}));
    let pushed = clinic.pushed();
    assert_eq!(pushed.len(), 2, "{pushed:?}");
    let news = &pushed[0].1["facts"];
    assert_eq!((&news["from_sequence"], &news["messages"]), (&json!(3), &json!([])));
    assert_eq!(news["marks"][0], json!({"user_id": 4, "delivered_sequence": 2, "read_sequence": 0}));
    clinic.ok(WANG, "chat.messages", json!({"thread_id": thread_id}));
    assert_eq!(clinic.pushed(), []);
    clinic.ok(WANG, "chat.read", json!({"thread_id": thread_id, "up_to": 2}));
    let pushed = clinic.pushed();
    assert!(pushed.iter().any(|(who, event)| who == WANG && event["facts"]["threads"] == json!([])));
    // Whoever is disabled hears nothing more.
    clinic.ok(ADMIN, "account.disable", json!({"user_id": WANG_ID}));
    send(&mut clinic, &patient(0), thread_id, "三");
    let heard: Vec<String> = clinic.pushed().into_iter().map(|(who, _)| who).collect();
    assert_eq!(heard, [patient(0)]);
}

#[test]
fn all_that_a_turn_has_written_is_one_event_which_says_where_it_begins() {
    let mut clinic = Clinic::new();
    let (thread_id, _) = thread(&mut clinic);
    clinic.ok(WANG, "event.subscribe", json!({"topics": [format!("thread:{thread_id}")]}));
    send(&mut clinic, &patient(0), thread_id, "0");
    clinic.pushed();
    for (count, from_sequence) in [(3, 2), (22, 7)] {
        let sends: Vec<(&str, Value)> = (0..count)
            .map(|number| ("chat.send", json!({"thread_id": thread_id, "content": number.to_string()})))
            .collect();
        let sent = clinic.batch(&patient(0), &sends);
        let pushed = clinic.pushed();
        let [(_, event)] = &pushed[..] else { panic!("{pushed:?}") };
        let facts = &event["facts"];
        assert_eq!(facts["from_sequence"], from_sequence);
        assert_eq!(facts["last_sequence"], sent.last().unwrap()["sequence"]);
        let sequences: Vec<i64> = facts["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["sequence"].as_i64().unwrap())
            .collect();
        let last = facts["last_sequence"].as_i64().unwrap();
        assert_eq!(sequences, (from_sequence..=last).collect::<Vec<i64>>());
    }
}

#[test]
fn what_was_missed_is_told_when_one_comes_back() {
    let mut clinic = Clinic::new();
    let (thread_id, _) = thread(&mut clinic);
    let topic = format!("thread:{thread_id}");
    let sequence = clinic.ok(WANG, "event.subscribe", json!({"topics": [topic]}))["sequence"].clone();
    clinic.ok(WANG, "event.unsubscribe", json!({}));
    for content in ["一", "二"] {
        send(&mut clinic, &patient(0), thread_id, content);
    }
    assert_eq!(clinic.pushed(), []);
    let back = clinic.ok(WANG, "event.subscribe", json!({"topics": [topic], "since": sequence}));
    assert_eq!(back["gap"], false);
    let said: Vec<&Value> = back["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["facts"]["messages"][0]["content"])
        .collect();
    assert_eq!(said, ["一", "二"]);
    // Of many, the last twenty are told, and where they begin.
    for number in 0..24 {
        send(&mut clinic, &patient(0), thread_id, &number.to_string());
    }
    let stands = clinic.ok(&patient(0), "event.subscribe", json!({"topics": [topic]}));
    let facts = &stands["topics"][0]["facts"];
    assert_eq!((&facts["from_sequence"], &facts["last_sequence"]), (&json!(7), &json!(26)));
    assert_eq!(facts["messages"].as_array().unwrap().len(), 20);
}

#[test]
fn that_others_read_a_patients_thread_is_in_the_trail() {
    let mut clinic = Clinic::new();
    let (thread_id, appointment_id) = thread(&mut clinic);
    send(&mut clinic, &patient(0), thread_id, "一");
    let get = json!({"thread_id": thread_id});
    let reads = |clinic: &mut Clinic| {
        clinic.number(
            "SELECT count(*) FROM audit WHERE entity = 'chat_thread' AND patient_id = 9 AND action = 'R'",
        )
    };
    clinic.ok(&patient(0), "chat.messages", get.clone());
    clinic.ok(&patient(0), "chat.get", get.clone());
    assert_eq!(reads(&mut clinic), 0);
    clinic.ok(WANG, "chat.messages", get.clone());
    clinic.ok(WANG, "chat.get", get.clone());
    clinic.ok(WANG, "event.subscribe", json!({"topics": [format!("thread:{thread_id}")]}));
    assert_eq!(reads(&mut clinic), 3);
    clinic.refused(ADMIN, "chat.messages", get.clone(), "reason_required");
    let with_reason = json!({"thread_id": thread_id, "reason": "投诉"});
    clinic.ok(ADMIN, "chat.messages", with_reason);
    assert_eq!(reads(&mut clinic), 5, "with the refusal");
    // Who reads for a reason is no member, and moves no mark.
    let members = clinic.ok(&patient(0), "chat.get", get.clone())["members"].clone();
    assert_eq!(members.as_array().unwrap().len(), 2);
    let of_patient = json!({"patient_id": FIRST_PATIENT, "reason": "投诉"});
    let list = clinic.ok(ADMIN, "chat.of_patient", of_patient);
    assert_eq!(list["items"][0]["thread_id"], thread_id);
    // A doctor who does not treat the patient any longer reads the thread to which they belong.
    clinic.cancel(&patient(0), appointment_id);
    clinic.refused(WANG, "chat.of_patient", json!({"patient_id": FIRST_PATIENT}), "forbidden");
    assert_eq!(contents(&clinic.ok(WANG, "chat.messages", get)), ["一"]);
}

#[test]
fn what_old_clients_put_there_is_shown_to_both() {
    let mut clinic = Clinic::new();
    let (thread_id, _) = thread(&mut clinic);
    send(&mut clinic, &patient(0), thread_id, "新");
    let mut insert = |sender: i64, receiver: i64, content: &str| {
        clinic.old(&json!({
            "table_name": "chat_messages", "sender_id": sender, "receiver_id": receiver, "content": content,
        }))
    };
    let inserted = insert(FIRST_PATIENT, WANG_ID, "旧一");
    insert(WANG_ID, FIRST_PATIENT, "旧二");
    insert(FIRST_PATIENT + 1, WANG_ID, "别人");
    let list = clinic.ok(WANG, "chat.old_messages", json!({"with_user_id": FIRST_PATIENT, "limit": 1}));
    assert_eq!(contents(&list), ["旧二"], "{inserted}");
    let cursor = list["next_cursor"].clone();
    let next = json!({"with_user_id": FIRST_PATIENT, "limit": 1, "cursor": cursor});
    let list = clinic.ok(WANG, "chat.old_messages", next);
    assert_eq!((contents(&list), &list["next_cursor"]), (vec!["旧一"], &Value::Null));
    let list = clinic.ok(&patient(0), "chat.old_messages", json!({"with_user_id": WANG_ID}));
    assert_eq!(contents(&list), ["旧二", "旧一"]);
    // What is of a thread stays there.
    assert_eq!(send(&mut clinic, WANG, thread_id, "新二"), 2);
    let list = clinic.ok(&patient(0), "chat.old_messages", json!({"with_user_id": WANG_ID}));
    assert_eq!(contents(&list).len(), 2);
    assert_eq!(contents(&clinic.ok(WANG, "chat.messages", json!({"thread_id": thread_id}))), ["新", "新二"]);
}

#[test]
fn ones_own_threads_come_in_the_order_of_what_happened_last() {
    let mut clinic = Clinic::new();
    let mut threads = Vec::new();
    for number in 0..5 {
        let params = json!({"subject": format!("{number}"), "members": [WANG_ID]});
        threads.push(clinic.ok(NURSE, "chat.open_staff", params)["thread_id"].as_i64().unwrap());
        clinic.pass(1);
    }
    send(&mut clinic, WANG, threads[1], "喂");
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let list = clinic.ok(NURSE, "chat.threads", json!({"limit": 2, "cursor": cursor}));
        let ids = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["thread"]["thread_id"].as_i64().unwrap());
        seen.extend(ids);
        cursor = list["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    let [first, second, third, fourth, fifth] = threads[..] else { panic!() };
    assert_eq!(seen, [second, fifth, fourth, third, first]);
    let bad = json!({"cursor": "x"});
    assert_eq!(clinic.call(NURSE, "chat.threads", &bad).unwrap_err()["field"], "cursor");
}
