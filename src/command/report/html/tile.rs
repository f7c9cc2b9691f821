//! Owns the key figures of a page, and how each compares with the period before. Never counts.
//! Invariant: what cannot be compared says so in words.

use super::{escaped, period, totals, units};
use crate::command::report::Found;
use crate::service::report::{BedFigures, Figures};
use std::fmt::Write;

pub struct Totals {
    pub clinic: Figures,
    pub beds: BedFigures,
}

/// Which way a figure should go.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Better {
    More,
    Less,
    Neither,
}

/// In what a change is told.
#[derive(Debug, Clone, Copy)]
enum Change {
    /// In percent of what it was.
    Relative,
    /// In points of percent.
    Points,
    /// In minutes.
    Minutes,
}

struct Figure {
    label: &'static str,
    value: fn(&Totals) -> Option<f64>,
    shown: fn(&Totals) -> String,
    better: Better,
    change: Change,
}

#[expect(clippy::cast_precision_loss, reason = "counts and fees of a report are far under 2^52")]
const FIGURES: [Figure; 8] = [
    Figure {
        label: "Appointments",
        value: |of| Some(of.clinic.booked as f64),
        shown: |of| units::count(of.clinic.booked),
        better: Better::Neither,
        change: Change::Relative,
    },
    Figure {
        label: "Patients who came",
        value: |of| Some(of.clinic.attended as f64),
        shown: |of| units::count(of.clinic.attended),
        better: Better::More,
        change: Change::Relative,
    },
    Figure {
        label: "No-show rate",
        value: |of| of.clinic.no_show_rate(),
        shown: |of| units::percent(of.clinic.no_show_rate()),
        better: Better::Less,
        change: Change::Points,
    },
    Figure {
        label: "Cancelled",
        value: |of| of.clinic.cancel_rate(),
        shown: |of| units::percent(of.clinic.cancel_rate()),
        better: Better::Less,
        change: Change::Points,
    },
    Figure {
        label: "Waiting, p50",
        value: |of| of.clinic.waiting.percentile(50),
        shown: |of| units::length(of.clinic.waiting.percentile(50), "min"),
        better: Better::Less,
        change: Change::Minutes,
    },
    Figure {
        label: "Waiting, p90",
        value: |of| of.clinic.waiting.percentile(90),
        shown: |of| units::length(of.clinic.waiting.percentile(90), "min"),
        better: Better::Less,
        change: Change::Minutes,
    },
    Figure {
        label: "Fees paid",
        value: |of| Some(of.clinic.paid_fen as f64),
        shown: |of| units::short_yuan(of.clinic.paid_fen),
        better: Better::More,
        change: Change::Relative,
    },
    Figure {
        label: "Beds occupied",
        value: |of| of.beds.occupancy(),
        shown: |of| units::percent(of.beds.occupancy()),
        better: Better::Neither,
        change: Change::Points,
    },
];

/// The change in words, and whether it is one for the better.
fn compared(figure: &Figure, now: &Totals, before: &Totals) -> (String, &'static str) {
    let (Some(new), Some(old)) = ((figure.value)(now), (figure.value)(before)) else {
        return ("not to be compared".into(), "");
    };
    let (size, unit) = match figure.change {
        Change::Relative if old == 0.0 => return ("none before".into(), ""),
        Change::Relative => ((new - old) / old * 100.0, " %"),
        Change::Points => ((new - old) * 100.0, " points"),
        Change::Minutes => (new - old, " min"),
    };
    if size.abs() < 0.05 {
        return ("as before".into(), "");
    }
    let class = match (figure.better, size > 0.0) {
        (Better::Neither, _) => "",
        (Better::More, is_more) if is_more => "good",
        (Better::Less, is_more) if !is_more => "good",
        _ => "bad",
    };
    (format!("{} {:.1}{unit}", if size > 0.0 { "▲" } else { "▼" }, size.abs()), class)
}

pub fn tiles(found: &Found<'_>) -> String {
    let (now, before) = totals(found);
    let mut output = String::from("<section class=\"tiles\" aria-label=\"Key figures\">\n");
    for figure in &FIGURES {
        let value = (figure.shown)(&now);
        // The unit is set smaller than its number.
        let (number, unit) = value.split_once(' ').unwrap_or((&value, ""));
        let (change, class) = match &before {
            Some(before) => compared(figure, &now, before),
            None => (String::new(), ""),
        };
        let _ = writeln!(
            output,
            "<div class=\"tile\"><h2>{}</h2><p class=\"value\">{} <small>{}</small></p>\
             <p class=\"note {class}\">{}</p></div>",
            escaped(figure.label),
            escaped(number),
            escaped(unit),
            escaped(&change)
        );
    }
    output.push_str("</section>\n");
    if let Some((from, to, _)) = &found.before {
        let _ = writeln!(output, "<p class=\"against\">Compared with {}.</p>", period(from, to));
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(booked: i64, attended: i64, no_shows: i64) -> Totals {
        let clinic = Figures { booked, attended, no_shows, ..Figures::default() };
        Totals { clinic, beds: BedFigures::default() }
    }

    #[test]
    fn changes_are_told_in_their_own_terms() {
        let (now, before) = (of(110, 60, 40), of(100, 80, 20));
        let told = FIGURES.map(|figure| compared(&figure, &now, &before));
        let told: Vec<(&str, &str)> = told.iter().map(|(text, class)| (text.as_str(), *class)).collect();
        let expected = [
            ("▲ 10.0 %", ""),
            ("▼ 25.0 %", "bad"),
            ("▲ 20.0 points", "bad"),
            ("as before", ""),
            ("not to be compared", ""),
            ("not to be compared", ""),
            ("none before", ""),
            ("not to be compared", ""),
        ];
        assert_eq!(told, expected);
    }
}
