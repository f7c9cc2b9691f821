UPDATE patients SET email = ?2 WHERE patient_id = ?1
