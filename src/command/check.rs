//! Owns the check of a configuration and of the files that it names: first of the configuration and whose it is, which
//! `start` and `restart` ask for here, then of the database and the key, which `restart` asks for here, and at which a
//! start comes by opening them. Never starts, creates or changes anything.
//! Invariant: what it refuses, `start` refuses.

use super::{Common, Problem, complain, exit, problem, report, say};
use crate::ops::admin_socket;
use crate::ops::config::{Config, KEYS, Loaded, SEARCHED_FILES};
use crate::ops::exposure;
use crate::ops::files::lock_of;
use crate::ops::keyfile::{self, KeyFileError};
use crate::ops::process;
use crate::ops::user::{self, Account};
use crate::server::trail;
use crate::store::{self, OpenError, Store};
use rustix::fs::Access;
use rustix::io::Errno;
use std::fmt::Display;
use std::path::Path;

pub fn run(common: &Common) -> u8 {
    let loaded = match common.load() {
        Ok(loaded) => loaded,
        Err(exit_code) => return exit_code,
    };
    let config = &loaded.config;
    // Not opened without need, for that alone may change what lies beside it.
    let is_older = || store::schema_in_file(&config.server.db_path).is_some_and(is_older);
    let whole = || files(config).and_then(|()| if is_older() { database(config) } else { Ok(()) });
    let found = who(&loaded).and_then(|_| match report(whole()) {
        exit::SUCCESS => Ok(()),
        exit_code => Err(exit_code),
    });
    if let Err(exit_code) = found {
        return exit_code;
    }
    say(describe(&loaded));
    exit::SUCCESS
}

/// Whom the server is to become.
pub(super) fn who(loaded: &Loaded) -> Result<Option<Account>, u8> {
    let server = &loaded.config.server;
    user::wanted(&server.user, &server.group).map_err(|text| {
        complain(text);
        exit::CONFIGURATION
    })
}

/// Whether the files that are there already are those of their owner alone.
pub(super) fn files(config: &Config) -> Result<(), Problem> {
    let database = &config.server.db_path;
    if let Some(exposed) = store::exposure(database) {
        return Err(problem(exit::DATABASE, format_args!("database {}: {exposed}", database.display())));
    }
    match keyfile::read(&config.audit.key_file) {
        Ok(_) | Err(KeyFileError::Absent { .. }) => Ok(()),
        Err(error) => Err(problem(exit::FILES, error)),
    }
}

fn is_older(schema: i32) -> bool {
    (1..store::SCHEMA_VERSION).contains(&schema)
}

/// Whether this program can serve the database, and there is room for the backup that it makes of an older one first.
pub(super) fn database(config: &Config) -> Result<(), Problem> {
    let path = &config.server.db_path;
    let refused = |exit_code: u8, reason: &dyn Display| {
        problem(exit_code, format_args!("database {}: {reason}", path.display()))
    };
    let schema = Store::look(path).map_err(|error| refused(exit::DATABASE, &error))?;
    if !schema.is_some_and(is_older) {
        return Ok(());
    }
    process::check_room(path, path).map_err(|lack| {
        let text = "its schema is older than this program's, and a backup is made before it is changed";
        refused(exit::FILES, &format_args!("{text}: {lack}; make room there"))
    })
}

/// Whether the key and the anchors are those of the database's trail, where it is of today's schema and has one.
pub(super) fn trail(config: &Config) -> Result<(), Problem> {
    let path = &config.server.db_path;
    match Store::open_beside(path) {
        Ok(mut store) => {
            trail::key(config, &mut store).map(|_| ()).map_err(|error| problem(error.exit_code(), error))
        }
        Err(OpenError::Absent | OpenError::Empty | OpenError::NotAdopted | OpenError::Older { .. }) => Ok(()),
        Err(error) => Err(problem(exit::DATABASE, format_args!("database {}: {error}", path.display()))),
    }
}

/// Whether the user that this process is may use what a server of this configuration uses.
pub(super) fn reach(config: &Config) -> Result<(), String> {
    let (server, audit) = (&config.server, &config.audit);
    let socket = admin_socket::beside(&server.pid_file);
    let lock = lock_of(&server.db_path);
    let (all, reading) = (Access::READ_OK | Access::WRITE_OK, Access::READ_OK);
    let files = [
        (&server.db_path, all),
        (&server.log_file, all),
        (&server.pid_file, all),
        (&lock, all),
        (&socket, all),
        (&audit.anchor_file, all),
        (&audit.key_file, reading),
    ];
    let asked = |path: &Path, access: Access| match rustix::fs::access(path, access) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(format!("{}: {error}; give it to the server's user", path.display())),
    };
    for (file, access) in files {
        // Beside these two others are made.
        let has_others = *file == server.db_path || *file == server.pid_file;
        if let Some(directory) = file.parent().filter(|_| has_others || !file.exists()) {
            asked(directory, Access::WRITE_OK | Access::EXEC_OK)?;
        }
        asked(file, access)?;
    }
    Ok(())
}

/// What is permitted, but which an operator should know of.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = config.warnings();
    if user::is_root() && config.server.user.is_empty() {
        warnings.push(AS_ROOT.to_owned());
    }
    warnings.extend(exposure::risk_of(&config.server.db_path));
    warnings
}

pub(super) const AS_ROOT: &str = "the server runs as root, which it never needs: name another user in server.user, and \
                                  give the files to that user";

/// The values that apply, in the form of a configuration file.
fn describe(loaded: &Loaded) -> String {
    let file = match &loaded.file {
        Some(file) => file.display().to_string(),
        None => format!("none ({} do not exist), defaults apply", SEARCHED_FILES.join(" and ")),
    };
    let mut text = format!("configuration is valid\n# file: {file}");
    for warning in warnings(&loaded.config) {
        text += &format!("\n# warning: {warning}");
    }
    let mut section = "";
    for key in KEYS {
        if key.section != section {
            section = key.section;
            text += &format!("\n\n[{section}]");
        }
        text += &format!("\n{} = {}", key.name, (key.show)(&loaded.config));
    }
    text
}
