DELETE FROM schedule_blocks WHERE block_id = ?1
