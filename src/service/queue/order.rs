//! In which order those who wait are called.
//!
//! It never knows a ticket's number or state, or the database. Invariants: a higher priority always comes
//! first; within one, each row keeps the order of its places; neither row waits for ever for the other.

use super::Band;
use std::collections::VecDeque;

/// What the order goes by, beside the place.
pub trait Waiting {
    fn priority(&self) -> i64;
    fn band(&self) -> Band;
}

/// Puts tickets, which come in the order of their places, into the order in which they are called.
///
/// `in_a_row` booked ones were called since the last one who came without; it counts from there, not over the
/// whole session, so that the first who comes without after a quiet hour does not bring a crowd before those
/// who have booked.
pub fn in_order<T: Waiting>(by_place: Vec<T>, in_a_row: i64, booked_per_walk_in: i64) -> Vec<T> {
    let mut priorities: Vec<i64> = by_place.iter().map(Waiting::priority).collect();
    priorities.sort_unstable_by(|one, other| other.cmp(one));
    priorities.dedup();
    let mut ordered = Vec::with_capacity(by_place.len());
    let (mut rest, mut in_a_row) = (by_place, in_a_row);
    for priority in priorities {
        let (those, others): (Vec<T>, Vec<T>) =
            rest.into_iter().partition(|ticket| ticket.priority() == priority);
        rest = others;
        let (booked, without): (VecDeque<T>, VecDeque<T>) =
            those.into_iter().partition(|ticket| ticket.band() == Band::Booked);
        in_a_row = interleave(booked, without, in_a_row, booked_per_walk_in, &mut ordered);
    }
    ordered
}

/// Returns how many booked ones are in a row then.
fn interleave<T>(
    mut booked: VecDeque<T>,
    mut without: VecDeque<T>,
    mut in_a_row: i64,
    booked_per_walk_in: i64,
    ordered: &mut Vec<T>,
) -> i64 {
    loop {
        let is_turn_of_booked = in_a_row < booked_per_walk_in || without.is_empty();
        if is_turn_of_booked && let Some(ticket) = booked.pop_front() {
            ordered.push(ticket);
            in_a_row += 1;
        } else if let Some(ticket) = without.pop_front() {
            ordered.push(ticket);
            in_a_row = 0;
        } else {
            return in_a_row;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A letter for the row, and the priority where it is not 0.
    #[derive(Debug, Clone, PartialEq)]
    struct Sample(&'static str);

    impl Waiting for Sample {
        fn priority(&self) -> i64 {
            self.0.split_once('-').map_or(0, |(_, digits)| digits.parse().unwrap())
        }

        fn band(&self) -> Band {
            match &self.0[..1] {
                "b" => Band::Booked,
                "w" => Band::WalkIn,
                _ => Band::Followup,
            }
        }
    }

    fn check(by_place: &str, in_a_row: i64, booked_per_walk_in: i64, expected: &str) {
        let by_place: Vec<Sample> =
            by_place.to_owned().leak().split(' ').filter(|word| !word.is_empty()).map(Sample).collect();
        let ordered = in_order(by_place, in_a_row, booked_per_walk_in);
        let ordered: Vec<&str> = ordered.iter().map(|sample| sample.0).collect();
        assert_eq!(ordered.join(" "), expected);
    }

    #[test]
    fn two_booked_ones_for_each_without() {
        check("", 0, 2, "");
        check("b1 b2 b3", 9, 2, "b1 b2 b3");
        check("w1 w2 f3", 0, 2, "w1 w2 f3");
        check("w1 b2 b3 f4 b5 b6 b7", 0, 2, "b2 b3 w1 b5 b6 f4 b7");
        check("w1 b2 b3 f4 b5", 1, 2, "b2 w1 b3 b5 f4");
        check("w1 b2 b3", 2, 2, "w1 b2 b3");
        // A long row of booked ones lets one through, not a crowd.
        check("b1 b2 w3 w4", 20, 2, "w3 b1 b2 w4");
        check("b1 w2 b3 w4", 0, 0, "w2 w4 b1 b3");
    }

    #[test]
    fn a_higher_priority_comes_first() {
        check("b1 b2 b3-1 w4-2", 0, 2, "w4-2 b3-1 b1 b2");
        check("b1 w2 w3-1 b4-1", 0, 2, "b4-1 w3-1 b1 w2");
        check("b1 w2 b3-2 b4-2", 0, 2, "b3-2 b4-2 w2 b1");
    }
}
