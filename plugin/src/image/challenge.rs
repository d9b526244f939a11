//! How a registry asks who is there (RFC 9110, section 11.6.1).

/// What it wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A user name and a password.
    Basic,
    /// A token of the login service at this address, which wants to know what for.
    Bearer {
        /// The service's address.
        realm: String,
        /// What to tell it.
        query: Vec<(String, String)>,
    },
}

impl Challenge {
    /// Reads a value of `WWW-Authenticate`; nothing where we could not answer.
    pub(super) fn read(value: &str) -> Option<Self> {
        let (scheme, rest) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut realm = None;
        let mut query = Vec::new();
        for (key, value) in parameters(rest) {
            match key.to_ascii_lowercase().as_str() {
                "realm" => realm = Some(value),
                "service" | "scope" => query.push((key, value)),
                // `error="invalid_token"` and the like.
                _ => {}
            }
        }
        realm.map(|realm| Self::Bearer { realm, query })
    }
}

/// `key="value",key=value`: a quoted value may have commas, and a backslash before any character.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let (value, after) = if let Some(quoted) = after.strip_prefix('"') {
            unquote(quoted)
        } else {
            let (value, after) = after.split_once(',').unwrap_or((after, ""));
            (value.trim().to_owned(), after)
        };
        found.push((key.trim_matches([' ', ',']).to_owned(), value));
        rest = after;
    }
    found
}

/// A value up to its closing quote, and what follows.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_as_registries_write_them() {
        let bearer = |realm: &str, query: &[(&str, &str)]| {
            let query = query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            Some(Challenge::Bearer { realm: realm.to_owned(), query: query.collect() })
        };
        let cases = [
            (r#"Basic realm="Registry Realm""#, Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            (
                r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push""#,
                bearer(
                    "https://auth.example/token",
                    &[("service", "registry.example"), ("scope", "repository:a/b:pull,push")],
                ),
            ),
            (
                r#"Bearer realm="https://a/t", service=r, error="invalid_token", scope="a\"b""#,
                bearer("https://a/t", &[("service", "r"), ("scope", "a\"b")]),
            ),
            ("Bearer service=r", None),
            ("Negotiate", None),
        ];
        for (value, expected) in cases {
            assert_eq!(Challenge::read(value), expected, "{value}");
        }
    }
}
