SELECT min(doctor_id) FROM schedule_templates WHERE doctor_id > ?1
