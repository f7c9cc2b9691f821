//! `sql_query`: one SELECT over what is durable.
//!
//! It never runs inside the turn's transaction. Invariant: its refusal is a text that starts with `错误: `.

use super::field::{self, text};
use super::object::Field;
use super::reply::{JsonValue, TooLarge};
use super::{Call, Effect, Reply, Trouble};
use crate::store::{AdhocLimits, AdhocRefusal, Store, Value};
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};
use std::time::Duration;

const RESULT_MAX_BYTES: usize = 1024 * 1024;
const LIMITS: AdhocLimits = AdhocLimits { rows: 1_000, time: Duration::from_millis(100) };

/// Answers with `{"columns": […], "data": [[…], …]}`.
pub fn sql_query(call: &Call<'_>, store: &mut Store, reply: &mut Reply<'_>) -> Result<Effect, Trouble> {
    let is_missing = match call.object.get("sql_query") {
        None | Some(Field::Null | Field::Bool(false) | Field::Integer(0)) => true,
        Some(Field::Text(text)) => text.is_empty(),
        Some(_) => false,
    };
    if is_missing {
        reply.result(&"错误: JSON中未找到'sql_query'键");
        return Ok(Effect::Refused);
    }
    let sql = text(call.object, "sql_query", field::SQL)?;
    reply.bound(RESULT_MAX_BYTES);
    let reply = std::cell::RefCell::new(reply);
    let mut first = true;
    let outcome = store.adhoc(
        &sql,
        LIMITS,
        |columns| {
            let mut reply = reply.borrow_mut();
            reply.begin_result();
            reply.raw("{\"columns\":");
            reply.json(&columns);
            reply.raw(",\"data\":[");
            Ok(())
        },
        |row| {
            // A row is written whole, so it is measured before.
            let text_bytes: usize = row.iter().map(Value::text_bytes).sum();
            if text_bytes > RESULT_MAX_BYTES {
                return Err(AdhocRefusal::TooLarge);
            }
            let item = reply.borrow_mut().item(&mut first, &JsonRow(row));
            item.map_err(|TooLarge| AdhocRefusal::TooLarge)
        },
    );
    let reply = reply.into_inner();
    match outcome {
        Ok(()) => {
            reply.raw("]}");
            reply.end_result();
            Ok(Effect::Done)
        }
        Err(refusal) => {
            reply.result(&format!("错误: {}", worded(refusal)));
            Ok(Effect::Refused)
        }
    }
}

struct JsonRow<'a>(&'a [Value<'a>]);

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(self.0.len()))?;
        for value in self.0 {
            sequence.serialize_element(&JsonValue(*value))?;
        }
        sequence.end()
    }
}

fn worded(refusal: AdhocRefusal) -> String {
    match refusal {
        AdhocRefusal::SeveralStatements => "You can only execute one statement at a time.".into(),
        AdhocRefusal::NotASelect => "只允许一条 SELECT 查询".into(),
        AdhocRefusal::Denied(_) => "该查询不被允许：只能读取业务表，且不能使用此类语句或函数".into(),
        AdhocRefusal::TooManyRows(rows) => format!("结果超过 {rows} 行，请加上 LIMIT 或缩小范围"),
        AdhocRefusal::TooLarge => "结果过大，请加上 LIMIT 或减少列".into(),
        AdhocRefusal::NotText => "结果含有二进制数据，无法显示".into(),
        AdhocRefusal::TooSlow(time) => {
            format!("查询超过 {} 毫秒，已停止，请缩小范围", time.as_millis())
        }
        AdhocRefusal::Sql(text) => text,
        AdhocRefusal::Store(error) => Trouble::Store(error).text(),
    }
}
