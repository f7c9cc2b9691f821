//! What doctors write of visits: texts that are drafts of their authors, and then signed for ever.
//!
//! It never knows who may read one. Invariants: what is signed or discarded is never changed, a later text is a
//! version beside it; of each part, what was signed or amended last shows in the old schema's row of its
//! encounter; nobody overwrites what they have not seen.

use super::time::Now;
use super::words::words;
use super::{Failure, encounter, refuse};
use crate::store::statements::record;
use crate::store::{Error, Row, Transaction, params};

words! {
    /// Where a text stands.
    pub enum State, "a record is in a state" {
        Draft = "draft",
        Signed = "signed",
        /// A draft that will not be signed; it is kept.
        Discarded = "discarded",
    }
}

impl State {
    /// Where it may go from here.
    pub fn next(self) -> &'static [State] {
        match self {
            State::Draft => &[State::Signed, State::Discarded],
            State::Signed | State::Discarded => &[],
        }
    }
}

/// A record without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub note_id: i64,
    pub encounter_id: i64,
    pub patient_id: i64,
    pub author_id: i64,
    pub state: State,
    /// The version that holds now.
    pub version: i64,
    pub created_ms: i64,
    pub signed_ms: Option<i64>,
    /// Whose encounter it is.
    pub doctor_id: i64,
    /// The encounter's row in the old schema.
    record_id: Option<i64>,
}

const NOTE_COLUMNS: usize = 10;

impl Note {
    fn from_row(row: &Row<'_>) -> Result<Note, Error> {
        Ok(Note {
            note_id: row.integer(0)?,
            encounter_id: row.integer(1)?,
            patient_id: row.integer(2)?,
            author_id: row.integer(3)?,
            state: State::parse(row.text(4)?)?,
            version: row.integer(5)?,
            created_ms: row.integer(6)?,
            signed_ms: row.optional_integer(7)?,
            doctor_id: row.integer(8)?,
            record_id: row.optional_integer(9)?,
        })
    }

    /// A draft is its author's alone, and so is one that was discarded.
    pub fn is_visible_to(&self, user_id: i64) -> bool {
        self.state == State::Signed || self.author_id == user_id
    }
}

/// One version of a record's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub version: i64,
    pub symptoms: Option<String>,
    pub diagnosis: Option<String>,
    pub advice: Option<String>,
    /// Why a signed text was followed by this one, or a draft was discarded.
    pub reason: Option<String>,
    pub author_id: i64,
    pub written_ms: i64,
}

impl Text {
    fn from_row(row: &Row<'_>, first: usize) -> Result<Text, Error> {
        let text = |column: usize| row.optional_string(first + column);
        Ok(Text {
            version: row.integer(first)?,
            symptoms: text(1)?,
            diagnosis: text(2)?,
            advice: text(3)?,
            reason: text(4)?,
            author_id: row.integer(first + 5)?,
            written_ms: row.integer(first + 6)?,
        })
    }
}

/// The parts of a text; a part that is not given stays as it was.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parts<'a> {
    pub symptoms: Option<&'a str>,
    pub diagnosis: Option<&'a str>,
    pub advice: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn is_nothing(&self) -> bool {
        self.symptoms.is_none() && self.diagnosis.is_none() && self.advice.is_none()
    }

    /// With the parts of an earlier text where there are none.
    fn over(self, earlier: &'a Text) -> Parts<'a> {
        Parts {
            symptoms: self.symptoms.or(earlier.symptoms.as_deref()),
            diagnosis: self.diagnosis.or(earlier.diagnosis.as_deref()),
            advice: self.advice.or(earlier.advice.as_deref()),
        }
    }
}

/// A row of the old schema that an old client has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldRow {
    pub record_id: i64,
    pub patient_id: i64,
    pub doctor_id: i64,
    pub symptoms: Option<String>,
    pub diagnosis: Option<String>,
    pub visit_time: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    UnknownNote,
    /// The encounter does not allow it.
    Encounter(encounter::Refusal),
    /// `to` is a state, or what is done in the other one only.
    BadTransition {
        from: State,
        to: &'static str,
    },
    /// The caller has seen another version than the one that holds.
    Stale {
        version: i64,
    },
    NothingToChange,
}

pub type Outcome<T> = Result<T, Failure<Refusal>>;

fn known(transaction: &Transaction<'_>, note_id: i64) -> Outcome<Note> {
    by_id(transaction, note_id)?.ok_or(Failure::Refused(Refusal::UnknownNote))
}

/// A record in the state in which the step to `to` is possible, of the version that its caller has seen.
fn seen(
    transaction: &Transaction<'_>,
    note_id: i64,
    wanted: State,
    to: &'static str,
    version: Option<i64>,
) -> Outcome<(Note, Text)> {
    let note = known(transaction, note_id)?;
    if note.state != wanted {
        return refuse(Refusal::BadTransition { from: note.state, to });
    }
    if version.is_some_and(|version| version != note.version) {
        return refuse(Refusal::Stale { version: note.version });
    }
    let text = text(transaction, note_id, note.version)?
        .ok_or_else(|| Error::Other("a record has no text".into()))?;
    Ok((note, text))
}

fn writable(transaction: &Transaction<'_>, encounter_id: i64) -> Outcome<encounter::Encounter> {
    encounter::writable(transaction, encounter_id).map_err(|failure| failure.map(Refusal::Encounter))
}

fn insert_version(
    transaction: &Transaction<'_>,
    note_id: i64,
    version: i64,
    parts: &Parts<'_>,
    amendment: Option<&str>,
    author_id: i64,
    now: &Now,
) -> Result<(), Error> {
    transaction.execute(
        &record::INSERT_VERSION,
        params![
            note_id,
            version,
            parts.symptoms,
            parts.diagnosis,
            parts.advice,
            amendment,
            author_id,
            now.unix_ms,
            amendment.is_some()
        ],
    )?;
    Ok(())
}

/// Shows the parts that there are in the old schema's row.
fn show(transaction: &Transaction<'_>, note: &Note, parts: &Parts<'_>) -> Result<(), Error> {
    if let Some(record_id) = note.record_id {
        transaction.execute(&record::SHOW, params![record_id, parts.diagnosis, parts.symptoms])?;
    }
    Ok(())
}

/// Begins a record. Returns its id.
pub fn write(
    transaction: &Transaction<'_>,
    encounter_id: i64,
    parts: &Parts<'_>,
    author_id: i64,
    now: &Now,
) -> Outcome<i64> {
    if parts.is_nothing() {
        return refuse(Refusal::NothingToChange);
    }
    let found = writable(transaction, encounter_id)?;
    let note_id = transaction
        .insert(&record::INSERT, params![encounter_id, found.patient_id, author_id, now.unix_ms])?;
    insert_version(transaction, note_id, 1, parts, None, author_id, now)?;
    Ok(note_id)
}

/// Writes a draft anew, whose caller has seen this version of it.
pub fn edit(
    transaction: &Transaction<'_>,
    note_id: i64,
    version: i64,
    parts: &Parts<'_>,
    now: &Now,
) -> Outcome<()> {
    if parts.is_nothing() {
        return refuse(Refusal::NothingToChange);
    }
    let (note, text) = seen(transaction, note_id, State::Draft, "edited", Some(version))?;
    writable(transaction, note.encounter_id)?;
    let parts = parts.over(&text);
    transaction.execute(
        &record::REWRITE,
        params![note_id, version, parts.symptoms, parts.diagnosis, parts.advice, now.unix_ms],
    )?;
    transaction.execute(&record::SET_VERSION, params![note_id, version + 1])?;
    Ok(())
}

/// Makes a draft final.
pub fn sign(transaction: &Transaction<'_>, note_id: i64, version: Option<i64>, now: &Now) -> Outcome<()> {
    let (note, text) = seen(transaction, note_id, State::Draft, State::Signed.word(), version)?;
    writable(transaction, note.encounter_id)?;
    transaction.execute(&record::MAKE_FINAL, params![note_id, note.version])?;
    transaction.execute(&record::SIGN, params![note_id, now.unix_ms])?;
    show(transaction, &note, &Parts::default().over(&text))?;
    Ok(())
}

/// Adds a version to a signed text, for a reason.
pub fn amend(
    transaction: &Transaction<'_>,
    note_id: i64,
    version: i64,
    parts: &Parts<'_>,
    reason: &str,
    author_id: i64,
    now: &Now,
) -> Outcome<()> {
    if parts.is_nothing() {
        return refuse(Refusal::NothingToChange);
    }
    let (note, text) = seen(transaction, note_id, State::Signed, "amended", Some(version))?;
    let whole = parts.over(&text);
    insert_version(transaction, note_id, version + 1, &whole, Some(reason), author_id, now)?;
    transaction.execute(&record::SET_VERSION, params![note_id, version + 1])?;
    // What was not amended may be older than what another text shows there.
    show(transaction, &note, parts)?;
    Ok(())
}

/// A draft that will not be signed. Its text stays, and once more as a last version, which says who discarded it and
/// why.
pub fn discard(transaction: &Transaction<'_>, note_id: i64, reason: &str, by: i64, now: &Now) -> Outcome<()> {
    let (note, text) = seen(transaction, note_id, State::Draft, State::Discarded.word(), None)?;
    transaction.execute(&record::MAKE_FINAL, params![note_id, note.version])?;
    let parts = Parts::default().over(&text);
    insert_version(transaction, note_id, note.version + 1, &parts, Some(reason), by, now)?;
    transaction.execute(&record::DISCARD, params![note_id, note.version + 1])?;
    Ok(())
}

pub fn by_id(transaction: &Transaction<'_>, note_id: i64) -> Result<Option<Note>, Error> {
    transaction.first(&record::BY_ID, params![note_id], Note::from_row)
}

/// A version of a record. Of a draft there is one only.
pub fn text(transaction: &Transaction<'_>, note_id: i64, version: i64) -> Result<Option<Text>, Error> {
    transaction.first(&record::VERSION, params![note_id, version], |row| Text::from_row(row, 0))
}

/// Hands the records of an encounter that someone may see, in the order in which they were begun, to `sink`.
pub fn of_encounter(
    transaction: &Transaction<'_>,
    encounter_id: i64,
    after: i64,
    viewer_id: i64,
    limit: i64,
    mut sink: impl FnMut(Note, Text),
) -> Result<(), Error> {
    transaction.each(&record::OF_ENCOUNTER, params![encounter_id, after, viewer_id, limit], |row| {
        sink(Note::from_row(row)?, Text::from_row(row, NOTE_COLUMNS)?);
        Ok(())
    })
}

/// A row of the old schema that belongs to no encounter.
pub fn old_row(transaction: &Transaction<'_>, record_id: i64) -> Result<Option<OldRow>, Error> {
    transaction.first(&record::OLD, params![record_id], |row| {
        Ok(OldRow {
            record_id,
            patient_id: row.integer(0)?,
            doctor_id: row.integer(1)?,
            symptoms: row.optional_string(2)?,
            diagnosis: row.optional_string(3)?,
            visit_time: row.optional_string(4)?,
        })
    })
}
