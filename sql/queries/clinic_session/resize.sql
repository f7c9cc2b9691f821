UPDATE clinic_sessions SET capacity_online = ?2, capacity_onsite = ?3, capacity_addon = ?4 WHERE session_id = ?1
