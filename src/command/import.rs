//! Owns the loading of the hospital's own tables from files. Never asks a server, and never knows a table's rows:
//! each table has its file below.
//! Invariants: no transaction is long enough to hold up a server that runs; what a transaction has written and its
//! entry in the audit trail are one; loading a file twice changes nothing.

mod drugs;
mod icd10;

use super::office::Office;
use super::{Common, Problem, complain, exit, problem, report, say};
use crate::ops::config::Config;
use crate::service::audit::Action;
use crate::store::{Error, Transaction};
use clap::Subcommand;
use csv::{Position, StringRecord};
use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

pub const HELP: &str = "\
Examples:
  medsrv import icd10 codes.csv
  medsrv import drugs drugs.csv

The file is CSV in UTF-8; its first line names the columns, in any order. For icd10 these are
  code,title
and for drugs
  code,name,ingredient,drug_class,form,strength,dose_unit,route
and is_active (yes or no), where a drug is to be taken off the list or put back.

It can be loaded again at any time: what is new is added, what has changed is changed, and nothing is
taken away. Lines that are refused are named, all others are loaded. A server may be running meanwhile.";

/// After so many rows, or so long, a transaction ends, and others may write.
const ROWS_PER_TRANSACTION: usize = 500;
const TRANSACTION_MAX: Duration = Duration::from_millis(25);
/// How long others may write then. A server that waits for the lock looks for it again within this time.
const PAUSE: Duration = Duration::from_millis(50);
/// So many lines that are refused are named.
const NAMED_MAX: usize = 100;

#[derive(Debug, Subcommand)]
pub enum Task {
    /// Load codes of ICD-10 with their titles
    Icd10 { file: PathBuf },
    /// Load the drugs that the hospital prescribes
    Drugs { file: PathBuf },
}

pub fn run(common: &Common, task: &Task) -> u8 {
    let loaded = match common.load() {
        Ok(loaded) => loaded,
        Err(exit_code) => return exit_code,
    };
    report(match task {
        Task::Icd10 { file } => load::<icd10::Code>(&loaded.config, file),
        Task::Drugs { file } => load::<drugs::Drug>(&loaded.config, file),
    })
}

/// What loading a row came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loaded {
    New,
    Changed,
    Same,
}

/// A row of a table that is loaded.
trait Row: Sized {
    /// What the trail calls the loading, and its table.
    const METHOD: &'static str;
    const TABLE: &'static str;
    /// The columns that a file has, in any order.
    const COLUMNS: &'static [&'static str];
    /// Those that it may have; where one is missing, its values are empty.
    const OPTIONAL: &'static [&'static str] = &[];

    /// Reads a line, whose values come in the order of `COLUMNS`, and of `OPTIONAL` behind them.
    ///
    /// # Errors
    /// What is wrong with it.
    fn parse(values: &[&str]) -> Result<Self, String>;

    /// By what the table knows it: of two lines with one key, the second would undo the first each time.
    fn key(&self) -> String;

    fn load(&self, transaction: &Transaction<'_>) -> Result<Loaded, Error>;
}

/// What became of a file.
#[derive(Debug, Default)]
struct Count {
    new: u64,
    changed: u64,
    same: u64,
    refused: usize,
}

impl Count {
    fn add(&mut self, loaded: Loaded) {
        match loaded {
            Loaded::New => self.new += 1,
            Loaded::Changed => self.changed += 1,
            Loaded::Same => self.same += 1,
        }
    }

    fn words(&self) -> String {
        let Count { new, changed, same, refused } = self;
        format!("{new} new, {changed} changed, {same} same, {refused} refused")
    }
}

fn load<R: Row>(config: &Config, path: &Path) -> Result<(), Problem> {
    let mut count = Count::default();
    // The file is read to its end before anything is written, so that no transaction waits for it.
    let rows: Vec<R> = read(path, &mut count)?;
    let mut office = Office::open(config)?;
    let mut rest = rows.as_slice();
    loop {
        let done = write(&mut office, rest).map_err(|Problem { exit_code, text }| {
            problem(exit_code, format_args!("{text}; {} before that", count.words()))
        })?;
        rest = rest.get(done.len()..).unwrap_or_default();
        done.into_iter().for_each(|loaded| count.add(loaded));
        if rest.is_empty() {
            break;
        }
        thread::sleep(PAUSE);
    }
    say(format_args!("{}: {}", R::TABLE, count.words()));
    match count.refused {
        0 => Ok(()),
        refused => Err(problem(
            exit::FAILURE,
            format_args!("{refused} lines were refused; correct and load them again"),
        )),
    }
}

/// Reads a file's lines, and names those that it refuses.
fn read<R: Row>(path: &Path, count: &mut Count) -> Result<Vec<R>, Problem> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| problem(exit::FILES, format_args!("{shown}: {error}")))?;
    let mut lines = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(file);
    let header = lines.headers().map_err(|error| problem(exit::USAGE, format_args!("{shown}:1: {error}")))?;
    let places =
        places::<R>(header).map_err(|text| problem(exit::USAGE, format_args!("{shown}:1: {text}")))?;
    let mut rows = Vec::new();
    let mut known = HashSet::new();
    let mut record = StringRecord::new();
    loop {
        let (line, parsed) = match lines.read_record(&mut record) {
            Ok(false) => return Ok(rows),
            Ok(true) => {
                let row = values(&record, &places).and_then(|of| R::parse(&of));
                let row =
                    row.and_then(|row| once(row, &mut known)).map_err(|text| text + &swallowed(&record));
                (record.position().map(Position::line), row)
            }
            Err(error) if error.is_io_error() => {
                return Err(problem(exit::FILES, format_args!("{shown}: {error}")));
            }
            Err(error) => (error.position().map(Position::line), Err("is not text in UTF-8".into())),
        };
        match parsed {
            Ok(row) => rows.push(row),
            Err(text) => {
                count.refused += 1;
                if count.refused <= NAMED_MAX {
                    complain(format_args!("{shown}:{}: {text}", line.unwrap_or(0)));
                }
            }
        }
    }
}

/// What is said of the lines that a quote which is not closed, or is closed late, has made part of this one.
fn swallowed(record: &StringRecord) -> String {
    match record.iter().map(|value| value.matches('\n').count()).sum() {
        0_usize => String::new(),
        lines => format!("; a quote in it takes the {lines} lines after it along"),
    }
}

/// A row whose key no line before it has.
fn once<R: Row>(row: R, known: &mut HashSet<String>) -> Result<R, String> {
    let key = row.key();
    if known.contains(&key) {
        return Err(format!("{key} stands in a line before this one"));
    }
    known.insert(key);
    Ok(row)
}

/// Where in a line the columns of a table stand, the optional ones last.
fn places<R: Row>(header: &StringRecord) -> Result<Vec<Option<usize>>, String> {
    // Programs of the office put a mark before the first letter.
    let name = |field: &str| field.trim_start_matches('\u{feff}').to_ascii_lowercase();
    let place = |wanted: &&str| header.iter().position(|field| name(field) == **wanted);
    let mut named = HashSet::new();
    if let Some(twice) =
        header.iter().map(name).find(|field| !field.is_empty() && !named.insert(field.clone()))
    {
        return Err(format!("the column {twice} is named twice"));
    }
    let missing = || format!("the first line must name the columns {}", R::COLUMNS.join(","));
    let required = R::COLUMNS.iter().map(|column| place(column).map(Some).ok_or_else(missing));
    required.chain(R::OPTIONAL.iter().map(|column| Ok(place(column)))).collect()
}

fn values<'a>(record: &'a StringRecord, places: &[Option<usize>]) -> Result<Vec<&'a str>, String> {
    let value = |place: &Option<usize>| match place {
        Some(place) => record.get(*place).ok_or_else(|| "has too few values".to_owned()),
        None => Ok(""),
    };
    places.iter().map(value).collect()
}

/// Loads the first of these rows in one transaction. Returns what each of them came to.
fn write<R: Row>(office: &mut Office<'_>, rows: &[R]) -> Result<Vec<Loaded>, Problem> {
    let (_, done) = office.change(R::METHOD, (Action::Update, R::TABLE), |transaction, _| {
        let began = Instant::now();
        let mut done = Vec::new();
        for row in rows.iter().take(ROWS_PER_TRANSACTION) {
            done.push(row.load(transaction)?);
            if began.elapsed() >= TRANSACTION_MAX {
                break;
            }
        }
        Ok((None, done))
    })?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read_text(text: &[u8]) -> (Result<Vec<icd10::Code>, String>, usize) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("codes.csv");
        fs::write(&path, text).unwrap();
        let mut count = Count::default();
        let rows = read(&path, &mut count).map_err(|problem| problem.text);
        (rows, count.refused)
    }

    #[test]
    fn columns_are_found_by_their_names() {
        let (rows, refused) = read_text("\u{feff}Title,x,code\r\n\"Cholera, all\",1, a00 \r\n".as_bytes());
        assert_eq!(rows.unwrap(), vec![icd10::Code { code: "A00".into(), title: "Cholera, all".into() }]);
        assert_eq!(refused, 0);
        assert!(read_text(b"code;title\nA00;Cholera\n").0.unwrap_err().ends_with("code,title"));
        assert!(
            read_text(b"code,title,Title\nA00,Cholera,x\n").0.unwrap_err().ends_with("title is named twice")
        );
        assert!(read_text(b"").0.is_err());
    }

    #[test]
    fn what_an_open_quote_takes_along_is_counted() {
        let (rows, refused) = read_text(b"code,title\nA00,Cholera\nA01,\"never closed\nA02,x\nA03,y\n");
        assert_eq!((rows.unwrap().len(), refused), (1, 1));
        let record = StringRecord::from(vec!["A01", "never closed\nA02,x\nA03,y"]);
        assert_eq!(swallowed(&record), "; a quote in it takes the 2 lines after it along");
        assert_eq!(swallowed(&StringRecord::from(vec!["A01", "x"])), "");
    }

    #[test]
    fn a_line_that_is_refused_does_not_take_others_with_it() {
        let text = b"code,title\nA00,Cholera\nA01\nB!,x\nA02,\xff\n\nA03,Shigellosis\nA04,\na00,Plague\n";
        let (rows, refused) = read_text(text);
        let codes: Vec<String> = rows.unwrap().into_iter().map(|row| row.code).collect();
        assert_eq!(codes, ["A00", "A03"]);
        assert_eq!(refused, 5);
    }
}
