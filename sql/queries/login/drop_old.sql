DELETE FROM login_failures WHERE subject IN (
    SELECT subject FROM login_failures WHERE succeeded_at IS NULL AND window_began_at < ?1
    ORDER BY window_began_at LIMIT 10
)
