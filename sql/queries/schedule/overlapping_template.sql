SELECT template_id FROM schedule_templates
WHERE doctor_id = ?1 AND weekday = ?2 AND ((starts < ?4 AND ends > ?3) OR period = ?7)
    AND (?6 IS NULL OR valid_from <= ?6) AND (valid_to IS NULL OR valid_to >= ?5)
LIMIT 1
