//! The flags and formats of `kubectl get`, as of kubectl 1.36.

/// A flag as pflag reads it. A value is the rest of the word or the next word; a switch has one only after `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag {
    /// Its name, without dashes.
    pub long: &'static str,
    /// Its letter.
    pub short: Option<char>,
    /// Whether it takes a value.
    pub takes_value: bool,
}

/// Every flag of `kubectl get --help` and `kubectl options`. Those that are ours too stay ours.
pub const FLAGS: [Flag; 52] = [
    // kubectl get
    switch("all-namespaces", Some('A')),
    switch("allow-missing-template-keys", None),
    value("chunk-size", None),
    value("field-selector", None),
    value("filename", Some('f')),
    switch("ignore-not-found", None),
    value("kustomize", Some('k')),
    value("label-columns", Some('L')),
    switch("no-headers", None),
    value("output", Some('o')),
    switch("output-watch-events", None),
    value("raw", None),
    switch("recursive", Some('R')),
    value("selector", Some('l')),
    switch("server-print", None),
    switch("show-kind", None),
    switch("show-labels", None),
    switch("show-managed-fields", None),
    value("sort-by", None),
    value("subresource", None),
    value("template", None),
    switch("watch", Some('w')),
    switch("watch-only", None),
    // kubectl options
    value("as", None),
    value("as-group", None),
    value("as-uid", None),
    value("as-user-extra", None),
    value("cache-dir", None),
    value("certificate-authority", None),
    value("client-certificate", None),
    value("client-key", None),
    value("cluster", None),
    value("context", None),
    switch("disable-compression", None),
    switch("insecure-skip-tls-verify", None),
    value("kubeconfig", None),
    value("kuberc", None),
    value("log-flush-frequency", None),
    switch("match-server-version", None),
    value("namespace", Some('n')),
    value("password", None),
    value("profile", None),
    value("profile-output", None),
    value("request-timeout", None),
    value("server", Some('s')),
    value("tls-server-name", None),
    value("token", None),
    value("user", None),
    value("username", None),
    value("v", Some('v')),
    value("vmodule", None),
    switch("warnings-as-errors", None),
];

/// Formats that are kubectl's alone and may have their text after `=`.
const TEMPLATED: [&str; 9] = [
    "custom-columns",
    "custom-columns-file",
    "go-template",
    "go-template-file",
    "jsonpath",
    "jsonpath-as-json",
    "jsonpath-file",
    "template",
    "templatefile",
];

/// Whether `output`, the value of `-o`, is a format that kubectl has and we do not.
#[must_use]
pub fn is_format(output: &str) -> bool {
    let name = output.split_once('=').map_or(output, |(name, _)| name);
    TEMPLATED.contains(&name) || output.eq_ignore_ascii_case("kyaml")
}

const fn value(long: &'static str, short: Option<char>) -> Flag {
    Flag { long, short, takes_value: true }
}

const fn switch(long: &'static str, short: Option<char>) -> Flag {
    Flag { long, short, takes_value: false }
}

#[cfg(test)]
mod tests {
    use super::is_format;

    #[test]
    fn formats_that_are_kubectls() {
        for output in ["jsonpath={.x}", "jsonpath", "template", "go-template={{.a=b}}", "KYAML"] {
            assert!(is_format(output), "{output}");
        }
        for output in ["", "wide", "json", "json=x", "name", "guest:csv", "JSONPATH=x", "kyaml=x"] {
            assert!(!is_format(output), "{output}");
        }
    }
}
