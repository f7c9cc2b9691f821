//! What is measured: the calls and about whom they are.
//!
//! It never measures. Invariants: a read is about any visit of the doctor's who asks; a write is about something of
//! its own, which `fill.sql` has left for it.

use crate::CONNECTIONS;
use crate::database::Caller;

/// A call, by its method and its parameters for each caller and each number of a call.
pub struct Measured {
    pub name: &'static str,
    methods: &'static [&'static str],
    pub caller: Caller,
    pub params: fn(usize, usize) -> String,
    /// On each connection in a round.
    pub calls: usize,
    /// Whether an entry in the trail tells of it, where it is a read.
    pub is_audited: bool,
}

impl Measured {
    /// The method of a call; several take turns.
    pub fn method(&self, number: usize) -> &'static str {
        self.methods.get(number % self.methods.len()).copied().unwrap_or_default()
    }
}

/// A read of something of a patient's.
const fn read(
    name: &'static str,
    methods: &'static [&'static str; 1],
    params: fn(usize, usize) -> String,
) -> Measured {
    Measured { name, methods, caller: Caller::Doctor, params, calls: 400, is_audited: true }
}

const fn by_nurse(measured: Measured) -> Measured {
    Measured { caller: Caller::Nurse, ..measured }
}

/// Of nobody in particular.
const fn unaudited(measured: Measured) -> Measured {
    Measured { is_audited: false, ..measured }
}

const fn write(
    name: &'static str,
    methods: &'static [&'static str],
    params: fn(usize, usize) -> String,
) -> Measured {
    Measured { name, methods, caller: Caller::Doctor, params, calls: 240, is_audited: false }
}

/// Of beds there are fewer than of visits.
const fn of_beds(
    name: &'static str,
    methods: &'static [&'static str],
    params: fn(usize, usize) -> String,
) -> Measured {
    by_nurse(Measured { calls: 72, ..write(name, methods, params) })
}

/// A number that looks like any other one.
fn any(caller: usize, number: usize) -> usize {
    (caller * 7_919 + number).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33
}

/// A visit of the doctor's that is over, of which everything there is has the same number.
fn visit(caller: usize, number: usize) -> usize {
    caller + 1_000 * (1 + any(caller, number) % 249)
}

fn patient(caller: usize, number: usize) -> usize {
    (visit(caller, number) - 1) % 100_000 + 1
}

/// A stay of the doctor's that is over, whose number is its patient's.
fn stay(caller: usize, number: usize) -> usize {
    caller + 1_000 * (1 + any(caller, number) % 49)
}

/// A visit of the doctor's that goes on, which no other call of this write is about.
fn going(caller: usize, number: usize) -> usize {
    number * CONNECTIONS + caller + 1
}

fn line(drug: usize) -> String {
    format!(r#"{{"drug_id":{},"dose":250,"frequency":"tid","duration_days":7}}"#, drug % 5_000 + 1)
}

pub const READS: &[Measured] = &[
    read("encounter.get", &["encounter.get"], |c, n| format!(r#"{{"encounter_id":{}}}"#, visit(c, n))),
    read("encounter.list", &["encounter.list"], |c, n| format!(r#"{{"patient_id":{}}}"#, patient(c, n))),
    read("record.get", &["record.get"], |c, n| format!(r#"{{"note_id":{}}}"#, visit(c, n))),
    read("record.list", &["record.list"], |c, n| format!(r#"{{"encounter_id":{}}}"#, visit(c, n))),
    read("diagnosis.list", &["diagnosis.list"], |c, n| format!(r#"{{"encounter_id":{}}}"#, visit(c, n))),
    read("allergy.list", &["allergy.list"], |c, n| format!(r#"{{"patient_id":{}}}"#, patient(c, n))),
    read("prescription.get", &["prescription.get"], |c, n| {
        format!(r#"{{"prescription_id":{}}}"#, visit(c, n))
    }),
    read("prescription.list of a visit", &["prescription.list"], |c, n| {
        format!(r#"{{"encounter_id":{}}}"#, visit(c, n))
    }),
    read("prescription.list of a patient", &["prescription.list"], |c, n| {
        format!(r#"{{"patient_id":{}}}"#, patient(c, n))
    }),
    read("order.get", &["order.get"], |c, n| format!(r#"{{"order_id":{}}}"#, visit(c, n))),
    read("order.list of a visit", &["order.list"], |c, n| format!(r#"{{"encounter_id":{}}}"#, visit(c, n))),
    read("order.list of a patient", &["order.list"], |c, n| format!(r#"{{"patient_id":{}}}"#, patient(c, n))),
    read("order.worklist, ten", &["order.worklist"], |_, _| r#"{"kind":"laboratory","limit":10}"#.into()),
    read("patient.timeline, first ten", &["patient.timeline"], |c, n| {
        format!(r#"{{"patient_id":{},"limit":10}}"#, patient(c, n))
    }),
    by_nurse(read("ward.board, 40 beds", &["ward.board"], |c, n| {
        format!(r#"{{"ward_id":{}}}"#, any(c, n) % 50 + 1)
    })),
    read("admission.get", &["admission.get"], |c, n| format!(r#"{{"admission_id":{}}}"#, stay(c, n))),
    read("admission.list", &["admission.list"], |c, n| format!(r#"{{"patient_id":{}}}"#, stay(c, n))),
    unaudited(read("drug.search, ten", &["drug.search"], |c, n| {
        format!(r#"{{"name":"drug 0{:03}"}}"#, any(c, n) % 500)
    })),
    unaudited(read("diagnosis.search_codes, ten", &["diagnosis.search_codes"], |c, n| {
        format!(r#"{{"prefix":"J{:02}"}}"#, any(c, n) % 100)
    })),
    unaudited(read("leave.list", &["leave.list"], |_, _| "{}".into())),
    unaudited(read("attendance.list, five days", &["attendance.list"], |_, _| {
        let day = |before| chrono::Local::now().date_naive() - chrono::Days::new(before);
        format!(r#"{{"date_from":"{}","date_to":"{}"}}"#, day(7), day(3))
    })),
    unaudited(read("chat.threads, ten", &["chat.threads"], |_, _| r#"{"limit":10}"#.into())),
    unaudited(read("chat.messages", &["chat.messages"], |c, n| {
        format!(r#"{{"thread_id":{}}}"#, going(c, any(c, n) % 1_000))
    })),
    unaudited(read("report.get, a doctor's day", &["report.get"], |_, n| {
        format!(r#"{{"name":"day","from":"2024-01-{0}","to":"2024-01-{0}"}}"#, 10 + n % 3)
    })),
];

pub const WRITES: &[Measured] = &[
    write("encounter.open", &["encounter.open"], |c, n| format!(r#"{{"patient_id":{}}}"#, going(c, n))),
    write("record.write", &["record.write"], |c, n| {
        format!(
            r#"{{"encounter_id":{},"symptoms":"咳嗽三天","diagnosis":"感冒","advice":"多饮水"}}"#,
            300_000 + going(c, n)
        )
    }),
    write("record.sign", &["record.sign"], |c, n| format!(r#"{{"note_id":{}}}"#, 300_000 + going(c, n))),
    write("diagnosis.add", &["diagnosis.add"], |c, n| {
        format!(r#"{{"encounter_id":{},"code":"J06.9"}}"#, 300_000 + going(c, n))
    }),
    write("allergy.add", &["allergy.add"], |c, n| {
        format!(r#"{{"patient_id":{},"substance":"latex","severity":"mild"}}"#, going(c, n))
    }),
    write("prescription.create, two lines", &["prescription.create"], |c, n| {
        let visit = going(c, n);
        format!(
            r#"{{"encounter_id":{},"lines":[{},{}]}}"#,
            300_000 + visit,
            line(2 * visit + 100),
            line(2 * visit + 101)
        )
    }),
    write("prescription.activate, two lines", &["prescription.activate"], |c, n| {
        format!(r#"{{"prescription_id":{}}}"#, 250_000 + going(c, n))
    }),
    write("order.request", &["order.request"], |c, n| {
        format!(r#"{{"encounter_id":{},"kind":"imaging","content":"胸片"}}"#, 300_000 + going(c, n))
    }),
    write("order.complete", &["order.complete"], |c, n| {
        format!(r#"{{"order_id":{}}}"#, 300_000 + going(c, n))
    }),
    write("admission.request", &["admission.request"], |c, n| {
        let visit = going(c, n);
        let ward = 51 + visit % 300;
        format!(r#"{{"patient_id":{visit},"ward_id":{ward},"kind":"elective","reason":"肺炎"}}"#)
    }),
    of_beds("admission.admit", &["admission.admit"], |c, n| {
        let place = going(c, n);
        format!(r#"{{"admission_id":{},"bed_id":{}}}"#, 52_000 + place, 2_000 + place)
    }),
    of_beds("admission.transfer", &["admission.transfer"], |c, n| {
        let place = going(c, n);
        format!(r#"{{"admission_id":{},"bed_id":{},"reason":"要隔离"}}"#, 64_000 + place, 26_000 + place)
    }),
    of_beds("admission.discharge", &["admission.discharge"], |c, n| {
        format!(r#"{{"admission_id":{}}}"#, 76_000 + going(c, n))
    }),
    write(
        "attendance.clock_in, clock_out in turn",
        &["attendance.clock_in", "attendance.clock_out"],
        |_, _| "{}".into(),
    ),
    write("chat.send", &["chat.send"], |c, n| {
        format!(r#"{{"thread_id":{},"content":"明天请空腹来"}}"#, going(c, n))
    }),
];
