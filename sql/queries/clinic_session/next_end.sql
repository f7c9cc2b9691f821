SELECT min(ends_at) FROM clinic_sessions WHERE state <> 'closed'
