//! Owns the page about a sweep: latency against throughput, and the knee.
//!
//! It never decides where the knee is. Invariant: every step that was run is in the table.

use super::axis::Axis;
use super::chart::{Chart, Line, Mark, Point};
use super::run::{latency_axis, tile_time};
use super::{FIGURE_HEADS, Tile, facts, figures, page, section, setting_facts, table, tiles};
use crate::report::{Latencies, Report};
use crate::sweep::{RULE, Sweep};
use crate::units;

/// The page about a sweep.
pub fn sweep(sweep: &Sweep) -> String {
    let Some(first) = sweep.steps.first() else { return String::new() };
    let mut body = tiles(&headline(sweep));
    body.push_str(&section(
        "Latency against load",
        "Each point is a run of its own, in which requests came at fixed times whatever the server did. Where the \
         lines turn upwards, the server no longer keeps up. Both scales are logarithmic.",
        &latency(sweep).svg(),
    ));
    body.push_str(&section(
        "Served against offered",
        "While the server keeps up, what is served is what is offered.",
        &served(sweep).svg(),
    ));
    let heads: Vec<&str> = std::iter::once("offered per second").chain(FIGURE_HEADS).collect();
    let rows: Vec<Vec<String>> = sweep
        .steps
        .iter()
        .map(|step| figures(&units::count(offered(step)), step.rate, step.errors_total, &step.latencies))
        .collect();
    let knee = sweep.steps.iter().position(|step| Some(offered(step)) == sweep.knee_rate);
    body.push_str(&section("Step by step", "The step at the knee stands out.", &table(&heads, &rows, knee)));
    let mut list = vec![("The knee", format!("{RULE}.")), ("Load", "open loop at each rate in turn".into())];
    list.extend(setting_facts(&first.setting));
    for step in &sweep.steps {
        let note = |note| ("Note", format!("at {}/s {note}", units::count(offered(step))));
        list.extend(step.tool.notes.iter().map(note));
    }
    body.push_str(&section("How this was measured", "", &facts(&list)));
    page("Load sweep", &first.setting, &summary(sweep), &body)
}

fn offered(step: &Report) -> u64 {
    step.setting.offered_rate.unwrap_or(0)
}

fn at_knee(sweep: &Sweep) -> Option<&Report> {
    sweep.steps.iter().find(|step| Some(offered(step)) == sweep.knee_rate)
}

fn most_served(sweep: &Sweep) -> f64 {
    sweep.steps.iter().map(|step| step.rate).fold(0.0, f64::max)
}

fn summary(sweep: &Sweep) -> String {
    let most = units::rate(most_served(sweep));
    match at_knee(sweep) {
        None => {
            format!("Not even the lowest rate was served well; at most {most} requests a second were served.")
        }
        Some(step) => format!(
            "The server serves {} requests a second well: 99 of 100 replies came within {}. At most {most} a second \
             were served.",
            units::count(offered(step)),
            units::time(step.latencies.p99_ns)
        ),
    }
}

fn headline(sweep: &Sweep) -> [Tile; 4] {
    let knee = at_knee(sweep);
    let latencies = knee.map_or_else(Latencies::default, |step| step.latencies);
    let is_last = knee.is_some() && sweep.steps.last().map(offered) == sweep.knee_rate;
    let note = match knee {
        None => "not even the lowest rate",
        Some(_) if is_last => "the highest rate that was tried",
        Some(_) => "the last rate before the knee",
    };
    [
        Tile {
            label: "Served well",
            value: knee.map_or("none ".into(), |step| format!("{} /s", units::count(offered(step)))),
            note: note.into(),
            class: if knee.is_some() { "good" } else { "bad" },
        },
        Tile {
            label: "Typical reply",
            value: tile_time(latencies.p50_ns),
            note: "p50 at that rate".into(),
            class: "",
        },
        Tile {
            label: "Slow reply",
            value: tile_time(latencies.p99_ns),
            note: "p99 at that rate".into(),
            class: "",
        },
        Tile {
            label: "Most served",
            value: format!("{} /s", units::rate(most_served(sweep))),
            note: "whatever the latency".into(),
            class: "",
        },
    ]
}

#[expect(clippy::cast_precision_loss, reason = "rates and latencies are far under 2^52")]
fn float(number: u64) -> f64 {
    number as f64
}

fn rate_axis(sweep: &Sweep) -> Axis {
    let rates = sweep.steps.iter().map(offered);
    let (low, high) = (rates.clone().min().unwrap_or(1), rates.max().unwrap_or(10));
    Axis::logarithmic_span(float(low), float(high), units::rate)
}

fn knee_mark(sweep: &Sweep) -> Vec<Mark> {
    let mark = |rate| Mark { x: float(rate), label: format!("knee: {}/s", units::count(rate)) };
    sweep.knee_rate.map(mark).into_iter().collect()
}

fn latency(sweep: &Sweep) -> Chart {
    let line = |class, label: &str, of: fn(&Latencies) -> u64| {
        let point = |step: &Report| {
            let ns = of(&step.latencies);
            let says = format!("{}/s: {label} {}", units::count(offered(step)), units::time(ns));
            (ns > 0).then(|| Point { x: float(offered(step)), y: float(ns), says })
        };
        let points = sweep.steps.iter().map(point).collect();
        Line { class, label: label.to_owned(), points, is_filled: false, has_dots: true }
    };
    let all = sweep.steps.iter().flat_map(|step| {
        let Latencies { p50_ns, p99_ns, max_ns, .. } = step.latencies;
        [p50_ns, p99_ns, max_ns]
    });
    Chart {
        description: format!("Latency at each offered rate; the knee: {}", sweep.verdict()),
        x: rate_axis(sweep),
        y: latency_axis(all),
        x_title: "offered requests per second",
        lines: vec![
            line("max", "maximum", |latencies| latencies.max_ns),
            line("p99", "p99 (1 in 100 is slower)", |latencies| latencies.p99_ns),
            line("p50", "p50 (half are slower)", |latencies| latencies.p50_ns),
        ],
        marks: knee_mark(sweep),
    }
}

fn served(sweep: &Sweep) -> Chart {
    let line = |class, label: &str, of: fn(&Report) -> f64, has_dots| {
        let point = |step: &Report| {
            let says =
                format!("{}/s offered: {label} {}/s", units::count(offered(step)), units::rate(of(step)));
            Some(Point { x: float(offered(step)), y: of(step).max(1.0), says })
        };
        let points = sweep.steps.iter().map(point).collect();
        Line { class, label: label.to_owned(), points, is_filled: false, has_dots }
    };
    let all = sweep.steps.iter().flat_map(|step| [step.rate.max(1.0), float(offered(step))]);
    let (low, high) =
        all.fold((f64::MAX, 1.0), |(low, high): (f64, f64), rate| (low.min(rate), high.max(rate)));
    Chart {
        description: "What was served at each offered rate".into(),
        x: rate_axis(sweep),
        y: Axis::logarithmic(low, high, units::rate),
        x_title: "offered requests per second",
        lines: vec![
            line("ideal", "offered", |step| float(offered(step)), false),
            line("rate", "served", |step| step.rate, true),
        ],
        marks: knee_mark(sweep),
    }
}
