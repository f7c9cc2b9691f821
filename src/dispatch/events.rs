//! From what a turn has changed to what is told of it: one event for each thing, stored with the turn and
//! pushed after it.
//!
//! It never knows what a change means, or how frames are sent. Invariants: what is pushed is durable; after a
//! lost turn nothing is; each push to someone whom a topic concerns is held against their session and their
//! right anew.

use super::rights::may_hear;
use super::rpc::Act;
use super::{Dispatcher, Told, Undelivered};
use crate::api::rpc::event::{Facts, notification};
use crate::api::rpc::problem::Problem;
use crate::api::rpc::{Listening, Note};
use crate::service::event::{self, Audience, Event, Topic};
use crate::session::SessionId;
use crate::store::Error;
use log::error;

impl Dispatcher {
    /// Stores what this turn has changed as events, in its own transaction, and makes ready what is to be
    /// pushed once that is durable. An error has lost the turn, or has been logged.
    pub(super) fn tell(&mut self) -> Undelivered {
        let mut undelivered = Undelivered::default();
        match self.store_events(&mut undelivered) {
            Ok(()) | Err(Error::TurnLost) => {}
            Err(fault) => error!("those who listen could not be told what has changed: {fault}"),
        }
        undelivered
    }

    fn store_events(&mut self, undelivered: &mut Undelivered) -> Result<(), Error> {
        let changes = std::mem::take(&mut self.changes);
        let Some(happened_ms) = self.moment.as_ref().map(|now| now.unix_ms) else { return Ok(()) };
        if !event::topics(&changes).any(|topic| self.subscribers.keeps(topic)) {
            return Ok(());
        }
        let (subscribers, rules) = (&self.subscribers, &self.settings.clinic.queue);
        let changes = &changes;
        let mut heard = Vec::new();
        self.store.append(|transaction| {
            for topic in event::topics(changes).filter(|topic| subscribers.keeps(*topic)) {
                // What was begun and then undone in the same turn is not there.
                let Some(snapshot) = event::snapshot(transaction, topic, rules, Some(changes))? else {
                    continue;
                };
                let (audience, silenced) = (snapshot.audience(), snapshot.silenced().to_vec());
                let facts = Facts::of(snapshot);
                let (name, kind) = (topic.to_string(), facts.kind());
                let text = serde_json::to_string(&facts).map_err(|error| Error::Other(error.to_string()))?;
                let sequence = event::append(transaction, &name, kind, &text, happened_ms)?;
                if subscribers.of(topic).next().is_some() {
                    let event = Event { sequence, topic: &name, kind, facts: &text, happened_ms };
                    let told = Told { topic, data: notification(&event), except: Vec::new() };
                    heard.push((audience, silenced, told));
                }
            }
            Ok(())
        })?;
        for (audience, silenced, mut told) in heard {
            if audience != Audience::Anyone {
                self.find_denied(&audience, &silenced, &mut told, undelivered);
            }
            undelivered.told.push(told);
        }
        Ok(())
    }

    /// Whoever listens to a topic and may not, or not any longer, and who is not told this one event of it. Of whom
    /// it cannot be found out hears no more of it; everyone else is told what they are to be told.
    fn find_denied(
        &mut self,
        audience: &Audience,
        silenced: &[i64],
        told: &mut Told,
        undelivered: &mut Undelivered,
    ) {
        let Some(now) = &self.moment else { return };
        let rules = &self.desk.get_mut().rules.session;
        for session in self.subscribers.of(told.topic) {
            let opened = self.clients.good(session, &mut self.store, rules, now);
            if let Err(fault) = &opened {
                error!("{session}: it cannot be found out who listens: {fault}");
            }
            let opened = opened.ok().flatten();
            let actor = opened.as_ref().map(|opened| &opened.actor);
            if !may_hear(audience, actor) {
                undelivered.denied.push((session, told.topic));
            } else if actor.is_some_and(|actor| silenced.contains(&actor.user_id)) {
                told.except.push(session);
            }
        }
    }

    /// The turn is durable: what it tells can be pushed, to those who may hear it.
    pub(super) fn told(&mut self, undelivered: Undelivered) {
        for (session, topic) in undelivered.denied {
            self.subscribers.remove(session, topic);
        }
        self.subscribers.settle();
        self.told = undelivered.told;
    }

    /// After a durable turn: hands to `deliver` what those are told who listen, in order.
    pub fn push(&mut self, deliver: &mut dyn FnMut(SessionId, &[u8])) {
        for Told { topic, data, except } in self.told.drain(..) {
            for session in self.subscribers.of(topic).filter(|session| !except.contains(session)) {
                deliver(session, &data);
            }
        }
    }

    /// What a call has said about listening. That the staff listen to a patient's appointment or thread, or to a
    /// ward, is a read of it, and in the trail as such.
    pub(super) fn listen(&mut self, act: &Act<'_>, listening: Listening) -> Result<(), Problem> {
        let session = act.session.id;
        match listening {
            Listening::Stays => {}
            Listening::NoLongerTo(topics) => {
                for topic in topics {
                    self.subscribers.remove(session, topic);
                }
            }
            Listening::To { topics, sequence } => {
                let listener = act.opened.map(|opened| opened.actor.user_id);
                for (topic, audience) in &topics {
                    if let Some(note) = read_by_listening(*topic, audience, listener) {
                        self.record_patient_read(act, &note)?;
                    }
                }
                for (topic, _) in topics {
                    self.subscribers.add(session, topic);
                    self.subscribers.keep(topic, sequence);
                }
            }
        }
        Ok(())
    }
}

/// What someone reads by listening to a topic of which others' names, or whose care, are told.
fn read_by_listening(topic: Topic, audience: &Audience, listener: Option<i64>) -> Option<Note> {
    let (entity, entity_id, patient_id) = match (topic, audience) {
        (Topic::Appointment(id), Audience::Appointment { patient_id, .. })
            if listener != Some(*patient_id) =>
        {
            ("appointment", id, Some(*patient_id))
        }
        (Topic::Thread(id), Audience::Thread { patient_id: Some(patient_id), .. })
            if listener != Some(*patient_id) =>
        {
            ("chat_thread", id, Some(*patient_id))
        }
        (Topic::Ward(id), _) => ("ward", id, None),
        _ => return None,
    };
    Some(Note { entity, entity_id: Some(entity_id), patient_id, ..Note::default() })
}
