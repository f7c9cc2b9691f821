UPDATE admissions
SET state = 'discharge_ordered', disposition = ?2, expected_on = coalesce(?3, expected_on), ordered_ms = ?4
WHERE admission_id = ?1
