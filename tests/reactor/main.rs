//! The loop with a handler that is no server: what a lost turn leaves of its replies, who gets a turn, and in
//! the modules what waits and what is pushed.

mod push;
mod waiting;

use medsrv::net::{
    Arrival, Background, CommitOutcome, Handler, Limits, Place, Reactor, Refusal, Request, Verdict,
    encode_request,
};
use medsrv::session::{Session, SessionId};
use mio::net::TcpListener;
use std::collections::{HashSet, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Sends the data back, and does besides what a request's name or the test asks for.
struct Echo {
    /// How the next commit of a turn with replies comes out.
    outcome: CommitOutcome,
    last_outcome: CommitOutcome,
    replied_in_turn: bool,
    commits_with_requests: usize,
    /// What was taken back, and from whom.
    withdrawn: Vec<(SessionId, String)>,
    last_session: Option<SessionId>,
    /// Whose requests named "wait" were asked and not answered, as often as they were.
    waited: Vec<SessionId>,
    /// Whose request named "wait" is answered when it is asked again.
    answerable: HashSet<SessionId>,
    woken: VecDeque<SessionId>,
    /// What the next calls of `background` come to.
    background: VecDeque<Background>,
    /// What the calls of `background` were told.
    idle: Vec<bool>,
    alarm: Option<Instant>,
    alarms: usize,
    /// Who is pushed the data of each request named "tell".
    listeners: Vec<SessionId>,
    pushes: Vec<(SessionId, Vec<u8>)>,
    closed: Vec<SessionId>,
}

impl Handler for Echo {
    fn request(
        &mut self,
        session: &Session,
        request: Request<'_>,
        arrival: Arrival<'_>,
        output: &mut Vec<u8>,
    ) -> Verdict {
        self.last_session = Some(session.id);
        if request.name == b"alone" && arrival.place == Place::InTurn {
            return Verdict::Later;
        }
        if request.name == b"wait" && !self.answerable.remove(&session.id) {
            self.waited.push(session.id);
            return Verdict::Wait;
        }
        if request.name == b"tell" {
            self.pushes.extend(self.listeners.iter().map(|listener| (*listener, request.data.to_vec())));
        }
        self.replied_in_turn = true;
        output.extend_from_slice(request.data);
        if request.name == b"close" { Verdict::Close } else { Verdict::Keep }
    }

    fn commit(&mut self) -> CommitOutcome {
        self.last_outcome = CommitOutcome::Durable;
        if std::mem::take(&mut self.replied_in_turn) {
            self.commits_with_requests += 1;
            self.last_outcome = std::mem::replace(&mut self.outcome, CommitOutcome::Durable);
        }
        if self.last_outcome != CommitOutcome::Durable {
            self.pushes.clear();
        }
        self.last_outcome
    }

    fn retract(&mut self, session: &Session, withdrawn: &[u8], output: &mut Vec<u8>) {
        let withdrawn = String::from_utf8(withdrawn.to_vec()).unwrap();
        if withdrawn != "unsaid" {
            output.extend_from_slice(format!("again {withdrawn}").as_bytes());
        }
        self.withdrawn.push((session.id, withdrawn));
    }

    fn refuse(&mut self, _: &Session, refusal: Refusal, output: &mut Vec<u8>) {
        output.extend_from_slice(format!("{refusal:?}").as_bytes());
    }

    fn push(&mut self, deliver: &mut dyn FnMut(SessionId, &[u8])) {
        assert_eq!(self.last_outcome, CommitOutcome::Durable, "nothing is pushed after a lost turn");
        for (session, data) in self.pushes.drain(..) {
            deliver(session, &data);
        }
    }

    fn background(&mut self, idle: bool) -> Background {
        self.idle.push(idle);
        if self.alarm.is_some_and(|alarm| alarm <= Instant::now()) {
            self.alarm = None;
            self.alarms += 1;
        }
        self.background.pop_front().unwrap_or(Background::Nothing)
    }

    fn woken(&mut self) -> Option<SessionId> {
        self.woken.pop_front()
    }

    fn alarm(&self) -> Option<Instant> {
        self.alarm
    }

    fn closed(&mut self, session: SessionId) {
        self.closed.push(session);
    }
}

struct Loop {
    reactor: Reactor,
    echo: Echo,
}

impl Loop {
    fn new(limits: Limits) -> Loop {
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let echo = Echo {
            outcome: CommitOutcome::Durable,
            last_outcome: CommitOutcome::Durable,
            replied_in_turn: false,
            commits_with_requests: 0,
            withdrawn: Vec::new(),
            last_session: None,
            waited: Vec::new(),
            answerable: HashSet::new(),
            woken: VecDeque::new(),
            background: VecDeque::new(),
            idle: Vec::new(),
            alarm: None,
            alarms: 0,
            listeners: Vec::new(),
            pushes: Vec::new(),
            closed: Vec::new(),
        };
        Loop { reactor: Reactor::new(listener, limits).unwrap(), echo }
    }

    fn connect(&mut self) -> TcpStream {
        let stream = TcpStream::connect(self.reactor.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        self.turn();
        stream
    }

    /// A connection that has said something, and which session the handler knows it as.
    fn introduce(&mut self) -> (TcpStream, SessionId) {
        let mut stream = self.connect();
        stream.write_all(&frame("hello")).unwrap();
        assert_eq!(self.reply(&mut stream), "hello");
        (stream, self.echo.last_session.unwrap())
    }

    fn turn(&mut self) -> bool {
        self.reactor.turn(&mut self.echo).unwrap()
    }

    /// Turns although nothing may have come.
    fn turn_at_once(&mut self) -> bool {
        self.echo.alarm = Some(Instant::now());
        self.turn()
    }

    fn turn_until(&mut self, reached: impl Fn(&Echo) -> bool) {
        while !reached(&self.echo) {
            self.turn();
        }
    }

    /// Turns until the stream has a whole reply.
    fn reply(&mut self, stream: &mut TcpStream) -> String {
        self.reply_or_end(stream).expect("closed")
    }

    /// Turns until the stream has a whole reply, or has been closed between two.
    fn reply_or_end(&mut self, stream: &mut TcpStream) -> Option<String> {
        let mut length = [0; 4];
        if !self.read(stream, &mut length) {
            return None;
        }
        let mut data = vec![0; u32::from_be_bytes(length) as usize];
        assert!(self.read(stream, &mut data), "closed within a reply");
        Some(String::from_utf8(data).unwrap())
    }

    fn read(&mut self, stream: &mut TcpStream, room: &mut [u8]) -> bool {
        stream.set_nonblocking(true).unwrap();
        let mut filled = 0;
        while filled < room.len() {
            match stream.read(&mut room[filled..]) {
                Ok(0) if filled == 0 => return false,
                Ok(0) => panic!("closed within a reply"),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.turn();
                }
                Err(error) => panic!("{error}"),
            }
        }
        stream.set_nonblocking(false).unwrap();
        true
    }
}

fn named(name: &str, data: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_request(name, data.as_bytes(), &mut frame);
    frame
}

fn frame(data: &str) -> Vec<u8> {
    named("n", data)
}

#[test]
fn what_is_sent_comes_back() {
    let mut it = Loop::new(Limits::default());
    let mut stream = it.connect();
    stream.write_all(&[frame("one"), frame("two")].concat()).unwrap();
    assert_eq!(it.reply(&mut stream), "one");
    assert_eq!(it.reply(&mut stream), "two");
}

#[test]
fn a_lost_turn_takes_every_one_of_its_replies_back() {
    let mut it = Loop::new(Limits::default());
    let (mut one, mut other) = (it.connect(), it.connect());
    one.write_all(&[frame("a"), frame("b")].concat()).unwrap();
    other.write_all(&frame("c")).unwrap();
    it.echo.outcome = CommitOutcome::Lost;
    assert_eq!(it.reply(&mut one), "again a");
    assert_eq!(it.reply(&mut one), "again b");
    it.reply(&mut other);
    // The next turn is as if nothing had been.
    one.write_all(&frame("d")).unwrap();
    assert_eq!(it.reply(&mut one), "d");
}

#[test]
fn after_a_fatal_turn_there_is_no_other() {
    let mut it = Loop::new(Limits::default());
    let mut stream = it.connect();
    stream.write_all(&frame("a")).unwrap();
    it.echo.outcome = CommitOutcome::Fatal;
    while it.turn() {}
    assert_eq!(it.echo.commits_with_requests, 1);
    let mut reply = [0; 11];
    stream.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"\0\0\0\x07again a");
}

#[test]
fn a_request_that_waits_to_be_alone_keeps_its_place_in_the_conversation() {
    let mut it = Loop::new(Limits::default());
    let (mut patient, mut other) = (it.connect(), it.connect());
    let frames = [frame("a"), named("alone", "b"), frame("c"), named("alone", "d"), named("alone", "e")];
    patient.write_all(&frames.concat()).unwrap();
    other.write_all(&frame("x")).unwrap();
    for expected in ["a", "b", "c", "d", "e"] {
        assert_eq!(it.reply(&mut patient), expected);
    }
    assert_eq!(it.reply(&mut other), "x");
}

#[test]
fn a_long_pipeline_takes_several_turns_and_others_are_served_between() {
    let mut it = Loop::new(Limits::default());
    let (mut greedy, mut modest) = (it.connect(), it.connect());
    greedy.write_all(&frame("x").repeat(1000)).unwrap();
    modest.write_all(&frame("y")).unwrap();
    assert_eq!(it.reply(&mut modest), "y");
    let turns_of_the_modest = it.echo.commits_with_requests;
    for _ in 0..1000 {
        assert_eq!(it.reply(&mut greedy), "x");
    }
    assert!(it.echo.commits_with_requests >= 1000 / 32);
    assert!(turns_of_the_modest < it.echo.commits_with_requests);
}

#[test]
fn a_reply_that_is_not_read_stops_the_reading_and_nothing_is_lost() {
    let mut it = Loop::new(Limits::default());
    let mut stream = it.connect();
    let frames = frame(&"z".repeat(500_000)).repeat(40);
    let expected_bytes = 40 * (4 + 500_000);
    stream.set_nonblocking(true).unwrap();
    let (mut sent, mut received) = (0, 0);
    let mut room = vec![0; 64 * 1024];
    while received < expected_bytes {
        // Sends as much as is taken, and reads only then.
        while let Ok(count @ 1..) = stream.write(&frames[sent..]) {
            sent += count;
        }
        while let Ok(count @ 1..) = stream.read(&mut room) {
            received += count;
        }
        if received < expected_bytes {
            it.turn();
        }
    }
    assert_eq!((sent, received), (frames.len(), expected_bytes));
}

#[test]
fn after_the_last_word_nothing_more_is_read() {
    let mut it = Loop::new(Limits::default());
    let mut stream = it.connect();
    stream.write_all(&[named("close", "bye"), frame("more"), frame("more")].concat()).unwrap();
    assert_eq!(it.reply(&mut stream), "bye");
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    it.turn_until(|echo| !echo.closed.is_empty());
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn buffers_in_all_are_bounded_and_a_large_one_pays() {
    let limits = Limits { buffered_max_bytes: 100_000, ..Limits::default() };
    let mut it = Loop::new(limits);
    let (mut large, mut small) = (it.connect(), it.connect());
    let whole = frame(&"w".repeat(900_000));
    large.write_all(&whole[..300_000]).unwrap();
    assert_eq!(it.reply(&mut large), "BuffersFull");
    small.write_all(&frame("s")).unwrap();
    assert_eq!(it.reply(&mut small), "s");
}
