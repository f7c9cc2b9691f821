//! Requests to replies: which dialect, the gates, and the turn's transaction.
//!
//! It never knows a socket, a frame or the clock. Invariants: what the tables do not list is not done; the gate
//! has decided before a handler sees a request; until `commit` has said so, no reply may leave.

mod also;
mod clients;
mod events;
mod legacy;
mod methods;
mod rights;
mod rpc;
mod subscribers;
mod timers;
mod usage;
mod waiting;

pub use also::Also;
pub use methods::{METHODS, document};
pub use rights::{RIGHTS, Right};

use crate::api::legacy::{self as old, Reply};
use crate::api::rpc::envelope;
use crate::api::rpc::problem::{Code, ErrorObject};
use crate::ops::anchor::{Anchor, AnchorFile, Appended};
use crate::ops::config;
use crate::service::audit::Trail;
use crate::service::booking::{BookingRules, LimitScope};
use crate::service::changes::Changes;
use crate::service::chat::ChatRules;
use crate::service::credential::{Recipe, Remembered};
use crate::service::event::Topic;
use crate::service::login::{Desk, LoginRules};
use crate::service::memory::Memory;
use crate::service::order::OrderRules;
use crate::service::queue::QueueRules;
use crate::service::reminder::ReminderRules;
use crate::service::reply::ReplyKey;
use crate::service::schedule::ReleaseRules;
use crate::service::session::SessionRules;
use crate::service::throttle::ThrottleRules;
use crate::service::time::Now;
use crate::service::{ClinicRules, Rules};
use crate::session::{Session, SessionId};
use crate::store::{CheckpointNeed, Commit, Store};
use clients::Clients;
use ipnet::IpNet;
use log::{error, info};
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::collections::HashSet;
use std::time::Duration;
use subscribers::Subscribers;
use timers::Timers;
use usage::Usage;
use waiting::{Full, Waiting};

/// What the operator sets of the gates and the rules.
#[derive(Debug, Clone)]
pub struct Settings {
    pub legacy_networks: Vec<IpNet>,
    pub legacy_operations: Vec<String>,
    pub legacy_linger: Duration,
    pub reply_max_bytes: usize,
    /// Of a call that comes from outside `legacy_networks` before a login.
    pub data_before_login_max_bytes: usize,
    pub waiting_logins_max: usize,
    /// Whether reads of patients' data by others are kept in the trail.
    pub audit_reads: bool,
    pub rules: Rules,
    pub login: LoginRules,
    pub clinic: ClinicRules,
}

impl Settings {
    pub fn from_config(config: &config::Config) -> Settings {
        Settings {
            legacy_networks: config.legacy.networks.clone(),
            legacy_operations: config.legacy.operations.clone(),
            legacy_linger: Duration::from_millis(config.legacy.linger_ms),
            reply_max_bytes: config.limits.output_max_bytes,
            data_before_login_max_bytes: config.limits.data_before_login_max_bytes,
            waiting_logins_max: config.accounts.waiting_logins_max,
            audit_reads: config.audit.reads,
            rules: Rules { enforce_schedule: config.legacy.enforce_schedule },
            login: login_rules(&config.accounts),
            clinic: clinic_rules(config),
        }
    }
}

const MINUTE_MS: i64 = 60_000;

fn clinic_rules(config: &config::Config) -> ClinicRules {
    let (booking, queue) = (&config.booking, &config.queue);
    let ms = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    ClinicRules {
        booking: BookingRules {
            hold_ms: ms(booking.hold_ms),
            holds_max: booking.holds_max.into(),
            holds_window_min: booking.holds_window_min.into(),
            limit_scope: match booking.limit_scope {
                config::LimitScope::Department => LimitScope::Department,
                config::LimitScope::Doctor => LimitScope::Doctor,
                config::LimitScope::Session => LimitScope::Session,
                config::LimitScope::None => LimitScope::None,
            },
            cancel_lead_min: booking.cancel_lead_min.into(),
            undo_ms: ms(booking.undo_ms),
            no_shows_max: booking.no_shows_max.into(),
            no_show_window_days: booking.no_show_window_days.into(),
            no_show_block_days: booking.no_show_block_days.into(),
        },
        release: ReleaseRules {
            window_days: booking.window_days.into(),
            release_time: Some(booking.release_time.clone()).filter(|time| !time.is_empty()),
            book_until_min: booking.book_until_min.into(),
        },
        queue: QueueRules {
            early_min: queue.early_min.into(),
            grace_min: queue.grace_min.into(),
            calls_max: queue.calls_max.into(),
            skips_max: queue.skips_max.into(),
            return_after: queue.return_after.into(),
            booked_per_walk_in: queue.booked_per_walk_in.into(),
            require_clock_in: queue.require_clock_in,
            doctor_grace_min: queue.doctor_grace_min.into(),
        },
        reminder: ReminderRules {
            day_min: booking.reminder_day_min.into(),
            hour_min: booking.reminder_hour_min.into(),
        },
        order: OrderRules { critical_repeat_ms: i64::from(config.order.critical_repeat_minutes) * MINUTE_MS },
        chat: ChatRules {
            open_days: config.chat.open_days.into(),
            messages_per_minute_max: config.chat.messages_per_minute_max.into(),
        },
    }
}

fn login_rules(accounts: &config::Accounts) -> LoginRules {
    let ms = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    LoginRules {
        password_iterations: accounts.password_iterations,
        remember_ms: ms(accounts.remember_ms),
        throttle: ThrottleRules {
            free: accounts.failures_free.into(),
            window_ms: ms(accounts.failure_window_ms),
            delay_max_ms: ms(accounts.failure_delay_max_ms),
            per_address_max: accounts.failures_per_address_max.into(),
        },
        session: SessionRules {
            idle_patient_ms: ms(accounts.session_idle_patient_ms),
            idle_staff_ms: ms(accounts.session_idle_staff_ms),
            max_ms: ms(accounts.session_max_ms),
            per_user_max: i64::try_from(accounts.sessions_per_user_max).unwrap_or(i64::MAX),
        },
    }
}

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
    waiting: Waiting,
    clients: Clients,
    /// Who has spoken JSON-RPC, so that what cannot be read is refused in it.
    speaks_rpc: HashSet<SessionId>,
    table: rpc::Table,
    document: Box<RawValue>,
    reply_key: ReplyKey,
    usage: Usage,
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
            waiting: Waiting::new(settings.waiting_logins_max),
            store: parts.store,
            settings,
            memory: RefCell::default(),
            desk: RefCell::new(desk),
            trail: parts.trail,
            anchors: parts.anchors,
            anchored: 0,
            clients: Clients::default(),
            speaks_rpc: HashSet::new(),
            table: rpc::table(),
            document,
            reply_key,
            usage: Usage::default(),
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
        self.desk.get_mut().derived = self.waiting.take(session.id);
        let asked = if is_rpc {
            self.rpc(session, data, now, output)
        } else {
            self.legacy(session, name, data, now, alone, output)
        };
        let derived = std::mem::take(&mut self.desk.get_mut().derived);
        match asked {
            Asked::Answered(then) => then,
            Asked::Waits(recipe) => match self.waiting.start(session.id, session.address, recipe) {
                Ok(()) => {
                    self.waiting.keep(session.id, derived);
                    Then::Wait
                }
                Err(Full) => {
                    let Session { id, address } = session;
                    info!("{id} from {address}: too many wait for a password to be derived");
                    self.refuse_as_busy(is_rpc, data, now, output)
                }
            },
        }
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
        if let Err(error) = self.anchor(now) {
            error!("the audit trail could not be anchored: {error}");
        }
        if let Err(error) = self.usage.write(&mut self.store) {
            error!("the use of the old dialect could not be written down: {error}");
        }
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
            return Ok(());
        }
        let anchor = Anchor { sequence: head.sequence, hash: head.hash };
        let appended = anchors.append(&now.rfc3339(), &anchor).map_err(|error| error.to_string())?;
        if appended == Appended::Anew {
            error!(
                "the anchor file was removed or replaced; it is begun anew: put the old one back beside it"
            );
        }
        self.anchored = head.sequence;
        Ok(())
    }

    /// Writes down what is left, and closes the database, so that its file is whole without a companion.
    pub fn close(mut self, now: &Now) {
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
                self.told(undelivered);
                self.timed(due_ms);
            }
            Commit::Lost | Commit::Fatal => {
                if let Some(now) = &self.moment {
                    self.clients.turn_lost(now);
                }
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
            envelope::withdraw(withdrawn, &ErrorObject::of(Code::Retry), output);
        } else {
            Reply::new(output, &now.local, self.settings.reply_max_bytes).error(old::RETRY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_the_clinic_are_those_that_the_configuration_has_by_default() {
        assert_eq!(clinic_rules(&config::Config::default()), ClinicRules::default());
        let mut config = config::Config::default();
        (config.booking.limit_scope, config.queue.calls_max) = (config::LimitScope::None, 9);
        config.booking.release_time = "07:30".to_owned();
        let rules = clinic_rules(&config);
        assert_eq!((rules.booking.limit_scope, rules.queue.calls_max), (LimitScope::None, 9));
        assert_eq!(rules.release.release_time.as_deref(), Some("07:30"));
    }
}
