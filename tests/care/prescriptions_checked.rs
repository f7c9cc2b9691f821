//! What speaks against a prescription: allergies, and what the patient takes already.

use super::clinic::*;
use super::pharmacy::*;
use serde_json::{Value, json};

/// A line that is prescribed for a reason.
fn overriding(mut line: Value, reason: &str) -> Value {
    line["override_reason"] = json!(reason);
    line
}

#[test]
fn a_severe_allergy_is_never_set_aside_a_lesser_one_for_a_reason() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let severe = allergy(&mut clinic, 0, "penicillin", "severe");
    let mild = allergy(&mut clinic, 0, "sulfamethoxazole", "moderate");
    let create = |clinic: &mut Clinic, line: &Value, code: &str| {
        let params = json!({"encounter_id": encounter_id, "lines": [line]});
        clinic.refused(DOCTOR, "prescription.create", params, code)
    };
    // By class, and by one of several ingredients.
    let amoxicillin = line(&mut clinic, "AMC625", "1");
    for line in [amoxicillin.clone(), overriding(amoxicillin, "无其他药")] {
        let facts = create(&mut clinic, &line, "allergy");
        assert_eq!((&facts["allergy_id"], &facts["severity"]), (&json!(severe), &json!("severe")));
        assert_eq!((&facts["drug_id"], &facts["place"]), (&line["drug_id"], &json!(0)));
    }
    let sulfa = line(&mut clinic, "SMX480", "2");
    assert_eq!(create(&mut clinic, &sulfa, "allergy")["allergy_id"], mild);
    let sheet = draft(&mut clinic, encounter_id, json!([overriding(sulfa.clone(), "病情需要")]));
    assert_eq!(sheet["lines"][0]["warnings"], json!([format!("allergy:{mild}")]));
    assert_eq!(sheet["lines"][0]["override_reason"], "病情需要");
    let kept = "SELECT count(*) FROM audit WHERE method = 'prescription.create' AND detail = 'override'
        AND reason = '病情需要' AND outcome = 'success'";
    assert_eq!(clinic.number(kept), 1);
    // A reason that is not needed is not kept.
    let plain = overriding(line(&mut clinic, "AML005", "5"), "多余");
    assert_eq!(draft(&mut clinic, encounter_id, json!([plain]))["lines"][0]["override_reason"], Value::Null);
    // What was refuted speaks against nothing.
    clinic.execute(&format!("UPDATE allergies SET refuted_ms = 1 WHERE allergy_id = {mild}"));
    assert_eq!(draft(&mut clinic, encounter_id, json!([sulfa]))["lines"][0]["warnings"], json!([]));
}

#[test]
fn what_is_taken_already_is_not_prescribed_again() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let elsewhere = visit(&mut clinic, 1);
    let taken = active(&mut clinic, encounter_id, "PAR500");
    let cold = line(&mut clinic, "COL010", "1");
    let params = json!({"encounter_id": encounter_id, "lines": [cold]});
    let facts = clinic.refused(DOCTOR, "prescription.create", params.clone(), "duplicate_ingredient");
    assert_eq!(facts["line_id"], taken["lines"][0]["line_id"]);
    assert_eq!(facts["prescription_id"], taken["prescription_id"]);
    let sheet = draft(&mut clinic, encounter_id, json!([overriding(cold.clone(), "短期")]));
    let other = json!({"prescription_id": sheet["prescription_id"]});
    assert_eq!(clinic.ok(DOCTOR, "prescription.activate", other.clone())["state"], "active");
    clinic.ok(
        DOCTOR,
        "prescription.cancel",
        json!({"prescription_id": sheet["prescription_id"], "reason": "x"}),
    );
    // A day after its last one it is not taken any longer.
    clinic.at("2026-01-11 08:00");
    clinic.refused(DOCTOR, "prescription.create", params.clone(), "duplicate_ingredient");
    clinic.at("2026-01-12 08:00");
    clinic.ok(DOCTOR, "prescription.create", params.clone());
    // Nor is what was stopped, or what is another patient's.
    clinic.at("2026-01-11 08:00");
    let stop = json!({"prescription_id": taken["prescription_id"], "reason": "肝功能异常"});
    clinic.ok(DOCTOR, "prescription.stop", stop);
    clinic.ok(DOCTOR, "prescription.create", params);
    active(&mut clinic, elsewhere, "IBU300");
    active(&mut clinic, encounter_id, "IBU300");
}

#[test]
fn one_sheet_has_an_ingredient_once() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let (one, other) = (line(&mut clinic, "AMX250", "250"), line(&mut clinic, "AMX500", "500"));
    let params = json!({"encounter_id": encounter_id, "lines": [one, other]});
    let facts = clinic.refused(DOCTOR, "prescription.create", params, "duplicate_ingredient");
    assert_eq!((&facts["place"], &facts["other_place"]), (&json!(1), &json!(0)));
    assert_eq!(facts["line_id"], Value::Null, "what was undone is not named");
    assert_eq!(clinic.number("SELECT count(*) FROM prescription_sheets"), 0);
    let sheet = draft(&mut clinic, encounter_id, json!([one]));
    let mut params = json!({"prescription_id": sheet["prescription_id"], "line": other});
    let facts = clinic.refused(DOCTOR, "prescription.add_line", params.clone(), "duplicate_ingredient");
    assert_eq!(facts["line_id"], sheet["lines"][0]["line_id"]);
    params["line"] = overriding(other, "首剂加倍");
    clinic.ok(DOCTOR, "prescription.add_line", params);
    let id = json!({"prescription_id": sheet["prescription_id"]});
    assert_eq!(clinic.ok(DOCTOR, "prescription.activate", id)["state"], "active");
}

#[test]
fn what_has_come_to_be_known_since_the_draft_is_looked_at_again() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let first = allergy(&mut clinic, 0, "amoxicillin", "mild");
    let one = overriding(line(&mut clinic, "AMX500", "500"), "轻微");
    let sheet = draft(&mut clinic, encounter_id, json!([one]));
    let id = json!({"prescription_id": sheet["prescription_id"]});
    // The reason was given for another allergy.
    let second = allergy(&mut clinic, 0, "penicillin", "mild");
    let facts = clinic.refused(DOCTOR, "prescription.activate", id.clone(), "allergy");
    assert_eq!((&facts["allergy_id"], &facts["place"]), (&json!(second), &Value::Null));
    let line_id = &sheet["lines"][0]["line_id"];
    let remove = json!({"prescription_id": sheet["prescription_id"], "line_id": line_id});
    clinic.ok(DOCTOR, "prescription.remove_line", remove);
    let add = json!({"prescription_id": sheet["prescription_id"], "line": one});
    let added = clinic.ok(DOCTOR, "prescription.add_line", add);
    let warnings = json!([format!("allergy:{first}"), format!("allergy:{second}")]);
    assert_eq!(added["lines"][0]["warnings"], warnings);
    clinic.execute(&format!("UPDATE allergies SET severity = 'severe' WHERE allergy_id = {second}"));
    clinic.refused(DOCTOR, "prescription.activate", id.clone(), "allergy");
    clinic.execute(&format!("UPDATE allergies SET refuted_ms = 1 WHERE allergy_id = {second}"));
    // Another doctor has prescribed the same meanwhile.
    clinic.execute(
        "INSERT INTO prescription_sheets (encounter_id, patient_id, doctor_id, state, created_ms)
        SELECT encounter_id, patient_id, doctor_id, 'active', created_ms FROM prescription_sheets",
    );
    clinic.execute(
        "INSERT INTO prescription_lines (sheet_id, patient_id, drug_id, dose, dose_unit, route, frequency,
            duration_days, quantity, taken_until)
        SELECT (SELECT max(sheet_id) FROM prescription_sheets), patient_id, drug_id, dose, dose_unit, route,
            frequency, duration_days, quantity, '2026-01-05' FROM prescription_lines",
    );
    clinic.refused(DOCTOR, "prescription.activate", id.clone(), "duplicate_ingredient");
    clinic.execute("UPDATE prescription_lines SET is_live = 0 WHERE taken_until IS NOT NULL");
    assert_eq!(clinic.ok(DOCTOR, "prescription.activate", id)["state"], "active");
    assert_eq!(clinic.number("SELECT count(*) FROM prescriptions"), 1);
}

#[test]
fn what_has_come_to_be_known_since_it_is_active_is_looked_at_when_it_is_given_out() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let known = allergy(&mut clinic, 0, "amoxicillin", "mild");
    let one = overriding(line(&mut clinic, "AMX500", "500"), "轻微");
    let id = json!({"prescription_id": draft(&mut clinic, encounter_id, json!([one]))["prescription_id"]});
    // To the nurse a draft is as one that is not there.
    let (theirs, none) = (
        clinic.call(NURSE, "prescription.dispense", &id),
        clinic.call(NURSE, "prescription.dispense", &json!({"prescription_id": 999})),
    );
    assert_eq!(theirs.unwrap_err(), none.unwrap_err());
    clinic.ok(DOCTOR, "prescription.activate", id.clone());
    let dispense = |reason: &str| {
        let mut params = id.clone();
        params["override_reason"] = json!(reason);
        params
    };
    let found = allergy(&mut clinic, 0, "penicillin", "severe");
    for params in [id.clone(), dispense("医生已知")] {
        let facts = clinic.refused(NURSE, "prescription.dispense", params, "allergy");
        assert_eq!((&facts["allergy_id"], &facts["severity"]), (&json!(found), &json!("severe")));
        assert!(facts["drug_id"].is_i64());
    }
    clinic.execute(&format!("UPDATE allergies SET severity = 'moderate' WHERE allergy_id = {found}"));
    let facts = clinic.refused(NURSE, "prescription.dispense", id.clone(), "allergy");
    assert_eq!(facts["allergy_id"], found, "the reason was given for {known}");
    assert_eq!(clinic.ok(NURSE, "prescription.dispense", dispense("医生已知"))["state"], "dispensed");
    let kept = "SELECT count(*) FROM audit WHERE method = 'prescription.dispense' AND detail = 'override'
        AND reason = '医生已知' AND outcome = 'success'";
    assert_eq!(clinic.number(kept), 1);
}

#[test]
fn what_is_fetched_late_is_taken_from_then_on_and_not_beside_what_was_prescribed_meanwhile() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let late = active(&mut clinic, encounter_id, "PAR500");
    clinic.at("2026-01-14 08:00");
    let other = active(&mut clinic, encounter_id, "PAR500");
    let id = |sheet: &Value| json!({"prescription_id": sheet["prescription_id"]});
    let facts = clinic.refused(NURSE, "prescription.dispense", id(&late), "duplicate_ingredient");
    assert_eq!(facts["prescription_id"], other["prescription_id"]);
    let stop = json!({"prescription_id": other["prescription_id"], "reason": "重复"});
    clinic.ok(DOCTOR, "prescription.stop", stop);
    let given = clinic.ok(NURSE, "prescription.dispense", id(&late));
    assert_eq!(given["lines"][0]["taken_until"], "2026-01-20");
}

#[test]
fn what_was_prescribed_in_spite_of_another_line_keeps_neither_from_being_given_out() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let first = active(&mut clinic, encounter_id, "PAR500");
    let again = overriding(line(&mut clinic, "PAR500", "1"), "加量");
    let second = draft(&mut clinic, encounter_id, json!([again]));
    let id = |sheet: &Value| json!({"prescription_id": sheet["prescription_id"]});
    clinic.ok(DOCTOR, "prescription.activate", id(&second));
    for sheet in [first, second] {
        assert_eq!(clinic.ok(NURSE, "prescription.dispense", id(&sheet))["state"], "dispensed");
    }
}

#[test]
fn what_is_off_the_list_is_neither_made_active_nor_given_out() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let taken = active(&mut clinic, encounter_id, "PAR500");
    let again = overriding(line(&mut clinic, "PAR500", "1"), "加量");
    let draft = draft(&mut clinic, encounter_id, json!([again]));
    clinic.execute("UPDATE drugs SET is_active = 0 WHERE code = 'PAR500'");
    for (by, method, sheet) in
        [(DOCTOR, "prescription.activate", &draft), (NURSE, "prescription.dispense", &taken)]
    {
        let facts =
            clinic.refused(by, method, json!({"prescription_id": sheet["prescription_id"]}), "conflict");
        assert_eq!(facts["drug_id"], again["drug_id"]);
    }
}

#[test]
fn a_line_keeps_the_words_of_its_drug() {
    let mut clinic = with_drugs();
    let encounter_id = visit(&mut clinic, 0);
    let taken = active(&mut clinic, encounter_id, "PAR500");
    clinic.execute("UPDATE drugs SET name = 'Paracetamol forte', strength = '1 g' WHERE code = 'PAR500'");
    let id = json!({"prescription_id": taken["prescription_id"]});
    let read = clinic.ok(NURSE, "prescription.get", id);
    let words = |sheet: &Value| {
        ["drug_name", "strength", "form"].map(|member| sheet["lines"][0][member].as_str().unwrap().to_owned())
    };
    assert_eq!(words(&read), words(&taken));
    assert_ne!(words(&read)[0], "Paracetamol forte");
}

#[test]
fn an_allergy_is_compared_by_what_is_seen_of_its_name() {
    for name in ["penicillin\u{200b}", "peni\u{ad}cillin", "ｐenicillin"] {
        let mut clinic = with_drugs();
        let encounter_id = visit(&mut clinic, 0);
        let allergy_id = allergy(&mut clinic, 0, name, "severe");
        let params = json!({"encounter_id": encounter_id, "lines": [line(&mut clinic, "AMC625", "1")]});
        let refused = clinic.refused(DOCTOR, "prescription.create", params, "allergy");
        assert_eq!(refused["allergy_id"], allergy_id, "{name:?}");
    }
}
