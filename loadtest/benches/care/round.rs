//! One round: each connection asks, and asks again as soon as it is answered, so many times.
//!
//! It never knows what is asked. Invariant: all frames are made before the first is sent, so that the clients'
//! core does for a request of the server what it does for one of the echo.

use crate::Outcome;
use crate::client::{Client, frame};
use mio::{Events, Interest, Poll, Token};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);
/// A result stands at the beginning of its reply.
const GOOD: &[u8] = br#"{"jsonrpc":"2.0","id":1,"result":"#;

/// What a round came to.
pub struct Round {
    /// Calls a second.
    pub rate: f64,
    /// How long each took, in order of length.
    times: Vec<Duration>,
}

impl Round {
    /// Asks so many `calls` on each connection. Where they are judged, each must have a result.
    pub fn run(
        mut clients: Vec<Client>,
        calls: usize,
        ask: impl Fn(usize, usize) -> String,
        are_judged: bool,
    ) -> Outcome<Round> {
        let frames: Vec<Vec<Vec<u8>>> = (0..clients.len())
            .map(|caller| (0..calls).map(|number| frame(&ask(caller, number))).collect())
            .collect();
        let mut poll = Poll::new()?;
        for (place, client) in clients.iter_mut().enumerate() {
            poll.registry().register(&mut client.stream, Token(place), Interest::READABLE)?;
        }
        let begun = Instant::now();
        let mut waiting: Vec<(usize, Instant)> = Vec::new();
        for (client, frames) in clients.iter_mut().zip(&frames) {
            waiting.push((0, Instant::now()));
            client.send(&frames[0])?;
        }
        let (mut times, mut events) =
            (Vec::with_capacity(clients.len() * calls), Events::with_capacity(1024));
        while times.len() < clients.len() * calls {
            poll.poll(&mut events, Some(PATIENCE))?;
            if events.is_empty() {
                return Err("no reply comes any longer".into());
            }
            for event in &events {
                let Token(place) = event.token();
                let (client, (number, since)) = (&mut clients[place], &mut waiting[place]);
                let mut is_answered = false;
                client.receive(|data| {
                    is_answered = true;
                    if are_judged && !data.starts_with(GOOD) {
                        return Err(format!("refused: {}", String::from_utf8_lossy(data)).into());
                    }
                    Ok(())
                })?;
                if !is_answered {
                    continue;
                }
                let now = Instant::now();
                times.push(now - *since);
                (*number, *since) = (*number + 1, now);
                if let Some(frame) = frames[place].get(*number) {
                    client.send(frame)?;
                }
            }
        }
        let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
        times.sort_unstable();
        Ok(Round { rate, times })
    }

    /// The time that a part of the calls does not exceed.
    pub fn at(&self, part: f64) -> Duration {
        let place = (self.times.len() as f64 * part) as usize;
        self.times.get(place.min(self.times.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}
