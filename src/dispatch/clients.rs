//! Connections on which someone is logged in.
//!
//! It never knows a token. Invariant: what is remembered of a session is what the database says of it, or it
//! is asked again: after another process has written, after a turn was lost, and after anything that changes
//! accounts or sessions. A session that is found gone stays bound, for what ended it may be lost with its turn.

use crate::service::session::{self, Opened, SessionRules};
use crate::service::time::Now;
use crate::session::SessionId;
use crate::store::{Error, Store};
use std::collections::HashMap;
use std::rc::Rc;

/// How long no use is written down after a turn was lost, so that whoever only reads is not lost with it again.
const USES_PAUSE_MS: i64 = 60_000;

#[derive(Default)]
pub struct Clients {
    bound: HashMap<SessionId, Client>,
    /// Counts the changes of accounts and sessions by this process.
    changes: u64,
    uses_paused_until: i64,
}

struct Client {
    token_hash: String,
    /// None where it was not to be found.
    opened: Option<Rc<Opened>>,
    /// The state of the database, and of our own changes, that it was read in.
    generation: u64,
    changes: u64,
}

impl Clients {
    pub fn bind(&mut self, session: SessionId, opened: Opened, store: &Store) {
        let client = Client {
            token_hash: opened.token_hash.clone(),
            opened: Some(Rc::new(opened)),
            generation: store.generation(),
            changes: self.changes,
        };
        self.bound.insert(session, client);
    }

    pub fn unbind(&mut self, session: SessionId) {
        self.bound.remove(&session);
    }

    /// Something has changed what an account or a session may do.
    pub fn changed(&mut self) {
        self.changes += 1;
    }

    /// A turn was lost, and perhaps the next one would be, too.
    pub fn turn_lost(&mut self, now: &Now) {
        self.uses_paused_until = now.unix_ms + USES_PAUSE_MS;
    }

    /// On how many connections someone has logged in.
    pub fn count(&self) -> usize {
        self.bound.len()
    }

    /// Whether someone has logged in on this connection, good still or not.
    pub fn is_bound(&self, session: SessionId) -> bool {
        self.bound.contains_key(&session)
    }

    /// The session of a connection, if it is good now. To be told something is no use of it.
    pub fn good(
        &mut self,
        session: SessionId,
        store: &mut Store,
        rules: &SessionRules,
        now: &Now,
    ) -> Result<Option<Rc<Opened>>, Error> {
        let Some(client) = self.bound.get_mut(&session) else { return Ok(None) };
        let view = store.read()?;
        let generation = view.generation();
        if client.generation != generation || client.changes != self.changes {
            let found = session::find(&view, &client.token_hash, rules, now)?;
            (client.opened, client.generation, client.changes) =
                (found.map(Rc::new), generation, self.changes);
        }
        let opened = client.opened.clone();
        if opened.as_ref().is_some_and(|opened| !opened.is_good(rules, now)) {
            // Its time is over, and no clock that is set back brings it again.
            self.bound.remove(&session);
            return Ok(None);
        }
        Ok(opened)
    }

    /// The session of a connection, if it is good now. Its use is written down from time to time.
    pub fn opened(
        &mut self,
        session: SessionId,
        store: &mut Store,
        rules: &SessionRules,
        now: &Now,
    ) -> Result<Option<Rc<Opened>>, Error> {
        let is_due = |client: &Client| client.opened.as_ref().is_some_and(|opened| opened.is_use_due(now));
        let notes_use = self.bound.get(&session).is_some_and(is_due) && now.unix_ms >= self.uses_paused_until;
        // The session is looked at in the transaction in which its use is noted: between two, another process
        // might end it.
        let notes_use = notes_use && store.begin_writing().is_ok();
        let Some(opened) = self.good(session, store, rules, now)? else { return Ok(None) };
        if !notes_use {
            return Ok(Some(opened));
        }
        let mut used = Opened::clone(&opened);
        store.append(|transaction| session::note_use(transaction, &mut used, now))?;
        let used = Rc::new(used);
        if let Some(client) = self.bound.get_mut(&session) {
            client.opened = Some(Rc::clone(&used));
        }
        Ok(Some(used))
    }
}
