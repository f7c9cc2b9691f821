//! What the running server says of itself.
//!
//! It never changes anything. Invariant: nothing in it is about a patient, a user or what either has asked for.

use super::bridge::Bridge;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Serialize, Deserialize)]
pub struct Status {
    pub pid: u32,
    pub version: String,
    pub uptime_s: u64,
    pub listening_on: String,
    pub reload: Reload,
}

/// What has come of reading the configuration again.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reload {
    pub applied: u64,
    pub refused: u64,
    /// Of the last one: how long ago it was, and whether the file applies.
    pub last_age_s: Option<u64>,
    pub last_was_applied: Option<bool>,
}

impl Bridge {
    pub(super) fn status(&self) -> Status {
        let last = self.reloads.last;
        Status {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_s: seconds(self.started.elapsed()),
            listening_on: self.address.to_string(),
            reload: Reload {
                applied: self.reloads.applied,
                refused: self.reloads.refused,
                last_age_s: last.map(|last| seconds(last.at.elapsed())),
                last_was_applied: last.map(|last| last.was_applied),
            },
        }
    }
}

fn seconds(duration: Duration) -> u64 {
    duration.as_secs()
}
