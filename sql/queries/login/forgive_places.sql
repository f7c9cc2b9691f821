UPDATE login_failures SET failures = 0, blocked_until = 0 WHERE subject >= ?1 AND subject < ?2
