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

/// Whether the flag's value is the next word. A flag of any verb counts, wherever it stands.
fn takes_next_word(command: &Command, flag: &str) -> bool {
    let commands = || std::iter::once(command).chain(command.get_subcommands());
    let takes_value = |arg: &&clap::Arg| {
        matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
            && !arg.is_require_equals_set()
    };
    if let Some(long) = flag.strip_prefix("--") {
        // kubectl takes --sort_by for --sort-by.
        let long = long.replace('_', "-");
        let named = |arg: &&clap::Arg| arg.get_long() == Some(&long);
        return commands()
            .any(|command| command.get_arguments().filter(named).any(|arg| takes_value(&arg)));
    }
    // In `-Aowide` the first flag that takes a value takes the rest of the word, if there is any.
    let mut letters = flag.chars().skip(1);
    while let Some(letter) = letters.next() {
        let named = |arg: &&clap::Arg| arg.get_short() == Some(letter);
        if commands()
            .any(|command| command.get_arguments().filter(named).any(|arg| takes_value(&arg)))
        {
            return letters.next().is_none();
        }
    }
    false
}
