DELETE FROM department_heads WHERE department = ?1
