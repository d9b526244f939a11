//! What is wrong with a command line, in kubectl's words where it has them: one line that says what, which
//! and what to do, and one that says where help is.

use std::ffi::OsString;

use clap::{
    Arg, Command,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::words::first_word;
use crate::handoff::FLAGS;
use cluster::go;

/// The two lines for `error`, which `command` gave for `args` (program name first).
pub(super) fn complaint(error: &clap::Error, command: &Command, args: &[OsString]) -> String {
    let (command, path) = meant(command, args);
    let problem = Problem { error, command, path: &path, args };
    in_two_lines(&problem.lists_only().unwrap_or_else(|| problem.line()), &path)
}

/// The two lines for `error`, which `flags` gave for the words after `--` of the verb at `path`.
pub(super) fn complaint_after_dashes(
    error: &clap::Error,
    flags: &Command,
    path: &str,
    args: &[OsString],
) -> String {
    let after_dashes = format!("{path} … --");
    in_two_lines(&Problem { error, command: flags, path: &after_dashes, args }.line(), path)
}

/// A complaint, and where help for `path` is.
pub(super) fn in_two_lines(line: &str, path: &str) -> String {
    format!("error: {line}\nSee '{path} --help' for usage.")
}

/// The innermost command that the words name, and how a user calls it.
fn meant<'c>(mut command: &'c Command, mut args: &[OsString]) -> (&'c Command, String) {
    let mut path = "kubectl pods".to_owned();
    while let Some(index) = first_word(command, args) {
        let named = args[index].to_str().and_then(|word| command.find_subcommand(word));
        let Some(named) = named else { break };
        if named.get_name() != "get" {
            path.extend([" ", named.get_name()]);
        }
        (command, args) = (named, &args[index..]);
    }
    (command, path)
}

/// An error of clap's, and what it is about.
struct Problem<'a> {
    error: &'a clap::Error,
    command: &'a Command,
    /// How a user calls `command`.
    path: &'a str,
    args: &'a [OsString],
}

impl Problem<'_> {
    fn line(&self) -> String {
        let name = self.names(ContextKind::InvalidArg).into_iter().next().unwrap_or_default();
        match self.error.kind() {
            ErrorKind::UnknownArgument => self.unknown(&name),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => self.bad_value(&name),
            ErrorKind::ArgumentConflict => self.conflict(&name),
            ErrorKind::MissingRequiredArgument => self.missing(&name),
            ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                format!("missing command: use {} {}", self.path, self.subcommands())
            }
            ErrorKind::InvalidSubcommand => {
                let word = self.texts(ContextKind::InvalidSubcommand).concat();
                let word = go::quote(&word);
                format!("unknown command {word} for {:?}: use {}", self.path, self.subcommands())
            }
            _ => {
                let text = self.error.to_string();
                let first = text.lines().next().unwrap_or_default();
                first.trim_start_matches("error: ").to_owned()
            }
        }
    }

    /// What is wrong with a flag of kubectl's lists that stands where no list is made. (Lists know them all.)
    fn lists_only(&self) -> Option<String> {
        let name = self.names(ContextKind::InvalidArg).into_iter().next()?;
        let known = FLAGS.iter().any(|flag| match name.strip_prefix("--") {
            Some(long) => flag.long == long,
            None => flag.short.is_some_and(|letter| name == format!("-{letter}")),
        });
        (known && self.error.kind() == ErrorKind::UnknownArgument)
            .then(|| format!("{name} is for lists: {} does not know it", self.path))
    }

    fn unknown(&self, name: &str) -> String {
        if name.starts_with("--") {
            return format!("unknown flag: {name}");
        }
        if let Some(letter) = name.strip_prefix('-') {
            let word =
                self.args.iter().filter_map(|arg| arg.to_str()).find(|arg| {
                    arg.starts_with('-') && !arg.starts_with("--") && arg.contains(letter)
                });
            return format!("unknown shorthand flag: '{letter}' in {}", word.unwrap_or(name));
        }
        let positional = self.command.get_positionals().find(|arg| !arg.is_last_set());
        let takes = match positional {
            Some(arg) => format!("one {}", bare(&arg.to_string())),
            None => "only flags".to_owned(),
        };
        format!("unexpected argument {}: {} takes {takes}", go::quote(name), self.path)
    }

    fn bad_value(&self, name: &str) -> String {
        let value = self.texts(ContextKind::InvalidValue).concat();
        let arg = self.arg(name);
        if value.is_empty() && self.ends_with_flag(arg) {
            return needs_argument(name, self.args);
        }
        let allowed = self.texts(ContextKind::ValidValue);
        let why = match std::error::Error::source(self.error) {
            Some(source) => source.to_string(),
            None => format!("must be {}", alternatives(&allowed)),
        };
        let flag = arg.map_or_else(|| name.to_owned(), spelled);
        format!("invalid argument {} for \"{flag}\" flag: {why}", go::quote(&value))
    }

    fn conflict(&self, name: &str) -> String {
        match self.names(ContextKind::PriorArg).first() {
            Some(prior) if prior != name => {
                format!("{name} and {prior} cannot be used together: use one of them")
            }
            _ => format!("{name} is given more than once: give it once"),
        }
    }

    fn missing(&self, name: &str) -> String {
        let help = self.arg(name).and_then(Arg::get_help).map(ToString::to_string);
        let help = help.unwrap_or_default();
        let mut letters = help.chars();
        let help: String =
            letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect();
        format!("missing {name}: {help}")
    }

    /// Whether the last word is `arg` itself, so that its value is missing rather than empty.
    fn ends_with_flag(&self, arg: Option<&Arg>) -> bool {
        let last = self.args.last().and_then(|word| word.to_str()).unwrap_or_default();
        arg.is_none_or(|arg| match last.strip_prefix("--") {
            Some(long) => arg.get_long() == Some(long),
            None => {
                last.starts_with('-')
                    && arg.get_short().is_some_and(|letter| last.ends_with(letter))
            }
        })
    }

    fn arg(&self, name: &str) -> Option<&Arg> {
        self.command.get_arguments().find(|arg| bare(&arg.to_string()) == name)
    }

    fn subcommands(&self) -> String {
        let names: Vec<String> =
            self.command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        alternatives(&names)
    }

    /// The flags or arguments that the error is about, by name alone.
    fn names(&self, kind: ContextKind) -> Vec<String> {
        self.texts(kind).iter().map(|text| bare(text)).collect()
    }

    fn texts(&self, kind: ContextKind) -> Vec<String> {
        match self.error.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }
}

/// The name in clap's rendering of an argument: `--output <FORMAT>`, `--from-here[=<FROM_HERE>]`, `<TARGET>...`.
fn bare(rendered: &str) -> String {
    let name = rendered.trim_start_matches(['<', '[']);
    name.split([' ', '=', '[', '>', ']']).next().unwrap_or_default().to_owned()
}

/// A flag as pflag names it: `-o, --output`.
fn spelled(arg: &Arg) -> String {
    match (arg.get_short(), arg.get_long()) {
        (Some(short), Some(long)) => format!("-{short}, --{long}"),
        _ => bare(&arg.to_string()),
    }
}

/// `a, b or c`
fn alternatives(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [word] => word.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
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
    use std::ffi::OsString;

    use crate::cli::{Stop, parse};

    /// A command line and the two lines it earns.
    const COMPLAINTS: &[(&str, &str, &str)] = &[
        ("--bogus", "unknown flag: --bogus", "kubectl pods"),
        ("--bogus=1", "unknown flag: --bogus", "kubectl pods"),
        ("check --bogus x", "unknown flag: --bogus", "kubectl pods check"),
        (
            "check x --sort-by .x",
            "--sort-by is for lists: kubectl pods check does not know it",
            "kubectl pods check",
        ),
        (
            "curl x --watch",
            "--watch is for lists: kubectl pods curl does not know it",
            "kubectl pods curl",
        ),
        (
            "monitor status -A",
            "-A is for lists: kubectl pods monitor status does not know it",
            "kubectl pods monitor status",
        ),
        (
            "-w -o guest:csv",
            "--watch and -o guest:csv cannot be used together: --watch is done by kubectl, which runs no guests",
            "kubectl pods",
        ),
        (
            "-o kyaml --guest-memory 1Mi",
            "-o kyaml and --guest-memory cannot be used together: -o kyaml is done by kubectl, which runs no guests",
            "kubectl pods",
        ),
        (
            "-f a -f b -o guest:csv",
            "more than one -f and -o guest:csv cannot be used together: more than one -f is done by kubectl, which runs no guests",
            "kubectl pods",
        ),
        (
            "-f list.json --sort-by .x",
            "--sort-by and -f cannot be used together: --sort-by is done by kubectl, which reads no saved list",
            "kubectl pods",
        ),
        ("-Z", "unknown shorthand flag: 'Z' in -Z", "kubectl pods"),
        ("-n", "flag needs an argument: 'n' in -n", "kubectl pods"),
        ("--namespace", "flag needs an argument: --namespace", "kubectl pods"),
        ("check x -o", "flag needs an argument: 'o' in -o", "kubectl pods check"),
        (
            "--chunk-size=x",
            "invalid argument \"x\" for \"--chunk-size\" flag: strconv.ParseInt: parsing \"x\": invalid syntax",
            "kubectl pods",
        ),
        (
            "--no-headers=x",
            "invalid argument \"x\" for \"--no-headers\" flag: strconv.ParseBool: parsing \"x\": invalid syntax",
            "kubectl pods",
        ),
        (
            "-A=x",
            "invalid argument \"x\" for \"-A, --all-namespaces\" flag: strconv.ParseBool: parsing \"x\": invalid syntax",
            "kubectl pods",
        ),
        (
            "check -o xml x",
            "invalid argument \"xml\" for \"-o, --output\" flag: must be table, wide or json",
            "kubectl pods check",
        ),
        (
            "check -o= x",
            "invalid argument \"\" for \"-o, --output\" flag: must be table, wide or json",
            "kubectl pods check",
        ),
        (
            "check x --protocol sctp",
            "invalid argument \"sctp\" for \"--protocol\" flag: must be tcp, http, https, grpc, udp or icmp",
            "kubectl pods check",
        ),
        (
            "monitor status -o yaml",
            "invalid argument \"yaml\" for \"-o, --output\" flag: must be table or json",
            "kubectl pods monitor status",
        ),
        (
            "check",
            "missing TARGET: pod name, pod/NAME, svc/NAME, svc/NAME.NAMESPACE, deploy/NAME, IP, host or URL; :PORT and /PATH may follow",
            "kubectl pods check",
        ),
        (
            "curl",
            "missing TARGET: pod name, pod/NAME, svc/NAME, deploy/NAME, IP, host or URL; :PORT and /PATH may follow (no port: 80)",
            "kubectl pods curl",
        ),
        (
            "-n shop monitor -s x install",
            "missing TARGET: pod name, pod/NAME, svc/NAME, IP, host or URL; :PORT and /PATH may follow",
            "kubectl pods monitor install",
        ),
        (
            "monitor",
            "missing command: use kubectl pods monitor install, status or uninstall",
            "kubectl pods monitor",
        ),
        (
            "monitor -n shop",
            "missing command: use kubectl pods monitor install, status or uninstall",
            "kubectl pods monitor",
        ),
        (
            "monitor look",
            "unknown command \"look\" for \"kubectl pods monitor\": use install, status or uninstall",
            "kubectl pods monitor",
        ),
        (
            "monitor status x",
            "unexpected argument \"x\": kubectl pods monitor status takes only flags",
            "kubectl pods monitor status",
        ),
        (
            "curl x y",
            "unexpected argument \"y\": kubectl pods curl takes one TARGET",
            "kubectl pods curl",
        ),
        (
            "curl x --from-here --from-node n",
            "--from-here and --from-node cannot be used together: use one of them",
            "kubectl pods curl",
        ),
        ("curl x -- -T", "unknown shorthand flag: 'T' in -T", "kubectl pods curl"),
        ("curl x -- -sx proxy", "unknown shorthand flag: 'x' in -sx", "kubectl pods curl"),
        ("curl x -- --compressed", "unknown flag: --compressed", "kubectl pods curl"),
        ("curl x -- --help", "unknown flag: --help", "kubectl pods curl"),
        ("curl x -- -X", "flag needs an argument: 'X' in -X", "kubectl pods curl"),
        (
            "curl x -- -m soon",
            "invalid argument \"soon\" for \"-m, --max-time\" flag: a time is a number of seconds or, say, 500ms, 10s, 1m30s",
            "kubectl pods curl",
        ),
        (
            "curl x -- y",
            "unexpected argument \"y\": kubectl pods curl … -- takes only flags",
            "kubectl pods curl",
        ),
    ];

    #[test]
    fn every_complaint_is_one_line_and_where_help_is() {
        for (line, problem, help) in COMPLAINTS {
            let words = std::iter::once("kubectl-pods").chain(line.split_whitespace());
            let text = match parse(words.map(OsString::from)) {
                Err(Stop::Complaint(text)) => text,
                other => panic!("{line:?}: {other:?}"),
            };
            let expected = format!("error: {problem}\nSee '{help} --help' for usage.");
            assert_eq!(text, expected, "{line:?}");
        }
    }
}
