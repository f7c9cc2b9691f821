INSERT INTO schedule_templates
    (doctor_id, weekday, period, starts, ends, room, department, capacity_online, capacity_onsite, capacity_addon,
    valid_from, valid_to)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
