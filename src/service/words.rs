//! Enums whose variants have a word each: in the store's columns, in parameters and in replies.
//!
//! It never knows what a word stands for. Invariant: a variant has one word, and a word stands for one variant.

/// Enums with the words of their variants. What stands behind an enum's name says of a row which words it has, so
/// that `parse` can say what is wrong with another one; an enum that no row has goes without.
macro_rules! words {
    ($(
        $(#[$about:meta])*
        $visibility:vis enum $name:ident $(, $row:literal)? {
            $($(#[$of:meta])* $variant:ident = $word:literal),* $(,)?
        }
    )*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $visibility enum $name { $($(#[$of])* $variant),* }

        impl $name {
            pub const ALL: [$name; [$($word),*].len()] = [$($name::$variant),*];

            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            /// The one that a word stands for.
            pub fn find(word: &str) -> Option<$name> {
                match word {
                    $($word => Some($name::$variant),)*
                    _ => None,
                }
            }

            $(
                /// The one that a word of the store stands for.
                pub fn parse(word: &str) -> Result<$name, $crate::store::Error> {
                    let unknown = || $crate::store::Error::Other(concat!($row, " that does not exist").into());
                    $name::find(word).ok_or_else(unknown)
                }
            )?
        }
    )*};
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    words! {
        enum Colour, "a flag is of a colour" {
            Red = "red",
            DarkBlue = "dark_blue",
        }
    }

    #[test]
    fn a_word_stands_for_what_has_it() {
        assert_eq!(Colour::ALL.map(Colour::word), ["red", "dark_blue"]);
        for colour in Colour::ALL {
            assert_eq!(Colour::find(colour.word()), Some(colour));
            assert_eq!(Colour::parse(colour.word()).unwrap(), colour);
        }
        assert_eq!(Colour::find("Red"), None);
        let said = Colour::parse("green").unwrap_err().to_string();
        assert!(said.contains("a flag is of a colour that does not exist"), "{said}");
    }
}
