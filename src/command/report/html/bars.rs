//! Owns bars that lie beside their names, as SVG. Never counts.
//! Invariant: as in the charts over time, colours come by class alone.

use super::chart::legend;
use super::escaped;
use std::fmt::Write;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 240.0;
const RIGHT: f64 = 96.0;
const ROW: f64 = 30.0;
const THICK: f64 = 18.0;
/// Places of a name, of which a letter of East Asia takes two.
const NAME_PLACES: usize = 29;

pub struct Part {
    pub class: &'static str,
    pub value: f64,
}

pub struct Bar {
    pub label: String,
    pub parts: Vec<Part>,
    pub value: String,
    /// When it is pointed at.
    pub says: String,
}

/// A name that fits, with what is cut off told by dots.
pub fn short(name: &str, places: usize) -> String {
    let mut output = String::new();
    let mut taken = 0;
    for letter in name.chars() {
        taken += if letter.is_ascii() { 1 } else { 2 };
        if taken > places {
            output.push('…');
            break;
        }
        output.push(letter);
    }
    output
}

/// Bars over one scale, up to `whole` or to the longest; none where there are none.
#[expect(clippy::cast_precision_loss, reason = "there are few bars")]
pub fn draw(bars: &[Bar], whole: Option<f64>, entries: &[(&str, &str)]) -> Option<String> {
    let length = |bar: &Bar| bar.parts.iter().map(|part| part.value).sum::<f64>();
    let longest = bars.iter().map(length).reduce(f64::max)?;
    let whole = whole.unwrap_or(longest).max(longest).max(f64::MIN_POSITIVE);
    let height = bars.len() as f64 * ROW + 4.0;
    let mut svg = if entries.is_empty() { String::new() } else { legend(entries) };
    let _ = writeln!(svg, "<div class=\"scroll\"><svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">");
    for (index, bar) in bars.iter().enumerate() {
        let y = index as f64 * ROW + (ROW - THICK) / 2.0;
        let span = WIDTH - LEFT - RIGHT;
        let _ = writeln!(
            svg,
            "<g><title>{}: {}</title><text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect class=\"track\" x=\"{LEFT}\" y=\"{y:.1}\" width=\"{span}\" height=\"{THICK}\" rx=\"3\"/>",
            escaped(&bar.label),
            escaped(&bar.says),
            LEFT - 12.0,
            y + 13.5,
            escaped(&short(&bar.label, NAME_PLACES))
        );
        let mut x = LEFT;
        for part in bar.parts.iter().filter(|part| part.value > 0.0) {
            let width = part.value / whole * span;
            let _ = writeln!(
                svg,
                "<rect class=\"{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{THICK}\"/>",
                part.class
            );
            x += width;
        }
        let _ = writeln!(
            svg,
            "<text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{}</text></g>",
            WIDTH - RIGHT + 12.0,
            y + 13.5,
            escaped(&bar.value)
        );
    }
    svg.push_str("</svg></div>\n");
    Some(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut() {
        assert_eq!(short("内科", 4), "内科");
        assert_eq!(short("心血管内科", 6), "心血管…");
        assert_eq!(short("radiology", 5), "radio…");
    }
}
