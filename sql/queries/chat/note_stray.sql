INSERT INTO chat_strays (lower_id, higher_id, message_id)
SELECT min(sender_id, receiver_id), max(sender_id, receiver_id), message_id
FROM chat_messages
WHERE message_id = last_insert_rowid()
