//! Owns what an operator may configure: the values, their defaults, and the order flags over file over
//! defaults. Never knows what a value is used for, and keeps no global.
//! Invariant: a `Config` that `load` returned has passed every check, and all of its paths are absolute.

mod backup;
mod key;
mod parse;
mod reload;
mod rights;
mod source;
#[cfg(test)]
mod tests;
mod word;

pub use backup::Backup;
pub use key::{Applies, KEYS, Key};
pub use reload::{Change, Reloaded};
pub use word::{LimitScope, LogFormat};

use super::files::real;
use ipnet::IpNet;
use parse::{Checked, check_relations, parse};
use rights::Rights;
use sha2::{Digest, Sha256};
use source::find;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// The requests of the old protocol; `legacy.operations` names those that are served.
pub const LEGACY_OPERATIONS: [&str; 14] = [
    "reset_password",
    "register_patient",
    "register_doctor",
    "login",
    "reset_patient_information",
    "reset_doctor_information",
    "query_doctor_info",
    "query_patient_info",
    "sql_query",
    "create_appointment",
    "query_appointments",
    "cancel_appointment",
    "update_appointment_status",
    "insert",
];

/// Where a configuration file is looked for when none is named, in this order.
pub const SEARCHED_FILES: [&str; 2] = ["./medsrv.conf", "/etc/medsrv/medsrv.conf"];

/// The values, in the sections of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    pub server: Server,
    pub log: Log,
    pub limits: Limits,
    pub deadlines: Deadlines,
    pub legacy: Legacy,
    pub accounts: Accounts,
    pub booking: Booking,
    pub queue: Queue,
    pub order: Order,
    pub chat: Chat,
    pub audit: Audit,
    pub metrics: Metrics,
    pub backup: Backup,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub db_path: PathBuf,
    pub log_file: PathBuf,
    pub pid_file: PathBuf,
    /// Whom root becomes; empty stays as it is.
    pub user: String,
    /// Empty is the user's own.
    pub group: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    pub level: log::LevelFilter,
    pub format: LogFormat,
    /// 0 tells of no request.
    pub slow_ms: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    pub connections_max: usize,
    /// Loopback is exempt.
    pub connections_per_address_max: usize,
    pub name_max_bytes: usize,
    pub data_max_bytes: usize,
    /// Of a request that comes from outside `Legacy::networks` before a login; `data_max_bytes` holds too.
    pub data_before_login_max_bytes: usize,
    pub output_max_bytes: usize,
    pub output_soft_max_bytes: usize,
    pub buffered_max_bytes: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Deadlines {
    pub silent_ms: u64,
    pub frame_ms: u64,
    pub idle_ms: u64,
    pub write_ms: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Legacy {
    pub networks: Vec<IpNet>,
    pub operations: Vec<String>,
    pub linger_ms: u64,
    pub enforce_schedule: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Accounts {
    pub password_iterations: u32,
    /// 0 remembers nobody.
    pub remember_ms: u64,
    pub waiting_logins_max: usize,
    pub session_idle_patient_ms: u64,
    pub session_idle_staff_ms: u64,
    pub session_max_ms: u64,
    pub sessions_per_user_max: usize,
    /// Failed logins within the window that cost no delay.
    pub failures_free: u32,
    pub failure_window_ms: u64,
    /// The delay begins at a second and doubles up to this.
    pub failure_delay_max_ms: u64,
    /// In a minute.
    pub failures_per_address_max: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Booking {
    pub hold_ms: u64,
    /// 0 is any number.
    pub holds_max: u32,
    pub holds_window_min: u32,
    pub limit_scope: LimitScope,
    pub cancel_lead_min: u32,
    /// 0 takes nothing back.
    pub undo_ms: u64,
    /// 0 is never.
    pub no_shows_max: u32,
    pub no_show_window_days: u32,
    pub no_show_block_days: u32,
    pub window_days: u32,
    /// `HH:MM`, or empty.
    pub release_time: String,
    pub book_until_min: u32,
    /// So long before an appointment its patient is reminded; 0 is never.
    pub reminder_day_min: u32,
    pub reminder_hour_min: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Chat {
    /// After the visit.
    pub open_days: u32,
    pub messages_per_minute_max: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    pub early_min: u32,
    pub grace_min: u32,
    pub calls_max: u32,
    pub skips_max: u32,
    pub return_after: u32,
    pub booked_per_walk_in: u32,
    /// Whether nobody is called before the session's doctor has clocked in.
    pub require_clock_in: bool,
    pub doctor_grace_min: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub critical_repeat_minutes: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// Whether reads of patients' data by others are recorded.
    pub reads: bool,
    pub key_file: PathBuf,
    pub anchor_file: PathBuf,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// On this machine; none serves them by the admin socket alone.
    pub address: Option<SocketAddr>,
}

impl Default for Server {
    fn default() -> Self {
        Server {
            host: "127.0.0.1".to_owned(),
            port: 55_000,
            db_path: PathBuf::from("./data/MedicalSystem.db"),
            log_file: PathBuf::from("./data/server.log"),
            pid_file: PathBuf::from("./data/server.pid"),
            user: String::new(),
            group: String::new(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log { level: log::LevelFilter::Info, format: LogFormat::Text, slow_ms: 100 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections_max: 10_000,
            connections_per_address_max: 64,
            name_max_bytes: 1024,
            data_max_bytes: 1024 * 1024,
            data_before_login_max_bytes: 16 * 1024,
            output_max_bytes: 8 * 1024 * 1024,
            output_soft_max_bytes: 2 * 1024 * 1024,
            buffered_max_bytes: 512 * 1024 * 1024,
        }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Deadlines { silent_ms: 10_000, frame_ms: 15_000, idle_ms: 300_000, write_ms: 30_000 }
    }
}

impl Default for Legacy {
    fn default() -> Self {
        Legacy {
            networks: vec![
                IpNet::from(IpAddr::V4(Ipv4Addr::LOCALHOST)),
                IpNet::from(IpAddr::V6(Ipv6Addr::LOCALHOST)),
            ],
            operations: LEGACY_OPERATIONS.map(str::to_owned).to_vec(),
            linger_ms: 1000,
            enforce_schedule: false,
        }
    }
}

impl Default for Accounts {
    fn default() -> Self {
        Accounts {
            password_iterations: 600_000,
            remember_ms: 300_000,
            waiting_logins_max: 256,
            session_idle_patient_ms: 1_800_000,
            session_idle_staff_ms: 900_000,
            session_max_ms: 43_200_000,
            sessions_per_user_max: 5,
            failures_free: 4,
            failure_window_ms: 900_000,
            failure_delay_max_ms: 900_000,
            failures_per_address_max: 30,
        }
    }
}

impl Default for Booking {
    fn default() -> Self {
        Booking {
            hold_ms: 300_000,
            holds_max: 3,
            holds_window_min: 60,
            limit_scope: LimitScope::Department,
            cancel_lead_min: 0,
            undo_ms: 300_000,
            no_shows_max: 3,
            no_show_window_days: 180,
            no_show_block_days: 90,
            window_days: 14,
            release_time: String::new(),
            book_until_min: 0,
            reminder_day_min: 1440,
            reminder_hour_min: 60,
        }
    }
}

impl Default for Queue {
    fn default() -> Self {
        Queue {
            early_min: 60,
            grace_min: 15,
            calls_max: 3,
            skips_max: 3,
            return_after: 3,
            booked_per_walk_in: 2,
            require_clock_in: false,
            doctor_grace_min: 10,
        }
    }
}

impl Default for Order {
    fn default() -> Self {
        Order { critical_repeat_minutes: 5 }
    }
}

impl Default for Chat {
    fn default() -> Self {
        Chat { open_days: 14, messages_per_minute_max: 30 }
    }
}

impl Default for Audit {
    fn default() -> Self {
        Audit {
            reads: true,
            key_file: PathBuf::from("./data/audit.key"),
            anchor_file: PathBuf::from("./data/audit.anchor"),
        }
    }
}

impl Config {
    /// What is permitted, but which an operator should know of.
    pub fn warnings(&self) -> Vec<String> {
        let exposed: Vec<String> =
            self.legacy.networks.iter().filter(|n| !is_loopback(n)).map(IpNet::to_string).collect();
        let reachable = !matches!(self.server.host.as_str(), "127.0.0.1" | "::1" | "localhost");
        if exposed.is_empty() || !reachable || self.legacy.operations.is_empty() {
            return Vec::new();
        }
        let networks = exposed.join(", ");
        vec![format!(
            "the old protocol asks for no credentials: anyone in {networks} can use legacy.operations"
        )]
    }
}

fn is_loopback(network: &IpNet) -> bool {
    network.network().is_loopback() && network.broadcast().is_loopback()
}

/// What the command line says over the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    pub host: Option<String>,
    pub port: Option<u16>,
    pub db_path: Option<PathBuf>,
    pub log_file: Option<PathBuf>,
    pub pid_file: Option<PathBuf>,
}

/// A configuration together with where it came from, so that it can be read again after the process has
/// left the directory that it started in.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    pub config: Config,
    /// The file that was read, as an absolute path; none where only flags and defaults speak.
    pub file: Option<PathBuf>,
    /// What the file hashes to.
    pub sha256: String,
    /// Those of the file that was read.
    rights: Option<Rights>,
    /// Whether the file says what holds without it, as the sample does.
    is_default: bool,
    directory: PathBuf,
    overrides: Overrides,
}

/// One thing that is wrong, and the place to mend it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigError {
    /// `FILE:LINE:COLUMN`, or the flag.
    pub place: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// Everything that is wrong, so that one run shows an operator all there is to mend.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl ConfigErrors {
    fn add(&mut self, place: impl Into<String>, message: impl Into<String>) {
        self.0.push(ConfigError { place: place.into(), message: message.into() });
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let line_end = if index == 0 { "" } else { "\n" };
            write!(formatter, "{line_end}{}: {}", error.place, error.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Flags over file over defaults; relative paths are taken from the current directory.
pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Loaded, ConfigErrors> {
    strict(load_valid_parts(file, overrides))
}

/// Like `load`, but with whatever could be read beside what is wrong: an operator with a broken file must
/// still be able to stop the server that runs.
pub fn load_valid_parts(file: Option<&Path>, overrides: &Overrides) -> (Loaded, ConfigErrors) {
    match std::env::current_dir() {
        Ok(directory) => load_from(&directory, file, overrides),
        Err(reason) => {
            let (loaded, mut errors) = load_from(Path::new("/"), file, overrides);
            errors.add("current directory", format!("cannot be read: {reason}; change to one that exists"));
            (loaded, errors)
        }
    }
}

fn strict((loaded, errors): (Loaded, ConfigErrors)) -> Result<Loaded, ConfigErrors> {
    if errors.0.is_empty() { Ok(loaded) } else { Err(errors) }
}

fn load_from(directory: &Path, named: Option<&Path>, overrides: &Overrides) -> (Loaded, ConfigErrors) {
    let mut errors = ConfigErrors::default();
    let source = find(directory, named, &mut errors);
    let file = source.as_ref().map(|(path, _)| path.clone());
    let rights = source.as_ref().map(|(_, read)| read.rights);
    let label = match (named, &file) {
        (Some(path), _) => path.display().to_string(),
        (None, Some(path)) => path.display().to_string(),
        (None, None) => "defaults".to_owned(),
    };
    let text = source.map(|(_, read)| read.text).unwrap_or_default();
    let mut checked = parse(&text);
    let is_default = checked.config == Config::default();
    override_with(&mut checked.config, overrides, &mut errors);
    place_audit_files(&mut checked);
    make_absolute(&mut checked.config, directory);
    let flags = flags_of(overrides);
    check_relations(&mut checked, &flags);
    report(checked.complaints_in_order(), &label, &text, &mut errors);
    let Checked { config, .. } = checked;
    let sha256 = hex::encode(Sha256::digest(text.as_bytes()));
    let (directory, overrides) = (directory.to_owned(), overrides.clone());
    let loaded = Loaded { config, file, sha256, rights, is_default, directory, overrides };
    (loaded, errors)
}

fn override_with(config: &mut Config, overrides: &Overrides, errors: &mut ConfigErrors) {
    let server = &mut config.server;
    if let Some(host) = &overrides.host {
        match key::check_host(host) {
            Ok(host) => server.host = host,
            Err(message) => errors.add("--host", message),
        }
    }
    server.port = overrides.port.unwrap_or(server.port);
    let paths = [
        ("--db-path", &overrides.db_path, &mut server.db_path),
        ("--log-file", &overrides.log_file, &mut server.log_file),
        ("--pid-file", &overrides.pid_file, &mut server.pid_file),
    ];
    for (flag, given, path) in paths {
        match given {
            Some(given) if given.as_os_str().is_empty() => {
                errors.add(flag, "must be the path of a file, but is empty");
            }
            Some(given) => *path = given.clone(),
            None => {}
        }
    }
}

/// The flags that were given, under the names of the keys that they stand for.
fn flags_of(overrides: &Overrides) -> Vec<(&'static str, &'static str)> {
    let mut flags = Vec::new();
    let given = [
        (overrides.db_path.is_some(), "db_path", "--db-path"),
        (overrides.log_file.is_some(), "log_file", "--log-file"),
        (overrides.pid_file.is_some(), "pid_file", "--pid-file"),
    ];
    flags.extend(given.iter().filter(|(given, ..)| *given).map(|(_, name, flag)| (*name, *flag)));
    flags
}

/// What is not named lies where the operator has put the rest: the key beside the database, the anchors beside
/// the log.
fn place_audit_files(checked: &mut Checked) {
    let (has_key, has_anchors) =
        (checked.is_set("audit", "key_file"), checked.is_set("audit", "anchor_file"));
    let Config { server, audit, .. } = &mut checked.config;
    if !has_key {
        audit.key_file = server.db_path.with_file_name("audit.key");
    }
    if !has_anchors {
        audit.anchor_file = server.log_file.with_file_name("audit.anchor");
    }
}

fn make_absolute(config: &mut Config, directory: &Path) {
    let Config { server, audit, backup, .. } = config;
    let of_server = [&mut server.db_path, &mut server.log_file, &mut server.pid_file];
    for path in of_server.into_iter().chain([&mut audit.key_file, &mut audit.anchor_file]) {
        *path = absolute(directory, path);
    }
    // SQLite keeps its other files beside the one that a link leads to, and so must whoever looks for them.
    server.db_path = real(&server.db_path);
    backup.directory = backup.directory.take().map(|path| absolute(directory, &path));
}

fn absolute(directory: &Path, path: &Path) -> PathBuf {
    let joined = directory.join(path);
    std::path::absolute(&joined).unwrap_or(joined)
}

fn report(complaints: Vec<parse::Complaint>, label: &str, text: &str, errors: &mut ConfigErrors) {
    for complaint in complaints {
        match complaint.place {
            parse::Place::Byte(offset) => {
                let (line, column) = parse::line_and_column(text, offset);
                errors.add(format!("{label}:{line}:{column}"), complaint.message);
            }
            parse::Place::Flag(flag) => errors.add(flag, complaint.message),
            parse::Place::Defaults => errors.add("defaults", complaint.message),
        }
    }
}
