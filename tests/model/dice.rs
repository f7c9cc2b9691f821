//! What is drawn: numbers, people, and what they ask.
//!
//! It never knows the rules. Invariant: the same seed draws the same.

use super::clinic::Said;
use serde_json::Value;

/// Numbers that are the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    pub fn one_in(&mut self, count: i64) -> bool {
        self.below(count) == 0
    }

    pub fn of<T: Copy>(&mut self, things: &[T]) -> T {
        things[usize::try_from(self.below(i64::try_from(things.len()).unwrap())).unwrap()]
    }

    /// One of those that are there, the latest ones more often; 1 where there are none.
    pub fn recent(&mut self, ids: Vec<i64>) -> i64 {
        let count = i64::try_from(ids.len()).unwrap();
        if count == 0 {
            return 1;
        }
        let back = if self.one_in(3) { self.below(count) } else { self.below(count.min(8)) };
        ids[usize::try_from(count - 1 - back).unwrap()]
    }
}

/// What is asked, by whom, and what the reference says to it.
pub struct Step {
    pub by: i64,
    pub method: &'static str,
    pub params: Value,
    pub expected: Said,
}
