UPDATE drugs
SET name = ?2, ingredient = ?3, drug_class = ?4, form = ?5, strength = ?6, dose_unit = ?7, route = ?8, is_active = ?9
WHERE code = ?1
