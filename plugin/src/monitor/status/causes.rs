//! Why standing checks fail: asked of the cluster when somebody looks, because a probe has no right to ask anything.

use std::{collections::BTreeSet, net::IpAddr};

use kubectl_pods_report::{
    CheckResults, Judgement, LinkKind, LinkState, Protocol, Report, Source, TargetReport, Transport,
};

use cluster::Cluster;

use super::ask::ProbeAnswer;
use crate::{
    causes,
    targets::{Place, Port, Resolution, Resolved, Target},
};

/// Puts causes to the answers of probes that see something fail, and names the targets of which the probes do not know the
/// endpoints of now. Nothing is read when all is well.
pub(super) async fn explain(cluster: &Cluster, seen: &mut [ProbeAnswer]) -> BTreeSet<String> {
    let failing: Vec<(usize, &CheckResults)> = seen.iter().enumerate().flat_map(failing).collect();
    let targets: Vec<Target> = failing.iter().map(|(_, check)| target(check)).collect();
    let origins: Vec<Resolved<'_>> =
        failing.iter().zip(&targets).map(|((_, check), target)| origin(check, target)).collect();
    let reports = failing.iter().filter_map(|(probe, check)| report(*probe, check)).collect();
    let mut report = Report::new(seen.iter().enumerate().map(source).collect(), reports);
    let origins: Vec<&Resolved<'_>> = origins.iter().collect();
    causes::explain(Some(cluster), &origins, &mut report).await;
    let checks = failing.iter().map(|(_, check)| check);
    let outdated = checks.zip(&report.targets).filter(|(check, target)| is_outdated(check, target));
    let outdated = outdated.map(|(_, target)| target.target.clone()).collect();
    for target in report.targets {
        let answer = target.source.and_then(|id| usize::try_from(id).ok());
        let Some(answer) = answer.and_then(|place| seen.get_mut(place)) else { continue };
        if !target.causes.is_empty() {
            answer.causes.insert(target.target.clone(), target.causes);
        }
        if !target.chain.is_empty() {
            answer.chains.insert(target.target, target.chain);
        }
    }
    outdated
}

/// Whether nothing was found out because the probe was told of other endpoints than there are now, or of none.
fn is_outdated(check: &CheckResults, target: &TargetReport) -> bool {
    let is = |what, state| target.chain.iter().any(|link| link.what == what && link.state == state);
    let has_endpoints = is(LinkKind::Endpoints, LinkState::Held);
    let asked_none = is(LinkKind::Direct, LinkState::NotLookedAt);
    // Before they are asked for the first time, nothing can be said. Those of a headless Service are found by its name.
    let knows_none = check.check.standby.is_empty() && !check.check.every_address;
    let knows_others = !check.direct.is_empty() || knows_none;
    let over_tcp = target.protocol.and_then(Protocol::transport) == Some(Transport::Tcp);
    target.causes.is_empty() && has_endpoints && asked_none && knows_others && over_tcp
}

fn failing((place, answer): (usize, &ProbeAnswer)) -> impl Iterator<Item = (usize, &CheckResults)> {
    let checks = answer.results.iter().flat_map(|results| &results.checks);
    let failed = checks.filter(|check| {
        check.latest.as_ref().is_some_and(|latest| latest.judgement == Judgement::Failed)
    });
    failed.map(move |check| (place, check))
}

fn source((place, answer): (usize, &ProbeAnswer)) -> Source {
    Source {
        id: u32::try_from(place).unwrap_or(u32::MAX),
        node: Some(answer.node.clone()),
        namespace: None,
        pod: Some(answer.pod.clone()),
        here: false,
        problem: None,
    }
}

fn report(probe: usize, check: &CheckResults) -> Option<TargetReport> {
    // Of a headless Service these are its endpoints.
    let attempts =
        if check.each.is_empty() { vec![check.latest.clone()?] } else { check.each.clone() };
    let (source, made) = (u32::try_from(probe).ok()?, attempts.len() as u64);
    let report = TargetReport::tried(&check.check, source, made, attempts);
    Some(TargetReport { direct: check.direct.clone(), ..report })
}

/// What the check is about: the name that it follows, else what was typed.
fn target(check: &CheckResults) -> Target {
    let check = &check.check;
    let place = match (check.host.parse::<IpAddr>(), check.target.parse::<Target>()) {
        (Err(_), _) => Place::Host(check.host.clone()),
        (Ok(_), Ok(typed)) => typed.place,
        (Ok(address), Err(_)) => Place::Address(address),
    };
    Target {
        text: check.target.clone(),
        place,
        protocol: None,
        port: None,
        path: None,
        behind: None,
    }
}

fn origin<'t>(check: &CheckResults, target: &'t Target) -> Resolved<'t> {
    let port = check.check.ask.port().map(Port::plain);
    let what = Resolution::Try(check.check.host.clone(), port);
    Resolved { instead: check.check.address, ..Resolved::new(target.text.clone(), target, what) }
}
