//! Bookings of places in sessions over JSON-RPC, beside those of the old dialect and the echo.
//!
//! It never judges. Invariant: both are durable and in the trail before their replies, on a file of the same
//! people, so that what they cost can be compared.

use crate::served::Served;
use crate::{DOCTORS, Outcome, PATIENTS, compare, echo, filled_file, plan, print_head, raw};
use loadtest::prepare::Amounts;
use loadtest::{Mix, Plan, Population};

/// So many days of sessions that the runs hardly ever meet for the same patient on the same day.
const SESSIONS: u64 = 200 * DOCTORS;

pub fn measure() -> Outcome<()> {
    let amounts = Amounts { patients: PATIENTS, doctors: DOCTORS, appointments: 10_000, sessions: SESSIONS };
    let directory = filled_file(amounts)?;
    let server = Served::medsrv(directory.path(), true)?;
    let echo = echo::start()?;
    let population = Population::prepared(PATIENTS, DOCTORS).with_sessions(SESSIONS);
    print_head("echo /s", "medsrv /s");
    for connections in [1, 50] {
        for mix in [Mix::Book, Mix::RpcBook] {
            let name = format!("{} at {connections}", mix.label());
            compare(&name, &echo, &server, |address, is_echo| Plan {
                address,
                connections,
                population,
                mix: if is_echo { raw() } else { mix.clone() },
                ..plan()
            })?;
        }
    }
    print_head("book /s", "rpc-book /s");
    compare("rpc-book, not echo but book, at 50", &server, &server, |address, is_old| Plan {
        address,
        population,
        mix: if is_old { Mix::Book } else { Mix::RpcBook },
        ..plan()
    })
}
