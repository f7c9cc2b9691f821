//! What can go wrong with a call, and how JSON-RPC says it (jsonrpc.org/specification, section 5.1).
//!
//! It never knows which method it was. Invariants: a word in `Code` is for ever, since clients act on it; a
//! text in here names fields, never values that a client sent.

use crate::service::Failure;
use crate::service::credential::Recipe;
use crate::service::login::Unproven;
use crate::store;
use serde::Serialize;
use serde_json::{Map, Value};

pub const PARSE_ERROR: i32 = -32700;
pub const INVALID_REQUEST: i32 = -32600;
pub const METHOD_NOT_FOUND: i32 = -32601;
pub const INVALID_PARAMS: i32 = -32602;
pub const INTERNAL_ERROR: i32 = -32603;
/// Every error of the application; `data.code` tells them apart.
pub const APPLICATION_ERROR: i32 = -32000;

/// The application's errors, each with what it means.
macro_rules! codes {
    ($($name:ident = $word:literal: $meaning:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($name,)* }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            pub fn word(self) -> &'static str {
                match self { $(Code::$name => $word,)* }
            }

            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    Unauthenticated = "unauthenticated": "Nobody is logged in on this connection, or the session has ended.";
    Forbidden = "forbidden": "Who is logged in may not do this, or not to this person's data.";
    ReasonRequired = "reason_required": "This is allowed with a reason only, which is recorded.";
    NotFound = "not_found": "There is no such thing.";
    WrongCredentials = "wrong_credentials": "No account has this name and this password.";
    TooManyAttempts = "too_many_attempts": "Too many failed logins, or registrations from one address; `retry_after_ms` says when the next is looked at.";
    Disabled = "disabled": "The account is disabled.";
    UsernameTaken = "username_taken": "Another account has this name.";
    Conflict = "conflict": "What is there does not allow this.";
    NothingToChange = "nothing_to_change": "The request names nothing to change.";
    RequestIdReused = "request_id_reused": "This request_id was used for another request.";
    Busy = "busy": "Too much is waiting already; try again.";
    Retry = "retry": "What this request was to write could not be made durable; nothing of it is stored. Send it again.";
    StorageFull = "storage_full": "The disk is full; nothing can be written until it is not.";
    TooLarge = "too_large": "The reply, or what is to be done at once, would be too large; ask for less.";
    SessionFull = "session_full": "Every place of this kind is taken; `alternatives` names sessions with places.";
    NotOpen = "not_open": "The session's places are given out from `opens_at` on.";
    BookingOver = "booking_over": "The session took bookings until `until`.";
    SessionStopped = "session_stopped": "The session does not take place.";
    SessionClosed = "session_closed": "The session is over.";
    PatientBusy = "patient_busy": "The patient is somewhere else at that time, at `appointment_id`.";
    LimitReached = "limit_reached": "The patient has one for that day already, `appointment_id`.";
    Penalised = "penalised": "The patient did not come too often, and gets no place online until `blocked_until`; the staff books one at the desk (`onsite`), or says why it is given all the same (`override_reason`).";
    TooLate = "too_late": "This could be done until `until`.";
    BadTransition = "bad_transition": "This step leads nowhere from `from`; `allowed` names the steps that do.";
    TooManyHolds = "too_many_holds": "The patient has let go or lost several holds of this session lately; `retry_after_ms` says when the next is given. A place can be booked.";
    NotClockedIn = "not_clocked_in": "The session's doctor has not clocked in yet.";
    AlreadyIn = "already_in": "The doctor has clocked in already, `attendance_id`.";
    NotIn = "not_in": "The doctor has not clocked in, or has clocked out already.";
    HoldExpired = "hold_expired": "The place was kept for a while, and is no longer.";
    NothingToUndo = "nothing_to_undo": "There is no step that you can take back, or not any longer.";
    Overlaps = "overlaps": "The doctor has other hours, or another leave, then.";
    HasPlaces = "has_places": "There are places; book one.";
    AlreadyWaiting = "already_waiting": "The patient waits for this session already.";
    NotServed = "not_served": "The server has no place for this connection or this request.";
    CallsRemaining = "calls_remaining": "The ticket is to be called `remaining` times more first; `now` skips it all the same.";
    NotCompleted = "not_completed": "The appointment that this one is to follow is not completed.";
    NotToday = "not_today": "This can be done on `day` only.";
    QueueEmpty = "queue_empty": "Nobody waits who could be called.";
    RoomBusy = "room_busy": "The room calls or sees a patient already, `ticket`.";
    Allergy = "allergy": "The patient does not bear this, `allergy_id`; where `severity` is not severe, a reason sets it aside.";
    DuplicateIngredient = "duplicate_ingredient": "The patient is given one of its ingredients already, by `line_id`; a reason sets it aside.";
    WrongQuantity = "wrong_quantity": "Dose, frequency and days come to `expected`.";
    ThreadClosed = "thread_closed": "The thread takes no messages since `closed_ms`; it can be read.";
    TooManyMessages = "too_many_messages": "You have sent too many messages in a minute; `retry_after_ms` says when the next is taken.";
    Blocked = "blocked": "The other one wants no messages from you.";
    TooEarly = "too_early": "This can be done from `opens_at` on.";
    NotInProgress = "not_in_progress": "The visit does not go on, it is `state`; nothing more is written in it.";
    DraftPrescriptions = "draft_prescriptions": "Prescriptions of the visit are drafts still, `prescription_ids`; each is made active, or cancelled, first.";
    UnsignedNotes = "unsigned_notes": "Records of the visit are drafts still, `note_ids`; each is signed by its author first, of `author_ids` the one in its place, or discarded.";
    DiagnosisMissing = "diagnosis_missing": "No diagnosis of rank 1 says why the patient was here, or none of the discharge why they stayed.";
    AlreadySigned = "already_signed": "Something of the visit is signed, diagnosed, prescribed or asked for, or it was a stay, and stays.";
    UnknownCode = "unknown_code": "The table of ICD-10 that the hospital has loaded does not have this code.";
    AlreadyRecorded = "already_recorded": "The patient has this allergy already, `allergy_id`.";
    BedTaken = "bed_taken": "The bed `bed_id` is not free for this patient; `state` says what it is.";
    BedMissing = "bed_missing": "No bed is named, and none is reserved.";
    AlreadyAdmitted = "already_admitted": "The patient has a stay that is not over, or is asked for: `admission_id`.";
    WardClosed = "ward_closed": "The ward is closed.";
    StayGoesOn = "stay_goes_on": "This is the encounter of the stay `admission_id`, and ends with its discharge.";
}

/// A refusal by the application.
#[derive(Debug)]
pub struct Refusal {
    pub code: Code,
    pub message: String,
    /// What a client needs to go on.
    pub facts: Map<String, Value>,
}

impl Refusal {
    pub fn new(code: Code, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into(), facts: Map::new() }
    }

    /// In the words that the code itself has.
    pub fn of(code: Code) -> Refusal {
        Refusal::new(code, code.meaning())
    }

    /// What cannot be done to something in the state in which it is; `allowed` are the states into which it can go,
    /// but for the one that was refused: where another step leads there, this one does not.
    pub fn bad_transition(
        message: impl Into<String>,
        (from, to): (&str, &str),
        allowed: impl IntoIterator<Item = &'static str>,
    ) -> Refusal {
        let allowed: Vec<&str> = allowed.into_iter().filter(|state| *state != to).collect();
        Refusal::new(Code::BadTransition, message).with("from", from).with("to", to).with("allowed", allowed)
    }

    /// As `bad_transition`, of a step from one state to another; `thing` has its article.
    pub fn cannot_become(
        thing: &str,
        (from, to): (&str, &str),
        allowed: impl IntoIterator<Item = &'static str>,
    ) -> Refusal {
        let allowed: Vec<&str> = allowed.into_iter().collect();
        let how = if allowed.contains(&to) { " by this step" } else { "" };
        let message = format!("{thing} that is {from} cannot become {to}{how}");
        Refusal::bad_transition(message, (from, to), allowed)
    }

    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Refusal {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}

/// Why a method has no result.
#[derive(Debug)]
pub enum Problem {
    /// Nothing that the method wrote stays.
    Refused(Refusal),
    /// The method is refused, but what it wrote stays, as a failed login is counted.
    Noted(Refusal),
    InvalidParams {
        field: String,
        /// What it should be; the field's name stands before it.
        message: String,
    },
    /// The method has done nothing yet, and is to be asked again once this has been derived.
    Wait(Recipe),
    Store(store::Error),
    Internal(String),
}

impl Problem {
    /// A refusal that undoes what was written.
    pub fn refused(code: Code, message: impl Into<String>) -> Problem {
        Problem::Refused(Refusal::new(code, message))
    }

    pub fn not_found(what: &str) -> Problem {
        Problem::refused(Code::NotFound, format!("there is no such {what}"))
    }

    pub fn invalid(field: &str, message: impl Into<String>) -> Problem {
        Problem::InvalidParams { field: field.into(), message: message.into() }
    }

    /// The word under which the trail keeps this.
    pub fn word(&self) -> &'static str {
        match self {
            Problem::Refused(refusal) | Problem::Noted(refusal) => refusal.code.word(),
            Problem::InvalidParams { .. } => "invalid_params",
            Problem::Wait(_) => "waiting",
            Problem::Store(error) => store_code(error).map_or("internal_error", Code::word),
            Problem::Internal(_) => "internal_error",
        }
    }

    /// As the error of a reply.
    pub fn error(&self) -> ErrorObject {
        match self {
            Problem::Refused(refusal) | Problem::Noted(refusal) => {
                application(refusal.code, refusal.message.clone(), refusal.facts.clone())
            }
            Problem::InvalidParams { field, message } => ErrorObject {
                code: INVALID_PARAMS,
                message: format!("invalid params: `{field}`: {message}"),
                data: Some(Map::from_iter([("field".to_owned(), Value::from(field.as_str()))])),
            },
            Problem::Store(error) => match store_code(error) {
                Some(code) => application(code, code.meaning().to_owned(), Map::new()),
                None => internal(),
            },
            Problem::Wait(_) | Problem::Internal(_) => internal(),
        }
    }
}

fn store_code(error: &store::Error) -> Option<Code> {
    match error {
        store::Error::Busy => Some(Code::Busy),
        store::Error::Full => Some(Code::StorageFull),
        store::Error::TurnLost => Some(Code::Retry),
        store::Error::Constraint(_) => Some(Code::Conflict),
        _ => None,
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Problem {
        Problem::Store(error)
    }
}

/// What a service refuses is told in the words of its noun, and a fault as a fault.
impl<R> From<Failure<R>> for Problem
where
    Problem: From<R>,
{
    fn from(failure: Failure<R>) -> Problem {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Fault(fault) => fault.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        Problem::Refused(refusal)
    }
}

impl From<Unproven> for Problem {
    fn from(unproven: Unproven) -> Problem {
        match unproven {
            Unproven::Wait(recipe) => Problem::Wait(recipe),
            Unproven::NoRandomness(text) => Problem::Internal(text),
        }
    }
}

/// The error of a reply.
#[derive(Debug, Serialize)]
pub struct ErrorObject {
    pub code: i32,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Map<String, Value>>,
}

impl ErrorObject {
    /// One of the specification's own errors.
    pub fn standard(code: i32, message: &str) -> ErrorObject {
        ErrorObject { code, message: message.into(), data: None }
    }

    /// Whether something of ours has failed, and it is not that a rule or a limit says no.
    pub fn is_fault(&self) -> bool {
        let word = self.data.as_ref().and_then(|data| data.get("code")).and_then(Value::as_str);
        let faults = [Code::Busy, Code::StorageFull, Code::Retry].map(Code::word);
        self.code == INTERNAL_ERROR || word.is_some_and(|word| faults.contains(&word))
    }

    pub fn of(code: Code) -> ErrorObject {
        application(code, code.meaning().to_owned(), Map::new())
    }
}

fn application(code: Code, message: String, facts: Map<String, Value>) -> ErrorObject {
    let mut data = Map::from_iter([("code".to_owned(), Value::from(code.word()))]);
    data.extend(facts);
    ErrorObject { code: APPLICATION_ERROR, message, data: Some(data) }
}

fn internal() -> ErrorObject {
    ErrorObject::standard(INTERNAL_ERROR, "internal error; the server's log has the cause")
}
