//! Owns the values that are one of a few words. Never knows what a word means to those who go by it.
//! Invariant: each has the word that stands in the file, and no two the same.

/// The form of a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl LogFormat {
    pub const ALL: [LogFormat; 2] = [LogFormat::Text, LogFormat::Json];

    pub fn word(self) -> &'static str {
        match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        }
    }
}

/// Of what a patient may have one appointment a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitScope {
    Department,
    Doctor,
    Session,
    /// Any number.
    None,
}

impl LimitScope {
    pub const ALL: [LimitScope; 4] =
        [LimitScope::Department, LimitScope::Doctor, LimitScope::Session, LimitScope::None];

    pub fn word(self) -> &'static str {
        match self {
            LimitScope::Department => "department",
            LimitScope::Doctor => "doctor",
            LimitScope::Session => "session",
            LimitScope::None => "none",
        }
    }
}
