UPDATE appointments SET queue_number = NULL WHERE queue_number <> CAST(queue_number AS INTEGER)
