//! The one place that turns outcomes into replies of the old dialect.
//!
//! It never decides what to say. Invariant: whatever is written first, the reply that leaves is one whole
//! envelope: `{"status":"success","timestamp":…,"result":…}` or `{"status":"error","timestamp":…,"error":…}`.

use crate::store::Value;
use serde::{Serialize, Serializer};

/// Writes one reply to the end of a buffer.
pub struct Reply<'a> {
    output: &'a mut Vec<u8>,
    start: usize,
    timestamp: &'a str,
    limit_bytes: usize,
}

/// A result has grown over what one reply may hold.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLarge;

impl<'a> Reply<'a> {
    /// `limit_bytes` bounds what `item` lets a list grow to.
    pub fn new(output: &'a mut Vec<u8>, timestamp: &'a str, limit_bytes: usize) -> Reply<'a> {
        let start = output.len();
        Reply { output, start, timestamp, limit_bytes }
    }

    /// Bounds this reply further.
    pub fn bound(&mut self, limit_bytes: usize) {
        self.limit_bytes = self.limit_bytes.min(limit_bytes);
    }

    /// The request was carried out, or refused by the clinic's rules; `result` says which.
    pub fn result(&mut self, result: &impl Serialize) {
        self.begin_result();
        self.json(result);
        self.end_result();
    }

    /// The request could not be read, or may not be made.
    pub fn error(&mut self, error: &str) {
        self.output.truncate(self.start);
        self.raw("{\"status\":\"error\",\"timestamp\":");
        let timestamp = self.timestamp;
        self.json(&timestamp);
        self.raw(",\"error\":");
        self.json(&error);
        self.raw("}");
    }

    /// Opens a result that is written piece by piece, until `end_result`.
    pub fn begin_result(&mut self) {
        self.output.truncate(self.start);
        self.raw("{\"status\":\"success\",\"timestamp\":");
        let timestamp = self.timestamp;
        self.json(&timestamp);
        self.raw(",\"result\":");
    }

    pub fn end_result(&mut self) {
        self.raw("}");
    }

    /// Appends an element of a list; `first` is true before the first one only.
    pub fn item(&mut self, first: &mut bool, item: &impl Serialize) -> Result<(), TooLarge> {
        if !std::mem::take(first) {
            self.raw(",");
        }
        self.json(item);
        if self.output.len() - self.start > self.limit_bytes { Err(TooLarge) } else { Ok(()) }
    }

    /// Appends text that is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.output.extend_from_slice(json.as_bytes());
    }

    pub fn json(&mut self, value: &impl Serialize) {
        let start = self.output.len();
        if serde_json::to_writer(&mut *self.output, value).is_err() {
            // Writing to memory does not fail and our types have text keys; null keeps the reply whole.
            self.output.truncate(start);
            self.raw("null");
        }
    }
}

/// A value of the database as JSON; what JSON cannot say is null.
pub struct JsonValue<'a>(pub Value<'a>);

impl Serialize for JsonValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Integer(number) => serializer.serialize_i64(number),
            Value::Real(number) => serializer.serialize_f64(number),
            Value::Text(text) => serializer.serialize_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_takes_the_place_of_what_was_begun() {
        let mut output = b"frame".to_vec();
        let mut reply = Reply::new(&mut output, "2026-01-02T03:04:05.000006", 100);
        reply.begin_result();
        reply.raw("[1,2");
        reply.error("zu \"viel\"");
        assert_eq!(
            output,
            br#"frame{"status":"error","timestamp":"2026-01-02T03:04:05.000006","error":"zu \"viel\""}"#
        );
    }

    #[test]
    fn a_list_stops_at_its_limit() {
        let mut output = Vec::new();
        let mut reply = Reply::new(&mut output, "now", 60);
        reply.begin_result();
        reply.raw("[");
        let mut first = true;
        assert_eq!(reply.item(&mut first, &1), Ok(()));
        assert_eq!(reply.item(&mut first, &"a text that is too long for it"), Err(TooLarge));
    }
}
