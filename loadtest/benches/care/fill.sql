-- What a clinic has beside its people and appointments after some years, and what the writes of a run begin with.
-- Ids lead to one another by arithmetic, which calls.rs knows. There are patients 1 to 100,000, and of a doctor
-- the id is 100,001 and their number, from 0 to 999.

-- Visits that are over: 300,000, number i of patient (i - 1) % 100,000 + 1 and doctor i % 1,000. All that was
-- written in visit i has the number i, too.
CREATE TEMP TABLE visits (i INTEGER PRIMARY KEY, patient_id, doctor_id, at_ms);
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
INSERT INTO visits
SELECT i, (i - 1) % 100000 + 1, 100001 + i % 1000, 1700000000000 + i * 200000
FROM n;

-- Visits that go on: 50,000, number j of patient j, shared out among the first fifty doctors. Each write of a run
-- has one of its own.
CREATE TEMP TABLE going (j INTEGER PRIMARY KEY, patient_id, doctor_id, at_ms);
WITH RECURSIVE n (j) AS (VALUES (1) UNION ALL SELECT j + 1 FROM n WHERE j < 50000)
INSERT INTO going
SELECT j, j, 100001 + (j - 1) % 50, 1770000000000 + j
FROM n;

-- Stays, whose number is their patient's, too: up to 50,000 over, up to 51,600 in the beds of the wards that are
-- looked at, and then 12,000 each that are asked for, that are in a bed, and that wait for the discharge.
CREATE TEMP TABLE stays (s INTEGER PRIMARY KEY, doctor_id, state, bed_id, at_ms);
WITH RECURSIVE n (s) AS (VALUES (1) UNION ALL SELECT s + 1 FROM n WHERE s < 88000)
INSERT INTO stays
SELECT
    s, 100001 + s % 1000,
    CASE
        WHEN s <= 50000 THEN 'discharged'
        WHEN s <= 51600 THEN 'admitted'
        WHEN s <= 64000 THEN 'requested'
        WHEN s <= 76000 THEN 'admitted'
        ELSE 'discharge_ordered'
    END,
    CASE
        WHEN s <= 50000 THEN s
        -- 32 of the 40 beds of each of the first fifty wards.
        WHEN s <= 51600 THEN (s - 50001) / 32 * 40 + (s - 50001) % 32 + 1
        WHEN s <= 64000 THEN NULL
        WHEN s <= 76000 THEN 14001 + s - 64001
        ELSE 38001 + s - 76001
    END,
    CASE WHEN s <= 50000 THEN 1700000000000 ELSE 1760000000000 END + s * 200000
FROM n
WHERE s NOT BETWEEN 51601 AND 52000;

INSERT INTO medical_records (record_id, patient_id, doctor_id, diagnosis, symptoms, visit_time)
SELECT i, patient_id, doctor_id, '上呼吸道感染', '咳嗽三天', datetime(at_ms / 1000, 'unixepoch') FROM visits
UNION ALL
SELECT 300000 + j, patient_id, doctor_id, NULL, NULL, datetime(at_ms / 1000, 'unixepoch') FROM going
UNION ALL
SELECT 300000 + s, s, doctor_id, NULL, NULL, datetime(at_ms / 1000, 'unixepoch') FROM stays
WHERE s > 50000 AND bed_id IS NOT NULL;

INSERT INTO encounters (
    encounter_id, patient_id, doctor_id, class, department, state, record_id, created_by, created_ms, started_ms,
    ended_ms
)
SELECT i, patient_id, doctor_id, CASE WHEN i <= 50000 THEN 'IMP' ELSE 'AMB' END, '内科', 'finished', i, doctor_id,
    at_ms, at_ms, at_ms + 900000
FROM visits
UNION ALL
SELECT 300000 + j, patient_id, doctor_id, 'AMB', '内科', 'in_progress', 300000 + j, doctor_id, at_ms, at_ms, NULL
FROM going
UNION ALL
SELECT 300000 + s, s, doctor_id, 'IMP', '内科', 'in_progress', 300000 + s, doctor_id, at_ms, at_ms, NULL
FROM stays
WHERE s > 50000 AND bed_id IS NOT NULL;

INSERT INTO record_notes (
    note_id, encounter_id, patient_id, author_id, state, version, created_ms, signed_ms
)
SELECT i, i, patient_id, doctor_id, 'signed', 1, at_ms, at_ms + 600000 FROM visits
UNION ALL
SELECT 300000 + j, 300000 + j, patient_id, doctor_id, 'draft', 1, at_ms, NULL FROM going;

INSERT INTO record_versions (note_id, version, symptoms, diagnosis, advice, author_id, written_ms, is_final)
SELECT i, 1, '咳嗽三天，无发热，夜间加重', '上呼吸道感染', '多饮水，三日后复诊', doctor_id, at_ms, 1 FROM visits
UNION ALL
SELECT 300000 + j, 1, '咳嗽三天，无发热，夜间加重', '上呼吸道感染', '多饮水，三日后复诊', doctor_id, at_ms, 0
FROM going;

-- 26,000 codes, from A00.0 to Z99.9.
WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 25999)
INSERT INTO icd10_codes (code, title)
SELECT char(65 + i / 1000) || printf('%02d.%d', i % 1000 / 10, i % 10), 'Disease ' || printf('%05d', i) FROM n;

INSERT INTO diagnoses (
    encounter_id, patient_id, code, title, rank, use, certainty, recorded_by, recorded_ms
)
SELECT i, patient_id, char(65 + i % 26) || printf('%02d.%d', i % 100, i % 10), 'Disease', 1,
    'working', 'confirmed', doctor_id, at_ms + 500000
FROM visits
UNION ALL
SELECT 300000 + s, s, 'J18.9', 'Disease', 1, 'discharge', 'confirmed', doctor_id, at_ms
FROM stays
WHERE s > 76000;

INSERT INTO allergies (patient_id, substance, substance_key, severity, recorded_by, recorded_ms)
SELECT patient_id, 'Substance ' || (i % 7), 'substance ' || (i % 7), 'moderate', doctor_id, at_ms
FROM visits
WHERE i <= 50000;

-- 5,000 drugs, each with an ingredient of its own.
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO drugs (drug_id, code, name, ingredient, drug_class, form, strength, dose_unit, route)
SELECT i, printf('D%05d', i), printf('Drug %05d', i), printf('ingredient %05d', i), 'class ' || (i % 50), '片',
    '0.25 g', 'mg', 'po'
FROM n;

-- 250,000 sheets of two lines each; and a draft of two lines for each visit that goes on.
INSERT INTO prescriptions (prescription_id, record_id, doctor_id, content)
SELECT i, i, doctor_id, 'Drug 0.25 g 片: 250 mg, po, tid, 7 d, total 5250 mg' FROM visits WHERE i <= 250000;

INSERT INTO prescription_sheets (
    sheet_id, encounter_id, patient_id, doctor_id, state, old_prescription_id, created_ms, activated_ms,
    dispensed_ms, dispensed_by
)
SELECT i, i, patient_id, doctor_id, 'dispensed', i, at_ms, at_ms + 300000, at_ms + 900000, doctor_id
FROM visits
WHERE i <= 250000
UNION ALL
SELECT 250000 + j, 300000 + j, patient_id, doctor_id, 'draft', NULL, at_ms, NULL, NULL, NULL FROM going;

INSERT INTO prescription_lines (
    sheet_id, patient_id, taken_until, drug_id, drug_name, strength, form, dose, dose_unit, route, frequency,
    duration_days, quantity
)
SELECT s.sheet_id, s.patient_id, s.taken_until, d.drug_id, d.name, d.strength, d.form, '250', 'mg', 'po', 'tid', 7,
    '5250'
FROM (
    SELECT i AS sheet_id, patient_id, date(at_ms / 1000 + 6 * 86400, 'unixepoch') AS taken_until, 2 * i + line AS n
    FROM visits, (SELECT 0 AS line UNION ALL SELECT 1)
    WHERE i <= 250000
    UNION ALL
    SELECT 250000 + j, patient_id, NULL, 2 * j + line FROM going, (SELECT 0 AS line UNION ALL SELECT 1)
) s
CROSS JOIN drugs d ON d.drug_id = s.n % 5000 + 1
ORDER BY s.sheet_id, s.n;

-- An order with a result in each visit, and one that is in progress in each that goes on.
INSERT INTO medical_orders (order_id, record_id, doctor_id, content)
SELECT i, i, doctor_id, 'laboratory, routine: 血常规' FROM visits
UNION ALL
SELECT 300000 + j, 300000 + j, doctor_id, 'laboratory, routine: 血常规' FROM going;

INSERT INTO service_orders (
    order_id, encounter_id, patient_id, doctor_id, kind, content, priority, state, old_order_id, requested_ms,
    accepted_ms, started_ms, ended_ms
)
SELECT i, i, patient_id, doctor_id, 'laboratory', '血常规', 'routine', 'completed', i, at_ms + 200000,
    at_ms + 300000, at_ms + 400000, at_ms + 500000
FROM visits
UNION ALL
SELECT 300000 + j, 300000 + j, patient_id, doctor_id, 'laboratory', '血常规', 'routine', 'in_progress', 300000 + j,
    at_ms, at_ms, at_ms, NULL
FROM going;

INSERT INTO order_results (
    order_id, patient_id, doctor_id, name, value, unit, reference_range, flag, reported_by, reported_ms
)
SELECT i, patient_id, doctor_id, 'WBC', '6.2', '10^9/L', '3.5-9.5', 'normal', doctor_id, at_ms + 500000 FROM visits;

-- 1,250 wards of 40 beds. Beds 2,001 to 14,000 and 26,001 to 38,000 are free.
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1250)
INSERT INTO wards (ward_id, number, name, department) SELECT i, i, '病区 ' || i, '内科' FROM n;

WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
INSERT INTO beds (bed_id, ward_id, number, state, changed_ms)
SELECT i, (i - 1) / 40 + 1, (i - 1) % 40 + 1,
    CASE WHEN i IN (SELECT bed_id FROM stays WHERE s > 50000) THEN 'occupied' ELSE 'free' END, 0
FROM n;

INSERT INTO hospitalizations (
    hospitalization_id, patient_id, doctor_id, ward_number, bed_number, admission_date, discharge_date, status
)
SELECT s, s, doctor_id, (bed_id - 1) / 40 + 1, (bed_id - 1) % 40 + 1, date(at_ms / 1000, 'unixepoch'),
    CASE WHEN state = 'discharged' THEN date(at_ms / 1000 + 5 * 86400, 'unixepoch') END,
    CASE WHEN state = 'discharged' THEN 'discharged' ELSE 'admitted' END
FROM stays
WHERE bed_id IS NOT NULL;

INSERT INTO admissions (
    admission_id, patient_id, doctor_id, encounter_id, ward_id, kind, reason, state, disposition,
    old_hospitalization_id, requested_ms, admitted_ms, ordered_ms, ended_ms
)
SELECT s, s, doctor_id,
    CASE WHEN bed_id IS NULL THEN NULL WHEN s <= 50000 THEN s ELSE 300000 + s END,
    coalesce((bed_id - 1) / 40 + 1, (s - 52001) / 40 + 51), 'elective', '肺炎', state,
    CASE WHEN state IN ('discharged', 'discharge_ordered') THEN 'home' END,
    iif(bed_id IS NULL, NULL, s), at_ms, iif(bed_id IS NULL, NULL, at_ms),
    CASE WHEN state IN ('discharged', 'discharge_ordered') THEN at_ms + 400000000 END,
    CASE WHEN state = 'discharged' THEN at_ms + 432000000 END
FROM stays;

INSERT INTO bed_stays (admission_id, patient_id, bed_id, from_ms, to_ms)
SELECT s, s, bed_id, at_ms, CASE WHEN state = 'discharged' THEN at_ms + 432000000 END FROM stays
WHERE bed_id IS NOT NULL;

-- Each doctor's sessions of the last twenty days and today, and how they came to those that are over; a leave in
-- each of five years.
CREATE TEMP TABLE shifts (i INTEGER PRIMARY KEY, doctor_id, day);
WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 20999)
INSERT INTO shifts
SELECT i + 1, 100001 + i % 1000, date('now', 'localtime', (i / 1000 - 20) || ' days') FROM n;

-- Those that are over are closed, or the server would do that first, beside what is measured.
INSERT INTO clinic_sessions (
    session_id, doctor_id, department, room, day, period, starts_at, ends_at, capacity_online, capacity_onsite,
    capacity_addon, state
)
SELECT i, doctor_id, '内科', 'R' || doctor_id, day, 'day', day || ' 08:00:00', day || ' 17:00:00', 30, 0, 0,
    iif(day || ' 17:00:00' > datetime('now', 'localtime'), 'open', 'closed')
FROM shifts;

INSERT INTO attendance (attendance_id, doctor_id, check_in_time, check_out_time, status)
SELECT i, doctor_id, day || ' 07:55:00', day || ' 17:05:00', 'present' FROM shifts WHERE i <= 20000;

INSERT INTO attendance_shifts (attendance_id, doctor_id, session_id, in_ms, out_ms)
SELECT i, doctor_id, i, unixepoch(day || ' 07:55:00', 'utc') * 1000, unixepoch(day || ' 17:05:00', 'utc') * 1000
FROM shifts
WHERE i <= 20000;

WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO leave_requests (leave_id, doctor_id, start_date, end_date, reason, status)
SELECT i, 100001 + i % 1000, (2020 + i / 1001) || '-05-04', (2020 + i / 1001) || '-05-08', '年假', 'approved' FROM n;
INSERT INTO leaves (leave_id, doctor_id, date_from, date_to, state, requested_ms)
SELECT leave_id, doctor_id, start_date, end_date, 'approved', 0 FROM leave_requests;

-- A thread of four messages about each visit that goes on.
INSERT INTO chat_threads (thread_id, kind, subject, patient_id, doctor_id, encounter_id, last_sequence, created_by,
    created_ms)
SELECT j, 'patient', '复诊', patient_id, doctor_id, 300000 + j, 4, patient_id, at_ms FROM going;

INSERT INTO chat_members (thread_id, user_id, delivered_sequence, read_sequence, active_ms)
SELECT j, patient_id, 4, 4, at_ms FROM going
UNION ALL
SELECT j, doctor_id, 4, 4, at_ms FROM going;

CREATE TEMP TABLE messages (thread_id, sequence, sender_id, receiver_id, at_ms);
WITH turns (sequence) AS (VALUES (1), (2), (3), (4))
INSERT INTO messages
SELECT j, sequence, iif(sequence % 2, patient_id, doctor_id), iif(sequence % 2, doctor_id, patient_id),
    at_ms + sequence
FROM going, turns;

INSERT INTO chat_entries (thread_id, sequence, sender_id, content, sent_ms)
SELECT thread_id, sequence, sender_id, '今天还咳嗽吗', at_ms FROM messages;
INSERT INTO chat_messages (message_id, sender_id, receiver_id, content, sent_at, is_read)
SELECT rowid, sender_id, receiver_id, '今天还咳嗽吗', datetime(at_ms / 1000, 'unixepoch'), 1 FROM messages;
INSERT INTO chat_copies (message_id, thread_id, sequence, receiver_id)
SELECT rowid, thread_id, sequence, receiver_id FROM messages;

DROP TABLE messages;
DROP TABLE visits;
DROP TABLE going;
DROP TABLE stays;
DROP TABLE shifts;
