//! The database file: opening it, its schema, its statements, and the transaction of a turn.
//!
//! Nothing above this module names SQLite, and nothing in it knows a request or a rule of the clinic.
//! Invariant: the process has one connection that writes; a second one, read-only, serves ad-hoc queries.

mod adhoc;
mod backup;
mod error;
mod figures;
mod migrations;
mod open;
mod row;
pub mod statements;
mod turn;

pub use adhoc::{AdhocLimits, AdhocRefusal};
pub use backup::{Claim, CopyError, copy};
pub use error::Error;
pub use figures::Figures;
pub use migrations::{Adoption, SCHEMA_VERSION};
pub use open::{BackUp, HashCredential, OpenError, Opened, exposure, schema_in_file};
pub use row::{Row, Value};
pub use rusqlite::{params, params_from_iter, version as library_version};
pub use statements::Statement;
pub use turn::{CheckpointNeed, Commit, Store, Transaction};
