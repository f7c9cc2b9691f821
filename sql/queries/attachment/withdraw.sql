UPDATE attachments SET withdrawn_ms = ?2, withdrawn_reason = ?3 WHERE attachment_id = ?1
