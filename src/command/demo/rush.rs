//! Owns the rush for the last places, and what becomes of those who get none. Never gives a place itself.
//! Invariant: exactly as many have a place as there are places, whoever was first.

use super::Stop;
use super::figures::Group;
use super::house::rest;
use super::line::{Answer, Line};
use super::opening::{Cast, DEPARTMENT, PATIENTS, PLACES};
use super::play::{Play, at, items, must, number, text};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// So close to the release, nobody tries whether it is too early.
const TOO_CLOSE: TimeDelta = TimeDelta::milliseconds(400);
/// So many of those who came too late book what they are told of instead.
const ELSEWHERE: usize = 10;

/// Somebody who has a place, and which.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    pub patient: usize,
    pub appointment_id: i64,
}

/// Returns who has a place in the end, in the order of their times.
pub fn run(play: &mut Play, cast: &mut Cast) -> Result<Vec<Given>, Stop> {
    wait_for_release(play, cast)?;
    play.screen.chapter("3  The rush")?;
    let session_id = cast.session_id;
    let topic = json!({"topics": [format!("session:{session_id}")]});
    play.call(&mut cast.hall, "event.subscribe", &topic)?;
    let begun = Instant::now();
    for (index, patient) in cast.patients.iter_mut().enumerate() {
        let request_id = format!("rush-{index}");
        let params = json!({"session_id": session_id, "patient_id": patient.id, "request_id": request_id});
        patient.line.ask("appointment.book", &params)?;
    }
    let mut lines: Vec<&mut Line> = cast.patients.iter_mut().map(|patient| &mut patient.line).collect();
    let answers = play.answers(&mut lines, Group::Rush)?;
    let took = begun.elapsed();
    let (given, late, alternatives) = sorted(&answers)?;
    must(given.len() == PLACES, format_args!("{} places were given out of {PLACES}", given.len()))?;
    must(given.len() + late.len() == PATIENTS, "not everybody was answered")?;
    let is_full = |push: &Value| push.pointer("/facts/online/remaining") == Some(&json!(0));
    let push = play.pushed_by_clock(&mut cast.hall, is_full)?;
    must(at(&push.params, "/facts/session_id") == session_id, "a screen heard of another session")?;
    play.screen.note(format!(
        "{PATIENTS} patients asked for a place at one moment. All were answered within {} ms.",
        took.as_millis().max(1)
    ))?;
    play.screen.note(format!(
        "{} got one: as many as there were. {} were told `session_full`.",
        given.len(),
        late.len()
    ))?;
    play.screen
        .tell("That is decided in one transaction on disk before anyone is answered: none is sold twice.")?;
    play.screen.tell(format!(
        "Whoever came too late was told in the same reply of {alternatives} other sessions with places.",
    ))?;
    play.screen.tell("A screen that listens to the session heard that it is full, without asking.")?;
    again(play, cast, &given)?;
    elsewhere(play, cast, &late)?;
    waitlist(play, cast, given, &late)
}

fn wait_for_release(play: &mut Play, cast: &mut Cast) -> Result<(), Stop> {
    let session_id = cast.session_id;
    let early = cast.patient(0)?;
    let params = json!({"session_id": session_id, "patient_id": early.id});
    if play.house.now() + TOO_CLOSE < cast.release_at {
        let early = cast.patient(0)?;
        let data = play.refused(&mut early.line, "appointment.book", &params, "not_open")?;
        play.screen.note(format!(
            "{} tries at once: refused, `not_open`, opens at {}.",
            early.name,
            text(&data, "opens_at")?
        ))?;
    }
    let left = (cast.release_at - play.house.now()).to_std().unwrap_or_default();
    // The server's clock is this one, in whole seconds.
    rest(left + Duration::from_millis(50), &play.intent)
}

/// Who has got a place, who has not, and how many other sessions those were told of.
fn sorted(answers: &[Answer]) -> Result<(Vec<Given>, Vec<usize>, usize), Stop> {
    let (mut given, mut late, mut fewest) = (Vec::new(), Vec::new(), usize::MAX);
    for (patient, answer) in answers.iter().enumerate() {
        match answer {
            Answer::Result(placed) => {
                given.push(Given { patient, appointment_id: number(placed, "appointment_id")? });
            }
            Answer::Refused { code, data, .. } if code == "session_full" => {
                late.push(patient);
                fewest = fewest.min(data["alternatives"].as_array().map_or(0, Vec::len));
            }
            other @ Answer::Refused { .. } => {
                return Err(Stop::failed(format_args!("a place was refused for another reason: {other:?}")));
            }
        }
    }
    must(fewest > 0, "nobody was told where there are places")?;
    Ok((given, late, fewest))
}

/// A phone that lost the reply asks again; and nobody takes a second place of a department on one day.
fn again(play: &mut Play, cast: &mut Cast, given: &[Given]) -> Result<(), Stop> {
    let session_id = cast.session_id;
    let Some(Given { patient, appointment_id }) = given.first().copied() else { return Ok(()) };
    let person = cast.patient(patient)?;
    let params = json!({
        "session_id": session_id, "patient_id": person.id, "request_id": format!("rush-{patient}"),
    });
    let same = play.call(&mut person.line, "appointment.book", &params)?;
    must(number(&same, "appointment_id")? == appointment_id, "a repeated request made a second appointment")?;
    let params = json!({"session_id": session_id, "patient_id": person.id});
    play.refused(&mut person.line, "appointment.book", &params, "limit_reached")?;
    let name = &person.name;
    play.screen.tell(format!(
        "The phone of {name} lost the reply and sends the same request: the same appointment again, not a second one."
    ))?;
    play.screen
        .tell("A second place of the department on that day, asked for on purpose: refused, `limit_reached`.")
}

/// Some of those who came too late book one of the sessions that they were told of.
fn elsewhere(play: &mut Play, cast: &mut Cast, late: &[usize]) -> Result<(), Stop> {
    let today = play.house.now().format("%Y-%m-%d").to_string();
    let params = json!({"department": DEPARTMENT, "date_from": today});
    let found = play.call(&mut cast.hall, "schedule.sessions", &params)?;
    let other =
        items(&found).iter().find(|session| at(session, "/online/remaining").as_i64().unwrap_or(0) > 0);
    let other_id = number(other.unwrap_or(&Value::Null), "session_id")?;
    let session_id = cast.session_id;
    let who: Vec<usize> = late.iter().copied().take(ELSEWHERE).collect();
    let mut lines = Vec::new();
    for (index, patient) in cast.patients.iter_mut().enumerate() {
        if who.contains(&index) {
            patient
                .line
                .ask("appointment.book", &json!({"session_id": other_id, "patient_id": patient.id}))?;
            lines.push(&mut patient.line);
        }
    }
    let answers = play.answers(&mut lines, Group::Ordinary)?;
    let booked = answers.iter().filter(|answer| matches!(answer, Answer::Result(_))).count();
    must(booked == who.len() && other_id != session_id, "a place that was named could not be booked")?;
    play.screen.tell(format!("{booked} of them book one of those: 赵医生 this afternoon."))
}

/// One waits, one gives a place back, and it goes to who waits and to nobody else.
fn waitlist(play: &mut Play, cast: &mut Cast, given: Vec<Given>, late: &[usize]) -> Result<Vec<Given>, Stop> {
    play.screen.chapter("4  One cancels, and one has waited")?;
    let session_id = cast.session_id;
    let mut rest = late.iter().copied().skip(ELSEWHERE);
    let (Some(first), Some(bystander)) = (rest.next(), rest.next()) else {
        return Err(Stop::failed("nobody is left to wait"));
    };
    let waiting = cast.patient(first)?;
    let wish = json!({"session_id": session_id, "patient_id": waiting.id});
    play.call(&mut waiting.line, "waitlist.join", &wish)?;
    let topics = json!({"topics": [format!("patient:{}", waiting.id)]});
    play.call(&mut waiting.line, "event.subscribe", &topics)?;
    let name = waiting.name.clone();
    play.screen.tell(format!("{name} waits for a place with 王医生, and puts the phone away."))?;
    let mut given = given;
    // The last place is the one whose time has not come yet.
    let Some(Given { patient, appointment_id }) = given.pop() else {
        return Err(Stop::failed("nobody has a place to give back"));
    };
    let leaving = cast.patient(patient)?;
    let begun = Instant::now();
    let params = json!({"appointment_id": appointment_id, "reason": "better again"});
    play.call(&mut leaving.line, "appointment.cancel", &params)?;
    let leaving = leaving.name.clone();
    let waiting = cast.patient(first)?;
    let is_offer = |push: &Value| push.pointer("/facts/unread/0/kind") == Some(&json!("place_offered"));
    let (push, took) = play.pushed(&mut waiting.line, begun, is_offer)?;
    let offered = push.pointer("/facts/unread/0").cloned().unwrap_or_default();
    let offered_id = number(&offered, "appointment_id")?;
    play.screen
        .note(format!("{leaving} cancels. {:.1} ms later the phone of {name} has an offer.", ms(took)))?;
    let other = cast.patient(bystander)?;
    let params = json!({"session_id": session_id, "patient_id": other.id});
    play.refused(&mut other.line, "appointment.book", &params, "session_full")?;
    let other = other.name.clone();
    play.screen
        .tell(format!("The place is held for five minutes. {other} tries to be quicker: `session_full`."))?;
    let waiting = cast.patient(first)?;
    let confirmed =
        play.call(&mut waiting.line, "appointment.confirm", &json!({"appointment_id": offered_id}))?;
    must(at(&confirmed, "/state") == "booked", "an offer that was confirmed is no appointment")?;
    play.screen.tell(format!("{name} confirms, and has the appointment. Nobody had to ring anyone up."))?;
    given.push(Given { patient: first, appointment_id: offered_id });
    Ok(given)
}

pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
