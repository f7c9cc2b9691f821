//! Owns a report as one page that needs nothing beside it: its frame, its style and its common parts.
//!
//! It never computes a figure. Invariants: the page has no script and loads nothing; every text that came
//! from outside is escaped.

mod axis;
mod chart;
mod run;
mod sweep;

use crate::report::{Latencies, Setting};
use crate::units;
use std::fmt::Write;

pub use run::report;
pub use sweep::sweep;

const STYLE: &str = include_str!("html/style.css");
const SERVER_LINE: &str = "Made by the load tool of medsrv. Latency is counted by the client, from when a request \
     is due or sent to when its whole reply is read.";

/// A text as it may stand in HTML.
fn escaped(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    for letter in text.chars() {
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

fn page(title: &str, setting: &Setting, summary: &str, body: &str) -> String {
    let (title, summary) = (escaped(title), escaped(summary));
    let (address, started_at) = (escaped(&setting.address), escaped(&setting.started_at));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title} – {address}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<p class=\"eyebrow\">{address} <span>·</span> {started_at}</p>\n<h1>{title}</h1>\n\
         <p class=\"summary\">{summary}</p>\n</header>\n{body}\
         <footer>{SERVER_LINE}</footer>\n</main>\n</body>\n</html>\n"
    )
}

/// One headline number.
struct Tile {
    label: &'static str,
    value: String,
    note: String,
    /// `good`, `bad` or nothing.
    class: &'static str,
}

fn tiles(tiles: &[Tile]) -> String {
    let mut output = String::from("<section class=\"tiles\" aria-label=\"Headline figures\">\n");
    for Tile { label, value, note, class } in tiles {
        // The unit is set smaller than its number.
        let (number, unit) = value.rsplit_once(' ').unwrap_or((value, ""));
        let _ = writeln!(
            output,
            "<div class=\"tile {class}\"><h2>{label}</h2><p class=\"value\">{number} <small>{unit}</small></p>\
             <p class=\"note\">{}</p></div>",
            escaped(note)
        );
    }
    output.push_str("</section>\n");
    output
}

/// A part of the page with a heading, a line that says what is seen, and its content.
fn section(title: &str, caption: &str, content: &str) -> String {
    let (title, caption) = (escaped(title), escaped(caption));
    format!(
        "<section class=\"card\">\n<h2>{title}</h2>\n<p class=\"caption\">{caption}</p>\n{content}</section>\n"
    )
}

/// A table whose first column is a text and whose others are figures; the row at `marked` stands out.
fn table(heads: &[&str], rows: &[Vec<String>], marked: Option<usize>) -> String {
    let mut output = String::from("<div class=\"scroll\"><table>\n<thead><tr>");
    for head in heads {
        let _ = write!(output, "<th scope=\"col\">{}</th>", escaped(head));
    }
    output.push_str("</tr></thead>\n<tbody>\n");
    for (index, row) in rows.iter().enumerate() {
        output.push_str(if marked == Some(index) { "<tr class=\"marked\">" } else { "<tr>" });
        for (column, cell) in row.iter().enumerate() {
            let cell = escaped(cell);
            let _ = match column {
                0 => write!(output, "<th scope=\"row\">{cell}</th>"),
                _ => write!(output, "<td>{cell}</td>"),
            };
        }
        output.push_str("</tr>\n");
    }
    output.push_str("</tbody>\n</table></div>\n");
    output
}

const FIGURE_HEADS: [&str; 8] = ["successes", "per second", "errors", "p50", "p90", "p99", "p99.9", "max"];

fn figures(name: &str, rate: f64, errors: u64, latencies: &Latencies) -> Vec<String> {
    let mut cells =
        vec![name.to_owned(), units::count(latencies.count), units::rate(rate), units::count(errors)];
    cells.extend(latencies.cells());
    cells
}

/// How the runs were made, as terms and their values.
fn facts(facts: &[(&str, String)]) -> String {
    let mut output = String::from("<dl>\n");
    for (term, value) in facts {
        let _ = writeln!(output, "<div><dt>{}</dt><dd>{}</dd></div>", escaped(term), escaped(value));
    }
    output.push_str("</dl>\n");
    output
}

fn setting_facts(setting: &Setting) -> Vec<(&'static str, String)> {
    let connections = if setting.fresh {
        format!("a new one for each request, at most {} at once", units::count(setting.connections as u64))
    } else if setting.pipeline > 1 {
        format!(
            "{} kept, {} requests on each at once",
            units::count(setting.connections as u64),
            setting.pipeline
        )
    } else {
        format!("{} kept", units::count(setting.connections as u64))
    };
    vec![
        ("Target", setting.address.clone()),
        ("Began", setting.started_at.clone()),
        ("Connections", connections),
        ("Measured", format!("{} s, after {} s of warm-up", setting.duration_s, setting.warmup_s)),
        ("Requests", format!("mix {}", setting.mix)),
        ("People", setting.population.clone()),
        ("Patience", format!("{} s for each reply", setting.timeout_s)),
        ("Seed", setting.seed.to_string()),
    ]
}

/// Errors as a part of all requests, in percent.
#[expect(clippy::cast_precision_loss, reason = "counts of a run are far under 2^52")]
fn error_share(errors: u64, successes: u64) -> String {
    let all = (errors + successes).max(1);
    let percent = errors as f64 * 100.0 / all as f64;
    match percent {
        0.0 => "0 %".into(),
        small if small < 0.01 => "under 0.01 %".into(),
        percent => format!("{percent:.2} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sample;

    #[test]
    fn what_came_from_outside_is_escaped() {
        let mut found = sample();
        found.setting.mix = "<em>\"mix\" & 'more'".into();
        found.messages[0].text = "<script>alert(1)</script>".into();
        let page = report(&found);
        assert!(!page.contains("<em>") && !page.contains("<script"));
        assert!(page.contains("&lt;em&gt;&quot;mix&quot; &amp; &#39;more&#39;"));
    }

    #[test]
    fn a_run_without_a_success_is_a_page_too() {
        let mut found = sample();
        (found.latencies, found.rate, found.successes) = (Latencies::default(), 0.0, 0);
        found.distribution.clear();
        found.series.iter_mut().for_each(|second| {
            (second.rate, second.successes, second.p50_ns, second.p99_ns, second.max_ns) = (0.0, 0, 0, 0, 0);
        });
        let page = report(&found);
        assert!(page.ends_with("</html>\n"));
        assert!(!page.contains("NaN") && !page.contains("\"inf"), "{page}");
    }
}
