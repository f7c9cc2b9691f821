//! Owns the connections of a run: which client is sent what is due, and what comes back.
//!
//! It never knows what a request says. Invariants: requests are due at fixed times, whatever the server does, and
//! their time counts from then; each client has at most one request out; a request that is due is counted once.

use crate::Outcome;
use crate::client::{Client, call, frame, resume};
use crate::figures::{Figures, Verdicts};
use crate::people::{ROOMS, clerk_id, doctor_id, room_session, token};
use crate::room::Room;
use crate::script::{Actor, Ask, Booked, OLD_LOGINS, Reply, World, judge, old_login};
use mio::{Events, Interest, Poll, Token};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(5);
/// How often timeouts are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// medsrv closes an old client's connection after a second of rest, so one that has rested nearly as long is made
/// anew rather than risked.
const OLD_REST_MAX: Duration = Duration::from_millis(700);
/// Who only listens says something so often, or would be closed as idle.
const LISTENERS_SPEAK_EVERY: Duration = Duration::from_secs(60);
const LISTENERS_EACH: u64 = 3;
/// An event begins with this, as no reply does.
const EVENT: &[u8] = br#"{"jsonrpc":"2.0","method":"event""#;
const LINES: usize = 2;

/// Clients of one kind, and their share of the requests in a hundred.
struct Kind {
    share: u64,
    idle: VecDeque<usize>,
    /// Requests that are due and wait for a client, by when they were.
    due: VecDeque<Instant>,
}

struct Station {
    kind: usize,
    actor: Actor,
    lines: [Option<Client>; LINES],
    /// The request that is out, on which line, when it was due, and when it was sent.
    out: Option<Out>,
    used: Instant,
}

struct Out {
    line: usize,
    is_last: bool,
    due: Instant,
    sent: Instant,
}

struct Listener {
    client: Option<Client>,
    room: u64,
    heard: u64,
    spoke: Instant,
    waits: bool,
}

pub struct Load {
    address: SocketAddr,
    interval: Duration,
    poll: Poll,
    world: World,
    kinds: Vec<Kind>,
    stations: Vec<Station>,
    listeners: Vec<Listener>,
    next_due: Instant,
    end: Instant,
    next_look: Instant,
    is_resting: bool,
}

/// What listeners have heard: the fewest and the most events of each room.
pub struct Heard(Vec<(u64, u64)>);

impl Load {
    /// Opens all connections that are kept.
    pub fn gather(address: SocketAddr, rate: u64) -> Outcome<Load> {
        let now = Instant::now();
        let mut load = Load {
            address,
            interval: Duration::from_secs(1) / u32::try_from(rate)?,
            poll: Poll::new()?,
            world: World::new(),
            kinds: Vec::new(),
            stations: Vec::new(),
            listeners: Vec::new(),
            next_due: now,
            end: now,
            next_look: now,
            is_resting: true,
        };
        // The server remembers who has logged in over the old dialect; only the first time takes long.
        for patient in 0..OLD_LOGINS {
            introduce(address, patient)?;
        }
        load.add(42, 64, |_| Actor::Old { is_kept: false, asked: Booked::No })?;
        load.add(12, 8, |_| Actor::Old { is_kept: true, asked: Booked::No })?;
        load.add(20, 10, |_| Actor::Clerk { asked: Booked::No })?;
        load.add(8, 32, |_| Actor::Once)?;
        load.add(1, 4, |_| Actor::Login { step: 0, patient: 0 })?;
        load.add(17, ROOMS, |room| Actor::Room(Box::new(Room::new(room))))?;
        for place in 0..ROOMS * LISTENERS_EACH {
            let room = place % ROOMS;
            let topics = format!(r#"{{"topics":["queue:{}"]}}"#, room_session(room));
            let mut client = Client::open(address, &[call("event.subscribe", &topics)])?;
            let key = Token(load.first_listener() + load.listeners.len());
            load.poll.registry().register(&mut client.stream, key, Interest::READABLE)?;
            load.listeners.push(Listener { client: Some(client), room, heard: 0, spoke: now, waits: false });
        }
        Ok(load)
    }

    fn add(&mut self, share: u64, clients: u64, actor: impl Fn(u64) -> Actor) -> Outcome<()> {
        let kind = self.kinds.len();
        let first = self.stations.len();
        self.kinds.push(Kind { share, idle: VecDeque::new(), due: VecDeque::new() });
        for number in 0..clients {
            let place = first + usize::try_from(number)?;
            let lines = [None, None];
            self.stations.push(Station {
                kind,
                actor: actor(number),
                lines,
                out: None,
                used: Instant::now(),
            });
            let lines = match actor(number) {
                Actor::Room(_) => LINES,
                Actor::Clerk { .. } => 1,
                // What is kept of the old dialect is opened with its first request.
                _ => 0,
            };
            for line in 0..lines {
                self.open(place, line)?;
            }
            self.kinds[kind].idle.push_back(place);
        }
        Ok(())
    }

    fn first_listener(&self) -> usize {
        self.stations.len() * LINES
    }

    /// Begins to send, until that moment.
    pub fn begin(&mut self, end: Instant) {
        self.end = end;
        self.go_on();
    }

    /// From now on nothing more is due, until the load goes on.
    pub fn rest(&mut self) {
        self.is_resting = true;
    }

    pub fn go_on(&mut self) {
        self.is_resting = false;
        self.next_due = Instant::now();
    }

    pub fn open_connections(&self) -> usize {
        let lines = self.stations.iter().flat_map(|station| &station.lines).flatten().count();
        lines + self.listeners.iter().filter(|listener| listener.client.is_some()).count()
    }

    /// Whether a request is out, or waits to be.
    pub fn is_busy(&self) -> bool {
        self.kinds.iter().any(|kind| !kind.due.is_empty())
            || self.stations.iter().any(|station| station.out.is_some())
    }

    /// Connects a line, as the one whose it is.
    fn open(&mut self, place: usize, line: usize) -> Outcome<()> {
        let station = &mut self.stations[place];
        let calls = match (&station.actor, line) {
            (Actor::Room(room), crate::room::DOCTOR) => vec![resume(&token(doctor_id(room.number())))],
            (Actor::Room(_) | Actor::Clerk { .. }, _) => vec![resume(&token(clerk_id()))],
            _ => Vec::new(),
        };
        let mut client = Client::open(self.address, &calls)?;
        let key = Token(place * LINES + line);
        self.poll.registry().register(&mut client.stream, key, Interest::READABLE)?;
        station.lines[line] = Some(client);
        Ok(())
    }

    /// Sends what is due, and takes what has come.
    pub fn turn(&mut self, figures: &mut Figures) -> Outcome<()> {
        let now = Instant::now();
        while !self.is_resting && self.next_due <= now && self.next_due < self.end {
            let kind = self.chosen();
            self.kinds[kind].due.push_back(self.next_due);
            self.next_due += self.interval;
        }
        for kind in 0..self.kinds.len() {
            while let (Some(place), Some(due)) =
                (self.kinds[kind].idle.front().copied(), self.kinds[kind].due.front().copied())
            {
                self.kinds[kind].idle.pop_front();
                self.kinds[kind].due.pop_front();
                self.send(place, due, figures);
            }
        }
        if now >= self.next_look {
            self.next_look = now + LOOK_EVERY;
            self.look(now, figures);
        }
        let mut events = Events::with_capacity(1024);
        let wait = self.next_due.min(self.next_look).saturating_duration_since(Instant::now());
        let has_none_due = self.is_resting || self.next_due >= self.end;
        self.poll.poll(&mut events, Some(if has_none_due { Duration::from_millis(10) } else { wait }))?;
        for event in &events {
            let Token(key) = event.token();
            match key.checked_sub(self.first_listener()) {
                None => self.take(key / LINES, key % LINES, figures),
                Some(listener) => self.hear(listener, figures),
            }
        }
        Ok(())
    }

    fn chosen(&mut self) -> usize {
        let mut left = self.world.below(100);
        for (place, kind) in self.kinds.iter().enumerate() {
            match left.checked_sub(kind.share) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }

    fn send(&mut self, place: usize, due: Instant, figures: &mut Figures) {
        let now = Instant::now();
        let Load { stations, world, .. } = self;
        let station = &mut stations[place];
        let Ask { text, line, is_last } = station.actor.next(world);
        if matches!(station.actor, Actor::Old { .. }) && station.used.elapsed() > OLD_REST_MAX {
            station.lines[line] = None;
        }
        station.out = Some(Out { line, is_last, due, sent: now });
        station.used = now;
        let mut sent = Ok(());
        if station.lines[line].is_none() {
            sent = self.open(place, line);
        }
        let sent = sent.and_then(|()| match &mut self.stations[place].lines[line] {
            Some(client) => client.send(&frame(&text)),
            None => Err("there is no connection".into()),
        });
        if let Err(error) = sent {
            self.broken(place, line, &error.to_string(), figures);
        }
    }

    fn take(&mut self, place: usize, line: usize, figures: &mut Figures) {
        // What was closed in this turn may have had an event still.
        let Some(client) = &mut self.stations[place].lines[line] else { return };
        let mut replies = Vec::new();
        let received = client.receive(|data| {
            replies.push(judge(data));
            Ok(())
        });
        for reply in replies {
            self.answered(place, line, &reply, figures);
        }
        if let Err(error) = received
            && self.stations[place].lines[line].is_some()
        {
            self.broken(place, line, &error.to_string(), figures);
        }
    }

    fn answered(&mut self, place: usize, line: usize, reply: &Reply, figures: &mut Figures) {
        let Load { stations, world, kinds, .. } = self;
        let station = &mut stations[place];
        let Some(out) = station.out.take_if(|out| out.line == line) else {
            return figures.failed("a reply that nobody has asked for");
        };
        match reply {
            Reply::Done(_) => figures.done(out.due.elapsed()),
            Reply::Refused => figures.refused(out.due.elapsed()),
            Reply::Failed(text) => figures.failed(text),
        }
        station.actor.answered(reply, world);
        station.used = Instant::now();
        if out.is_last || matches!((&station.actor, reply), (Actor::Login { .. }, Reply::Failed(_))) {
            station.lines[line] = None;
        }
        kinds[station.kind].idle.push_back(place);
    }

    /// Counts what was out on a connection that has ended as failed, and so the end of one that the server had to keep.
    fn broken(&mut self, place: usize, line: usize, why: &str, figures: &mut Figures) {
        let Load { stations, world, kinds, .. } = self;
        let station = &mut stations[place];
        station.lines[line] = None;
        if station.out.take_if(|out| out.line == line).is_some() {
            figures.failed(why);
            station.actor.answered(&Reply::Failed(why.to_owned()), world);
            kinds[station.kind].idle.push_back(place);
        } else if !matches!(station.actor, Actor::Old { .. }) {
            figures.failed(&format!("at rest: {why}"));
        }
    }

    fn look(&mut self, now: Instant, figures: &mut Figures) {
        for place in 0..self.stations.len() {
            if let Some(out) = &self.stations[place].out
                && now - out.sent > TIMEOUT
            {
                self.broken(place, out.line, "no reply within 5 s", figures);
            }
        }
        for kind in &mut self.kinds {
            while kind.due.front().is_some_and(|due| now.saturating_duration_since(*due) > TIMEOUT) {
                kind.due.pop_front();
                figures.failed("not sent within 5 s");
            }
        }
        for place in 0..self.listeners.len() {
            let listener = &mut self.listeners[place];
            let Some(client) = &mut listener.client else { continue };
            if listener.waits && now - listener.spoke > TIMEOUT {
                (listener.client, listener.waits) = (None, false);
                figures.failed("a listener is not answered within 5 s");
            } else if now - listener.spoke > LISTENERS_SPEAK_EVERY {
                (listener.spoke, listener.waits) = (now, true);
                if let Err(error) = client.send(&frame(&call("department.list", "{}"))) {
                    listener.client = None;
                    figures.failed(&error.to_string());
                }
            }
        }
    }

    fn hear(&mut self, place: usize, figures: &mut Figures) {
        let Listener { client, heard, waits, spoke, .. } = &mut self.listeners[place];
        let Some(open) = client else { return };
        let received = open.receive(|data| {
            if data.starts_with(EVENT) {
                *heard += 1;
                return Ok(());
            }
            match judge(data) {
                Reply::Done(_) if *waits => figures.done(spoke.elapsed()),
                Reply::Failed(text) => figures.failed(&text),
                _ => figures.failed("a reply that no listener has asked for"),
            }
            *waits = false;
            Ok(())
        });
        if let Err(error) = received {
            *client = None;
            figures.failed(&format!("a listener: {error}"));
        }
    }

    pub fn heard(&self) -> Heard {
        let of_room = |room| {
            let heard = || self.listeners.iter().filter(|one| one.room == room).map(|one| one.heard);
            (heard().min().unwrap_or_default(), heard().max().unwrap_or_default())
        };
        Heard((0..ROOMS).map(of_room).collect())
    }
}

/// Logs someone in over the old dialect.
fn introduce(address: SocketAddr, patient: u64) -> Outcome<()> {
    let mut client = Client::open(address, &[])?;
    client.send(&frame(&old_login(patient).to_string()))?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut client.stream, Token(0), Interest::READABLE)?;
    let mut is_known = false;
    let begun = Instant::now();
    while !is_known && begun.elapsed() < TIMEOUT {
        poll.poll(&mut Events::with_capacity(1), Some(TIMEOUT))?;
        client.receive(|data| {
            is_known = matches!(judge(data), Reply::Done(_));
            Ok(())
        })?;
    }
    if is_known { Ok(()) } else { Err(format!("patient {patient} cannot log in").into()) }
}

impl Heard {
    pub fn judge(&self, verdicts: &mut Verdicts) {
        let events: u64 = self.0.iter().map(|(_, most)| most).sum();
        let is_good = self.0.iter().all(|(fewest, most)| fewest == most && *most > 0);
        let told = if is_good { "each listener of a room" } else { "not each listener of a room" };
        verdicts.check(is_good, &format!("{told} has heard all of its {events} events"));
    }
}
