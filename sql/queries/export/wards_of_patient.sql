SELECT ward_id, number, name, is_closed FROM wards
WHERE ward_id > ?2 AND ward_id IN (
    SELECT ward_id FROM admissions WHERE patient_id = ?1
    UNION SELECT b.ward_id FROM admissions a
    JOIN bed_stays s ON s.admission_id = a.admission_id
    JOIN beds b ON b.bed_id = s.bed_id
    WHERE a.patient_id = ?1
)
ORDER BY ward_id LIMIT ?3
