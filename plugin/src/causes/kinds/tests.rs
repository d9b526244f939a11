//! Scenes as they are read from a cluster, and the line that each makes.

use cluster::{
    look::Answer,
    workloads::{Workload, WorkloadState},
};
use kubectl_pods_report::{
    Ask, Attempt, Cause, Certificate, Check, Details, Expectation, Facts, HttpDetails, HttpRequest,
    Observation, Spoken, TargetReport, Tls, TlsDetails, TlsFault, Transport,
};
use serde_json::{Value, json};

use super::{
    super::{
        chain::chain,
        scene::{Scene, Subject},
        world::{Data, Key, Want, World},
    },
    causes,
};
use crate::targets::Port;

/// What was read, in a namespace `shop`, and what was seen.
struct Stage {
    world: World,
    subject: Subject,
    port: u16,
    transport: Transport,
    unknown_port: Option<&'static str>,
    report: TargetReport,
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("an object")
}

fn key(name: &str) -> Key {
    Key::new("shop", name)
}

fn check() -> Check {
    Check::new(0, "svc/web", "10.96.0.7", Ask::tcp(80))
}

fn attempt(address: &str, port: u16, seen: Observation) -> Attempt {
    let check = Check::new(0, "svc/web", address, Ask::tcp(port));
    let facts = Facts { address: address.parse().ok(), ..Facts::new(seen, seen.as_str()) };
    Attempt::new(&check, facts)
}

impl Stage {
    /// Somebody saw this at `subject`, and nothing was read.
    fn new(subject: Subject, seen: Observation) -> Self {
        let tried = vec![attempt("10.96.0.7", 80, seen)];
        let report = match seen {
            Observation::NotRun | Observation::Stopped | Observation::Absent => {
                TargetReport::settled("svc/web", &[], seen, "so the cluster says")
            }
            _ => TargetReport::tried(&check(), 0, 1, tried),
        };
        let (world, transport) = (World::default(), Transport::Tcp);
        Self { world, subject, port: 80, transport, unknown_port: None, report }
    }

    /// A Service `web` with this spec.
    fn service(spec: &Value, seen: Observation) -> Self {
        let service = json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": spec});
        Self::new(Subject::Service(key("web")), seen)
            .knowing(Want::Service(key("web")), Data::Service(from(service)))
    }

    /// An ordinary Service `web` of the pods `app=web`, port 80 to 8080.
    fn web(seen: Observation) -> Self {
        Self::service(
            &json!({"clusterIP": "10.96.0.7", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}),
            seen,
        )
    }

    fn knowing(mut self, want: Want, data: Data) -> Self {
        self.world.put(want, Answer::Known(data));
        self
    }

    fn answered(mut self, want: Want, answer: Answer<Data>) -> Self {
        self.world.put(want, answer);
        self
    }

    /// The pods that the Service selects.
    fn pods(self, pods: Value) -> Self {
        let want = Want::Selected { namespace: "shop".to_owned(), selector: "app=web".to_owned() };
        self.knowing(want, Data::Pods(from(pods)))
    }

    fn pod(self, pod: Value) -> Self {
        let name = pod["metadata"]["name"].as_str().expect("a name").to_owned();
        self.knowing(Want::Pod(key(&name)), Data::Pod(from(pod)))
    }

    /// The Service's endpoints, and what a direct handshake with each showed.
    fn endpoints(mut self, endpoints: &[(&str, &str, Observation)]) -> Self {
        let endpoint = |(pod, address, _): &(&str, &str, Observation)| {
            json!({"addresses": [address], "nodeName": "node2",
                   "targetRef": {"kind": "Pod", "name": pod, "uid": format!("uid-{pod}")}})
        };
        let all: Vec<Value> = endpoints.iter().map(endpoint).collect();
        let slice = json!([{"addressType": "IPv4", "ports": [{"port": 8080}], "endpoints": all}]);
        let direct = endpoints.iter().map(|(_, address, seen)| attempt(address, 8080, *seen));
        self.report.direct = direct.collect();
        self.knowing(Want::Slices(key("web")), Data::Slices(from(slice)))
    }

    fn warned(self, pod: &str, events: Value) -> Self {
        let want = Want::Warnings { namespace: "shop".to_owned(), uid: format!("uid-{pod}") };
        self.knowing(want, Data::Warnings(from(events)))
    }

    fn workloads(self, kind: Workload, all: Vec<WorkloadState>) -> Self {
        self.knowing(Want::Workloads("shop".to_owned(), kind), Data::Workloads(all))
    }

    fn at(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    fn over_udp(mut self) -> Self {
        self.transport = Transport::Udp;
        self
    }

    fn at_unknown(mut self, port: &'static str) -> Self {
        self.unknown_port = Some(port);
        self
    }

    fn lines(&self) -> Vec<String> {
        let line = |cause: Cause| format!("{}: {}", cause.kind.as_str(), cause.line());
        self.seen(|scene| causes(scene).into_iter().map(line).collect())
    }

    /// State and note of one link.
    fn link(&self, what: &str) -> String {
        let links = self.seen(chain);
        let link = links.iter().find(|link| link.what.as_str() == what).expect("a link");
        format!("{}: {}", link.state.as_str(), link.note)
    }

    fn seen<T>(&self, look: impl FnOnce(&Scene<'_>) -> T) -> T {
        let port = Port { transport: self.transport, ..Port::plain(self.port) };
        look(&Scene {
            world: &self.world,
            report: &self.report,
            subject: &self.subject,
            port: Some(&port).filter(|_| self.unknown_port.is_none()),
            unknown_port: self.unknown_port,
            namespace: "shop",
            node: Some("node1"),
            is_inside: true,
            is_redirected: false,
        })
    }
}

/// A pod of app=web with one container `app` in this state, not ready.
fn unready(name: &str, state: &Value) -> Value {
    let mut status =
        json!({"name": "app", "image": "", "imageID": "", "ready": false, "restartCount": 0});
    status
        .as_object_mut()
        .expect("an object")
        .extend(state.as_object().expect("an object").clone());
    json!({
        "metadata": {"name": name, "namespace": "shop", "uid": format!("uid-{name}"), "labels": {"app": "web"}},
        "spec": {"nodeName": "node2", "containers": [{
            "name": "app", "image": "shop/web:v9", "ports": [{"name": "http", "containerPort": 80}],
            "readinessProbe": {"httpGet": {"port": 80}}}]},
        "status": {"phase": "Running", "podIP": "10.0.0.7", "containerStatuses": [status],
            "conditions": [{"type": "Ready", "status": "False"}]},
    })
}

fn ready(name: &str) -> Value {
    let mut pod = unready(name, &json!({"state": {"running": {}}}));
    pod["status"]["conditions"] = json!([{"type": "Ready", "status": "True"}]);
    pod
}

fn event(reason: &str, message: &str) -> Value {
    json!({"metadata": {}, "involvedObject": {}, "reason": reason, "message": message, "type": "Warning"})
}

fn named(names: &[&str]) -> Value {
    let service = |name: &&str| json!({"metadata": {"name": name, "namespace": "dev"}});
    names.iter().map(service).collect()
}

fn deployment(wanted: i32, failure: Option<&str>) -> Vec<WorkloadState> {
    vec![WorkloadState {
        name: "web".to_owned(),
        wanted: Some(wanted),
        labels: [("app".to_owned(), "web".to_owned())].into(),
        selector: "app=web".to_owned(),
        failure: failure.map(str::to_owned),
        ..WorkloadState::default()
    }]
}

#[test]
fn what_does_not_exist() {
    let service = || Subject::Service(key("web"));
    let absent = |near: &[&str], elsewhere: &[&str]| {
        Stage::new(service(), Observation::Absent)
            .answered(Want::Service(key("web")), Answer::Missing)
            .knowing(Want::Services("shop".to_owned()), Data::Services(from(named(near))))
            .knowing(Want::Namesakes("web".to_owned()), Data::Services(from(named(elsewhere))))
    };
    assert_eq!(
        absent(&["web-api", "db"], &[]).lines(),
        ["missing: there is no Service web in namespace shop; did you mean svc/web-api?"]
    );
    assert_eq!(
        absent(&["db"], &["web"]).lines(),
        [
            "missing: there is no Service web in namespace shop; namespace dev has one; name it as web.dev, or add -n dev"
        ]
    );
    let nobody = Stage::new(Subject::Pod(key("web")), Observation::Absent)
        .answered(Want::Pod(key("web")), Answer::Missing)
        .knowing(Want::Services("shop".to_owned()), Data::Services(from(named(&["web"]))));
    assert_eq!(
        nobody.lines(),
        ["missing: there is no pod web in namespace shop, but a Service; name it svc/web"]
    );
    let wrong =
        Stage::new(Subject::Workload(Workload::Deployment, key("wbe")), Observation::Absent)
            .workloads(Workload::Deployment, deployment(1, None));
    assert_eq!(
        wrong.lines(),
        ["missing: there is no Deployment wbe in namespace shop; did you mean deploy/web?"]
    );
    // Forbidden is not missing.
    let refused = Stage::new(service(), Observation::Dropped)
        .answered(Want::Service(key("web")), Answer::Unread("no right".to_owned()));
    assert_eq!(refused.lines(), Vec::<String>::new());
}

#[test]
fn names_that_lead_nowhere() {
    let host = |host: &str, seen| Stage::new(Subject::Host(host.to_owned()), seen);
    let missing = host("web.shop", Observation::DnsNxdomain)
        .answered(Want::Service(key("web")), Answer::Missing)
        .knowing(Want::Services("shop".to_owned()), Data::Services(from(named(&["wep"]))));
    assert_eq!(
        missing.lines(),
        ["missing: there is no Service web in namespace shop; did you mean svc/wep?"]
    );
    let outside = host("example.com", Observation::DnsNxdomain)
        .answered(Want::Service(Key::new("com", "example")), Answer::Missing);
    assert_eq!(outside.lines(), Vec::<String>::new(), "another world's name");
    let service = json!({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"clusterIP": "10.96.0.7"}});
    let suffix = host("web.shop.svc.cluster.lan", Observation::DnsNxdomain)
        .knowing(Want::Service(key("web")), Data::Service(from(service)));
    assert_eq!(
        suffix.lines(),
        [
            "name-suffix: svc/web of namespace shop exists, but the name web.shop.svc.cluster.lan does not: cluster.lan is not the domain of this cluster; use web.shop"
        ]
    );
    let dns = Key::new("kube-system", "kube-dns");
    let down = json!([{"addressType": "IPv4", "ports": [{"name": "dns", "port": 53}],
        "endpoints": [{"addresses": ["10.0.0.2"], "conditions": {"ready": false, "serving": false}}]}]);
    let silent = host("db.example.com.", Observation::DnsTimeout)
        .knowing(Want::Slices(dns), Data::Slices(from(down)));
    assert_eq!(
        silent.lines(),
        [
            "dns-down: the cluster's DNS (svc/kube-dns of namespace kube-system) has no ready endpoint (1 address in all); run kubectl get pods -n kube-system -l k8s-app=kube-dns"
        ]
    );
    let up = json!([{"addressType": "IPv4", "ports": [{"name": "dns", "port": 53}],
        "endpoints": [{"addresses": ["10.0.0.2"], "conditions": {"ready": true}}]}]);
    let dns = || Want::Slices(Key::new("kube-system", "kube-dns"));
    let denied = host("web.shop.svc", Observation::DnsTimeout)
        .knowing(dns(), Data::Slices(from(up.clone())));
    let [line] = &denied.lines()[..] else { panic!("{:?}", denied.lines()) };
    assert!(line.starts_with("dns-down: the cluster's DNS (svc/kube-dns of namespace kube-system) has 1 ready endpoint and did not answer the probe"), "{line}");
    for (name, observation) in
        [("db.example.com.", Observation::DnsTimeout), ("web.shop.svc", Observation::DnsServfail)]
    {
        let elsewhere = host(name, observation).knowing(dns(), Data::Slices(from(up.clone())));
        assert_eq!(elsewhere.lines(), Vec::<String>::new(), "{name} {observation}");
    }
    let alias = json!({"type": "ExternalName", "externalName": "db.old.example"});
    assert_eq!(
        Stage::service(&alias, Observation::DnsNxdomain).lines(),
        [
            "external-name-dead: svc/web is an alias of db.old.example, which has no address; correct its externalName: kubectl edit svc web -n shop"
        ]
    );
}

#[test]
fn ports_of_a_service() {
    let spec = json!({"clusterIP": "10.96.0.7", "selector": {"app": "web"}, "ports": [
        {"name": "http", "port": 80, "targetPort": 8080}, {"name": "dns", "port": 53, "protocol": "UDP"}]});
    let web =
        |port| Stage::service(&spec, Observation::Dropped).pods(json!([ready("web-1")])).at(port);
    assert_eq!(
        web(8080).lines(),
        [
            "port-not-in-service: svc/web has no port 8080, which is the targetPort of its port 80; use port 80"
        ]
    );
    assert_eq!(
        web(443).lines(),
        ["port-not-in-service: svc/web has no port 443: it has 80, 53/UDP; use port 80"]
    );
    assert_eq!(
        web(53).lines(),
        [
            "wrong-transport: port 53 of svc/web is UDP, and TCP was spoken; check it with --protocol udp"
        ]
    );
    let by_name = |port| Stage::service(&spec, Observation::Absent).at_unknown(port).lines();
    assert_eq!(
        by_name("htpt"),
        [
            "port-not-in-service: svc/web has no TCP port named htpt: it has http (80), dns (53/UDP); did you mean http?"
        ]
    );
    assert_eq!(
        by_name("dns"),
        [
            "port-not-in-service: svc/web has no TCP port named dns: it has http (80), dns (53/UDP); check it with --protocol udp"
        ]
    );
    let named = json!({"clusterIP": "10.96.0.7", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "web"}]});
    let slice = json!([{"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.7"]}]}]);
    let nameless = Stage::service(&named, Observation::Rejected)
        .pods(json!([ready("web-1")]))
        .knowing(Want::Slices(key("web")), Data::Slices(from(slice)));
    assert_eq!(
        nameless.lines(),
        [
            "target-port-name: svc/web sends port 80 to the port named web of its pods, and they have none of that name: they declare http (80); correct its targetPort: kubectl edit svc web -n shop"
        ]
    );
    let mut over_udp = ready("web-1");
    over_udp["spec"]["containers"][0]["ports"] =
        json!([{"name": "web", "containerPort": 5000, "protocol": "UDP"}]);
    let lines = Stage::service(&named, Observation::Rejected).pods(json!([over_udp])).lines();
    assert!(lines[0].contains("none of that name: they declare web (5000/UDP); "), "{lines:?}");
}

#[test]
fn ports_of_another_transport() {
    use Observation::{Refused, Silent};
    let spec = json!({"clusterIP": "10.96.0.7", "selector": {"app": "web"}, "ports": [
        {"name": "http", "port": 80, "targetPort": 8080}, {"name": "sip", "port": 5060, "protocol": "SCTP"}]});
    let web = |port| {
        let slice = json!([{"addressType": "IPv4", "ports": [{"name": "http", "port": 8080}],
            "endpoints": [{"addresses": ["10.0.0.7"]}]}]);
        let slices = Data::Slices(from(slice));
        // One of two is not ready, and is to blame for nothing: the other serves.
        let pods = json!([ready("web-1"), unready("web-2", &json!({"state": {"running": {}}}))]);
        Stage::service(&spec, Silent).pods(pods).knowing(Want::Slices(key("web")), slices).at(port)
    };
    assert_eq!(
        web(53).over_udp().lines(),
        [
            "port-not-in-service: svc/web has no port 53/UDP: it has 80, 5060/SCTP; use port 80 without --protocol udp"
        ]
    );
    assert_eq!(
        web(80).over_udp().lines(),
        [
            "wrong-transport: port 80 of svc/web is TCP, and UDP was spoken; check it without --protocol udp"
        ]
    );
    assert_eq!(
        web(5060).lines(),
        [
            "wrong-transport: port 5060 of svc/web is SCTP, and TCP was spoken; no probe speaks SCTP: try it with a client of its own"
        ]
    );
    let pod = |port| Stage::new(Subject::Pod(key("web-1")), Refused).pod(ready("web-1")).at(port);
    assert_eq!(
        pod(53).over_udp().lines(),
        [
            "port-not-declared: nothing listens on port 53/UDP of pod web-1; it declares 80; use port 80 without --protocol udp"
        ]
    );
    assert_eq!(
        pod(80).over_udp().lines(),
        [
            "wrong-transport: port 80 of pod web-1 is TCP, and UDP was spoken; check it without --protocol udp"
        ]
    );
}

/// A headless Service `web` of one ready pod, which has the port 80 for its 8080.
fn headless(seen: Observation, port: u16) -> Stage {
    let spec = json!({"clusterIP": "None", "selector": {"app": "web"}, "ports": [
        {"name": "http", "port": 8080, "targetPort": 80}]});
    let slice = json!([{"addressType": "IPv4", "ports": [{"name": "http", "port": 80}],
        "endpoints": [{"addresses": ["10.0.0.7"], "targetRef": {"kind": "Pod", "name": "web-1", "uid": "uid-web-1"}}]}]);
    let stage = Stage::service(&spec, seen)
        .pods(json!([ready("web-1")]))
        .knowing(Want::Slices(key("web")), Data::Slices(from(slice)))
        .at(port);
    let tried = vec![attempt("10.0.0.7", port, seen)];
    Stage { report: TargetReport::tried(&check(), 0, 1, tried), ..stage }
}

#[test]
fn ports_of_a_headless_service_are_those_of_its_pods() {
    use Observation::{Dropped, Refused};
    let untranslated = "headless-port: svc/web is headless, so that nobody translates its port 8080: clients connect to its pods themselves, and those have it as 80; use port 80";
    let by_name = Subject::Host("web.shop".to_owned());
    for subject in [Subject::Service(key("web")), by_name] {
        let stage = |seen, port| Stage { subject: subject.clone(), ..headless(seen, port) };
        assert_eq!(stage(Refused, 8080).lines(), [untranslated]);
        assert_eq!(stage(Dropped, 8080).lines()[0], untranslated);
        assert_eq!(
            stage(Refused, 81).lines(),
            [
                "port-not-in-service: svc/web has no port 81: its pods refuse there, and have 80; use port 80"
            ]
        );
        assert_eq!(
            stage(Refused, 80).lines(),
            [
                "target-port-refused: svc/web leads to port 80 of web-1, which refuses connections there though declaring it; it may listen on 127.0.0.1 only, or on another port; run kubectl logs web-1 -n shop"
            ]
        );
    }
}

#[test]
fn selectors_that_match_nothing() {
    let nobody = || Stage::web(Observation::Rejected).pods(json!([]));
    assert_eq!(
        nobody().lines(),
        [
            "selector-matches-nothing: svc/web selects app=web, which no pod of namespace shop has; run kubectl get pods -n shop --show-labels"
        ]
    );
    let mut other = ready("nginx-1");
    other["metadata"]["labels"] = json!({"app": "nginx"});
    let strangers =
        nobody().knowing(Want::Pods("shop".to_owned()), Data::Pods(from(json!([other.clone()]))));
    assert_eq!(strangers.lines(), nobody().lines(), "another word is somebody else's pod");
    other["metadata"]["labels"] = json!({"app": "webserver"});
    let near = nobody().knowing(Want::Pods("shop".to_owned()), Data::Pods(from(json!([other]))));
    assert_eq!(
        near.lines(),
        [
            "selector-matches-nothing: svc/web selects app=web, which no pod of namespace shop has; nginx-1 has app=webserver; make selector and labels agree: kubectl edit svc web -n shop"
        ]
    );
    let [mut first, mut second] = [ready("a"), ready("b")];
    first["metadata"]["labels"] = json!({"app": "database"});
    second["metadata"]["labels"] = json!({"app": "wbe"});
    let pods = Data::Pods(from(json!([first, second])));
    let nearest = nobody().knowing(Want::Pods("shop".to_owned()), pods).lines();
    assert!(nearest[0].contains("; b has app=wbe; "), "{nearest:?}");
    let idle = nobody().workloads(Workload::Deployment, deployment(0, None));
    assert_eq!(
        idle.lines(),
        [
            "scaled-to-zero: svc/web has no pods: deploy/web, which would make them, is scaled to 0; run kubectl scale deploy/web -n shop --replicas=1"
        ]
    );
    let refused =
        nobody().workloads(Workload::Deployment, deployment(2, Some("exceeded quota: pods")));
    assert_eq!(
        refused.lines(),
        [
            "create-failed: svc/web has no pods: deploy/web cannot make them: exceeded quota: pods; run kubectl describe quota -n shop"
        ]
    );
    let nothing = Stage::service(
        &json!({"clusterIP": "10.96.0.7", "ports": [{"port": 80}]}),
        Observation::Rejected,
    )
    .knowing(Want::Slices(key("web")), Data::Slices(Vec::new()));
    assert_eq!(
        nothing.lines(),
        [
            "no-endpoints-by-hand: svc/web has no selector, and no EndpointSlice belongs to it; give it a selector, or an EndpointSlice with the label kubernetes.io/service-name=web"
        ]
    );
}

/// What is wrong with `pod`, and what is warned of it, by the line that its Service gets.
fn of_pod(pod: &Value, events: Value) -> Vec<String> {
    let name = pod["metadata"]["name"].as_str().expect("a name").to_owned();
    Stage::web(Observation::Rejected).pods(json!([pod])).warned(&name, events).lines()
}

#[test]
fn pods_that_are_not_ready() {
    let none = || json!([]);
    let running = json!({"state": {"running": {}}});
    let fails = json!([event(
        "Unhealthy",
        "Readiness probe failed: HTTP probe failed with statuscode: 503"
    )]);
    assert_eq!(
        of_pod(&unready("web-1", &running), fails),
        [
            "probe-failing: svc/web has no ready pod: pod web-1 is not ready: the readiness probe of container app fails: HTTP probe failed with statuscode: 503; run kubectl describe pod web-1 -n shop"
        ]
    );
    assert_eq!(
        of_pod(&unready("web-1", &running), none()),
        [
            "probe-failing: svc/web has no ready pod: pod web-1 is not ready: container app has not passed its readiness probe; run kubectl describe pod web-1 -n shop"
        ]
    );
    let ended = json!({"exitCode": 137, "reason": "OOMKilled"});
    let crashing = json!({"restartCount": 9, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": ended}});
    assert_eq!(
        of_pod(&unready("web-1", &crashing), none()),
        [
            "crash-loop: svc/web has no ready pod: pod web-1 does not stay up: container app ended with exit code 137 (OOMKilled), restarted 9 times; raise its memory limit, or see what needs it: kubectl logs web-1 -n shop -c app --previous"
        ]
    );
    let pull = json!({"state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}});
    let failed = json!([event(
        "Failed",
        "Failed to pull image \"shop/web:v9\": rpc error: code = NotFound desc = shop/web:v9: not found"
    )]);
    assert_eq!(
        of_pod(&unready("web-1", &pull), failed),
        [
            "image-pull: svc/web has no ready pod: pod web-1 cannot start: image shop/web:v9 cannot be pulled (shop/web:v9: not found); correct its name, or give the registry's secret: run kubectl describe pod web-1 -n shop"
        ]
    );
    let config = json!({"state": {"waiting": {"reason": "CreateContainerConfigError", "message": "configmap \"web-cfg\" not found"}}});
    assert_eq!(
        of_pod(&unready("web-1", &config), none()),
        [
            "config-missing: svc/web has no ready pod: pod web-1 cannot start: configmap \"web-cfg\" not found; run kubectl get configmaps,secrets -n shop"
        ]
    );
    let mut gated = unready("web-1", &json!({"ready": true, "state": {"running": {}}}));
    gated["spec"]["readinessGates"] = json!([{"conditionType": "example.com/lb"}]);
    gated["status"]["conditions"] = json!([{"type": "ContainersReady", "status": "True"}, {"type": "Ready", "status": "False"}]);
    assert_eq!(
        of_pod(&gated, none()),
        [
            "readiness-gate: svc/web has no ready pod: pod web-1 is not ready: its containers are, but its readiness gate example.com/lb is not True; look after the controller that sets example.com/lb, or run kubectl describe pod web-1 -n shop"
        ]
    );
    let creating = json!({"state": {"waiting": {"reason": "ContainerCreating"}}});
    assert_eq!(
        of_pod(&unready("web-1", &creating), none()),
        [
            "pods-not-ready: svc/web has no ready pod: pod web-1 is not ready (Running: ContainerCreating); run kubectl describe pod web-1 -n shop"
        ]
    );
}

#[test]
fn pods_that_have_no_node() {
    let pending = |message: &str| {
        let mut pod = unready("web-1", &json!({}));
        pod["spec"]["nodeName"] = Value::Null;
        pod["spec"]["volumes"] =
            json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]);
        pod["status"] = json!({"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]});
        Stage::web(Observation::Rejected).pods(json!([pod]))
    };
    let node = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
    assert_eq!(
        pending(node).lines(),
        [
            "unschedulable: svc/web has no ready pod: pod web-1 fits on no node: 0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector; run kubectl describe nodes for their labels, taints and free room"
        ]
    );
    let unbound = "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
    let claim = json!({"metadata": {"name": "data"}, "spec": {"storageClassName": "fast"}, "status": {"phase": "Pending"}});
    let waits = pending(unbound).knowing(Want::Claim(key("data")), Data::Claim(from(claim)));
    assert_eq!(
        waits.lines(),
        [
            "claim-pending: svc/web has no ready pod: pod web-1 waits for the volume claim data, which is Pending (storage class fast); run kubectl describe pvc data -n shop"
        ]
    );
}

#[test]
fn two_reasons_are_told_and_what_answers_elsewhere_hides_none() {
    let crashing = json!({"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": 1}}});
    let failing = json!({"state": {"running": {}}});
    let pods = json!([
        unready("web-1", &crashing),
        unready("web-2", &failing),
        unready("web-3", &failing)
    ]);
    let lines = Stage::web(Observation::Rejected).pods(pods.clone()).lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("crash-loop: ") && lines[0].contains("web-1"), "{lines:?}");
    assert!(lines[1].contains("pod web-2 (and 1 more) is not ready"), "{lines:?}");
    // One that is ready serves, and what ails the others is no cause.
    let served = Stage::web(Observation::Rejected).pods(pods).endpoints(&[(
        "web-9",
        "10.0.0.9",
        Observation::Refused,
    )]);
    let lines = served.lines();
    assert!(lines.iter().all(|line| line.starts_with("target-port-refused: ")), "{lines:?}");
}

#[test]
fn each_reason_is_told_once_with_how_many_pods_it_holds_up() {
    let crashing = |code: i32| json!({"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": code}}});
    let pulls = |reason: &str| json!({"state": {"waiting": {"reason": reason}}});
    let running = json!({"state": {"running": {}}});
    let pods = json!([
        unready("a", &crashing(1)),
        unready("b", &crashing(2)),
        unready("c", &crashing(1)),
        unready("d", &pulls("ErrImagePull")),
        unready("e", &pulls("ImagePullBackOff")),
    ]);
    let kinds = |lines: &[String]| -> Vec<String> {
        let kind = |line: &String| line.split(" has no ready pod: ").collect::<Vec<_>>().join("");
        lines.iter().map(kind).map(|line| line.chars().take(52).collect()).collect()
    };
    let lines = Stage::web(Observation::Rejected).pods(pods.clone()).lines();
    let expected = [
        "image-pull: svc/webpod d (and 1 more) cannot start: ",
        "crash-loop: svc/webpod a (and 1 more) does not stay ",
        "crash-loop: svc/webpod b does not stay up: container",
    ];
    assert_eq!(kinds(&lines), expected, "{lines:?}");
    let mut all = pods.as_array().cloned().expect("a list");
    all.extend([unready("f", &running), unready("g", &crashing(3))]);
    let lines = Stage::web(Observation::Rejected).pods(json!(all)).lines();
    assert_eq!(kinds(&lines), expected, "{lines:?}");
    assert!(lines[2].contains("; 2 more reasons for other pods; run kubectl"), "{lines:?}");
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let said = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: \"/app/serve\": stat /app/serve: no such file or directory: unknown";
    let ended = json!({"exitCode": 128, "reason": "StartError", "message": said});
    let line = "crash-loop: svc/web has no ready pod: pod web-1 cannot start: the program of container app cannot be run: \"/app/serve\": stat /app/serve: no such file or directory; correct its command or its image: run kubectl describe pod web-1 -n shop";
    for state in [
        json!({"state": {"terminated": ended}}),
        json!({"state": {"waiting": {"reason": "RunContainerError", "message": said}}, "lastState": {"terminated": ended}}),
        json!({"restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": ended}}),
    ] {
        assert_eq!(of_pod(&unready("web-1", &state), json!([])), [line]);
    }
    let first = json!({"state": {"waiting": {"reason": "RunContainerError", "message": said}}});
    let lines = of_pod(&unready("web-1", &first), json!([]));
    assert!(
        lines[0].contains("RunContainerError); \"/app/serve\": stat /app/serve: no such"),
        "{lines:?}"
    );
    let mut over = ready("web-1");
    over["status"]["phase"] = json!("Failed");
    over["status"]["containerStatuses"][0]["state"] = json!({"terminated": ended});
    let over = Stage::new(Subject::Pod(key("web-1")), Observation::Stopped).pod(over).lines();
    assert!(
        over[0].contains("(Failed: StartError, exit code 128: \"/app/serve\": stat"),
        "{over:?}"
    );
}

#[test]
fn endpoints_asked_directly() {
    use Observation::{Dropped, Open, Refused, Rejected};
    let web = |seen| Stage::web(seen).pods(json!([ready("web-1"), ready("web-2")]));
    let one = [("web-1", "10.0.0.7", Refused)];
    assert_eq!(
        web(Refused).endpoints(&one).lines(),
        [
            "target-port-refused: svc/web sends port 80 to port 8080 of web-1, which refuses connections there; declared is 80; correct its targetPort: kubectl edit svc web -n shop"
        ]
    );
    let some = [("web-1", "10.0.0.7", Open), ("web-2", "10.0.0.8", Refused)];
    assert_eq!(
        web(Refused).endpoints(&some).lines(),
        [
            "some-endpoints-fail: 1 of 2 endpoints of svc/web does not answer: web-2 (10.0.0.8:8080, refused); run kubectl get pods -n shop -l app=web -o wide"
        ]
    );
    let all = [("web-1", "10.0.0.7", Open), ("web-2", "10.0.0.8", Open)];
    let lines = web(Dropped).endpoints(&all).lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with(
            "service-address-fails: 2 endpoints of svc/web answer at their own address"
        ),
        "{lines:?}"
    );
    let silent = [("web-1", "10.0.0.7", Dropped), ("web-2", "10.0.0.8", Dropped)];
    assert_eq!(
        web(Dropped).endpoints(&silent).lines(),
        [
            "endpoints-silent: web-1, web-2 are ready, and do not answer from node1, not even at their own address: a NetworkPolicy, or the network between the nodes; run kubectl get networkpolicies -n shop"
        ]
    );
    let gone = [("web-1", "10.0.0.7", Open), ("web-0", "10.0.0.9", Dropped)];
    let stale = web(Dropped).endpoints(&gone).answered(Want::Pod(key("web-0")), Answer::Missing);
    assert_eq!(
        stale.lines(),
        [
            "stale-endpoint: svc/web still sends to 10.0.0.9 (pod web-0), which is gone; run kubectl get endpointslices -n shop -l kubernetes.io/service-name=web"
        ]
    );
    let local = json!({"clusterIP": "10.96.0.7", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}], "internalTrafficPolicy": "Local"});
    let elsewhere =
        Stage::service(&local, Rejected).pods(json!([ready("web-1")])).endpoints(&all[..1]);
    assert_eq!(
        elsewhere.lines(),
        [
            "no-local-endpoint: svc/web is internalTrafficPolicy: Local, and no ready pod of it runs on node1, where the probe ran; node2 has one; set the policy to Cluster, or run a pod on every node: kubectl edit svc web -n shop"
        ]
    );
}

/// A standing probe asks the endpoints of its installation.
#[test]
fn endpoints_that_are_not_those_of_now_are_nobodys_cause() {
    use Observation::{Dropped, Open, Refused};
    let now = [("web-1", "10.0.0.7", Open), ("web-2", "10.0.0.8", Open)];
    let asked = |seen, asked: &[(&str, u16, Observation)]| {
        let pods = json!([ready("web-1"), ready("web-2")]);
        let mut stage = Stage::web(seen).pods(pods).endpoints(&now);
        stage.report.direct =
            asked.iter().map(|(ip, port, seen)| attempt(ip, *port, *seen)).collect();
        stage
    };
    let before = asked(Refused, &[("10.0.0.9", 8080, Refused)]);
    assert_eq!(before.lines(), [""; 0], "another pod may have that address by now");
    assert_eq!(
        before.link("direct"),
        "not looked at: none of those that were asked is an endpoint now"
    );
    let other_port = asked(Refused, &[("10.0.0.7", 8081, Refused)]);
    assert_eq!(other_port.lines(), [""; 0], "the targetPort was mended");
    let one_of_two = asked(Refused, &[("10.0.0.7", 8080, Open)]);
    assert_eq!(one_of_two.lines(), [""; 0], "it may be the other that refuses");
    assert_eq!(one_of_two.link("direct"), "held: 1 of 1 endpoint; 1 more were not asked");
    let lines = asked(Dropped, &[("10.0.0.7", 8080, Open)]).lines();
    assert!(
        lines[0].starts_with("service-address-fails: 1 endpoint of svc/web answers"),
        "{lines:?}"
    );
}

/// Asked by its name, as a standing probe does, at the port of its pods.
#[test]
fn a_headless_service_by_its_name() {
    use Observation::{Open, Refused};
    let spec = json!({"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]});
    let mut stage =
        Stage::service(&spec, Refused).pods(json!([ready("web-1"), ready("web-2")])).at(8080);
    stage.subject = Subject::Host("web.shop.svc".to_owned());
    let all = [("web-1", "10.0.0.7", Open), ("web-2", "10.0.0.8", Refused)];
    let mut some = stage.endpoints(&all);
    some.report.attempts = some.report.direct.drain(..).collect();
    assert_eq!(
        some.lines(),
        [
            "some-endpoints-fail: 1 of 2 endpoints of svc/web does not answer: web-2 (10.0.0.8:8080, refused); run kubectl get pods -n shop -l app=web -o wide"
        ]
    );
}

#[test]
fn pods_as_targets() {
    let pod =
        |seen, port| Stage::new(Subject::Pod(key("web-1")), seen).pod(ready("web-1")).at(port);
    assert_eq!(
        pod(Observation::Refused, 81).lines(),
        ["port-not-declared: nothing listens on port 81 of pod web-1; it declares 80; use port 80"]
    );
    assert_eq!(
        pod(Observation::Refused, 80).lines(),
        [
            "refused-while-ready: pod web-1 is ready and declares the port, and refuses connections to port 80; it may listen on 127.0.0.1 only, or on another port; run kubectl logs web-1 -n shop"
        ]
    );
    let mut ended = ready("web-1");
    ended["status"]["phase"] = json!("Succeeded");
    let mut heir = ready("batch-1");
    heir["metadata"]["namespace"] = json!("dev");
    let address = "10.0.0.7".parse().expect("an address");
    let ended = Stage::new(Subject::Pod(key("web-1")), Observation::Stopped)
        .pod(ended)
        .knowing(Want::PodsAt { namespace: None, address }, Data::Pods(from(json!([heir]))));
    assert_eq!(
        ended.lines(),
        [
            "pod-ended: pod web-1 has ended (Succeeded); its address 10.0.0.7 is now that of pod batch-1 of namespace dev; run kubectl get pods -n shop -o wide"
        ]
    );
    let lost = json!({"metadata": {"name": "node2"}, "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}});
    let lost = pod(Observation::Dropped, 80)
        .knowing(Want::Node("node2".to_owned()), Data::Node(from(lost)));
    assert_eq!(
        lost.lines(),
        [
            "node-not-ready: node node2, where web-1 runs, is not ready; run kubectl describe node node2"
        ]
    );
}

#[test]
fn workloads_without_pods() {
    let idle = Stage::new(Subject::Workload(Workload::Deployment, key("web")), Observation::NotRun)
        .workloads(Workload::Deployment, deployment(0, None))
        .pods(json!([]));
    assert_eq!(
        idle.lines(),
        [
            "scaled-to-zero: deploy/web is scaled to 0; run kubectl scale deploy/web -n shop --replicas=1"
        ]
    );
    let crashing = json!({"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}});
    let pod = unready("web-1", &crashing);
    let of_labels = Stage::new(Subject::Selected("app=web".to_owned()), Observation::NotRun);
    let line = "crash-loop: -l app=web has no ready pod: pod web-1 does not stay up: container app ended with exit code 1 (Error); run kubectl logs web-1 -n shop -c app --previous";
    assert_eq!(of_labels.pods(json!([pod])).lines(), [line]);
    let log = Want::Log { pod: key("web-1"), container: "app".to_owned(), previous: true };
    let down = Stage::new(Subject::Workload(Workload::Deployment, key("web")), Observation::NotRun)
        .workloads(Workload::Deployment, deployment(1, None))
        .pods(json!([pod]))
        .knowing(log, Data::Log("starting\nno DATABASE_URL\n\n".to_owned()));
    assert_eq!(
        down.lines(),
        [
            "crash-loop: deploy/web has no ready pod: pod web-1 does not stay up: container app ended with exit code 1 (Error); its last words: \"starting / no DATABASE_URL\"; run kubectl logs web-1 -n shop -c app --previous"
        ]
    );
}

#[test]
fn a_status_is_told_by_what_it_usually_means() {
    let ask = Ask::http(80, HttpRequest::default());
    let expect = vec![Expectation::Status { ranges: vec![(200, 399)] }];
    let check = Check { expect, ..Check::new(0, "web", "10.0.0.7", ask) };
    let details = HttpDetails { status: 401, ..HttpDetails::default() };
    let facts = Facts {
        details: Details { http: Some(details), ..Details::default() },
        ..Facts::new(Observation::Open, "")
    };
    let report = TargetReport::tried(&check, 0, 1, vec![Attempt::new(&check, facts)]);
    let stage = Stage { report, ..Stage::new(Subject::Pod(key("web")), Observation::Open) };
    assert_eq!(
        stage.lines(),
        [
            "http-status: web answers, with status 401: it wants to know who asks; if that is right, say so: --expect 401"
        ]
    );
}

/// An HTTPS attempt with a fault and a certificate for `web.example.org`, changed in passing.
fn tls_stage(fault: TlsFault, change: impl FnOnce(&mut Facts)) -> Stage {
    let check = Check::new(
        0,
        "svc/web",
        "10.96.0.7",
        Ask::https(443, Tls::default(), HttpRequest::default()),
    );
    let certificate = Certificate {
        subject: "CN=web".to_owned(),
        issuer: "CN=our authority".to_owned(),
        not_before_seconds: 1_900_000_000,
        not_after_seconds: 1_793_491_200,
        days_left: -27,
        names: vec!["web.example.org".to_owned(), "10.0.0.9".to_owned()],
        ..Certificate::default()
    };
    let tls = TlsDetails {
        server_name: "web.shop.svc".to_owned(),
        certificate: Some(certificate),
        fault: Some(fault),
        ..TlsDetails::default()
    };
    let mut facts = Facts {
        started_seconds: 1_793_491_200.0 + 26.5 * 86_400.0,
        details: Details { tls: Some(tls), ..Details::default() },
        ..Facts::new(Observation::TlsHandshake, "")
    };
    change(&mut facts);
    let report = TargetReport::tried(&check, 0, 1, vec![Attempt::new(&check, facts)]);
    Stage { report, ..Stage::new(Subject::Host("web.shop.svc".to_owned()), Observation::Open) }
}

#[test]
fn what_is_wrong_with_tls() {
    let as_it_is = |_: &mut Facts| ();
    let http = |facts: &mut Facts| facts.details.speaks = Some(Spoken::Http);
    let cases = [
        (
            tls_stage(TlsFault::Expired, as_it_is),
            "cert-expired: the certificate of svc/web ended on 2026-11-01, less than 27 days ago; renew it",
        ),
        (
            tls_stage(TlsFault::NotYetValid, as_it_is),
            "cert-expired: the certificate of svc/web is valid only from 2030-03-17; renew it",
        ),
        (
            tls_stage(TlsFault::OtherNames, as_it_is),
            "cert-name-mismatch: the certificate of svc/web is for web.example.org, 10.0.0.9, not for web.shop.svc; ask for it by that name (--server-name web.example.org)",
        ),
        (
            tls_stage(TlsFault::UnknownIssuer, as_it_is),
            "cert-unknown-issuer: the certificate of svc/web is signed by CN=our authority, whom the probe does not trust; ",
        ),
        (
            tls_stage(TlsFault::IsCa, as_it_is),
            "cert-is-ca: the certificate of svc/web is that of an authority, made to sign others",
        ),
        (
            tls_stage(TlsFault::Version, as_it_is),
            "tls-version: svc/web speaks neither TLS 1.2 nor TLS 1.3",
        ),
        (
            tls_stage(TlsFault::ClientCertificate, as_it_is),
            "client-cert-required: svc/web wants a certificate of the client, and the probe has none: a mutual TLS peer",
        ),
        (
            tls_stage(TlsFault::NotTls, http),
            "tls-on-plain-port: svc/web speaks plain HTTP, and TLS was spoken to it; ask with http://",
        ),
    ];
    for (stage, expected) in cases {
        let lines = stage.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with(expected), "{lines:?}");
    }
    let hung_up = tls_stage(TlsFault::ClientCertificate, |facts| {
        facts.observation = Observation::EmptyReply;
        let tls = facts.details.tls.as_mut().expect("details");
        (tls.fault, tls.wants_client_certificate) = (None, true);
    });
    let lines = hung_up.lines();
    let expected = "client-cert-required: svc/web asked for a certificate of the client, and the probe has none, and hung up";
    assert!(lines[0].starts_with(expected), "{lines:?}");
    assert_eq!(
        tls_stage(TlsFault::NotTls, as_it_is).lines(),
        [""; 0],
        "no HTTP either: nobody knows"
    );
    assert_eq!(tls_stage(TlsFault::Closed, as_it_is).lines(), [""; 0]);
}

#[test]
fn a_port_of_tls_that_was_asked_in_plain_http_is_no_matter_of_its_status() {
    let check = Check {
        expect: vec![Expectation::Status { ranges: vec![(200, 399)] }],
        ..Check::new(0, "web", "10.0.0.7", Ask::http(443, HttpRequest::default()))
    };
    let http = Some(HttpDetails { status: 400, ..HttpDetails::default() });
    let details = Details { http, speaks: Some(Spoken::Tls), ..Details::default() };
    let facts = Facts { details, ..Facts::new(Observation::Open, "") };
    let report = TargetReport::tried(&check, 0, 1, vec![Attempt::new(&check, facts)]);
    let stage = Stage { report, ..Stage::new(Subject::Pod(key("web")), Observation::Open) };
    let expected = "plain-on-tls-port: web speaks TLS, and plain HTTP was spoken to it; ask with https:// (or --protocol https)";
    assert_eq!(stage.lines(), [expected]);
}
