//! Owns the answer to "does it run?". Never disturbs the server that it asks about.
//! Invariant: the exit code says the same as the text.

use super::{Common, complain, exit, host_and_port, say};
use crate::ops::config::Loaded;
use crate::ops::pidfile::{self, State};
use crate::service::usage;
use crate::store::Store;
use chrono::{DateTime, Local, TimeDelta};
use std::time::SystemTime;

/// The days whose requests of the old protocol are counted together.
const DAYS_SHOWN: i64 = 30;

pub fn run(common: &Common) -> u8 {
    let loaded = common.load_valid_parts();
    let state = match pidfile::inspect(&loaded.config.server.pid_file) {
        Ok(state) => state,
        Err(error) => {
            complain(format_args!("cannot tell whether the server runs: {error}"));
            return exit::UNKNOWN;
        }
    };
    let (headline, exit_code) = match state {
        State::Running { pid, since } => {
            let uptime = uptime(since, SystemTime::now());
            (format!("medsrv is running\n  pid            {pid}\n  uptime         {uptime}"), exit::SUCCESS)
        }
        State::Starting => ("medsrv is starting".to_owned(), exit::SUCCESS),
        State::Dead { pid } => {
            let pid = pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
            let hint = "`medsrv start` takes its pid file over";
            (format!("medsrv is dead{pid}: it ended without cleaning up; {hint}"), exit::FAILURE)
        }
        State::Absent => ("medsrv is not running".to_owned(), exit::NOT_RUNNING),
    };
    say(format_args!("{headline}\n{}{}", configured(&loaded), old_protocol(&loaded)));
    exit_code
}

/// How much the old protocol is used still, so that one can see when it can be turned off. The database knows
/// it to the minute; where it cannot be asked, nothing is said.
fn old_protocol(loaded: &Loaded) -> String {
    let networks = &loaded.config.legacy.networks;
    if networks.is_empty() {
        return "\n  old protocol   off".to_owned();
    }
    let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
    let served = format!("\n  old protocol   served to {}", networks.join(", "));
    match counted(loaded) {
        Some(counts) => format!("{served}\n{counts}"),
        None => served,
    }
}

fn counted(loaded: &Loaded) -> Option<String> {
    let mut store = Store::open_beside(&loaded.config.server.db_path).ok()?;
    let now = Local::now();
    let day = |moment: DateTime<Local>| moment.format("%Y-%m-%d").to_string();
    let (since, today) = (day(now - TimeDelta::days(DAYS_SHOWN - 1)), day(now));
    let mut lines = Vec::new();
    let (mut of_today, mut of_all) = (0, 0);
    usage::recent(&store.read().ok()?, &since, &today, |count| {
        of_today += count.today;
        of_all += count.since;
        let last = DateTime::from_timestamp_millis(count.last_at).unwrap_or_default().with_timezone(&Local);
        lines.push(format!(
            "    {:<26} {:>9} {:>9}   {}",
            count.operation,
            count.today,
            count.since,
            last.format("%Y-%m-%d %H:%M")
        ));
    })
    .ok()?;
    if lines.is_empty() {
        return Some(format!("    no request in {DAYS_SHOWN} days"));
    }
    let head = format!("    {:<26} {:>9} {:>9}   last", "", "today", format!("{DAYS_SHOWN} days"));
    let sum = format!("    {:<26} {of_today:>9} {of_all:>9}", "all");
    Some([vec![head], lines, vec![sum]].concat().join("\n"))
}

fn configured(loaded: &Loaded) -> String {
    let server = &loaded.config.server;
    let address = match server.port {
        0 => format!("{}, on the port that the log names", server.host),
        port => host_and_port(&server.host, port),
    };
    let file =
        loaded.file.as_ref().map_or("none, defaults apply".to_owned(), |file| file.display().to_string());
    format!(
        "  address        {address}\n  database       {}\n  log            {}\n  pid file       {}\n  \
         configuration  {file}",
        server.db_path.display(),
        server.log_file.display(),
        server.pid_file.display()
    )
}

fn uptime(since: SystemTime, now: SystemTime) -> String {
    let seconds = now.duration_since(since).unwrap_or_default().as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_uptime_is_told_in_its_two_largest_units() {
        for (seconds, expected) in
            [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (7260, "2 h 1 min"), (180_000, "2 d 2 h")]
        {
            let since = SystemTime::UNIX_EPOCH;
            assert_eq!(uptime(since, since + Duration::from_secs(seconds)), expected);
        }
        let clock_set_back = SystemTime::UNIX_EPOCH + Duration::from_secs(9);
        assert_eq!(uptime(clock_set_back, SystemTime::UNIX_EPOCH), "0 s");
    }
}
