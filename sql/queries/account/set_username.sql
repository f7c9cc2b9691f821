UPDATE users SET username = ?2 WHERE user_id = ?1 AND role = ?3
