UPDATE wards SET is_closed = 1 WHERE ward_id = ?1
