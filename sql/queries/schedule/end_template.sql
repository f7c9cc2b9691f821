UPDATE schedule_templates SET valid_to = max(?2, valid_from) WHERE template_id = ?1
