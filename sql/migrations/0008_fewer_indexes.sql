-- What a patient's lists were read by, beside the same in the order of time, which their history is read by. Rows of
-- one patient lie far from those of another, so each such index costs whoever writes a page of its own.
DROP INDEX service_orders_by_patient;
DROP INDEX admissions_by_patient;
DROP INDEX allergies_by_patient;
