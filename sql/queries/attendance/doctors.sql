SELECT doctor_id FROM doctors WHERE department = ?1 AND doctor_id >= ?2 ORDER BY doctor_id
