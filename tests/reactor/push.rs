//! What is sent besides the replies, and what is sent in the place of replies that were taken back.

use super::{Loop, frame, named};
use medsrv::net::{CommitOutcome, Limits, encode_request};
use std::io::Write;
use std::time::{Duration, Instant};

#[test]
fn a_push_reaches_another_connection_behind_its_own_replies() {
    let mut it = Loop::new(Limits::default());
    let (mut listener, session) = it.introduce();
    let (mut speaker, _) = it.introduce();
    it.echo.listeners.push(session);
    // Whether one turn serves both or each has its own, the listener has asked first.
    listener.write_all(&[frame("a"), frame("b")].concat()).unwrap();
    speaker.write_all(&[named("tell", "one"), named("tell", "two")].concat()).unwrap();
    for expected in ["a", "b", "one", "two"] {
        assert_eq!(it.reply(&mut listener), expected);
    }
    assert_eq!(it.reply(&mut speaker), "one");
    // Who says it may hear it.
    it.echo.listeners = vec![it.echo.last_session.unwrap()];
    speaker.write_all(&named("tell", "three")).unwrap();
    for expected in ["two", "three", "three"] {
        assert_eq!(it.reply(&mut speaker), expected);
    }
}

#[test]
fn a_push_to_who_waits_does_not_wait() {
    let mut it = Loop::new(Limits::default());
    let (mut listener, session) = it.introduce();
    let (mut speaker, _) = it.introduce();
    it.echo.listeners.push(session);
    listener.write_all(&named("wait", "w")).unwrap();
    it.turn_until(|echo| echo.waited.len() == 1);
    speaker.write_all(&named("tell", "news")).unwrap();
    assert_eq!(it.reply(&mut listener), "news");
    it.echo.answerable.insert(session);
    it.echo.woken.push_back(session);
    it.turn_at_once();
    assert_eq!(it.reply(&mut listener), "w");
}

#[test]
fn a_push_to_who_is_gone_or_was_told_goodbye_is_dropped() {
    let mut it = Loop::new(Limits::default());
    let (gone, gone_session) = it.introduce();
    let (mut leaving, leaving_session) = it.introduce();
    let (mut speaker, _) = it.introduce();
    it.echo.listeners.extend([gone_session, leaving_session]);
    drop(gone);
    it.turn_until(|echo| echo.closed == [gone_session]);
    leaving.write_all(&named("close", "bye")).unwrap();
    assert_eq!(it.reply(&mut leaving), "bye");
    speaker.write_all(&named("tell", "news")).unwrap();
    assert_eq!(it.reply(&mut speaker), "news");
    assert_eq!(it.reply_or_end(&mut leaving), None);
}

#[test]
fn a_push_does_not_keep_an_idle_peer() {
    let idle = Duration::from_millis(50);
    let mut it = Loop::new(Limits { idle, ..Limits::default() });
    let (_stream, session) = it.introduce();
    // The deadline passes before the loop can see to it, and then a push is sent first.
    let begun = Instant::now();
    while begun.elapsed() <= idle {
        std::thread::yield_now();
    }
    it.echo.pushes.push((session, b"news".to_vec()));
    it.turn_at_once();
    assert_eq!(it.echo.closed, [session]);
}

#[test]
fn a_push_reaches_a_peer_that_has_long_been_quiet() {
    let write = Duration::from_millis(20);
    let mut it = Loop::new(Limits { write, output_soft_max_bytes: 0, ..Limits::default() });
    let (mut stream, session) = it.introduce();
    it.echo.alarm = Some(Instant::now() + 2 * write);
    it.turn_until(|echo| echo.alarms == 1);
    // It takes more than one turn to send, and the time for that begins now.
    let news = "n".repeat(100_000);
    it.echo.pushes.push((session, news.clone().into_bytes()));
    it.turn_at_once();
    assert!(it.echo.closed.is_empty());
    assert_eq!(it.reply(&mut stream), news);
}

#[test]
fn a_slow_reader_is_closed_and_others_are_not_affected() {
    let mut it = Loop::new(Limits { output_soft_max_bytes: 64 * 1024, ..Limits::default() });
    let (mut slow, slow_session) = it.introduce();
    let (mut quick, quick_session) = it.introduce();
    let (mut speaker, _) = it.introduce();
    it.echo.listeners.extend([slow_session, quick_session]);
    // Far more than the buffers of the kernel take.
    let told = 400;
    let padding = "p".repeat(64 * 1024);
    let mut request = Vec::new();
    for number in 0..told {
        request.clear();
        encode_request("tell", format!("{number} {padding}").as_bytes(), &mut request);
        speaker.write_all(&request).unwrap();
        for stream in [&mut speaker, &mut quick] {
            assert!(it.reply(stream).starts_with(&format!("{number} ")));
        }
    }
    // What was there is sent, whole and in order, and then it ends.
    let mut heard = 0;
    while let Some(news) = it.reply_or_end(&mut slow) {
        assert!(news.starts_with(&format!("{heard} ")));
        heard += 1;
    }
    assert!(0 < heard && heard < told, "{heard}");
    drop(slow);
    it.turn_until(|echo| !echo.closed.is_empty());
    assert_eq!(it.echo.closed, [slow_session]);
}

#[test]
fn while_memory_is_short_who_leaves_a_little_unread_is_a_slow_reader() {
    let mut it = Loop::new(Limits { buffered_max_bytes: 0, ..Limits::default() });
    let (mut stream, session) = it.introduce();
    let news = "n".repeat(10_000);
    it.echo.pushes.extend([(session, news.clone().into_bytes()), (session, b"more".to_vec())]);
    it.turn_at_once();
    assert_eq!(it.reply(&mut stream), news);
    assert_eq!(it.reply_or_end(&mut stream), None);
}

#[test]
fn after_a_lost_turn_nothing_is_pushed() {
    let mut it = Loop::new(Limits::default());
    let (mut listener, session) = it.introduce();
    let (mut speaker, _) = it.introduce();
    it.echo.listeners.push(session);
    it.echo.outcome = CommitOutcome::Lost;
    speaker.write_all(&named("tell", "never")).unwrap();
    assert_eq!(it.reply(&mut speaker), "again never");
    speaker.write_all(&named("tell", "now")).unwrap();
    assert_eq!(it.reply(&mut speaker), "now");
    assert_eq!(it.reply(&mut listener), "now");
}

#[test]
fn a_push_is_not_taken_back_with_the_turn_after_it() {
    let mut it = Loop::new(Limits::default());
    let (mut stream, session) = it.introduce();
    // The request that is alone is answered behind the push of its turn, some of which has not been sent by
    // then, and belongs to the next one.
    let news = "n".repeat(100_000);
    it.echo.pushes.push((session, news.clone().into_bytes()));
    stream.write_all(&[named("alone", "a"), frame("b")].concat()).unwrap();
    it.turn();
    it.echo.outcome = CommitOutcome::Lost;
    for expected in [news.as_str(), "again a", "again b"] {
        assert_eq!(it.reply(&mut stream), expected);
    }
}

#[test]
fn each_reply_that_is_taken_back_is_shown_in_order_and_a_refusal_stays() {
    let mut it = Loop::new(Limits { output_max_bytes: 20, ..Limits::default() });
    let (mut stream, session) = it.introduce();
    it.echo.outcome = CommitOutcome::Lost;
    let long = "l".repeat(21);
    let broken = u32::MAX.to_be_bytes();
    let frames = [frame("a"), frame("unsaid"), frame(""), frame(&long), frame("b"), broken.to_vec()];
    stream.write_all(&frames.concat()).unwrap();
    assert_eq!(it.reply(&mut stream), "again a");
    assert_eq!(it.reply(&mut stream), "again ReplyTooLarge");
    assert_eq!(it.reply(&mut stream), "again b");
    assert!(it.reply(&mut stream).starts_with("Frame(NameTooLong"));
    assert_eq!(it.reply_or_end(&mut stream), None);
    let withdrawn = ["a", "unsaid", "ReplyTooLarge", "b"].map(|data| (session, data.to_owned()));
    assert_eq!(it.echo.withdrawn, withdrawn);
}
