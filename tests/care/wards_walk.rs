//! Random steps in random order: whatever comes, beds, stays and the old schema's rows say the same.
//!
//! It never knows what a step should come to, but that it is refused for a reason that there is. Invariant: the
//! same seed walks the same way.

use super::clinic::*;
use super::hospital::*;
use serde_json::json;

const SEEDS: u64 = 8;
const STEPS: usize = 400;
const WALKERS: usize = 5;

/// What must never be found, counted.
const WRONG: &[(&str, &str)] = &[
    (
        "a bed is occupied without a patient, or has one and is not",
        "SELECT count(*) FROM beds AS b WHERE (b.state = 'occupied')
            <> (SELECT count(*) FROM bed_stays AS s WHERE s.bed_id = b.bed_id AND s.to_ms IS NULL)",
    ),
    (
        "a bed is reserved for nobody, or is kept and is not",
        "SELECT count(*) FROM beds AS b WHERE (b.state = 'reserved')
            <> (SELECT count(*) FROM admissions AS a WHERE a.reserved_bed_id = b.bed_id)",
    ),
    (
        "a bed is kept for somebody who is not to be admitted",
        "SELECT count(*) FROM admissions WHERE reserved_bed_id IS NOT NULL AND state <> 'requested'",
    ),
    (
        "somebody lies in no bed or in two, or in one without being admitted",
        "SELECT count(*) FROM admissions AS a WHERE (a.state IN ('admitted', 'discharge_ordered'))
            <> (SELECT count(*) FROM bed_stays AS s WHERE s.admission_id = a.admission_id AND s.to_ms IS NULL)",
    ),
    (
        "a patient has two stays that are not over",
        "SELECT count(*) FROM (SELECT patient_id FROM admissions WHERE ended_ms IS NULL
            GROUP BY patient_id HAVING count(*) > 1)",
    ),
    (
        "a stay is over and has not ended, or has ended and is not over",
        "SELECT count(*) FROM admissions WHERE (state IN ('discharged', 'cancelled')) <> (ended_ms IS NOT NULL)
            OR (state IN ('discharge_ordered', 'discharged')) <> (disposition IS NOT NULL)",
    ),
    (
        "a bed has been two patients' at one time",
        "SELECT count(*) FROM bed_stays AS one JOIN bed_stays AS two
            ON two.bed_id = one.bed_id AND two.stay_id > one.stay_id
        WHERE one.to_ms IS NULL OR two.from_ms < one.to_ms",
    ),
    (
        "somebody lies in another ward than their admission says",
        "SELECT count(*) FROM admissions AS a
            LEFT JOIN bed_stays AS s ON s.admission_id = a.admission_id AND s.to_ms IS NULL
            JOIN beds AS b ON b.bed_id = coalesce(s.bed_id, a.reserved_bed_id)
        WHERE b.ward_id <> a.ward_id",
    ),
    (
        "a closed ward has somebody",
        "SELECT count(*) FROM admissions AS a JOIN wards AS w ON w.ward_id = a.ward_id
        WHERE w.is_closed AND a.ended_ms IS NULL",
    ),
    (
        "a stay has no row in the old schema, or one too early",
        "SELECT count(*) FROM admissions
        WHERE (old_hospitalization_id IS NULL) <> (state IN ('requested', 'cancelled'))
            OR (old_hospitalization_id IS NULL) <> (encounter_id IS NULL)",
    ),
    (
        "the old schema has more stays than there were",
        "SELECT (SELECT count(*) FROM hospitalizations)
            - (SELECT count(*) FROM admissions WHERE old_hospitalization_id IS NOT NULL)",
    ),
    (
        "the old row says something else",
        "SELECT count(*) FROM admissions AS a
            JOIN hospitalizations AS h ON h.hospitalization_id = a.old_hospitalization_id
            JOIN bed_stays AS s ON s.stay_id
                = (SELECT max(l.stay_id) FROM bed_stays AS l WHERE l.admission_id = a.admission_id)
            JOIN beds AS b ON b.bed_id = s.bed_id
            JOIN wards AS w ON w.ward_id = b.ward_id
        WHERE h.patient_id <> a.patient_id OR h.doctor_id <> a.doctor_id
            OR h.ward_number <> w.number OR h.bed_number <> b.number
            OR (h.status = 'discharged') <> (a.state = 'discharged')
            OR (h.discharge_date IS NOT NULL) <> (a.state = 'discharged')
            OR h.discharge_date < h.admission_date",
    ),
    (
        "the stay's encounter says something else",
        "SELECT count(*) FROM admissions AS a JOIN encounters AS e ON e.encounter_id = a.encounter_id
        WHERE e.class <> 'IMP' OR e.patient_id <> a.patient_id OR e.doctor_id <> a.doctor_id
            OR e.record_id IS NULL
            OR e.state <> CASE WHEN a.state = 'discharged' THEN 'finished' ELSE 'in_progress' END",
    ),
];

/// Why a step may be refused.
const REFUSALS: &[&str] = &[
    "already_admitted",
    "bad_transition",
    "bed_missing",
    "bed_taken",
    "conflict",
    "diagnosis_missing",
    "forbidden",
    "not_found",
    "nothing_to_undo",
    "ward_closed",
];

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }
}

/// One random step. Returns what it was, and whether it was carried out.
fn step(clinic: &mut Clinic, dice: &mut Dice, wards: &[i64], beds: &[i64]) -> (String, bool) {
    let ward_id = dice.of(wards);
    let patient_id = FIRST_PATIENT + i64::try_from(dice.below(WALKERS)).unwrap();
    let sql = format!(
        "SELECT coalesce((SELECT admission_id FROM admissions WHERE patient_id = {patient_id}
            ORDER BY admission_id DESC LIMIT 1), 999)"
    );
    let admission_id = clinic.number(Box::leak(sql.into_boxed_str()));
    let bed_id = dice.of(beds);
    let doctor = dice.of(&[DOCTOR, DOCTOR, DOCTOR, DOCTOR, OTHER_DOCTOR]);
    let staff = dice.of(&[NURSE, CLERK]);
    let with_bed = json!({"admission_id": admission_id, "bed_id": bed_id});
    let of_it = json!({"admission_id": admission_id});
    let (who, method, params) = match dice.below(40) {
        0..=6 => (doctor, "admission.request", request_of(patient_id, ward_id)),
        7..=10 => (staff, "admission.reserve", with_bed),
        11..=14 => (staff, "admission.admit", with_bed),
        15..=16 => (staff, "admission.admit", of_it),
        17..=20 => (
            staff,
            "admission.transfer",
            json!({"admission_id": admission_id, "bed_id": bed_id, "reason": "x"}),
        ),
        21 => {
            let doctor_id = dice.of(&[DOCTOR_ID, OTHER_DOCTOR_ID]);
            (CLERK, "admission.change_doctor", json!({"admission_id": admission_id, "doctor_id": doctor_id}))
        }
        22..=25 => {
            let disposition = dice.of(&["home", "transferred", "against_advice", "died"]);
            let params = json!({"admission_id": admission_id, "disposition": disposition});
            (doctor, "admission.order_discharge", params)
        }
        26 => (doctor, "admission.undo_discharge_order", of_it),
        27..=30 => (staff, "admission.discharge", of_it),
        31 => (doctor, "admission.cancel", of_it),
        32..=38 => {
            let state = dice.of(&["free", "free", "free", "free", "free", "cleaning", "blocked"]);
            (NURSE, "bed.set_state", json!({"bed_id": bed_id, "state": state}))
        }
        // The last ward closes once nobody is in it.
        _ if dice.below(5) > 0 => (staff, "admission.discharge", of_it),
        _ => (ADMIN, "ward.close", json!({"ward_id": wards[wards.len() - 1]})),
    };
    if method == "admission.order_discharge" && dice.below(3) > 0 {
        let sql = "INSERT OR IGNORE INTO diagnoses (encounter_id, patient_id, title, rank, use, certainty,
                recorded_by, recorded_ms)
            SELECT encounter_id, patient_id, 'x', 1, 'discharge', 'confirmed', doctor_id, 0
            FROM admissions WHERE encounter_id IS NOT NULL";
        clinic.execute(sql);
    }
    let outcome = clinic.call(who, method, &params);
    if let Err(facts) = &outcome {
        let code = facts["code"].as_str().unwrap_or_default();
        assert!(REFUSALS.contains(&code), "{who} {method} {params}: {facts}");
    }
    (format!("{who} {method} {params}: {outcome:?}"), outcome.is_ok())
}

#[test]
fn whatever_comes_a_bed_has_one_patient_and_every_row_says_the_same() {
    let (mut carried_out, mut discharged, mut moved) = (0, 0, 0);
    for seed in 1..=SEEDS {
        println!("seed {seed}");
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut clinic = Clinic::new();
        let (mut wards, mut beds) = (Vec::new(), Vec::new());
        for (number, count) in [("1", 3), ("2", 2), ("3", 1)] {
            let numbers = &["1", "2", "3"][..count];
            let (ward_id, of_ward) = ward(&mut clinic, number, numbers);
            wards.push(ward_id);
            beds.extend(of_ward);
        }
        for number in 0..i64::try_from(WALKERS).unwrap() {
            treated(&mut clinic, number);
        }
        for number in 0..STEPS {
            // The clock is set back now and then.
            clinic.pass(if dice.below(20) == 0 { -60 } else { i64::try_from(dice.below(200)).unwrap() });
            let (said, is_done) = step(&mut clinic, &mut dice, &wards, &beds);
            carried_out += usize::from(is_done);
            for (what, sql) in WRONG {
                assert_eq!(clinic.number(sql), 0, "seed {seed}, step {number}: {what}: {said}");
            }
        }
        discharged += clinic.number("SELECT count(*) FROM admissions WHERE state = 'discharged'");
        moved += clinic.number("SELECT count(*) FROM bed_stays WHERE reason IS NOT NULL");
    }
    println!("{carried_out} steps, {discharged} discharged, {moved} moved");
    // Most are refused, but the walk must get somewhere.
    assert!(carried_out > SEEDS as usize * STEPS / 10, "{carried_out}");
    assert!(discharged > 30 && moved > 30, "{discharged} and {moved}");
}
