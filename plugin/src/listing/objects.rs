//! Whole pods, one at a time, for the formats that print them.

use anyhow::{Context as _, Result, bail};

use cluster::{Cluster, PodsAnswer, Representation};
use table::{object::Node, splitter::Piece};

use super::{
    Change, Outcome, Query,
    fetch::{ListMeta, Reader, cut, visit},
    sink::ObjectSink,
};

/// Fetches pods and hands them to `sink`.
///
/// # Errors
///
/// Only what `sink` returns; what the server refuses is in [`Outcome::errors`].
pub(super) async fn fetch(
    cluster: &Cluster,
    query: &Query,
    sink: &mut dyn ObjectSink,
) -> Result<Outcome> {
    let mut reader = ObjectReader { sink, count: 0, failed: None };
    let outcome = visit(cluster, query, Representation::Objects, &mut reader).await;
    match reader.failed {
        Some(error) => Err(error),
        None => Ok(Outcome { rows: reader.count, ..outcome }),
    }
}

struct ObjectReader<'t> {
    sink: &'t mut dyn ObjectSink,
    count: usize,
    failed: Option<anyhow::Error>,
}

impl Reader for ObjectReader<'_> {
    async fn one(&mut self, answer: PodsAnswer) -> Result<()> {
        let text = answer.whole().await?;
        self.object(&text)
    }

    async fn page(&mut self, answer: PodsAnswer) -> Result<ListMeta> {
        cut(answer, "items", |piece| match piece {
            Piece::Field("kind", kind) if !matches!(kind, br#""PodList""# | br#""List""#) => {
                bail!("the server did not answer with a list of pods")
            }
            Piece::Field(..) => Ok(()),
            Piece::Element(text) => self.object(text),
        })
        .await
    }
}

impl ObjectReader<'_> {
    fn object(&mut self, text: &[u8]) -> Result<()> {
        let mut object: Node<'_> = serde_json::from_slice(text).context("cannot read a pod")?;
        if object.get("kind").and_then(Node::text).is_some_and(|kind| kind != "Pod") {
            bail!("the server did not answer with a pod");
        }
        // Items of a list come without their type.
        object.set_default("apiVersion", "v1");
        object.set_default("kind", "Pod");
        self.count += 1;
        self.sink.object(Change::Listed, object).map_err(|error| {
            self.failed = Some(error);
            anyhow::anyhow!("stopped")
        })
    }
}
