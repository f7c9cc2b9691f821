SELECT bed_id, ward_id, number, state FROM beds
WHERE bed_id > ?2 AND bed_id IN (
    SELECT s.bed_id FROM admissions a JOIN bed_stays s ON s.admission_id = a.admission_id WHERE a.patient_id = ?1
)
ORDER BY bed_id LIMIT ?3
