-- Accounts of staff who are no doctors: the same table with more roles. Its check is written as comparisons,
-- as that of appointments is.
CREATE TABLE users_rebuilt (
    user_id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT UNIQUE NOT NULL,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CONSTRAINT "role IN ('patient', 'doctor', 'nurse', 'clerk', 'admin')"
        CHECK (role = 'patient' OR role = 'doctor' OR role = 'nurse' OR role = 'clerk' OR role = 'admin'),
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

INSERT INTO users_rebuilt (user_id, username, password_hash, role, created_at)
SELECT user_id, username, password_hash, role, created_at FROM users;

DELETE FROM sqlite_sequence WHERE name = 'users_rebuilt';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'users_rebuilt', seq FROM sqlite_sequence WHERE name = 'users';

DROP TABLE users;
ALTER TABLE users_rebuilt RENAME TO users;

-- What an account has beside the old schema's columns; an account without a row here has none of it.
CREATE TABLE accounts (
    user_id INTEGER PRIMARY KEY REFERENCES users (user_id),
    -- The name of a person who is neither in patients nor in doctors.
    name TEXT,
    is_auditor INTEGER NOT NULL DEFAULT 0 CHECK (is_auditor = 0 OR is_auditor = 1),
    disabled_at INTEGER
);

-- Moments here and below are milliseconds since 1970, UTC. Of a token only its SHA-256 is kept.
CREATE TABLE login_sessions (
    login_session_id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (user_id),
    token_hash TEXT NOT NULL UNIQUE,
    peer TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX login_sessions_by_user ON login_sessions (user_id);

-- Failed logins of an account name, or of a name at an address where it has logged in before, or of an address.
CREATE TABLE login_failures (
    subject TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    window_began_at INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL,
    succeeded_at INTEGER
) WITHOUT ROWID;
CREATE INDEX login_failures_by_age ON login_failures (window_began_at);

-- Replies to requests that may be sent again.
CREATE TABLE request_replies (
    requester TEXT NOT NULL,
    request_id TEXT NOT NULL,
    method TEXT NOT NULL,
    params_hash TEXT NOT NULL,
    reply TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (requester, request_id)
) WITHOUT ROWID;
CREATE INDEX request_replies_by_age ON request_replies (created_at);

CREATE TABLE break_glass (
    user_id INTEGER NOT NULL REFERENCES users (user_id),
    patient_id INTEGER NOT NULL REFERENCES patients (patient_id),
    reason TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, patient_id)
) WITHOUT ROWID;

-- How many requests of the old dialect came, so that one can see when nobody needs it any longer.
CREATE TABLE legacy_requests (
    day TEXT NOT NULL,
    operation TEXT NOT NULL,
    requests INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (day, operation)
) WITHOUT ROWID;

CREATE INDEX patients_by_id_card ON patients (id_card) WHERE id_card IS NOT NULL;
CREATE INDEX doctors_by_department ON doctors (department) WHERE department IS NOT NULL;

-- So that it is soon known whether a doctor treats a patient.
CREATE INDEX medical_records_by_patient ON medical_records (patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX hospitalizations_by_patient ON hospitalizations (patient_id) WHERE patient_id IS NOT NULL;
