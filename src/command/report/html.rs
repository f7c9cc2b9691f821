//! Owns a report as one page that needs nothing beside it: its frame, its style and what stands on it.
//! Never counts.
//! Invariant: the page has no script and loads nothing; every text that came from the database is escaped.

mod bars;
mod bucket;
mod chart;
mod heat;
mod tile;

use super::plain::{for_people, shown};
use super::sheet::{Cell, Sheet, is_empty, sum, sum_beds};
use super::{Found, units};
use crate::service::report::{Figures, Name, OfDoctor, Request};
use crate::service::text::is_printable;
use bars::{Bar, Part};
use chrono::{Datelike, NaiveDate};
use std::fmt::Write;

const STYLE: &str = include_str!("html/style.css");
/// More rows would make no chart that is read.
const BARS_MAX: usize = 20;
const DOCTORS_MAX: usize = 100;
/// What is shown of a doctor.
const OF_DOCTOR: [&str; 11] = [
    "doctor",
    "department",
    "booked",
    "attended",
    "no_show_rate",
    "cancelled",
    "waiting_p50_min",
    "waiting_p90_min",
    "consultation_p50_min",
    "utilisation",
    "paid_fen",
];

/// A text as it may stand in HTML.
fn escaped(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| is_printable(*letter)) {
        match letter {
            '&' => output.push_str("&amp;"),
            '<' => output.push_str("&lt;"),
            '>' => output.push_str("&gt;"),
            '"' => output.push_str("&quot;"),
            '\'' => output.push_str("&#39;"),
            letter => output.push(letter),
        }
    }
    output
}

/// A day as it is spoken.
fn spoken(day: &str, has_year: bool) -> String {
    match NaiveDate::parse_from_str(day, "%Y-%m-%d") {
        Ok(date) if has_year => format!("{} {}", date.day(), date.format("%B %Y")),
        Ok(date) => format!("{} {}", date.day(), date.format("%B")),
        Err(_) => day.to_owned(),
    }
}

fn period(from: &str, to: &str) -> String {
    if from == to {
        return spoken(from, true);
    }
    let is_same = |bytes: usize| from.get(..bytes) == to.get(..bytes);
    let begin = match from.get(8..).map(|day| day.trim_start_matches('0')) {
        Some(day) if is_same(7) => day.to_owned(),
        _ => spoken(from, !is_same(4)),
    };
    format!("{begin} to {}", spoken(to, true))
}

pub fn page(found: &Found<'_>) -> String {
    let Request { from, to, name, .. } = found.request;
    let body = match name {
        Name::Overview => overview(found),
        _ => tables(found),
    };
    let (title, made_at, period) = (escaped(found.title), escaped(&found.made_at), period(from, to));
    let summary = escaped(&summary(found));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title} – {period}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<p class=\"eyebrow\">{title}</p>\n<h1>{period}</h1>\n<p class=\"summary\">{summary}</p>\n\
         </header>\n{body}<footer>Made by medsrv from the state of {made_at}. Waiting is from the check-in to the \
         first call, those who wait still included; p50 is what half of all did not exceed, p90 what nine of ten \
         did not. docs/reports.md has the formula of each figure.</footer>\n</main>\n</body>\n</html>\n"
    )
}

fn summary(found: &Found<'_>) -> String {
    if is_empty(&found.tables) {
        return "There is nothing to report of these days.".into();
    }
    let tables = &found.tables;
    let all = match found.request.name {
        Name::Day | Name::Overview => sum(tables.days.values()),
        Name::Doctor => sum(tables.doctors.values().map(|row| &row.figures)),
        _ => sum(tables.departments.values()),
    };
    if all.booked == 0 {
        return String::new();
    }
    let mut text = match all.booked {
        1 => "One appointment".to_owned(),
        booked => format!("{} appointments", units::count(booked)),
    };
    let (doctors, departments) = (tables.doctors.len(), tables.departments.len());
    if found.request.name == Name::Overview {
        let of = |count: usize, one: &str, many: &str| match count {
            1 => format!("one {one}"),
            count => format!("{} {many}", units::count(i64::try_from(count).unwrap_or(i64::MAX))),
        };
        let (doctors, departments) =
            (of(doctors, "doctor", "doctors"), of(departments, "department", "departments"));
        let _ = write!(text, " with {doctors} in {departments}");
    }
    let _ = write!(text, "; {} came", units::count(all.attended));
    if let Some(minutes) = all.waiting.percentile(50) {
        let _ = write!(text, ", and half of those with a ticket were called within {minutes:.1} minutes");
    }
    text.push('.');
    text
}

/// A part of the page with a heading, a line that says what is seen, and its content.
fn section(title: &str, caption: &str, content: &str) -> String {
    let (title, caption) = (escaped(title), escaped(caption));
    format!(
        "<section class=\"card\">\n<h2>{title}</h2>\n<p class=\"caption\">{caption}</p>\n{content}</section>\n"
    )
}

/// Content, or in words that there is none.
fn or_words(content: Option<String>, words: &str) -> String {
    content.unwrap_or_else(|| format!("<p class=\"empty\">{}</p>\n", escaped(words)))
}

fn overview(found: &Found<'_>) -> String {
    let mut body = tile::tiles(found);
    let buckets = bucket::of_days(&found.tables);
    let each = buckets.first().map_or("day", |bucket| bucket.kind);
    body += &section(
        "Appointments",
        &format!(
            "What became of those who had booked, by {each}; the height of a column is all that was booked."
        ),
        &or_words(chart::appointments(&buckets), "Nobody had an appointment in these days."),
    );
    body += &section(
        "Waiting",
        &format!("Minutes from the check-in to the first call, by {each}."),
        &or_words(chart::waiting(&buckets), "Nobody checked in, so that nobody waited."),
    );
    body += &section(
        "Use of places",
        "Places taken of all places of the sessions that took place or are to, by department.",
        &or_words(utilisation(found), "There were no sessions with places in these days."),
    );
    body += &section(
        "Fees",
        "Paid fees and those that are asked for and not paid yet, by department; fees of cancelled appointments \
         are left out.",
        &or_words(fees(found), "No fees were asked for."),
    );
    body += &section(
        "Cancellations",
        "Who cancelled, and the reason where at least five were cancelled for the same one.",
        &or_words(causes(found), "Nothing was cancelled."),
    );
    body += &section(
        "Beds",
        "Occupied hours of all bed hours, by ward; the last column is the whole period.",
        &or_words(heat::beds(&found.tables), "The hospital has no wards with beds."),
    );
    body + &doctors(found)
}

fn department(name: Option<&str>) -> String {
    name.unwrap_or("no department").to_owned()
}

/// Departments that have something of a kind, the most of it first.
fn departments<'a>(found: &'a Found<'_>, weight: fn(&Figures) -> i64) -> Vec<(String, &'a Figures)> {
    let all = found.tables.departments.iter().map(|(name, of)| (department(name.as_deref()), of));
    let mut some: Vec<(String, &Figures)> = all.filter(|(_, of)| weight(of) > 0).collect();
    some.sort_by_key(|(_, of)| -weight(of));
    some.truncate(BARS_MAX);
    some
}

#[expect(clippy::cast_precision_loss, reason = "counts and fees of a report are far under 2^52")]
fn utilisation(found: &Found<'_>) -> Option<String> {
    let bars: Vec<Bar> = departments(found, |of| of.places().capacity)
        .into_iter()
        .map(|(label, of)| {
            let part = |places: crate::service::report::Places, class| Part {
                class,
                value: places.taken as f64 / of.places().capacity.max(1) as f64,
            };
            let says = [("online", of.online), ("at the desk", of.onsite), ("added", of.addon)]
                .into_iter()
                .filter(|(_, places)| places.capacity > 0)
                .map(|(what, places)| format!("{what} {} of {}", places.taken, places.capacity))
                .collect::<Vec<_>>()
                .join(", ");
            Bar {
                label,
                parts: vec![part(of.online, "online"), part(of.onsite, "onsite"), part(of.addon, "addon")],
                value: units::percent(of.places().utilisation()),
                says,
            }
        })
        .collect();
    let legend = [("online", "online"), ("onsite", "at the desk"), ("addon", "added by the doctor")];
    bars::draw(&bars, Some(1.0), &legend)
}

#[expect(clippy::cast_precision_loss, reason = "counts and fees of a report are far under 2^52")]
fn fees(found: &Found<'_>) -> Option<String> {
    let bars: Vec<Bar> = departments(found, |of| of.paid_fen + of.unpaid_fen)
        .into_iter()
        .map(|(label, of)| Bar {
            label,
            parts: vec![
                Part { class: "paid", value: of.paid_fen as f64 },
                Part { class: "unpaid", value: of.unpaid_fen as f64 },
            ],
            value: units::short_yuan(of.paid_fen),
            says: format!("{} paid, {} not paid yet", units::yuan(of.paid_fen), units::yuan(of.unpaid_fen)),
        })
        .collect();
    bars::draw(&bars, None, &[("paid", "paid"), ("unpaid", "not paid yet")])
}

#[expect(clippy::cast_precision_loss, reason = "counts and fees of a report are far under 2^52")]
fn causes(found: &Found<'_>) -> Option<String> {
    let bars: Vec<Bar> = found
        .causes()
        .into_iter()
        .take(10)
        .map(|(by, reason, count)| {
            let by = if by.is_empty() { "system".to_owned() } else { by };
            let label = match reason {
                Some(reason) => format!("{reason} ({by})"),
                None => format!("no common reason ({by})"),
            };
            let says = format!("{label}: {}", units::count(count));
            Bar {
                label,
                parts: vec![Part { class: "cancelled", value: count as f64 }],
                value: units::count(count),
                says,
            }
        })
        .collect();
    bars::draw(&bars, None, &[])
}

fn doctors(found: &Found<'_>) -> String {
    let mut sheet = match found.sheets().into_iter().find(|sheet| sheet.key == "doctors") {
        Some(sheet) if !sheet.rows.is_empty() => sheet,
        _ => return section("Doctors", "", &or_words(None, "No doctor had an appointment or a session.")),
    };
    // In the order of those who came; rows of the sheet are in the order of the doctors.
    let mut order: Vec<(i64, Vec<Cell>)> = found
        .tables
        .doctors
        .values()
        .map(|OfDoctor { figures, .. }| figures.attended)
        .zip(std::mem::take(&mut sheet.rows))
        .collect();
    order.sort_by_key(|(attended, _)| -attended);
    let left_out = order.len().saturating_sub(DOCTORS_MAX);
    sheet.rows = order.into_iter().take(DOCTORS_MAX).map(|(_, row)| row).collect();
    let mut caption = "By the number of patients who came.".to_owned();
    if left_out > 0 {
        let _ = write!(caption, " {left_out} more are in `medsrv report doctor`.");
    }
    section("Doctors", &caption, &table(&sheet, Some(&OF_DOCTOR)))
}

fn tables(found: &Found<'_>) -> String {
    let sheets = found.sheets();
    let part = |sheet: &Sheet| {
        let content = (!is_empty(&found.tables)).then(|| table(sheet, None));
        section(sheet.title, "", &or_words(content, "There is nothing to report of these days."))
    };
    sheets.iter().map(part).collect()
}

/// A sheet's columns for people, or those of them that are named.
fn table(sheet: &Sheet, keys: Option<&[&str]>) -> String {
    let mut columns = for_people(sheet);
    if let Some(keys) = keys {
        columns.retain(|(at, _, _)| sheet.columns.get(*at).is_some_and(|column| keys.contains(&column.key)));
    }
    let mut output = String::from("<div class=\"scroll\"><table>\n<thead><tr>");
    for (_, title, is_text) in &columns {
        let class = if *is_text { " class=\"text\"" } else { "" };
        let _ = write!(output, "<th scope=\"col\"{class}>{}</th>", escaped(title));
    }
    output.push_str("</tr></thead>\n<tbody>\n");
    let rows = sheet.rows.iter().map(|row| ("", row));
    let total = (sheet.rows.len() > 1).then_some((" class=\"total\"", &sheet.total));
    for (class, row) in rows.chain(total) {
        let _ = write!(output, "<tr{class}>");
        for (index, (at, _, is_text)) in columns.iter().enumerate() {
            let cell = match row.get(*at) {
                Some(Cell::Text(None)) if !class.is_empty() => String::new(),
                cell => cell.map_or_else(String::new, |cell| escaped(&shown(cell))),
            };
            let _ = match (index, is_text) {
                (0, _) => write!(output, "<th scope=\"row\" class=\"text\">{cell}</th>"),
                (_, true) => write!(output, "<td class=\"text\">{cell}</td>"),
                (_, false) => write!(output, "<td>{cell}</td>"),
            };
        }
        output.push_str("</tr>\n");
    }
    output.push_str("</tbody>\n</table></div>\n");
    output
}

/// What the whole period comes to, and the one before.
fn totals(found: &Found<'_>) -> (tile::Totals, Option<tile::Totals>) {
    let of = |tables| tile::Totals { clinic: sum_days(tables), beds: sum_beds(tables) };
    (of(&found.tables), found.before.as_ref().map(|(_, _, tables)| of(tables)))
}

fn sum_days(tables: &crate::service::report::Tables) -> Figures {
    sum(tables.days.values())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_spoken() {
        for (from, to, expected) in [
            ("2026-01-05", "2026-01-05", "5 January 2026"),
            ("2026-01-05", "2026-01-31", "5 to 31 January 2026"),
            ("2026-01-05", "2026-02-01", "5 January to 1 February 2026"),
            ("2025-12-31", "2026-01-01", "31 December 2025 to 1 January 2026"),
        ] {
            assert_eq!(period(from, to), expected);
        }
    }

    #[test]
    fn what_came_from_the_database_is_escaped() {
        assert_eq!(escaped("<b>\"李\" & '\u{202e}x'"), "&lt;b&gt;&quot;李&quot; &amp; &#39;x&#39;");
    }
}
