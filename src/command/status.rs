//! Owns the answer to "does it run, and how is it?". Never disturbs the server that it asks about.
//! Invariant: the exit code says the same as the text.

mod shown;
mod usage;

use super::admin::{AdminError, ask, find};
use super::{Common, complain, exit};
use crate::ops::config::Loaded;
use crate::ops::pidfile::{self, State};
use crate::server::status::Status;
use serde_json::{Value, json};
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, SystemTime};

pub const HELP: &str = "\
Examples:
  medsrv status || medsrv start
  medsrv status --json | jq .requests
  medsrv status --watch

Exit codes: 0 running, 1 dead with a pid file left, 3 not running, 4 it cannot be told, or the server
does not answer. It needs neither a valid configuration nor the admin socket to say whether the server runs.";

/// How often `--watch` looks.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// Moves to the upper left of a terminal and clears what is below.
const REDRAW: &str = "\u{1b}[H\u{1b}[J";

#[derive(Debug, clap::Args)]
pub struct Task {
    /// Say it as JSON
    #[arg(long)]
    pub json: bool,
    /// Say it again each second, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}

pub fn run(common: &Common, task: &Task) -> u8 {
    let loaded = common.load_valid_parts();
    let mut stdout = io::stdout().lock();
    let before = if task.watch && !task.json && stdout.is_terminal() { REDRAW } else { "" };
    loop {
        let (text, exit_code) = match look(&loaded) {
            Ok(found) => {
                (if task.json { found.json(task.watch) } else { found.text(&loaded) }, found.exit_code())
            }
            Err(error) => {
                complain(format_args!("cannot tell whether the server runs: {error}"));
                (String::new(), exit::UNKNOWN)
            }
        };
        let lines = if text.is_empty() { text } else { format!("{before}{text}\n") };
        let written = stdout.write_all(lines.as_bytes()).and_then(|()| stdout.flush());
        // A reader that went away is its own affair, and nobody watches any longer.
        if !task.watch || written.is_err() {
            return exit_code;
        }
        std::thread::sleep(WATCH_EVERY);
    }
}

/// What can be found out from here.
struct Found {
    state: State,
    /// What the server says, or why it says nothing; none where there is none to ask.
    answer: Option<Result<Box<Status>, AdminError>>,
}

fn look(loaded: &Loaded) -> Result<Found, pidfile::PidFileError> {
    let pid_file = &loaded.config.server.pid_file;
    let state = find(pid_file)?;
    let is_running = matches!(state, State::Running { .. });
    let answer = is_running.then(|| ask::<Status>(pid_file, "server.status").map(Box::new));
    Ok(Found { state, answer })
}

impl Found {
    fn exit_code(&self) -> u8 {
        match (&self.state, &self.answer) {
            // One without a socket runs all the same; one that has it and is silent may not.
            (_, Some(Err(AdminError::Mute { .. }))) => exit::UNKNOWN,
            (State::Running { .. } | State::Starting, _) => exit::SUCCESS,
            (State::Dead { .. }, _) => exit::FAILURE,
            (State::Absent, _) => exit::NOT_RUNNING,
        }
    }

    fn text(&self, loaded: &Loaded) -> String {
        let headline = match &self.state {
            State::Running { pid, since } => match &self.answer {
                Some(Ok(status)) => return shown::text(status, loaded),
                Some(Err(error)) => {
                    let uptime = SystemTime::now().duration_since(*since).unwrap_or_default().as_secs();
                    let uptime = shown::duration(uptime);
                    let headline = if matches!(error, AdminError::Mute { .. }) {
                        "medsrv is there, but does not answer"
                    } else {
                        "medsrv is running"
                    };
                    format!(
                        "{headline}\n  pid            {pid}\n  uptime         {uptime}\n  degraded       {error}"
                    )
                }
                None => "medsrv is running".to_owned(),
            },
            State::Starting => "medsrv is starting".to_owned(),
            State::Dead { pid } => {
                let pid = pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
                let hint = "`medsrv start` takes its pid file over";
                format!("medsrv is dead{pid}: it ended without cleaning up; {hint}")
            }
            State::Absent => "medsrv is not running".to_owned(),
        };
        let networks: Vec<String> = loaded.config.legacy.networks.iter().map(ToString::to_string).collect();
        format!("{headline}\n{}\n{}", shown::configured(loaded), usage::old_protocol(loaded, &networks))
    }

    fn json(&self, on_one_line: bool) -> String {
        let value = match (&self.state, &self.answer) {
            (_, Some(Ok(status))) => json!(status),
            (State::Running { pid, .. }, Some(Err(error))) => {
                let state = if matches!(error, AdminError::Mute { .. }) { "silent" } else { "running" };
                json!({"state": state, "pid": pid, "degraded": [error.to_string()]})
            }
            (State::Running { pid, .. }, None) => json!({"state": "running", "pid": pid}),
            (State::Starting, _) => json!({"state": "starting"}),
            (State::Dead { pid }, _) => json!({"state": "dead", "pid": pid}),
            (State::Absent, _) => json!({"state": "stopped"}),
        };
        if on_one_line { value.to_string() } else { pretty(&value) }
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}
