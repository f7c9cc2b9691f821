//! Requests that wait for the handler, and work that goes on although nothing arrives.

use super::{Loop, frame, named};
use medsrv::net::{Background, Limits};
use medsrv::session::SessionId;
use rustix::process::{Signal, getpid, kill_process};
use std::io::{ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

impl Loop {
    /// A connection whose request waits for the handler.
    fn waiting(&mut self) -> (TcpStream, SessionId) {
        let mut stream = self.connect();
        stream.write_all(&named("wait", "w")).unwrap();
        let asked = self.echo.waited.len();
        self.turn_until(|echo| echo.waited.len() > asked);
        (stream, self.echo.last_session.unwrap())
    }

    /// Lets a request that waits be answered. Nothing else may make the loop turn, so this does.
    fn answer(&mut self, session: SessionId) {
        self.echo.answerable.insert(session);
        self.echo.woken.push_back(session);
        self.turn_at_once();
    }
}

#[test]
fn a_request_that_waits_is_asked_again_and_what_is_behind_it_keeps_its_place() {
    let mut it = Loop::new(Limits::default());
    let (mut patient, mut other) = (it.connect(), it.connect());
    let frames =
        [frame("a"), named("wait", "b"), frame("c"), named("alone", "d"), named("wait", "e"), frame("f")];
    patient.write_all(&frames.concat()).unwrap();
    assert_eq!(it.reply(&mut patient), "a");
    it.turn_until(|echo| echo.waited.len() == 1);
    let session = it.echo.waited[0];
    // What comes meanwhile is behind it, and others are served.
    patient.write_all(&frame("g")).unwrap();
    for said in ["x", "y", "z"] {
        other.write_all(&frame(said)).unwrap();
        assert_eq!(it.reply(&mut other), said);
    }
    // It may be asked more than once before it can be answered.
    it.echo.woken.push_back(session);
    it.turn_at_once();
    it.turn_until(|echo| echo.waited.len() == 2);
    it.answer(session);
    for expected in ["b", "c", "d"] {
        assert_eq!(it.reply(&mut patient), expected);
    }
    it.turn_until(|echo| echo.waited.len() == 3);
    it.answer(session);
    for expected in ["e", "f", "g"] {
        assert_eq!(it.reply(&mut patient), expected);
    }
    assert_eq!(it.echo.waited, [session; 3], "nothing was asked without having been woken");
}

#[test]
fn whoever_does_not_wait_cannot_be_woken() {
    let mut it = Loop::new(Limits::default());
    let (mut stream, session) = it.introduce();
    let (gone, lost) = it.introduce();
    drop(gone);
    it.turn_until(|echo| echo.closed == [lost]);
    it.echo.woken.extend([session, lost]);
    it.turn_at_once();
    stream.write_all(&frame("a")).unwrap();
    assert_eq!(it.reply(&mut stream), "a");
}

#[test]
fn a_client_that_resets_while_it_waits_is_reported() {
    let mut it = Loop::new(Limits::default());
    let (mut other, _) = it.introduce();
    let mut stream = it.connect();
    stream.write_all(&[frame("unread"), named("wait", "w")].concat()).unwrap();
    it.turn_until(|echo| echo.waited.len() == 1);
    // A socket that is closed with something unread in it is reset.
    stream.set_nonblocking(true).unwrap();
    while stream.peek(&mut [0; 1]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
        it.turn_at_once();
    }
    drop(stream);
    let session = it.echo.waited[0];
    it.turn_until(|echo| echo.closed == [session]);
    it.answer(session);
    other.write_all(&frame("o")).unwrap();
    assert_eq!(it.reply(&mut other), "o");
    assert_eq!(it.echo.waited, [session], "a request of a closed session is not asked again");
}

#[test]
fn a_client_that_only_stops_sending_while_it_waits_gets_its_reply() {
    let mut it = Loop::new(Limits::default());
    let (mut late, late_session) = it.waiting();
    late.shutdown(Shutdown::Write).unwrap();
    it.turn();
    // The end may also be there before the request has been asked.
    let mut early = it.connect();
    early.write_all(&named("wait", "w")).unwrap();
    early.shutdown(Shutdown::Write).unwrap();
    it.turn_until(|echo| echo.waited.len() == 2);
    let early_session = it.echo.waited[1];
    it.turn_at_once();
    assert!(it.echo.closed.is_empty());
    for (stream, session) in [(&mut late, late_session), (&mut early, early_session)] {
        it.answer(session);
        assert_eq!(it.reply(stream), "w");
        assert_eq!(it.reply_or_end(stream), None);
    }
    it.turn_until(|echo| echo.closed == [late_session, early_session]);
}

#[test]
fn a_client_that_resets_after_it_has_stopped_sending_is_reported() {
    let mut it = Loop::new(Limits::default());
    let mut stream = it.connect();
    stream.write_all(&[frame("unread"), named("wait", "w")].concat()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    it.turn_until(|echo| echo.waited.len() == 1);
    stream.set_nonblocking(true).unwrap();
    while stream.peek(&mut [0; 1]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
        it.turn_at_once();
    }
    it.turn_at_once();
    assert!(it.echo.closed.is_empty());
    drop(stream);
    it.turn_until(|echo| echo.closed == echo.waited);
}

#[test]
fn who_waits_is_neither_silent_nor_idle() {
    let short = Duration::from_millis(5);
    let mut it = Loop::new(Limits { silent: short, idle: short, frame_deadline: short, ..Limits::default() });
    let mut stream = TcpStream::connect(it.reactor.address()).unwrap();
    stream.write_all(&named("wait", "w")).unwrap();
    it.turn_until(|echo| echo.waited.len() == 1);
    it.echo.alarm = Some(Instant::now() + 10 * short);
    it.turn_until(|echo| echo.alarms == 1);
    assert!(it.echo.closed.is_empty());
    it.answer(it.echo.waited[0]);
    assert_eq!(it.reply(&mut stream), "w");
    // Once it has its reply, it is like any other.
    it.turn_until(|echo| echo.closed == echo.waited);
}

#[test]
fn at_the_end_who_waits_is_waited_for() {
    let mut it = Loop::new(Limits::default());
    it.reactor.watch_signals().unwrap();
    let (mut stream, session) = it.waiting();
    let _idle = it.connect();
    kill_process(getpid(), Signal::TERM).unwrap();
    it.turn_until(|echo| !echo.closed.is_empty());
    assert!(it.turn_at_once());
    assert!(!it.echo.closed.contains(&session));
    it.answer(session);
    assert_eq!(it.reply(&mut stream), "w");
    drop(stream);
    while it.turn() {}
    assert_eq!(it.echo.closed.last(), Some(&session));
}

#[test]
fn work_that_is_pending_makes_the_loop_turn_and_is_not_idleness() {
    let mut it = Loop::new(Limits::default());
    it.echo.background.extend([Background::Pending; 3]);
    it.turn_at_once();
    for _ in 0..3 {
        it.turn();
    }
    assert_eq!(it.echo.idle, [false; 4]);
}

#[test]
fn work_for_an_idle_moment_is_told_of_it() {
    let mut it = Loop::new(Limits::default());
    it.echo.background.push_back(Background::AwaitsIdle);
    it.turn_at_once();
    assert_eq!(it.echo.idle, [false]);
    // A signal may end a poll early, so that more than one may be needed.
    it.echo.background.extend([Background::AwaitsIdle; 100]);
    it.turn_until(|echo| echo.idle.contains(&true));
}

#[test]
fn an_alarm_wakes_an_idle_loop() {
    let mut it = Loop::new(Limits::default());
    it.echo.alarm = Some(Instant::now() + Duration::from_millis(20));
    it.turn_until(|echo| echo.alarms == 1);
}
