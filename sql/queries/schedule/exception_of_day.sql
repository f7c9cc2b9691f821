SELECT exception_id, doctor_id, date_from, date_to, starts, ends, reason FROM schedule_exceptions
WHERE doctor_id = ?1 AND ?2 BETWEEN date_from AND date_to
ORDER BY exception_id DESC
LIMIT 1
