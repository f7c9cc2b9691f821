UPDATE booking_penalties SET blocked_until = counted_from
WHERE patient_id = ?1 AND blocked_until > ?3
    AND ?4 > (
        SELECT count(*) FROM bookings
        WHERE patient_id = ?1 AND state = 'no_show' AND NOT is_old AND day >= max(?2, booking_penalties.counted_from)
    )
