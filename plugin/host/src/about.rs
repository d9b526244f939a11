//! What a guest says about itself, and what follows from that for its use: asked before anything is fetched for it.

use super::{
    bindings::{document, table as table_world},
    convert::clean,
};

/// What this host can do beyond the contract, by the words of `min-features`; `docs/guests.md` has them.
const FEATURES: [&str; 1] = ["sort"];

/// What a guest says about itself, safe to print.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// One line.
    pub summary: String,
    /// SPDX expression.
    pub license: String,
    /// Where it lives.
    pub homepage: Option<String>,
    /// Kinds of rows that it takes: `pods`.
    pub inputs: Vec<String>,
    /// The options it knows.
    pub options: Vec<OptionSpec>,
    /// What its host must be able to do.
    pub min_features: Vec<String>,
}

/// One option of a guest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionSpec {
    /// Its key.
    pub key: String,
    /// One line.
    pub summary: String,
    /// Its value when it is not given; without one, it must be.
    pub default: Option<String>,
    /// The values it may have; empty: any.
    pub choices: Vec<String>,
}

/// A use that a guest's description rules out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misuse {
    /// Rows of another kind.
    #[error("it takes {takes}, not {given}")]
    Input {
        /// What it takes.
        takes: String,
        /// What it would be given.
        given: String,
    },
    /// A host that can do more.
    #[error("it needs a kubectl pods that has the feature {0:?}; upgrade kubectl pods")]
    Feature(String),
    /// An option that it does not have.
    #[error("it has no option {key:?}; {options}")]
    Unknown {
        /// The key that was given.
        key: String,
        /// What there is.
        options: String,
    },
    /// An option that it cannot do without.
    #[error("it needs the option {key:?}; {options}")]
    Absent {
        /// Its key.
        key: String,
        /// What there is.
        options: String,
    },
    /// A value that is none of the choices.
    #[error("its option {key} cannot be {value:?}; it is one of {choices}")]
    Choice {
        /// Its key.
        key: String,
        /// The value that was given.
        value: String,
        /// What it may be.
        choices: String,
    },
}

impl About {
    /// Whether the guest can be used for rows of this kind by this host.
    pub(super) fn check(&self, input: &str) -> Result<(), Misuse> {
        if !self.inputs.iter().any(|known| known == input) {
            let takes = if self.inputs.is_empty() {
                "no rows of any kind".to_owned()
            } else {
                self.inputs.join(" and ")
            };
            return Err(Misuse::Input { takes, given: input.to_owned() });
        }
        let missing =
            self.min_features.iter().find(|feature| !FEATURES.contains(&feature.as_str()));
        missing.map_or(Ok(()), |feature| Err(Misuse::Feature(feature.clone())))
    }

    /// The options that a session is given: those of the user, and the defaults of the others.
    pub(super) fn options(
        &self,
        given: &[(String, String)],
    ) -> Result<Vec<(String, String)>, Misuse> {
        for (key, value) in given {
            let known = self.options.iter().find(|option| option.key == *key);
            let known = known.ok_or_else(|| Misuse::Unknown {
                key: key.clone(),
                options: self.known_options(),
            })?;
            if !known.choices.is_empty() && !known.choices.contains(value) {
                return Err(Misuse::Choice {
                    key: key.clone(),
                    value: value.clone(),
                    choices: known.choices.join(", "),
                });
            }
        }
        let given_to = |key: &str| given.iter().find(|(known, _)| known == key);
        let value = |option: &OptionSpec| {
            let key = option.key.clone();
            let value = given_to(&key).map(|(_, value)| value.clone());
            match value.or_else(|| option.default.clone()) {
                Some(value) => Ok((key, value)),
                None => Err(Misuse::Absent { key, options: self.known_options() }),
            }
        };
        self.options.iter().map(value).collect()
    }

    /// What options there are, as the end of a sentence.
    fn known_options(&self) -> String {
        if self.options.is_empty() {
            return "it has none".to_owned();
        }
        let options: Vec<String> = self.options.iter().map(OptionSpec::usage).collect();
        format!("its options are {}", options.join(", "))
    }
}

impl OptionSpec {
    /// As it is typed: `KEY=VALUE`, or with its choices `KEY=ONE|OTHER`.
    #[must_use]
    pub fn usage(&self) -> String {
        let value = if self.choices.is_empty() { "VALUE".into() } else { self.choices.join("|") };
        format!("{}={value}", self.key)
    }
}

/// Conversions from the two generated copies of the same records: each world has its own `about`.
macro_rules! from_generated {
    ($($world:ident),*) => {$(
        impl From<$world::exports::kpods::guest::about::Info> for About {
            fn from(info: $world::exports::kpods::guest::about::Info) -> Self {
                Self {
                    name: clean(&info.name),
                    version: clean(&info.version),
                    summary: clean(&info.summary),
                    license: clean(&info.license),
                    homepage: info.homepage.as_deref().map(clean),
                    inputs: info.inputs.iter().map(|input| clean(input)).collect(),
                    options: info.options.into_iter().map(Into::into).collect(),
                    min_features: info.min_features.iter().map(|word| clean(word)).collect(),
                }
            }
        }

        impl From<$world::exports::kpods::guest::about::OptionSpec> for OptionSpec {
            fn from(option: $world::exports::kpods::guest::about::OptionSpec) -> Self {
                Self {
                    key: clean(&option.key),
                    summary: clean(&option.summary),
                    default: option.default,
                    choices: option.choices.iter().map(|choice| clean(choice)).collect(),
                }
            }
        }
    )*};
}

from_generated!(table_world, document);

#[cfg(test)]
mod tests {
    use super::*;

    fn option(key: &str, default: Option<&str>, choices: &[&str]) -> OptionSpec {
        OptionSpec {
            key: key.to_owned(),
            summary: String::new(),
            default: default.map(str::to_owned),
            choices: choices.iter().map(ToString::to_string).collect(),
        }
    }

    type Given = &'static [(&'static str, &'static str)];

    #[test]
    fn options_are_held_against_the_description() {
        let about = About {
            options: vec![
                option("sort", Some("name"), &["name", "age"]),
                option("top", None, &[]),
                option("title", Some(""), &[]),
            ],
            ..About::default()
        };
        let known = "its options are sort=name|age, top=VALUE, title=VALUE";
        let cases: [(Given, Result<&str, String>); 5] = [
            (&[("top", "3")], Ok("sort=name top=3 title=")),
            (&[("title", "x"), ("top", "3"), ("sort", "age")], Ok("sort=age top=3 title=x")),
            (&[("size", "3")], Err(format!(r#"it has no option "size"; {known}"#))),
            (&[], Err(format!(r#"it needs the option "top"; {known}"#))),
            (
                &[("top", "3"), ("sort", "up")],
                Err(r#"its option sort cannot be "up"; it is one of name, age"#.to_owned()),
            ),
        ];
        for (given, expected) in cases {
            let given: Vec<_> =
                given.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            let got = about.options(&given).map(|options| {
                let pair = |(key, value): &(String, String)| format!("{key}={value}");
                options.iter().map(pair).collect::<Vec<_>>().join(" ")
            });
            let got = got.map_err(|misuse| misuse.to_string());
            assert_eq!(got, expected.map(str::to_owned), "{given:?}");
        }
        let none = About::default().options(&[("top".to_owned(), "3".to_owned())]);
        assert_eq!(none.unwrap_err().to_string(), r#"it has no option "top"; it has none"#);
    }

    #[test]
    fn inputs_and_features_are_held_against_the_run() {
        let about = |inputs: &[&str], features: &[&str]| About {
            inputs: inputs.iter().map(ToString::to_string).collect(),
            min_features: features.iter().map(ToString::to_string).collect(),
            ..About::default()
        };
        let complaint = |about: About| about.check("pods").map_err(|misuse| misuse.to_string());
        assert_eq!(complaint(about(&["probe", "pods"], &["sort"])), Ok(()));
        assert_eq!(complaint(about(&["probe"], &[])), Err("it takes probe, not pods".to_owned()));
        assert_eq!(
            complaint(about(&[], &[])),
            Err("it takes no rows of any kind, not pods".to_owned())
        );
        assert_eq!(
            complaint(about(&["pods"], &["holograms"])),
            Err(
                r#"it needs a kubectl pods that has the feature "holograms"; upgrade kubectl pods"#
                    .to_owned()
            )
        );
    }
}
