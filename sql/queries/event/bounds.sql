SELECT (SELECT min(sequence) FROM events), (SELECT max(sequence) FROM events)
