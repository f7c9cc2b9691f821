//! The schema, as numbered steps, and how a file comes to have it.
//!
//! It never knows what the rows mean, but for the few things in which the Python server's rows differ.
//! Invariant: a file is brought to the current schema in one transaction, or it stays as it was.

use super::error::message;
use super::open::{BackUp, HashCredential, OpenError};
use super::statements::{account, adoption};
use rusqlite::{Connection, TransactionBehavior};
use std::path::PathBuf;

/// In step with the file names; the schema's version is how many of them have been taken.
const MIGRATIONS: [&str; 9] = [
    include_str!("../../sql/migrations/0001_tables.sql"),
    include_str!("../../sql/migrations/0002_appointments.sql"),
    include_str!("../../sql/migrations/0003_indexes.sql"),
    include_str!("../../sql/migrations/0004_audit.sql"),
    include_str!("../../sql/migrations/0005_accounts.sql"),
    include_str!("../../sql/migrations/0006_clinic.sql"),
    include_str!("../../sql/migrations/0007_care.sql"),
    include_str!("../../sql/migrations/0008_fewer_indexes.sql"),
    include_str!("../../sql/migrations/0009_what_was_said.sql"),
];
pub const SCHEMA_VERSION: i32 = MIGRATIONS.len() as i32;
/// The letters "meds", in the database header's field for it.
pub(super) const APPLICATION_ID: i32 = 0x6d65_6473;

/// Where a database comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Ours at this schema version; a new file is ours at 0.
    Ours { schema: i32 },
    /// Written by the Python server, which gave its files no version.
    Python,
}

/// What adopting the Python server's database came to.
#[derive(Debug, Default)]
pub struct Adoption {
    /// The copy of the file as it was. It holds credentials in plaintext.
    pub copy: PathBuf,
    pub credentials_hashed: usize,
    /// Appointments whose queue number another one of that doctor's day had already.
    pub appointments_renumbered: usize,
    /// Appointments whose queue number was no whole number, and who have none now.
    pub queue_numbers_cleared: usize,
    /// Rows that refer to a row that is not there. They are kept.
    pub dangling_references: usize,
}

pub(super) fn origin(connection: &Connection) -> Result<Origin, OpenError> {
    let application_id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let schema: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        [],
        |row| row.get(0),
    )?;
    let of_python: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('users', 'patients', 'doctors', 'appointments')",
        [],
        |row| row.get(0),
    )?;
    match (application_id, schema) {
        (APPLICATION_ID, found) if found > SCHEMA_VERSION => {
            Err(OpenError::Newer { found, known: SCHEMA_VERSION })
        }
        (APPLICATION_ID, schema) => Ok(Origin::Ours { schema }),
        (0, 0) if tables == 0 => Ok(Origin::Ours { schema: 0 }),
        (0, 0) if of_python == 4 => Ok(Origin::Python),
        _ => Err(OpenError::Foreign { application_id, schema }),
    }
}

/// Refuses a file that is not of the current schema, and leaves it as it is.
pub(super) fn require_current(connection: &Connection) -> Result<(), OpenError> {
    match origin(connection)? {
        Origin::Ours { schema: SCHEMA_VERSION } => Ok(()),
        Origin::Ours { schema: 0 } => Err(OpenError::Empty),
        Origin::Ours { schema: found } => Err(OpenError::Older { found, known: SCHEMA_VERSION }),
        Origin::Python => Err(OpenError::NotAdopted),
    }
}

/// Takes the steps that the file lacks. Where it has taken some and holds something, `back_up` is called first, with
/// the schema that it has; nobody can write meanwhile.
pub(super) fn migrate(
    connection: &mut Connection,
    origin: &Origin,
    hash_credential: HashCredential,
    back_up: BackUp<'_>,
) -> Result<Option<Adoption>, OpenError> {
    let taken = match origin {
        Origin::Ours { schema } if *schema == SCHEMA_VERSION => return Ok(None),
        Origin::Ours { schema } => usize::try_from(*schema).unwrap_or(0),
        Origin::Python => 0,
    };
    // The Python server never enforced its foreign keys; rows that dangle are kept and counted.
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    // What is overwritten, plaintext credentials among it, does not stay behind in the file.
    connection.pragma_update(None, "secure_delete", "ON")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster between the look and the lock.
    if self::origin(&transaction)? != *origin {
        return Err(OpenError::Locked);
    }
    if let Origin::Ours { schema: older @ 1.. } = origin {
        back_up(*older).map_err(OpenError::BackUp)?;
    }
    let mut adopted = None;
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(taken) {
        transaction.execute_batch(sql)?;
        if step == 0 && *origin == Origin::Python {
            adopted = Some(adopt(&transaction, hash_credential)?);
        }
    }
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()?;
    connection.pragma_update(None, "secure_delete", "OFF")?;
    Ok(adopted)
}

fn adopt(connection: &Connection, hash_credential: HashCredential) -> Result<Adoption, OpenError> {
    let mut adoption = Adoption::default();
    let mut passwords = connection.prepare(account::PASSWORDS.sql)?;
    let users = passwords
        .query_map([], |row| {
            // What is not text was never anybody's credential; it is kept as one that nobody can send.
            let credential = row.get_ref(1)?.as_bytes().map(String::from_utf8_lossy).unwrap_or_default();
            Ok((row.get::<_, i64>(0)?, credential.into_owned()))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    for (user_id, credential) in users {
        let hash = hash_credential(&credential).map_err(OpenError::Other)?;
        connection.prepare_cached(account::SET_PASSWORD.sql)?.execute((user_id, hash))?;
        adoption.credentials_hashed += 1;
    }
    adoption.queue_numbers_cleared = connection.execute(adoption::CLEAR_ODD_QUEUE_NUMBERS.sql, [])?;
    connection.execute(adoption::COMPLETE_APPOINTMENT_TIMES.sql, [])?;
    adoption.appointments_renumbered = connection.execute(adoption::RENUMBER_DUPLICATES.sql, [])?;
    adoption.dangling_references = connection
        .prepare("PRAGMA foreign_key_check")?
        .query_map([], |_| Ok(()))?
        .collect::<Result<Vec<()>, _>>()
        .map_err(|error| OpenError::Other(message(&error)))?
        .len();
    Ok(adoption)
}
