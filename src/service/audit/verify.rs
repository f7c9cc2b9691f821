//! The reading of the trail: entry by entry, held against its chain and its anchors.
//!
//! It never writes. Invariant: a page of the trail is one short transaction, so that a server on the same file
//! is never held up; and what is found is the first entry that is bad or missing, in the order of the trail.
//!
//! What cannot be found: entries that were cut off the end and that no anchor speaks of. Whoever can shorten
//! both the table and the file of anchors to the same place hides what came after it, so the file of anchors
//! belongs where the server's user can only append. Whoever has the key can write any trail up to the anchors.

use super::chain::{Chain, HEX_BYTES, hex_text, parse_hex};
use super::{COLUMNS, HASH_BYTES, Head, Key};
use crate::service::Failure;
use crate::store::statements::audit;
use crate::store::{Error, Row, Store, Transaction, Value, params};

/// Entries that are read in one transaction.
const PAGE_ROWS: i64 = 500;
const HASH_COLUMN: usize = COLUMNS.len();

/// One entry as it stands in the table, whether or not its hash is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    pub sequence: i64,
    pub recorded_at: &'a str,
    pub boot_id: &'a str,
    pub actor_id: Option<i64>,
    pub role: &'a str,
    pub peer: &'a str,
    pub method: &'a str,
    pub action: &'a str,
    pub entity: &'a str,
    pub entity_id: Option<i64>,
    pub patient_id: Option<i64>,
    pub outcome: &'a str,
    pub reason: Option<&'a str>,
    pub detail: Option<&'a str>,
    pub request_id: Option<&'a str>,
    pub hash: &'a str,
}

impl<'a> Record<'a> {
    pub(super) fn from_row(row: &Row<'a>) -> Result<Record<'a>, Error> {
        Ok(Record {
            sequence: row.integer(0)?,
            recorded_at: row.text(1)?,
            boot_id: row.text(2)?,
            actor_id: row.optional_integer(3)?,
            role: row.text(4)?,
            peer: row.text(5)?,
            method: row.text(6)?,
            action: row.text(7)?,
            entity: row.text(8)?,
            entity_id: row.optional_integer(9)?,
            patient_id: row.optional_integer(10)?,
            outcome: row.text(11)?,
            reason: row.optional_text(12)?,
            detail: row.optional_text(13)?,
            request_id: row.optional_text(14)?,
            hash: row.text(15)?,
        })
    }
}

/// Hands the entries from sequence `from` on to `each`, a page of them, in a transaction that has ended when
/// this returns. Returns the sequence of the last one, or `None` when there was none.
pub fn page<E: From<Error>>(
    store: &mut Store,
    from: i64,
    mut each: impl FnMut(&Record<'_>) -> Result<(), E>,
) -> Result<Option<i64>, E> {
    rows(store, from, |row| {
        let sequence = row.integer(0)?;
        let record = Record::from_row(row).map_err(|error| {
            Error::Other(format!(
                "entry {sequence} of the audit trail cannot be read ({error}): run `medsrv audit verify`"
            ))
        })?;
        each(&record)
    })
}

fn rows<E: From<Error>>(
    store: &mut Store,
    from: i64,
    mut each: impl FnMut(&Row<'_>) -> Result<(), E>,
) -> Result<Option<i64>, E> {
    let mut last = None;
    let view = store.read()?;
    let read = view.each(&audit::PAGE, params![from, PAGE_ROWS], |row| {
        last = Some(row.integer(0)?);
        each(row)
    });
    // A snapshot that was held for long would keep the WAL from starting anew.
    store.commit();
    read.map(|()| last)
}

/// What a whole trail comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub entries: i64,
    pub first: Option<Moment>,
    pub last: Option<Moment>,
    /// Anchors that the trail meets.
    pub anchors: usize,
}

/// An entry and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    pub sequence: i64,
    pub recorded_at: String,
}

/// The first thing that is wrong with a trail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    #[error("entry {sequence} is bad: {what}")]
    Bad { sequence: i64, what: String },
    #[error("entry {sequence} is missing: later ones are there")]
    Missing { sequence: i64 },
    #[error(
        "entry {} is missing: entry {anchored_sequence} was anchored, but the trail ends with {found}; \
         the database is older than its trail, or was cut short",
        found.saturating_add(1)
    )]
    Truncated { anchored_sequence: i64, found: i64 },
    #[error(
        "entry {sequence} is not the one that was anchored: the trail was written anew with its own key, \
         or the file of anchors was changed"
    )]
    AnchorDiffers { sequence: i64 },
}

/// Reads the whole trail and holds each entry against its chain, and each anchor against its entry. The
/// anchors must have been read before: a server may append entries and anchors meanwhile.
pub fn verify(store: &mut Store, key: &Key, anchors: Vec<Head>) -> Result<Summary, Failure<Finding>> {
    let mut walk = Walk::new(key, anchors)?;
    let mut from = i64::MIN;
    while let Some(last) = rows(store, from, |row| walk.take(row))? {
        from = last.saturating_add(1);
    }
    walk.end()
}

struct Walk {
    chain: Chain,
    /// The entry that was found good last.
    head: Head,
    first_at: Option<String>,
    last_at: String,
    /// In order of sequence.
    anchors: Vec<Head>,
    /// How many of them have been met.
    met: usize,
}

impl Walk {
    fn new(key: &Key, mut anchors: Vec<Head>) -> Result<Walk, Failure<Finding>> {
        anchors.sort_unstable_by_key(|anchor| anchor.sequence);
        let mut walk = Walk {
            chain: Chain::new(key),
            head: Head::START,
            first_at: None,
            last_at: String::new(),
            anchors,
            met: 0,
        };
        walk.meet_anchors()?;
        Ok(walk)
    }

    fn take(&mut self, row: &Row<'_>) -> Result<(), Failure<Finding>> {
        let (sequence, expected) = (row.integer(0)?, self.head.sequence + 1);
        let bad = |what: String| Failure::Refused(Finding::Bad { sequence, what });
        if sequence < expected {
            return Err(bad("the trail begins with entry 1".into()));
        }
        if sequence > expected {
            return Err(Failure::Refused(Finding::Missing { sequence: expected }));
        }
        let mut columns = [Value::Null; COLUMNS.len()];
        for (place, (value, name)) in columns.iter_mut().zip(COLUMNS).enumerate() {
            *value = row.value(place).map_err(|error| bad(format!("{name}: {error}")))?;
        }
        let hash = self.chain.hash(&self.head.hash, columns.iter().copied());
        let mut hex = [0; HEX_BYTES];
        // The text itself, for a hash has one form only.
        if !matches!(row.value(HASH_COLUMN), Ok(Value::Text(text)) if text == hex_text(&hash, &mut hex)) {
            return Err(bad(mismatch(sequence)));
        }
        self.head = Head { sequence, hash };
        let recorded_at = row.text(1)?;
        self.first_at.get_or_insert_with(|| recorded_at.to_owned());
        self.last_at.clear();
        self.last_at.push_str(recorded_at);
        self.meet_anchors()
    }

    fn meet_anchors(&mut self) -> Result<(), Failure<Finding>> {
        while let Some(anchor) =
            self.anchors.get(self.met).filter(|anchor| anchor.sequence <= self.head.sequence)
        {
            if *anchor != self.head {
                return Err(Failure::Refused(Finding::AnchorDiffers { sequence: anchor.sequence }));
            }
            self.met += 1;
        }
        Ok(())
    }

    fn end(self) -> Result<Summary, Failure<Finding>> {
        let found = self.head.sequence;
        if let Some(anchor) = self.anchors.last().filter(|anchor| anchor.sequence > found) {
            return Err(Failure::Refused(Finding::Truncated { anchored_sequence: anchor.sequence, found }));
        }
        let last = self.first_at.is_some().then_some(Moment { sequence: found, recorded_at: self.last_at });
        let first = self.first_at.map(|recorded_at| Moment { sequence: 1, recorded_at });
        Ok(Summary { entries: found, first, last, anchors: self.met })
    }
}

fn mismatch(sequence: i64) -> String {
    match sequence {
        1 => "its hash is not that of its columns under this key; \
              is this the key that the trail was written with?"
            .into(),
        _ => format!("its hash is not that of its columns after entry {}", sequence - 1),
    }
}

/// Why a server must not go on with a trail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error(
        "its audit trail ends with entry {found}, but entry {anchored} was anchored: the database is older than \
         its trail, or was tampered with. Run `medsrv audit verify`; if an old backup was restored on purpose, \
         move the anchor file aside and start again"
    )]
    Behind { anchored: i64, found: i64 },
    #[error(
        "entry {sequence} of its audit trail is not the one that was anchored: the database is another one's, \
         or was tampered with. Run `medsrv audit verify`; if another database was put here on purpose, move the \
         anchor file aside and start again"
    )]
    Differs { sequence: i64 },
    #[error(
        "the last entry {sequence} of its audit trail does not fit the audit key: the key file is not the one \
         that the trail was written with, or the database was tampered with. Put the right key file back, or run \
         `medsrv audit verify`"
    )]
    LastEntry { sequence: i64 },
}

/// Holds the end of the trail against the last anchor and against the key, and returns it.
///
/// # Errors
/// `Unfit` where a server must not go on with this database.
pub fn check_start(
    transaction: &Transaction<'_>,
    key: &Key,
    anchor: Option<Head>,
) -> Result<Head, Failure<Unfit>> {
    let head = Head::read(transaction)?;
    if let Some(anchor) = anchor {
        if anchor.sequence > head.sequence {
            let (anchored, found) = (anchor.sequence, head.sequence);
            return Err(Failure::Refused(Unfit::Behind { anchored, found }));
        }
        if hash_of(transaction, anchor.sequence)? != Some(anchor.hash) {
            return Err(Failure::Refused(Unfit::Differs { sequence: anchor.sequence }));
        }
    }
    if head.sequence != 0 && !last_entry_fits(transaction, key, head)? {
        return Err(Failure::Refused(Unfit::LastEntry { sequence: head.sequence }));
    }
    Ok(head)
}

fn hash_of(transaction: &Transaction<'_>, sequence: i64) -> Result<Option<[u8; HASH_BYTES]>, Error> {
    if sequence == 0 {
        return Ok(Some(Head::START.hash));
    }
    let found = transaction.first(&audit::PAGE, params![sequence, 1], |row| {
        let is_it = row.integer(0)? == sequence;
        Ok::<_, Error>(if is_it { row.text(HASH_COLUMN).ok().and_then(parse_hex) } else { None })
    })?;
    Ok(found.flatten())
}

fn last_entry_fits(transaction: &Transaction<'_>, key: &Key, head: Head) -> Result<bool, Error> {
    let Some(previous) = hash_of(transaction, head.sequence.saturating_sub(1))? else { return Ok(false) };
    let fits = transaction.first(&audit::PAGE, params![head.sequence, 1], |row| {
        let mut columns = [Value::Null; COLUMNS.len()];
        for (place, value) in columns.iter_mut().enumerate() {
            *value = row.value(place)?;
        }
        Ok::<_, Error>(Chain::new(key).hash(&previous, columns.iter().copied()) == head.hash)
    })?;
    Ok(fits == Some(true))
}
