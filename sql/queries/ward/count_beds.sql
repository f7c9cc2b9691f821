SELECT count(*) FROM beds WHERE ward_id = ?1
