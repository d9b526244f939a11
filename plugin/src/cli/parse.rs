//! argv to [`super::Cli`], with kubectl's words for what is wrong.
//!
//! kubectl takes flags and names in any order, the last of two equal flags, `--flag=false`, and values
//! that begin with a dash. The list has no word of its own (`kubectl pods -n shop web`), so a command
//! line whose first word is no verb is read as if it began with `get`.

use std::{ffi::OsString, process::ExitCode};

use clap::{
    ArgAction, Command, CommandFactory as _, FromArgMatches as _, builder::StyledStr,
    error::ErrorKind,
};

use super::{
    Cli, Verb,
    complaint::{complaint, complaint_after_dashes},
    curl::{AfterDashes, CurlArgs},
    kubectls::{handoff, with_kubectls_flags},
    value::boolean,
    words::first_word,
};
use crate::{exit::Exit, handoff::Handoff, output};

/// Why there is nothing for us to run: help was asked for, a word was wrong, or kubectl is to do it.
#[derive(Debug)]
pub enum Stop {
    /// Help or the version, for stdout.
    Help(StyledStr),
    /// A complaint, for stderr.
    Complaint(String),
    /// A list that kubectl makes.
    Handoff(Handoff),
}

impl Stop {
    /// Writes help to stdout or the complaint to stderr, and gives the exit code: 0 or 1, as kubectl. Or becomes
    /// kubectl, and comes back only when it cannot.
    #[must_use]
    pub fn end(&self) -> ExitCode {
        let exit = match self {
            Self::Help(help) => match output::help(help) {
                Ok(()) => Exit::Success,
                Err(error) => output::report(&error),
            },
            Self::Complaint(text) => output::report(&cluster::Verbatim(text.clone()).into()),
            Self::Handoff(handoff) => output::report(&handoff.exec()),
        };
        exit.into()
    }
}

/// Parses a command line, program name first.
///
/// # Errors
///
/// [`Stop`] when help or the version was asked for, when a word is not understood, and when only kubectl understands it.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, Stop> {
    let mut command = command();
    let args = with_verb(&command, args.into_iter().collect());
    let matches = command.try_get_matches_from_mut(&args);
    if let Ok(matches) = &matches
        && let Some(get) = matches.subcommand_matches("get")
        && let Some(handoff) = handoff(get, &args[2..]).map_err(Stop::Complaint)?
    {
        return Err(Stop::Handoff(handoff));
    }
    let parsed = matches.and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    let mut cli = parsed.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Stop::Help(help(&args, &error)),
        _ => Stop::Complaint(complaint(&error, &command, &args)),
    })?;
    if let Verb::Curl(args) = &mut cli.verb {
        after_dashes(args)?;
    }
    Ok(cli)
}

/// Everything that is understood, by us or by kubectl.
fn command() -> Command {
    go_flags(with_kubectls_flags(Cli::command()))
}

/// Reads curl's own flags after `--` and joins them with those before it.
fn after_dashes(args: &mut CurlArgs) -> Result<(), Stop> {
    let words: Vec<OsString> = args.curl_flags.drain(..).map(OsString::from).collect();
    let mut command = go_flags(AfterDashes::flags());
    let parsed = command
        .try_get_matches_from_mut(&words)
        .and_then(|mut matches| AfterDashes::from_arg_matches_mut(&mut matches));
    let flags = parsed.map_err(|error| {
        Stop::Complaint(complaint_after_dashes(&error, &command, "kubectl pods curl", &words))
    })?;
    args.request.join(flags.into_request());
    Ok(())
}

/// The same help without what [`go_flags`] changed.
fn help(args: &[OsString], fallback: &clap::Error) -> StyledStr {
    let plain = super::help_command().try_get_matches_from(args).err();
    plain.as_ref().unwrap_or(fallback).render()
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
        .mut_args(|arg| match arg.get_long().filter(|long| long.contains('-')) {
            // kubectl takes --show_labels for --show-labels.
            Some(long) => {
                let alias = long.replace('-', "_");
                arg.alias(alias)
            }
            None => arg,
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
        None => match asks_for_overview(&args) {
            // Without the flags beside it, which only a list knows.
            Some(asks) => args = vec![args.swap_remove(0), asks],
            None => args.insert(1.min(args.len()), "get".into()),
        },
    }
    args
}

/// The word that asks for help or the version.
fn asks_for_overview(args: &[OsString]) -> Option<OsString> {
    let asks = |arg: &&OsString| matches!(arg.to_str(), Some("-h" | "--help" | "-V" | "--version"));
    args.iter().skip(1).take_while(|arg| *arg != "--").find(asks).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Cli, Stop> {
        let words = line.split_whitespace().map(OsString::from);
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
            Err(Stop::Handoff(handoff)) => format!("{} {:?}", handoff.flag, handoff.words),
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
            ("-o wide --help", "help"),
            ("-w -h", "help"),
            ("-- --help", r#"get ["--help"] -n= -A=false -o="#),
            ("get --help", "help"),
        ];
        for (line, expected) in cases {
            assert_eq!(summary(line), expected, "{line:?}");
        }
    }

    #[test]
    fn what_only_kubectl_knows_is_handed_over() {
        let cases = [
            ("-w", r#"--watch ["-w"]"#),
            ("-w=false", r#"--watch ["-w=false"]"#),
            ("get -w web", r#"--watch ["-w", "web"]"#),
            (
                "-n shop get --sort-by .x check",
                r#"--sort-by ["-n", "shop", "--sort-by", ".x", "check"]"#,
            ),
            ("--sort-by check", r#"--sort-by ["--sort-by", "check"]"#),
            ("--sort_by check", r#"--sort-by ["--sort_by", "check"]"#),
            ("web -wA --v=6", r#"--watch ["web", "-wA", "--v=6"]"#),
            ("-v 6 -w", r#"--v ["-v", "6", "-w"]"#),
            ("-v6 --sort_by .x", r#"--v ["-v6", "--sort_by", ".x"]"#),
            ("-w -- -x", r#"--watch ["-w", "--", "-x"]"#),
            ("-k dir -R", r#"--kustomize ["-k", "dir", "-R"]"#),
            ("-o jsonpath={.x}", r#"-o jsonpath ["-o", "jsonpath={.x}"]"#),
            ("-o guest:csv -o kyaml", r#"-o kyaml ["-o", "guest:csv", "-o", "kyaml"]"#),
            ("-f a -f b", r#"more than one -f ["-f", "a", "-f", "b"]"#),
            (
                "--template {{.x}} --chunk-size=1",
                r#"--template ["--template", "{{.x}}", "--chunk-size=1"]"#,
            ),
            ("--server-print=false", r#"--server-print ["--server-print=false"]"#),
            (
                "--as-user-extra a=b --as_group g",
                r#"--as-user-extra ["--as-user-extra", "a=b", "--as_group", "g"]"#,
            ),
            ("-- -w", r#"get ["-w"] -n= -A=false -o="#),
            ("--all_namespaces", r"get [] -n= -A=true -o="),
            ("-o jsonpath=x -o wide", r"get [] -n= -A=false -o=wide"),
        ];
        for (line, expected) in cases {
            assert_eq!(summary(line), expected, "{line:?}");
        }
    }

    #[test]
    fn every_command_is_sound() {
        command().debug_assert();
        go_flags(AfterDashes::flags()).debug_assert();
        crate::cli::help_command().debug_assert();
    }
}
