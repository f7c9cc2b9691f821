//! Owns the answer to "does it run?". Never disturbs the server that it asks about.
//! Invariant: the exit code says the same as the text.

use super::{Common, complain, exit, host_and_port, say};
use crate::ops::config::Loaded;
use crate::ops::pidfile::{self, State};
use std::time::SystemTime;

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
    say(format_args!("{headline}\n{}", configured(&loaded)));
    exit_code
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
