//! Words of admission, quota and scheduler, and the flag that helps against what they say.

/// What helps when all of the words are said. Of several only the first counts: the narrower stand above.
const ADVICE: &[(&[&str], &str)] = &[
    // apiserver `plugin/resourcequota/controller.go`.
    (&["failed quota: "], "--requests and --limits say what the quota wants to know"),
    (&["exceeded quota: ", "requests."], LESS_OR_ELSEWHERE),
    (&["exceeded quota: ", "limits."], LESS_OR_ELSEWHERE),
    (&["exceeded quota: ", "requested: cpu="], LESS_OR_ELSEWHERE),
    (&["exceeded quota: ", "requested: memory="], LESS_OR_ELSEWHERE),
    (&["exceeded quota: "], ELSEWHERE),
    // `plugin/pkg/admission/namespace/lifecycle`.
    (&["because it is being terminated"], ELSEWHERE),
    // pod-security-admission `policy/check_hostNamespaces.go`.
    (
        &["violates PodSecurity", "host namespaces"],
        "--host-network needs a namespace whose Pod Security is privileged: name one with --probe-namespace",
    ),
    (
        &["violates PodSecurity"],
        "leave out of --overrides what the namespace forbids, or name another with --probe-namespace",
    ),
    // `plugin/pkg/admission/serviceaccount`, `priority` and `limitranger`.
    (&["serviceaccount ", "not found"], "name one that exists with --service-account"),
    (
        &["no PriorityClass with name"],
        "name one that exists with --priority-class (kubectl get priorityclasses)",
    ),
    (&[" usage per "], "--requests and --limits keep within the namespace's limits"),
    (
        &["limit to request ratio per "],
        "--requests and --limits keep within the namespace's limits",
    ),
    // `pkg/apis/core/validation`: a request beyond the limit.
    (&["must be less than or equal to", " limit"], "give both with --requests and --limits"),
    // Whoever says which users there may be, `OpenShift` among them; of ours only that of a carrier is one by number.
    (
        &["runAsUser"],
        "--overrides '{\"spec\": {\"securityContext\": {\"runAsUser\": UID}}}' names one that may be",
    ),
    (&["ValidatingAdmissionPolicy "], WHAT_POLICIES_WANT),
    (&["admission webhook "], WHAT_POLICIES_WANT),
    // `OpenShift`.
    (
        &["security context constraint"],
        "name a service account that may use another constraint with --service-account",
    ),
    // kubelet `security_context.go`: of an image that runs as root, or does not say by number as whom.
    (&["container has runAsNonRoot and image "], NO_PROBE),
    // kubelet: what registries say of those they do not know.
    (&["authentication required"], PULL_SECRET),
    (&["pull access denied"], PULL_SECRET),
    (&["no basic auth credentials"], PULL_SECRET),
    (&["failed to fetch anonymous token"], PULL_SECRET),
    (&["401 Unauthorized"], PULL_SECRET),
];
const ELSEWHERE: &str = "--probe-namespace puts the probe into another namespace";
const NO_PROBE: &str = "so it is no image of the probe, which says by number that it is not root: --carrier IMAGE has the probe carried by any image with a shell";
const LESS_OR_ELSEWHERE: &str =
    "--requests and --limits ask for less, --probe-namespace puts the probe into another namespace";
const WHAT_POLICIES_WANT: &str = "--labels, --annotations, --requests, --limits, --service-account and --overrides give the probe what a policy wants";
const PULL_SECRET: &str = "--image-pull-secret names the secret with the registry's password";

/// What helps a pod that no node takes (kube-scheduler's plugins), each that applies.
const PLACES: [(&str, &str); 4] = [
    ("untolerated taint", "--tolerations lets it onto tainted nodes"),
    ("node affinity/selector", "--node-selector chooses others"),
    ("Insufficient ", "--requests asks for less, --priority-class lets it push others aside"),
    ("free ports", "only one pod of a node can have --host-network and this port"),
];

/// The flags that help against a refusal in these words.
#[must_use]
pub(super) fn advice(text: &str) -> Option<String> {
    if text.starts_with("Unschedulable") {
        let places = PLACES.iter().filter(|(word, _)| text.contains(word));
        let places: Vec<&str> = places.map(|(_, advice)| *advice).collect();
        return (!places.is_empty()).then(|| places.join("; "));
    }
    let said = |words: &[&str]| words.iter().all(|word| text.contains(word));
    ADVICE.iter().find(|(words, _)| said(words)).map(|(_, advice)| (*advice).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_names_the_flag_that_helps() {
        let forbidden = "Error creating: pods \"x\" is forbidden: ";
        let cases = [
            (
                "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0",
                "--probe-namespace",
            ),
            ("exceeded quota: q, requested: requests.cpu=10m, used: requests.cpu=0", "--requests"),
            (
                "exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=1",
                "--probe-namespace",
            ),
            (
                "unable to create new content in namespace x because it is being terminated",
                "--probe-namespace",
            ),
            ("container has runAsNonRoot and image will run as root", "--carrier IMAGE"),
            (
                "container has runAsNonRoot and image has non-numeric user (curl_user), cannot verify user is non-root",
                "--carrier IMAGE",
            ),
            ("failed quota: q: must specify limits.cpu for: probe", "--limits"),
            (
                "violates PodSecurity \"restricted:latest\": host namespaces (hostNetwork=true)",
                "--host-network",
            ),
            ("violates PodSecurity \"baseline:latest\": privileged", "--overrides"),
            (
                "error looking up service account ns/nobody: serviceaccount \"nobody\" not found",
                "--service-account",
            ),
            ("no PriorityClass with name high was found", "--priority-class"),
            ("maximum memory usage per Container is 64Mi, but limit is 128Mi", "--limits"),
            (
                "cpu max limit to request ratio per Container is 2, but provided ratio is 4.0",
                "--limits",
            ),
            ("ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no team", "--labels"),
            (
                "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: runAsUser is not within 1 to 9",
                "\"runAsUser\"",
            ),
            (
                "unable to validate against any security context constraint: [spec.containers[0].runAsUser: Invalid value: 65532: must be in the ranges: [1000650000, 1000659999]]",
                "\"runAsUser\"",
            ),
            ("admission webhook \"v.kyverno.svc\" denied the request: no team", "--labels"),
        ];
        for (words, flag) in cases {
            let advice = advice(&format!("{forbidden}{words}")).expect(words);
            assert!(advice.contains(flag), "{words}: {advice}");
        }
        assert_eq!(advice("Error from server (NotFound): pods \"x\" not found"), None);
    }

    #[test]
    fn a_pod_without_a_node_has_several_ways_out() {
        let text = "Unschedulable: 0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).";
        let advice = advice(text).expect("advice");
        assert!(advice.contains("--tolerations") && advice.contains("--requests"), "{advice}");
        assert_eq!(super::advice("Unschedulable: 0/0 nodes"), None);
    }
}
