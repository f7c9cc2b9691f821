SELECT sent_ms FROM chat_entries
WHERE sender_id = ?1 AND sent_ms > ?2 AND sent_ms <= ?3
ORDER BY sent_ms DESC
LIMIT 1 OFFSET ?4
