SELECT user_id FROM users WHERE username = ?1
