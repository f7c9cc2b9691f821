//! Owns what an operator may set of the server's own backups. Never knows how one is made.
//! Invariant: by default, none are made.

use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq)]
pub struct Backup {
    /// None has the server make none.
    pub directory: Option<PathBuf>,
    pub every_min: u32,
    /// `HH:MM`; where there are any, `every_min` says nothing.
    pub times: Vec<String>,
    pub keep_last: usize,
    pub keep_daily: usize,
    /// 0 is twice the longest time between two.
    pub overdue_min: u32,
}

impl Default for Backup {
    fn default() -> Self {
        Backup {
            directory: None,
            every_min: 60,
            times: Vec::new(),
            keep_last: 24,
            keep_daily: 14,
            overdue_min: 0,
        }
    }
}
