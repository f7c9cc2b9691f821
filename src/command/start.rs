//! Owns the start-up list: configuration and whose it is, directories, background, sockets, the user to become, at a
//! restart the end of the server before, pid file, log, server, "started". Never serves a request.
//! Invariant: "started" is said only when the port answers, and every failure before that is told at the
//! terminal with its own exit code.

use super::{Common, check, complain, exit, say, takeover};
use crate::ops::config::{Config, Loaded, LogFormat};
use crate::ops::daemon::{Side, StartOutcome, Verdict, detach, restrict_new_files};
use crate::ops::pidfile::{self, PidFile, PidFileError};
use crate::ops::supervisor::Supervisor;
use crate::ops::user::{self, Account};
use crate::ops::{directory, exposure, log as log_file};
use crate::server::{Given, Server, Sockets, StartError};

/// What a server starts with beside its configuration.
#[derive(Default)]
pub struct Launch {
    /// Whether an empty database gets the sample people.
    pub demo: bool,
    pub given: Given,
    /// Whether it is to replace what runs.
    pub is_restart: bool,
    /// The server that goes on until this one has its sockets.
    pub predecessor: Option<i32>,
    /// Whom root is to become.
    pub account: Option<Account>,
}

pub fn run(common: &Common, demo: bool) -> u8 {
    let found = common.load().and_then(|loaded| Ok((check::who(&loaded)?, loaded)));
    match found {
        Ok((account, loaded)) => {
            let given = takeover::from_service_manager();
            launch(&loaded, common.foreground, Launch { demo, given, account, ..Launch::default() })
        }
        Err(exit_code) => exit_code,
    }
}

/// Starts on a configuration that is known to be valid.
pub fn launch(loaded: &Loaded, foreground: bool, launch: Launch) -> u8 {
    let config = &loaded.config;
    restrict_new_files();
    let (server, audit) = (&config.server, &config.audit);
    for file in [&server.db_path, &server.log_file, &server.pid_file, &audit.key_file, &audit.anchor_file] {
        if let Err(error) = directory::make_parent_for(file, launch.account.as_ref()) {
            complain(error);
            return exit::FILES;
        }
    }
    if foreground {
        return serve(loaded, launch, Announcer::Terminal);
    }
    match detach() {
        Ok(Side::Child(verdict)) => serve(loaded, launch, Announcer::Parent(verdict)),
        Ok(Side::Parent(outcome)) => relay(outcome, config),
        Err(error) => {
            complain(format_args!("cannot go into the background: {error}; try --foreground"));
            exit::SYSTEM
        }
    }
}

/// What the background process said, told at the terminal.
fn relay(outcome: StartOutcome, config: &Config) -> u8 {
    match outcome {
        StartOutcome::Ready(text) => {
            say(text);
            if user::is_root() && config.server.user.is_empty() {
                complain(format_args!("warning: {}", check::AS_ROOT));
            }
            exit::SUCCESS
        }
        StartOutcome::Failed { exit_code, text } => {
            complain(text);
            exit_code
        }
        StartOutcome::Died => {
            let log = config.server.log_file.display();
            complain(format_args!("the server died during start; see the end of {log}, or try --foreground"));
            exit::INTERNAL
        }
    }
}

/// Who waits for the news of the start.
enum Announcer {
    Terminal,
    Parent(Verdict),
}

impl Announcer {
    fn ready(self, text: &str) {
        match self {
            Announcer::Terminal => say(text),
            Announcer::Parent(verdict) => verdict.ready(text),
        }
    }

    fn failed(self, failure: &Failure) {
        match self {
            Announcer::Terminal => complain(&failure.text),
            Announcer::Parent(verdict) => verdict.failed(failure.exit_code, &failure.text),
        }
    }
}

/// Why the server did not start.
struct Failure {
    exit_code: u8,
    text: String,
}

impl Failure {
    fn of(error: &StartError) -> Failure {
        Failure { exit_code: error.exit_code(), text: error.to_string() }
    }
}

/// Runs the server for as long as it lives, and returns the exit code.
fn serve(loaded: &Loaded, launch: Launch, announcer: Announcer) -> u8 {
    let config = &loaded.config;
    let Launch { demo, given, is_restart, predecessor, account } = launch;
    // Before anything else: whoever cannot have the address changes nothing, and some ports are root's to give.
    let sockets = Sockets::bind(config, given);
    if let Err(failure) = give_up_rights(account.as_ref()) {
        announcer.failed(&failure);
        return failure.exit_code;
    }
    let replaced = match (&sockets, predecessor) {
        (_, None) => Ok(String::new()),
        (Ok(_), Some(pid)) => rehearse(config).and_then(|()| replace(config, pid)),
        (Err(error), Some(_)) => {
            let Failure { exit_code, text } = Failure::of(error);
            Err(Failure { exit_code, text: format!("not restarted, the server was left alone: {text}") })
        }
    };
    let held = replaced.and_then(|replaced| {
        let pid_file = hold(config, is_restart, predecessor)?;
        Ok((pid_file, replaced))
    });
    let (pid_file, replaced) = match held {
        Ok(held) => held,
        Err(failure) => {
            announcer.failed(&failure);
            return failure.exit_code;
        }
    };
    let foreground = matches!(announcer, Announcer::Terminal);
    match open(loaded, sockets, demo, foreground) {
        Ok(server) => {
            announcer.ready(&format!("{replaced}{}", started(config, &server)));
            run_to_the_end(config, server, pid_file, foreground)
        }
        Err(failure) => {
            log::error!("not started: {}", failure.text);
            // The lock goes first, so that whoever is told of the failure can try again at once.
            if let Err(error) = pid_file.release() {
                log::warn!("{error}");
            }
            let failure = unserved(failure, predecessor);
            announcer.failed(&failure);
            failure.exit_code
        }
    }
}

/// What has become of a server that was to be replaced, and was not.
fn unserved(mut failure: Failure, predecessor: Option<i32>) -> Failure {
    if let Some(pid) = predecessor {
        failure.text += &format!("\nmedsrv: nothing is served, for the server before, pid {pid}, has ended");
    }
    failure
}

/// Looks whether this process, as the user that it is by now, could serve in the place of the server before.
fn rehearse(config: &Config) -> Result<(), Failure> {
    check::reach(config).map_err(|text| Failure {
        exit_code: exit::FILES,
        text: format!("not restarted, the server was left alone: {text}"),
    })
}

/// From here on the process is the configured user's, and its memory is nobody else's to read.
fn give_up_rights(account: Option<&Account>) -> Result<(), Failure> {
    let failed = |text: String| Failure { exit_code: exit::SYSTEM, text };
    if let Some(account) = account {
        account.become_it().map_err(failed)?;
    }
    // After that, for whoever becomes another user gets what the system has set for core dumps.
    exposure::forbid_core_dumps()
        .map_err(|error| failed(format!("the system does not let core dumps be turned off: {error}")))
}

/// Has the server before end, and says so.
fn replace(config: &Config, pid: i32) -> Result<String, Failure> {
    takeover::end(&config.server.pid_file, pid)
        .map(|()| format!("medsrv stopped: pid {pid}\n"))
        .map_err(|error| Failure { exit_code: exit::FAILURE, text: error.to_string() })
}

fn hold(config: &Config, is_restart: bool, predecessor: Option<i32>) -> Result<PidFile, Failure> {
    pidfile::acquire(&config.server.pid_file).map_err(|error| match error {
        PidFileError::AlreadyRunning { pid, .. } if is_restart => {
            let pid = pid.map(|pid| format!(", pid {pid},")).unwrap_or_default();
            let text = format!(
                "not restarted: another command has replaced the server at the same moment, and its server{pid} \
                 runs; `medsrv restart` replaces that one, too"
            );
            Failure { exit_code: exit::FAILURE, text }
        }
        PidFileError::AlreadyRunning { .. } => {
            Failure { exit_code: exit::FAILURE, text: error.to_string() }
        }
        _ => unserved(Failure { exit_code: exit::FILES, text: error.to_string() }, predecessor),
    })
}

fn open(
    loaded: &Loaded,
    sockets: Result<Sockets, StartError>,
    demo: bool,
    foreground: bool,
) -> Result<Server, Failure> {
    let config = &loaded.config;
    let is_json = config.log.format == LogFormat::Json;
    log_file::init(&config.server.log_file, config.log.level, is_json, foreground)
        .map_err(|error| Failure { exit_code: exit::FILES, text: error.to_string() })?;
    log_panics();
    sockets
        .and_then(|sockets| Server::open(loaded.clone(), sockets, demo))
        .map_err(|error| Failure::of(&error))
}

fn run_to_the_end(config: &Config, server: Server, pid_file: PidFile, foreground: bool) -> u8 {
    log::info!("medsrv {} started, pid {}", env!("CARGO_PKG_VERSION"), std::process::id());
    log::info!("listening on {}, database {}", server.address(), config.server.db_path.display());
    if let Some(address) = server.metrics_address() {
        log::info!("metrics at http://{address}/metrics");
    }
    for warning in check::warnings(config) {
        log::warn!("{warning}");
    }
    // One that has started a server in the background has started what is gone by now.
    let supervisor = if foreground { Supervisor::from_environment() } else { Supervisor::none() };
    match server.run(supervisor, Some(pid_file)) {
        Ok(()) => {
            log::info!("stopped");
            exit::SUCCESS
        }
        Err(error) => {
            log::error!("stopped by a fault: {error}");
            if foreground {
                complain(&error);
            }
            error.exit_code
        }
    }
}

fn started(config: &Config, server: &Server) -> String {
    format!(
        "medsrv started: pid {}, listening on {}\n  database  {}\n  log       {}",
        std::process::id(),
        server.address(),
        config.server.db_path.display(),
        config.server.log_file.display()
    )
}

/// In the background nobody reads standard error, so the log must say where the program broke. Only
/// messages that are part of the program are kept: a formatted one could hold a patient's data.
fn log_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(details withheld)");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        log::error!("internal error at {place}: {message}");
        usual(panic);
    }));
}
