UPDATE patients SET name = ?2 WHERE patient_id = ?1
