//! Between the loop and the dispatcher: frames become requests, replies become frames, and what the loop has no
//! part in gets its time.
//!
//! It holds no rule and no SQL. Invariant: what applies of the configuration stands in `loaded`, and nowhere else
//! that a reload does not reach.

use super::admin;
use super::backups::Backups;
use super::file::DatabaseFile;
use super::meter::{Meter, Served};
use super::now;
use super::reload::Reloads;
use crate::api::legacy::{self, Reply};
use crate::api::rpc::envelope;
use crate::api::rpc::problem::{self, Code, Problem};
use crate::dispatch::{Act, Dispatcher, Then};
use crate::net::{
    self, Arrival, Background, CommitOutcome, Counters, Door, End, FrameError, Handler, Place, Refusal,
    Request, Turn, Verdict,
};
use crate::ops::config::Loaded;
use crate::ops::pidfile::PidFile;
use crate::ops::supervisor::Supervisor;
use crate::service::audit::Action;
use crate::service::time::Now;
use crate::session::{Session, SessionId};
use crate::store::Commit;
use log::{error, info, warn};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How often the trail is anchored, the use of the old dialect written down, and the places of its files looked at.
const TEND_EVERY: Duration = Duration::from_secs(60);
/// However the clock is set meanwhile, what is due is looked at after this.
const TICK_WITHIN: Duration = Duration::from_secs(60);
/// How long passwords are derived between two turns at the least, and at the most: for half as long as the turn took,
/// or long commits would leave them hardly any time. The work is begun in steps of so many iterations.
const DERIVE_FOR: Duration = Duration::from_micros(400);
const DERIVE_FOR_MAX: Duration = Duration::from_millis(4);
const DERIVE_STEP: u32 = 400;

/// What the loop calls; the dispatcher never hears of the loop.
pub(super) struct Bridge {
    pub(super) dispatcher: Dispatcher,
    /// What the operator has set: the one place that it is read from, and where a reload puts what is new.
    pub(super) loaded: Loaded,
    /// Set by a reload until the loop has taken them.
    pub(super) new_limits: Option<net::Limits>,
    /// The address that answers, and the one at which the metrics are read.
    pub(super) address: SocketAddr,
    pub(super) metrics_address: Option<SocketAddr>,
    pub(super) started: Instant,
    pub(super) reloads: Reloads,
    pub(super) meter: Meter,
    /// Who has started the server, and hears how it gets on.
    pub(super) supervisor: Supervisor,
    pub(super) backups: Backups,
    pub(super) file: DatabaseFile,
    /// By which commands find this server; none where nobody is to.
    pid_file: Option<PidFile>,
    pid_file_is_lost: bool,
    /// How the operator has asked for the end, once that is so.
    pub(super) end: Option<End>,
    /// The moment of this turn, read from the clock by its first request.
    now: Option<Now>,
    pub(super) store_failed: bool,
    /// When the dispatcher has its minute's work to do.
    tends_at: Instant,
    /// When the dispatcher has something due, and the moment that it has named for that.
    ticks_at: Instant,
    due_ms: Option<i64>,
    /// Since when the loop has its turn, while more is to be derived after it.
    derived_at: Option<Instant>,
}

impl Bridge {
    pub(super) fn new(
        dispatcher: Dispatcher,
        loaded: Loaded,
        address: SocketAddr,
        metrics_address: Option<SocketAddr>,
        supervisor: Supervisor,
        pid_file: Option<PidFile>,
    ) -> Bridge {
        let started = Instant::now();
        let file = DatabaseFile::at(&loaded.config.server.db_path);
        Bridge {
            dispatcher,
            loaded,
            new_limits: None,
            address,
            metrics_address,
            started,
            reloads: Reloads::default(),
            meter: Meter::new(started),
            supervisor,
            backups: Backups::new(started),
            file,
            pid_file,
            pid_file_is_lost: false,
            end: None,
            now: None,
            store_failed: false,
            tends_at: started + TEND_EVERY,
            ticks_at: started,
            due_ms: None,
            derived_at: None,
        }
    }

    /// Has the trail say what was done to the server.
    pub(super) fn note(
        &mut self,
        by_operator: bool,
        method: &'static str,
        outcome: &'static str,
        detail: String,
    ) {
        self.dispatcher.note(Act { by_operator, method, of: (Action::Execute, "server"), outcome, detail });
    }

    fn note_backups(&mut self) {
        for act in self.backups.take_acts() {
            self.dispatcher.note(act);
        }
    }

    pub(super) fn note_start(&mut self) {
        let (version, pid) = (env!("CARGO_PKG_VERSION"), std::process::id());
        let sha256 = self.loaded.file.as_ref().map_or("none", |_| &self.loaded.sha256);
        let detail = format!("medsrv {version}, pid {pid}, configuration {sha256}");
        self.note(false, "server.start", "success", detail);
    }

    /// Looks whether the files by which others find the server and its database are in their places.
    pub(super) fn look_at_files(&mut self) {
        self.file.look();
        let Some(pid_file) = &mut self.pid_file else { return };
        let renewed = pid_file.renew();
        match &renewed {
            Ok(true) => warn!("the pid file was removed or changed, and is written anew"),
            Err(error) if !self.pid_file_is_lost => {
                warn!("the pid file was removed or changed, and cannot be written anew: {error}");
            }
            _ => {}
        }
        self.pid_file_is_lost = renewed.is_err();
    }

    /// Ends what was served. Returns whether the store has failed before, and what is left to be waited for and let go of
    /// once nothing else is.
    pub(super) fn close(mut self) -> (bool, Backups, Option<PidFile>) {
        self.note(self.end.is_some(), "server.stop", "success", format!("pid {}", std::process::id()));
        self.backups.give_up();
        self.note_backups();
        self.dispatcher.close(&now());
        (self.store_failed, self.backups, self.pid_file)
    }

    fn serve(
        &mut self,
        session: &Session,
        request: Request<'_>,
        arrival: Arrival<'_>,
        output: &mut Vec<u8>,
    ) -> Verdict {
        let now = self.now.get_or_insert_with(now);
        let alone = arrival.place == Place::Alone;
        let (begun, before) = (Instant::now(), self.dispatcher.statement_time());
        let verdict = match self.dispatcher.request(session, request.name, request.data, now, alone, output) {
            Then::Keep => Verdict::Keep,
            Then::Linger(linger) => Verdict::Linger(linger),
            Then::Close => Verdict::Close,
            Then::Later => return Verdict::Later,
            Then::Wait => return Verdict::Wait,
        };
        let database = self.dispatcher.statement_time() - before;
        let (operation, role) = self.dispatcher.at_hand();
        let (session, since, ended) = (*session, arrival.since, Instant::now());
        self.meter.serve(Served { operation, role, session, since, begun, ended, database });
        verdict
    }
}

/// How long it is until a moment of the clock.
fn until(unix_ms: i64) -> Duration {
    let left = unix_ms.saturating_sub(chrono::Utc::now().timestamp_millis());
    Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(TICK_WITHIN)
}

impl Handler for Bridge {
    fn request(
        &mut self,
        session: &Session,
        request: Request<'_>,
        arrival: Arrival<'_>,
        output: &mut Vec<u8>,
    ) -> Verdict {
        match arrival.door {
            Door::Clients => self.serve(session, request, arrival, output),
            Door::Admin => self.administer(request.data, arrival.counters, output),
            Door::Metrics => self.answer_scrape(request.name, arrival.counters, output),
        }
    }

    fn commit(&mut self) -> CommitOutcome {
        self.now = None;
        let (began, before) = (Instant::now(), self.dispatcher.commits());
        let outcome = self.dispatcher.commit();
        self.meter.commit(began, self.dispatcher.commits() != before);
        match outcome {
            Commit::Durable => CommitOutcome::Durable,
            Commit::Lost => CommitOutcome::Lost,
            Commit::Fatal => {
                self.store_failed = true;
                CommitOutcome::Fatal
            }
        }
    }

    fn flushed(&mut self, turn: Turn) {
        let slow_ms = self.loaded.config.log.slow_ms;
        self.meter.flushed(turn, (slow_ms > 0).then(|| Duration::from_millis(slow_ms)));
    }

    fn push(&mut self, deliver: &mut dyn FnMut(SessionId, &[u8])) {
        self.dispatcher.push(deliver);
    }

    fn retract(&mut self, _session: &Session, withdrawn: &[u8], output: &mut Vec<u8>) {
        self.dispatcher.retract(withdrawn, &now(), output);
    }

    fn refuse(&mut self, session: &Session, refusal: Refusal, output: &mut Vec<u8>) {
        if self.dispatcher.speaks_rpc(session.id) {
            let code = if refusal == Refusal::ReplyTooLarge { Code::TooLarge } else { Code::NotServed };
            let error = problem::Refusal::new(code, refusal.to_string());
            return envelope::write_error(None, &Problem::from(error).error(), output);
        }
        let text = match refusal {
            Refusal::Frame(FrameError::NameTooLong { limit, .. } | FrameError::DataTooLong { limit, .. }) => {
                legacy::too_long(limit)
            }
            Refusal::TooManyConnections => legacy::TOO_MANY_CONNECTIONS.into(),
            Refusal::TooManyFromAddress => legacy::TOO_MANY_FROM_ADDRESS.into(),
            Refusal::BuffersFull => legacy::BUFFERS_FULL.into(),
            Refusal::ReplyTooLarge => legacy::TOO_LARGE.into(),
        };
        Reply::new(output, &now().local, usize::MAX).error(&text);
    }

    fn turn_away(&mut self, door: Door, output: &mut Vec<u8>) {
        if door == Door::Admin {
            admin::turn_away(output);
        }
    }

    fn reload(&mut self) {
        // The log has the verdict, and nobody else waits for it.
        let _ = self.reload_now(false);
    }

    fn child_ended(&mut self) {
        self.backups.child_ended();
    }

    fn ending(&mut self) {
        self.supervisor.stopping("ending: what was read is answered");
        self.backups.begin_end();
    }

    fn wants_end(&self) -> Option<End> {
        self.end
    }

    fn reopen(&mut self) {
        Bridge::reopen(self);
    }

    fn report(&mut self, counters: &Counters) {
        let status = self.status(counters);
        match serde_json::to_string(&status) {
            Ok(text) => info!("status: {text}"),
            Err(error) => error!("the status cannot be told: {error}"),
        }
    }

    fn new_limits(&mut self) -> Option<net::Limits> {
        self.new_limits.take()
    }

    fn serves(&self, session: &Session) -> bool {
        self.dispatcher.serves_still(session)
    }

    fn background(&mut self, idle: bool) -> Background {
        let begun = Instant::now();
        self.supervisor.ping(begun);
        let is_noted = self.dispatcher.acts_are_settled();
        self.backups.tend(&self.loaded.config, &mut self.file, is_noted);
        self.note_backups();
        if begun >= self.tends_at {
            self.tends_at = begun + TEND_EVERY;
            self.look_at_files();
            self.dispatcher.tend(&now());
            // What it has written is committed by the next turn.
            return Background::Pending;
        }
        if self.dispatcher.has_acts() {
            self.dispatcher.record_acts(&now());
            return Background::Pending;
        }
        let due_ms = self.dispatcher.due_ms();
        if self.due_ms != Some(due_ms) {
            self.due_ms = Some(due_ms);
            self.ticks_at = begun + until(due_ms);
        }
        // Before all that writes, and may never let this come to its turn: those who log in do, too.
        let awaits_idle = self.dispatcher.checkpoint(idle);
        let is_due = begun >= self.ticks_at;
        if is_due {
            // The next turn commits, pushes what has come of it, and says when the next time is.
            self.due_ms = None;
            self.dispatcher.tick(&now());
        }
        // However much is due, whoever logs in gets on by a step. While they wait, a turn does not sleep.
        let turn_took = self.derived_at.take().map_or(Duration::ZERO, |at| begun - at);
        let derive_for = (turn_took / 2).clamp(DERIVE_FOR, DERIVE_FOR_MAX);
        let deriving_since = Instant::now();
        while self.dispatcher.derive(DERIVE_STEP) {
            if deriving_since.elapsed() >= derive_for {
                self.derived_at = Some(Instant::now());
                return Background::Pending;
            }
        }
        match (is_due, awaits_idle) {
            (true, _) => Background::Pending,
            (false, true) => Background::AwaitsIdle,
            (false, false) => Background::Nothing,
        }
    }

    fn woken(&mut self) -> Option<SessionId> {
        self.dispatcher.woken()
    }

    fn alarm(&self) -> Option<Instant> {
        self.supervisor
            .pings_at()
            .into_iter()
            .chain([self.backups.alarm(), self.tends_at, self.ticks_at])
            .min()
    }

    fn closed(&mut self, session: SessionId) {
        self.dispatcher.closed(session);
    }
}

/// In the place of a bridge whose server has ended, while its last replies are sent: nobody asks it for anything.
pub(super) struct Nobody;

impl Handler for Nobody {
    fn request(&mut self, _: &Session, _: Request<'_>, _: Arrival<'_>, _: &mut Vec<u8>) -> Verdict {
        Verdict::Close
    }

    fn commit(&mut self) -> CommitOutcome {
        CommitOutcome::Durable
    }

    fn retract(&mut self, _: &Session, _: &[u8], _: &mut Vec<u8>) {}

    fn refuse(&mut self, _: &Session, _: Refusal, _: &mut Vec<u8>) {}

    fn background(&mut self, _: bool) -> Background {
        Background::Nothing
    }

    fn closed(&mut self, _: SessionId) {}
}
