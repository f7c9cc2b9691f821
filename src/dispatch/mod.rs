//! Requests to replies: which dialect, the gates, and the turn's transaction.
//!
//! It never knows a socket, a frame or the clock. Invariants: what the tables do not list is not done; the gate
//! has decided before a handler sees a request; until `commit` has said so, no reply may leave.

mod acts;
mod also;
mod clients;
mod events;
mod legacy;
mod methods;
mod rights;
mod rpc;
mod settings;
mod subscribers;
mod tally;
mod timers;
mod usage;
mod waiting;

pub use acts::Act;
pub use also::Also;
pub use methods::{METHODS, document};
pub use rights::{RIGHTS, Right};
pub use settings::Settings;
pub use tally::{Counted, Outcome, Standing};

use crate::api::legacy::{self as old, Reply};
use crate::api::rpc::envelope;
use crate::api::rpc::problem::{Code, ErrorObject};
use crate::ops::anchor::{Anchor, AnchorFile, Appended};
use crate::service::audit::Trail;
use crate::service::changes::Changes;
use crate::service::credential::{Recipe, Remembered};
use crate::service::event::Topic;
use crate::service::login::Desk;
use crate::service::memory::Memory;
use crate::service::reply::ReplyKey;
use crate::service::time::Now;
use crate::session::{Session, SessionId};
use crate::store::{CheckpointNeed, Commit, Store};
use acts::Acts;
use clients::Clients;
use log::{error, info};
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::collections::HashSet;
use std::time::Duration;
use subscribers::Subscribers;
use tally::Tally;
use timers::Timers;
use usage::Usage;
use waiting::{Full, Waiting};

/// What becomes of the connection after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Keep,
    /// Close it once this long has passed without a further request.
    Linger(Duration),
    Close,
    /// Nothing was answered: ask again between two turns, with `alone`.
    Later,
    /// Nothing was answered: ask again once `woken` has named the session.
    Wait,
}

/// What a dialect made of a request.
enum Asked {
    Answered(Then),
    /// It cannot be answered before this has been derived.
    Waits(Recipe),
}

pub struct Dispatcher {
    store: Store,
    settings: Settings,
    memory: RefCell<Memory>,
    desk: RefCell<Desk>,
    trail: Trail,
    anchors: Option<AnchorFile>,
    /// The entry that was anchored last.
    anchored: i64,
    anchored_ms: Option<i64>,
    anchoring_failed: Option<String>,
    tally: Tally,
    waiting: Waiting,
    clients: Clients,
    /// Who has spoken JSON-RPC, so that what cannot be read is refused in it.
    speaks_rpc: HashSet<SessionId>,
    table: rpc::Table,
    document: Box<RawValue>,
    reply_key: ReplyKey,
    usage: Usage,
    acts: Acts,
    /// What this turn has changed and is to be told.
    changes: Changes,
    subscribers: Subscribers,
    /// What the last turn tells, until it is pushed.
    told: Vec<Told>,
    timers: Timers,
    /// The moment of this turn, as whoever called last has given it.
    moment: Option<Now>,
}

/// An event that somebody listens to, as one notification for all of them.
struct Told {
    topic: Topic,
    data: Vec<u8>,
    /// Those of them who are not told this one.
    except: Vec<SessionId>,
}

/// What a turn tells once it is durable.
#[derive(Default)]
struct Undelivered {
    told: Vec<Told>,
    /// Who may not hear of a topic any longer.
    denied: Vec<(SessionId, Topic)>,
}

/// What the dispatcher is made of beside its settings.
pub struct Parts {
    pub store: Store,
    pub trail: Trail,
    /// None keeps no anchors, as in tests.
    pub anchors: Option<AnchorFile>,
}

impl Dispatcher {
    /// # Errors
    /// Where the system has no random bytes to give.
    pub fn new(parts: Parts, settings: Settings) -> Result<Dispatcher, String> {
        let desk = Desk::new(settings.login.clone(), Remembered::new()?);
        let reply_key = ReplyKey::new(&parts.trail.derive_key("replies"));
        let document = serde_json::value::to_raw_value(&document()).map_err(|error| error.to_string())?;
        Ok(Dispatcher {
            waiting: Waiting::default(),
            store: parts.store,
            settings,
            memory: RefCell::default(),
            desk: RefCell::new(desk),
            trail: parts.trail,
            anchors: parts.anchors,
            anchored: 0,
            anchored_ms: None,
            anchoring_failed: None,
            tally: Tally::new(),
            clients: Clients::default(),
            speaks_rpc: HashSet::new(),
            table: rpc::table(),
            document,
            reply_key,
            usage: Usage::default(),
            acts: Acts::default(),
            changes: Changes::default(),
            subscribers: Subscribers::default(),
            told: Vec::new(),
            timers: Timers::default(),
            moment: None,
        })
    }

    /// Answers one request by appending the reply to `output`; `alone` says that the turn before has been
    /// committed and the next one has not begun.
    pub fn request(
        &mut self,
        session: &Session,
        name: &[u8],
        data: &[u8],
        now: &Now,
        alone: bool,
        output: &mut Vec<u8>,
    ) -> Then {
        if self.moment.as_ref() != Some(now) {
            self.moment = Some(now.clone());
        }
        let is_rpc = self.is_rpc(session, data);
        let desk = self.desk.get_mut();
        desk.derived = self.waiting.take(session.id);
        let let_in = desk.counts.succeeded;
        let asked = if is_rpc {
            self.rpc(session, data, now, output)
        } else {
            self.legacy(session, name, data, now, alone, output)
        };
        let desk = self.desk.get_mut();
        let derived = std::mem::take(&mut desk.derived);
        match asked {
            Asked::Answered(then) => {
                if desk.counts.succeeded > let_in {
                    derived.iter().for_each(|derived| self.waiting.share(derived));
                }
                then
            }
            Asked::Waits(recipe) => match self.wait(session, recipe) {
                Ok(()) => {
                    self.waiting.keep(session.id, derived);
                    Then::Wait
                }
                Err(Full) => {
                    let Session { id, address } = session;
                    info!("{id} from {address}: too many wait for a password to be derived");
                    self.tally.end(Outcome::Failed);
                    self.refuse_as_busy(is_rpc, data, now, output)
                }
            },
        }
    }

    fn wait(&mut self, session: &Session, recipe: Recipe) -> Result<(), Full> {
        self.waiting.start(session.id, session.address, recipe, self.settings.waiting_logins_max)
    }

    /// From now on the operator's word is another one. Nothing that was set before is kept anywhere.
    pub fn set(&mut self, settings: Settings) {
        let desk = self.desk.get_mut();
        let (new, old) = (&settings.login, &self.settings.login);
        // A login is good for as long as was said when it came last, and that may be too long now; and who is
        // remembered is not asked whether their password is stored with enough iterations.
        if new.remember_ms < old.remember_ms || new.password_iterations > old.password_iterations {
            desk.remembered.clear();
        }
        desk.rules = settings.login.clone();
        if settings.clinic.release != self.settings.clinic.release {
            self.timers.generate_anew();
        }
        self.settings = settings;
    }

    /// Whether what a connection has asked for so far is served to it still.
    pub fn serves_still(&self, session: &Session) -> bool {
        self.speaks_rpc(session.id) || self.serves(session.address)
    }

    /// The body alone tells the dialects apart; one that cannot be read is taken for what its connection has
    /// spoken before.
    fn is_rpc(&mut self, session: &Session, data: &[u8]) -> bool {
        if envelope::is_rpc(data) {
            self.speaks_rpc.insert(session.id);
            return true;
        }
        self.speaks_rpc.contains(&session.id) && old::Object::parse(data).is_err()
    }

    fn refuse_as_busy(&self, is_rpc: bool, data: &[u8], now: &Now, output: &mut Vec<u8>) -> Then {
        if is_rpc {
            rpc::refuse_all(data, &ErrorObject::of(Code::Busy), output);
            return Then::Keep;
        }
        Reply::new(output, &now.local, self.settings.reply_max_bytes).error(old::BUFFERS_FULL);
        Then::Linger(self.settings.legacy_linger)
    }

    /// Work that no request waits for: moving the WAL into the database file. Returns whether there is some
    /// that an idle moment would be good for.
    pub fn checkpoint(&mut self, idle: bool) -> bool {
        match self.store.checkpoint_need() {
            CheckpointNeed::None => return false,
            CheckpointNeed::WhenIdle if !idle => return true,
            CheckpointNeed::WhenIdle | CheckpointNeed::Now => self.store.checkpoint(),
        }
        false
    }

    /// Goes on with the password that has waited longest. Returns whether there are any left.
    pub fn derive(&mut self, iterations: u32) -> bool {
        self.waiting.step(iterations);
        !self.waiting.is_empty()
    }

    /// The next session whose request can be asked again.
    pub fn woken(&mut self) -> Option<SessionId> {
        self.waiting.woken()
    }

    /// What has come of requests.
    pub fn counted(&self) -> &[Counted] {
        self.tally.operations()
    }

    /// The operation that was asked for last, and by whom.
    pub fn at_hand(&self) -> (&'static str, &'static str) {
        self.tally.at_hand()
    }

    /// How long all statements together have taken.
    pub fn statement_time(&self) -> Duration {
        self.store.statement_time()
    }

    /// How many turns have written and are durable.
    pub fn commits(&self) -> u64 {
        self.store.commits()
    }

    /// How all this stands, as this turn sees it.
    pub fn standing(&mut self) -> Standing {
        let head = self.store.read().and_then(|view| self.trail.head(&view));
        Standing {
            store: self.store.figures(),
            logins: self.desk.get_mut().counts,
            waiting: self.waiting.len(),
            logged_in: self.clients.count(),
            audit_sequence: head.ok().map(|head| head.sequence),
            anchored_sequence: self.anchored,
            anchored_ms: self.anchored_ms,
            anchoring_failed: self.anchoring_failed.clone(),
        }
    }

    /// Whether a connection has spoken JSON-RPC.
    pub fn speaks_rpc(&self, session: SessionId) -> bool {
        self.speaks_rpc.contains(&session)
    }

    /// A connection is gone.
    pub fn closed(&mut self, session: SessionId) {
        self.waiting.closed(session);
        self.clients.unbind(session);
        self.subscribers.closed(session);
        self.speaks_rpc.remove(&session);
    }

    /// What is to be done every minute, between two turns: the trail's head is anchored, and it is written down
    /// how much the old dialect is used. What it writes is in the next turn's transaction.
    pub fn tend(&mut self, now: &Now) {
        self.anchoring_failed = self.anchor(now).err();
        if let Some(error) = &self.anchoring_failed {
            error!("the audit trail could not be anchored: {error}");
        }
        if let Err(error) = self.usage.write(&mut self.store) {
            error!("the use of the old dialect could not be written down: {error}");
        }
        self.acts.try_again();
        self.begin_sweep(now);
    }

    fn anchor(&mut self, now: &Now) -> Result<(), String> {
        let Some(anchors) = &mut self.anchors else { return Ok(()) };
        // An entry that is not durable yet may never be, and an anchor is for ever.
        if !self.store.is_idle() {
            return Ok(());
        }
        let head =
            self.store.read().and_then(|view| self.trail.head(&view)).map_err(|error| error.to_string())?;
        if head.sequence == self.anchored {
            self.anchored_ms = Some(now.unix_ms);
            return Ok(());
        }
        let anchor = Anchor { sequence: head.sequence, hash: head.hash };
        let appended = anchors.append(&now.rfc3339(), &anchor).map_err(|error| error.to_string())?;
        if appended == Appended::Anew {
            error!(
                "the anchor file was removed or replaced; it is begun anew: put the old one back beside it"
            );
        }
        (self.anchored, self.anchored_ms) = (head.sequence, Some(now.unix_ms));
        Ok(())
    }

    /// Writes down what is left, and closes the database, so that its file is whole without a companion.
    pub fn close(mut self, now: &Now) {
        self.acts.try_again();
        self.record_acts(now);
        // What a last request between two turns has written is anchored only if it stays.
        let mut is_durable = self.store.commit() == Commit::Durable;
        if is_durable {
            self.tend(now);
            is_durable = self.store.commit() == Commit::Durable;
        }
        if !is_durable {
            error!("what was left to be written down at the end is lost");
        }
        self.store.close();
    }

    /// Makes durable what this turn's requests wrote, and the events that tell of it; `push` is next.
    pub fn commit(&mut self) -> Commit {
        let has_changed = !self.changes.is_empty();
        let undelivered = self.tell();
        let due_ms = self.next_due(has_changed);
        let outcome = self.store.commit();
        match outcome {
            Commit::Durable => {
                self.acts.keep();
                self.told(undelivered);
                self.timed(due_ms);
            }
            Commit::Lost | Commit::Fatal => {
                if let Some(now) = &self.moment {
                    self.clients.turn_lost(now);
                }
                self.acts.undo();
                self.subscribers.undo();
                self.told.clear();
                self.untimed();
            }
        }
        outcome
    }

    /// After a lost turn: words what is sent in the place of one of its replies.
    pub fn retract(&self, withdrawn: &[u8], now: &Now, output: &mut Vec<u8>) {
        if envelope::is_rpc_reply(withdrawn) {
            // Whoever were told to send it again at once would do so for as long as there is no room.
            let code = if self.store.is_full() { Code::StorageFull } else { Code::Retry };
            envelope::withdraw(withdrawn, &ErrorObject::of(code), output);
        } else {
            Reply::new(output, &now.local, self.settings.reply_max_bytes).error(old::RETRY);
        }
    }
}
