//! A [`Node`] read as a type of its own: what was parsed once need not become text again.

use serde::{
    de::{
        Deserializer, IntoDeserializer, Visitor,
        value::{Error, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

use super::Node;

impl<'de> Deserializer<'de> for &'de Node<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Node::Null => visitor.visit_unit(),
            Node::Truth(truth) => visitor.visit_bool(*truth),
            Node::Whole(number) => visitor.visit_i64(*number),
            Node::Large(number) => visitor.visit_u64(*number),
            Node::Float(number) => visitor.visit_f64(*number),
            Node::Text(text) => visitor.visit_borrowed_str(text),
            Node::List(list) => visitor.visit_seq(SeqDeserializer::new(list.iter())),
            Node::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (&**key, value));
                visitor.visit_map(MapDeserializer::new(entries))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Node::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for &'de Node<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, collections::BTreeMap};

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Thing<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
        ready: bool,
        count: i32,
        ratio: f64,
        large: u64,
        absent: Option<String>,
        #[serde(default)]
        labels: BTreeMap<String, String>,
        list: Vec<Option<i64>>,
    }

    #[test]
    fn a_node_reads_as_its_text_does() {
        let text = r#"{"name": "a", "ready": true, "count": -7, "ratio": 1.5, "large": 18446744073709551615,
            "absent": null, "labels": {"b": "c"}, "list": [1, null], "unknown": {"x": [{}]}}"#;
        let node: Node<'_> = serde_json::from_str(text).unwrap();
        let thing = Thing::deserialize(&node).unwrap();
        assert_eq!(thing, serde_json::from_str(text).unwrap());
        assert!(matches!(thing.name, Cow::Borrowed("a")), "nothing is copied");
        let error = Vec::<String>::deserialize(&node).unwrap_err().to_string();
        assert_eq!(error, "invalid type: map, expected a sequence");
    }
}
