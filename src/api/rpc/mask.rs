//! What of an id card, a phone number or a name on a public board is shown.
//!
//! It never knows who asks; a method says whether it may show the whole, and that is recorded. Invariant: a
//! reply can hold an id card or a phone number only as one of these types.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// Whether a reply shows the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Masked,
    Whole,
}

/// An id card, of which the first three digits are shown: the six after them are a place, and those after
/// that the birth date, which would hide nothing.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub struct IdCard(String);

/// A phone number, of which the first three and the last four digits are shown.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub struct Phone(String);

/// A name before a door, of which the first character is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(transparent)]
#[serde(transparent)]
pub struct ShortName(String);

impl ShortName {
    pub fn new(name: &str) -> ShortName {
        ShortName(name.chars().take(1).chain(['*']).collect())
    }
}

impl IdCard {
    pub fn new(number: &str, shown: Shown) -> IdCard {
        IdCard(mask(number, 3, 0, shown))
    }
}

impl Phone {
    pub fn new(number: &str, shown: Shown) -> Phone {
        Phone(mask(number, 3, 4, shown))
    }
}

/// An account's name, which is a phone number where the account is a patient's.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub struct AccountName(String);

impl AccountName {
    pub fn new(username: &str, role: &str) -> AccountName {
        if role == "patient" {
            return AccountName(Phone::new(username, Shown::Masked).0);
        }
        AccountName(username.to_owned())
    }
}

impl Serialize for AccountName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// What is too short for its ends to be shown is hidden whole.
fn mask(text: &str, first: usize, last: usize, shown: Shown) -> String {
    let length = text.chars().count();
    if shown == Shown::Whole {
        return text.to_owned();
    }
    let hides_enough = length >= first + last + 3;
    text.chars()
        .enumerate()
        .map(|(place, letter)| {
            let is_end = place < first || place + last >= length;
            if hides_enough && is_end { letter } else { '*' }
        })
        .collect()
}

impl Serialize for IdCard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Serialize for Phone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_name_the_first_character_is_shown() {
        for (name, expected) in [("张三", "张*"), ("欧阳小明", "欧*"), ("Ann", "A*"), ("", "*")] {
            assert_eq!(ShortName::new(name).0, expected);
        }
    }

    #[test]
    fn only_the_ends_are_shown() {
        for (phone, expected) in [
            ("13800138000", "138****8000"),
            ("12345", "*****"),
            ("", ""),
            ("+8613800138000", "+86*******8000"),
        ] {
            assert_eq!(Phone::new(phone, Shown::Masked).0, expected);
            assert_eq!(Phone::new(phone, Shown::Whole).0, phone);
        }
        for (card, expected) in [
            ("110101199001010001", "110***************"),
            ("110101900101001", "110************"),
            ("11", "**"),
        ] {
            assert_eq!(IdCard::new(card, Shown::Masked).0, expected);
        }
    }
}
