//! Owns the opening: who works here, who the patients are, which sessions there are. Never books a place.
//! Invariant: times are round the present one, in the house's own time, and on one day.

use super::Stop;
use super::figures::Group;
use super::line::{Answer, Line};
use super::play::{Person, Play, must, number, text, user_id};
use chrono::{NaiveDateTime, TimeDelta};
use serde_json::{Value, json};

pub const PATIENTS: usize = 60;
/// The places online of the session that everybody wants.
pub const PLACES: usize = 6;
pub const ROOM: &str = "101";
pub const DEPARTMENT: &str = "内科";

const SURNAMES: [&str; 10] = ["赵", "钱", "孙", "李", "周", "吴", "郑", "冯", "陈", "褚"];
const GIVEN_NAMES: [&str; 6] = ["敏", "静", "伟", "强", "丽", "军"];
pub const PASSWORD: &str = "demo";

/// Everybody who plays a part.
pub struct Cast {
    pub clerk: Person,
    pub nurse: Person,
    /// 王医生, in room 101.
    pub doctor: Person,
    /// 刘医生, who falls ill.
    pub surgeon: Person,
    pub patients: Vec<Person>,
    /// The screen in the waiting room; nobody is logged in there.
    pub hall: Line,
    /// The session of 王医生 that everybody wants.
    pub session_id: i64,
    /// When its places begin to be given out.
    pub release_at: NaiveDateTime,
    /// That of 刘医生 in the afternoon.
    pub afternoon_id: i64,
    /// 陈医生 of 儿科, who has no part but a session.
    pub pediatrician_id: i64,
}

impl Cast {
    pub fn patient(&mut self, index: usize) -> Result<&mut Person, Stop> {
        self.patients.get_mut(index).ok_or_else(|| Stop::failed("there are not so many patients"))
    }
}

/// `YYYY-MM-DD HH:MM:SS`.
pub fn written(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

pub fn open(play: &mut Play) -> Result<Cast, Stop> {
    let screen = &mut play.screen;
    screen.chapter("A hospital's day, in about a minute")?;
    screen.note(format!(
        "A server of its own has started: pid {}, {}.",
        play.house.pid(),
        play.house.address()
    ))?;
    screen.note(format!("Its files are in {}, and go away at the end.", play.house.path().display()))?;
    let clock = play.house.now().format("%H:%M:%S");
    screen.note(format!("Its clock is this machine's, in a time zone where it is {clock}."))?;
    screen.tell("What you read below was counted from its replies, over TCP.")?;
    play.screen.chapter("1  Who works here, and who comes")?;
    for (username, role, more) in [
        ("desk", "clerk", &[][..]),
        ("ward", "nurse", &[]),
        ("chief", "admin", &[]),
        ("DOC004", "doctor", &["--name", "赵医生", "--department", DEPARTMENT]),
    ] {
        let arguments = [&["user", "add", username, "--role", role][..], more].concat();
        play.house.run(&[&arguments[..], &["--config", "medsrv.conf"]].concat(), PASSWORD)?;
    }
    play.screen
        .tell("`medsrv user add` has made a clerk, a nurse, an administrator and a fourth doctor, while the server runs.")?;
    let mut clerk = play.log_in("desk", PASSWORD, "the clerk")?;
    let nurse = play.log_in("ward", PASSWORD, "the nurse")?;
    let doctor = play.log_in("DOC001", "hash_doctor1", "王医生")?;
    let surgeon = play.log_in("DOC002", "hash_doctor2", "刘医生")?;
    let patients = patients(play)?;
    let count = patients.len();
    play.screen.tell(format!(
        "{count} patients have registered and logged in, each on a connection of their own."
    ))?;
    let mut hall = play.open_line()?;
    let (physician, pediatrician) =
        (doctor_id(play, &mut hall, "赵医生")?, doctor_id(play, &mut hall, "陈医生")?);
    play.screen.chapter("2  The clerk releases sessions")?;
    let now = play.house.now();
    let (today, tomorrow) = (now.date(), now.date() + TimeDelta::days(1));
    let release_at = play.house.second_in(if play.screen.is_fast() { 2 } else { 4 });
    let session = json!({
        "doctor_id": doctor.id, "department": DEPARTMENT, "room": ROOM, "period": "morning",
        // It began a while ago, so that whoever was to be first is late by now.
        "starts_at": written(now - TimeDelta::minutes(20)), "ends_at": written(now + TimeDelta::minutes(160)),
        "capacity_online": PLACES, "capacity_onsite": 2, "release_at": written(release_at),
    });
    let session_id = add(play, &mut clerk, &session)?;
    let other = |doctor_id: i64, department: &str, day, period: &str, starts: &str, places: i64| {
        json!({
            "doctor_id": doctor_id, "department": department, "period": period, "capacity_online": places,
            "starts_at": format!("{day} {starts}"), "ends_at": format!("{day} 17:00"),
        })
    };
    add(play, &mut clerk, &other(physician, DEPARTMENT, today, "afternoon", "14:00", 20))?;
    add(play, &mut clerk, &other(doctor.id, DEPARTMENT, tomorrow, "day", "09:00", 20))?;
    let afternoon_id = add(play, &mut clerk, &other(surgeon.id, "外科", today, "afternoon", "13:30", 12))?;
    play.screen.note(format!("王医生 of 内科 (internal medicine) is in room {ROOM} this morning."))?;
    play.screen.note(format!(
        "The session has {PLACES} places online and 2 for the desk. Two more sessions of 内科 have 20."
    ))?;
    let opens = release_at.format("%H:%M:%S");
    play.screen.tell(format!("The {PLACES} places are given out from {opens} on, and not before."))?;
    Ok(Cast {
        clerk,
        nurse,
        doctor,
        surgeon,
        patients,
        hall,
        session_id,
        release_at,
        afternoon_id,
        pediatrician_id: pediatrician,
    })
}

/// Makes a session. Returns its id.
pub fn add(play: &mut Play, clerk: &mut Person, session: &Value) -> Result<i64, Stop> {
    number(&play.call(&mut clerk.line, "schedule.add_session", session)?, "id")
}

fn doctor_id(play: &mut Play, line: &mut Line, name: &str) -> Result<i64, Stop> {
    let found = play.call(line, "doctor.list", &json!({}))?;
    let doctor = super::play::items(&found).iter().find(|doctor| doctor["name"] == name);
    number(doctor.unwrap_or(&Value::Null), "doctor_id")
}

/// Each sends both calls without waiting, and all do so before anyone is answered.
fn patients(play: &mut Play) -> Result<Vec<Person>, Stop> {
    let mut lines = Vec::new();
    // Those who come one after the other have different surnames, which is all that a board shows.
    let names =
        GIVEN_NAMES.iter().flat_map(|given| SURNAMES.iter().map(move |surname| format!("{surname}{given}")));
    let names: Vec<String> = names.take(PATIENTS).collect();
    for (index, name) in names.iter().enumerate() {
        let phone = phone(index);
        let mut line = play.open_line()?;
        let new = json!({"name": name, "phone": phone, "password": PASSWORD});
        line.ask("account.register_patient", &new)?;
        line.ask("session.login", &json!({"username": phone, "password": PASSWORD}))?;
        lines.push(line);
    }
    let mut all: Vec<&mut Line> = lines.iter_mut().collect();
    let answers = play.answers(&mut all, Group::Password)?;
    let mut patients = Vec::new();
    for ((line, name), answer) in lines.into_iter().zip(names).zip(answers) {
        let Answer::Result(opened) = answer else {
            return Err(Stop::failed(format_args!("a patient cannot log in: {answer:?}")));
        };
        let id = user_id(&opened)?;
        patients.push(Person { line, id, name, token: text(&opened, "token")?.to_owned() });
    }
    must(patients.len() == PATIENTS, "not every patient has an account")?;
    Ok(patients)
}

pub fn phone(index: usize) -> String {
    format!("137{index:08}")
}
