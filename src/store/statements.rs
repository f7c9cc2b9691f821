//! The index of all SQL that the server runs: one constant a statement, one file a constant.
//!
//! No logic. Invariant: every file below `sql/queries/` is named here and prepares on the current schema.

/// One SQL statement.
#[derive(Debug)]
pub struct Statement {
    /// Its file below `sql/queries/`.
    pub file: &'static str,
    pub sql: &'static str,
}

macro_rules! statements {
    ($($area:ident { $($name:ident = $file:literal;)* })*) => {
        $(pub mod $area {
            use super::Statement;
            $(pub const $name: Statement = Statement {
                file: concat!(stringify!($area), "/", $file, ".sql"),
                sql: include_str!(concat!("../../sql/queries/", stringify!($area), "/", $file, ".sql")),
            };)*
        })*

        /// Every statement, for the test that prepares them all.
        pub const ALL: &[Statement] = &[$($($area::$name,)*)*];
    };
}

statements! {
    access {
        BREAK_GLASS = "break_glass";
        SIGHT = "sight";
    }
    account {
        ANY = "any";
        BY_ID = "by_id";
        BY_USERNAME = "by_username";
        INSERT = "insert";
        LIST = "list";
        PASSWORDS = "passwords";
        SET_AUDITOR = "set_auditor";
        SET_DISABLED = "set_disabled";
        SET_NAME = "set_name";
        SET_ROLE = "set_role";
        SET_PASSWORD = "set_password";
        SET_USERNAME = "set_username";
    }
    encounter {
        ADD_RECORD = "add_record";
        BEGIN = "begin";
        BY_APPOINTMENT = "by_appointment";
        BY_ID = "by_id";
        INSERT = "insert";
    }
    report {
        APPOINTMENTS = "appointments";
        APPOINTMENTS_OF_DOCTOR = "appointments_of_doctor";
        BEDS = "beds";
        DISCHARGES = "discharges";
        DOCTOR = "doctor";
        SESSIONS = "sessions";
        SESSIONS_OF_DOCTOR = "sessions_of_doctor";
    }
    legacy_request {
        ADD = "add";
        RECENT = "recent";
    }
    login {
        ACCOUNT = "account";
        DROP_OLD = "drop_old";
        DROP_OLD_PLACES = "drop_old_places";
        FAILURES = "failures";
        FORGET = "forget";
        FORGIVE_PLACES = "forgive_places";
        KEEP = "keep";
    }
    login_session {
        BY_TOKEN = "by_token";
        BY_USER = "by_user";
        END = "end";
        END_ALL = "end_all";
        END_OLDEST = "end_oldest";
        INSERT = "insert";
        NOTE_USE = "note_use";
    }
    queue {
        BOOKED_IN_A_ROW = "booked_in_a_row";
        BY_APPOINTMENT = "by_appointment";
        BY_ID = "by_id";
        CALL = "call";
        COME_BACK = "come_back";
        FINISH = "finish";
        GIVE_NUMBER = "give_number";
        IN_ROOM = "in_room";
        INSERT = "insert";
        LEAVE = "leave";
        LENGTHS_OF_DOCTOR = "lengths_of_doctor";
        LENGTHS_OF_SESSION = "lengths_of_session";
        NUMBER = "number";
        PAGE = "page";
        RECALL = "recall";
        SESSIONS_OF_ROOM = "sessions_of_room";
        SET_PRIORITY = "set_priority";
        SHOWN = "shown";
        SKIP = "skip";
        START = "start";
        UNDO_CALL = "undo_call";
        UNDO_FINISH = "undo_finish";
        UNDO_START = "undo_start";
        WAITING = "waiting";
    }
    reply {
        DROP_OLD = "drop_old";
        FIND = "find";
        KEEP = "keep";
    }
    patient {
        BY_ID = "by_id";
        BY_NAME = "by_name";
        EXISTS = "exists";
        ID_BY_PHONE = "id_by_phone";
        INSERT = "insert";
        SEARCH_ID_CARD = "search_id_card";
        SEARCH_NAME = "search_name";
        SEARCH_NAME_AFTER = "search_name_after";
        SEARCH_PHONE = "search_phone";
        SET_BIRTH_DATE = "set_birth_date";
        SET_EMAIL = "set_email";
        SET_ID_CARD = "set_id_card";
        SET_NAME = "set_name";
        SET_PHONE = "set_phone";
    }
    doctor {
        BOOKABLE_BY_ID = "bookable_by_id";
        BOOKABLE_BY_NAME = "bookable_by_name";
        BY_ID = "by_id";
        BY_NAME = "by_name";
        DEPARTMENTS = "departments";
        EXISTS = "exists";
        ID_BY_EMPLOYEE_ID = "id_by_employee_id";
        LIST = "list";
        OF_DEPARTMENT = "of_department";
        INSERT = "insert";
        SET_DEPARTMENT = "set_department";
        SET_EMPLOYEE_ID = "set_employee_id";
        SET_FEE = "set_fee";
        SET_IS_AVAILABLE = "set_is_available";
        SET_MAX_PATIENTS = "set_max_patients";
        SET_NAME = "set_name";
        SET_PHOTO_PATH = "set_photo_path";
        SET_WORK_SCHEDULE = "set_work_schedule";
    }
    appointment {
        BY_DATE = "by_date";
        BY_DOCTOR_NAME = "by_doctor_name";
        BY_ID = "by_id";
        BY_PATIENT_PHONE = "by_patient_phone";
        DAY = "day";
        INSERT = "insert";
        LATEST = "latest";
        MOVE = "move";
        PATIENT_HAS = "patient_has";
        SET_PAID = "set_paid";
        SET_STATUS = "set_status";
    }
    audit {
        FIND = "find";
        HEAD = "head";
        INSERT = "insert";
        PAGE = "page";
    }
    booking {
        BY_ID = "by_id";
        EXISTS = "exists";
        EXPIRED = "expired";
        IN_STATE = "in_state";
        INSERT = "insert";
        MOVE = "move";
        NEXT_EXPIRY = "next_expiry";
        OF_PATIENT = "of_patient";
        OF_SESSION = "of_session";
        OTHER_OF_DAY = "other_of_day";
        OVERLAPPING = "overlapping";
        SET_FEE = "set_fee";
        STEP = "step";
        STEP_BACK = "step_back";
        TO_REMIND = "to_remind";
    }
    clinic_session {
        ADOPT = "adopt";
        ALTERNATIVES = "alternatives";
        BY_ID = "by_id";
        COUNT_ADOPTED = "count_adopted";
        GIVE_ADDON = "give_addon";
        GIVE_ONLINE = "give_online";
        GIVE_ONSITE = "give_onsite";
        INSERT = "insert";
        LIST = "list";
        NEXT_END = "next_end";
        OF_DOCTOR_DAY = "of_doctor_day";
        OVER = "over";
        OVERLAPPING = "overlapping";
        RESIZE = "resize";
        SET_STATE = "set_state";
        TAKE_ADDON = "take_addon";
        TAKE_ONLINE = "take_online";
        TAKE_ONSITE = "take_onsite";
    }
    event {
        APPEND = "append";
        BOUNDS = "bounds";
        NOTICES = "notices";
        SINCE = "since";
        TRIM = "trim";
    }
    notice {
        FETCHED = "fetched";
        GIVE = "give";
        UNREAD = "unread";
    }
    penalty {
        BLOCK = "block";
        BLOCKED = "blocked";
        LIFT = "lift";
        NO_SHOWS = "no_shows";
    }
    schedule {
        ADD_BLOCK = "add_block";
        ADD_EXCEPTION = "add_exception";
        ADD_TEMPLATE = "add_template";
        BLOCKS = "blocks";
        BLOCKS_OF_DAY = "blocks_of_day";
        END_TEMPLATE = "end_template";
        EXCEPTION_OF_DAY = "exception_of_day";
        EXCEPTIONS = "exceptions";
        NEXT_DOCTOR = "next_doctor";
        OF_DAY = "of_day";
        OLD_HOURS = "old_hours";
        OVERLAPPING_TEMPLATE = "overlapping_template";
        REMOVE_BLOCK = "remove_block";
        REMOVE_EXCEPTION = "remove_exception";
        SESSIONS_WITHIN = "sessions_within";
        TEMPLATES = "templates";
    }
    waitlist {
        ACCEPTED = "accepted";
        BEFORE = "before";
        BY_ID = "by_id";
        ENDED = "ended";
        END_SESSION = "end_session";
        FIRST = "first";
        JOIN = "join";
        LIVE = "live";
        OF_PATIENT = "of_patient";
        OFFER = "offer";
        SET_STATE = "set_state";
    }
    adoption {
        CLEAR_ODD_QUEUE_NUMBERS = "clear_odd_queue_numbers";
        COMPLETE_APPOINTMENT_TIMES = "complete_appointment_times";
        RENUMBER_DUPLICATES = "renumber_duplicates";
    }
}
