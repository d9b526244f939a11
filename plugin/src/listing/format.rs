//! `-o`: which format is meant.

use anyhow::{Result, bail};

/// kubectl's list of formats, in its order. Ours has `guest:NAME` beside them.
const ALLOWED: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

/// What the list becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// kubectl's table; `wide` with more columns.
    Table {
        /// `-o wide`.
        wide: bool,
    },
    /// JSON objects.
    Json,
    /// YAML objects.
    Yaml,
    /// `pod/NAME` lines.
    Name,
    /// A WebAssembly guest, by name or path.
    Guest(String),
}

impl Format {
    /// Reads the value of `-o`; absent or empty: the table.
    ///
    /// # Errors
    ///
    /// kubectl's words for a format that is not ours. Those that kubectl has never come here: see [`crate::handoff`].
    pub fn parse(output: Option<&str>) -> Result<Self> {
        let output = output.unwrap_or_default();
        if let Some(name) = output.strip_prefix("guest:") {
            return Ok(Self::Guest(name.to_owned()));
        }
        match output {
            // Refused when the guest is chosen, with the names there are.
            "guest" => return Ok(Self::Guest(String::new())),
            "" => return Ok(Self::Table { wide: false }),
            "wide" => return Ok(Self::Table { wide: true }),
            _ => {}
        }
        match output.to_lowercase().as_str() {
            "json" => return Ok(Self::Json),
            "yaml" => return Ok(Self::Yaml),
            "name" => return Ok(Self::Name),
            _ => {}
        }
        bail!(
            "unable to match a printer suitable for the output format {}, allowed formats are: {ALLOWED}",
            cluster::go::quote(output)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_of_kubectl_is_ours_or_kubectls() {
        for format in super::ALLOWED.split(',') {
            let ours = Format::parse(Some(format)).is_ok();
            assert_ne!(ours, crate::handoff::is_format(format), "{format}");
        }
    }

    #[test]
    fn formats() {
        let cases = [
            (None, Ok(Format::Table { wide: false })),
            (Some(""), Ok(Format::Table { wide: false })),
            (Some("wide"), Ok(Format::Table { wide: true })),
            (Some("json"), Ok(Format::Json)),
            (Some("JSON"), Ok(Format::Json)),
            (Some("yaml"), Ok(Format::Yaml)),
            (Some("name"), Ok(Format::Name)),
            (Some("guest"), Ok(Format::Guest(String::new()))),
            (Some("guest:by-node"), Ok(Format::Guest("by-node".into()))),
            (Some("foo"), Err("unable to match a printer suitable for the output format \"foo\"")),
            (
                Some("json=x"),
                Err("unable to match a printer suitable for the output format \"json=x\""),
            ),
            (
                Some("Wide"),
                Err("unable to match a printer suitable for the output format \"Wide\""),
            ),
        ];
        for (output, expected) in cases {
            match (Format::parse(output), expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got, expected),
                (Err(got), Err(expected)) => {
                    assert!(got.to_string().starts_with(expected), "{output:?}: {got}");
                }
                (got, expected) => panic!("{output:?}: got {got:?}, expected {expected:?}"),
            }
        }
    }
}
