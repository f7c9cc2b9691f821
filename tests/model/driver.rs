//! Random steps, each asked of the server and of the reference.
//!
//! It never knows the rules. Invariant: the same seed takes the same steps.

use super::care_check::{invariants_of_care, told_of_care};
use super::check::{compare, glance, invariants, told};
use super::clinic::*;
use super::dice::{Dice, Step};
use super::server::{Server, reference};
use super::{leave_steps, sheet_steps, steps, ward_steps};
use serde_json::{Value, json};
use std::fmt::Display;

/// What only looks, and is not asked twice for one thing.
const LOOKS: [&str; 2] = ["ward.board", "prescription.get"];
/// The whole database is looked at once in so many turns. What is wrong in between is seen in replies, in what sessions
/// hold and in what is told; where not, then at the next look, and the walk is walked again to find the step.
const LOOK: usize = 16;

/// What is particular to a walk, drawn from its seed.
struct Pace {
    /// Requests in a turn, about.
    turn: i64,
    /// How many more places there are than usual, and how much more is booked against the rules, and how much
    /// more seldom someone is called.
    crowd: i64,
    /// Minutes between two turns, at most.
    minutes: i64,
    /// Steps until the server begins anew, about.
    restart: i64,
    /// Steps of leave in a hundred and forty of others.
    leave: i64,
    /// Turns until the whole database is looked at.
    look: usize,
}

/// Returns how many steps were carried out. With `is_close` the same steps are taken, but the whole database is
/// looked at after each turn.
pub fn walk(seed: u64, steps: usize, is_close: bool) -> usize {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let turn = dice.of(&[1, 2, 2, 4, 12]);
    let pace = Pace {
        turn,
        crowd: dice.of(&[1, 1, 3]),
        minutes: turn * dice.of(&[3, 8, 8]),
        restart: dice.of(&[100, 1000, 1000, 4000]),
        leave: dice.of(&[0, 0, 2, 6]),
        look: if is_close { 1 } else { LOOK },
    };
    let mut clinic = reference();
    let mut server = Server::new(&clinic);
    let mut turn = Turn { accepted: 0, number: 0, told: glance(&server, &clinic, &"at the beginning") };
    let mut accepted = 0;
    for number in 0..steps {
        let before = clinic.clone();
        let Step { by, method, mut params, expected } = step(&mut dice, &pace, &mut clinic);
        let is_old = by == steps::NOBODY;
        let is_retried = dice.one_in(8) && !is_old && !LOOKS.contains(&method);
        if is_retried {
            params["request_id"] = json!(format!("{seed}-{number}"));
        }
        let (now, asked) = (clinic.now, &params);
        let said = format_args!("seed {seed}, step {number} at {}: {by} {method} {asked}", text(now));
        let reply = match is_old {
            true if server.old(&params) => Ok(Value::Null),
            true => Err("error".to_owned()),
            false => server.call(by, method, &params),
        };
        let word = reply.as_ref().map(|_| ()).map_err(String::as_str);
        assert_eq!(word, expected, "{said}: the server says the first and the reference the second");
        match &reply {
            Ok(result) => {
                turn.accepted += 1;
                accepted += 1;
                invariants(&before, &clinic, is_old, &said);
                invariants_of_care(&before, &clinic, &said);
                told(result, &clinic, &said);
                told_of_care(result, &clinic, &said);
                if is_retried {
                    assert_eq!(server.call(by, method, &params).as_ref(), Ok(result), "{said}, again");
                }
            }
            Err(_) => assert_eq!(before, clinic, "{said}: the reference has changed all the same"),
        }
        if number + 1 == steps || dice.one_in(pace.turn) {
            server.commit();
            turn.end(&server, &clinic, pace.look, &said);
            pass(&mut dice, &pace, &mut clinic, &mut server, &mut turn, &said);
        }
    }
    compare(&server, &clinic, &format_args!("at the end of seed {seed}"));
    accepted
}

/// What a turn has done.
struct Turn {
    accepted: usize,
    number: usize,
    /// The last event.
    told: i64,
}

impl Turn {
    fn end(&mut self, server: &Server, clinic: &Clinic, look: usize, said: &dyn Display) {
        if self.number.is_multiple_of(look) {
            compare(server, clinic, said);
        }
        let last = glance(server, clinic, said);
        assert!(last >= self.told, "{said}: an event is gone");
        assert!(self.accepted > 0 || last == self.told, "{said}: what was refused was told");
        *self = Turn { accepted: 0, number: self.number + 1, told: last };
    }
}

/// Time passes, or the clock is turned back, or the server begins anew.
fn pass(
    dice: &mut Dice,
    pace: &Pace,
    clinic: &mut Clinic,
    server: &mut Server,
    turn: &mut Turn,
    after: &dyn Display,
) {
    if dice.below(pace.restart) < pace.turn {
        server.restart();
        compare(server, clinic, &format_args!("begun anew after {after}"));
    }
    let minutes = match dice.below(20) {
        0 => -1 - dice.below(5),
        // There are sessions of two days.
        1..=10 => dice.below(pace.minutes).min(2 * DAY - 1 - clinic.now),
        _ => return,
    };
    let before = clinic.clone();
    clinic.now += minutes;
    let now = clinic.now;
    let said = format_args!("{minutes} minutes later, at {}, after {after}", text(now));
    server.set_clock(clinic.now);
    clinic.tick();
    invariants(&before, clinic, false, &said);
    turn.accepted = 1;
    turn.end(server, clinic, pace.look, &said);
}

/// The larger part are about appointments.
fn step(dice: &mut Dice, pace: &Pace, clinic: &mut Clinic) -> Step {
    match dice.below(140 + pace.leave) {
        0..=99 => steps::step(dice, pace.crowd, clinic),
        100..=107 => ward_steps::of_visit(dice, clinic),
        108..=123 => ward_steps::of_stay(dice, clinic),
        124..=139 => sheet_steps::step(dice, clinic),
        _ => leave_steps::step(dice, clinic),
    }
}
