//! Owns what is said to the supervisor that has started the server in the foreground, such as systemd: that it is
//! ready, that it reads its configuration again, that it ends, and that its loop still turns. The protocol is that
//! of `sd_notify(3)`: lines in a datagram to the socket that `NOTIFY_SOCKET` names.
//!
//! Never knows what is served. Invariant: where there is no supervisor, nothing is opened and nothing is due; where
//! there is one, it is waited for `SEND_WITHIN` at most.

use log::warn;
use rustix::time::{ClockId, clock_gettime};
use std::env;
use std::ffi::OsStr;
use std::fmt::Display;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

/// How long a supervisor that has stopped reading may hold the loop up.
const SEND_WITHIN: Duration = Duration::from_millis(50);
/// However short the supervisor's patience is, the loop has other things to do than to calm it.
const PING_EVERY_MIN: Duration = Duration::from_millis(10);

/// The one who has started the server, or nobody.
#[derive(Debug, Default)]
pub struct Supervisor {
    line: Option<Line>,
}

#[derive(Debug)]
struct Line {
    socket: UnixDatagram,
    address: SocketAddr,
    pings: Option<Pings>,
}

/// Half of the time after which a supervisor that hears nothing ends the server, and when to say the next word.
#[derive(Debug)]
struct Pings {
    every: Duration,
    next: Instant,
}

impl Supervisor {
    /// Where nobody watches.
    pub fn none() -> Supervisor {
        Supervisor::default()
    }

    /// The one whom the environment names, if it names any.
    pub fn from_environment() -> Supervisor {
        let Some(name) = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
            return Supervisor::none();
        };
        let number = |variable| env::var(variable).ok().and_then(|text| text.parse::<u64>().ok());
        let is_meant = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let patience =
            number("WATCHDOG_USEC").filter(|usec| is_meant && *usec > 0).map(Duration::from_micros);
        match Line::open(&name, patience) {
            Ok(line) => Supervisor { line: Some(line) },
            Err(error) => {
                warn!("NOTIFY_SOCKET {}: {error}; the supervisor hears nothing of this", name.display());
                Supervisor::none()
            }
        }
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.line.is_some()
    }

    /// The server serves.
    pub fn ready(&self, status: impl Display) {
        self.say(|| format!("READY=1\nSTATUS={}", one_line(status)));
    }

    /// The server is about to read its configuration again; `ready` says when that is over.
    pub fn reloading(&self) {
        self.say(|| {
            let now = clock_gettime(ClockId::Monotonic);
            format!("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1_000_000 + now.tv_nsec / 1000)
        });
    }

    /// The server ends.
    pub fn stopping(&self, status: impl Display) {
        self.say(|| format!("STOPPING=1\nSTATUS={}", one_line(status)));
    }

    /// Says that the loop still turns, where that is due.
    pub fn ping(&mut self, now: Instant) {
        let Some(line) = &mut self.line else { return };
        let Some(pings) = line.pings.as_mut().filter(|pings| now >= pings.next) else { return };
        // One that was lost is not waited for twice as long.
        let was_sent = line.socket.send_to_addr(b"WATCHDOG=1", &line.address).is_ok();
        pings.next = now + if was_sent { pings.every } else { pings.every / 8 };
    }

    /// When `ping` is due.
    pub fn pings_at(&self) -> Option<Instant> {
        Some(self.line.as_ref()?.pings.as_ref()?.next)
    }

    fn say(&self, text: impl FnOnce() -> String) {
        let Some(line) = &self.line else { return };
        if let Err(error) = line.socket.send_to_addr(text().as_bytes(), &line.address) {
            warn!("the supervisor cannot be told: {error}");
        }
    }
}

impl Line {
    fn open(name: &OsStr, patience: Option<Duration>) -> io::Result<Line> {
        let address = address(name)?;
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(SEND_WITHIN))?;
        let pings = patience
            .map(|patience| Pings { every: (patience / 2).max(PING_EVERY_MIN), next: Instant::now() });
        Ok(Line { socket, address, pings })
    }
}

/// A path, or a name that Linux keeps apart from files, which is written with `@` before it.
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes() {
        [b'/', ..] => SocketAddr::from_pathname(name),
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name),
        _ => Err(io::Error::other("it is neither an absolute path nor a name after @")),
    }
}

fn one_line(text: impl Display) -> String {
    text.to_string().replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supervised(directory: &tempfile::TempDir, patience_ms: u64) -> (UnixDatagram, Supervisor) {
        let path = directory.path().join("notify");
        let ear = UnixDatagram::bind(&path).unwrap();
        ear.set_nonblocking(true).unwrap();
        let line = Line::open(path.as_os_str(), Some(Duration::from_millis(patience_ms))).unwrap();
        (ear, Supervisor { line: Some(line) })
    }

    fn heard(ear: &UnixDatagram) -> Option<String> {
        let mut bytes = [0; 4096];
        let length = ear.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(bytes.get(..length)?).into_owned())
    }

    #[test]
    fn it_hears_what_happens_in_its_own_terms() {
        let directory = tempfile::tempdir().unwrap();
        let (ear, supervisor) = supervised(&directory, 1000);
        supervisor.ready("listening\nREADY=0");
        assert_eq!(heard(&ear).unwrap(), "READY=1\nSTATUS=listening READY=0");
        let before = clock_gettime(ClockId::Monotonic);
        supervisor.reloading();
        let reloading = heard(&ear).unwrap();
        let usec: i64 = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap().parse().unwrap();
        assert!(usec >= before.tv_sec * 1_000_000 && usec < (before.tv_sec + 60) * 1_000_000, "{reloading}");
        supervisor.stopping("ending");
        assert_eq!(heard(&ear).unwrap(), "STOPPING=1\nSTATUS=ending");
    }

    #[test]
    fn a_ping_is_sent_when_it_is_due_and_not_before() {
        let directory = tempfile::tempdir().unwrap();
        let (ear, mut supervisor) = supervised(&directory, 1000);
        let begin = supervisor.pings_at().unwrap();
        supervisor.ping(begin);
        assert_eq!(heard(&ear).unwrap(), "WATCHDOG=1");
        let half = Duration::from_millis(500);
        assert_eq!(supervisor.pings_at().unwrap(), begin + half);
        supervisor.ping(begin + half / 2);
        assert_eq!(heard(&ear), None);
        supervisor.ping(begin + half);
        assert_eq!(heard(&ear).unwrap(), "WATCHDOG=1");
        // A supervisor that is gone for a while is tried again sooner.
        drop(ear);
        supervisor.ping(begin + 2 * half);
        assert_eq!(supervisor.pings_at().unwrap(), begin + 2 * half + half / 8);
    }

    #[test]
    fn one_that_reads_nothing_any_longer_holds_nobody_up() {
        let directory = tempfile::tempdir().unwrap();
        let (_ear, supervisor) = supervised(&directory, 1000);
        let line = supervisor.line.as_ref().unwrap();
        // As many as the system lets wait; then it says that it would have to wait for longer than it may.
        let refused = (0..100_000).find_map(|_| line.socket.send_to_addr(b"x", &line.address).err());
        assert_eq!(refused.unwrap().kind(), io::ErrorKind::WouldBlock);
        supervisor.ready("all is well");
    }

    #[test]
    fn nobody_is_no_work() {
        let mut nobody = Supervisor::none();
        nobody.ready("");
        nobody.reloading();
        nobody.ping(Instant::now());
        assert_eq!(nobody.pings_at(), None);
        for name in ["notify", "./notify", "vsock:2:1234"] {
            assert!(Line::open(OsStr::new(name), None).is_err(), "{name}");
        }
    }
}
