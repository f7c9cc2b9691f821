//! Who listens to what.
//!
//! It never knows what is told, or who may hear it. Invariants: a connection that is gone listens to nothing;
//! after a lost turn everyone listens to what they listened to before it.

use crate::service::event::Topic;
use crate::session::SessionId;
use std::collections::{BTreeSet, HashMap};

#[derive(Default)]
pub struct Subscribers {
    by_topic: HashMap<Topic, BTreeSet<SessionId>>,
    by_session: HashMap<SessionId, BTreeSet<Topic>>,
    /// What this turn has changed, in order.
    turn: Vec<Change>,
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
