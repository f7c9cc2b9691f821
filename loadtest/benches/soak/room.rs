//! One room of the clinic: a patient walks in at the desk, is called, and is seen, and then the next one.
//!
//! It never knows a connection. Invariant: a step is asked for once the one before it was answered, and uses what
//! that has brought.

use crate::client::call;
use crate::people::{DRUGS, PATIENTS, ROOMS, room_session};
use crate::script::{Ask, World};
use serde_json::{Value, json};

/// The doctor's connection, and that of the desk.
pub const DOCTOR: usize = 0;
pub const DESK: usize = 1;

pub struct Room {
    room: u64,
    step: usize,
    patient_id: u64,
    patients: u64,
    found: Found,
}

/// What the steps have brought, by the names that results have.
#[derive(Default)]
struct Found {
    appointment_id: u64,
    ticket_id: u64,
    encounter_id: u64,
    note_id: u64,
    prescription_id: u64,
    thread_id: u64,
}

const STEPS: usize = 20;

impl Room {
    pub fn new(room: u64) -> Room {
        Room { room, step: 0, patient_id: 0, patients: 0, found: Found::default() }
    }

    pub fn number(&self) -> u64 {
        self.room
    }

    pub fn next(&mut self, world: &mut World) -> Ask {
        if self.step == 0 {
            let each = PATIENTS / ROOMS;
            self.patient_id = self.room * each + self.patients % each + 1;
            self.patients += 1;
            self.found = Found::default();
        }
        let (line, method, params) = self.asked(world);
        Ask::kept(call(method, &params.to_string()), line)
    }

    fn asked(&self, world: &mut World) -> (usize, &'static str, Value) {
        let session_id = room_session(self.room);
        let patient_id = self.patient_id;
        let Found { appointment_id, ticket_id, encounter_id, note_id, prescription_id, thread_id } =
            self.found;
        let (method, params) = match self.step {
            0 => {
                let params = json!({"session_id": session_id, "patient_id": patient_id});
                return (DESK, "appointment.walk_in", params);
            }
            1 => ("queue.call_next", json!({"session_id": session_id})),
            2 => ("queue.start", json!({"ticket_id": ticket_id})),
            3 => ("patient.timeline", json!({"patient_id": patient_id, "limit": 10})),
            4 => ("allergy.list", json!({"patient_id": patient_id})),
            5 => (
                "record.write",
                json!({"encounter_id": encounter_id, "symptoms": "咳嗽三天，无发热", "diagnosis": "感冒", "advice": "多饮水"}),
            ),
            6 => (
                "diagnosis.add",
                json!({"encounter_id": encounter_id, "code": "J06.9", "title": "急性上呼吸道感染", "rank": 1}),
            ),
            7 => {
                let drug_id = world.below(DRUGS) + 1;
                let line = json!({"drug_id": drug_id, "dose": 250, "frequency": "tid", "duration_days": 7});
                ("prescription.create", json!({"encounter_id": encounter_id, "lines": [line]}))
            }
            8 => ("prescription.activate", json!({"prescription_id": prescription_id})),
            9 => (
                "order.request",
                json!({"encounter_id": encounter_id, "kind": "laboratory", "content": "血常规"}),
            ),
            10 => ("chat.open", json!({"appointment_id": appointment_id, "subject": "咳嗽"})),
            11 => ("chat.send", json!({"thread_id": thread_id, "content": "明天请空腹来"})),
            12 => ("chat.messages", json!({"thread_id": thread_id})),
            13 => return (DESK, "queue.board", json!({"session_id": session_id})),
            14 => ("record.sign", json!({"note_id": note_id})),
            15 => ("record.list", json!({"encounter_id": encounter_id})),
            16 => ("encounter.get", json!({"encounter_id": encounter_id})),
            17 => ("prescription.list", json!({"encounter_id": encounter_id})),
            18 => return (DESK, "patient.get", json!({"patient_id": patient_id})),
            _ => ("queue.finish", json!({"ticket_id": ticket_id})),
        };
        (DOCTOR, method, params)
    }

    /// Takes the result of what was asked, or that there is none; then the next patient is sent for.
    pub fn answered(&mut self, result: Option<&Value>) {
        let Some(result) = result else {
            self.step = 0;
            return;
        };
        let Found { appointment_id, ticket_id, encounter_id, note_id, prescription_id, thread_id } =
            &mut self.found;
        for (name, kept) in [
            ("appointment_id", appointment_id),
            ("ticket_id", ticket_id),
            ("encounter_id", encounter_id),
            ("note_id", note_id),
            ("prescription_id", prescription_id),
            ("thread_id", thread_id),
        ] {
            if let Some(id) = result.get(name).and_then(Value::as_u64) {
                *kept = id;
            }
        }
        self.step = (self.step + 1) % STEPS;
    }
}
