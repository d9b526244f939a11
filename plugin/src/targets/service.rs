//! What a Service is to a check: its cluster IP, its external name, or its ready endpoints.

use std::{iter::zip, net::IpAddr};

use k8s_openapi::api::{core::v1::Service, discovery::v1::EndpointSlice};
use kubectl_pods_report::{Observation, Protocol, Standby, Transport};

use super::{
    cluster_name::ClusterName,
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
    let others = ports::of_service(&service, ports::other(transport));
    let (port, fallback) = (target.port.as_ref(), wanted.fallback);
    let ports = match ports::select(declared, &others, transport, port, fallback) {
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
        return Ok(headless(target, &stem, &service, &slices?, &ports, wanted));
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

/// Has the endpoints of the Service that `host` means stand by, as if it had been named. Whoever may not read it has nothing
/// that stands by, and is told nothing of it; nor is one who means another host.
pub(super) async fn stand_by(
    cluster: &Cluster,
    host: &str,
    wanted: Wanted,
    places: &mut [FoundPlace],
) {
    let Some(name) = ClusterName::parse(host, &cluster.namespace) else { return };
    let (service, slices) = tokio::join!(
        services::get(cluster, &name.namespace, &name.service),
        services::endpoint_slices(cluster, &name.namespace, &name.service),
    );
    let (Ok(Ok(service)), Ok(slices)) = (service, slices) else { return };
    let hosts = hosts_of(&service);
    let Some(address) = wanted.of_family(&hosts).into_iter().next() else { return };
    let declared = ports::of_service(&service, Transport::Tcp);
    for place in places {
        let Resolution::Try(_, Some(port)) = &place.what else { continue };
        let is_it =
            |declared: &&Port| port.transport == Transport::Tcp && declared.number == port.number;
        if let Some(port) = declared.iter().find(is_it) {
            place.standby = standby(address, &service, &slices, port);
        }
    }
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
    /// What cannot be, and why: `svc/NAME:PORT/SCTP (its protocol)`, `svc/NAME (headless, without a port)`.
    pub(crate) left_out: Vec<String>,
}

impl AllServices {
    /// The ports of one Service: those of TCP as if it had been named; each of UDP beside them, unless all are to be spoken to
    /// in one protocol. One that has nothing to be tried is left out.
    fn add(&mut self, target: &Target, service: &Service, wanted: Wanted) {
        let declared = || service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
        let transport = wanted.transport(target);
        let before = self.targets.len();
        if wanted.has_port(target) && !ports::of_service(service, transport).is_empty() {
            self.targets.push(target.clone());
        }
        let mut untried = Vec::new();
        for port in declared() {
            let protocol = port.protocol.as_deref().unwrap_or("TCP");
            // As kubectl shows a Service's ports.
            let text = format!("{}:{}/{protocol}", target.text, port.port);
            match protocol {
                // By its name, if it has one: a number would be one of the pods' where there is no cluster IP.
                "UDP" if wanted.protocol.is_none() => self.targets.push(Target {
                    text,
                    protocol: Some(Protocol::Udp),
                    port: port.name.clone().map(PortRef::Name),
                    ..target.clone()
                }),
                "TCP" | "UDP" => {}
                _ => untried.push(format!("{text} (its protocol)")),
            }
        }
        if self.targets.len() == before && untried.is_empty() {
            untried.push(format!("{} ({})", target.text, nothing_to_try(service, wanted)));
        }
        self.left_out.append(&mut untried);
    }
}

/// Why nothing of `service` can be tried.
fn nothing_to_try(service: &Service, wanted: Wanted) -> String {
    let spec = service.spec.as_ref();
    let has_ports = spec.is_some_and(|spec| spec.ports.iter().flatten().next().is_some());
    match (wanted.protocol, spec.and_then(|spec| spec.external_name.as_ref())) {
        (Some(protocol), _) if !protocol.has_port() => {
            "no machine that answers an ICMP echo".to_owned()
        }
        (Some(protocol), _) if has_ports => {
            let transport = protocol.transport().unwrap_or_default();
            format!("without a port for {}", transport.as_str())
        }
        (_, Some(alias)) => format!("an alias of {alias}, without a port"),
        (_, None) if hosts_of(service).is_empty() => "headless, without a port".to_owned(),
        (_, None) => "without a port".to_owned(),
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

/// A headless Service is its ready endpoints, each at the port that its slice gives. Nobody translates its port numbers: one
/// that was typed is a port of the pods, as it is for every client.
fn headless(
    target: &Target,
    stem: &str,
    service: &Service,
    slices: &[EndpointSlice],
    ports: &[Port],
    wanted: Wanted,
) -> Places {
    let is_wanted = |address: &&String| {
        let address = address.parse::<IpAddr>();
        wanted.family.is_none_or(|family| address.is_ok_and(|address| family.has(address)))
    };
    let is_typed = wanted.has_number(target);
    let mut places = Vec::new();
    let mut slices: Vec<&EndpointSlice> =
        slices.iter().filter(|slice| slice.address_type != "FQDN").collect();
    // As everywhere: the API gives them in the order of their names, of which the end is random.
    slices.sort_by_key(|slice| slice.address_type != "IPv4");
    for slice in slices {
        for port in ports {
            let of_pods = slice_port(service, slice, port).filter(|_| !is_typed);
            let tried = Port { number: of_pods.unwrap_or(port.number), ..port.clone() };
            let note = untranslated(stem, port, &tried);
            let ready = slice.endpoints.iter().flatten().filter(|endpoint| {
                endpoint.conditions.as_ref().is_none_or(|c| c.ready != Some(false))
            });
            for address in ready.filter_map(|endpoint| endpoint.addresses.first()).filter(is_wanted)
            {
                let label = labelled(target, stem, ports.len(), &tried);
                let what = Resolution::Try(address.clone(), Some(tried.clone()));
                let note = note.clone();
                let place = FoundPlace::new(label, what);
                places.push(FoundPlace { every_address: true, note, ..place });
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

/// What clients have to know of a headless Service whose port has another number in its pods.
fn untranslated(stem: &str, declared: &Port, tried: &Port) -> Option<String> {
    let (declared, tried) = (declared.number, tried.number);
    (declared != tried).then(|| {
        format!(
            "{stem} is headless: its pods are tried at their port {tried}, and its clients have to name that too, \
             because nobody translates its port {declared}"
        )
    })
}

/// The endpoints' port behind a port of the Service: they share a name, which may be absent.
fn slice_port(service: &Service, slice: &EndpointSlice, port: &Port) -> Option<u16> {
    let declared = ports::of_service(service, port.transport).contains(port);
    port_of(slice, port.name.as_deref()).filter(|_| declared)
}

#[cfg(test)]
mod tests {
    use kubectl_pods_report::Family;
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
        let any = Wanted::default();
        let places = headless(&target, "svc/web", &service, &slices, &ports, any);
        let said = places[0].note.as_deref().unwrap_or_default();
        assert!(said.contains("tried at their port 8080"), "{said}");
        let tried: Vec<(String, u16)> = places
            .into_iter()
            .map(|found| match found.what {
                Resolution::Try(host, Some(port)) => (host, port.number),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(tried, [("10.0.0.7".to_owned(), 8080), ("10.0.0.9".to_owned(), 8080)]);
        let wanted = Wanted { family: Some(Family::Ipv6), ..any };
        let six = headless(&target, "svc/web", &service, &slices, &ports, wanted);
        assert!(matches!(six[0].what, Resolution::Settled(..)), "{six:?}");
        let none = headless(&target, "svc/web", &service, &[], &ports, any);
        let what = &none[0].what;
        assert!(matches!(what, Resolution::Settled(Observation::NotRun, _)), "{none:?}");
    }

    #[test]
    fn a_number_is_translated_by_nobody_where_there_is_no_cluster_ip() {
        let service = json!({"spec": {"clusterIP": "None", "ports": [
            {"name": "http", "port": 8080}, {"name": "db", "port": 5432}]}});
        let service: Service = serde_json::from_value(service).expect("a Service");
        let slice = json!({"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.7"]}],
            "ports": [{"name": "http", "port": 80}, {"name": "db", "port": 5432}]});
        let slices: [EndpointSlice; 1] = [serde_json::from_value(slice).expect("a slice")];
        let tried = |text: &str, fallback| {
            let target: Target = text.parse().expect("a target");
            let declared = ports::of_service(&service, Transport::Tcp);
            let wanted = Wanted { fallback, ..Wanted::default() };
            let (port, tcp) = (target.port.as_ref(), Transport::Tcp);
            let ports = ports::select(declared, &[], tcp, port, fallback).expect("ports");
            let found = headless(&target, "svc/web", &service, &slices, &ports, wanted);
            let told = |found: FoundPlace| match found.what {
                Resolution::Try(_, Some(port)) => (found.label, port.number, found.note.is_some()),
                other => panic!("{other:?}"),
            };
            found.into_iter().map(told).collect::<Vec<_>>()
        };
        let place = |label: &str, number, noted| (label.to_owned(), number, noted);
        assert_eq!(tried("svc/web:8080", None), [place("svc/web:8080", 8080, false)]);
        assert_eq!(tried("svc/web:80", None), [place("svc/web:80", 80, false)]);
        assert_eq!(tried("svc/web:http", None), [place("svc/web:http", 80, true)]);
        assert_eq!(tried("svc/web", Some(80)), [place("svc/web", 80, false)], "as curl asks");
        let all = [place("svc/web:80", 80, true), place("svc/web:5432", 5432, false)];
        assert_eq!(tried("svc/web", None), all);
    }

    #[test]
    fn of_all_services_those_with_nothing_to_try_are_left_out_by_name() {
        let services = [
            ("alias", json!({"type": "ExternalName", "externalName": "db.example.org"})),
            ("peers", json!({"clusterIP": "None"})),
            (
                "dns",
                json!({"clusterIP": "10.96.0.2", "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP"}, {"port": 9, "protocol": "SCTP"}]}),
            ),
            ("web", json!({"clusterIP": "10.96.0.7", "ports": [{"port": 80}]})),
        ];
        let all = |protocol| {
            let mut all = AllServices::default();
            let wanted = Wanted { protocol, ..Wanted::default() };
            for (name, spec) in &services {
                let service = serde_json::from_value(json!({ "spec": spec })).expect("a Service");
                all.add(&Target::service(name, None), &service, wanted);
            }
            let tried: Vec<String> = all.targets.into_iter().map(|target| target.text).collect();
            (tried.join(" "), all.left_out.join(", "))
        };
        let without = "svc/alias (an alias of db.example.org, without a port), svc/peers (headless, without a port)";
        let (tried, left_out) = all(None);
        assert_eq!(tried, "svc/dns:53/UDP svc/web");
        assert_eq!(left_out, format!("{without}, svc/dns:9/SCTP (its protocol)"));
        let (tried, left_out) = all(Some(Protocol::Udp));
        assert_eq!(tried, "svc/dns");
        let end = "svc/dns:9/SCTP (its protocol), svc/web (without a port for UDP)";
        assert_eq!(left_out, format!("{without}, {end}"));
        let (tried, left_out) = all(Some(Protocol::Icmp));
        assert_eq!(tried, "");
        assert!(left_out.ends_with("svc/web (no machine that answers an ICMP echo)"), "{left_out}");
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
