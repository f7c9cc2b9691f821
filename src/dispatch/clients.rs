//! Connections on which someone is logged in.
//!
//! It never knows a token. Invariant: what is remembered of a session is what the database says of it, or it
//! is asked again: after another process has written, after a turn was lost, and after anything that changes
//! accounts or sessions.

use crate::service::session::{self, Opened, SessionRules};
use crate::service::time::Now;
use crate::session::SessionId;
use crate::store::{Error, Store};
use std::collections::HashMap;

#[derive(Default)]
pub struct Clients {
    bound: HashMap<SessionId, Client>,
    /// Counts the changes of accounts and sessions by this process.
    changes: u64,
}

struct Client {
    opened: Opened,
    /// The state of the database, and of our own changes, that it was read in.
    generation: u64,
    changes: u64,
}

impl Clients {
    pub fn bind(&mut self, session: SessionId, opened: Opened, store: &Store) {
        let client = Client { opened, generation: store.generation(), changes: self.changes };
        self.bound.insert(session, client);
    }

    pub fn unbind(&mut self, session: SessionId) {
        self.bound.remove(&session);
    }

    /// Something has changed what an account or a session may do.
    pub fn changed(&mut self) {
        self.changes += 1;
    }

    /// Whether someone has logged in on this connection, good still or not.
    pub fn is_bound(&self, session: SessionId) -> bool {
        self.bound.contains_key(&session)
    }

    /// The session of a connection, if it is good now. Its use is written down from time to time.
    pub fn opened(
        &mut self,
        session: SessionId,
        store: &mut Store,
        rules: &SessionRules,
        now: &Now,
    ) -> Result<Option<Opened>, Error> {
        let Some(client) = self.bound.get_mut(&session) else { return Ok(None) };
        // The generation of the turn is known once its transaction has begun.
        let generation = store.read()?.generation();
        if client.generation != generation || client.changes != self.changes {
            match session::find(&store.read()?, &client.opened.token_hash, rules, now)? {
                Some(opened) => *client = Client { opened, generation, changes: self.changes },
                None => {
                    self.bound.remove(&session);
                    return Ok(None);
                }
            }
        }
        if !client.opened.is_good(rules, now) {
            self.bound.remove(&session);
            return Ok(None);
        }
        if client.opened.is_use_due(now) {
            store.append(|transaction| session::note_use(transaction, &mut client.opened, now))?;
            client.generation = store.generation();
        }
        Ok(Some(client.opened.clone()))
    }
}
