//! Owns the check of a configuration. Never starts, opens or creates anything.
//! Invariant: what it calls valid, `start` accepts.

use super::{Common, exit, say};
use crate::ops::config::{KEYS, Loaded, SEARCHED_FILES};

pub fn run(common: &Common) -> u8 {
    match common.load() {
        Ok(loaded) => {
            say(describe(&loaded));
            exit::SUCCESS
        }
        Err(exit_code) => exit_code,
    }
}

/// The values that apply, in the form of a configuration file.
fn describe(loaded: &Loaded) -> String {
    let file = match &loaded.file {
        Some(file) => file.display().to_string(),
        None => format!("none ({} do not exist), defaults apply", SEARCHED_FILES.join(" and ")),
    };
    let mut text = format!("configuration is valid\n# file: {file}");
    for warning in loaded.config.warnings() {
        text += &format!("\n# warning: {warning}");
    }
    let mut section = "";
    for key in KEYS {
        if key.section != section {
            section = key.section;
            text += &format!("\n\n[{section}]");
        }
        text += &format!("\n{} = {}", key.name, (key.show)(&loaded.config));
    }
    text
}
