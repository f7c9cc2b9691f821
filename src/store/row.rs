//! Rows and values, read in place.
//!
//! It never knows which table a row is from. Invariant: text is borrowed from SQLite's own memory and lives
//! no longer than the row.

use super::Error;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

/// A value as a column of a loosely typed table can hold it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a str),
}

impl Value<'_> {
    /// How many bytes of text it holds.
    pub fn text_bytes(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            Value::Null | Value::Integer(_) | Value::Real(_) => 0,
        }
    }

    /// Truth as the old schema's flag columns have it, which may hold anything.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Integer(number) => *number != 0,
            Value::Real(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
        }
    }
}

impl<'a> Value<'a> {
    pub(super) fn from_column(value: ValueRef<'a>) -> Result<Value<'a>, Error> {
        match value {
            ValueRef::Null => Ok(Value::Null),
            ValueRef::Integer(number) => Ok(Value::Integer(number)),
            ValueRef::Real(number) => Ok(Value::Real(number)),
            ValueRef::Text(bytes) => std::str::from_utf8(bytes)
                .map(Value::Text)
                .map_err(|_| Error::Other("a text in the database is not UTF-8".into())),
            ValueRef::Blob(_) => Err(Error::Other("a value in the database is binary".into())),
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Real(number) => ValueRef::Real(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// One row of a result; columns count from 0.
pub struct Row<'a>(pub(super) &'a rusqlite::Row<'a>);

impl<'a> Row<'a> {
    pub fn value(&self, column: usize) -> Result<Value<'a>, Error> {
        Value::from_column(self.0.get_ref(column)?)
    }

    pub fn integer(&self, column: usize) -> Result<i64, Error> {
        Ok(self.0.get(column)?)
    }

    pub fn optional_integer(&self, column: usize) -> Result<Option<i64>, Error> {
        Ok(self.0.get(column)?)
    }

    pub fn text(&self, column: usize) -> Result<&'a str, Error> {
        match self.value(column)? {
            Value::Text(text) => Ok(text),
            _ => Err(Error::Other(format!("column {column} of a result is not text"))),
        }
    }

    pub fn string(&self, column: usize) -> Result<String, Error> {
        self.text(column).map(str::to_owned)
    }

    pub fn optional_text(&self, column: usize) -> Result<Option<&'a str>, Error> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            _ => Err(Error::Other(format!("column {column} of a result is not text"))),
        }
    }

    pub fn optional_string(&self, column: usize) -> Result<Option<String>, Error> {
        Ok(self.optional_text(column)?.map(str::to_owned))
    }
}
