//! Owns what a reply means: whether it shows success, and which appointment it made.
//!
//! It never knows which request it answers, beyond what was expected. Invariant: only a reply that says so
//! is a success; whatever cannot be understood is a wrong reply.

use serde::Deserialize;
use serde_json::Value;

/// What a request may be answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// A result that shows success.
    Success,
    /// Anything at all.
    Anything,
}

/// Why a reply is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server did not take the request; its words.
    Refused(String),
    /// The result does not show success; what it shows.
    Wrong(String),
}

/// How a success of most operations begins, after its timestamp.
const SUCCESS_RESULT: &[u8] = b"\"result\":{\"status\":\"success\",";
const VERIFIED_RESULT: &[u8] = b"\"result\":\"verificationSuccess\"}";
/// How a success of JSON-RPC begins, where the id is that of the built-in mixes.
const RPC_RESULT: &[u8] = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":";
const ENVELOPE: &[u8] = b"{\"status\":\"success\",\"timestamp\":\"";
/// Where the timestamp has ended at the latest.
const RESULT_WITHIN_BYTES: usize = 80;
const SHOWN_CHARS_MAX: usize = 160;

pub(crate) fn judge(expect: Expect, data: &[u8]) -> Result<(), Failure> {
    if expect == Expect::Anything || is_plain_success(data) {
        return Ok(());
    }
    judge_slowly(data)
}

/// Recognises the usual success by its first bytes; false says nothing.
fn is_plain_success(data: &[u8]) -> bool {
    let Some(rest) = data.strip_prefix(ENVELOPE) else {
        return data.starts_with(RPC_RESULT) && data.ends_with(b"}");
    };
    let head = rest.get(..rest.len().min(RESULT_WITHIN_BYTES)).unwrap_or_default();
    let Some(quote) = head.iter().position(|byte| *byte == b'"') else { return false };
    let after = rest.get(quote + 2..).unwrap_or_default();
    after == VERIFIED_RESULT || (after.starts_with(SUCCESS_RESULT) && data.ends_with(b"}}"))
}

#[derive(Deserialize)]
struct Envelope {
    jsonrpc: Option<String>,
    status: Option<String>,
    result: Option<Value>,
    error: Option<Value>,
}

fn judge_slowly(data: &[u8]) -> Result<(), Failure> {
    if data.trim_ascii_start().starts_with(b"[") {
        // A batch is a success where each of its calls is one.
        return match serde_json::from_slice::<Vec<Envelope>>(data) {
            Ok(replies) if replies.is_empty() => Err(wrong("no result", data)),
            Ok(replies) => replies.into_iter().try_for_each(|reply| judge_one(reply, data)),
            Err(_) => Err(wrong("no reply in JSON", data)),
        };
    }
    match serde_json::from_slice::<Envelope>(data) {
        Ok(reply) => judge_one(reply, data),
        Err(_) => Err(wrong("no reply in JSON", data)),
    }
}

fn wrong(what: &str, data: &[u8]) -> Failure {
    Failure::Wrong(format!("{what}: {}", shortened(&String::from_utf8_lossy(data))))
}

fn judge_one(envelope: Envelope, data: &[u8]) -> Result<(), Failure> {
    if let Some(error) = envelope.error {
        return Err(Failure::Refused(shown_error(&error)));
    }
    let Some(result) = envelope.result else { return Err(wrong("no result", data)) };
    let is_success = match (&envelope.jsonrpc, envelope.status.as_deref()) {
        (Some(_), _) => true,
        (None, Some("success")) => shows_success(&result),
        (None, _) => false,
    };
    if is_success { Ok(()) } else { Err(Failure::Wrong(shown(&result))) }
}

/// Whether a result of the old protocol tells of success: in a status, in words, or by being data.
fn shows_success(result: &Value) -> bool {
    match result {
        Value::Object(object) => match object.get("status") {
            Some(status) => status == "success",
            None => true,
        },
        Value::String(words) => {
            words == "verificationSuccess" || words == "chenggongcharu" || words.contains("成功")
        }
        _ => false,
    }
}

/// The word of JSON-RPC by which clients tell errors apart, before what is meant for people.
fn shown_error(error: &Value) -> String {
    match error.pointer("/data/code") {
        Some(Value::String(code)) => shortened(&format!("{code}: {}", shown(error))),
        _ => shown(error),
    }
}

/// The part of a result that tells a person what happened.
fn shown(value: &Value) -> String {
    match value {
        Value::String(words) => shortened(words),
        Value::Object(object) => match object.get("message") {
            Some(Value::String(words)) => shortened(words),
            _ => shortened(&value.to_string()),
        },
        other => shortened(&other.to_string()),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(SHOWN_CHARS_MAX).chain(['…']).collect()
}

/// The id of the appointment that a reply tells of.
pub(crate) fn appointment_id(data: &[u8]) -> Option<u64> {
    const KEY: &[u8] = b"\"appointment_id\":";
    let at = data.windows(KEY.len()).position(|window| window == KEY)?;
    let digits = data.get(at + KEY.len()..)?.trim_ascii_start();
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(digits.get(..length)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(result: &str) -> Result<(), Failure> {
        let plain =
            format!(r#"{{"status":"success","timestamp":"2026-01-02T03:04:05.000006","result":{result}}}"#);
        let spaced =
            format!(r#"{{"status": "success", "timestamp": "2026-01-02T03:04:05", "result": {result}}}"#);
        let verdict = judge(Expect::Success, plain.as_bytes());
        assert_eq!(verdict, judge(Expect::Success, spaced.as_bytes()), "both ways of writing: {result}");
        verdict
    }

    #[test]
    fn success_is_what_says_so() {
        for result in [
            r#"{"status":"success","message":"查询成功"}"#,
            r#"{"status":"success","appointments":[],"message":"查询到 0 条预约记录"}"#,
            r#"{"columns":["a"],"data":[[1]]}"#,
            r#""verificationSuccess""#,
            r#""chenggongcharu""#,
            r#""用户 13800138000 的密码更新成功""#,
        ] {
            assert_eq!(judged(result), Ok(()), "{result}");
        }
        assert_eq!(
            judge(Expect::Success, br#"{"jsonrpc":"2.0","id":1,"result":{"status":"pending"}}"#),
            Ok(())
        );
        assert_eq!(judge(Expect::Success, br#"{"jsonrpc":"2.0","id":1,"result":{"doctor_id":4}}"#), Ok(()));
        assert_eq!(judge(Expect::Anything, b"...."), Ok(()));
    }

    #[test]
    fn a_result_without_success_is_a_wrong_reply_with_its_words() {
        for (result, words) in [
            (r#"{"status":"not_found","message":"未找到"}"#, "未找到"),
            (r#"{"status":"error","message":"该预约已经被取消"}"#, "该预约已经被取消"),
            (r#""verificationFalse""#, "verificationFalse"),
            (r#""错误: no such table: nope""#, "错误: no such table: nope"),
            ("[1]", "[1]"),
        ] {
            assert_eq!(judged(result), Err(Failure::Wrong(words.into())));
        }
        for data in
            ["", "{", "{}", "....", r#"{"status":"success","timestamp":"","result":{"status":"success","#]
        {
            assert!(matches!(judge(Expect::Success, data.as_bytes()), Err(Failure::Wrong(_))), "{data}");
        }
        let long = format!("\"{}\"", "长".repeat(1000));
        assert!(matches!(judged(&long), Err(Failure::Wrong(words)) if words.chars().count() == 161));
    }

    #[test]
    fn what_the_server_does_not_take_is_refused() {
        let reply =
            r#"{"status":"error","timestamp":"2026-01-02T03:04:05.000006","error":"接收JSON数据失败"}"#;
        assert_eq!(
            judge(Expect::Success, reply.as_bytes()),
            Err(Failure::Refused("接收JSON数据失败".into()))
        );
        let reply = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"busy"}}"#;
        assert_eq!(judge(Expect::Success, reply.as_bytes()), Err(Failure::Refused("busy".into())));
        let reply =
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"m","data":{"code":"busy"}}}"#;
        assert_eq!(judge(Expect::Success, reply.as_bytes()), Err(Failure::Refused("busy: m".into())));
    }

    #[test]
    fn a_batch_is_a_success_where_each_call_is_one() {
        let good = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
        let bad = r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"m","data":{"code":"busy"}}}"#;
        let of = |replies: &[&str]| judge(Expect::Success, format!("[{}]", replies.join(",")).as_bytes());
        assert_eq!(of(&[good, good]), Ok(()));
        assert_eq!(of(&[good, bad]), Err(Failure::Refused("busy: m".into())));
        for replies in [&[][..], &["1"], &[good, "{}"]] {
            assert!(matches!(of(replies), Err(Failure::Wrong(_))), "{replies:?}");
        }
    }

    #[test]
    fn a_booking_tells_its_id() {
        assert_eq!(
            appointment_id(br#"{"result":{"appointment_info":{"appointment_id":17,"x":1}}}"#),
            Some(17)
        );
        assert_eq!(appointment_id(br#"{"appointment_id": 4}"#), Some(4));
        assert_eq!(appointment_id(br#"{"appointment_id":null}"#), None);
        assert_eq!(appointment_id(b"{}"), None);
    }
}
