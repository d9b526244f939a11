//! JSON as kubectl prints it: Go's `json.MarshalIndent` with four spaces, keys sorted, HTML escaped.

use std::fmt::Write as _;

use super::{node::Node, number};

/// `node` as JSON text, from the start of a line.
#[must_use]
pub fn text(node: &Node<'_>) -> String {
    let mut text = String::new();
    write(&mut text, node, 0);
    text
}

/// Appends `node`; its first line goes where the cursor is, further ones are indented by `level` steps.
pub fn write(out: &mut String, node: &Node<'_>, level: usize) {
    match node {
        Node::Null => out.push_str("null"),
        Node::Truth(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Node::Whole(number) => out.push_str(&number.to_string()),
        Node::Large(number) => out.push_str(&number.to_string()),
        Node::Float(number) => out.push_str(&number::json(*number)),
        Node::Text(text) => quote(out, text),
        Node::List(items) if items.is_empty() => out.push_str("[]"),
        Node::Map(entries) if entries.is_empty() => out.push_str("{}"),
        Node::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(out, index, level + 1);
                write(out, item, level + 1);
            }
            indent(out, level);
            out.push(']');
        }
        Node::Map(entries) => {
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                separate(out, index, level + 1);
                quote(out, key);
                out.push_str(": ");
                write(out, value, level + 1);
            }
            indent(out, level);
            out.push('}');
        }
    }
}

fn separate(out: &mut String, index: usize, level: usize) {
    if index > 0 {
        out.push(',');
    }
    indent(out, level);
}

fn indent(out: &mut String, level: usize) {
    out.push('\n');
    for _ in 0..level {
        out.push_str("    ");
    }
}

/// Go's `encoding/json` with HTML escaping, which kubectl leaves on.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_go() {
        let node: Node<'_> = serde_json::from_str(
            r#"{"b":[1,{"x":[]},{}],"a":"<&>\u2028\u0001\b\f\u007f é😀\"\\","c":null,"d":1.5}"#,
        )
        .unwrap();
        let mut out = String::new();
        write(&mut out, &node, 0);
        let expected = "{\n    \"a\": \"\\u003c\\u0026\\u003e\\u2028\\u0001\\b\\f\u{7f} é😀\\\"\\\\\",\n    \"b\": [\n        1,\n        {\n            \"x\": []\n        },\n        {}\n    ],\n    \"c\": null,\n    \"d\": 1.5\n}";
        assert_eq!(out, expected);
    }
}
