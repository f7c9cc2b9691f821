SELECT starts_at, ends_at, reason FROM schedule_blocks
WHERE ends_at > ?3 AND starts_at < ?4
    AND (doctor_id = ?1 OR department = ?2 OR (doctor_id IS NULL AND department IS NULL))
ORDER BY starts_at
