//! Owns one connection of the bench: opened, made known by a token, and then driven without blocking.
//!
//! It never knows what is asked on it. Invariant: a client that was handed out is one of the user's whose token
//! was given, or nobody's.

use crate::Outcome;
use medsrv::net::{decode_reply, encode_request};
use mio::net::TcpStream;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

const REPLY_MAX_BYTES: usize = 1024 * 1024;
const PIECE_BYTES: usize = 16 * 1024;

pub struct Client {
    pub stream: TcpStream,
    inbox: Vec<u8>,
}

impl Client {
    /// Connects, sends each of these calls in turn, and requires that each succeeds.
    pub fn open(address: SocketAddr, calls: &[String]) -> Outcome<Client> {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        for call in calls {
            stream.write_all(&frame(call))?;
            let mut length = [0; 4];
            stream.read_exact(&mut length)?;
            let mut reply = vec![0; u32::from_be_bytes(length) as usize];
            stream.read_exact(&mut reply)?;
            let value: serde_json::Value = serde_json::from_slice(&reply)?;
            if value.get("result").is_none() {
                return Err(format!("{call} is refused: {value}").into());
            }
        }
        stream.set_nonblocking(true)?;
        Ok(Client { stream: TcpStream::from_std(stream), inbox: Vec::new() })
    }

    /// Sends a call's frame, which is short enough to be taken whole by the socket of a client that waits for nothing.
    pub fn send(&mut self, frame: &[u8]) -> Outcome<()> {
        let sent = self.stream.write(frame)?;
        if sent == frame.len() { Ok(()) } else { Err("a call was sent in part only".into()) }
    }

    /// Reads what is there, and hands the data of each frame to `each`.
    pub fn receive(&mut self, mut each: impl FnMut(&[u8]) -> Outcome<()>) -> Outcome<()> {
        let mut piece = [0; PIECE_BYTES];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return Err("the server has closed a connection".into()),
                Ok(count) => {
                    self.inbox.extend_from_slice(&piece[..count]);
                    // What comes after a piece that is not full is told of by an event of its own.
                    if count < PIECE_BYTES {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut taken = 0;
        while let Some((data, length)) = decode_reply(&self.inbox[taken..], REPLY_MAX_BYTES)? {
            each(data)?;
            taken += length;
        }
        self.inbox.drain(..taken);
        Ok(())
    }
}

/// The frame of a call.
pub fn frame(call: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_request("bench", call.as_bytes(), &mut frame);
    frame
}

/// A call whose parameters are written already.
pub fn call(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
}

/// The call that makes a connection one of a session's.
pub fn resume(token: &str) -> String {
    call("session.resume", &format!(r#"{{"token":"{token}"}}"#))
}
