//! Paths into an object: `metadata.labels[app]`, `spec.containers[*].image`, `status.conditions[0].type`.

use serde_json::Value as Json;

/// A parsed path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// `.name`
    Field(String),
    /// `[app.kubernetes.io/name]`: a key with any characters but `]`
    Key(String),
    /// `[0]`
    Index(usize),
    /// `[*]`
    All,
}

impl Path {
    /// Reads a path, or `None` when it has an empty part or an unclosed bracket.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = path;
        loop {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (field, after) = rest.split_at(end);
            if field.is_empty() || field.contains(']') {
                return None;
            }
            steps.push(Step::Field(field.to_owned()));
            rest = after;
            while let Some(inside) = rest.strip_prefix('[') {
                let (key, after) = inside.split_once(']')?;
                steps.push(Step::bracket(key)?);
                rest = after;
            }
            if rest.is_empty() {
                return Some(Self { steps });
            }
            rest = rest.strip_prefix('.')?;
        }
    }

    /// The fields it begins with, up to the first bracket.
    pub(super) fn fields(&self) -> Vec<&str> {
        self.steps.iter().map_while(Step::field).collect()
    }

    /// The names that follow `fields`, if it begins with them and has only names.
    pub(super) fn below(&self, fields: &[&str]) -> Option<Vec<&str>> {
        let mut names: Vec<&str> = self.steps.iter().map(Step::name).collect::<Option<_>>()?;
        if !names.starts_with(fields) {
            return None;
        }
        Some(names.split_off(fields.len()))
    }

    /// Name of the last field, which tells points in time from other texts.
    pub(super) fn last_field(&self) -> Option<&str> {
        self.steps.iter().rev().find_map(Step::field)
    }

    /// Whether it may select several values.
    pub(super) fn is_plural(&self) -> bool {
        self.steps.contains(&Step::All)
    }

    /// Every value it selects, in order.
    pub(super) fn select<'a>(&self, object: &'a Json) -> Vec<&'a Json> {
        let mut selected = vec![object];
        for step in &self.steps {
            selected = match step {
                Step::Field(name) | Step::Key(name) => {
                    selected.iter().filter_map(|json| json.get(name)).collect()
                }
                Step::Index(index) => selected.iter().filter_map(|json| at(json, *index)).collect(),
                Step::All => selected.iter().filter_map(|json| json.as_array()).flatten().collect(),
            };
        }
        selected
    }
}

/// An element of a list, or what an object has under a key of digits.
fn at(json: &Json, index: usize) -> Option<&Json> {
    if json.is_object() { json.get(index.to_string()) } else { json.get(index) }
}

impl Step {
    fn field(&self) -> Option<&str> {
        if let Self::Field(name) = self { Some(name) } else { None }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Field(name) | Self::Key(name) => Some(name),
            Self::Index(_) | Self::All => None,
        }
    }

    fn bracket(key: &str) -> Option<Self> {
        match key {
            "" => None,
            "*" => Some(Self::All),
            key => Some(key.parse().map_or_else(|_| Self::Key(key.to_owned()), Self::Index)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Path;

    #[test]
    fn select_follows_fields_keys_and_lists() {
        let object = json!({
            "metadata": {"labels": {"app.kubernetes.io/name": "web", "tier": "front", "2024": "yes"}},
            "spec": {"containers": [{"image": "nginx"}, {"name": "without"}, {"image": "busybox"}]},
        });
        let cases = [
            ("metadata.labels[app.kubernetes.io/name]", vec![json!("web")]),
            ("metadata.labels.tier", vec![json!("front")]),
            ("spec.containers[*].image", vec![json!("nginx"), json!("busybox")]),
            ("spec.containers[2].image", vec![json!("busybox")]),
            ("spec.containers[9].image", vec![]),
            ("spec.containers.image", vec![]),
            ("metadata.labels[2024]", vec![json!("yes")]),
            ("status.phase", vec![]),
        ];
        for (path, expected) in cases {
            let selected: Vec<_> = Path::parse(path)
                .expect("well formed")
                .select(&object)
                .into_iter()
                .cloned()
                .collect();
            assert_eq!(selected, expected, "{path}");
        }
    }

    #[test]
    fn parse_refuses_what_is_malformed() {
        for path in ["", ".", "a.", ".a", "a..b", "a[", "a[]", "a]b", "a[0]b", "[0]"] {
            assert_eq!(Path::parse(path), None, "{path:?}");
        }
    }
}
