SELECT drug_id, code, name, ingredient, drug_class, form, strength, dose_unit, route, is_active
FROM drugs
WHERE code > (SELECT code FROM drugs WHERE drug_id = ?4) AND code < ?2 AND code >= ?1 AND is_active
ORDER BY code LIMIT ?3
