//! Owns what the outside may see and take of the process and its files: core dumps, and file systems that lose or
//! cannot lock what lies on them. Never opens a file.
//! Invariant: what is said of a file system is what the kernel says of it.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use std::io;
use std::path::Path;

/// The memory of this process holds patients' data and keys; it is never written to a disk, and no other process of
/// the same user reads it.
pub fn forbid_core_dumps() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // The limit does not hold for programs that the kernel hands dumps to.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

const IN_MEMORY: &str = "is in memory: what lies there is lost when this machine is";
const OF_A_CONTAINER: &str =
    "is a container's own: what lies there is lost with the container; mount a volume";
const ELSEWHERE: &str =
    "is on another machine: locks and syncs cannot be relied on there; use a disk of this one";

/// The kinds of file system that no database should lie on, as the kernel numbers them (statfs(2)).
const RISKY: [(u32, &str, &str); 13] = [
    (0x0102_1994, "tmpfs", IN_MEMORY),
    (0x8584_58f6, "ramfs", IN_MEMORY),
    (0x794c_7630, "overlayfs", OF_A_CONTAINER),
    (0x0000_6969, "NFS", ELSEWHERE),
    (0x0000_517b, "SMB", ELSEWHERE),
    (0xff53_4d42, "CIFS", ELSEWHERE),
    (0xfe53_4d42, "SMB2", ELSEWHERE),
    (0x0102_1997, "9P", ELSEWHERE),
    (0x00c3_6400, "Ceph", ELSEWHERE),
    (0x5346_414f, "AFS", ELSEWHERE),
    (0x0bd0_0bd0, "Lustre", ELSEWHERE),
    (0x7461_636f, "OCFS2", ELSEWHERE),
    (0x6573_5546, "FUSE", "may be on another machine: locks and syncs may not hold there"),
];

/// What may become of a database at this path, if that is to be feared.
pub fn risk_of(database: &Path) -> Option<String> {
    // Where its directory is not there yet, the one above is asked.
    let found = database.ancestors().skip(1).find_map(|directory| rustix::fs::statfs(directory).ok())?;
    risk_of_kind(found.f_type as u32).map(|(kind, risk)| {
        format!("the database {} lies on a file system ({kind}) that {risk}", database.display())
    })
}

fn risk_of_kind(number: u32) -> Option<(&'static str, &'static str)> {
    RISKY.iter().find(|(known, ..)| *known == number).map(|(_, kind, risk)| (*kind, *risk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_other_machines_are_told_from_disks() {
        assert_eq!(risk_of_kind(0x6969).unwrap().0, "NFS");
        assert_eq!(risk_of_kind(0xef53), None, "ext4");
        let told = risk_of(Path::new("/dev/shm/not/there/yet.db"));
        let is_tmpfs = rustix::fs::statfs("/dev/shm").is_ok_and(|found| found.f_type as u32 == 0x0102_1994);
        assert_eq!(told.is_some_and(|told| told.contains("tmpfs")), is_tmpfs);
    }
}
