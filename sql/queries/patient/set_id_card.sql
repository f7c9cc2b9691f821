UPDATE patients SET id_card = ?2 WHERE patient_id = ?1
