SELECT 1 FROM doctors WHERE doctor_id = ?1
