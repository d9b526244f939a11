//! The steps from what was named to an answer, each held, broken, or not looked at and why. Nothing unseen is called fine.

use cluster::look::Answer;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kubectl_pods_report::{
    Attempt, Judgement, Link, LinkKind, LinkState, Observation, Protocol, Verdict,
};

use super::{
    container,
    scene::{Scene, Subject},
    words,
};
use crate::targets;

/// All links of `scene`, in their order.
pub(super) fn chain(scene: &Scene<'_>) -> Vec<Link> {
    let mut links = Vec::new();
    if let (true, Subject::Address(address)) = (scene.is_redirected, scene.subject) {
        links.push(held(LinkKind::Name, format!("{address}, as --resolve says")));
    }
    let is_service = match scene.subject {
        Subject::Service(_) => true,
        Subject::Host(_) => {
            links.push(name(scene));
            scene.is_cluster_name()
        }
        Subject::Address(_) => scene.service_key().is_some(),
        Subject::Pod(_) | Subject::Workload(..) | Subject::Selected(_) => false,
    };
    if is_service {
        links.extend([service(scene), port(scene)]);
        links.extend(selector(scene));
    }
    match scene.subject {
        Subject::Workload(..) => links.push(workload(scene)),
        Subject::Pod(_) | Subject::Address(_) if !is_service => links.push(pod(scene)),
        _ => {}
    }
    if is_service || !matches!(scene.subject, Subject::Host(_)) {
        links.push(ready(scene));
    }
    if is_service {
        links.extend([endpoints(scene), direct(scene)]);
    }
    links.extend(spoken(scene));
    links
}

fn held(what: LinkKind, note: impl Into<String>) -> Link {
    Link { what, state: LinkState::Held, note: note.into() }
}

fn broken(what: LinkKind, note: impl Into<String>) -> Link {
    Link { what, state: LinkState::Broken, note: note.into() }
}

fn not_looked_at(what: LinkKind, note: impl Into<String>) -> Link {
    Link { what, state: LinkState::NotLookedAt, note: note.into() }
}

/// Held if `good`, else broken.
fn judged(what: LinkKind, good: bool, note: impl Into<String>) -> Link {
    if good { held(what, note) } else { broken(what, note) }
}

/// Names that are told of those that a resolver was asked for.
const MAX_ASKED: usize = 8;

fn name(scene: &Scene<'_>) -> Link {
    use Observation::{DnsNodata, DnsNxdomain, DnsServfail, DnsTimeout};
    let address = scene.report.attempts.iter().find_map(|attempt| attempt.address);
    match address {
        Some(address) => held(LinkKind::Name, address.to_string()),
        None if scene.saw(&[DnsNodata, DnsNxdomain, DnsServfail, DnsTimeout]) => {
            broken(LinkKind::Name, format!("{}{}", scene.report.message, asked(scene)))
        }
        None => not_looked_at(LinkKind::Name, "it was not asked for"),
    }
}

/// What the resolver said of which name.
fn asked(scene: &Scene<'_>) -> String {
    let attempts = scene.report.attempts.iter().rev();
    let names = attempts.filter_map(|attempt| attempt.details.name.as_ref());
    let asked = names.flat_map(|name| &name.asked).take(MAX_ASKED);
    let said = asked.map(|asked| format!("{} {}", asked.name, asked.answer.words()));
    let said: Vec<String> = said.collect();
    if said.is_empty() { String::new() } else { format!("; {}", said.join(", ")) }
}

fn service(scene: &Scene<'_>) -> Link {
    match scene.service() {
        Answer::Known(service) => {
            let spec = service.spec.as_ref();
            let alias = spec.and_then(|spec| spec.external_name.as_ref());
            let address = spec.and_then(|spec| spec.cluster_ip.as_deref());
            held(
                LinkKind::Service,
                match (alias, address) {
                    (Some(alias), _) => format!("an alias of {alias}"),
                    (None, Some("None") | None) => "headless".to_owned(),
                    (None, Some(address)) => format!("its address is {address}"),
                },
            )
        }
        Answer::Missing => broken(LinkKind::Service, "there is none of this name"),
        Answer::Unread(why) => not_looked_at(LinkKind::Service, why),
    }
}

fn port(scene: &Scene<'_>) -> Link {
    let Answer::Known(service) = scene.service() else {
        return not_looked_at(LinkKind::Port, "the Service is not known");
    };
    if let Some(name) = scene.unknown_port {
        return broken(
            LinkKind::Port,
            format!("none for {} is named {name}", scene.transport().as_str()),
        );
    }
    let Some(asked) = scene.asked_port() else {
        return not_looked_at(LinkKind::Port, "none was chosen");
    };
    if scene.is_headless() {
        return headless_port(scene, asked);
    }
    if let Some(port) = scene.service_port() {
        let to = port.target_port.as_ref().map_or_else(
            || port.port.to_string(),
            |to| match to {
                IntOrString::Int(to) => to.to_string(),
                IntOrString::String(to) => to.clone(),
            },
        );
        let (number, transport) = (port.port, scene.transport().as_str());
        return held(LinkKind::Port, format!("{number} for {transport}, to port {to} of its pods"));
    }
    let ports = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
    let all: Vec<String> = ports
        .map(|port| format!("{}/{}", port.port, port.protocol.as_deref().unwrap_or("TCP")))
        .collect();
    let (transport, all) = (scene.transport().as_str(), words::some(&all));
    broken(LinkKind::Port, format!("no {asked}/{transport}; there is {all}"))
}

/// Nobody translates the ports of a headless Service: what was asked for is a port of its pods.
fn headless_port(scene: &Scene<'_>, asked: u16) -> Link {
    let transport = scene.transport().as_str();
    if let Some(port) = scene.service_port() {
        let own = match port.port {
            own if own == i32::from(asked) => String::new(),
            own => format!(", and its own number {own} leads nowhere"),
        };
        let note = format!("{asked} for {transport} of its pods: it is headless{own}");
        return held(LinkKind::Port, note);
    }
    match scene.service_ports().find(|port| port.port == i32::from(asked)) {
        Some(port) => {
            let of_pods = words::numbers(&scene.pods_ports(port));
            let note = format!("{asked} is translated by nobody to {of_pods}: it is headless");
            broken(LinkKind::Port, note)
        }
        None => not_looked_at(LinkKind::Port, "a headless Service leads to every port of its pods"),
    }
}

/// Nothing for a Service that selects nothing: somebody else gives it endpoints.
fn selector(scene: &Scene<'_>) -> Option<Link> {
    let selector = scene.selector()?;
    if selector.is_empty() {
        return None;
    }
    Some(match scene.pods() {
        Answer::Known(pods) => {
            let note = format!("{selector}: {}", words::count(pods.len(), "pod"));
            judged(LinkKind::Selector, !pods.is_empty(), note)
        }
        Answer::Missing => not_looked_at(LinkKind::Selector, "pods were not asked for"),
        Answer::Unread(why) => not_looked_at(LinkKind::Selector, why),
    })
}

fn workload(scene: &Scene<'_>) -> Link {
    match scene.workload() {
        Answer::Known(workload) => {
            let note = match (workload.suspended, workload.wanted) {
                (true, _) => "it is suspended".to_owned(),
                (false, Some(wanted)) => {
                    format!(
                        "it wants {}",
                        words::count(usize::try_from(wanted).unwrap_or(0), "pod")
                    )
                }
                (false, None) => "it does not say how many pods it wants".to_owned(),
            };
            judged(LinkKind::Workload, !workload.suspended && workload.wanted != Some(0), note)
        }
        Answer::Missing => broken(LinkKind::Workload, "there is none of this name"),
        Answer::Unread(why) => not_looked_at(LinkKind::Workload, why),
    }
}

fn pod(scene: &Scene<'_>) -> Link {
    match scene.pods() {
        Answer::Known(pods) => match pods.first() {
            Some(pod) => {
                let place = container::node(pod).map(|node| format!(" on {node}"));
                let phase = container::phase(pod);
                let note =
                    format!("{} is {phase}{}", container::name(pod), place.unwrap_or_default());
                judged(LinkKind::Pod, phase == "Running", note)
            }
            None => not_looked_at(LinkKind::Pod, "no pod that we may see has this address"),
        },
        Answer::Missing => broken(LinkKind::Pod, "there is none of this name"),
        Answer::Unread(why) => not_looked_at(LinkKind::Pod, why),
    }
}

fn ready(scene: &Scene<'_>) -> Link {
    match scene.pods() {
        Answer::Known(_) => {
            let pods = scene.living_pods();
            let ready = pods.iter().filter(|pod| container::is_ready(pod)).count();
            if pods.is_empty() {
                return not_looked_at(LinkKind::Ready, "there is no pod to look at");
            }
            let note = format!("{ready} of {}", words::count(pods.len(), "pod"));
            judged(LinkKind::Ready, ready > 0, note)
        }
        Answer::Missing => not_looked_at(LinkKind::Ready, "no pod is known"),
        Answer::Unread(why) => not_looked_at(LinkKind::Ready, why),
    }
}

fn endpoints(scene: &Scene<'_>) -> Link {
    match scene.endpoints() {
        Answer::Known(endpoints) => {
            let usable = targets::usable(&endpoints).len();
            let note = format!("{usable} to be used of {} in its slices", endpoints.len());
            judged(LinkKind::Endpoints, usable > 0, note)
        }
        Answer::Missing => not_looked_at(LinkKind::Endpoints, "the Service is not known"),
        Answer::Unread(why) => not_looked_at(LinkKind::Endpoints, why),
    }
}

fn direct(scene: &Scene<'_>) -> Link {
    let asked = scene.asked_directly();
    if asked.is_empty() {
        return not_looked_at(LinkKind::Direct, "no endpoint was asked at its own address");
    }
    let attempts: Vec<&Attempt> = match scene.endpoints() {
        Answer::Known(_) => scene.direct().iter().map(|direct| direct.attempt).collect(),
        Answer::Missing | Answer::Unread(_) => asked.iter().collect(),
    };
    if attempts.is_empty() {
        return not_looked_at(LinkKind::Direct, "none of those that were asked is an endpoint now");
    }
    let answered = attempts.iter().filter(|attempt| attempt.judgement == Judgement::Held).count();
    let mut note = format!("{answered} of {}", words::count(attempts.len(), "endpoint"));
    let failed = attempts.iter().filter(|attempt| attempt.judgement != Judgement::Held);
    let failed: Vec<String> = failed
        .map(|attempt| format!("{} {}", attempt.endpoint().unwrap_or_default(), attempt.verdict))
        .collect();
    if !failed.is_empty() {
        note = format!("{note}: {}", words::some(&failed));
    }
    match scene.unasked() {
        0 => {}
        unasked => note = format!("{note}; {unasked} more were not asked"),
    }
    judged(LinkKind::Direct, failed.is_empty(), note)
}

/// What was spoken, as far as it came: TCP, TLS, HTTP.
fn spoken(scene: &Scene<'_>) -> Vec<Link> {
    let report = scene.report;
    let attempts = || report.attempts.iter();
    let address = report.address.as_deref().unwrap_or_default();
    let connected = attempts().any(|attempt| attempt.phases.connect_seconds.is_some());
    let mut links = vec![match (connected, report.attempts.is_empty()) {
        (true, _) => held(LinkKind::Connect, address),
        (false, true) => not_looked_at(LinkKind::Connect, "nothing was sent"),
        (false, false) if attempts().all(|attempt| attempt.address.is_none()) => {
            not_looked_at(LinkKind::Connect, "no address to connect to")
        }
        (false, false) if scene.saw(&[Observation::Silent]) => {
            not_looked_at(LinkKind::Connect, format!("{address}: silence, which proves nothing"))
        }
        (false, false) => broken(LinkKind::Connect, format!("{address}: {}", report.verdict)),
    }];
    if report.protocol == Some(Protocol::Https) {
        let spoken = attempts().any(|attempt| attempt.phases.tls_seconds.is_some());
        links.push(match (spoken, connected) {
            (true, _) => held(LinkKind::Tls, "spoken"),
            (false, true) => broken(LinkKind::Tls, report.verdict.as_str()),
            (false, false) => not_looked_at(LinkKind::Tls, "not reached"),
        });
    }
    if matches!(report.protocol, Some(Protocol::Http | Protocol::Https)) {
        let below = links.last().is_some_and(|link| link.state == LinkState::Held);
        let status = attempts().rev().find_map(|attempt| attempt.http()).map(|http| http.status);
        links.push(match (status, below) {
            (Some(status), _) => {
                broken(LinkKind::Http, format!("status {status}, {}", report.verdict))
            }
            (None, true) => broken(LinkKind::Http, report.verdict.as_str()),
            (None, false) => not_looked_at(LinkKind::Http, "not reached"),
        });
    }
    // Everything was done, and it took too long or had the wrong content.
    if report.verdict == Verdict::Slow
        && let Some(last) = links.last_mut()
    {
        (last.state, last.note) = (LinkState::Broken, "slower than expected".to_owned());
    }
    links
}
