//! A real server for one test, on a port that the system chose, and a client that talks to it in bytes.

#![allow(dead_code, reason = "each test program uses its own part of this")]

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Only a hung test ever waits this long.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Server {
    pub directory: tempfile::TempDir,
    pub address: SocketAddr,
    child: Child,
}

impl Server {
    /// A server with the sample people.
    pub fn demo() -> Server {
        Server::start(&["--demo"], "")
    }

    /// A server with the sample people and with `configuration` beside the defaults.
    pub fn configured(configuration: &str) -> Server {
        Server::start(&["--demo"], configuration)
    }

    pub fn start(flags: &[&str], configuration: &str) -> Server {
        Server::start_in(tempfile::tempdir().unwrap(), flags, configuration)
    }

    /// A server whose files are in `directory`.
    pub fn start_in(directory: tempfile::TempDir, flags: &[&str], configuration: &str) -> Server {
        Server::start_under(&[], directory, flags, configuration)
    }

    /// As `start_in`; `wrapper` is a command that ends by becoming the one that is given to it as arguments,
    /// so that the process is the server's all the same.
    pub fn start_under(
        wrapper: &[&str],
        directory: tempfile::TempDir,
        flags: &[&str],
        configuration: &str,
    ) -> Server {
        keep_new_files_private();
        // A password takes a second and a half where the program was built without optimization.
        let quick = if configuration.contains("[accounts]") { "" } else { QUICK_PASSWORDS };
        fs::write(directory.path().join("medsrv.conf"), format!("{configuration}{quick}")).unwrap();
        let mut child = foreground(wrapper, directory.path(), flags).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().parse();
        let address = address.unwrap_or_else(|_| panic!("the server did not start: {line:?}"));
        Server { directory, address, child }
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// One request on a connection of its own.
    pub fn ask(&self, data: &str) -> Value {
        self.connect().ask(data)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn database(&self) -> PathBuf {
        self.directory.path().join("data/MedicalSystem.db")
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("data/server.log")).unwrap()
    }

    /// What the server has said on standard error.
    pub fn complaints(&self) -> String {
        fs::read_to_string(self.directory.path().join(COMPLAINTS)).unwrap()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for the server to end by itself and returns its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Ends the server as an operator does, and gives its directory back.
    pub fn stop(mut self) -> tempfile::TempDir {
        self.signal(rustix::process::Signal::TERM);
        assert_eq!(self.wait(), Some(0), "the server ends cleanly");
        self.leave()
    }

    /// Ends the server without a chance to put anything in order, and gives its directory back.
    pub fn kill(mut self) -> tempfile::TempDir {
        self.signal(rustix::process::Signal::KILL);
        assert_eq!(self.wait(), None, "the server was killed, and had not ended before");
        self.leave()
    }

    /// The directory of a server that has ended.
    pub fn leave(mut self) -> tempfile::TempDir {
        std::mem::replace(&mut self.directory, tempfile::tempdir().unwrap())
    }
}

/// A server refuses a configuration and a database that others can read.
pub fn keep_new_files_private() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

const QUICK_PASSWORDS: &str = "\n[accounts]\npassword_iterations = 1000\n";

/// The file that takes a server's standard error.
const COMPLAINTS: &str = "stderr.txt";

/// The command of a server in `directory`; see `Server::start_under`.
pub fn foreground(wrapper: &[&str], directory: &Path, flags: &[&str]) -> Command {
    let words: Vec<&str> = wrapper.iter().copied().chain([env!("CARGO_BIN_EXE_medsrv")]).collect();
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .args(["start", "--foreground", "--port", "0"])
        .args(flags)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(fs::File::create(directory.join(COMPLAINTS)).unwrap());
    command
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The words before a command that give it a disk of 4 MiB of its own, at this directory of the one that it is called
/// in; the disk ends with it. `None` where this machine allows nobody to make one.
pub fn small_disk(mount_point: &'static str) -> Option<Vec<&'static str>> {
    let namespaces: [&[&str]; 2] = [&["unshare", "--mount"], &["unshare", "--map-root-user", "--mount"]];
    namespaces.into_iter().find_map(|namespace| {
        let mut words = namespace.to_vec();
        words.extend(["sh", "-c", r#"mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@""#, mount_point]);
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join(mount_point)).unwrap();
        let status = Command::new(words[0])
            .args(&words[1..])
            .arg("true")
            .current_dir(directory.path())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success()).then_some(words)
    })
}

/// Says what a test leaves out where no small disk may be made.
pub fn not_tested(what: &str) {
    // Past the test harness, which keeps what a passing test prints to itself.
    let reason = "no mount namespace may be made here (run as root, or allow user namespaces)";
    std::io::stderr().write_all(format!("\nNOT TESTED: {what}: {reason}.\n").as_bytes()).unwrap();
}

/// A request frame.
pub fn encode(name: &str, data: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    medsrv::net::encode_request(name, data, &mut frame);
    frame
}

pub struct Client {
    pub stream: TcpStream,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Client { stream }
    }

    pub fn send(&mut self, data: &[u8]) {
        self.send_bytes(&encode("request.json", data));
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub fn reply(&mut self) -> Value {
        self.try_reply().unwrap()
    }

    /// As `reply`, for a server that may end meanwhile.
    pub fn try_reply(&mut self) -> std::io::Result<Value> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let mut data = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut data)?;
        Ok(serde_json::from_slice(&data).unwrap())
    }

    pub fn ask(&mut self, data: &str) -> Value {
        self.send(data.as_bytes());
        self.reply()
    }

    /// Whether the server has closed: nothing more comes. A reset counts, for the server may have had
    /// bytes of ours that it did not want.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => rest.is_empty(),
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

/// The lines of a recorded conversation: what was sent, and what came back.
pub fn recorded() -> Vec<(String, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/legacy/vectors.jsonl");
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| {
            let exchange: Value = serde_json::from_str(line).unwrap();
            (exchange["send"].as_str().unwrap().to_owned(), exchange["reply"].clone())
        })
        .collect()
}

/// Puts a dash in place of every moment, after looking at its form.
pub fn without_moments(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| {
                let format = match key.as_str() {
                    "timestamp" => "%Y-%m-%dT%H:%M:%S%.6f",
                    "created_at" | "patient_created_at" | "user_created_at" => "%Y-%m-%d %H:%M:%S",
                    _ => return (key.clone(), without_moments(value)),
                };
                let moment = value.as_str().unwrap();
                assert!(chrono::NaiveDateTime::parse_from_str(moment, format).is_ok(), "{key}: {moment}");
                (key.clone(), Value::from("-"))
            })
            .collect(),
        Value::Array(items) => items.iter().map(without_moments).collect(),
        other => other.clone(),
    }
}
