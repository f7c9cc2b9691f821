//! What frames cost: on a client's side alone, and through the loop, which cuts them out of what arrived.
//!
//! The server's side of the codec is the loop's own business, so it is measured with the loop round it: a
//! handler that sends the data back, one connection, and the client's calls to the kernel included. What 32
//! frames in one piece cost more than one is the frames; the rest is the kernel.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use medsrv::net::{
    Arrival, Background, CommitOutcome, Handler, Limits, Reactor, Refusal, Request, Verdict, decode_reply,
    encode_request,
};
use medsrv::session::{Session, SessionId};
use mio::net::TcpListener;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

/// As many as the loop answers of one connection in one turn.
const PIPELINED: usize = medsrv::net::REQUESTS_PER_TURN;
/// A booking comes in seven of these.
const PIECE_BYTES: usize = 24;
const REPLY_MAX_BYTES: usize = 8 * 1024 * 1024;
const NAME: &str = "request.json";
const BOOKING: &str = r#"{"create_appointment": true, "patient_phone": "13800138000", "doctor_name": "王医生", "appointment_time": "2030-01-02 10:00:00", "fee_paid": 1}"#;

/// Sends the data back.
#[derive(Default)]
struct Echo {
    answered: usize,
}

impl Handler for Echo {
    fn request(
        &mut self,
        _: &Session,
        request: Request<'_>,
        _: Arrival<'_>,
        output: &mut Vec<u8>,
    ) -> Verdict {
        self.answered += 1;
        output.extend_from_slice(request.data);
        Verdict::Keep
    }

    fn commit(&mut self) -> CommitOutcome {
        CommitOutcome::Durable
    }

    fn retract(&mut self, _: &Session, _: &[u8], _: &mut Vec<u8>) {}

    fn refuse(&mut self, _: &Session, _: Refusal, _: &mut Vec<u8>) {}

    fn background(&mut self, _: bool) -> Background {
        Background::Nothing
    }

    fn closed(&mut self, _: SessionId) {}
}

/// The loop and its only client, in one thread: each has its turn.
struct Conversation {
    reactor: Reactor,
    echo: Echo,
    client: TcpStream,
    replies: Vec<u8>,
}

impl Conversation {
    fn new() -> Conversation {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        let mut reactor = Reactor::new(listener, Limits::default()).expect("a poll");
        let client = TcpStream::connect(reactor.address()).expect("a connection");
        client.set_nodelay(true).expect("a socket that does not wait for more");
        let mut echo = Echo::default();
        reactor.turn(&mut echo).expect("the turn that accepts");
        Conversation { reactor, echo, client, replies: Vec::new() }
    }

    /// Sends `wire` in pieces, each of which has a turn of its own, and reads the replies to its requests.
    fn exchange(&mut self, wire: &[u8], piece_bytes: usize, requests: usize) {
        let due = self.echo.answered + requests;
        for piece in wire.chunks(piece_bytes) {
            self.client.write_all(piece).expect("room in the socket");
            self.turn();
        }
        while self.echo.answered < due {
            self.turn();
        }
        self.replies.resize(requests * (4 + BOOKING.len()), 0);
        self.client.read_exact(&mut self.replies).expect("a reply to each request");
    }

    fn turn(&mut self) {
        assert!(self.reactor.turn(&mut self.echo).expect("a turn"));
    }
}

fn request() -> Vec<u8> {
    let mut frame = Vec::new();
    encode_request(NAME, BOOKING.as_bytes(), &mut frame);
    frame
}

/// A reply as long as that to `query_doctor_info`.
fn reply() -> Vec<u8> {
    let data = [b'x'; 300];
    [&300_u32.to_be_bytes()[..], &data].concat()
}

/// Takes all whole replies, as a client does, and returns how many bytes they had.
fn taken(received: &[u8]) -> usize {
    let mut at = 0;
    while let Some((data, bytes)) = decode_reply(&received[at..], REPLY_MAX_BYTES).expect("a short reply") {
        black_box(data);
        at += bytes;
    }
    at
}

fn through_the_loop(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frames through the loop");
    let (one, many) = (request(), request().repeat(PIPELINED));
    for (name, wire, piece_bytes, requests) in [
        ("one at once", &one, one.len(), 1),
        ("one in pieces of 24 bytes", &one, PIECE_BYTES, 1),
        ("32 pipelined", &many, many.len(), PIPELINED),
    ] {
        let mut conversation = Conversation::new();
        group.throughput(Throughput::Elements(requests as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| conversation.exchange(wire, piece_bytes, requests));
        });
    }
}

fn on_the_clients_side(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frames of a client");
    group.throughput(Throughput::Elements(1));
    let mut frames = Vec::new();
    group.bench_function("encode a request", |bencher| {
        bencher.iter(|| {
            frames.clear();
            encode_request(black_box(NAME), black_box(BOOKING.as_bytes()), &mut frames);
            black_box(&frames);
        });
    });
    let one = reply();
    group.bench_function("decode a reply", |bencher| {
        bencher.iter(|| assert_eq!(taken(black_box(&one)), one.len()));
    });
    group.bench_function("decode a reply that comes in pieces of 24 bytes", |bencher| {
        let mut received = Vec::new();
        bencher.iter(|| {
            received.clear();
            let mut bytes = 0;
            for piece in one.chunks(PIECE_BYTES) {
                received.extend_from_slice(black_box(piece));
                bytes = taken(&received);
            }
            assert_eq!(bytes, one.len());
        });
    });
    group.throughput(Throughput::Elements(PIPELINED as u64));
    let many = reply().repeat(PIPELINED);
    group.bench_function("decode 32 replies", |bencher| {
        bencher.iter(|| assert_eq!(taken(black_box(&many)), many.len()));
    });
}

criterion_group!(benches, through_the_loop, on_the_clients_side);
criterion_main!(benches);
