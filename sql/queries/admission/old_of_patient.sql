SELECT
    h.hospitalization_id, h.patient_id, h.doctor_id, CAST(h.ward_number AS TEXT), CAST(h.bed_number AS TEXT),
    CAST(h.admission_date AS TEXT), CAST(h.discharge_date AS TEXT), h.status
FROM hospitalizations AS h
WHERE h.patient_id = ?1 AND h.hospitalization_id < ?2
    AND NOT EXISTS (SELECT 1 FROM admissions AS a WHERE a.old_hospitalization_id = h.hospitalization_id)
ORDER BY h.hospitalization_id DESC
LIMIT ?3
