INSERT INTO clinic_sessions
    (doctor_id, department, room, day, period, starts_at, ends_at, release_at, book_until, capacity_online,
    capacity_onsite, capacity_addon)
VALUES (?1, coalesce(?2, (SELECT department FROM doctors WHERE doctor_id = ?1)),
    ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
