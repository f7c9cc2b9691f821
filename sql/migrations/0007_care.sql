-- What is done for patients beyond their appointments: visits and what is written of them, medicines, orders,
-- stays, the staff's days, and messages. Moments whose names end in _ms are milliseconds since 1970, UTC; days
-- are YYYY-MM-DD in the hospital's own time. Where a table of the old schema shows the same fact, a column
-- named old_… or the same id leads to its row.

-- A visit or a stay (FHIR Encounter).
CREATE TABLE encounters (
    encounter_id INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id INTEGER NOT NULL REFERENCES patients (patient_id),
    doctor_id INTEGER NOT NULL REFERENCES doctors (doctor_id),
    appointment_id INTEGER REFERENCES appointments (appointment_id),
    -- FHIR's codes: AMB (a visit), EMER (an emergency), IMP (a stay).
    class TEXT NOT NULL,
    department TEXT,
    state TEXT NOT NULL,
    reason TEXT,
    -- The old schema's row; it is there from the beginning of the visit on.
    record_id INTEGER REFERENCES medical_records (record_id),
    created_by INTEGER,
    created_ms INTEGER NOT NULL,
    started_ms INTEGER,
    ended_ms INTEGER
);
-- An appointment has one visit.
CREATE UNIQUE INDEX encounters_by_appointment ON encounters (appointment_id)
WHERE appointment_id IS NOT NULL AND state <> 'cancelled';
CREATE INDEX encounters_by_patient ON encounters (patient_id, created_ms);
CREATE INDEX encounters_by_doctor ON encounters (doctor_id, encounter_id);
CREATE INDEX encounters_open ON encounters (doctor_id) WHERE state = 'in_progress';
CREATE INDEX encounters_by_record ON encounters (record_id) WHERE record_id IS NOT NULL;
CREATE TRIGGER encounters_are_kept BEFORE DELETE ON encounters
BEGIN
    SELECT RAISE(ABORT, 'no visit is deleted');
END;

-- What a doctor writes of a visit. The text itself stands in its versions.
CREATE TABLE record_notes (
    note_id INTEGER PRIMARY KEY AUTOINCREMENT,
    encounter_id INTEGER NOT NULL REFERENCES encounters (encounter_id),
    patient_id INTEGER NOT NULL,
    author_id INTEGER NOT NULL,
    -- draft or signed.
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    signed_ms INTEGER
);
CREATE INDEX record_notes_by_encounter ON record_notes (encounter_id);
CREATE INDEX record_notes_signed ON record_notes (patient_id, signed_ms) WHERE state = 'signed';
CREATE TRIGGER record_notes_stay_signed BEFORE UPDATE ON record_notes
WHEN OLD.state = 'signed' AND NEW.state <> 'signed'
BEGIN
    SELECT RAISE(ABORT, 'what is signed stays signed');
END;
CREATE TRIGGER record_notes_are_kept BEFORE DELETE ON record_notes
BEGIN
    SELECT RAISE(ABORT, 'no record is deleted');
END;

CREATE TABLE record_versions (
    note_id INTEGER NOT NULL REFERENCES record_notes (note_id),
    version INTEGER NOT NULL,
    symptoms TEXT,
    diagnosis TEXT,
    advice TEXT,
    -- Why a signed text was changed.
    reason TEXT,
    author_id INTEGER NOT NULL,
    written_ms INTEGER NOT NULL,
    -- What was signed is there for ever; a draft's version is written anew until it is.
    is_final INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (note_id, version)
) WITHOUT ROWID;
CREATE TRIGGER record_versions_stay BEFORE UPDATE ON record_versions WHEN OLD.is_final
BEGIN
    SELECT RAISE(ABORT, 'a signed text is not changed');
END;
CREATE TRIGGER record_versions_are_kept BEFORE DELETE ON record_versions
BEGIN
    SELECT RAISE(ABORT, 'no text of a record is deleted');
END;

-- Where pictures and findings lie that belong to a visit.
CREATE TABLE attachments (
    attachment_id INTEGER PRIMARY KEY AUTOINCREMENT,
    encounter_id INTEGER NOT NULL REFERENCES encounters (encounter_id),
    patient_id INTEGER NOT NULL,
    title TEXT NOT NULL,
    media_type TEXT NOT NULL,
    -- A path or address in the hospital's own archive; the server never opens it.
    reference TEXT NOT NULL,
    sha256 TEXT,
    added_by INTEGER NOT NULL,
    added_ms INTEGER NOT NULL,
    withdrawn_ms INTEGER,
    withdrawn_reason TEXT
);
CREATE INDEX attachments_by_encounter ON attachments (encounter_id);
CREATE TRIGGER attachments_are_kept BEFORE DELETE ON attachments
BEGIN
    SELECT RAISE(ABORT, 'no attachment is deleted');
END;

-- The table of ICD-10 that the hospital has loaded.
CREATE TABLE icd10_codes (
    code TEXT PRIMARY KEY,
    title TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX icd10_codes_by_title ON icd10_codes (title COLLATE NOCASE);

CREATE TABLE diagnoses (
    diagnosis_id INTEGER PRIMARY KEY AUTOINCREMENT,
    encounter_id INTEGER NOT NULL REFERENCES encounters (encounter_id),
    patient_id INTEGER NOT NULL,
    -- ICD-10; null where no code is.
    code TEXT,
    title TEXT NOT NULL,
    -- Among those of its use; 1 is the principal one.
    rank INTEGER NOT NULL CHECK (rank >= 1),
    -- admission, working or discharge.
    use TEXT NOT NULL,
    -- provisional or confirmed.
    certainty TEXT NOT NULL,
    recorded_by INTEGER NOT NULL,
    recorded_ms INTEGER NOT NULL,
    withdrawn_ms INTEGER,
    withdrawn_reason TEXT
);
CREATE UNIQUE INDEX diagnoses_by_rank ON diagnoses (encounter_id, use, rank) WHERE withdrawn_ms IS NULL;
CREATE INDEX diagnoses_by_encounter ON diagnoses (encounter_id);
CREATE INDEX diagnoses_by_patient ON diagnoses (patient_id, recorded_ms);
CREATE TRIGGER diagnoses_are_kept BEFORE DELETE ON diagnoses
BEGIN
    SELECT RAISE(ABORT, 'no diagnosis is deleted');
END;

CREATE TABLE allergies (
    allergy_id INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id INTEGER NOT NULL REFERENCES patients (patient_id),
    -- What the patient does not bear, as it was written, and as it is compared: an ingredient or a class of
    -- drugs in lower case.
    substance TEXT NOT NULL,
    substance_key TEXT NOT NULL,
    -- mild, moderate or severe.
    severity TEXT NOT NULL,
    reaction TEXT,
    recorded_by INTEGER NOT NULL,
    recorded_ms INTEGER NOT NULL,
    -- When and why it was found not to be one.
    refuted_ms INTEGER,
    refuted_by INTEGER,
    refuted_reason TEXT
);
CREATE UNIQUE INDEX allergies_once ON allergies (patient_id, substance_key) WHERE refuted_ms IS NULL;
CREATE INDEX allergies_by_patient ON allergies (patient_id, allergy_id);
CREATE INDEX allergies_by_time ON allergies (patient_id, recorded_ms);
CREATE TRIGGER allergies_are_kept BEFORE DELETE ON allergies
BEGIN
    SELECT RAISE(ABORT, 'no allergy is deleted');
END;

-- The drugs that the hospital has, as it has loaded them. Codes and names are found in capital and small letters.
CREATE TABLE drugs (
    drug_id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL COLLATE NOCASE UNIQUE,
    name TEXT NOT NULL COLLATE NOCASE,
    -- In lower case, as allergies are compared; several ingredients are parted by +.
    ingredient TEXT NOT NULL,
    drug_class TEXT,
    form TEXT,
    strength TEXT,
    -- In which doses are written and quantities are counted.
    dose_unit TEXT NOT NULL,
    route TEXT,
    -- What is not active is neither found nor prescribed.
    is_active INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX drugs_by_name ON drugs (name, drug_id);

-- A sheet of lines that a doctor prescribes at once. The old schema has a row of it from when it is active.
CREATE TABLE prescription_sheets (
    sheet_id INTEGER PRIMARY KEY AUTOINCREMENT,
    encounter_id INTEGER NOT NULL REFERENCES encounters (encounter_id),
    patient_id INTEGER NOT NULL,
    doctor_id INTEGER NOT NULL,
    -- draft, active, dispensed, stopped or cancelled.
    state TEXT NOT NULL,
    reason TEXT,
    old_prescription_id INTEGER REFERENCES prescriptions (prescription_id),
    created_ms INTEGER NOT NULL,
    activated_ms INTEGER,
    dispensed_ms INTEGER,
    dispensed_by INTEGER,
    ended_ms INTEGER
);
CREATE INDEX prescription_sheets_by_encounter ON prescription_sheets (encounter_id, sheet_id);
CREATE INDEX prescription_sheets_by_patient ON prescription_sheets (patient_id, sheet_id);
-- Tells the old schema's rows of ours from those that old clients have inserted.
CREATE INDEX prescription_sheets_by_old ON prescription_sheets (old_prescription_id)
WHERE old_prescription_id IS NOT NULL;
CREATE INDEX prescriptions_by_record ON prescriptions (record_id) WHERE record_id IS NOT NULL;

CREATE TABLE prescription_lines (
    line_id INTEGER PRIMARY KEY AUTOINCREMENT,
    sheet_id INTEGER NOT NULL REFERENCES prescription_sheets (sheet_id),
    patient_id INTEGER NOT NULL,
    drug_id INTEGER NOT NULL REFERENCES drugs (drug_id),
    -- Decimal numbers as text, so that they are exact.
    dose TEXT NOT NULL,
    dose_unit TEXT NOT NULL,
    route TEXT NOT NULL,
    -- qd, bid, tid, qid, qNh or prn.
    frequency TEXT NOT NULL,
    duration_days INTEGER NOT NULL CHECK (duration_days BETWEEN 1 AND 365),
    quantity TEXT NOT NULL,
    note TEXT,
    -- What was found against it, parted by blanks (allergy:ID, duplicate:LINE_ID), and why it was prescribed all
    -- the same.
    warnings TEXT,
    override_reason TEXT,
    -- The last day on which it is taken, once it is active; duplicates are looked for up to it.
    taken_until TEXT,
    is_live INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX prescription_lines_by_sheet ON prescription_lines (sheet_id);
CREATE INDEX prescription_lines_live ON prescription_lines (patient_id, taken_until) WHERE is_live = 1;

-- What is to be examined or done (FHIR ServiceRequest). The old schema has a row of it, too.
CREATE TABLE service_orders (
    order_id INTEGER PRIMARY KEY AUTOINCREMENT,
    encounter_id INTEGER NOT NULL REFERENCES encounters (encounter_id),
    patient_id INTEGER NOT NULL,
    doctor_id INTEGER NOT NULL,
    -- laboratory, imaging, procedure or nursing.
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    -- stat, urgent or routine, in which order they are done.
    priority TEXT NOT NULL,
    priority_rank INTEGER NOT NULL
        GENERATED ALWAYS AS (CASE priority WHEN 'stat' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END) STORED,
    -- requested, accepted, in_progress, completed or cancelled.
    state TEXT NOT NULL,
    reason TEXT,
    old_order_id INTEGER REFERENCES medical_orders (order_id),
    requested_ms INTEGER NOT NULL,
    accepted_ms INTEGER,
    accepted_by INTEGER,
    started_ms INTEGER,
    ended_ms INTEGER
);
CREATE INDEX service_orders_by_encounter ON service_orders (encounter_id, order_id);
CREATE INDEX service_orders_by_patient ON service_orders (patient_id, order_id);
-- What is to be done next: of all, of those in one state, and of one doctor's.
CREATE INDEX service_orders_open ON service_orders (kind, priority_rank, order_id) WHERE ended_ms IS NULL;
CREATE INDEX service_orders_in_state ON service_orders (kind, state, priority_rank, order_id)
WHERE ended_ms IS NULL;
CREATE INDEX service_orders_of_doctor ON service_orders (doctor_id, kind, priority_rank, order_id)
WHERE ended_ms IS NULL;
-- Tells the old schema's rows of ours from those that old clients have inserted.
CREATE INDEX service_orders_by_old ON service_orders (old_order_id) WHERE old_order_id IS NOT NULL;
CREATE INDEX medical_orders_by_record ON medical_orders (record_id) WHERE record_id IS NOT NULL;

CREATE TABLE order_results (
    result_id INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id INTEGER NOT NULL REFERENCES service_orders (order_id),
    patient_id INTEGER NOT NULL,
    doctor_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- A decimal number as text, or words.
    value TEXT NOT NULL,
    unit TEXT,
    reference_range TEXT,
    -- normal, low, high or critical.
    flag TEXT NOT NULL,
    reported_by INTEGER NOT NULL,
    reported_ms INTEGER NOT NULL,
    -- For a critical one: when it is told again, and when the doctor has said that they know of it.
    repeat_ms INTEGER,
    acknowledged_ms INTEGER,
    acknowledged_by INTEGER
);
CREATE INDEX order_results_by_order ON order_results (order_id, result_id);
CREATE INDEX order_results_critical ON order_results (doctor_id, result_id)
WHERE flag = 'critical' AND acknowledged_ms IS NULL;
CREATE INDEX order_results_to_repeat ON order_results (repeat_ms)
WHERE flag = 'critical' AND acknowledged_ms IS NULL;

CREATE TABLE wards (
    ward_id INTEGER PRIMARY KEY AUTOINCREMENT,
    number TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    department TEXT,
    is_closed INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE beds (
    bed_id INTEGER PRIMARY KEY AUTOINCREMENT,
    ward_id INTEGER NOT NULL REFERENCES wards (ward_id),
    number TEXT NOT NULL,
    -- free, reserved, occupied, cleaning or blocked.
    state TEXT NOT NULL DEFAULT 'free',
    reason TEXT,
    changed_ms INTEGER NOT NULL,
    UNIQUE (ward_id, number)
);

-- A stay, from when it is asked for to the discharge. The old schema has a row of it from the admission on.
CREATE TABLE admissions (
    admission_id INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id INTEGER NOT NULL REFERENCES patients (patient_id),
    doctor_id INTEGER NOT NULL REFERENCES doctors (doctor_id),
    -- The visit that led to it, and the stay's own.
    origin_encounter_id INTEGER REFERENCES encounters (encounter_id),
    encounter_id INTEGER REFERENCES encounters (encounter_id),
    ward_id INTEGER NOT NULL REFERENCES wards (ward_id),
    -- The bed that is kept for it until the admission.
    reserved_bed_id INTEGER REFERENCES beds (bed_id),
    -- elective or emergency.
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    reason_code TEXT,
    -- requested, admitted, discharge_ordered, discharged or cancelled.
    state TEXT NOT NULL,
    -- home, transferred, against_advice or died.
    disposition TEXT,
    end_reason TEXT,
    -- The day on which it is expected to end.
    expected_on TEXT,
    old_hospitalization_id INTEGER REFERENCES hospitalizations (hospitalization_id),
    requested_ms INTEGER NOT NULL,
    admitted_ms INTEGER,
    ordered_ms INTEGER,
    ended_ms INTEGER
);
-- A patient has one stay that is not over, and one that is asked for at the most.
CREATE UNIQUE INDEX admissions_open ON admissions (patient_id) WHERE ended_ms IS NULL;
CREATE INDEX admissions_by_patient ON admissions (patient_id, admission_id);
CREATE INDEX admissions_of_ward ON admissions (ward_id) WHERE ended_ms IS NULL;
CREATE UNIQUE INDEX admissions_reserved ON admissions (reserved_bed_id) WHERE reserved_bed_id IS NOT NULL;
CREATE UNIQUE INDEX admissions_by_encounter ON admissions (encounter_id) WHERE encounter_id IS NOT NULL;
-- What is to be written of a stay, and the diagnosis without which nobody is discharged, is written in its
-- encounter; so that goes on until the discharge.
CREATE TRIGGER encounters_of_stays_go_on BEFORE UPDATE OF state ON encounters
WHEN
    OLD.class = 'IMP'
    AND NEW.state <> 'in_progress'
    AND EXISTS (SELECT 1 FROM admissions WHERE encounter_id = OLD.encounter_id AND ended_ms IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'the encounter of a stay goes on until the discharge');
END;
CREATE UNIQUE INDEX admissions_by_old ON admissions (old_hospitalization_id)
WHERE old_hospitalization_id IS NOT NULL;
-- Finds a ward's stays of the old schema that are not over. It is over an expression that no old client asks
-- for, so that their SELECT without ORDER BY gets its rows as they were inserted.
CREATE INDEX hospitalizations_of_ward ON hospitalizations (CASE WHEN status = 'admitted' THEN ward_number END)
WHERE CASE WHEN status = 'admitted' THEN ward_number END IS NOT NULL;

-- In which bed a patient has lain, from when to when.
CREATE TABLE bed_stays (
    stay_id INTEGER PRIMARY KEY AUTOINCREMENT,
    admission_id INTEGER NOT NULL REFERENCES admissions (admission_id),
    patient_id INTEGER NOT NULL,
    bed_id INTEGER NOT NULL REFERENCES beds (bed_id),
    from_ms INTEGER NOT NULL,
    to_ms INTEGER CHECK (to_ms IS NULL OR to_ms >= from_ms),
    reason TEXT
);
-- A bed has one patient, and a patient one bed.
CREATE UNIQUE INDEX bed_stays_of_bed ON bed_stays (bed_id) WHERE to_ms IS NULL;
CREATE UNIQUE INDEX bed_stays_of_patient ON bed_stays (patient_id) WHERE to_ms IS NULL;
CREATE INDEX bed_stays_by_admission ON bed_stays (admission_id);
CREATE INDEX bed_stays_by_time ON bed_stays (bed_id, from_ms);

-- Which doctor leads a department, and decides on leave there.
CREATE TABLE department_heads (
    department TEXT PRIMARY KEY,
    doctor_id INTEGER NOT NULL REFERENCES doctors (doctor_id)
) WITHOUT ROWID;

-- What a row of attendance has beside the old schema's columns: the session that the doctor came for.
CREATE TABLE attendance_shifts (
    attendance_id INTEGER PRIMARY KEY REFERENCES attendance (attendance_id),
    doctor_id INTEGER NOT NULL,
    -- Null where the doctor came without one.
    session_id INTEGER REFERENCES clinic_sessions (session_id),
    in_ms INTEGER NOT NULL,
    out_ms INTEGER,
    -- Nobody clocked out, and the next clocking in has ended it.
    is_out_assumed INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX attendance_once ON attendance_shifts (doctor_id, session_id) WHERE session_id IS NOT NULL;
CREATE UNIQUE INDEX attendance_open ON attendance_shifts (doctor_id) WHERE out_ms IS NULL;
-- As in 0003_indexes.sql: no SELECT of an old client goes through it.
CREATE INDEX attendance_by_doctor ON attendance (doctor_id, check_in_time) WHERE check_in_time IS NOT NULL;

-- What a request for leave has beside the old schema's columns, which know no revoking: there it is rejected.
CREATE TABLE leaves (
    leave_id INTEGER PRIMARY KEY REFERENCES leave_requests (leave_id),
    doctor_id INTEGER NOT NULL,
    date_from TEXT NOT NULL,
    -- What an old client has asked for may have days that are out of order.
    date_to TEXT NOT NULL,
    -- pending, approved, rejected or revoked.
    state TEXT NOT NULL,
    -- Who takes the sessions over.
    substitute_id INTEGER,
    -- Keeps new sessions from being made in those days.
    exception_id INTEGER,
    -- Null where a client of the old dialect has asked.
    requested_ms INTEGER,
    decided_by INTEGER,
    decided_ms INTEGER,
    decision_reason TEXT
);
-- By the doctor alone, so that a doctor's rows stand in the order in which they were inserted.
CREATE INDEX leave_requests_by_doctor ON leave_requests (doctor_id) WHERE doctor_id IS NOT NULL;
CREATE INDEX leave_requests_pending ON leave_requests (leave_id) WHERE status = 'pending';

-- Messages about a patient between them and a doctor, or among the staff.
CREATE TABLE chat_threads (
    thread_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- patient or staff.
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- Of a patient's thread: between whom it is, and about which visit. That of an appointment is found by the
    -- appointment alone.
    patient_id INTEGER REFERENCES patients (patient_id),
    doctor_id INTEGER REFERENCES doctors (doctor_id),
    appointment_id INTEGER REFERENCES appointments (appointment_id),
    encounter_id INTEGER REFERENCES encounters (encounter_id),
    last_sequence INTEGER NOT NULL DEFAULT 0,
    created_by INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    -- When somebody closed it; that of a patient closes by itself as well, which no row says.
    closed_ms INTEGER
);
CREATE INDEX chat_threads_by_patient ON chat_threads (patient_id, thread_id) WHERE patient_id IS NOT NULL;
-- A visit has one thread.
CREATE UNIQUE INDEX chat_threads_by_appointment ON chat_threads (appointment_id)
WHERE appointment_id IS NOT NULL;
CREATE UNIQUE INDEX chat_threads_by_encounter ON chat_threads (encounter_id) WHERE encounter_id IS NOT NULL;

CREATE TABLE chat_members (
    thread_id INTEGER NOT NULL REFERENCES chat_threads (thread_id),
    user_id INTEGER NOT NULL REFERENCES users (user_id),
    delivered_sequence INTEGER NOT NULL DEFAULT 0,
    read_sequence INTEGER NOT NULL DEFAULT 0,
    -- The messages after read_sequence that were sent to them: so many copies there are.
    unread INTEGER NOT NULL DEFAULT 0 CHECK (unread >= 0),
    -- When they last got or wrote something.
    active_ms INTEGER NOT NULL,
    left_ms INTEGER,
    -- Up to where they may read once they have left.
    left_sequence INTEGER,
    PRIMARY KEY (thread_id, user_id)
) WITHOUT ROWID;
CREATE INDEX chat_members_by_user ON chat_members (user_id, active_ms, thread_id);
CREATE INDEX chat_members_unread ON chat_members (user_id, active_ms, thread_id) WHERE unread > 0;

-- A message, by its place in the thread.
CREATE TABLE chat_entries (
    thread_id INTEGER NOT NULL REFERENCES chat_threads (thread_id),
    sequence INTEGER NOT NULL,
    sender_id INTEGER NOT NULL,
    content TEXT NOT NULL,
    sent_ms INTEGER NOT NULL,
    PRIMARY KEY (thread_id, sequence)
) WITHOUT ROWID;
-- How many someone has sent of late.
CREATE INDEX chat_entries_by_sender ON chat_entries (sender_id, sent_ms);
-- The old schema's rows of a message, one for each who gets it.
CREATE TABLE chat_copies (
    message_id INTEGER PRIMARY KEY REFERENCES chat_messages (message_id),
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    receiver_id INTEGER NOT NULL
);
CREATE INDEX chat_copies_by_receiver ON chat_copies (thread_id, receiver_id, sequence);

-- The old schema's messages that belong to no thread, because old clients have put them there: by the two
-- between whom they went, the lower id first.
CREATE TABLE chat_strays (
    lower_id INTEGER NOT NULL,
    higher_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    PRIMARY KEY (lower_id, higher_id, message_id)
) WITHOUT ROWID;
INSERT INTO chat_strays (lower_id, higher_id, message_id)
SELECT min(sender_id, receiver_id), max(sender_id, receiver_id), message_id FROM chat_messages;

-- From whom someone wants no messages.
CREATE TABLE chat_blocks (
    user_id INTEGER NOT NULL REFERENCES users (user_id),
    blocked_id INTEGER NOT NULL REFERENCES users (user_id),
    blocked_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
) WITHOUT ROWID;

-- What a patient's history is made of, besides what has its index above. A query that an old client writes never
-- names the last one's condition, so that its rows come as they were inserted.
CREATE INDEX prescription_sheets_by_time ON prescription_sheets (patient_id, activated_ms)
WHERE activated_ms IS NOT NULL;
CREATE INDEX service_orders_by_time ON service_orders (patient_id, requested_ms);
CREATE INDEX admissions_by_time ON admissions (patient_id, requested_ms);
CREATE INDEX medical_records_by_time ON medical_records (patient_id, visit_time) WHERE visit_time > '';
-- When a ticket was called for the first time, for those who were called, skipped and called again. Of tickets
-- that are there already the last call is known.
ALTER TABLE tickets ADD COLUMN first_called_ms INTEGER;
UPDATE tickets SET first_called_ms = called_ms WHERE called_ms IS NOT NULL;

-- A day's sessions in the order of their ids, and the stays that ended in a day, for reports.
CREATE INDEX clinic_sessions_of_day ON clinic_sessions (day);
CREATE INDEX admissions_by_end ON admissions (ended_ms) WHERE ended_ms IS NOT NULL;
