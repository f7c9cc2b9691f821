UPDATE hospitalizations
SET status = 'discharged', discharge_date = max(?2, admission_date), updated_at = ?3
WHERE hospitalization_id = ?1
