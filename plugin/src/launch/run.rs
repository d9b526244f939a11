//! Probes at several places at once, from the Jobs that carry them to the last trace of them.
//!
//! However many there are, they have one name in common, one watch, one listener for signals, and one time after which
//! nothing more is expected. Each log is read beside the others, and what keeps one probe from running says nothing about
//! the others.
//!
//! What was created is removed on every way out. The names are chosen beforehand, and no request that creates something
//! is abandoned half-way, so a signal at any moment leaves nothing. If we are killed, each Job ends itself.
//!
//! Nobody waits for that with an answer at hand: it is told while the removal is under way, and the run ends with both.

use std::{convert::Infallible, future::pending, iter::zip, time::Duration};

use futures_util::future::join_all;
use k8s_openapi::api::{
    batch::v1::Job,
    core::v1::{ConfigMap, Pod},
};
use kubectl_pods_report::Plan;
use tokio::time::{Instant, sleep, timeout};

use cluster::{Cluster, objects, objects::Object, pods};

use super::{
    carrier::Carrier,
    creation::Creation,
    job::{self, Placement},
    name,
    outcome::{Brought, Outcome},
    probe_job::{ProbeJob, REMOVAL_LIMIT, RunState},
};
use crate::{output, pods::advised, signals::Signals};

/// How much longer than the longest Job may live an answer is waited for. All who know a better reason to give up are
/// quicker, if the API server still speaks.
pub(crate) const GRACE: Duration = Duration::from_secs(20);
/// Pause between two looks at what we deleted. It is gone after about 20 ms.
const REMOVAL_POLL: Duration = Duration::from_millis(10);
/// How long a pod may still come of a Job that was deleted before it had one: whoever makes it may have been at it. Mostly
/// it takes 10 ms.
const LATE_POD: Duration = Duration::from_millis(200);

/// Probes that are under way together.
pub(super) struct Run<'a> {
    pub(super) cluster: &'a Cluster,
    name: &'a str,
    state: &'a RunState,
    /// Label selector of their pods.
    pub(super) selector: String,
    pub(super) jobs: Vec<ProbeJob<'a>>,
}

/// What a carrier's probes come in, by name.
type Parts = Vec<(String, Creation<ConfigMap>)>;

/// Has each of `placements` carry out `plan` in the cluster, in their image or by a carrier, gives what they brought to
/// `tell`, in the order of the places, and removes every trace of it meanwhile.
///
/// # Errors
///
/// When the plan is too large, before anything was created; when the cluster cannot be asked, or refuses all of them; and
/// those of `tell`.
pub(super) async fn run<T>(
    cluster: &Cluster,
    plan: &Plan,
    placements: &[Placement],
    carrier: Option<&Carrier>,
    tell: impl AsyncFnOnce(Vec<Brought>) -> anyhow::Result<T>,
) -> anyhow::Result<Outcome<T>> {
    let name = name::fresh();
    let objects = job::build(&name, plan, placements, carrier)?;
    let state = RunState::new(placements.len());
    let run = Run {
        cluster,
        name: &name,
        state: &state,
        selector: format!("app.kubernetes.io/instance={name}"),
        jobs: zip(0.., zip(&objects, placements))
            .map(|(id, (job, placement))| ProbeJob::new(cluster, id, job, placement, &state))
            .collect(),
    };
    let limit = placements.iter().map(|placement| job::longest_life(plan, placement)).max();
    let limit = limit.unwrap_or_default().saturating_add(GRACE);
    let mut signals = Signals::listen()?;
    let mut creations: Vec<_> =
        objects.into_iter().map(|job| begin(cluster.clone(), job)).collect();
    let mut parts = Parts::new();
    let outcome = tokio::select! {
        exit = signals.next() => Ok(Outcome::Stopped(exit)),
        brought = Box::pin(run.carry_out(&mut creations, &mut parts, carrier, limit)) => brought.map(Outcome::Done),
    };
    let telling = async {
        Ok(match outcome? {
            Outcome::Done(brought) => Outcome::Done(tell(brought).await?),
            Outcome::Stopped(exit) => Outcome::Stopped(exit),
        })
    };
    let removal = async {
        if signals.clean_up(Box::pin(run.tidy_up(&mut creations, &mut parts))).await.is_none() {
            for (job, creation) in zip(&run.jobs, &creations) {
                job.leave(creation, "we were interrupted again");
            }
        }
    };
    let (outcome, ()) = tokio::join!(Box::pin(telling), removal);
    signals.first().map_or(outcome, |exit| Ok(Outcome::Stopped(exit)))
}

fn begin<K: Object + Send + Sync + 'static>(cluster: Cluster, object: K) -> Creation<K> {
    Creation::begin(async move { objects::create(&cluster, &object).await })
}

impl Run<'_> {
    /// What each probe brings within `limit`.
    async fn carry_out(
        &self,
        creations: &mut [Creation<Job>],
        parts: &mut Parts,
        carrier: Option<&Carrier>,
        limit: Duration,
    ) -> anyhow::Result<Vec<Brought>> {
        let each = zip(&self.jobs, creations).map(|(job, creation)| job.bring(creation, limit));
        let brought = tokio::select! {
            brought = join_all(each) => brought,
            never = self.watch_what_was_made() => match never {},
            error = self.supply(carrier, parts) => return Err(error),
        };
        self.conclude(brought)
    }

    /// Watches as soon as there may be something to see, and so leaves the first request to those that make it.
    async fn watch_what_was_made(&self) -> Infallible {
        self.state.first_answer().await;
        self.watch().await
    }

    /// Makes what a carrier's probes come in, once it is known which Jobs there are to own it. Ends only when that fails.
    async fn supply(&self, carrier: Option<&Carrier>, parts: &mut Parts) -> anyhow::Error {
        let Some(carrier) = carrier else { return pending().await };
        let jobs = self.state.made().await;
        if !jobs.is_empty() {
            for part in carrier.owned_by(self.name, &jobs) {
                let name = part.metadata.name.clone().unwrap_or_default();
                parts.push((name, begin(self.cluster.clone(), part)));
            }
        }
        let answers = join_all(parts.iter_mut().map(|(_, creation)| creation.answer())).await;
        match answers.into_iter().find_map(Result::err) {
            Some(error) => advised(error),
            None => pending().await,
        }
    }

    /// An error is one of the whole when no probe got any further. Otherwise it is told as what befell one of them.
    fn conclude(&self, brought: Vec<anyhow::Result<Brought>>) -> anyhow::Result<Vec<Brought>> {
        if brought.iter().all(Result::is_err) {
            return brought.into_iter().collect();
        }
        let told = |(job, brought): (&ProbeJob<'_>, anyhow::Result<Brought>)| {
            brought.unwrap_or_else(|error| Brought::new(job.source(), Err(format!("{error:#}"))))
        };
        Ok(zip(&self.jobs, brought).map(told).collect())
    }

    /// Removes what may have been created, if need be once that is settled.
    async fn tidy_up(&self, creations: &mut [Creation<Job>], parts: &mut Parts) {
        let jobs = join_all(zip(&self.jobs, creations).map(|(job, made)| job.tidy_up(made)));
        let parts = join_all(parts.iter_mut().map(|(name, made)| self.remove_part(name, made)));
        tokio::join!(jobs, parts);
        if self.jobs.iter().any(ProbeJob::is_removed) {
            self.wait_until_gone().await;
        }
    }

    /// Only quicker than the garbage collector, which removes what belonged to a Job; and not everybody may do it.
    async fn remove_part(&self, name: &str, creation: &mut Creation<ConfigMap>) {
        if creation.may_exist(REMOVAL_LIMIT).await {
            let deletion = objects::delete::<ConfigMap>(self.cluster, name);
            let _ = timeout(REMOVAL_LIMIT, deletion).await;
        }
    }

    /// Deletes those of `pods` that nobody has deleted, each once: as for parts, only quicker than the garbage collector.
    async fn hasten(&self, pods: &[Pod], hastened: &mut Vec<String>) {
        let alive = pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none());
        for name in alive.filter_map(|pod| pod.metadata.name.as_ref()) {
            if !hastened.contains(name) {
                hastened.push(name.clone());
                let _ = pods::delete_now(self.cluster, &self.cluster.namespace, name).await;
            }
        }
    }

    /// Stays until no pod of a removed Job is left, and none may come any more of one that had none yet.
    async fn wait_until_gone(&self) {
        let namespace = &self.cluster.namespace;
        let had_none = self.jobs.iter().any(|job| job.is_removed() && job.pod().is_none());
        let settled = Instant::now() + if had_none { LATE_POD } else { Duration::ZERO };
        let is_ours = |pod: &Pod| self.jobs.iter().any(|job| job.is_removed() && job.owns(pod));
        let mut hastened = Vec::new();
        let gone = async {
            // Whoever may not list cannot see more than that the Jobs were deleted.
            while let Ok(mut pods) = pods::list(self.cluster, namespace, &self.selector).await {
                pods.retain(is_ours);
                if pods.is_empty() && Instant::now() >= settled {
                    return;
                }
                self.hasten(&pods, &mut hastened).await;
                sleep(REMOVAL_POLL).await;
            }
        };
        if timeout(REMOVAL_LIMIT, gone).await.is_err() {
            let names: Vec<&str> = self.jobs.iter().map(|job| job.name.as_str()).collect();
            output::warning(&format!(
                "the cluster is still removing pods in namespace {namespace} whose jobs are deleted: {}",
                names.join(", ")
            ));
        }
    }
}
