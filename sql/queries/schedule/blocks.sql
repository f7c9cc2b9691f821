SELECT block_id, doctor_id, department, starts_at, ends_at, reason FROM schedule_blocks
WHERE ends_at > ?1 AND block_id > ?2
ORDER BY block_id
LIMIT ?3
