SELECT count(*) FROM bookings
WHERE patient_id = ?1 AND state = 'no_show' AND NOT is_old
    -- What was answered with a penalty that is over, or was lifted, does not count again.
    AND day >= max(?2, coalesce((SELECT blocked_until FROM booking_penalties WHERE patient_id = ?1), ''))
