//! argv to [`super::Cli`], with kubectl's words for what is wrong.
//!
//! kubectl takes flags and names in any order, the last of two equal flags, `--flag=false`, and values
//! that begin with a dash. The list has no word of its own (`kubectl pods -n shop web`), so a command
//! line whose first word is no verb is read as if it began with `get`.

use std::{ffi::OsString, process::ExitCode};

use clap::{
    ArgAction, Command, CommandFactory as _, FromArgMatches as _,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{Cli, value::boolean};

/// Why there is nothing to run: help was asked for, or a word was wrong.
#[derive(Debug)]
pub enum Stop {
    /// Help or the version, for stdout.
    Help(clap::Error),
    /// A complaint, for stderr.
    Complaint(String),
}

impl Stop {
    /// Prints help to stdout or the complaint to stderr, and gives the exit code: 0 or 1, as kubectl.
    #[must_use]
    pub fn print(&self) -> ExitCode {
        match self {
            Self::Help(help) => {
                let _ = help.print();
                ExitCode::SUCCESS
            }
            Self::Complaint(text) => {
                eprintln!("{text}");
                ExitCode::FAILURE
            }
        }
    }
}

/// Parses a command line, program name first.
///
/// # Errors
///
/// [`Stop`] when help or the version was asked for, or when a word is not understood.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, Stop> {
    let command = go_flags(Cli::command());
    let args = with_verb(&command, args.into_iter().collect());
    let parsed = command
        .try_get_matches_from(&args)
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    parsed.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Stop::Help(help(&args, error)),
        _ => Stop::Complaint(complaint(&error, &args)),
    })
}

/// The same help without what [`go_flags`] changed.
fn help(args: &[OsString], fallback: clap::Error) -> clap::Error {
    super::help_command().try_get_matches_from(args).err().unwrap_or(fallback)
}

/// Lets clap read flags as Go's pflag does.
fn go_flags(command: Command) -> Command {
    command
        .args_override_self(true)
        .disable_help_subcommand(true)
        .mut_subcommands(go_flags)
        .mut_args(|arg| match arg.get_action() {
            ArgAction::SetTrue => arg
                .action(ArgAction::Set)
                .num_args(0..=1)
                .require_equals(true)
                .default_value("false")
                .default_missing_value("true")
                .value_parser(boolean),
            ArgAction::Set | ArgAction::Append if !arg.is_positional() => {
                arg.allow_hyphen_values(true)
            }
            _ => arg,
        })
}

/// Puts the verb first: the first word that is no flag and no flag's value, or else `get`.
fn with_verb(command: &Command, mut args: Vec<OsString>) -> Vec<OsString> {
    let verb = first_word(command, &args).filter(|index| {
        let word = args[*index].to_str();
        word.is_some_and(|word| command.find_subcommand(word).is_some())
    });
    match verb {
        Some(index) => {
            let verb = args.remove(index);
            args.insert(1, verb);
        }
        None if asks_for_overview(&args) => {}
        None => args.insert(1.min(args.len()), "get".into()),
    }
    args
}

fn asks_for_overview(args: &[OsString]) -> bool {
    args.iter()
        .skip(1)
        .any(|arg| matches!(arg.to_str(), Some("-h" | "--help" | "-V" | "--version")))
}

fn first_word(command: &Command, args: &[OsString]) -> Option<usize> {
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
        let named = |arg: &&clap::Arg| arg.get_long() == Some(long);
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

/// kubectl's words for a command line that cannot be read.
fn complaint(error: &clap::Error, args: &[OsString]) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let flag = text(ContextKind::InvalidArg).unwrap_or_default();
    let name = flag.split([' ', '=', '[']).next().unwrap_or_default();
    let line = match error.kind() {
        ErrorKind::UnknownArgument if name.starts_with("--") => format!("unknown flag: {name}"),
        ErrorKind::UnknownArgument if name.starts_with('-') => {
            let letter = name.trim_start_matches('-');
            let word = args
                .iter()
                .filter_map(|arg| arg.to_str())
                .find(|arg| arg.starts_with('-') && !arg.starts_with("--") && arg.contains(letter));
            format!("unknown shorthand flag: '{letter}' in {}", word.unwrap_or(name))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            match text(ContextKind::InvalidValue).filter(|value| !value.is_empty()) {
                None => needs_argument(name, args),
                Some(value) => {
                    let why = std::error::Error::source(error).map(ToString::to_string);
                    format!(
                        "invalid argument {} for \"{name}\" flag: {}",
                        crate::go::quote(&value),
                        why.unwrap_or_default()
                    )
                }
            }
        }
        _ => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            first.trim_start_matches("error: ").to_owned()
        }
    };
    let verb = args.get(1).and_then(|arg| arg.to_str()).filter(|verb| *verb != "get");
    let verb = verb.map(|verb| format!(" {verb}")).unwrap_or_default();
    format!("error: {line}\nSee 'kubectl pods{verb} --help' for usage.")
}

fn needs_argument(flag: &str, args: &[OsString]) -> String {
    let last = args.last().and_then(|arg| arg.to_str()).unwrap_or(flag);
    if last.starts_with("--") {
        return format!("flag needs an argument: {last}");
    }
    let letter = last.chars().next_back().unwrap_or_default();
    format!("flag needs an argument: '{letter}' in {last}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Verb;

    fn parsed(line: &str) -> Result<Cli, Stop> {
        let words = line.split_whitespace().map(|word| OsString::from(word.replace('_', " ")));
        parse(std::iter::once(OsString::from("kubectl-pods")).chain(words))
    }

    fn summary(line: &str) -> String {
        match parsed(line) {
            Ok(cli) => {
                let namespace = cli.connection.namespace.unwrap_or_default();
                match cli.verb {
                    Verb::Get(args) => format!(
                        "get {:?} -n={namespace} -A={} -o={}",
                        args.names,
                        args.all_namespaces,
                        args.output.unwrap_or_default()
                    ),
                    Verb::Check(args) => format!("check {:?} -n={namespace}", args.targets),
                    other => format!("{other:?}"),
                }
            }
            Err(Stop::Complaint(text)) => text.lines().next().unwrap_or_default().to_owned(),
            Err(Stop::Help(_)) => String::from("help"),
        }
    }

    #[test]
    fn lists_need_no_verb_and_flags_no_order() {
        let cases = [
            ("", r"get [] -n= -A=false -o="),
            ("web", r#"get ["web"] -n= -A=false -o="#),
            ("-n shop web", r#"get ["web"] -n=shop -A=false -o="#),
            ("web -o wide", r#"get ["web"] -n= -A=false -o=wide"#),
            ("-owide -nshop a b", r#"get ["a", "b"] -n=shop -A=false -o=wide"#),
            ("get -A", r"get [] -n= -A=true -o="),
            ("-A get", r"get [] -n= -A=true -o="),
            ("-o wide get x", r#"get ["x"] -n= -A=false -o=wide"#),
            ("-Aowide", r"get [] -n= -A=true -o=wide"),
            ("get check", r#"get ["check"] -n= -A=false -o="#),
            ("web check", r#"get ["web", "check"] -n= -A=false -o="#),
            ("web -n shop check", r#"get ["web", "check"] -n=shop -A=false -o="#),
            ("help", r#"get ["help"] -n= -A=false -o="#),
            ("check x -n ns", r#"check ["x"] -n=ns"#),
            ("-n ns check x", r#"check ["x"] -n=ns"#),
            ("-n check", r"get [] -n=check -A=false -o="),
            ("-- check", r#"get ["check"] -n= -A=false -o="#),
            ("--all-namespaces=false", r"get [] -n= -A=false -o="),
            ("-A --all-namespaces=F", r"get [] -n= -A=false -o="),
            ("-o json -o yaml", r"get [] -n= -A=false -o=yaml"),
            ("--help", "help"),
            ("get --help", "help"),
        ];
        for (line, expected) in cases {
            assert_eq!(summary(line), expected, "{line:?}");
        }
    }

    #[test]
    fn complains_as_kubectl() {
        let cases = [
            ("--bogus", "error: unknown flag: --bogus"),
            ("--bogus=1", "error: unknown flag: --bogus"),
            ("-Z", "error: unknown shorthand flag: 'Z' in -Z"),
            ("-n", "error: flag needs an argument: 'n' in -n"),
            ("--namespace", "error: flag needs an argument: --namespace"),
            (
                "--chunk-size=x",
                "error: invalid argument \"x\" for \"--chunk-size\" flag: strconv.ParseInt: parsing \"x\": invalid syntax",
            ),
            (
                "--no-headers=x",
                "error: invalid argument \"x\" for \"--no-headers\" flag: strconv.ParseBool: parsing \"x\": invalid syntax",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(summary(line), expected, "{line:?}");
        }
    }

    #[test]
    fn complaints_say_where_help_is() {
        let second = |line| match parsed(line) {
            Err(Stop::Complaint(text)) => text.lines().nth(1).unwrap_or_default().to_owned(),
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(second("--bogus"), "See 'kubectl pods --help' for usage.");
        assert_eq!(second("check --bogus x"), "See 'kubectl pods check --help' for usage.");
    }

    #[test]
    fn every_command_is_sound() {
        go_flags(Cli::command()).debug_assert();
        crate::cli::help_command().debug_assert();
    }
}
