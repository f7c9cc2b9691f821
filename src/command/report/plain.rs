//! Owns a report as a table for a terminal, as CSV and as JSON. Never leaves a row out.
//! Invariant: CSV and JSON have every column; whatever cannot be given is an empty field there, and null here.

use super::sheet::{self, Cell, Sheet};
use super::{Found, units};
use crate::service::text::{is_printable, looks_like_formula};
use serde_json::{Map, Value, json};

/// Letters of East Asia take two places of a terminal.
fn width(text: &str) -> usize {
    let is_wide = |letter: char| {
        matches!(letter, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3fffd}')
    };
    text.chars().map(|letter| if is_wide(letter) { 2 } else { 1 }).sum()
}

pub fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => {
            let text = text.as_deref().unwrap_or(units::NONE);
            text.chars().filter(|letter| is_printable(*letter)).collect()
        }
        Cell::Count(number) => units::count(*number),
        Cell::Ratio(ratio) => units::percent(*ratio),
        Cell::Length(length) => units::length(*length, ""),
        Cell::Fen(fen) => units::yuan(*fen),
    }
}

/// The columns for people, with whether each is text.
pub fn for_people(sheet: &Sheet) -> Vec<(usize, &'static str, bool)> {
    let titled = sheet.columns.iter().enumerate().filter_map(|(at, column)| Some((at, column.title?)));
    titled.map(|(at, title)| (at, title, matches!(sheet.total.get(at), Some(Cell::Text(_))))).collect()
}

pub fn table(found: &Found<'_>) -> String {
    let mut output = format!("{}\n", found.heading());
    if sheet::is_empty(&found.tables) {
        output.push_str("There is nothing to report of these days.\n");
        return output;
    }
    for sheet in found.sheets() {
        output.push('\n');
        if found.sheets().len() > 1 {
            output.push_str(&format!("{}\n", sheet.title));
        }
        write_table(&sheet, &mut output);
    }
    output
}

fn write_table(sheet: &Sheet, output: &mut String) {
    let columns = for_people(sheet);
    let heads = columns.iter().map(|(_, title, _)| (*title).to_owned()).collect();
    let row = |cells: &Vec<Cell>| -> Vec<String> {
        columns.iter().map(|(at, _, _)| cells.get(*at).map_or_else(String::new, shown)).collect()
    };
    let mut lines: Vec<Vec<String>> = vec![heads];
    lines.extend(sheet.rows.iter().map(row));
    if sheet.rows.len() > 1 {
        lines.push(row(&sheet.total));
    }
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| lines.iter().filter_map(|line| line.get(at)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    for line in &lines {
        let mut text = String::new();
        for ((cell, (_, _, is_text)), width_max) in line.iter().zip(&columns).zip(&widths) {
            let blanks = " ".repeat(width_max.saturating_sub(width(cell)));
            text += &if *is_text { format!("{cell}{blanks}  ") } else { format!("{blanks}{cell}  ") };
        }
        output.push_str(text.trim_end());
        output.push('\n');
    }
}

/// # Errors
/// Where the rows cannot be written, which memory always takes.
pub fn csv(sheet: &Sheet) -> Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    writer.write_record(sheet.columns.iter().map(|column| column.key)).map_err(|error| failed(&error))?;
    for row in &sheet.rows {
        writer.write_record(row.iter().map(field)).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Text(None) | Cell::Ratio(None) | Cell::Length(None) => String::new(),
        // A spreadsheet would take it for a formula.
        Cell::Text(Some(text)) if looks_like_formula(text) => format!("'{text}"),
        Cell::Text(Some(text)) => text.clone(),
        Cell::Count(number) | Cell::Fen(number) => number.to_string(),
        Cell::Ratio(Some(number)) | Cell::Length(Some(number)) => number.to_string(),
    }
}

pub fn json(found: &Found<'_>) -> String {
    let mut output = Map::new();
    output.insert("report".into(), found.request.name.word().into());
    output.insert("from".into(), found.request.from.into());
    output.insert("to".into(), found.request.to.into());
    output.insert("made_at".into(), found.made_at.clone().into());
    for sheet in found.sheets() {
        let row = |cells: &Vec<Cell>| -> Value {
            let members = sheet.columns.iter().zip(cells);
            Value::Object(members.map(|(column, cell)| (column.key.to_owned(), value(cell))).collect())
        };
        output.insert(sheet.key.into(), sheet.rows.iter().map(row).collect());
        let mut total = row(&sheet.total);
        if let Some(members) = total.as_object_mut() {
            // What names a row names no total.
            for name in ["day", "doctor_id", "doctor", "department", "ward_id", "number", "ward"] {
                members.shift_remove(name);
            }
        }
        output.insert(format!("all_{}", sheet.key), total);
    }
    if found.request.has_causes {
        let cause = |(by, reason, count): (String, Option<String>, i64)| json!({"cancelled_by": by, "reason": reason, "count": count});
        output.insert("causes".into(), found.causes().into_iter().map(cause).collect());
    }
    format!("{:#}\n", Value::Object(output))
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Text(text) => text.as_deref().into(),
        Cell::Count(number) | Cell::Fen(number) => (*number).into(),
        Cell::Ratio(number) | Cell::Length(number) => (*number).into(),
    }
}
