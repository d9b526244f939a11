//! In which namespaces to look.

use std::fmt;

use anyhow::{Result, bail};
use cluster::ConnectionOptions;

/// In which namespaces to look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scope {
    /// All.
    #[default]
    All,
    /// One.
    One(String),
    /// Several, in this order.
    Many(Vec<String>),
}

impl Scope {
    /// What `-n` says, if it was given.
    ///
    /// # Errors
    ///
    /// As [`Scope::parse`].
    pub(super) fn named(connection: &ConnectionOptions) -> Result<Option<Self>> {
        let named = connection.namespace.as_deref().filter(|name| !name.is_empty());
        named.map(Self::parse).transpose()
    }

    /// Reads `-n`: a namespace, or several with commas between them. One that is named twice is looked at once.
    ///
    /// # Errors
    ///
    /// When none is named.
    pub fn parse(text: &str) -> Result<Self> {
        let mut names: Vec<String> = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        match <[String; 1]>::try_from(names) {
            Ok([name]) => Ok(Self::One(name)),
            Err(names) if names.is_empty() => bail!("--namespace {text:?} names no namespace"),
            Err(names) => Ok(Self::Many(names)),
        }
    }

    /// The namespace, if it is one.
    #[must_use]
    pub fn one(&self) -> Option<&str> {
        match self {
            Self::One(namespace) => Some(namespace),
            Self::All | Self::Many(_) => None,
        }
    }

    /// Whether several namespaces were named.
    #[must_use]
    pub const fn is_many(&self) -> bool {
        matches!(self, Self::Many(_))
    }

    /// Whether pods of this namespace are among them.
    #[must_use]
    pub fn has(&self, namespace: &str) -> bool {
        match self {
            Self::All => true,
            Self::One(name) => name == namespace,
            Self::Many(names) => names.iter().any(|name| name == namespace),
        }
    }
}

/// The end of a sentence, in kubectl's words: ` in shop namespace.`
impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::One(name) => write!(formatter, " in {name} namespace."),
            Self::Many(names) => write!(formatter, " in {} namespaces.", names.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn several_namespaces_have_commas_between_them() {
        let many =
            |names: &[&str]| Scope::Many(names.iter().map(|name| (*name).to_owned()).collect());
        let cases = [
            ("shop", Scope::One("shop".into())),
            ("shop,shop", Scope::One("shop".into())),
            ("b,a,b", many(&["b", "a"])),
            ("b, a,", many(&["b", "a"])),
        ];
        for (text, expected) in cases {
            assert_eq!(Scope::parse(text).unwrap(), expected, "{text:?}");
        }
        for text in ["", " ", ","] {
            assert!(Scope::parse(text).is_err(), "{text:?}");
        }
    }
}
