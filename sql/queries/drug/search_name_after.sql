SELECT drug_id, code, name, ingredient, drug_class, form, strength, dose_unit, route, is_active
FROM drugs
WHERE name >= ?1 AND name < ?2 AND is_active
    AND (name, drug_id) > ((SELECT name FROM drugs WHERE drug_id = ?4), ?4)
ORDER BY name, drug_id LIMIT ?3
