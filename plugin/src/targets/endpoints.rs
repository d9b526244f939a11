//! Where a Service sends: its `EndpointSlice` objects read as kube-proxy reads them.
//!
//! A condition that is absent means ready, serving and not terminating (discovery/v1). Slices of names (`FQDN`) are used by
//! nobody; an address may stand in two slices while it moves between them. Ports are matched by name, which may be absent.

use std::{collections::BTreeMap, net::IpAddr};

use k8s_openapi::api::discovery::v1::{Endpoint as SliceEndpoint, EndpointSlice};

/// One address behind a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Its address.
    pub address: IpAddr,
    /// The port that its slice gives; absent where the name of the Service's port is no port of the pod.
    pub port: Option<u16>,
    /// Whether new connections are sent there.
    pub ready: bool,
    /// Whether it still serves while it is going.
    pub serving: bool,
    /// The node it is on.
    pub node: Option<String>,
    /// The pod it is, by name and by its unique name in time.
    pub pod: Option<(String, String)>,
}

/// The endpoints for the Service's port with this name, each address once, those of IPv4 first.
#[must_use]
pub(crate) fn endpoints(slices: &[EndpointSlice], port_name: Option<&str>) -> Vec<Endpoint> {
    let mut found: Vec<Endpoint> = Vec::new();
    for slice in slices.iter().filter(|slice| slice.address_type != "FQDN") {
        let port = port_of(slice, port_name);
        for endpoint in slice.endpoints.iter().flatten() {
            let read = endpoint.addresses.first().and_then(|address| read(endpoint, address, port));
            if let Some(read) = read
                && !found.iter().any(|known| (known.address, known.port) == (read.address, port))
            {
                found.push(read);
            }
        }
    }
    found.sort_by_key(|endpoint| endpoint.address.is_ipv6());
    found
}

/// Those that a client is sent to: the ready ones, or where there is none, those that still serve while they go.
#[must_use]
pub(crate) fn usable(endpoints: &[Endpoint]) -> Vec<&Endpoint> {
    let with_port = || endpoints.iter().filter(|endpoint| endpoint.port.is_some());
    let ready: Vec<&Endpoint> = with_port().filter(|endpoint| endpoint.ready).collect();
    if ready.is_empty() { with_port().filter(|endpoint| endpoint.serving).collect() } else { ready }
}

/// At most `count` of them, from as many nodes as there are.
#[must_use]
pub(crate) fn spread<'e>(endpoints: &[&'e Endpoint], count: usize) -> Vec<&'e Endpoint> {
    let mut seen: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, &Endpoint)> = Vec::new();
    for endpoint in endpoints {
        let before = seen.entry(endpoint.node.as_deref()).or_default();
        ranked.push((*before, endpoint));
        *before += 1;
    }
    // The first of each node, then the second of each, and so on.
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().take(count).map(|(_, endpoint)| endpoint).collect()
}

/// The port that `slice` gives for the Service's port with this name. Nobody serves a port without a number.
#[must_use]
pub(crate) fn port_of(slice: &EndpointSlice, name: Option<&str>) -> Option<u16> {
    let same_name =
        |given: &Option<String>| given.as_deref().unwrap_or_default() == name.unwrap_or_default();
    let found = slice.ports.iter().flatten().find(|port| same_name(&port.name))?;
    found.port.and_then(|number| u16::try_from(number).ok()).filter(|number| *number > 0)
}

fn read(endpoint: &SliceEndpoint, address: &str, port: Option<u16>) -> Option<Endpoint> {
    let conditions = endpoint.conditions.clone().unwrap_or_default();
    let pod = endpoint.target_ref.as_ref().filter(|target| target.kind.as_deref() == Some("Pod"));
    Some(Endpoint {
        address: address.parse().ok()?,
        port,
        ready: conditions.ready.unwrap_or(true),
        serving: conditions.serving.unwrap_or(true) && conditions.terminating == Some(true),
        node: endpoint.node_name.clone(),
        pod: pod.and_then(|pod| Some((pod.name.clone()?, pod.uid.clone().unwrap_or_default()))),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn slices(slices: Value) -> Vec<EndpointSlice> {
        serde_json::from_value(slices).expect("slices")
    }

    fn addresses(endpoints: &[&Endpoint]) -> Vec<String> {
        endpoints.iter().map(|endpoint| endpoint.address.to_string()).collect()
    }

    #[test]
    fn absent_conditions_are_good_and_what_is_going_serves_when_nothing_else_does() {
        let slice = |endpoints: Value| {
            slices(json!([
                {"addressType": "IPv4", "ports": [{"name": "http", "port": 8080}], "endpoints": endpoints},
                {"addressType": "FQDN", "ports": [{"name": "http", "port": 80}], "endpoints": [{"addresses": ["web.example"]}]},
            ]))
        };
        let going = json!({"addresses": ["10.0.0.8"], "conditions": {"ready": false, "serving": true, "terminating": true}});
        let down =
            json!({"addresses": ["10.0.0.9"], "conditions": {"ready": false, "serving": false}});
        let cases = [
            (json!([{"addresses": ["10.0.0.7"]}, going, down]), vec!["10.0.0.7"]),
            (json!([going, down]), vec!["10.0.0.8"]),
            (json!([down]), vec![]),
            (json!([{"addresses": ["10.0.0.9"], "conditions": {"ready": false}}]), vec![]),
            (json!([{"addresses": ["10.0.0.7"]}, {"addresses": ["10.0.0.7"]}]), vec!["10.0.0.7"]),
        ];
        for (given, expected) in cases {
            let found = endpoints(&slice(given), Some("http"));
            assert_eq!(addresses(&usable(&found)), expected);
            assert!(found.iter().all(|endpoint| endpoint.port == Some(8080)), "{found:?}");
        }
        let nameless = endpoints(&slice(json!([{"addresses": ["10.0.0.7"]}])), None);
        assert_eq!(nameless[0].port, None, "another port's slice");
        assert_eq!(usable(&nameless), Vec::<&Endpoint>::new());
    }

    #[test]
    fn a_few_are_taken_from_every_node() {
        let on = |last: u8, node: &str| json!({"addresses": [format!("10.0.0.{last}")], "nodeName": node});
        let given = json!([{"addressType": "IPv4", "ports": [{"port": 80}],
            "endpoints": [on(1, "a"), on(2, "a"), on(3, "a"), on(4, "b")]}]);
        let found = endpoints(&slices(given), None);
        assert_eq!(addresses(&spread(&usable(&found), 2)), ["10.0.0.1", "10.0.0.4"]);
        assert_eq!(addresses(&spread(&usable(&found), 9)).len(), 4);
    }
}
