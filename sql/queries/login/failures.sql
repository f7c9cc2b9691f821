SELECT failures, window_began_at, blocked_until, succeeded_at FROM login_failures WHERE subject = ?1
