INSERT INTO icd10_codes (code, title) VALUES (?1, ?2)
