UPDATE medical_records SET diagnosis = coalesce(?2, diagnosis), symptoms = coalesce(?3, symptoms)
WHERE record_id = ?1
