INSERT INTO drugs (code, name, ingredient, drug_class, form, strength, dose_unit, route, is_active)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
