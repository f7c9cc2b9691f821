//! Calls of JSON-RPC: the gate before them, the transaction that they run in, and the trail that they leave.
//!
//! It never knows how a method is carried out. Invariants: what is not listed is refused; the gate has decided
//! before a method sees a call; an act and its entry in the trail are in one transaction, and without the entry
//! there is no reply.

use super::also::others;
use super::methods::METHODS;
use super::rights::{Right, may_hear};
use super::tally::{Outcome, Tally};
use super::{Asked, Dispatcher, Then};
use crate::api::rpc::REPORT;
use crate::api::rpc::envelope::{self, Incoming, Invalid, Request};
use crate::api::rpc::problem::{Code, ErrorObject, METHOD_NOT_FOUND, Problem};
use crate::api::rpc::{Binding, Call, Delivered, Detail, Entry, Kind, Listening, Note, Who};
use crate::service::access::Role;
use crate::service::audit::{self, Action};
use crate::service::changes::Changes;
use crate::service::chat;
use crate::service::credential::Recipe;
use crate::service::session::{self, Opened};
use crate::service::time::Now;
use crate::session::Session;
use crate::store::{self, Store, Transaction};
use log::{error, info, warn};
use std::collections::HashMap;

/// Each method with its rights, and its line.
pub type Table = HashMap<&'static str, (&'static Entry, &'static Right, usize)>;

pub fn table() -> Table {
    let lines = METHODS.iter().enumerate();
    lines.filter_map(|(line, entry)| Some((entry.name, (entry, Right::find(entry.name)?, line)))).collect()
}

type Parsed<'a> = Result<Request<'a>, Invalid<'a>>;

impl Dispatcher {
    /// Answers a call, or a batch of them, by appending the reply.
    pub(super) fn rpc(&mut self, session: &Session, data: &[u8], now: &Now, output: &mut Vec<u8>) -> Asked {
        let limit = self.settings.data_before_login_max_bytes;
        if data.len() > limit && !self.serves(session.address) && !self.clients.is_bound(session.id) {
            info!("{} from {}: a call of {} bytes before a login", session.id, session.address, data.len());
            envelope::write_error(None, &ErrorObject::of(Code::NotServed), output);
            self.tally.begin(Tally::not_served(), NOBODY);
            self.tally.end(Outcome::Refused);
            return Asked::Answered(Then::Close);
        }
        let start = output.len();
        let waits = match envelope::parse(data) {
            Incoming::One(call) => self.one(session, &call, now, self.settings.reply_max_bytes, output),
            Incoming::Batch(calls) => self.batch(session, &calls, now, output),
        };
        match waits {
            Ok(()) => Asked::Answered(Then::Keep),
            Err(recipe) => {
                output.truncate(start);
                Asked::Waits(recipe)
            }
        }
    }

    /// Answers the calls of a batch in their order, but carries out the one with a password first: it may have
    /// to wait, and nothing else may have been done by then. Of long calls the first is carried out, for nobody
    /// else is served meanwhile.
    fn batch(
        &mut self,
        session: &Session,
        calls: &[Parsed<'_>],
        now: &Now,
        output: &mut Vec<u8>,
    ) -> Result<(), Recipe> {
        let which = |is_one: fn(&Entry) -> bool| -> Vec<bool> {
            let entry = |call: &Request<'_>| self.table.get(call.method.as_ref()).map(|(entry, ..)| *entry);
            calls.iter().map(|call| call.as_ref().ok().and_then(entry).is_some_and(is_one)).collect()
        };
        let with_password = which(|entry| entry.has_password);
        let is_long = which(|entry| entry.is_long);
        let first_long = is_long.iter().position(|is_long| *is_long);
        let first = with_password.iter().position(|has| *has);
        let mut first_reply = Vec::new();
        if let Some(call) = first.and_then(|place| calls.get(place)) {
            let room = self.settings.reply_max_bytes / 2;
            self.one(session, call, now, room, &mut first_reply)?;
        }
        let mut replies = Vec::new();
        let mut bytes = first_reply.len();
        for (place, (call, has_password)) in calls.iter().zip(&with_password).enumerate() {
            let mut reply = Vec::new();
            if Some(place) == first {
                replies.push(std::mem::take(&mut first_reply));
                continue;
            }
            // Whatever the calls are, their replies leave as one, and each has room for an error at least.
            let reserved: usize = calls.iter().skip(place).map(error_bytes).sum();
            let room = self.settings.reply_max_bytes.saturating_sub(bytes + reserved);
            match call {
                Ok(request) if *has_password => write_refusal(request, second_password(), &mut reply),
                Ok(request) if is_long.get(place) == Some(&true) && Some(place) != first_long => {
                    write_refusal(request, second_long(), &mut reply);
                }
                Ok(request) if room == 0 => {
                    write_refusal(request, ErrorObject::of(Code::TooLarge), &mut reply);
                }
                _ => self.one(session, call, now, room, &mut reply)?,
            }
            bytes += reply.len();
            replies.push(reply);
        }
        join(replies.iter(), output, |reply: &Vec<u8>, output| output.extend_from_slice(reply));
        self.tally.begin(Tally::batch(), NOBODY);
        Ok(())
    }

    /// Carries out one call. Nothing has been done where it has to wait.
    fn one(
        &mut self,
        session: &Session,
        call: &Parsed<'_>,
        now: &Now,
        reply_max_bytes: usize,
        output: &mut Vec<u8>,
    ) -> Result<(), Recipe> {
        let request = match call {
            Ok(request) => request,
            Err(invalid) => {
                info!("{} from {}: {}", session.id, session.address, invalid.error.message);
                envelope::write_error(invalid.id, &invalid.error, output);
                self.tally.begin(Tally::unreadable(), NOBODY);
                self.tally.end(Outcome::Refused);
                return Ok(());
            }
        };
        let start = output.len();
        if let Some(id) = request.id {
            envelope::begin_result(id, output);
        }
        let room = Room { start, max_bytes: reply_max_bytes };
        let error = match self.carry_out(session, request, now, room, output) {
            Ok(()) => {
                self.tally.end(Outcome::Done);
                envelope::end_result(output);
                if request.id.is_none() {
                    output.truncate(start);
                }
                return Ok(());
            }
            Err(Refused::Wait(recipe)) => {
                output.truncate(start);
                return Err(recipe);
            }
            Err(Refused::Error(error)) => error,
        };
        self.tally.end(if error.is_fault() { Outcome::Failed } else { Outcome::Refused });
        output.truncate(start);
        if let Some(id) = request.id {
            envelope::write_error(Some(id), &error, output);
        }
        Ok(())
    }

    /// The gate. It looks at the caller in the transaction in which the call is carried out.
    fn carry_out(
        &mut self,
        session: &Session,
        request: &Request<'_>,
        now: &Now,
        room: Room,
        output: &mut Vec<u8>,
    ) -> Result<(), Refused> {
        self.tally.begin(Tally::unknown_method(), NOBODY);
        let Some((entry, right, line)) = self.table.get(request.method.as_ref()) else {
            info!("{} from {}: there is no such method", session.id, session.address);
            let error = ErrorObject::standard(METHOD_NOT_FOUND, "method not found; rpc.discover lists them");
            return Err(error.into());
        };
        self.tally.begin(Tally::method(*line), NOBODY);
        let mut act = Act { session, entry, opened: None, now };
        if !right.is_open && !self.clients.is_bound(session.id) {
            self.tally.deny(None);
            return Err(ErrorObject::of(Code::Unauthenticated).into());
        }
        if matches!(entry.kind, Kind::Write(_)) {
            self.store.begin_writing().map_err(|fault| act.failed(fault))?;
        }
        let rules = &self.desk.get_mut().rules.session;
        let opened = self.clients.opened(session.id, &mut self.store, rules, now);
        let opened = opened.map_err(|fault| act.failed(fault))?;
        act.opened = opened.as_deref();
        if let Some(role) = act.role() {
            self.tally.asked_by(role);
        }
        match right.of(act.opened.map(|opened| &opened.actor)) {
            None => {
                self.tally.deny(None);
                Err(ErrorObject::of(Code::Unauthenticated).into())
            }
            Some(Who::Nobody) => {
                self.tally.deny(act.role());
                let problem = Problem::refused(Code::Forbidden, "your role may not call this method");
                self.record_refusal(&act, &Note::default(), &problem).map_err(|fault| act.failed(fault))?;
                Err(act.report(&problem).into())
            }
            Some(who) => self.call(&act, who, request, room, output),
        }
    }

    fn call(
        &mut self,
        act: &Act<'_>,
        who: Who,
        request: &Request<'_>,
        room: Room,
        output: &mut Vec<u8>,
    ) -> Result<(), Refused> {
        self.memory.get_mut().begin_step();
        let mut call = Call {
            now: act.now,
            peer: act.session.address,
            opened: act.opened,
            who,
            desk: self.desk.get_mut(),
            memory: self.memory.get_mut(),
            rules: &self.settings.clinic,
            document: &self.document,
            reply_key: &self.reply_key,
            note: Note::default(),
            changes: Changes::default(),
            binding: Binding::Stays,
            topics: self.subscribers.topics(act.session.id),
            kept_from: self.subscribers.kept_from(),
            may_hear,
            listening: Listening::Stays,
            delivered: None,
            accounts_changed: false,
        };
        let outcome = run(&mut self.store, &mut self.trail, act, &mut call, request, room, output);
        let Call { note, changes, binding, listening, delivered, accounts_changed, .. } = call;
        match outcome {
            Ok(()) => self
                .record_read(act, &note)
                .and_then(|()| self.deliver(delivered))
                .map_err(|fault| act.failed(fault))?,
            Err(Problem::Wait(recipe)) => return Err(Refused::Wait(recipe)),
            Err(problem) => {
                if matches!(binding, Binding::Ends) && !matches!(problem, Problem::Store(_)) {
                    self.clients.unbind(act.session.id);
                    self.subscribers.remove_private(act.session.id);
                }
                return Err(self.refused(act, &note, &problem).into());
            }
        }
        self.changes.append(changes);
        if accounts_changed {
            self.clients.changed();
        }
        self.listen(act, listening)
            .and_then(|()| self.bind(act, binding).map_err(Problem::from))
            .map_err(|problem| act.report(&problem))?;
        if note.detail == Some(Detail::BreakGlass) {
            warn!("{} from {}: the glass was broken for a patient", act.session.id, act.session.address);
        }
        Ok(())
    }

    /// What is said of a call that has no result.
    fn refused(&mut self, act: &Act<'_>, note: &Note, problem: &Problem) -> ErrorObject {
        if matches!(act.entry.kind, Kind::Write(_)) && !matches!(problem, Problem::Noted(_)) {
            // The savepoint may have taken an entry with it, and what was remembered of a day.
            self.trail.forget();
            self.memory.get_mut().undo_step();
        }
        if matches!(problem, Problem::Refused(refusal) if refusal.code == Code::Forbidden) {
            self.tally.deny(act.role());
        }
        // That something public is not there is no news of anyone.
        if matches!(problem, Problem::Refused(_))
            && (act.entry.kind != Kind::Read || problem.word() == Code::Forbidden.word())
            && let Err(fault) = self.record_refusal(act, note, problem)
        {
            return act.failed(fault);
        }
        act.report(problem)
    }

    /// Who is at the other end from now on. What somebody else listened to is not for them.
    fn bind(&mut self, act: &Act<'_>, binding: Binding) -> Result<(), store::Error> {
        let Binding::To(mut opened) = binding else { return Ok(()) };
        if opened.is_use_due(act.now) {
            self.store.append(|transaction| session::note_use(transaction, &mut opened, act.now))?;
        }
        if act.opened.map(|had| had.login_session_id) != Some(opened.login_session_id) {
            self.subscribers.remove_private(act.session.id);
        }
        self.clients.bind(act.session.id, opened, &self.store);
        Ok(())
    }

    /// As `record_read`, of something of a patient's that someone else has read.
    pub(super) fn record_patient_read(&mut self, act: &Act<'_>, note: &Note) -> Result<(), Problem> {
        if self.settings.audit_reads {
            let trail = &mut self.trail;
            self.store.append(|transaction| act.record(trail, transaction, note, SUCCESS))?;
        }
        Ok(())
    }

    /// Reads of a patient's data by others are kept in the trail; what was unmasked, seen for a reason or under a
    /// broken glass, looks into the trail itself, and reports are kept whatever the operator has set.
    fn record_read(&mut self, act: &Act<'_>, note: &Note) -> Result<(), store::Error> {
        let is_kept = act.entry.kind == Kind::ReadPatient
            && ((self.settings.audit_reads && !note.is_own)
                || matches!(note.detail, Some(Detail::Unmasked | Detail::UnderGlass))
                || note.reason.is_some()
                || note.entity == "audit"
                || (note.entity == REPORT && !note.is_own));
        if is_kept {
            let trail = &mut self.trail;
            self.store.append(|transaction| act.record(trail, transaction, note, SUCCESS))?;
        }
        Ok(())
    }

    /// Messages that a read has handed out are marked so, beside the read, which writes nothing itself.
    fn deliver(&mut self, delivered: Option<Delivered>) -> Result<(), store::Error> {
        let Some(Delivered { thread_id, user_id, up_to }) = delivered else { return Ok(()) };
        self.store.append(|transaction| chat::deliver(transaction, thread_id, user_id, up_to))?;
        self.changes.marks(thread_id);
        Ok(())
    }

    /// What someone who is known was refused is kept, too. Strangers could fill the disk with it.
    fn record_refusal(&mut self, act: &Act<'_>, note: &Note, problem: &Problem) -> Result<(), store::Error> {
        if act.opened.is_some() || note.entity_id.is_some() {
            let trail = &mut self.trail;
            self.store.append(|transaction| act.record(trail, transaction, note, problem.word()))?;
        }
        Ok(())
    }
}

/// Who is not known by then.
const NOBODY: &str = "none";
const SUCCESS: &str = "success";
/// An error that a batch has no room for a result is no longer than this, without its id.
const ERROR_BYTES: usize = 192;

/// What the reply to a call takes where it is such an error.
fn error_bytes(call: &Parsed<'_>) -> usize {
    match call {
        Ok(request) => request.id.map_or(0, |id| id.get().len() + ERROR_BYTES),
        Err(_) => ERROR_BYTES * 2,
    }
}

/// Where a reply begins in the output, and how long it may be.
#[derive(Clone, Copy)]
struct Room {
    start: usize,
    max_bytes: usize,
}

/// Does what a method does, in the transaction that its kind asks for. A result that is too large has not been.
fn run(
    store: &mut Store,
    trail: &mut audit::Trail,
    act: &Act<'_>,
    call: &mut Call<'_>,
    request: &Request<'_>,
    room: Room,
    output: &mut Vec<u8>,
) -> Result<(), Problem> {
    let method = act.entry.run;
    let mut done = |call: &mut Call<'_>, transaction: &Transaction<'_>| {
        method(call, transaction, request.params, output)?;
        if output.len() - room.start < room.max_bytes {
            return Ok(());
        }
        Err(Problem::refused(Code::TooLarge, Code::TooLarge.meaning()))
    };
    if !matches!(act.entry.kind, Kind::Write(_)) {
        return done(call, &store.read()?);
    }
    let outcome = store.write(|transaction| {
        // What is refused and yet kept is no error to the savepoint.
        let kept = match done(call, transaction) {
            Ok(()) => Ok(()),
            Err(Problem::Noted(refusal)) => Err(Problem::Noted(refusal)),
            Err(problem) => return Err(problem),
        };
        if !call.note.is_repeated {
            let outcome = kept.as_ref().map_or_else(Problem::word, |()| SUCCESS);
            act.record(trail, transaction, &call.note, outcome)?;
            act.record_others(trail, transaction, &call.note, &call.changes)?;
        }
        Ok(kept)
    });
    outcome.and_then(|kept| kept)
}

fn second_password() -> ErrorObject {
    Problem::refused(Code::Busy, "a batch has one call with a password at the most").error()
}

fn second_long() -> ErrorObject {
    Problem::refused(Code::Busy, "a batch has one call that takes long at the most").error()
}

fn write_refusal(request: &Request<'_>, error: ErrorObject, output: &mut Vec<u8>) {
    if let Some(id) = request.id {
        envelope::write_error(Some(id), &error, output);
    }
}

/// Who calls what.
pub(super) struct Act<'a> {
    pub session: &'a Session,
    entry: &'static Entry,
    pub opened: Option<&'a Opened>,
    now: &'a Now,
}

impl Act<'_> {
    fn role(&self) -> Option<Role> {
        self.opened.map(|opened| opened.actor.role)
    }

    fn record(
        &self,
        trail: &mut audit::Trail,
        transaction: &Transaction<'_>,
        note: &Note,
        outcome: &str,
    ) -> Result<(), store::Error> {
        let action = match self.entry.kind {
            Kind::Read | Kind::ReadPatient => Action::Read,
            Kind::Write(action) => action,
        };
        let actor = self.opened.map(|opened| &opened.actor).filter(|_| note.actor_id.is_none());
        let entry = audit::Entry {
            // Who logs in is who acts, whoever was logged in on the connection before.
            actor_id: note.actor_id.or(actor.map(|actor| actor.user_id)),
            role: actor.map_or("none", |actor| actor.role.word()),
            peer: &self.session.address.to_string(),
            method: self.entry.name,
            action,
            entity: note.entity,
            entity_id: note.entity_id,
            patient_id: note.patient_id,
            outcome,
            reason: note.reason.as_deref(),
            detail: note.detail.as_ref().map(Detail::text),
            request_id: note.request_id.as_deref(),
        };
        trail.record(transaction, &entry, self.now).map(|_| ())
    }

    /// An entry for each other appointment that the call has changed.
    fn record_others(
        &self,
        trail: &mut audit::Trail,
        transaction: &Transaction<'_>,
        note: &Note,
        changes: &Changes,
    ) -> Result<(), store::Error> {
        let subject = note.entity_id.filter(|_| note.entity == "appointment");
        let peer = self.session.address.to_string();
        for one in others(transaction, changes, subject)? {
            let actor = self.opened.map(|opened| &opened.actor);
            let entry = audit::Entry {
                actor_id: actor.map(|actor| actor.user_id),
                role: actor.map_or("none", |actor| actor.role.word()),
                peer: &peer,
                method: self.entry.name,
                action: one.action,
                entity: one.entity,
                entity_id: Some(one.entity_id),
                patient_id: one.patient_id,
                outcome: SUCCESS,
                reason: note.reason.as_deref(),
                detail: None,
                request_id: note.request_id.as_deref(),
            };
            trail.record(transaction, &entry, self.now)?;
        }
        Ok(())
    }

    /// As `report`, of a fault of the store.
    pub(super) fn failed(&self, fault: store::Error) -> ErrorObject {
        self.report(&Problem::Store(fault))
    }

    /// Says in the log what went wrong, without anything that a peer sent.
    fn report(&self, problem: &Problem) -> ErrorObject {
        let (id, address, method) = (self.session.id, self.session.address, self.entry.name);
        match problem {
            Problem::Store(
                fault @ (store::Error::Io(_) | store::Error::Corrupt(_) | store::Error::Other(_)),
            ) => {
                error!("{id} from {address}: {method} failed: {fault}");
            }
            Problem::Internal(fault) => error!("{id} from {address}: {method} failed: {fault}"),
            problem => info!("{id} from {address}: {method} refused: {}", problem.word()),
        }
        problem.error()
    }
}

/// Why a call has no result.
enum Refused {
    Wait(Recipe),
    Error(ErrorObject),
}

impl From<ErrorObject> for Refused {
    fn from(error: ErrorObject) -> Refused {
        Refused::Error(error)
    }
}

/// Answers each call that wants an answer with the same error.
pub(super) fn refuse_all(data: &[u8], error: &ErrorObject, output: &mut Vec<u8>) {
    let write = |call: &Parsed<'_>, output: &mut Vec<u8>| match call {
        Ok(Request { id: None, .. }) => {}
        Ok(Request { id, .. }) => envelope::write_error(*id, error, output),
        Err(invalid) => envelope::write_error(invalid.id, &invalid.error, output),
    };
    match envelope::parse(data) {
        Incoming::One(call) => write(&call, output),
        Incoming::Batch(calls) => join(calls.iter(), output, write),
    }
}

/// Appends the replies of a batch as an array; nothing at all where there are none.
fn join<T>(items: impl Iterator<Item = T>, output: &mut Vec<u8>, write: impl Fn(T, &mut Vec<u8>)) {
    let start = output.len();
    for item in items {
        let before = output.len();
        output.push(if before == start { b'[' } else { b',' });
        write(item, output);
        if output.len() == before + 1 {
            output.truncate(before);
        }
    }
    if output.len() > start {
        output.push(b']');
    }
}
