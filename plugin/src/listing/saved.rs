//! `-f`: a pod list that somebody saved, in place of a cluster.
//!
//! What `kubectl get pods -o json` or `-o yaml` prints (List, `PodList`, Pod), or a server's Table in JSON.
//! Only a Table carries the server's cells; for the others they are computed as they would be now.

use std::{io::Read as _, path::Path, time::Duration};

use anyhow::{Context as _, Result, anyhow, bail};
use jiff::Timestamp;
use reqwest::{Client, ClientBuilder, Response};
use serde::Deserialize;
use serde_json::value::RawValue;

use cluster::go;
use table::{
    object::{Node, json},
    row::{ColumnDefinition, Row},
};

use super::{Change, Outcome, Query, Sink};
use crate::pods::cells;

/// A saved list.
#[derive(Debug)]
pub struct SavedList {
    /// Where it came from, for error texts.
    source: String,
    /// JSON.
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(default)]
    kind: String,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    column_definitions: Vec<ColumnDefinition>,
    #[serde(borrow)]
    rows: Option<Vec<&'a RawValue>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Identity {
    kind: String,
    metadata: IdentityMetadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct IdentityMetadata {
    name: String,
    namespace: String,
}

impl SavedList {
    /// Reads a file, standard input (`-`), or an `http://` or `https://` URL.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is neither JSON nor YAML.
    pub async fn read(source: &Path) -> Result<Self> {
        let name = source.display().to_string();
        let bytes = if name == "-" {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
            bytes
        } else if name.starts_with("http://") || name.starts_with("https://") {
            download(&name).await?
        } else {
            std::fs::read(source).map_err(|error| match error.kind() {
                // kubectl's words for a missing file of its own -f.
                std::io::ErrorKind::NotFound => {
                    anyhow!("the path {} does not exist", go::quote(&name))
                }
                _ => anyhow!("cannot read {name}: {}", go::errno(&error)),
            })?
        };
        let text = String::from_utf8(bytes).map_err(|_| anyhow!("{name} is not text"))?;
        let text = if text.trim_start().starts_with('{') { text } else { from_yaml(&text, &name)? };
        Ok(Self { source: name, text })
    }

    /// Hands the wanted rows to `sink`; rows made from whole pods carry the pod as their object.
    ///
    /// # Errors
    ///
    /// When this is no list of pods, and what `sink` returns.
    pub fn rows(&self, query: &Query, sink: &mut dyn Sink) -> Result<Outcome> {
        let list = self.envelope()?;
        if let Some(rows) = &list.rows {
            sink.columns(&list.column_definitions)?;
            let identify = |row: &&RawValue| {
                Ok(row_identity(&list.column_definitions, &Row::parse(row.get().as_bytes())?))
            };
            return self.select(query, rows, identify, |row| {
                let row = Row::parse(row.get().as_bytes())?;
                sink.row(Change::Listed, Row { namespace: query.scope.one(), ..row })
            });
        }
        let now = Timestamp::now();
        sink.columns(&cells::columns())?;
        self.objects(query, |object| sink.row(Change::Listed, cells::row(object, now)?))
    }

    /// Hands the wanted pods to `take`.
    ///
    /// # Errors
    ///
    /// When this is no list of pods, and what `take` returns.
    pub fn objects(
        &self,
        query: &Query,
        take: impl FnMut(&RawValue) -> Result<()>,
    ) -> Result<Outcome> {
        let list = self.envelope()?;
        let whole: &RawValue = serde_json::from_str(&self.text)?;
        let items = match (list.kind.as_str(), list.items) {
            ("Pod", _) => vec![whole],
            ("Table", _) => bail!("{} is a table: it has cells, but no whole pods", self.source),
            (_, Some(items)) => items,
            (kind, None) => bail!(
                "{} is no list of pods: its kind is {}",
                self.source,
                if kind.is_empty() { "missing" } else { kind }
            ),
        };
        let identify = |item: &&RawValue| {
            let identity: Identity = serde_json::from_str(item.get())
                .with_context(|| format!("cannot read a pod of {}", self.source))?;
            if !matches!(identity.kind.as_str(), "" | "Pod") {
                bail!("{} has a {} in it, not only pods", self.source, identity.kind);
            }
            Ok(identity.metadata)
        };
        self.select(query, &items, identify, take)
    }

    fn envelope(&self) -> Result<Envelope<'_>> {
        serde_json::from_str(&self.text).with_context(|| format!("cannot read {}", self.source))
    }

    /// Takes what the query wants: everything of the namespace, or names in the order asked.
    fn select<'a>(
        &self,
        query: &Query,
        items: &[&'a RawValue],
        identify: impl Fn(&&'a RawValue) -> Result<IdentityMetadata>,
        mut take: impl FnMut(&'a RawValue) -> Result<()>,
    ) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let mut known = Vec::with_capacity(items.len());
        for item in items {
            let pod = identify(item)?;
            if query.scope.has(&pod.namespace) {
                known.push((pod.name, *item));
            }
        }
        let mut wanted: Vec<&'a RawValue> = Vec::new();
        if query.names.is_empty() {
            wanted.extend(known.iter().map(|(_, item)| *item));
        }
        for name in &query.names {
            let before = wanted.len();
            wanted.extend(known.iter().filter(|(known, _)| known == name).map(|(_, item)| *item));
            if wanted.len() == before && !query.ignore_not_found {
                let error = anyhow!("{} has no pod {}", self.source, go::quote(name));
                outcome.errors.push(error);
            }
        }
        for item in wanted {
            take(item)?;
            outcome.rows += 1;
        }
        Ok(outcome)
    }
}

/// A row's name is in its cells; its namespace only in its object.
fn row_identity(columns: &[ColumnDefinition], row: &Row<'_>) -> IdentityMetadata {
    let object = row.object.and_then(|object| serde_json::from_str::<Identity>(object.get()).ok());
    let name = columns.iter().position(ColumnDefinition::is_name);
    let name = name.and_then(|column| row.cells.get(column));
    let mut identity = object.unwrap_or_default().metadata;
    if let Some(name) = name {
        identity.name = name.clone().into_owned();
    }
    identity
}

/// A stream of YAML documents as one JSON object: the only document itself, or else a List of what all of them hold.
fn from_yaml(text: &str, source: &str) -> Result<String> {
    let documents: Vec<Node<'_>> = serde_saphyr::from_multiple(text).map_err(|error| {
        // Its further lines draw the place in the text.
        let error = error.to_string();
        let why = error.lines().next().unwrap_or_default().trim_start_matches("error: ");
        anyhow!("{source} is neither JSON nor YAML: {why}")
    })?;
    if documents.is_empty() || documents.iter().any(|document| !matches!(document, Node::Map(_))) {
        bail!("{source} is no list of pods");
    }
    if let [document] = documents.as_slice() {
        return Ok(json::text(document));
    }
    let mut items = Vec::new();
    for mut document in documents {
        match document.get_mut("items") {
            Some(Node::List(list)) => items.append(list),
            _ => items.push(document),
        }
    }
    let kind = ("kind".into(), Node::Text("List".into()));
    Ok(json::text(&Node::Map(vec![("items".into(), Node::List(items)), kind])))
}

/// How long a download may take to connect, and may be silent.
const SILENCE: Duration = Duration::from_secs(30);

/// How long a download may take.
const LONGEST: Duration = Duration::from_mins(10);

/// Bytes that a download may have: the list is kept in memory. 100,000 pods have about half of it.
const LARGEST: usize = 1 << 30;

async fn download(url: &str) -> Result<Vec<u8>> {
    // reqwest takes the process-wide provider of TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().connect_timeout(SILENCE).read_timeout(SILENCE).timeout(LONGEST);
    let bytes = body(client, url, LARGEST).await;
    bytes.with_context(|| format!("cannot download {url}"))
}

/// What `url` answers, if it has no more than `largest` bytes.
async fn body(client: ClientBuilder, url: &str, largest: usize) -> Result<Vec<u8>> {
    let why = |error| anyhow!(root(&error));
    let response = client.build().map_err(why)?.get(url).send().await;
    let mut response = response.and_then(Response::error_for_status).map_err(why)?;
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    let mut expected = announced.unwrap_or(0);
    let mut bytes = Vec::new();
    while expected <= largest {
        let Some(piece) = response.chunk().await.map_err(why)? else { return Ok(bytes) };
        bytes.extend_from_slice(&piece);
        expected = bytes.len();
    }
    bail!("it has more than {} MiB", largest >> 20)
}

/// The innermost cause: reqwest's outer layers only repeat the URL.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match error.status() {
        Some(status) => format!("the server answered {status}"),
        None if error.is_timeout() => String::from("it takes too long"),
        None => match cause.downcast_ref::<std::io::Error>() {
            Some(io) => go::errno(io),
            None => cause.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        net::TcpListener,
        thread,
    };

    use super::*;

    /// Tries to read an answer with this head and body, of 16 bytes at most, from a server that then stays silent.
    async fn read(answer: &'static str) -> Result<Vec<u8>> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut request = String::new();
            while reader.read_line(&mut request).is_ok_and(|length| length > 2) {}
            stream.write_all(answer.as_bytes()).unwrap();
            // Ends when the client has enough.
            let _ = reader.read_line(&mut request);
        });
        body(Client::builder().read_timeout(Duration::from_secs(1)), &url, 16).await
    }

    #[tokio::test]
    async fn downloads_have_limits() {
        let sixteen = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n0123456789abcdef";
        assert_eq!(read(sixteen).await.unwrap(), b"0123456789abcdef");
        let cases = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n", "it has more than 0 MiB"),
            ("HTTP/1.1 200 OK\r\n\r\n0123456789abcdefg", "it has more than 0 MiB"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n01", "it takes too long"),
            ("", "it takes too long"),
            (
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                "the server answered 404 Not Found",
            ),
        ];
        for (answer, expected) in cases {
            assert_eq!(read(answer).await.unwrap_err().to_string(), expected, "{answer}");
        }
    }
}
