//! What is behind a Service, each as a target of its own beside it.
//!
//! A handshake with a Service's address does not tell who answered it, so that shares of its endpoints cannot be counted from outside.
//! What can be told is whether the address works, and whether each endpoint does.

use anyhow::Context as _;
use cluster::{Cluster, services};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::{core::v1::Service, discovery::v1::EndpointSlice};
use kubectl_pods_report::Protocol;

use super::{
    endpoints::{Endpoint, endpoints, usable},
    places::Wanted,
    ports::{self, Port},
    service::hosts_of,
    target::{Place, PortRef, Target, TargetKind, in_namespace},
};

/// Services that are looked up at once: each needs two connections of its own.
const LOOKUPS: usize = 4;

/// `targets`, and behind each Service that has an address of its own the endpoints that it sends to, of the
/// family that counts if one does.
///
/// # Errors
///
/// When no target is a Service or what is spoken has no ports, and when a Service or its `EndpointSlice` objects may not be read.
pub(crate) async fn with_endpoints(
    cluster: Option<&Cluster>,
    targets: Vec<Target>,
    wanted: Wanted,
) -> anyhow::Result<Vec<Target>> {
    let is_service = |target: &Target| service_name(target).is_some();
    let cluster = cluster.filter(|_| targets.iter().any(is_service));
    let cluster = cluster.context("--endpoints needs a Service, as in svc/NAME or --all")?;
    let has_port = wanted.protocol.is_none_or(Protocol::has_port);
    anyhow::ensure!(has_port, "--endpoints tries ports, and what --protocol names has none");
    let found = stream::iter(targets).map(|target| with_its_own(cluster, target, wanted));
    let found: Vec<Vec<Target>> = found.buffered(LOOKUPS).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn with_its_own(
    cluster: &Cluster,
    target: Target,
    wanted: Wanted,
) -> anyhow::Result<Vec<Target>> {
    let Some(name) = service_name(&target) else { return Ok(vec![target]) };
    let (namespace, alone) = in_namespace(name, &cluster.namespace);
    let (service, slices) = tokio::join!(
        services::get(cluster, namespace, alone),
        services::endpoint_slices(cluster, namespace, alone),
    );
    // That there is no such Service is told of the target itself.
    let Ok(service) = service? else { return Ok(vec![target]) };
    let mut all = of_service(&target, &service, &slices?, wanted);
    all.insert(0, target);
    Ok(all)
}

const fn service_name(target: &Target) -> Option<&String> {
    match &target.place {
        Place::Object(TargetKind::Service, name) => Some(name),
        _ => None,
    }
}

/// The endpoints of `service` at each of its ports that `target` means. None of a headless one: it is its endpoints.
fn of_service(
    target: &Target,
    service: &Service,
    slices: &[EndpointSlice],
    wanted: Wanted,
) -> Vec<Target> {
    let transport = wanted.transport(target);
    let declared = ports::of_service(service, transport);
    let chosen = ports::select(declared.clone(), &[], transport, target.port.as_ref(), None);
    let chosen = chosen.unwrap_or_default();
    if hosts_of(service).is_empty() {
        return Vec::new();
    }
    // What leads to a metadata address is refused, and told so of the Service: here it would look as if somebody had named it.
    let counts = |endpoint: &&Endpoint| {
        wanted.family.is_none_or(|family| family.has(endpoint.address))
            && !probe::is_metadata(endpoint.address)
    };
    let of_port = |port: &Port| {
        let all = endpoints(slices, port.name.as_deref());
        let all = usable(&all).into_iter().filter(counts);
        all.filter_map(|endpoint| at(target, endpoint, port)).collect::<Vec<_>>()
    };
    chosen.iter().filter(|port| declared.contains(port)).flat_map(of_port).collect()
}

/// `endpoint` spoken to as the Service is at `port`, under the name of its pod if that is known.
fn at(target: &Target, endpoint: &Endpoint, port: &Port) -> Option<Target> {
    let number = endpoint.port?;
    let pathed = target.path.as_ref().map(|_| Protocol::Http);
    let path = target.path.as_deref().unwrap_or_default();
    let text = match &endpoint.pod {
        Some((pod, _)) => format!("pod/{pod}:{number}{path}"),
        None => format!("{}{path}", std::net::SocketAddr::new(endpoint.address, number)),
    };
    Some(Target {
        text,
        place: Place::Address(endpoint.address),
        protocol: target.protocol.or(pathed).or_else(|| Some(port.protocol())),
        port: Some(PortRef::Number(number)),
        path: target.path.clone(),
        behind: service_name(target).cloned(),
    })
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::Family;
    use serde_json::{Value, json};

    use super::*;

    fn behind(text: &str, spec: &Value, family: Option<Family>) -> Vec<(String, Option<Protocol>)> {
        let target: Target = text.parse().expect("a target");
        let service = serde_json::from_value(json!({ "spec": spec })).expect("a Service");
        let of_pod = |address: &str, ready: bool| json!({"addresses": [address], "conditions": {"ready": ready}, "targetRef": {"kind": "Pod", "name": "web-1"}});
        let ports = json!([{"name": "http", "port": 9376}, {"name": "db", "port": 5432}]);
        let slices = json!([
            {"addressType": "IPv4", "ports": ports, "endpoints": [
                of_pod("10.0.0.7", true), of_pod("10.0.0.8", false), {"addresses": ["169.254.169.254"]}]},
            {"addressType": "IPv6", "ports": ports, "endpoints": [{"addresses": ["fd00::7"]}]},
        ]);
        let slices: Vec<EndpointSlice> = serde_json::from_value(slices).expect("slices");
        let wanted = Wanted { family, ..Wanted::default() };
        let found = of_service(&target, &service, &slices, wanted).into_iter();
        found.map(|target| (target.text, target.protocol)).collect()
    }

    #[test]
    fn endpoints_are_spoken_to_as_their_service_is() {
        use Protocol::{Http, Tcp};
        let spec = |address: &str| json!({"clusterIP": address, "ports": [{"name": "http", "port": 80}, {"name": "db", "port": 5432}]});
        let cases = [
            ("svc/web:80", None, vec![("pod/web-1:9376", Http), ("[fd00::7]:9376", Http)]),
            ("svc/web:http/x", Some(Family::Ipv4), vec![("pod/web-1:9376/x", Http)]),
            (
                "svc/web",
                Some(Family::Ipv4),
                vec![("pod/web-1:9376", Http), ("pod/web-1:5432", Tcp)],
            ),
            ("svc/web:81", None, vec![]),
            ("svc/web:nobody", None, vec![]),
        ];
        for (text, family, expected) in cases {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(text, protocol)| (text.to_owned(), Some(protocol)))
                .collect();
            assert_eq!(behind(text, &spec("10.96.0.7"), family), expected, "{text}");
        }
        assert_eq!(behind("svc/web", &spec("None"), None), [], "headless: it is its endpoints");
    }
}
