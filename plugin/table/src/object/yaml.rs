//! YAML as kubectl prints it: `sigs.k8s.io/yaml`, that is go-yaml version 2 over libyaml's emitter.
//!
//! Known to differ, because go-yaml's emitter is an older port: strings that begin with a byte order mark
//! (go-yaml escapes every one of their characters) and strings that end with U+0085, U+2028 or U+2029
//! (we indent the closing quote). Both read back as the same string.

use std::{borrow::Cow, fmt::Write as _};

use anyhow::{Result, bail};
use libyaml_safer::{Emitter, Encoding, Event, MappingStyle, ScalarStyle, SequenceStyle};

use super::{node::Node, number, yaml_keys, yaml_scalar};

/// Stands for a character that go-yaml escapes and our emitter would not; see [`disguise`].
const MASK: [char; 2] = ['\u{e000}', '\u{e001}'];

/// The document of one value.
///
/// # Errors
///
/// When a text has a character that kubectl's YAML cannot carry.
pub fn document(node: &Node<'_>) -> Result<String> {
    let mut text = Vec::new();
    let mut emitter = Emitter::new();
    emitter.set_output_string(&mut text);
    emitter.set_unicode(true);
    emitter.set_width(80);
    emitter.emit(Event::stream_start(Encoding::Utf8))?;
    emitter.emit(Event::document_start(None, &[], true))?;
    emit(&mut emitter, node)?;
    emitter.emit(Event::document_end(true))?;
    emitter.flush()?;
    drop(emitter);
    Ok(undisguise(String::from_utf8(text)?))
}

/// One item of a list: the document of a list of one, which reads the same inside a longer one.
///
/// # Errors
///
/// As [`document`].
pub fn item(node: Node<'_>) -> Result<String> {
    document(&Node::List(vec![node]))
}

fn emit(emitter: &mut Emitter<'_>, node: &Node<'_>) -> Result<()> {
    match node {
        Node::Null => plain(emitter, "null"),
        Node::Truth(truth) => plain(emitter, if *truth { "true" } else { "false" }),
        Node::Whole(number) => plain(emitter, &number.to_string()),
        Node::Large(number) => plain(emitter, &number.to_string()),
        Node::Float(number) => plain(emitter, &number::yaml(*number)),
        Node::Text(text) => string(emitter, text),
        Node::List(items) => {
            emitter.emit(Event::sequence_start(None, None, true, SequenceStyle::Block))?;
            for item in items {
                emit(emitter, item)?;
            }
            Ok(emitter.emit(Event::sequence_end())?)
        }
        Node::Map(entries) => {
            emitter.emit(Event::mapping_start(None, None, true, MappingStyle::Block))?;
            for (key, value) in yaml_keys::sorted(entries) {
                string(emitter, key)?;
                emit(emitter, value)?;
            }
            Ok(emitter.emit(Event::mapping_end())?)
        }
    }
}

fn plain(emitter: &mut Emitter<'_>, text: &str) -> Result<()> {
    Ok(emitter.emit(Event::scalar(None, None, text, true, true, ScalarStyle::Plain))?)
}

/// go-yaml's `stringv`; the emitter still falls back from plain to single and double quotes.
fn string(emitter: &mut Emitter<'_>, text: &str) -> Result<()> {
    if text.chars().any(is_refused) {
        bail!("yaml: control characters are not allowed");
    }
    let disguised = disguise(text);
    let style = match disguised {
        Cow::Borrowed(text) if text.contains('\n') => ScalarStyle::Literal,
        Cow::Borrowed(text) if yaml_scalar::reads_as_string(text) => ScalarStyle::Plain,
        _ => ScalarStyle::DoubleQuoted,
    };
    Ok(emitter.emit(Event::scalar(None, None, &disguised, true, true, style))?)
}

/// kubectl makes YAML from JSON with a YAML parser, which takes these only when they are escaped, and
/// JSON does not escape them.
fn is_refused(letter: char) -> bool {
    matches!(letter, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// go-yaml takes characters beyond the basic plane (emoji) for unprintable and writes `\U0001F600`.
/// Our emitter would print them, and it cannot be told otherwise. So it gets ten ordinary characters
/// in place of each, as many columns as the escape takes, and they are replaced in its output.
fn disguise(text: &str) -> Cow<'_, str> {
    if text.chars().all(|letter| u32::from(letter) < 0x1_0000) {
        return Cow::Borrowed(text);
    }
    let mut disguised = String::with_capacity(text.len() * 3);
    for letter in text.chars() {
        let code = u32::from(letter);
        if code < 0x1_0000 {
            disguised.push(letter);
        } else {
            let _ = write!(disguised, "{}{code:08X}{}", MASK[0], MASK[1]);
        }
    }
    Cow::Owned(disguised)
}

fn undisguise(text: String) -> String {
    if !text.contains(MASK[0]) {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once(MASK[0]) {
        plain.push_str(before);
        match after.split_once(MASK[1]) {
            Some((code, after)) if is_code(code) => {
                plain.push_str("\\U");
                plain.push_str(code);
                rest = after;
            }
            _ => {
                plain.push(MASK[0]);
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn is_code(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(json: &str) -> String {
        document(&serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn strings_take_go_yamls_style() {
        // Values as `kubectl get -o yaml` 1.36 prints them.
        let cases = [
            ("plain text", "plain text"),
            ("", "\"\""),
            ("yes", "\"yes\""),
            ("null", "\"null\""),
            ("~", "\"~\""),
            ("1e3", "\"1e3\""),
            ("0x1F", "\"0x1F\""),
            ("2026-11-22T14:00:00Z", "\"2026-11-22T14:00:00Z\""),
            ("12:30:45", "\"12:30:45\""),
            (" lead", "' lead'"),
            ("trail ", "'trail '"),
            ("a: b", "'a: b'"),
            ("#x", "'#x'"),
            ("- x", "'- x'"),
            ("@", "'@'"),
            ("it's", "it's"),
            ("<<", "<<"),
            ("=", "="),
            ("a\tb", "\"a\\tb\""),
            ("é", "é"),
            ("x😀", "\"x\\U0001F600\""),
            ("a\nb", "|-\n  a\n  b"),
            ("a\nb\n", "|\n  a\n  b"),
            ("a\n\n", "|+\n  a\n"),
            ("  a\nb", "|2-\n    a\n  b"),
            ("a \nb", "\"a \\nb\""),
        ];
        for (text, expected) in cases {
            let json = serde_json::json!({ "k": text, "z": 1 }).to_string();
            assert_eq!(printed(&json), format!("k: {expected}\nz: 1\n"), "{text:?}");
        }
    }

    #[test]
    fn lists_stand_under_their_key() {
        let json = r#"{"b":[{"x":1,"y":[]},{}],"a":{"k10":1,"k9":null}}"#;
        assert_eq!(printed(json), "a:\n  k9: null\n  k10: 1\nb:\n- x: 1\n  \"y\": []\n- {}\n");
    }

    #[test]
    fn an_item_reads_the_same_alone() {
        let node: Node<'_> = serde_json::from_str(r#"{"a":{"b":"c\nd"}}"#).unwrap();
        let list = Node::Map(vec![("items".into(), Node::List(vec![node.clone()]))]);
        assert_eq!(document(&list).unwrap(), format!("items:\n{}", item(node).unwrap()));
    }

    #[test]
    fn refuses_what_kubectl_refuses() {
        let error = document(&Node::Text("\u{7f}".into())).unwrap_err();
        assert_eq!(error.to_string(), "yaml: control characters are not allowed");
    }
}
