INSERT INTO booking_penalties (patient_id, blocked_until) VALUES (?1, ?2)
ON CONFLICT (patient_id) DO UPDATE SET counted_from = blocked_until, blocked_until = excluded.blocked_until,
    lifted_by = NULL, reason = NULL
