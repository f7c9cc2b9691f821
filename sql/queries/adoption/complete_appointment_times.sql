UPDATE appointments
SET appointment_time = appointment_time || ':00'
WHERE appointment_time GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]'
