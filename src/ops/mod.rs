//! Owns what an operator sees of the process: configuration, log, daemon and pid file. Never knows
//! requests, sockets or SQL.
//! Invariant: nothing here imports another module of the crate.

/// The socket by which the operator speaks to the server.
pub mod admin_socket;
/// What the audit trail had come to, outside of the database.
pub mod anchor;
/// The backups that a server has made for itself, and when the next is due.
pub mod backups;
/// Values from file and flags, checked.
pub mod config;
/// The way into the background, and the news of it for the terminal.
pub mod daemon;
pub mod descriptors;
/// The directories that the server's files lie in.
pub mod directory;
/// Core dumps, and file systems that are no place for a database.
pub mod exposure;
/// Names beside other names, and where they lead.
pub mod files;
/// A secret key that only its owner can read.
pub mod keyfile;
/// Lines for the operator, one write each.
pub mod log;
/// What a backup is, beside it.
pub mod manifest;
/// Durations and sizes, counted.
pub mod measure;
/// One server a pid file, and signals to no other process.
pub mod pidfile;
/// What the system says of this process.
pub mod process;
/// A file in the place of the database, whole or not at all.
pub mod swap;
/// What is said to systemd, or another that has started the server.
pub mod supervisor;
/// The Unix user that the server runs as.
pub mod user;
