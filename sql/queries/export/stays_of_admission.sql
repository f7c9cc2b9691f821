SELECT bed_id, from_ms, to_ms FROM bed_stays
WHERE admission_id = ?1
ORDER BY stay_id
