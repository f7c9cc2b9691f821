UPDATE patients SET phone = ?2 WHERE patient_id = ?1
