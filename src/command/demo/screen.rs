//! Owns what whoever watches sees: chapters, sentences, the board that is drawn anew. Never makes a call.
//! Invariant: what moves the cursor goes to a terminal only; elsewhere each thing is a plain line.

use super::house::rest;
use super::play::at;
use super::{Intent, Stop};
use serde_json::Value;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

/// How long a sentence stands before the next one.
const SENTENCE: Duration = Duration::from_millis(800);
/// How long the board stands as it is.
const STEP: Duration = Duration::from_millis(450);

/// What hangs in the waiting room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Board {
    pub serving: Option<String>,
    pub called: Option<String>,
    pub next: Vec<String>,
    pub waiting: u64,
}

impl Board {
    /// Of the facts of an event of `queue:ID`. There is one room here.
    pub fn read(facts: &Value) -> Board {
        let room = |member: &str| at(facts, &format!("/rooms/0/{member}"));
        let shown = |ticket: &Value| {
            let number = ticket["number"].as_i64()?;
            Some(format!("{number} {}", ticket["name"].as_str().unwrap_or_default()))
        };
        Board {
            serving: shown(room("serving")),
            called: shown(room("called")),
            next: facts["next"].as_array().into_iter().flatten().filter_map(shown).collect(),
            waiting: facts["waiting"].as_u64().unwrap_or(0),
        }
    }

    fn lines(&self) -> [String; 4] {
        let or_dash = |ticket: &Option<String>| ticket.clone().unwrap_or_else(|| "-".into());
        [
            format!("please come in   {}", or_dash(&self.called)),
            format!("is with 王医生   {}", or_dash(&self.serving)),
            format!("next             {}", self.next.join("   ")),
            format!("waiting          {}", self.waiting),
        ]
    }

    fn in_a_line(&self) -> String {
        let or_dash = |ticket: &Option<String>| ticket.clone().unwrap_or_else(|| "-".into());
        format!(
            "called {}, with the doctor {}, next {}, waiting {}",
            or_dash(&self.called),
            or_dash(&self.serving),
            if self.next.is_empty() { "-".into() } else { self.next.join(" / ") },
            self.waiting
        )
    }
}

pub struct Screen {
    is_terminal: bool,
    is_fast: bool,
    intent: Intent,
    /// Lines of the board that stand at the end of what was written.
    drawn: usize,
}

impl Screen {
    pub fn new(is_fast: bool, intent: Intent) -> Screen {
        Screen { is_terminal: io::stdout().is_terminal(), is_fast, intent, drawn: 0 }
    }

    pub fn is_fast(&self) -> bool {
        self.is_fast
    }

    pub fn chapter(&mut self, title: &str) -> Result<(), Stop> {
        self.drawn = 0;
        if self.is_terminal {
            self.write(&format!("\n\x1b[1m{title}\x1b[0m\n"))?;
        } else {
            self.write(&format!("\n{title}\n"))?;
        }
        self.pause(SENTENCE / 2)
    }

    /// Says something, and leaves time to read it.
    pub fn tell(&mut self, text: impl AsRef<str>) -> Result<(), Stop> {
        self.note(text)?;
        self.pause(SENTENCE)
    }

    /// Says something that belongs to what comes next.
    pub fn note(&mut self, text: impl AsRef<str>) -> Result<(), Stop> {
        self.drawn = 0;
        self.write(&format!("  {}\n", text.as_ref()))
    }

    /// Shows the board, and what has changed it; on a terminal in the place of the one before.
    pub fn board(&mut self, board: &Board, said: &str) -> Result<(), Stop> {
        if !self.is_terminal {
            self.write(&format!("  {said}\n    board: {}\n", board.in_a_line()))?;
            return self.pause(STEP);
        }
        let mut text = String::new();
        if self.drawn > 0 {
            text = format!("\x1b[{}A\x1b[J", self.drawn);
        }
        let lines = board.lines();
        text.push_str("  ┌─ waiting room, room 101 ─────────────────────\n");
        for line in &lines {
            text.push_str(&format!("  │ {line}\n"));
        }
        text.push_str(&format!("  └─ \x1b[2m{said}\x1b[0m\n"));
        self.write(&text)?;
        self.drawn = lines.len() + 2;
        self.pause(STEP)
    }

    pub fn pause(&self, time: Duration) -> Result<(), Stop> {
        if self.is_fast { self.intent.check() } else { rest(time, &self.intent) }
    }

    /// A reader that went away has seen what they wanted.
    fn write(&self, text: &str) -> Result<(), Stop> {
        self.intent.check()?;
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|_| Stop::Asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_board_is_what_the_event_says() {
        let ticket = |number: i64, name: &str| json!({"session_id": 1, "number": number, "name": name});
        let facts = json!({
            "rooms": [{"room": "101", "serving": ticket(3, "赵*"), "called": null}],
            "next": [ticket(4, "钱*"), ticket(5, "孙*")],
            "waiting": 7,
        });
        let board = Board::read(&facts);
        assert_eq!(board.in_a_line(), "called -, with the doctor 3 赵*, next 4 钱* / 5 孙*, waiting 7");
        let empty = Board::read(&json!({"rooms": [], "next": [], "waiting": 0}));
        assert_eq!(empty, Board::default());
        assert_eq!(empty.in_a_line(), "called -, with the doctor -, next -, waiting 0");
    }
}
