-- The same table with its check written as comparisons. SQLite builds a temporary table for a list of three
-- each time a row is written, which costs more than any other part of the insertion. The constraint's name
-- keeps the words of the error.
CREATE TABLE appointments_rebuilt (
    appointment_id INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id INTEGER NOT NULL,
    doctor_id INTEGER NOT NULL,
    appointment_time TIMESTAMP NOT NULL,
    status TEXT NOT NULL CONSTRAINT "status IN ('pending', 'completed', 'cancelled')"
        CHECK (status = 'pending' OR status = 'completed' OR status = 'cancelled'),
    fee_paid BOOLEAN DEFAULT 0,
    queue_number INTEGER,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (patient_id) REFERENCES patients (patient_id),
    FOREIGN KEY (doctor_id) REFERENCES doctors (doctor_id)
);

INSERT INTO appointments_rebuilt
    (appointment_id, patient_id, doctor_id, appointment_time, status, fee_paid, queue_number, created_at)
SELECT appointment_id, patient_id, doctor_id, appointment_time, status, fee_paid, queue_number, created_at
FROM appointments;

-- Ids go on from the highest that was ever given, not from the highest that is left.
DELETE FROM sqlite_sequence WHERE name = 'appointments_rebuilt';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'appointments_rebuilt', seq FROM sqlite_sequence WHERE name = 'appointments';

DROP TABLE appointments;
ALTER TABLE appointments_rebuilt RENAME TO appointments;
