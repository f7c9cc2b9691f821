SELECT user_id, password_hash FROM users
