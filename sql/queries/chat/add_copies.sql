INSERT INTO chat_copies (message_id, thread_id, sequence, receiver_id)
SELECT message_id, ?2, ?3, receiver_id FROM chat_messages WHERE message_id > ?1
