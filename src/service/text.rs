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

/// Whether a text is a telephone number: up to 20 digits, with or without a `+` before them.
pub fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (1..=20).contains(&digits.len()) && digits.bytes().all(|letter| letter.is_ascii_digit())
}

/// As `is_line`, for a text that may have several lines.
pub fn is_notes(text: &str, chars_max: usize) -> bool {
    says_something(text, chars_max) && text.chars().all(|letter| is_printable(letter) || is_layout(letter))
}

fn says_something(text: &str, chars_max: usize) -> bool {
    // Most texts have fewer bytes than they may have letters.
    let fits = text.len() <= chars_max || text.chars().count() <= chars_max;
    fits && text.chars().any(|letter| !letter.is_whitespace() && !is_invisible(letter))
}

/// A name as it is compared with others: in lower case, with single blanks, fullwidth letters as those of ASCII, and
/// without what cannot be seen.
pub fn key(text: &str) -> String {
    let seen = text.chars().filter(|letter| letter.is_whitespace() || !is_invisible(*letter)).map(narrow);
    let seen: String = seen.flat_map(char::to_lowercase).collect();
    seen.split_whitespace().collect::<Vec<&str>>().join(" ")
}

/// A number on a door or a bed: without blanks around it, and none where a letter of it cannot be seen.
pub fn number(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty() && !text.chars().any(is_invisible))
}

/// The letter of ASCII that a fullwidth one is a form of.
fn narrow(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        _ => letter,
    }
}

/// Whether a spreadsheet could take a text for a formula: by the first letter of it that it does not pass over.
pub fn looks_like_formula(text: &str) -> bool {
    let first = text.chars().find(|letter| !letter.is_whitespace() && !is_invisible(*letter)).map(narrow);
    matches!(first, Some('=' | '+' | '-' | '@')) || text.starts_with(['\t', '\r'])
}

/// Whether a letter is not seen where it stands alone: of no width, a filler, or a mark that chooses among forms.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_compared_alike() {
        for text in [
            "penicillin g",
            "  Penicillin \u{3000} G\t",
            "peni\u{ad}cillin\u{200b} g",
            "ｐｅｎicillin Ｇ\u{feff}",
        ] {
            assert_eq!(key(text), "penicillin g", "{text:?}");
        }
        assert_eq!(key("青霉素"), "青霉素");
        assert_eq!(key("\u{200b} \u{3000}"), "");
    }

    #[test]
    fn a_formula_is_one_behind_what_is_passed_over_and_in_any_width() {
        for text in ["=1", "+1", "-1", "@a", "＝1", "＋1", "－1", "＠a", "\t内科", "\r=", "\u{feff}=1"]
        {
            assert!(looks_like_formula(text), "{text:?}");
        }
        for text in ["\u{200b}=1", " =1", "\u{3000}＝1", "\n\u{ad}\t-1", "\u{0}@a", "\u{2060}\u{200e}＋1"] {
            assert!(looks_like_formula(text), "{text:?}");
        }
        for text in ["", "内科", "3A", "a=1", "\u{200b}内科", "'=1", "1-2"] {
            assert!(!looks_like_formula(text), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_seen_says_nothing() {
        for text in
            ["", " ", "\u{3000}", "\u{200b}", "\u{feff} \u{2060}", "\u{ad}", "\u{3164}", "\u{fe0f}\u{200d}"]
        {
            assert!(!is_line(text, 500) && !is_notes(text, 500), "{text:?}");
        }
        assert!(!is_notes("\n\u{200b}\t", 500));
        // Within a text they may stand, as in what is written of several parts.
        for text in ["病", "a\u{200b}b", "👩\u{200d}⚕\u{fe0f}", "."] {
            assert!(is_line(text, 500) && is_notes(text, 500), "{text:?}");
        }
    }
}
