DELETE FROM notices WHERE appointment_id = ?1 AND (kind = 'reminder_day' OR kind = 'reminder_hour')
