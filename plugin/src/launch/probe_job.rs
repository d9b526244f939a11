//! One probe, from the Job that carries it to the last trace of it.
//!
//! The answer is taken from the pod's log the moment it can be read: it is asked for as soon as the pod has a node, again
//! every few milliseconds while there is none, and at once when the pod's status changes. Measured on two nodes, kubelet
//! 1.36: the log opens 0.3 to 0.4 s after the Job was created, within 30 ms of `Running` in the watch, now before it, now
//! after; waiting for either alone would be slower by that much. What would cost most is to wait for the container to
//! end, which the kubelet notices about a second late: the end record says that all is said. Removal takes 20 to 50 ms.
//!
//! What was created is removed on every way out. The Job's name is chosen beforehand, and the request that creates it
//! is never abandoned half-way, so a signal at any moment leaves nothing. If we are killed, the Job ends itself.

use std::{
    cell::{Cell, RefCell},
    fmt::Display,
    time::Duration,
};

use k8s_openapi::api::{batch::v1::Job, core::v1::Pod};
use kubectl_pods_report::{Plan, Source};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use cluster::{Cluster, objects, pods};

use super::{
    creation::Creation,
    job::{self, Placement},
    name,
    stream::Results,
};
use crate::{exit::Exit, output, signals::Signals};

/// How much longer than the Job may live its answer is waited for. All who know a better reason to give up are quicker,
/// if the API server still speaks.
const GRACE: Duration = Duration::from_secs(20);
/// How long to stay for an answer to be settled, for a deletion to be answered, and for what we deleted to be gone. A
/// second signal ends it at once.
const REMOVAL_LIMIT: Duration = Duration::from_secs(5);
/// Pause between two looks at what we deleted. It is gone after about 20 ms.
const REMOVAL_POLL: Duration = Duration::from_millis(10);

/// What came of a probe.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All it had to say.
    Whole(Source, Results),
    /// Nothing can be concluded, because of this.
    Inconclusive(Source, String),
    /// A signal stopped us.
    Stopped(Exit),
}

/// One Job on its way, and what is known about its pod.
pub(crate) struct ProbeJob<'a> {
    pub(super) cluster: &'a Cluster,
    /// Name of the Job.
    pub(super) name: String,
    /// Label selector of its pod.
    pub(super) selector: String,
    pub(super) placement: &'a Placement,
    /// Whether the probe was heard.
    pub(super) heard: Cell<bool>,
    /// The pod as last seen.
    pub(super) pod: RefCell<Option<Box<Pod>>>,
    /// Told when the pod changes.
    pub(super) changed: Notify,
}

/// Runs `plan` in the cluster and removes every trace of it.
///
/// # Errors
///
/// When the cluster cannot be asked or refuses.
pub(crate) async fn run(
    cluster: &Cluster,
    plan: &Plan,
    placement: &Placement,
) -> anyhow::Result<Outcome> {
    let name = name::fresh();
    let job = job::build(&name, plan, placement)?;
    let probe_job = ProbeJob {
        cluster,
        selector: format!("app.kubernetes.io/instance={name}"),
        name,
        placement,
        heard: Cell::new(false),
        pod: RefCell::default(),
        changed: Notify::new(),
    };
    let mut signals = Signals::listen()?;
    let mut creation = begin(cluster.clone(), job);
    let limit = job::longest_life(plan, placement).saturating_add(GRACE);
    let outcome = tokio::select! {
        exit = signals.next() => Ok(Outcome::Stopped(exit)),
        outcome = Box::pin(probe_job.carry_out(&mut creation)) => outcome,
        () = sleep(limit) => Ok(probe_job.too_late(limit)),
    };
    let tidied = signals.clean_up(Box::pin(probe_job.tidy_up(&mut creation))).await;
    if tidied.is_none() {
        probe_job.leave(&creation, "we were interrupted again");
    }
    signals.first().map_or(outcome, |exit| Ok(Outcome::Stopped(exit)))
}

fn begin(cluster: Cluster, job: Job) -> Creation<Job> {
    Creation::begin(async move { objects::create(&cluster, &job).await })
}

impl ProbeJob<'_> {
    async fn carry_out(&self, creation: &mut Creation<Job>) -> anyhow::Result<Outcome> {
        let events = pods::watch(self.cluster, &self.cluster.namespace, &self.selector);
        // Whatever the watch has to say, a Job that is refused ends it.
        let (events, _) = tokio::try_join!(async { Ok(events.await) }, creation.answer())?;
        let events = events?;
        let (scheduled, on_node) = watch::channel(None);
        tokio::select! {
            results = self.read_log(on_node) => Ok(match results? {
                Ok(results) => Outcome::Whole(self.source(), results),
                Err(reason) => Outcome::Inconclusive(self.source(), reason),
            }),
            reason = self.look_out(events, scheduled) => {
                Ok(Outcome::Inconclusive(self.source(), reason?))
            }
        }
    }

    fn too_late(&self, limit: Duration) -> Outcome {
        let seconds = limit.as_secs();
        let reason = format!("no result within {seconds} s: the API server has stopped answering");
        Outcome::Inconclusive(self.source(), reason)
    }

    fn source(&self) -> Source {
        let pod = self.pod.borrow();
        let node = pod.as_ref().and_then(|pod| pod.spec.as_ref()?.node_name.clone());
        Source {
            node,
            namespace: Some(self.cluster.namespace.clone()),
            pod: pod.as_ref().and_then(|pod| pod.metadata.name.clone()),
            ..Source::default()
        }
    }

    /// Removes what may have been created, if need be once that is settled.
    async fn tidy_up(&self, creation: &mut Creation<Job>) {
        if !creation.may_exist(REMOVAL_LIMIT).await {
            return;
        }
        match self.delete().await {
            Ok(()) => self.wait_until_gone().await,
            Err(why) => self.leave(creation, why),
        }
    }

    /// Says that the Job stays, and why.
    fn leave(&self, creation: &Creation<Job>, why: impl Display) {
        let uncertain = if creation.is_uncertain() { " may have been created; it" } else { "" };
        output::warning(&format!(
            "job {} in namespace {}{uncertain} could not be deleted and will end by itself: {why}",
            self.name, self.cluster.namespace
        ));
    }

    /// Deletes the Job and its pod.
    ///
    /// # Errors
    ///
    /// Why they may still be there, in words.
    async fn delete(&self) -> Result<(), String> {
        let namespace = &self.cluster.namespace;
        let pod = self.source().pod;
        let delete_pod = async {
            if let Some(pod) = &pod {
                // Only quicker than the garbage collector, and not everybody may do it.
                let _ = pods::delete_now(self.cluster, namespace, pod).await;
            }
        };
        let job = objects::delete::<Job>(self.cluster, &self.name);
        let deletions = async { tokio::join!(job, delete_pod) };
        match timeout(REMOVAL_LIMIT, deletions).await {
            Ok((Ok(_), ())) => Ok(()),
            Ok((Err(error), ())) => Err(format!("{error:#}")),
            Err(_) => Err(format!("no answer within {} s", REMOVAL_LIMIT.as_secs())),
        }
    }

    /// Stays until the pod is gone.
    async fn wait_until_gone(&self) {
        let namespace = &self.cluster.namespace;
        let gone = async {
            // Whoever may not list cannot see more than that the Job was deleted.
            while pods::list(self.cluster, namespace, &self.selector)
                .await
                .is_ok_and(|pods| !pods.is_empty())
            {
                sleep(REMOVAL_POLL).await;
            }
        };
        if timeout(REMOVAL_LIMIT, gone).await.is_err() {
            output::warning(&format!(
                "job {} in namespace {namespace} is deleted; the cluster is still removing its pod",
                self.name
            ));
        }
    }
}
