//! Owns the way into the background, and the pipe over which the child tells the waiting parent how its
//! start went. Never knows what is started.
//! Invariant: nothing is open yet when `detach` is called, and the parent says "started" only on the word
//! of the child.

use daemonize::{Daemonize, Outcome};
use rustix::fs::Mode;
use std::io::{self, PipeReader, PipeWriter, Read, Write};

/// What the server creates is its owner's alone.
const UMASK: u32 = 0o077;
/// The verdict begins with the exit code; its text is short, and a parent reads no more than this.
const VERDICT_BYTES_MAX: u64 = 64 * 1024;

/// Which of the two processes returns from `detach`.
pub enum Side {
    /// The one at the terminal, with what the child said.
    Parent(StartOutcome),
    /// The one in the background, with the means to say it.
    Child(Verdict),
}

/// How the start went, as the child told it.
#[derive(Clone, Debug, PartialEq)]
pub enum StartOutcome {
    Ready(String),
    Failed {
        exit_code: u8,
        text: String,
    },
    /// The child ended without a word.
    Died,
}

/// Tells the parent how the start went; dropped unused, it says that the child died.
pub struct Verdict {
    pipe: PipeWriter,
}

impl Verdict {
    /// Ends the parent's wait: the server answers.
    pub fn ready(self, text: &str) {
        self.tell(0, text);
    }

    /// Ends the parent's wait: the server could not start, and why.
    pub fn failed(self, exit_code: u8, text: &str) {
        self.tell(exit_code.max(1), text);
    }

    fn tell(mut self, exit_code: u8, text: &str) {
        let mut message = vec![exit_code];
        message.extend_from_slice(text.as_bytes());
        // The parent may have been interrupted at the terminal; the server does not depend on it.
        let _ = self.pipe.write_all(&message);
    }
}

/// New files are readable by their owner only, whoever started the server with whatever mask.
pub fn restrict_new_files() {
    rustix::process::umask(Mode::from_raw_mode(UMASK));
}

/// Forks into the background: a session of its own, `/` as directory, standard streams on `/dev/null`. The
/// parent's side returns once the child has told its verdict or is gone.
///
/// Descriptors 0 to 2 need no care here: the runtime opens `/dev/null` on those that were closed at exec.
pub fn detach() -> io::Result<Side> {
    let (reader, pipe) = io::pipe()?;
    match Daemonize::new().working_directory("/").umask(UMASK).execute() {
        Outcome::Parent(result) => {
            drop(pipe);
            result.map_err(|error| io::Error::other(error.to_string()))?;
            Ok(Side::Parent(listen(reader)))
        }
        Outcome::Child(result) => {
            drop(reader);
            let verdict = Verdict { pipe };
            if let Err(error) = result {
                verdict.failed(71, &format!("cannot go into the background: {error}"));
                std::process::exit(71);
            }
            Ok(Side::Child(verdict))
        }
    }
}

fn listen(reader: PipeReader) -> StartOutcome {
    let mut message = Vec::new();
    // A read that fails half-way leaves what came before it, which is judged below.
    let _ = reader.take(VERDICT_BYTES_MAX).read_to_end(&mut message);
    let Some((exit_code, text)) = message.split_first() else { return StartOutcome::Died };
    let text = String::from_utf8_lossy(text).into_owned();
    match exit_code {
        0 => StartOutcome::Ready(text),
        exit_code => StartOutcome::Failed { exit_code: *exit_code, text },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict_of(tell: impl FnOnce(Verdict)) -> StartOutcome {
        let (reader, pipe) = io::pipe().unwrap();
        tell(Verdict { pipe });
        listen(reader)
    }

    #[test]
    fn the_parent_hears_what_the_child_says() {
        assert_eq!(verdict_of(|verdict| verdict.ready("up")), StartOutcome::Ready("up".to_owned()));
        let failed = StartOutcome::Failed { exit_code: 71, text: "医生".to_owned() };
        assert_eq!(verdict_of(|verdict| verdict.failed(71, "医生")), failed);
        assert_eq!(verdict_of(drop), StartOutcome::Died);
    }

    #[test]
    fn a_failure_is_never_told_as_success() {
        let failed = StartOutcome::Failed { exit_code: 1, text: String::new() };
        assert_eq!(verdict_of(|verdict| verdict.failed(0, "")), failed);
    }

    #[test]
    fn a_parent_that_is_gone_does_not_hurt_the_child() {
        let (reader, pipe) = io::pipe().unwrap();
        drop(reader);
        Verdict { pipe }.ready("up");
    }
}
