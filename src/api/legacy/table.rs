//! Anything that has no verb: a row for the table that `table_name` names, or for `default_table`.

use super::field::FieldError;
use super::object::Field;
use super::{Call, Effect, Reply, Trouble, no_place};
use crate::service::Failure;
use crate::service::table::{self, Problem, Refusal};
use crate::store::{Transaction, Value};

pub fn insert(
    call: &Call<'_>,
    transaction: &Transaction<'_>,
    reply: &mut Reply<'_>,
) -> Result<Effect, Trouble> {
    let table = match call.object.get("table_name") {
        None => "default_table",
        Some(Field::Text(name)) => name.as_ref(),
        Some(_) => return Err(FieldError::NotText("table_name".into()).into()),
    };
    let mut row = Vec::new();
    for (key, field) in call.object.members().filter(|(key, _)| *key != "table_name") {
        row.push((key, value(key, field)?));
    }
    let (mut memory, mut changes) = (call.memory.borrow_mut(), call.changes.borrow_mut());
    match table::insert(transaction, table, &row, call.rules, &mut memory, &mut changes, call.now) {
        Ok(()) => {
            reply.result(&format!("成功插入数据到表 {table}"));
            Ok(Effect::Done)
        }
        Err(Failure::Fault(fault)) => Err(fault.into()),
        Err(Failure::Refused(refusal)) => {
            reply.result(&format!("处理JSON数据时出错: {}", worded(refusal, table)));
            Ok(Effect::Refused)
        }
    }
}

fn value<'b>(key: &str, field: &'b Field<'_>) -> Result<Value<'b>, FieldError> {
    match field {
        Field::Null => Ok(Value::Null),
        Field::Bool(value) => Ok(Value::Integer(i64::from(*value))),
        Field::Integer(number) => Ok(Value::Integer(*number)),
        Field::Real(number) => Ok(Value::Real(*number)),
        Field::Text(text) => Ok(Value::Text(text)),
        Field::TooLarge => Err(FieldError::OutOfRange(shown(key))),
        Field::Nested => Err(FieldError::NotText(shown(key))),
    }
}

/// A name that a peer made up, cut to a length that a message can carry.
fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}

fn worded(refusal: Refusal, table: &str) -> String {
    match refusal {
        Refusal::Empty => "没有提供数据".into(),
        Refusal::UnknownTable => format!("no such table: {}", shown(table)),
        Refusal::ClosedTable => format!("不允许直接写入表 {table}"),
        Refusal::UnknownColumn { column } => {
            format!("table {table} has no column named {}", shown(&column))
        }
        Refusal::ColumnTwice { column } => FieldError::Twice(column.into()).to_string(),
        Refusal::BadValue { column, problem } => {
            let name = column.to_owned();
            match problem {
                Problem::NotAnInteger => FieldError::NotAnInteger(name),
                Problem::NotANumber => FieldError::NotANumber(name),
                Problem::OutOfRange => FieldError::OutOfRange(name),
                Problem::Empty => FieldError::Empty(name),
                Problem::NotText => FieldError::NotText(name),
                Problem::TooLong { limit_chars } => FieldError::TooLong { name, limit_chars },
                Problem::ControlCharacter => FieldError::ControlCharacter(name),
                Problem::NotADate => FieldError::NotADate(name),
                Problem::NotAMoment => FieldError::NotAMoment(name),
            }
            .to_string()
        }
        // As of an id that nobody has.
        Refusal::NoAccount => "FOREIGN KEY constraint failed".into(),
        Refusal::NoPlace(reason) => no_place(&reason, None),
    }
}
