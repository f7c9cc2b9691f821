//! Owns what an operator writes out for other systems: what is known of everyone as FHIR R4. Never changes a row.
//! Invariant: all files show one and the same state of the database, and stand under their names only once all are
//! whole.

use super::office::Office;
use super::{Common, Problem, exit, open_beside, problem, report, say};
use crate::api::fhir::{self, Kind, Whose};
use crate::ops::config::Config;
use crate::service::audit::Action;
use crate::service::export::patient_ids;
use crate::service::time::Now;
use crate::store::{Error, Transaction};
use clap::Subcommand;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Rows that are read at a time.
const PAGE: i64 = 1000;

#[derive(Debug, Subcommand)]
pub enum Task {
    /// Write all patients and what was done for them, one FHIR R4 resource a line, one file a kind of resource
    #[command(after_help = "Example: medsrv export fhir --out /srv/export/2026-01-31

The files are as in FHIR Bulk Data, with a manifest.json that names and counts them. They hold what medsrv
itself knows of everyone, unmasked: the directory and the files can be read by their owner only. Records,
prescriptions, orders and stays that old clients have written (source: old in the lists) are not among it,
nor are notes, messages and attachments.")]
    Fhir {
        /// A directory that is made for it, or is empty
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

pub fn run(common: &Common, task: &Task) -> u8 {
    let loaded = match common.load() {
        Ok(loaded) => loaded,
        Err(exit_code) => return exit_code,
    };
    let Task::Fhir { out } = task;
    report(export(&loaded.config, out))
}

fn export(config: &Config, out: &Path) -> Result<(), Problem> {
    make_directory(out)?;
    let mut office = Office::open(config)?;
    // That somebody is about to take everything along is written down before they have it.
    office.change("export.fhir", (Action::Read, "patient"), |_, _| Ok((None, ())))?;
    let mut store = open_beside(config)?;
    let now = Now::at(chrono::Local::now());
    let mut files = Files { out, writers: BTreeMap::new() };
    let written =
        store.read().map_err(Failed::Store).and_then(|view| everything(&view, now.day(), &mut files));
    let _ = store.commit();
    match written.and_then(|()| files.finish(&now).map_err(Failed::File)) {
        Ok(lines) => {
            say(format_args!("{lines} resources were written to {}", out.display()));
            Ok(())
        }
        Err(Failed::Store(error)) => {
            let path = config.server.db_path.display();
            Err(problem(exit::DATABASE, format_args!("database {path} cannot be read: {error}")))
        }
        Err(Failed::File(error)) => {
            let text =
                format_args!("{} cannot be written: {error}; what is there is not whole", out.display());
            Err(problem(exit::FILES, text))
        }
    }
}

fn make_directory(out: &Path) -> Result<(), Problem> {
    let failed = |error: io::Error| problem(exit::FILES, format_args!("{}: {error}", out.display()));
    match fs::DirBuilder::new().mode(0o700).create(out) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let is_empty = fs::read_dir(out).map_err(failed)?.next().is_none();
            if is_empty {
                return Ok(());
            }
            let text = format_args!("{} is not empty; name a directory that is, or a new one", out.display());
            Err(problem(exit::USAGE, text))
        }
        Err(error) => Err(failed(error)),
    }
}

enum Failed {
    Store(Error),
    File(io::Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Store(error)
    }
}

/// The files of one export, by the name of the resource that each holds.
struct Files<'a> {
    out: &'a Path,
    writers: BTreeMap<&'static str, (BufWriter<File>, u64)>,
}

impl Files<'_> {
    fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.out.join(name))
    }

    fn write(&mut self, kind: Kind, resource: &Value) -> io::Result<()> {
        let name = kind.name();
        if !self.writers.contains_key(name) {
            let file = self.create(&format!("{name}.ndjson.part"))?;
            self.writers.insert(name, (BufWriter::new(file), 0));
        }
        let Some((writer, lines)) = self.writers.get_mut(name) else { return Ok(()) };
        serde_json::to_writer(&mut *writer, resource)?;
        writer.write_all(b"\n")?;
        *lines += 1;
        Ok(())
    }

    /// Puts all under their names, and the manifest beside them. Returns how many resources there are.
    fn finish(self, now: &Now) -> io::Result<u64> {
        let mut output = Vec::new();
        let (out, manifest) = (self.out, self.create("manifest.json.part")?);
        let mut total = 0;
        for (name, (writer, lines)) in self.writers {
            writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            fs::rename(out.join(format!("{name}.ndjson.part")), out.join(format!("{name}.ndjson")))?;
            output.push(json!({"type": name, "url": format!("{name}.ndjson"), "count": lines}));
            total += lines;
        }
        let text = json!({
            "transactionTime": now.rfc3339(),
            "request": "medsrv export fhir",
            "requiresAccessToken": false,
            "output": output,
            "error": [],
        });
        let mut manifest = BufWriter::new(manifest);
        serde_json::to_writer_pretty(&mut manifest, &text)?;
        manifest.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(out.join("manifest.json.part"), out.join("manifest.json"))?;
        File::open(out)?.sync_all()?;
        Ok(total)
    }
}

fn everything(view: &Transaction<'_>, today: &str, files: &mut Files<'_>) -> Result<(), Failed> {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_of_house()) {
        pages(files, kind, |after, sink| fhir::of_house(view, kind, (after, PAGE), sink))?;
    }
    let mut after = 0;
    loop {
        let patients = patient_ids(view, after, PAGE)?;
        for patient_id in &patients {
            let whose = Whose { patient_id: *patient_id, today, has_identifiers: true };
            for kind in Kind::ALL.into_iter().filter(|kind| !kind.is_of_house()) {
                pages(files, kind, |after, sink| fhir::of_patient(view, kind, whose, (after, PAGE), sink))?;
            }
        }
        match patients.last() {
            Some(last) => after = *last,
            None => return Ok(()),
        }
    }
}

/// Writes page after page of a kind, until one is empty.
fn pages(
    files: &mut Files<'_>,
    kind: Kind,
    read: impl Fn(i64, &mut dyn FnMut(i64, Value)) -> Result<(), Error>,
) -> Result<(), Failed> {
    let mut after = 0;
    loop {
        let (mut found, mut failed) = (0, None);
        read(after, &mut |id, resource| {
            found += 1;
            after = id;
            if failed.is_none() {
                failed = files.write(kind, &resource).err();
            }
        })?;
        match failed {
            Some(error) => return Err(Failed::File(error)),
            None if found < PAGE => return Ok(()),
            None => {}
        }
    }
}
