//! SQL that a client wrote: one SELECT, confined.
//!
//! It never sees the turn's transaction, for it has a read-only connection of its own. Invariant: no program
//! runs that opens another table than those named here, or that reads a credential's column: the authorizer
//! makes it NULL, and what SQLite's compiler does not ask the authorizer about is refused by looking at the
//! compiled program itself.

use super::error::message;
use super::{Error, Store, Value};
use rusqlite::config::DbConfig;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Batch, Connection, ErrorCode, OptionalExtension, Rows};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// How much one query may ask for.
#[derive(Debug, Clone, Copy)]
pub struct AdhocLimits {
    pub rows: usize,
    pub time: Duration,
}

/// Why a query was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AdhocRefusal {
    #[error("only one statement may be sent")]
    SeveralStatements,
    #[error("only SELECT is allowed")]
    NotASelect,
    #[error("not allowed: {0}")]
    Denied(String),
    #[error("more than {0} rows")]
    TooManyRows(usize),
    /// A value that JSON has no form for.
    #[error("a value is binary, or text that is not UTF-8")]
    NotText,
    /// The sink takes no more.
    #[error("more bytes than a reply may hold")]
    TooLarge,
    #[error("took longer than {0:?}")]
    TooSlow(Duration),
    /// SQLite's own words about the query.
    #[error("{0}")]
    Sql(String),
    #[error(transparent)]
    Store(#[from] Error),
}

/// The tables that a query may read: those that the Python server had.
const READABLE_TABLES: [&str; 13] = [
    "users",
    "patients",
    "doctors",
    "appointments",
    "medical_records",
    "medical_orders",
    "prescriptions",
    "attendance",
    "chat_messages",
    "leave_requests",
    "hospitalizations",
    "students",
    "default_table",
];

/// SQLite's functions that compute from their arguments alone, and its dates and aggregates. Those whose time
/// grows faster than their arguments are not among them: the clock is not looked at inside a function.
const FUNCTIONS: &str = " -> ->> abs acos asin atan atan2 avg ceil ceiling char coalesce concat concat_ws \
    cos count cume_dist current_date current_time current_timestamp date datetime degrees dense_rank exp \
    first_value floor format glob group_concat hex if ifnull iif json json_array json_array_length \
    json_extract json_group_array json_group_object json_object json_type json_valid julianday lag \
    last_value lead length like likelihood likely ln log log10 log2 lower max min mod nth_value ntile nullif \
    octet_length percent_rank pi pow power printf quote radians random rank round row_number sign sin \
    soundex sqrt strftime string_agg substr substring sum tan time timediff total trunc typeof unicode \
    unixepoch unlikely upper ";

/// SQLITE_AUTH.
const AUTHORIZATION_DENIED: i32 = 23;
/// A checkpoint of another process may hold a reader up for an instant.
const BUSY_TIMEOUT: Duration = Duration::from_millis(20);
/// The virtual machine's steps between two looks at the clock.
const STEPS_BETWEEN_CHECKS: i32 = 1_000;

/// Sets a connection up for SQL from outside, once and for good.
pub(super) fn confine(reader: &mut Connection) -> Result<(), rusqlite::Error> {
    reader.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    reader.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    reader.pragma_update(None, "query_only", "ON")?;
    reader.pragma_update(None, "temp_store", "MEMORY")?;
    for (limit, value) in [
        // The longest text, and the word that has it explained.
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 16 * 1024 + 8),
        (Limit::SQLITE_LIMIT_LENGTH, 256 * 1024),
        (Limit::SQLITE_LIMIT_COLUMN, 64),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 20),
        (Limit::SQLITE_LIMIT_VDBE_OP, 25_000),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 0),
    ] {
        reader.set_limit(limit, value)?;
    }
    reader.busy_timeout(BUSY_TIMEOUT)?;
    reader.authorizer(Some(authorize))
}

/// Where the tables and indexes that a program may open begin in the file, and which of them is `users`.
/// Collected before the authorizer forbids to ask.
#[derive(Debug, Clone, Default)]
pub(super) struct Pages {
    open: HashSet<i64>,
    users: Option<i64>,
    password_column: Option<i64>,
}

impl Pages {
    pub(super) fn of(connection: &Connection) -> Result<Pages, rusqlite::Error> {
        let mut pages = Pages::default();
        let mut statement = connection.prepare("SELECT name, tbl_name, rootpage FROM sqlite_master")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (name, table): (String, String) = (row.get(0)?, row.get(1)?);
            let page: i64 = row.get::<_, Option<i64>>(2)?.unwrap_or(0);
            if READABLE_TABLES.contains(&table.as_str()) && page > 0 {
                pages.open.insert(page);
            }
            if name == "users" {
                pages.users = Some(page);
            }
        }
        pages.password_column = connection
            .query_row("SELECT cid FROM pragma_table_info('users') WHERE name = 'password_hash'", [], |row| {
                row.get(0)
            })
            .optional()?;
        Ok(pages)
    }
}

/// Looks at what a statement compiles to. SQLite does not ask its authorizer about the columns that it makes
/// up itself for `USING` and `NATURAL` joins, nor about their tables.
fn check_program(reader: &Connection, pages: &Pages, sql: &str) -> Result<(), rusqlite::Error> {
    let denied = || rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(AUTHORIZATION_DENIED), None);
    let mut explained = reader.prepare(&format!("EXPLAIN {sql}"))?;
    let mut rows = explained.query([])?;
    let mut user_cursors = HashSet::new();
    while let Some(row) = rows.next()? {
        let (opcode, p1, p2): (String, i64, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
        match opcode.as_str() {
            "OpenRead" | "ReopenIdx" => {
                if !pages.open.contains(&p2) {
                    return Err(denied());
                }
                if Some(p2) == pages.users {
                    user_cursors.insert(p1);
                }
            }
            "OpenDup" if user_cursors.contains(&p2) => {
                user_cursors.insert(p1);
            }
            "OpenWrite" | "VOpen" | "RowData" | "Clear" | "Destroy" => return Err(denied()),
            "Column" if user_cursors.contains(&p1) && Some(p2) == pages.password_column => {
                return Err(denied());
            }
            _ => {}
        }
    }
    Ok(())
}

fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select => Authorization::Allow,
        AuthAction::Read { column_name: "password_hash", .. } => Authorization::Ignore,
        // A query's own part that it names but reads nothing of; of a table, the compiled program shows it.
        AuthAction::Read { column_name: "", .. } => Authorization::Allow,
        AuthAction::Read { table_name, .. } if READABLE_TABLES.contains(&table_name) => Authorization::Allow,
        AuthAction::Function { function_name } => {
            let name = function_name.to_ascii_lowercase();
            if FUNCTIONS.split(' ').any(|known| known == name) {
                Authorization::Allow
            } else {
                Authorization::Deny
            }
        }
        _ => Authorization::Deny,
    }
}

impl Store {
    /// Runs one SELECT over what is durable, and hands its column names and then each row to `sink`.
    pub fn adhoc(
        &mut self,
        sql: &str,
        limits: AdhocLimits,
        columns: impl FnOnce(&[String]) -> Result<(), AdhocRefusal>,
        row: impl FnMut(&[Value<'_>]) -> Result<(), AdhocRefusal>,
    ) -> Result<(), AdhocRefusal> {
        let _timed = self.counts.time();
        let deadline = Instant::now() + limits.time;
        self.reader
            .progress_handler(STEPS_BETWEEN_CHECKS, Some(move || Instant::now() >= deadline))
            .map_err(|error| worded(&error, limits))?;
        select(&self.reader, &self.readable, sql, limits, columns, row).inspect_err(|refusal| {
            if let AdhocRefusal::Store(error) = refusal {
                self.note(error);
            }
        })
    }
}

fn select(
    reader: &Connection,
    pages: &Pages,
    sql: &str,
    limits: AdhocLimits,
    columns: impl FnOnce(&[String]) -> Result<(), AdhocRefusal>,
    row: impl FnMut(&[Value<'_>]) -> Result<(), AdhocRefusal>,
) -> Result<(), AdhocRefusal> {
    let mut batch = Batch::new(reader, sql);
    let statement = batch.next().map_err(|error| worded(&error, limits))?;
    let Some(mut statement) = statement else { return Err(AdhocRefusal::NotASelect) };
    // Whatever follows the first statement must be no statement: SQLite reads past blanks and comments.
    if !matches!(batch.next(), Ok(None)) {
        return Err(AdhocRefusal::SeveralStatements);
    }
    if !statement.readonly() || statement.is_explain() != 0 || statement.column_count() == 0 {
        return Err(AdhocRefusal::NotASelect);
    }
    check_program(reader, pages, sql).map_err(|error| worded(&error, limits))?;
    let count = statement.column_count();
    let names: Vec<String> = statement.column_names().map(ToString::to_string).collect();
    columns(&names)?;
    let rows = statement.query([]).map_err(|error| worded(&error, limits))?;
    hand_over(rows, count, limits, row)
}

fn hand_over(
    mut rows: Rows<'_>,
    columns: usize,
    limits: AdhocLimits,
    mut sink: impl FnMut(&[Value<'_>]) -> Result<(), AdhocRefusal>,
) -> Result<(), AdhocRefusal> {
    let mut handed = 0;
    while let Some(row) = rows.next().map_err(|error| worded(&error, limits))? {
        handed += 1;
        if handed > limits.rows {
            return Err(AdhocRefusal::TooManyRows(limits.rows));
        }
        let values = (0..columns)
            .map(|column| Value::from_column(row.get_ref(column)?))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| AdhocRefusal::NotText)?;
        sink(&values)?;
    }
    Ok(())
}

fn worded(error: &rusqlite::Error, limits: AdhocLimits) -> AdhocRefusal {
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => AdhocRefusal::TooSlow(limits.time),
        Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            AdhocRefusal::Store(Error::Io(message(error)))
        }
        Some(ErrorCode::AuthorizationForStatementDenied) => AdhocRefusal::Denied(message(error)),
        // A function that the authorizer denies is an ordinary error with these words.
        _ if message(error).starts_with("not authorized") => AdhocRefusal::Denied(message(error)),
        _ => AdhocRefusal::Sql(message(error)),
    }
}
