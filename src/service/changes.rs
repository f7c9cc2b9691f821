//! What has changed and is to be told to those who listen.
//!
//! It never knows who listens, or what they are told: that is read from the database once, at the end of the
//! turn, so that many changes of one thing are told as one. Invariant: whoever changes such a thing names it
//! here in the same step.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Sessions with another number of places.
    pub sessions: BTreeSet<i64>,
    /// Sessions that were stopped or handed over by the way; the trail has an entry for each.
    pub taken: BTreeSet<i64>,
    /// Sessions with another queue.
    pub queues: BTreeSet<i64>,
    /// Appointments that stand elsewhere.
    pub appointments: BTreeSet<i64>,
    /// Patients who have a new notice.
    pub notices: BTreeSet<i64>,
    /// Doctors of whose critical results one is new, has been acknowledged, or is to be told again.
    pub critical: BTreeSet<i64>,
    /// Wards with another bed, or with something else to be seen in one.
    pub wards: BTreeSet<i64>,
    /// Threads with other members or marks, or with messages: from which sequence on.
    pub threads: BTreeMap<i64, Option<i64>>,
    /// Users who have something else unread.
    pub inboxes: BTreeSet<i64>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
            && self.taken.is_empty()
            && self.queues.is_empty()
            && self.appointments.is_empty()
            && self.notices.is_empty()
            && self.critical.is_empty()
            && self.wards.is_empty()
            && self.threads.is_empty()
            && self.inboxes.is_empty()
    }

    /// A thread has this message.
    pub fn message(&mut self, thread_id: i64, sequence: i64) {
        let first = self.threads.entry(thread_id).or_default();
        *first = Some(first.map_or(sequence, |first| first.min(sequence)));
    }

    /// A thread stands otherwise, and has no other message.
    pub fn marks(&mut self, thread_id: i64) {
        self.threads.entry(thread_id).or_default();
    }

    pub fn append(&mut self, other: Changes) {
        // `BTreeSet::append` builds the whole set anew, and this comes with each call.
        self.sessions.extend(other.sessions);
        self.taken.extend(other.taken);
        self.queues.extend(other.queues);
        self.appointments.extend(other.appointments);
        self.notices.extend(other.notices);
        self.critical.extend(other.critical);
        self.wards.extend(other.wards);
        for (thread_id, first) in other.threads {
            match first {
                Some(sequence) => self.message(thread_id, sequence),
                None => self.marks(thread_id),
            }
        }
        self.inboxes.extend(other.inboxes);
    }
}
