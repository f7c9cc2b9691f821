SELECT t.template_id, t.doctor_id, t.weekday, t.period, t.starts, t.ends, t.room, coalesce(t.department, d.department),
    t.capacity_online, t.capacity_onsite, t.capacity_addon, t.valid_from, t.valid_to
FROM schedule_templates t
JOIN doctors d ON d.doctor_id = t.doctor_id
WHERE t.doctor_id = ?3 AND t.weekday = ?1 AND t.valid_from <= ?2 AND (t.valid_to IS NULL OR t.valid_to >= ?2)
    AND d.is_available
ORDER BY t.doctor_id, t.starts
