-- Each index is partial, over a column that is never null where it is looked for. So SQLite never reads a whole
-- table through one of them, and an old client's SELECT without ORDER BY gets its rows as they were inserted.
CREATE INDEX patients_by_phone ON patients (phone) WHERE phone IS NOT NULL;
CREATE INDEX patients_by_name ON patients (name) WHERE name IS NOT NULL;
CREATE INDEX doctors_by_name ON doctors (name) WHERE name IS NOT NULL;

-- By the day alone: bookings of one day go to the end of its part of the index, and so to one page, where by
-- the time each would go to a page of its own.
CREATE INDEX appointments_by_day ON appointments (substr(appointment_time, 1, 10))
    WHERE appointment_time IS NOT NULL;

CREATE INDEX appointments_by_patient ON appointments (patient_id, appointment_time)
    WHERE patient_id IS NOT NULL;

-- Finds a doctor's day and its highest number, and keeps a number from being given twice in it.
CREATE UNIQUE INDEX appointments_by_doctor_day
    ON appointments (doctor_id, substr(appointment_time, 1, 10), queue_number)
    WHERE doctor_id IS NOT NULL;
