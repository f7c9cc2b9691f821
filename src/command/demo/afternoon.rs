//! Owns what happens without anybody at the desk: a doctor who does not come, a reminder, a patient who does not
//! come. Never ends anything itself.
//! Invariant: what the server does by the clock is waited for, and the clock is left alone.

use super::Stop;
use super::figures::Group;
use super::line::{Answer, Line};
use super::opening::{Cast, PASSWORD, PATIENTS, add, written};
use super::play::{Person, Play, items, list, must, number, text};
use super::rush::ms;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::time::Instant;

/// So many have booked the session that is stopped.
const CANCELLED: usize = 8;

/// How the appointments ended that were not seen.
pub struct Ended {
    pub cancelled: usize,
    pub told: usize,
    pub no_shows: usize,
    pub reminders: usize,
}

pub fn run(play: &mut Play, cast: &mut Cast) -> Result<Ended, Stop> {
    let (cancelled, told) = leave(play, cast)?;
    by_the_clock(play, cast)?;
    Ok(Ended { cancelled, told, no_shows: 1, reminders: 1 })
}

/// A doctor's leave is approved: the appointments of that day are cancelled, and everybody hears of it.
fn leave(play: &mut Play, cast: &mut Cast) -> Result<(usize, usize), Stop> {
    play.screen.chapter("7  A doctor falls ill")?;
    let session_id = cast.afternoon_id;
    // They have no other appointment this afternoon.
    let mut patients: Vec<&mut Person> =
        cast.patients.iter_mut().skip(PATIENTS - CANCELLED - 2).take(CANCELLED).collect();
    for patient in &mut patients {
        let line = &mut patient.line;
        line.ask("event.subscribe", &json!({"topics": [format!("patient:{}", patient.id)]}))?;
        line.ask("appointment.book", &json!({"session_id": session_id, "patient_id": patient.id}))?;
    }
    let mut lines: Vec<&mut Line> = patients.iter_mut().map(|patient| &mut patient.line).collect();
    let answers = play.answers(&mut lines, Group::Ordinary)?;
    let booked = answers.iter().filter(|answer| matches!(answer, Answer::Result(_))).count();
    must(booked == CANCELLED, "a place of the afternoon could not be booked")?;
    play.screen.tell(format!("{booked} have booked the afternoon of 刘医生 (外科, surgery)."))?;
    let today = play.house.now().date().to_string();
    let params = json!({"date_from": today, "date_to": today, "reason": "a fever"});
    let leave = play.call(&mut cast.surgeon.line, "leave.request", &params)?;
    let mut chief = play.log_in("chief", PASSWORD, "the administrator")?;
    let begun = Instant::now();
    let params = json!({"leave_id": number(&leave, "leave_id")?});
    let approved = play.call(&mut chief.line, "leave.approve", &params)?;
    let [stopped] = list(&approved, "sessions") else {
        return Err(Stop::failed("a leave is about another session"));
    };
    must(number(stopped, "session_id")? == session_id, "a leave is about another session")?;
    let cancelled = list(stopped, "appointments").len();
    let (mut told, mut last) = (0, std::time::Duration::ZERO);
    for patient in &mut patients {
        let is_notice =
            |push: &Value| push.pointer("/facts/unread/0/kind") == Some(&json!("session_stopped"));
        let (push, took) = play.pushed(&mut patient.line, begun, is_notice)?;
        must(
            push.pointer("/facts/unread/0/text") == Some(&json!("the doctor is on leave")),
            "a notice does not say why",
        )?;
        (told, last) = (told + 1, last.max(took));
    }
    must(
        cancelled == booked && told == booked,
        "somebody has an appointment with a doctor who does not come",
    )?;
    play.screen
        .note("刘医生 asks for leave. The administrator approves it: one call, and one transaction.")?;
    play.screen.tell(format!(
        "{cancelled} appointments are cancelled by the system; {told} phones say why, {:.1} ms later. Nobody is penalised.",
        ms(last)
    ))?;
    let patient = cast.patient(0)?;
    let params = json!({"session_id": session_id, "patient_id": patient.id});
    play.refused(&mut patient.line, "appointment.book", &params, "session_stopped")?;
    Ok((cancelled, told))
}

/// A session of which an hour is left until it begins, and one that ends.
fn by_the_clock(play: &mut Play, cast: &mut Cast) -> Result<(), Stop> {
    play.screen.chapter("8  What the clock does")?;
    let now = play.house.now();
    let (remind_at, ends_at) = (play.house.second_in(3), play.house.second_in(4));
    let later = remind_at + TimeDelta::hours(1);
    let soon = json!({
        "doctor_id": cast.pediatrician_id, "department": "儿科", "period": "soon", "capacity_online": 1,
        "starts_at": written(later), "ends_at": written(later + TimeDelta::hours(1)),
    });
    let over = json!({
        "doctor_id": cast.surgeon.id, "department": "外科", "period": "early", "capacity_online": 1,
        "starts_at": written(now - TimeDelta::minutes(50)), "ends_at": written(ends_at),
    });
    let (soon_id, over_id) = (add(play, &mut cast.clerk, &soon)?, add(play, &mut cast.clerk, &over)?);
    let mut people = cast.patients.iter_mut().skip(PATIENTS - 2);
    let (Some(reminded), Some(absent)) = (people.next(), people.next()) else {
        return Err(Stop::failed("there are not so many patients"));
    };
    let topics = json!({"topics": [format!("patient:{}", reminded.id)]});
    play.call(&mut reminded.line, "event.subscribe", &topics)?;
    let params = json!({"session_id": soon_id, "patient_id": reminded.id});
    play.call(&mut reminded.line, "appointment.book", &params)?;
    let params = json!({"session_id": over_id, "patient_id": absent.id});
    let missed = play.call(&mut absent.line, "appointment.book", &params)?;
    let missed_id = number(&missed, "appointment_id")?;
    let topics = json!({"topics": [format!("appointment:{missed_id}")]});
    play.call(&mut absent.line, "event.subscribe", &topics)?;
    let (one, other) = (&reminded.name, &absent.name);
    play.screen.note(format!(
        "{one} is to be seen at {}, an hour and some seconds from now.",
        later.format("%H:%M:%S")
    ))?;
    play.screen.tell(format!(
        "{other} has booked a session that ends at {}, and does not come.",
        ends_at.format("%H:%M:%S")
    ))?;
    let is_no_show = |push: &Value| push.pointer("/facts/state") == Some(&json!("no_show"));
    play.pushed_by_clock(&mut absent.line, is_no_show)?;
    let other = absent.name.clone();
    play.screen
        .tell(format!("The session is over: the server closes it, and {other} did not come (`no_show`)."))?;
    play.screen.tell("Three of those within 180 days, and one books at the desk only, for 90 days.")?;
    let is_reminder = |push: &Value| push.pointer("/facts/unread/0/kind") == Some(&json!("reminder_hour"));
    let reminded = cast.patient(PATIENTS - 2)?;
    play.pushed_by_clock(&mut reminded.line, is_reminder)?;
    let notices = play.call(&mut reminded.line, "notice.list", &json!({}))?;
    let notice = items(&notices).last().cloned().unwrap_or_default();
    must(text(&notice, "kind")? == "reminder_hour", "a reminder was pushed and is not kept")?;
    play.screen.tell(format!(
        "{} was reminded an hour before, once. The notice is kept until it is fetched.",
        reminded.name
    ))
}
