//! Owns the way from a file's text to checked values: syntax, sections, keys, and the relations between
//! values. Never reads a file.
//! Invariant: any text gives a `Config`; what could not be read keeps its default and leaves a complaint.

use super::Config;
use super::key::{KEYS, Key, describe, quote};
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A frame is its name, its data and two lengths.
const FRAME_OVERHEAD_BYTES: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Byte(usize),
    Flag(&'static str),
    Defaults,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Complaint {
    pub place: Place,
    pub message: String,
}

impl Complaint {
    pub fn at(offset: usize, message: String) -> Complaint {
        Complaint { place: Place::Byte(offset), message }
    }
}

pub(super) struct Checked {
    pub config: Config,
    complaints: Vec<Complaint>,
    /// The keys that the text sets, and where their values stand.
    set: Vec<(&'static Key, usize)>,
    /// The keys whose value was refused: no relation is judged by the default that stands in for it.
    refused: Vec<&'static str>,
}

impl Checked {
    /// Whether the text sets this key.
    pub fn is_set(&self, section: &str, name: &str) -> bool {
        self.set.iter().any(|(key, _)| key.section == section && key.name == name)
    }

    /// From the top of the file down, then the flags.
    pub fn complaints_in_order(&self) -> Vec<Complaint> {
        let mut complaints = self.complaints.clone();
        complaints.sort_by_key(|complaint| complaint.place);
        complaints
    }
}

pub(super) fn parse(text: &str) -> Checked {
    let (table, syntax_errors) = DeTable::parse_recoverable(text);
    let mut checked =
        Checked { config: Config::default(), complaints: Vec::new(), set: Vec::new(), refused: Vec::new() };
    for (name, value) in table.get_ref().iter() {
        read_section(&mut checked, name, value);
    }
    // What a parser makes of a broken line is a guess: there, only the break itself is reported.
    let mut broken_lines = Vec::new();
    let mut breaks = Vec::new();
    for error in syntax_errors {
        let offset = error.span().map_or(0, |span| span.start);
        let (line, _) = line_and_column(text, offset);
        if !broken_lines.contains(&line) {
            broken_lines.push(line);
            breaks.push(Complaint::at(offset, format!("is not valid TOML here: {}", error.message())));
        }
    }
    checked.complaints.retain(|complaint| match complaint.place {
        Place::Byte(offset) => !broken_lines.contains(&line_and_column(text, offset).0),
        _ => true,
    });
    checked.complaints.extend(breaks);
    checked
}

fn read_section(checked: &mut Checked, name: &Spanned<std::borrow::Cow<str>>, value: &Spanned<DeValue>) {
    let section = name.get_ref().as_ref();
    let at = name.span().start;
    let sections = sections();
    if !sections.contains(&section) {
        let homes: Vec<&str> = KEYS.iter().filter(|key| key.name == section).map(|key| key.section).collect();
        let message = match homes.first() {
            Some(home) => format!("{} belongs under [{home}]; move it there", quote(section)),
            None => {
                format!("there is no section {}; the sections are {}", quote(section), sections.join(", "))
            }
        };
        checked.complaints.push(Complaint::at(at, message));
        return;
    }
    let DeValue::Table(table) = value.get_ref() else {
        let found = describe(value.get_ref());
        let message =
            format!("{section} must be a section, written [{section}] on its own line, but is {found}");
        checked.complaints.push(Complaint::at(at, message));
        return;
    };
    for (name, value) in table.iter() {
        read_key(checked, section, name, value);
    }
}

fn sections() -> Vec<&'static str> {
    let mut sections: Vec<&str> = KEYS.iter().map(|key| key.section).collect();
    sections.dedup();
    sections
}

fn read_key(
    checked: &mut Checked,
    section: &str,
    name: &Spanned<std::borrow::Cow<str>>,
    value: &Spanned<DeValue>,
) {
    let found = KEYS.iter().find(|key| key.section == section && key.name == name.get_ref().as_ref());
    let Some(key) = found else {
        let message = unknown_key(section, name.get_ref());
        checked.complaints.push(Complaint::at(name.span().start, message));
        return;
    };
    checked.set.push((key, value.span().start));
    if let Err(complaints) = (key.set)(&mut checked.config, value) {
        checked.refused.push(key.name);
        checked.complaints.extend(complaints.into_iter().map(|complaint| Complaint {
            place: complaint.place,
            message: format!("{section}.{} {}", key.name, complaint.message),
        }));
    }
}

fn unknown_key(section: &str, name: &str) -> String {
    match KEYS.iter().find(|key| key.name == name) {
        Some(home) => format!("{} belongs under [{}], not under [{section}]", quote(name), home.section),
        None => {
            let in_section = KEYS.iter().filter(|key| key.section == section);
            let known: Vec<&str> = in_section.map(|key| key.name).collect();
            format!("there is no key {} in [{section}]; its keys are {}", quote(name), known.join(", "))
        }
    }
}

/// What must hold between values, once file and flags have both spoken.
pub(super) fn check_relations(checked: &mut Checked, flags: &[(&'static str, &'static str)]) {
    let limits = checked.config.limits.clone();
    let Config { server, audit, .. } = checked.config.clone();
    let (soft, hard) = (limits.output_soft_max_bytes, limits.output_max_bytes);
    if soft > hard {
        let message = format!(
            "limits.output_soft_max_bytes ({soft}) must not exceed limits.output_max_bytes ({hard}); \
             lower the first or raise the second"
        );
        relate(checked, flags, &["output_soft_max_bytes", "output_max_bytes"], message);
    }
    let frame = limits.name_max_bytes + limits.data_max_bytes + FRAME_OVERHEAD_BYTES;
    let buffered = limits.buffered_max_bytes;
    if frame > buffered {
        let message = format!(
            "limits.buffered_max_bytes ({buffered}) must hold one whole request of {frame} bytes \
             (name_max_bytes + data_max_bytes + {FRAME_OVERHEAD_BYTES}); raise it or lower those"
        );
        relate(checked, flags, &["buffered_max_bytes", "data_max_bytes", "name_max_bytes"], message);
    }
    if server.user.is_empty() && !server.group.is_empty() {
        let message = "server.group is that of server.user, which is missing; name the user too".to_owned();
        relate(checked, flags, &["group"], message);
    }
    let files: [(&str, &str, &Path); 5] = [
        ("server", "db_path", &server.db_path),
        ("server", "log_file", &server.log_file),
        ("server", "pid_file", &server.pid_file),
        ("audit", "key_file", &audit.key_file),
        ("audit", "anchor_file", &audit.anchor_file),
    ];
    for (index, (section, first, path)) in files.iter().enumerate() {
        for (other_section, second, other) in files.iter().skip(index + 1).filter(|(.., other)| other == path)
        {
            let message = format!(
                "{section}.{first} and {other_section}.{second} must be different files, but both are {}",
                other.display()
            );
            relate(checked, flags, &[second, first], message);
        }
    }
}

/// Reports at the first of the keys that a flag or the file set.
fn relate(checked: &mut Checked, flags: &[(&'static str, &'static str)], keys: &[&str], message: String) {
    if keys.iter().any(|key| checked.refused.contains(key)) {
        return;
    }
    let flag = keys.iter().find_map(|key| flags.iter().find(|(name, _)| name == key));
    let set = keys.iter().find_map(|key| checked.set.iter().find(|(set, _)| set.name == *key));
    let place = match (flag, set) {
        (Some((_, flag)), _) => Place::Flag(flag),
        (None, Some((_, offset))) => Place::Byte(*offset),
        (None, None) => Place::Defaults,
    };
    checked.complaints.push(Complaint { place, message });
}

/// Both counted from one, the column in characters, as editors show them.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(before.get(line_start..).unwrap_or_default()).chars().count() + 1;
    (line, column)
}
