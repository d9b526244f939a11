//! Which words of a command line are neither flags nor flags' values.

use std::ffi::OsString;

use clap::{ArgAction, Command};

/// The index of the first word that is no flag and no flag's value; the program's own name, the first, never counts.
pub(super) fn first_word(command: &Command, args: &[OsString]) -> Option<usize> {
    let mut skip = false;
    for (index, arg) in args.iter().enumerate().skip(1) {
        if std::mem::take(&mut skip) {
            continue;
        }
        let text = arg.to_str()?;
        if text == "--" {
            return None;
        }
        if !text.starts_with('-') || text == "-" {
            return Some(index);
        }
        skip = takes_next_word(command, text);
    }
    None
}

/// Whether the flag's value is the next word.
fn takes_next_word(command: &Command, flag: &str) -> bool {
    if let Some(long) = flag.strip_prefix("--") {
        // kubectl takes --sort_by for --sort-by.
        let long = long.replace('_', "-");
        return takes_value(command, |arg| arg.get_long() == Some(&long));
    }
    // In `-Aowide` the first flag that takes a value takes the rest of the word, if there is any.
    let mut letters = flag.chars().skip(1);
    while let Some(letter) = letters.next() {
        if takes_value(command, |arg| arg.get_short() == Some(letter)) {
            return letters.next().is_none();
        }
    }
    false
}

/// Whether a flag takes a value. Where no verb stands before it, it is one of the list's if the list has it; else it may be
/// of any verb.
fn takes_value(command: &Command, is_named: impl Fn(&clap::Arg) -> bool) -> bool {
    let list = command.find_subcommand("get");
    let mut commands = std::iter::once(command).chain(list).chain(command.get_subcommands());
    let flag = commands.find_map(|command| command.get_arguments().find(|arg| is_named(arg)));
    flag.is_some_and(|arg| {
        matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
            && !arg.is_require_equals_set()
    })
}
