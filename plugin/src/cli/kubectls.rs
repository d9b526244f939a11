//! The flags of a list that only kubectl knows: clap reads them too, and a list that has one is kubectl's to make.

use std::{ffi::OsString, path::PathBuf};

use clap::{
    Arg, ArgAction, ArgGroup, ArgMatches, Args as _, Command, Id, builder::ValueParser,
    parser::ValueSource,
};

use super::{complaint::in_two_lines, get::GetArgs};
use crate::handoff::{self, FLAGS, Flag, Handoff};

/// The group of the flags that only kubectl knows.
const GROUP: &str = "kubectls";

/// Adds to the list, unseen in its help, what kubectl knows and we do not.
pub(super) fn with_kubectls_flags(command: Command) -> Command {
    let ours = |flag: &&Flag| {
        let get = command.find_subcommand("get").into_iter();
        let mut args = get.flat_map(Command::get_arguments).chain(command.get_arguments());
        args.any(|arg| arg.get_long() == Some(flag.long))
    };
    let args: Vec<Arg> = FLAGS.iter().filter(|flag| !ours(flag)).map(arg).collect();
    let group =
        ArgGroup::new(GROUP).multiple(true).args(args.iter().map(|arg| arg.get_id().clone()));
    command.mut_subcommand("get", |get| get.args(args).group(group))
}

/// Whatever its value, kubectl judges it.
fn arg(flag: &Flag) -> Arg {
    let arg = Arg::new(flag.long)
        .long(flag.long)
        .short(flag.short)
        .hide(true)
        .value_parser(ValueParser::os_string());
    if flag.takes_value {
        return arg.action(ArgAction::Set);
    }
    arg.action(ArgAction::Set).num_args(0..=1).require_equals(true).default_missing_value("true")
}

/// The handing over of the list that `get` describes, typed as `words`, if it has a flag or a format that only kubectl
/// knows. A list of ours reads one file: several are for kubectl, which says what it makes of them.
///
/// # Errors
///
/// The complaint, when the list has a flag as well that only we know.
pub(super) fn handoff(get: &ArgMatches, words: &[OsString]) -> Result<Option<Handoff>, String> {
    let output = get.get_one::<String>("output").map(String::as_str).unwrap_or_default();
    let files = get.get_many::<PathBuf>("filename").unwrap_or_default().len();
    let format = handoff::is_format(output)
        .then(|| format!("-o {}", output.split('=').next().unwrap_or_default()));
    let several = (files > 1).then(|| "more than one -f".to_owned());
    let flag = get.get_one::<Id>(GROUP).map(|flag| format!("--{flag}"));
    let Some(flag) = flag.or(format).or(several) else { return Ok(None) };
    match only_ours(get) {
        Some((ours, why)) => {
            let why = format!("{flag} is done by kubectl, which {why}");
            let line = format!("{flag} and {ours} cannot be used together: {why}");
            Err(in_two_lines(&line, "kubectl pods"))
        }
        None => Ok(Some(Handoff { flag, words: words.to_vec() })),
    }
}

/// A flag of the list that was typed and that kubectl does not have.
fn typed_and_ours(get: &ArgMatches) -> Option<String> {
    let list = GetArgs::augment_args(Command::new("get"));
    let is_ours = |long: &str| FLAGS.iter().all(|flag| flag.long != long);
    let is_typed =
        |arg: &Arg| get.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let mut ours = list.get_arguments().filter(|arg| arg.get_long().is_some_and(is_ours));
    ours.find(|arg| is_typed(arg))?.get_long().map(str::to_owned)
}

/// What the list has that only we know, and why kubectl cannot make it.
fn only_ours(get: &ArgMatches) -> Option<(String, &'static str)> {
    let output = get.get_one::<String>("output").map(String::as_str).unwrap_or_default();
    if output == "guest" || output.starts_with("guest:") {
        return Some((format!("-o {output}"), "runs no guests"));
    }
    if let Some(flag) = typed_and_ours(get) {
        let why = match flag.as_str() {
            "columns" | "sort" | "filter" => "does not know our columns",
            flag if flag.starts_with("guest-") => "runs no guests",
            _ => "does not know it",
        };
        return Some((format!("--{flag}"), why));
    }
    let namespace = get.get_one::<String>("namespace").map(String::as_str).unwrap_or_default();
    if namespace.contains(',') {
        return Some((format!("-n {namespace}"), "reads one namespace or all"));
    }
    let files = get.get_many::<PathBuf>("filename").unwrap_or_default().len();
    (files == 1).then(|| ("-f".to_owned(), "reads no saved list"))
}
