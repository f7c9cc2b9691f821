SELECT doctor_id FROM department_heads WHERE department = ?1
