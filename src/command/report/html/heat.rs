//! Owns the map of occupied beds by ward and day, as SVG. Never counts.
//! Invariant: what was not there or is to come is empty, and no 0 %.

use super::bars::short;
use super::{bucket, escaped, units};
use crate::service::report::{BedFigures, Tables};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 170.0;
const RIGHT: f64 = 84.0;
const ROW: f64 = 30.0;
const HEAD: f64 = 24.0;
/// A narrower cell has no room for its figure.
const FIGURE_WIDTH_MIN: f64 = 21.0;
const LABELS_MAX: usize = 10;
const NAME_PLACES: usize = 22;
/// From this occupancy on the figure is written on dark.
const DARK: f64 = 0.72;

struct Ward {
    name: String,
    buckets: BTreeMap<NaiveDate, BedFigures>,
    all: BedFigures,
}

/// Wards by their numbers, none where there are none.
#[expect(clippy::cast_precision_loss, reason = "a map has few cells")]
pub fn beds(tables: &Tables) -> Option<String> {
    let days: BTreeSet<&str> = tables.beds.keys().map(|(day, _)| day.as_str()).collect();
    let (kind, begin) = bucket::kind(days.len());
    let mut columns: BTreeSet<NaiveDate> = BTreeSet::new();
    let mut wards: BTreeMap<(String, i64), Ward> = BTreeMap::new();
    for ((day, ward_id), row) in &tables.beds {
        let Ok(day) = NaiveDate::parse_from_str(day, "%Y-%m-%d") else { continue };
        columns.insert(begin(day));
        let name =
            if row.name == row.number { row.name.clone() } else { format!("{} {}", row.number, row.name) };
        let ward = wards.entry((row.number.clone(), *ward_id)).or_insert_with(|| Ward {
            name,
            buckets: BTreeMap::new(),
            all: BedFigures::default(),
        });
        ward.buckets.entry(begin(day)).or_default().add(&row.figures);
        ward.all.add(&row.figures);
    }
    if wards.is_empty() {
        return None;
    }
    let height = HEAD + wards.len() as f64 * ROW;
    let width = (WIDTH - LEFT - RIGHT) / columns.len() as f64;
    let mut svg = format!(
        "<div class=\"scroll\"><svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Beds\">\n"
    );
    let every = columns.len().div_ceil(LABELS_MAX).max(1);
    for (index, day) in columns.iter().enumerate().step_by(every) {
        let x = LEFT + (index as f64 + 0.5) * width;
        let label = bucket::label(kind, *day);
        let _ =
            writeln!(svg, "<text x=\"{x:.1}\" y=\"15\" text-anchor=\"middle\">{}</text>", escaped(&label));
    }
    for (row, ward) in wards.values().enumerate() {
        let y = HEAD + row as f64 * ROW;
        draw_row(ward, &columns, kind, (y, width), &mut svg);
    }
    svg.push_str("</svg></div>\n");
    Some(svg + &stays(&wards))
}

#[expect(clippy::cast_precision_loss, reason = "a map has few cells")]
fn draw_row(
    ward: &Ward,
    columns: &BTreeSet<NaiveDate>,
    kind: &str,
    (y, width): (f64, f64),
    svg: &mut String,
) {
    let _ = writeln!(
        svg,
        "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
        LEFT - 12.0,
        y + 19.5,
        escaped(&short(&ward.name, NAME_PLACES))
    );
    for (index, day) in columns.iter().enumerate() {
        let Some(occupancy) = ward.buckets.get(day).and_then(BedFigures::occupancy) else { continue };
        let x = LEFT + index as f64 * width;
        let _ = writeln!(
            svg,
            "<g><title>{}, {}: {}</title><rect class=\"track\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" \
             height=\"{:.1}\" rx=\"2\"/><rect class=\"bed\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" \
             height=\"{:.1}\" rx=\"2\" fill-opacity=\"{:.2}\"/>",
            escaped(&ward.name),
            escaped(&bucket::label(kind, *day)),
            units::percent(Some(occupancy)),
            x + 1.0,
            y + 1.5,
            width - 2.0,
            ROW - 3.0,
            x + 1.0,
            y + 1.5,
            width - 2.0,
            ROW - 3.0,
            // Full wards stand out, for nobody asks how empty one is.
            occupancy.clamp(0.0, 1.0).powi(2)
        );
        if width >= FIGURE_WIDTH_MIN {
            let class = if occupancy >= DARK { "cell on" } else { "cell" };
            let _ = writeln!(
                svg,
                "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{:.0}</text>",
                x + width / 2.0,
                y + 19.0,
                occupancy * 100.0
            );
        }
        svg.push_str("</g>\n");
    }
    let _ = writeln!(
        svg,
        "<text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
        WIDTH - RIGHT + 12.0,
        y + 19.5,
        units::percent(ward.all.occupancy())
    );
}

/// How long those lay who were discharged.
fn stays(wards: &BTreeMap<(String, i64), Ward>) -> String {
    let mut all = BedFigures::default();
    wards.values().for_each(|ward| all.add(&ward.all));
    let text = match (all.stay.percentile(50), all.stay.percentile(90)) {
        (Some(half), Some(most)) => format!(
            "{} discharged; half of them had stayed up to {half:.1} days, nine of ten up to {most:.1} days.",
            units::count(all.discharged)
        ),
        _ => "Nobody was discharged in these days.".to_owned(),
    };
    format!("<p class=\"after\">{}</p>\n", escaped(&text))
}
