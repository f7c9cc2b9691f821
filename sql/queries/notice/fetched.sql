UPDATE notices SET fetched_ms = ?3 WHERE patient_id = ?1 AND notice_id <= ?2 AND fetched_ms IS NULL
