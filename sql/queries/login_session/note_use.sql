UPDATE login_sessions SET used_at = ?2 WHERE login_session_id = ?1
