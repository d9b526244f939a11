//! What a Service is to a check: its cluster IP, its external name, or its ready endpoints.

use std::net::IpAddr;

use k8s_openapi::api::{
    core::v1::Service,
    discovery::v1::{EndpointPort, EndpointSlice},
};
use kubectl_pods_report::Observation;

use super::{
    places::{Places, Resolution, each_port, labelled, stem},
    ports::{self, Port},
    target::{Target, TargetKind},
};
use cluster::{Cluster, services};

/// The places behind the Service `name`, as [`super::resolve::resolve`] gives them.
///
/// # Errors
///
/// When it does not exist or may not be read, and when there is no port to try.
pub(super) async fn find(
    cluster: &Cluster,
    target: &Target,
    name: &str,
    fallback: Option<u16>,
) -> anyhow::Result<Places> {
    let service = services::get(cluster, &cluster.namespace, name).await?;
    let ports = ports::select(ports::of_service(&service), target.port.as_ref(), fallback);
    let ports = ports.map_err(|problem| anyhow::anyhow!("service {name:?} {problem}"))?;
    let stem = stem(target, TargetKind::Service, name);
    if let Some(host) = host_of(&service) {
        return Ok(each_port(target, &stem, &host, ports));
    }
    let slices = services::endpoint_slices(cluster, &cluster.namespace, name).await?;
    Ok(headless(target, &stem, &service, &slices, &ports))
}

/// The cluster IP or external name of a Service; a headless one has neither.
fn host_of(service: &Service) -> Option<String> {
    let spec = service.spec.as_ref()?;
    if spec.type_.as_deref() == Some("ExternalName") {
        return spec.external_name.clone();
    }
    spec.cluster_ip.clone().filter(|address| address.parse::<IpAddr>().is_ok())
}

/// A headless Service is its ready endpoints, each at the port that its slice gives.
fn headless(
    target: &Target,
    stem: &str,
    service: &Service,
    slices: &[EndpointSlice],
    ports: &[Port],
) -> Places {
    let mut places = Vec::new();
    for slice in slices.iter().filter(|slice| slice.address_type != "FQDN") {
        for port in ports {
            let number = slice_port(service, slice, port).unwrap_or(port.number);
            let ready = slice.endpoints.iter().flatten().filter(|endpoint| {
                endpoint.conditions.as_ref().is_none_or(|c| c.ready != Some(false))
            });
            for address in ready.filter_map(|endpoint| endpoint.addresses.first()) {
                let label = labelled(target, stem, ports.len(), port);
                places.push((
                    label,
                    Resolution::Try(address.clone(), Port { number, ..port.clone() }),
                ));
            }
        }
    }
    if places.is_empty() {
        let object = service.metadata.name.as_deref().unwrap_or_default();
        let problem =
            format!("svc/{object} has no ready endpoint; see kubectl describe svc/{object}");
        return vec![(target.text.clone(), Resolution::Settled(Observation::NotRun, problem))];
    }
    places
}

/// The endpoints' port behind a port of the Service: they share a name, which may be absent.
fn slice_port(service: &Service, slice: &EndpointSlice, port: &Port) -> Option<u16> {
    let declared = ports::of_service(service).contains(port);
    let same_name = |slice_port: &&EndpointPort| {
        slice_port.name.as_deref().unwrap_or_default() == port.name.as_deref().unwrap_or_default()
    };
    let found = slice.ports.iter().flatten().find(same_name).filter(|_| declared)?;
    found.port.and_then(|number| u16::try_from(number).ok())
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
        assert_eq!(host_of(&service), None);
        let ports = ports::of_service(&service);
        let places = headless(&target, "svc/web", &service, &slices, &ports);
        let tried: Vec<(String, u16)> = places
            .into_iter()
            .map(|(_, what)| match what {
                Resolution::Try(host, port) => (host, port.number),
                Resolution::Settled(_, problem) => panic!("{problem}"),
            })
            .collect();
        assert_eq!(tried, [("10.0.0.7".to_owned(), 8080), ("10.0.0.9".to_owned(), 8080)]);
        let none = headless(&target, "svc/web", &service, &[], &ports);
        assert!(matches!(&none[0].1, Resolution::Settled(Observation::NotRun, _)), "{none:?}");
    }
}
