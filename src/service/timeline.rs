//! A patient's history, the latest first: visits and what came of them, page by page.
//!
//! It never changes anything, and never reads more than a page and the next item of it. Invariant: from one page
//! to the next nothing is left out and nothing comes twice, whatever is added meanwhile.
//!
//! Two statements bring the keys of a page, each merged from its tables in the order of their indexes, which are all
//! that is read for them: of what has its moment in milliseconds, and of what the old schema has the local time of.
//! Only what is on the page is read itself.

use super::time::Now;
use crate::store::statements::timeline;
use crate::store::{Error, Statement, Transaction, params};

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Encounter,
    Record,
    Diagnosis,
    Prescription,
    Order,
    Admission,
    Allergy,
    Appointment,
    /// A record that an old client has written.
    Old,
}

impl Kind {
    /// In the order of the numbers that the statements have, from 1 on.
    const ALL: [Kind; 9] = [
        Kind::Encounter,
        Kind::Record,
        Kind::Diagnosis,
        Kind::Prescription,
        Kind::Order,
        Kind::Admission,
        Kind::Allergy,
        Kind::Appointment,
        Kind::Old,
    ];

    fn of(number: i64) -> Result<Kind, Error> {
        usize::try_from(number - 1)
            .ok()
            .and_then(|place| Kind::ALL.get(place).copied())
            .ok_or_else(|| Error::Other("a history has an item of a kind that does not exist".into()))
    }

    /// What brings one of them.
    fn statement(self) -> &'static Statement {
        match self {
            Kind::Encounter => &timeline::ENCOUNTER,
            Kind::Record => &timeline::RECORD,
            Kind::Diagnosis => &timeline::DIAGNOSIS,
            Kind::Prescription => &timeline::PRESCRIPTION,
            Kind::Order => &timeline::ORDER,
            Kind::Admission => &timeline::ADMISSION,
            Kind::Allergy => &timeline::ALLERGY,
            Kind::Appointment => &timeline::APPOINTMENT,
            Kind::Old => &timeline::OLD_RECORD,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Kind::Encounter => "encounter",
            Kind::Record | Kind::Old => "record",
            Kind::Diagnosis => "diagnosis",
            Kind::Prescription => "prescription",
            Kind::Order => "order",
            Kind::Admission => "admission",
            Kind::Allergy => "allergy",
            Kind::Appointment => "appointment",
        }
    }
}

/// One item of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// None where an old client wrote something that is no time. It stands among the old ones where its text does.
    pub at_ms: Option<i64>,
    pub kind: Kind,
    pub id: i64,
    pub encounter_id: Option<i64>,
    /// Who wrote it, or whose it is.
    pub doctor_id: Option<i64>,
    pub state: Option<String>,
    pub title: Option<String>,
    pub detail: Option<String>,
    /// Only the old schema has it.
    pub is_old: bool,
}

/// How far one of the two parts has been read: the last item's time, id and number of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<T> {
    pub at: T,
    pub id: i64,
    pub kind: i64,
}

/// How far a history has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub moments: Place<i64>,
    pub times: Place<String>,
}

impl Position {
    /// Before everything.
    pub fn start() -> Position {
        Position {
            moments: Place { at: i64::MAX, id: i64::MAX, kind: i64::MAX },
            // Behind each text that old clients have written.
            times: Place { at: char::MAX.into(), id: i64::MAX, kind: i64::MAX },
        }
    }
}

/// Where an item stands in its part of a history.
struct Key<T> {
    place: Place<T>,
    at_ms: Option<i64>,
    /// The old schema's row of an encounter, which is in the history itself.
    is_double: bool,
}

/// A part of a page as far as it was read.
struct Part<T> {
    rest: std::vec::IntoIter<Key<T>>,
    next: Option<Key<T>>,
    /// There may be more than was read.
    is_cut: bool,
}

impl<T> Part<T> {
    fn new(read: Vec<Key<T>>, asked: i64) -> Part<T> {
        let is_cut = i64::try_from(read.len()).is_ok_and(|length| length >= asked);
        let mut rest = read.into_iter();
        Part { next: rest.next(), rest, is_cut }
    }

    /// Reads the next one, unless it is a double, and notes how far the part has come.
    fn take(&mut self, transaction: &Transaction<'_>, place: &mut Place<T>) -> Result<Option<Item>, Error> {
        let Some(key) = std::mem::replace(&mut self.next, self.rest.next()) else { return Ok(None) };
        *place = key.place;
        if key.is_double { Ok(None) } else { read(transaction, place.kind, place.id, key.at_ms) }
    }

    /// Whether it is not known what comes next.
    fn has_run_dry(&self) -> bool {
        self.next.is_none() && self.is_cut
    }

    fn has_more(&self) -> bool {
        let is_new = |key: &Key<T>| !key.is_double;
        self.is_cut || self.next.iter().any(is_new) || self.rest.as_slice().iter().any(is_new)
    }
}

fn read(
    transaction: &Transaction<'_>,
    number: i64,
    id: i64,
    at_ms: Option<i64>,
) -> Result<Option<Item>, Error> {
    let kind = Kind::of(number)?;
    transaction.first(kind.statement(), params![id], |row| {
        let detail = row.optional_string(4)?;
        // A booking has the pool that its place is of.
        let is_old = kind == Kind::Old || (kind == Kind::Appointment && detail.is_none());
        Ok(Item {
            at_ms,
            kind,
            id,
            is_old,
            encounter_id: row.optional_integer(0)?,
            doctor_id: row.optional_integer(1)?,
            state: row.optional_string(2)?,
            title: row.optional_string(3)?,
            detail,
        })
    })
}

fn moments(
    transaction: &Transaction<'_>,
    patient_id: i64,
    from: &Place<i64>,
    asked: i64,
) -> Result<Part<i64>, Error> {
    let mut keys = Vec::new();
    transaction.each(&timeline::MOMENTS, params![patient_id, from.at, from.id, from.kind, asked], |row| {
        let place = Place { at: row.integer(0)?, id: row.integer(1)?, kind: row.integer(2)? };
        keys.push(Key { at_ms: Some(place.at), place, is_double: false });
        Ok::<_, Error>(())
    })?;
    Ok(Part::new(keys, asked))
}

fn times(
    transaction: &Transaction<'_>,
    patient_id: i64,
    from: &Place<String>,
    asked: i64,
    now: &Now,
) -> Result<Part<String>, Error> {
    let mut keys = Vec::new();
    transaction.each(&timeline::TIMES, params![patient_id, from.at, from.id, from.kind, asked], |row| {
        let place = Place { at: row.text(0)?.to_owned(), id: row.integer(1)?, kind: row.integer(2)? };
        let at_ms = now.unix_ms_of_text(&place.at);
        keys.push(Key { at_ms, place, is_double: row.value(3)?.is_true() });
        Ok::<_, Error>(())
    })?;
    Ok(Part::new(keys, asked))
}

/// Reads at most `limit` items from a position on. Returns them, and where the next page begins, if there is one.
pub fn page(
    transaction: &Transaction<'_>,
    patient_id: i64,
    from: Position,
    limit: usize,
    now: &Now,
) -> Result<(Vec<Item>, Option<Position>), Error> {
    let asked = i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1;
    let mut position = from;
    let mut moments = moments(transaction, patient_id, &position.moments, asked)?;
    let mut times = times(transaction, patient_id, &position.times, asked, now)?;
    let mut items = Vec::with_capacity(limit);
    // Where a part has run dry, what comes next is in neither; the next page goes on there.
    while items.len() < limit && !moments.has_run_dry() && !times.has_run_dry() {
        let moment_is_next = match (&moments.next, &times.next) {
            // What has no time must not keep back what stands behind it.
            (Some(moment), Some(time)) => time.at_ms.is_some() && moment.at_ms >= time.at_ms,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => break,
        };
        items.extend(if moment_is_next {
            moments.take(transaction, &mut position.moments)?
        } else {
            times.take(transaction, &mut position.times)?
        });
    }
    let has_more = moments.has_more() || times.has_more();
    Ok((items, has_more.then_some(position)))
}
