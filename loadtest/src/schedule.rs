//! Owns when requests are due in an open loop: evenly, from the start of a run.
//!
//! It never knows a clock, a connection or a request. Invariant: the due time of a request depends on its
//! number and the rate alone, never on how earlier ones fared.

const SECOND_NS: u128 = 1_000_000_000;

/// Due times at a fixed rate, in nanoseconds from the start.
#[derive(Debug)]
pub(crate) struct Schedule {
    rate: u64,
    number: u64,
    next_ns: u64,
    end_ns: u64,
}

impl Schedule {
    /// `rate` requests a second, up to but not at `end_ns`.
    pub(crate) fn new(rate: u64, end_ns: u64) -> Schedule {
        Schedule { rate: rate.max(1), number: 0, next_ns: 0, end_ns }
    }

    /// When the next request is due, if one still is.
    pub(crate) fn next_ns(&self) -> Option<u64> {
        (self.next_ns < self.end_ns).then_some(self.next_ns)
    }

    /// Takes the next request that is due by `now_ns`, and says when it was due.
    pub(crate) fn take(&mut self, now_ns: u64) -> Option<u64> {
        let due_ns = self.next_ns().filter(|due_ns| *due_ns <= now_ns)?;
        self.number += 1;
        // Computed from the number, so that no rounding error builds up.
        let next_ns = u128::from(self.number) * SECOND_NS / u128::from(self.rate);
        self.next_ns = u64::try_from(next_ns).unwrap_or(u64::MAX);
        Some(due_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(rate: u64, now_ns: u64, end_ns: u64) -> Vec<u64> {
        let mut schedule = Schedule::new(rate, end_ns);
        std::iter::from_fn(|| schedule.take(now_ns)).collect()
    }

    #[test]
    fn requests_are_due_evenly_and_none_before_its_time() {
        assert_eq!(due(4, 500_000_000, u64::MAX), [0, 250_000_000, 500_000_000]);
        assert_eq!(due(3, 999_999_999, u64::MAX), [0, 333_333_333, 666_666_666]);
    }

    #[test]
    fn a_second_has_exactly_the_rate_and_the_end_is_left_out() {
        for rate in [1, 7, 999, 60_000] {
            assert_eq!(due(rate, u64::MAX, 1_000_000_000).len() as u64, rate, "{rate}");
            assert_eq!(due(rate, u64::MAX, 3_000_000_000).len() as u64, 3 * rate, "{rate}");
        }
    }

    #[test]
    fn a_late_look_yields_all_that_was_missed_with_its_own_due_time() {
        let mut schedule = Schedule::new(1000, u64::MAX);
        assert_eq!(schedule.take(0), Some(0));
        assert_eq!(schedule.take(999_999), None);
        assert_eq!(schedule.take(5_000_000), Some(1_000_000));
        assert_eq!(schedule.next_ns(), Some(2_000_000));
    }
}
