//! Owns a report as text for a terminal.
//!
//! It never computes a figure. Invariant: columns stand under their heads whatever the figures are.

use crate::measure::{ErrorCounts, ErrorKind};
use crate::report::{Latencies, Report, Setting};
use crate::sweep::Sweep;
use crate::units;

/// Rows of cells, the first row the heads; the first column is flush left, the others flush right.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell_width =
        |row: &Vec<String>, column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| cell_width(row, column)).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if index == 0 {
                line.push_str(&format!("{cell:<width$}"));
            } else {
                line.push_str(&format!("  {cell:>width$}"));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// How a run was made, in one line.
pub(crate) fn setting(setting: &Setting) -> String {
    let mode = match setting.offered_rate {
        Some(rate) => format!("open loop at {} requests/s", units::count(rate)),
        None => "closed loop".into(),
    };
    let connections = if setting.fresh {
        format!("a connection per request, at most {} at once", units::count(setting.connections as u64))
    } else {
        format!("{} kept connections", units::count(setting.connections as u64))
    };
    let pipeline = match setting.pipeline {
        1 => String::new(),
        depth => format!(", {depth} requests on each at once"),
    };
    format!(
        "{mode}, {connections}{pipeline}, mix {}, population {}, {} s after {} s of warm-up, seed {}",
        setting.mix, setting.population, setting.duration_s, setting.warmup_s, setting.seed
    )
}

/// Errors by kind, in one line.
pub(crate) fn errors(errors: &ErrorCounts) -> String {
    let kinds: Vec<String> = ErrorKind::ALL
        .into_iter()
        .filter(|kind| errors[*kind] > 0)
        .map(|kind| format!("{} {}", kind.name(), units::count(errors[kind])))
        .collect();
    if kinds.is_empty() {
        return "none".into();
    }
    format!("{} ({})", units::count(errors.total()), kinds.join(", "))
}

fn row(name: &str, rate: f64, errors: u64, latencies: &Latencies) -> Vec<String> {
    let mut cells =
        vec![name.to_owned(), units::count(latencies.count), units::rate(rate), units::count(errors)];
    cells.extend(latencies.cells());
    cells
}

fn heads(first: &str) -> Vec<String> {
    let fixed = [first, "successes", "rate/s", "errors"];
    let columns = Latencies::default().columns();
    fixed.into_iter().chain(columns.iter().map(|(name, _)| *name)).map(str::to_owned).collect()
}

/// A whole report.
pub fn report(report: &Report) -> String {
    let mut rows = vec![heads("operation")];
    for operation in &report.operations {
        rows.push(row(&operation.name, operation.rate, operation.errors.total(), &operation.latencies));
    }
    rows.push(row("all", report.rate, report.errors_total, &report.latencies));
    let mut text =
        format!("{}: {}\n\n{}\n", report.setting.address, setting(&report.setting), aligned(&rows));
    text.push_str(&format!("errors: {}\n", errors(&report.errors)));
    for message in &report.messages {
        let (count, kind) = (units::count(message.count), message.kind.name());
        text.push_str(&format!("  {count} × {kind}: {}\n", message.text));
    }
    let tool = &report.tool;
    text.push_str(&format!(
        "the tool: busy {:.0} % of the time, lag p99 {} and at most {}, {} connections made anew\n",
        tool.busy_share * 100.0,
        units::time(tool.lag_p99_ns),
        units::time(tool.lag_max_ns),
        units::count(tool.reconnects)
    ));
    for note in &tool.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}

/// A sweep over rates.
pub fn sweep(sweep: &Sweep) -> String {
    let mut rows = vec![heads("offered rate/s")];
    for step in &sweep.steps {
        let offered = units::count(step.setting.offered_rate.unwrap_or(0));
        rows.push(row(&offered, step.rate, step.errors_total, &step.latencies));
    }
    let mut text = String::new();
    if let Some(first) = sweep.steps.first() {
        text.push_str(&format!("{}: {}\n\n", first.setting.address, setting(&first.setting)));
    }
    text.push_str(&format!(
        "{}\nthe knee: {}\n  ({})\n",
        aligned(&rows),
        sweep.verdict(),
        crate::sweep::RULE
    ));
    for step in &sweep.steps {
        for note in &step.tool.notes {
            let offered = units::count(step.setting.offered_rate.unwrap_or(0));
            text.push_str(&format!("note: at {offered}/s {note}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sample;

    #[test]
    fn columns_stand_under_their_heads() {
        let text = aligned(&[vec!["a".into(), "µs".into()], vec!["long".into(), "12.0 ms".into()]]);
        assert_eq!(text, "a          µs\nlong  12.0 ms\n");
    }

    #[test]
    fn a_report_shows_what_was_found() {
        let text = report(&sample());
        for part in [
            "127.0.0.1:55000: closed loop, 50 kept connections",
            "query",
            "3.00 ms",
            "errors: 5 (refused 5)",
            "5 × refused: busy",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
