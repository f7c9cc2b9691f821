//! Owns the operator's side: asking the server for a backup by the admin socket, and waiting for its end.
//!
//! It never knows the clients. Invariant: a backup that is told of was begun after the asking.

use crate::Outcome;
use medsrv::net::{decode_reply, encode_request};
use medsrv::server::admin::BackupBegun;
use medsrv::server::status::{Backup, Status};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

const REPLY_MAX_BYTES: usize = 1024 * 1024;
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub struct Operator {
    stream: UnixStream,
}

impl Operator {
    pub fn at(socket: &Path) -> Outcome<Operator> {
        Ok(Operator { stream: UnixStream::connect(socket)? })
    }

    /// Has a backup made, and returns its file and its length.
    pub fn backup(&mut self) -> Outcome<(String, u64)> {
        let begun: BackupBegun = self.ask("server.backup")?;
        let last = self.wait_for_run(begun.run)?.last.ok_or("no backup is there")?;
        Ok((last.file, last.bytes))
    }

    /// Waits until so many runs have ended, the last of them well.
    pub fn wait_for_run(&mut self, run: u64) -> Outcome<Backup> {
        loop {
            let backup = self.ask::<Status>("server.status")?.backup;
            match backup.failure {
                Some(failure) => return Err(failure.text.into()),
                None if backup.runs_ended >= run => return Ok(backup),
                None => std::thread::sleep(LOOK_EVERY),
            }
        }
    }

    fn ask<T: DeserializeOwned>(&mut self, method: &str) -> Outcome<T> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method}).to_string();
        let mut frame = Vec::new();
        encode_request("bench", request.as_bytes(), &mut frame);
        self.stream.write_all(&frame)?;
        let (mut received, mut piece) = (Vec::new(), [0; 16 * 1024]);
        loop {
            if let Some((data, _)) = decode_reply(&received, REPLY_MAX_BYTES)? {
                let mut reply: Value = serde_json::from_slice(data)?;
                return Ok(serde_json::from_value(reply["result"].take())?);
            }
            match self.stream.read(&mut piece)? {
                0 => return Err("the server has closed the admin socket".into()),
                count => received.extend_from_slice(&piece[..count]),
            }
        }
    }
}
