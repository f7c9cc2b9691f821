//! Owns the way from arguments to an exit code. Never holds logic.
//! Invariant: what a subcommand returns is what the process ends with.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(medsrv::command::run_words(std::env::args_os().collect()))
}
