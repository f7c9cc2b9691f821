//! How often each length of time came, so that percentiles are exact however the counts were gathered.
//!
//! It never knows what took so long. Invariant: two distributions that are added give what one over all lengths
//! would have given.

use std::collections::BTreeMap;

/// A tenth of a minute.
pub const TENTH_OF_MINUTE_MS: i64 = 6_000;
/// A tenth of a day.
pub const TENTH_OF_DAY_MS: i64 = 8_640_000;

/// Lengths of time in tenths of a unit, rounded down, and how often each came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distribution(BTreeMap<u32, u64>);

impl Distribution {
    /// Counts a length. A clock that was put back in between makes it none, not less than none.
    pub(super) fn count(&mut self, length_ms: i64, tenth_ms: i64) {
        let tenths = u32::try_from((length_ms / tenth_ms.max(1)).max(0)).unwrap_or(u32::MAX);
        *self.0.entry(tenths).or_default() += 1;
    }

    pub fn add(&mut self, other: &Distribution) {
        for (tenths, count) in &other.0 {
            *self.0.entry(*tenths).or_default() += count;
        }
    }

    /// Each length in units, the shortest first, and how often it came.
    pub fn counts(&self) -> impl Iterator<Item = (f64, u64)> {
        self.0.iter().map(|(tenths, count)| (f64::from(*tenths) / 10.0, *count))
    }

    /// How many lengths were counted.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// The shortest length, in units, that so many percent of all do not exceed (the nearest rank); none of
    /// nothing.
    pub fn percentile(&self, percent: u64) -> Option<f64> {
        let rank = (self.total() * percent).div_ceil(100).max(1);
        let mut counted = 0;
        self.counts().find_map(|(length, count)| {
            counted += count;
            (counted >= rank).then_some(length)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentiles_are_lengths_that_came() {
        let mut found = Distribution::default();
        assert_eq!(found.percentile(50), None);
        for minutes in [9, 1, 5, 3, 7] {
            found.count(minutes * 60_000 + 5_999, TENTH_OF_MINUTE_MS);
        }
        for (percent, expected) in [(1, 1.0), (20, 1.0), (21, 3.0), (50, 5.0), (90, 9.0), (100, 9.0)] {
            assert_eq!(found.percentile(percent), Some(expected), "{percent}");
        }
        found.count(-1, TENTH_OF_MINUTE_MS);
        assert_eq!(found.percentile(1), Some(0.0));
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(lengths in prop::collection::vec((0_i64..10_000_000, any::<bool>()), 0..50)) {
            let (mut whole, mut parts) = (Distribution::default(), [Distribution::default(), Distribution::default()]);
            for (length_ms, is_second) in &lengths {
                whole.count(*length_ms, TENTH_OF_MINUTE_MS);
                parts[usize::from(*is_second)].count(*length_ms, TENTH_OF_MINUTE_MS);
            }
            let [mut first, second] = parts;
            first.add(&second);
            prop_assert_eq!(&first, &whole);
            let mut sorted: Vec<i64> = lengths.iter().map(|(length_ms, _)| length_ms / TENTH_OF_MINUTE_MS).collect();
            sorted.sort_unstable();
            let rank = (sorted.len() * 9).div_ceil(10);
            let expected = rank.checked_sub(1).map(|index| sorted[index] as f64 / 10.0);
            prop_assert_eq!(whole.percentile(90), expected);
        }
    }
}
