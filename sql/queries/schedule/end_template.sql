UPDATE schedule_templates SET valid_to = max(min(?2, coalesce(valid_to, ?2)), valid_from) WHERE template_id = ?1
