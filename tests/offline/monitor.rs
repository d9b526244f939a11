//! What a standing probe answers through an API server.

use serde_json::json;

use harness::{Answer, ScriptedApi};

#[test]
fn an_answer_without_end_is_not_read() {
    let pod = json!({
        "metadata": { "name": "p" }, "spec": { "nodeName": "n", "containers": [] },
        "status": { "phase": "Running", "containerStatuses": [{
            "name": "probe", "image": "", "imageID": "", "ready": true, "restartCount": 0, "state": { "running": {} } }] },
    });
    let pods = json!({ "kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [pod] });
    let api = ScriptedApi::choosing(move |_, request| match request {
        results if results.contains("/proxy/results") => Answer::json(vec![b' '; 17 << 20]),
        set if set.contains("/daemonsets/") => Answer::monitor_part("DaemonSet"),
        list if list.contains("/pods?") => Answer::json(pods.to_string()),
        _ => Answer::monitor_part("ConfigMap"),
    });
    let run = api.pods(["monitor", "status"]).run();
    assert!(run.stdout.contains("it answers with more than 16 MiB"), "{}", run.story());
}
