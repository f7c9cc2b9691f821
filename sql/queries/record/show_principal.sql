UPDATE medical_records
SET diagnosis = (
    SELECT title FROM diagnoses
    WHERE encounter_id = ?2 AND rank = 1 AND withdrawn_ms IS NULL
    ORDER BY use = 'discharge' DESC, use = 'working' DESC
    LIMIT 1
)
-- What an old client has written into the row is theirs.
WHERE record_id = ?1
    AND (diagnosis IS NULL OR diagnosis IN (SELECT title FROM diagnoses WHERE encounter_id = ?2))
    AND NOT EXISTS (
        SELECT 1 FROM record_notes n JOIN record_versions v USING (note_id)
        WHERE n.encounter_id = ?2 AND n.state = 'signed' AND v.is_final AND v.diagnosis IS NOT NULL
    )
