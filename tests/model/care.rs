//! The reference: what visits, wards, stays, prescriptions and leaves are, in memory.
//!
//! It never knows a rule. Invariant: times are whole minutes, days whole days, and amounts whole thousandths.

use super::clinic::Numbered;

pub const DOCTORS: [i64; 3] = [4, 5, 6];
/// The head of the second department decides on the leave of its doctor.
pub const HEAD: i64 = 4;
pub const HEADED: i64 = 5;

/// What drugs are made of and what they are; the last one cannot be prescribed.
pub const DRUGS: [(&[&str], &str); 6] = [
    (&["amoxicillin"], "penicillin"),
    (&["amoxicillin", "clavulanic acid"], "penicillin"),
    (&["ibuprofen"], "nsaid"),
    (&["ibuprofen", "paracetamol"], "analgesic"),
    (&["paracetamol"], "analgesic"),
    (&["naproxen"], "nsaid"),
];
/// What patients do not bear, in the words of the list and as somebody writes it.
pub const SUBSTANCES: [(&str, &str); 6] = [
    ("penicillin", " Penicillin"),
    ("amoxicillin", "AMOXICILLIN"),
    ("clavulanic acid", "clavulanic   Acid"),
    ("nsaid", "NSAID"),
    ("ibuprofen", "ibuprofen"),
    ("paracetamol", "Paracetamol "),
];
pub const SEVERITIES: [&str; 3] = ["mild", "moderate", "severe"];
/// How often something is taken a day; the last is when it is needed.
pub const FREQUENCIES: [(&str, i64); 7] =
    [("qd", 1), ("bid", 2), ("tid", 3), ("qid", 4), ("q8h", 3), ("q6h", 4), ("prn", 0)];

/// A visit or the time of a stay in which things are written.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    pub id: i64,
    pub patient: i64,
    pub doctor: i64,
    pub booking: Option<i64>,
    pub class: &'static str,
    pub state: &'static str,
    /// Whose record of it the old schema has.
    pub begun_by: Option<i64>,
    pub started: Option<i64>,
    pub ended: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    pub id: i64,
    pub visit: i64,
    pub by: i64,
    pub kind: &'static str,
    pub rank: i64,
    pub is_withdrawn: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Ward {
    pub id: i64,
    pub number: &'static str,
    pub is_closed: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Bed {
    pub id: i64,
    pub ward: i64,
    pub number: &'static str,
    pub state: &'static str,
    pub changed: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Stay {
    pub id: i64,
    pub patient: i64,
    pub doctor: i64,
    pub ward: i64,
    /// In which the patient lies, or that is kept.
    pub bed: Option<i64>,
    pub state: &'static str,
    pub visit: Option<i64>,
    pub ended: Option<i64>,
}

/// When somebody lay in a bed.
#[derive(Debug, Clone, PartialEq)]
pub struct Lain {
    pub id: i64,
    pub stay: i64,
    pub bed: i64,
    pub from: i64,
    pub to: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    pub id: i64,
    pub visit: i64,
    pub patient: i64,
    pub doctor: i64,
    pub state: &'static str,
    pub activated: Option<i64>,
    pub dispensed: Option<i64>,
    pub ended: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub id: i64,
    pub sheet: i64,
    pub drug: i64,
    pub dose: i64,
    pub frequency: &'static str,
    pub days: i64,
    pub quantity: i64,
    /// What spoke against it.
    pub against: Vec<Against>,
    /// The last day on which it is taken.
    pub until: Option<i64>,
    pub is_live: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Against {
    Allergy(i64),
    Line(i64),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Allergy {
    pub id: i64,
    pub patient: i64,
    pub substance: &'static str,
    pub severity: &'static str,
    pub is_refuted: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Leave {
    pub id: i64,
    pub doctor: i64,
    /// Its first and its last day.
    pub days: (i64, i64),
    pub state: &'static str,
    pub substitute: Option<i64>,
    pub decided_by: Option<i64>,
}

/// What is done for patients beside their appointments, and when doctors do not come.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Care {
    pub visits: Numbered<Visit>,
    pub diagnoses: Numbered<Diagnosis>,
    pub wards: Numbered<Ward>,
    pub beds: Numbered<Bed>,
    pub stays: Numbered<Stay>,
    pub lain: Numbered<Lain>,
    pub sheets: Numbered<Sheet>,
    /// By their ids; those that were taken out are gone.
    pub lines: Vec<Line>,
    pub lines_ever: i64,
    pub allergies: Numbered<Allergy>,
    pub leaves: Numbered<Leave>,
}

/// Written in one way only.
pub fn thousandths(amount: i64) -> String {
    let text = format!("{}.{:03}", amount / 1000, amount % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The id of the next row.
pub fn next<T>(rows: &Numbered<T>) -> i64 {
    1 + i64::try_from(rows.len()).unwrap()
}

/// Three wards and their beds, of which there are few.
pub fn hospital() -> Care {
    let mut care = Care::default();
    for number in ["3A", "4A", "5A"] {
        care.wards.insert(next(&care.wards), Ward { id: next(&care.wards), number, is_closed: false });
    }
    for (ward, number) in [(1, "1"), (1, "2"), (1, "3"), (2, "1"), (2, "2"), (3, "1")] {
        let id = next(&care.beds);
        care.beds.insert(id, Bed { id, ward, number, state: "free", changed: 0 });
    }
    care
}

/// The same as rows, and what never changes: drugs, and who leads a department.
pub const HOSPITAL: &str = "
    INSERT INTO wards (number, name, department)
        VALUES ('3A', '一病区', '内科'), ('4A', '二病区', '外科'), ('5A', '三病区', NULL);
    INSERT INTO beds (ward_id, number, changed_ms)
        SELECT column1, column2, 1767571200000
        FROM (VALUES (1, '1'), (1, '2'), (1, '3'), (2, '1'), (2, '2'), (3, '1'));
    INSERT INTO drugs (code, name, ingredient, drug_class, dose_unit, route, is_active) VALUES
        ('A', '阿莫西林', 'amoxicillin', 'penicillin', 'g', 'po', 1),
        ('B', '阿莫西林克拉维酸', 'amoxicillin+clavulanic acid', 'penicillin', 'g', 'po', 1),
        ('C', '布洛芬', 'ibuprofen', 'nsaid', 'g', 'po', 1),
        ('D', '布洛芬对乙酰氨基酚', 'ibuprofen + paracetamol', 'analgesic', 'g', 'po', 1),
        ('E', '对乙酰氨基酚', 'paracetamol', 'analgesic', 'g', 'po', 1),
        ('F', '萘普生', 'naproxen', 'nsaid', 'g', 'po', 0);
    INSERT INTO department_heads (department, doctor_id) VALUES ('外科', 4);";
