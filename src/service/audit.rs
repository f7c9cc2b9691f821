//! The audit trail: who did what to whom, one entry an act, each chained to the one before it.
//!
//! It never knows which acts are audited, nor where the key and the anchors are kept. Invariant: an entry is
//! one append in the transaction of its act, its sequence is one more than the last, and its hash is made of
//! the last one's hash and of all of its columns under a key that is not in the database.

mod chain;
mod find;
mod verify;

pub use chain::{HASH_BYTES, KEY_BYTES, Key};
pub use find::{Filter, find};
pub use verify::{Finding, Moment, Record, Summary, Unfit, check_start, page, verify};

use super::time::{Now, write_rfc3339};
use super::words::words;
use crate::store::statements::audit;
use crate::store::{Error, Transaction, Value, params, params_from_iter};
use chain::{Chain, HEX_BYTES, hex_text, parse_hex};
use zeroize::Zeroizing;

words! {
    /// What was done, in the letters of FHIR's AuditEvent.action.
    pub enum Action {
        Create = "C",
        Read = "R",
        Update = "U",
        Delete = "D",
        Execute = "E",
    }
}

/// What an act's own side knows of it. It names people and rows by number, and holds nothing clinical.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The user who acted, if one was known.
    pub actor_id: Option<i64>,
    pub role: &'a str,
    /// The address at the other end.
    pub peer: &'a str,
    pub method: &'a str,
    pub action: Action,
    /// What kind of thing was acted on, and which one of it.
    pub entity: &'a str,
    pub entity_id: Option<i64>,
    /// The patient whom it is about.
    pub patient_id: Option<i64>,
    /// `success`, or a stable snake_case word for why not.
    pub outcome: &'a str,
    /// Why it was done, where the actor had to say.
    pub reason: Option<&'a str>,
    pub detail: Option<&'a str>,
    pub request_id: Option<&'a str>,
}

/// The last entry of a trail, or one that an anchor remembers; sequence 0 is the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub sequence: i64,
    pub hash: [u8; HASH_BYTES],
}

impl Head {
    /// What the first entry is chained to.
    pub const START: Head = Head { sequence: 0, hash: [0; HASH_BYTES] };

    /// As it stands in the table now.
    pub fn read(transaction: &Transaction<'_>) -> Result<Head, Error> {
        let head = transaction.first(&audit::HEAD, params![], |row| {
            let sequence = row.integer(0)?;
            let unfit = || {
                Error::Other(format!(
                    "entry {sequence} of the audit trail has no hash: run `medsrv audit verify`"
                ))
            };
            let hash = row.text(1).ok().and_then(parse_hex).ok_or_else(unfit)?;
            Ok::<_, Error>(Head { sequence, hash })
        })?;
        Ok(head.unwrap_or(Head::START))
    }
}

/// Writes the trail.
pub struct Trail {
    chain: Chain,
    boot_id: String,
    /// The last entry, if it is known for this state of the database.
    head: Option<Head>,
    generation: u64,
    /// The moment that was written last, and its text: a turn has one moment.
    recorded_ms: i64,
    recorded_at: String,
}

impl Trail {
    /// `boot_id` tells the entries of one run of the process from those of another.
    pub fn new(key: &Key, boot_id: String) -> Trail {
        let mut recorded_at = String::new();
        write_rfc3339(0, &mut recorded_at);
        Trail { chain: Chain::new(key), boot_id, head: None, generation: 0, recorded_ms: 0, recorded_at }
    }

    /// A key for another purpose, made of that of the trail, which is kept outside of the database.
    pub fn derive_key(&self, purpose: &str) -> Zeroizing<[u8; HASH_BYTES]> {
        self.chain.derive_key(purpose)
    }

    /// Appends an entry with one statement, and returns its sequence.
    ///
    /// # Errors
    /// Those of the statement; the act must not be answered as done then.
    pub fn record(
        &mut self,
        transaction: &Transaction<'_>,
        entry: &Entry<'_>,
        now: &Now,
    ) -> Result<i64, Error> {
        if self.recorded_ms != now.unix_ms {
            self.recorded_ms = now.unix_ms;
            self.recorded_at.clear();
            write_rfc3339(now.unix_ms, &mut self.recorded_at);
        }
        match self.append(transaction, entry) {
            // The table has refused what does not follow on its last entry: what was remembered is gone, by a
            // rollback that nobody told of.
            Err(Error::Constraint(_)) => self.append(transaction, entry),
            other => other,
        }
    }

    fn append(&mut self, transaction: &Transaction<'_>, entry: &Entry<'_>) -> Result<i64, Error> {
        let previous = self.head(transaction)?;
        let end = || Error::Other("the audit trail has come to its last sequence".into());
        let sequence = previous.sequence.checked_add(1).ok_or_else(end)?;
        let columns = columns(sequence, &self.recorded_at, &self.boot_id, entry);
        let hash = self.chain.hash(&previous.hash, columns.iter().copied());
        let mut hex = [0; HEX_BYTES];
        let hash_text = [Value::Text(hex_text(&hash, &mut hex))];
        // Until the statement has run, nothing is known for certain.
        self.head = None;
        transaction.execute(&audit::INSERT, params_from_iter(columns.iter().chain(&hash_text)))?;
        self.head = Some(Head { sequence, hash });
        Ok(sequence)
    }

    /// The last entry as this transaction sees it; after a commit, what an anchor is to remember.
    pub fn head(&mut self, transaction: &Transaction<'_>) -> Result<Head, Error> {
        if self.generation != transaction.generation() {
            self.generation = transaction.generation();
            self.head = None;
        }
        let head = match self.head {
            Some(head) => head,
            None => Head::read(transaction)?,
        };
        self.head = Some(head);
        Ok(head)
    }

    /// What was recorded may be gone, as after the rollback of a savepoint. Without this, the next entry costs
    /// a statement more.
    pub fn forget(&mut self) {
        self.head = None;
    }
}

/// In the order of the table, but for the hash.
const COLUMNS: [&str; 15] = [
    "sequence",
    "recorded_at",
    "boot_id",
    "actor_id",
    "role",
    "peer",
    "method",
    "action",
    "entity",
    "entity_id",
    "patient_id",
    "outcome",
    "reason",
    "detail",
    "request_id",
];

fn columns<'a>(
    sequence: i64,
    recorded_at: &'a str,
    boot_id: &'a str,
    entry: &Entry<'a>,
) -> [Value<'a>; COLUMNS.len()] {
    let number = |number: Option<i64>| number.map_or(Value::Null, Value::Integer);
    let text = |text: Option<&'a str>| text.map_or(Value::Null, Value::Text);
    [
        Value::Integer(sequence),
        Value::Text(recorded_at),
        Value::Text(boot_id),
        number(entry.actor_id),
        Value::Text(entry.role),
        Value::Text(entry.peer),
        Value::Text(entry.method),
        Value::Text(entry.action.word()),
        Value::Text(entry.entity),
        number(entry.entity_id),
        number(entry.patient_id),
        Value::Text(entry.outcome),
        text(entry.reason),
        text(entry.detail),
        text(entry.request_id),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Failure;
    use crate::store::{Commit, Statement, Store};

    const ENTRY: Entry<'static> = Entry {
        actor_id: Some(7),
        role: "doctor",
        peer: "10.0.0.7",
        method: "patient.read",
        action: Action::Read,
        entity: "patient",
        entity_id: Some(3),
        patient_id: Some(3),
        outcome: "success",
        reason: None,
        detail: None,
        request_id: None,
    };
    const COUNT: Statement = Statement { file: "", sql: "SELECT count(*) FROM audit" };

    fn now() -> Now {
        Now { local: String::new(), utc: String::new(), unix_ms: 1_767_294_245_006 }
    }

    fn key() -> Key {
        Key::new([7; KEY_BYTES].into())
    }

    fn record(store: &mut Store, trail: &mut Trail) -> Result<i64, Error> {
        store.write_decided(|transaction| trail.record(transaction, &ENTRY, &now()))
    }

    fn verified(store: &mut Store) -> i64 {
        verify(store, &key(), Vec::new()).unwrap().entries
    }

    #[test]
    fn entries_count_on_over_turns_and_over_trails() {
        let mut store = Store::open_in_memory().unwrap();
        let mut trail = Trail::new(&key(), "one".into());
        assert_eq!(trail.head(&store.read().unwrap()).unwrap(), Head::START);
        assert_eq!(record(&mut store, &mut trail).unwrap(), 1);
        assert_eq!(record(&mut store, &mut trail).unwrap(), 2);
        assert_eq!(store.commit(), Commit::Durable);
        assert_eq!(record(&mut store, &mut trail).unwrap(), 3);
        assert_eq!(store.commit(), Commit::Durable);
        let mut next = Trail::new(&key(), "two".into());
        assert_eq!(record(&mut store, &mut next).unwrap(), 4);
        let head = next.head(&store.read().unwrap()).unwrap();
        assert_eq!(head, Head::read(&store.read().unwrap()).unwrap());
        assert_eq!(store.commit(), Commit::Durable);
        assert_eq!(verified(&mut store), 4);
    }

    #[test]
    fn an_entry_is_one_statement_and_stands_as_it_was_given() {
        let mut store = Store::open_in_memory().unwrap();
        let mut trail = Trail::new(&key(), "boot".into());
        let full = Entry { reason: Some("急诊"), detail: Some("a\0b"), request_id: Some(""), ..ENTRY };
        store.write_decided(|transaction| trail.record(transaction, &full, &now())).unwrap();
        record(&mut store, &mut trail).unwrap();
        store.commit();
        let mut seen = Vec::new();
        let last = page(&mut store, 1, |record| {
            assert_eq!(record.recorded_at, "2026-01-01T19:04:05.006Z");
            assert_eq!((record.boot_id, record.action, record.hash.len()), ("boot", "R", 64));
            let optional = [record.reason, record.detail, record.request_id];
            seen.push(optional.map(|text| text.map(str::to_owned)));
            Ok::<_, Failure<()>>(())
        });
        assert_eq!(last.unwrap(), Some(2));
        let given = [Some("急诊".to_owned()), Some("a\0b".to_owned()), Some(String::new())];
        assert_eq!(seen, [given, [None, None, None]]);
        assert_eq!(page(&mut store, 3, |_| Ok::<_, Failure<()>>(())).unwrap(), None);
        assert_eq!(verified(&mut store), 2);
    }

    #[test]
    fn a_turn_that_was_lost_is_forgotten_by_itself() {
        let mut store = Store::open_in_memory().unwrap();
        let mut trail = Trail::new(&key(), "boot".into());
        record(&mut store, &mut trail).unwrap();
        store.commit();
        assert_eq!(record(&mut store, &mut trail).unwrap(), 2);
        // Work that errs after it has written takes the turn with it.
        let lost = store.write_decided(|transaction| {
            trail.record(transaction, &ENTRY, &now())?;
            Err::<(), _>(Error::Busy)
        });
        assert!(matches!(lost, Err(Error::TurnLost)));
        assert_eq!(store.commit(), Commit::Lost);
        assert_eq!(record(&mut store, &mut trail).unwrap(), 2);
        store.commit();
        assert_eq!(verified(&mut store), 2);
    }

    #[test]
    fn a_savepoint_that_was_rolled_back_leaves_no_gap_whether_or_not_the_caller_tells_of_it() {
        let mut store = Store::open_in_memory().unwrap();
        let mut trail = Trail::new(&key(), "boot".into());
        record(&mut store, &mut trail).unwrap();
        let untold = store.write(|transaction| {
            trail.record(transaction, &ENTRY, &now())?;
            Err::<(), _>(Error::Busy)
        });
        assert!(matches!(untold, Err(Error::Busy)));
        assert_eq!(record(&mut store, &mut trail).unwrap(), 2);
        let undone = store.write(|transaction| {
            trail.record(transaction, &ENTRY, &now())?;
            Err::<(), _>(Error::Busy)
        });
        assert!(matches!(undone, Err(Error::Busy)));
        trail.forget();
        assert_eq!(record(&mut store, &mut trail).unwrap(), 3);
        store.commit();
        assert_eq!(verified(&mut store), 3);
    }

    #[test]
    fn another_process_may_have_appended() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.db");
        let mut store = Store::open(&path, |_| Err("no credentials".into())).unwrap().store;
        let mut trail = Trail::new(&key(), "server".into());
        record(&mut store, &mut trail).unwrap();
        store.commit();
        let mut beside = Store::open_beside(&path).unwrap();
        let mut other = Trail::new(&key(), "subcommand".into());
        assert_eq!(record(&mut beside, &mut other).unwrap(), 2);
        beside.commit();
        assert_eq!(record(&mut store, &mut trail).unwrap(), 3);
        store.commit();
        assert_eq!(verified(&mut store), 3);
    }

    #[test]
    fn a_refused_entry_leaves_the_chain_whole() {
        let mut store = Store::open_in_memory().unwrap();
        let mut trail = Trail::new(&key(), "boot".into());
        record(&mut store, &mut trail).unwrap();
        let read_only = store.read().unwrap();
        assert!(trail.record(&read_only, &ENTRY, &now()).is_err());
        assert_eq!(record(&mut store, &mut trail).unwrap(), 2);
        store.commit();
        assert_eq!(verified(&mut store), 2);
        let counted = store.read().unwrap().first(&COUNT, [], |row| row.integer(0)).unwrap();
        assert_eq!(counted, Some(2));
    }

    #[test]
    fn the_start_holds_the_table_against_the_last_anchor_and_the_key() {
        let mut store = Store::open_in_memory().unwrap();
        let mut trail = Trail::new(&key(), "boot".into());
        let check = |store: &mut Store, key: &Key, anchor| check_start(&store.read().unwrap(), key, anchor);
        assert_eq!(check(&mut store, &key(), None).unwrap(), Head::START);
        assert_eq!(check(&mut store, &key(), Some(Head::START)).unwrap(), Head::START);
        let mut heads = vec![Head::START];
        for _ in 0..3 {
            record(&mut store, &mut trail).unwrap();
            heads.push(trail.head(&store.read().unwrap()).unwrap());
        }
        for anchor in heads.iter().copied() {
            assert_eq!(check(&mut store, &key(), Some(anchor)).unwrap(), heads[3]);
        }
        let refused = |store: &mut Store, key: &Key, anchor| match check(store, key, anchor) {
            Err(Failure::Refused(unfit)) => unfit,
            other => panic!("{other:?}"),
        };
        let ahead = Head { sequence: 9, hash: [1; HASH_BYTES] };
        let unfit = refused(&mut store, &key(), Some(ahead));
        assert_eq!(unfit, Unfit::Behind { anchored: 9, found: 3 });
        assert!(unfit.to_string().contains("medsrv audit verify"), "{unfit}");
        let other = Head { sequence: 2, hash: [1; HASH_BYTES] };
        assert_eq!(refused(&mut store, &key(), Some(other)), Unfit::Differs { sequence: 2 });
        let wrong_key = Key::new([8; KEY_BYTES].into());
        assert_eq!(refused(&mut store, &wrong_key, Some(heads[3])), Unfit::LastEntry { sequence: 3 });
    }
}
