DELETE FROM login_sessions WHERE user_id = ?1 AND login_session_id = ?2
