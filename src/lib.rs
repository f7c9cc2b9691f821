//! medsrv: a hospital's appointment and records server.
//!
//! One thread, one `mio` loop, one SQLite connection. The modules in the order in which to read them;
//! imports go down this list only, and `session` and `ops` import nothing from it.

// Nothing that a peer sends may end the process.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

/// What an operator types: one file a subcommand.
pub mod command;
/// The start-up list, and the bridge between bytes and requests.
pub mod server;
/// Sockets, frames, timers and signals: the event loop.
pub mod net;
/// The request table, the gate and the turn's transaction.
pub mod dispatch;
/// JSON to typed requests, and outcomes back to JSON.
pub mod api;
/// The clinic's rules over a transaction.
pub mod service;
/// The database file: opening, migrations, statements, transactions.
pub mod store;
/// Who is at the other end of a connection.
pub mod session;
/// What an operator sees: configuration, log, daemon, pid file.
pub mod ops;
