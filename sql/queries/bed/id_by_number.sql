SELECT bed_id FROM beds WHERE ward_id = ?1 AND number = ?2
