//! `-o json` and `-o yaml`: whole objects, alone or as the items of a v1 List, one at a time.

use anyhow::Result;

use table::{
    object::{Node, json, yaml},
    sanitize,
};

use crate::{
    listing::{Change, ListVersion, sink::ObjectSink},
    output::Stdout,
};

/// How objects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectFormat {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// Prints objects as they come.
pub(crate) struct ObjectPrinter<'s> {
    stdout: &'s mut Stdout,
    format: ObjectFormat,
    single: bool,
    with_managed_fields: bool,
    printed: usize,
}

impl ObjectSink for ObjectPrinter<'_> {
    fn object(&mut self, _: Change, mut object: Node<'_>) -> Result<()> {
        if !self.with_managed_fields
            && let Some(metadata) = object.get_mut("metadata")
        {
            metadata.remove("managedFields");
        }
        self.print(object)
    }

    fn end(&mut self, _: &[ListVersion]) -> Result<()> {
        Ok(())
    }
}

impl<'s> ObjectPrinter<'s> {
    /// A printer of one object alone (`single`), or of a List.
    pub(crate) fn new(
        stdout: &'s mut Stdout,
        format: ObjectFormat,
        single: bool,
        with_managed_fields: bool,
    ) -> Self {
        Self { stdout, format, single, with_managed_fields, printed: 0 }
    }

    fn print(&mut self, object: Node<'_>) -> Result<()> {
        let mut text = String::new();
        match (self.format, self.single) {
            (ObjectFormat::Json, true) => {
                json::write(&mut text, &object, 0);
                text.push('\n');
            }
            (ObjectFormat::Yaml, true) => text = yaml::document(&object)?,
            (ObjectFormat::Json, false) => {
                text.push_str(if self.printed == 0 { JSON_HEAD } else { "," });
                text.push_str("\n        ");
                json::write(&mut text, &object, 2);
            }
            (ObjectFormat::Yaml, false) => {
                let item = yaml::item(object)?;
                if self.printed == 0 {
                    text.push_str("apiVersion: v1\nitems:\n");
                }
                text.push_str(&item);
            }
        }
        self.printed += 1;
        if self.stdout.terminal().is_one {
            return self.stdout.write(sanitize::lines(&text).as_bytes());
        }
        self.stdout.write(text.as_bytes())
    }

    /// Ends the List. Nothing to do for an object alone.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub(crate) fn finish(&mut self) -> Result<()> {
        let end = match (self.format, self.printed) {
            _ if self.single => return Ok(()),
            (ObjectFormat::Json, 0) => format!("{JSON_HEAD}{JSON_END}"),
            (ObjectFormat::Json, _) => format!("\n    {JSON_END}"),
            (ObjectFormat::Yaml, 0) => format!("apiVersion: v1\nitems: []\n{YAML_END}"),
            (ObjectFormat::Yaml, _) => String::from(YAML_END),
        };
        self.stdout.write(end.as_bytes())
    }
}

const JSON_HEAD: &str = "{\n    \"apiVersion\": \"v1\",\n    \"items\": [";
const JSON_END: &str = "],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n";
const YAML_END: &str = "kind: List\nmetadata:\n  resourceVersion: \"\"\n";
