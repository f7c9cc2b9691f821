//! Owns what the doctor does for one patient beyond the queue: the record, the diagnosis, the prescription. Never
//! decides what speaks against a drug.
//! Invariant: what is counted at the end is what the server lists of this patient, not what was sent.

use super::Stop;
use super::opening::Cast;
use super::play::{Play, at, items, list, must, number, text};
use serde_json::{Value, json};
use std::fs;

/// What the pharmacy has, as `medsrv import drugs` takes it.
const DRUGS: &str = "\
code,name,ingredient,drug_class,form,strength,dose_unit,route
AMX500,Amoxicillin,amoxicillin,penicillin,capsule,500 mg,mg,oral
AZI250,Azithromycin,azithromycin,macrolide,tablet,250 mg,mg,oral
PAR500,Paracetamol,paracetamol,analgesic,tablet,0.5 g,g,oral
";

/// What has come of the visit.
pub struct Treated {
    pub signed: usize,
    /// Lines that an allergy speaks against.
    pub refused: usize,
    pub dispensed: usize,
}

/// Of one of the patients, who has been seen.
pub fn run(play: &mut Play, cast: &mut Cast, patient: usize) -> Result<Treated, Stop> {
    let patient_id = cast.patient(patient)?.id;
    let found = play.call(&mut cast.doctor.line, "encounter.list", &json!({"patient_id": patient_id}))?;
    let visit = items(&found).first().cloned().unwrap_or_default();
    let visit_id = number(&visit, "encounter_id")?;
    let signed = record(play, cast, (patient, visit_id))?;
    let (refused, dispensed) = prescription(play, cast, (patient, visit_id))?;
    let ended = play.call(&mut cast.doctor.line, "encounter.finish", &json!({"encounter_id": visit_id}))?;
    must(text(&ended, "state")? == "finished", "a visit that was finished is not over")?;
    play.screen
        .tell("Now the visit can end. What was signed can be amended, for a reason, and never deleted.")?;
    Ok(Treated { signed, refused, dispensed })
}

/// Returns how many signed records the patient can read.
fn record(play: &mut Play, cast: &mut Cast, (patient, visit_id): (usize, i64)) -> Result<usize, Stop> {
    play.screen.chapter("9  The doctor writes")?;
    let doctor = &mut cast.doctor.line;
    let params = json!({"encounter_id": visit_id, "symptoms": "发热、咳嗽三天", "diagnosis": "肺炎", "advice": "多休息"});
    let note_id = number(&play.call(doctor, "record.write", &params)?, "note_id")?;
    let visit = json!({"encounter_id": visit_id});
    let unsigned = play.refused(doctor, "encounter.finish", &visit, "unsigned_notes")?;
    must(list(&unsigned, "note_ids").contains(&json!(note_id)), "a draft is not named")?;
    let person = cast.patients.get_mut(patient).ok_or_else(|| Stop::failed("there is no such patient"))?;
    let note = json!({"note_id": note_id});
    play.refused(&mut person.line, "record.get", &note, "forbidden")?;
    let name = person.name.clone();
    play.screen.note(format!(
        "王医生 writes down what {name} came for. Nobody else can read it until it is signed,"
    ))?;
    play.screen.tell("and with a draft left, the visit does not end: `unsigned_notes`.")?;
    play.call(doctor, "record.sign", &note)?;
    let read = play.call(&mut person.line, "record.get", &note)?;
    must(text(&read, "state")? == "signed", "a patient reads what is not signed")?;
    play.refused(doctor, "encounter.finish", &visit, "diagnosis_missing")?;
    let params =
        json!({"encounter_id": visit_id, "code": "J18.9", "title": "肺炎", "certainty": "confirmed"});
    let rank = number(&play.call(doctor, "diagnosis.add", &params)?, "rank")?;
    must(rank == 1, "the only diagnosis is not the principal one")?;
    play.screen.note(format!("The doctor signs, and {name} reads it on the phone."))?;
    play.screen
        .tell("Without a diagnosis it does not end either: `diagnosis_missing`. It is J18.9, pneumonia.")?;
    let records = play.call(&mut person.line, "record.list", &visit)?;
    Ok(items(&records).iter().filter(|record| record["state"] == "signed").count())
}

/// Returns how many lines were refused, and how many prescriptions were given out.
fn prescription(
    play: &mut Play,
    cast: &mut Cast,
    (patient, visit_id): (usize, i64),
) -> Result<(usize, usize), Stop> {
    play.screen.chapter("10  The prescription")?;
    fs::write(play.house.path().join("drugs.csv"), DRUGS)
        .map_err(|error| Stop::failed(format_args!("the list of drugs cannot be written: {error}")))?;
    let said = play.house.run(&["import", "drugs", "drugs.csv", "--config", "medsrv.conf"], "")?;
    play.screen.note(format!("`medsrv import drugs` says, while the server runs: {}.", said.trim()))?;
    let person = cast.patients.get_mut(patient).ok_or_else(|| Stop::failed("there is no such patient"))?;
    let allergy = json!({"patient_id": person.id, "substance": "penicillin", "severity": "severe"});
    let allergy = play.call(&mut cast.nurse.line, "allergy.add", &allergy)?;
    play.screen.tell(format!("The nurse notes that {} does not bear penicillins.", person.name))?;
    let doctor = &mut cast.doctor.line;
    let mut drug = |code: &str| -> Result<i64, Stop> {
        let found = play.call(doctor, "drug.search", &json!({"code": code}))?;
        number(items(&found).first().unwrap_or(&Value::Null), "drug_id")
    };
    let (amoxicillin, azithromycin) = (drug("AMX500")?, drug("AZI250")?);
    let sheet = |line: Value| json!({"encounter_id": visit_id, "lines": [line]});
    let line = json!({
        "drug_id": amoxicillin, "dose": 500, "frequency": "tid", "duration_days": 7,
        "override_reason": "nothing else at hand",
    });
    let against = play.refused(doctor, "prescription.create", &sheet(line), "allergy")?;
    let refused = usize::from(at(&against, "/allergy_id") == at(&allergy, "/allergy_id"));
    must(refused == 1, "another allergy is named")?;
    play.screen.note("The doctor prescribes amoxicillin, and gives a reason: `allergy`.")?;
    play.screen.tell("Amoxicillin is a penicillin, and no reason sets a severe allergy aside.")?;
    let line = json!({"drug_id": azithromycin, "dose": 500, "frequency": "qd", "duration_days": 3});
    let draft = play.call(doctor, "prescription.create", &sheet(line))?;
    let quantity = text(at(&draft, "/lines/0"), "quantity")?.to_owned();
    let params = json!({"prescription_id": number(&draft, "prescription_id")?});
    play.call(doctor, "prescription.activate", &params)?;
    play.call(&mut cast.nurse.line, "prescription.dispense", &params)?;
    play.screen.note("Nothing speaks against azithromycin: 500 mg once a day, for three days.")?;
    play.screen.tell(format!("That comes to {quantity} mg, which the nurse gives out."))?;
    play.refused(&mut cast.nurse.line, "prescription.dispense", &params, "bad_transition")?;
    play.screen.tell("A second time the same sheet is not given out: `bad_transition`.")?;
    let params = json!({"patient_id": person.id});
    let found = play.call(&mut person.line, "prescription.list", &params)?;
    let dispensed = items(&found).iter().filter(|sheet| sheet["state"] == "dispensed").count();
    Ok((refused, dispensed))
}
