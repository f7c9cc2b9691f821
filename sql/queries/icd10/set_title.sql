UPDATE icd10_codes SET title = ?2 WHERE code = ?1
