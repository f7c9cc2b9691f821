SELECT b.bed_id, b.ward_id, b.number, b.state, w.is_closed FROM beds b
JOIN wards w ON w.ward_id = b.ward_id
WHERE b.bed_id > ?2 AND b.bed_id IN (
    SELECT s.bed_id FROM admissions a JOIN bed_stays s ON s.admission_id = a.admission_id WHERE a.patient_id = ?1
)
ORDER BY b.bed_id LIMIT ?3
