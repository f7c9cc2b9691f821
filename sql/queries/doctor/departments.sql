SELECT department, count(*) FROM doctors WHERE department IS NOT NULL AND department <> '' GROUP BY department
