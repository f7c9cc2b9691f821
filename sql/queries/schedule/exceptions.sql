SELECT exception_id, doctor_id, date_from, date_to, starts, ends, reason FROM schedule_exceptions
WHERE (?1 IS NULL OR doctor_id = ?1) AND exception_id > ?2
ORDER BY exception_id
LIMIT ?3
