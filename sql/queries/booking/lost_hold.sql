SELECT changed_ms FROM bookings
WHERE patient_id = ?1 AND previous_state = 'held' AND changed_ms > ?3
    AND (state = 'expired' OR (state = 'cancelled' AND cancelled_by NOT IN ('hospital', 'system')))
    -- One that was moved has kept a place in each.
    AND (session_id = ?2 OR ' ' || moved_from || ' ' LIKE '% ' || ?2 || ' %')
ORDER BY changed_ms DESC
LIMIT 1 OFFSET ?4 - 1
