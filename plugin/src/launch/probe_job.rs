//! One of the probes: its Job, what is seen of its pod, and what it brings.
//!
//! The answer is taken from the pod's log the moment it can be read: it is asked for whenever the pod's status changes, and
//! now and then beside, should a change go unseen. The kubelet opens the log and shows `Running` for one reason, so the
//! watch is a few milliseconds late at most; asking for the log every 30 ms cost more than that, because the node's
//! processors had it to do beside the pod's start (`docs/measurements.md`). What would cost most is to wait for the
//! container to end, which the kubelet notices about a second late: the end record says that all is said.

use std::{
    cell::{Cell, RefCell},
    fmt::Display,
    sync::Arc,
    time::Duration,
};

use k8s_openapi::api::{batch::v1::Job, core::v1::Pod};
use kubectl_pods_report::Source;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use cluster::{Cluster, objects, pods};

use super::{creation::Creation, job::Placement, outcome::Brought, stream::Results};
use crate::{output, pods::advised};

/// How long to stay for an answer to be settled, for a deletion to be answered, and for what we deleted to be gone. A
/// second signal ends it at once.
pub(super) const REMOVAL_LIMIT: Duration = Duration::from_secs(5);

/// What is seen of a Job's pod.
#[derive(Debug, Clone, Default)]
pub(super) enum Seen {
    /// None yet.
    #[default]
    NoPod,
    /// It is there, like this.
    Pod(Arc<Pod>),
    /// It was there, like this, and is gone.
    Gone(Arc<Pod>),
    /// Nothing, because pods cannot be watched.
    Unwatched(Arc<anyhow::Error>),
}

/// What the probes of one run have in common.
#[derive(Debug)]
pub(super) struct RunState {
    /// How many they are.
    pub(super) count: usize,
    /// When a pod of theirs was last seen for the first time: who makes them is at work.
    pub(super) newest_pod: Cell<Instant>,
    /// Whether the user knows what is being waited for.
    pub(super) told: Cell<bool>,
    /// What an autoscaler said last, and the user was told.
    pub(super) scaling: RefCell<Option<String>>,
    /// The Jobs that the API server has made.
    made: RefCell<Vec<Job>>,
    /// How many it has answered for.
    answered: watch::Sender<usize>,
}

/// One Job on its way, and what is known about its pod.
pub(super) struct ProbeJob<'a> {
    pub(super) cluster: &'a Cluster,
    /// Name of the Job.
    pub(super) name: String,
    /// [`Source::id`] of what it brings.
    id: u32,
    pub(super) placement: &'a Placement,
    pub(super) run: &'a RunState,
    /// The pod as last seen.
    pub(super) seen: watch::Sender<Seen>,
    /// When the probe was heard last, and for the first time.
    pub(super) heard: Cell<Option<Instant>>,
    pub(super) first_heard: Cell<Option<Instant>>,
    /// Containers beside it that were not ready at that first time.
    pub(super) unready: RefCell<Vec<String>>,
    /// Why its log could not be read, when it could not.
    pub(super) no_log: RefCell<Option<String>>,
    /// Whether the Job was deleted.
    removed: Cell<bool>,
}

impl RunState {
    pub(super) fn new(count: usize) -> Self {
        Self {
            count,
            newest_pod: Cell::new(Instant::now()),
            told: Cell::new(false),
            scaling: RefCell::default(),
            made: RefCell::default(),
            answered: watch::Sender::default(),
        }
    }

    /// Takes note of what became of a Job that was to be made.
    fn answer(&self, job: Option<&Job>) {
        self.made.borrow_mut().extend(job.cloned());
        self.answered.send_modify(|answered| *answered += 1);
    }

    /// Stays until the API server has answered for one of them.
    pub(super) async fn first_answer(&self) {
        let _ = self.answered.subscribe().wait_for(|answered| *answered > 0).await;
    }

    /// The Jobs that were made, once there is an answer for each.
    pub(super) async fn made(&self) -> Vec<Job> {
        // We have the sender, so there is no error.
        let _ = self.answered.subscribe().wait_for(|answered| *answered == self.count).await;
        self.made.take()
    }
}

impl<'a> ProbeJob<'a> {
    pub(super) fn new(
        cluster: &'a Cluster,
        id: u32,
        job: &Job,
        placement: &'a Placement,
        run: &'a RunState,
    ) -> Self {
        Self {
            cluster,
            name: job.metadata.name.clone().unwrap_or_default(),
            id,
            placement,
            run,
            seen: watch::Sender::default(),
            heard: Cell::default(),
            first_heard: Cell::default(),
            unready: RefCell::default(),
            no_log: RefCell::default(),
            removed: Cell::new(false),
        }
    }

    /// What the probe has to say, or why there is nothing `limit` after its creation began.
    ///
    /// # Errors
    ///
    /// When the cluster cannot be asked, or refuses.
    pub(super) async fn bring(
        &self,
        creation: &mut Creation<Job>,
        limit: Duration,
    ) -> anyhow::Result<Brought> {
        let results = timeout(limit, self.results(creation)).await.unwrap_or_else(|_| {
            let seconds = limit.as_secs();
            Ok(Err(format!("no result within {seconds} s: the API server has stopped answering")))
        });
        Ok(Brought::new(self.source(), results?))
    }

    /// Whole results, or why there are none.
    async fn results(
        &self,
        creation: &mut Creation<Job>,
    ) -> anyhow::Result<Result<Results, String>> {
        let begun = Instant::now();
        // Whatever the watch has to say, a Job that is refused ends it.
        let answer = creation.answer().await;
        self.run.answer(answer.as_ref().ok());
        answer.map_err(advised)?;
        let results = tokio::select! {
            results = self.read_log() => results?,
            results = self.last_words() => Ok(results),
            reason = self.look_out() => Err(reason?),
        };
        match results.or_else(|reason| self.left_behind().ok_or(reason)) {
            Ok(results) => Ok(Ok(self.doubted(results, begun).await)),
            Err(reason) => Ok(Err(reason)),
        }
    }

    /// Whether `pod` carries this probe.
    pub(super) fn owns(&self, pod: &Pod) -> bool {
        let mut owners = pod.metadata.owner_references.iter().flatten();
        owners.any(|owner| owner.kind == "Job" && owner.name == self.name)
    }

    /// The pod as last seen.
    pub(super) fn pod(&self) -> Option<Arc<Pod>> {
        match &*self.seen.borrow() {
            Seen::Pod(pod) | Seen::Gone(pod) => Some(Arc::clone(pod)),
            Seen::NoPod | Seen::Unwatched(_) => None,
        }
    }

    /// Where it runs, as far as that is known, or was to run.
    pub(super) fn source(&self) -> Source {
        let pod = self.pod();
        let node = pod.as_ref().and_then(|pod| pod.spec.as_ref()?.node_name.clone());
        Source {
            id: self.id,
            node: node.or_else(|| self.placement.node.clone()),
            namespace: Some(self.cluster.namespace.clone()),
            pod: pod.and_then(|pod| pod.metadata.name.clone()),
            ..Source::default()
        }
    }

    /// Deletes what may have been created, if need be once that is settled.
    pub(super) async fn tidy_up(&self, creation: &mut Creation<Job>) {
        if !creation.may_exist(REMOVAL_LIMIT).await {
            return;
        }
        match self.delete().await {
            Ok(()) => self.removed.set(true),
            Err(why) => self.leave(creation, why),
        }
    }

    /// Whether its Job was deleted.
    pub(super) fn is_removed(&self) -> bool {
        self.removed.get()
    }

    /// Says that the Job stays, if it does, and why.
    pub(super) fn leave(&self, creation: &Creation<Job>, why: impl Display) {
        if self.is_removed() || creation.is_refused() {
            return;
        }
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
}
