//! Owns a bare echo server on medsrv's own event loop: what the loop and the wire cost without the clinic.
//!
//! It never looks at a request. Run `loadtest --mix raw` against it to see what the tool itself can drive.

use medsrv::net::{CommitOutcome, Handler, Limits, Reactor, Refusal, Request, Verdict};
use medsrv::session::{Session, SessionId};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

struct Echo;

impl Handler for Echo {
    fn request(&mut self, _: &Session, request: Request<'_>, output: &mut Vec<u8>) -> Verdict {
        output.extend_from_slice(request.data);
        Verdict::Keep
    }

    fn commit(&mut self) -> CommitOutcome {
        CommitOutcome::Durable
    }

    fn retract(&mut self, _: &Session, _: &mut dyn FnMut(&[u8])) {}

    fn refuse(&mut self, _: Refusal, output: &mut Vec<u8>) {
        output.extend_from_slice(b"refused");
    }

    fn reload(&mut self) {}

    fn closed(&mut self, _: SessionId) {}
}

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = mio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    let mut reactor = Reactor::new(listener, Limits::default())?;
    println!("listening on {}", reactor.address());
    while reactor.turn(&mut Echo)? {}
    Ok(())
}
