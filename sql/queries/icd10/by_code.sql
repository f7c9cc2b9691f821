SELECT code, title FROM icd10_codes
WHERE code >= ?1 AND code < ?2 AND code > ?3
ORDER BY code
LIMIT ?4
