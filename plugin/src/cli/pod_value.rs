//! Flag values that become part of a pod: labels, annotations, taints, amounts, JSON. The API server has the last word;
//! here is told early what it would not take, and in the flag's name.

use k8s_openapi::{api::core::v1::Toleration, apimachinery::pkg::api::resource::Quantity};
use serde_json::{Map, Value};

/// Labels that say what is ours: nothing would be found or removed without them.
const OURS: [&str; 4] = [
    "app.kubernetes.io/component",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
];
/// Effects of a taint.
const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
/// What an amount may end with (apimachinery `pkg/api/resource`).
const SUFFIXES: [&str; 15] =
    ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "n", "u", "m", "k", "M", "G", "T", "P", "E"];

/// Reads a label as `KEY=VALUE`.
///
/// # Errors
///
/// When it is none, or one of those by which we find what is ours.
pub(super) fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = pair(text).ok_or("a label is KEY=VALUE")?;
    if OURS.contains(&key) {
        return Err(format!("{key} says what is ours and cannot be changed"));
    }
    if !is_name(value) && !value.is_empty() {
        return Err("a label's value has at most 63 of letters, digits, -, _ and .".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// Reads an annotation as `KEY=VALUE`; the value may be any text.
///
/// # Errors
///
/// When it is none.
pub(super) fn annotation(text: &str) -> Result<(String, String), String> {
    let (key, value) = pair(text).ok_or("an annotation is KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Reads what tolerates a taint, in the words of `kubectl taint`.
///
/// # Errors
///
/// When it is no taint.
pub(super) fn toleration(text: &str) -> Result<Toleration, String> {
    if text == "*" {
        return Ok(Toleration { operator: Some("Exists".to_owned()), ..Toleration::default() });
    }
    let (taint, effect) = match text.split_once(':') {
        Some((taint, effect)) => (taint, Some(effect)),
        None => (text, None),
    };
    if effect.is_some_and(|effect| !EFFECTS.contains(&effect)) {
        return Err(format!("the effect of a taint is one of {}", EFFECTS.join(", ")));
    }
    let (key, value) = match taint.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (taint, None),
    };
    if !is_key(key) || value.is_some_and(|value| !is_name(value) && !value.is_empty()) {
        return Err("a taint is KEY, KEY=VALUE, KEY:EFFECT, KEY=VALUE:EFFECT or *".to_owned());
    }
    let operator = if value.is_some() { "Equal" } else { "Exists" };
    Ok(Toleration {
        key: Some(key.to_owned()),
        operator: Some(operator.to_owned()),
        value: value.map(str::to_owned),
        effect: effect.map(str::to_owned),
        ..Toleration::default()
    })
}

/// Reads an amount of a resource, as in `cpu=10m`.
///
/// # Errors
///
/// When it is none.
pub(super) fn amount(text: &str) -> Result<(String, Quantity), String> {
    let (resource, amount) = pair(text).ok_or("an amount is RESOURCE=AMOUNT, as in cpu=10m")?;
    if !is_quantity(amount) {
        return Err("an amount is a number or, say, 10m, 0.5, 64Mi, 1G".to_owned());
    }
    Ok((resource.to_owned(), Quantity(amount.to_owned())))
}

/// Reads a JSON object.
///
/// # Errors
///
/// When it is none.
pub(super) fn json_object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("an object is wanted, as in {\"spec\": {…}}".to_owned()),
        Err(error) => Err(format!("no JSON: {error}")),
    }
}

/// Key and value, if the key is one of Kubernetes'.
fn pair(text: &str) -> Option<(&str, &str)> {
    text.split_once('=').filter(|(key, _)| is_key(key))
}

/// Whether it is a qualified name: `name` or `example.com/name`.
fn is_key(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    match text.split_once('/') {
        Some((prefix, name)) => {
            (1..=253).contains(&prefix.len()) && prefix.bytes().all(letter) && is_name(name)
        }
        None => is_name(text),
    }
}

/// Whether it is the name of a qualified name, or a label's value that is not empty.
fn is_name(text: &str) -> bool {
    let middle = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let ends = [text.bytes().next(), text.bytes().last()];
    text.len() <= 63
        && text.bytes().all(middle)
        && ends.iter().all(|end| end.is_some_and(|b| b.is_ascii_alphanumeric()))
}

fn is_quantity(text: &str) -> bool {
    let suffix = SUFFIXES.iter().find(|suffix| text.ends_with(**suffix));
    let number = suffix.map_or(text, |suffix| &text[..text.len() - suffix.len()]);
    let starts = number.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    starts && number.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_annotations() {
        let longest = "v".repeat(63);
        for text in ["a=b", "example.com/a=b", "a=", "a.b_c-d=E.f", &format!("a={longest}")] {
            let (key, value) = text.split_once('=').expect("a pair");
            assert_eq!(label(text), Ok((key.to_owned(), value.to_owned())));
        }
        for text in
            ["a", "=b", "a=b c", "-a=b", "a=-", "/a=b", "A.com/a=b", &format!("a={longest}v")]
        {
            assert!(label(text).is_err(), "{text}");
        }
        assert_eq!(
            annotation("a={\"b\": 1, \"c\": 2}").expect("any text").1,
            "{\"b\": 1, \"c\": 2}"
        );
        assert!(annotation("a").is_err());
        for key in OURS {
            assert!(label(&format!("{key}=x")).is_err_and(|why| why.contains("cannot be changed")));
        }
    }

    #[test]
    fn taints_are_written_as_kubectl_taint_has_them() {
        let cases = [
            ("*", [None, Some("Exists"), None, None]),
            ("dedicated", [Some("dedicated"), Some("Exists"), None, None]),
            ("dedicated=infra", [Some("dedicated"), Some("Equal"), Some("infra"), None]),
            ("a/b:NoExecute", [Some("a/b"), Some("Exists"), None, Some("NoExecute")]),
            ("a=:NoSchedule", [Some("a"), Some("Equal"), Some(""), Some("NoSchedule")]),
        ];
        for (text, expected) in cases {
            let got = toleration(text).expect(text);
            let got = [&got.key, &got.operator, &got.value, &got.effect];
            assert_eq!(got.map(Option::as_deref), expected, "{text}");
        }
        for text in ["", "a:Never", "a=b=c", "=b", "a b", "a=b:"] {
            assert!(toleration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts() {
        for text in ["1", "0.5", "10m", "64Mi", "1e3", "2G", ".5", "1E"] {
            assert_eq!(amount(&format!("cpu={text}")).expect(text).1.0, text);
        }
        for text in ["", "m", "-1", "1Q", "1 Mi", "inf", "NaN", "Ki"] {
            assert!(amount(&format!("cpu={text}")).is_err(), "{text}");
        }
        assert!(amount("10m").is_err());
    }

    #[test]
    fn json_is_an_object() {
        assert!(json_object("{\"spec\": {}}").is_ok());
        for text in ["", "[]", "1", "{"] {
            assert!(json_object(text).is_err(), "{text}");
        }
    }
}
