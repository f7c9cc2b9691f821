//! Owns the way from arguments to an exit code. Never holds logic.
//!
//! Invariant: the process ends here and nowhere else.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(loadtest::command::run(&loadtest::command::Arguments::parse()))
}
