//! Objects of the cluster's namespace, of whatever kind: read, make, delete; and what is known when the answer to a making does not come.

use std::{fmt::Debug, time::Duration};

use k8s_openapi::NamespaceResourceScope;
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep};

use super::{Cluster, errors};

/// An object that lives in a namespace, by its kind.
pub trait Object:
    kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
{
}

impl<K> Object for K where
    K: kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned
{
}

fn api<K: Object>(cluster: &Cluster) -> Api<K> {
    Api::namespaced(cluster.client.clone(), &cluster.namespace)
}

/// The object of this kind and name, if there is one.
///
/// # Errors
///
/// kubectl's words for what the server refuses, or why it cannot be asked.
pub async fn find<K: Object>(cluster: &Cluster, name: &str) -> anyhow::Result<Option<K>> {
    cluster.limited(api(cluster).get_opt(name)).await
}

/// Objects of one page. A whole list in one answer may be so large that it runs into the server's 60 s; kubectl's number.
pub(super) const PAGE: u32 = 500;

/// All objects of a list, page after page.
///
/// # Errors
///
/// As [`find`]; also when the list has grown too old between two pages, after minutes.
pub(super) async fn list<K: Object>(
    cluster: &Cluster,
    objects: &Api<K>,
    mut params: ListParams,
) -> anyhow::Result<Vec<K>> {
    params.limit = Some(PAGE);
    let mut all = Vec::new();
    loop {
        let page = cluster.limited(objects.list(&params)).await?;
        all.extend(page.items);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params.continue_token = Some(token),
            None => return Ok(all),
        }
    }
}

/// Why an object was not made, as far as can be known.
#[derive(Debug)]
pub enum NotMade {
    /// The API server said no, or never heard of it: nothing was made.
    Refused(anyhow::Error),
    /// No answer came: it may have been made.
    Unanswered(anyhow::Error),
}

/// Creates it.
///
/// # Errors
///
/// [`NotMade`] says whether it may have been created all the same.
pub async fn create<K: Object>(cluster: &Cluster, object: &K) -> Result<K, NotMade> {
    let request = api(cluster);
    made(cluster, cluster.in_time(request.create(&PostParams::default(), object)).await)
}

/// Creates it, or makes it as given: server-side apply as this program. Forced: what we made is ours, whoever touched
/// it since.
///
/// # Errors
///
/// As [`create`].
pub async fn apply<K: Object>(cluster: &Cluster, object: &K) -> Result<K, NotMade> {
    let name = object.meta().name.as_deref().unwrap_or_default();
    let params = PatchParams::apply("kubectl-pods").force();
    let request = api::<K>(cluster);
    made(cluster, cluster.in_time(request.patch(name, &params, &Patch::Apply(object))).await)
}

fn made<K>(cluster: &Cluster, answer: anyhow::Result<kube::Result<K>>) -> Result<K, NotMade> {
    match answer.map_err(NotMade::Unanswered)? {
        Ok(object) => Ok(object),
        Err(error) if errors::is_unsent(&error) => Err(NotMade::Refused(cluster.explain(error))),
        // A server error of the 5xx kind may come from a proxy, after the request was passed on. If it said when to
        // come back, we did, and 409 tells of the object of our first try: its name is nobody else's.
        Err(kube::Error::Api(status))
            if (400..500).contains(&status.code) && !status.is_already_exists() =>
        {
            Err(NotMade::Refused(cluster.explain(kube::Error::Api(status))))
        }
        Err(error) => Err(NotMade::Unanswered(cluster.explain(error))),
    }
}

/// How long a deletion is tried when the server has trouble of its own, and the time between two tries. What is to be
/// deleted is ours and would stay. A server that is silent is given up by the first try.
const DELETIONS_LIMIT: Duration = Duration::from_secs(4);
const BETWEEN_DELETIONS: Duration = Duration::from_millis(500);

/// Deletes it, and in the background what it owns. Gives whether there was one.
///
/// # Errors
///
/// As [`find`], after some tries where another may fare better.
pub async fn delete<K: Object>(cluster: &Cluster, name: &str) -> anyhow::Result<bool> {
    let begun = Instant::now();
    loop {
        let request = api::<K>(cluster);
        match cluster.in_time(request.delete(name, &DeleteParams::background())).await? {
            Ok(_) => return Ok(true),
            Err(kube::Error::Api(status)) if status.is_not_found() => return Ok(false),
            Err(error) if begun.elapsed() < DELETIONS_LIMIT && may_pass(&error) => {}
            Err(error) => return Err(cluster.explain(error)),
        }
        sleep(BETWEEN_DELETIONS).await;
    }
}

/// Whether this is trouble of the server or on the way to it, and nothing that it was asked for.
fn may_pass(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => status.code == 429 || status.code >= 500,
        error => !errors::is_without_credentials(error),
    }
}
