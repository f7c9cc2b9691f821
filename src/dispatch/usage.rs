//! Requests of the old dialect that were counted and are not written down yet.
//!
//! It never knows who sent them. Invariant: what was counted is written down within a minute or so, or with the
//! end of the server; a kill loses no more than that.

use crate::service::time::Now;
use crate::service::usage;
use crate::store::{Error, Store};
use std::collections::HashMap;

#[derive(Default)]
pub struct Usage {
    counts: HashMap<&'static str, Count>,
}

struct Count {
    requests: i64,
    day: String,
    last_at: i64,
}

impl Usage {
    pub fn count(&mut self, operation: &'static str, now: &Now) {
        let count = self.counts.entry(operation).or_insert_with(|| Count {
            requests: 0,
            day: now.day().to_owned(),
            last_at: 0,
        });
        count.requests += 1;
        count.last_at = now.unix_ms;
    }

    /// Writes down what was counted since the last time.
    pub fn write(&mut self, store: &mut Store) -> Result<(), Error> {
        if self.counts.is_empty() {
            return Ok(());
        }
        store.append(|transaction| {
            for (operation, count) in &self.counts {
                usage::add(transaction, &count.day, operation, count.requests, count.last_at)?;
            }
            Ok(())
        })?;
        self.counts.clear();
        Ok(())
    }
}
