//! What the operator asks of the running server: JSON-RPC in the same frames, by a socket of its own.
//!
//! It never knows who asks, for only the server's owner can. Invariants: nothing here is served at the clients'
//! port, and nothing of the clinic is served here.

use super::bridge::Bridge;
use crate::api::rpc::envelope::{self, Incoming};
use crate::api::rpc::problem::{APPLICATION_ERROR, ErrorObject, INVALID_REQUEST, METHOD_NOT_FOUND};
use crate::net::{ASIDE_MAX, Counters, End, Verdict};
use crate::ops::config::{Applies, Change, ConfigErrors};
use crate::ops::process;
use log::info;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What a reload that was applied came to, or what kept it from that.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReloadVerdict {
    pub pid: u32,
    /// What has changed, each in words.
    pub applied: Vec<String>,
    /// What has changed in the file, but needs a restart.
    pub after_restart: Vec<String>,
}

/// The metrics in the text form of Prometheus.
#[derive(Debug, Serialize, Deserialize)]
pub struct Metrics {
    pub text: String,
}

/// That a backup is begun.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackupBegun {
    pub pid: u32,
    /// It has ended once the status says that so many have.
    pub run: u64,
}

/// That the server ends.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ending {
    pub pid: u32,
}

/// Where clients are let in; the sockets themselves come along with this.
#[derive(Debug, Serialize, Deserialize)]
pub struct Listeners {
    pub pid: u32,
    /// `clients` or `metrics`, in the order of the sockets.
    pub listeners: Vec<String>,
    /// Whether a service manager has started the server.
    pub supervised: bool,
    /// What is wrong with the place of the database, which would be lost with the server.
    #[serde(default)]
    pub misplaced: Option<String>,
}

/// The word that tells a configuration that is not valid from other failures.
pub const INVALID_CONFIGURATION: &str = "invalid_configuration";

/// The word for whoever asks for a backup where the server makes none.
pub const NO_DIRECTORY: &str = "no_directory";

/// The word for whoever finds all places of the socket taken.
pub const NO_PLACE: &str = "no_place";

type Answer = Result<Value, ErrorObject>;

type Method = fn(&mut Bridge, &Counters) -> Answer;

/// The method with whose answer the listening sockets go.
const LISTENERS: &str = "server.listeners";

/// The methods of this dialect.
const METHODS: [(&str, Method); 7] = [
    ("server.status", Bridge::answer_status),
    ("server.metrics", Bridge::answer_metrics),
    ("server.reload", Bridge::answer_reload),
    ("server.backup", Bridge::answer_backup),
    ("server.stop", Bridge::answer_stop),
    (LISTENERS, Bridge::answer_listeners),
    ("server.hand_over", Bridge::answer_hand_over),
];

impl Bridge {
    /// Answers one call of the operator's.
    pub(super) fn administer(&mut self, data: &[u8], counters: &Counters, output: &mut Vec<u8>) -> Verdict {
        let call = match envelope::parse(data) {
            Incoming::One(Ok(call)) => call,
            Incoming::One(Err(invalid)) => {
                envelope::write_error(invalid.id, &invalid.error, output);
                return Verdict::Keep;
            }
            Incoming::Batch(_) => {
                let error = ErrorObject::standard(INVALID_REQUEST, "invalid request: one call at a time");
                envelope::write_error(None, &error, output);
                return Verdict::Keep;
            }
        };
        let method = METHODS.iter().find(|(name, _)| *name == call.method);
        let answer = match method {
            Some((_, answer)) => answer(self, counters),
            None => {
                let names: Vec<&str> = METHODS.iter().map(|(name, _)| *name).collect();
                let message = format!("method not found; there are {}", names.join(", "));
                Err(ErrorObject::standard(METHOD_NOT_FOUND, &message))
            }
        };
        let Some(id) = call.id else { return Verdict::Keep };
        let verdict = if call.method == LISTENERS { Verdict::Attach } else { Verdict::Keep };
        match answer {
            Ok(result) => {
                envelope::begin_result(id, output);
                envelope::write_json(&result, output);
                envelope::end_result(output);
            }
            Err(error) => envelope::write_error(Some(id), &error, output),
        }
        verdict
    }

    fn answer_status(&mut self, counters: &Counters) -> Answer {
        // Who asks may have missed the pid file.
        self.look_at_files();
        Ok(json!(self.status(counters)))
    }

    fn answer_metrics(&mut self, counters: &Counters) -> Answer {
        Ok(json!(Metrics { text: self.metrics(counters) }))
    }

    fn answer_reload(&mut self, _: &Counters) -> Answer {
        info!("asked by the operator to reload");
        match self.reload_now(true) {
            Ok(changes) => {
                let told = |applies: Applies| -> Vec<String> {
                    changes.iter().filter(|one| one.applies == applies).map(Change::to_string).collect()
                };
                Ok(json!(ReloadVerdict {
                    pid: std::process::id(),
                    applied: told(Applies::AtOnce),
                    after_restart: told(Applies::AfterRestart),
                }))
            }
            Err(errors) => Err(invalid(&errors)),
        }
    }

    fn answer_backup(&mut self, _: &Counters) -> Answer {
        if self.loaded.config.backup.directory.is_none() {
            let message = "the server makes no backups: backup.directory is not set; set it, or name a FILE";
            let data = Map::from_iter([("code".to_owned(), Value::from(NO_DIRECTORY))]);
            return Err(ErrorObject {
                code: APPLICATION_ERROR,
                message: message.to_owned(),
                data: Some(data),
            });
        }
        info!("asked by the operator for a backup");
        Ok(json!(BackupBegun { pid: std::process::id(), run: self.backups.ask() }))
    }

    fn answer_stop(&mut self, _: &Counters) -> Answer {
        info!("asked by the operator to stop");
        self.end = Some(End::Stop);
        Ok(json!(Ending { pid: std::process::id() }))
    }

    fn answer_listeners(&mut self, _: &Counters) -> Answer {
        let metrics = self.metrics_address.map(|_| "metrics".to_owned());
        let listeners = std::iter::once("clients".to_owned()).chain(metrics).collect();
        let supervised = self.supervisor.is_there() || process::is_systemds();
        let misplaced = self.file.look().map(str::to_owned);
        Ok(json!(Listeners { pid: std::process::id(), listeners, supervised, misplaced }))
    }

    fn answer_hand_over(&mut self, _: &Counters) -> Answer {
        info!("another process has the listening sockets, and asks this one to end");
        self.end = Some(End::HandOver);
        Ok(json!(Ending { pid: std::process::id() }))
    }
}

/// Tells whoever cannot be listened to why.
pub(super) fn turn_away(output: &mut Vec<u8>) {
    let message = format!(
        "the admin socket is fully taken: others hold its {ASIDE_MAX} places, each for at most \
         deadlines.idle_ms; end them, or try again"
    );
    let data = Map::from_iter([("code".to_owned(), Value::from(NO_PLACE))]);
    let error = ErrorObject { code: APPLICATION_ERROR, message, data: Some(data) };
    envelope::write_error(None, &error, output);
}

fn invalid(errors: &ConfigErrors) -> ErrorObject {
    let mistakes: Vec<String> =
        errors.0.iter().map(|error| format!("{}: {}", error.place, error.message)).collect();
    let data = Map::from_iter([
        ("code".to_owned(), Value::from(INVALID_CONFIGURATION)),
        ("mistakes".to_owned(), Value::from(mistakes)),
    ]);
    let message = "the configuration is not valid; the server goes on as before".to_owned();
    ErrorObject { code: APPLICATION_ERROR, message, data: Some(data) }
}
