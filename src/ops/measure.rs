//! Owns how durations and sizes are counted: since the start in fixed buckets, and over the last minute finely
//! enough for percentiles.
//!
//! Never knows what is measured, and never reads the clock. Invariant: counting is a few additions and allocates
//! nothing.

use std::time::{Duration, Instant};

/// The upper bounds of the buckets of durations, in microseconds.
pub const DURATION_BOUNDS: &[u64] = &[
    100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    10_000_000,
];
/// The same for how many there are of something.
pub const COUNT_BOUNDS: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const BUCKETS_MAX: usize = 16;

/// How often a value came into which bucket since the start.
#[derive(Debug, Clone)]
pub struct Histogram {
    bounds: &'static [u64],
    /// The last in use is for what is over all bounds.
    buckets: [u64; BUCKETS_MAX],
    sum: u64,
}

impl Histogram {
    pub fn of(bounds: &'static [u64]) -> Histogram {
        Histogram { bounds, buckets: [0; BUCKETS_MAX], sum: 0 }
    }

    pub fn count(&mut self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        if let Some(bucket) = self.buckets.get_mut(place) {
            *bucket += 1;
        }
        self.sum = self.sum.saturating_add(value);
    }

    /// Counts a duration in microseconds.
    pub fn count_duration(&mut self, duration: Duration) {
        self.count(microseconds(duration));
    }

    /// Each bound with how many values were not over it.
    pub fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut below = 0;
        self.bounds.iter().zip(self.buckets).map(move |(bound, count)| {
            below += count;
            (*bound, below)
        })
    }

    pub fn total(&self) -> u64 {
        self.buckets.iter().sum()
    }

    pub fn sum(&self) -> u64 {
        self.sum
    }
}

pub fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A minute is looked at in pieces, so that it passes little by little.
const SLOTS: usize = 6;
const SLOT: Duration = Duration::from_secs(10);
/// Four buckets for each doubling, up to more than a minute.
const FINE_BUCKETS: usize = 108;

#[derive(Debug, Clone, Copy)]
struct Slot {
    buckets: [u32; FINE_BUCKETS],
    longest: Duration,
}

const EMPTY: Slot = Slot { buckets: [0; FINE_BUCKETS], longest: Duration::ZERO };

/// The durations of the last minute.
#[derive(Debug, Clone)]
pub struct Recent {
    slots: [Slot; SLOTS],
    current: usize,
    /// When the current piece began, and when the first of all did.
    began: Instant,
    started: Instant,
}

/// What a minute came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minute {
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
    pub longest: Duration,
}

impl Recent {
    pub fn since(started: Instant) -> Recent {
        Recent { slots: [EMPTY; SLOTS], current: 0, began: started, started }
    }

    pub fn count(&mut self, duration: Duration, now: Instant) {
        self.pass(now);
        let Some(slot) = self.slots.get_mut(self.current) else { return };
        slot.longest = slot.longest.max(duration);
        if let Some(bucket) = slot.buckets.get_mut(fine(microseconds(duration))) {
            *bucket += 1;
        }
    }

    /// Lets go of what is longer ago than a minute.
    fn pass(&mut self, now: Instant) {
        if now < self.began + SLOT {
            return;
        }
        let passed = now.duration_since(self.began).as_nanos() / SLOT.as_nanos();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        for _ in 0..passed.min(SLOTS as u32) {
            self.current = (self.current + 1) % SLOTS;
            if let Some(slot) = self.slots.get_mut(self.current) {
                *slot = EMPTY;
            }
        }
        self.began = self.began.checked_add(SLOT.saturating_mul(passed)).unwrap_or(now);
    }

    pub fn minute(&mut self, now: Instant) -> Minute {
        self.pass(now);
        let mut buckets = [0_u64; FINE_BUCKETS];
        for slot in &self.slots {
            buckets.iter_mut().zip(slot.buckets).for_each(|(sum, count)| *sum += u64::from(count));
        }
        let total: u64 = buckets.iter().sum();
        let longest = self.slots.iter().map(|slot| slot.longest).max().unwrap_or_default();
        let percentile = |percent: u64| {
            let wanted = (total * percent).div_ceil(100);
            let mut below = 0;
            let place = buckets.iter().position(|count| {
                below += count;
                below >= wanted.max(1)
            });
            place.map_or(Duration::ZERO, |place| Duration::from_micros(upper(place))).min(longest)
        };
        let whole = SLOT.saturating_mul(SLOTS as u32 - 1) + now.saturating_duration_since(self.began);
        let covered = whole.min(now.saturating_duration_since(self.started)).as_secs_f64().max(1.0);
        Minute { per_second: total as f64 / covered, p50: percentile(50), p99: percentile(99), longest }
    }
}

/// The bucket of so many microseconds.
fn fine(microseconds: u64) -> usize {
    let Some(doublings) = microseconds.checked_ilog2().filter(|doublings| *doublings >= 2) else {
        return usize::try_from(microseconds).unwrap_or(0);
    };
    let quarter = (microseconds >> (doublings - 2)) & 3;
    let place = u64::from(doublings - 1) * 4 + quarter;
    usize::try_from(place).unwrap_or(FINE_BUCKETS).min(FINE_BUCKETS - 1)
}

/// The first number of microseconds that is over a bucket.
fn upper(place: usize) -> u64 {
    let place = place as u64;
    if place < 4 { place + 1 } else { (5 + place % 4) << (place / 4 - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_within_its_bucket() {
        for value in (0..70).map(|shift| (1_u64 << (shift % 27)) + shift).chain([0, 1, 3, 4, 5, 7, 8, 9, 15])
        {
            let place = fine(value);
            assert!(value < upper(place), "{value} is in {place}");
            assert!(place == 0 || upper(place - 1) <= value, "{value} is in {place}");
        }
        assert_eq!(fine(u64::MAX), FINE_BUCKETS - 1);
        let mut histogram = Histogram::of(COUNT_BOUNDS);
        for value in [0, 1, 2, 3, 512, 513] {
            histogram.count(value);
        }
        let cumulative: Vec<u64> = histogram.cumulative().map(|(_, below)| below).collect();
        assert_eq!(cumulative, [2, 3, 4, 4, 4, 4, 4, 4, 4, 5]);
        assert_eq!((histogram.total(), histogram.sum()), (6, 1031));
    }

    #[test]
    fn a_minute_has_its_percentiles_and_passes() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut recent = Recent::since(start);
        for number in 1..=100 {
            recent.count(Duration::from_millis(number), at(1));
        }
        let minute = recent.minute(at(2));
        assert_eq!((minute.per_second, minute.longest), (50.0, Duration::from_millis(100)));
        let near = |found: Duration, ms: u64| {
            let ms = Duration::from_millis(ms);
            found >= ms && found <= ms.mul_f64(1.25)
        };
        assert!(near(minute.p50, 50) && near(minute.p99, 99), "{minute:?}");
        assert_eq!(recent.minute(at(59)).longest, Duration::from_millis(100));
        assert_eq!(recent.minute(at(61)).per_second, 0.0);
        recent.count(Duration::from_micros(7), at(10_000));
        assert_eq!(recent.minute(at(10_000)).p99, Duration::from_micros(7));
    }
}
