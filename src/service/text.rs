//! Which letters a text may have.
//!
//! It never knows whose text it is. Invariant: a letter that is allowed can be shown as it is, and changes
//! nothing about how its neighbours look.

/// Whether a letter may stand in a line of text: no control character, and none that turns the direction of
/// what follows it, which would let one name look like another.
pub fn is_printable(letter: char) -> bool {
    !letter.is_control() && !matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a letter, though a control character, may stand in notes.
pub fn is_layout(letter: char) -> bool {
    matches!(letter, '\n' | '\r' | '\t')
}

/// Whether a text is one line that says something, in at most that many letters.
pub fn is_line(text: &str, chars_max: usize) -> bool {
    says_something(text, chars_max) && text.chars().all(is_printable)
}

/// As `is_line`, for a text that may have several lines.
pub fn is_notes(text: &str, chars_max: usize) -> bool {
    says_something(text, chars_max) && text.chars().all(|letter| is_printable(letter) || is_layout(letter))
}

fn says_something(text: &str, chars_max: usize) -> bool {
    // Most texts have fewer bytes than they may have letters.
    let fits = text.len() <= chars_max || text.chars().count() <= chars_max;
    fits && !text.trim().is_empty()
}
