//! A server as it is operated, for an hour: mixed load of both dialects, and beside it all that an operator and
//! their programs do, again and again.
//!
//! `cargo bench -p loadtest --bench soak` runs an hour, `-- --minutes 3` so many minutes, and `-- --rate 200` sends
//! so many requests a second. Every 30 s the server gets a SIGHUP, every other time with a changed configuration
//! and now and then with a broken one; its log is rotated each minute; a backup is made and verified every five;
//! `status` and `metrics` are asked every ten seconds. A row is printed for each sixth of the run, and at the end
//! each goal with PASS or FAIL; a FAIL is the exit code 1. The server is this program itself, called as `medsrv`.

#[path = "clinic/client.rs"]
mod client;
#[path = "soak/figures.rs"]
mod figures;
#[path = "soak/load.rs"]
mod load;
#[path = "soak/operator.rs"]
mod operator;
#[path = "soak/people.rs"]
mod people;
#[path = "soak/place.rs"]
mod place;
#[path = "soak/room.rs"]
mod room;
#[path = "soak/script.rs"]
mod script;

use clap::Parser;
use figures::{Figures, Verdicts};
use load::Load;
use operator::Operator;
use place::Place;
use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What follows is the command line of `medsrv`.
const AS_MEDSRV: &str = "--as-medsrv";
/// The run is told in so many parts; the memory at the end of the first one is what the rest is held against.
const PARTS: u32 = 6;
/// How long nothing is sent while descriptors are counted.
const RESTING: Duration = Duration::from_secs(1);
/// How long what was begun may take to end.
const ENDING: Duration = Duration::from_secs(60);

/// A server as it is operated, for an hour.
#[derive(Debug, Parser)]
struct Task {
    /// How long
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=600))]
    minutes: u64,
    /// Requests a second
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(10..=5000))]
    rate: u64,
    /// What cargo says to each bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome<ExitCode> {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|argument| argument == AS_MEDSRV) {
        let called = std::iter::once("medsrv".to_owned()).chain(arguments.into_iter().skip(2));
        return Ok(ExitCode::from(medsrv::command::run(medsrv::command::Arguments::parse_from(called))));
    }
    let task = Task::parse();
    let whole = Duration::from_secs(task.minutes * 60);
    let place = Place::open()?;
    let mut load = Load::gather(place.address, task.rate)?;
    let mut figures = Figures::new(task.minutes as f64 / f64::from(PARTS))?;
    let mut operator = Operator::new(&place);
    println!("{} requests a second for {} minutes", task.rate, task.minutes);
    figures.print_head();
    let begun = Instant::now();
    load.begin(begun + whole);
    for part in 1..=PARTS {
        let end = begun + whole / PARTS * part;
        while Instant::now() < end {
            load.turn(&mut figures)?;
            operator.look(begun.elapsed(), true, &mut figures)?;
        }
        let descriptors = descriptors_at_rest(&place, &mut load, &mut figures)?;
        figures.finish(descriptors);
    }
    while operator.is_busy() {
        load.turn(&mut figures)?;
        operator.look(begun.elapsed(), false, &mut figures)?;
        if begun.elapsed() > whole + ENDING {
            return Err("what was begun does not end".into());
        }
    }
    let did = operator.finish(&mut figures)?;
    let heard = load.heard();
    drop(load);
    let is_whole = place.end()?;

    let mut verdicts = Verdicts::default();
    figures.judge(&mut verdicts);
    did.judge(&mut verdicts);
    heard.judge(&mut verdicts);
    verdicts.check(is_whole, "the server has stopped in order, and its audit trail is whole");
    Ok(if verdicts.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The descriptors that the server has for itself, beyond one for each connection: counted while nothing is on its
/// way, the fewest within a second.
fn descriptors_at_rest(place: &Place, load: &mut Load, figures: &mut Figures) -> Outcome<usize> {
    load.rest();
    while load.is_busy() {
        load.turn(figures)?;
    }
    let begun = Instant::now();
    let mut fewest = usize::MAX;
    while begun.elapsed() < RESTING {
        let descriptors = place.descriptors()?;
        // What the server has closed by then is seen in this turn.
        load.turn(figures)?;
        fewest = fewest.min(descriptors.saturating_sub(load.open_connections()));
    }
    load.go_on();
    Ok(fewest)
}
