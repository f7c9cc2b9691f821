SELECT drug_id, code, name, ingredient, drug_class, form, strength, dose_unit, route, is_active
FROM drugs
WHERE code = ?1
