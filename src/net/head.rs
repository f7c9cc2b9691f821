//! Where the head of an HTTP request ends, and nothing more of HTTP.
//!
//! It never knows what the lines say. Invariant: a head that is longer than `HEAD_MAX_BYTES` is known to be so
//! before more of it is kept.

use super::HEAD_MAX_BYTES;

/// What stands at the beginning of what was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    /// Its length, and where what follows the blank line begins.
    Whole {
        length: usize,
        end: usize,
    },
    TooLong,
}

/// Finds the head at the start of `bytes`; `None` means that it is not all there yet.
pub(super) fn locate(bytes: &[u8]) -> Option<Head> {
    let mut line_start = 0;
    for (at, _) in bytes.iter().enumerate().take(HEAD_MAX_BYTES).filter(|(_, byte)| **byte == b'\n') {
        let line = bytes.get(line_start..at).unwrap_or_default();
        // A blank line before the request is no head.
        if matches!(line, b"" | b"\r") && line_start > 0 {
            return Some(Head::Whole { length: line_start, end: at + 1 });
        }
        line_start = at + 1;
    }
    (bytes.len() >= HEAD_MAX_BYTES).then_some(Head::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_with_a_blank_line_and_is_short() {
        for (bytes, expected) in [
            (&b""[..], None),
            (b"GET / HTTP/1.1\r\nA: b\r\n", None),
            (b"GET / HTTP/1.1\r\n\r", None),
            (b"GET / HTTP/1.1\r\n\r\nrest", Some(Head::Whole { length: 16, end: 18 })),
            (b"GET /\n\n", Some(Head::Whole { length: 6, end: 7 })),
        ] {
            assert_eq!(locate(bytes), expected, "{bytes:?}");
        }
        let mut long = vec![b'a'; HEAD_MAX_BYTES - 1];
        assert_eq!(locate(&long), None);
        long.extend_from_slice(b"\n\n");
        assert_eq!(locate(&long), Some(Head::TooLong));
        long.truncate(HEAD_MAX_BYTES);
        assert_eq!(locate(&long), Some(Head::TooLong));
    }
}
