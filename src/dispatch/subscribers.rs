//! Who listens to what.
//!
//! It never knows what is told, or who may hear it. Invariants: a connection that is gone listens to nothing;
//! after a lost turn everyone listens to what they listened to before it.

use crate::service::event::Topic;
use crate::session::SessionId;
use std::collections::{BTreeSet, HashMap};

/// Topics whose events are kept although nobody listens; at this many, all but those that are listened to are
/// forgotten.
const LEFT_MAX: usize = 50_000;

#[derive(Default)]
pub struct Subscribers {
    by_topic: HashMap<Topic, BTreeSet<SessionId>>,
    by_session: HashMap<SessionId, BTreeSet<Topic>>,
    /// What this turn has changed, in order.
    turn: Vec<Change>,
    /// After which sequence all events of a topic that is not open are kept, for those who come back. There are
    /// many such topics, and what nobody listens to would be written for nothing.
    kept_from: HashMap<Topic, i64>,
    /// Since when nobody listens to such a topic, in milliseconds since 1970.
    left_ms: HashMap<Topic, i64>,
}

struct Change {
    session: SessionId,
    topic: Topic,
    is_added: bool,
}

static NOTHING: BTreeSet<Topic> = BTreeSet::new();

impl Subscribers {
    /// What a connection listens to.
    pub fn topics(&self, session: SessionId) -> &BTreeSet<Topic> {
        self.by_session.get(&session).unwrap_or(&NOTHING)
    }

    /// After which sequence all events of a topic are kept.
    pub fn kept_from(&self) -> &HashMap<Topic, i64> {
        &self.kept_from
    }

    /// From now on a topic's events are kept; `sequence` is that of the last event of all.
    pub fn keep(&mut self, topic: Topic, sequence: i64) {
        if topic.is_open() {
            return;
        }
        self.left_ms.remove(&topic);
        self.kept_from.entry(topic).or_insert(sequence);
    }

    /// Whether a topic's events are kept.
    pub fn keeps(&self, topic: Topic) -> bool {
        topic.is_open() || self.kept_from.contains_key(&topic)
    }

    /// Keeps no events any longer of what nobody has listened to for as long as events are kept.
    pub fn forget_left(&mut self, kept_ms: i64, now_ms: i64) {
        let Subscribers { by_topic, kept_from, left_ms, .. } = self;
        for topic in kept_from.keys().filter(|topic| !by_topic.contains_key(topic)) {
            left_ms.entry(*topic).or_insert(now_ms);
        }
        let is_crowded = left_ms.len() > LEFT_MAX;
        left_ms.retain(|topic, left| {
            let stays = !is_crowded && now_ms - *left < kept_ms && !by_topic.contains_key(topic);
            if !stays && !by_topic.contains_key(topic) {
                kept_from.remove(topic);
            }
            stays
        });
    }

    /// Who listens to a topic.
    pub fn of(&self, topic: Topic) -> impl Iterator<Item = SessionId> {
        self.by_topic.get(&topic).into_iter().flatten().copied()
    }

    /// Connections that listen to something that is not for anyone.
    pub fn with_private(&self) -> Vec<SessionId> {
        let has_private = |topics: &BTreeSet<Topic>| topics.iter().any(|topic| !topic.is_open());
        self.by_session
            .iter()
            .filter(|(_, topics)| has_private(topics))
            .map(|(session, _)| *session)
            .collect()
    }

    pub fn add(&mut self, session: SessionId, topic: Topic) {
        if self.insert(session, topic) {
            self.turn.push(Change { session, topic, is_added: true });
        }
    }

    pub fn remove(&mut self, session: SessionId, topic: Topic) {
        if self.take(session, topic) {
            self.turn.push(Change { session, topic, is_added: false });
        }
    }

    /// Someone else, or nobody, is at the other end from now on.
    pub fn remove_private(&mut self, session: SessionId) {
        let private: Vec<Topic> =
            self.topics(session).iter().filter(|topic| !topic.is_open()).copied().collect();
        for topic in private {
            self.remove(session, topic);
        }
    }

    pub fn closed(&mut self, session: SessionId) {
        for topic in self.by_session.remove(&session).into_iter().flatten() {
            self.leave(session, topic);
        }
        self.turn.retain(|change| change.session != session);
    }

    /// The turn is durable.
    pub fn settle(&mut self) {
        self.turn.clear();
    }

    /// The turn is lost.
    pub fn undo(&mut self) {
        while let Some(Change { session, topic, is_added }) = self.turn.pop() {
            if is_added {
                self.take(session, topic);
            } else {
                self.insert(session, topic);
            }
        }
    }

    fn insert(&mut self, session: SessionId, topic: Topic) -> bool {
        self.by_topic.entry(topic).or_default().insert(session);
        self.by_session.entry(session).or_default().insert(topic)
    }

    fn take(&mut self, session: SessionId, topic: Topic) -> bool {
        let Some(topics) = self.by_session.get_mut(&session) else { return false };
        let is_taken = topics.remove(&topic);
        if topics.is_empty() {
            self.by_session.remove(&session);
        }
        self.leave(session, topic);
        is_taken
    }

    fn leave(&mut self, session: SessionId, topic: Topic) {
        let Some(sessions) = self.by_topic.get_mut(&topic) else { return };
        sessions.remove(&session);
        if sessions.is_empty() {
            self.by_topic.remove(&topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::SessionIds;

    #[test]
    fn events_are_kept_for_a_while_after_the_last_listener_has_gone() {
        let session = SessionIds::default().give();
        let mut subscribers = Subscribers::default();
        assert!(subscribers.keeps(Topic::Queue(1)) && !subscribers.keeps(Topic::Patient(1)));
        subscribers.add(session, Topic::Patient(1));
        subscribers.keep(Topic::Patient(1), 7);
        subscribers.keep(Topic::Patient(1), 9);
        subscribers.forget_left(100, 5000);
        assert_eq!(subscribers.kept_from().get(&Topic::Patient(1)), Some(&7));
        subscribers.closed(session);
        subscribers.forget_left(100, 6000);
        subscribers.forget_left(100, 6099);
        assert!(subscribers.keeps(Topic::Patient(1)));
        subscribers.forget_left(100, 6100);
        assert!(!subscribers.keeps(Topic::Patient(1)));
    }

    #[test]
    fn a_lost_turn_changes_nothing_and_who_is_gone_listens_to_nothing() {
        let mut ids = SessionIds::default();
        let (one, other) = (ids.give(), ids.give());
        let mut subscribers = Subscribers::default();
        subscribers.add(one, Topic::Queue(1));
        subscribers.add(one, Topic::Patient(1));
        subscribers.settle();
        subscribers.remove_private(one);
        subscribers.remove(one, Topic::Queue(1));
        subscribers.add(one, Topic::Queue(1));
        subscribers.add(other, Topic::Queue(1));
        subscribers.undo();
        assert_eq!(subscribers.topics(one), &BTreeSet::from([Topic::Queue(1), Topic::Patient(1)]));
        assert_eq!(subscribers.with_private(), [one]);
        assert_eq!(subscribers.of(Topic::Queue(1)).collect::<Vec<_>>(), [one]);
        subscribers.remove(one, Topic::Queue(1));
        subscribers.closed(one);
        subscribers.undo();
        assert!(subscribers.by_topic.is_empty() && subscribers.by_session.is_empty());
    }
}
