//! Looking around: objects that may be absent, or not for us to see, read to learn why something is so. Nothing here is
//! an error: who could not be asked has said nothing.

use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use kube::{
    Api,
    api::{ListParams, LogParams},
};

use super::{
    Cluster, errors,
    objects::{Object, PAGE},
};

/// Most objects of one list. Who looks for a mistake needs examples, not everything.
const LIST_LIMIT: usize = 1_000;

/// What came of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// This is how it is.
    Known(T),
    /// There is no such object, and that is certain.
    Missing,
    /// Nobody said; why not.
    Unread(String),
}

impl<T> Answer<T> {
    /// What is known.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(known) => Some(known),
            Self::Missing | Self::Unread(_) => None,
        }
    }
}

impl<T> Answer<Vec<T>> {
    /// The same with every part of it put in other words.
    pub fn each<U>(self, words: impl FnMut(T) -> U) -> Answer<Vec<U>> {
        match self {
            Self::Known(known) => Answer::Known(known.into_iter().map(words).collect()),
            Self::Missing => Answer::Missing,
            Self::Unread(why) => Answer::Unread(why),
        }
    }
}

/// Which objects of a kind are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Among<'a> {
    /// The namespace; absent: all.
    pub namespace: Option<&'a str>,
    /// Label selector; empty: none.
    pub labels: &'a str,
    /// Field selector; empty: none.
    pub fields: &'a str,
}

/// One object.
pub async fn object<K: Object>(cluster: &Cluster, namespace: &str, name: &str) -> Answer<K> {
    let objects: Api<K> = Api::namespaced(cluster.client.clone(), namespace);
    let what = format!("get {} in namespace {namespace}", K::plural(&()));
    answer(cluster, cluster.in_time(objects.get(name)).await, &what)
}

/// One node.
pub async fn node(cluster: &Cluster, name: &str) -> Answer<Node> {
    let nodes: Api<Node> = Api::all(cluster.client.clone());
    answer(cluster, cluster.in_time(nodes.get(name)).await, "get nodes")
}

/// A namespace. Whoever may get namespaces within it may get it.
pub async fn namespace(cluster: &Cluster, name: &str) -> Answer<Namespace> {
    let namespaces: Api<Namespace> = Api::all(cluster.client.clone());
    answer(cluster, cluster.in_time(namespaces.get(name)).await, "get namespaces")
}

/// Objects of one kind: the first thousand, in the order of their names.
pub async fn objects<K: Object>(cluster: &Cluster, among: Among<'_>) -> Answer<Vec<K>> {
    let (objects, place): (Api<K>, _) = match among.namespace {
        Some(namespace) => (
            Api::namespaced(cluster.client.clone(), namespace),
            format!("in namespace {namespace}"),
        ),
        None => (Api::all(cluster.client.clone()), "in all namespaces".to_owned()),
    };
    let params = ListParams::default().labels(among.labels).fields(among.fields);
    let listed = first_of(cluster, &objects, params.limit(PAGE)).await;
    answer(cluster, listed, &format!("list {} {place}", K::plural(&())))
}

/// The first objects of a list, a page at a time.
async fn first_of<K: Object>(
    cluster: &Cluster,
    objects: &Api<K>,
    mut params: ListParams,
) -> anyhow::Result<kube::Result<Vec<K>>> {
    let mut all = Vec::new();
    loop {
        let list = match cluster.in_time(objects.list(&params)).await? {
            Ok(list) => list,
            Err(error) => return Ok(Err(error)),
        };
        all.extend(list.items);
        match list.metadata.continue_ {
            Some(token) if !token.is_empty() && all.len() < LIST_LIMIT => {
                params = params.continue_token(&token);
            }
            _ => return Ok(Ok(all)),
        }
    }
}

/// The last `lines` of what a container wrote, of its `previous` run if so.
pub async fn end_of_log(
    cluster: &Cluster,
    namespace: &str,
    pod: &str,
    container: &str,
    previous: bool,
    lines: u16,
) -> Answer<String> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), namespace);
    let params = LogParams {
        container: Some(container.to_owned()),
        previous,
        tail_lines: Some(lines.into()),
        limit_bytes: Some(i64::from(lines) * 1024),
        ..LogParams::default()
    };
    let what = format!("read logs in namespace {namespace}");
    answer(cluster, cluster.in_time(pods.logs(pod, &params)).await, &what)
}

/// `what` is what one needs a right for.
fn answer<T>(cluster: &Cluster, result: anyhow::Result<kube::Result<T>>, what: &str) -> Answer<T> {
    match result {
        Ok(Ok(known)) => Answer::Known(known),
        Ok(Err(kube::Error::Api(status))) if errors::names_nothing(&status) => Answer::Missing,
        Ok(Err(kube::Error::Api(status))) if status.code == 403 => {
            Answer::Unread(format!("no right to {what}"))
        }
        Ok(Err(error)) => Answer::Unread(format!("{:#}", cluster.explain(error))),
        Err(late) => Answer::Unread(format!("{late:#}")),
    }
}
