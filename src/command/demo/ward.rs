//! Owns a stay in a ward, from the request for a bed to the bed that is free again. Never moves anybody itself.
//! Invariant: what is said of beds is the board that was pushed to the nurse, who asks for nothing.

use super::Stop;
use super::opening::{Cast, DEPARTMENT};
use super::play::{Play, at, items, list, number, text};
use super::rush::ms;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What has come of the stays.
pub struct Stayed {
    pub discharged: usize,
    pub free: usize,
}

/// The ward, and the board in it as it was last pushed.
struct Ward {
    id: i64,
    board: Value,
    slowest: Duration,
}

impl Ward {
    /// Somebody has done something; takes the board that tells of it.
    fn next(&mut self, play: &mut Play, cast: &mut Cast, since: Instant, state: &str) -> Result<(), Stop> {
        let is_it = |push: &Value| push["kind"] == "beds" && at(push, "/facts/beds/0/state") == state;
        let (push, took) = play.pushed(&mut cast.nurse.line, since, is_it)?;
        self.board = at(&push, "/facts").clone();
        self.slowest = self.slowest.max(took);
        Ok(())
    }

    fn line(&self) -> String {
        let shown = |bed: &Value| {
            let name = at(bed, "/occupant/patient_name").as_str().unwrap_or_default();
            let (number, state) = (bed["number"].as_str(), bed["state"].as_str());
            format!("{} {} {name}", number.unwrap_or_default(), state.unwrap_or_default()).trim().to_owned()
        };
        format!("  board: {}", list(&self.board, "beds").iter().map(shown).collect::<Vec<_>>().join(" | "))
    }

    fn bed(&self) -> Result<i64, Stop> {
        number(list(&self.board, "beds").first().unwrap_or(&Value::Null), "bed_id")
    }
}

/// One patient lies in the first bed for a while; the other would like to have it.
pub fn run(play: &mut Play, cast: &mut Cast, (patient, other): (usize, usize)) -> Result<Stayed, Stop> {
    play.screen.chapter("11  A bed in the ward")?;
    let new = json!({"number": "3A", "name": "内科病区", "department": DEPARTMENT, "beds": ["1", "2", "3"]});
    let added = play.call(&mut cast.clerk.line, "ward.add", &new)?;
    let id = number(&added, "ward_id")?;
    play.call(&mut cast.nurse.line, "event.subscribe", &json!({"topics": [format!("ward:{id}")]}))?;
    let board = play.call(&mut cast.nurse.line, "ward.board", &json!({"ward_id": id}))?;
    let mut ward = Ward { id, board, slowest: Duration::ZERO };
    let stay = admit(play, cast, &mut ward, (patient, other))?;
    discharge(play, cast, &mut ward, stay)?;
    let patient_id = cast.patient(patient)?.id;
    let stays = play.call(&mut cast.nurse.line, "admission.list", &json!({"patient_id": patient_id}))?;
    let of_state = |list: &[Value], state: &str| list.iter().filter(|item| item["state"] == state).count();
    Ok(Stayed {
        discharged: of_state(items(&stays), "discharged"),
        free: of_state(list(&ward.board, "beds"), "free"),
    })
}

/// Returns the stay, and its encounter.
fn admit(
    play: &mut Play,
    cast: &mut Cast,
    ward: &mut Ward,
    (patient, other): (usize, usize),
) -> Result<(i64, i64), Stop> {
    let mut ask = |play: &mut Play, index: usize| -> Result<(i64, String), Stop> {
        let (patient_id, name) = cast.patient(index).map(|patient| (patient.id, patient.name.clone()))?;
        let params =
            json!({"patient_id": patient_id, "ward_id": ward.id, "kind": "elective", "reason": "肺炎"});
        let asked = play.call(&mut cast.doctor.line, "admission.request", &params)?;
        Ok((number(&asked, "admission_id")?, name))
    };
    let ((stay, name), (waiting, other)) = (ask(play, patient)?, ask(play, other)?);
    let params = json!({"admission_id": stay, "bed_id": ward.bed()?});
    let begun = Instant::now();
    play.call(&mut cast.clerk.line, "admission.reserve", &params)?;
    ward.next(play, cast, begun, "reserved")?;
    play.screen.note(format!(
        "王医生 asks for a bed for {name} and for {other}. The clerk keeps bed 1 for {name}."
    ))?;
    play.screen.tell(ward.line())?;
    let wanted = json!({"admission_id": waiting, "bed_id": ward.bed()?});
    let taken = play.refused(&mut cast.clerk.line, "admission.admit", &wanted, "bed_taken")?;
    let state = text(&taken, "state")?.to_owned();
    play.screen.tell(format!("{other} is to lie in it, too: `bed_taken`, for it is {state}."))?;
    play.call(
        &mut cast.clerk.line,
        "admission.cancel",
        &json!({"admission_id": waiting, "reason": "no bed today"}),
    )?;
    let begun = Instant::now();
    let admitted = play.call(&mut cast.clerk.line, "admission.admit", &json!({"admission_id": stay}))?;
    ward.next(play, cast, begun, "occupied")?;
    play.screen.note(format!("{name} lies down in it. The nurse sees it, without asking."))?;
    play.screen.tell(ward.line())?;
    Ok((stay, number(&admitted, "encounter_id")?))
}

fn discharge(
    play: &mut Play,
    cast: &mut Cast,
    ward: &mut Ward,
    (stay, encounter_id): (i64, i64),
) -> Result<(), Stop> {
    let doctor = &mut cast.doctor.line;
    let order = json!({"admission_id": stay, "disposition": "home"});
    play.refused(doctor, "admission.order_discharge", &order, "diagnosis_missing")?;
    let params = json!({"encounter_id": encounter_id, "code": "J18.9", "title": "肺炎", "use": "discharge"});
    play.call(doctor, "diagnosis.add", &params)?;
    play.call(doctor, "admission.order_discharge", &order)?;
    play.screen
        .tell("Nobody goes home without a discharge diagnosis: `diagnosis_missing`. The doctor adds it.")?;
    let begun = Instant::now();
    play.call(&mut cast.clerk.line, "admission.discharge", &json!({"admission_id": stay}))?;
    ward.next(play, cast, begun, "cleaning")?;
    play.screen.note("The patient has gone. The bed is to be cleaned before anybody else gets it.")?;
    play.screen.tell(ward.line())?;
    let begun = Instant::now();
    let clean = json!({"bed_id": ward.bed()?, "state": "free"});
    play.call(&mut cast.nurse.line, "bed.set_state", &clean)?;
    ward.next(play, cast, begun, "free")?;
    play.screen.note(format!(
        "The nurse says that it is free. Each step was on the board at the latest {:.1} ms after its call.",
        ms(ward.slowest)
    ))?;
    play.screen.tell(ward.line())
}
