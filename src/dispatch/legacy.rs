//! The old dialect's requests: their table, and the gate before them.
//!
//! It never knows how an operation is carried out. Invariants: the dialect is served only to the networks and
//! with the operations that the operator names; the gate has decided before a handler sees a request.

use super::also::{Also, others};
use super::{Asked, Dispatcher, Then};
use crate::api::legacy::{self, Call, Effect, Handler, Object, Reply, Shape, Trouble};
use crate::service::audit::{Action, Entry};
use crate::service::changes::Changes;
use crate::service::time::Now;
use crate::session::Session;
use crate::store;
use log::{error, info};
use std::cell::{Cell, RefCell};
use std::net::IpAddr;

/// How an operation reaches the store.
#[derive(Clone, Copy)]
enum Run {
    Read(Handler),
    /// Without a savepoint: it refuses before it writes.
    WriteDecided(Handler),
    /// In a savepoint of its own.
    Write(Handler),
    /// A login that was a success lately is answered without a write.
    Login,
    /// SQL that a client wrote. It may take long, and sees what is durable: it is run between two turns.
    Adhoc,
}

struct Operation {
    name: &'static str,
    /// Any of these, present in the object, is the verb.
    keys: &'static [&'static str],
    /// How it words what goes wrong.
    shape: Shape,
    run: Run,
    /// What the trail keeps of it: what is done to what.
    kept: Option<(Action, &'static str)>,
}

const fn operation(
    name: &'static str,
    keys: &'static [&'static str],
    shape: Shape,
    run: Run,
    kept: Option<(Action, &'static str)>,
) -> Operation {
    Operation { name, keys, shape, run, kept }
}

/// The old dialect, in the order in which a key beats those below it.
#[rustfmt::skip]
const LEGACY: [Operation; 13] = {
    use Run::{Adhoc, Login, Read, Write, WriteDecided};
    use Shape::{Message, Text, Word};
    [
        operation("reset_password", &["reset_password"], Text("错误: "), Write(legacy::reset_password), Some((Action::Update, "account"))),
        operation("register_patient", &["register_patient"], Word("charuyichang"), Write(legacy::register_patient), Some((Action::Create, "patient"))),
        operation("register_doctor", &["register_doctor", "regiter_doctor"], Word("charuyichang"), Write(legacy::register_doctor), Some((Action::Create, "doctor"))),
        operation("login", &["login"], Word("verificationFalse_yichang"), Login, Some((Action::Execute, "account"))),
        operation("reset_patient_information", &["reset_patient_information"], Text("错误: "), Write(legacy::reset_patient_information), Some((Action::Update, "patient"))),
        operation("reset_doctor_information", &["reset_doctor_information"], Text("错误: "), Write(legacy::reset_doctor_information), Some((Action::Update, "doctor"))),
        operation("query_doctor_info", &["query_doctor_info"], Message("查询医生信息时出错: "), Read(legacy::query_doctor_info), None),
        operation("query_patient_info", &["query_patient_info"], Message("查询患者信息时出错: "), Read(legacy::query_patient_info), Some((Action::Read, "patient"))),
        operation("sql_query", &["sql_query"], Text("错误: "), Adhoc, Some((Action::Read, "database"))),
        operation("create_appointment", &["create_appointment"], Message("创建预约时出错: "), WriteDecided(legacy::create_appointment), Some((Action::Create, "appointment"))),
        operation("query_appointments", &["query_appointments"], Message("查询预约信息时出错: "), Read(legacy::query_appointments), Some((Action::Read, "appointment"))),
        operation("cancel_appointment", &["cancel_appointment"], Message("取消预约时出错: "), WriteDecided(legacy::cancel_appointment), Some((Action::Update, "appointment"))),
        operation("update_appointment_status", &["update_appointment_status"], Message("更新预约状态时出错: "), WriteDecided(legacy::update_appointment_status), Some((Action::Update, "appointment"))),
    ]
};

/// What an object without any of those keys is.
const INSERT: Operation = operation(
    "insert",
    &[],
    Shape::Text("处理JSON数据时出错: "),
    Run::WriteDecided(legacy::insert),
    Some((Action::Create, "row")),
);

fn find(object: &Object<'_>) -> &'static Operation {
    LEGACY.iter().find(|operation| operation.keys.iter().any(|key| object.has(key))).unwrap_or(&INSERT)
}

impl Dispatcher {
    /// Whether the old dialect is served to that address.
    pub(super) fn serves(&self, address: IpAddr) -> bool {
        self.settings.legacy_networks.iter().any(|network| network.contains(&address))
    }

    /// Answers one request of the old dialect by appending the reply.
    pub(super) fn legacy(
        &mut self,
        session: &Session,
        name: &[u8],
        data: &[u8],
        now: &Now,
        alone: bool,
        output: &mut Vec<u8>,
    ) -> Asked {
        let Session { id, address } = *session;
        let start = output.len();
        let mut reply = Reply::new(output, &now.local, self.settings.reply_max_bytes);
        if !self.serves(address) {
            info!("{id} from {address}: the old dialect is not served to this network");
            reply.error(legacy::NETWORK_NOT_SERVED);
            return Asked::Answered(Then::Close);
        }
        let linger = Asked::Answered(Then::Linger(self.settings.legacy_linger));
        // The name is a label that selects nothing, but a frame whose name is no text is no request.
        let object = match (std::str::from_utf8(name), Object::parse(data)) {
            (Ok(_), Ok(object)) => object,
            (Err(_), _) => {
                info!("{id} from {address}: a request cannot be read: its name is not UTF-8");
                reply.error(legacy::UNREADABLE);
                return linger;
            }
            (_, Err(reason)) => {
                info!("{id} from {address}: a request cannot be read: {reason}");
                reply.error(&legacy::unreadable(reason));
                return linger;
            }
        };
        let operation = find(&object);
        if !self.settings.legacy_operations.iter().any(|allowed| allowed == operation.name) {
            info!("{id} from {address}: {} refused: the operator does not allow it", operation.name);
            reply.error(legacy::OPERATION_NOT_SERVED);
            return linger;
        }
        if matches!(operation.run, Run::Adhoc) && !alone {
            return Asked::Answered(Then::Later);
        }
        match self.carry_out_legacy(session, operation, &object, now, &mut reply) {
            Ok(()) => {}
            Err(Trouble::Wait(recipe)) => {
                output.truncate(start);
                return Asked::Waits(recipe);
            }
            Err(trouble) => {
                report(session, operation.name, &trouble);
                operation.shape.write(&trouble, &mut reply);
            }
        }
        self.usage.count(operation.name, now);
        linger
    }

    fn carry_out_legacy(
        &mut self,
        session: &Session,
        operation: &'static Operation,
        object: &Object<'_>,
        now: &Now,
        reply: &mut Reply<'_>,
    ) -> Result<(), Trouble> {
        let Session { id, address } = *session;
        let (note, changes) = (Cell::default(), RefCell::default());
        let call = Call {
            object,
            now,
            rules: &self.settings.rules,
            clinic: &self.settings.clinic,
            memory: &self.memory,
            changes: &changes,
            desk: &self.desk,
            peer: address,
            note: &note,
        };
        let store = &mut self.store;
        if matches!(operation.run, Run::Login) && legacy::login_again(&call, &store.read()?, reply)? {
            return Ok(());
        }
        let effect = match operation.run {
            Run::Read(handler) => handler(&call, &store.read()?, reply)?,
            Run::WriteDecided(handler) => undone(store.write_decided(|it| done(handler(&call, it, reply))))?,
            Run::Write(handler) => undone(store.write(|it| done(handler(&call, it, reply))))?,
            Run::Login => undone(store.write(|it| done(legacy::login(&call, it, reply))))?,
            Run::Adhoc => legacy::sql_query(&call, store, reply)?,
        };
        if matches!(operation.kept, Some((Action::Update, "account" | "patient" | "doctor"))) {
            self.clients.changed();
        }
        if effect != Effect::Done {
            info!("{id} from {address}: {} refused", operation.name);
        }
        let changes = if effect == Effect::Done { changes.into_inner() } else { Changes::default() };
        let recorded = self.record_legacy(session, operation, effect, note.get(), &changes, now);
        self.changes.append(changes);
        recorded
    }

    /// What was done in the old dialect has its entries too, though not who did it.
    fn record_legacy(
        &mut self,
        session: &Session,
        operation: &Operation,
        effect: Effect,
        note: legacy::Note,
        changes: &Changes,
        now: &Now,
    ) -> Result<(), Trouble> {
        let Some((action, entity)) = operation.kept else { return Ok(()) };
        let is_kept = match (effect, action) {
            (Effect::Done, Action::Read) => self.settings.audit_reads,
            (Effect::Done | Effect::Noted, _) => true,
            (Effect::Refused, _) => false,
        };
        if !is_kept {
            return Ok(());
        }
        let entry = Entry {
            actor_id: None,
            role: "legacy",
            peer: &session.address.to_string(),
            method: operation.name,
            action,
            entity,
            entity_id: note.entity_id,
            patient_id: note.patient_id,
            outcome: if effect == Effect::Done { "success" } else { "wrong_credentials" },
            reason: None,
            detail: None,
            request_id: None,
        };
        let trail = &mut self.trail;
        let subject = note.entity_id.filter(|_| entity == "appointment");
        self.store.append(|transaction| {
            trail.record(transaction, &entry, now)?;
            for one in others(transaction, changes, subject)? {
                let Also { action, entity, entity_id, patient_id } = one;
                let entry = Entry { action, entity, entity_id: Some(entity_id), patient_id, ..entry };
                trail.record(transaction, &entry, now)?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Why a savepoint is rolled back.
enum Undone {
    Refused,
    Failed(Trouble),
}

impl From<store::Error> for Undone {
    fn from(error: store::Error) -> Undone {
        Undone::Failed(error.into())
    }
}

/// A refusal undoes what was written, as an error does, so that nothing of it can stay.
fn done(outcome: Result<Effect, Trouble>) -> Result<Effect, Undone> {
    match outcome {
        Ok(Effect::Refused) => Err(Undone::Refused),
        Ok(effect) => Ok(effect),
        Err(trouble) => Err(Undone::Failed(trouble)),
    }
}

fn undone(outcome: Result<Effect, Undone>) -> Result<Effect, Trouble> {
    match outcome {
        Ok(effect) => Ok(effect),
        Err(Undone::Refused) => Ok(Effect::Refused),
        Err(Undone::Failed(trouble)) => Err(trouble),
    }
}

/// Says in the log what went wrong, without anything that a peer sent.
fn report(session: &Session, operation: &str, trouble: &Trouble) {
    let Session { id, address } = session;
    match trouble {
        Trouble::Store(store::Error::Constraint(constraint)) => {
            info!("{id} from {address}: {operation} refused: {constraint}")
        }
        Trouble::Store(fault) => error!("{id} from {address}: {operation} failed: {fault}"),
        Trouble::Field(_) => {
            info!("{id} from {address}: {operation} refused: a field is not what it should be")
        }
        Trouble::TooLarge => info!("{id} from {address}: {operation} refused: its result is too large"),
        Trouble::Wait(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::config;

    #[test]
    fn the_operator_can_name_every_operation_and_no_other() {
        let names: Vec<&str> = LEGACY.iter().chain([&INSERT]).map(|operation| operation.name).collect();
        assert_eq!(names, config::LEGACY_OPERATIONS);
    }
}
