//! Owns the counts of the old protocol's requests, as the database has them. Never counts itself.
//! Invariant: where the database cannot be asked, nothing is said of it.

use crate::ops::config::Loaded;
use crate::service::usage;
use crate::store::Store;
use chrono::{DateTime, Local, TimeDelta};

/// The days whose requests of the old protocol are counted together.
const DAYS_SHOWN: i64 = 30;

/// How much the old protocol is used still, so that one can see when it can be turned off. The database knows
/// it to the minute; where it cannot be asked, nothing is said.
pub(super) fn old_protocol(loaded: &Loaded, networks: &[String]) -> String {
    if networks.is_empty() {
        return "  old protocol   off".to_owned();
    }
    let served = format!("  old protocol   served to {}", networks.join(", "));
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
