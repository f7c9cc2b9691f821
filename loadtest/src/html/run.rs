//! Owns the page about one run.
//!
//! It never computes a figure, but for making a long run's seconds few enough to draw. Invariant: where
//! seconds are put together, the slowest of them is shown.

use super::axis::Axis;
use super::chart::{Chart, Line, Mark, Point};
use super::{
    FIGURE_HEADS, Tile, error_share, escaped, facts, figures, page, section, setting_facts, table, tiles,
};
use crate::measure::Second;
use crate::report::Report;
use crate::units;
use std::fmt::Write;

/// More points than this would lie on one another.
const POINTS_MAX: usize = 240;

/// The page about a run.
pub fn report(report: &Report) -> String {
    let mut body = tiles(&headline(report));
    if !report.distribution.is_empty() {
        body.push_str(&section(
            "How long requests take",
            "Read from the left: so many of all requests took no longer than the line is high. Both scales are \
             logarithmic: each step to the right is ten times rarer.",
            &distribution(report).svg(),
        ));
    }
    let (seconds, each) = thinned(&report.series);
    let together = match each {
        1 => String::new(),
        count => format!(" Each point stands for {count} s, of which the slowest is shown."),
    };
    body.push_str(&section(
        "Latency over time",
        &format!("How long the replies of each second had taken, on a logarithmic scale.{together}"),
        &latency(report, &seconds, each).svg(),
    ));
    body.push_str(&section(
        "Throughput over time",
        &format!("Requests that succeeded in each second.{}", together.replace("slowest", "mean")),
        &throughput(report, &seconds, each).svg(),
    ));
    body.push_str(&section(
        "By operation",
        "Latencies are those of successful requests.",
        &operations(report),
    ));
    if report.errors_total > 0 {
        body.push_str(&section("What went wrong", "By kind, with the first few messages.", &errors(report)));
    }
    body.push_str(&section("How this was measured", "", &how(report)));
    page("Load test", &report.setting, &summary(report), &body)
}

fn summary(report: &Report) -> String {
    if report.successes == 0 {
        return "No request succeeded.".into();
    }
    let latencies = &report.latencies;
    let errors = match report.errors_total {
        0 => "No request failed.".to_owned(),
        count => format!("{} of all requests failed.", error_share(count, report.successes)),
    };
    format!(
        "The server answered {} requests a second. Half of the replies came within {}, 99 of 100 within {}, and the \
         slowest of {} took {}. {errors}",
        units::rate(report.rate),
        units::time(latencies.p50_ns),
        units::time(latencies.p99_ns),
        units::count(latencies.count),
        units::time(latencies.max_ns)
    )
}

fn headline(report: &Report) -> [Tile; 4] {
    let latencies = &report.latencies;
    let offered = match report.setting.offered_rate {
        Some(rate) => format!("of {} offered", units::count(rate)),
        None => "as fast as replies come".into(),
    };
    let class = if report.errors_total == 0 { "good" } else { "bad" };
    let errors = match report.errors_total {
        0 => format!("in {} requests", units::count(report.successes)),
        _ => format!("{} of all requests", error_share(report.errors_total, report.successes)),
    };
    [
        Tile {
            label: "Throughput",
            value: format!("{} /s", units::rate(report.rate)),
            note: offered,
            class: "",
        },
        Tile {
            label: "Typical reply",
            value: tile_time(latencies.p50_ns),
            note: "p50: half are faster".into(),
            class: "",
        },
        Tile {
            label: "Slow reply",
            value: tile_time(latencies.p99_ns),
            note: "p99: 1 in 100 is slower".into(),
            class: "",
        },
        Tile {
            label: "Errors",
            value: format!("{} ", units::count(report.errors_total)),
            note: errors,
            class,
        },
    ]
}

/// A latency for a headline; 0 means that there is none.
pub(super) fn tile_time(ns: u64) -> String {
    if ns == 0 { "– ".into() } else { units::time(ns) }
}

#[expect(clippy::cast_precision_loss, reason = "a latency is far under 2^52 ns")]
fn float(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ticks of a latency axis are positive and small"
)]
pub(super) fn time_label(ns: f64) -> String {
    let text = units::time(ns.round() as u64);
    // Ticks are round: 2.00 ms says no more than 2 ms.
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// An axis around latencies that are not 0.
pub(super) fn latency_axis(values: impl Iterator<Item = u64> + Clone) -> Axis {
    let positive = values.filter(|ns| *ns > 0);
    let (low, high) = (positive.clone().min().unwrap_or(1000), positive.max().unwrap_or(1_000_000));
    Axis::logarithmic(float(low), float(high), time_label)
}

fn distribution(report: &Report) -> Chart {
    let point = |percentile: f64, ns: u64| {
        let says = format!("{percentile:.4} % within {}", units::time(ns));
        Some(Point { x: percentile, y: float(ns), says })
    };
    let points = report.distribution.iter().map(|one| point(one.percentile, one.latency_ns)).collect();
    let latencies = &report.latencies;
    let mark = |(percentile, name, ns)| Mark { x: percentile, label: format!("{name} {}", units::time(ns)) };
    Chart {
        description: format!(
            "Latency by percentile: p50 {}, p99 {}, at most {}",
            units::time(latencies.p50_ns),
            units::time(latencies.p99_ns),
            units::time(latencies.max_ns)
        ),
        x: Axis::percentile(latencies.count),
        y: latency_axis(report.distribution.iter().map(|one| one.latency_ns)),
        x_title: "share of requests",
        lines: vec![Line { class: "p50", label: "latency".into(), points, is_filled: true, has_dots: false }],
        marks: [(50.0, "p50", latencies.p50_ns), (99.0, "p99", latencies.p99_ns)].map(mark).into(),
    }
}

/// A run's seconds, put together where they are too many. Returns also how many each stands for.
fn thinned(series: &[Second]) -> (Vec<Second>, usize) {
    let each = series.len().div_ceil(POINTS_MAX).max(1);
    let together = |chunk: &[Second]| {
        let most = |of: fn(&Second) -> u64| chunk.iter().map(of).max().unwrap_or(0);
        Second {
            second: chunk.first().map_or(0, |second| second.second),
            rate: chunk.iter().map(|second| second.rate).sum::<f64>() / float(chunk.len().max(1) as u64),
            successes: chunk.iter().map(|second| second.successes).sum(),
            errors: chunk.iter().map(|second| second.errors).sum(),
            p50_ns: most(|second| second.p50_ns),
            p99_ns: most(|second| second.p99_ns),
            max_ns: most(|second| second.max_ns),
        }
    };
    (series.chunks(each).map(together).collect(), each)
}

/// The middle of a second, for which its figures stand; `each` of them may be put together.
fn middle(second: &Second, each: usize) -> f64 {
    float(second.second) + float(each as u64) / 2.0
}

fn time_axis(report: &Report) -> Axis {
    Axis::span(report.setting.duration_s, |second| format!("{second} s"))
}

fn latency(report: &Report, seconds: &[Second], each: usize) -> Chart {
    let line = |class, label: &str, of: fn(&Second) -> u64| {
        let point = |second: &Second| {
            let says = format!("second {}: {label} {}", second.second + 1, units::time(of(second)));
            (second.successes > 0).then(|| Point { x: middle(second, each), y: float(of(second)), says })
        };
        let points = seconds.iter().map(point).collect();
        Line { class, label: label.to_owned(), points, is_filled: false, has_dots: seconds.len() <= 40 }
    };
    Chart {
        description: "The median, the 99th percentile and the maximum of each second's latency".into(),
        x: time_axis(report),
        y: latency_axis(seconds.iter().flat_map(|second| [second.p50_ns, second.p99_ns, second.max_ns])),
        x_title: "time",
        lines: vec![
            line("max", "maximum", |second| second.max_ns),
            line("p99", "p99 (1 in 100 is slower)", |second| second.p99_ns),
            line("p50", "p50 (half are slower)", |second| second.p50_ns),
        ],
        marks: Vec::new(),
    }
}

fn throughput(report: &Report, seconds: &[Second], each: usize) -> Chart {
    let point = |second: &Second| {
        let errors = match second.errors {
            0 => String::new(),
            count => format!(", {} errors", units::count(count)),
        };
        let says = format!("second {}: {} requests/s{errors}", second.second + 1, units::rate(second.rate));
        Some(Point { x: middle(second, each), y: second.rate, says })
    };
    let highest = seconds.iter().map(|second| second.rate).fold(0.0, f64::max);
    Chart {
        description: format!("Successful requests in each second, {} on average", units::rate(report.rate)),
        x: time_axis(report),
        y: Axis::linear(0.0, highest, |rate| if rate == 0.0 { "0".into() } else { units::rate(rate) }),
        x_title: "time",
        lines: vec![Line {
            class: "rate",
            label: "requests/s".into(),
            points: seconds.iter().map(point).collect(),
            is_filled: true,
            has_dots: seconds.len() <= 40,
        }],
        marks: Vec::new(),
    }
}

fn operations(report: &Report) -> String {
    let heads: Vec<&str> = std::iter::once("operation").chain(FIGURE_HEADS).collect();
    let mut rows: Vec<Vec<String>> = report
        .operations
        .iter()
        .map(|one| figures(&one.name, one.rate, one.errors.total(), &one.latencies))
        .collect();
    rows.push(figures("all", report.rate, report.errors_total, &report.latencies));
    table(&heads, &rows, Some(report.operations.len()))
}

fn errors(report: &Report) -> String {
    let mut output = format!("<p>{}</p>\n", escaped(&crate::table::errors(&report.errors)));
    if report.messages.is_empty() {
        return output;
    }
    output.push_str("<ul class=\"messages\">\n");
    for message in &report.messages {
        let (count, kind) = (units::count(message.count), message.kind.name());
        let _ = writeln!(output, "<li><b>{count} × {kind}</b> {}</li>", escaped(&message.text));
    }
    output.push_str("</ul>\n");
    output
}

fn how(report: &Report) -> String {
    let mode = match report.setting.offered_rate {
        Some(rate) => format!(
            "open loop: {} requests a second at fixed times, latency counted from when each was due",
            units::count(rate)
        ),
        None => "closed loop: each connection sends its next request when its reply is there".into(),
    };
    let tool = &report.tool;
    let mut list = vec![("Load", mode)];
    list.extend(setting_facts(&report.setting));
    list.push((
        "The tool itself",
        format!(
            "busy {:.0} % of the time, lag p99 {}, {} connections made anew",
            tool.busy_share * 100.0,
            units::time(tool.lag_p99_ns),
            units::count(tool.reconnects)
        ),
    ));
    list.extend(tool.notes.iter().map(|note| ("Note", note.clone())));
    facts(&list)
}
