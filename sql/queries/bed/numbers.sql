SELECT bed_id, number FROM beds WHERE ward_id = ?1
