UPDATE admissions
SET state = 'admitted', reserved_bed_id = NULL, ward_id = ?2, encounter_id = ?3, old_hospitalization_id = ?4,
    expected_on = coalesce(?5, expected_on), admitted_ms = ?6
WHERE admission_id = ?1
