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
