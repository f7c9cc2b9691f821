//! Owns the report of the day. Never counts it.
//! Invariant: what the report says is what the scenes have seen.

use super::Stop;
use super::afternoon::Ended;
use super::opening::Cast;
use super::play::{Play, at, list, must, number};
use super::waiting_room::Seen;
use serde_json::{Value, json};
use std::fs;

pub fn run(play: &mut Play, cast: &mut Cast, seen: &Seen, ended: &Ended) -> Result<(), Stop> {
    play.screen.chapter("12  The day in figures")?;
    let day = play.house.now().date().to_string();
    let params = json!({"name": "day", "from": day, "to": day});
    let found = play.call(&mut cast.clerk.line, "report.get", &params)?;
    let row = list(&found, "days").first().unwrap_or(&Value::Null);
    for (figure, expected) in [
        ("completed", seen.done),
        ("no_shows", ended.no_shows),
        ("still_waiting", 0),
        ("sessions_stopped", 1),
    ] {
        let reported = number(row, figure)?;
        let is_so = usize::try_from(reported) == Ok(expected);
        must(is_so, format_args!("the report has {reported} {figure}, and {expected} were seen"))?;
    }
    must(at(row, "/cancelled_by_hospital") == ended.cancelled, "the report knows of other cancellations")?;
    let figure = |name: &str| number(row, name);
    play.screen.note(format!(
        "{} appointments were made for today. {} came, {} were seen, {} cancelled, {} did not come.",
        figure("booked")?,
        figure("attended")?,
        figure("completed")?,
        figure("cancelled")?,
        figure("no_shows")?
    ))?;
    play.screen.tell("`report.get` has counted that for the clerk: the same that you have seen.")?;
    let arguments = ["report", "overview", "--from", &day, "--to", &day, "--config", "medsrv.conf"];
    let page = ["--format", "html", "--title", "Demonstration", "--out", "day.html"];
    play.house.run(&[&arguments[..], &page].concat(), "")?;
    let page = fs::read_to_string(play.house.path().join("day.html"))
        .map_err(|error| Stop::failed(format_args!("the page of the report cannot be read: {error}")))?;
    must(!cast.patients.iter().any(|patient| page.contains(&patient.name)), "a report names a patient")?;
    play.screen.note(format!(
        "`medsrv report overview --format html` makes a page of it, {} KB, for a meeting or a printer.",
        page.len() / 1024
    ))?;
    play.screen.tell("None of the sixty names is in it, and the audit trail knows who asked.")
}
