//! What keeps a pod from starting that its state does not tell: only events do.

use std::time::Duration;

use cluster::events::EventText;

/// What a kubelet says when it cannot make a pod's sandbox or its volumes. Each of them can pass: a network plugin may be
/// starting, a ConfigMap may be on its way.
const OBSTACLES: [&str; 5] = [
    "FailedAttachVolume",
    "FailedCreatePodSandBox",
    "FailedMapVolume",
    "FailedMount",
    "NetworkNotReady",
];
/// What is done with a pod only when its volumes are there (`pkg/kubelet/kubelet.go`, `SyncPod`).
const AFTER_VOLUMES: [&str; 9] = [
    "BackOff",
    "Created",
    "Failed",
    "FailedCreatePodSandBox",
    "Pulled",
    "Pulling",
    "SandboxChanged",
    "Started",
    "Unhealthy",
];

/// Whether what `reason` warned of is over, because the cluster said these reasons `later`. Of most warnings nobody says so.
#[must_use]
pub(crate) fn is_overcome(reason: &str, later: &[String]) -> bool {
    let by: &[&str] = match reason {
        "FailedAttachVolume" | "FailedMapVolume" | "FailedMount" => &AFTER_VOLUMES,
        "FailedCreate" => &["SuccessfulCreate"],
        "FailedScheduling" => &["Scheduled"],
        _ => &[],
    };
    later.iter().any(|later| by.contains(&later.as_str()))
}

/// The last warning among `events`, the latest last, that nothing later has overcome.
#[must_use]
pub(crate) fn last_warning(events: Vec<EventText>) -> Option<EventText> {
    let reasons: Vec<String> = events.iter().map(|event| event.reason.clone()).collect();
    let stands = |(place, event): &(usize, EventText)| {
        event.is_warning && !is_overcome(&event.reason, &reasons[place + 1..])
    };
    events.into_iter().enumerate().rfind(stands).map(|(_, event)| event)
}

/// How long a problem may stand that was met more than once. A kubelet tries a sandbox again after 10 to 15 s (pod
/// workers, `backOffPeriod` with its jitter), a volume after 0.5 s and then half as often each time.
const REPEATED_LIMIT: Duration = Duration::from_secs(8);
/// How long one may stand that was met once, so that the second try is waited for.
const ONCE_LIMIT: Duration = Duration::from_secs(20);

/// Something in a pod's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StartupProblem {
    /// The cluster's words.
    pub text: String,
    /// How often it was met.
    pub times: u32,
}

impl StartupProblem {
    /// What is in the way of a pod with these events, the latest last. Whatever was said after a problem means that
    /// it was overcome. The messages of one problem may differ, as by the sandbox's id, so its reason is what counts.
    #[must_use]
    pub(crate) fn read(events: &[EventText]) -> Option<Self> {
        let last = events.last().filter(|last| OBSTACLES.contains(&last.reason.as_str()))?;
        let same = events.iter().filter(|event| event.reason == last.reason);
        Some(Self { text: last.to_string(), times: same.map(|event| event.times).sum() })
    }

    /// Whether it will not pass within the time somebody waits at a prompt, after it was watched for so long.
    #[must_use]
    pub(crate) fn is_lasting(&self, watched: Duration) -> bool {
        watched >= if self.times > 1 { REPEATED_LIMIT } else { ONCE_LIMIT }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SANDBOX: &str = "FailedCreatePodSandBox";

    #[test]
    fn the_last_word_is_what_is_in_the_way() {
        type Case = (&'static str, &'static [(&'static str, u32)], Option<u32>);
        let cases: [Case; 8] = [
            ("nothing said", &[], None),
            ("on its way", &[("Scheduled", 1), ("Pulling", 1)], None),
            ("once", &[("Scheduled", 1), (SANDBOX, 1)], Some(1)),
            ("counted", &[("Scheduled", 1), ("FailedMount", 5)], Some(5)),
            ("with another id each time", &[(SANDBOX, 1), (SANDBOX, 1), (SANDBOX, 2)], Some(4)),
            ("two kinds", &[("FailedMount", 3), (SANDBOX, 1)], Some(1)),
            ("overcome", &[(SANDBOX, 4), ("Pulling", 1)], None),
            ("another's business", &[("FailedScheduling", 3)], None),
        ];
        for (name, events, expected) in cases {
            let said = |(reason, times): &(&str, u32)| EventText {
                reason: (*reason).to_owned(),
                message: "no room".to_owned(),
                times: *times,
                is_warning: true,
            };
            let events: Vec<EventText> = events.iter().map(said).collect();
            let got = StartupProblem::read(&events);
            assert_eq!(got.as_ref().map(|problem| problem.times), expected, "{name}");
            if let Some(problem) = got {
                let last = events.last().expect("there is one");
                assert_eq!(problem.text, format!("{}: no room", last.reason), "{name}");
            }
        }
    }

    #[test]
    fn a_warning_counts_until_it_is_overcome() {
        type Case<'c> = (&'c [(&'c str, bool)], Option<&'c str>);
        let said = |(reason, is_warning): &(&str, bool)| EventText {
            reason: (*reason).to_owned(),
            message: String::new(),
            times: 1,
            is_warning: *is_warning,
        };
        let mount = ("FailedMount", true);
        let cases: [Case<'_>; 5] = [
            (&[("Scheduled", false), mount], Some("FailedMount")),
            (&[mount, ("Pulling", false)], None),
            (&[mount, ("Pulling", false), ("Failed", true), ("BackOff", false)], Some("Failed")),
            (&[(SANDBOX, true), ("SandboxChanged", false)], Some(SANDBOX)),
            (&[("FailedCreate", true), ("SuccessfulCreate", false)], None),
        ];
        for (events, expected) in cases {
            let last = last_warning(events.iter().map(said).collect());
            assert_eq!(last.map(|event| event.reason).as_deref(), expected, "{events:?}");
        }
    }

    /// The words of `pkg/kubelet/events/event.go` (Kubernetes 1.36), written out here and not taken from the list.
    #[test]
    fn the_words_are_the_kubelets() {
        let words = [
            "FailedMount",
            "FailedAttachVolume",
            "FailedMapVolume",
            "NetworkNotReady",
            "FailedCreatePodSandBox",
        ];
        assert_eq!(words.len(), OBSTACLES.len());
        for word in words {
            let (reason, message) = (word.to_owned(), String::new());
            let event = EventText { reason, message, times: 1, is_warning: true };
            assert!(StartupProblem::read(&[event]).is_some(), "{word}");
        }
    }

    #[test]
    fn a_second_try_is_given_and_no_third() {
        let cases = [
            ("at first", 1, 0.0, false),
            ("twice within a moment", 2, 1.0, false),
            ("before the second try", 1, 15.0, false),
            ("after the second try", 2, 8.0, true),
            ("often", 7, 9.0, true),
            ("never tried again", 1, 20.0, true),
        ];
        for (name, times, seconds, expected) in cases {
            let problem = StartupProblem { text: String::new(), times };
            assert_eq!(problem.is_lasting(Duration::from_secs_f64(seconds)), expected, "{name}");
        }
    }
}
