//! `guest:NAME[,KEY=VALUE…]`: which guest, with which options.

use std::str::FromStr;

use super::builtin;

/// The guest that the user chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// A name, or a path to a file.
    pub name: String,
    /// Options for the guest, in the order given.
    pub options: Vec<(String, String)>,
    /// `help` among them: what the guest is, and what it takes and gives, is to be shown.
    pub help: bool,
}

/// What is wrong with a choice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadChoice {
    /// `guest:`
    #[error(
        "no guest named: use guest:NAME, guest:./FILE.wasm or guest:NAME,KEY=VALUE; built in: {}",
        builtin::names().collect::<Vec<_>>().join(", ")
    )]
    NoName,
    /// `guest:by-node,word`
    #[error("guest option {0:?} is not KEY=VALUE")]
    NoValue(String),
    /// `guest:by-node,a=1,a=2`
    #[error("guest option {0:?} is given twice")]
    Twice(String),
}

impl FromStr for Choice {
    type Err = BadChoice;

    fn from_str(text: &str) -> Result<Self, BadChoice> {
        let mut parts = text.split(',');
        let name = parts.next().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(BadChoice::NoName);
        }
        let mut options: Vec<(String, String)> = Vec::new();
        let mut help = false;
        for part in parts {
            if part == "help" {
                help = true;
                continue;
            }
            let pair = part.split_once('=').filter(|(key, _)| !key.is_empty());
            let (key, value) = pair.ok_or_else(|| BadChoice::NoValue(part.to_owned()))?;
            if options.iter().any(|(known, _)| known == key) {
                return Err(BadChoice::Twice(key.to_owned()));
            }
            options.push((key.to_owned(), value.to_owned()));
        }
        Ok(Self { name, options, help })
    }
}

#[cfg(test)]
mod tests {
    use super::Choice;

    #[test]
    fn choice_from_str() {
        let choice = |name: &str, options: &[(&str, &str)]| {
            let options = options
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect();
            Ok(Choice { name: name.to_owned(), options, help: false })
        };
        let cases = [
            ("by-node", choice("by-node", &[])),
            ("./my.wasm,top=3,sort=a=b", choice("./my.wasm", &[("top", "3"), ("sort", "a=b")])),
            ("by-node,x=", choice("by-node", &[("x", "")])),
            (
                "",
                Err(
                    "no guest named: use guest:NAME, guest:./FILE.wasm or guest:NAME,KEY=VALUE; built in: by-node, csv",
                ),
            ),
            ("by-node,", Err(r#"guest option "" is not KEY=VALUE"#)),
            ("by-node,top", Err(r#"guest option "top" is not KEY=VALUE"#)),
            ("by-node,=3", Err(r#"guest option "=3" is not KEY=VALUE"#)),
            ("by-node,a=1,a=2", Err(r#"guest option "a" is given twice"#)),
        ];
        let helped = "by-node,help,a=1".parse::<Choice>().expect("help is no option");
        assert_eq!((helped.options.len(), helped.help), (1, true));
        for (text, expected) in cases {
            let parsed = text.parse::<Choice>().map_err(|error| error.to_string());
            assert_eq!(parsed, expected.map_err(str::to_owned), "{text}");
        }
    }
}
