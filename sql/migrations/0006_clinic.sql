-- Sessions that are booked, the queue before a door, and what is told about both. Days are YYYY-MM-DD and times
-- YYYY-MM-DD HH:MM:SS in the hospital's own time, as the old schema has them; hours of a day are HH:MM; moments
-- whose names end in _ms are milliseconds since 1970, UTC.

-- When a doctor has sessions, week by week.
CREATE TABLE schedule_templates (
    template_id INTEGER PRIMARY KEY AUTOINCREMENT,
    doctor_id INTEGER NOT NULL REFERENCES doctors (doctor_id),
    -- 1 is Monday.
    weekday INTEGER NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    period TEXT NOT NULL,
    starts TEXT NOT NULL,
    ends TEXT NOT NULL CHECK (ends > starts),
    room TEXT,
    department TEXT,
    capacity_online INTEGER NOT NULL CHECK (capacity_online >= 0),
    capacity_onsite INTEGER NOT NULL CHECK (capacity_onsite >= 0),
    capacity_addon INTEGER NOT NULL CHECK (capacity_addon >= 0),
    valid_from TEXT NOT NULL,
    valid_to TEXT CHECK (valid_to IS NULL OR valid_to >= valid_from)
);
CREATE INDEX schedule_templates_by_doctor ON schedule_templates (doctor_id, weekday);

-- Days on which a template's hours do not hold: other hours, or none.
CREATE TABLE schedule_exceptions (
    exception_id INTEGER PRIMARY KEY AUTOINCREMENT,
    doctor_id INTEGER NOT NULL REFERENCES doctors (doctor_id),
    date_from TEXT NOT NULL,
    date_to TEXT NOT NULL CHECK (date_to >= date_from),
    -- Both null: there are no sessions.
    starts TEXT,
    ends TEXT CHECK ((starts IS NULL) = (ends IS NULL) AND (ends IS NULL OR ends > starts)),
    reason TEXT NOT NULL
);
CREATE INDEX schedule_exceptions_by_doctor ON schedule_exceptions (doctor_id, date_to);

-- Holidays, and hours in which nobody, a department or a doctor sees no patient.
CREATE TABLE schedule_blocks (
    block_id INTEGER PRIMARY KEY AUTOINCREMENT,
    doctor_id INTEGER REFERENCES doctors (doctor_id),
    department TEXT CHECK (department IS NULL OR doctor_id IS NULL),
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL CHECK (ends_at > starts_at),
    reason TEXT NOT NULL
);
CREATE INDEX schedule_blocks_by_end ON schedule_blocks (ends_at);

-- A doctor's bookable period of a day, with the places that it has.
CREATE TABLE clinic_sessions (
    session_id INTEGER PRIMARY KEY AUTOINCREMENT,
    doctor_id INTEGER NOT NULL REFERENCES doctors (doctor_id),
    department TEXT,
    room TEXT,
    day TEXT NOT NULL,
    period TEXT NOT NULL,
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL CHECK (ends_at > starts_at),
    release_at TEXT,
    book_until TEXT,
    capacity_online INTEGER NOT NULL,
    capacity_onsite INTEGER NOT NULL,
    capacity_addon INTEGER NOT NULL,
    booked_online INTEGER NOT NULL DEFAULT 0 CHECK (booked_online BETWEEN 0 AND capacity_online),
    booked_onsite INTEGER NOT NULL DEFAULT 0 CHECK (booked_onsite BETWEEN 0 AND capacity_onsite),
    booked_addon INTEGER NOT NULL DEFAULT 0 CHECK (booked_addon BETWEEN 0 AND capacity_addon),
    -- The ticket that is given next.
    next_ticket INTEGER NOT NULL DEFAULT 1,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state = 'open' OR state = 'stopped' OR state = 'closed'),
    -- Stays when a session that was stopped is closed.
    stop_reason TEXT
);
CREATE INDEX clinic_sessions_by_doctor ON clinic_sessions (doctor_id, day);
-- Another one may come in place of one that was stopped.
CREATE UNIQUE INDEX clinic_sessions_named ON clinic_sessions (doctor_id, day, period) WHERE stop_reason IS NULL;
CREATE INDEX clinic_sessions_by_start ON clinic_sessions (starts_at);
CREATE INDEX clinic_sessions_by_department ON clinic_sessions (department, day);
CREATE INDEX clinic_sessions_open ON clinic_sessions (ends_at) WHERE state <> 'closed';

-- What an appointment in a session has beside the old schema's columns.
CREATE TABLE bookings (
    appointment_id INTEGER PRIMARY KEY REFERENCES appointments (appointment_id),
    session_id INTEGER NOT NULL REFERENCES clinic_sessions (session_id),
    patient_id INTEGER NOT NULL,
    day TEXT NOT NULL,
    department TEXT,
    -- About when the patient is seen.
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    state TEXT NOT NULL,
    -- online, onsite, addon or followup: of which places it takes one; a follow-up takes none.
    pool TEXT NOT NULL,
    -- For a hold: when it expires.
    expires_ms INTEGER,
    -- For a follow-up: the appointment that it follows.
    origin_id INTEGER,
    fee_fen INTEGER NOT NULL DEFAULT 0 CHECK (fee_fen >= 0),
    -- patient, doctor, staff or system.
    cancelled_by TEXT,
    reason TEXT,
    -- The sessions that it was moved from, their ids parted by spaces, the first one first.
    moved_from TEXT,
    -- For undoing: the state and the reason before the last step, who took it and when.
    previous_state TEXT,
    previous_reason TEXT,
    changed_by INTEGER,
    changed_ms INTEGER NOT NULL,
    -- 1 while nobody but clients of the old dialect has had to do with it. They check nobody in, so that no
    -- check-in says nothing of whether its patient came.
    is_old INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX bookings_by_session ON bookings (session_id);
CREATE INDEX bookings_by_patient ON bookings (patient_id, day);
-- Whom to remind.
CREATE INDEX bookings_booked ON bookings (starts_at) WHERE state = 'booked';
CREATE INDEX bookings_held ON bookings (expires_ms) WHERE expires_ms IS NOT NULL;

-- Who did not come too often.
CREATE TABLE booking_penalties (
    patient_id INTEGER PRIMARY KEY REFERENCES patients (patient_id),
    blocked_until TEXT NOT NULL,
    -- From which day on was counted what led to it: the end of the one before, if there was one.
    counted_from TEXT NOT NULL DEFAULT '',
    lifted_by INTEGER,
    reason TEXT
);

-- First come, first served: a place that becomes free is offered to the first who waits.
CREATE TABLE waitlist (
    entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id INTEGER NOT NULL REFERENCES clinic_sessions (session_id),
    patient_id INTEGER NOT NULL REFERENCES patients (patient_id),
    state TEXT NOT NULL DEFAULT 'waiting',
    -- The hold that is offered.
    appointment_id INTEGER,
    joined_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX waitlist_once ON waitlist (session_id, patient_id) WHERE state = 'waiting' OR state = 'offered';
CREATE INDEX waitlist_waiting ON waitlist (session_id, entry_id) WHERE state = 'waiting';

-- Whoever has come and waits, is called and is seen.
CREATE TABLE tickets (
    ticket_id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id INTEGER NOT NULL REFERENCES clinic_sessions (session_id),
    number INTEGER NOT NULL,
    appointment_id INTEGER NOT NULL UNIQUE REFERENCES appointments (appointment_id),
    patient_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL DEFAULT 0,
    -- booked, walk_in or followup: which row of the queue it stands in.
    band TEXT NOT NULL,
    -- Its place among those of its priority and band.
    place REAL NOT NULL,
    is_late INTEGER NOT NULL DEFAULT 0,
    room TEXT,
    calls INTEGER NOT NULL DEFAULT 0,
    skips INTEGER NOT NULL DEFAULT 0,
    checked_in_ms INTEGER NOT NULL,
    called_ms INTEGER,
    started_ms INTEGER,
    finished_ms INTEGER,
    -- Counts the calls of its session; null until it is called.
    call_order INTEGER,
    -- For undoing: who took the last step, and when.
    changed_by INTEGER,
    changed_ms INTEGER NOT NULL,
    UNIQUE (session_id, number)
);
CREATE INDEX tickets_live ON tickets (session_id, state) WHERE state <> 'done' AND state <> 'left';
CREATE INDEX tickets_live_by_patient ON tickets (patient_id) WHERE state <> 'done' AND state <> 'left';
-- A room has one patient at a time, and one whom it calls.
CREATE UNIQUE INDEX tickets_serving ON tickets (room) WHERE state = 'serving';
CREATE UNIQUE INDEX tickets_called ON tickets (room) WHERE state = 'called';

-- What has happened, for those who hear of it at once and those who ask later.
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- JSON.
    facts TEXT NOT NULL,
    happened_ms INTEGER NOT NULL
);
CREATE INDEX events_by_topic ON events (topic, sequence);

-- What a patient has been told, until they have seen it.
CREATE TABLE notices (
    notice_id INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id INTEGER NOT NULL REFERENCES patients (patient_id),
    kind TEXT NOT NULL,
    appointment_id INTEGER,
    text TEXT,
    created_ms INTEGER NOT NULL,
    fetched_ms INTEGER
);
CREATE UNIQUE INDEX notices_once ON notices (appointment_id, kind) WHERE appointment_id IS NOT NULL;
CREATE INDEX notices_unread ON notices (patient_id, notice_id) WHERE fetched_ms IS NULL;
CREATE INDEX waitlist_offers ON waitlist (appointment_id) WHERE appointment_id IS NOT NULL;
CREATE INDEX waitlist_by_patient ON waitlist (patient_id, entry_id);

-- Failed logins are dropped soon, and the places where someone has logged in are kept long: each is found by its
-- age without looking through the other. Places were named in another way before, and are learned anew.
DROP INDEX login_failures_by_age;
CREATE INDEX login_failures_by_age ON login_failures (window_began_at) WHERE succeeded_at IS NULL;
CREATE INDEX login_places_by_age ON login_failures (window_began_at) WHERE succeeded_at IS NOT NULL;
DELETE FROM login_failures WHERE subject >= 'place:' AND subject < 'place;';
