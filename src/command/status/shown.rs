//! Owns the words for how a server is. Never finds anything out.
//! Invariant: one line a subject, and what is wrong comes last, where it is seen.

use super::usage;
use crate::command::host_and_port;
use crate::ops::config::Loaded;
use crate::server::status::{Status, Times};

pub(super) fn text(status: &Status, loaded: &Loaded) -> String {
    let mut text = format!("medsrv is {}", status.state);
    for (subject, words) in [
        ("pid", status.pid.to_string()),
        ("uptime", duration(status.uptime_s)),
        ("version", format!("{}, SQLite {}", status.version, status.sqlite)),
        ("address", status.listening_on.clone()),
        ("database", database(status)),
        ("log", status.log.file.clone()),
        ("pid file", loaded.config.server.pid_file.display().to_string()),
        ("configuration", configuration(status)),
        ("metrics", status.metrics_on.as_ref().map_or_else(String::new, |on| format!("http://{on}/metrics"))),
        ("connections", connections(status)),
        ("requests", requests(status)),
        ("commits", commits(status)),
        ("audit trail", audit(status)),
        ("backups", backups(status)),
        ("process", process(status)),
    ] {
        if !words.is_empty() {
            text += &format!("\n  {subject:<14} {words}");
        }
    }
    text += &format!("\n{}", usage::old_protocol(loaded, &status.legacy.networks));
    let reasons = if status.degraded.is_empty() {
        "no".to_owned()
    } else {
        status.degraded.join("\n                 ")
    };
    text + &format!("\n  degraded       {reasons}")
}

fn database(status: &Status) -> String {
    let database = &status.database;
    let checkpoint = match database.checkpoint_age_s {
        Some(age) => format!(", last moved {} ago", duration(age)),
        None => String::new(),
    };
    format!(
        "{}\n                 schema {}, {}, WAL {}{checkpoint}, {} free on its disk",
        database.file,
        database.schema,
        size(database.bytes),
        size(database.wal_bytes),
        size(database.disk_free_bytes)
    )
}

fn configuration(status: &Status) -> String {
    let configuration = &status.configuration;
    let Some(file) = &configuration.file else { return "none, defaults apply".to_owned() };
    let sha256: String = configuration.sha256.iter().flat_map(|sha256| sha256.chars()).take(12).collect();
    let reload = match (configuration.last_reload_age_s, configuration.last_reload_was_applied) {
        (Some(age), Some(true)) => format!(", read again {} ago", duration(age)),
        (Some(age), _) => format!(", refused {} ago when it was to be read again", duration(age)),
        (None, _) => String::new(),
    };
    format!("{file}\n                 sha256 {sha256}…{reload}")
}

fn connections(status: &Status) -> String {
    let connections = &status.connections;
    format!(
        "{} of {}, {} of them logged in; at most {}, {} in all, {} turned away",
        connections.now,
        connections.max,
        connections.logged_in,
        connections.peak,
        connections.accepted,
        connections.rejected
    )
}

fn requests(status: &Status) -> String {
    let requests = &status.requests;
    let waiting = match status.waiting_logins {
        0 => String::new(),
        waiting => format!(", {waiting} wait for a password"),
    };
    format!(
        "{} in all, {} refused, {} failed{waiting}{}",
        requests.total,
        requests.refused,
        requests.failed,
        last_minute(&requests.minute)
    )
}

fn commits(status: &Status) -> String {
    let commits = &status.commits;
    format!(
        "{} in all, {} requests each, {} lost{}",
        commits.total,
        commits.requests_each,
        commits.lost,
        last_minute(&commits.minute)
    )
}

fn last_minute(times: &Times) -> String {
    if times.per_second == 0.0 {
        return "; none in the last minute".to_owned();
    }
    format!(
        "\n                 last minute: {}/s, median {} ms, 99 % within {} ms, longest {} ms",
        times.per_second, times.p50_ms, times.p99_ms, times.longest_ms
    )
}

fn audit(status: &Status) -> String {
    let audit = &status.audit;
    let entries =
        audit.sequence.map_or_else(|| "cannot be read".to_owned(), |last| format!("{last} entries"));
    match audit.anchor_age_s {
        Some(age) => format!("{entries}, anchored at {} {} ago", audit.anchored_sequence, duration(age)),
        None => format!("{entries}, not anchored yet since the start"),
    }
}

fn backups(status: &Status) -> String {
    let backup = &status.backup;
    let Some(directory) = &backup.directory else {
        return "none by the server itself: backup.directory is not set".to_owned();
    };
    let last = match &backup.last {
        Some(last) => {
            // After a failure, such as of a directory that is gone, the file may be gone as well.
            let last_of = if backup.failure.is_some() { "last known" } else { "last" };
            format!("{last_of} {} ago, {}: {}", duration(last.age_s), size(Some(last.bytes)), last.file)
        }
        None if backup.is_looking => format!("looking for those in {directory}"),
        None => format!("none known in {directory}"),
    };
    let next = match (&backup.due_at, backup.is_running) {
        (_, true) => "one is being made".to_owned(),
        (Some(due), false) => format!("next at {due}"),
        (None, false) => "the next is not known yet".to_owned(),
    };
    format!(
        "{last}\n                 {next}; {} made and {} failed since the start",
        backup.made, backup.failed
    )
}

fn process(status: &Status) -> String {
    let descriptors = status.open_descriptors.map_or_else(String::new, |open| format!(", {open} open files"));
    format!("{} of memory{descriptors}", size(status.resident_bytes))
}

/// What the configuration says, of a server that does not say so itself.
pub(super) fn configured(loaded: &Loaded) -> String {
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

/// In its two largest units.
pub(super) fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

fn size(bytes: Option<u64>) -> String {
    let Some(bytes) = bytes else { return "an unknown size".to_owned() };
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < units.len() {
        (size, unit) = (size / 1024.0, unit + 1);
    }
    let digits = usize::from(unit > 0);
    format!("{size:.digits$} {}", units.get(unit).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_told_in_their_largest_units() {
        for (seconds, expected) in
            [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (7260, "2 h 1 min"), (180_000, "2 d 2 h")]
        {
            assert_eq!(duration(seconds), expected);
        }
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_600_000, "1.5 MiB"),
            (u64::MAX, "16777216.0 TiB"),
        ] {
            assert_eq!(size(Some(bytes)), expected);
        }
    }
}
