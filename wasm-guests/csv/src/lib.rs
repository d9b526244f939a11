//! Pods as comma-separated values (RFC 4180), one header line first. Lengths of time are in seconds.

use kpods_guest::{About, Context, Document, Failure, Media};

kpods_guest::row! {
    /// What this format asks of each pod.
    pub struct Pod {
        name: String = "pod.name",
        ready: Option<i64> = "pod.ready",
        total: Option<i64> = "pod.total",
        status: Option<String> = "pod.status",
        restarts: Option<i64> = "pod.restarts",
        age: Option<i64> = "pod.age",
        ip: Option<String> = "pod.ip",
        node: Option<String> = "pod.node",
    }
}

/// The format: lines are given as soon as their rows come.
pub struct Csv {
    header_is_due: bool,
}

impl Document for Csv {
    type Row = Pod;
    const ABOUT: About =
        About::new("csv", env!("CARGO_PKG_VERSION"), "Pods as comma-separated values");
    const MEDIA: Media = Media { media_type: "text/csv", extension: "csv" };

    fn open(_: &Context) -> Result<Self, Failure> {
        Ok(Self { header_is_due: true })
    }

    fn push(&mut self, rows: Vec<Pod>) -> Result<Vec<u8>, Failure> {
        let header = self.header().unwrap_or_default();
        Ok(rows.iter().fold(header, |text, pod| text + &pod.line()).into())
    }

    fn finish(mut self) -> Result<Vec<u8>, Failure> {
        Ok(self.header().unwrap_or_default().into())
    }
}

impl Csv {
    fn header(&mut self) -> Option<String> {
        std::mem::take(&mut self.header_is_due)
            .then(|| "name,ready,total,status,restarts,age_seconds,ip,node\r\n".to_owned())
    }
}

impl Pod {
    fn line(&self) -> String {
        let number =
            |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let text = |text: &Option<String>| text.as_deref().map(field).unwrap_or_default();
        let fields = [
            field(&self.name),
            number(self.ready),
            number(self.total),
            text(&self.status),
            number(self.restarts),
            number(self.age.map(|millis| millis / 1_000)),
            text(&self.ip),
            text(&self.node),
        ];
        fields.join(",") + "\r\n"
    }
}

/// A field, quoted if it must be.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

kpods_guest::export_document!(Csv);

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_are_quoted_when_needed() {
        let cases = [
            ("web-0", "web-0"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("a\nb", "\"a\nb\""),
        ];
        for (text, expected) in cases {
            assert_eq!(field(text), expected);
        }
    }
}
