//! Owns the waiting room: who comes, who is called, who is seen, and the board that shows it. Never decides who
//! is next.
//! Invariant: the board is what was pushed to the screen in the waiting room, where nobody is logged in.

use super::Stop;
use super::opening::{Cast, PATIENTS, phone};
use super::play::{Play, at, items, list, must, number};
use super::rush::{Given, ms};
use super::screen::Board;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// More tickets than this morning has.
const TICKETS_MAX: usize = 20;

/// What has come of the morning.
pub struct Seen {
    pub tickets: usize,
    pub done: usize,
    /// Patients who were in the room at one moment, by the times of their tickets.
    pub most_in_room: usize,
}

/// The doctor's side of the room.
struct Room<'a> {
    play: &'a mut Play,
    cast: &'a mut Cast,
    board: Board,
    sequence: i64,
    slowest: Duration,
}

pub fn run(play: &mut Play, cast: &mut Cast, given: Vec<Given>) -> Result<Seen, Stop> {
    play.screen.chapter("5  The waiting room")?;
    let subscribed = {
        let topics = json!({"topics": [format!("queue:{}", cast.session_id)]});
        play.call(&mut cast.hall, "event.subscribe", &topics)?
    };
    let sequence = number(&subscribed, "sequence")?;
    let mut room = Room { play, cast, board: Board::default(), sequence, slowest: Duration::ZERO };
    let (first, tickets) = room.arrivals(&given)?;
    room.morning(first)?;
    room.power_failure()?;
    let rest = room.all_who_wait()?;
    let found = {
        let Room { play, cast, .. } = &mut room;
        play.call(&mut cast.nurse.line, "queue.list", &json!({"session_id": cast.session_id}))?
    };
    let of_state = |state: &str| items(&found).iter().filter(|ticket| ticket["state"] == state).count();
    must(of_state("done") == items(&found).len(), "somebody was left in the queue")?;
    let seen = Seen {
        tickets: items(&found).len(),
        done: of_state("done"),
        most_in_room: most_at_once(items(&found))?,
    };
    must(seen.tickets == tickets + 1, "tickets were lost or made up")?;
    room.play
        .screen
        .tell(format!("All {} tickets were seen, {rest} of them after the power failure.", seen.done))?;
    Ok(seen)
}

/// The most tickets that were served at one moment.
fn most_at_once(tickets: &[Value]) -> Result<usize, Stop> {
    let mut most = 0;
    for ticket in tickets {
        let started = number(ticket, "started_ms")?;
        let is_seen = |other: &&Value| {
            let (from, to) = (other["started_ms"].as_i64(), other["finished_ms"].as_i64());
            // Who comes in within the millisecond in which another one goes comes after them.
            from.is_some_and(|from| from <= started)
                && to.is_none_or(|to| started < to || from == Some(started))
        };
        most = most.max(tickets.iter().filter(is_seen).count());
    }
    Ok(most)
}

impl Room<'_> {
    /// Takes the next board that was pushed.
    fn next_board(&mut self, since: Instant) -> Result<(), Stop> {
        let Room { play, cast, sequence, .. } = self;
        let after = *sequence;
        let is_new = |push: &Value| {
            push["kind"] == "board" && push["sequence"].as_i64().is_some_and(|sequence| sequence > after)
        };
        let (push, took) = play.pushed(&mut cast.hall, since, is_new)?;
        *sequence = number(&push, "sequence")?;
        self.board = Board::read(at(&push, "/facts"));
        self.slowest = self.slowest.max(took);
        Ok(())
    }

    /// The doctor does something, and the board shows it.
    fn doctor(&mut self, method: &'static str, params: &Value, said: &str) -> Result<Value, Stop> {
        let begun = Instant::now();
        let ticket = self.play.call(&mut self.cast.doctor.line, method, params)?;
        self.next_board(begun)?;
        let said = said.replace('#', &number(&ticket, "number")?.to_string());
        self.play.screen.board(&self.board, &said)?;
        Ok(ticket)
    }

    fn call_next(&mut self) -> Result<(i64, i64), Stop> {
        let params = json!({"session_id": self.cast.session_id});
        let ticket = self.doctor("queue.call_next", &params, "王医生 calls number #")?;
        Ok((number(&ticket, "ticket_id")?, number(&ticket, "number")?))
    }

    /// Comes in, is seen, goes.
    fn serve(&mut self, ticket_id: i64) -> Result<Value, Stop> {
        let params = json!({"ticket_id": ticket_id});
        self.doctor("queue.start", &params, "number # comes in")?;
        self.doctor("queue.finish", &params, "number # has been seen")
    }

    /// Everybody checks in. Returns the ticket of the first, and how many tickets there are.
    fn arrivals(&mut self, given: &[Given]) -> Result<(i64, usize), Stop> {
        // Whoever was to be first comes last, and so is late.
        let order = given.iter().skip(1).chain(given.first());
        let (mut tickets, mut late) = (Vec::new(), 0);
        for Given { patient, appointment_id } in order {
            let params = json!({"appointment_id": appointment_id});
            let begun = Instant::now();
            let person = self.cast.patient(*patient)?;
            let ticket = self.play.call(&mut person.line, "queue.check_in", &params)?;
            self.next_board(begun)?;
            late += usize::from(at(&ticket, "/is_late") == true);
            tickets.push(ticket);
        }
        let screen = &mut self.play.screen;
        screen.note(format!("{} who have booked check in by phone, and get numbers.", tickets.len()))?;
        screen.tell(format!(
            "{late} of them is more than 15 minutes late, and stands behind all who are there."
        ))?;
        let walk_in = self.walk_in(PATIENTS, "卫明")?;
        self.play.screen.note(format!(
            "Number {} comes without an appointment, to one of the desk's two places.",
            number(&walk_in, "number")?
        ))?;
        let elder = self.walk_in(PATIENTS + 1, "蒋爷")?;
        let params = json!({"ticket_id": at(&elder, "/ticket_id"), "priority": 1});
        let begun = Instant::now();
        self.play.call(&mut self.cast.nurse.line, "queue.set_priority", &params)?;
        self.next_board(begun)?;
        self.play.screen.tell(format!(
            "Number {} does, too, and is old: the nurse lets them go first.",
            number(&elder, "number")?
        ))?;
        let last = given.first().map_or(0, |given| given.appointment_id);
        let params = json!({"appointment_id": last});
        let standing = self.play.call(&mut self.cast.nurse.line, "queue.status", &params)?;
        let (ahead, wait) = (number(&standing, "ahead")?, number(&standing, "wait_min")?);
        let screen = &mut self.play.screen;
        screen
            .tell(format!("The late one can see on the phone: {ahead} before me, about {wait} minutes."))?;
        screen
            .tell("For each two who have booked, one without is called, so that neither waits for ever.")?;
        let first = tickets.first().map_or(Ok(0), |ticket| number(ticket, "ticket_id"))?;
        Ok((first, tickets.len() + 2))
    }

    fn walk_in(&mut self, index: usize, name: &str) -> Result<Value, Stop> {
        let clerk = &mut self.cast.clerk.line;
        let new = json!({"name": name, "phone": phone(index), "password": "demo"});
        let registered = self.play.call(clerk, "account.register_patient", &new)?;
        let patient_id = number(&registered, "user_id")?;
        let params = json!({"session_id": self.cast.session_id, "patient_id": patient_id});
        let begun = Instant::now();
        let ticket = self.play.call(clerk, "appointment.walk_in", &params)?;
        self.next_board(begun)?;
        Ok(ticket)
    }

    fn morning(&mut self, absent: i64) -> Result<(), Stop> {
        self.play.screen.chapter("6  The doctor calls; the board is pushed to the screen")?;
        let (elder, _) = self.call_next()?;
        self.serve(elder)?;
        let (ticket, missing) = self.call_next()?;
        must(ticket == absent, "another ticket was next")?;
        let params = json!({"ticket_id": ticket});
        let data = self.play.refused(&mut self.cast.doctor.line, "queue.skip", &params, "calls_remaining")?;
        let more = number(&data, "remaining")?;
        for time in 0..more {
            self.doctor(
                "queue.recall",
                &params,
                &format!("nobody comes; number # is called again ({})", time + 2),
            )?;
        }
        self.doctor("queue.skip", &params, "number # is passed over, and may come back")?;
        let (next, seen) = self.call_next()?;
        self.doctor("queue.start", &json!({"ticket_id": next}), "number # comes in")?;
        let session = json!({"session_id": self.cast.session_id});
        self.play.refused(&mut self.cast.doctor.line, "queue.call_next", &session, "room_busy")?;
        self.play
            .screen
            .tell("The doctor calls one more by mistake: `room_busy`. A room sees one patient at a time.")?;
        let begun = Instant::now();
        self.play.call(&mut self.cast.nurse.line, "queue.return", &params)?;
        self.next_board(begun)?;
        let said = format!("number {missing} is back, and waits behind the next three who have booked");
        self.play.screen.board(&self.board, &said)?;
        let done = self.doctor("queue.finish", &json!({"ticket_id": next}), "number # has been seen")?;
        let begun = Instant::now();
        let origin = json!({"origin_id": at(&done, "/appointment_id")});
        let again = self.play.call(&mut self.cast.doctor.line, "appointment.follow_up", &origin)?;
        self.next_board(begun)?;
        let said = format!(
            "number {seen} comes back with a result, as number {}; that takes no place",
            at(&again, "/number")
        );
        self.play.screen.board(&self.board, &said)
    }

    /// The queue, those who are logged in and those who listen survive the end of the process.
    fn power_failure(&mut self) -> Result<(), Stop> {
        let before = self.board.clone();
        let begun = Instant::now();
        let Room { play, cast, sequence, .. } = self;
        play.house.crash_and_start()?;
        let took = begun.elapsed();
        for person in [&mut cast.clerk, &mut cast.nurse, &mut cast.doctor, &mut cast.surgeon] {
            play.resume(person)?;
        }
        for person in &mut cast.patients {
            play.resume(person)?;
        }
        cast.hall = play.open_line()?;
        let topics = json!({"topics": [format!("queue:{}", cast.session_id)], "since": *sequence});
        let caught_up = play.call(&mut cast.hall, "event.subscribe", &topics)?;
        must(at(&caught_up, "/gap") == false, "events were lost")?;
        let missed = list(&caught_up, "events").len();
        let board = play.call(&mut cast.hall, "queue.board", &json!({"session_id": cast.session_id}))?;
        must(Board::read(&board) == before, "the queue is another one after the restart")?;
        play.screen
            .note(format!("The power fails: `kill -9`. The server is back after {:.0} ms.", ms(took)))?;
        play.screen.tell(format!(
            "The queue is the same. All are logged in still. The screen asks what it missed: {missed} events."
        ))
    }

    /// Whoever waits is called, until nobody does. Returns how many those were.
    fn all_who_wait(&mut self) -> Result<usize, Stop> {
        let mut served = 0;
        while self.board.waiting > 0 && served < TICKETS_MAX {
            let (ticket_id, _) = self.call_next()?;
            self.serve(ticket_id)?;
            served += 1;
        }
        let session = json!({"session_id": self.cast.session_id});
        self.play.refused(&mut self.cast.doctor.line, "queue.call_next", &session, "queue_empty")?;
        let slowest = ms(self.slowest);
        self.play.screen.tell(format!(
            "Each step was on the screen at the latest {slowest:.1} ms after the doctor's call."
        ))?;
        Ok(served)
    }
}
