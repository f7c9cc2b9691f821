//! The metrics over HTTP: one path, one method, one answer a connection.
//!
//! It never reads a body or a header. Invariant: whatever is sent, the answer is one of five, and then the
//! connection is closed.

use super::bridge::Bridge;
use crate::net::{Counters, Verdict};

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Bridge {
    /// Answers the head of a request; an empty one was too long.
    pub(super) fn answer_scrape(
        &mut self,
        head: &[u8],
        counters: &Counters,
        output: &mut Vec<u8>,
    ) -> Verdict {
        let (status, body) = match look_at(head) {
            Ok(()) => ("200 OK", self.metrics(counters)),
            Err(status) => (status, format!("{status}\n")),
        };
        let allow = if status == NOT_ALLOWED { "Allow: GET\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {TEXT}\r\nContent-Length: {}\r\n{allow}Connection: close\r\n\r\n",
            body.len()
        );
        output.extend_from_slice(head.as_bytes());
        output.extend_from_slice(body.as_bytes());
        Verdict::Close
    }
}

const NOT_ALLOWED: &str = "405 Method Not Allowed";

/// Whether it asks for the metrics; else the status of the answer.
fn look_at(head: &[u8]) -> Result<(), &'static str> {
    if head.is_empty() {
        return Err("431 Request Header Fields Too Large");
    }
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| "400 Bad Request")?;
    let words: Vec<&str> = line.trim_end_matches('\r').split(' ').collect();
    match words.as_slice() {
        [method, path, "HTTP/1.0" | "HTTP/1.1"] => {
            let path = path.split('?').next().unwrap_or_default();
            match (path, *method) {
                ("/metrics", "GET") => Ok(()),
                ("/metrics", _) => Err(NOT_ALLOWED),
                _ => Err("404 Not Found"),
            }
        }
        _ => Err("400 Bad Request"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_path_and_one_method_are_answered() {
        for (head, expected) in [
            (&b"GET /metrics HTTP/1.1\r\nHost: x\r\n"[..], Ok(())),
            (b"GET /metrics HTTP/1.0\n", Ok(())),
            (b"GET /metrics?a=b HTTP/1.1\r\n", Ok(())),
            (b"POST /metrics HTTP/1.1\r\n", Err(NOT_ALLOWED)),
            (b"HEAD /metrics HTTP/1.1\r\n", Err(NOT_ALLOWED)),
            (b"GET / HTTP/1.1\r\n", Err("404 Not Found")),
            (b"GET /metrics/../x HTTP/1.1\r\n", Err("404 Not Found")),
            (b"GET  /metrics HTTP/1.1\r\n", Err("400 Bad Request")),
            (b"GET /metrics HTTP/2\r\n", Err("400 Bad Request")),
            (b"GET /metrics\r\n", Err("400 Bad Request")),
            (b"\xff /metrics HTTP/1.1\r\n", Err("400 Bad Request")),
            (b"", Err("431 Request Header Fields Too Large")),
        ] {
            assert_eq!(look_at(head), expected, "{head:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_much(head in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(look_at(&head).is_err() || head.starts_with(b"GET /metrics"));
        }
    }
}
