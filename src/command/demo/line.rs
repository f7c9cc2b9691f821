//! Owns a connection of somebody who plays a part: calls out, replies and pushes in. Never knows what they mean.
//! Invariants: replies come in the order of the calls, and each is timed from its own call; no wait outlasts its
//! limit, nor somebody's wish to end.

use super::{Intent, Stop};
use crate::net;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A reply of this length would be none of a demonstration.
const REPLY_MAX_BYTES: usize = 8 * 1024 * 1024;
const PIECE_BYTES: usize = 16 * 1024;
/// How long a call may take before the demonstration gives up.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nobody looks whether somebody wishes to end.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// What a call came to.
#[derive(Debug, Clone)]
pub enum Answer {
    Result(Value),
    Refused { code: String, message: String, data: Value },
}

/// A reply, and how long it took from its call.
pub struct Reply {
    pub method: &'static str,
    pub answer: Answer,
    pub took: Duration,
}

/// An event that was pushed, and when it came.
pub struct Push {
    pub params: Value,
    pub came: Instant,
}

struct Asked {
    id: u64,
    method: &'static str,
    at: Instant,
}

pub struct Line {
    stream: TcpStream,
    received: Vec<u8>,
    calls: u64,
    asked: VecDeque<Asked>,
    replies: VecDeque<Reply>,
    pub pushes: VecDeque<Push>,
}

impl Line {
    pub fn open(address: SocketAddr) -> Result<Line, Stop> {
        let failed = |error| Stop::failed(format_args!("the server at {address} cannot be reached: {error}"));
        let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(Line {
            stream,
            received: Vec::new(),
            calls: 0,
            asked: VecDeque::new(),
            replies: VecDeque::new(),
            pushes: VecDeque::new(),
        })
    }

    /// Sends a call and does not wait.
    pub fn ask(&mut self, method: &'static str, params: &Value) -> Result<(), Stop> {
        self.calls += 1;
        let id = self.calls;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        let mut frame = Vec::new();
        net::encode_request("demo", request.as_bytes(), &mut frame);
        self.asked.push_back(Asked { id, method, at: Instant::now() });
        self.stream.write_all(&frame).map_err(|error| Stop::failed(format_args!("{method}: {error}")))
    }

    pub fn take_reply(&mut self) -> Option<Reply> {
        self.replies.pop_front()
    }

    /// Whether every call has its reply.
    pub fn is_answered(&self) -> bool {
        self.asked.is_empty()
    }

    /// Reads what is there, once; the poll has said that something is.
    fn take_in(&mut self) -> Result<(), Stop> {
        let mut piece = [0; PIECE_BYTES];
        match self.stream.read(&mut piece) {
            Ok(0) => return Err(Stop::failed("the server closed a connection that was in use")),
            Ok(read) => self.received.extend_from_slice(piece.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(Stop::failed(format_args!("a connection broke: {error}"))),
        }
        let came = Instant::now();
        loop {
            let decoded = net::decode_reply(&self.received, REPLY_MAX_BYTES);
            let Some((data, used)) =
                decoded.map_err(|error| Stop::failed(format_args!("a reply has {error}")))?
            else {
                return Ok(());
            };
            let value: Value = serde_json::from_slice(data)
                .map_err(|error| Stop::failed(format_args!("a reply is not JSON: {error}")))?;
            self.received.drain(..used);
            self.sort(value, came)?;
        }
    }

    fn sort(&mut self, mut value: Value, came: Instant) -> Result<(), Stop> {
        if value.get("method").is_some() {
            let params = value.get_mut("params").map(Value::take).unwrap_or_default();
            self.pushes.push_back(Push { params, came });
            return Ok(());
        }
        let expected = self.asked.pop_front();
        let Some(Asked { method, at, .. }) =
            expected.filter(|asked| value.get("id") == Some(&json!(asked.id)))
        else {
            return Err(Stop::failed(format_args!("a reply came to no call, or out of order: {value}")));
        };
        let answer = match value.get_mut("result") {
            Some(result) => Answer::Result(result.take()),
            None => refusal(&value),
        };
        self.replies.push_back(Reply { method, answer, took: came - at });
        Ok(())
    }
}

fn refusal(value: &Value) -> Answer {
    let error = &value["error"];
    let code = match error.pointer("/data/code").and_then(Value::as_str) {
        Some(code) => code.to_owned(),
        None => error["code"].to_string(),
    };
    let message = error["message"].as_str().unwrap_or_default().to_owned();
    Answer::Refused { code, message, data: error["data"].clone() }
}

/// Waits until `is_done` of each of the lines, and reads all of them as their bytes come. Returns whether all
/// were done within the time.
pub fn gather<'a>(
    lines: impl Iterator<Item = &'a mut Line>,
    patience: Duration,
    intent: &Intent,
    is_done: impl Fn(&Line) -> bool,
) -> Result<bool, Stop> {
    let mut waiting: Vec<&mut Line> = lines.filter(|line| !is_done(line)).collect();
    let deadline = Instant::now() + patience;
    while !waiting.is_empty() {
        intent.check()?;
        if Instant::now() >= deadline {
            return Ok(false);
        }
        let mut fds: Vec<PollFd<'_>> =
            waiting.iter().map(|line| PollFd::new(&line.stream, PollFlags::IN)).collect();
        match poll(&mut fds, Some(&LOOK)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => {
                return Err(Stop::failed(format_args!("the connections cannot be watched: {error}")));
            }
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        for (line, _) in waiting.iter_mut().zip(&ready).filter(|(_, ready)| **ready) {
            line.take_in()?;
        }
        waiting.retain(|line| !is_done(line));
    }
    Ok(true)
}

/// Waits until every call on each of the lines has its reply.
pub fn gather_replies<'a>(lines: impl Iterator<Item = &'a mut Line>, intent: &Intent) -> Result<(), Stop> {
    match gather(lines, PATIENCE, intent, Line::is_answered)? {
        true => Ok(()),
        false => Err(Stop::failed(format_args!("no reply came within {} s", PATIENCE.as_secs()))),
    }
}
