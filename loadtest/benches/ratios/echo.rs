//! Owns the bare echo on the server's event loop, against which the server is measured.
//!
//! It never looks at what it sends back. Invariant: it does for a request what the loop does, and nothing else.

use crate::Outcome;
use crate::served::Served;
use medsrv::net::{Arrival, Background, CommitOutcome, Handler, Limits, Reactor, Refusal, Request, Verdict};
use medsrv::session::{Session, SessionId};
use std::net::{Ipv4Addr, SocketAddr};

/// Tells a process to be the echo.
pub const SERVE: &str = "--serve-echo";

pub fn start() -> Outcome<Served> {
    Served::start(&[SERVE])
}

struct Echo;

impl Handler for Echo {
    fn request(
        &mut self,
        _: &Session,
        request: Request<'_>,
        _: Arrival<'_>,
        output: &mut Vec<u8>,
    ) -> Verdict {
        output.extend_from_slice(request.data);
        Verdict::Keep
    }

    fn commit(&mut self) -> CommitOutcome {
        CommitOutcome::Durable
    }

    fn retract(&mut self, _: &Session, _: &[u8], _: &mut Vec<u8>) {}

    fn refuse(&mut self, _: &Session, refusal: Refusal, output: &mut Vec<u8>) {
        output.extend_from_slice(refusal.to_string().as_bytes());
    }

    fn background(&mut self, _: bool) -> Background {
        Background::Nothing
    }

    fn closed(&mut self, _: SessionId) {}
}

pub fn serve() -> Outcome<()> {
    let listener = mio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let mut reactor = Reactor::new(listener, Limits::default())?;
    println!("{}", reactor.address());
    while reactor.turn(&mut Echo)? {}
    Ok(())
}
