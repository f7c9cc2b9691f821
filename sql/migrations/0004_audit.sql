-- Who did what to whom, one row an act, chained by `hash`. There is no index but the table itself: each act pays
-- for its row, and a row must cost one append. What refers to other tables does so by number only, so that a
-- row outlives what it speaks of.
CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    recorded_at TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    actor_id INTEGER,
    role TEXT NOT NULL,
    peer TEXT NOT NULL,
    method TEXT NOT NULL,
    action TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id INTEGER,
    patient_id INTEGER,
    outcome TEXT NOT NULL,
    reason TEXT,
    detail TEXT,
    request_id TEXT,
    hash TEXT NOT NULL
) STRICT;

-- Against a mistake of our own. Whoever owns the file can drop these, and then the chain tells.
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only: an entry is never changed');
END;

CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only: an entry is never removed');
END;
