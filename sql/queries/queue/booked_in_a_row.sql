SELECT count(*) FROM tickets
WHERE session_id = ?1 AND band = 'booked' AND call_order > coalesce(
    (SELECT max(call_order) FROM tickets WHERE session_id = ?1 AND band <> 'booked'), 0)
