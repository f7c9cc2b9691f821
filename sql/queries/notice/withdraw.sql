DELETE FROM notices WHERE appointment_id = ?1 AND kind = ?2
