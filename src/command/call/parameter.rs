//! Owns how a parameter is written at the command line. Never knows which ones a method has.
//! Invariant: a name comes once, and what was written for it is kept as it was until its type is known.

use crate::command::secret::Secret;
use serde_json::Value;

/// A parameter, as it was typed.
#[derive(Debug)]
pub struct Parameter<'a> {
    pub name: &'a str,
    pub given: Given<'a>,
}

/// What was given for it.
#[derive(Debug)]
pub enum Given<'a> {
    /// `KEY=VALUE`: what it is depends on the parameter.
    Plain(&'a str),
    /// `KEY:=JSON`.
    Json(Value),
    /// `KEY=-`, which is read later.
    OnStandardInput,
    /// `KEY=-`, once it was read.
    Secret(Secret),
}

pub fn parse(words: &[String]) -> Result<Vec<Parameter<'_>>, String> {
    let mut parameters: Vec<Parameter<'_>> = Vec::new();
    for word in words {
        let parameter = parse_one(word)?;
        if parameters.iter().any(|other| other.name == parameter.name) {
            return Err(format!("{} comes twice", parameter.name));
        }
        parameters.push(parameter);
    }
    Ok(parameters)
}

fn parse_one(word: &str) -> Result<Parameter<'_>, String> {
    let Some((name, value)) = word.split_once('=').filter(|(name, _)| !matches!(*name, "" | ":")) else {
        return Err(format!("{word:?} is no parameter: write KEY=VALUE, or KEY:=JSON"));
    };
    let Some(name) = name.strip_suffix(':') else {
        let given = if value == "-" { Given::OnStandardInput } else { Given::Plain(value) };
        return Ok(Parameter { name, given });
    };
    match serde_json::from_str(value) {
        Ok(json) => Ok(Parameter { name, given: Given::Json(json) }),
        Err(error) => {
            Err(format!("what follows {name}:= is not JSON ({error}); text is written {name}=TEXT"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(word: &str) -> String {
        match parse_one(word) {
            Ok(Parameter { name, given }) => format!("{name} {given:?}"),
            Err(text) => text,
        }
    }

    #[test]
    fn three_forms_of_parameters() {
        for (word, expected) in [
            ("phone=13800138000", r#"phone Plain("13800138000")"#),
            ("name==x=y:=z", r#"name Plain("=x=y:=z")"#),
            ("name=", r#"name Plain("")"#),
            ("名=值", r#"名 Plain("值")"#),
            ("password=-", "password OnStandardInput"),
            ("a:=-1", "a Json(Number(-1))"),
            (r#"a:="-""#, r#"a Json(String("-"))"#),
            ("a:=[1, null]", "a Json(Array [Number(1), Null])"),
        ] {
            assert_eq!(parsed(word), expected);
        }
        for word in ["", "name", "=1", ":=1", "a:"] {
            assert!(parsed(word).contains("write KEY=VALUE"), "{word}");
        }
        assert!(parsed("a:=text").contains("a=TEXT"), "{}", parsed("a:=text"));
        let twice = ["a=1".to_owned(), "b=1".to_owned(), "a:=2".to_owned()];
        assert_eq!(parse(&twice).unwrap_err(), "a comes twice");
    }

    proptest! {
        #[test]
        fn no_word_makes_the_parser_panic(word in "(?s)[a:=\\-\"{}]{0,6}.{0,20}") {
            let _ = parse_one(&word);
        }
    }
}
