//! Owns the demonstration: a hospital's day, played against a server of its own over real connections. Never
//! touches a database or a configuration that was there before.
//! Invariant: each number that is told was counted from replies, and whatever way this ends, the server's
//! process and its files are gone.

mod afternoon;
mod day;
mod ending;
mod figures;
mod house;
mod line;
mod opening;
mod play;
mod rush;
mod screen;
mod visit;
mod waiting_room;
mod ward;

use super::{complain, exit};
use ending::Came;
use figures::Figures;
use house::House;
use play::Play;
use screen::Screen;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

pub const HELP: &str = "\
Example: medsrv demo

It starts a server of its own in a temporary directory, plays a day with sixty patients over real
connections, shows what happens, and removes everything. It takes about a minute, and nothing
of yours is touched: it reads no medsrv.conf, and uses a port that the system chooses.";

#[derive(Debug, clap::Args)]
pub struct Task {
    /// Leave out the pauses for reading
    #[arg(long)]
    fast: bool,
}

/// Why a demonstration ends before its end.
enum Stop {
    /// Whoever watches wishes so.
    Asked,
    Failed(String),
}

impl Stop {
    fn failed(text: impl Display) -> Stop {
        Stop::Failed(text.to_string())
    }
}

/// Whether somebody wishes to end, by Ctrl-C or another signal.
#[derive(Clone)]
struct Intent(Arc<AtomicBool>);

impl Intent {
    fn watch() -> Result<Intent, Stop> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&flag))
                .map_err(|error| Stop::failed(format_args!("signals cannot be watched: {error}")))?;
        }
        Ok(Intent(flag))
    }

    fn check(&self) -> Result<(), Stop> {
        if self.0.load(Ordering::Relaxed) { Err(Stop::Asked) } else { Ok(()) }
    }
}

pub fn run(task: &Task) -> u8 {
    match whole_day(task.fast) {
        Ok(()) => exit::SUCCESS,
        Err(Stop::Asked) => {
            complain("the demonstration was ended; its server and its files are removed");
            exit::SUCCESS
        }
        Err(Stop::Failed(text)) => {
            complain(format_args!("the demonstration failed: {text}\nits server and its files are removed"));
            exit::FAILURE
        }
    }
}

fn whole_day(is_fast: bool) -> Result<(), Stop> {
    let begun = Instant::now();
    let intent = Intent::watch()?;
    let mut play = Play {
        screen: Screen::new(is_fast, intent.clone()),
        figures: Figures::default(),
        house: House::open()?,
        intent,
    };
    let mut cast = opening::open(&mut play)?;
    let given = rush::run(&mut play, &mut cast)?;
    // The first one comes late; the next two have nothing else to do.
    let patients: Vec<usize> = given.iter().skip(1).take(2).map(|given| given.patient).collect();
    let [patient, other] = patients[..] else {
        return Err(Stop::failed("not enough patients have a place"));
    };
    let seen = waiting_room::run(&mut play, &mut cast, given)?;
    let ended = afternoon::run(&mut play, &mut cast)?;
    let treated = visit::run(&mut play, &mut cast, patient)?;
    let stayed = ward::run(&mut play, &mut cast, (patient, other))?;
    day::run(&mut play, &mut cast, &seen, &ended)?;
    let came = Came { seen, ended, treated, stayed };
    ending::run(play, cast, &came, begun)
}
