//! Owns what the scenes of a demonstration share: the people with their connections, and calls that are timed.
//! Never knows the story.
//! Invariant: an answer that the story does not expect ends it; nothing is told that was not seen.

use super::figures::{Figures, Group};
use super::house::House;
use super::line::{Answer, Line, Push, Reply, gather, gather_replies};
use super::screen::Screen;
use super::{Intent, Stop};
use serde_json::{Value, json};
use std::fmt::Display;
use std::time::{Duration, Instant};

/// How long a push may take before the demonstration gives up.
const PUSH_PATIENCE: Duration = Duration::from_secs(10);

/// Somebody who is logged in on a connection of their own.
pub struct Person {
    pub line: Line,
    pub id: i64,
    pub name: String,
    pub token: String,
}

pub struct Play {
    pub screen: Screen,
    pub figures: Figures,
    pub house: House,
    pub intent: Intent,
}

/// What must hold, whatever the clock and the machine do.
pub fn must(holds: bool, what: impl Display) -> Result<(), Stop> {
    if holds { Ok(()) } else { Err(Stop::failed(format_args!("this must not be: {what}"))) }
}

/// A member that is a whole number.
pub fn number(value: &Value, member: &str) -> Result<i64, Stop> {
    value[member].as_i64().ok_or_else(|| Stop::failed(format_args!("there is no {member} in {value}")))
}

pub fn text<'a>(value: &'a Value, member: &str) -> Result<&'a str, Stop> {
    value[member].as_str().ok_or_else(|| Stop::failed(format_args!("there is no {member} in {value}")))
}

/// What is at a place, `/member/member`; null where nothing is.
pub fn at<'a>(value: &'a Value, place: &str) -> &'a Value {
    value.pointer(place).unwrap_or(&Value::Null)
}

/// A list that a result has.
pub fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map(Vec::as_slice).unwrap_or_default()
}

pub fn items(value: &Value) -> &[Value] {
    list(value, "items")
}

/// Whose session was opened.
pub fn user_id(opened: &Value) -> Result<i64, Stop> {
    number(at(opened, "/user"), "user_id")
}

impl Play {
    pub fn open_line(&self) -> Result<Line, Stop> {
        Line::open(self.house.address())
    }

    fn record(&mut self, reply: &Reply, group: Group) {
        let group = match reply.method {
            "session.login" | "account.register_patient" => Group::Password,
            _ => group,
        };
        self.figures.add(group, reply.took);
        if matches!(reply.answer, Answer::Refused { .. }) {
            self.figures.refused += 1;
        }
    }

    /// Waits for all replies on these lines, and gives each line's last one.
    pub fn answers(&mut self, lines: &mut [&mut Line], group: Group) -> Result<Vec<Answer>, Stop> {
        gather_replies(lines.iter_mut().map(|line| &mut **line), &self.intent)?;
        let mut answers = Vec::new();
        for line in lines {
            let mut last = None;
            while let Some(reply) = line.take_reply() {
                self.record(&reply, group);
                last = Some(reply.answer);
            }
            answers.extend(last);
        }
        Ok(answers)
    }

    pub fn try_call(
        &mut self,
        line: &mut Line,
        method: &'static str,
        params: &Value,
    ) -> Result<Answer, Stop> {
        line.ask(method, params)?;
        let answers = self.answers(&mut [line], Group::Ordinary)?;
        answers.into_iter().next().ok_or_else(|| Stop::failed(format_args!("{method} has no reply")))
    }

    /// A call that is carried out.
    pub fn call(&mut self, line: &mut Line, method: &'static str, params: &Value) -> Result<Value, Stop> {
        match self.try_call(line, method, params)? {
            Answer::Result(result) => Ok(result),
            Answer::Refused { code, message, .. } => {
                Err(Stop::failed(format_args!("{method} was refused: {code}: {message}")))
            }
        }
    }

    /// A call that is refused with this word. Returns the facts beside it.
    pub fn refused(
        &mut self,
        line: &mut Line,
        method: &'static str,
        params: &Value,
        word: &str,
    ) -> Result<Value, Stop> {
        match self.try_call(line, method, params)? {
            Answer::Refused { code, data, .. } if code == word => Ok(data),
            other => {
                Err(Stop::failed(format_args!("{method} must be refused with {word}, but came to {other:?}")))
            }
        }
    }

    pub fn log_in(&mut self, username: &str, password: &str, name: &str) -> Result<Person, Stop> {
        let mut line = self.open_line()?;
        let params = json!({"username": username, "password": password});
        let opened = self.call(&mut line, "session.login", &params)?;
        Ok(Person {
            id: user_id(&opened)?,
            token: text(&opened, "token")?.to_owned(),
            name: name.to_owned(),
            line,
        })
    }

    /// Comes back on a new connection, without a password.
    pub fn resume(&mut self, person: &mut Person) -> Result<(), Stop> {
        person.line = self.open_line()?;
        self.call(&mut person.line, "session.resume", &json!({"token": person.token})).map(drop)
    }

    /// Waits for a push that somebody's call has led to, takes it and all before it, and says how long it took
    /// from that call.
    pub fn pushed(
        &mut self,
        line: &mut Line,
        since: Instant,
        is_it: impl Fn(&Value) -> bool,
    ) -> Result<(Value, Duration), Stop> {
        let Push { params, came } = self.pushed_by_clock(line, is_it)?;
        let took = came.saturating_duration_since(since);
        self.figures.add(Group::Push, took);
        Ok((params, took))
    }

    /// The same of a push that comes when its time has come.
    pub fn pushed_by_clock(&mut self, line: &mut Line, is_it: impl Fn(&Value) -> bool) -> Result<Push, Stop> {
        let found = |line: &Line| line.pushes.iter().any(|push| is_it(&push.params));
        if !gather(std::iter::once(&mut *line), PUSH_PATIENCE, &self.intent, found)? {
            let limit = PUSH_PATIENCE.as_secs();
            return Err(Stop::failed(format_args!("what was to be pushed did not come within {limit} s")));
        }
        while let Some(push) = line.pushes.pop_front() {
            self.figures.pushes += 1;
            if is_it(&push.params) {
                return Ok(push);
            }
        }
        Err(Stop::failed("what was pushed is gone"))
    }
}
