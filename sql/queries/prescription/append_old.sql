UPDATE prescriptions SET content = content || ?2 WHERE prescription_id = ?1
