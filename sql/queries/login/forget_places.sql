UPDATE login_failures SET failures = 0, blocked_until = 0
WHERE subject LIKE 'place:%' AND substr(subject, -length(?1) - 1) = ':' || ?1
