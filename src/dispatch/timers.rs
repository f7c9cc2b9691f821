//! What is done when its time has come, and nobody has asked for it: holds expire, sessions end and are made,
//! patients are reminded, doctors told again of critical results, old events are deleted, and with them what is kept for who is gone.
//!
//! It never reads the clock, and waits for nothing. Invariants: a call of `tick` does a bounded piece of each,
//! and what is left comes at once; each change is in the trail in its own transaction; whatever the clock does,
//! the next look is at most `LOOK_EVERY_MS` away, and after a failure at least `RETRY_MS`.

use super::Dispatcher;
use super::also::{Also, others};
use crate::service::audit::{Action, Entry};
use crate::service::booking::{self, Change, Outcome};
use crate::service::changes::Changes;
use crate::service::reminder::{self, Cursor, Due};
use crate::service::time::{AppointmentTime, Now};
use crate::service::{Failure, block, clinic_session, event, order, schedule, waitlist};
use crate::session::SessionId;
use crate::store::{Error, Transaction};
use log::error;
use std::collections::HashSet;

/// Holds, appointments to remind of, and critical results to tell again, in one slice.
const ITEMS_PER_SLICE: i64 = 50;
/// Each has as many appointments as it has places.
const SESSIONS_PER_SLICE: i64 = 2;
const EVENTS_PER_SLICE: i64 = 500;
const CONNECTIONS_PER_SLICE: usize = 50;
/// How often all is looked at, whether or not something is known to be due.
const LOOK_EVERY_MS: i64 = 60_000;
const RETRY_MS: i64 = 1000;
/// How often sessions are made from templates.
const GENERATE_EVERY_MS: i64 = 60 * 60 * 1000;

#[derive(Default)]
pub struct Timers {
    /// When `tick` is to be called; 0 is at once.
    due_ms: i64,
    /// The state of the database in which that was found out.
    generation: u64,
    /// What the last call of `tick` has said, until its turn has ended.
    ticked: Option<Ticked>,
    /// When sessions were last made, and the doctor for whom they were made last while that goes on.
    generated_ms: Option<i64>,
    generating: Option<i64>,
    day: Option<Cursor>,
    hour: Option<Cursor>,
    is_trimming: bool,
    is_stopping: bool,
    is_offering: bool,
    /// With what something could not be done within this minute.
    stepped_over: HashSet<(&'static str, i64)>,
    /// Connections of which it is to be looked at whether someone is logged in still.
    unswept: Vec<SessionId>,
}

#[derive(Clone, Copy, Default)]
struct Ticked {
    has_more: bool,
    has_failed: bool,
}

type Step = fn(&mut Dispatcher, &Now) -> Result<bool, Error>;

impl Dispatcher {
    /// When `tick` is to be called next, in milliseconds since 1970; in the past, at once.
    pub fn due_ms(&self) -> i64 {
        self.timers.due_ms
    }

    /// Does what is due, between two turns. What it writes is in the next turn's transaction.
    pub fn tick(&mut self, now: &Now) {
        self.moment = Some(now.clone());
        let mut ticked = Ticked::default();
        let steps: [(&str, Step); 9] = [
            ("holds could not be ended", Dispatcher::expire_holds),
            ("sessions that are over could not be closed", Dispatcher::close_sessions),
            ("sessions in blocked hours could not be stopped", Dispatcher::stop_blocked),
            ("free places could not be offered", Dispatcher::offer_places),
            ("patients could not be reminded", Dispatcher::remind),
            ("critical results could not be told again", Dispatcher::repeat_critical),
            ("sessions could not be made", Dispatcher::generate_sessions),
            ("old events could not be deleted", Dispatcher::trim_events),
            ("it could not be looked at who is logged in still", Dispatcher::sweep_subscribers),
        ];
        for (complaint, step) in steps {
            match step(self, now) {
                Ok(has_more) => ticked.has_more |= has_more,
                Err(fault) => {
                    error!("{complaint}: {fault}");
                    ticked.has_failed = true;
                }
            }
        }
        self.timers.ticked = Some(ticked);
    }

    /// From now on old events are deleted until there are none, and who is not logged in any longer loses what
    /// only those may hear whom it concerns.
    pub(super) fn begin_sweep(&mut self, now: &Now) {
        self.subscribers.forget_left(event::KEPT_MS, now.unix_ms);
        self.timers.is_trimming = true;
        self.timers.unswept = self.subscribers.with_private();
        self.timers.stepped_over.clear();
        (self.timers.is_stopping, self.timers.is_offering) = (true, true);
        self.timers.due_ms = 0;
    }

    /// At the end of a turn, in its transaction: when `tick` is to be called, if that may be another time now.
    pub(super) fn next_due(&mut self, has_changed: bool) -> Option<i64> {
        let ticked = self.timers.ticked;
        if !has_changed && ticked.is_none() && self.timers.generation == self.store.generation() {
            return None;
        }
        let now = self.moment.clone()?;
        let latest = now.unix_ms + LOOK_EVERY_MS;
        let due = match self.first_due(&now) {
            Ok(due) => due.map_or(latest, |due| due.min(latest)),
            Err(fault) => {
                error!("what is due next could not be found out: {fault}");
                now.unix_ms + RETRY_MS
            }
        };
        Some(match ticked {
            None => due,
            Some(Ticked { has_failed: true, .. }) => due.max(now.unix_ms + RETRY_MS),
            Some(Ticked { has_more: true, .. }) => now.unix_ms,
            // What was due and is there still would be so for ever.
            Some(_) if due <= now.unix_ms => now.unix_ms + RETRY_MS,
            Some(_) => due,
        })
    }

    fn first_due(&mut self, now: &Now) -> Result<Option<i64>, Error> {
        let view = self.store.read()?;
        let expiry = booking::next_expiry(&view)?;
        let end = clinic_session::next_end(&view)?;
        let end = end.and_then(|end| AppointmentTime::parse(&end)).and_then(|end| now.unix_ms_of(&end));
        let repeat = order::next_repeat(&view)?;
        Ok(expiry.into_iter().chain(end).chain(repeat).min())
    }

    /// The turn is durable.
    pub(super) fn timed(&mut self, due_ms: Option<i64>) {
        self.timers.ticked = None;
        self.timers.generation = self.store.generation();
        self.timers.due_ms = due_ms.unwrap_or(self.timers.due_ms);
    }

    /// The turn is lost: what was done in it is to be done again, but not at once.
    pub(super) fn untimed(&mut self) {
        let due_ms = self.moment.as_ref().map_or(0, |now| now.unix_ms + RETRY_MS);
        // What is deleted is looked for from its beginning each time.
        let is_trimming = self.timers.is_trimming;
        self.timers = Timers { due_ms, is_trimming, ..Timers::default() };
    }

    /// Does what nobody has asked for, in a savepoint, with an entry in the trail for each appointment that it
    /// changes and for what `work` names beside them.
    ///
    /// # Errors
    /// Those of `work`, for whom there is nobody to be refused; nothing that it wrote stays.
    pub fn act<T>(
        &mut self,
        method: &str,
        now: &Now,
        work: impl FnOnce(&mut Change<'_, '_>) -> Outcome<(T, Vec<Also>)>,
    ) -> Result<T, Error> {
        self.moment = Some(now.clone());
        let (rules, memory) = (&self.settings.clinic.booking, self.memory.get_mut());
        let trail = &mut self.trail;
        let mut changes = Changes::default();
        memory.begin_step();
        let done = self.store.write(|transaction| {
            let changes = &mut changes;
            let mut change = Change { transaction, rules, memory, changes, now, by: None };
            let (value, mut also) = work(&mut change)?;
            also.extend(others(transaction, change.changes, None)?);
            for one in also {
                trail.record(transaction, &entry(method, &one), now)?;
            }
            Ok((value, ()))
        });
        match done {
            Ok((value, ())) => {
                self.changes.append(changes);
                Ok(value)
            }
            Err(failure) => {
                // The savepoint may have taken entries with it, and days that were counted.
                self.trail.forget();
                memory.undo_step();
                Err(match failure {
                    Failure::Fault(fault) => fault,
                    Failure::Refused(refusal) => Error::Other(format!("{method} was refused: {refusal:?}")),
                })
            }
        }
    }

    /// Does the same with each of a few, in one savepoint; where that fails, with each in one of its own, so that
    /// one with which it cannot be done keeps no other from theirs. That one is stepped over for a minute.
    fn act_on_each<T>(
        &mut self,
        method: &'static str,
        now: &Now,
        items: &[(i64, T)],
        work: impl Fn(&mut Change<'_, '_>, i64, &T) -> Outcome<Vec<Also>>,
    ) -> Result<(), Error> {
        let together = self.act(method, now, |change| {
            let mut also = Vec::new();
            for (id, item) in items {
                also.extend(work(change, *id, item)?);
            }
            Ok(((), also))
        });
        match together {
            Err(Error::Constraint(_) | Error::Other(_)) => {}
            done => return done,
        }
        for (id, item) in items {
            match self.act(method, now, |change| Ok(((), work(change, *id, item)?))) {
                Ok(()) => {}
                Err(fault @ (Error::Constraint(_) | Error::Other(_))) => {
                    error!("{method} steps over {id}: {fault}");
                    self.timers.stepped_over.insert((method, *id));
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// Those that were not stepped over.
    fn left(&self, method: &'static str, found: Vec<i64>) -> Vec<(i64, ())> {
        let is_left = |id: &i64| !self.timers.stepped_over.contains(&(method, *id));
        found.into_iter().filter(is_left).map(|id| (id, ())).collect()
    }

    fn stepped_over(&self) -> i64 {
        i64::try_from(self.timers.stepped_over.len()).unwrap_or(0)
    }

    fn expire_holds(&mut self, now: &Now) -> Result<bool, Error> {
        let method = "timer.expire_holds";
        let limit = ITEMS_PER_SLICE + self.stepped_over();
        let found = booking::expired(&self.store.read()?, now.unix_ms, limit)?;
        let holds = self.left(method, found);
        if !holds.is_empty() {
            let expire = |change: &mut Change<'_, '_>, id: i64, (): &()| {
                booking::expire_hold(change, id).map(|()| Vec::new())
            };
            self.act_on_each(method, now, &holds, expire)?;
        }
        Ok(i64::try_from(holds.len()).is_ok_and(|count| count >= ITEMS_PER_SLICE))
    }

    fn close_sessions(&mut self, now: &Now) -> Result<bool, Error> {
        let method = "timer.close_sessions";
        let limit = SESSIONS_PER_SLICE + self.stepped_over();
        let found = clinic_session::over(&self.store.read()?, limit, now)?;
        let sessions = self.left(method, found);
        if !sessions.is_empty() {
            let close = |change: &mut Change<'_, '_>, id: i64, (): &()| {
                booking::close_session(change, id)?;
                let (action, entity) = (Action::Update, "clinic_session");
                Ok(vec![Also { action, entity, entity_id: id, patient_id: None }])
            };
            self.act_on_each(method, now, &sessions, close)?;
        }
        Ok(i64::try_from(sessions.len()).is_ok_and(|count| count >= SESSIONS_PER_SLICE))
    }

    /// Makes the sessions of one doctor after the other, once an hour.
    fn generate_sessions(&mut self, now: &Now) -> Result<bool, Error> {
        let is_recent = |at: i64| (at..at + GENERATE_EVERY_MS).contains(&now.unix_ms);
        if self.timers.generating.is_none() && self.timers.generated_ms.is_some_and(is_recent) {
            return Ok(false);
        }
        let after = self.timers.generating.unwrap_or(0);
        let Some(doctor_id) = schedule::next_doctor(&self.store.read()?, after)? else {
            self.timers.generating = None;
            self.timers.generated_ms = Some(now.unix_ms);
            return Ok(false);
        };
        // One whose sessions cannot be made keeps no other from theirs.
        self.timers.generating = Some(doctor_id);
        let rules = self.settings.clinic.release.clone();
        self.act("timer.generate_sessions", now, |change| {
            let made = schedule::generate(change.transaction, Some(doctor_id), &rules, now)?;
            let also =
                Also { action: Action::Create, entity: "doctor", entity_id: doctor_id, patient_id: None };
            Ok(((), if made.is_empty() { Vec::new() } else { vec![also] }))
        })?;
        Ok(true)
    }

    /// Looks once a minute for sessions that a block has left to this, and for those that were made meanwhile.
    fn stop_blocked(&mut self, now: &Now) -> Result<bool, Error> {
        if !self.timers.is_stopping {
            return Ok(false);
        }
        let method = "timer.stop_blocked";
        let limit = SESSIONS_PER_SLICE + self.stepped_over();
        let found = block::to_stop(&self.store.read()?, limit, &now.time_text())?;
        let is_left = |(id, _): &(i64, String)| !self.timers.stepped_over.contains(&(method, *id));
        let found: Vec<(i64, String)> = found.into_iter().filter(is_left).collect();
        self.timers.is_stopping = !found.is_empty();
        if !found.is_empty() {
            let stop = |change: &mut Change<'_, '_>, id: i64, reason: &String| {
                booking::stop_session(change, id, reason)?;
                let (action, entity) = (Action::Update, "clinic_session");
                Ok(vec![Also { action, entity, entity_id: id, patient_id: None }])
            };
            self.act_on_each(method, now, &found, stop)?;
        }
        Ok(self.timers.is_stopping)
    }

    /// Looks once a minute for places that have come to be free with nobody by.
    fn offer_places(&mut self, now: &Now) -> Result<bool, Error> {
        if !self.timers.is_offering {
            return Ok(false);
        }
        self.timers.is_offering = false;
        let method = "timer.offer_places";
        let found = waitlist::with_places(&self.store.read()?, ITEMS_PER_SLICE, &now.time_text())?;
        let sessions = self.left(method, found);
        if !sessions.is_empty() {
            let offer = |change: &mut Change<'_, '_>, id: i64, (): &()| {
                waitlist::offer(change, id)?;
                Ok(Vec::new())
            };
            self.act_on_each(method, now, &sessions, offer)?;
        }
        Ok(false)
    }

    fn remind(&mut self, now: &Now) -> Result<bool, Error> {
        let (day_min, hour_min) =
            (self.settings.clinic.reminder.day_min, self.settings.clinic.reminder.hour_min);
        let after = self.timers.day.take();
        let (has_more, cursor) = self.remind_of("reminder_day", day_min, after, now)?;
        self.timers.day = cursor;
        let after = self.timers.hour.take();
        let (has_more_too, cursor) = self.remind_of("reminder_hour", hour_min, after, now)?;
        self.timers.hour = cursor;
        Ok(has_more || has_more_too)
    }

    /// Returns whether there is more, and how far it has come.
    fn remind_of(
        &mut self,
        kind: &'static str,
        lead_min: i64,
        after: Option<Cursor>,
        now: &Now,
    ) -> Result<(bool, Option<Cursor>), Error> {
        if lead_min <= 0 {
            return Ok((false, None));
        }
        let found = reminder::find(&self.store.read()?, lead_min, after.as_ref(), ITEMS_PER_SLICE, now)?;
        let due: Vec<(i64, Due)> = found.due.into_iter().map(|one| (one.appointment_id, one)).collect();
        if !due.is_empty() {
            let give = |change: &mut Change<'_, '_>, _: i64, one: &Due| {
                let one = std::slice::from_ref(one);
                let given = reminder::give(change.transaction, kind, one, change.changes, now)?;
                let also = given.iter().map(|one| Also {
                    action: Action::Execute,
                    entity: "appointment",
                    entity_id: one.appointment_id,
                    patient_id: Some(one.patient_id),
                });
                Ok(also.collect())
            };
            self.act_on_each("timer.remind", now, &due, give)?;
        }
        Ok((found.has_more, Some(found.cursor)))
    }

    /// Tells doctors again of what they have not acknowledged. That is no change of anything, and would fill the
    /// trail.
    fn repeat_critical(&mut self, now: &Now) -> Result<bool, Error> {
        let next = order::next_repeat(&self.store.read()?)?;
        if next.is_none_or(|next| next > now.unix_ms) {
            return Ok(false);
        }
        let rules = self.settings.clinic.order.clone();
        self.act("timer.repeat_critical", now, |change| {
            let more = order::repeat(change.transaction, &rules, ITEMS_PER_SLICE, change.changes, now)?;
            Ok((more, Vec::new()))
        })
    }

    fn trim_events(&mut self, now: &Now) -> Result<bool, Error> {
        if self.timers.is_trimming {
            let trim =
                |transaction: &Transaction<'_>| event::trim(transaction, EVENTS_PER_SLICE, now.unix_ms);
            self.timers.is_trimming = self.store.write_decided(trim)?;
        }
        Ok(self.timers.is_trimming)
    }

    /// What is pushed is held against the session in any case; this is so that nothing is kept for those who
    /// will hear nothing more.
    fn sweep_subscribers(&mut self, now: &Now) -> Result<bool, Error> {
        let rules = &self.desk.get_mut().rules.session;
        let kept = self.timers.unswept.len().saturating_sub(CONNECTIONS_PER_SLICE);
        for session in self.timers.unswept.drain(kept..) {
            if self.clients.good(session, &mut self.store, rules, now)?.is_none() {
                self.subscribers.remove_private(session);
            }
        }
        Ok(kept > 0)
    }
}

fn entry<'a>(method: &'a str, one: &Also) -> Entry<'a> {
    Entry {
        actor_id: None,
        role: "system",
        peer: "",
        method,
        action: one.action,
        entity: one.entity,
        entity_id: Some(one.entity_id),
        patient_id: one.patient_id,
        outcome: "success",
        reason: None,
        detail: None,
        request_id: None,
    }
}
