//! The instant at which places are given out: everyone books at once, and goes on until they have a place or
//! all is full.
//!
//! It never knows the rules of booking. Invariants: a client asks for one place at a time; whoever is told that
//! a session is full tries those that are named in its place, and does not try it again.

use crate::client::{Client, call, frame, resume};
use crate::database::{CAPACITY, OpeningSession, SESSIONS, patient_id, token};
use crate::figures::{self, Verdicts, ms};
use crate::{Outcome, Site};
use chrono::{DurationRound, Local, TimeDelta};
use mio::{Events, Interest, Poll, Token};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

pub const GOAL_MS: f64 = 50.0;
/// Within this all have connected, where the machine is not slow; where it is, they begin later.
const LEAD_SECONDS: i64 = 4;
/// The server may read the clock a little before the first call comes.
const MARGIN: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(60);
/// So many first calls are sent before replies are looked for.
const SENT_AT_ONCE: usize = 16;

#[derive(Deserialize)]
struct Reply {
    result: Option<Given>,
    error: Option<Refused>,
}

#[derive(Deserialize)]
struct Given {
    appointment_id: i64,
}

#[derive(Deserialize)]
struct Refused {
    data: Facts,
}

#[derive(Deserialize)]
struct Facts {
    code: String,
    #[serde(default)]
    alternatives: Vec<Alternative>,
}

#[derive(Deserialize)]
struct Alternative {
    session_id: i64,
    online: Remaining,
}

#[derive(Deserialize)]
struct Remaining {
    remaining: i64,
}

/// Someone who wants a place.
struct Patient {
    client: Client,
    patient_id: i64,
    /// The session that is asked for, by its place in the list, and since when.
    asked: Option<(usize, Instant)>,
    /// Sessions that are known to be full.
    full: BTreeSet<usize>,
    got: Option<i64>,
    /// When this client was done.
    done: Option<Instant>,
}

/// What all of it came to.
#[derive(Default)]
struct Tally {
    calls_ms: Vec<f64>,
    refusals: usize,
    /// Refusals that named other sessions.
    with_alternatives: usize,
    /// Alternatives that were no sessions of the burst, or had no place, or were the very one that was full.
    bad_alternatives: usize,
    /// Places that were given in a department after a reply had named nothing in it.
    untold: usize,
    /// When it was first said of a department that it has no place any longer.
    exhausted: BTreeMap<String, Instant>,
}

/// Measures one burst of so many clients, prints what it came to, and returns the p99 of a call.
pub fn measure(site: &mut Site, clients: usize, verdicts: &mut Verdicts) -> Outcome<f64> {
    let release = (Local::now() + TimeDelta::seconds(LEAD_SECONDS)).duration_round(TimeDelta::seconds(1))?;
    let sessions = site.database.open_burst(&release.format("%Y-%m-%d %H:%M:%S").to_string())?;
    let mut burst = Burst::gather(site, &sessions, clients)?;
    std::thread::sleep((release - Local::now()).to_std().unwrap_or_default() + MARGIN);
    let begun = Instant::now();
    burst.run()?;
    let Burst { patients, mut tally, .. } = burst;

    println!("at {}, {clients} clients: {} calls", site.name, tally.calls_ms.len());
    let p99 = figures::print("a call", &mut tally.calls_ms);
    let mut done: Vec<f64> =
        patients.iter().filter_map(|one| one.done).map(|done| ms(done - begun)).collect();
    figures::print("from the instant until a client is done", &mut done);
    let winners: BTreeSet<i64> = patients.iter().filter_map(|one| one.got).collect();
    let losers = patients.iter().filter(|one| one.got.is_none() && one.full.len() == SESSIONS).count();
    let sold = site.database.sold(&sessions)?;
    let wanted = CAPACITY.min(clients);
    verdicts.check(winners.len() == wanted, &format!("{} of {wanted} clients have a place", winners.len()));
    verdicts.check(
        losers == clients - wanted,
        &format!("{losers} of {} were told of each session that it is full", clients - wanted),
    );
    verdicts.check(
        sold.full == SESSIONS && sold.booked == SESSIONS && sold.appointments == CAPACITY,
        &format!(
            "{} places are sold, {} sessions count all of theirs as taken, {} have as many appointments",
            sold.appointments, sold.full, sold.booked
        ),
    );
    verdicts.check(
        sold.patients == CAPACITY && sold.audited == CAPACITY,
        &format!("{} patients have one, and {} are in the trail", sold.patients, sold.audited),
    );
    verdicts.check(
        tally.bad_alternatives == 0 && tally.untold == 0,
        &format!(
            "{} refusals, {} of which named sessions with places; {} that were none, {} places not told of",
            tally.refusals, tally.with_alternatives, tally.bad_alternatives, tally.untold
        ),
    );
    Ok(p99)
}

struct Burst<'a> {
    poll: Poll,
    sessions: &'a [OpeningSession],
    patients: Vec<Patient>,
    tally: Tally,
    /// A state of its own, so that each run makes the same first choices.
    random: u64,
    waiting: usize,
}

impl Burst<'_> {
    /// Connects each client, as a patient who is logged in.
    fn gather<'a>(site: &Site, sessions: &'a [OpeningSession], clients: usize) -> Outcome<Burst<'a>> {
        let poll = Poll::new()?;
        let mut patients = Vec::new();
        for place in 0..clients {
            let patient_id = patient_id(place);
            let mut client = Client::open(site.server.address, &[resume(&token(patient_id))])?;
            poll.registry().register(&mut client.stream, Token(place), Interest::READABLE)?;
            patients.push(Patient {
                client,
                patient_id,
                asked: None,
                full: BTreeSet::new(),
                got: None,
                done: None,
            });
        }
        Ok(Burst { poll, sessions, patients, tally: Tally::default(), random: clients as u64, waiting: 0 })
    }

    fn run(&mut self) -> Outcome<()> {
        let mut events = Events::with_capacity(1024);
        let begun = Instant::now();
        let mut next = 0;
        while next < self.patients.len() || self.waiting > 0 {
            for place in next..self.patients.len().min(next + SENT_AT_ONCE) {
                self.ask(place, None)?;
            }
            next = self.patients.len().min(next + SENT_AT_ONCE);
            let timeout =
                if next < self.patients.len() { Duration::ZERO } else { Duration::from_millis(100) };
            self.poll.poll(&mut events, Some(timeout))?;
            for event in &events {
                self.hear(event.token().0)?;
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("{} clients are still not answered", self.waiting).into());
            }
        }
        Ok(())
    }

    /// Asks for a place in one of these sessions, or in any that may have one. Who knows of none is done.
    fn ask(&mut self, place: usize, named: Option<Vec<usize>>) -> Outcome<()> {
        let Some(patient) = self.patients.get_mut(place) else { return Ok(()) };
        let choice = named.unwrap_or_else(|| (0..SESSIONS).collect());
        let mut choice: Vec<usize> =
            choice.into_iter().filter(|session| !patient.full.contains(session)).collect();
        if choice.is_empty() {
            choice = (0..SESSIONS).filter(|session| !patient.full.contains(session)).collect();
        }
        if choice.is_empty() {
            patient.done = Some(Instant::now());
            return Ok(());
        }
        // A linear congruential generator is random enough to choose a doctor by.
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let session = choice[(self.random >> 33) as usize % choice.len()];
        let params = format!(
            r#"{{"session_id":{},"patient_id":{}}}"#,
            self.sessions[session].session_id, patient.patient_id
        );
        patient.asked = Some((session, Instant::now()));
        patient.client.send(&frame(&call("appointment.book", &params)))?;
        self.waiting += 1;
        Ok(())
    }

    fn hear(&mut self, place: usize) -> Outcome<()> {
        let Some(patient) = self.patients.get_mut(place) else { return Ok(()) };
        let mut replies = Vec::new();
        patient.client.receive(|data| {
            replies.push(serde_json::from_slice::<Reply>(data)?);
            Ok(())
        })?;
        let now = Instant::now();
        for reply in replies {
            let patient = &mut self.patients[place];
            let (session, since) = patient.asked.take().ok_or("a reply that nobody has asked for")?;
            self.waiting -= 1;
            self.tally.calls_ms.push(ms(now - since));
            match (reply.result, reply.error) {
                (Some(given), _) => {
                    (patient.got, patient.done) = (Some(given.appointment_id), Some(now));
                    let told = self.tally.exhausted.get(&self.sessions[session].department);
                    self.tally.untold += usize::from(told.is_some_and(|told| *told < since));
                }
                (None, Some(Refused { data })) if data.code == "session_full" => {
                    self.refused(place, session, &data.alternatives, now)?;
                }
                (None, Some(Refused { data })) => return Err(format!("refused: {}", data.code).into()),
                (None, None) => return Err("neither a result nor an error".into()),
            }
        }
        Ok(())
    }

    /// A session is full: the client goes on with those that are named. Where none is, its department has none.
    fn refused(
        &mut self,
        place: usize,
        session: usize,
        alternatives: &[Alternative],
        now: Instant,
    ) -> Outcome<()> {
        self.tally.refusals += 1;
        let sessions = self.sessions;
        let department = &sessions[session].department;
        let patient = &mut self.patients[place];
        patient.full.insert(session);
        if alternatives.is_empty() {
            self.tally.exhausted.entry(department.clone()).or_insert(now);
            let of_department = (0..SESSIONS).filter(|other| sessions[*other].department == *department);
            patient.full.extend(of_department);
            return self.ask(place, None);
        }
        self.tally.with_alternatives += 1;
        let mut named = Vec::new();
        for Alternative { session_id, online } in alternatives {
            let other = sessions.iter().position(|other| other.session_id == *session_id);
            match other {
                Some(other) if other != session && online.remaining > 0 => named.push(other),
                _ => self.tally.bad_alternatives += 1,
            }
        }
        self.ask(place, Some(named))
    }
}
