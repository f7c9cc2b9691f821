INSERT INTO users (username, password_hash, role, created_at) VALUES (?1, ?2, ?3, ?4)
