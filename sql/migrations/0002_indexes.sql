CREATE INDEX patients_by_phone ON patients (phone);
CREATE INDEX patients_by_name ON patients (name);
CREATE INDEX doctors_by_name ON doctors (name);
CREATE INDEX appointments_by_time ON appointments (appointment_time);
CREATE INDEX appointments_by_patient ON appointments (patient_id, appointment_time);

-- Finds a doctor's day and its highest number, and keeps a number from being given twice in it.
CREATE UNIQUE INDEX appointments_by_doctor_day
    ON appointments (doctor_id, substr(appointment_time, 1, 10), queue_number);
