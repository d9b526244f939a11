//! Where pods come from: a cluster, or a saved list.

use anyhow::Result;

use cluster::{Cluster, ConnectionOptions};
use table::columns::Need;

use super::{Outcome, Query, SavedList, Scope, Sink, everywhere, fetch, objects, sink::ObjectSink};
use crate::{cli::GetArgs, output};

/// Where pods come from.
pub enum PodSource {
    /// An API server.
    Cluster(Box<Cluster>),
    /// `-f`.
    Saved(SavedList),
}

impl PodSource {
    /// Opens what the arguments mean, and says what to ask it: everything but how much of each pod.
    ///
    /// # Errors
    ///
    /// When there is no usable kubeconfig, or the saved list cannot be read.
    pub async fn open(connection: &ConnectionOptions, args: &GetArgs) -> Result<(Self, Query)> {
        let mut query = Query {
            scope: Scope::All,
            names: args.names.clone(),
            label_selector: args.selector().map(str::to_owned),
            field_selector: args.field_selector().map(str::to_owned),
            chunk_size: args.chunk_size,
            need: Need::Cells,
            ignore_not_found: args.ignore_not_found,
        };
        if let Some(file) = args.saved() {
            if !args.all_namespaces {
                query.scope = Scope::named(connection)?.unwrap_or_default();
            }
            return Ok((Self::Saved(SavedList::read(file).await?), query));
        }
        let cluster = Cluster::connect(connection, output::warning)?;
        if !args.all_namespaces {
            query.scope = Scope::parse(&cluster.namespace)?;
        }
        Ok((Self::Cluster(Box::new(cluster)), query))
    }

    /// Hands rows to `sink`, as they arrive, and tells it when they end.
    ///
    /// # Errors
    ///
    /// What `sink` returns, or when the saved list is none. What a server refuses is in
    /// [`Outcome::errors`].
    pub async fn rows(&self, query: &Query, sink: &mut dyn Sink) -> Result<Outcome> {
        let outcome = match self {
            Self::Cluster(cluster) if everywhere::suits(query) => {
                everywhere::fetch(cluster, query, sink).await?
            }
            Self::Cluster(cluster) => {
                let mut lists = Vec::new();
                for part in query.parts() {
                    lists.push(fetch(cluster, &part, sink).await?);
                    if lists.last().is_some_and(|list| list.unreachable) {
                        break;
                    }
                }
                Outcome::of_all(lists)
            }
            Self::Saved(list) => list.rows(query, sink)?,
        };
        sink.end(&outcome.versions)?;
        Ok(outcome)
    }

    /// Hands whole pods to `sink`, one at a time, and tells it when they end.
    pub(super) async fn objects(
        &self,
        query: &Query,
        sink: &mut dyn ObjectSink,
    ) -> Result<Outcome> {
        let outcome = match self {
            Self::Cluster(cluster) => {
                let mut lists = Vec::new();
                for part in query.parts() {
                    lists.push(objects::fetch(cluster, &part, sink).await?);
                    if lists.last().is_some_and(|list| list.unreachable) {
                        break;
                    }
                }
                Outcome::of_all(lists)
            }
            Self::Saved(list) => list.objects(query, sink)?,
        };
        sink.end(&outcome.versions)?;
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        net::TcpListener,
        thread,
    };

    use table::row::{ColumnDefinition, Row};

    use super::*;
    use crate::listing::{Change, ListVersion};

    /// Keeps what it is told at the end.
    #[derive(Default)]
    struct Ends(Vec<ListVersion>);

    impl Sink for Ends {
        fn columns(&mut self, _: &[ColumnDefinition]) -> Result<()> {
            Ok(())
        }

        fn row(&mut self, _: Change, _: Row<'_>) -> Result<()> {
            Ok(())
        }

        fn end(&mut self, versions: &[ListVersion]) -> Result<()> {
            self.0.extend_from_slice(versions);
            Ok(())
        }
    }

    /// An API server that has empty lists, of version 7 in `shop` and 8 elsewhere, and refuses `closed`.
    fn server() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = String::new();
                let _ = BufReader::new(&stream).read_line(&mut request);
                let version = if request.contains("/shop/") { 7 } else { 8 };
                let (status, body) = if request.contains("/closed/") {
                    ("403 Forbidden", "no".to_owned())
                } else {
                    let kind = r#""kind": "Table", "apiVersion": "meta.k8s.io/v1""#;
                    let list = r#""columnDefinitions": [], "rows": []"#;
                    (
                        "200 OK",
                        format!(
                            r#"{{{kind}, "metadata": {{"resourceVersion": "{version}"}}, {list}}}"#
                        ),
                    )
                };
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close");
                let _ = write!(stream, "{head}\r\ncontent-type: application/json\r\n\r\n{body}");
            }
        });
        url
    }

    #[tokio::test]
    async fn a_sink_is_told_where_each_list_ended() {
        let url = server();
        let cases = [
            ("shop", &[("shop", "7")][..]),
            ("shop,stock", &[("shop", "7"), ("stock", "8")]),
            ("closed,stock", &[("stock", "8")]),
        ];
        for (namespaces, expected) in cases {
            let namespace = Some(namespaces.to_owned());
            let server = Some(url.clone());
            let request_timeout = "0".to_owned();
            let connection =
                ConnectionOptions { namespace, server, request_timeout, ..Default::default() };
            let (source, query) = PodSource::open(&connection, &GetArgs::default()).await.unwrap();
            let mut ends = Ends::default();
            source.rows(&query, &mut ends).await.unwrap();
            let told: Vec<_> =
                ends.0.iter().map(|end| (end.namespace.as_deref(), &*end.version)).collect();
            let expected: Vec<_> =
                expected.iter().map(|(name, version)| (Some(*name), *version)).collect();
            assert_eq!(told, expected, "{namespaces}");
        }
    }
}
