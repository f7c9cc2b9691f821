UPDATE tickets SET state = 'called', room = ?2, called_ms = ?4, first_called_ms = coalesce(first_called_ms, ?4),
    calls = 1, changed_by = ?3, changed_ms = ?4,
    call_order = 1 + coalesce((SELECT max(o.call_order) FROM tickets o WHERE o.session_id = tickets.session_id), 0)
WHERE ticket_id = ?1
