//! Owns an axis of a chart: where a value lies between 0 and 1, and which values are written beside it.
//!
//! It never knows pixels or SVG. Invariant: every position is finite and between 0 and 1.

/// How values are laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    Linear,
    Logarithmic,
    /// Percentiles, each further nine as wide as the one before.
    Percentile,
}

/// A value that is written, and its text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    pub(super) ticks: Vec<Tick>,
}

/// Beyond this nothing more is told apart.
const NINES_MAX: f64 = 7.0;

fn nines(percentile: f64) -> f64 {
    let rest = (1.0 - percentile / 100.0).max(0.1_f64.powf(NINES_MAX));
    -rest.log10()
}

impl Axis {
    /// From 0, or from the lowest value, to a round number over the highest.
    pub(super) fn linear(low: f64, high: f64, label: impl Fn(f64) -> String) -> Axis {
        let high = if high > low { high } else { low + 1.0 };
        let step = round_step((high - low) / 5.0);
        let top = (high / step).ceil() * step;
        let mut ticks = Vec::new();
        let mut value = (low / step).ceil() * step;
        while value <= top + step / 1000.0 {
            ticks.push(value);
            value += step;
        }
        Axis::new(Scale::Linear, low, top, ticks, label)
    }

    /// As `linear`, but ends with the highest value: for time, which needs no room above.
    pub(super) fn span(high: f64, label: impl Fn(f64) -> String) -> Axis {
        let mut axis = Axis::linear(0.0, high, label);
        if high > 0.0 {
            axis.high = high;
            axis.ticks.retain(|tick| tick.value <= high);
        }
        axis
    }

    /// Around positive values, with 1, 2 and 5 of each power of ten written as far as there is room.
    pub(super) fn logarithmic(low: f64, high: f64, label: impl Fn(f64) -> String) -> Axis {
        let low = if low > 0.0 { low } else { 1.0 };
        let high = high.max(low * 1.01);
        let mut rounds = Vec::new();
        let mut power = 10_f64.powf(low.log10().floor() - 1.0);
        while power <= high * 10.0 {
            rounds.extend([power, 2.0 * power, 5.0 * power]);
            power *= 10.0;
        }
        let bottom =
            rounds.iter().copied().filter(|round| *round <= low * 1.000_001).fold(low, |_, round| round);
        let top = rounds.iter().copied().find(|round| *round >= high).unwrap_or(high);
        let all: Vec<f64> = rounds.into_iter().filter(|round| (bottom..=top).contains(round)).collect();
        let decades = (top / bottom).log10();
        let is_power = |value: f64| (value.log10() - value.log10().round()).abs() < 1e-6;
        let ticks = match decades {
            small if small <= 2.4 => all,
            _ => all.into_iter().filter(|value| is_power(*value)).collect(),
        };
        Axis::new(Scale::Logarithmic, bottom, top, ticks, label)
    }

    /// As `logarithmic`, but from the lowest to the highest value: where the data's own ends are what matters.
    pub(super) fn logarithmic_span(low: f64, high: f64, label: impl Fn(f64) -> String) -> Axis {
        let mut axis = Axis::logarithmic(low, high, label);
        if low > 0.0 && high > low {
            (axis.low, axis.high) = (low, high);
            axis.ticks.retain(|tick| (low * 0.999..=high * 1.001).contains(&tick.value));
        }
        axis
    }

    /// Percentiles from 0 to as near to 100 as `count` values can tell.
    #[expect(clippy::cast_precision_loss, reason = "a count of a run is far under 2^52")]
    pub(super) fn percentile(count: u64) -> Axis {
        let high = (count.max(10) as f64).log10().clamp(1.0, NINES_MAX);
        let ticks = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.9999].into_iter();
        let ticks = ticks.filter(|percentile| nines(*percentile) <= high + 0.01).collect();
        let high = 100.0 * (1.0 - 0.1_f64.powf(high));
        Axis::new(Scale::Percentile, 0.0, high, ticks, |percentile| format!("{percentile} %"))
    }

    fn new(scale: Scale, low: f64, high: f64, ticks: Vec<f64>, label: impl Fn(f64) -> String) -> Axis {
        let ticks = ticks.into_iter().map(|value| Tick { value, label: label(value) }).collect();
        Axis { scale, low, high, ticks }
    }

    /// Where a value lies.
    pub(super) fn at(&self, value: f64) -> f64 {
        let place = |value: f64| match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.max(f64::MIN_POSITIVE).log10(),
            Scale::Percentile => nines(value),
        };
        let (low, high) = (place(self.low), place(self.high));
        let at = (place(value) - low) / (high - low);
        if at.is_finite() { at.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// 1, 2 or 5 times a power of ten that is at least `step`.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|round| *round >= step * 0.999)
        .unwrap_or(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_in_order() {
        let plain = |value: f64| format!("{value}");
        assert_eq!(labels(&Axis::linear(0.0, 17_000.0, plain)), ["0", "5000", "10000", "15000", "20000"]);
        assert_eq!(labels(&Axis::span(30.0, plain)), ["0", "10", "20", "30"]);
        assert_eq!(labels(&Axis::span(8.0, plain)), ["0", "2", "4", "6", "8"]);
        assert_eq!(labels(&Axis::span(7.0, plain)), ["0", "2", "4", "6"]);
        assert_eq!(
            labels(&Axis::logarithmic(150.0, 4000.0, |value| format!("{value:.0}"))),
            ["100", "200", "500", "1000", "2000", "5000"]
        );
        assert_eq!(labels(&Axis::logarithmic(1.0, 1e6, |value| format!("{value:.0}"))).len(), 7);
        assert_eq!(
            labels(&Axis::logarithmic_span(150.0, 4000.0, |value| format!("{value:.0}"))),
            ["200", "500", "1000", "2000"]
        );
        assert_eq!(labels(&Axis::percentile(1000)), ["0 %", "50 %", "90 %", "99 %", "99.9 %"]);
    }

    #[test]
    fn every_position_is_on_the_axis() {
        let none = |_| String::new();
        for axis in [
            Axis::linear(0.0, 0.0, none),
            Axis::span(0.0, none),
            Axis::logarithmic(0.0, 0.0, none),
            Axis::logarithmic(5.0, 5.0, none),
            Axis::logarithmic_span(0.0, 5.0, none),
            Axis::logarithmic_span(7.0, 7.0, none),
            Axis::percentile(0),
        ] {
            for value in [0.0, 1.0, 100.0, 1e12, -5.0] {
                assert!((0.0..=1.0).contains(&axis.at(value)), "{axis:?} at {value}");
            }
            assert!(axis.ticks.len() < 50 && axis.ticks.iter().all(|tick| tick.value.is_finite()));
        }
    }
}
