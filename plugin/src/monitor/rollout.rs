//! Waits for the probes of a DaemonSet, and says what keeps them from running.

use std::{collections::BTreeMap, mem, time::Duration};

use anyhow::Context as _;
use k8s_openapi::api::{
    apps::v1::{DaemonSet, DaemonSetStatus},
    core::v1::Pod,
};
use tokio::time::{Instant, sleep};

use cluster::{
    Cluster,
    events::{self, EventText},
    objects, pods,
};

use super::manifest;
use crate::{
    exit::Exit,
    launch::probe_pod,
    output,
    pods::{Prospect, StartupProblem, advise, last_warning, prospect, unready_sidecars},
};

/// Pause between two looks at the DaemonSet.
const POLL: Duration = Duration::from_millis(250);
/// Pause between two looks at the pods and their events.
const LOOK: Duration = Duration::from_secs(1);
/// How long trouble has to last before it is taken for what it is: events and states of an earlier rollout fade.
const TROUBLE: Duration = Duration::from_secs(3);
/// When to tell a waiting user what is being waited for.
const SLOW: Duration = Duration::from_secs(5);
/// What is said where no node is to have a probe. Nothing is waited for: no pod is made that an autoscaler would make a node
/// for.
const NO_NODE: &str = "no node fits: probes are for Linux nodes on amd64 or arm64, not for virtual ones, that have the labels of --node-selector and whose taints --tolerations tolerates";
/// Of so many waiting pods at most the events are read, however many nodes there are: their trouble is mostly the same.
const ASKED: usize = 5;

/// How far an installation came.
pub(super) enum Rollout {
    /// A probe is ready on each of so many nodes.
    Everywhere(i32),
    /// On some of them; the others, and why.
    Partly {
        /// Nodes with a probe that is ready.
        ready: i32,
        /// Nodes that are to have one.
        wanted: i32,
        /// What keeps the others from it.
        missing: Vec<Missing>,
    },
    /// No probe is ready, and why.
    Nowhere(String),
    /// A signal came first.
    Interrupted(Exit),
}

/// Nodes without a probe that is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    /// Their names, as far as they are known.
    pub(super) nodes: Vec<String>,
    /// What keeps the probe from running there.
    pub(super) reason: String,
}

/// One rollout being watched.
struct Watch<'a> {
    cluster: &'a Cluster,
    name: &'a str,
    limit: Duration,
    begun: Instant,
    looked: Instant,
    /// Since when something has been in the way of which pod.
    obstructed: BTreeMap<String, Instant>,
    /// Pods that will not come up without help, by name: node and reason.
    stuck: BTreeMap<String, (String, String)>,
    told: bool,
}

/// Waits until every node has a probe that is ready, or a reason for having none.
pub(super) async fn wait(
    cluster: &Cluster,
    name: &str,
    applied: &DaemonSet,
    limit: Duration,
) -> anyhow::Result<Rollout> {
    let begun = Instant::now();
    let mut watch = Watch {
        cluster,
        name,
        limit,
        begun,
        looked: begun,
        obstructed: BTreeMap::new(),
        stuck: BTreeMap::new(),
        told: false,
    };
    let mut counts = None;
    while begun.elapsed() < limit {
        let found = objects::find::<DaemonSet>(cluster, name).await?;
        let status = found.context("the DaemonSet was deleted meanwhile")?.status;
        let status =
            status.filter(|status| status.observed_generation >= applied.metadata.generation);
        if let Some(status) = status {
            if is_everywhere(&status) {
                return Ok(Rollout::Everywhere(status.desired_number_scheduled));
            }
            if status.desired_number_scheduled == 0 {
                return Ok(Rollout::Nowhere(NO_NODE.to_owned()));
            }
            counts = Some(Counts::of(&status));
        }
        if let Some(missing) = watch.look(counts).await
            && counts.map_or(!missing.is_empty(), |counts| counts.is_settled(&missing))
        {
            return Ok(outcome(counts, missing));
        }
        sleep(POLL).await;
    }
    let late = watch.late(counts).await;
    Ok(outcome(counts, late))
}

/// Of how many nodes how many have a probe that is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts {
    ready: i32,
    wanted: i32,
}

impl Counts {
    fn of(status: &DaemonSetStatus) -> Self {
        let ready = [status.updated_number_scheduled, status.number_available];
        let ready = ready.into_iter().map(|count| count.unwrap_or(0)).min().unwrap_or(0);
        Self { ready, wanted: status.desired_number_scheduled }
    }

    /// Whether no node is left of which more may be heard.
    fn is_settled(self, missing: &[Missing]) -> bool {
        let known: usize = missing.iter().map(|missing| missing.nodes.len()).sum();
        i32::try_from(known).is_ok_and(|known| known > 0 && self.ready + known >= self.wanted)
    }
}

fn is_everywhere(status: &DaemonSetStatus) -> bool {
    let Counts { ready, wanted } = Counts::of(status);
    wanted > 0 && ready == wanted
}

fn outcome(counts: Option<Counts>, missing: Vec<Missing>) -> Rollout {
    match counts {
        Some(Counts { ready, wanted }) if ready > 0 => Rollout::Partly { ready, wanted, missing },
        _ => Rollout::Nowhere(missing.iter().map(Missing::text).collect::<Vec<_>>().join("; ")),
    }
}

impl Missing {
    /// In one line.
    pub(super) fn text(&self) -> String {
        match self.place() {
            Some(place) => format!("{place}: {}", self.reason),
            None => self.reason.clone(),
        }
    }

    /// Where, if that is known.
    pub(super) fn place(&self) -> Option<String> {
        let known: Vec<&str> =
            self.nodes.iter().map(String::as_str).filter(|node| !node.is_empty()).collect();
        match known.as_slice() {
            [] => None,
            [one] => Some(format!("on node {one}")),
            several => Some(format!("on nodes {}", several.join(", "))),
        }
    }
}

/// What is missing, each reason once.
fn grouped(reasons: impl IntoIterator<Item = (String, String)>) -> Vec<Missing> {
    let mut groups: Vec<Missing> = Vec::new();
    for (node, reason) in reasons {
        match groups.iter_mut().find(|group| group.reason == reason) {
            Some(group) => group.nodes.push(node),
            None => groups.push(Missing { nodes: vec![node], reason }),
        }
    }
    groups
}

impl Watch<'_> {
    /// Who will not have a probe without help, as far as is known. Tells a waiting user of what may pass.
    async fn look(&mut self, counts: Option<Counts>) -> Option<Vec<Missing>> {
        if self.begun.elapsed() <= TROUBLE || self.looked.elapsed() < LOOK {
            return None;
        }
        self.looked = Instant::now();
        let pods = self.pods().await?;
        let mut passing = self.ask_about(&pods).await;
        let mut missing = grouped(self.stuck.values().cloned());
        missing.extend(self.not_made(&pods, counts).await);
        if self.begun.elapsed() >= SLOW && !self.told {
            self.told = true;
            passing.extend(missing.iter().map(Missing::text));
            let text = passing.first().map_or(String::new(), |text| format!(", {text}"));
            let limit = self.limit.as_secs();
            output::note(&format!("waiting at most {limit} s: {}{text}", state(counts)));
        }
        Some(missing)
    }

    /// The pods that are not about to go.
    async fn pods(&self) -> Option<Vec<Pod>> {
        let selector = manifest::selector(self.name);
        let mut pods = pods::list(self.cluster, &self.cluster.namespace, &selector).await.ok()?;
        pods.retain(|pod| pod.metadata.deletion_timestamp.is_none());
        Some(pods)
    }

    /// Finds out which pods are stuck, and gives what is in the way of others.
    async fn ask_about(&mut self, pods: &[Pod]) -> Vec<String> {
        let mut passing = Vec::new();
        let mut asked = 0;
        let was_stuck = mem::take(&mut self.stuck);
        for pod in pods {
            let name = pod.metadata.name.clone().unwrap_or_default();
            let node = node_of(pod);
            let reason = match prospect(pod, probe_pod::CONTAINER) {
                Prospect::Hopeless(reason) => Some(advise(reason)),
                Prospect::Unschedulable(reason) => {
                    passing.push(on_node(&node, &advise(reason)));
                    None
                }
                Prospect::Waiting(_) if was_stuck.contains_key(&name) => {
                    was_stuck.get(&name).map(|(_, reason)| reason.clone())
                }
                Prospect::Waiting(_) if asked < ASKED => {
                    asked += 1;
                    self.lasting_obstacle(&name, &node, &mut passing).await
                }
                _ => None,
            };
            if let Some(reason) = reason {
                self.stuck.insert(name, (node, reason));
            }
        }
        passing
    }

    /// What has been in a pod's way for too long.
    async fn lasting_obstacle(
        &mut self,
        pod: &str,
        node: &str,
        passing: &mut Vec<String>,
    ) -> Option<String> {
        let said = self.said("Pod", pod).await;
        let Some(obstacle) = StartupProblem::read(&said) else {
            self.obstructed.remove(pod);
            return None;
        };
        let since = *self.obstructed.entry(pod.to_owned()).or_insert_with(Instant::now);
        if obstacle.is_lasting(since.elapsed()) {
            return Some(obstacle.text);
        }
        passing.push(on_node(node, &obstacle.text));
        None
    }

    /// Why pods were not even made, if so: quota or admission refuses them, and the DaemonSet's events say it.
    async fn not_made(&self, pods: &[Pod], counts: Option<Counts>) -> Option<Missing> {
        let wanted = usize::try_from(counts.map_or(1, |counts| counts.wanted)).unwrap_or(0);
        let lacking = wanted.checked_sub(pods.len()).filter(|lacking| *lacking > 0)?;
        let warning = last_warning(self.said("DaemonSet", self.name).await)?;
        Some(Missing { nodes: vec![String::new(); lacking], reason: advise(warning.to_string()) })
    }

    /// All who have no probe when time is up, and why.
    async fn late(&mut self, counts: Option<Counts>) -> Vec<Missing> {
        let Some(pods) = self.pods().await else { return Vec::new() };
        self.ask_about(&pods).await;
        let after = format!("after {} s", self.limit.as_secs());
        let late = pods.iter().filter_map(|pod| {
            let name = pod.metadata.name.as_deref().unwrap_or_default();
            match (self.stuck.get(name), prospect(pod, probe_pod::CONTAINER)) {
                (Some(stuck), _) => Some(stuck.clone()),
                (None, Prospect::Unschedulable(reason)) => Some((node_of(pod), advise(reason))),
                (None, Prospect::Waiting(state) | Prospect::Ended(state)) => {
                    Some((node_of(pod), format!("its pod is still {state} {after}")))
                }
                (None, _) if is_ready(pod) => None,
                (None, _) => Some((node_of(pod), format!("{} {after}", unready(pod)))),
            }
        });
        let mut missing = grouped(late);
        missing.extend(self.not_made(&pods, counts).await);
        if missing.is_empty() {
            let reason = format!("{} {after}", state(counts));
            missing.push(Missing { nodes: Vec::new(), reason });
        }
        missing
    }

    /// What the cluster said about an object, the latest last. Not everybody may read events: then nothing.
    async fn said(&self, kind: &str, name: &str) -> Vec<EventText> {
        let namespace = &self.cluster.namespace;
        events::about(self.cluster, namespace, (kind, name)).await.unwrap_or_default()
    }
}

fn state(counts: Option<Counts>) -> String {
    match counts {
        Some(Counts { ready, wanted }) => format!("{ready} of {wanted} probes are ready"),
        None => "the DaemonSet is not seen by its controller".to_owned(),
    }
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Who of a pod that runs is not ready.
fn unready(pod: &Pod) -> String {
    let others = unready_sidecars(pod, probe_pod::CONTAINER);
    if others.is_empty() {
        return "its pod is not ready".to_owned();
    }
    let others = others.join(", ");
    format!(
        "container {others} beside it is not ready; --no-sidecar leaves out what a service mesh puts there"
    )
}

/// The node that a pod runs on, or that it was made for: the controller says it by affinity.
fn node_of(pod: &Pod) -> String {
    let wanted = || {
        let affinity = pod.spec.as_ref()?.affinity.as_ref()?.node_affinity.as_ref()?;
        let required = affinity.required_during_scheduling_ignored_during_execution.as_ref()?;
        let mut fields = required.node_selector_terms.iter().flat_map(|term| &term.match_fields);
        fields.find_map(|fields| fields.first()?.values.as_ref()?.first().cloned())
    };
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
    node.or_else(wanted).unwrap_or_default()
}

fn on_node(node: &str, reason: &str) -> String {
    Missing { nodes: vec![node.to_owned()], reason: reason.to_owned() }.text()
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;

    fn missing(nodes: &[&str], reason: &str) -> Missing {
        let nodes = nodes.iter().map(|node| (*node).to_owned()).collect();
        Missing { nodes, reason: reason.to_owned() }
    }

    #[test]
    fn each_reason_is_said_once_with_its_nodes() {
        let reasons = [("n1", "no image"), ("n2", "full"), ("n3", "no image")];
        let reasons = reasons.map(|(node, reason)| (node.to_owned(), reason.to_owned()));
        let groups = grouped(reasons);
        assert_eq!(groups, [missing(&["n1", "n3"], "no image"), missing(&["n2"], "full")]);
        assert_eq!(groups[0].text(), "on nodes n1, n3: no image");
        assert_eq!(groups[1].text(), "on node n2: full");
        assert_eq!(missing(&["", ""], "exceeded quota").text(), "exceeded quota");
    }

    #[test]
    fn a_rollout_ends_when_nothing_more_is_to_be_heard() {
        let (one, two) = (missing(&["n1"], "no image"), missing(&["n2", "n3"], "full"));
        let counts = |ready, wanted| Counts { ready, wanted };
        assert!(counts(1, 2).is_settled(slice::from_ref(&one)));
        assert!(!counts(1, 3).is_settled(slice::from_ref(&one)), "n2 may still come");
        assert!(counts(0, 3).is_settled(&[one.clone(), two.clone()]));
        assert!(!counts(0, 2).is_settled(&[]));
        assert!(matches!(outcome(Some(counts(0, 1)), vec![one.clone()]),
            Rollout::Nowhere(why) if why == "on node n1: no image"));
        assert!(matches!(outcome(Some(counts(1, 3)), vec![two]), Rollout::Partly { ready: 1, .. }));
    }

    #[test]
    fn a_sidecar_that_is_never_ready_is_named() {
        let pod = |names: &[&str]| {
            let containers = names.iter().map(|name| serde_json::json!({"name": name}));
            let spec = serde_json::json!({"containers": containers.collect::<Vec<_>>()});
            serde_json::from_value::<Pod>(serde_json::json!({"spec": spec})).expect("a pod")
        };
        assert_eq!(unready(&pod(&["probe"])), "its pod is not ready");
        let text = unready(&pod(&["mesh", "probe"]));
        assert!(text.starts_with("container mesh beside it is not ready; --no-sidecar"), "{text}");
    }

    #[test]
    fn the_node_of_a_pod_that_has_none_is_the_one_it_was_made_for() {
        let field = serde_json::json!({"key": "metadata.name", "operator": "In", "values": ["n7"]});
        let affinity = serde_json::json!({"nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution":
                {"nodeSelectorTerms": [{"matchFields": [field]}]}}});
        let pod = |spec| serde_json::from_value(serde_json::json!({"spec": spec})).expect("a pod");
        assert_eq!(
            node_of(&pod(serde_json::json!({"containers": [], "affinity": affinity}))),
            "n7"
        );
        let placed = serde_json::json!({"containers": [], "affinity": affinity, "nodeName": "n1"});
        assert_eq!(node_of(&pod(placed)), "n1");
    }
}
