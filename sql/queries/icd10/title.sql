SELECT title FROM icd10_codes WHERE code = ?1
