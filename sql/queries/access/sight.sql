SELECT CASE
    WHEN EXISTS (
            -- First what there is the least of: each row lies on a page of its own.
            SELECT 1 FROM medical_records r
            WHERE r.patient_id = ?2 AND +r.doctor_id = ?1
                AND NOT EXISTS (SELECT 1 FROM encounters WHERE record_id = r.record_id AND state = 'cancelled')
        )
        OR EXISTS (
            -- Of a patient there are few, of a doctor thousands: the plus keeps the doctor's index out.
            SELECT 1 FROM appointments WHERE patient_id = ?2 AND +doctor_id = ?1 AND status <> 'cancelled'
        )
        OR EXISTS (SELECT 1 FROM hospitalizations WHERE patient_id = ?2 AND doctor_id = ?1)
        OR EXISTS (SELECT 1 FROM admissions WHERE patient_id = ?2 AND doctor_id = ?1 AND state <> 'cancelled')
    THEN 1
    WHEN EXISTS (SELECT 1 FROM break_glass WHERE user_id = ?1 AND patient_id = ?2 AND expires_at > ?3) THEN 2
    ELSE 0
END
