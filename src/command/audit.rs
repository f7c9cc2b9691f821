//! Owns what an operator asks of the audit trail: whether it is whole, and its entries for other programs.
//! Never writes to the database.
//! Invariant: it works while a server runs on the database, and no transaction of it lasts while it writes to
//! standard output.

use super::{Common, Problem, complain, exit, open_beside, problem, report, say};
use crate::api::fhir::audit_event::audit_event;
use crate::ops::anchor::{self, AnchorError};
use crate::ops::config::Config;
use crate::ops::keyfile;
use crate::service::Failure;
use crate::service::audit::{self, Head, Key, Moment, Summary};
use crate::service::time::parse_since;
use crate::store::Error;
use clap::{Subcommand, ValueEnum};
use std::io::{ErrorKind, Write};

#[derive(Debug, Subcommand)]
pub enum Task {
    /// Read the whole trail, and say whether an entry was changed, removed or put in
    #[command(after_help = "Exit codes: 0 the trail is whole, 65 it is not, 74 a file cannot be read.")]
    Verify,
    /// Write the entries to standard output, one FHIR R4 AuditEvent a line
    #[command(after_help = "Example: medsrv audit export --since 2026-01-01 > audit.ndjson")]
    Export {
        /// Only what was recorded from then on: 2026-01-31, which begins here at midnight, or
        /// 2026-01-31T08:00:00+08:00
        #[arg(long, value_name = "TIME", value_parser = parse_since)]
        since: Option<String>,
        #[arg(long, value_enum, default_value_t = Format::Ndjson)]
        format: Format,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Ndjson,
}

pub fn run(common: &Common, task: &Task) -> u8 {
    let loaded = match common.load() {
        Ok(loaded) => loaded,
        Err(exit_code) => return exit_code,
    };
    report(match task {
        Task::Verify => verify(&loaded.config),
        Task::Export { since, format: Format::Ndjson } => export(&loaded.config, since.as_deref()),
    })
}

fn verify(config: &Config) -> Result<(), Problem> {
    let (key_file, anchor_file) = (&config.audit.key_file, &config.audit.anchor_file);
    let key = keyfile::read(key_file).map_err(|error| problem(exit::FILES, error))?;
    // Before the entries: a server may append to both meanwhile.
    let found = anchor::read(anchor_file).map_err(|error| match error {
        AnchorError::BadLine { .. } => problem(exit::DATABASE, error),
        other => problem(exit::FILES, other),
    })?;
    for line in &found.torn {
        let path = anchor_file.display();
        complain(format_args!("line {line} of {path} was torn by a loss of power, and is ignored"));
    }
    let anchors = found.anchors.iter().map(|anchor| Head { sequence: anchor.sequence, hash: anchor.hash });
    let mut store = open_beside(config)?;
    match audit::verify(&mut store, &Key::new(key), anchors.collect()) {
        Ok(summary) => {
            say(described(&summary));
            Ok(())
        }
        Err(Failure::Refused(finding)) => {
            Err(problem(exit::DATABASE, format_args!("the audit trail is not whole: {finding}")))
        }
        Err(Failure::Fault(error)) => Err(unreadable(config, &error)),
    }
}

fn described(summary: &Summary) -> String {
    let anchors = match summary.anchors {
        0 => "no anchor: what was cut off its end would not be missed".into(),
        1 => "1 anchor met".into(),
        count => format!("{count} anchors met"),
    };
    let shown = |moment: &Moment| format!("{} ({})", moment.sequence, moment.recorded_at);
    match (&summary.first, &summary.last) {
        (Some(first), Some(last)) => {
            let (count, first, last) = (summary.entries, shown(first), shown(last));
            format!("the audit trail is whole: {count} entries, {first} to {last}; {anchors}")
        }
        _ => format!("the audit trail is whole: 0 entries; {anchors}"),
    }
}

fn export(config: &Config, since: Option<&str>) -> Result<(), Problem> {
    let mut store = open_beside(config)?;
    let mut from = i64::MIN;
    let mut lines = Vec::new();
    loop {
        lines.clear();
        let last = audit::page(&mut store, from, |record| {
            if since.is_none_or(|since| record.recorded_at >= since) {
                serde_json::to_writer(&mut lines, &audit_event(record))
                    .map_err(|error| Error::Other(error.to_string()))?;
                lines.push(b'\n');
            }
            Ok::<_, Error>(())
        });
        let Some(last) = last.map_err(|error| unreadable(config, &error))? else { return Ok(()) };
        from = last.saturating_add(1);
        // The page's transaction has ended: whoever reads this may take their time.
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(&lines).and_then(|()| stdout.flush()) {
            Ok(()) => {}
            // A reader that went away has what it wanted.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => {
                let text = format!("the entries cannot be written to standard output: {error}");
                return Err(problem(exit::FILES, text));
            }
        }
    }
}

fn unreadable(config: &Config, error: &Error) -> Problem {
    let path = config.server.db_path.display();
    problem(exit::DATABASE, format_args!("database {path} cannot be read: {error}"))
}
