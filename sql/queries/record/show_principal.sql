UPDATE medical_records
SET diagnosis = (
    SELECT title FROM diagnoses
    WHERE encounter_id = ?2 AND rank = 1 AND withdrawn_ms IS NULL
    ORDER BY use = 'discharge' DESC, use = 'working' DESC
    LIMIT 1
)
WHERE record_id = ?1 AND diagnosis IS NULL
