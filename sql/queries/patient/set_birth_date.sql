UPDATE patients SET birth_date = ?2 WHERE patient_id = ?1
