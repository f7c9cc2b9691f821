//! What a backup is held against: whether its pages are sound, and what it holds in numbers.
//!
//! It never knows where a backup lies, and never changes one. Invariant: what is counted is of one snapshot, and
//! nothing of it is about a person.

use super::audit::Head;
use crate::store::statements::backup;
use crate::store::{Error, Statement, Transaction};
use std::collections::BTreeMap;

/// What SQLite says of a file in which it has found nothing.
const SOUND: &str = "ok";

/// How thoroughly the pages are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Whether the pages hang together.
    Quick,
    /// And whether each index has what its table has.
    Full,
}

/// A database in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Rows, by table.
    pub counts: BTreeMap<String, i64>,
    /// Rows that refer to one that is not there, as the Python server has left some.
    pub dangling_references: i64,
    pub audit: Head,
}

impl Contents {
    pub fn read(transaction: &Transaction<'_>) -> Result<Contents, Error> {
        // A copy that was made before the trail came to the schema has none.
        let columns = transaction.first(&backup::HAS_AUDIT, [], |row| row.integer(0))?;
        let has_audit = columns.unwrap_or(0) > 0;
        let mut counts = BTreeMap::new();
        let counting = if has_audit { &backup::COUNTS } else { &backup::COUNTS_BEFORE_AUDIT };
        transaction.each::<Error>(counting, [], |row| {
            counts.insert(row.string(0)?, row.integer(1)?);
            Ok(())
        })?;
        let dangling = transaction.first(&backup::DANGLING, [], |row| row.integer(0))?;
        let audit = if has_audit { Head::read(transaction)? } else { Head::START };
        Ok(Contents { counts, dangling_references: dangling.unwrap_or(0), audit })
    }
}

/// The first thing that SQLite finds wrong with the file, if there is any.
pub fn damage(transaction: &Transaction<'_>, depth: Depth) -> Result<Option<String>, Error> {
    let statement: &Statement = match depth {
        Depth::Quick => &backup::QUICK_CHECK,
        Depth::Full => &backup::INTEGRITY_CHECK,
    };
    let found = transaction.first(statement, [], |row| row.string(0))?;
    Ok(found.filter(|text| text != SOUND))
}
