SELECT name, department FROM doctors WHERE doctor_id = ?1
