//! Requests and replies of JSON-RPC 2.0 as bytes (jsonrpc.org/specification).
//!
//! It never knows a method. Invariants: a reply has the id of its request, byte for byte; a notification has
//! none; what was begun and then fails is cut off, so that what leaves is one whole reply.

use super::problem::{ErrorObject, INVALID_REQUEST, PARSE_ERROR};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Calls in one batch.
pub const BATCH_MAX: usize = 50;
/// An id is given back with the reply and need not be longer than this.
const ID_MAX_BYTES: usize = 256;

/// How each reply begins.
const REPLY_START: &[u8] = b"{\"jsonrpc\":\"2.0\",\"id\":";

/// One call.
#[derive(Debug)]
pub struct Request<'a> {
    pub method: Cow<'a, str>,
    pub params: Option<&'a RawValue>,
    /// None for a notification, which is not answered.
    pub id: Option<&'a RawValue>,
}

/// What the data of a frame is.
#[derive(Debug)]
pub enum Incoming<'a> {
    One(Result<Request<'a>, Invalid<'a>>),
    Batch(Vec<Result<Request<'a>, Invalid<'a>>>),
}

/// A call that cannot be made out.
#[derive(Debug)]
pub struct Invalid<'a> {
    pub id: Option<&'a RawValue>,
    pub error: ErrorObject,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
}

/// An id that is null is there, unlike one that is missing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

const MEMBER: &[u8] = b"\"jsonrpc\"";

/// Whether data is meant as JSON-RPC: the old dialect's objects have no member of that name, though they may
/// have it as a value.
pub fn is_rpc(data: &[u8]) -> bool {
    memchr::memmem::find_iter(data, MEMBER).any(|place| {
        let rest = data.get(place + MEMBER.len()..).unwrap_or_default();
        rest.iter().find(|byte| !byte.is_ascii_whitespace()).is_none_or(|byte| *byte == b':')
    })
}

/// Whether a reply is one of ours, or a batch of them. One of the old dialect may hold the word somewhere.
pub fn is_rpc_reply(reply: &[u8]) -> bool {
    reply.strip_prefix(b"[").unwrap_or(reply).starts_with(REPLY_START)
}

/// Reads a call or a batch of them.
pub fn parse(data: &[u8]) -> Incoming<'_> {
    let is_batch = data.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    if !is_batch {
        return Incoming::One(parse_one(data));
    }
    match serde_json::from_slice::<Vec<&RawValue>>(data) {
        Ok(calls) if calls.is_empty() => Incoming::One(Err(invalid("a batch is not empty"))),
        Ok(calls) if calls.len() > BATCH_MAX => {
            Incoming::One(Err(invalid(&format!("a batch has at most {BATCH_MAX} calls"))))
        }
        Ok(calls) => Incoming::Batch(calls.iter().map(|call| parse_one(call.get().as_bytes())).collect()),
        Err(_) => Incoming::One(Err(unparsable())),
    }
}

fn parse_one(data: &[u8]) -> Result<Request<'_>, Invalid<'_>> {
    // An array would be taken for the members of a call in their order.
    if data.trim_ascii_start().starts_with(b"[") {
        return Err(invalid("a call is an object with jsonrpc, method and, if it is to be answered, id"));
    }
    let envelope: Envelope<'_> = match serde_json::from_slice(data) {
        Ok(envelope) => envelope,
        Err(error) if error.classify() == Category::Data => {
            return Err(invalid("a call is an object with jsonrpc, method and, if it is to be answered, id"));
        }
        Err(_) => return Err(unparsable()),
    };
    let id = match envelope.id.map(RawValue::get) {
        Some(id) if !is_id(id) => {
            return Err(invalid(&format!(
                "an id is a string, a number or null, of at most {ID_MAX_BYTES} bytes"
            )));
        }
        _ => envelope.id,
    };
    let refuse = |message: &str| {
        Err(Invalid {
            id,
            error: ErrorObject::standard(INVALID_REQUEST, &format!("invalid request: {message}")),
        })
    };
    if envelope.jsonrpc.as_deref() != Some("2.0") {
        return refuse("jsonrpc is \"2.0\"");
    }
    let Some(method) = envelope.method else { return refuse("method is missing") };
    if envelope.params.is_some_and(|params| !params.get().starts_with(['{', '['])) {
        return refuse("params are an object or an array");
    }
    Ok(Request { method, params: envelope.params, id })
}

fn is_id(json: &str) -> bool {
    json.len() <= ID_MAX_BYTES
        && (json == "null" || json.starts_with(['"', '-']) || json.starts_with(|c: char| c.is_ascii_digit()))
}

fn invalid(message: &str) -> Invalid<'static> {
    Invalid {
        id: None,
        error: ErrorObject::standard(INVALID_REQUEST, &format!("invalid request: {message}")),
    }
}

fn unparsable() -> Invalid<'static> {
    Invalid { id: None, error: ErrorObject::standard(PARSE_ERROR, "parse error: the data is not JSON") }
}

/// Begins a reply; the result is appended, and then `end_result`.
pub fn begin_result(id: &RawValue, output: &mut Vec<u8>) {
    output.extend_from_slice(REPLY_START);
    output.extend_from_slice(id.get().as_bytes());
    output.extend_from_slice(b",\"result\":");
}

pub fn end_result(output: &mut Vec<u8>) {
    output.push(b'}');
}

/// Appends a reply that is an error; without an id it is null, as for a request whose id cannot be made out.
pub fn write_error(id: Option<&RawValue>, error: &ErrorObject, output: &mut Vec<u8>) {
    output.extend_from_slice(REPLY_START);
    output.extend_from_slice(id.map_or("null", RawValue::get).as_bytes());
    output.extend_from_slice(b",\"error\":");
    write_json(error, output);
    output.push(b'}');
}

/// Appends a value as JSON.
pub fn write_json(value: &impl Serialize, output: &mut Vec<u8>) {
    let start = output.len();
    if serde_json::to_writer(&mut *output, value).is_err() {
        // Writing to memory does not fail and our types have text keys; null keeps the reply whole.
        output.truncate(start);
        output.extend_from_slice(b"null");
    }
}

#[derive(Deserialize)]
struct Withdrawn<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}

/// Appends, in place of a reply or a batch of them, as many that are `error`.
pub fn withdraw(reply: &[u8], error: &ErrorObject, output: &mut Vec<u8>) {
    if let Ok(replies) = serde_json::from_slice::<Vec<Withdrawn<'_>>>(reply) {
        output.push(b'[');
        for (place, reply) in replies.iter().enumerate() {
            if place > 0 {
                output.push(b',');
            }
            write_error(Some(reply.id), error, output);
        }
        output.push(b']');
    } else {
        let id = serde_json::from_slice::<Withdrawn<'_>>(reply).ok().map(|reply| reply.id);
        write_error(id, error, output);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn error_of(data: &str) -> i32 {
        match parse(data.as_bytes()) {
            Incoming::One(Err(invalid)) => invalid.error.code,
            other => panic!("{data}: {other:?}"),
        }
    }

    #[test]
    fn calls_are_read() {
        let Incoming::One(Ok(call)) = parse(br#"{"jsonrpc":"2.0","method":"a.b","params":{"x":1},"id":"7"}"#)
        else {
            panic!("a call");
        };
        assert_eq!((call.method.as_ref(), call.id.unwrap().get()), ("a.b", "\"7\""));
        assert_eq!(call.params.unwrap().get(), r#"{"x":1}"#);
        for (id, expected) in [("1", "1"), ("-1.5e3", "-1.5e3"), ("null", "null"), ("\"\"", "\"\"")] {
            let data = format!(r#" {{"id":{id},"method":"m","jsonrpc":"2.0"}}"#);
            let Incoming::One(Ok(call)) = parse(data.as_bytes()) else { panic!("{data}") };
            assert_eq!(call.id.unwrap().get(), expected);
        }
        let Incoming::One(Ok(call)) = parse(br#"{"jsonrpc":"2.0","method":"m"}"#) else { panic!() };
        assert!(call.id.is_none());
    }

    #[test]
    fn the_dialects_are_told_apart_by_a_member() {
        for (data, expected) in [
            (r#"{"jsonrpc" : "2.0"}"#, true),
            (r#"[{"method": "m", "jsonrpc":"2.0"}]"#, true),
            (r#"{"method": "m", "jsonrpc""#, true),
            (r#"{"name": "jsonrpc", "phone": "1"}"#, false),
            (r#"{"name": "jsonrpc", "jsonrpc": 2}"#, true),
            (r#"{"login": true}"#, false),
        ] {
            assert_eq!(is_rpc(data.as_bytes()), expected, "{data}");
        }
    }

    #[test]
    fn what_is_no_call_is_told_apart() {
        let many = format!("[{}]", vec!["1"; BATCH_MAX + 1].join(","));
        for (data, code) in [
            (r#"{"jsonrpc":"2.0","method":"foobar, "params":"bar","baz]"#, PARSE_ERROR),
            (r#"[{"jsonrpc":"2.0","method":"sum"},{"jsonrpc":"#, PARSE_ERROR),
            ("[]", INVALID_REQUEST),
            (many.as_str(), INVALID_REQUEST),
            (r#"{"jsonrpc":"2.0","method":1,"params":[]}"#, INVALID_REQUEST),
            (r#"{"jsonrpc":"2.0","method":"m","params":"bar","id":1}"#, INVALID_REQUEST),
            (r#"{"jsonrpc":"1.0","method":"m","id":1}"#, INVALID_REQUEST),
            (r#"{"jsonrpc":"2.0","id":1}"#, INVALID_REQUEST),
            (r#"{"jsonrpc":"2.0","method":"m","id":{}}"#, INVALID_REQUEST),
            (r#"{"jsonrpc":"2.0","method":"m","id":true}"#, INVALID_REQUEST),
            (r#"{"jsonrpc":"2.0","method":"m","id":1,"id":2}"#, INVALID_REQUEST),
            (r#"{"jsonrpc":"2.0","method":"m","id":1} {}"#, PARSE_ERROR),
            ("\"jsonrpc\"", INVALID_REQUEST),
        ] {
            assert_eq!(error_of(data), code, "{data}");
        }
        let Incoming::Batch(calls) = parse(b"[1,{\"jsonrpc\":\"2.0\",\"method\":\"m\"}]") else { panic!() };
        assert!(calls[0].is_err() && calls[1].is_ok());
        let Incoming::Batch(calls) = parse(br#"[["2.0","m",{},7]]"#) else { panic!() };
        assert!(calls[0].is_err());
    }

    #[test]
    fn a_withdrawn_reply_keeps_its_ids() {
        let error = ErrorObject::standard(-1, "gone");
        for (reply, expected) in [
            (r#"{"jsonrpc":"2.0","id":"a","result":[1]}"#, vec!["\"a\""]),
            (
                r#"[{"jsonrpc":"2.0","id":1,"result":2},{"jsonrpc":"2.0","id":null,"error":{}}]"#,
                vec!["1", "null"],
            ),
        ] {
            let mut output = Vec::new();
            withdraw(reply.as_bytes(), &error, &mut output);
            let text = String::from_utf8(output).unwrap();
            for id in expected {
                assert!(text.contains(&format!("\"id\":{id},\"error\":{{\"code\":-1")), "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&data);
            withdraw(&data, &ErrorObject::standard(0, ""), &mut Vec::new());
        }

        #[test]
        fn no_json_like_text_panics(text in r#"[\{\}\[\]",:\\jsonrpcidmetho0-9 \.\-]{0,80}"#) {
            let _ = parse(text.as_bytes());
        }
    }
}
