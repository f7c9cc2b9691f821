INSERT INTO login_failures (subject, failures, window_began_at, blocked_until, succeeded_at)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (subject) DO UPDATE SET
    failures = excluded.failures, window_began_at = excluded.window_began_at,
    blocked_until = excluded.blocked_until, succeeded_at = excluded.succeeded_at
