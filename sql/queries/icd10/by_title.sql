SELECT code, title FROM icd10_codes
WHERE title COLLATE NOCASE >= ?1 AND title COLLATE NOCASE < ?2
    AND (title COLLATE NOCASE, code) > (coalesce((SELECT title FROM icd10_codes WHERE code = ?3), ''), ?3)
ORDER BY title COLLATE NOCASE, code
LIMIT ?4
