//! Why a target is not as expected: the cluster's objects, read with the user's own rights, held against the packets.
//!
//! The cause comes from objects. The packet supports it or contradicts it, because one mistake looks different under
//! iptables, nftables, IPVS and Cilium. Nothing is read about targets that are as expected, and what could not be read is
//! told as not looked at: forbidden is not missing, and nothing unseen is called fine.
//!
//! - [`mod@gather`] does all reading, guided by [`wants`]; [`world`] is what came.
//! - [`scene`]: one target with all that is known; [`case`]: the same before anything was read. [`container`],
//!   [`words`]: small readers and writers.
//! - [`kinds`]: one plain function for each kind of mistake, in one list. [`mod@chain`]: every step from the name to the answer.

mod case;
mod chain;
mod container;
mod gather;
mod kinds;
mod scene;
mod wants;
mod words;
mod world;

use cluster::Cluster;
use kubectl_pods_report::{Cause, Judgement, Link, Report};

use self::{case::Case, gather::gather, world::World};
use crate::targets::Resolved;

/// Puts causes and chains to the targets of `report` that are not as expected. `origins` says for each of them what it came
/// from. Without a cluster only what the attempts themselves show is concluded.
pub(crate) async fn explain(
    cluster: Option<&Cluster>,
    origins: &[&Resolved<'_>],
    report: &mut Report,
) {
    let namespace = cluster.map(|cluster| cluster.namespace.clone()).unwrap_or_default();
    let (indexes, cases) = cases(report, origins, &namespace);
    if cases.is_empty() {
        return;
    }
    let world = match cluster {
        Some(cluster) => gather(cluster, &cases).await,
        None => World::default(),
    };
    let found: Vec<(Vec<Cause>, Vec<Link>)> = cases
        .iter()
        .map(|case| {
            let scene = case.scene(&world);
            (kinds::causes(&scene), chain::chain(&scene))
        })
        .collect();
    for (index, (causes, chain)) in indexes.into_iter().zip(found) {
        (report.targets[index].causes, report.targets[index].chain) = (causes, chain);
    }
}

/// The targets that are to be explained, and their places in the report. Of a target whose probe brought nothing there is
/// nothing to explain: that is the probe's trouble.
fn cases<'r>(
    report: &'r Report,
    origins: &[&Resolved<'r>],
    namespace: &'r str,
) -> (Vec<usize>, Vec<Case<'r>>) {
    let all = report.targets.iter().zip(origins).enumerate();
    let told = all.filter_map(|(index, (target, origin))| {
        let source = report.source_of(target);
        let is_lost = source.is_some_and(|source| source.problem.is_some());
        let failed = target.judgement != Judgement::Held && !is_lost;
        failed.then(|| (index, Case::new(target, source, origin, namespace)))
    });
    told.unzip()
}
