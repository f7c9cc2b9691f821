//! The manual pages, made from the command line, the table of settings and the operators' page, in the language of
//! `man(7)`.
//!
//! Invariant: whatever a page says of a flag, a setting, a file, a signal or an exit code stands in one other place
//! already.

use clap::{Arg, Command, CommandFactory};
use medsrv::command::Arguments;
use medsrv::ops::config::{Applies, KEYS};

const MADE_FROM: &str =
    ".\\\" Made from the help and from docs/operations.md by `UPDATE_DOCS=1 cargo test --test docs`.\n";

const DESCRIPTION: &str = "\
`medsrv` is a hospital's appointment and records server: one process with one thread, and one SQLite file. Patients, \
doctors and desks speak JSON-RPC to it over TCP; clients of the Python server that it replaces go on as they are.

`medsrv start` goes into the background and returns once the port answers. A supervisor such as systemd runs \
`medsrv start --foreground` instead, and is told when the server is ready, reads its configuration again and ends, \
and that its loop still turns (`sd_notify(3)`).";

const ENVIRONMENT: [(&str, &str); 2] = [
    ("MEDSRV_TOKEN", "The token with which `medsrv call` calls."),
    (
        "NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID",
        "Set by a supervisor: where it listens, and within how many microseconds it wants to hear again.",
    ),
];

/// The rows of the table under a heading of a page, without its head, each as its cells.
pub fn table<'a>(page: &'a str, heading: &str, first_column: &str) -> Vec<Vec<&'a str>> {
    let section = page.split(&format!("\n## {heading}\n")).nth(1).unwrap_or_else(|| panic!("no {heading}"));
    let section = section.split("\n## ").next().unwrap();
    let lines = section.lines().skip_while(|line| !line.starts_with(&format!("| {first_column} |")));
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    let cells = |line: &'a str| line.trim_matches('|').split('|').map(str::trim).collect();
    let rows: Vec<Vec<&str>> = rows.map(cells).collect();
    assert!(!rows.is_empty(), "{heading} has no table of {first_column}");
    rows
}

/// `medsrv(8)`.
pub fn program(operations: &str) -> String {
    let mut command = Arguments::command();
    command.build();
    let mut page = head("MEDSRV", "8", "System Administration");
    page += &section("NAME");
    page += &format!("medsrv \\- {}\n", literal(&lower(&about(&command))));
    page += &section("SYNOPSIS");
    page += "\\fBmedsrv\\fR [\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]\n";
    page += &section("DESCRIPTION");
    page += &paragraphs(DESCRIPTION);
    page += &section("OPTIONS");
    page += "These stand before or after any command, and speak over the configuration file.\n";
    for argument in command.get_arguments().filter(|one| is_told(one)) {
        page += &option(argument);
    }
    page += &section("COMMANDS");
    for subcommand in command.get_subcommands().filter(|one| one.get_name() != "help") {
        page += &described(subcommand);
    }
    for (title, heading, first_column) in [
        ("EXIT STATUS", "Commands and exit codes", "Exit code"),
        ("SIGNALS", "Signals", "Signal"),
        ("FILES", "Files", "File"),
    ] {
        page += &section(title);
        for row in table(operations, heading, first_column) {
            let text =
                if title == "FILES" { format!("Made with the rights {}.", row[1]) } else { row[1].into() };
            page += &item(&inline(row[0]), &inline(&text));
        }
    }
    page += &section("ENVIRONMENT");
    for (names, text) in ENVIRONMENT {
        page += &item(&bold(names), &inline(text));
    }
    page += &section("EXAMPLES");
    let examples = command.get_after_help().unwrap().to_string();
    page += &verbatim(examples.split("\n\n").next().unwrap().trim_start_matches("Examples:\n"));
    page += &section("SEE ALSO");
    page + "\\fBmedsrv.conf\\fR(5), \\fBsystemctl\\fR(1), \\fBlogrotate\\fR(8)\n"
}

/// `medsrv.conf(5)`.
pub fn configuration(operations: &str) -> String {
    let introduction = operations.split("\n## Configuration\n").nth(1).unwrap();
    let introduction = introduction.trim_start().split("\n\n").next().unwrap();
    let mut page = head("MEDSRV.CONF", "5", "File Formats");
    page += &section("NAME");
    page += "medsrv.conf \\- the configuration of medsrv\n";
    page += &section("DESCRIPTION");
    page += &paragraphs(introduction);
    page += &paragraphs(
        "Each value below is written as `KEY = VALUE` under the line `[SECTION]`. `medsrv check` reports every mistake \
         in one run, each with its place, and shows the values that apply. A server that runs goes by a change once \
         `medsrv reload` has had it read the file again.",
    );
    let rows = table(operations, "Configuration", "Key");
    let mut at = "";
    for key in KEYS {
        if key.section != at {
            at = key.section;
            page += &section(&format!("[{at}]"));
        }
        let name = format!("`{}`", key.full_name());
        let row = rows.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("no row of {name}"));
        let mut text = format!("{} Default: {}.", row[3], row[1]);
        if !row[2].is_empty() {
            text += &format!(" Accepted: {}.", row[2]);
        }
        if key.applies == Applies::AfterRestart {
            text += " A change needs a restart.";
        }
        page += &item(&bold(key.name), &inline(&text));
    }
    page += &section("FILES");
    page += &item(&bold("./medsrv.conf, /etc/medsrv/medsrv.conf"), "The first of them that exists is read.");
    page += &section("SEE ALSO");
    page + "\\fBmedsrv\\fR(8)\n"
}

/// One command, and those below it.
fn described(command: &Command) -> String {
    let mut command = command.clone();
    let usage = command.render_usage().to_string();
    let mut text = String::new();
    for line in usage.trim_start_matches("Usage:").lines().map(str::trim) {
        text += &format!(".SS {}\n", quoted(&literal(line)));
    }
    text += &format!("{}\n", inline(&format!("{}.", about(&command))));
    for argument in command.get_arguments().filter(|one| is_told(one) && !one.is_global_set()) {
        text += &option(argument);
    }
    if let Some(help) = command.get_after_help() {
        text += ".PP\n";
        text += &verbatim(&help.to_string());
    }
    for subcommand in command.get_subcommands().filter(|one| one.get_name() != "help") {
        text += &described(subcommand);
    }
    text
}

fn about(command: &Command) -> String {
    command.get_about().unwrap_or_else(|| panic!("{}", command.get_name())).to_string()
}

fn is_told(argument: &Arg) -> bool {
    !argument.is_hide_set() && !["help", "version"].contains(&argument.get_id().as_str())
}

fn option(argument: &Arg) -> String {
    let values: Vec<String> = argument
        .get_value_names()
        .into_iter()
        .flatten()
        .map(|name| format!("\\fI{}\\fR", literal(name)))
        .collect();
    let takes_value = argument.get_action().takes_values();
    let name = match argument.get_long() {
        Some(long) if takes_value => format!("{} {}", bold(&format!("--{long}")), values.join(" ")),
        Some(long) => bold(&format!("--{long}")),
        None => values.join(" "),
    };
    let mut text = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let possible = argument.get_possible_values();
    if takes_value && !possible.is_empty() {
        let names: Vec<&str> = possible.iter().map(clap::builder::PossibleValue::get_name).collect();
        text += &format!(" [possible values: {}]", names.join(", "));
    }
    if takes_value && !argument.get_default_values().is_empty() {
        let values: Vec<_> =
            argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        text += &format!(" [default: {}]", values.join(" "));
    }
    item(&name, &inline(text.trim()))
}

fn head(name: &str, number: &str, volume: &str) -> String {
    let version = concat!("medsrv ", env!("CARGO_PKG_VERSION"));
    // No date: the page is the same whenever it is made. Words are neither broken nor spread over the line.
    format!("{MADE_FROM}.TH {name} {number} \"\" \"{version}\" \"{volume}\"\n.nh\n.ad l\n")
}

fn section(title: &str) -> String {
    format!(".SH {}\n", quoted(&literal(title)))
}

fn item(name: &str, text: &str) -> String {
    let text = if text.is_empty() { "" } else { text };
    format!(".TP\n{}\n{}\n", guarded(name), guarded(text))
}

fn paragraphs(text: &str) -> String {
    text.split("\n\n")
        .map(|paragraph| format!(".PP\n{}\n", guarded(&inline(&paragraph.replace('\n', " ")))))
        .collect()
}

fn verbatim(text: &str) -> String {
    let lines: String = text.lines().map(|line| format!("{}\n", guarded(&literal(line)))).collect();
    format!(".nf\n{lines}.fi\n")
}

/// A text with what stands between backquotes in bold, and links as their words.
fn inline(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        let (words, link) = (before.rsplit_once('['), after.split_once(')'));
        let (Some((before, words)), Some((_, after))) = (words, link) else { break };
        plain += before;
        plain += words;
        rest = after;
    }
    plain += rest;
    let parts = plain.replace("**", "");
    let parts = parts.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { bold(part) } else { literal(part) }).collect()
}

fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", literal(text))
}

/// A text in which nothing has a meaning to the formatter, and all can be copied.
fn literal(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '\\' => escaped += "\\e",
            '-' => escaped += "\\-",
            '\'' => escaped += "\\(aq",
            '`' => escaped += "\\(ga",
            '^' => escaped += "\\(ha",
            '~' => escaped += "\\(ti",
            other => escaped.push(other),
        }
    }
    escaped
}

/// A line that is none of the formatter's requests.
fn guarded(line: &str) -> String {
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\(dq"))
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}
