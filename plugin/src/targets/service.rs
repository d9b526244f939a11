//! What a Service is to a check: its cluster IP, its external name, or its ready endpoints.

use std::{iter::zip, net::IpAddr};

use k8s_openapi::api::{core::v1::Service, discovery::v1::EndpointSlice};
use kubectl_pods_report::{Family, Observation, Protocol, Standby, Transport};

use super::{
    endpoints::{endpoints, port_of, spread, usable},
    places::{FoundPlace, Places, Resolution, Wanted, each_port, labelled, stem},
    ports::{self, Port},
    target::{PortRef, Target, TargetKind, in_namespace},
};
use cluster::{Cluster, services};

/// Endpoints of a Service that stand by at most: enough to tell all from some.
const STANDBYS: usize = 8;

/// The places behind the Service `name`, as [`super::resolve::resolve`] gives them.
///
/// # Errors
///
/// When it may not be read, and when there is no port to try.
pub(super) async fn find(
    cluster: &Cluster,
    target: &Target,
    name: &str,
    wanted: Wanted,
) -> anyhow::Result<Places> {
    // The slices of the same moment. Whoever may not read them has nothing that stands by, and is told nothing of it.
    let (namespace, alone) = in_namespace(name, &cluster.namespace);
    let (service, slices) = tokio::join!(
        services::get(cluster, namespace, alone),
        services::endpoint_slices(cluster, namespace, alone),
    );
    let service = match service? {
        Ok(service) => service,
        Err(missing) => return Ok(vec![FoundPlace::absent(target, missing)]),
    };
    if !wanted.has_port(target) {
        let problem = format!(
            "svc/{name} is no machine that answers an ICMP echo: its pods are, as in -l SELECTOR or deploy/NAME"
        );
        return Ok(vec![FoundPlace::settled(target, Observation::NotRun, problem)]);
    }
    let transport = wanted.transport(target);
    let declared = ports::of_service(&service, transport);
    let ports = ports::select(declared, transport, target.port.as_ref(), wanted.fallback);
    let ports = match ports {
        Ok(ports) => ports,
        Err(problem) => {
            return Ok(vec![FoundPlace::without_port(
                target,
                &format!("service {name:?}"),
                problem,
            )]);
        }
    };
    let stem = stem(target, TargetKind::Service, name);
    let hosts = hosts_of(&service);
    if hosts.is_empty() {
        return Ok(headless(target, &stem, &service, &slices?, &ports, wanted.family));
    }
    let slices = slices.unwrap_or_default();
    let chosen = wanted.of_family(&hosts);
    if chosen.is_empty() {
        return Ok(vec![FoundPlace::of_other_family(target, &format!("svc/{name}"), &hosts)]);
    }
    let mut places = Vec::new();
    for host in chosen {
        let mut of_host = each_port(target, &stem, host, ports.clone());
        for (place, port) in zip(&mut of_host, &ports) {
            place.standby = standby(host, &service, &slices, port);
            place.every_address = hosts.len() > 1;
        }
        places.extend(of_host);
    }
    Ok(places)
}

/// Every Service of the cluster's namespace, or of all.
///
/// # Errors
///
/// kubectl's words for what the server refuses.
pub(crate) async fn all(
    cluster: &Cluster,
    everywhere: bool,
    wanted: Wanted,
) -> anyhow::Result<AllServices> {
    let services = services::list(cluster, (!everywhere).then_some(&cluster.namespace)).await?;
    let mut all = AllServices::default();
    for service in &services {
        let namespace = service.metadata.namespace.as_deref().filter(|_| everywhere);
        let name = service.metadata.name.as_deref().unwrap_or_default();
        all.add(&Target::service(name, namespace), service, wanted);
    }
    Ok(all)
}

/// The Services that were found, as targets.
#[derive(Debug, Default)]
pub(crate) struct AllServices {
    /// What is tried.
    pub(crate) targets: Vec<Target>,
    /// What cannot be, as `svc/NAME:PORT/SCTP`.
    pub(crate) untried: Vec<String>,
}

impl AllServices {
    /// The ports of one Service: those of TCP as if it had been named; each of UDP beside them, unless all are to be spoken to
    /// in one protocol.
    fn add(&mut self, target: &Target, service: &Service, wanted: Wanted) {
        let declared = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
        let declared: Vec<(u16, &str)> = declared
            .filter_map(|port| {
                let protocol = port.protocol.as_deref().unwrap_or("TCP");
                Some((u16::try_from(port.port).ok()?, protocol))
            })
            .collect();
        let has = |wanted: &str| declared.iter().any(|(_, protocol)| *protocol == wanted);
        if wanted.protocol.is_some() || has("TCP") || declared.is_empty() {
            self.targets.push(target.clone());
        }
        for (port, protocol) in declared {
            // As kubectl shows a Service's ports.
            let text = format!("{}:{port}/{protocol}", target.text);
            match protocol {
                "UDP" if wanted.protocol.is_none() => self.targets.push(Target {
                    text,
                    protocol: Some(Protocol::Udp),
                    port: Some(PortRef::Number(port)),
                    ..target.clone()
                }),
                "TCP" | "UDP" => {}
                _ => self.untried.push(text),
            }
        }
    }
}

/// The endpoints that a client of `host` is sent to, some of them.
fn standby(host: &str, service: &Service, slices: &[EndpointSlice], port: &Port) -> Vec<Standby> {
    let Ok(host) = host.parse::<IpAddr>() else { return Vec::new() };
    // They are asked for a TCP handshake.
    if port.transport != Transport::Tcp
        || !ports::of_service(service, Transport::Tcp).contains(port)
    {
        return Vec::new();
    }
    let found = endpoints(slices, port.name.as_deref());
    let mut found = usable(&found);
    found.retain(|endpoint| endpoint.address.is_ipv4() == host.is_ipv4());
    let stands_by = |endpoint: &super::Endpoint| {
        Some(Standby { address: endpoint.address, port: endpoint.port? })
    };
    spread(&found, STANDBYS).into_iter().filter_map(stands_by).collect()
}

/// The cluster IPs, one for each family, or the external name of a Service; a headless one has neither.
pub(super) fn hosts_of(service: &Service) -> Vec<String> {
    let Some(spec) = &service.spec else { return Vec::new() };
    if spec.type_.as_deref() == Some("ExternalName") {
        return spec.external_name.iter().cloned().collect();
    }
    let all = spec.cluster_ips.clone().unwrap_or_default();
    let all = if all.is_empty() { spec.cluster_ip.iter().cloned().collect() } else { all };
    all.into_iter().filter(|address| address.parse::<IpAddr>().is_ok()).collect()
}

/// A headless Service is its ready endpoints, each at the port that its slice gives.
fn headless(
    target: &Target,
    stem: &str,
    service: &Service,
    slices: &[EndpointSlice],
    ports: &[Port],
    family: Option<Family>,
) -> Places {
    let is_wanted = |address: &&String| {
        let address = address.parse::<IpAddr>();
        family.is_none_or(|family| address.is_ok_and(|address| family.has(address)))
    };
    let mut places = Vec::new();
    let mut slices: Vec<&EndpointSlice> =
        slices.iter().filter(|slice| slice.address_type != "FQDN").collect();
    // As everywhere: the API gives them in the order of their names, of which the end is random.
    slices.sort_by_key(|slice| slice.address_type != "IPv4");
    for slice in slices {
        for port in ports {
            let number = slice_port(service, slice, port).unwrap_or(port.number);
            let ready = slice.endpoints.iter().flatten().filter(|endpoint| {
                endpoint.conditions.as_ref().is_none_or(|c| c.ready != Some(false))
            });
            for address in ready.filter_map(|endpoint| endpoint.addresses.first()).filter(is_wanted)
            {
                let label = labelled(target, stem, ports.len(), port);
                let what = Resolution::Try(address.clone(), Some(Port { number, ..port.clone() }));
                places.push(FoundPlace { every_address: true, ..FoundPlace::new(label, what) });
            }
        }
    }
    if places.is_empty() {
        let object = service.metadata.name.as_deref().unwrap_or_default();
        let problem =
            format!("svc/{object} has no ready endpoint; see kubectl describe svc/{object}");
        return vec![FoundPlace::settled(target, Observation::NotRun, problem)];
    }
    places
}

/// The endpoints' port behind a port of the Service: they share a name, which may be absent.
fn slice_port(service: &Service, slice: &EndpointSlice, port: &Port) -> Option<u16> {
    let declared = ports::of_service(service, port.transport).contains(port);
    port_of(slice, port.name.as_deref()).filter(|_| declared)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_headless_service_is_its_ready_endpoints_at_their_own_port() {
        let target: Target = "svc/web".parse().expect("a target");
        let service =
            json!({"spec": {"clusterIP": "None", "ports": [{"name": "http", "port": 80}]}});
        let service: Service = serde_json::from_value(service).expect("a Service");
        let slice = json!({"addressType": "IPv4", "ports": [{"name": "http", "port": 8080}], "endpoints": [
            {"addresses": ["10.0.0.7"], "conditions": {"ready": true}},
            {"addresses": ["10.0.0.8"], "conditions": {"ready": false}},
            {"addresses": ["10.0.0.9"]},
        ]});
        let slices: [EndpointSlice; 1] = [serde_json::from_value(slice).expect("a slice")];
        assert_eq!(hosts_of(&service), [""; 0]);
        let ports = ports::of_service(&service, Transport::Tcp);
        let places = headless(&target, "svc/web", &service, &slices, &ports, None);
        let tried: Vec<(String, u16)> = places
            .into_iter()
            .map(|found| match found.what {
                Resolution::Try(host, Some(port)) => (host, port.number),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(tried, [("10.0.0.7".to_owned(), 8080), ("10.0.0.9".to_owned(), 8080)]);
        let six = headless(&target, "svc/web", &service, &slices, &ports, Some(Family::Ipv6));
        assert!(matches!(six[0].what, Resolution::Settled(..)), "{six:?}");
        let none = headless(&target, "svc/web", &service, &[], &ports, None);
        let what = &none[0].what;
        assert!(matches!(what, Resolution::Settled(Observation::NotRun, _)), "{none:?}");
    }

    #[test]
    fn a_dual_stack_service_has_an_address_of_each_family() {
        let hosts = |spec: serde_json::Value| {
            let service = serde_json::from_value(json!({ "spec": spec })).expect("a Service");
            hosts_of(&service)
        };
        let both = json!({"clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7", "fd00::7"]});
        assert_eq!(hosts(both), ["10.96.0.7", "fd00::7"]);
        assert_eq!(hosts(json!({"clusterIP": "10.96.0.7"})), ["10.96.0.7"]);
        assert_eq!(hosts(json!({"clusterIP": "None", "clusterIPs": ["None"]})), [""; 0]);
        let name = json!({"type": "ExternalName", "externalName": "db.example.org"});
        assert_eq!(hosts(name), ["db.example.org"]);
    }

    #[test]
    fn endpoints_of_the_same_family_stand_by_for_a_declared_port() {
        let service =
            json!({"spec": {"clusterIP": "10.96.0.7", "ports": [{"name": "http", "port": 80}]}});
        let service: Service = serde_json::from_value(service).expect("a Service");
        let slices = json!([
            {"addressType": "IPv4", "ports": [{"name": "http", "port": 8080}], "endpoints": [{"addresses": ["10.0.0.7"]}]},
            {"addressType": "IPv6", "ports": [{"name": "http", "port": 8080}], "endpoints": [{"addresses": ["fd00::7"]}]},
        ]);
        let slices: Vec<EndpointSlice> = serde_json::from_value(slices).expect("slices");
        let declared = &ports::of_service(&service, Transport::Tcp).remove(0);
        let stands_by = |host: &str, port: &Port| standby(host, &service, &slices, port);
        let address = "10.0.0.7".parse().expect("an address");
        assert_eq!(stands_by("10.96.0.7", declared), [Standby { address, port: 8080 }]);
        assert_eq!(stands_by("10.96.0.7", &Port::plain(81)), []);
        assert_eq!(stands_by("db.example", declared), []);
    }
}
