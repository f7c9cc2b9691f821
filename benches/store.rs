//! What the store costs alone: its statements, its transactions and its syncs, without a request.
//!
//! The file holds ten thousand patients in a temporary directory. Where that is a file system in memory, a
//! commit costs nothing; `TMPDIR` puts it on a disk.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use medsrv::service::credential;
use medsrv::store::statements::{account, patient};
use medsrv::store::{CheckpointNeed, Commit, Error, Store, Transaction, params};

const PATIENTS: i64 = 10_000;
const WRITES_PER_TURN: u64 = 50;
/// Without a factor in common with the number of patients, so that steps of it meet them all, and near the
/// golden section of it, so that those of one turn spread evenly: each finds a page of its own.
const STRIDE: i64 = 6_181;

/// One of the two ways to write.
type Write = fn(&mut File);

struct File {
    _directory: tempfile::TempDir,
    store: Store,
    patient: i64,
    writes: i64,
}

impl File {
    fn new() -> File {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("bench.db");
        let mut store = Store::open(&path, credential::hash_salted_sha256).expect("a new database").store;
        store.write(fill).expect("the patients");
        let mut file = File { _directory: directory, store, patient: 0, writes: 0 };
        file.end_turn();
        file.store.checkpoint();
        file
    }

    /// Another patient each time, far from those before, as requests of many patients are.
    fn next_patient(&mut self) -> i64 {
        self.patient = (self.patient + STRIDE) % PATIENTS;
        self.patient + 1
    }

    /// The point query that a booking begins with.
    fn look_up(&mut self) {
        let id = self.next_patient();
        let view = self.store.read().expect("a view");
        let found = view.first(&patient::ID_BY_PHONE, params![phone(id)], |row| row.integer(0));
        assert_eq!(found.expect("a query"), Some(id));
    }

    fn write_decided(&mut self) {
        let (id, email) = self.next_change();
        self.store.write_decided(|transaction| change(transaction, id, &email)).expect("a change");
    }

    fn write_in_savepoint(&mut self) {
        let (id, email) = self.next_change();
        self.store.write(|transaction| change(transaction, id, &email)).expect("a change");
    }

    /// Of the same length each time, so that the table stays as large as it is.
    fn next_change(&mut self) -> (i64, String) {
        self.writes += 1;
        (self.next_patient(), format!("{:012}@example.com", self.writes))
    }

    fn commit(&mut self) {
        assert_eq!(self.store.commit(), Commit::Durable);
    }

    /// As the server ends a turn while requests wait.
    fn end_turn(&mut self) {
        self.commit();
        if self.store.checkpoint_need() == CheckpointNeed::Now {
            self.store.checkpoint();
        }
    }
}

fn fill(transaction: &Transaction<'_>) -> Result<(), Error> {
    for id in 1..=PATIENTS {
        let (name, created) = (format!("patient {id}"), "2026-01-01 19:04:05");
        let user = transaction.insert(&account::INSERT, params![name, "no hash", "patient", created])?;
        let email = format!("{id:012}@example.com");
        transaction.insert(
            &patient::INSERT,
            params![user, name, "1990-01-01", "110101199001010001", phone(id), email, created],
        )?;
    }
    Ok(())
}

fn phone(id: i64) -> String {
    (13_000_000_000 + id).to_string()
}

fn change(transaction: &Transaction<'_>, id: i64, email: &str) -> Result<(), Error> {
    let changed = transaction.execute(&patient::SET_EMAIL, params![id, email])?;
    assert_eq!(changed, 1);
    Ok(())
}

fn reads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("store, reading");
    group.throughput(Throughput::Elements(1));
    let mut file = File::new();
    group.bench_function("a point query in an open turn", |bencher| {
        bencher.iter(|| file.look_up());
    });
    file.commit();
    group.bench_function("a turn of one point query", |bencher| {
        bencher.iter(|| {
            file.look_up();
            file.commit();
        });
    });
}

/// No commit is in these, so that the savepoint is all that they differ in.
fn savepoint(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("store, a write in an open turn");
    group.throughput(Throughput::Elements(1));
    let ways: [(&str, Write); 2] =
        [("that is decided", File::write_decided), ("in a savepoint", File::write_in_savepoint)];
    for (name, write) in ways {
        let mut file = File::new();
        group.bench_function(name, |bencher| bencher.iter(|| write(&mut file)));
        file.end_turn();
    }
}

fn durable(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("store, a durable turn");
    let ways: [(&str, u64, Write); 3] = [
        ("of one write", 1, File::write_decided),
        ("of 50 writes", WRITES_PER_TURN, File::write_decided),
        ("of 50 writes in savepoints", WRITES_PER_TURN, File::write_in_savepoint),
    ];
    for (name, writes, write) in ways {
        let mut file = File::new();
        group.throughput(Throughput::Elements(writes));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for _ in 0..writes {
                    write(&mut file);
                }
                file.end_turn();
            });
        });
    }
}

criterion_group!(benches, reads, savepoint, durable);
criterion_main!(benches);
