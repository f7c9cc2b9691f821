//! Owns the end of the demonstration: the sums, the times, the end of the server, and what to try next. Never
//! plays a part.
//! Invariant: what is summed up is asked of the server, and held against what the scenes have counted.

use super::Stop;
use super::afternoon::Ended;
use super::figures::Group;
use super::opening::{Cast, PATIENTS, PLACES};
use super::play::{Play, items, must};
use super::visit::Treated;
use super::waiting_room::Seen;
use super::ward::Stayed;
use serde_json::{Value, json};
use std::time::Instant;

/// What came of each part of the day.
pub struct Came {
    pub seen: Seen,
    pub ended: Ended,
    pub treated: Treated,
    pub stayed: Stayed,
}

pub fn run(mut play: Play, mut cast: Cast, came: &Came, begun: Instant) -> Result<(), Stop> {
    let Came { seen, ended, treated, stayed } = came;
    let params = json!({"session_id": cast.session_id});
    let found = play.call(&mut cast.clerk.line, "appointment.list", &params)?;
    let of_pool = |pool: &str, state: &str| {
        let is_it = |item: &&Value| item["pool"] == pool && item["state"] == state;
        items(&found).iter().filter(is_it).count()
    };
    let sold = of_pool("online", "completed");
    must(sold == PLACES, format_args!("{sold} were seen on {PLACES} places"))?;
    let (onsite, followups) = (of_pool("onsite", "completed"), of_pool("followup", "completed"));
    let cancelled = of_pool("online", "cancelled");
    let verified = play.house.run(&["audit", "verify", "--config", "medsrv.conf"], "")?;
    play.screen.chapter("What came of it")?;
    for (what, count) in [
        ("places online of the session", PLACES),
        ("asked for one at the same moment", PATIENTS),
        ("places were given", PLACES),
        ("were told that it is full, and where there are places", PATIENTS - PLACES),
        ("was cancelled, and went to who waited", cancelled),
        ("booked online and seen", sold),
        ("came without an appointment and were seen", onsite),
        ("came back with a result and were seen", followups),
        ("tickets called, all of them seen", seen.done),
        ("patients in the room at once, at most", seen.most_in_room),
        ("appointments cancelled because the doctor is ill", ended.cancelled),
        ("patients were told of it", ended.told),
        ("did not come", ended.no_shows),
        ("was reminded", ended.reminders),
        ("record was signed, and read by its patient", treated.signed),
        ("drug was refused because of an allergy", treated.refused),
        ("prescription was given out", treated.dispensed),
        ("stay in a ward, from the request to the discharge", stayed.discharged),
        ("beds of the ward are free again", stayed.free),
    ] {
        play.screen.note(format!("{count:>6}  {what}"))?;
    }
    // What it says of anchors is of no use after a minute.
    let verified = verified.split(',').next().unwrap_or_default();
    play.screen.note(format!("        {verified}, each of these steps among them"))?;
    times(&mut play, seen)?;
    let Play { mut screen, house, .. } = play;
    drop(cast);
    let directory = house.path().to_owned();
    must(house.close(), "the server did not end when it was asked to")?;
    must(!directory.exists(), "files are left")?;
    let seconds = begun.elapsed().as_secs_f64();
    screen.note("")?;
    screen.note(format!("The server has ended, its files are removed. All of it took {seconds:.0} s."))?;
    screen.chapter("What to try next")?;
    for line in [
        "medsrv start --demo                          a server with sample people, to call yourself",
        "medsrv call schedule.sessions                the sessions of today, from another terminal",
        "medsrv call appointment                      the methods of a noun",
        "medsrv call appointment.book …               docs/clinic.md has a morning to type",
        "medsrv report overview --format html …       the figures as a page for a meeting",
        "medsrv call rpc.discover                     all methods, described for programs",
    ] {
        screen.note(line)?;
    }
    Ok(())
}

/// How long the calls took, as this process has measured it.
fn times(play: &mut Play, seen: &Seen) -> Result<(), Stop> {
    let Play { screen, figures, .. } = play;
    screen.chapter("How long it took")?;
    screen
        .note(format!("{:<34}{:>6}{:>12}{:>12}{:>12}", "from call to reply", "calls", "p50", "p99", "max"))?;
    for (group, what) in [
        (Group::Ordinary, "calls, one after another"),
        (Group::Rush, "the rush, each behind the others"),
        (Group::Password, "logins and new accounts"),
        (Group::Push, "pushes, from another one's call"),
    ] {
        if let Some(line) = figures.line(group, what) {
            screen.note(line)?;
        }
    }
    screen.note(format!(
        "{} calls, {} of them refused as they should be; {} pushes; {} tickets.",
        figures.calls(),
        figures.refused,
        figures.pushes,
        seen.tickets
    ))
}
