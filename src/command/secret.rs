//! Owns the reading of what must not stand on a command line, where others on the machine could see it. Never
//! knows what a secret is for.
//! Invariant: at a terminal nothing that is typed is shown; elsewhere each secret is one line of standard input.

use std::io::{self, BufRead, IsTerminal, Read};
use zeroize::Zeroizing;

/// A longer line is something else.
const LINE_BYTES_MAX: u64 = 4096;

pub type Secret = Zeroizing<String>;

/// Reads one secret: the next line, or what is typed after `prompt`.
pub fn read(prompt: &str) -> Result<Secret, String> {
    if io::stdin().is_terminal() { typed(prompt) } else { next_line(&mut io::stdin().lock()) }
}

/// Reads a secret that is to be set, which is typed twice at a terminal: nobody sees a slip.
pub fn read_new(prompt: &str) -> Result<Secret, String> {
    if !io::stdin().is_terminal() {
        return next_line(&mut io::stdin().lock());
    }
    twice(prompt, typed)
}

fn twice(prompt: &str, mut ask: impl FnMut(&str) -> Result<Secret, String>) -> Result<Secret, String> {
    let first = ask(prompt)?;
    let again = ask(&format!("{prompt}, once more"))?;
    if first == again { Ok(first) } else { Err("the two are not the same; nothing was changed".into()) }
}

fn typed(prompt: &str) -> Result<Secret, String> {
    rpassword::prompt_password(format!("{prompt}: "))
        .map(Zeroizing::new)
        .map_err(|error| format!("nothing can be read from the terminal: {error}"))
}

/// Standard input keeps what it has read ahead, so that the next call goes on with the next line.
fn next_line(input: &mut impl BufRead) -> Result<Secret, String> {
    let mut line = Zeroizing::new(Vec::new());
    let read = input.take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line);
    read.map_err(|error| format!("standard input cannot be read: {error}"))?;
    if line.is_empty() {
        return Err("standard input has no line to read it from".into());
    }
    if line.len() as u64 > LINE_BYTES_MAX {
        return Err(format!("the line on standard input is longer than {LINE_BYTES_MAX} bytes"));
    }
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = std::str::from_utf8(line).map_err(|_| "the line on standard input is not UTF-8")?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_is_a_line() {
        let mut input = io::Cursor::new("one\r\n two \n\n最后".as_bytes());
        for expected in ["one", " two ", "", "最后"] {
            assert_eq!(next_line(&mut input).unwrap().as_str(), expected);
        }
        assert!(next_line(&mut input).unwrap_err().contains("no line"));
    }

    #[test]
    fn what_is_no_line_of_text_is_refused() {
        for (input, expected) in [(vec![b'x'; 5000], "longer than"), (vec![0xff, b'\n'], "not UTF-8")] {
            let error = next_line(&mut io::Cursor::new(input)).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn what_is_typed_twice_must_be_the_same() {
        for (typed, fits) in [(["a", "a"], true), (["a", "b"], false)] {
            let mut answers = typed.iter();
            let mut prompts = Vec::new();
            let read = twice("password", |prompt| {
                prompts.push(prompt.to_owned());
                Ok(Zeroizing::new((*answers.next().unwrap()).to_owned()))
            });
            assert_eq!(read.is_ok(), fits);
            assert_eq!(prompts, ["password", "password, once more"]);
        }
    }
}
