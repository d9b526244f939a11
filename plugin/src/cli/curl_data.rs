//! What `curl` is to send: several flags of one list, whose order counts.

use clap::{Arg, ArgAction, ArgMatches, Command, Error, FromArgMatches};

/// Pieces of data in the order typed, whichever flag brought them.
#[derive(Debug, Clone, Default)]
pub struct DataArgs(pub Vec<Datum>);

/// A piece of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datum {
    /// The flag that brought it.
    pub kind: DataKind,
    /// Its value.
    pub text: String,
}

/// The flags that bring data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataKind {
    /// `--data`: text, or the content of a file without its line breaks.
    Plain,
    /// `--data-binary`: text, or the content of a file as it is.
    Binary,
    /// `--data-raw`: text, whatever it begins with.
    Raw,
    /// `--data-urlencode`: to be percent-encoded.
    UrlEncode,
    /// `--json`: as `--data-binary`, not joined by `&`.
    Json,
}

/// Kind, name, letter, placeholder and help of each flag.
const FLAGS: [(DataKind, &str, Option<char>, &str); 5] = [
    (
        DataKind::Plain,
        "data",
        Some('d'),
        "Send this in a POST, or the content of @FILE without its line breaks; may be repeated",
    ),
    (DataKind::Binary, "data-binary", None, "The same, with the content of @FILE as it is"),
    (DataKind::Raw, "data-raw", None, "The same, and @ means nothing"),
    (
        DataKind::UrlEncode,
        "data-urlencode",
        None,
        "The same, percent-encoded: TEXT, NAME=TEXT, @FILE or NAME@FILE",
    ),
    (DataKind::Json, "json", None, "As --data-binary, with the headers of JSON"),
];

impl clap::Args for DataArgs {
    fn augment_args(command: Command) -> Command {
        FLAGS.into_iter().fold(command, |command, (_, name, letter, help)| {
            let arg = Arg::new(name).long(name).value_name("DATA").help(help);
            let arg = arg.help_heading("Request").action(ArgAction::Append);
            command.arg(match letter {
                Some(letter) => arg.short(letter),
                None => arg,
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for DataArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut found = Vec::new();
        for (kind, name, ..) in FLAGS {
            let texts = matches.get_many::<String>(name).into_iter().flatten();
            let places = matches.indices_of(name).into_iter().flatten();
            found.extend(
                places.zip(texts).map(|(at, text)| (at, Datum { kind, text: text.clone() })),
            );
        }
        found.sort_by_key(|(at, _)| *at);
        Ok(Self(found.into_iter().map(|(_, datum)| datum).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
