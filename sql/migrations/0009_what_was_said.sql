-- A line keeps which drug it was of, in the words of the day on which it was written: the list may say it otherwise by
-- now, and nobody's tablets of 250 mg become 500 mg by that. Its ingredients and its class are those of the list.
ALTER TABLE prescription_lines ADD COLUMN drug_name TEXT NOT NULL DEFAULT '';
ALTER TABLE prescription_lines ADD COLUMN strength TEXT;
ALTER TABLE prescription_lines ADD COLUMN form TEXT;
UPDATE prescription_lines SET (drug_name, strength, form) = (
    SELECT d.name, d.strength, d.form FROM drugs d WHERE d.drug_id = prescription_lines.drug_id
)
WHERE drug_id IN (SELECT drug_id FROM drugs);

-- A result of the wrong patient, or of the wrong tube, is said to be wrong; it is told no longer then.
ALTER TABLE order_results ADD COLUMN withdrawn_ms INTEGER;
ALTER TABLE order_results ADD COLUMN withdrawn_by INTEGER;
ALTER TABLE order_results ADD COLUMN withdrawn_reason TEXT;
DROP INDEX order_results_critical;
CREATE INDEX order_results_critical ON order_results (doctor_id, result_id)
WHERE flag = 'critical' AND acknowledged_ms IS NULL AND withdrawn_ms IS NULL;
CREATE INDEX order_results_unacknowledged ON order_results (result_id)
WHERE flag = 'critical' AND acknowledged_ms IS NULL AND withdrawn_ms IS NULL;
DROP INDEX order_results_to_repeat;
CREATE INDEX order_results_to_repeat ON order_results (repeat_ms)
WHERE flag = 'critical' AND acknowledged_ms IS NULL AND withdrawn_ms IS NULL;
