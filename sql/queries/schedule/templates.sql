SELECT template_id, doctor_id, weekday, period, starts, ends, room, department, capacity_online, capacity_onsite,
    capacity_addon, valid_from, valid_to
FROM schedule_templates
WHERE (?1 IS NULL OR doctor_id = ?1) AND template_id > ?2
ORDER BY template_id
LIMIT ?3
