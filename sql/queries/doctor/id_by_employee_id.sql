SELECT doctor_id FROM doctors WHERE employee_id = ?1
