SELECT 'users', count(*) FROM users
UNION ALL SELECT 'patients', count(*) FROM patients
UNION ALL SELECT 'doctors', count(*) FROM doctors
UNION ALL SELECT 'appointments', count(*) FROM appointments
UNION ALL SELECT 'medical_records', count(*) FROM medical_records
UNION ALL SELECT 'prescriptions', count(*) FROM prescriptions
