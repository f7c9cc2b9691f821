//! The frames on the wire, both ways.
//!
//! A request is `u32 name length, name, u32 data length, data`, a reply is `u32 length, data`; lengths are
//! big-endian. Nothing here knows a socket, a clock or what the data means. Invariant: a length over its
//! limit is refused when it is read, so a buffer never grows towards a promise, only with bytes received.

use super::head::{self, Head};
use std::ops::Range;

const LENGTH_BYTES: usize = 4;

/// The longest name and data that a request may announce, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameLimits {
    pub name_max_bytes: usize,
    pub data_max_bytes: usize,
}

/// One whole request, borrowed from the buffer that it arrived in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// A label that the client chose. It selects nothing.
    pub name: &'a [u8],
    pub data: &'a [u8],
}

/// A peer that has announced what will not be accepted: its stream cannot be followed any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("a name of {length} bytes, over the limit of {limit}")]
    NameTooLong { length: usize, limit: usize },
    #[error("data of {length} bytes, over the limit of {limit}")]
    DataTooLong { length: usize, limit: usize },
}

/// Where the parts of a request lie in a buffer that starts with it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Layout {
    name: Range<usize>,
    data: Range<usize>,
}

/// Finds the request at the start of `bytes`: `None` means that it is not all there yet.
fn locate(bytes: &[u8], limits: &FrameLimits) -> Result<Option<Layout>, FrameError> {
    let Some(name_length) = length_at(bytes, 0) else { return Ok(None) };
    if name_length > limits.name_max_bytes {
        return Err(FrameError::NameTooLong { length: name_length, limit: limits.name_max_bytes });
    }
    let name = LENGTH_BYTES..LENGTH_BYTES + name_length;
    let Some(data_length) = length_at(bytes, name.end) else { return Ok(None) };
    if data_length > limits.data_max_bytes {
        return Err(FrameError::DataTooLong { length: data_length, limit: limits.data_max_bytes });
    }
    let data_start = name.end + LENGTH_BYTES;
    let data = data_start..data_start + data_length;
    Ok((bytes.len() >= data.end).then_some(Layout { name, data }))
}

/// As `locate`, in either form.
fn find(form: Form, bytes: &[u8], limits: &FrameLimits) -> Result<Option<Layout>, FrameError> {
    match form {
        Form::Frames => locate(bytes, limits),
        Form::Head => Ok(head::locate(bytes).map(|found| match found {
            Head::Whole { length, end } => Layout { name: 0..length, data: end..end },
            Head::TooLong => Layout { name: 0..0, data: bytes.len()..bytes.len() },
        })),
    }
}

fn length_at(bytes: &[u8], at: usize) -> Option<usize> {
    let field = bytes.get(at..)?.first_chunk::<LENGTH_BYTES>()?;
    usize::try_from(u32::from_be_bytes(*field)).ok()
}

/// In what form requests come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Form {
    #[default]
    Frames,
    /// The head of an HTTP request is the name of a request without data; one that is too long has none.
    Head,
}

/// Bytes received on one connection and not yet taken as requests.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    form: Form,
    bytes: Vec<u8>,
    /// Where the first byte not yet taken lies.
    start: usize,
}

impl Inbox {
    pub(super) fn of(form: Form) -> Inbox {
        Inbox { form, ..Inbox::default() }
    }

    pub(super) fn push(&mut self, received: &[u8]) {
        self.bytes.extend_from_slice(received);
    }

    /// Where the next request to be taken starts, for `rewind`.
    pub(super) fn position(&self) -> usize {
        self.start
    }

    /// Puts back the requests that were taken since `position` was asked for; `compact` ends that.
    pub(super) fn rewind(&mut self, position: usize) {
        self.start = position;
    }

    /// Takes the next whole request, if it is there.
    pub(super) fn next(&mut self, limits: &FrameLimits) -> Result<Option<Request<'_>>, FrameError> {
        let waiting = self.bytes.get(self.start..).unwrap_or_default();
        let Some(Layout { name, data }) = find(self.form, waiting, limits)? else { return Ok(None) };
        self.start += data.end;
        match (waiting.get(name), waiting.get(data)) {
            (Some(name), Some(data)) => Ok(Some(Request { name, data })),
            _ => Ok(None),
        }
    }

    /// Whether a further call of `next` would yield a request or an error.
    pub(super) fn has_next(&self, limits: &FrameLimits) -> bool {
        !matches!(find(self.form, self.bytes.get(self.start..).unwrap_or_default(), limits), Ok(None))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start >= self.bytes.len()
    }

    /// Drops what has been taken, and gives memory back where little is left to hold.
    pub(super) fn compact(&mut self, kept_bytes: usize) {
        self.bytes.drain(..self.start.min(self.bytes.len()));
        self.start = 0;
        if self.bytes.is_empty() && self.bytes.capacity() > kept_bytes {
            self.bytes = Vec::new();
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Inbox::of(self.form);
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

/// Opens a reply frame at the end of `output` and returns where it starts.
pub(super) fn begin_reply(output: &mut Vec<u8>) -> usize {
    let start = output.len();
    output.extend_from_slice(&[0; LENGTH_BYTES]);
    start
}

/// How many bytes of data the reply frame that was opened at `start` has by now.
pub(super) fn reply_bytes(output: &[u8], start: usize) -> usize {
    output.len().saturating_sub(start + LENGTH_BYTES)
}

/// Empties the reply frame that was opened at `start`.
pub(super) fn restart_reply(output: &mut Vec<u8>, start: usize) {
    output.truncate(start + LENGTH_BYTES);
}

/// Closes the reply frame that was opened at `start`. A frame without data is taken back: there is no reply.
pub(super) fn end_reply(output: &mut Vec<u8>, start: usize) {
    let length = reply_bytes(output, start);
    if length == 0 {
        output.truncate(start);
    } else if let Some(field) =
        output.get_mut(start..).and_then(|rest| rest.first_chunk_mut::<LENGTH_BYTES>())
    {
        // The reactor replaces a reply over its limit, which is far under u32::MAX.
        *field = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    }
}

/// Appends a request frame, as a client sends it.
pub fn encode_request(name: &str, data: &[u8], frames: &mut Vec<u8>) {
    for part in [name.as_bytes(), data] {
        frames.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        frames.extend_from_slice(part);
    }
}

/// Finds the reply at the start of what a client has received: its data, and how many bytes its frame has.
/// `None` means that it is not all there yet.
///
/// # Errors
/// Where it is announced as longer than `max_bytes`.
pub fn decode_reply(received: &[u8], max_bytes: usize) -> Result<Option<(&[u8], usize)>, FrameError> {
    let Some(length) = length_at(received, 0) else { return Ok(None) };
    if length > max_bytes {
        return Err(FrameError::DataTooLong { length, limit: max_bytes });
    }
    let end = LENGTH_BYTES + length;
    Ok(received.get(LENGTH_BYTES..end).map(|data| (data, end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(name: &str, data: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        encode_request(name, data, &mut frame);
        frame
    }

    const LIMITS: FrameLimits = FrameLimits { name_max_bytes: 16, data_max_bytes: 64 };

    fn taken(inbox: &mut Inbox) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut requests = Vec::new();
        while let Some(request) = inbox.next(&LIMITS).unwrap() {
            requests.push((request.name.to_vec(), request.data.to_vec()));
        }
        inbox.compact(0);
        requests
    }

    fn one_frame() -> impl Strategy<Value = (String, Vec<u8>)> {
        ("[a-z]{0,16}", proptest::collection::vec(any::<u8>(), 0..=64))
    }

    proptest! {
        #[test]
        fn every_split_yields_the_same_requests(
            frames in proptest::collection::vec(one_frame(), 1..4),
            split in any::<prop::sample::Index>(),
        ) {
            let wire: Vec<u8> = frames.iter().flat_map(|(name, data)| encoded(name, data)).collect();
            let expected: Vec<_> =
                frames.iter().map(|(name, data)| (name.clone().into_bytes(), data.clone())).collect();
            let (left, right) = wire.split_at(split.index(wire.len()));
            let mut inbox = Inbox::default();
            inbox.push(left);
            let mut got = taken(&mut inbox);
            inbox.push(right);
            got.extend(taken(&mut inbox));
            prop_assert_eq!(&got, &expected);
            prop_assert!(inbox.is_empty());

            let mut got = Vec::new();
            for byte in &wire {
                inbox.push(std::slice::from_ref(byte));
                got.extend(taken(&mut inbox));
            }
            prop_assert_eq!(&got, &expected);
        }

        #[test]
        fn no_bytes_panic_or_hold_more_than_was_received(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..20),
        ) {
            let mut inbox = Inbox::default();
            let mut received = 0;
            for piece in &pieces {
                inbox.push(piece);
                received += piece.len();
                loop {
                    match inbox.next(&LIMITS) {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(_) => return Ok(()),
                    }
                }
                inbox.compact(0);
                // A vector at most doubles what was put into it; small ones start at eight bytes.
                prop_assert!(inbox.capacity() <= (2 * received).max(8));
            }
        }
    }

    #[test]
    fn a_length_is_refused_before_its_bytes_arrive() {
        let mut inbox = Inbox::default();
        inbox.push(&u32::MAX.to_be_bytes());
        assert_eq!(
            inbox.next(&LIMITS),
            Err(FrameError::NameTooLong { length: u32::MAX as usize, limit: LIMITS.name_max_bytes })
        );

        let mut inbox = Inbox::default();
        inbox.push(&[0, 0, 0, 1, b'n', 0, 0, 0, 65]);
        assert_eq!(inbox.next(&LIMITS), Err(FrameError::DataTooLong { length: 65, limit: 64 }));
    }

    #[test]
    fn exactly_the_limit_is_accepted() {
        let mut inbox = Inbox::default();
        inbox.push(&encoded("sixteen-letters-", &[7; 64]));
        let request = inbox.next(&LIMITS).unwrap().unwrap();
        assert_eq!((request.name.len(), request.data.len()), (16, 64));
    }

    #[test]
    fn a_reply_carries_its_length() {
        let mut output = b"before".to_vec();
        let start = begin_reply(&mut output);
        output.extend_from_slice(b"{}");
        end_reply(&mut output, start);
        assert_eq!(output, b"before\0\0\0\x02{}");

        let start = begin_reply(&mut output);
        end_reply(&mut output, start);
        assert_eq!(output, b"before\0\0\0\x02{}", "nothing to say sends nothing");

        let reply = output.get(6..).unwrap();
        assert_eq!(decode_reply(reply, 2), Ok(Some((&b"{}"[..], 6))));
        assert_eq!(decode_reply(&reply[..5], 2), Ok(None));
        assert_eq!(decode_reply(reply, 1), Err(FrameError::DataTooLong { length: 2, limit: 1 }));
    }
}
