//! A crowded waiting room: a thousand connections listen to fifty queues, in which doctors call, begin with and
//! finish with patients, so many calls a second.
//!
//! It never knows how a queue is ordered. Invariant: a doctor's next call is sent only after the reply to the one
//! before, so that the events of a queue are those of its calls, one each and in their order.

use crate::client::{Client, call, frame, resume};
use crate::database::{SESSIONS, doctor_id, token};
use crate::figures::{self, Verdicts, ms};
use crate::{Outcome, Site};
use mio::{Events, Interest, Poll, Token};
use serde::Deserialize;
use std::time::{Duration, Instant};

pub const LISTENERS: usize = 1000;
pub const CALLS_PER_SECOND: usize = 200;
pub const GOAL_MS: f64 = 10.0;
const SECONDS: usize = 10;
/// Of each doctor: to call, to begin and to finish with so many patients.
const CALLS_EACH: usize = CALLS_PER_SECOND * SECONDS / SESSIONS / STEPS.len() * STEPS.len();
const CALLS: usize = CALLS_EACH * SESSIONS;
const STEPS: [&str; 3] = ["queue.call_next", "queue.start", "queue.finish"];
const LISTENERS_EACH: usize = LISTENERS / SESSIONS;
/// More wait than are called, as the board shows them.
const WAITING: i64 = (2 * CALLS_EACH / STEPS.len()) as i64;
/// The last event is waited for no longer than this.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Reply {
    result: Option<Ticket>,
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Ticket {
    ticket_id: i64,
}

struct Doctor {
    client: Client,
    session_id: i64,
    ticket_id: i64,
    /// When each call was sent.
    sent: Vec<Instant>,
    replies: usize,
    /// Who listens, and how many events each has.
    listeners: Vec<(Client, usize)>,
}

impl Doctor {
    fn call(&mut self) -> Outcome<()> {
        let step = self.sent.len() % STEPS.len();
        let params = if step == 0 {
            format!(r#"{{"session_id":{}}}"#, self.session_id)
        } else {
            format!(r#"{{"ticket_id":{}}}"#, self.ticket_id)
        };
        self.sent.push(Instant::now());
        self.client.send(&frame(&call(STEPS[step], &params)))
    }
}

struct Room {
    poll: Poll,
    doctors: Vec<Doctor>,
    replies_ms: Vec<f64>,
    deliveries_ms: Vec<f64>,
    /// The last delivery of each call.
    last_ms: Vec<f64>,
    /// How long after it was due a call was sent: this program's own delay.
    late_ms: Vec<f64>,
    /// Events that no call explains.
    unexplained: usize,
}

/// Measures one round, prints what it came to, and returns the p99 of a delivery.
pub fn measure(site: &mut Site, verdicts: &mut Verdicts) -> Outcome<f64> {
    let sessions = site.database.open_queues(WAITING)?;
    let mut room = Room::gather(site, &sessions)?;
    room.run()?;
    println!("at {}, {CALLS} calls:", site.name);
    figures::print("the reply to a call", &mut room.replies_ms);
    let p99 = figures::print("from a call until a listener has heard", &mut room.deliveries_ms);
    figures::print("until all of its listeners have", &mut room.last_ms);
    figures::print("a call was sent late by", &mut room.late_ms);
    let wanted = CALLS * LISTENERS_EACH;
    verdicts.check(
        room.deliveries_ms.len() == wanted && room.unexplained == 0,
        &format!("{} of {wanted} events were delivered, {} more", room.deliveries_ms.len(), room.unexplained),
    );
    let done = site.database.tickets(&sessions, "done")?;
    let seen = CALLS / STEPS.len();
    verdicts.check(done == seen, &format!("{done} of {seen} patients have been seen"));
    Ok(p99)
}

impl Room {
    fn gather(site: &Site, sessions: &[i64]) -> Outcome<Room> {
        let poll = Poll::new()?;
        let mut doctors = Vec::new();
        let register = |client: &mut Client, key: usize| {
            poll.registry().register(&mut client.stream, Token(key), Interest::READABLE)
        };
        for (place, session_id) in sessions.iter().copied().enumerate() {
            let mut client = Client::open(site.server.address, &[resume(&token(doctor_id(place)))])?;
            register(&mut client, place)?;
            let subscribe = call("event.subscribe", &format!(r#"{{"topics":["queue:{session_id}"]}}"#));
            let mut listeners = Vec::new();
            for number in 0..LISTENERS_EACH {
                let mut listener = Client::open(site.server.address, std::slice::from_ref(&subscribe))?;
                register(&mut listener, SESSIONS + place * LISTENERS_EACH + number)?;
                listeners.push((listener, 0));
            }
            let sent = Vec::with_capacity(CALLS_EACH);
            doctors.push(Doctor { client, session_id, ticket_id: 0, sent, replies: 0, listeners });
        }
        Ok(Room {
            poll,
            doctors,
            replies_ms: Vec::new(),
            deliveries_ms: Vec::new(),
            last_ms: vec![0.0; CALLS],
            late_ms: Vec::new(),
            unexplained: 0,
        })
    }

    fn run(&mut self) -> Outcome<()> {
        let mut events = Events::with_capacity(1024);
        let begun = Instant::now();
        let due = |number: usize| begun + Duration::from_secs(1) * number as u32 / CALLS_PER_SECOND as u32;
        let mut next = 0;
        while next < CALLS || self.deliveries_ms.len() < CALLS * LISTENERS_EACH {
            let mut timeout = Duration::from_millis(100);
            if next < CALLS {
                let doctor = &mut self.doctors[next % SESSIONS];
                let now = Instant::now();
                // A doctor who is not answered yet keeps the others waiting, and that shows as lateness.
                let is_answered = doctor.replies == doctor.sent.len();
                if now >= due(next) && is_answered {
                    self.late_ms.push(ms(now - due(next)));
                    doctor.call()?;
                    next += 1;
                    continue;
                }
                if is_answered {
                    timeout = wait_for(due(next) - now);
                }
            }
            self.poll.poll(&mut events, Some(timeout))?;
            for event in &events {
                match event.token().0.checked_sub(SESSIONS) {
                    None => self.answered(event.token().0)?,
                    Some(listener) => self.heard(listener)?,
                }
            }
            if begun.elapsed() > Duration::from_secs(SECONDS as u64) + PATIENCE {
                return Ok(());
            }
        }
        Ok(())
    }

    fn answered(&mut self, place: usize) -> Outcome<()> {
        let Doctor { client, ticket_id, sent, replies, .. } = &mut self.doctors[place];
        client.receive(|data| {
            let reply: Reply = serde_json::from_slice(data)?;
            let Some(ticket) = reply.result else {
                return Err(format!("a call is refused: {:?}", reply.error).into());
            };
            *ticket_id = ticket.ticket_id;
            let asked = sent.get(*replies).ok_or("a reply that nobody has asked for")?;
            self.replies_ms.push(ms(asked.elapsed()));
            *replies += 1;
            Ok(())
        })
    }

    fn heard(&mut self, listener: usize) -> Outcome<()> {
        let place = listener / LISTENERS_EACH;
        let Doctor { sent, listeners, .. } = &mut self.doctors[place];
        let (client, count) = &mut listeners[listener % LISTENERS_EACH];
        client.receive(|_| {
            match sent.get(*count) {
                Some(asked) => {
                    let taken = ms(asked.elapsed());
                    self.deliveries_ms.push(taken);
                    let last = &mut self.last_ms[place * CALLS_EACH + *count];
                    *last = last.max(taken);
                }
                None => self.unexplained += 1,
            }
            *count += 1;
            Ok(())
        })
    }
}

/// A poll sleeps whole milliseconds, and what is left of one is waited for awake.
fn wait_for(left: Duration) -> Duration {
    Duration::from_millis(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
}
