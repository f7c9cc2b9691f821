//! Owns the table of keys: one line a key, with what it accepts. Never knows files, flags or positions of
//! errors other than the value's own.
//! Invariant: every field of `Config` is reached by exactly one line of `KEYS`.

use super::parse::Complaint;
use super::{Config, LEGACY_OPERATIONS, LimitScope, LogFormat};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use toml::Spanned;
use toml::de::DeValue;

/// When a value that has changed is gone by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    AtOnce,
    AfterRestart,
}

/// One configurable value.
pub struct Key {
    pub section: &'static str,
    pub name: &'static str,
    pub applies: Applies,
    pub(super) set: fn(&mut Config, &Spanned<DeValue>) -> Result<(), Vec<Complaint>>,
    /// The value as one would write it in the file.
    pub show: fn(&Config) -> String,
    /// Gives the first the value that the second has.
    pub(super) copy: fn(&mut Config, &Config),
}

impl Key {
    /// As errors name it.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }
}

/// Each line becomes a `Key` whose setter hands the value to the reader named behind the equals sign. A running
/// server goes by a new value at once, but for those that end with `restart`.
macro_rules! keys {
    (@applies) => { Applies::AtOnce };
    (@applies restart) => { Applies::AfterRestart };
    ($($section:ident . $name:ident = $read:ident($($argument:expr),*) $($restart:ident)?;)*) => {
        pub const KEYS: &[Key] = &[$(Key {
            section: stringify!($section),
            name: stringify!($name),
            applies: keys!(@applies $($restart)?),
            set: |config, value| {
                config.$section.$name = $read(value $(, $argument)*)?;
                Ok(())
            },
            show: |config| config.$section.$name.show(),
            copy: |into, from| into.$section.$name = from.$section.$name.clone(),
        }),*];
    };
}

const KIB: i128 = 1024;
const MIB: i128 = 1024 * KIB;
const GIB: i128 = 1024 * MIB;
const SECOND_MS: i128 = 1000;
const MINUTE_MS: i128 = 60 * SECOND_MS;
const HOUR_MS: i128 = 60 * MINUTE_MS;
const DAY_MS: i128 = 24 * HOUR_MS;
const DAY_MIN: i128 = 24 * 60;
const WEEK_MIN: i128 = 7 * DAY_MIN;

keys! {
    server.host = host() restart;
    server.port = integer(0, 65_535) restart;
    server.db_path = path() restart;
    server.log_file = path();
    server.pid_file = path() restart;
    server.user = account() restart;
    server.group = account() restart;
    log.level = level();
    log.format = log_format();
    log.slow_ms = integer(0, MINUTE_MS);
    limits.connections_max = integer(1, 1_000_000);
    limits.connections_per_address_max = integer(1, 1_000_000);
    limits.name_max_bytes = integer(1, 64 * KIB);
    limits.data_max_bytes = integer(KIB, 64 * MIB);
    limits.data_before_login_max_bytes = integer(KIB, 64 * MIB);
    limits.output_max_bytes = integer(64 * KIB, GIB);
    limits.output_soft_max_bytes = integer(16 * KIB, GIB);
    limits.buffered_max_bytes = integer(MIB, 64 * GIB);
    deadlines.silent_ms = integer(10, DAY_MS);
    deadlines.frame_ms = integer(10, DAY_MS);
    deadlines.idle_ms = integer(10, DAY_MS);
    deadlines.write_ms = integer(10, DAY_MS);
    legacy.networks = networks();
    legacy.operations = operations();
    legacy.linger_ms = integer(0, 60_000);
    legacy.enforce_schedule = boolean();
    accounts.password_iterations = integer(1000, 10_000_000);
    accounts.remember_ms = integer(0, HOUR_MS);
    accounts.waiting_logins_max = integer(1, 10_000);
    accounts.session_idle_patient_ms = integer(2 * MINUTE_MS, DAY_MS);
    accounts.session_idle_staff_ms = integer(2 * MINUTE_MS, DAY_MS);
    accounts.session_max_ms = integer(SECOND_MS, 7 * DAY_MS);
    accounts.sessions_per_user_max = integer(1, 100);
    accounts.failures_free = integer(0, 1000);
    accounts.failure_window_ms = integer(SECOND_MS, DAY_MS);
    accounts.failure_delay_max_ms = integer(SECOND_MS, DAY_MS);
    accounts.failures_per_address_max = integer(1, 100_000);
    booking.hold_ms = integer(SECOND_MS, HOUR_MS);
    booking.holds_max = integer(0, 1000);
    booking.holds_window_min = integer(1, DAY_MIN);
    booking.limit_scope = limit_scope();
    booking.cancel_lead_min = integer(0, WEEK_MIN);
    booking.undo_ms = integer(0, HOUR_MS);
    booking.no_shows_max = integer(0, 1000);
    booking.no_show_window_days = integer(1, 3650);
    booking.no_show_block_days = integer(1, 3650);
    booking.window_days = integer(1, 365);
    booking.release_time = time_of_day();
    booking.book_until_min = integer(0, DAY_MIN);
    booking.reminder_day_min = integer(0, WEEK_MIN);
    booking.reminder_hour_min = integer(0, WEEK_MIN);
    queue.early_min = integer(0, DAY_MIN);
    queue.grace_min = integer(0, DAY_MIN);
    queue.calls_max = integer(1, 100);
    queue.skips_max = integer(1, 100);
    queue.return_after = integer(0, 1000);
    queue.booked_per_walk_in = integer(1, 100);
    queue.require_clock_in = boolean();
    queue.doctor_grace_min = integer(0, DAY_MIN);
    order.critical_repeat_minutes = integer(1, DAY_MIN);
    chat.open_days = integer(0, 3650);
    chat.messages_per_minute_max = integer(1, 1000);
    audit.reads = boolean();
    audit.key_file = path() restart;
    audit.anchor_file = path() restart;
    metrics.address = loopback() restart;
}

type Read<T> = Result<T, Vec<Complaint>>;

fn refuse<T>(value: &Spanned<DeValue>, must: &str) -> Read<T> {
    let message = format!("must be {must}, but is {}", describe(value.get_ref()));
    Err(vec![Complaint::at(value.span().start, message)])
}

fn integer<T: TryFrom<i128>>(value: &Spanned<DeValue>, least: i128, most: i128) -> Read<T> {
    let DeValue::Integer(digits) = value.get_ref() else {
        return refuse(value, &format!("a whole number from {least} to {most}"));
    };
    let number = i128::from_str_radix(digits.as_str(), digits.radix()).ok();
    let number = number.filter(|number| (least..=most).contains(number));
    match number.and_then(|number| T::try_from(number).ok()) {
        Some(number) => Ok(number),
        None => refuse(value, &format!("from {least} to {most}")),
    }
}

fn boolean(value: &Spanned<DeValue>) -> Read<bool> {
    match value.get_ref() {
        DeValue::Boolean(flag) => Ok(*flag),
        _ => refuse(value, "true or false, without quotes"),
    }
}

fn host(value: &Spanned<DeValue>) -> Read<String> {
    let DeValue::String(text) = value.get_ref() else {
        return refuse(value, "an address or host name in quotes");
    };
    check_host(text).map_err(|message| vec![Complaint::at(value.span().start, message)])
}

/// An address or a name; the port has a key of its own.
pub(super) fn check_host(text: &str) -> Result<String, String> {
    let unfit = |character: char| character.is_whitespace() || character.is_control() || character == '/';
    let shown = quote(text);
    if text.is_empty() {
        Err("must be an address or host name, but is empty; 127.0.0.1 serves this machine only".to_owned())
    } else if text.contains(['[', ']']) {
        Err(format!("must be an address without brackets or port, such as ::1, but is {shown}"))
    } else if text.contains(':') && text.parse::<Ipv6Addr>().is_err() {
        Err(format!("must be an address without its port, which `port` holds, but is {shown}"))
    } else if text.contains(unfit) {
        Err(format!("must be one address or host name, such as 127.0.0.1, but is {shown}"))
    } else {
        Ok(text.to_owned())
    }
}

fn path(value: &Spanned<DeValue>) -> Read<PathBuf> {
    match value.get_ref() {
        DeValue::String(text) if text.starts_with("~") => {
            refuse(value, "a full or relative path, since ~ means nothing here")
        }
        DeValue::String(text) if !text.is_empty() && !text.contains('\0') => Ok(PathBuf::from(text.as_ref())),
        _ => refuse(value, "the path of a file in quotes"),
    }
}

fn level(value: &Spanned<DeValue>) -> Read<log::LevelFilter> {
    match value.get_ref() {
        DeValue::String(text) => text.parse().or_else(|_| refuse(value, LEVELS)),
        _ => refuse(value, LEVELS),
    }
}

fn log_format(value: &Spanned<DeValue>) -> Read<LogFormat> {
    let named = match value.get_ref() {
        DeValue::String(text) => LogFormat::ALL.into_iter().find(|format| format.word() == text.as_ref()),
        _ => None,
    };
    named.map_or_else(|| refuse(value, r#""text" or "json""#), Ok)
}

const LEVELS: &str = r#""off", "error", "warn", "info", "debug" or "trace""#;

fn limit_scope(value: &Spanned<DeValue>) -> Read<LimitScope> {
    let named = match value.get_ref() {
        DeValue::String(text) => LimitScope::ALL.into_iter().find(|scope| scope.word() == text.as_ref()),
        _ => None,
    };
    named.map_or_else(|| refuse(value, r#""department", "doctor", "session" or "none""#), Ok)
}

/// A time of the day, digits in full, or none.
fn time_of_day(value: &Spanned<DeValue>) -> Read<String> {
    let is_time = |text: &str| {
        let digits = |part: &str, below: u8| {
            let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number && part.parse().is_ok_and(|number: u8| number < below)
        };
        text.split_once(':').is_some_and(|(hour, minute)| digits(hour, 24) && digits(minute, 60))
    };
    match value.get_ref() {
        DeValue::String(text) if text.is_empty() || is_time(text) => Ok(text.to_string()),
        _ => refuse(value, r#"a time of the day, such as "07:30", or "" for none"#),
    }
}

/// The name of a Unix user or group, or none.
fn account(value: &Spanned<DeValue>) -> Read<String> {
    let is_fit = |letter: char| letter.is_ascii_alphanumeric() || "._-$@\\".contains(letter);
    match value.get_ref() {
        DeValue::String(text) if text.chars().all(is_fit) && !text.starts_with('-') => Ok(text.to_string()),
        _ => refuse(value, r#"the name of a user or group, such as "medsrv", or "" for none"#),
    }
}

/// An address with its port on this machine, or none.
fn loopback(value: &Spanned<DeValue>) -> Read<Option<SocketAddr>> {
    let address = match value.get_ref() {
        DeValue::String(text) if text.is_empty() => return Ok(None),
        DeValue::String(text) => text.parse::<SocketAddr>().ok(),
        _ => None,
    };
    match address.filter(|address| address.ip().is_loopback()) {
        Some(address) => Ok(Some(address)),
        None => refuse(
            value,
            r#"an address of this machine with its port, such as "127.0.0.1:9464", or "" for none"#,
        ),
    }
}

fn networks(value: &Spanned<DeValue>) -> Read<Vec<IpNet>> {
    list(value, r#"a list of networks, such as ["127.0.0.1/32"]"#, |item| match item.get_ref() {
        DeValue::String(text) => {
            network(text).map_err(|message| vec![Complaint::at(item.span().start, message)])
        }
        _ => refuse(item, r#"a network in quotes, such as "10.1.0.0/16""#),
    })
}

fn network(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        let network = IpNet::from(address);
        return Err(format!(
            r#"must hold networks, but {text} is an address; for it alone write "{network}""#
        ));
    }
    let network = text.parse::<IpNet>().map_err(|_| {
        format!(r#"must hold networks, but {} is none; write one such as "10.1.0.0/16""#, quote(text))
    })?;
    if network == network.trunc() {
        Ok(network)
    } else {
        Err(format!(r#"{network} sets bits past its prefix; write "{}""#, network.trunc()))
    }
}

fn operations(value: &Spanned<DeValue>) -> Read<Vec<String>> {
    let known = LEGACY_OPERATIONS.join(", ");
    list(value, r#"a list of operations, such as ["login"]"#, |item| match item.get_ref() {
        DeValue::String(text) if LEGACY_OPERATIONS.contains(&text.as_ref()) => Ok(text.to_string()),
        _ => refuse(item, &format!("made of these: {known}")),
    })
}

/// Reads every item, so that all the bad ones are reported.
fn list<T>(
    value: &Spanned<DeValue>,
    must: &str,
    read: impl Fn(&Spanned<DeValue>) -> Read<T>,
) -> Read<Vec<T>> {
    let DeValue::Array(items) = value.get_ref() else { return refuse(value, must) };
    let mut complaints = Vec::new();
    let mut values = Vec::new();
    for item in items.iter() {
        match read(item) {
            Ok(value) => values.push(value),
            Err(more) => complaints.extend(more),
        }
    }
    if complaints.is_empty() { Ok(values) } else { Err(complaints) }
}

pub(super) fn describe(value: &DeValue) -> String {
    match value {
        DeValue::String(text) if text.is_empty() => "empty".to_owned(),
        DeValue::String(text) => format!("the text {}", quote(text)),
        DeValue::Integer(digits) => digits.to_string(),
        DeValue::Float(digits) => digits.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(moment) => format!("the date {moment}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a section".to_owned(),
    }
}

/// Enough of a text to recognise it by; control characters cannot reach the terminal.
pub(super) fn quote(text: &str) -> String {
    const SHOWN_CHARACTERS_MAX: usize = 60;
    let shown: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
    let rest = if shown.len() < text.len() { "…" } else { "" };
    format!("{shown:?}{rest}")
}

/// A value in the form that the file would hold it in.
trait Show {
    fn show(&self) -> String;
}

macro_rules! show_plainly {
    ($($plain:ty),*) => {
        $(impl Show for $plain {
            fn show(&self) -> String {
                self.to_string()
            }
        })*
    };
}

show_plainly!(bool, u16, u32, u64, usize);

impl Show for String {
    fn show(&self) -> String {
        // A JSON string is a TOML string too.
        serde_json::Value::String(self.clone()).to_string()
    }
}

impl Show for PathBuf {
    fn show(&self) -> String {
        self.to_string_lossy().into_owned().show()
    }
}

impl Show for log::LevelFilter {
    fn show(&self) -> String {
        self.as_str().to_lowercase().show()
    }
}

impl Show for Option<SocketAddr> {
    fn show(&self) -> String {
        self.map(|address| address.to_string()).unwrap_or_default().show()
    }
}

impl Show for LogFormat {
    fn show(&self) -> String {
        self.word().to_owned().show()
    }
}

impl Show for LimitScope {
    fn show(&self) -> String {
        self.word().to_owned().show()
    }
}

impl Show for IpNet {
    fn show(&self) -> String {
        self.to_string().show()
    }
}

impl<T: Show> Show for Vec<T> {
    fn show(&self) -> String {
        let items: Vec<String> = self.iter().map(Show::show).collect();
        format!("[{}]", items.join(", "))
    }
}
