//! What a guest says about itself.

/// What a guest says about itself, shown by `kubectl pods guest inspect`.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Name, as in `-o guest:NAME`.
    pub name: &'static str,
    /// Version of the guest, usually `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// One line.
    pub summary: &'static str,
    /// SPDX expression.
    pub license: &'static str,
    /// Where it lives.
    pub homepage: Option<&'static str>,
    /// Kinds of rows it takes: `pods`, `probe`.
    pub inputs: &'static [&'static str],
    /// Options it knows.
    pub options: &'static [OptionSpec],
    /// What the host must be able to do beyond the contract; `docs/guests.md` has the words.
    pub min_features: &'static [&'static str],
}

impl About {
    /// A guest for rows of pods, without options, under Apache-2.0.
    #[must_use]
    pub const fn new(name: &'static str, version: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            version,
            summary,
            license: "Apache-2.0",
            homepage: None,
            inputs: &["pods"],
            options: &[],
            min_features: &[],
        }
    }

    /// With options; the host refuses all others.
    #[must_use]
    pub const fn options(self, options: &'static [OptionSpec]) -> Self {
        Self { options, ..self }
    }
}

/// One option of a guest: `-o guest:NAME,KEY=VALUE`.
#[derive(Debug, Clone, Copy)]
pub struct OptionSpec {
    /// Its key.
    pub key: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Value when absent; without one, it must be given.
    pub default: Option<&'static str>,
    /// Allowed values; empty: any.
    pub choices: &'static [&'static str],
}

impl OptionSpec {
    /// An option of any value that may be left out.
    #[must_use]
    pub const fn new(key: &'static str, summary: &'static str, default: &'static str) -> Self {
        Self { key, summary, default: Some(default), choices: &[] }
    }
}

/// Conversions into the two generated copies of the same records: each world has its own `about`.
macro_rules! into_generated {
    ($($world:ident),*) => {$(
        impl From<&About> for crate::bindings::$world::exports::kpods::guest::about::Info {
            fn from(about: &About) -> Self {
                let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
                Self {
                    name: about.name.into(),
                    version: about.version.into(),
                    summary: about.summary.into(),
                    license: about.license.into(),
                    homepage: about.homepage.map(Into::into),
                    inputs: texts(about.inputs),
                    options: about.options.iter().map(Into::into).collect(),
                    min_features: texts(about.min_features),
                }
            }
        }

        impl From<&OptionSpec> for crate::bindings::$world::exports::kpods::guest::about::OptionSpec {
            fn from(option: &OptionSpec) -> Self {
                Self {
                    key: option.key.into(),
                    summary: option.summary.into(),
                    default: option.default.map(Into::into),
                    choices: option.choices.iter().map(ToString::to_string).collect(),
                }
            }
        }
    )*};
}

into_generated!(table, document);
