//! Owns one chart as SVG: two axes, lines, and marks across them.
//!
//! It never knows what is drawn. Invariant: colours come from the page's style by class alone, so that a
//! chart is read in light and in dark.

use super::axis::Axis;
use super::escaped;
use std::fmt::Write;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 40.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 50.0;
/// Points of a line that can be pointed at; more would lie on one another.
const POINTED_AT_MAX: usize = 120;

/// A point, and what is said when it is pointed at.
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) says: String,
}

pub(super) struct Line {
    pub(super) class: &'static str,
    pub(super) label: String,
    /// `None` is a gap.
    pub(super) points: Vec<Option<Point>>,
    pub(super) is_filled: bool,
    /// Whether each point is drawn as a dot.
    pub(super) has_dots: bool,
}

/// A line across the chart at one place.
pub(super) struct Mark {
    pub(super) x: f64,
    pub(super) label: String,
}

pub(super) struct Chart {
    /// What a reader who does not see the chart is told.
    pub(super) description: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) x_title: &'static str,
    pub(super) lines: Vec<Line>,
    pub(super) marks: Vec<Mark>,
}

impl Chart {
    pub(super) fn svg(&self) -> String {
        let mut svg = self.legend();
        let description = escaped(&self.description);
        let _ = writeln!(
            svg,
            "<div class=\"scroll\"><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{description}\">"
        );
        self.draw_grid(&mut svg);
        for mark in &self.marks {
            self.draw_mark(mark, &mut svg);
        }
        for line in &self.lines {
            self.draw_line(line, &mut svg);
        }
        svg.push_str("</svg></div>\n");
        svg
    }

    fn place(&self, point: &Point) -> (f64, f64) {
        (left(self.x.at(point.x)), top(self.y.at(point.y)))
    }

    fn legend(&self) -> String {
        let mut legend = String::new();
        if self.lines.len() > 1 {
            legend.push_str("<ul class=\"legend\">");
            for line in &self.lines {
                let _ = write!(legend, "<li class=\"{}\"><i></i>{}</li>", line.class, escaped(&line.label));
            }
            legend.push_str("</ul>\n");
        }
        legend
    }

    fn draw_grid(&self, svg: &mut String) {
        let (right, bottom) = (left(1.0), top(0.0));
        for tick in &self.y.ticks {
            let y = top(self.y.at(tick.value));
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/><text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{}</text>",
                LEFT - 10.0,
                y + 4.5,
                escaped(&tick.label)
            );
        }
        for tick in &self.x.ticks {
            let x = left(self.x.at(tick.value));
            let _ = writeln!(
                svg,
                "<path class=\"grid faint\" d=\"M{x:.1} {TOP}V{bottom}\"/><text class=\"tick\" x=\"{x:.1}\" \
                 y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                bottom + 20.0,
                escaped(&tick.label)
            );
        }
        let _ = writeln!(
            svg,
            "<path class=\"axis\" d=\"M{LEFT} {bottom}H{right}\"/><text class=\"title\" x=\"{right}\" y=\"{:.1}\" \
             text-anchor=\"end\">{}</text>",
            HEIGHT - 8.0,
            escaped(self.x_title)
        );
    }

    fn draw_mark(&self, mark: &Mark, svg: &mut String) {
        let x = left(self.x.at(mark.x));
        // The label stands on the side that has room for it.
        let (anchor, shift) = if x > WIDTH * 0.6 { ("end", -8.0) } else { ("start", 8.0) };
        let _ = writeln!(
            svg,
            "<path class=\"mark\" d=\"M{x:.1} {TOP}V{:.1}\"/><text class=\"mark-label\" x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"{anchor}\">{}</text>",
            top(0.0),
            x + shift,
            TOP + 14.0,
            escaped(&mark.label)
        );
    }

    fn draw_line(&self, line: &Line, svg: &mut String) {
        let _ = writeln!(svg, "<g class=\"{}\">", line.class);
        for run in line.points.split(Option::is_none) {
            let places: Vec<(f64, f64)> = run.iter().flatten().map(|point| self.place(point)).collect();
            let mut path = String::new();
            for (index, (x, y)) in places.iter().enumerate() {
                let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { "M" } else { "L" });
            }
            let (Some((first, _)), Some((last, _))) = (places.first(), places.last()) else { continue };
            if line.is_filled {
                let bottom = top(0.0);
                let _ = writeln!(
                    svg,
                    "<path class=\"fill\" d=\"{path}L{last:.1} {bottom}L{first:.1} {bottom}Z\"/>"
                );
            }
            let _ = writeln!(svg, "<path class=\"line\" d=\"{path}\"/>");
        }
        let points: Vec<&Point> = line.points.iter().flatten().collect();
        let every = points.len().div_ceil(POINTED_AT_MAX).max(1);
        for point in points.iter().step_by(every) {
            let (x, y) = self.place(point);
            let (class, radius) = if line.has_dots { ("dot", 4.0) } else { ("hover", 7.0) };
            let _ = writeln!(
                svg,
                "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"><title>{}</title></circle>",
                escaped(&point.says)
            );
        }
        svg.push_str("</g>\n");
    }
}

fn left(at: f64) -> f64 {
    LEFT + at * (WIDTH - LEFT - RIGHT)
}

fn top(at: f64) -> f64 {
    TOP + (1.0 - at) * (HEIGHT - TOP - BOTTOM)
}
