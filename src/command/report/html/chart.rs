//! Owns the charts over time, as SVG: columns of appointments, and lines of waiting.
//! Never counts.
//! Invariant: colours come from the page's style by class alone, so that a chart is read in light and in dark.

use super::bucket::Bucket;
use super::{escaped, units};
use std::fmt::Write;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 290.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 30.0;
/// Labels under the columns; more would touch.
const LABELS_MAX: usize = 12;

/// The space of a chart, whose values go from 0 to a round number.
struct Frame {
    top: f64,
    step: f64,
    columns: usize,
}

#[expect(clippy::cast_precision_loss, reason = "a chart has few columns")]
impl Frame {
    fn new(highest: f64, columns: usize, is_whole: bool) -> Frame {
        let mut step = round_step(highest / 4.0);
        if is_whole {
            step = step.max(1.0);
        }
        Frame { top: ((highest / step).ceil() * step).max(step), step, columns }
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (1.0 - (value / self.top).clamp(0.0, 1.0)) * (HEIGHT - TOP - BOTTOM)
    }

    fn width(&self) -> f64 {
        (WIDTH - LEFT - RIGHT) / self.columns.max(1) as f64
    }

    /// The middle of a column.
    fn x(&self, column: usize) -> f64 {
        LEFT + (column as f64 + 0.5) * self.width()
    }

    fn draw(&self, buckets: &[Bucket], svg: &mut String) {
        let (right, bottom) = (WIDTH - RIGHT, self.y(0.0));
        let mut value = 0.0;
        while value <= self.top + self.step / 1000.0 {
            let y = self.y(value);
            let class = if value == 0.0 { "axis" } else { "grid" };
            let label = if self.step < 1.0 { format!("{value:.1}") } else { thousands(value) };
            let _ = writeln!(
                svg,
                "<path class=\"{class}\" d=\"M{LEFT} {y:.1}H{right}\"/><text x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{label}</text>",
                LEFT - 8.0,
                y + 4.5
            );
            value += self.step;
        }
        let every = buckets.len().div_ceil(LABELS_MAX).max(1);
        for (column, bucket) in buckets.iter().enumerate().step_by(every) {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                self.x(column),
                bottom + 20.0,
                escaped(&bucket.label)
            );
        }
    }
}

fn thousands(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "the label of an axis is a small whole number")]
    units::count(value.round() as i64)
}

/// 1, 2 or 5 times a power of ten that is at least `step`.
fn round_step(step: f64) -> f64 {
    if step <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(step.log10().floor());
    let rounds = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power);
    rounds.into_iter().find(|round| *round >= step * 0.999).unwrap_or(step)
}

fn begin(name: &str) -> String {
    format!(
        "<div class=\"scroll\"><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\n",
        escaped(name)
    )
}

pub fn legend(entries: &[(&str, &str)]) -> String {
    let mut output = String::from("<ul class=\"legend\">");
    for (class, label) in entries {
        let _ = write!(output, "<li class=\"{class}\"><i></i>{}</li>", escaped(label));
    }
    output.push_str("</ul>\n");
    output
}

/// Columns of what became of appointments; none where there were none.
#[expect(clippy::cast_precision_loss, reason = "counts of a report are far under 2^52")]
pub fn appointments(buckets: &[Bucket]) -> Option<String> {
    let highest = buckets.iter().map(|bucket| bucket.figures.booked).max().filter(|highest| *highest > 0)?;
    let frame = Frame::new(highest as f64, buckets.len(), true);
    let mut svg = legend(&[
        ("attended", "came"),
        ("no-show", "did not come"),
        ("cancelled", "cancelled before"),
        ("open", "pending"),
    ]);
    svg += &begin("Appointments by day");
    frame.draw(buckets, &mut svg);
    let width = (frame.width() * 0.72).min(56.0);
    for (column, bucket) in buckets.iter().enumerate() {
        let of = &bucket.figures;
        let cancelled = of.cancelled - of.left_unseen;
        let open = of.booked - of.attended - of.no_shows - cancelled;
        let _ = writeln!(
            svg,
            "<g><title>{}: {} booked, {} came, {} did not come, {} cancelled</title>",
            escaped(&bucket.says),
            units::count(of.booked),
            units::count(of.attended),
            units::count(of.no_shows),
            units::count(of.cancelled)
        );
        let mut below = 0;
        let parts =
            [("attended", of.attended), ("no-show", of.no_shows), ("cancelled", cancelled), ("open", open)];
        for (class, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
            let (high, low) = (frame.y((below + count) as f64), frame.y(below as f64));
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{high:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
                frame.x(column) - width / 2.0,
                low - high
            );
            below += count;
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg></div>\n");
    Some(svg)
}

/// Lines of the median and of what nine of ten did not exceed; none where nobody waited.
pub fn waiting(buckets: &[Bucket]) -> Option<String> {
    let of = |percent: u64| -> Vec<Option<f64>> {
        buckets.iter().map(|bucket| bucket.figures.waiting.percentile(percent)).collect()
    };
    let (half, most) = (of(50), of(90));
    let highest = most.iter().flatten().copied().reduce(f64::max)?;
    let frame = Frame::new(highest, buckets.len(), false);
    let mut svg = legend(&[("p50", "p50, half of all"), ("p90", "p90, nine of ten")]);
    svg += &begin("Waiting in minutes by day");
    frame.draw(buckets, &mut svg);
    for (class, values) in [("p90", &most), ("p50", &half)] {
        let _ = writeln!(svg, "<g class=\"{class}\">");
        let mut path = String::new();
        let mut is_down = false;
        for (column, value) in values.iter().enumerate() {
            // A day on which nobody waited is no reason to tear a line; its days are marked by dots.
            let Some(value) = value else { continue };
            let letter = if is_down { 'L' } else { 'M' };
            let _ = write!(path, "{letter}{:.1} {:.1}", frame.x(column), frame.y(*value));
            is_down = true;
        }
        let _ = writeln!(svg, "<path class=\"line\" d=\"{path}\"/>");
        for (column, (value, bucket)) in values.iter().zip(buckets).enumerate() {
            let Some(value) = value else { continue };
            let _ = writeln!(
                svg,
                "<circle class=\"dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\"><title>{}: {class} {value:.1} min, {} \
                 waited</title></circle>",
                frame.x(column),
                frame.y(*value),
                escaped(&bucket.says),
                bucket.figures.waiting.total()
            );
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg></div>\n");
    Some(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        for (highest, is_whole, top, step) in [
            (1.0, true, 1.0, 1.0),
            (3.0, true, 3.0, 1.0),
            (97.0, true, 100.0, 50.0),
            (0.0, false, 1.0, 1.0),
            (0.7, false, 0.8, 0.2),
        ] {
            let frame = Frame::new(highest, 3, is_whole);
            assert!(
                (frame.top - top).abs() < 1e-9 && (frame.step - step).abs() < 1e-9,
                "{highest}: {} {}",
                frame.top,
                frame.step
            );
        }
    }
}
