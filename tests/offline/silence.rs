//! An API server that falls silent while a probe is in the cluster.

use std::time::Duration;

use harness::{Answer, ScriptedApi};

/// The pod runs, and from then on neither its log nor its watch says a word: the limit is ours, 1 s to start, 1 s to run and
/// 20 s of grace.
#[test]
fn an_api_server_that_falls_silent_is_not_waited_for_for_ever() {
    let pod = r#"{"type": "ADDED", "object": {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "probe-x", "resourceVersion": "1"},
        "spec": {"nodeName": "node1", "containers": []}, "status": {"phase": "Running", "containerStatuses": [{"name": "probe",
        "image": "", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}}}]}}}"#;
    let pod = pod.replace('\n', "") + "\n";
    for words in
        [&["check", "10.0.0.7:80", "--timeout", "1s"][..], &["curl", "10.0.0.7", "-m", "1"]]
    {
        let pod = pod.clone();
        let api = ScriptedApi::choosing(move |_, request| match request.split(' ').next() {
            Some("POST") => {
                Answer::json(r#"{"kind": "Job", "apiVersion": "batch/v1", "metadata": {}}"#)
            }
            Some("DELETE") => {
                Answer::json(r#"{"kind": "Status", "apiVersion": "v1", "status": "Success"}"#)
            }
            _ if request.contains("watch") => Answer::unfinished(&pod),
            _ if request.contains("/log") => Answer::unfinished(""),
            _ => Answer::json(
                r#"{"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []}"#,
            ),
        });
        let run = api.pods(words.iter().copied()).args(["--start-timeout", "1s"]).run().exits(3);
        let run = run.complains("no result within 22 s: the API server has stopped answering");
        assert!(run.took < Duration::from_mins(1), "{}", run.story());
        let asked = api.asked();
        let deleted = |request: &String| request.starts_with("DELETE /apis/batch/v1/");
        assert!(asked.iter().any(|request| request.contains("/log")), "{asked:#?}");
        assert!(asked.iter().any(deleted), "{asked:#?}");
    }
}
