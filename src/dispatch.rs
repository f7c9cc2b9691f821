//! The request table, the gate, and the turn's transaction.
//!
//! It never knows a socket, a frame or the clock. Invariants: what the table does not list is not done; the
//! gate has decided before a handler sees a request; until `commit` has said so, no reply may leave.

use crate::api::legacy::{self, Call, Effect, Handler, Shape, Trouble};
use crate::api::{Object, Reply};
use crate::ops::config;
use crate::service::Rules;
use crate::service::memory::Memory;
use crate::service::time::Now;
use crate::session::Session;
use crate::store::{self, CheckpointNeed, Commit, Store};
use ipnet::IpNet;
use log::{error, info};
use std::cell::RefCell;
use std::net::IpAddr;
use std::time::Duration;

/// How an operation reaches the store.
#[derive(Clone, Copy)]
enum Run {
    Read(Handler),
    /// With one statement at the most.
    WriteOnce(Handler),
    /// In a savepoint of its own.
    Write(Handler),
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
}

const fn operation(name: &'static str, keys: &'static [&'static str], shape: Shape, run: Run) -> Operation {
    Operation { name, keys, shape, run }
}

/// The old dialect, in the order in which a key beats those below it.
#[rustfmt::skip]
const LEGACY: [Operation; 13] = {
    use Run::{Adhoc, Read, Write, WriteOnce};
    use Shape::{Message, Text, Word};
    [
        operation("reset_password", &["reset_password"], Text("错误: "), WriteOnce(legacy::reset_password)),
        operation("register_patient", &["register_patient"], Word("charuyichang"), Write(legacy::register_patient)),
        operation("register_doctor", &["register_doctor", "regiter_doctor"], Word("charuyichang"), Write(legacy::register_doctor)),
        operation("login", &["login"], Word("verificationFalse_yichang"), Read(legacy::login)),
        operation("reset_patient_information", &["reset_patient_information"], Text("错误: "), Write(legacy::reset_patient_information)),
        operation("reset_doctor_information", &["reset_doctor_information"], Text("错误: "), Write(legacy::reset_doctor_information)),
        operation("query_doctor_info", &["query_doctor_info"], Message("查询医生信息时出错: "), Read(legacy::query_doctor_info)),
        operation("query_patient_info", &["query_patient_info"], Message("查询患者信息时出错: "), Read(legacy::query_patient_info)),
        operation("sql_query", &["sql_query"], Text("错误: "), Adhoc),
        operation("create_appointment", &["create_appointment"], Message("创建预约时出错: "), WriteOnce(legacy::create_appointment)),
        operation("query_appointments", &["query_appointments"], Message("查询预约信息时出错: "), Read(legacy::query_appointments)),
        operation("cancel_appointment", &["cancel_appointment"], Message("取消预约时出错: "), WriteOnce(legacy::cancel_appointment)),
        operation("update_appointment_status", &["update_appointment_status"], Message("更新预约状态时出错: "), WriteOnce(legacy::update_appointment_status)),
    ]
};

/// What an object without any of those keys is.
const INSERT: Operation =
    operation("insert", &[], Shape::Text("处理JSON数据时出错: "), Run::WriteOnce(legacy::insert));

/// What the operator sets of the gate and the rules.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub legacy_networks: Vec<IpNet>,
    pub legacy_operations: Vec<String>,
    pub legacy_linger: Duration,
    pub reply_max_bytes: usize,
    pub rules: Rules,
}

impl Settings {
    pub fn from_config(config: &config::Config) -> Settings {
        Settings {
            legacy_networks: config.legacy.networks.clone(),
            legacy_operations: config.legacy.operations.clone(),
            legacy_linger: Duration::from_millis(config.legacy.linger_ms),
            reply_max_bytes: config.limits.output_max_bytes,
            rules: Rules { enforce_schedule: config.legacy.enforce_schedule },
        }
    }
}

/// What becomes of the connection after a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Close it once this long has passed without a further request.
    Linger(Duration),
    Close,
    /// Nothing was answered: ask again between two turns, with `alone`.
    Later,
}

pub struct Dispatcher {
    store: Store,
    settings: Settings,
    memory: RefCell<Memory>,
}

impl Dispatcher {
    pub fn new(store: Store, settings: Settings) -> Dispatcher {
        Dispatcher { store, settings, memory: RefCell::default() }
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
        let Session { id, address } = *session;
        let mut reply = Reply::new(output, &now.local, self.settings.reply_max_bytes);
        if !self.serves(address) {
            info!("{id} from {address}: the old dialect is not served to this network");
            reply.error(legacy::NETWORK_NOT_SERVED);
            return Then::Close;
        }
        let linger = Then::Linger(self.settings.legacy_linger);
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
            return Then::Later;
        }
        let call = Call { object: &object, now, rules: &self.settings.rules, memory: &self.memory };
        match run(&mut self.store, operation, &call, &mut reply) {
            Ok(Effect::Done) => {}
            Ok(Effect::Refused) => info!("{id} from {address}: {} refused", operation.name),
            Err(trouble) => {
                report(session, operation.name, &trouble);
                operation.shape.write(&trouble, &mut reply);
            }
        }
        linger
    }

    /// Work that no request waits for: moving the WAL into the database file. Returns whether there is some
    /// that an idle moment would be good for.
    pub fn background(&mut self, idle: bool) -> bool {
        match self.store.checkpoint_need() {
            CheckpointNeed::None => return false,
            CheckpointNeed::WhenIdle if !idle => return true,
            CheckpointNeed::WhenIdle | CheckpointNeed::Now => self.store.checkpoint(),
        }
        false
    }

    /// Closes the database, so that its file is whole without a companion.
    pub fn close(self) {
        self.store.close();
    }

    /// Makes durable what this turn's requests wrote.
    pub fn commit(&mut self) -> Commit {
        self.store.commit()
    }

    /// After a lost turn: words what is sent in the place of one of its replies. In the old dialect that is the
    /// same for each of them.
    pub fn retract(&self, _withdrawn: &[u8], now: &Now, output: &mut Vec<u8>) {
        Reply::new(output, &now.local, self.settings.reply_max_bytes).error(legacy::RETRY);
    }

    fn serves(&self, address: IpAddr) -> bool {
        self.settings.legacy_networks.iter().any(|network| network.contains(&address))
    }
}

fn find(object: &Object<'_>) -> &'static Operation {
    LEGACY.iter().find(|operation| operation.keys.iter().any(|key| object.has(key))).unwrap_or(&INSERT)
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
fn done(outcome: Result<Effect, Trouble>) -> Result<(), Undone> {
    match outcome {
        Ok(Effect::Done) => Ok(()),
        Ok(Effect::Refused) => Err(Undone::Refused),
        Err(trouble) => Err(Undone::Failed(trouble)),
    }
}

fn undone(outcome: Result<(), Undone>) -> Result<Effect, Trouble> {
    match outcome {
        Ok(()) => Ok(Effect::Done),
        Err(Undone::Refused) => Ok(Effect::Refused),
        Err(Undone::Failed(trouble)) => Err(trouble),
    }
}

fn run(
    store: &mut Store,
    operation: &Operation,
    call: &Call<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    match operation.run {
        Run::Read(handler) => handler(call, &store.read()?, reply),
        Run::WriteOnce(handler) => undone(store.write_once(|it| done(handler(call, it, reply)))),
        Run::Write(handler) => undone(store.write(|it| done(handler(call, it, reply)))),
        Run::Adhoc => legacy::sql_query(call, store, reply),
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_can_name_every_operation_and_no_other() {
        let names: Vec<&str> = LEGACY.iter().chain([&INSERT]).map(|operation| operation.name).collect();
        assert_eq!(names, config::LEGACY_OPERATIONS);
    }
}
