DELETE FROM login_sessions WHERE user_id = ?1 AND (
    expires_at <= ?3 OR login_session_id NOT IN (
        SELECT login_session_id FROM login_sessions WHERE user_id = ?1
        ORDER BY login_session_id DESC LIMIT ?2
    )
)
