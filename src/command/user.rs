//! Owns the making and changing of accounts by whoever owns the machine. Never asks a server.
//! Invariant: a change and its entry in the audit trail are one transaction, and no password is derived while
//! the write lock is held.

use super::office::{Office, Refusal, fault};
use super::{Common, Problem, complain, exit, open_beside, problem, report, secret};
use crate::ops::config::Config;
use crate::service::access::Role;
use crate::service::account::{self, Account, NewDoctor, NewStaff, UsernameTaken};
use crate::service::audit::Action;
use crate::service::credential::{Derivation, Recipe};
use crate::service::memory::Memory;
use crate::service::text::{is_line, is_printable};
use crate::service::{Failure, throttle};
use crate::store::{Commit, Error, Transaction};
use clap::Subcommand;
use std::io::{ErrorKind, Write};
use zeroize::Zeroizing;

pub const HELP: &str = "\
Examples:
  medsrv user add admin --role admin                        asks for the password, twice
  medsrv user add D007 --role doctor --name 王医生 --department 内科 < password.txt
  medsrv user disable D007

The first line of standard input is the password, unless that is a terminal. A server that runs
notices each change with its next request. All is recorded in the audit trail, and so are you.";

/// Accounts that are read at a time.
const PAGE: i64 = 500;

#[derive(Debug, Subcommand)]
pub enum Task {
    /// Make an account of someone who works here
    Add(New),
    /// Give an account another password, end its sessions, and forget its failed logins
    Passwd { username: String },
    /// List the accounts
    List {
        /// Only those of this role
        #[arg(long, value_parser = ["patient", "doctor", "nurse", "clerk", "admin"])]
        role: Option<String>,
    },
    /// Let an account be used no longer, and end its sessions
    Disable { username: String },
    /// Let an account be used again that was disabled
    Enable { username: String },
    /// Forget an account's failed logins, so that the next one is looked at now
    Unlock { username: String },
}

#[derive(Debug, clap::Args)]
pub struct New {
    /// What they log in with; a doctor's employee id
    pub username: String,
    #[arg(long, value_parser = ["doctor", "nurse", "clerk", "admin"])]
    pub role: String,
    /// The person's name; a doctor has to have one [default: the username]
    #[arg(long)]
    pub name: Option<String>,
    /// A doctor's department
    #[arg(long)]
    pub department: Option<String>,
    /// They may read the audit trail, which an administrator may not
    #[arg(long)]
    pub auditor: bool,
}

pub fn run(common: &Common, task: &Task) -> u8 {
    let loaded = match common.load() {
        Ok(loaded) => loaded,
        Err(exit_code) => return exit_code,
    };
    let config = &loaded.config;
    report(match task {
        Task::Add(new) => add(config, new),
        Task::Passwd { username } => set_password(config, username),
        Task::List { role } => list(config, role.as_deref().and_then(Role::find)),
        Task::Disable { username } => disable(config, username),
        Task::Enable { username } => enable(config, username),
        Task::Unlock { username } => unlock(config, username),
    })
}

/// Whether there is an account of that name now.
fn has(office: &mut Office<'_>, config: &Config, username: &str) -> Result<bool, Problem> {
    let found = office.store.read().and_then(|view| account::find(&view, username));
    // The transaction ends here: whoever is asked for a password may take their time.
    let ended = office.store.commit();
    match (found, ended) {
        (Ok(found), Commit::Durable) => Ok(found.is_some()),
        (Ok(_), _) => Err(fault(config, &office.store, Error::TurnLost)),
        (Err(error), _) => Err(fault(config, &office.store, error)),
    }
}

fn must_have(office: &mut Office<'_>, config: &Config, username: &str) -> Result<(), Problem> {
    if has(office, config, username)? { Ok(()) } else { Err(problem(exit::FAILURE, unknown(username))) }
}

fn unknown(username: &str) -> String {
    format!("there is no account {username:?}; `medsrv user list` shows those that there are")
}

/// The id of an account that must be there.
fn known(transaction: &Transaction<'_>, username: &str) -> Result<i64, Refusal> {
    account::find(transaction, username)?.ok_or_else(|| Failure::Refused(unknown(username)))
}

fn add(config: &Config, new: &New) -> Result<(), Problem> {
    let role = check(new)?;
    let mut office = Office::open(config)?;
    let taken = || format!("there is an account {:?} already; nothing was changed", new.username);
    if has(&mut office, config, &new.username)? {
        return Err(problem(exit::FAILURE, taken()));
    }
    let password_hash = ask_for_password(config, &new.username)?;
    let name = new.name.as_deref().unwrap_or(&new.username);
    let (user_id, ()) = office.change("user.add", (Action::Create, "account"), |transaction, now| {
        let made = if role == Role::Doctor {
            let new = NewDoctor {
                name,
                password_hash: &password_hash,
                employee_id: &new.username,
                department: new.department.as_deref(),
                photo_path: None,
            };
            account::register_doctor(transaction, &new, &mut Memory::default(), now)
        } else {
            let new = NewStaff { username: &new.username, name, password_hash: &password_hash, role };
            account::register_staff(transaction, &new, now)
        };
        let user_id = made.map_err(|failure| failure.map(|UsernameTaken| taken()))?;
        if new.auditor {
            account::set_auditor(transaction, user_id, true)?;
        }
        Ok((Some(user_id), ()))
    })?;
    let (username, role, user_id) = (&new.username, role.word(), user_id.unwrap_or_default());
    tell(format_args!(
        "account {username} was added: {role}, user_id {user_id}\n\
         log in with: medsrv call session.login username={username} password=-"
    ))
}

/// Looks at what does not depend on the database, before anybody types a password.
fn check(new: &New) -> Result<Role, Problem> {
    let usage = |text: &str| Err(problem(exit::USAGE, text));
    for (what, text, chars_max) in [
        ("the username", Some(&new.username), account::USERNAME_CHARS_MAX),
        ("--name", new.name.as_ref(), account::NAME_CHARS_MAX),
        ("--department", new.department.as_ref(), account::DEPARTMENT_CHARS_MAX),
    ] {
        if text.is_some_and(|text| !is_line(text, chars_max)) {
            let text =
                format_args!("{what} must be text of 1 to {chars_max} characters without control characters");
            return Err(problem(exit::USAGE, text));
        }
    }
    match Role::find(&new.role) {
        // The directory shows it, and old clients book by it.
        Some(Role::Doctor) if new.name.is_none() => {
            usage("a doctor needs a name, by which patients find them: add --name NAME")
        }
        Some(role) if role != Role::Doctor && new.department.is_some() => {
            usage("--department goes with --role doctor")
        }
        Some(role) if role.is_staff() => account::check_auditor(role, new.auditor)
            .map(|()| role)
            .map_err(|refusal| problem(exit::USAGE, refusal)),
        _ => usage("--role must be doctor, nurse, clerk or admin"),
    }
}

/// Reads a new password, and returns the form in which it is stored.
fn ask_for_password(config: &Config, username: &str) -> Result<Zeroizing<String>, Problem> {
    let failed = |text: String| problem(exit::FAILURE, format_args!("no password for {username}: {text}"));
    let password = secret::read_new(&format!("new password for {username}")).map_err(failed)?;
    if !is_line(&password, account::PASSWORD_CHARS_MAX) {
        let chars_max = account::PASSWORD_CHARS_MAX;
        return Err(failed(format!(
            "it must have 1 to {chars_max} characters, no control characters among them"
        )));
    }
    let recipe = Recipe::new(&password, config.accounts.password_iterations).map_err(failed)?;
    let derived = Derivation::begin(recipe).step(u32::MAX);
    let derived = derived.ok_or_else(|| failed("it cannot be derived".into()))?;
    Ok(Zeroizing::new(derived.phc()))
}

fn set_password(config: &Config, username: &str) -> Result<(), Problem> {
    let mut office = Office::open(config)?;
    must_have(&mut office, config, username)?;
    let password_hash = ask_for_password(config, username)?;
    let (_, ended) = office.change("user.passwd", (Action::Update, "account"), |transaction, _| {
        let user_id = known(transaction, username)?;
        Ok((
            Some(user_id),
            account::set_password(transaction, user_id, username, &password_hash, None, None)?,
        ))
    })?;
    tell(format_args!("account {username} has the new password; {}", sessions(ended)))
}

fn disable(config: &Config, username: &str) -> Result<(), Problem> {
    let (_, ended) =
        Office::open(config)?.change("user.disable", (Action::Update, "account"), |transaction, now| {
            let user_id = known(transaction, username)?;
            Ok((Some(user_id), account::disable(transaction, user_id, username, None, now)?))
        })?;
    tell(format_args!("account {username} is disabled; {}", sessions(ended)))
}

fn enable(config: &Config, username: &str) -> Result<(), Problem> {
    Office::open(config)?.change("user.enable", (Action::Update, "account"), |transaction, _| {
        let user_id = known(transaction, username)?;
        account::enable(transaction, user_id)?;
        Ok((Some(user_id), ()))
    })?;
    tell(format_args!("account {username} can be used"))
}

fn unlock(config: &Config, username: &str) -> Result<(), Problem> {
    let (_, is_disabled) =
        Office::open(config)?.change("user.unlock", (Action::Update, "account"), |transaction, _| {
            let user_id = known(transaction, username)?;
            throttle::unlock(transaction, username)?;
            let is_disabled = account::by_id(transaction, user_id, |account| account.disabled_at.is_some())?;
            Ok((Some(user_id), is_disabled == Some(true)))
        })?;
    if is_disabled {
        complain(format_args!("account {username} is disabled still: `medsrv user enable {username}`"));
    }
    tell(format_args!("the failed logins of account {username} are forgotten"))
}

fn sessions(ended: usize) -> String {
    match ended {
        0 => "it had no session".into(),
        1 => "its session was ended".into(),
        ended => format!("its {ended} sessions were ended"),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is the last thing that each task does")]
fn tell(text: impl std::fmt::Display) -> Result<(), Problem> {
    super::say(text);
    Ok(())
}

fn list(config: &Config, role: Option<Role>) -> Result<(), Problem> {
    let mut store = open_beside(config)?;
    let mut lines = format!("{:>8}  {:<8} {:<9} {:<24} name\n", "user_id", "role", "state", "username");
    let mut after = 0;
    loop {
        let mut last = None;
        let found = store.read().and_then(|view| {
            account::list(&view, role, after, PAGE, |account| {
                last = Some(account.user_id);
                lines.push_str(&line(account));
            })
        });
        let _ = store.commit();
        found.map_err(|error| fault(config, &store, error))?;
        // The page's transaction has ended: whoever reads this may take their time.
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(lines.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => {}
            // A reader that went away has what it wanted.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(problem(exit::FILES, format_args!("standard output: {error}"))),
        }
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
        lines.clear();
    }
}

fn line(account: &Account<'_>) -> String {
    let state = match (account.disabled_at, account.is_auditor) {
        (Some(_), _) => "disabled",
        (None, true) => "auditor",
        (None, false) => "active",
    };
    // A database that was adopted may hold anything, and a terminal would act on it.
    let shown = |text: &str| -> String {
        text.chars().map(|letter| if is_printable(letter) { letter } else { '\u{fffd}' }).collect()
    };
    let (username, name) = (shown(account.username), shown(account.name.unwrap_or_default()));
    let line = format!("{:>8}  {:<8} {state:<9} {username:<24} {name}", account.user_id, account.role);
    format!("{}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_list_shows_what_an_account_is_and_nothing_that_a_terminal_acts_on() {
        let mut account = Account {
            user_id: 7,
            username: "D\u{1b}[31m7",
            role: "doctor",
            name: Some("王医生"),
            is_auditor: true,
            disabled_at: None,
            created_at: None,
        };
        let shown = line(&account);
        assert_eq!(shown, "       7  doctor   auditor   D\u{fffd}[31m7                  王医生\n");
        account.disabled_at = Some(1);
        account.name = None;
        assert!(line(&account).contains(" disabled "), "{}", line(&account));
    }
}
