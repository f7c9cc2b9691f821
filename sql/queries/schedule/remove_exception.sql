DELETE FROM schedule_exceptions WHERE exception_id = ?1
