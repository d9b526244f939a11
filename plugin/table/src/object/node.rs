//! A JSON value as it came, borrowed from its text, with the keys of maps in order.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

/// A JSON value. Strings without escapes borrow from the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// null
    Null,
    /// true, false
    Truth(bool),
    /// A whole number.
    Whole(i64),
    /// A whole number above [`i64::MAX`].
    Large(u64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Node<'a>>),
    /// An object; keys are unique and in byte order.
    Map(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// The value under `key`, if this is an object that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        let Self::Map(entries) = self else { return None };
        entries.binary_search_by(|(name, _)| (**name).cmp(key)).ok().map(|index| &entries[index].1)
    }

    /// As [`Node::get`], to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node<'a>> {
        let Self::Map(entries) = self else { return None };
        let index = entries.binary_search_by(|(name, _)| (**name).cmp(key)).ok()?;
        Some(&mut entries[index].1)
    }

    /// Takes `key` out of an object.
    pub fn remove(&mut self, key: &str) {
        if let Self::Map(entries) = self {
            entries.retain(|(name, _)| name != key);
        }
    }

    /// Sets `key` in an object that does not have it.
    pub fn set_default(&mut self, key: &'static str, value: &'static str) {
        if let Self::Map(entries) = self
            && let Err(index) = entries.binary_search_by(|(name, _)| (**name).cmp(key))
        {
            entries.insert(index, (key.into(), Node::Text(value.into())));
        }
    }

    /// The string, if this is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Node<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Node::Truth(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Node::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Node::Large(number), Node::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Node::Float(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries: Vec<(Cow<'de, str>, Node<'de>)> = Vec::new();
        while let Some((Key(key), value)) = map.next_entry()? {
            entries.push((key, value));
        }
        // The last of several equal keys counts, as in Go.
        entries.reverse();
        entries.sort_by(|(left, _), (right, _)| left.cmp(right));
        entries.dedup_by(|(later, _), (kept, _)| later == kept);
        Ok(Node::Map(entries))
    }
}

/// A key, borrowed where possible.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(NodeVisitor)? {
            Node::Text(text) => Ok(Self(text)),
            _ => Err(serde::de::Error::custom("a key must be a string")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_the_last_of_equals_counts() {
        let node: Node<'_> = serde_json::from_str(
            r#"{"b":1,"a":[null,true,-2,1.5,"x\ty"],"b":18446744073709551615}"#,
        )
        .unwrap();
        let list = vec![
            Node::Null,
            Node::Truth(true),
            Node::Whole(-2),
            Node::Float(1.5),
            Node::Text("x\ty".into()),
        ];
        assert_eq!(
            node,
            Node::Map(vec![("a".into(), Node::List(list)), ("b".into(), Node::Large(u64::MAX))])
        );
    }

    #[test]
    fn defaults_do_not_overwrite() {
        let mut node: Node<'_> = serde_json::from_str(r#"{"kind":"X","z":1}"#).unwrap();
        node.set_default("kind", "Pod");
        node.set_default("apiVersion", "v1");
        node.remove("z");
        let keys = [("apiVersion", "v1"), ("kind", "X")];
        for (key, value) in keys {
            assert_eq!(node.get(key).and_then(Node::text), Some(value));
        }
        assert_eq!(node.get("z"), None);
    }
}
