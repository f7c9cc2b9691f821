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
        EXPECTED = "expected";
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
    allergy {
        BY_ID = "by_id";
        INSERT = "insert";
        KNOWN = "known";
        OF_PATIENT = "of_patient";
        REFUTE = "refute";
        SET_SEVERITY = "set_severity";
    }
    attachment {
        BY_ID = "by_id";
        INSERT = "insert";
        OF_ENCOUNTER = "of_encounter";
        WITHDRAW = "withdraw";
    }
    backup {
        COUNTS = "counts";
        COUNTS_BEFORE_AUDIT = "counts_before_audit";
        DANGLING = "dangling";
        HAS_AUDIT = "has_audit";
        INTEGRITY_CHECK = "integrity_check";
        QUICK_CHECK = "quick_check";
    }
    diagnosis {
        AT_RANK = "at_rank";
        BY_ID = "by_id";
        INSERT = "insert";
        LAST_RANK = "last_rank";
        OF_ENCOUNTER = "of_encounter";
        SET_RANK = "set_rank";
        WITHDRAW = "withdraw";
    }
    chat {
        ADD = "add";
        ADD_COPIES = "add_copies";
        ADD_OLD = "add_old";
        BLOCK = "block";
        BLOCKS = "blocks";
        BY_APPOINTMENT = "by_appointment";
        BY_ENCOUNTER = "by_encounter";
        BY_ID = "by_id";
        CLOSE = "close";
        COUNT_UNREAD = "count_unread";
        DELIVER = "deliver";
        FIRST_TOO_MANY = "first_too_many";
        HAND_OVER_COPIES = "hand_over_copies";
        HAND_OVER_MESSAGES = "hand_over_messages";
        INSERT = "insert";
        JOIN = "join";
        LEAVE = "leave";
        MEMBERS = "members";
        MESSAGES = "messages";
        NAMED_MEMBERS = "named_members";
        NOTE_STRAY = "note_stray";
        NTH_OF_LATE = "nth_of_late";
        OF_MEMBER = "of_member";
        OF_PATIENT = "of_patient";
        OTHERS = "others";
        PERSON = "person";
        READ = "read";
        READ_COPIES = "read_copies";
        SET_DOCTOR = "set_doctor";
        SET_LAST = "set_last";
        STANDING = "standing";
        STRAYS = "strays";
        TOLD = "told";
        UNBLOCK = "unblock";
        UNREAD = "unread";
    }
    encounter {
        ADD_RECORD = "add_record";
        BEGIN = "begin";
        BY_APPOINTMENT = "by_appointment";
        BY_ID = "by_id";
        END = "end";
        HAND_OVER = "hand_over";
        INSERT = "insert";
        OF_PATIENT = "of_patient";
        OPEN_OF_DOCTOR = "open_of_doctor";
        OPEN_STAY = "open_stay";
        REOPEN = "reopen";
        SET_DOCTOR = "set_doctor";
        WRITTEN = "written";
    }
    icd10 {
        ANY = "any";
        BY_CODE = "by_code";
        BY_TITLE = "by_title";
        INSERT = "insert";
        SET_TITLE = "set_title";
        TITLE = "title";
    }
    record {
        BY_ID = "by_id";
        DISCARD = "discard";
        DRAFTS = "drafts";
        INSERT = "insert";
        INSERT_VERSION = "insert_version";
        MAKE_FINAL = "make_final";
        OF_ENCOUNTER = "of_encounter";
        OLD = "old";
        REWRITE = "rewrite";
        SET_VERSION = "set_version";
        SHOW = "show";
        SHOW_PRINCIPAL = "show_principal";
        SIGN = "sign";
        SIGNED = "signed";
        VERSION = "version";
    }
    timeline {
        ADMISSION = "admission";
        ALLERGY = "allergy";
        APPOINTMENT = "appointment";
        DIAGNOSIS = "diagnosis";
        ENCOUNTER = "encounter";
        MOMENTS = "moments";
        OLD_RECORD = "old_record";
        ORDER = "order";
        PRESCRIPTION = "prescription";
        RECORD = "record";
        TIMES = "times";
    }
    admission {
        ADD_OLD = "add_old";
        ADMIT = "admit";
        BY_ID = "by_id";
        CANCEL = "cancel";
        CLOSE_STAY = "close_stay";
        DISCHARGE = "discharge";
        DISCHARGE_OLD = "discharge_old";
        HAS_DIAGNOSIS = "has_diagnosis";
        INSERT = "insert";
        MOVE = "move";
        MOVE_OLD = "move_old";
        OF_PATIENT = "of_patient";
        OF_WARD = "of_ward";
        OLD_OF_PATIENT = "old_of_patient";
        OLD_OF_WARD = "old_of_ward";
        OPEN_OF_PATIENT = "open_of_patient";
        OPEN_STAY = "open_stay";
        ORDER_DISCHARGE = "order_discharge";
        RESERVE = "reserve";
        SET_DOCTOR = "set_doctor";
        SET_DOCTOR_OLD = "set_doctor_old";
        STAYS = "stays";
        UNDO_ORDER = "undo_order";
    }
    bed {
        BY_ID = "by_id";
        INSERT = "insert";
        NUMBERS = "numbers";
        SET_STATE = "set_state";
    }
    ward {
        BOARD = "board";
        BY_ID = "by_id";
        CLOSE = "close";
        COUNT_OPEN = "count_open";
        INSERT = "insert";
        LIST = "list";
        NUMBERS = "numbers";
    }
    export {
        ALLERGIES_OF_PATIENT = "allergies_of_patient";
        APPOINTMENTS_OF_PATIENT = "appointments_of_patient";
        BEDS = "beds";
        BEDS_OF_PATIENT = "beds_of_patient";
        DIAGNOSES_OF_ENCOUNTER = "diagnoses_of_encounter";
        DIAGNOSES_OF_PATIENT = "diagnoses_of_patient";
        ENCOUNTERS_OF_PATIENT = "encounters_of_patient";
        LINES_OF_PATIENT = "lines_of_patient";
        ORDERS_OF_PATIENT = "orders_of_patient";
        PATIENT_IDS = "patient_ids";
        PRACTITIONERS = "practitioners";
        PRACTITIONERS_OF_PATIENT = "practitioners_of_patient";
        RESULTS_OF_PATIENT = "results_of_patient";
        SLOTS = "slots";
        SLOTS_OF_PATIENT = "slots_of_patient";
        STAYS_OF_ADMISSION = "stays_of_admission";
        WARDS = "wards";
        WARDS_OF_PATIENT = "wards_of_patient";
    }
    drug {
        BY_CODE = "by_code";
        BY_ID = "by_id";
        CHANGE = "change";
        INSERT = "insert";
        SEARCH_CODE = "search_code";
        SEARCH_CODE_AFTER = "search_code_after";
        SEARCH_NAME = "search_name";
        SEARCH_NAME_AFTER = "search_name_after";
    }
    prescription {
        ACTIVATE = "activate";
        ADD_LINE = "add_line";
        ADD_OLD = "add_old";
        ALLERGIES = "allergies";
        APPEND_OLD = "append_old";
        BY_ID = "by_id";
        CHECKED = "checked";
        DISPENSE = "dispense";
        DRAFTS = "drafts";
        END = "end";
        END_LINES = "end_lines";
        HAND_OVER = "hand_over";
        INSERT = "insert";
        LINES = "lines";
        LINES_OF_ENCOUNTER = "lines_of_encounter";
        LINES_OF_PATIENT = "lines_of_patient";
        LIVE = "live";
        OF_ENCOUNTER = "of_encounter";
        OF_PATIENT = "of_patient";
        OLD_OF_ENCOUNTER = "old_of_encounter";
        OLD_OF_PATIENT = "old_of_patient";
        REMOVE_LINE = "remove_line";
        SET_TAKEN_UNTIL = "set_taken_until";
    }
    service_order {
        ACCEPT = "accept";
        ACKNOWLEDGE = "acknowledge";
        ADD_OLD = "add_old";
        ADD_RESULT = "add_result";
        APPEND_OLD = "append_old";
        BY_ID = "by_id";
        COUNT_RESULTS = "count_results";
        CRITICAL = "critical";
        CRITICAL_LATEST = "critical_latest";
        CRITICAL_OF_ALL = "critical_of_all";
        END = "end";
        HAND_OVER = "hand_over";
        HAND_OVER_CRITICAL = "hand_over_critical";
        INSERT = "insert";
        NEXT_REPEAT = "next_repeat";
        OF_ENCOUNTER = "of_encounter";
        OF_PATIENT = "of_patient";
        OLD_OF_ENCOUNTER = "old_of_encounter";
        OLD_OF_PATIENT = "old_of_patient";
        OPEN = "open";
        OPEN_IN_STATE = "open_in_state";
        OPEN_OF_DOCTOR = "open_of_doctor";
        RANK = "rank";
        REPEAT = "repeat";
        RESULT_BY_ID = "result_by_id";
        RESULTS = "results";
        START = "start";
        TO_REPEAT = "to_repeat";
        WITHDRAW_RESULT = "withdraw_result";
    }
    attendance {
        ADD_ROW = "add_row";
        BY_ID = "by_id";
        DOCTORS = "doctors";
        END = "end";
        END_ROW = "end_row";
        INSERT = "insert";
        IS_THERE = "is_there";
        OF_DOCTOR = "of_doctor";
        OF_SESSION = "of_session";
        OPEN = "open";
        PLACE = "place";
    }
    department {
        EXISTS = "exists";
        HEAD = "head";
        HEAD_OF_DOCTOR = "head_of_doctor";
        LIST = "list";
        REMOVE_HEAD = "remove_head";
        SET_HEAD = "set_head";
    }
    leave {
        ADD_REQUEST = "add_request";
        BY_ID = "by_id";
        COVERS = "covers";
        DECIDE = "decide";
        INSERT = "insert";
        LIST = "list";
        MAY_STAND_IN = "may_stand_in";
        OF_DEPARTMENT = "of_department";
        OF_DOCTOR = "of_doctor";
        OUTSIDE_SESSIONS = "outside_sessions";
        OVERLAPPING = "overlapping";
        PENDING = "pending";
        SET_STATUS = "set_status";
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
        FORGET = "forget";
        GIVE_NUMBER = "give_number";
        IN_HANDS = "in_hands";
        IN_ROOM = "in_room";
        INSERT = "insert";
        LEAVE = "leave";
        LENGTHS_OF_DOCTOR = "lengths_of_doctor";
        LENGTHS_OF_SESSION = "lengths_of_session";
        LIVE_IN_SESSION = "live_in_session";
        NUMBER = "number";
        PAGE = "page";
        RECALL = "recall";
        RESTORE = "restore";
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
        FOLLOW_UP = "follow_up";
        HAND_OVER = "hand_over";
        IN_STATE = "in_state";
        INSERT = "insert";
        MOVE = "move";
        NEXT_EXPIRY = "next_expiry";
        LIVE_FOLLOW_UP = "live_follow_up";
        LOST_HOLD = "lost_hold";
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
        LIST_OF_DOCTOR = "list_of_doctor";
        NEXT_END = "next_end";
        OF_DOCTOR_DAY = "of_doctor_day";
        OF_DOCTOR_DAYS = "of_doctor_days";
        OVER = "over";
        OVERLAPPING = "overlapping";
        RESIZE = "resize";
        SET_DOCTOR = "set_doctor";
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
        FORGET_REMINDERS = "forget_reminders";
        GIVE = "give";
        UNREAD = "unread";
        WITHDRAW = "withdraw";
    }
    penalty {
        BLOCK = "block";
        BLOCKED = "blocked";
        LIFT = "lift";
        NO_SHOWS = "no_shows";
        PARDON = "pardon";
    }
    schedule {
        ADD_BLOCK = "add_block";
        ADD_EXCEPTION = "add_exception";
        ADD_TEMPLATE = "add_template";
        BLOCKS = "blocks";
        BLOCKED_SESSIONS = "blocked_sessions";
        BLOCKS_OF_DAY = "blocks_of_day";
        END_TEMPLATE = "end_template";
        EXCEPTION_OF_DAY = "exception_of_day";
        EXCEPTIONS = "exceptions";
        NEXT_DOCTOR = "next_doctor";
        OF_DAY = "of_day";
        OF_DOCTOR_DAY = "of_doctor_day";
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
        WAITING = "waiting";
        WITH_PLACES = "with_places";
    }
    adoption {
        CLEAR_ODD_QUEUE_NUMBERS = "clear_odd_queue_numbers";
        COMPLETE_APPOINTMENT_TIMES = "complete_appointment_times";
        RENUMBER_DUPLICATES = "renumber_duplicates";
    }
}
