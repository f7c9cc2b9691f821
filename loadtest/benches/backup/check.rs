//! Owns the question whether backups are what they should be: whole, and each one moment of what was acknowledged.
//!
//! It never measures. Invariant: whatever is missing in the middle, is there too early, or is gone from one backup to
//! the next, ends the bench.

use crate::load::{PATIENTS_EACH, WRITERS, year};
use crate::served::DATABASE;
use crate::{Made, Outcome};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::process::{Command, Stdio};

pub fn check(directory: &Path, made: &[Made]) -> Outcome<()> {
    let configuration = directory.join("medsrv.conf");
    let of = |name: &str| directory.join(name).display().to_string();
    let text = format!(
        "[server]\ndb_path = {:?}\n[audit]\nkey_file = {:?}\nanchor_file = {:?}\n",
        of(DATABASE),
        of("audit.key"),
        of("audit.anchor")
    );
    std::fs::write(&configuration, text)?;
    // No command goes by one that everybody may read.
    std::fs::set_permissions(&configuration, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let mut last = vec![0; usize::try_from(WRITERS)?];
    for backup in made {
        let verified = Command::new(std::env::current_exe()?)
            .args(["backup", "verify", &backup.file, "--config"])
            .arg(&configuration)
            .stdout(Stdio::null())
            .status()?;
        if !verified.success() {
            return Err(format!("{} is not whole", backup.file).into());
        }
        let connection = Connection::open_with_flags(&backup.file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        for writer in 0..WRITERS {
            let at = usize::try_from(writer)?;
            let found = prefix(&connection, writer)?;
            let (least, most) = (backup.acknowledged_before[at].max(last[at]), backup.sent_after[at]);
            if !(least..=most).contains(&found) {
                let file = &backup.file;
                return Err(format!("{file} has {found} of writer {writer}, not {least} to {most}").into());
            }
            last[at] = found;
        }
    }
    Ok(())
}

/// How many of a writer's bookings are there, which are its first ones.
fn prefix(connection: &Connection, writer: u64) -> Outcome<u64> {
    let first: i64 = connection.query_row("SELECT min(patient_id) FROM patients", [], |row| row.get(0))?;
    let (each, offset) = (i64::try_from(PATIENTS_EACH)?, i64::try_from(writer * PATIENTS_EACH)? + first);
    let year = year(writer);
    let mut statement = connection.prepare(
        "SELECT count(*), coalesce(max((CAST(substr(appointment_time, 9, 2) AS INTEGER) - 1) * ?1 + patient_id - ?2) + 1, 0)
         FROM appointments WHERE appointment_time >= ?3 AND appointment_time < ?4",
    )?;
    let (from, until) = (format!("{year}-01-01"), format!("{}-01-01", year + 1));
    let (count, end): (i64, i64) = statement
        .query_row(rusqlite::params![each, offset, from, until], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if count != end {
        return Err(
            format!("writer {writer}: there are {count} bookings, but the last is the {end}th").into()
        );
    }
    Ok(u64::try_from(count)?)
}
