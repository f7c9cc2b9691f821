//! The loop with a handler that is no server: what a lost turn leaves of its replies, and who gets a turn.

use medsrv::net::{
    CommitOutcome, Handler, Limits, Place, Reactor, Refusal, Request, Verdict, encode_request,
};
use medsrv::session::{Session, SessionId};
use mio::net::TcpListener;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Sends the data back; the next commit comes out as the test has set it.
struct Echo {
    outcome: CommitOutcome,
    in_turn: HashMap<SessionId, usize>,
    commits_with_requests: usize,
    closed: usize,
}

impl Handler for Echo {
    fn request(
        &mut self,
        session: &Session,
        request: Request<'_>,
        place: Place,
        output: &mut Vec<u8>,
    ) -> Verdict {
        if request.name == b"alone" && place == Place::InTurn {
            return Verdict::Later;
        }
        *self.in_turn.entry(session.id).or_default() += 1;
        output.extend_from_slice(request.data);
        if request.name == b"close" { Verdict::Close } else { Verdict::Keep }
    }

    fn commit(&mut self) -> CommitOutcome {
        if self.in_turn.is_empty() {
            return CommitOutcome::Durable;
        }
        self.commits_with_requests += 1;
        let outcome = std::mem::replace(&mut self.outcome, CommitOutcome::Durable);
        if outcome == CommitOutcome::Durable {
            self.in_turn.clear();
        }
        outcome
    }

    fn retract(&mut self, session: &Session, reply: &mut dyn FnMut(&[u8])) {
        for _ in 0..self.in_turn.remove(&session.id).unwrap_or(0) {
            reply(b"again");
        }
    }

    fn refuse(&mut self, refusal: Refusal, output: &mut Vec<u8>) {
        output.extend_from_slice(format!("{refusal:?}").as_bytes());
    }

    fn background(&mut self, _: bool) -> bool {
        false
    }

    fn reload(&mut self) {}

    fn closed(&mut self, _session: SessionId) {
        self.closed += 1;
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
            in_turn: HashMap::new(),
            commits_with_requests: 0,
            closed: 0,
        };
        Loop { reactor: Reactor::new(listener, limits).unwrap(), echo }
    }

    fn connect(&mut self) -> TcpStream {
        let stream = TcpStream::connect(self.reactor.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        self.turn();
        stream
    }

    fn turn(&mut self) -> bool {
        self.reactor.turn(&mut self.echo).unwrap()
    }

    /// Turns until the stream has a whole reply.
    fn reply(&mut self, stream: &mut TcpStream) -> String {
        let mut length = [0; 4];
        self.read(stream, &mut length);
        let mut data = vec![0; u32::from_be_bytes(length) as usize];
        self.read(stream, &mut data);
        String::from_utf8(data).unwrap()
    }

    fn read(&mut self, stream: &mut TcpStream, mut room: &mut [u8]) {
        stream.set_nonblocking(true).unwrap();
        while !room.is_empty() {
            match stream.read(room) {
                Ok(0) => panic!("closed"),
                Ok(count) => room = &mut room[count..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    self.turn();
                }
                Err(error) => panic!("{error}"),
            }
        }
        stream.set_nonblocking(false).unwrap();
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
    assert_eq!(it.reply(&mut one), "again");
    assert_eq!(it.reply(&mut one), "again");
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
    let mut reply = [0; 9];
    stream.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"\0\0\0\x05again");
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
    while it.echo.closed == 0 {
        it.turn();
    }
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
